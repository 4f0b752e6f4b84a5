"""Faults of one rank: all ranks end, or raise the same, within seconds; none waits for ever."""

from __future__ import annotations

import subprocess
import time

import pytest

from tests.cluster.conftest import Start

# Starting Python and compiling a behavior on a busy machine takes most of it.
LIMIT_SECONDS = 90


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    try:
        out, err = process.communicate(timeout=LIMIT_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    return process.returncode, out, err


def test_a_behaviors_error_is_the_same_on_all_ranks_and_names_the_lowest_entity(start: Start) -> None:
    code, out, err = ended(start(3, "faults", "behavior"))
    assert code == 1, err
    said = sorted(out.splitlines())
    assert [line.partition(":")[0] for line in said] == ["rank 0", "rank 1", "rank 2"]
    assert len({line.partition(":")[2] for line in said}) == 1
    assert "entity 71 tick 2" in said[0]
    assert "the fuse has burnt" in said[0]


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("exception", "a fault of one rank"),
        ("exit", "the end of its program"),
        ("kill", ""),
        ("calls", "rank 2 'digest'"),
    ],
)
def test_a_fault_of_one_rank_ends_the_job(start: Start, fault: str, said: str) -> None:
    code, out, err = ended(start(3, "faults", fault))
    assert code != 0
    assert "came to tick" not in out
    assert said in err


def test_a_rank_that_stopped_is_named_and_the_job_ends(start: Start) -> None:
    began = time.monotonic()
    code, _, err = ended(start(3, "faults", "stop", BIGWORLDS_DEADLINE="3"))
    assert code != 0
    assert "no sign of life for 3 s from rank 2" in err
    assert time.monotonic() - began < LIMIT_SECONDS


def test_a_rank_that_is_only_slow_is_waited_for(start: Start) -> None:
    code, out, err = ended(start(2, "faults", "slow", BIGWORLDS_DEADLINE="2"))
    assert code == 0, err
    assert sorted(out.splitlines()) == ["rank 0 came to tick 10", "rank 1 came to tick 10"]
