"""Slurm: batch scripts that a person would keep, and what the queue says about a job.

Nothing is asked of Slurm but through its own programs: sbatch, squeue, sacct.
"""

from __future__ import annotations

import shlex
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bigworlds.errors import UserError

# How often a job puts itself back into the queue before it gives up.
MOST_RESTARTS = 100

# The longest that a program of Slurm is waited for, in seconds.
ANSWER_SECONDS = 30.0

# The exit code of a run that was stopped early, and can go on from its snapshot.
STOPPED_EARLY = 75


@dataclass(frozen=True, kw_only=True)
class Resources:
    """What a job asks for.

    Attributes:
        name: of the job.
        output: the file for what it prints; %j, %A and %a as sbatch has them.
        time: its limit, as Slurm writes it.
        nodes, tasks_per_node: None where Slurm is to decide.
        cpus_per_task: threads of each rank.
        partition, account: None for the site's own.
        more: further #SBATCH options, such as "--mem-per-cpu=2G".
        setup: lines before the command, such as "module load openmpi".
    """

    name: str
    output: str
    time: str
    nodes: int | None = None
    tasks_per_node: int | None = None
    cpus_per_task: int = 1
    partition: str | None = None
    account: str | None = None
    more: Sequence[str] = ()
    setup: Sequence[str] = ()

    def lines(self) -> list[str]:
        """The #SBATCH lines."""
        options = [
            ("job-name", self.name),
            ("nodes", self.nodes),
            ("ntasks-per-node", self.tasks_per_node),
            ("cpus-per-task", self.cpus_per_task),
            ("time", self.time),
            ("partition", self.partition),
            ("account", self.account),
            ("output", self.output),
        ]
        given = [f"--{name}={value}" for name, value in options if value is not None]
        return [f"#SBATCH {option}" for option in (*given, *self.more)]


def run_script(
    resources: Resources, command: Sequence[str], *, launch: str | None, folder: Path, warning_seconds: int
) -> str:
    """The batch script of one run that survives its time limit.

    Slurm sends USR1 some seconds before the limit; the run writes a snapshot and ends with the code 75, the
    job goes back into the queue, and goes on from the snapshot when its turn comes.

    Args:
        resources: what it asks for.
        command: of one rank, with `--resume latest`.
        launch: what starts the ranks, such as "mpiexec -n $SLURM_NTASKS"; None for one process.
        folder: where it runs.
        warning_seconds: before the limit.
    """
    started = " ".join(([launch] if launch else []) + [_quoted(command)])
    return "\n".join(
        [
            "#!/bin/bash",
            *resources.lines(),
            "#SBATCH --open-mode=append",
            "#SBATCH --requeue",
            f"#SBATCH --signal=B:USR1@{warning_seconds}",
            "",
            "# The run goes on from its latest snapshot; the first time there is none, and it starts.",
            f"# At the time limit it keeps a snapshot and ends with code {STOPPED_EARLY}, and goes on later.",
            *_environment(resources, folder),
            "",
            "run=",
            """trap '[ -n "$run" ] && kill -USR1 "$run"' USR1""",
            f"{started} &",
            "run=$!",
            "wait $run; code=$?",
            "while kill -0 $run 2>/dev/null; do wait $run; code=$?; done",
            "",
            f"most_restarts={MOST_RESTARTS}",
            f'if [ $code -eq {STOPPED_EARLY} ] && [ "${{SLURM_RESTART_COUNT:-0}}" -lt $most_restarts ]; then',
            '  scontrol requeue "$SLURM_JOB_ID"',
            "fi",
            "exit $code",
            "",
        ]
    )


def array_script(resources: Resources, command: Sequence[str], *, shares: int, folder: Path) -> str:
    """The batch script of a sweep whose runs are shared out to the jobs of an array.

    Submitted again it runs only what is missing.

    Args:
        resources: what each job asks for.
        command: of the sweep.
        shares: how many jobs.
        folder: where they run.
    """
    return "\n".join(
        [
            "#!/bin/bash",
            *resources.lines(),
            f"#SBATCH --array=0-{shares - 1}",
            "#SBATCH --open-mode=append",
            "#SBATCH --requeue",
            "",
            f"# Each job runs one of {shares} shares; submitted again, it runs what is missing of it.",
            *_environment(resources, folder),
            "",
            f'exec {_quoted(command)} --share "$SLURM_ARRAY_TASK_ID/{shares}"',
            "",
        ]
    )


def _environment(resources: Resources, folder: Path) -> list[str]:
    return [f"cd {shlex.quote(str(folder))} || exit 1", *resources.setup]


def _quoted(command: Sequence[str]) -> str:
    return " ".join(shlex.quote(word) for word in command)


def submitted(script: Path) -> int:
    """Hands a script to sbatch; returns the job's number.

    Raises:
        UserError: there is no sbatch, or it does not take the script.
    """
    if shutil.which("sbatch") is None:
        raise UserError(f"there is no sbatch here; {script} is written: submit it where Slurm is")
    answer = _asked("sbatch", "--parsable", str(script))
    if answer.returncode != 0:
        raise UserError(f"sbatch does not take {script}: {answer.stderr.strip()}")
    return int(answer.stdout.strip().split(";")[0])


@dataclass(frozen=True, kw_only=True)
class QueuedJob:
    """What Slurm says about a job.

    Attributes:
        state: such as RUNNING, PENDING, COMPLETED.
        used, limit: its time, as Slurm writes it.
        nodes: their names, or why it waits.
        restarts: how often it went back into the queue.
        script: the batch script, None where Slurm does not say.
    """

    state: str
    used: str
    limit: str
    nodes: str
    restarts: int = 0
    script: Path | None = None


def job(number: int) -> QueuedJob | None:
    """A job by its number, waiting, running or over; None where Slurm does not know it or is not here."""
    shown = _answer("scontrol", "show", "job", str(number), "--oneliner")
    if shown:
        words = dict(word.split("=", 1) for word in shown.split() if "=" in word)
        running = words.get("NodeList", "(null)") not in ("(null)", "")
        return QueuedJob(
            state=words.get("JobState", "?"),
            used=words.get("RunTime", ""),
            limit=words.get("TimeLimit", ""),
            nodes=words["NodeList"] if running else f"waits: {words.get('Reason', '')}",
            restarts=int(words.get("Restarts", 0)),
            script=Path(words["Command"]) if words.get("Command", "").startswith("/") else None,
        )
    fields = "State,Elapsed,Timelimit,NodeList"
    told = _answer("sacct", "-j", str(number), "-X", "-n", "-P", "-o", fields)
    if told:
        state, used, limit, nodes = told.splitlines()[-1].split("|")
        return QueuedJob(state=state, used=used, limit=limit, nodes=nodes)
    return None


def _answer(*command: str) -> str:
    if shutil.which(command[0]) is None:
        return ""
    try:
        answer = _asked(*command)
    except subprocess.TimeoutExpired:
        return ""
    return answer.stdout.strip() if answer.returncode == 0 else ""


def _asked(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=ANSWER_SECONDS, check=False)
