"""The commands and options that users type; what each does stands in the file of its name."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bigworlds.cli import describe as describing
from bigworlds.cli import doctor as doctoring
from bigworlds.cli import model_help, stored
from bigworlds.cli import new as creating
from bigworlds.cli.failures import ExitCode, report
from bigworlds.cli.listing import list_examples
from bigworlds.cli.locate import find_model
from bigworlds.cli.run import Request, execute
from bigworlds.errors import UserError

app = typer.Typer(
    name="bigworlds",
    help="Simulate worlds of many entities: models in Python, at the speed of hand-written C++.",
    epilog="Begin with: bigworlds run boids --view",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    add_completion=False,
)

ModelName = Annotated[
    str,
    typer.Argument(
        metavar="MODEL", help="A Python file, FILE:NAME where it holds several models, or a shipped example."
    ),
]
WRITING, WATCHING, DEBUGGING = "Files", "Watching", "Debugging"


def _version(asked: bool) -> None:
    if asked:
        from bigworlds.cli.engine import version

        print(f"bigworlds {version()}")
        raise typer.Exit


@app.callback()
def options_of_all(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Nothing to do: each command stands alone."""


@app.command(
    "run",
    add_help_option=False,
    epilog="Example: bigworlds run wolf_sheep --set size=large --ticks 100 --seed 1 --json",
)
def run(
    context: typer.Context,
    model: Annotated[
        str | None,
        typer.Argument(
            metavar="MODEL",
            help="A Python file, FILE:NAME where it holds several models, or a shipped example.",
        ),
    ] = None,
    ticks: Annotated[
        int | None, typer.Option("--ticks", metavar="N", min=0, help="Run so many more ticks.")
    ] = None,
    until_tick: Annotated[
        int | None, typer.Option("--until-tick", metavar="N", min=0, help="Run to this tick.")
    ] = None,
    until: Annotated[
        str | None,
        typer.Option(
            "--until", metavar="EXPR", help="Run until this holds, as in 'sheep == 0 or tick >= 500'."
        ),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option("--seed", metavar="S", min=0, help="Seed of all random numbers. Default: drawn."),
    ] = None,
    threads: Annotated[
        int | None,
        typer.Option(
            "--threads", metavar="T", min=1, help="Threads. Default: one per core. The result is the same."
        ),
    ] = None,
    ranks: Annotated[int, typer.Option("-n", metavar="RANKS", min=1, help="Ranks, 1 in this version.")] = 1,
    assignments: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="KEY=VALUE", help="A parameter, or size=PRESET; may be given several times."
        ),
    ] = None,
    as_json: Annotated[
        bool,
        typer.Option("--json", help="Print one JSON object on stdout at the end, and nothing else there."),
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="DIR", help="Folder for records, snapshots, log.", rich_help_panel=WRITING
        ),
    ] = None,
    snapshot: Annotated[
        Path | None,
        typer.Option(
            "--snapshot", metavar="FILE", help="Write a snapshot at the end.", rich_help_panel=WRITING
        ),
    ] = None,
    snapshot_every: Annotated[
        int | None,
        typer.Option(
            "--snapshot-every", metavar="TICKS", min=1, help="And every so often.", rich_help_panel=WRITING
        ),
    ] = None,
    keep: Annotated[
        int | None,
        typer.Option(
            "--keep", min=1, help="How many snapshots stay in DIR. Default: 3.", rich_help_panel=WRITING
        ),
    ] = None,
    resume: Annotated[
        str | None,
        typer.Option(
            "--resume", metavar="FILE|DIR|latest", help="Go on from a snapshot.", rich_help_panel=WRITING
        ),
    ] = None,
    branch: Annotated[
        bool,
        typer.Option(
            "--branch", help="Resume with another seed or other parameters.", rich_help_panel=WRITING
        ),
    ] = False,
    view: Annotated[
        bool,
        typer.Option("--view", help="Draw the world in the terminal; q stops.", rich_help_panel=WATCHING),
    ] = False,
    movie: Annotated[
        Path | None,
        typer.Option("--movie", metavar="FILE", help="Make a .gif or .mp4 of it.", rich_help_panel=WATCHING),
    ] = None,
    interpret: Annotated[
        bool,
        typer.Option(
            "--interpret", help="Run behaviors as plain Python: slow, same result.", rich_help_panel=DEBUGGING
        ),
    ] = False,
    check_values: Annotated[
        bool,
        typer.Option(
            "--check-values", help="Stop at the first value that is not finite.", rich_help_panel=DEBUGGING
        ),
    ] = False,
    local_ranks: Annotated[int, typer.Option("--local-ranks", min=1, hidden=True)] = 1,
    help_: Annotated[bool, typer.Option("--help", help="Show this, and with MODEL its parameters.")] = False,
) -> None:
    """Run a model. `bigworlds run MODEL --help` shows the model's parameters."""
    if help_:
        print(context.get_help())
        if model is not None:
            model_help.show(find_model(model))
        return
    if model is None:
        raise UserError(
            "run needs a MODEL: a Python file or a shipped example, as in: bigworlds run boids --view"
        )
    if ranks > 1:
        raise UserError(
            f"-n {ranks}: ranks over MPI come in a later version; leave out -n to run on one rank with all "
            "threads. Ranks inside one process are for tests: model.simulate(ranks=N)"
        )
    request = Request(
        model=find_model(model),
        assignments=assignments or (),
        ticks=ticks,
        until_tick=until_tick,
        until=until,
        seed=seed,
        threads=threads,
        ranks=local_ranks,
        out=out,
        snapshot=snapshot,
        snapshot_every=snapshot_every,
        keep=keep,
        resume=resume,
        branch=branch,
        view=view,
        movie=movie,
        as_json=as_json,
        interpret=interpret,
        check_values=check_values,
    )
    try:
        code = execute(request)
    except Exception as problem:
        source = request.model.source
        code = report(problem, source.parent if source is not None else None)
    if code is not ExitCode.FINE:
        raise typer.Exit(code)


