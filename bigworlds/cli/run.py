"""`bigworlds run`: makes a run of what was asked for, runs it, keeps what is to be kept, and says how it
ended."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from rich.console import Console

from bigworlds.cli import engine
from bigworlds.cli.condition import condition
from bigworlds.cli.early import Early
from bigworlds.cli.engine import Simulation
from bigworlds.cli.failures import ExitCode, model_code
from bigworlds.cli.keeping import Keeper, check_file_can_be_made, snapshot_to_resume
from bigworlds.cli.loop import Ended, Goal, Interrupts, Watcher, run_to
from bigworlds.cli.out_folder import OutFolder, check_out, manifest_in
from bigworlds.cli.outcome import outcome, summary
from bigworlds.cli.pictures import Movie, Screen
from bigworlds.cli.profile import Profile
from bigworlds.cli.progress import ProgressBar
from bigworlds.cli.walltime import Walltime, seconds_of
from bigworlds.cluster import Partition
from bigworlds.errors import UserError
from bigworlds.model import Model
from bigworlds.view import TerminalView, movie_suffix
from bigworlds.view.terminal import FRAMES_PER_SECOND


@dataclass(frozen=True, kw_only=True)
class Request:
    """What was asked for on the command line of `bigworlds run`; the options' help says what each means."""

    model: Model
    assignments: Sequence[str] = ()
    ticks: int | None = None
    until_tick: int | None = None
    until: str | None = None
    seed: int | None = None
    threads: int | None = None
    ranks: int = 1
    partition: str = "blocks"
    balance: int | None = None
    out: Path | None = None
    snapshot: Path | None = None
    snapshot_every: int | None = None
    walltime: str | None = None
    keep: int | None = None
    resume: str | None = None
    branch: bool = False
    view: bool = False
    movie: Path | None = None
    as_json: bool = False
    profile: bool = False
    interpret: bool = False
    check_values: bool = False


def execute(request: Request, early: Early | None = None) -> ExitCode:
    """Does what was asked for.

    Args:
        request: what was asked for.
        early: remembers signals that come before there is a world.

    Raises:
        BigworldsError: something was asked for that cannot be, or the run failed.
    """
    _check(request)
    stdout = sys.stdout
    with _output_for_json() if request.as_json else contextlib.nullcontext():
        with model_code(request.model.source):
            simulation = _made(request)
        first_rank = simulation.rank == 0
        if request.seed is None and request.resume is None and first_rank:
            print(f"seed {simulation.seed}", file=sys.stderr)
        first = simulation.tick
        interrupts = Interrupts(early)
        with ExitStack() as stack:
            stack.enter_context(interrupts.watching(simulation))
            out = None if request.out is None else stack.enter_context(OutFolder(request.out, simulation))
            folder = None if out is None else out.folder
            keeper = Keeper(request.snapshot, folder, request.snapshot_every, request.keep)
            walltime = _walltime(request, keeper)
            recorder = None if out is None else out.recorder
            profile = Profile(simulation, recorder) if request.profile else None
            watchers = [watcher for watcher in (keeper, out, profile) if watcher is not None]
            ended = _run(request, simulation, watchers, interrupts, walltime)
            if out is not None:
                out.ended(simulation, ended)
            keeper.keep_now(simulation)
        result = outcome(simulation, simulation.tick - first, ended)
    if request.as_json and first_rank:
        print(json.dumps(result), file=stdout, flush=True)
    elif first_rank:
        summary(simulation, result, Console(highlight=False))
    if profile is not None and first_rank:
        profile.print(Console(stderr=request.as_json, highlight=False))
    return _exit_code(ended, interrupts, kept=keeper.keeps, say=first_rank)


def _check(request: Request) -> None:
    """What can be said about the options before anything is built."""
    if request.ticks is not None and request.until_tick is not None:
        raise UserError("--ticks N runs N more ticks, --until-tick N runs to tick N; found both, give one")
    if request.snapshot_every is not None and request.out is None and request.snapshot is None:
        raise UserError("--snapshot-every needs --out DIR or --snapshot FILE, to know where to write")
    if request.keep is not None and request.out is None:
        raise UserError("--keep needs --out DIR: it says how many snapshots stay there")
    if request.walltime is not None:
        seconds_of(request.walltime)
        if request.out is None and request.snapshot is None:
            raise UserError("--walltime needs --out DIR or --snapshot FILE, to keep where the run was")
    if request.branch and request.resume is None:
        raise UserError(
            "--branch needs --resume: it goes on from a snapshot with another seed or other parameters"
        )
    for option, path in (("--snapshot", request.snapshot), ("--movie", request.movie)):
        if path is not None:
            check_file_can_be_made(option, path)
    if request.movie is not None:
        movie_suffix(request.movie)
    if request.out is not None:
        check_out(request.out, going_on=request.resume == "latest")


