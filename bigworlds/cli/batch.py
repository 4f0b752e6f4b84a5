"""The commands for many runs and for batch systems, as users type them: sweep, submit, status."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from bigworlds.cli import batch_options as of
from bigworlds.cli import options, status, submit, sweep
from bigworlds.cli.failures import ExitCode, report
from bigworlds.cli.locate import find_model
from bigworlds.cluster import slurm
from bigworlds.ensemble import Settings
from bigworlds.errors import UserError


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
    out: of.SweepOut,
    vary: of.Vary = None,
    points: of.Points = None,
    zipped: of.Zipped = False,
    seeds: of.Seeds = "1",
    assignments: options.Assignments = None,
    ticks: of.RunTicks = None,
    every: of.Every = None,
    jobs: of.Jobs = None,
    threads: of.RankThreads = 1,
    ranks: of.RunRanks = 1,
    on_error: of.OnError = "keep-going",
    retry: of.Retry = False,
    as_json: options.AsJson = False,
    share: of.Share = None,
    slurm_array: of.SlurmArray = False,
    shares: of.Shares = None,
    time: of.Time = "01:00:00",
    partition: of.Partition = None,
    account: of.Account = None,
    sbatch: of.Sbatch = None,
    setup: of.Setup = None,
    dry_run: of.DryRun = False,
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
    run_options: of.RunOptions = None,
    nodes: of.Nodes = 1,
    ntasks_per_node: of.TasksPerNode = 1,
    threads: of.RankThreads = 1,
    out: of.JobOut = None,
    name: of.Name = None,
    launch: of.Launch = None,
    warning: of.Warning_ = None,
    time: of.Time = "01:00:00",
    partition: of.Partition = None,
    account: of.Account = None,
    sbatch: of.Sbatch = None,
    setup: of.Setup = None,
    dry_run: of.DryRun = False,
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
