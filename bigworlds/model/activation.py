"""How the agents of a phase act: all at once on the state at its start, or one after another on the live
state."""

from __future__ import annotations

from dataclasses import dataclass

from bigworlds.errors import ModelError, nearest_names


@dataclass(frozen=True)
class Synchronous:
    """All agents of a phase see the others as they were at its start; conflicts are settled at its end.

    The default. Runs on all threads, with the same result on any number of them.
    """


@dataclass(frozen=True, kw_only=True)
class Sequential:
    """The agents of a behavior act one after another and see what those before them did.

    Runs on one thread a rank; on several ranks where the behavior says how far its agents reach
    (`@bw.behavior(reach=...)`).

    Args:
        shuffle: True for a fresh random order each tick (by random priority, then id), False for the order
            of ids.
    """

    shuffle: bool = True

    def __post_init__(self) -> None:
        if not isinstance(self.shuffle, bool):
            raise ModelError(f"Sequential: shuffle is True or False; found {self.shuffle!r}")


Activation = Synchronous | Sequential

_BY_NAME: dict[str, Activation] = {"synchronous": Synchronous(), "sequential": Sequential()}


def activation_of(given: Activation | str | None) -> Activation:
    """The activation that an argument means; a text comes from a parameter, as in
    `activation=p.activation`.

    Raises:
        ModelError: it is neither an activation nor the name of one.

    Example:
        >>> activation_of("sequential")
        Sequential(shuffle=True)
    """
    if given is None:
        return Synchronous()
    if isinstance(given, Synchronous | Sequential):
        return given
    if isinstance(given, str) and given in _BY_NAME:
        return _BY_NAME[given]
    near = nearest_names(given, _BY_NAME) if isinstance(given, str) else ""
    raise ModelError(
        f"activation is bw.Synchronous() or bw.Sequential(), or the name of one; found {given!r}{near}"
    )
