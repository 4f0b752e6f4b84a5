"""The numba types of a behavior's arguments. All but items are one pointer to the row's state or its own
fields.

The entry (entry.py) makes the state on the stack of each kernel call; once the user's function is inlined,
the optimiser turns all of it into registers.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from numba.core import types
from numba.core.datamodel import models
from numba.core.datamodel.registry import register_default
from numba.core.imputils import lower_getattr_generic, lower_setattr_generic
from numba.core.typing.templates import AttributeTemplate, infer_getattr

from bigworlds.behavior.abi import LAYOUT
from bigworlds.behavior.compiled import memory
from bigworlds.behavior.compiled.memory import F64, I64, PTR
from bigworlds.behavior.compiled.vectors import BY_NAME, NAMES, VecType, pack, square_root
from bigworlds.data import FieldType

# The row's state: byte offsets of its members, 8 bytes each (OFFSET, CENTER and PLACE have three).
CALL, ROW = 0, 8
GATHERED, COUNT, SLOTS, OFFSET, DISTANCE2, EDGES = 16, 24, 32, 40, 64, 72  # hits of which Neighbors
DRAWN, BLOCK, FIRST, SECOND = 80, 88, 96, 104  # words drawn; the random words of one block
PARAMETERS, REACHES = 112, 120  # of bw_call, loaded before the loop over rows
KEPT, NUMBER, FAR = 128, 136, 144  # of behaviors in two halves: see halves.py
CENTER = 152  # where the search of a located reach started
PLACE, OWN = 176, 200  # where the row was at the start; pointers to the own fields by own argument

LOOKED_AT = 16  # of each Neighbors argument whose cells the kernel looks at: bytes behind the own fields
CHUNK = 32  # rows whose first random blocks are computed, and neighbours found, at once

# Of each Neighbors argument over cells, behind the own fields: offsets from its `base`; a pointer to what was
# loaded of each column stands at VALUES + 8 * column.
STENCIL_COUNT, STENCIL_STEPS, STENCIL_OFFSET, STENCIL_DISTANCE2, STENCIL_VALUES = 0, 8, 16, 40, 48


def state_size(own_count: int, reaches: Iterable[ReachType] = (), looked_at: int = 0) -> int:
    """Bytes of the row's state of a behavior with so many own components and Neighbors over cells."""
    stencils = sum(STENCIL_VALUES + 8 * len(reach.fields) for reach in reaches)
    return OWN + 8 * own_count + LOOKED_AT * looked_at + stencils


def value_type(kind: FieldType) -> Any:
    """The numba type of a field's value in a behavior."""
    if kind.kind in BY_NAME:
        return BY_NAME[kind.kind]
    if kind.kind in ("array", "list", "string"):
        return BlockType(kind.kind, kind.dtype, kind.length, True)
    return {"f": types.float64, "b": types.boolean}.get(_letter(kind.dtype), types.int64)


def _letter(dtype: str) -> str:
    return dtype[0]


class BlockType(types.Type):
    """An array, list or string field that stays in memory: a pointer to its stored elements."""

    def __init__(self, kind: str, dtype: str, length: int, writable: bool) -> None:
        self.kind, self.dtype, self.length, self.writable = kind, dtype, length, writable
        super().__init__(name=f"bw.{kind}[{dtype},{length},{writable}]")


# Fields that the cells of a grid can tell by the bytes that say who stands where.
_CODED = {("scalar", "u1"), ("scalar", "i1"), ("enum", "i1")}


class PointerType(types.Type):
    """An argument that is one pointer to the row's state."""


class OwnType(types.Type):
    """An own component: a pointer to the row's loaded fields, at the given offsets. Behind them stands, for
    each of `perhaps` by its name, whether it was written: such fields are stored where they were."""

    def __init__(
        self,
        name: str,
        fields: tuple[tuple[str, FieldType, int, bool], ...],
        perhaps: tuple[tuple[str, int], ...] = (),
    ) -> None:
        self.fields = {f[0]: f for f in fields}
        self.perhaps = dict(perhaps)
        described = ",".join(
            f"{n}:{k.kind}{k.dtype}{k.length}@{o}{'w' if w else ''}" for n, k, o, w in fields
        )
        super().__init__(name=f"bw.own.{name}({described};{perhaps})")


