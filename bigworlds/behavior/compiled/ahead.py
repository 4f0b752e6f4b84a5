"""What a behavior touches in any case: the neighbours whom it looks at, which the engine is asked for of many
rows at once, and own fields, which are fetched before the row's turn."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence

from bigworlds.behavior.translate.expressions import PREFIX
from bigworlds.behavior.translate.program import Argument

_LOOKING = {f"{PREFIX}{name}" for name in ("neighbor_count", "neighbor_at", "nearest")}


def looked_at_always(tree: ast.FunctionDef, arguments: Sequence[Argument]) -> str | None:
    """The name of the Neighbors argument that a behavior looks at first on every path, or None.

    Args:
        tree: the translated function.
        arguments: the behavior's arguments.
    """
    known = {a.name for a in arguments if a.what == "neighbors"}
    for statement in tree.body:
        for part in _always_evaluated(statement):
            found = [name for name in _looks(part) if name in known]
            if found:
                return found[0]
        if any(isinstance(node, ast.Return) for node in ast.walk(statement)):
            return None
    return None


def touched_always(tree: ast.FunctionDef) -> frozenset[tuple[str, str]]:
    """The own fields, by argument and name, that are read or written outside of conditions."""
    found: set[tuple[str, str]] = set()
    for statement in tree.body:
        # Of a condition the test alone; loops are mostly gone through.
        part = statement.test if isinstance(statement, ast.If) else statement
        for node in ast.walk(part):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                found.add((node.value.id, node.attr))
    return frozenset(found)


def _always_evaluated(statement: ast.stmt) -> Iterable[ast.expr]:
    """The expressions of a statement that are evaluated whenever it is reached."""
    match statement:
        case ast.Assign(value=value) | ast.Expr(value=value):
            return [value]
        case ast.For(iter=things):
            return [things]
        case ast.If(test=test) | ast.While(test=test):
            return [test]
    return []


def _looks(expression: ast.expr) -> Iterable[str]:
    """The Neighbors arguments that an expression looks at in any case."""
    if isinstance(expression, ast.IfExp):
        yield from _looks(expression.test)
        return
    if isinstance(expression, ast.BoolOp):
        yield from _looks(expression.values[0])
        return
    if isinstance(expression, ast.Call) and isinstance(expression.func, ast.Name):
        first = expression.args[0] if expression.args else None
        if expression.func.id in _LOOKING and isinstance(first, ast.Name):
            yield first.id
    for child in ast.iter_child_nodes(expression):
        if isinstance(child, ast.expr):
            yield from _looks(child)
