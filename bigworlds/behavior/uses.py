"""What a behavior uses, as data: columns, neighbours, cells, effects and its trigger, in the order of the
ABI.

The position of a use in its tuple is the index with which the kernel calls the engine's services.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bigworlds.data import Component, Event, Field


@dataclass(frozen=True)
class ColumnUse:
    """One own column: call->columns[k] is `component.field`."""

    component: type[Component]
    field: Field
    reads: bool
    writes: bool


@dataclass(frozen=True)
class ReachUse:
    """What a Neighbors argument reads: fields of `component` (reach.columns), `edge_fields`
    (reach.edge_columns).

    `radius` is a ParameterRef, a number, or None where it was not given. `edge` is the EdgeComponent of a
    graph. `geometry` names what is read of "offset" and "distance" (a graph has neither).
    """

    argument: str
    component: type[Component]
    fields: tuple[Field, ...]
    radius: Any
    edge: type[Component] | None
    edge_fields: tuple[Field, ...]
    geometry: tuple[str, ...]


@dataclass(frozen=True)
class CellUse:
    """What a Here or Cells argument reads of the cells; Cells read anywhere, Here where the agent is."""

    argument: str
    component: type[Component]
    fields: tuple[Field, ...]
    anywhere: bool = True


@dataclass(frozen=True)
class SpawnUse:
    """A prototype of new entities; `fields` is its record: in this order, each 8-byte aligned.

    `values` are what the record begins with, where that is no default.
    """

    argument: str
    components: tuple[type[Component], ...]
    fields: tuple[Field, ...]
    values: tuple[tuple[Field, Any], ...] = ()


@dataclass(frozen=True)
class AttachUse:
    """A component that is attached to the agent (`detaches` False) or taken from it. One numbering for
    both."""

    argument: str
    component: type[Component]
    fields: tuple[Field, ...]
    detaches: bool


@dataclass(frozen=True)
class ClaimUse:
    """Claims on `stock` (a number or bool field of cells) or, where it is None, on agents that have
    `target`.

    `result` is the own column that the engine writes what was granted into.
    """

    argument: str
    target: type[Component]
    stock: Field | None
    result: ColumnUse


@dataclass(frozen=True)
class DepositUse:
    """Deposits into a field of cells."""

    argument: str
    field: Field


@dataclass(frozen=True)
class SendUse:
    """Events that are sent; `fields` is the record."""

    argument: str
    event: type[Event]
    fields: tuple[Field, ...]


@dataclass(frozen=True)
class InboxUse:
    """Events that are received; a record is the sender's id and then `fields`, each 8-byte aligned."""

    argument: str
    event: type[Event]
    fields: tuple[Field, ...]


@dataclass(frozen=True)
class LinkUse:
    """A graph, by the component of its edges, in which edges are ordered; `fields` is the record."""

    argument: str
    edge: type[Component]
    fields: tuple[Field, ...]


@dataclass(frozen=True)
class Trigger:
    """When a behavior runs: in ticks that are multiples of `every` from `after` on, in those of `at`, or on
    events.

    Attributes:
        every: a number of ticks or a ParameterRef.
        after: the first tick in which it may run.
        at: the ticks in which it runs; empty for no such limit.
        on: it runs for the agents that have events of this type waiting.
        when: a ParameterRef of a bool, or a function of the parameters: it runs while true.
    """

    every: Any = 1
    after: Any = 0
    at: tuple[int, ...] = ()
    on: type[Event] | None = None
    when: Callable[..., bool] | Any = None


def aligned(size: int) -> int:
    """The size that a field takes in a record: the next multiple of 8."""
    return (size + 7) // 8 * 8


def record_offsets(fields: tuple[Field, ...], first: int = 0) -> tuple[int, ...]:
    """Byte offsets of fields in a record, each 8-byte aligned, beginning at `first`.

    Args:
        fields: the record's fields, in order.
        first: bytes in front (8 for events: the sender).
    """
    offsets: list[int] = []
    for described in fields:
        offsets.append(first)
        first += aligned(described.stride)
    return tuple(offsets)


def record_size(fields: tuple[Field, ...], first: int = 0) -> int:
    """Bytes of a record of these fields."""
    return first + sum(aligned(f.stride) for f in fields)
