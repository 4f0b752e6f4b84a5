"""The errors that bigworlds raises for its users: each message says what was expected, what was found, what
to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class BigworldsError(Exception):
    """Base of all errors that bigworlds raises on purpose."""


class UserError(BigworldsError):
    """The user's input is wrong (model file, argument, option, snapshot): the command line exits with code
    2."""


class ModelError(UserError):
    """A model's description is wrong: a component, parameter, behavior or world that cannot be built as
    written."""


class UnknownNameError(ModelError, AttributeError):
    """There is no such field: a `ModelError` for people, an `AttributeError` for `hasattr`, `inspect` and
    `help`."""


class SnapshotError(UserError):
    """A snapshot cannot be used: truncated, damaged, foreign, or of another model."""


class QueryError(UserError):
    """A query's text is wrong; the message points at the column.

    Attributes:
        what: is wrong.
        text: of the query.
        column: where in it, from 0.
    """

    def __init__(self, what: str, text: str, column: int) -> None:
        super().__init__(f"{what}\n  {text}\n  {' ' * column}^")
        self.what = what
        self.text = text
        self.column = column


class BehaviorError(BigworldsError):
    """A behavior failed while the world ran; the message names behavior, entity and tick."""


def nearest_names(name: str, known: Iterable[str]) -> str:
    """The known names nearest to a wrong one, as the end of an error message.

    Args:
        name: what was found.
        known: the names that would have been right.

    Returns:
        `"; did you mean 'a' or 'b'?"`, or `"; known: a, b, ..."` where nothing is near, or `""` where
        nothing is known.

    Example:
        >>> nearest_names("radios", ["radius", "speed"])
        "; did you mean 'radius'?"
        >>> nearest_names("zzz", ["radius", "speed"])
        '; known: radius, speed'
    """
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=2)
    if near:
        return "; did you mean " + " or ".join(repr(n) for n in near) + "?"
    return "; known: " + ", ".join(names) if names else ""
