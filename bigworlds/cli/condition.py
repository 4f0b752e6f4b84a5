"""The expressions of `--until`: comparisons of metrics, counts, aggregates and the tick, checked before the
run.

Read by Python's parser, but only numbers, names of metrics, `tick`, arithmetic, comparisons, `and`, `or`,
`not` and the calls count(Kind), count(Kind, field=value), sum/mean/min/max("Kind.field") mean something;
nothing else is evaluated.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Any

from bigworlds.cli.engine import counted_value
from bigworlds.data.fields import Field
from bigworlds.errors import UserError, nearest_names

Evaluate = Callable[[Any], Any]

_AGGREGATES = ("sum", "mean", "min", "max")
_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}
_COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_UNARY: dict[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Not: operator.not_,
}


def condition(
    text: str, metrics: Mapping[str, Evaluate], components: Mapping[str, type]
) -> Callable[[Any], bool]:
    """A function of the simulation from an expression.

    Args:
        text: as in `sheep == 0 or tick >= 500`, `count(Wolf) < 10`, `count(Plot, state=BURNING) == 0`,
            `mean("Bird.speed") > 2`.
        metrics: the model's, by name.
        components: what `count` may name.

    Returns:
        A function that says whether the condition holds now.

    Raises:
        UserError: the text is no expression, has an unknown name, or something that is not allowed.

    Example:
        >>> holds = condition("2 * sheep <= 10", {"sheep": lambda sim: sim}, {})
        >>> holds(5), holds(6)
        (True, False)
    """
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except SyntaxError as problem:
        raise UserError(
            f"--until {text!r} is no expression: {problem.msg}; as in --until 'tick >= 100'"
        ) from None
    evaluate = _Builder(text, metrics, components).build(tree.body)

    def holds(sim: Any) -> bool:
        try:
            return bool(evaluate(sim))
        except ArithmeticError as problem:
            raise UserError(f"--until {text!r} cannot be computed at tick {sim.tick}: {problem}") from None

    return holds


class _Builder:
    """Makes functions of the simulation from the nodes of one expression."""

    def __init__(self, text: str, metrics: Mapping[str, Evaluate], components: Mapping[str, type]) -> None:
        self._text = text
        self._metrics = metrics
        self._components = components

    def build(self, node: ast.expr) -> Evaluate:
        match node:
            case ast.Constant(value=bool() | int() | float() as value):
                return lambda sim: value
            case ast.Name(id=name):
                return self._named(name)
            case ast.BoolOp(op=ast.And(), values=values):
                parts = [self.build(value) for value in values]
                return lambda sim: all(part(sim) for part in parts)
            case ast.BoolOp(values=values):
                options = [self.build(value) for value in values]
                return lambda sim: any(option(sim) for option in options)
            case ast.UnaryOp(op=op, operand=operand) if type(op) in _UNARY:
                apply, inner = _UNARY[type(op)], self.build(operand)
                return lambda sim: apply(inner(sim))
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
                combine, a, b = _BINARY[type(op)], self.build(left), self.build(right)
                return lambda sim: combine(a(sim), b(sim))
            case ast.Compare():
                return self._comparison(node)
            case ast.Call():
                return self._call(node)
        raise self._wrong(node, "is not understood here")

    def _comparison(self, node: ast.Compare) -> Evaluate:
        if not all(type(op) in _COMPARE for op in node.ops):
            raise self._wrong(node, "is not understood here")
        terms = [self.build(term) for term in (node.left, *node.comparators)]
        relations = [_COMPARE[type(op)] for op in node.ops]

        def holds(sim: Any) -> bool:
            values = [term(sim) for term in terms]
            return all(r(a, b) for r, a, b in zip(relations, values[:-1], values[1:], strict=True))

        return holds

    def _named(self, name: str) -> Evaluate:
        if name == "tick":
            return lambda sim: sim.tick
        if name not in self._metrics:
            known = nearest_names(name, ["tick", *self._metrics])
            raise self._error(f"there is no metric '{name}'{known}")
        return self._metrics[name]

    def _call(self, node: ast.Call) -> Evaluate:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name == "count" and len(node.args) == 1:
            return self._count(node)
        if name not in _AGGREGATES or len(node.args) != 1 or node.keywords:
            raise self._wrong(
                node,
                "is not understood; there are count(Kind), count(Kind, field=value) and sum, mean, min, "
                'max("Kind.field")',
            )
        (argument,) = node.args
        path = argument.value if isinstance(argument, ast.Constant) else ast.unparse(argument)
        kind, dot, field = str(path).partition(".")
        fields = getattr(self._component(kind), "__bw_fields__", {})
        if not dot or field not in fields:
            raise self._error(f"{kind} has no field '{field}'{nearest_names(field, fields)}")
        return lambda sim: getattr(sim, name)(path)

    def _count(self, node: ast.Call) -> Evaluate:
        (argument,) = node.args
        component = self._component(argument.id if isinstance(argument, ast.Name) else "")
        if not node.keywords:
            return lambda sim: sim.count(component)
        fields = getattr(component, "__bw_fields__", {})
        value = {
            str(keyword.arg): self._value(keyword.value, fields.get(keyword.arg)) for keyword in node.keywords
        }
        try:
            counted_value(component, value)
        except UserError as problem:
            raise self._error(str(problem)) from None
        return lambda sim: sim.count(component, **value)

    def _value(self, node: ast.expr, field: Field | None) -> Any:
        """A value that is written out: a number, True or False, or a member of the field's enum by name."""
        members = None if field is None else field.type.enumeration
        name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", None)
        if members is not None and name is not None:
            if name not in members.__members__:
                known = nearest_names(name, members.__members__)
                raise self._error(f"{members.__name__} has no member '{name}'{known}")
            return members[name]
        try:
            return ast.literal_eval(node)
        except ValueError:
            raise self._wrong(
                node, "is no value; expected a number, True, False or a member of an enum"
            ) from (None)

    def _component(self, name: str) -> type:
        if name not in self._components:
            known = nearest_names(name, self._components)
            raise self._error(f"there is no component '{name}'{known}")
        return self._components[name]

    def _wrong(self, node: ast.AST, what: str) -> UserError:
        return self._error(f"{ast.unparse(node)!r} {what}")

    def _error(self, what: str) -> UserError:
        return UserError(f"--until {self._text!r}: {what}")
