"""The options of `bigworlds run`, with the help that users read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

WRITING, WATCHING, DEBUGGING = "Files", "Watching", "Debugging"

_MODEL = "A Python file, FILE:NAME where it holds several models, or a shipped example."

ModelName = Annotated[str, typer.Argument(metavar="MODEL", help=_MODEL)]
OptionalModelName = Annotated[str | None, typer.Argument(metavar="MODEL", help=_MODEL)]

Ticks = Annotated[int | None, typer.Option("--ticks", metavar="N", min=0, help="Run so many more ticks.")]
UntilTick = Annotated[int | None, typer.Option("--until-tick", metavar="N", min=0, help="Run to this tick.")]
Until = Annotated[
    str | None,
    typer.Option("--until", metavar="EXPR", help="Run until this holds, as in 'sheep == 0 or tick >= 500'."),
]
Seed = Annotated[
    int | None, typer.Option("--seed", metavar="S", min=0, help="Seed of all random numbers. Default: drawn.")
]
Threads = Annotated[
    int | None,
    typer.Option(
        "--threads", metavar="T", min=1, help="Threads. Default: one per core. The result is the same."
    ),
]
Ranks = Annotated[
    int | None,
    typer.Option(
        "-n",
        metavar="RANKS",
        min=1,
        help="Run on so many ranks: processes that mpirun starts (needs an MPI).",
    ),
]
Mpi = Annotated[
    str | None,
    typer.Option(
        "--mpi",
        metavar="auto|on|off",
        help="Whether ranks are MPI processes: auto where a launcher started several. [BIGWORLDS_MPI]",
    ),
]
PartitionKind = Annotated[
    str,
    typer.Option(
        "--partition",
        metavar="blocks|bisection|curve|graph",
        help="How the world is shared out among ranks. The result is the same.",
    ),
]
Balance = Annotated[
    int | None,
    typer.Option(
        "--balance",
        metavar="TICKS",
        min=1,
        help="Look every so often whether ranks have equally much to do, and move parts of the world.",
    ),
]
LocalRanks = Annotated[int, typer.Option("--local-ranks", min=1, hidden=True)]
Assignments = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="KEY=VALUE", help="A parameter, or size=PRESET; may be given several times."
    ),
]
AsJson = Annotated[
    bool, typer.Option("--json", help="Print one JSON object on stdout at the end, and nothing else there.")
]

Out = Annotated[
    Path | None,
    typer.Option("--out", metavar="DIR", help="Folder for records, snapshots, log.", rich_help_panel=WRITING),
]
Snapshot = Annotated[
    Path | None,
    typer.Option("--snapshot", metavar="FILE", help="Write a snapshot at the end.", rich_help_panel=WRITING),
]
SnapshotEvery = Annotated[
    int | None,
    typer.Option(
        "--snapshot-every", metavar="TICKS", min=1, help="And every so often.", rich_help_panel=WRITING
    ),
]
Keep = Annotated[
    int | None,
    typer.Option(
        "--keep",
        metavar="N",
        min=1,
        help="How many snapshots stay in DIR. Default: 3.",
        rich_help_panel=WRITING,
    ),
]
Walltime = Annotated[
    str | None,
    typer.Option(
        "--walltime",
        metavar="HH:MM:SS",
        help="How long the process may live: it stops in time for a snapshot, with exit code 75.",
        rich_help_panel=WRITING,
    ),
]
Resume = Annotated[
    str | None,
    typer.Option(
        "--resume", metavar="FILE|DIR|latest", help="Go on from a snapshot.", rich_help_panel=WRITING
    ),
]
Branch = Annotated[
    bool,
    typer.Option("--branch", help="Resume with another seed or other parameters.", rich_help_panel=WRITING),
]

View = Annotated[
    bool, typer.Option("--view", help="Draw the world in the terminal; q stops.", rich_help_panel=WATCHING)
]
Movie = Annotated[
    Path | None,
    typer.Option("--movie", metavar="FILE", help="Make a .gif or .mp4 of it.", rich_help_panel=WATCHING),
]

Profile = Annotated[
    bool,
    typer.Option("--profile", help="Tell what each rank spends its time on.", rich_help_panel=DEBUGGING),
]
Interpret = Annotated[
    bool,
    typer.Option(
        "--interpret", help="Run behaviors as plain Python: slow, same result.", rich_help_panel=DEBUGGING
    ),
]
CheckValues = Annotated[
    bool,
    typer.Option(
        "--check-values", help="Stop at the first value that is not finite.", rich_help_panel=DEBUGGING
    ),
]
Help = Annotated[bool, typer.Option("--help", help="Show this, and with MODEL its parameters.")]