class ParametersType(PointerType):
    """The model's parameters: (name, kind, offset, length) in the block of bw_call."""

    def __init__(self, layout: tuple[tuple[str, str, int, int], ...]) -> None:
        self.layout = {entry[0]: entry for entry in layout}
        super().__init__(name=f"bw.parameters({layout})")


class ReachType(PointerType):
    """A Neighbors argument: its position, the fields of others and of edges by column, the type of offsets
    (None: unused), whether distances are used, for cells around cells where the row's state holds the
    stencil, the axes of a grid whose cells the kernel looks at for agents (else 0); whether these are
    hexagons; the axes of a continuous space whose coordinates the kernel subtracts itself (else 0);
    where the row's state says in how many runs cells are looked at, and behind it whether the cells tell the
    field of `coded`, the first whole number of one byte (-1: there is none)."""

    def __init__(
        self,
        index: int,
        fields: tuple[tuple[str, FieldType], ...],
        edge_fields: tuple[tuple[str, FieldType], ...],
        offset: VecType | None,
        metric: bool,
        base: int | None = None,
        axes: int = 0,
        hexagonal: bool = False,
        located: int = 0,
        runs: int = 0,
    ) -> None:
        self.index, self.offset, self.metric, self.base = index, offset, metric, base
        self.axes, self.hexagonal, self.located, self.runs = axes, hexagonal, located, runs
        self.fields = {name: (column, kind) for column, (name, kind) in enumerate(fields)}
        bytes_of = (c for c, kind in self.fields.values() if (kind.kind, kind.dtype) in _CODED)
        self.coded = next(bytes_of, -1)
        self.edge_fields = {name: (column, kind) for column, (name, kind) in enumerate(edge_fields)}
        shown = f"{fields},{edge_fields},{offset},{metric},{base},{axes},{hexagonal},{located},{runs}"
        super().__init__(name=f"bw.neighbors{index}({shown})")


class ItemType(types.Type):
    """One neighbour, as a value: state, slot, offset, squared distance and edge (cells: its number)."""

    def __init__(self, reach: ReachType) -> None:
        self.reach = reach
        super().__init__(name=f"bw.neighbor({reach.name})")


class EdgeType(types.Type):
    """The edge to a neighbour."""

    def __init__(self, reach: ReachType) -> None:
        self.reach = reach
        super().__init__(name=f"bw.edge({reach.name})")


class RngType(PointerType):
    """The agent's random stream."""

    def __init__(self) -> None:
        super().__init__(name="bw.rng")


class ClockType(PointerType):
    """The clock."""

    def __init__(self) -> None:
        super().__init__(name="bw.clock")


class EntityType(PointerType):
    """The agent itself."""

    def __init__(self) -> None:
        super().__init__(name="bw.entity")


class SpaceType(PointerType):
    """The world's size."""

    def __init__(self, size: VecType) -> None:
        self.size = size
        super().__init__(name=f"bw.space({size})")


class EffectType(PointerType):
    """Something that orders an effect by its position among its kind: spawn, attach, claim, deposit, send.

    `fields` is the record: (name, type, offset). `granted` tells a sequential claim where its result is:
    (column, type, own component, offset in its fields).
    """

    def __init__(
        self,
        what: str,
        index: int,
        fields: tuple[tuple[str, FieldType, int], ...] = (),
        granted: tuple[int, FieldType, int, int] | None = None,
    ) -> None:
        self.what, self.index, self.granted = what, index, granted
        self.fields = {f[0]: f for f in fields}
        super().__init__(name=f"bw.{what}{index}({fields},{granted})")


