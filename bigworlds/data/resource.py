"""Resources: values that belong to the world as a whole and change while it runs, such as the weather.

They stand behind the model's parameters in the block that kernels read, each at its place in the order of
the classes' names.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, ClassVar, Self

from bigworlds.data.parameters import Parameters
from bigworlds.errors import UserError

Layout = Mapping[str, tuple[str, int, int]]

_CODES = {"i8": "<q", "f8": "<d", "b1": "<?"}


class Resource(Parameters):
    """Values of the world as a whole: subclass it, and declare each as `name: type = default`.

    `world.resource(Weather, rain=1.0)` gives a world one. Every kind of behavior reads it as an argument,
    `weather: Weather`, as constant within a phase; inputs, behaviors that run once per tick
    (`world.set_resource`) and `sim.set_resource` change it. It is part of the world's state. Types, ranges
    and defaults are those of `bw.Parameters`.

    Example:
        >>> import bigworlds as bw
        >>> class Weather(bw.Resource):
        ...     rain: float = bw.param(0.0, min=0.0, help="mm a day")
        >>> class Grass(bw.Component):
        ...     height: float
        >>> @bw.behavior
        ... def grow(grass: Grass, weather: Weather) -> None:
        ...     grass.height += 0.5 * weather.rain
        >>> @bw.model()
        ... def meadow(world):
        ...     world.resource(Weather, rain=2.0)
        ...     world.spawn(Grass, n=2)
        ...     world.behaviors(grow)
        >>> sim = meadow.simulate(rng=1)
        >>> sim.step()
        >>> sim.set_resource(Weather, rain=4.0)
        >>> sim.step()
        >>> sim.table(Grass)["height"].tolist()
        [3.0, 3.0]
    """

    _word: ClassVar[str] = "field"

    @classmethod
    def unpack(cls, block: bytes) -> Self:
        """The values that `pack` made the first bytes of a block of."""
        values: dict[str, Any] = {}
        for name, (kind, offset, length) in cls.__bw_layout__.items():
            numbers = [struct.unpack_from(_CODES[kind], block, offset + 8 * k)[0] for k in range(length)]
            declared = cls.__bw_parameters__[name]
            if declared.kind == "choice":
                values[name] = declared.choices[numbers[0]]
            elif length > 1:
                values[name] = declared.type(*numbers)
            else:
                values[name] = numbers[0]
        return cls(**values)

    def replace(self, **changes: Any) -> Self:
        """A copy with some values changed; the others stay, also those whose defaults were computed."""
        return type(self)(**{**{name: self.__dict__[name] for name in self}, **changes})

    def __setattr__(self, name: str, value: Any) -> None:
        type(self).find(name)
        shown = f"{type(self).__name__}, {name}=..."
        raise UserError(f"a resource is changed by world.set_resource({shown}) or sim.set_resource({shown})")


def size_of(layout: Layout) -> int:
    """Bytes of a block."""
    return max((offset + 8 * length for _, offset, length in layout.values()), default=0)


def block_class(parameters: type[Parameters] | None, resources: Iterable[type[Resource]]) -> Any:
    """The class of a model's whole block: that of its parameters, with `__bw_resources__` behind them.

    Args:
        parameters: the class of the model's parameters, or None.
        resources: those of its world; they stand in the order of their names.
    """
    kinds = sorted(resources, key=lambda kind: kind.__name__)
    if not kinds:
        return parameters
    base = parameters or Parameters
    end = size_of(base.__bw_layout__)
    placed: dict[type[Resource], Layout] = {}
    for kind in kinds:
        placed[kind] = MappingProxyType(
            {name: (code, end + at, length) for name, (code, at, length) in kind.__bw_layout__.items()}
        )
        end += size_of(kind.__bw_layout__)
    return type(base.__name__, (base,), {"__bw_resources__": placed, "__module__": base.__module__})


def resources_of(block: Any) -> dict[type[Resource], Layout]:
    """The resources in a block and their layouts."""
    found: dict[type[Resource], Layout] = getattr(block, "__bw_resources__", {})
    return found


def layout_of(block: Any, kind: type) -> Layout:
    """Where the values of a class of parameters, or of a resource, stand in a block."""
    layout: Layout = resources_of(block)[kind] if issubclass(kind, Resource) else block.__bw_layout__
    return layout


def whole_layout(block: Any) -> dict[str, tuple[str, int, int]] | None:
    """All of a block: parameters by name, values of resources as "Weather.rain"; None where it is empty."""
    layout = dict(getattr(block, "__bw_layout__", {}))
    for kind, placed in resources_of(block).items():
        layout.update({f"{kind.__name__}.{name}": entry for name, entry in placed.items()})
    return layout or None
