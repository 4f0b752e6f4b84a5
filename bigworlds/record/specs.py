"""What a model says it wants recorded: aggregates by any expression or group, and chosen columns.

A spec is a frozen value; it says when it is due, and turns a simulation at one tick into rows of
one table. Every number is exact: counts and sums of integers as they are, sums and means of floats
from the exact sum, whatever the order of rows, threads or ranks.
"""

from __future__ import annotations

import enum
import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bigworlds.errors import UserError, nearest_names
from bigworlds.record.expression import Expression
from bigworlds.record.source import ID, TickView, row_count
from bigworlds.record.sums import exact_sum

Array = NDArray[Any]
Rows = dict[str, Array]

TICK = "tick"
"""The first column of every table."""

VALUE = "value"
"""The column that holds an aggregate."""

COUNTS = "counts"
"""The column that holds a histogram."""

GROUP = "group"
"""The column that holds the group of a row."""

MOST_BINS = 4096
"""Limit of a histogram's bins."""

MOST_GROUPS = 65_536
"""Limit of the groups that one tick may have."""


@dataclass(frozen=True, kw_only=True)
class Spec(ABC):
    """One thing to record.

    Attributes:
        every: it is due at tick 0 and every so many ticks.
        name: its table's name.
    """

    every: int
    name: str

    @property
    @abstractmethod
    def components(self) -> tuple[str, ...]:
        """Names of the components that it reads."""

    @property
    @abstractmethod
    def kind(self) -> str:
        """What is recorded, in one word."""

    @abstractmethod
    def rows(self, view: TickView) -> Rows | None:
        """The rows of this tick, without the tick itself; None where there is nothing to say."""

    def about(self) -> dict[str, Any]:
        """What is kept with the table; two specs are the same where this is equal."""
        return {"kind": self.kind, "every": self.every}

    def due(self, tick: int) -> bool:
        """Whether it is recorded at a tick."""
        return tick % self.every == 0


@dataclass(frozen=True, kw_only=True)
class Groupable(Spec):
    """A spec that makes one line of any rows, and can so be recorded by group."""

    @abstractmethod
    def values(self, view: TickView, tables: Any) -> Array | None:
        """What it needs of each row; None where the number of rows is enough."""

    @abstractmethod
    def line(self, values: Array | None, rows: int) -> dict[str, Any] | None:
        """One line, by column, of these rows; None where there is nothing to say about no rows."""


class Reduction(enum.Enum):
    """How many values become one."""

    SUM = "sum"
    MEAN = "mean"
    MIN = "min"
    MAX = "max"


@dataclass(frozen=True, kw_only=True)
class Count(Groupable):
    """The number of entities with a component, or of rows where an expression is true."""

    of: str | Expression

    @property
    def kind(self) -> str:
        return "count"

    @property
    def components(self) -> tuple[str, ...]:
        return (self.of,) if isinstance(self.of, str) else self.of.components

    def about(self) -> dict[str, Any]:
        return {**super().about(), "of": str(self.of)}

    def rows(self, view: TickView) -> Rows | None:
        if isinstance(self.of, str):
            return {VALUE: np.array([view.count(self.of)], dtype=np.int64)}
        tables = view.rows(self.components)
        return _as_rows(self.line(self.values(view, tables), 0))

    def values(self, view: TickView, tables: Any) -> Array | None:
        if isinstance(self.of, str):
            return None
        values = self.of.compute(tables)
        if values.ndim != 1:
            raise UserError(f"{self.name}: expected one truth value per row, found {values.shape[1]}.")
        return values

    def line(self, values: Array | None, rows: int) -> dict[str, Any] | None:
        count = rows if values is None else int(np.count_nonzero(values))
        return {VALUE: np.int64(count)}


