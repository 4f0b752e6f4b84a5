"""Initialisers: what the rows of a spawn, or the cells of a world, begin with, drawn when the world starts.

A row's draw depends on the seed, the initialiser's stream and the row's id only: neither on ranks nor on
how many rows are drawn at once. An initialiser object has one stream per spawn: used for two fields of a
spawn it gives the same draw to both; two objects give independent ones.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bigworlds import _core
from bigworlds.data.fields import Field, FieldType
from bigworlds.model.values import Column, Target, column_of
from bigworlds.model.words import Words, below, permuted, random_words, stream_key, unit_interval
from bigworlds.space import Continuous, Grid, Space

_TWO_PI = 2.0 * math.pi
_RANDOM_CELLS_STREAM = "start/random_cells"


_NUMBERS = ("scalar", "vec2", "vec3", "ivec2", "ivec3", "array")


@dataclass(frozen=True)
class Draw:
    """What an initialiser draws for: some rows of one field of one spawn.

    Attributes:
        seed: the world's.
        streams: the name of the stream of each initialiser object of the spawn, by `id()`.
        ids: uint64 (n,): entity ids, or cell numbers.
        rows: uint64 (n,): places of the rows within the spawn, or cell numbers.
        field: the field to fill.
        space: the world's space.
        first_random_cell: how many random cells the spawns before this one took.
    """

    seed: int
    streams: Mapping[int, str]
    ids: Words
    rows: Words
    field: Field
    space: Space | None
    first_random_cell: int = 0

    def key(self, of: Initialiser) -> int:
        """The key of an initialiser's stream."""
        return stream_key(self.seed, self.streams[id(of)])

    def words(self, of: Initialiser, count: int) -> Words:
        """The first words of each row: uint64 (n, count)."""
        return random_words(self.key(of), self.ids, 0, count)

    def shaped(self, elements: NDArray[Any]) -> Column:
        """The field's column from (n, length) elements."""
        column = elements.astype(self.field.dtype)
        return column[:, 0] if self.field.kind in ("scalar", "ref", "enum") else column

    def of(self, value: Initialiser | Column, field: Field) -> Column:
        """The drawn rows of a value for a field: drawn, or picked from a column, or one value for all."""
        if isinstance(value, Initialiser):
            return value.draw(replace(self, field=field))
        if len(value) == 1:
            return np.repeat(value, len(self.rows), axis=0)
        return value[self.rows.astype(np.intp)]


class Initialiser:
    """Base of all initialisers: made by `bw.uniform()` and its like, given to `world.spawn` and
    `world.cells`."""

    def bound(self, target: Target) -> Initialiser:
        """The initialiser for one field of a spawn.

        Raises:
            ModelError: it cannot fill this field in this space.
        """
        raise NotImplementedError

    def draw(self, draw: Draw) -> Column:
        """The column of the drawn rows: (n,) or (n, length), in the field's dtype."""
        raise NotImplementedError

    def parts(self) -> Iterator[Initialiser]:
        """This initialiser and those inside it, in a fixed order."""
        yield self


def bind(target: Target, given: Any) -> Initialiser | Column:
    """A given value, checked against its field: an initialiser bound to it, or a column."""
    if isinstance(given, Initialiser):
        return given.bound(target)
    column = column_of(target, given)
    if target.rows is not None and len(column) not in (1, target.rows):
        raise target.wrong(f"one value or {target.rows} of them, one for each row", f"{len(column)}")
    return column


@dataclass(frozen=True, eq=False)
class Uniform(Initialiser):
    """Made by `bw.uniform()`."""

    low: Any
    high: Any

    def bound(self, target: Target) -> Initialiser:
        if _is_place_of_grid(target):
            if self.high is not None or self.low != 0:
                raise target.wrong("bw.uniform() without bounds, or bw.integers(low, high)", "bounds")
            return self
        _need_reals(target, "bw.uniform()")
        low, high = self._bounds(target)
        if not all(a <= b for a, b in zip(low, high, strict=True)):
            raise target.wrong("bw.uniform(low, high) with low <= high", f"{self.low!r} and {self.high!r}")
        return self

    def _bounds(self, target: Target) -> tuple[list[float], list[float]]:
        high = self.high
        if high is None:
            plane = isinstance(target.space, Continuous) and target.field.name == "position"
            high = target.space.size if plane and target.space is not None else 1.0
        return _per_element(target, "low", self.low), _per_element(target, "high", high)

    def draw(self, draw: Draw) -> Column:
        target = Target("", draw.field, draw.space)
        if _is_place_of_grid(target):
            assert draw.space is not None
            counts = draw.space.cell_counts or ()
            axes = [below(draw.key(self), draw.ids, n, axis, len(counts)) for axis, n in enumerate(counts)]
            return draw.shaped(np.stack(axes, axis=1))
        low, high = (np.asarray(bound) for bound in self._bounds(target))
        spread = low + unit_interval(draw.words(self, draw.field.length)) * (high - low)
        # Rounding may reach the upper bound, which is not part of the range.
        return draw.shaped(np.where((spread >= high) & (high > low), np.nextafter(high, low), spread))


