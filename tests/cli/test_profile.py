"""`--profile` tells what ranks spend their ticks on: a table, records, a picture."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from bigworlds.cli.profile import profile_of
from bigworlds.record import Records
from tests.cli.conftest import Cli

PARTS = ("compute", "halo", "migrate", "settle", "rest", "wait")


def test_a_profile_is_printed_recorded_and_drawn(cli: Cli, folder: Path) -> None:
    run = ("run", "boids", "--set", "n=2000", "--ticks", "12", "--seed", "3", "--local-ranks", "2", "--json")
    plain = cli(*run)
    profiled = cli(*run, "--out", "birds", "--profile")
    assert json.loads(profiled.out)["digest"] == json.loads(plain.out)["digest"]
    assert all(part in profiled.err for part in (*PARTS, "imbalance"))
    rows = Records.open(folder / "birds").to_numpy("profile")
    assert rows["ticks"].sum() == 12
    assert rows["tick"][-1] == 12
    assert all(rows[part].shape == (len(rows["tick"]), 1) for part in PARTS)
    assert rows["compute"].sum() > 0
    assert rows["bytes"].sum() > 0  # between the two ranks of the process
    per_tick = profile_of(folder / "birds" / "records.h5")
    assert np.allclose(per_tick["compute"][:, 0] * rows["ticks"], rows["compute"][:, 0])
    assert "profile.png" in cli("plot", "birds", "--profile").out
    assert (folder / "birds" / "profile.png").stat().st_size > 1000


def test_a_run_without_a_profile_has_none_to_draw(cli: Cli, folder: Path) -> None:
    cli("run", "meadow.py", "--ticks", "2", "--out", "stones")
    assert "profile" not in Records.open(folder / "stones")
    refused = cli("plot", "stones", "--profile")
    assert refused.code == 2
    assert "--profile --out DIR" in refused.err


@pytest.mark.parametrize("ticks", [0, 3])
def test_a_profile_goes_on_where_a_run_is_resumed(cli: Cli, folder: Path, ticks: int) -> None:
    run = ("run", "meadow.py", "--out", "stones", "--resume", "latest", "--profile", "--ticks", str(ticks))
    for _ in range(2):
        done = cli(*run)
        assert done.code == 0, done.err
    found = Records.open(folder / "stones")
    assert ("profile" in found) == (ticks > 0)
    if ticks:
        assert found.to_numpy("profile")["ticks"].sum() == 2 * ticks
