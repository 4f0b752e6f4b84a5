"""What becomes of errors on the command line: one message on stderr and an exit code, no traceback for
users' errors.

Exit codes: 0 fine; 1 the run failed; 2 the user's input is wrong; 75 stopped early with a good snapshot;
130 Ctrl-C. A traceback appears only where the fault is bigworlds' own, or where BIGWORLDS_TRACEBACK is set.
"""

from __future__ import annotations

import os
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from pathlib import Path
from types import TracebackType

from bigworlds.cluster import launcher
from bigworlds.cluster.errors import is_told
from bigworlds.errors import BehaviorError, BigworldsError, ModelError, UserError


class ExitCode(IntEnum):
    """What the process says to its caller."""

    FINE = 0
    FAILED = 1
    WRONG_INPUT = 2
    STOPPED_EARLY = 75
    INTERRUPTED = 130


SECONDS_BEHIND_RANK_0 = 1.0

_PACKAGE = Path(__file__).resolve().parent.parent


def report(problem: BaseException, model_folder: Path | None = None) -> ExitCode:
    """Says on stderr what went wrong.

    Args:
        problem: what was raised.
        model_folder: where the user's model file lies; errors from code in there are the user's.

    Returns:
        The exit code that it means.
    """
    if os.environ.get("BIGWORLDS_TRACEBACK"):
        traceback.print_exception(problem)
    started = launcher()
    if started is not None and started.rank > 0:
        if is_told(problem):
            return _code_of(problem)  # rank 0 says it
        # What all ranks find wrong, rank 0 says; then the launcher ends this one meanwhile.
        time.sleep(SECONDS_BEHIND_RANK_0)
        _say(f"rank {started.rank}:")
    place = place_in(problem, model_folder) if model_folder is not None else None
    if isinstance(problem, KeyboardInterrupt):
        _say("interrupted")
        return ExitCode.INTERRUPTED
    if isinstance(problem, BigworldsError):
        _say(
            f"error: {problem}" if isinstance(problem, BehaviorError) else f"error: {placed(place, problem)}"
        )
        return _code_of(problem)
    if isinstance(problem, OSError):
        _say(f"error: {_of_system(problem)}")
        return ExitCode.FAILED
    if isinstance(problem, MemoryError):
        _say(f"error: out of memory{f': {problem}' if str(problem) else ''}; a smaller world needs less")
        return ExitCode.FAILED
    if place is not None:
        _say(f"error: {place}: {type(problem).__name__}: {problem}")
        return ExitCode.FAILED
    traceback.print_exception(problem)
    _say("error: this is a fault of bigworlds itself; please report it with the text above")
    return ExitCode.FAILED


@contextmanager
def model_code(source: Path | None) -> Iterator[None]:
    """While a model's own code describes a world: what goes wrong in there is wrong input, with its place.

    Args:
        source: the model's file, where it has one.

    Raises:
        ModelError: an error of Python's own came from code beside that file.
    """
    try:
        yield
    except BigworldsError:
        raise
    except Exception as problem:
        place = place_in(problem, source.parent) if source is not None else None
        if place is None:
            raise
        raise ModelError(f"{place}: {type(problem).__name__}: {problem}") from problem


def _code_of(problem: BaseException) -> ExitCode:
    return ExitCode.WRONG_INPUT if isinstance(problem, UserError) else ExitCode.FAILED


def place_in(problem: BaseException, folder: Path) -> str | None:
    """`file:line` of the innermost code in a folder, outside bigworlds itself, that an error came
    through."""
    found = None
    step: TracebackType | None = problem.__traceback__
    while step is not None:
        path = Path(step.tb_frame.f_code.co_filename)
        if path.is_absolute() and path.is_relative_to(folder) and _is_users(path):
            found = f"{short_path(path)}:{step.tb_lineno}"
        step = step.tb_next
    return found


def placed(place: str | None, problem: BigworldsError) -> str:
    """The message of an error behind its place, unless it names a line of that file itself."""
    text = str(problem)
    if place is None or f"{Path(place).name.partition(':')[0]}:" in text:
        return text
    return f"{place}: {text}"


def short_path(path: Path) -> str:
    """The path as it is shortest to type: from the working directory where it lies in there."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


def _is_users(path: Path) -> bool:
    """Whether a file is a model: not of bigworlds, apart from its examples, nor installed beside it."""
    if path.is_relative_to(_PACKAGE):
        return path.is_relative_to(_PACKAGE / "examples")
    return "site-packages" not in path.parts


def _of_system(problem: OSError) -> str:
    what = problem.strerror or str(problem)
    return f"{problem.filename}: {what}" if problem.filename else what


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
