"""The options of `bigworlds sweep` and `bigworlds submit`, with the help that users read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

SLURM = "Slurm"

# Of sweep.
SweepOut = Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder of the sweep; goes on with it.")]
Vary = Annotated[
    list[str] | None,
    typer.Option(
        "--vary",
        metavar="KEY=VALUES",
        help="A parameter and its values, 1,2,3 or START:STOP:STEP (STOP included); several times.",
    ),
]
Points = Annotated[
    Path | None,
    typer.Option("--points", metavar="FILE", help="Instead of --vary a CSV file, one point a line."),
]
Zipped = Annotated[
    bool, typer.Option("--zip", help="First values together, then second ones: not all combinations.")
]
Seeds = Annotated[
    str, typer.Option("--seeds", metavar="N", help="Seeds of each point: 1 to N, or FIRST:LAST.")
]
RunTicks = Annotated[int | None, typer.Option("--ticks", metavar="N", min=0, help="How long each run is.")]
Every = Annotated[
    int | None,
    typer.Option("--every", metavar="TICKS", min=1, help="A row so often, not only at the end."),
]
Jobs = Annotated[
    int | None,
    typer.Option("--jobs", metavar="N", min=1, help="Runs at a time. Default: cores / threads."),
]
RankThreads = Annotated[int, typer.Option("--threads", metavar="T", min=1, help="Threads of each rank.")]
RunRanks = Annotated[int, typer.Option("-n", metavar="RANKS", min=1, help="Ranks of each run.")]
OnError = Annotated[
    str,
    typer.Option("--on-error", metavar="keep-going|stop", help="What a failed run means for the others."),
]
Retry = Annotated[bool, typer.Option("--retry", help="Run those that failed again.")]
Share = Annotated[str | None, typer.Option("--share", metavar="K/N", hidden=True)]
SlurmArray = Annotated[
    bool,
    typer.Option("--slurm-array", help="Share the runs out to an array of jobs.", rich_help_panel=SLURM),
]
Shares = Annotated[
    int | None,
    typer.Option("--shares", metavar="N", min=1, help="How many jobs.", rich_help_panel=SLURM),
]

# Of submit.
RunOptions = Annotated[
    list[str] | None,
    typer.Argument(metavar="[-- OPTIONS OF RUN...]", help="Options of bigworlds run, behind --."),
]
Nodes = Annotated[int, typer.Option("--nodes", metavar="N", min=1, help="Nodes.")]
TasksPerNode = Annotated[
    int, typer.Option("--ntasks-per-node", metavar="N", min=1, help="Ranks on each node.")
]
JobOut = Annotated[
    Path | None, typer.Option("--out", metavar="DIR", help="Folder of the run. Default: MODEL-run.")
]
Name = Annotated[str | None, typer.Option("--name", metavar="NAME", help="Name of the job.")]
Launch = Annotated[
    str | None,
    typer.Option("--launch", metavar="CMD", help="What starts the ranks. Default: mpiexec -n $SLURM_NTASKS."),
]
Warning_ = Annotated[
    int | None,
    typer.Option(
        "--warning",
        metavar="SECONDS",
        min=1,
        help="How long before the limit the run is told to stop. Default: a tenth, at most 300.",
    ),
]

# Of both.
Time = Annotated[
    str, typer.Option("--time", metavar="HH:MM:SS", help="Time limit of a job.", rich_help_panel=SLURM)
]
Partition = Annotated[
    str | None, typer.Option("--partition", metavar="NAME", help="Partition.", rich_help_panel=SLURM)
]
Account = Annotated[
    str | None, typer.Option("--account", metavar="NAME", help="Account.", rich_help_panel=SLURM)
]
Sbatch = Annotated[
    list[str] | None,
    typer.Option(
        "--sbatch",
        metavar="OPTION",
        help="Another option of sbatch, as in --sbatch=--mem-per-cpu=2G; several times.",
        rich_help_panel=SLURM,
    ),
]
Setup = Annotated[
    list[str] | None,
    typer.Option(
        "--setup",
        metavar="LINE",
        help="A line before the command, as in --setup 'module load openmpi'; several times.",
        rich_help_panel=SLURM,
    ),
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Print the batch script; do nothing.", rich_help_panel=SLURM)
]
