"""The schema: components of a world and their fields by the numbers under which the engine knows them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bigworlds import _core
from bigworlds.data import Resource
from bigworlds.data.component import CellComponent, EdgeComponent
from bigworlds.data.fields import Field, contents_of, to_elements, zero_of
from bigworlds.errors import ModelError, UserError, nearest_names
from bigworlds.event.plain import checked_elements
from bigworlds.model.declarations import WorldDescription

FieldNumber = tuple[int, int]


def storage_code(field: Field) -> tuple[str, int]:
    """The engine's type code and length of a field; texts are bytes."""
    if field.kind == "string":
        return "S", field.length
    return field.dtype, field.length


def initial_bytes(field: Field) -> bytes:
    """The stored form of a field's default value."""
    return stored_value(field, zero_of(field.type) if field.default is None else field.default)


def stored_value(field: Field, value: Any) -> bytes:
    """The stored form of a value of a field."""
    if field.is_open:
        return contents_of(field.type, value, field.full_name)
    return np.array(to_elements(field.type, value, field.full_name), dtype=field.dtype).tobytes()


class Schema:
    """Components in a fixed order, with look-ups by class and by name.

    The order is that of their names, so that it does not depend on how a model's file is arranged.
    """

    def __init__(self, components: Iterable[type], resources: Iterable[type[Resource]] = ()) -> None:
        self.resources = sorted(set(resources), key=lambda resource: resource.__name__)
        self.components = sorted(set(components), key=lambda component: component.__name__)
        self._numbers = {component: number for number, component in enumerate(self.components)}
        self._by_name = {component.__name__: component for component in self.components}
        if len(self._by_name) != len(self.components):
            names = [component.__name__ for component in self.components]
            twice = next(name for name in names if names.count(name) > 1)
            raise ModelError(f"two component classes are called '{twice}'; rename one of them")
        for resource in self.resources:
            if resource.__name__ in self._by_name:
                raise ModelError(
                    f"a component and a resource are both called '{resource.__name__}'; rename one of them"
                )

    def add_to(self, spec: _core.ModelSpec) -> None:
        """Adds all components to the engine's description of the model, in order."""
        for component in self.components:
            fields = [
                (field.name, *storage_code(field), initial_bytes(field))
                for field in component.__bw_fields__.values()  # type: ignore[attr-defined]
            ]
            spec.add_component(component.__name__, fields)

    def number(self, component: type) -> int:
        """The engine's number of a component."""
        if component not in self._numbers:
            known = nearest_names(component.__name__, self._by_name)
            raise UserError(f"this world has no component '{component.__name__}'{known}")
        return self._numbers[component]

    def component(self, given: type | str) -> type:
        """A component by class or name.

        Raises:
            UserError: the world has none like that.
        """
        if isinstance(given, str):
            if given not in self._by_name:
                raise UserError(f"this world has no component '{given}'{nearest_names(given, self._by_name)}")
            return self._by_name[given]
        self.number(given)
        return given

    def field(self, label: str) -> Field:
        """A field by its full name, as in "Bird.position".

        Raises:
            UserError: no such component or field, or no dot.
        """
        component, dot, name = label.partition(".")
        if not dot:
            raise UserError(f"expected component.field, as in 'Bird.position'; found {label!r}")
        return field_of(self.component(component), name)

    def field_number(self, field: Field) -> FieldNumber:
        """The engine's numbers of a field."""
        names = list(field.owner.__bw_fields__)  # type: ignore[attr-defined]
        return self.number(field.owner), names.index(field.name)

    def layout(self) -> dict[str, dict[str, list[Any]]]:
        """Components, resources and their fields with their types as plain data.

        What snapshots keep to tell models apart.
        """
        layout: dict[str, dict[str, list[Any]]] = {
            component.__name__: {
                field.name: [field.kind, *storage_code(field)]
                for field in component.__bw_fields__.values()  # type: ignore[attr-defined]
            }
            for component in self.components
        }
        for resource in self.resources:
            layout[resource.__name__] = {
                name: [declared.kind, *declared.slot] for name, declared in resource.__bw_parameters__.items()
            }
        return layout

    def resource(self, given: Any) -> type[Resource]:
        """A resource by class or name.

        Raises:
            UserError: the world has none like that.
        """
        for resource in self.resources:
            if given is resource or given == resource.__name__:
                return resource
        name = given if isinstance(given, str) else getattr(given, "__name__", repr(given))
        known = nearest_names(name, [resource.__name__ for resource in self.resources])
        raise UserError(f"this world has no resource '{name}'{known}")


