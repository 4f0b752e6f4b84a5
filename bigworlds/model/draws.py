"""The functions that make initialisers, as models write them: bw.uniform(), bw.integers(),
bw.random_cells(), ..."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from bigworlds.errors import ModelError
from bigworlds.model.initialisers import (
    Bernoulli,
    Cells,
    Choice,
    Cycle,
    Exponential,
    Initialiser,
    Integers,
    Normal,
    Uniform,
    UnitVector,
    Where,
)

_MAX_SPAN = 1 << 64


def uniform(low: Any = 0, high: Any = None) -> Initialiser:
    """Real numbers spread evenly over [low, high), each element on its own.

    Args:
        low: lower bound: a number, or one for each element of a vector.
        high: upper bound; by default the extent of the space for `position`, and 1 for other fields. On a
            grid `position=bw.uniform()` gives each agent a random cell, several agents a cell allowed.

    Example:
        `world.spawn(Bird, n=p.n, position=bw.uniform(), velocity=bw.uniform(-1, 1))`
    """
    return Uniform(low, high)


def normal(mean: Any = 0.0, std: Any = 1.0) -> Initialiser:
    """Normally distributed numbers (the engine's own inverse of the distribution, Wichura 1988, AS 241).

    Args:
        mean: a number, or one for each element of a vector.
        std: the standard deviation, not below 0.
    """
    return Normal(mean, std)


def exponential(scale: Any = 1.0) -> Initialiser:
    """Exponentially distributed numbers of the given mean.

    Args:
        scale: the mean, not below 0: a number, or one for each element of a vector.
    """
    return Exponential(scale)


def unit_vector() -> Initialiser:
    """Vectors of length 1 in all directions alike, for `bw.vec2` and `bw.vec3`."""
    return UnitVector()


def integers(low: int, high: int | None = None) -> Initialiser:
    """Whole numbers low, ..., high - 1, all alike and without bias; with one argument 0, ..., low - 1.

    Raises:
        ModelError: a bound is not whole, or high is not above low.

    Example:
        >>> integers(3)
        Integers(low=0, high=3)
        >>> integers(3, 3)
        Traceback (most recent call last):
            ...
        bigworlds.errors.ModelError: bw.integers(low, high) needs low < high; found 3 and 3
    """
    first, end = (0, low) if high is None else (low, high)
    for bound in (first, end):
        if isinstance(bound, bool) or not hasattr(bound, "__index__"):
            raise ModelError(f"bw.integers(low, high) needs whole numbers; found {bound!r}")
    if not 0 < int(end) - int(first) <= _MAX_SPAN:
        raise ModelError(f"bw.integers(low, high) needs low < high; found {first} and {end}")
    return Integers(int(first), int(end))


def bernoulli(probability: float) -> Initialiser:
    """True with the given probability, for bool fields and the condition of `bw.where`.

    Raises:
        ModelError: the probability is not from 0 to 1.
    """
    if not 0.0 <= probability <= 1.0:
        raise ModelError(f"bw.bernoulli(probability) needs a number from 0 to 1; found {probability!r}")
    return Bernoulli(float(probability))


def choice(values: Iterable[Any], weights: Iterable[float] | None = None) -> Initialiser:
    """One of the given values, all alike or by weight.

    Args:
        values: what the field may begin with, at least one value.
        weights: one for each value, not below 0 and not all 0; they need not sum to 1.

    Raises:
        ModelError: no values, or weights that do not fit them.

    Example:
        >>> choice([0, 1, 5], weights=[1, 1])
        Traceback (most recent call last):
            ...
        bigworlds.errors.ModelError: bw.choice(values, weights) needs 3 weights; found 2
    """
    given = tuple(values)
    if not given:
        raise ModelError("bw.choice(values) needs at least one value; found none")
    if weights is None:
        return Choice(given, None)
    weighted = tuple(float(weight) for weight in weights)
    if len(weighted) != len(given):
        raise ModelError(f"bw.choice(values, weights) needs {len(given)} weights; found {len(weighted)}")
    if min(weighted) < 0 or not 0 < math.fsum(weighted) < math.inf:
        raise ModelError(f"bw.choice(values, weights) needs weights >= 0, not all 0; found {weighted!r}")
    return Choice(given, weighted)


def cycle(values: Iterable[Any]) -> Initialiser:
    """The given values in turn: row k of a spawn, or cell k, gets `values[k % len(values)]`. Nothing is
    random.

    Raises:
        ModelError: no values.
    """
    given = tuple(values)
    if not given:
        raise ModelError("bw.cycle(values) needs at least one value; found none")
    return Cycle(given)


def random_cells() -> Initialiser:
    """Random cells of the grid for `position`, each taken at most once over all spawns of the world.

    Two fields of one spawn that are both filled by it get the same cell.
    """
    return Cells(random=True)


def each_cell() -> Initialiser:
    """One agent in each cell of the grid, in the order of cells (x first); `n` is then the number of
    cells."""
    return Cells(random=False)


def where(condition: Any, yes: Any, no: Any) -> Initialiser:
    """Row by row `yes` where the condition holds, else `no`.

    Args:
        condition: an initialiser of bool (the same object as another field of the spawn gives the same
            draw), a bool array with one value per row, or one bool.
        yes, no: initialisers, arrays with one value per row, or single values.

    Example:
        `grown = bw.bernoulli(0.5)`, then
        `world.cells(Grass, grown=grown, countdown=bw.where(grown, p.regrow, bw.integers(p.regrow)))`
    """
    return Where(condition, yes, no)
