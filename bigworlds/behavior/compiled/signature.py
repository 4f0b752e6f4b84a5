"""The numba types of a behavior's arguments, and the Entry that its kernel's loop is made from."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bigworlds.behavior.compiled import arguments as args
from bigworlds.behavior.compiled import memory
from bigworlds.behavior.compiled.ahead import looked_at_always, touched_always
from bigworlds.behavior.compiled.entry import Entry, OwnArgument
from bigworlds.behavior.compiled.stencils import StencilReach
from bigworlds.behavior.compiled.vectors import VecType
from bigworlds.behavior.kernel import CellShape
from bigworlds.behavior.uses import record_offsets
from bigworlds.data import CellComponent, Field, FieldType, Resource

if TYPE_CHECKING:
    from bigworlds.behavior.behavior import Behavior
    from bigworlds.behavior.translate.program import Argument

_SERVICES = {"neighbors", "spawn", "attach", "detach", "claim", "cells", "here", "deposit", "send", "inbox",
             "link"}  # fmt: skip


def make_entry(
    behavior: Behavior,
    layout: Any,
    sequential: bool,
    around: Sequence[int] = (),
    by_cell: CellShape | None = None,
) -> Entry:
    """The Entry of a behavior.

    Args:
        behavior: a compiled behavior.
        layout: of the model's whole block of parameters and resources, or None.
        sequential: whether rows come through call->order.
        around: by Neighbors argument, how many cells are expected around a cell; with `by_cell` in how many
            runs of eight they are looked at; 0 for any number.
        by_cell: the shape of the cells, where loops over neighbours go over the cells around an agent.
    """
    used = behavior.used
    bases = _stencil_bases(behavior)
    services = {a.what for a in behavior.arguments} & _SERVICES
    if behavior.over_cells:
        services.discard("neighbors")
    simple = not sequential and not services and not used.rng
    ahead = None if sequential else _ahead(behavior)
    surely = None if simple or ahead is not None else _surely_written(behavior.program.main.tree)
    own = {i: _own(behavior, a, surely) for i, a in enumerate(behavior.arguments) if a.what == "own"}
    types: list[Any] = [args.ClockType()]
    for position, argument in enumerate(behavior.arguments):
        if position in own:
            types.append(own[position].type)
        else:
            others = _Others(bases, by_cell, ahead, len(own))
            types.append(_type(behavior, argument, layout, list(own.values()), sequential, others))
    here = any(a.what == "here" for a in behavior.arguments)
    place = (
        next((i for i, c in enumerate(used.columns) if c.field.name == "position"), None) if here else None
    )
    expected = dict(enumerate(around))
    stencils = tuple(
        StencilReach(kind, expected.get(kind.index, 0))
        for kind in types
        if isinstance(kind, args.ReachType) and kind.base is not None
    )
    # The state is the function's first argument, so positions of own components move by one.
    moved = {position + 1: found for position, found in own.items()}
    looked_at = tuple(kind for kind in types if isinstance(kind, args.ReachType) and kind.axes)
    walked = next((i for i, c in enumerate(used.columns) if c.field.name == "position" and c.writes), None)
    read_of_others = {f for reach in used.reaches for f in reach.fields}
    seen = any(c.writes and c.field in read_of_others for c in used.columns)
    return Entry(
        columns=used.columns,
        own=moved,
        types=tuple(types),
        sequential=sequential,
        simple=simple,
        place_column=place,
        draws=behavior.program.main.draws,
        parameters_size=max(
            (offset + 8 * length for _, offset, length in (layout or {}).values()), default=0
        ),
        reach_count=len(used.reaches),
        ahead=next((t for t in types if isinstance(t, args.ReachType) and t.located), None),
        position=walked,
        commits_all=seen or len(looked_at) < len(used.reaches),
        looked_at=looked_at,
        runs=tuple(expected.get(kind.index, 0) for kind in looked_at),
        spans=behavior.over_cells,
        stencils=stencils,
        fetched=_fetched(behavior, own),
    )


def _fetched(behavior: Behavior, own: dict[int, OwnArgument]) -> tuple[int, ...]:
    """The own columns that most rows touch; their place, where others are looked for around it."""
    touched = touched_always(behavior.program.main.tree)
    found: list[int] = []
    for position, argument in own.items():
        name = behavior.arguments[position].name
        for column in argument.columns:
            field = behavior.used.columns[column].field.name
            if (name, field) in touched or (field == "position" and behavior.used.reaches):
                found.append(column)
    return tuple(sorted(found))


def _ahead(behavior: Behavior) -> int | None:
    """The reach whose neighbours are found for many rows at once: in continuous spaces, not along edges,
    which are at hand."""
    if behavior.position is None or behavior.position.whole:
        return None
    name = looked_at_always(behavior.program.main.tree, behavior.arguments)
    return next((a.index for a in behavior.arguments if a.name == name and a.edge is None), None)


def _stencil_bases(behavior: Behavior) -> dict[int, int]:
    """Where the row's state holds the stencil of each Neighbors argument, of a behavior of cells."""
    if not behavior.over_cells:
        return {}
    base = args.state_size(sum(a.what == "own" for a in behavior.arguments))
    bases: dict[int, int] = {}
    for index, reach in enumerate(behavior.used.reaches):
        if issubclass(reach.component, CellComponent):
            bases[index] = base
            base += args.STENCIL_VALUES + 8 * len(reach.fields)
    return bases


