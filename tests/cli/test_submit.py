"""`bigworlds submit` and `status`: the batch script, what has no place in it, how far a run is.

That the script works under a real Slurm is in tests/cluster/test_slurm.py.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from bigworlds.cluster import slurm

Cli = Callable[..., tuple[int, str, str]]

ROOT = Path(__file__).parents[2]


def test_the_script_is_plain_and_whole(cli: Cli, folder: Path) -> None:
    code, out, err = cli(
        "submit", "meadow.py", "--nodes", "2", "--ntasks-per-node", "64", "--threads", "4",
        "--time", "02:00:00", "--partition", "long", "--account", "me", "--sbatch=--mem-per-cpu=2G",
        "--setup", "module load openmpi", "--launch", "srun --mpi=pmix", "--dry-run",
        "--", "--until-tick", "500", "--set", "n=5", "--seed", "1",
    )  # fmt: skip
    assert code == 0, err
    lines = out.splitlines()
    assert lines[0] == "#!/bin/bash"
    for line in (
        "--job-name=meadow", "--nodes=2", "--ntasks-per-node=64", "--cpus-per-task=4", "--time=02:00:00",
        "--partition=long", "--account=me", "--mem-per-cpu=2G", "--requeue", "--signal=B:USR1@300",
        "--open-mode=append", f"--output={folder}/meadow-run/slurm-%j.out",
    ):  # fmt: skip
        assert f"#SBATCH {line}" in lines
    assert lines.index("module load openmpi") > lines.index(f"cd {folder} || exit 1")
    (started,) = [line for line in lines if line.startswith("srun --mpi=pmix ")]
    run = f"run {folder}/meadow.py --until-tick 500 --set n=5 --seed 1 --threads 4"
    assert started.endswith(f"{run} --out {folder}/meadow-run --resume latest &")
    assert not (folder / "meadow-run").exists()
    subprocess.run(["bash", "-n"], input=out, text=True, check=True)


def test_ranks_are_started_by_mpiexec_and_one_alone(cli: Cli) -> None:
    several = cli("submit", "boids", "--nodes", "2", "--ntasks-per-node", "2", "--dry-run")[1]
    assert " -n $SLURM_NTASKS " in several
    alone = cli("submit", "boids", "--dry-run")[1]
    assert "SLURM_NTASKS" not in alone
    assert "#SBATCH --signal=B:USR1@300" in alone


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nowhere.py",), "there is no file nowhere.py"),
        (("meadow.py", "--time", "soon"), "a time is HH:MM:SS"),
        (("meadow.py", "--time", "00:10:00", "--warning", "600"), "--warning 600: expected fewer seconds"),
        (("meadow.py", "--", "--ticks", "5"), "say --until-tick N"),
        (("meadow.py", "--", "-n", "4"), "--nodes times --ntasks-per-node ranks"),
        (("meadow.py", "--", "-n4"), "--nodes times --ntasks-per-node ranks"),
        (("meadow.py", "--", "--out=x"), "give it to submit, before --"),
        (("meadow.py", "--", "--resume", "latest"), "the script resumes by itself"),
        (("meadow.py", "--", "--until-tik", "5"), "No such option: --until-tik"),
        (("meadow.py", "--", "--seed", "x"), "Invalid value for '--seed'"),
        (("meadow.py", "--", "--set", "m=5"), "model meadow has no parameter 'm'"),
        (("meadow.py", "--", "--set", "n=0"), "found 0"),
    ],
)
def test_what_the_job_would_stumble_over_is_said_now(
    cli: Cli, folder: Path, arguments: tuple[str, ...], said: str
) -> None:
    code, out, err = cli("submit", *arguments[:1], "--dry-run", *arguments[1:])
    assert (code, out) == (2, "")
    assert said in err


def test_without_slurm_the_script_is_kept(cli: Cli, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(folder))
    code, _, err = cli("submit", "meadow.py")
    assert code == 2
    assert "there is no sbatch here" in err
    assert (folder / "meadow-run" / "run.sbatch").read_text().startswith("#!/bin/bash\n")


def test_the_script_keeps_a_snapshot_at_the_signal_and_queues_the_job_again(cli: Cli, folder: Path) -> None:
    """With a stand-in for scontrol; the run is one process."""
    script = cli("submit", "meadow.py", "--dry-run", "--", "--until-tick", "40", "--set", "pause=0.1")[1]
    (folder / "scontrol").write_text('#!/bin/sh\necho "$@" >> requeued\n')
    (folder / "scontrol").chmod(0o755)
    environment = os.environ | {
        "PYTHONPATH": str(ROOT), "PATH": f"{folder}:{os.environ['PATH']}", "SLURM_JOB_ID": "17",
    }  # fmt: skip
    (folder / "job").write_text(script)

    def start() -> subprocess.Popen[str]:
        return subprocess.Popen(
            ["bash", "job"],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    first = start()
    log = folder / "meadow-run" / "log.jsonl"
    for _ in range(600):
        if log.exists() and '"running"' in log.read_text():
            break
        time.sleep(0.05)
    first.send_signal(signal.SIGUSR1)
    _, err = first.communicate(timeout=60)
    assert first.returncode == 75, err
    assert (folder / "requeued").read_text() == "requeue 17\n"
    assert "stopped early by SIGUSR1" in err
    status = cli("status", "meadow-run")[1]
    assert "model     meadow, seed " in status
    assert "run       ended (walltime) at tick " in status
    assert "snapshot  tick " in status
    second = start()
    _, err = second.communicate(timeout=60)
    assert second.returncode == 0, err
    assert (folder / "requeued").read_text() == "requeue 17\n"
    status = cli("status", "meadow-run")[1]
    assert "run       ended (ticks) at tick 40" in status
    assert "started   2 times" in status


def test_status_of_what_is_there(cli: Cli, folder: Path) -> None:
    assert cli("sweep", "meadow.py", "--vary", "n=2,3", "--out", "s")[0] == 0
    assert "sweep     2 of 2 runs have ended\n" in cli("status", "s", "--follow")[1]
    assert cli("run", "meadow.py", "--ticks", "3", "--out", "r", "--seed", "4")[0] == 0
    assert "model     meadow, seed 4, 1 ranks" in cli("status", "r")[1]
    with (folder / "r" / "log.jsonl").open("a") as file:
        file.write('{"time": "torn')
    assert "ended (ticks) at tick 3" in cli("status", "r", "--follow")[1]
    (folder / "empty").mkdir()
    for what, said in (
        ("none", "there is no folder none"),
        ("empty", "holds neither a run nor a sweep"),
    ):
        code, _, err = cli("status", what)
        assert code == 2
        assert said in err


def test_status_of_a_job_that_slurm_does_not_know(
    cli: Cli, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(folder))
    code, _, err = cli("status", "999")
    assert code == 2
    assert "Slurm knows no job 999" in err


def test_what_slurm_says_is_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "scontrol").write_text("#!/bin/sh\nexit 1\n")
    (folder / "sacct").write_text("#!/bin/sh\necho 'TIMEOUT|00:01:02|00:01:00|n[1-2]'\n")
    for name in ("scontrol", "sacct"):
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    job = slurm.job(5)
    assert job == slurm.QueuedJob(state="TIMEOUT", used="00:01:02", limit="00:01:00", nodes="n[1-2]")
    text = (
        "JobId=5 JobName=a JobState=PENDING Reason=Priority Restarts=2 RunTime=00:00:00 TimeLimit=01:00:00 "
    )
    (folder / "scontrol").write_text(f"#!/bin/sh\necho '{text}NodeList=(null) Command=/a/run.sbatch'\n")
    assert slurm.job(5) == slurm.QueuedJob(
        state="PENDING", used="00:00:00", limit="01:00:00", nodes="waits: Priority", restarts=2,
        script=Path("/a/run.sbatch"),
    )  # fmt: skip