@dataclass(frozen=True, eq=False)
class Normal(Initialiser):
    """Made by `bw.normal()`."""

    mean: Any
    std: Any

    def bound(self, target: Target) -> Initialiser:
        _need_reals(target, "bw.normal()")
        _per_element(target, "mean", self.mean)
        if min(_per_element(target, "std", self.std)) < 0:
            raise target.wrong("bw.normal(mean, std) with std >= 0", repr(self.std))
        return self

    def draw(self, draw: Draw) -> Column:
        deviates = np.asarray(_core.math.normal(draw.words(self, draw.field.length)))
        target = Target("", draw.field, draw.space)
        mean, std = (np.asarray(_per_element(target, "", x)) for x in (self.mean, self.std))
        return draw.shaped(mean + std * deviates)


@dataclass(frozen=True, eq=False)
class Exponential(Initialiser):
    """Made by `bw.exponential()`."""

    scale: Any

    def bound(self, target: Target) -> Initialiser:
        _need_reals(target, "bw.exponential()")
        if min(_per_element(target, "scale", self.scale)) < 0:
            raise target.wrong("bw.exponential(scale) with scale >= 0", repr(self.scale))
        return self

    def draw(self, draw: Draw) -> Column:
        deviates = np.asarray(_core.math.exponential(draw.words(self, draw.field.length)))
        scale = np.asarray(_per_element(Target("", draw.field, draw.space), "", self.scale))
        return draw.shaped(scale * deviates)


@dataclass(frozen=True, eq=False)
class UnitVector(Initialiser):
    """Made by `bw.unit_vector()`."""

    def bound(self, target: Target) -> Initialiser:
        if target.field.kind not in ("vec2", "vec3"):
            raise target.wrong("bw.vec2 or bw.vec3 for bw.unit_vector()", _type_text(target.field))
        return self

    def draw(self, draw: Draw) -> Column:
        angle = unit_interval(draw.words(self, 1)[:, 0]) * _TWO_PI
        cosine, sine = _core.math.cos(angle), _core.math.sin(angle)
        if draw.field.length == 2:
            return draw.shaped(np.stack([cosine, sine], axis=1))
        # Archimedes: height and longitude of a uniform point on the sphere are independent and uniform.
        z = unit_interval(draw.words(self, 2)[:, 1]) * 2.0 - 1.0
        radius = np.sqrt(1.0 - z * z)
        return draw.shaped(np.stack([radius * cosine, radius * sine, z], axis=1))


@dataclass(frozen=True, eq=False)
class Integers(Initialiser):
    """Made by `bw.integers()`."""

    low: int
    high: int

    def bound(self, target: Target) -> Initialiser:
        wanted = np.dtype(target.field.dtype)
        if target.field.kind not in _NUMBERS or wanted.kind not in "iuf":
            raise target.wrong("a field of numbers for bw.integers()", _type_text(target.field))
        if wanted.kind != "f":
            limits = np.iinfo(wanted)
            if self.low < limits.min or self.high - 1 > limits.max:
                raise target.wrong(
                    f"{limits.min} to {limits.max} ({wanted.name})", f"{self.low} to {self.high - 1}"
                )
        return self

    def draw(self, draw: Draw) -> Column:
        key, length = draw.key(self), draw.field.length
        # Unsigned arithmetic wraps, so that low + k is right for a negative low too.
        low = np.uint64(self.low % (1 << 64))
        drawn = [low + below(key, draw.ids, self.high - self.low, k, length) for k in range(length)]
        return draw.shaped(np.stack(drawn, axis=1).view(np.int64 if self.low < 0 else np.uint64))


@dataclass(frozen=True, eq=False)
class Bernoulli(Initialiser):
    """Made by `bw.bernoulli()`."""

    probability: float

    def bound(self, target: Target) -> Initialiser:
        if target.field.kind != "scalar" or np.dtype(target.field.dtype).kind != "b":
            raise target.wrong("a bool field for bw.bernoulli()", _type_text(target.field))
        return self

    def draw(self, draw: Draw) -> Column:
        return draw.shaped(unit_interval(draw.words(self, 1)) < self.probability)


