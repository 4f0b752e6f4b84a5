"""The commands and options that users type; what each does stands in the file of its name."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from bigworlds.cli import ask, batch, model_help, options, stored
from bigworlds.cli import check as checking
from bigworlds.cli import describe as describing
from bigworlds.cli import doctor as doctoring
from bigworlds.cli import new as creating
from bigworlds.cli.early import Early
from bigworlds.cli.failures import ExitCode, model_code, report
from bigworlds.cli.listing import list_examples
from bigworlds.cli.locate import find_model
from bigworlds.cli.organism import organisms
from bigworlds.cli.ranks import arguments_without_ranks
from bigworlds.cli.run import Request, execute
from bigworlds.cluster import launcher, run_on_ranks
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
    model: options.OptionalModelName = None,
    ticks: options.Ticks = None,
    until_tick: options.UntilTick = None,
    until: options.Until = None,
    seed: options.Seed = None,
    threads: options.Threads = None,
    ranks: options.Ranks = None,
    mpi: options.Mpi = None,
    partition: options.PartitionKind = "blocks",
    balance: options.Balance = None,
    assignments: options.Assignments = None,
    as_json: options.AsJson = False,
    out: options.Out = None,
    snapshot: options.Snapshot = None,
    snapshot_every: options.SnapshotEvery = None,
    keep: options.Keep = None,
    walltime: options.Walltime = None,
    resume: options.Resume = None,
    branch: options.Branch = False,
    view: options.View = False,
    movie: options.Movie = None,
    profile: options.Profile = False,
    interpret: options.Interpret = False,
    check_values: options.CheckValues = False,
    local_ranks: options.LocalRanks = 1,
    help_: options.Help = False,
) -> None:
    """Run a model. `bigworlds run MODEL --help` shows the model's parameters."""
    # The options have the names of Request's fields, and Typer has collected them.
    asked = {name: value for name, value in context.params.items() if name in Request.__dataclass_fields__}
    if help_:
        print(context.get_help())
        if model is not None:
            model_help.show(find_model(model))
        return
    if model is None:
        raise UserError(
            "run needs a MODEL: a Python file or a shipped example, as in: bigworlds run boids --view"
        )
    if mpi is not None:
        os.environ["BIGWORLDS_MPI"] = mpi
    if ranks is not None and launcher() is None:
        if isinstance(context.obj, Early):
            context.obj.pass_on()
        run_on_ranks(ranks, arguments_without_ranks(sys.argv[1:]))
    found = find_model(model)
    request = Request(**{**asked, "model": found, "assignments": assignments or (), "ranks": local_ranks})
    try:
        code = execute(request, context.obj if isinstance(context.obj, Early) else None)
    except Exception as problem:
        code = report(problem, found.source.parent if found.source is not None else None)
    if code is not ExitCode.FINE:
        raise typer.Exit(code)


@app.command("examples", epilog="Example: bigworlds examples")
def examples() -> None:
    """List the shipped models, with one line each."""
    list_examples()


@app.command("new", epilog="Example: bigworlds new rabbits")
def new(
    name: Annotated[str, typer.Argument(help="The model's name: lower case, as a Python name.")],
    native: Annotated[
        bool, typer.Option("--native", help="With the behavior in C++, and what builds it.")
    ] = False,
) -> None:
    """Write a model that runs, and a test of it, into a new folder."""
    creating.new(name, Path.cwd(), native=native)


@app.command("check", epilog="Example: bigworlds check boids --set n=200")
def check(
    model: options.ModelName,
    assignments: options.Assignments = None,
    ticks: Annotated[int, typer.Option("--ticks", metavar="N", min=1, help="How many are tried.")] = 3,
    seed: Annotated[int, typer.Option("--seed", metavar="S", min=0, help="Seed of the worlds.")] = 0,
    as_json: options.AsJson = False,
) -> None:
    """Look for mistakes in a model: behaviors that conflict, fail, or whose rows depend on each other."""
    found = find_model(model)
    try:
        checking.check(found, assignments or (), ticks=ticks, seed=seed, as_json=as_json)
    except Exception as problem:
        code = report(problem, found.source.parent if found.source is not None else None)
        raise typer.Exit(code) from None


@app.command("describe", epilog="Example: bigworlds describe wolf_sheep --set size=small > ODD.md")
def describe(
    model: options.ModelName,
    assignments: options.Assignments = None,
) -> None:
    """Print a model's entities, variables, schedule and parameters as the skeleton of an ODD protocol."""
    found = find_model(model)
    with model_code(found.source):
        print(describing.odd(found, found.settings(**found.parse(assignments or []))))


@app.command(
    "doctor",
    epilog="Example: bigworlds doctor. Of ranks: mpirun -n 4 bigworlds doctor --mpi --dir /scratch/me",
)
def doctor(
    mpi: Annotated[
        bool, typer.Option("--mpi", help="Under mpirun or srun: whether these ranks can run a world.")
    ] = False,
    folder: Annotated[
        Path, typer.Option("--dir", metavar="DIR", help="With --mpi: where files are tried out.")
    ] = Path(),
) -> None:
    """Tell what is installed, and what is missing for which feature."""
    if not (doctoring.examine_mpi(folder) if mpi else doctoring.examine()):
        raise typer.Exit(ExitCode.FAILED)


@app.command("inspect", epilog="Example: bigworlds inspect out.h5")
def inspect(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="A snapshot, or the folder of a run.")],
) -> None:
    """Check a snapshot byte by byte and tell what is in it."""
    print(stored.inspected(path))


@app.command("query", epilog='Example: bigworlds query boids "Bird select count, mean(velocity)"')
def query(
    source: Annotated[
        str,
        typer.Argument(
            metavar="FILE|DIR|MODEL", help="A snapshot, the folder of a run, or a model at its start."
        ),
    ],
    text: Annotated[str, typer.Argument(metavar="TEXT", help="The query: 'Bird where age > 2 select id'.")],
    model: Annotated[
        str | None, typer.Option("--model", metavar="MODEL", help="The model, where its file has moved.")
    ] = None,
    assignments: options.Assignments = None,
    seed: Annotated[int, typer.Option("--seed", metavar="S", min=0, help="Seed of a model's world.")] = 0,
    as_json: options.AsJson = False,
) -> None:
    """Ask which entities or cells there are, and what of them."""
    ask.ask(source, text, model, assignments or (), seed, as_json=as_json)


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
    profile: Annotated[
        bool, typer.Option("--profile", help="Instead: what each rank spent its time on.")
    ] = False,
) -> None:
    """Draw what a run recorded over time, and its world at the latest snapshot, as PNG."""
    for made in stored.plotted_profile(path, into) if profile else stored.plotted(path, model, into):
        print(made)


batch.add_to(app)
app.add_typer(organisms, name="organism")
