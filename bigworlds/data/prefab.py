"""Prefabs: sets of components with values, from which entities are spawned."""

from __future__ import annotations

from typing import Any

from bigworlds.data.component import CellComponent, Component
from bigworlds.data.fields import Field, to_elements, zero_of
from bigworlds.errors import ModelError


class Prefab:
    """Components with values, given to `spawn` instead of classes; it does not change.

    `world.spawn(deer, n=10, energy=5.0)`: what the call gives wins over the prefab's values, and these over
    the components' defaults. `sim.spawn`, inputs and `bw.Spawn[deer]` in behaviors take prefabs too.

    Args:
        parts: component classes, components with values, and other prefabs; of two values of a field the
            later one holds. A `position` that is the zero vector counts as not given.

    Raises:
        ModelError: something else, a component named twice, or a value that does not fit.

    Example:
        >>> import bigworlds as bw
        >>> class Animal(bw.Component):
        ...     energy: float
        ...     legs: int = 4
        >>> class Herbivore(bw.Component):
        ...     pass
        >>> deer = bw.Prefab(Animal(energy=3.0), Herbivore)
        >>> deer
        Prefab(Animal(energy=3.0), Herbivore)
        >>> @bw.model()
        ... def forest(world):
        ...     world.spawn(deer, n=2)
        ...     world.spawn(deer, energy=5.0)
        >>> forest.simulate(rng=1).table(Animal)["energy"].tolist()
        [3.0, 3.0, 5.0]
    """

    def __init__(self, *parts: Any) -> None:
        values: dict[Field, Any] = {}
        components: dict[type[Component], None] = {}
        named: set[type[Component]] = set()
        for part in parts:
            added = part.components if isinstance(part, Prefab) else (_class_of(part),)
            if not isinstance(part, Prefab):
                if added[0] in named:
                    raise ModelError(f"Prefab: {added[0].__name__} is named twice")
                named.add(added[0])
            components.update(dict.fromkeys(added))
            values.update(part.values if isinstance(part, Prefab) else _values_of(part))
        if not components:
            raise ModelError("Prefab takes components or their classes, as in bw.Prefab(Animal(energy=3.0))")
        self._components, self._values = tuple(components), values

    @property
    def components(self) -> tuple[type[Component], ...]:
        """The classes of its components, in order."""
        return self._components

    @property
    def values(self) -> dict[Field, Any]:
        """What it gives that is not a default, by field."""
        return dict(self._values)

    def __repr__(self) -> str:
        shown = []
        for component in self._components:
            given = ", ".join(f"{f.name}={v!r}" for f, v in self._values.items() if f.owner is component)
            shown.append(f"{component.__name__}({given})" if given else component.__name__)
        return f"Prefab({', '.join(shown)})"


def _class_of(part: Any) -> type[Component]:
    kind = part if isinstance(part, type) else type(part)
    if not issubclass(kind, Component) or kind in (Component, CellComponent):
        raise ModelError(f"Prefab takes component classes, components and prefabs; found {part!r}")
    if issubclass(kind, CellComponent):
        raise ModelError(f"Prefab: {kind.__name__} belongs to cells; entities cannot have it")
    return kind


def _values_of(part: Any) -> dict[Field, Any]:
    """The values of a component that are not its defaults, checked."""
    if isinstance(part, type):
        return {}
    values = {}
    for name, field in type(part).__bw_fields__.items():
        value = getattr(part, name)
        elements = to_elements(field.type, value, f"Prefab: {field.full_name}")
        default = zero_of(field.type) if field.default is None else field.default
        if elements != to_elements(field.type, default, field.full_name):
            values[field] = value
    return values


def expanded(parts: tuple[Any, ...]) -> tuple[tuple[Any, ...], dict[Field, Any]]:
    """Parts of a spawn with the prefabs among them taken apart, and the prefabs' values."""
    plain: list[Any] = []
    values: dict[Field, Any] = {}
    for part in parts:
        if isinstance(part, Prefab):
            plain += part.components
            values.update(part.values)
        else:
            plain.append(part)
    return tuple(plain), values