@dataclass(frozen=True, eq=False)
class Choice(Initialiser):
    """Made by `bw.choice()`."""

    values: tuple[Any, ...]
    weights: tuple[float, ...] | None

    def bound(self, target: Target) -> Initialiser:
        _table(target, self.values)
        return self

    def draw(self, draw: Draw) -> Column:
        table = _table(Target("", draw.field, draw.space), self.values)
        if self.weights is None:
            return table[below(draw.key(self), draw.ids, len(table)).astype(np.intp)]
        edges = np.array(list(accumulate(self.weights)))
        picked = np.searchsorted(edges, unit_interval(draw.words(self, 1)[:, 0]) * edges[-1], side="right")
        # Rounding may reach the last edge: the last value that has a weight is meant.
        chosen: Column = table[np.minimum(picked, np.flatnonzero(self.weights)[-1])]
        return chosen


@dataclass(frozen=True, eq=False)
class Cycle(Initialiser):
    """Made by `bw.cycle()`."""

    values: tuple[Any, ...]

    def bound(self, target: Target) -> Initialiser:
        _table(target, self.values)
        return self

    def draw(self, draw: Draw) -> Column:
        table = _table(Target("", draw.field, draw.space), self.values)
        return table[(draw.rows % np.uint64(len(table))).astype(np.intp)]


@dataclass(frozen=True, eq=False)
class Cells(Initialiser):
    """Made by `bw.random_cells()` and `bw.each_cell()`."""

    random: bool

    def bound(self, target: Target) -> Initialiser:
        made_by = "bw.random_cells()" if self.random else "bw.each_cell()"
        if not isinstance(target.space, Grid):
            raise target.wrong(f"a world on a grid for {made_by}", f"space {target.space!r}")
        if target.field.kind != target.space.position_kind:
            raise target.wrong(f"a bw.{target.space.position_kind} for {made_by}", _type_text(target.field))
        return self

    def draw(self, draw: Draw) -> Column:
        assert isinstance(draw.space, Grid)
        cells = draw.rows
        if self.random:
            # One permutation for the whole world, of which each spawn takes its own part: no cell comes
            # twice.
            key, first = stream_key(draw.seed, _RANDOM_CELLS_STREAM), np.uint64(draw.first_random_cell)
            cells = permuted(key, cells + first, math.prod(draw.space.size))
        places = []
        for count in draw.space.size:
            places.append(cells % np.uint64(count))
            cells = cells // np.uint64(count)
        return draw.shaped(np.stack(places, axis=1))


_CONDITION = Field("condition", Initialiser, FieldType("scalar", "b1"))


@dataclass(frozen=True, eq=False)
class Where(Initialiser):
    """Made by `bw.where()`."""

    condition: Any
    yes: Any
    no: Any

    def parts(self) -> Iterator[Initialiser]:
        yield self
        for part in (self.condition, self.yes, self.no):
            if isinstance(part, Initialiser):
                yield from part.parts()

    def bound(self, target: Target) -> Initialiser:
        asked = replace(target, field=_CONDITION, where=f"{target.where}: {target.field.full_name}")
        return Where(bind(asked, self.condition), bind(target, self.yes), bind(target, self.no))

    def draw(self, draw: Draw) -> Column:
        chosen = draw.of(self.condition, _CONDITION)
        yes, no = draw.of(self.yes, draw.field), draw.of(self.no, draw.field)
        return np.where(chosen if yes.ndim == 1 else chosen[:, np.newaxis], yes, no)


def _table(target: Target, values: tuple[Any, ...]) -> Column:
    """The column of the values that one is taken of."""
    table = column_of(target, list(values))
    if len(table) != len(values):
        raise target.wrong(f"{len(values)} values", repr(values))
    return table


def _is_place_of_grid(target: Target) -> bool:
    field = target.field
    return (
        isinstance(target.space, Grid)
        and field.name == "position"
        and field.kind == target.space.position_kind
    )


def _need_reals(target: Target, made_by: str) -> None:
    field = target.field
    if field.kind not in ("scalar", "vec2", "vec3", "array") or np.dtype(field.dtype).kind != "f":
        raise target.wrong(
            f"a field of real numbers for {made_by} (bw.integers() is for whole ones)", _type_text(field)
        )


def _per_element(target: Target, what: str, given: Any) -> list[float]:
    """One finite number for each element of the field, from one number or a sequence of them."""
    length = target.field.length
    try:
        numbers = [float(given)] * length if not hasattr(given, "__len__") else [float(x) for x in given]
    except (TypeError, ValueError):
        numbers = []
    if len(numbers) != length or not all(map(math.isfinite, numbers)):
        count = "a finite number" if length == 1 else f"a finite number or {length} of them"
        raise target.wrong(f"{count} for {what}", repr(given))
    return numbers


def _type_text(field: Field) -> str:
    return f"{field.kind} of {np.dtype(field.dtype).name}"