class InboxType(PointerType):
    """The waiting events of one channel: (field, type, offset in the record)."""

    def __init__(self, index: int, fields: tuple[tuple[str, FieldType, int], ...]) -> None:
        self.index = index
        self.fields = {f[0]: f for f in fields}
        super().__init__(name=f"bw.inbox{index}({fields})")


class EventType(types.Type):
    """One waiting event: a pointer to its record."""

    def __init__(self, inbox: InboxType) -> None:
        self.inbox = inbox
        super().__init__(name=f"bw.event({inbox.name})")


class CellsType(PointerType):
    """A Here or Cells argument: the fields by column."""

    def __init__(self, index: int, fields: tuple[tuple[str, FieldType], ...]) -> None:
        self.index = index
        self.fields = {name: (column, kind) for column, (name, kind) in enumerate(fields)}
        super().__init__(name=f"bw.cells{index}({fields})")


class CellType(types.Type):
    """One cell of a Cells argument: state and row."""

    def __init__(self, cells: CellsType) -> None:
        self.cells = cells
        super().__init__(name=f"bw.cell({cells.name})")


for _type in (
    BlockType, OwnType, ParametersType, ReachType, RngType, ClockType, EntityType, SpaceType,
    EffectType, InboxType, EventType, CellsType,
):  # fmt: skip

    @register_default(_type)
    class _PointerModel(models.OpaqueModel):
        pass


ITEM_MEMBERS = ("state", "slot", "x", "y", "z", "distance2", "edge")


@register_default(ItemType)
class _ItemModel(models.StructModel):
    def __init__(self, manager: Any, kind: ItemType) -> None:
        whole, real = types.int64, types.float64
        kinds = (types.voidptr, whole, real, real, real, real, whole)
        super().__init__(manager, kind, list(zip(ITEM_MEMBERS, kinds, strict=True)))


@register_default(EdgeType)
@register_default(CellType)
class _StateAndRowModel(models.StructModel):
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, [("state", types.voidptr), ("row", types.int64)])


def call_of(builder: Any, state: Any) -> Any:
    """The bw_call pointer in the row's state."""
    return memory.load(builder, state, CALL, PTR)


def row_of(builder: Any, state: Any) -> Any:
    """The row in the row's state."""
    return memory.load(builder, state, ROW, I64)


def pack_value(builder: Any, kind: FieldType, components: list[Any]) -> Any:
    """A field's value from its components."""
    return pack(builder, components) if kind.kind in BY_NAME else components[0]


def value_at(builder: Any, kind: FieldType, base: Any, offset: Any) -> Any:
    """A field's value from memory: a number, a vector, or for blocks the pointer itself."""
    if memory.is_block(kind):
        return memory.at(builder, base, offset)
    return pack_value(builder, kind, memory.load_value(builder, kind, base, offset))


def column_value(builder: Any, columns: Any, column: int, kind: FieldType, row: Any) -> Any:
    """The value of a row of a column in an array of bw_column."""
    entry = memory.at(builder, columns, column * LAYOUT["sizeof.bw_column"])
    data = memory.member(builder, entry, "bw_column.data")
    stride = memory.member(builder, entry, "bw_column.stride", I64)
    return value_at(builder, kind, data, builder.mul(row, stride))


def reach_of(builder: Any, state: Any, index: int) -> Any:
    """A pointer to call->reaches[index]."""
    reaches = memory.load(builder, state, REACHES, PTR)
    return memory.at(builder, reaches, index * LAYOUT["sizeof.bw_reach"])


def read_only(kind: FieldType) -> Any:
    """The numba type of a field that belongs to somebody else."""
    if memory.is_block(kind):
        return BlockType(kind.kind, kind.dtype, kind.length, False)
    return value_type(kind)


@infer_getattr
class _OwnAttributes(AttributeTemplate):
    key = OwnType

    def generic_resolve(self, owner: OwnType, name: str) -> Any:
        if name not in owner.fields:
            return None
        _, kind, _, writable = owner.fields[name]
        return value_type(kind) if writable else read_only(kind)


