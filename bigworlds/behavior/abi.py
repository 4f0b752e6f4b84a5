"""The C contract of behavior_abi.h as ctypes structures, and its byte offsets for generated code.

The layouts here equal those of the header; a test compares them with what the C++ core reports.
"""

from __future__ import annotations

import ctypes
from ctypes import CFUNCTYPE, POINTER, c_double, c_int32, c_int64, c_uint8, c_uint32, c_uint64, c_void_p

ABI_VERSION = 4
OK = 0
FAILED = 1
NEW_EDGE = -1
KERNEL_CAPSULE = "bigworlds.kernel.v4"


class Column(ctypes.Structure):
    """bw_column: the value of a row stands at data + row * stride."""

    _fields_ = [("data", c_void_p), ("stride", c_int64)]


class Hits(ctypes.Structure):
    """bw_hits: the neighbours of one agent."""

    _fields_ = [
        ("count", c_int64),
        ("slots", POINTER(c_uint32)),
        ("offset", POINTER(c_double) * 3),
        ("distance2", POINTER(c_double)),
        ("edges", POINTER(c_uint32)),
    ]


class Stencil(ctypes.Structure):
    """bw_stencil: the cells around a cell, as steps between rows."""

    _fields_ = [
        ("count", c_int64),
        ("steps", POINTER(c_int64)),
        ("offset", POINTER(c_double) * 3),
        ("distance2", POINTER(c_double)),
    ]


class Span(ctypes.Structure):
    """bw_span: cells that lie side by side, with the same neighbours in the world."""

    _fields_ = [("begin", c_int64), ("end", c_int64), ("shape", c_int64)]


class Occupants(ctypes.Structure):
    """bw_occupants: who stands where on a grid with at most one agent a cell."""

    _fields_ = [
        ("occupied", POINTER(c_uint8)),
        ("places", Column),
        ("strides", c_int64 * 3),
        ("origin", c_int64),
        ("neighbor_count", c_int64),
        ("neighbors", POINTER(c_int64)),
        ("run_count", c_int64),
        ("runs", POINTER(c_int64)),
        ("lanes", POINTER(c_uint64)),
        ("odd_neighbors", POINTER(c_int64)),
        ("odd_runs", POINTER(c_int64)),
        ("coded", c_int64),
    ]


class Reach(ctypes.Structure):
    """bw_reach: what a behavior reads of others through one Neighbors argument."""

    _fields_ = [
        ("columns", POINTER(Column)),
        ("ids", POINTER(c_uint64)),
        ("edge_columns", POINTER(Column)),
        ("slot_count", c_int64),
        ("stencils", POINTER(Stencil)),
        ("occupants", POINTER(Occupants)),
        ("places", POINTER(c_double)),
    ]


class Cells(ctypes.Structure):
    """bw_cells: the components of cells that a behavior reads at places."""

    _fields_ = [("columns", POINTER(Column))]


class Inbox(ctypes.Structure):
    """bw_inbox: the events that wait for one agent."""

    _fields_ = [("count", c_int64), ("records", c_void_p), ("stride", c_int64)]


class Call(ctypes.Structure):
    """bw_call: everything that a kernel is given."""


_CALL = POINTER(Call)
_ONE = CFUNCTYPE(c_double, c_double)
_TWO = CFUNCTYPE(c_double, c_double, c_double)
_WORD = CFUNCTYPE(c_double, c_uint64)
_PLACE = POINTER(c_double)

MATH_ONE = (
    "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "exp", "expm1", "log", "log1p",
    "log2", "log10", "cbrt",
)  # fmt: skip
MATH_TWO = ("atan2", "pow", "hypot", "fmod")


# Numbers in front of the fields that services which give records take.
RECORD_FRONT = {"send": 2, "link": 2}


