"""Comparisons of a neighbour's distance with a number that is the same for all rows, without a square root.

The square root is monotone and correctly rounded, so `sqrt(d2) < c` holds up to one greatest d2, which is
found once before the loop over rows. The comparison of d2 with it gives the same answer for every d2.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

from llvmlite import ir
from numba.core import types
from numba.core.typing.templates import signature
from numba.extending import intrinsic

from bigworlds.behavior.compiled.memory import F64
from bigworlds.behavior.translate.expressions import PREFIX
from bigworlds.behavior.translate.kinds import Kind, Special

BELOW, UP_TO = "bw_squares_below", "bw_squares_up_to"

# The greatest t of which the rounded root is below c: between the bits `low` of a t for which that holds and
# `high` of one for which it does not. Both are near c * c, unless that under- or overflows.
MODULE = f"""
declare double @llvm.sqrt.f64(double)

define double @{BELOW}(double %c) #0 {{
entry:
  %positive = fcmp ogt double %c, 0.0
  br i1 %positive, label %guess, label %none
none:
  %nan = fcmp uno double %c, %c
  %never = select i1 %nan, double %c, double -1.0
  ret double %never
guess:
  %square = fmul double %c, %c
  %bits = bitcast double %square to i64
  %under = sub i64 %bits, 4
  %over = add i64 %bits, 4
  %normal = icmp ult i64 %under, 9218868437227405304
  %from = select i1 %normal, i64 %under, i64 0
  %to = select i1 %normal, i64 %over, i64 9218868437227405312
  %from.t = bitcast i64 %from to double
  %to.t = bitcast i64 %to to double
  %from.root = call double @llvm.sqrt.f64(double %from.t)
  %to.root = call double @llvm.sqrt.f64(double %to.t)
  %from.below = fcmp olt double %from.root, %c
  %to.not = fcmp oge double %to.root, %c
  %between = and i1 %from.below, %to.not
  %first = select i1 %between, i64 %from, i64 0
  %last = select i1 %between, i64 %to, i64 9218868437227405312
  br label %halve
halve:
  %low = phi i64 [ %first, %guess ], [ %low.next, %step ]
  %high = phi i64 [ %last, %guess ], [ %high.next, %step ]
  %gap = sub i64 %high, %low
  %found = icmp ule i64 %gap, 1
  br i1 %found, label %done, label %step
step:
  %half = lshr i64 %gap, 1
  %middle = add i64 %low, %half
  %t = bitcast i64 %middle to double
  %root = call double @llvm.sqrt.f64(double %t)
  %below = fcmp olt double %root, %c
  %low.next = select i1 %below, i64 %middle, i64 %low
  %high.next = select i1 %below, i64 %high, i64 %middle
  br label %halve
done:
  %greatest = bitcast i64 %low to double
  ret double %greatest
}}

define double @{UP_TO}(double %c) #0 {{
  %zero = fcmp oeq double %c, 0.0
  %plain = select i1 %zero, double 0.0, double %c
  %bits = bitcast double %plain to i64
  %next.bits = add i64 %bits, 1
  %next = bitcast i64 %next.bits to double
  %countable = icmp ult i64 %bits, 9218868437227405312
  %asked = select i1 %countable, double %next, double %c
  %limit = call double @{BELOW}(double %asked)
  %infinite = fcmp oeq double %c, 0x7FF0000000000000
  %all = select i1 %infinite, double %c, double %limit
  ret double %all
}}

; Speculatable: the optimiser may find a limit before a loop that perhaps has no need of it.
attributes #0 = {{ noinline nounwind readnone speculatable willreturn }}
"""


def limit_of(builder: Any, limit: str, number: Any) -> Any:
    """The greatest squared distance that compares as BELOW or UP_TO says."""
    known = builder.module.globals.get(limit)
    function = known or ir.Function(builder.module, ir.FunctionType(F64, [F64]), limit)
    return builder.call(function, [number])


def _comparison(name: str, limit: str, near: bool) -> Any:
    """An intrinsic of (item, number): whether the item's squared distance is up to the number's limit."""

    def typing(context: Any, item: Any, number: Any) -> Any:
        def emit(ctx: Any, builder: Any, sig: Any, values: Any) -> Any:
            distance2 = builder.extract_value(values[0], 5)
            return builder.fcmp_ordered("<=" if near else ">", distance2, limit_of(builder, limit, values[1]))

        return signature(types.boolean, item, types.float64), emit

    typing.__name__ = name
    return intrinsic(typing)


COMPARISONS = {
    ast.Lt: ("nearer", _comparison("nearer", BELOW, True)),
    ast.LtE: ("within", _comparison("within", UP_TO, True)),
    ast.Gt: ("beyond", _comparison("beyond", UP_TO, False)),
    ast.GtE: ("not_nearer", _comparison("not_nearer", BELOW, False)),
}
NAMES = {f"{PREFIX}{name}": function for name, function in COMPARISONS.values()}
_SWAPPED = {ast.Lt: ast.Gt, ast.LtE: ast.GtE, ast.Gt: ast.Lt, ast.GtE: ast.LtE}


class DistanceComparisons(ast.NodeTransformer):
    """Rewrites `other.distance < number`, and the like, where the number is a constant or a parameter.

    Args:
        kinds: the kinds of the function's names.
    """

    def __init__(self, kinds: Mapping[str, Kind]) -> None:
        self._kinds = kinds

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        if len(node.ops) != 1:
            return node
        left, operator, right = node.left, type(node.ops[0]), node.comparators[0]
        if self._is_distance(right):
            left, right = right, left
            operator = _SWAPPED.get(operator, operator)
        if operator not in COMPARISONS or not self._is_distance(left) or not self._is_fixed(right):
            return node
        assert isinstance(left, ast.Attribute)
        called = ast.Name(f"{PREFIX}{COMPARISONS[operator][0]}", ast.Load())
        return ast.copy_location(ast.Call(called, [left.value, right], []), node)

    def _is_special(self, node: ast.expr, what: str) -> bool:
        kind = self._kinds.get(node.id) if isinstance(node, ast.Name) else None
        return isinstance(kind, Special) and kind.what == what and not kind.optional

    def _is_distance(self, node: ast.expr) -> bool:
        return (
            isinstance(node, ast.Attribute)
            and node.attr == "distance"
            and self._is_special(node.value, "item")
        )

    def _is_fixed(self, node: ast.expr) -> bool:
        if isinstance(node, ast.Call) and len(node.args) == 1:
            return ast.unparse(node.func) == f"{PREFIX}to_float" and self._is_fixed(node.args[0])
        if isinstance(node, ast.Constant):
            return isinstance(node.value, float)
        return isinstance(node, ast.Attribute) and self._is_special(node.value, "parameters")