@app.command("examples", epilog="Example: bigworlds examples")
def examples() -> None:
    """List the shipped models, with one line each."""
    list_examples()


@app.command("new", epilog="Example: bigworlds new rabbits")
def new(
    name: Annotated[str, typer.Argument(help="The model's name: lower case, as a Python name.")],
) -> None:
    """Write a model that runs, and a test of it, into a new folder."""
    creating.new(name, Path.cwd())


@app.command("describe", epilog="Example: bigworlds describe wolf_sheep --set size=small > ODD.md")
def describe(
    model: ModelName,
    assignments: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="A parameter, or size=PRESET.")
    ] = None,
) -> None:
    """Print a model's entities, variables, schedule and parameters as the skeleton of an ODD protocol."""
    found = find_model(model)
    print(describing.odd(found, found.settings(**found.parse(assignments or []))))


@app.command("doctor", epilog="Example: bigworlds doctor")
def doctor() -> None:
    """Tell what is installed, and what is missing for which feature."""
    if not doctoring.examine():
        raise typer.Exit(ExitCode.FAILED)


@app.command("inspect", epilog="Example: bigworlds inspect out.h5")
def inspect(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="A snapshot, or the folder of a run.")],
) -> None:
    """Check a snapshot byte by byte and tell what is in it."""
    print(stored.inspected(path))


@app.command("plot", epilog="Example: bigworlds run boids --out birds && bigworlds plot birds")
def plot(
    path: Annotated[Path, typer.Argument(metavar="DIR", help="The folder of a run, or a snapshot.")],
    into: Annotated[
        Path | None,
        typer.Option("--into", metavar="DIR", help="Where the pictures go. Default: there."),
    ] = None,
    model: Annotated[
        str | None, typer.Option("--model", metavar="MODEL", help="The model, where its file has moved.")
    ] = None,
) -> None:
    """Draw what a run recorded over time, and its world at the latest snapshot, as PNG."""
    for made in stored.plotted(path, model, into):
        print(made)