@lower_getattr_generic(OwnType)
def _own_get(context: Any, builder: Any, owner: OwnType, pointer: Any, name: str) -> Any:
    _, kind, offset, _ = owner.fields[name]
    if memory.is_block(kind):
        return memory.load(builder, pointer, offset, PTR)
    llvm_type = context.get_value_type(value_type(kind))
    return memory.load(builder, pointer, offset, llvm_type)


@lower_setattr_generic(OwnType)
def _own_set(context: Any, builder: Any, sig: Any, args: Any, name: str) -> None:
    memory.store(builder, args[0], sig.args[0].fields[name][2], args[1])
    if name in sig.args[0].perhaps:
        memory.store(builder, args[0], sig.args[0].perhaps[name], I64(1))


@infer_getattr
class _ParameterAttributes(AttributeTemplate):
    key = ParametersType

    def generic_resolve(self, owner: ParametersType, name: str) -> Any:
        if name not in owner.layout:
            return None
        _, kind, _, length = owner.layout[name]
        if length > 1:
            return VecType(kind == "i8", length)
        return {"f8": types.float64, "i8": types.int64, "b1": types.boolean}[kind]


@lower_getattr_generic(ParametersType)
def _parameter(context: Any, builder: Any, owner: ParametersType, state: Any, name: str) -> Any:
    _, kind, offset, length = owner.layout[name]
    block = memory.load(builder, state, PARAMETERS, PTR)
    if kind == "b1":
        return memory.load_element(builder, "b1", block, offset, invariant=True)
    got = [memory.load_element(builder, kind, block, offset + 8 * i, invariant=True) for i in range(length)]
    return pack(builder, got) if length > 1 else got[0]


@infer_getattr
class _ItemAttributes(AttributeTemplate):
    key = ItemType

    def generic_resolve(self, item: ItemType, name: str) -> Any:
        reach = item.reach
        if name in reach.fields:
            return read_only(reach.fields[name][1])
        if name == "offset":
            return reach.offset
        return {"distance": types.float64, "id": types.int64, "edge": EdgeType(reach)}.get(name)


@lower_getattr_generic(ItemType)
def _item_get(context: Any, builder: Any, item: ItemType, value: Any, name: str) -> Any:
    part = {n: builder.extract_value(value, i) for i, n in enumerate(ITEM_MEMBERS)}
    if name == "offset":
        assert item.reach.offset is not None
        steps = [part[n] for n in NAMES[: item.reach.offset.size]]
        return pack(builder, [builder.fptosi(s, I64) for s in steps] if item.reach.offset.whole else steps)
    if name == "distance":
        return square_root(builder, part["distance2"])
    if name == "edge":
        return pack(builder, [part["state"], part["edge"]])
    reach = reach_of(builder, part["state"], item.reach.index)
    if name == "id":
        ids = memory.member(builder, reach, "bw_reach.ids")
        return memory.load(builder, ids, builder.shl(part["slot"], I64(3)), I64)
    if item.reach.base is not None:
        from bigworlds.behavior.compiled.stencils import neighbor_value

        return neighbor_value(builder, part["state"], item.reach, name, part["slot"], part["edge"])
    column, kind = item.reach.fields[name]
    if item.reach.axes or item.reach.located:
        return value_at(
            builder, kind, packed_column(builder, reach, column), packed_bytes(builder, kind, part["slot"])
        )
    return column_value(
        builder, memory.member(builder, reach, "bw_reach.columns"), column, kind, part["slot"]
    )


def packed_column(builder: Any, reach: Any, column: int) -> Any:
    """Where the values of a column begin that stand side by side: by cell, or by slot."""
    columns = memory.member(builder, reach, "bw_reach.columns")
    entry = memory.at(builder, columns, column * LAYOUT["sizeof.bw_column"])
    return memory.member(builder, entry, "bw_column.data")


def packed_bytes(builder: Any, kind: FieldType, at: Any) -> Any:
    """From there to the value of a cell or slot."""
    count = kind.length if memory.is_block(kind) else memory.VECTOR_SIZE.get(kind.kind, 1)
    return builder.mul(at, I64(memory.element_size(kind) * count), flags=["nsw"])


