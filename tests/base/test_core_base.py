"""What the compiled core offers of the base room: random words, sums, hashes, services, the ABI's layout."""

from __future__ import annotations

import ast
import ctypes
import itertools
import math
import os
import re
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bigworlds import _core
from bigworlds.errors import UserError

M64 = 2**64 - 1


def philox_word(key: int, entity: int, tick: int, k: int) -> int:
    """The law of random words, written down once more."""
    counter = [entity & 0xFFFFFFFF, entity >> 32, 0, 0]
    position = (tick << 24 | k // 2) & M64
    counter[2:] = [position & 0xFFFFFFFF, position >> 32]
    k0, k1 = key & 0xFFFFFFFF, key >> 32
    for _ in range(10):
        p0, p1 = 0xD2511F53 * counter[0], 0xCD9E8D57 * counter[2]
        counter = [
            (p1 >> 32) ^ counter[1] ^ k0,
            p1 & 0xFFFFFFFF,
            (p0 >> 32) ^ counter[3] ^ k1,
            p0 & 0xFFFFFFFF,
        ]
        k0, k1 = (k0 + 0x9E3779B9) & 0xFFFFFFFF, (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return counter[2 * (k % 2)] | counter[2 * (k % 2) + 1] << 32


@given(
    st.integers(0, M64),
    st.integers(0, 2**40 - 1),
    st.lists(st.integers(0, M64), max_size=20),
    st.integers(0, 5),
    st.integers(0, 4),
)
def test_random_words_follow_the_law(key: int, tick: int, ids: list[int], first: int, count: int) -> None:
    words = _core.random_words(key, tick, np.array(ids, dtype=np.uint64), first, count)
    assert words.shape == (len(ids), count)
    assert words.tolist() == [[philox_word(key, i, tick, first + j) for j in range(count)] for i in ids]


def output_of(program: str, simd: str) -> str:
    """What a Python program prints in a process with BIGWORLDS_SIMD set."""
    command, environment = [sys.executable, "-c", program], os.environ | {"BIGWORLDS_SIMD": simd}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=60)
    return done.stdout


@pytest.mark.parametrize("simd", ["scalar", "avx2", "avx512"])
def test_every_vector_variant_gives_the_same_words(simd: str) -> None:
    program = (
        "import numpy as np; from bigworlds import _core\n"
        "words = _core.random_words(7, 11, np.arange(1000, dtype=np.uint64), 1, 3)\n"
        "print(_core.hash128(words), _core.simd())"
    )
    words, chosen = output_of(program, simd).split()
    assert int(words) == _core.hash128(_core.random_words(7, 11, np.arange(1000, dtype=np.uint64), 1, 3))
    variants = ["scalar", "avx2", "avx512"]
    assert variants.index(chosen) <= variants.index(simd)


def test_an_unknown_vector_variant_is_the_users_error() -> None:
    program = "from bigworlds import _core, errors\ntry: _core.simd()\nexcept errors.UserError as e: print(e)"
    assert output_of(program, "mmx").startswith("BIGWORLDS_SIMD must be scalar, avx2 or avx512, found 'mmx'")


def test_keys_of_streams_differ_and_never_change() -> None:
    assert _core.rng_key(7, "flock") == 9406907822673989769
    keys = {_core.rng_key(seed, stream) for seed in range(100) for stream in ("", "a", "b", "ab", "møde")}
    assert len(keys) == 500
    with pytest.raises(TypeError):
        _core.rng_key(-1, "flock")


doubles = st.floats(allow_nan=False, allow_infinity=False)


@given(st.lists(doubles, max_size=60))
def test_exact_sums_are_the_rounded_true_sums(terms: list[float]) -> None:
    exact = sum(map(Fraction, terms), Fraction(0))
    try:
        expected = float(exact)
    except OverflowError:
        expected = math.inf if exact > 0 else -math.inf
    total = _core.ExactSum()
    total.add(terms)
    assert total.value() == expected
    parts = [_core.ExactSum(), _core.ExactSum()]
    for i, term in enumerate(sorted(terms)):
        parts[i % 2].add([term])
    parts[0].merge(parts[1])
    assert parts[0].value() == expected
    assert parts[0].to_bytes() == total.to_bytes()
    assert _core.ExactSum.from_bytes(total.to_bytes()).value() == expected


def test_exact_sums_of_long_arrays() -> None:
    words = _core.random_words(1, 1, np.arange(5000, dtype=np.uint64), 0, 1)[:, 0]
    for scale in (0, 30, 200):
        exponents = (words % np.uint64(scale + 1)).astype(int) - scale // 2
        terms = np.ldexp(words.astype(np.float64) - 2.0**63, exponents)
        total = _core.ExactSum()
        total.add(terms)
        assert total.value() == math.fsum(terms)


@given(st.lists(st.integers(-(2**63), 2**63 - 1), max_size=30), st.lists(st.integers(0, M64), max_size=30))
def test_integer_sums_are_exact(signed: list[int], unsigned: list[int]) -> None:
    total, other = _core.IntegerSum(), _core.IntegerSum()
    total.add_signed(np.array(signed, dtype=np.int64))
    other.add_unsigned(np.array(unsigned, dtype=np.uint64))
    total.merge(_core.IntegerSum.from_bytes(other.to_bytes()))
    assert total.integer() == sum(signed) + sum(unsigned)
    assert total.value() == float(sum(signed) + sum(unsigned))


def test_sums_refuse_bytes_that_are_none() -> None:
    with pytest.raises(UserError, match="a sum has 16 bytes, found 3"):
        _core.IntegerSum.from_bytes(b"abc")


def test_digests_of_columns_add_up_in_any_order() -> None:
    keys = np.array([5, 9, 2**44 + 1, 7], dtype=np.uint64)
    values = np.array([[1.0, 2.0], [3.0, -0.0], [0.0, 5.0], [math.nan, math.inf]])
    whole = _core.digest_column("ecs", "Bird.position", keys, values)
    order = [2, 0, 3, 1]
    assert _core.digest_column("ecs", "Bird.position", keys[order], values[order]) == whole
    parts = [
        _core.digest_column("ecs", "Bird.position", keys[i : i + 1], values[i : i + 1]) for i in range(4)
    ]
    assert sum(parts) % 2**128 == whole
    assert _core.digest_column("ecs", "Bird.position", keys, np.asfortranarray(values)) == whole
    assert _core.digest_column("ecs", "Bird.position", keys[:0], values[:0]) == 0


def test_digests_see_signs_of_zero_names_keys_and_widths() -> None:
    keys = np.array([1], dtype=np.uint64)
    seen = {
        _core.digest_column("a", "b", keys, np.array([0.0])),
        _core.digest_column("a", "b", keys, np.array([-0.0])),
        _core.digest_column("a", "c", keys, np.array([0.0])),
        _core.digest_column("b", "b", keys, np.array([0.0])),
        _core.digest_column("a", "b", keys + np.uint64(1), np.array([0.0])),
        _core.digest_column("a", "b", keys, np.array([0.0], dtype=np.float32)),
        _core.digest_column("a", "b", keys, np.array([[0.0, 0.0]])),
    }
    assert len(seen) == 7


def test_digests_refuse_what_has_no_plain_bytes() -> None:
    keys = np.array([1], dtype=np.uint64)
    with pytest.raises(UserError, match="1 keys and 2 rows"):
        _core.digest_column("a", "b", keys, np.zeros(2))
    with pytest.raises(UserError, match="found dtype object"):
        _core.digest_column("a", "b", keys, np.array([None]))
    with pytest.raises(UserError, match="found dtype >f8"):
        _core.digest_column("a", "b", keys, np.zeros(1, dtype=">f8"))


def test_hashes_take_any_contiguous_buffer() -> None:
    array = np.arange(100, dtype=np.uint8)
    assert (
        _core.hash128(array) == _core.hash128(array.tobytes()) == _core.hash128(memoryview(array.tobytes()))
    )
    assert _core.hash128(b"") != _core.hash128(b"", seed=1)
    with pytest.raises(UserError, match="contiguous"):
        _core.hash128(array[::2])


def header_members() -> dict[str, list[str]]:
    """The members of every struct of behavior_abi.h, in order."""
    header = Path(__file__).parents[2] / "csrc" / "include" / "bigworlds" / "behavior_abi.h"
    text = re.sub(r"/\*.*?\*/", "", header.read_text(encoding="utf-8"), flags=re.DOTALL)
    members: dict[str, list[str]] = {}
    for body, name in re.findall(r"typedef struct \w+ \{(.*?)\} (\w+);", text, flags=re.DOTALL):
        statements = [re.sub(r"\s+", " ", s).strip() for s in body.split(";")]
        found = [re.search(r"\(\*(\w+)\)\(|(\w+)(?:\[\d+\])?$", s) for s in statements if s]
        members[name] = [match[1] or match[2] for match in found if match]
    return members


def test_the_layout_names_every_member_of_the_abi_in_order() -> None:
    layout, members = _core.abi_layout(), header_members()
    assert {"bw_column", "bw_hits", "bw_reach", "bw_services", "bw_call"} <= set(members)
    expected = {f"{struct}.{member}" for struct, names in members.items() for member in names}
    expected |= {f"sizeof.{struct}" for struct in members}
    assert set(layout) == expected
    for struct, names in members.items():
        offsets = [layout[f"{struct}.{name}"] for name in names] + [layout[f"sizeof.{struct}"]]
        assert offsets[0] == 0
        assert all(a < b for a, b in itertools.pairwise(offsets))
    assert layout["bw_call.tick"] == 8
    assert layout["sizeof.bw_services"] == 8 * len(members["bw_services"])


def test_the_services_hold_the_mathematics() -> None:
    layout, address = _core.abi_layout(), _core.services_address()

    def entry(name: str) -> int:
        return int(ctypes.c_uint64.from_address(address + layout[f"bw_services.{name}"]).value)

    names = header_members()["bw_services"]
    for name in names[names.index("sin") : names.index("exponential") + 1]:
        function = getattr(_core.math, name)
        if name in ("normal", "exponential"):
            call = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_uint64)(entry(name))
            assert call(2**63 + 12345) == function(2**63 + 12345)
        elif name in ("atan2", "pow", "hypot", "fmod"):
            call2 = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_double, ctypes.c_double)(entry(name))
            assert call2(0.7, 0.3) == function(0.7, 0.3)
        else:
            call1 = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_double)(entry(name))
            assert call1(0.7) == function(0.7)


def stub_names(body: list[ast.stmt]) -> set[str]:
    """The public names that a stub defines."""
    names = {n.name for n in body if isinstance(n, ast.FunctionDef | ast.ClassDef)}
    names |= {n.target.id for n in body if isinstance(n, ast.AnnAssign) and isinstance(n.target, ast.Name)}
    return {name for name in names if not name.startswith("_")}


def test_the_stub_names_what_the_core_has() -> None:
    path = Path(__file__).parents[2] / "bigworlds" / "_core.pyi"
    tree = ast.parse(path.read_text(encoding="utf-8"))

    def public(scope: object) -> set[str]:
        return {name for name in dir(scope) if not name.startswith("_")}

    assert stub_names(tree.body) == public(_core)
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            assert stub_names(node.body) == public(getattr(_core, node.name)), node.name
