"""How a model declares its records: `bw.record.mean("Bird.velocity")` and its sisters.

Each function checks what it is given at once, so that a mistake is found where it was written.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bigworlds.errors import UserError
from bigworlds.record.expression import Expression
from bigworlds.record.specs import (
    MOST_BINS,
    Aggregate,
    Columns,
    Count,
    Group,
    Groupable,
    Histogram,
    Reduction,
    Spec,
    is_finite_range,
)


def count(what: object, *, every: int = 1, name: str | None = None) -> Count:
    """Records how many there are.

    Args:
        what: a component type (or its name) for the number of its entities, or an expression such
            as `"Sheep.energy > 3"` for the number of rows where it is true.
        every: at tick 0 and every so many ticks, at least 1.
        name: of the table; by default `"count(...)"`.

    Returns:
        A spec for `world.record(...)`; its table has the columns tick and value (int64).

    Raises:
        UserError: what is neither, or `every` is below 1.

    Example:
        >>> count("Sheep.energy > 3").name
        'count(Sheep.energy > 3)'
    """
    of = _component(what) or Expression.parse(what)
    return Count(of=of, every=_every(every), name=_name(name, f"count({of})"))


def sum(what: object, *, every: int = 1, name: str | None = None) -> Aggregate:
    """Records an exact sum: of integers as int64 or uint64, of floats rounded once.

    Args:
        what: a field (`Bird.age`, `"Bird.age"`) or an expression; each part of a vector by itself.
        every: at tick 0 and every so many ticks, at least 1.
        name: of the table; by default `"sum(...)"`.

    Returns:
        A spec for `world.record(...)`; its table has the columns tick and value, (n,) or (n, k).

    Raises:
        UserError: no field and no expression, or `every` is below 1. While running: an integer sum
            that does not fit into 64 bits.

    Example:
        >>> sum("Sheep.energy / 2").components
        ('Sheep',)
    """
    return _aggregate(Reduction.SUM, what, every, name)


def mean(what: object, *, every: int = 1, name: str | None = None) -> Aggregate:
    """Records a mean: the exact sum, rounded, divided by the number of rows.

    Args, returns and errors are those of `sum`. A tick without rows has no line in the table.

    Example:
        >>> mean("Bird.velocity").name
        'mean(Bird.velocity)'
    """
    return _aggregate(Reduction.MEAN, what, every, name)


def min(what: object, *, every: int = 1, name: str | None = None) -> Aggregate:
    """Records the smallest value; NaN where one of them is.

    Args, returns and errors are those of `sum`. A tick without rows has no line in the table.
    """
    return _aggregate(Reduction.MIN, what, every, name)


def max(what: object, *, every: int = 1, name: str | None = None) -> Aggregate:
    """Records the largest value; NaN where one of them is.

    Args, returns and errors are those of `sum`. A tick without rows has no line in the table.
    """
    return _aggregate(Reduction.MAX, what, every, name)


def histogram(
    what: object,
    *,
    bins: int,
    range: tuple[float, float],
    every: int = 1,
    name: str | None = None,
) -> Histogram:
    """Records how many values fall into each of a number of equal bins.

    Args:
        what: a field or an expression with one number per row.
        bins: number of bins, 1 to 4096.
        range: lower and upper end, so that all ticks have the same bins.
        every: at tick 0 and every so many ticks, at least 1.
        name: of the table; by default `"histogram(...)"`.

    Returns:
        A spec for `world.record(...)`; its table has the columns tick, counts (n, bins), and below,
        above and not_a_number for what is in no bin.

    Raises:
        UserError: bins or range that cannot be.

    Example:
        >>> histogram("Sheep.energy", bins=10, range=(0, 50)).bins
        10
    """
    of = Expression.parse(what)
    if isinstance(bins, bool) or not isinstance(bins, int) or not 1 <= bins <= MOST_BINS:
        raise UserError(f"histogram of {of}: expected 1 to {MOST_BINS} bins, found {bins!r}.")
    try:
        low, high = (float(end) for end in range)
    except (TypeError, ValueError):
        raise UserError(f"histogram of {of}: expected range=(low, high), found {range!r}.") from None
    if not is_finite_range((low, high)):
        raise UserError(f"histogram of {of}: expected a range with low < high, found {range!r}.")
    named = _name(name, f"histogram({of})")
    return Histogram(of=of, bins=bins, range=(low, high), every=_every(every), name=named)


def group(by: object, of: Groupable, *, every: int | None = None, name: str | None = None) -> Group:
    """Records a count, aggregate or histogram for each group of entities.

    Args:
        by: a field or an expression; each value that it has makes a group. Integers, enums, bool
            and text are good groups.
        of: what is recorded of each group, such as `mean("Person.happy")`.
        every: by default that of `of`.
        name: of the table; by default `"... by ..."`.

    Returns:
        A spec for `world.record(...)`; its table has the columns tick, group and those of `of`,
        one row per group that has entities, in ascending order.

    Raises:
        UserError: `of` is something else. While running: more than 65536 groups in a tick.

    Example:
        >>> group("Person.town", mean("Person.happy")).name
        'mean(Person.happy) by Person.town'
    """
    key = Expression.parse(by)
    if not isinstance(of, Groupable):
        raise UserError(
            f"group by {key}: expected what to record of each group, such as count(...), mean(...) "
            f"or histogram(...), found {of!r}."
        )
    chosen = of.every if every is None else _every(every)
    return Group(by=key, of=of, every=chosen, name=_name(name, f"{of.name} by {key}"))


def columns(*fields: object, every: int = 1, name: str | None = None) -> Columns:
    """Records fields of all entities as they are.

    Args:
        fields: fields (`Bird.position`, `"Bird.position"`); of several components, the entities
            that have all of them are recorded.
        every: at tick 0 and every so many ticks, at least 1.
        name: of the table; by default `"columns(...)"`.

    Returns:
        A spec for `world.record(...)`; its table has the columns tick, id and one per field, one
        row per entity, sorted by id.

    Raises:
        UserError: no field, or an expression.

    Example:
        >>> columns("Bird.position", "Bird.age", every=10).every
        10
    """
    parsed = tuple(Expression.parse(field) for field in fields)
    for one in parsed:
        if one.field is None:
            raise UserError(f"columns: expected fields such as Bird.position, found {one.text!r}.")
    if not parsed or len({one.field for one in parsed}) < len(parsed):
        raise UserError("columns: expected at least one field, and each of them once.")
    named = _name(name, f"columns({', '.join(map(str, parsed))})")
    return Columns(of=parsed, every=_every(every), name=named)


def checked(specs: Iterable[object]) -> tuple[Spec, ...]:
    """The specs of a model, each of them one and all of different names.

    Args:
        specs: what the model gave; a component type stands for its count.

    Raises:
        UserError: something else, or two of one name.
    """
    found: list[Spec] = []
    for one in specs:
        component = None if isinstance(one, str) else _component(one)
        if component is not None:
            found.append(count(component))
        elif isinstance(one, Spec):
            found.append(one)
        else:
            raise UserError(
                f"expected something to record, such as bw.record.mean('Bird.age') or "
                f"bw.record.count(Bird), found {one!r}."
            )
    names = [spec.name for spec in found]
    for name in names:
        if names.count(name) > 1:
            raise UserError(f"two records are called {name!r}; give one of them another name=.")
    return tuple(found)


def _aggregate(reduction: Reduction, what: object, every: int, name: str | None) -> Aggregate:
    of = Expression.parse(what)
    named = _name(name, f"{reduction.value}({of})")
    return Aggregate(reduction=reduction, of=of, every=_every(every), name=named)


def _component(what: Any) -> str | None:
    """The name of a component, where this is one: a type with fields, or a bare name."""
    if isinstance(what, type) and hasattr(what, "__bw_fields__"):
        return what.__name__
    return what if isinstance(what, str) and what.isidentifier() else None


def _every(every: object) -> int:
    if isinstance(every, bool) or not isinstance(every, int) or every < 1:
        raise UserError(f"every: expected a whole number of ticks from 1 on, found {every!r}.")
    return every


def _name(name: object, default: str) -> str:
    if name is None:
        return default
    if not isinstance(name, str) or not name:
        raise UserError(f"name: expected a text that is not empty, found {name!r}.")
    return name
