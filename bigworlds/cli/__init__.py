"""The command line: `bigworlds`. It parses, asks the rooms below, prints, and turns errors into exit
codes."""

from __future__ import annotations

import sys
from contextlib import ExitStack

from bigworlds.cli.early import Early
from bigworlds.cli.failures import ExitCode, report


def main(arguments: list[str] | None = None) -> int:
    """Runs the command line.

    Args:
        arguments: without the program's name; by default those of the process.

    Returns:
        The exit code: 0 fine, 1 the run failed, 2 wrong input, 75 stopped early with a good snapshot, 130
            Ctrl-C.
    """
    asked = sys.argv[1:] if arguments is None else arguments
    early = Early()
    with ExitStack() as stack:
        if asked[:1] == ["run"]:
            stack.enter_context(early.remembering())
        return _run(asked, early)


def _run(arguments: list[str], early: Early) -> int:
    # Imported here so that a broken installation is reported as one line, too.
    try:
        from bigworlds.cli.app import app
    except ImportError as problem:
        print(
            f"error: bigworlds is not installed completely: {problem}; try `pip install bigworlds`",
            file=sys.stderr,
        )
        return ExitCode.FAILED
    try:
        app(arguments, prog_name="bigworlds", standalone_mode=True, obj=early)
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
    except (Exception, KeyboardInterrupt) as problem:
        return report(problem)
    return ExitCode.FINE


__all__ = ["main"]
