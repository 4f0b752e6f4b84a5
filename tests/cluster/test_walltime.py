"""A time limit on several ranks: all end at one tick, with a snapshot from which the world goes on alike."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from tests.cluster.conftest import PROGRAMS, Start


def test_ranks_end_together_before_their_walltime_and_go_on(start: Start, tmp_path: Path) -> None:
    shutil.copy(PROGRAMS / "slow_walk.py", tmp_path)
    seeded = ("run", "slow_walk.py", "--seed", "3", "--until-tick", "600", "--json")
    out, err = start(1, None, *seeded, folder=tmp_path).communicate(timeout=120)
    whole = json.loads(out)
    (tmp_path / "slow").touch()
    kept = ("--out", "walk", "--resume", "latest")
    first = start(3, None, *seeded, *kept, "--walltime", "12", folder=tmp_path)
    out, err = first.communicate(timeout=120)
    assert first.returncode == 75, err
    assert err.count("stopped early by") == 1
    ended = json.loads(out)
    assert (ended["ended"], ended["ranks"]) == ("walltime", 3)
    assert 0 < ended["tick"] < 600
    (tmp_path / "slow").unlink()
    second = start(2, None, *seeded, *kept, "--walltime", "00:10:00", folder=tmp_path)
    out, err = second.communicate(timeout=120)
    assert second.returncode == 0, err
    assert json.loads(out)["tick"] == 600
    assert json.loads(out)["digest"] == whole["digest"]