@infer_getattr
class _EdgeAttributes(AttributeTemplate):
    key = EdgeType

    def generic_resolve(self, edge: EdgeType, name: str) -> Any:
        found = edge.reach.edge_fields.get(name)
        return None if found is None else read_only(found[1])


@lower_getattr_generic(EdgeType)
def _edge_get(context: Any, builder: Any, edge: EdgeType, value: Any, name: str) -> Any:
    state, row = (builder.extract_value(value, i) for i in range(2))
    columns = memory.member(builder, reach_of(builder, state, edge.reach.index), "bw_reach.edge_columns")
    column, kind = edge.reach.edge_fields[name]
    return column_value(builder, columns, column, kind, row)


@infer_getattr
class _ClockAttributes(AttributeTemplate):
    key = ClockType

    def generic_resolve(self, owner: ClockType, name: str) -> Any:
        return types.int64 if name == "tick" else None


@lower_getattr_generic(ClockType)
def _clock_get(context: Any, builder: Any, owner: ClockType, state: Any, name: str) -> Any:
    return memory.member(builder, call_of(builder, state), "bw_call.tick", I64)


@infer_getattr
class _EntityAttributes(AttributeTemplate):
    key = EntityType

    def generic_resolve(self, owner: EntityType, name: str) -> Any:
        return types.int64 if name == "id" else None


def own_id(builder: Any, state: Any) -> Any:
    """The id of the row's entity."""
    ids = memory.member(builder, call_of(builder, state), "bw_call.ids")
    return memory.load(builder, ids, builder.shl(row_of(builder, state), I64(3)), I64, invariant=True)


@lower_getattr_generic(EntityType)
def _entity_get(context: Any, builder: Any, owner: EntityType, state: Any, name: str) -> Any:
    return own_id(builder, state)


@infer_getattr
class _SpaceAttributes(AttributeTemplate):
    key = SpaceType

    def generic_resolve(self, owner: SpaceType, name: str) -> Any:
        return owner.size if name == "size" else None


def extent(builder: Any, state: Any, size: VecType) -> list[Any]:
    """The world's size per axis, as double or, for whole sizes, i64."""
    call = call_of(builder, state)
    first = LAYOUT["bw_call.extent"]
    got = [memory.load(builder, call, first + 8 * i, F64, invariant=True) for i in range(size.size)]
    return [builder.fptosi(g, I64) for g in got] if size.whole else got


@lower_getattr_generic(SpaceType)
def _space_get(context: Any, builder: Any, owner: SpaceType, state: Any, name: str) -> Any:
    return pack(builder, extent(builder, state, owner.size))


@infer_getattr
class _CellAttributes(AttributeTemplate):
    key = CellType

    def generic_resolve(self, cell: CellType, name: str) -> Any:
        found = cell.cells.fields.get(name)
        return None if found is None else read_only(found[1])


@lower_getattr_generic(CellType)
def _cell_get(context: Any, builder: Any, cell: CellType, value: Any, name: str) -> Any:
    state, row = (builder.extract_value(value, i) for i in range(2))
    cells = memory.member(builder, call_of(builder, state), "bw_call.cells")
    entry = memory.at(builder, cells, cell.cells.index * LAYOUT["sizeof.bw_cells"])
    column, kind = cell.cells.fields[name]
    return column_value(builder, memory.member(builder, entry, "bw_cells.columns"), column, kind, row)


@infer_getattr
class _EventAttributes(AttributeTemplate):
    key = EventType

    def generic_resolve(self, event: EventType, name: str) -> Any:
        if name == "sender":
            return types.int64
        found = event.inbox.fields.get(name)
        return None if found is None else read_only(found[1])


@lower_getattr_generic(EventType)
def _event_get(context: Any, builder: Any, event: EventType, record: Any, name: str) -> Any:
    if name == "sender":
        return memory.load(builder, record, 0, I64)
    _, kind, offset = event.inbox.fields[name]
    return value_at(builder, kind, record, offset)
