"""What worlds are described with: field types, vectors, components, events and parameters."""

from bigworlds.data.component import CellComponent, Component, EdgeComponent, Event
from bigworlds.data.fields import (
    Field,
    FieldType,
    Ref,
    array,
    bool_,
    f32,
    f64,
    i8,
    i16,
    i32,
    i64,
    short_list,
    string,
    u8,
    u16,
    u32,
    u64,
)
from bigworlds.data.name import Name
from bigworlds.data.parameters import ParameterRef, Parameters, param
from bigworlds.data.prefab import Prefab
from bigworlds.data.resource import Resource
from bigworlds.data.vectors import ivec2, ivec3, vec2, vec3

__all__ = [
    "CellComponent", "Component", "EdgeComponent", "Event", "Field", "FieldType", "Name", "ParameterRef",
    "Parameters", "Prefab", "Ref", "Resource", "array", "bool_", "f32", "f64", "i8", "i16", "i32", "i64",
    "ivec2", "ivec3", "param", "short_list", "string", "u8", "u16", "u32", "u64", "vec2", "vec3",
]  # fmt: skip