def _made(request: Request) -> Simulation:
    """The simulation, at tick 0 or at a snapshot's tick."""
    settings = request.model.parse(list(request.assignments))
    options: dict[str, Any] = {
        "rng": request.seed,
        "threads": request.threads,
        "ranks": request.ranks,
        "partition": Partition(request.partition, balance=request.balance),
        "interpret": request.interpret,
        "check_values": request.check_values,
    }
    if request.resume is not None:
        path = snapshot_to_resume(request.resume, request.out, request.snapshot)
        if path is not None:
            return engine.resume(request.model, path, settings, options, branch=request.branch)
    begun = None if request.out is None else manifest_in(request.out)
    if begun is not None:
        # A run that was stopped before its first snapshot: the same run begins again.
        parameters = request.model.resumed(begun.parameters, settings)
        settings = {} if parameters is None else parameters.as_dict()
        options["rng"] = begun.seed if request.seed is None else request.seed
        if options["rng"] != begun.seed:
            raise UserError(
                f"the run in {request.out} has seed {begun.seed}; found {request.seed}; leave it out"
            )
    return engine.start(request.model, settings, options)


def _goal(request: Request, simulation: Simulation) -> Goal:
    """When the run is over: as the options say, else as the model says."""
    end = request.until_tick if request.ticks is None else simulation.tick + request.ticks
    until = None
    if request.until is not None:
        until = condition(request.until, request.model.metrics, engine.components_of(simulation))
    elif end is None:
        end = request.model.ticks
    return Goal(end, until)


def _walltime(request: Request, keeper: Keeper) -> Walltime:
    seconds = None if request.walltime is None else seconds_of(request.walltime)
    return Walltime(seconds, lambda: keeper.seconds)


def _run(
    request: Request,
    simulation: Simulation,
    keeping: Sequence[Watcher],
    interrupts: Interrupts,
    walltime: Walltime,
) -> Ended:
    goal = _goal(request, simulation)
    watchers = list(keeping)
    looks, caption = simulation.description.looks, request.model.name
    with ExitStack() as stack:
        if request.movie is not None:
            length = None if goal.tick is None else goal.tick - simulation.tick
            movie = Movie(request.movie if simulation.rank == 0 else None, looks, caption, length)
            stack.callback(movie.close)
            movie.take(simulation)
            watchers.append(movie)
        if request.view:
            stream = sys.stderr if request.as_json else sys.stdout
            # One picture a tick at first, or small worlds would be over before they are seen; + is faster.
            shown = TerminalView(looks, caption=caption, stream=stream, ticks_per_second=FRAMES_PER_SECOND)
            view = stack.enter_context(shown) if simulation.rank == 0 else None
            screen = Screen(view, simulation, looks, caption)
            watchers.append(screen)
        elif simulation.agreed(_on_terminal()):
            watchers.append(stack.enter_context(ProgressBar(simulation, goal.tick, Console(stderr=True))))
        ended = run_to(simulation, goal, watchers, interrupts, walltime)
        if request.view:
            screen.finish(simulation)
    return ended


def _exit_code(ended: Ended, interrupts: Interrupts, *, kept: bool, say: bool) -> ExitCode:
    if interrupts.ended is None:
        return ExitCode.FINE
    if ended is Ended.INTERRUPT:
        return ExitCode.INTERRUPTED
    if kept:
        text = f"stopped early by {interrupts.cause}; the snapshot holds where it was"
        code = ExitCode.STOPPED_EARLY
    else:
        text = f"stopped by {interrupts.cause}; nothing was kept: --out DIR or --snapshot FILE keeps it"
        code = ExitCode.FAILED
    if say:
        print(text, file=sys.stderr)
    return code


def _on_terminal() -> bool:
    return sys.stdout.isatty() and sys.stderr.isatty()


@contextmanager
def _output_for_json() -> Iterator[None]:
    """Sends all that is printed meanwhile, by C code too, to stderr: stdout gets the one JSON object
    only."""
    with ExitStack() as stack:
        if _is_descriptor(sys.stdout, 1):
            sys.stdout.flush()
            saved = os.dup(1)
            os.dup2(2, 1)

            def restore() -> None:
                os.dup2(saved, 1)
                os.close(saved)

            stack.callback(restore)
        stack.enter_context(contextlib.redirect_stdout(sys.stderr))
        yield


def _is_descriptor(stream: TextIO, number: int) -> bool:
    try:
        return stream.fileno() == number
    except (OSError, ValueError, AttributeError):
        return False