class Services(ctypes.Structure):
    """bw_services: what the engine does for a kernel."""

    _fields_ = [
        ("gather", CFUNCTYPE(c_int64, _CALL, c_int64, c_int64)),
        ("spawn", CFUNCTYPE(c_void_p, _CALL, c_int64, c_int64)),
        ("despawn", CFUNCTYPE(None, _CALL, c_int64)),
        ("attach", CFUNCTYPE(c_void_p, _CALL, c_int64, c_int64)),
        ("detach", CFUNCTYPE(None, _CALL, c_int64, c_int64)),
        ("claim", CFUNCTYPE(None, _CALL, c_int64, c_int64, _PLACE, c_int64)),
        ("deposit", CFUNCTYPE(None, _CALL, c_int64, c_int64, _PLACE, c_double)),
        ("send", CFUNCTYPE(c_void_p, _CALL, c_int64, c_int64, c_uint64, c_int64)),
        ("inbox", CFUNCTYPE(Inbox, _CALL, c_int64, c_int64)),
        ("cell_at", CFUNCTYPE(c_int64, _CALL, c_int64, _PLACE)),
        ("random_empty", CFUNCTYPE(c_int64, _CALL, c_uint64)),
        ("commit", CFUNCTYPE(c_int32, _CALL, c_int64)),
        ("sin", _ONE),
        ("cos", _ONE),
        ("tan", _ONE),
        ("asin", _ONE),
        ("acos", _ONE),
        ("atan", _ONE),
        ("atan2", _TWO),
        ("sinh", _ONE),
        ("cosh", _ONE),
        ("tanh", _ONE),
        ("exp", _ONE),
        ("expm1", _ONE),
        ("log", _ONE),
        ("log1p", _ONE),
        ("log2", _ONE),
        ("log10", _ONE),
        ("pow", _TWO),
        ("cbrt", _ONE),
        ("hypot", _TWO),
        ("fmod", _TWO),
        ("normal", _WORD),
        ("exponential", _WORD),
        ("gather_rows", CFUNCTYPE(c_int64, _CALL, c_int64, c_int64, c_int64)),
        ("link", CFUNCTYPE(c_void_p, _CALL, c_int64, c_int64, c_uint64, c_int64)),
        ("unlink", CFUNCTYPE(None, _CALL, c_int64, c_int64, c_uint64)),
        ("gradient", CFUNCTYPE(c_int32, _CALL, c_int64, c_int64, _PLACE, _PLACE)),
        ("gather_slots", CFUNCTYPE(c_int64, _CALL, c_int64, c_int64, c_int64)),
    ]


Call._fields_ = [
    ("version", c_uint32),
    ("struct_size", c_uint32),
    ("tick", c_int64),
    ("rng_key", c_uint64),
    ("ids", POINTER(c_uint64)),
    ("columns", POINTER(Column)),
    ("parameters", c_void_p),
    ("reaches", POINTER(Reach)),
    ("cells", POINTER(Cells)),
    ("services", POINTER(Services)),
    ("order", POINTER(c_uint32)),
    ("hits", Hits),
    ("place", c_double * 3),
    ("extent", c_double * 3),
    ("failed_row", c_int64),
    ("engine", c_void_p),
    ("rows_hits", Hits),
    ("hit_starts", POINTER(c_uint32)),
    ("spans", POINTER(Span)),
    ("hit_centers", POINTER(c_double)),
]

KERNEL = CFUNCTYPE(c_int32, _CALL, c_int64, c_int64)


class NativeBehavior(ctypes.Structure):
    """bw_behavior: what shared libraries export and capsules point at."""

    _fields_ = [("version", c_uint32), ("reserved", c_uint32), ("kernel", c_void_p)]


_STRUCTURES: dict[str, type[ctypes.Structure]] = {
    "bw_column": Column,
    "bw_hits": Hits,
    "bw_stencil": Stencil,
    "bw_span": Span,
    "bw_occupants": Occupants,
    "bw_reach": Reach,
    "bw_cells": Cells,
    "bw_inbox": Inbox,
    "bw_services": Services,
    "bw_call": Call,
    "bw_behavior": NativeBehavior,
}


def layout() -> dict[str, int]:
    """Byte offsets by "struct.member", and "sizeof.struct", of this mirror of the header.

    Example:
        >>> layout()["bw_call.tick"], layout()["sizeof.bw_column"]
        (8, 16)
    """
    offsets: dict[str, int] = {}
    for name, structure in _STRUCTURES.items():
        offsets[f"sizeof.{name}"] = ctypes.sizeof(structure)
        for member in structure._fields_:
            offsets[f"{name}.{member[0]}"] = getattr(structure, member[0]).offset
    return offsets


LAYOUT = layout()

__all__ = [
    "ABI_VERSION",
    "FAILED",
    "KERNEL",
    "KERNEL_CAPSULE",
    "LAYOUT",
    "MATH_ONE",
    "MATH_TWO",
    "NEW_EDGE",
    "OK",
]
