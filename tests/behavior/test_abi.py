"""The ctypes mirror of behavior_abi.h equals the header; the interpreter's numbers equal the core's."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from bigworlds import _core
from bigworlds.behavior import abi
from bigworlds.behavior.interpreted.random import Stream
from bigworlds.behavior.vectorised import Streams

HEADER = Path(__file__).parents[2] / "csrc" / "include" / "bigworlds" / "behavior_abi.h"


def test_layouts_equal_those_of_the_core():
    assert abi.layout() == _core.abi_layout()
    assert abi.ABI_VERSION == _core.ABI_VERSION


def test_constants_equal_those_of_the_header():
    text = HEADER.read_text()
    assert f"#define BW_ABI_VERSION {abi.ABI_VERSION}\n" in text
    assert f'#define BW_KERNEL_CAPSULE "{abi.KERNEL_CAPSULE}"' in text
    assert f"BW_OK = {abi.OK}, BW_FAILED = {abi.FAILED}" in text


def test_all_mathematics_of_the_header_is_known():
    text = HEADER.read_text()
    one = set(re.findall(r"double \(\*(\w+)\)\(double\)", text))
    two = set(re.findall(r"double \(\*(\w+)\)\(double, double\)", text))
    assert one == set(abi.MATH_ONE)
    assert two == set(abi.MATH_TWO)


def test_random_words_are_those_of_the_core():
    ids = np.array([0, 1, 2**44 + 7, 2**64 - 1], dtype=np.uint64)
    for key, tick in ((0, 0), (2**63 + 11, 5), (7, 2**39)):
        expected = _core.random_words(key, tick, ids, 0, 7)
        for row, entity in enumerate(ids.tolist()):
            stream = Stream(key, entity, tick, float, float)
            assert [stream.word() for _ in range(7)] == expected[row].tolist()
        streams = Streams(key, tick, ids)
        assert np.array([streams.words() for _ in range(7)]).T.tolist() == expected.tolist()