def _surely_written(tree: ast.FunctionDef) -> frozenset[tuple[str, str]]:
    """The own fields, by argument and name, that a behavior assigns whenever it comes to its end."""
    found: set[tuple[str, str]] = set()
    for statement in tree.body:
        if any(isinstance(node, ast.Return) for node in ast.walk(statement)):
            break
        targets = statement.targets if isinstance(statement, ast.Assign) else []
        for target in targets:
            if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name):
                found.add((target.value.id, target.attr))
    return frozenset(found)


def _own(behavior: Behavior, argument: Argument, surely: frozenset[tuple[str, str]] | None) -> OwnArgument:
    """An own component: its used fields one after another, 8 bytes per component of a value. Behind them,
    whether those were written that are not `surely` (None: nobody asks)."""
    fields: list[tuple[str, FieldType, int, bool]] = []
    columns: list[int] = []
    offset = 0
    for index, use in enumerate(behavior.used.columns):
        if use.component is not argument.components[0]:
            continue
        fields.append((use.field.name, use.field.type, offset, use.writes))
        columns.append(index)
        offset += 8 * memory.VECTOR_SIZE.get(use.field.kind, 1)
    perhaps: list[tuple[str, int]] = []
    for name, kind, _, writes in fields:
        if surely is None or not writes or memory.is_block(kind) or (argument.name, name) in surely:
            continue
        perhaps.append((name, offset))
        offset += 8
    own = args.OwnType(argument.components[0].__name__, tuple(fields), tuple(perhaps))
    return OwnArgument(own, tuple(columns))


def _named(fields: Sequence[Field]) -> tuple[tuple[str, FieldType], ...]:
    return tuple((f.name, f.type) for f in fields)


def _record(fields: tuple[Field, ...], first: int = 0) -> tuple[tuple[str, FieldType, int], ...]:
    return tuple((f.name, f.type, o) for f, o in zip(fields, record_offsets(fields, first), strict=True))


def _place(behavior: Behavior) -> VecType | None:
    found = behavior.position
    return None if found is None else VecType(found.whole, found.size)


def _block_part(layout: Any, kind: type) -> tuple[tuple[str, str, int, int], ...]:
    """The entries of a block's layout that are a resource's, or the parameters'."""
    if not issubclass(kind, Resource):
        return tuple((name, *entry) for name, entry in layout.items() if "." not in name)
    prefix = f"{kind.__name__}."
    return tuple(
        (name.removeprefix(prefix), *entry) for name, entry in layout.items() if name.startswith(prefix)
    )


def _type(
    behavior: Behavior,
    argument: Argument,
    layout: Any,
    own: list[OwnArgument],
    sequential: bool,
    others: _Others,
) -> Any:
    """The numba type of an argument that is no own component."""
    used, index = behavior.used, argument.index
    match argument.what:
        case "neighbors":
            return _reach(behavior, index, others)
        case "parameters":
            return args.ParametersType(_block_part(layout or {}, argument.components[0]))
        case "rng":
            return args.RngType()
        case "clock":
            return args.ClockType()
        case "entity":
            return args.EntityType()
        case "space":
            return args.SpaceType(_place(behavior) or VecType(False, 2))
        case "spawn":
            return args.EffectType("spawn", index, _record(used.spawns[index].fields))
        case "attach" | "detach":
            return args.EffectType("attach", index, _record(used.attaches[index].fields))
        case "send":
            return args.EffectType("send", index, _record(used.sends[index].fields))
        case "link":
            return args.EffectType("link", index, _record(used.links[index].fields))
        case "claim":
            return args.EffectType("claim", index, (), _granted(behavior, index, own) if sequential else None)
        case "deposit":
            return args.EffectType("deposit", index)
        case "inbox":
            return args.InboxType(index, _record(used.inboxes[index].fields, 8))
        case "cells" | "here":
            return args.CellsType(index, _named(used.cells[index].fields))
    raise AssertionError(argument.what)


@dataclass(frozen=True)
class _Others:
    """How others are found: where the state holds stencils, whether the kernel looks at cells itself, and
    the reach that is asked for by slots ahead."""

    bases: dict[int, int]
    by_cell: CellShape | None
    ahead: int | None
    own_count: int


def _reach(behavior: Behavior, index: int, others: _Others) -> args.ReachType:
    """The type of a Neighbors argument."""
    reach = behavior.used.reaches[index]
    size = behavior.position.size if behavior.position is not None else 0
    return args.ReachType(
        index,
        _named(reach.fields),
        _named(reach.edge_fields),
        _place(behavior) if "offset" in reach.geometry else None,
        "distance" in reach.geometry,
        others.bases.get(index),
        size if others.by_cell else 0,
        others.by_cell == "hexagonal",
        size if index == others.ahead else 0,
        args.state_size(others.own_count) + args.LOOKED_AT * index,
    )


def _granted(behavior: Behavior, index: int, own: list[OwnArgument]) -> tuple[int, FieldType, int, int]:
    """Where a sequential claim's result is: its column, and the own component and offset to read it again
    into."""
    result = behavior.used.claims[index].result
    column = next(i for i, c in enumerate(behavior.used.columns) if c.field == result.field)
    for slot, argument in enumerate(own):
        for (_, kind, offset, _), at in zip(argument.type.fields.values(), argument.columns, strict=True):
            if at == column:
                return column, kind, slot, offset
    raise AssertionError(result)
