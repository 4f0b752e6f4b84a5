"""Places in conditions: distances, boxes and the nearest, as the world's space counts them."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable

from bigworlds.query.clause import Clause
from bigworlds.query.names import Catalogue, Literal
from bigworlds.query.program import REAL, TRUTH, WHOLE, Program, Value
from bigworlds.space import Grid

Number = Callable[[ast.expr], Literal]


class Places:
    """Writes what has to do with places into a program."""

    def __init__(self, catalogue: Catalogue, program: Program) -> None:
        self._space = catalogue.space
        self._program = program
        self._kind = WHOLE if isinstance(catalogue.space, Grid) else REAL

    def place(self, node: ast.expr, clause: Clause, number: Number) -> tuple[Literal, ...]:
        """A place that is written as (x, y) or (x, y, z), checked."""
        space = self._space
        if space is None:
            raise clause.error("this world has no space, so there are no places in it", node)
        axes = space.dimensions
        if not isinstance(node, ast.Tuple | ast.List) or len(node.elts) != axes:
            shape = "(x, y)" if axes == 2 else "(x, y, z)"
            raise clause.error(f"expected a place {shape} of {axes} numbers", node)
        values = tuple(number(one) for one in node.elts)
        for value, one in zip(values, node.elts, strict=True):
            whole = isinstance(value, int) or float(value).is_integer()
            if not math.isfinite(value) or (self._kind == WHOLE and not whole):
                raise clause.error(f"a place on this space has {self._kind} numbers; found {value!r}", one)
        for value, length, one in zip(values, space.size, node.elts, strict=True):
            if space.periodic and not 0 <= value < length:
                raise clause.error(f"{value!r} is outside the periodic space, 0 <= x < {length!r}", one)
        return values

    def distance(self, place: tuple[Literal, ...], node: ast.AST, clause: Clause) -> tuple[int, bool]:
        """A register that grows with the distance from a place; whether it is the distance's square."""
        space = self._space
        assert space is not None
        metric = space.metric if isinstance(space, Grid) else "euclidean"
        if metric == "hexagonal":
            raise clause.error("distances on hexagonal grids are not asked by queries", node)
        if metric == "euclidean":
            total = None
            for axis, value in enumerate(place):
                d = self._along(axis, value)
                square = self._step("multiply", d, d)
                total = square if total is None else self._step("add", total, square)
            assert total is not None
            return total, True
        total = None
        for axis, value in enumerate(place):
            d = self._along(axis, value)
            total = d if total is None else self._step("max" if metric == "chebyshev" else "add", total, d)
        assert total is not None
        return total, False

    def within(self, place: tuple[Literal, ...], radius: Literal, node: ast.AST, clause: Clause) -> Value:
        """Whether the distance from a place is at most the radius."""
        if not radius >= 0:
            raise clause.error(f"a radius is a number from 0 up; found {radius!r}", node)
        total, squared = self.distance(place, node, clause)
        if self._kind == WHOLE:
            most = min(math.floor(radius), 2**62) if math.isfinite(radius) else 2**62
            limit = self._program.constant(most, WHOLE)
        else:
            limit = self._program.constant(float(radius) * float(radius) if squared else radius, REAL)
        return Value(TRUTH, (self._program.step(f"less_equal {self._kind}", TRUTH, total, limit),))

    def box(
        self, low: tuple[Literal, ...], high: tuple[Literal, ...], node: ast.AST, clause: Clause
    ) -> Value:
        """Whether a place is between two corners; over the edge of a periodic space where low > high."""
        assert self._space is not None
        program, kind, all_axes = self._program, self._kind, None
        for axis, (least, most) in enumerate(zip(low, high, strict=True)):
            if least > most and not self._space.periodic:
                raise clause.error(
                    f"the corners of a box are (low, high); found {least!r} above {most!r}", node
                )
            x = self._load(axis)
            above = program.step(f"less_equal {kind}", TRUTH, program.constant(least, kind), x)
            below = program.step(f"less_equal {kind}", TRUTH, x, program.constant(most, kind))
            both = program.step("and truth" if least <= most else "or truth", TRUTH, above, below)
            all_axes = both if all_axes is None else program.step("and truth", TRUTH, all_axes, both)
        assert all_axes is not None
        return Value(TRUTH, (all_axes,))

    def _along(self, axis: int, value: Literal) -> int:
        """The distance along one axis, the shorter way round."""
        assert self._space is not None
        d = self._step("subtract", self._load(axis), self._program.constant(value, self._kind))
        d = self._program.step(f"abs {self._kind}", self._kind, d)
        if self._space.periodic:
            around = self._step("subtract", self._program.constant(self._space.size[axis], self._kind), d)
            d = self._step("min", d, around)
        return d

    def _load(self, axis: int) -> int:
        return self._program.load("place", self._kind, element=axis)

    def _step(self, name: str, a: int, b: int) -> int:
        return self._program.step(f"{name} {self._kind}", self._kind, a, b)
