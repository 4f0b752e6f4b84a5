"""What behaviors of arbitrary Python (interpreted, vectorised) touch, read off their source as far as it
tells.

Attributes of an argument count by name. An argument that is used in another way (passed on, put into a
list) counts as read and written in all its fields, unless `reads=` and `writes=` say otherwise.
"""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from bigworlds.behavior.used import Seen

if TYPE_CHECKING:
    from bigworlds.behavior.behavior import Behavior
    from bigworlds.behavior.translate.program import Argument


class _Names(ast.NodeVisitor):
    """Collects per name its loaded and stored attributes, the names used bare, and attributes of
    expressions."""

    def __init__(self) -> None:
        self.loaded: dict[str, set[str]] = {}
        self.stored: dict[str, set[str]] = {}
        self.bare: set[str] = set()
        self.of_expressions: set[str] = set()

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if not isinstance(node.value, ast.Name):
            self.of_expressions.add(node.attr)
            self.visit(node.value)
            return
        found = self.loaded if isinstance(node.ctx, ast.Load) else self.stored
        found.setdefault(node.value.id, set()).add(node.attr)

    def of_others(self, arguments: set[str]) -> set[str]:
        """Attributes of everything but these arguments: of loop variables, results and expressions."""
        found = set(self.of_expressions)
        for name, attributes in self.loaded.items():
            if name not in arguments:
                found |= attributes
        return found

    def all_attributes(self) -> set[str]:
        """Every attribute name that is read."""
        return self.of_others(set())

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        target = node.target
        if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name):
            self.loaded.setdefault(target.value.id, set()).add(target.attr)
        self.generic_visit(node)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        inner = node.value
        if (
            isinstance(node.ctx, ast.Store)
            and isinstance(inner, ast.Attribute)
            and isinstance(inner.value, ast.Name)
        ):
            self.stored.setdefault(inner.value.id, set()).add(inner.attr)
        self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> None:
        self.bare.add(node.id)


def scan(behavior: Behavior) -> Seen:
    """What an interpreted or vectorised behavior touches."""
    assert behavior.source is not None
    names = _Names()
    for statement in behavior.source.tree.body:
        names.visit(statement)
    seen = Seen(set(), set(), {}, {}, {}, {}, False, False, False, frozenset())
    arguments = {a.name for a in behavior.arguments}
    for position, argument in enumerate(behavior.arguments):
        others = names.of_others(arguments - {argument.name})
        if argument.what == "own":
            _own(behavior, argument, names, seen)
        elif argument.what == "neighbors":
            seen.reach[position] = others & set(_fields(argument.components[0]))
            if argument.edge is not None:
                seen.edges[position] = others & set(_fields(argument.edge))
            else:
                seen.geometry[position] = {"offset", "distance"}
        elif argument.what in ("here", "cells"):
            seen.cells[position] = others & set(_fields(argument.components[0]))
    read = names.all_attributes()
    return replace(
        seen,
        rng=any(a.what == "rng" for a in behavior.arguments),
        random_empty="random_empty" in read,
        despawn="despawn" in read,
        directions=frozenset({"moore", "hex_step"} & (read | names.bare)),
    )


def _fields(component: Any) -> dict[str, Any]:
    found: dict[str, Any] = component.__bw_fields__
    return found


def _own(behavior: Behavior, argument: Argument, names: _Names, seen: Seen) -> None:
    component = argument.components[0]
    fields = set(_fields(component))
    reads = names.loaded.get(argument.name, set()) & fields
    writes = names.stored.get(argument.name, set()) & fields
    options = behavior.options
    if argument.name in names.bare:
        declared = {f.name for f in (options.reads or ()) if f.owner is component}
        reads = declared if options.reads is not None else fields
        declared = {f.name for f in (options.writes or ()) if f.owner is component}
        writes = declared if options.writes is not None else fields
    seen.reads.update((component, n) for n in reads)
    seen.writes.update((component, n) for n in writes)
