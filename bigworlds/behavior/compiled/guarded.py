"""Sums under a condition, `if near: total += step`, as sums of a step or of nothing.

The optimiser makes a selection of the old and the new sum out of such a branch, so that every turn of a loop
waits for the addition and for the selection of the turn before. Selecting the step leaves the addition alone:
adding -0.0, or subtracting 0.0, gives any number back bit by bit.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Mapping
from typing import Any

from llvmlite import ir
from numba.core import types
from numba.core.typing.templates import signature
from numba.extending import intrinsic

from bigworlds.behavior.compiled import limits
from bigworlds.behavior.compiled.arguments import ItemType
from bigworlds.behavior.compiled.memory import F64, I32
from bigworlds.behavior.compiled.vectors import VecType, pack, parts
from bigworlds.behavior.translate.expressions import PREFIX
from bigworlds.behavior.translate.kinds import Kind, Number, Vector

_PLAIN = (ast.Name, ast.Attribute, ast.Constant, ast.expr_context, ast.BinOp, ast.Add, ast.Sub, ast.Mult)


def _selection(name: str, nothing: float) -> Any:
    """An intrinsic of (condition, step): the step, or what changes no sum."""

    def typing(context: Any, condition: Any, step: Any) -> Any:
        def emit(ctx: Any, builder: Any, sig: Any, values: Any) -> Any:
            holds = ctx.cast(builder, values[0], condition, types.boolean)
            return _selected(builder, step, holds, values[1], nothing)

        return (signature(step, condition, step), emit) if _is_real(step) else None

    typing.__name__ = name
    return intrinsic(typing)


def _selection_near(name: str, nothing: float, limit: str) -> Any:
    """An intrinsic of (item, number, step): the step where the item is near, or what changes no sum.

    In the plane the squares are added in both orders, which gives the squared distance twice: two compared
    numbers select two coordinates, and the loop stays vector code.
    """

    def typing(context: Any, item: Any, number: Any, step: Any) -> Any:
        def emit(ctx: Any, builder: Any, sig: Any, values: Any) -> Any:
            most = limits.limit_of(builder, limit, values[1])
            if item.reach.located != 2 or not isinstance(step, VecType):
                holds = builder.fcmp_ordered("<=", builder.extract_value(values[0], 5), most)
                return _selected(builder, step, holds, values[2], nothing)
            offset = _vector([builder.extract_value(values[0], i) for i in (2, 3)], builder)
            squares = builder.fmul(offset, offset)
            turned = builder.shuffle_vector(squares, squares, ir.Constant(_PAIR_OF_WHOLES, [1, 0]))
            near = builder.fcmp_ordered("<=", builder.fadd(squares, turned), _vector([most] * 2, builder))
            given = _vector(parts(builder, step, values[2]), builder)
            kept = builder.select(near, given, ir.Constant(_PAIR, [nothing] * 2))
            return pack(builder, [builder.extract_element(kept, I32(i)) for i in range(2)])

        fits = isinstance(item, ItemType) and number == types.float64 and _is_real(step)
        return (signature(step, item, number, step), emit) if fits else None

    typing.__name__ = name
    return intrinsic(typing)


def _is_real(step: Any) -> bool:
    return step == types.float64 or (isinstance(step, VecType) and not step.whole)


def _selected(builder: Any, kind: Any, holds: Any, step: Any, nothing: float) -> Any:
    if isinstance(kind, VecType):
        given = parts(builder, kind, step)
        return pack(builder, [builder.select(holds, part, F64(nothing)) for part in given])
    return builder.select(holds, step, F64(nothing))


def _vector(components: list[Any], builder: Any) -> Any:
    made = ir.Constant(_PAIR, ir.Undefined)
    for i, component in enumerate(components):
        made = builder.insert_element(made, component, I32(i))
    return made


_PAIR, _PAIR_OF_WHOLES = ir.VectorType(F64, 2), ir.VectorType(I32, 2)
_NEAR = {"nearer": limits.BELOW, "within": limits.UP_TO}
_SELECTIONS: dict[type[ast.operator], tuple[str, float]] = {
    ast.Add: ("step_or_less", -0.0),
    ast.Sub: ("step_or_none", 0.0),
}
NAMES = {
    **{f"{PREFIX}{name}": _selection(name, nothing) for name, nothing in _SELECTIONS.values()},
    **{
        f"{PREFIX}{near}_{name}": _selection_near(f"{near}_{name}", nothing, limit)
        for near, limit in _NEAR.items()
        for name, nothing in _SELECTIONS.values()
    },
}


class GuardedSums(ast.NodeTransformer):
    """Rewrites the sums under conditions in the loops of a function.

    Args:
        kinds: the kinds of the function's names.
    """

    def __init__(self, kinds: Mapping[str, Kind]) -> None:
        self._kinds, self._depth, self._guards = kinds, 0, 0

    def visit_For(self, node: ast.For) -> ast.For:
        self._depth += 1
        self.generic_visit(node)
        self._depth -= 1
        return node

    def visit_If(self, node: ast.If) -> Any:
        self.generic_visit(node)
        if self._depth == 0 or node.orelse or not self._are_sums(node.body):
            return node
        front, made = self._guard(node.test)
        for statement in node.body:
            assert isinstance(statement, ast.Assign)
            assert isinstance(statement.value, ast.BinOp)
            selection, _ = _SELECTIONS[type(statement.value.op)]
            called = ast.Name(f"{PREFIX}{front[0]}{selection}", ast.Load())
            given = [*copy.deepcopy(front[1]), statement.value.right]
            statement.value.right = ast.Call(called, given, [])
            made.append(statement)
        return [ast.fix_missing_locations(ast.copy_location(statement, node)) for statement in made]

    def _guard(self, test: ast.expr) -> tuple[tuple[str, list[ast.expr]], list[ast.stmt]]:
        """How selections take a condition: the front of their names and arguments; what comes before."""
        if isinstance(test, ast.Call) and isinstance(test.func, ast.Name):
            near = test.func.id.removeprefix(PREFIX)
            if near in _NEAR:
                return (f"{near}_", test.args), []
        self._guards += 1
        guard = f"{PREFIX}guard{self._guards}"
        return ("", [ast.Name(guard, ast.Load())]), [ast.Assign([ast.Name(guard, ast.Store())], test)]

    def _are_sums(self, body: list[ast.stmt]) -> bool:
        """Whether each statement is `name = name + step` or with -, of real kind, and no step sees a sum."""
        sums: set[str] = set()
        for statement in body:
            match statement:
                case ast.Assign([ast.Name(name)], ast.BinOp(ast.Name(old), ast.Add() | ast.Sub(), step)) if (
                    name == old and self._is_sum(name) and all(isinstance(n, _PLAIN) for n in ast.walk(step))
                ):
                    read = {n.id for n in ast.walk(step) if isinstance(n, ast.Name)}
                    if read & (sums | {name}):
                        return False
                    sums.add(name)
                case _:
                    return False
        return bool(sums)

    def _is_sum(self, name: str) -> bool:
        kind = self._kinds.get(name)
        return (isinstance(kind, Vector) and not kind.whole) or (
            isinstance(kind, Number) and kind.name == "float"
        )
