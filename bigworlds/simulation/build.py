"""Building: a world's description becomes the engine's description of a model, with compiled kernels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from bigworlds import _core
from bigworlds.behavior import Compiled, Kernel, check_parameters
from bigworlds.behavior.kernel import CellShape
from bigworlds.behavior.spread import SpreadingField
from bigworlds.data import Resource
from bigworlds.data.parameters import ParameterRef, Parameters
from bigworlds.data.resource import block_class
from bigworlds.errors import ModelError
from bigworlds.model.activation import Sequential
from bigworlds.model.declarations import PhaseDeclaration, WorldDescription
from bigworlds.organism import Organism
from bigworlds.simulation.channels import Channels, channels_of
from bigworlds.simulation.schema import Schema, is_cell, schema_of, stored_value
from bigworlds.space import Continuous, Grid, HexGrid, Space

DEFAULT_TILES = 64
CELLS_OF_A_RUN = 8  # as kernels look at them that go over cells


@dataclass(frozen=True)
class BehaviorPlace:
    """A behavior and where it stands in the order: phase, place in the phase, and its random stream. Without
    a kernel it runs once per tick (per_tick.py)."""

    behavior: Any
    phase: int
    number: int
    stream: str
    kernel: Kernel | None
    explain: Kernel | None
    by_cell: bool = False  # it looks at the cells of an exclusive grid


@dataclass(frozen=True)
class BuiltModel:
    """What a simulation is made of: the engine's description, the schema, the channels, the behaviors with
    their kernels."""

    spec: _core.ModelSpec
    schema: Schema
    channels: Channels
    behaviors: tuple[BehaviorPlace, ...]


def build(description: WorldDescription, seed: int, *, interpret: bool) -> BuiltModel:
    """Turns a description into the engine's terms and compiles its behaviors.

    Args:
        description: the checked description of the world.
        seed: of all random streams.
        interpret: whether compiled behaviors run as plain Python.
    """
    spec = _core.ModelSpec()
    schema = schema_of(description)
    schema.add_to(spec)
    graphs = {graph.component: k for k, graph in enumerate(description.graphs)}
    for graph in description.graphs:
        spec.add_graph(schema.number(graph.component), graph.directed)
    channels = channels_of(description.behaviors)
    channels.add_to(spec)
    spec.seed = seed
    spec.tiles = description.tiles if description.tiles is not None else DEFAULT_TILES
    _set_space(spec, description)
    spec.set_cells(sorted(schema.number(cells.component) for cells in description.cells))
    parameters = description.parameters
    spec.set_parameters(block_of(parameters, description.resources))
    block = block_class(
        type(parameters) if parameters is not None else None, map(type, description.resources)
    )
    places: list[BehaviorPlace] = []
    streams: Counter[str] = Counter()
    for behavior in description.behaviors:
        _check_places(behavior, description)
    for number, phase in enumerate(description.phases):
        if not phase.behaviors:
            _add_soups(spec, schema, description)
            continue
        made = []
        for k, behavior in enumerate(phase.behaviors):
            # A behavior that stands twice in the order draws other numbers the second time.
            stream = f"{behavior.name}/{streams[behavior.name]}"
            streams[behavior.name] += 1
            made.append(_place(phase, number, k, stream, description, block, interpret))
        spec.add_phase(
            [_engine_terms(place, phase, schema, channels, graphs, parameters, seed) for place in made]
        )
        places += made
    return BuiltModel(spec, schema, channels, tuple(places))


def block_of(parameters: Parameters | None, resources: Iterable[Resource]) -> bytes:
    """The block that kernels read: the parameters, then the resources in the order of their names."""
    ordered = sorted(resources, key=lambda resource: type(resource).__name__)
    return b"".join(part.pack() for part in (parameters, *ordered) if part is not None)


def _add_soups(spec: _core.ModelSpec, schema: Schema, description: WorldDescription) -> None:
    """The soups and their phase, which has no behaviors."""
    soup = description.soup
    assert soup is not None
    _core.organism.add_soups(
        spec,
        schema.number(Organism),
        set=soup.instruction_set.core,
        settings=soup.settings(),
        instructions=soup.instructions,
        ancestors=list(soup.genomes),
        migration=soup.migration,
        migration_every=soup.migration_every,
    )


def _set_space(spec: _core.ModelSpec, description: WorldDescription) -> None:
    space = description.space
    if isinstance(space, Continuous):
        lattice = list(space.cells) if space.cells is not None else [1] * len(space.size)
        spec.set_domain("continuous", list(space.size), space.periodic, False, "chebyshev", lattice)
    elif isinstance(space, Grid):
        sizes = [float(cells) for cells in space.size]
        exclusive = space.max_per_cell == 1
        spec.set_domain("grid", sizes, space.periodic, exclusive, space.metric, list(space.size))


def _check_places(behavior: Any, description: WorldDescription) -> None:
    """What a behavior asks for at places needs a radius, or cells, in a continuous space."""
    space = description.space
    if not isinstance(space, Continuous):
        return
    for reach in behavior.reaches:
        if reach.radius is None and reach.edge is None:
            raise ModelError(
                f"behavior '{behavior.name}' has neighbours without a radius; "
                "write @bw.behavior(neighbors=Params.radius), or a number"
            )
    if behavior.claims and space.cells is None:
        raise ModelError(
            f"behavior '{behavior.name}' claims what is at a place, which takes cells; "
            "give the space some: bw.Continuous(size, cells=(nx, ny))"
        )


def _place(
    phase: PhaseDeclaration,
    number: int,
    k: int,
    stream: str,
    description: WorldDescription,
    block: Any,
    interpret: bool,
) -> BehaviorPlace:
    behavior, parameters, space = phase.behaviors[k], description.parameters, description.space
    in_order = isinstance(phase.activation, Sequential) and not behavior.turns_in_claims_only
    if behavior.per_tick:
        check_parameters(behavior, block)
        return BehaviorPlace(behavior, number, k, stream, None, None)
    exclusive = isinstance(space, Grid) and space.max_per_cell == 1
    by_cell = exclusive and not is_cell(behavior.components[0]) and behavior.can_look_at_cells()
    count = _runs_around if by_cell else _cells_around
    around = tuple(count(reach, space, parameters) for reach in behavior.reaches)
    shape: CellShape = "hexagonal" if isinstance(space, HexGrid) else "square"
    kernel = behavior.kernel(
        block, sequential=in_order, interpret=interpret, around=around, by_cell=shape if by_cell else None
    )
    # A compiled kernel can only say which row failed; the same behavior as plain Python says why.
    explain = (
        behavior.kernel(block, sequential=in_order, interpret=True)
        if behavior.kind is Compiled and not interpret
        else None
    )
    return BehaviorPlace(behavior, number, k, stream, kernel, explain, by_cell)


def _cells_around(reach: Any, space: Space | None, parameters: Parameters | None) -> int:
    """How many cells a Neighbors argument over cells gives, away from edges; 0 where it is of agents."""
    if space is None or not is_cell(reach.component) or space.cell_counts is None:
        return 0
    radius = number_of(reach.radius, parameters)
    steps = int(radius if radius is not None else 1)
    return (space if isinstance(space, Grid) else Grid(space.cell_counts)).cells_within(steps)


def _runs_around(reach: Any, space: Any, parameters: Parameters | None) -> int:
    """On how many lines the cells around an agent stand, where each is looked at in one run; else 0."""
    radius = number_of(reach.radius, parameters)
    steps, axes = int(radius if radius is not None else 1), len(space.cell_counts)
    if 2 * steps + 1 > CELLS_OF_A_RUN:
        return 0
    if axes == 2:
        return 2 * steps + 1
    return 2 * steps * (steps + 1) + 1 if space.neighbors == 2 * axes else (2 * steps + 1) ** 2


def number_of(given: Any, parameters: Parameters | None) -> Any:
    """The present value of a number that may come from a parameter."""
    return getattr(parameters, given.name) if isinstance(given, ParameterRef) else given


def _source(what: str, given: Any, parameters: Parameters | None) -> tuple[str, Any]:
    """Where the engine finds a number: a constant, or a slot of the parameter block (so that it may
    change)."""
    if isinstance(given, ParameterRef):
        layout = type(parameters).__bw_layout__ if parameters is not None else {}
        kind, offset, length = layout.get(given.name, ("", 0, 0))
        if kind not in ("f8", "i8") or length != 1:
            found = "which is no number" if kind else "which this model does not have"
            raise ModelError(f"{what} comes from parameter '{given.name}', {found}")
        return kind, offset
    return "constant", float(given if given is not None else 1)


def _spread(behavior: Any, parameters: Parameters | None) -> tuple[Any, Any] | None:
    """The shares of a field that spreads."""
    if not isinstance(behavior, SpreadingField):
        return None
    name = behavior.name
    given = (("diffuse", behavior.spread.diffuse), ("decay", behavior.spread.decay))
    shares = [_source(f"{what} of {name}", value, parameters) for what, value in given]
    return shares[0], shares[1]


def _engine_terms(
    place: BehaviorPlace,
    phase: PhaseDeclaration,
    schema: Schema,
    channels: Channels,
    graphs: dict[type, int],
    parameters: Parameters | None,
    seed: int,
) -> dict[str, Any]:
    behavior = place.behavior
    activation = phase.activation

    def numbers(fields: Any) -> list[tuple[int, int]]:
        return [schema.field_number(field) for field in fields]

    def prototype(components: Any, fields: Any, values: Any = ()) -> tuple[list[int], Any, list[Any]]:
        stored = [(schema.field_number(field), stored_value(field, value)) for field, value in values]
        return sorted(schema.number(component) for component in components), numbers(fields), stored

    inboxes = [channels.number(use.event) for use in behavior.inboxes]
    on = None if behavior.trigger.on is None else channels.number(behavior.trigger.on)
    if on is not None and on not in inboxes:
        inboxes.append(on)  # it runs on events that it does not read

    return {
        "name": behavior.name,
        "rng_key": _core.rng_key(seed, place.stream),
        "kernel": place.kernel.address if place.kernel is not None else 0,
        "explain": place.explain.address if place.explain is not None else 0,
        "one_thread": place.kernel is not None and place.kernel.gil,
        "of_cells": behavior.over_cells,
        "takes_spans": place.kernel is not None and place.kernel.spans,
        "once": behavior.per_tick,
        "sequential": isinstance(activation, Sequential),
        "shuffle": isinstance(activation, Sequential) and activation.shuffle,
        "turns_in_claims_only": isinstance(activation, Sequential) and behavior.turns_in_claims_only,
        "reach": [_source("a reach", number, parameters) for number in behavior.options.reach],
        "draws_empty_cells": behavior.uses_random_empty,
        "redraws": 3,
        "components": [schema.number(component) for component in behavior.components],
        "columns": [(schema.field_number(use.field), use.reads, use.writes) for use in behavior.columns],
        "reaches": [
            {
                "component": schema.number(use.component),
                "fields": numbers(use.fields),
                "of_cells": is_cell(use.component),
                "wants_geometry": bool(use.geometry),
                "by_cell": place.by_cell,
                "radius": _source("a radius", use.radius, parameters),
                "graph": None if use.edge is None else graphs[use.edge],
                "edge_fields": [list(use.edge.__bw_fields__).index(f.name) for f in use.edge_fields]
                if use.edge is not None
                else [],
            }
            for use in behavior.reaches
        ],
        "cells": [(numbers(use.fields), use.anywhere) for use in behavior.cells],
        "spawns": [prototype(use.components, use.fields, use.values) for use in behavior.spawns],
        "changes": [prototype((use.component,), use.fields) for use in behavior.attaches],
        "claims": [
            {
                "stock": schema.field_number(use.stock) if use.stock is not None else None,
                "agents": schema.number(use.target),
                "result": schema.field_number(use.result.field),
            }
            for use in behavior.claims
        ],
        "deposits": numbers(use.field for use in behavior.deposits),
        "sends": [channels.number(use.event) for use in behavior.sends],
        "inboxes": inboxes,
        "spread": _spread(behavior, parameters),
        "links": [graphs[use.edge] for use in behavior.links],
        "on": None if on is None else inboxes.index(on),
    }
