"""The model's parameters as Python code sees them: attributes, read from the block in bw_call."""

from __future__ import annotations

import ctypes
from typing import Any

from bigworlds.data.resource import Resource, layout_of
from bigworlds.data.vectors import ivec2, ivec3, vec2, vec3
from bigworlds.errors import nearest_names

_VECTORS: dict[tuple[str, int], Any] = {
    ("f8", 2): vec2,
    ("f8", 3): vec3,
    ("i8", 2): ivec2,
    ("i8", 3): ivec3,
}
_CTYPES: dict[str, Any] = {"f8": ctypes.c_double, "i8": ctypes.c_int64, "b1": ctypes.c_bool}


class ParameterValues:
    """The parameters of a run; they cannot be set."""

    def __init__(self, values: dict[str, Any]) -> None:
        self.__dict__.update(values)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"the model has no parameter {name!r}{nearest_names(name, self.__dict__)}")

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"parameters are constant during a run; {name!r} cannot be set")

    def __repr__(self) -> str:
        return f"parameters({', '.join(f'{k}={v!r}' for k, v in self.__dict__.items())})"


def parameters_of(call: Any, block: Any, kind: Any, *, plain: bool) -> ParameterValues:
    """The parameters, or the values of a resource, in a call's block.

    Args:
        call: the bw_call.
        block: the class of the model's whole block.
        kind: the class of its parameters, or of a resource.
        plain: choices as texts and enums as members; else their numbers, as compiled behaviors see them.
    """
    values: dict[str, Any] = {}
    declared = (kind if issubclass(kind, Resource) else block).__bw_parameters__ if plain else {}
    for name, (code, offset, length) in layout_of(block, kind).items():
        numbers = [_CTYPES[code].from_address(call.parameters + offset + 8 * i).value for i in range(length)]
        value = _VECTORS[code, length](*numbers) if length > 1 else numbers[0]
        if name in declared and declared[name].kind == "choice":
            value = declared[name].choices[value]
        elif name in declared and declared[name].kind == "enum":
            value = declared[name].type(value)
        values[name] = value
    return ParameterValues(values)
