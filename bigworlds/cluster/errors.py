"""Errors that one process raises and all are told of: how they travel, and which of several is raised."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from bigworlds import errors
from bigworlds.errors import BehaviorError, BigworldsError

# What a behavior's error says of where it happened.
_PLACE = ("behavior", "entity_id", "tick", "code")

# The longest message that travels, in characters.
MOST_CHARACTERS = 20_000


class RankError(BigworldsError):
    """A rank failed, ended, or made another call than the others; raised on all ranks alike."""


def is_told(error: BaseException) -> bool:
    """Whether all processes raise this error already."""
    return bool(getattr(error, "told_to_all", False))


def packed(error: BaseException) -> bytes:
    """An error as it travels: JSON."""
    place = {name: getattr(error, name) for name in _PLACE if getattr(error, name, None) is not None}
    named = type(error).__name__ if isinstance(error, BigworldsError) else ""
    text = str(error) if named else f"{type(error).__name__}: {error}"
    return json.dumps({"class": named, "text": text[:MOST_CHARACTERS], "place": place}).encode()


def first_of(records: Sequence[bytes]) -> BigworldsError:
    """The error that all processes raise, of what each handed in (nothing where it did not fail).

    Of several behaviors' errors it is the one at the lowest entity, else that of the lowest rank, so that the
    choice is the same everywhere.
    """
    found = [(rank, json.loads(record)) for rank, record in enumerate(records) if record]
    rank, first = min(found, key=lambda pair: _order(*pair))
    kind = getattr(errors, first["class"], RankError) if first["class"] else RankError
    error: BigworldsError = kind(first["text"] if kind is BehaviorError else f"rank {rank}: {first['text']}")
    for name, value in first["place"].items():
        setattr(error, name, value)
    error.rank = rank  # type: ignore[attr-defined]
    error.told_to_all = True  # type: ignore[attr-defined]
    return error


def _order(rank: int, record: dict[str, Any]) -> tuple[bool, int, int]:
    entity = record["place"].get("entity_id")
    return (entity is None, 0 if entity is None else entity, rank)


def different_calls(calls: Sequence[str]) -> RankError:
    """The error for processes that came together with different calls.

    Example:
        >>> print(different_calls(["digest", "tick", "tick"]))
        the ranks made different calls: rank 0 'digest', ranks 1-2 'tick'. Every rank has to make the same calls in the same order; look for calls under a condition that holds on some ranks only
    """  # noqa: E501
    groups: list[tuple[int, int, str]] = []
    for rank, call in enumerate(calls):
        if groups and groups[-1][2] == call:
            groups[-1] = (groups[-1][0], rank, call)
        else:
            groups.append((rank, rank, call))
    said = ", ".join(
        f"rank {first} '{call}'" if first == last else f"ranks {first}-{last} '{call}'"
        for first, last, call in groups
    )
    error = RankError(
        f"the ranks made different calls: {said}. Every rank has to make the same calls in the same order; "
        "look for calls under a condition that holds on some ranks only"
    )
    error.told_to_all = True  # type: ignore[attr-defined]
    return error