@dataclass(frozen=True, kw_only=True)
class Aggregate(Groupable):
    """The sum, mean, smallest or largest value of an expression; each part of a vector by
    itself."""

    reduction: Reduction
    of: Expression

    @property
    def kind(self) -> str:
        return self.reduction.value

    @property
    def components(self) -> tuple[str, ...]:
        return self.of.components

    def about(self) -> dict[str, Any]:
        return {**super().about(), "of": str(self.of)}

    def rows(self, view: TickView) -> Rows | None:
        summed = self.reduction in (Reduction.SUM, Reduction.MEAN)
        if self.of.field is not None and summed:
            return self._of_field(view, self.of.field)
        return _as_rows(self.line(self.values(view, view.rows(self.components)), 0))

    def _of_field(self, view: TickView, field: str) -> Rows | None:
        """From the sum that the simulation has, without asking for the rows."""
        count = view.count(self.components[0])
        if self.reduction is Reduction.MEAN and count == 0:
            return None
        total = view.exact_sum(field)
        if self.reduction is Reduction.MEAN:
            return {VALUE: np.asarray(total / count)[None]}  # Python divides large integers exactly
        try:
            return {VALUE: np.asarray(np.int64(total) if isinstance(total, int) else total)[None]}
        except OverflowError:
            raise _too_large(self.name) from None

    def values(self, view: TickView, tables: Any) -> Array:
        values = self.of.compute(tables)
        if values.dtype.kind not in "biuf":
            raise UserError(f"{self.name}: expected numbers, found text.")
        return values

    def line(self, values: Array | None, rows: int) -> dict[str, Any] | None:
        assert values is not None
        if self.reduction is Reduction.SUM:
            return {VALUE: _sums(values, self.name)}
        if len(values) == 0:
            return None
        if self.reduction is Reduction.MEAN:
            return {VALUE: _each_part(values, lambda part: np.float64(exact_sum(part) / len(part)))}
        smallest = self.reduction is Reduction.MIN
        return {VALUE: values.min(axis=0) if smallest else values.max(axis=0)}


@dataclass(frozen=True, kw_only=True)
class Histogram(Groupable):
    """How many values of an expression fall into each of a number of equal bins.

    A bin has its lower edge in it and not its upper one; the last bin has both.
    """

    of: Expression
    bins: int
    range: tuple[float, float]

    @property
    def kind(self) -> str:
        return "histogram"

    @property
    def components(self) -> tuple[str, ...]:
        return self.of.components

    def about(self) -> dict[str, Any]:
        return {**super().about(), "of": str(self.of), "bins": self.bins, "range": list(self.range)}

    def rows(self, view: TickView) -> Rows | None:
        return _as_rows(self.line(self.values(view, view.rows(self.components)), 0))

    def values(self, view: TickView, tables: Any) -> Array:
        values = self.of.compute(tables)
        if values.ndim != 1 or values.dtype.kind not in "biuf":
            raise UserError(
                f"{self.name}: expected one number per row; use a part such as .x, or length(...)."
            )
        return values.astype(np.float64)

    def line(self, values: Array | None, rows: int) -> dict[str, Any] | None:
        assert values is not None
        edges = histogram_edges(self.bins, self.range)
        bin_of = np.searchsorted(edges, values, side="right") - 1
        bin_of[values == edges[-1]] = self.bins - 1
        inside = (bin_of >= 0) & (bin_of < self.bins)
        return {
            COUNTS: np.bincount(bin_of[inside], minlength=self.bins).astype(np.int64),
            "below": np.int64(np.count_nonzero(values < edges[0])),
            "above": np.int64(np.count_nonzero(values > edges[-1])),
            "not_a_number": np.int64(np.count_nonzero(np.isnan(values))),
        }


@dataclass(frozen=True, kw_only=True)
class Group(Spec):
    """A count, aggregate or histogram for each value that an expression has, in ascending order."""

    by: Expression
    of: Groupable

    @property
    def kind(self) -> str:
        return "group"

    @property
    def components(self) -> tuple[str, ...]:
        return tuple(sorted({*self.by.components, *self.of.components}))

    def about(self) -> dict[str, Any]:
        inner = {key: value for key, value in self.of.about().items() if key != "every"}
        return {**super().about(), "by": str(self.by), "inner": inner}

    def rows(self, view: TickView) -> Rows | None:
        tables = view.rows(self.components)
        keys = _storable(self.by.compute(tables), self.name)
        if keys.ndim != 1:
            raise UserError(f"{self.name}: expected one group per row, found {keys.shape[1]}.")
        values = self.of.values(view, tables)
        order = np.argsort(keys, kind="stable")
        groups, starts = np.unique(keys[order], return_index=True)
        if len(groups) == 0:
            return None
        if len(groups) > MOST_GROUPS:
            raise UserError(
                f"{self.name}: {len(groups)} groups at tick {view.tick}; at most {MOST_GROUPS} are "
                "recorded. Group by something coarser, or record a histogram."
            )
        lines = []
        for start, end in zip(starts, [*starts[1:], len(keys)], strict=True):
            part = None if values is None else values[order[start:end]]
            lines.append(self.of.line(part, int(end - start)))
        found = [line for line in lines if line is not None]  # every group has a row, so a line
        return {
            GROUP: groups,
            **{name: np.stack([line[name] for line in found]) for name in found[0]},
        }


