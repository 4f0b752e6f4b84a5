"""What a query's words mean in one world: components, fields, parameters, members of enums."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bigworlds.data.fields import Field
from bigworlds.errors import nearest_names
from bigworlds.query.clause import Clause
from bigworlds.space import Continuous, Grid

ID, RANK, TICK = "id", "rank", "tick"

Literal = bool | int | float


@dataclass(frozen=True)
class Catalogue:
    """A world, as far as queries are concerned.

    Attributes:
        components: the fields of each component by name, in the order of the engine's numbers.
        of_cells: names of those that belong to cells.
        of_edges: names of those that belong to edges, which are no rows.
        space: where entities are, if anywhere.
        constants: the parameters in force, and other numbers by name.
        tick: the clock.
    """

    components: Mapping[str, Mapping[str, Field]]
    of_cells: frozenset[str] = frozenset()
    of_edges: frozenset[str] = frozenset()
    space: Continuous | Grid | None = None
    constants: Mapping[str, Literal] = field(default_factory=dict)
    tick: int = 0

    def number(self, component: str) -> int:
        """The engine's number of a component."""
        return list(self.components).index(component)

    def field_numbers(self, component: str, name: str) -> tuple[int, int]:
        """The engine's numbers of a field."""
        return self.number(component), list(self.components[component]).index(name)

    def component(self, name: str, clause: Clause, at: int | ast.AST = 0) -> str:
        """A component's name, checked."""
        if name not in self.components:
            known = nearest_names(name, self.components)
            raise clause.error(f"this world has no component '{name}'{known}", at)
        if name in self.of_edges:
            raise clause.error(f"{name} belongs to edges; use sim.edges({name})", at)
        return name


class Scope:
    """The words of one query: bare names mean fields of the components that it is about."""

    def __init__(self, catalogue: Catalogue, about: Iterable[str]) -> None:
        self.catalogue = catalogue
        self.about = list(about)
        self.read = list(self.about)  # with those whose fields are named in full
        self.aliases: dict[str, tuple[ast.expr, Clause]] = {}

    def field(self, node: ast.expr, clause: Clause) -> tuple[str, Field] | None:
        """The component and field that a name, or a component's attribute, means; None for something else."""
        if isinstance(node, ast.Name):
            owners = [c for c in self.about if node.id in self.catalogue.components[c]]
            if len(owners) > 1:
                options = " or ".join(f"{c}.{node.id}" for c in owners)
                raise clause.error(f"{node.id!r} is a field of several components; write {options}", node)
            return (owners[0], self.catalogue.components[owners[0]][node.id]) if owners else None
        if not isinstance(node, ast.Attribute) or not isinstance(node.value, ast.Name):
            return None
        component = node.value.id
        if component not in self.catalogue.components:
            return None
        fields = self.catalogue.components[self.catalogue.component(component, clause, node)]
        if node.attr not in fields:
            known = nearest_names(node.attr, fields)
            raise clause.error(f"component '{component}' has no field '{node.attr}'{known}", node)
        if component not in self.read:
            self.read.append(component)
        return component, fields[node.attr]

    def literal(self, node: ast.expr, clause: Clause) -> Literal | None:
        """The number that a name means: the tick, a parameter or a member of an enum; None for something
        else."""
        if isinstance(node, ast.Name):
            if node.id == TICK:
                return self.catalogue.tick
            if node.id in self.catalogue.constants:
                return self.catalogue.constants[node.id]
            values = {int(e.__members__[node.id]) for e in self._enums() if node.id in e.__members__}
            if len(values) > 1:
                raise clause.error(
                    f"{node.id!r} is a member of several enums; write it as in State.{node.id}", node
                )
            return values.pop() if values else None
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            for enum in self._enums():
                if enum.__name__ == node.value.id:
                    if node.attr not in enum.__members__:
                        known = nearest_names(node.attr, enum.__members__)
                        raise clause.error(f"{enum.__name__} has no member '{node.attr}'{known}", node)
                    return int(enum.__members__[node.attr])
        return None

    def unknown(self, node: ast.expr, clause: Clause) -> Exception:
        """The error for a name that means nothing."""
        enums = [name for enum in self._enums() for name in enum.__members__]
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            known = nearest_names(node.value.id, [*self.catalogue.components, *self.about])
            return clause.error(f"there is no '{node.value.id}'{known}", node)
        name = node.id if isinstance(node, ast.Name) else ast.unparse(node)
        fields = [name for c in self.about for name in self.catalogue.components[c]]
        known = nearest_names(
            name, [*fields, *self.catalogue.constants, *enums, *self.aliases, ID, TICK, RANK]
        )
        what = " + ".join(self.about) or "a query about all entities"
        return clause.error(f"{what} has no '{name}'{known}", node)

    def _enums(self) -> list[Any]:
        found = {
            one.type.enumeration.__name__: one.type.enumeration
            for fields in self.catalogue.components.values()
            for one in fields.values()
            if one.type.enumeration is not None
        }
        return list(found.values())