def stored_column(field: Field, values: NDArray[Any]) -> NDArray[Any]:
    """Start values as the engine stores them: contiguous rows of the field's storage type; bytes as objects
    where they have any length."""
    if field.is_open:
        return values
    return np.ascontiguousarray(values, dtype=np.dtype(field.dtype))


def stored_columns(schema: Schema, columns: Mapping[tuple[type, str], NDArray[Any]]) -> list[Any]:
    """Start values by field, as the core takes them."""
    given = []
    for (owner, name), values in columns.items():
        field = owner.__bw_fields__[name]  # type: ignore[attr-defined]
        given.append((schema.field_number(field), stored_column(field, values)))
    return given


def schema_of(description: WorldDescription) -> Schema:
    """All components that a world's description names: in spawns, cells, inputs, behaviors and effects."""
    found: list[type] = [*description.components, *description.input_components]
    found += [cells.component for cells in description.cells]
    found += [graph.component for graph in description.graphs]
    for behavior in description.behaviors:
        found += behavior.components
        found += [use.component for use in (*behavior.reaches, *behavior.cells, *behavior.attaches)]
        found += [component for use in behavior.spawns for component in use.components]
        found += [use.target for use in behavior.claims]
        found += [use.field.owner for use in behavior.deposits]
    return Schema(found, map(type, description.resources))


def is_cell(component: type) -> bool:
    """Whether a component belongs to cells."""
    return issubclass(component, CellComponent)


def counted(schema: Schema, component: type, value: Mapping[str, Any]) -> tuple[int, int, bytes]:
    """What `sim.count(Plot, state=2)` counts: the engine's numbers of the field, and the stored value.

    Raises:
        UserError: as `counted_value`.
    """
    field, stored = counted_value(component, value)
    return *schema.field_number(field), stored


def counted_value(component: type, value: Mapping[str, Any]) -> tuple[Field, bytes]:
    """The field whose values are counted, and the stored form of the one that counts.

    Raises:
        UserError: not one field of one number of entities or cells, or a value that is none of its type.
    """
    name = component.__name__
    if len(value) != 1:
        raise UserError(f"count({name}, ...) counts the values of one field; found {', '.join(value)}")
    ((label, wanted),) = value.items()
    field = field_of(component, label)
    if is_edge(component) or field.length != 1 or field.kind not in ("scalar", "enum", "ref"):
        raise UserError(
            f"count({name}, {label}=...): expected a number, an enum or a reference of entities or "
            f"cells; found a {'field of edges' if is_edge(component) else field.kind}"
        )
    elements = checked_elements(field.type, wanted, field.full_name)
    return field, np.array(elements, field.dtype).tobytes()


def field_of(component: type, name: str) -> Field:
    """A field of a component by its name.

    Raises:
        UserError: there is none of this name.
    """
    fields: dict[str, Field] = component.__bw_fields__  # type: ignore[attr-defined]
    if name not in fields:
        known = nearest_names(name, fields)
        raise UserError(f"component '{component.__name__}' has no field '{name}'{known}")
    return fields[name]


def is_edge(component: type) -> bool:
    """Whether a component belongs to the edges of a graph."""
    return issubclass(component, EdgeComponent)
