"""The phases of a tick: what counts as one, and the conflicts between behaviors that have no order among
them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from itertools import combinations
from typing import Any

from bigworlds.data.component import CellComponent
from bigworlds.data.fields import Field
from bigworlds.errors import ModelError, nearest_names
from bigworlds.model.activation import Sequential
from bigworlds.model.declarations import PhaseDeclaration
from bigworlds.space import HexGrid, Space

Use = tuple[type, str]


def behaviors_of(phase: Any) -> tuple[Any, ...]:
    """The behaviors of one phase: a behavior alone, or a tuple or list of them.

    Raises:
        ModelError: it holds something that is no behavior.
    """
    behaviors = tuple(phase) if isinstance(phase, tuple | list) else (phase,)
    if not behaviors:
        raise ModelError("world.behaviors: a phase without behaviors; found ()")
    for behavior in behaviors:
        if not (hasattr(behavior, "kernel") and hasattr(behavior, "columns")):
            name = getattr(behavior, "__name__", None)
            hint = (
                f"{name} is a plain function; decorate it with @bw.behavior"
                if name
                else f"found {behavior!r}"
            )
            raise ModelError(f"world.behaviors takes behaviors: {hint}")
    if len(set(map(id, behaviors))) != len(behaviors):
        raise ModelError(
            f"world.behaviors: one phase has a behavior twice: {', '.join(b.name for b in behaviors)}"
        )
    return behaviors


def check_phases(
    phases: Iterable[PhaseDeclaration],
    space: Space | None,
    cells: Collection[type],
    graphs: Collection[type] = (),
) -> None:
    """Checks that behaviors of a phase do not conflict, and that the world has what they need.

    Two behaviors of one phase conflict where one writes what the other reads or writes in its own rows, in
    cells or by claims. What is read of neighbours is the state at the start of the phase and conflicts with
    nothing, except in sequential activation, where it is the live state.

    Args:
        phases: all phases of the world.
        space: the world's space.
        cells: the cell components that the world declares.
        graphs: the components of edges of the graphs that it declares.

    Raises:
        ModelError: all conflicts, or something missing, by name.
    """
    conflicts: list[str] = []
    for phase in phases:
        for behavior in phase.behaviors:
            _check_needs(behavior, space, cells)
            _check_graphs(behavior, graphs)
        live = isinstance(phase.activation, Sequential)
        _check_alone(phase, live)
        for one, other in combinations(phase.behaviors, 2):
            conflicts += _conflicts(one, other, live)
    if conflicts:
        raise ModelError("\n".join(conflicts))


def _check_alone(phase: PhaseDeclaration, live: bool) -> None:
    """What runs once for the whole world may change all of it: nothing runs beside it."""
    for behavior in phase.behaviors:
        if behavior.per_tick and len(phase.behaviors) > 1:
            raise ModelError(
                f"behavior {behavior.name} runs once per tick for the whole world, and shares its phase with "
                f"others; give it a place of its own: world.behaviors(..., {behavior.name}, ...)"
            )
        if behavior.per_tick and live:
            raise ModelError(
                f"behavior {behavior.name} runs once per tick for the whole world; it has no agents that "
                "could act one after another: leave out activation="
            )


def _check_needs(behavior: Any, space: Space | None, cells: Collection[type]) -> None:
    if space is None and any(reach.edge is None for reach in behavior.reaches):
        raise ModelError(
            f"behavior {behavior.name} looks for neighbours, but the world has no space; set world.space"
        )
    if space is not None:
        _check_directions(behavior, space)
    for component in _cell_components(behavior):
        if component not in cells:
            name = component.__name__
            raise ModelError(
                f"behavior {behavior.name} uses {name} of the cells, which the world does not have; "
                f"declare world.cells({name}, ...)"
            )


def _check_directions(behavior: Any, space: Space) -> None:
    """Whether the directions in which a behavior steps are those of the world's cells."""
    hexagons = isinstance(space, HexGrid)
    wrong = "moore" if hexagons else "hex_step"
    if wrong not in behavior.directions:
        return
    if hexagons:
        raise ModelError(
            f"behavior {behavior.name} steps by bw.moore(k) to one of eight cells around, but the world is a "
            "HexGrid, whose cells have six around: write bw.hex_step(place, k), k from 0 to 5"
        )
    raise ModelError(
        f"behavior {behavior.name} steps by bw.hex_step(place, k), but the world is no HexGrid: write "
        "place + bw.moore(k) on a Grid, or make the world a bw.HexGrid"
    )


def _check_graphs(behavior: Any, graphs: Collection[type]) -> None:
    """Whether the world has the graphs along which a behavior looks or whose edges it orders."""
    used = [reach.edge for reach in behavior.reaches if reach.edge is not None]
    used += [link.edge for link in behavior.links]
    for edge in used:
        if edge not in graphs:
            known = nearest_names(edge.__name__, [graph.__name__ for graph in graphs]) if graphs else ""
            raise ModelError(
                f"behavior {behavior.name} uses the edges {edge.__name__}, which the world does not have; "
                f"declare world.graph({edge.__name__}, ..., of=...){known}"
            )
    if used and any(issubclass(component, CellComponent) for component in behavior.components):
        raise ModelError(f"behavior {behavior.name} of cells uses edges; only agents have edges")


def _cell_components(behavior: Any) -> Iterator[type]:
    candidates = [
        *behavior.components,
        *(use.component for use in behavior.cells),
        *(claim.stock.owner for claim in behavior.claims if claim.stock is not None),
        *(deposit.field.owner for deposit in behavior.deposits),
    ]
    for component in candidates:
        if isinstance(component, type) and issubclass(component, CellComponent):
            yield component


def _conflicts(one: Any, other: Any, live: bool) -> Iterator[str]:
    """At most one sentence on two behaviors of a phase."""
    for writer, reader in ((one, other), (other, one)):
        clashes = _writes(writer) & (_reads(reader, live) | _writes(reader))
        if clashes:
            component, field = min(clashes, key=lambda use: (use[0].__name__, use[1]))
            verb = "writes" if (component, field) in _writes(reader) else "reads"
            yield (
                f"behaviors {writer.name} and {reader.name} are in one phase, but {writer.name} writes "
                f"{component.__name__}.{field}, which {reader.name} {verb}; give them an order: "
                f"world.behaviors({writer.name}, {reader.name})"
            )
            return


def _writes(behavior: Any) -> set[Use]:
    """What a behavior changes by the end of its phase; deposits only add up, so they conflict with
    nothing."""
    written = {_use(use.field) for use in behavior.columns if use.writes}
    for claim in behavior.claims:
        written.add(_use(claim.result.field))
        if claim.stock is not None:
            written.add(_use(claim.stock))
    return written


def _reads(behavior: Any, live: bool) -> set[Use]:
    read = {_use(use.field) for use in behavior.columns if use.reads}
    read |= {_use(field) for use in behavior.cells for field in use.fields}
    if live:
        read |= {_use(field) for reach in behavior.reaches for field in reach.fields}
    return read


def _use(field: Field) -> Use:
    return field.owner, field.name
