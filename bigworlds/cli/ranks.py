"""The command line on several ranks: every process parses the same arguments, and rank 0 speaks for all."""

from __future__ import annotations

from collections.abc import Sequence


def arguments_without_ranks(arguments: Sequence[str]) -> list[str]:
    """The arguments of a command as each of the ranks gets them: without `-n RANKS`.

    Example:
        >>> arguments_without_ranks(["run", "boids", "-n", "4", "--ticks", "5"])
        ['run', 'boids', '--ticks', '5']
        >>> arguments_without_ranks(["run", "-n4", "boids", "--set", "n=2"])
        ['run', 'boids', '--set', 'n=2']
    """
    kept: list[str] = []
    skip = False
    for argument in arguments:
        if skip:
            skip = False
        elif argument == "-n":
            skip = True
        elif not (argument.startswith("-n") and argument[2:].lstrip("=").isdecimal()):
            kept.append(argument)
    return kept
