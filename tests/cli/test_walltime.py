"""`--walltime`: what a time means, how much of it is left for the snapshot, what is refused."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from bigworlds.cli.walltime import Walltime, process_age, seconds_of
from bigworlds.errors import UserError

Cli = Callable[..., tuple[int, str, str]]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90.0), ("0.5", 0.5), ("01:30", 90.0), ("02:00:00", 7200.0), ("1-01:00:01", 90_001.0)],
)
def test_times_are_read_as_slurm_writes_them(text: str, seconds: float) -> None:
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["", "0", "-5", "nan", "inf", "2h", "1:2", "00:00:00", "1-5"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="a time is HH:MM:SS"):
        seconds_of(text)


def test_the_margin_is_learnt_from_the_last_snapshot() -> None:
    last: list[float | None] = [None]
    age = [0.0]
    limit = Walltime(1000.0, lambda: last[0], lambda: age[0])
    age[0] = 949.0
    assert not limit.is_up(0.5)
    assert limit.is_up(1.0)  # 5 % are left as long as nothing is known
    last[0] = 10.0
    age[0] = 978.0
    assert not limit.is_up(0.5)  # twice the last one, and a second
    assert limit.is_up(1.5)
    last[0] = 200.0
    assert limit.is_up(0.0)


def test_without_a_limit_it_is_never_up() -> None:
    assert not Walltime(None, lambda: 1.0, lambda: 1e9).is_up(1e9)


def test_the_age_counts_from_the_start_of_the_process() -> None:
    first = process_age()
    time.sleep(0.05)
    assert 0.04 < process_age() - first < 5.0


def test_walltime_needs_a_place_and_a_time(cli: Cli) -> None:
    code, _, err = cli("run", "meadow.py", "--walltime", "10")
    assert code == 2
    assert "--walltime needs --out DIR or --snapshot FILE" in err
    code, _, err = cli("run", "meadow.py", "--walltime", "soon", "--out", "out")
    assert code == 2
    assert "HH:MM:SS" in err
