"""The command line as a process of its own: signals, streams, exit codes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from bigworlds.snapshot import inspect

Terminal = Callable[..., str]

ROOT = Path(__file__).parents[2]
SLOW = ("--seed", "1", "--ticks", "100000", "--set", "pause=0.01")


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "bigworlds.cli", *arguments]
    return subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def wait_for(path: Path) -> None:
    for _ in range(600):
        if path.exists():
            return
        time.sleep(0.05)
    raise AssertionError(f"{path} did not appear")


def test_stdout_has_the_json_alone_even_where_c_code_prints(folder: Path) -> None:
    with (folder / "meadow.py").open("a") as file:
        file.write('\nimport os\n@meadow.metric\ndef loud(sim):\n    print("LOUD")\n')
        file.write('    os.write(1, b"LOUDER\\n")\n    return float("nan")\n')
    process = start(folder, "run", "meadow.py", "--json", "--ticks", "1")
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert json.loads(out)["metrics"]["loud"] is None
    assert "LOUD\n" in err
    assert "LOUDER\n" in err


@pytest.mark.parametrize(
    ("number", "arguments", "code", "ended"),
    [
        (signal.SIGTERM, ("--out", "out", "--snapshot-every", "1"), 75, "walltime"),
        (signal.SIGUSR1, ("--out", "out", "--snapshot-every", "1"), 75, "walltime"),
        (signal.SIGINT, ("--out", "out", "--snapshot-every", "1"), 130, "interrupt"),
    ],
)
def test_signals_stop_at_a_tick_with_a_good_snapshot(
    folder: Path, number: int, arguments: tuple[str, ...], code: int, ended: str
) -> None:
    process = start(folder, "run", "meadow.py", "--json", *SLOW, *arguments)
    wait_for(folder / "out" / "snapshots" / "tick-000000000003.h5")
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == code, err
    result = json.loads(out)
    assert result["ended"] == ended
    assert 3 <= result["tick"] < 100_000
    latest = sorted((folder / "out" / "snapshots").iterdir())[-1]
    assert inspect(latest).meta["tick"] == result["tick"]
    again = start(folder, "run", "meadow.py", "--json", "--resume", "out", "--ticks", "0")
    out, err = again.communicate(timeout=60)
    assert json.loads(out)["digest"] == result["digest"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGUSR1])
def test_a_signal_that_comes_before_the_world_is_built_waits_for_it(folder: Path, number: int) -> None:
    text = (folder / "meadow.py").read_text()
    slow = '    open("building", "w").close()\n    time.sleep(1.0)\n    world.space'
    (folder / "meadow.py").write_text(text.replace("    world.space", slow))
    process = start(folder, "run", "meadow.py", "--json", *SLOW, "--out", "out")
    wait_for(folder / "building")
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 75, err
    result = json.loads(out)
    assert (result["ended"], result["tick"]) == ("walltime", 0)
    (only,) = (folder / "out" / "snapshots").iterdir()
    assert inspect(only).meta["tick"] == 0
    again = start(
        folder, "run", "meadow.py", "--json", "--resume", "latest", "--out", "out", "--until-tick", "2"
    )
    out, err = again.communicate(timeout=60)
    assert again.returncode == 0, err
    assert json.loads(out)["tick"] == 2


HASTY = """
import contextlib, os, signal, sys
import bigworlds.cli as cli

class Hasty(cli.Early):
    @contextlib.contextmanager
    def remembering(self):
        with super().remembering():
            os.kill(os.getpid(), signal.SIGUSR1)
            yield

cli.Early = Hasty
sys.exit(cli.main(["run", "meadow.py", "--ticks", "5", "--seed", "1", "--snapshot", "s.h5"]))
"""


def test_a_signal_while_the_program_starts_waits_for_the_world(folder: Path) -> None:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", HASTY]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 75, done.stderr
    assert "stopped early by SIGUSR1; the snapshot holds where it was" in done.stderr
    assert inspect(folder / "s.h5").meta["tick"] == 0


def test_a_run_ends_before_its_walltime_with_a_good_snapshot_and_goes_on(folder: Path) -> None:
    began = time.monotonic()
    process = start(folder, "run", "meadow.py", "--json", *SLOW, "--out", "out", "--walltime", "6")
    out, err = process.communicate(timeout=60)
    assert time.monotonic() - began < 7.0
    assert process.returncode == 75, err
    assert "stopped early by --walltime; the snapshot holds where it was" in err
    result = json.loads(out)
    assert result["ended"] == "walltime"
    (only,) = (folder / "out" / "snapshots").iterdir()
    assert inspect(only).meta["tick"] == result["tick"] > 0
    more = ("--out", "out", "--resume", "latest", "--until-tick", str(result["tick"] + 2))
    on = start(folder, "run", "meadow.py", "--json", *more, "--walltime", "00:10:00")
    out, err = on.communicate(timeout=60)
    assert on.returncode == 0, err
    assert json.loads(out)["ticks"] == 2


def test_sigterm_without_a_place_for_a_snapshot_is_a_failure(folder: Path) -> None:
    text = (
        (folder / "meadow.py")
        .read_text()
        .replace(
            "        time.sleep(p.pause)\n",
            '        time.sleep(p.pause)\n        open("running", "w").close()\n',
        )
    )
    (folder / "meadow.py").write_text(text)
    process = start(folder, "run", "meadow.py", *SLOW)
    wait_for(folder / "running")
    process.terminate()
    out, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "stopped by SIGTERM; nothing was kept: --out DIR or --snapshot FILE keeps it" in err
    assert "where its time was up" in out


def test_no_progress_bar_and_no_colours_where_nobody_looks(folder: Path) -> None:
    process = start(folder, "run", "meadow.py", "--seed", "1", "--ticks", "5")
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0
    assert err == ""
    assert "\x1b" not in out


def test_a_usage_error_is_code_2_on_stderr(folder: Path) -> None:
    process = start(folder, "run", "meadow.py", "--nothing")
    out, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert out == ""
    assert "No such option: --nothing" in err


def test_a_terminal_gets_a_progress_bar_and_the_view_moves(terminal: Terminal) -> None:
    for arguments, shown in (
        (("--ticks", "30", "--set", "pause=0.01"), "ticks/s"),
        (("--ticks", "5", "--view"), "\x1b[?1049h"),
    ):
        seen = terminal("run", "meadow.py", "--seed", "1", *arguments)
        assert shown in seen
        assert "meadow: " in seen
