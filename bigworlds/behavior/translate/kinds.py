"""The kinds of values that expressions in behaviors have, and how two kinds become one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bigworlds.data import FieldType


class Kind:
    """Base of all kinds; `shown` is how error messages name it."""

    @property
    def shown(self) -> str:
        """The kind's name for a user."""
        return "a value"


@dataclass(frozen=True)
class Number(Kind):
    """bool, int (64 bits, wraps around) or float."""

    name: str

    @property
    def shown(self) -> str:
        return {"int": "an int", "float": "a float", "bool": "a bool"}[self.name]


BOOL, INT, FLOAT = Number("bool"), Number("int"), Number("float")
_RANK = {"bool": 0, "int": 1, "float": 2}


@dataclass(frozen=True)
class Vector(Kind):
    """vec2, vec3, ivec2 or ivec3."""

    whole: bool
    size: int

    @property
    def shown(self) -> str:
        return f"{'an ivec' if self.whole else 'a vec'}{self.size}"


@dataclass(frozen=True)
class Text(Kind):
    """A text that is known when the behavior is declared."""

    @property
    def shown(self) -> str:
        return "a text"


@dataclass(frozen=True)
class Nothing(Kind):
    """None."""

    @property
    def shown(self) -> str:
        return "None"


@dataclass(frozen=True)
class Tuple(Kind):
    """A tuple of values."""

    items: tuple[Kind, ...]

    @property
    def shown(self) -> str:
        return f"a tuple of {len(self.items)}"


@dataclass(frozen=True)
class Block(Kind):
    """An array, list or string field, worked on in place: how it is stored, and (component, field) if it is
    own."""

    stored: FieldType
    own: tuple[type, str] | None

    @property
    def shown(self) -> str:
        return f"{'an array' if self.stored.kind == 'array' else 'a ' + self.stored.kind} field"


@dataclass(frozen=True)
class Special(Kind):
    """An argument of the behavior, or what one gives: an item of Neighbors, a cell, an event, an edge.

    `what` names it, `argument` is the position of the argument that it comes from.
    """

    what: str
    argument: int
    optional: bool = False

    @property
    def shown(self) -> str:
        names = {
            "item": "a neighbour",
            "cell": "a cell",
            "event": "an event",
            "edge": "an edge",
            "own": "a component",
        }
        shown = names.get(self.what, f"the {self.what} argument")
        return f"{shown} or None" if self.optional else shown


TEXT, NOTHING = Text(), Nothing()


@dataclass(frozen=True)
class Constant:
    """A value known at declaration."""

    value: Any


def is_number(kind: Kind) -> bool:
    """Whether the kind is bool, int or float."""
    return isinstance(kind, Number)


def is_whole(kind: Kind) -> bool:
    """Whether the kind is a bool or an int."""
    return kind in (BOOL, INT)


def wider(a: Number, b: Number) -> Number:
    """The kind that holds both: bool < int < float."""
    return a if _RANK[a.name] >= _RANK[b.name] else b


def unified(a: Kind, b: Kind) -> Kind | None:
    """The one kind that a name has which is given both, or None where there is none.

    Example:
        >>> unified(INT, FLOAT)
        Number(name='float')
        >>> unified(FLOAT, Vector(False, 2)) is None
        True
    """
    if a == b:
        return a
    if isinstance(a, Number) and isinstance(b, Number):
        return wider(a, b)
    if isinstance(a, Vector) and isinstance(b, Vector) and a.size == b.size:
        return Vector(a.whole and b.whole, a.size)
    if isinstance(a, Tuple) and isinstance(b, Tuple) and len(a.items) == len(b.items):
        parts = [unified(x, y) for x, y in zip(a.items, b.items, strict=True)]
        return None if any(p is None for p in parts) else Tuple(tuple(p for p in parts if p is not None))
    for one, other in ((a, b), (b, a)):
        if isinstance(one, Special) and one.what == "item":
            if isinstance(other, Nothing):
                return Special("item", one.argument, True)
            if isinstance(other, Special) and other.what == "item" and other.argument == one.argument:
                return Special("item", one.argument, one.optional or other.optional)
    return None


def of_field(kind: FieldType, own: tuple[type, str] | None = None) -> Kind:
    """The kind of a field's value."""
    match kind.kind:
        case "vec2" | "vec3" | "ivec2" | "ivec3":
            return Vector(kind.kind.startswith("i"), int(kind.kind[-1]))
        case "array" | "list" | "string":
            return Block(kind, own)
        case "ref" | "enum":
            return INT
        case _:
            return {"f": FLOAT, "b": BOOL}.get(kind.dtype[0], INT)
