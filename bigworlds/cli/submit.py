"""`bigworlds submit`: writes the batch script of a run that survives its time limit; hands it to Slurm."""

from __future__ import annotations

import dataclasses
import json
import os
import shlex
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bigworlds.cli.failures import short_path
from bigworlds.cli.walltime import seconds_of
from bigworlds.cluster import slurm
from bigworlds.errors import UserError
from bigworlds.model import Model

SCRIPT, JOB = "run.sbatch", "job.json"

# Slurm sends its signal so long before the limit, in seconds, but not before this share of the time is left.
WARNING_SECONDS = 300
WARNING_SHARE = 0.1

# What the script says itself, or what has no place in a job; and what to do instead.
_NOT_HERE = {
    "-n": "the job has --nodes times --ntasks-per-node ranks",
    "--out": "give it to submit, before --",
    "--resume": "the script resumes by itself, from the latest snapshot in --out",
    "--ticks": "it would run so many more each time the job is queued again; say --until-tick N",
    "--view": "a job has no terminal; say --movie FILE, or look at the folder with bigworlds plot",
    "--json": "the result is in the folder of --out",
}


@dataclass(frozen=True, kw_only=True)
class Job:
    """What was asked for.

    Attributes:
        named: MODEL as it was typed.
        model: the model.
        out: the folder of the run.
        resources: of the job.
        options: of the run.
        launch: what starts the ranks, None for mpiexec.
        warning: how many seconds before the limit the run is told; None for what is said above.
    """

    named: str
    model: Model
    out: Path
    resources: slurm.Resources
    options: Sequence[str]
    launch: str | None = None
    warning: int | None = None


def check_options(options: Sequence[str]) -> None:
    """Finds options of the run that have no place in a job.

    Raises:
        UserError: there is one.
    """
    for option in options:
        name = option.partition("=")[0]
        name = "-n" if name.startswith("-n") and not name.startswith("--") else name
        if name in _NOT_HERE:
            raise UserError(f"{name} has no place among the options of a job's run: {_NOT_HERE[name]}")


def script_of(job: Job) -> str:
    """The batch script."""
    seconds = seconds_of(job.resources.time)
    arguments = [
        "run", job.named, *job.options, "--threads", str(job.resources.cpus_per_task),
        "--out", str(job.out), "--resume", "latest",
    ]  # fmt: skip
    alone = (job.resources.nodes or 1) * (job.resources.tasks_per_node or 1) == 1
    resources, launch = job.resources, job.launch
    if launch is None and not alone:
        # The MPI of this environment comes first on the PATH; without one it is the site's.
        beside = shutil.which("mpiexec", path=str(Path(sys.executable).parent))
        if beside is not None:
            path = f"export PATH={shlex.quote(str(Path(beside).parent))}:$PATH"
            resources = dataclasses.replace(resources, setup=[*resources.setup, path])
        launch = "mpiexec -n $SLURM_NTASKS"
    warning = job.warning or max(1, int(min(WARNING_SECONDS, WARNING_SHARE * seconds)))
    if warning >= seconds:
        raise UserError(f"--warning {warning}: expected fewer seconds than --time {job.resources.time} has")
    return slurm.run_script(
        resources,
        own_command(arguments),
        launch=launch,
        folder=Path.cwd(),
        warning_seconds=warning,
    )


def submit(job: Job) -> None:
    """Writes the script into the run's folder and hands it to Slurm.

    Raises:
        UserError: the folder cannot be made, there is no Slurm, or it does not take the script.
    """
    text = script_of(job)
    try:
        job.out.mkdir(parents=True, exist_ok=True)
        script = job.out.absolute() / SCRIPT
        script.write_text(text, encoding="utf-8")
        os.chmod(script, 0o755)
    except OSError as problem:
        raise UserError(f"--out {short_path(job.out.absolute())}: {problem.strerror}") from None
    number = slurm.submitted(script)
    (job.out / JOB).write_text(json.dumps({"job": number}) + "\n", encoding="utf-8")
    print(f"job {number}; {short_path(script)}; follow it with: bigworlds status {number} --follow")


def own_command(arguments: Sequence[str]) -> list[str]:
    """This command line as a batch script calls it: by its full path, for jobs do not know environments."""
    beside = shutil.which("bigworlds", path=str(Path(sys.executable).parent))
    return [*([beside] if beside else [sys.executable, "-m", "bigworlds.cli"]), *arguments]
