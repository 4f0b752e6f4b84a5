"""The commands for many runs and for batch systems, as users type them: sweep, submit, status."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from bigworlds.cli import options, status, submit, sweep
from bigworlds.cli.failures import ExitCode, report
from bigworlds.cli.locate import find_model
from bigworlds.cluster import slurm
from bigworlds.ensemble import Settings
from bigworlds.errors import UserError

SLURM = "Slurm"

_Time = typer.Option("--time", metavar="HH:MM:SS", help="Time limit of a job.", rich_help_panel=SLURM)
_Partition = typer.Option("--partition", metavar="NAME", help="Partition.", rich_help_panel=SLURM)
_Account = typer.Option("--account", metavar="NAME", help="Account.", rich_help_panel=SLURM)
_Sbatch = typer.Option(
    "--sbatch",
    metavar="OPTION",
    help="Another option of sbatch, as in --sbatch=--mem-per-cpu=2G; several times.",
    rich_help_panel=SLURM,
)
_Setup = typer.Option(
    "--setup",
    metavar="LINE",
    help="A line before the command, as in --setup 'module load openmpi'; several times.",
    rich_help_panel=SLURM,
)
_DryRun = typer.Option("--dry-run", help="Print the batch script; do nothing.", rich_help_panel=SLURM)


def add_to(app: typer.Typer) -> None:
    """Adds the commands to a command line."""
    app.command("sweep", epilog="Example: bigworlds sweep schelling --vary need=2,3,4 --seeds 5 --out s")(
        sweep_
    )
    app.command(
        "submit",
        epilog="Example: bigworlds submit boids --nodes 2 --ntasks-per-node 64 --time 02:00:00 --dry-run "
        "-- --until-tick 100000 --seed 1",
    )(submit_)
    app.command("status", epilog="Example: bigworlds status boids-run --follow")(status_)


def sweep_(
    model: options.ModelName,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder of the sweep; goes on with it.")],
    vary: Annotated[
        list[str] | None,
        typer.Option(
            "--vary",
            metavar="KEY=VALUES",
            help="A parameter and its values, 1,2,3 or START:STOP:STEP (STOP included); several times.",
        ),
    ] = None,
    points: Annotated[
        Path | None,
        typer.Option("--points", metavar="FILE", help="Instead of --vary a CSV file, one point a line."),
    ] = None,
    zipped: Annotated[
        bool, typer.Option("--zip", help="First values together, then second ones: not all combinations.")
    ] = False,
    seeds: Annotated[
        str, typer.Option("--seeds", metavar="N", help="Seeds of each point: 1 to N, or FIRST:LAST.")
    ] = "1",
    assignments: options.Assignments = None,
    ticks: Annotated[
        int | None, typer.Option("--ticks", metavar="N", min=0, help="How long each run is.")
    ] = None,
    every: Annotated[
        int | None,
        typer.Option("--every", metavar="TICKS", min=1, help="A row so often, not only at the end."),
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option("--jobs", metavar="N", min=1, help="Runs at a time. Default: cores / threads."),
    ] = None,
    threads: Annotated[int, typer.Option("--threads", metavar="T", min=1, help="Threads of each rank.")] = 1,
    ranks: Annotated[int, typer.Option("-n", metavar="RANKS", min=1, help="Ranks of each run.")] = 1,
    on_error: Annotated[
        str,
        typer.Option("--on-error", metavar="keep-going|stop", help="What a failed run means for the others."),
    ] = "keep-going",
    retry: Annotated[bool, typer.Option("--retry", help="Run those that failed again.")] = False,
    as_json: options.AsJson = False,
    share: Annotated[str | None, typer.Option("--share", metavar="K/N", hidden=True)] = None,
    slurm_array: Annotated[
        bool,
        typer.Option("--slurm-array", help="Share the runs out to an array of jobs.", rich_help_panel=SLURM),
    ] = False,
    shares: Annotated[
        int | None,
        typer.Option("--shares", metavar="N", min=1, help="How many jobs.", rich_help_panel=SLURM),
    ] = None,
    time: Annotated[str, _Time] = "01:00:00",
    partition: Annotated[str | None, _Partition] = None,
    account: Annotated[str | None, _Account] = None,
    sbatch: Annotated[list[str] | None, _Sbatch] = None,
    setup: Annotated[list[str] | None, _Setup] = None,
    dry_run: Annotated[bool, _DryRun] = False,
) -> None:
    """Run a model for many parameters and seeds, into one table. The same command goes on where it
    stopped."""
    found = find_model(model)
    asked = sweep.Asked(
        named=model, model=found, out=out, vary=vary or (), points=points, zipped=zipped, seeds=seeds,
        assignments=assignments or (), ticks=ticks, every=every, as_json=as_json,
    )  # fmt: skip
    if dry_run and not slurm_array:
        raise UserError("--dry-run prints the script of --slurm-array; give both")
    settings = Settings(
        jobs=jobs or (1 if slurm_array else None), threads=threads, ranks=ranks, on_error=on_error,
        retry=retry, share=_share(share),
    )  # fmt: skip
    if slurm_array:
        resources = slurm.Resources(
            name=f"{found.name}-sweep", output=f"{out.absolute()}/slurm-%A_%a.out", time=time,
            tasks_per_node=1, nodes=1, cpus_per_task=settings.jobs_at_a_time * threads * ranks,
            partition=partition, account=account, more=sbatch or (), setup=setup or (),
        )  # fmt: skip
        sweep.to_slurm(asked, settings, resources, shares, dry_run=dry_run)
        return
    try:
        code = sweep.execute(asked, settings)
    except Exception as problem:
        code = report(problem, found.source.parent if found.source is not None else None)
    if code is not ExitCode.FINE:
        raise typer.Exit(code)


def _share(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    first, slash, last = text.partition("/")
    if not (slash and first.isdecimal() and last.isdecimal()):
        raise UserError(f"--share takes K/N, which share of how many; found {text!r}")
    return int(first), int(last)


def submit_(
    model: options.ModelName,
    run_options: Annotated[
        list[str] | None,
        typer.Argument(metavar="[-- OPTIONS OF RUN...]", help="Options of bigworlds run, behind --."),
    ] = None,
    nodes: Annotated[int, typer.Option("--nodes", metavar="N", min=1, help="Nodes.")] = 1,
    ntasks_per_node: Annotated[
        int, typer.Option("--ntasks-per-node", metavar="N", min=1, help="Ranks on each node.")
    ] = 1,
    threads: Annotated[int, typer.Option("--threads", metavar="T", min=1, help="Threads of each rank.")] = 1,
    time: Annotated[str, typer.Option("--time", metavar="HH:MM:SS", help="Limit of the job.")] = "01:00:00",
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Folder of the run. Default: MODEL-run.")
    ] = None,
    name: Annotated[str | None, typer.Option("--name", metavar="NAME", help="Name of the job.")] = None,
    launch: Annotated[
        str | None,
        typer.Option(
            "--launch", metavar="CMD", help="What starts the ranks. Default: mpiexec -n $SLURM_NTASKS."
        ),
    ] = None,
    warning: Annotated[
        int | None,
        typer.Option(
            "--warning",
            metavar="SECONDS",
            min=1,
            help="How long before the limit the run is told to stop. Default: a tenth, at most 300.",
        ),
    ] = None,
    partition: Annotated[str | None, _Partition] = None,
    account: Annotated[str | None, _Account] = None,
    sbatch: Annotated[list[str] | None, _Sbatch] = None,
    setup: Annotated[list[str] | None, _Setup] = None,
    dry_run: Annotated[bool, _DryRun] = False,
) -> None:
    """Hand a run to Slurm: a batch script that keeps a snapshot at its time limit, and goes on from it."""
    found = find_model(model)
    given = list(run_options or [])
    submit.check_options(given)
    parsed = _parsed_run([model, *given])
    found.settings(**found.parse(list(parsed.get("assignments") or ())))
    folder = out if out is not None else Path(f"{found.name}-run")
    job = submit.Job(
        named=os.path.abspath(model) if Path(model.rpartition(":")[0] or model).is_file() else model,
        model=found,
        out=folder.absolute(),
        options=given,
        launch=launch,
        warning=warning,
        resources=slurm.Resources(
            name=name or found.name, output=f"{folder.absolute()}/slurm-%j.out", time=time, nodes=nodes,
            tasks_per_node=ntasks_per_node, cpus_per_task=threads, partition=partition, account=account,
            more=sbatch or (), setup=setup or (),
        ),
    )  # fmt: skip
    if dry_run:
        print(submit.script_of(job), end="")
        return
    submit.submit(job)


def _parsed_run(arguments: list[str]) -> dict[str, Any]:
    """What `bigworlds run` would make of some arguments; wrong ones are told now, not by the job."""
    from bigworlds.cli.app import app

    group: Any = typer.main.get_command(app)
    params: dict[str, Any] = group.commands["run"].make_context("bigworlds run", arguments).params
    return params


def status_(
    what: Annotated[
        str, typer.Argument(metavar="JOB|DIR", help="The number of a job, or the folder of a run or sweep.")
    ],
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Until it is over.")] = False,
) -> None:
    """Tell how far a run or a sweep is."""
    status.show(what, follow=follow)