@dataclass(frozen=True, kw_only=True)
class Columns(Spec):
    """Fields of all entities of a kind, as they are, with the ids; values of any length as objects."""

    of: tuple[Expression, ...]

    @property
    def kind(self) -> str:
        return "columns"

    @property
    def components(self) -> tuple[str, ...]:
        return tuple(sorted({component for field in self.of for component in field.components}))

    def about(self) -> dict[str, Any]:
        return {**super().about(), "of": [str(field) for field in self.of]}

    def rows(self, view: TickView) -> Rows | None:
        tables = view.rows(self.components)
        first = tables[self.components[0]]
        rows: Rows = {ID: np.asarray(first[ID])} if ID in first else {}
        for field in self.of:
            component, _, name = str(field.field).partition(".")
            if name not in tables[component]:
                near = nearest_names(name, tables[component])
                raise UserError(f"{self.name}: component {component} has no field {name}{near}.")
            column = name if len(self.components) == 1 else str(field.field)
            values = np.asarray(tables[component][name])
            if values.dtype.kind == "O":
                _refuse_zeros(values, f"{self.name}: {field.field}")
            else:
                values = _storable(values, self.name)
            rows[column] = values
        return rows if row_count(rows) else None


def histogram_edges(bins: int, range: tuple[float, float]) -> Array:
    """The bins + 1 edges of a histogram's bins."""
    low, high = range
    return low + (high - low) * (np.arange(bins + 1) / bins)


def _as_rows(line: dict[str, Any] | None) -> Rows | None:
    return None if line is None else {name: np.asarray(value)[None] for name, value in line.items()}


def _each_part(values: Array, function: Callable[[Array], Any]) -> Any:
    if values.ndim == 1:
        return function(values)
    return np.array([function(values[:, part]) for part in range(values.shape[1])])


def _sums(values: Array, name: str) -> Any:
    """The exact sums, integers as 64-bit ones."""
    dtype: Callable[[Any], Any] = {"u": np.uint64, "f": np.float64}.get(values.dtype.kind, np.int64)
    try:
        return _each_part(values, lambda part: dtype(exact_sum(part)))
    except OverflowError:
        raise _too_large(name) from None


def _too_large(name: str) -> UserError:
    return UserError(f"{name}: the sum does not fit into 64 bits; record the mean, or the sum of a float.")


def _storable(values: Array, name: str) -> Array:
    """Text as bytes of UTF-8, which is how tables keep it."""
    if values.dtype.kind == "U":
        # Four bytes for each character that the type has room for, whatever this tick's texts are.
        return np.char.encode(values, "utf-8").astype(f"S{max(1, values.dtype.itemsize)}")
    if values.dtype.kind not in "biufS":
        raise UserError(f"{name}: values of type {values.dtype} cannot be recorded.")
    return values


def _refuse_zeros(values: Array, where: str) -> None:
    """Refuses texts that HDF5 would cut off: its texts end at their first zero."""
    for value in values:
        if isinstance(value, str) and "\0" in value:
            raise UserError(
                f"{where}: a text with a zero character cannot be recorded; found {value[:40]!r}. Leave the "
                "character out, or make the field bytes."
            )


def is_finite_range(range: tuple[float, float]) -> bool:
    """Whether a histogram can have this range."""
    low, high = range
    return math.isfinite(low) and math.isfinite(high) and low < high
