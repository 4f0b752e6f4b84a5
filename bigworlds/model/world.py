"""World: what a model function fills in. It describes a world and checks the description; it holds no
agents.

The space comes first, since what a spawn may say depends on it. Everything that is wrong is a `ModelError`
raised by the call that said it, so that its line in the model file can be shown; only what depends on the
whole (conflicts of behaviors, cells that nobody declared) is found at the end.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from bigworlds.behavior.spread import spreading_field
from bigworlds.data.component import CellComponent, Component, EdgeComponent
from bigworlds.data.fields import Field
from bigworlds.data.name import check_names
from bigworlds.data.parameters import Parameters
from bigworlds.data.resource import Resource
from bigworlds.errors import ModelError, UnknownNameError, UserError, nearest_names
from bigworlds.model.activation import Activation, Synchronous, activation_of
from bigworlds.model.declarations import (
    CellsDeclaration,
    GraphDeclaration,
    PhaseDeclaration,
    SpawnDeclaration,
    StartValues,
    WorldDescription,
)
from bigworlds.model.graphs import read_graph
from bigworlds.model.phases import behaviors_of, check_phases
from bigworlds.model.places import Occupancy
from bigworlds.model.spawns import (
    Value,
    check_components,
    fields_of,
    first_values,
    given_fields,
    read_spawn,
    whole_number,
)
from bigworlds.organism import Soup
from bigworlds.record import Spec, checked
from bigworlds.space import Continuous, Grid, Space
from bigworlds.view import Look

_MAX_TILES = 2**20 - 1
_NO_SPACE = "a world with a soup has no space: where organisms are, their addresses say"


class World:
    """The world under description, as a model function gets it.

    Example:
        `world.space = bw.Continuous((100.0, 100.0))`,
        `world.spawn(Bird, n=p.n, position=bw.uniform(), velocity=bw.unit_vector())`,
        `world.behaviors(flock)`
    """

    def __init__(self, parameters: Parameters | None = None) -> None:
        self._parameters = parameters
        self._space: Space | None = None
        self._tiles: int | None = None
        self._names: set[str] = set()
        self._spawns: list[SpawnDeclaration] = []
        self._cells: list[CellsDeclaration] = []
        self._graphs: list[GraphDeclaration] = []
        self._phases: list[PhaseDeclaration] = []
        self._stops: list[Callable[[Any], bool]] = []
        self._looks: list[Look] = []
        self._records: list[Spec] = []
        self._inputs: dict[str, Any] = {}
        self._input_components: list[type] = []
        self._resources: dict[str, Resource] = {}
        self._occupancy: Occupancy | None = None
        self._soup: Soup | None = None

    if not TYPE_CHECKING:  # else checkers would take every name

        def __getattr__(self, name: str) -> Any:
            if name.startswith("_"):
                raise AttributeError(name)
            known = [public for public in vars(World) if not public.startswith("_")]
            raise UnknownNameError(f"world has no '{name}'{nearest_names(name, known)}")

        def __setattr__(self, name: str, value: Any) -> None:
            if not name.startswith("_") and not isinstance(getattr(type(self), name, None), property):
                near = nearest_names(name, ["space", "tiles"])
                raise UnknownNameError(f"world.{name} cannot be set; a model sets space and tiles{near}")
            super().__setattr__(name, value)

    @property
    def space(self) -> Space | None:
        """Where agents are: `bw.Continuous(...)`, `bw.Grid(...)` or `bw.HexGrid(...)`.

        Set once, before the first spawn.
        """
        return self._space

    @space.setter
    def space(self, space: Space) -> None:
        if not isinstance(space, Continuous | Grid):
            raise ModelError(
                f"world.space is a bw.Continuous(...), a bw.Grid(...) or a bw.HexGrid(...); found {space!r}"
            )
        if self._space is not None:
            raise ModelError(f"world.space is set once; it is {self._space!r} already")
        if self._spawns:
            raise ModelError("world.space is set before the first world.spawn(...)")
        if self._soup is not None:
            raise ModelError(_NO_SPACE)
        self._space = space
        self._occupancy = Occupancy(space)

    @property
    def tiles(self) -> int | None:
        """Into how many tiles the world is cut, the pieces that ranks own; None lets the engine choose.

        The number belongs to the model: it is the same on any number of ranks and threads.
        """
        return self._tiles

    @tiles.setter
    def tiles(self, count: int) -> None:
        if self._soup is not None:
            raise ModelError("a world with a soup has its tiles: world.soup(Soup(..., tiles=...))")
        self._tiles = whole_number("world.tiles", count, 1, _MAX_TILES)

    def spawn(self, *components: Any, n: int | None = None, **fields: Any) -> None:
        """Declares entities that are there when the world starts.

        Args:
            components: the component classes that each of them has; a pandas or polars data frame among
                them gives fields by column, vectors as `position.x`, `position.y`.
            n: how many; by default as many as the arrays have rows, else 1.
            fields: by name, one value for all, an array with a row for each, or an initialiser such as
                `bw.uniform()`; `names=["ann", "bob"]` gives each a name that no other has
                (`bw.Name`). A field that two of the components have is given as `**{"Bird.age": 3}`.
                Fields that are not given have their default, else zero; `position` must be given in a world
                with a space.

        Raises:
            ModelError: an unknown field, a wrong type, shape or number of rows, or a position outside the
                space.
        """
        read = read_spawn(self._space, components, n, fields)
        self._names.update(check_names(read.where, read.names, self._names))
        taken = sum(spawn.n for spawn in self._spawns if spawn.start.takes_random_cells)
        if self._occupancy is not None:
            self._occupancy.enter(read.where, read.rows, read.values, taken)
        start = self._start_values(f"start/spawn/{len(self._spawns)}", read.values, taken)
        self._spawns.append(SpawnDeclaration(len(self._spawns), read.components, read.rows, start))

    def cells(self, component: type[CellComponent], **fields: Any) -> None:
        """Declares fields that every cell of the world has, and what they begin with.

        Args:
            component: a `bw.CellComponent` class.
            fields: by name, one value for all cells, an array shaped like the grid, [y, x], or flat in the
                order of cells, or an initialiser. Fields that are not given have their default, else zero.

        Raises:
            ModelError: no cells in this world, a component declared twice, or a field as in `spawn`.
        """
        where = f"cells({getattr(component, '__name__', repr(component))})"
        if not (isinstance(component, type) and issubclass(component, CellComponent)):
            raise ModelError(f"{where}: expected a bw.CellComponent class; found {component!r}")
        counts = self._space.cell_counts if self._space is not None else None
        if counts is None:
            raise ModelError(
                f"{where}: the world has no cells; set world.space to a bw.Grid(...) first, "
                "or to a bw.Continuous(..., cells=(nx, ny))"
            )
        if any(declared.component is component for declared in self._cells):
            raise ModelError(f"{where}: {component.__name__} is declared twice")
        count, shape = math.prod(counts), tuple(reversed(counts))
        known = fields_of((component,))
        given = given_fields(where, known, [fields])
        values = first_values(where, self._space, known, given, count, {}, shape)
        start = self._start_values(f"start/cells/{component.__name__}", values)
        self._cells.append(CellsDeclaration(component, count, start))

    def graph(
        self,
        component: type[EdgeComponent],
        edges: Any = None,
        *,
        of: type[Component],
        directed: bool | None = None,
        **fields: Any,
    ) -> None:
        """Declares a graph over agents, and the edges that it begins with.

        A world may have several graphs, each with a component of its own. At most one edge leads from an
        agent to another, and none to itself.

        Args:
            component: a `bw.EdgeComponent` class: the data of every edge, and the graph's name.
            edges: a generator (`bw.small_world(k=10, rewire=0.1)`, `bw.ring`, `bw.scale_free`,
                `bw.random_graph`, `bw.block_graph`); whole numbers of shape (edges, 2); a networkx graph; a
                sparse matrix of scipy; None for no edges yet.
            of: the component of its nodes: the agents that have it and were spawned before, numbered from 0
                in the order of their spawns. Edges that behaviors add may lead to any agent.
            directed: whether an edge leads one way only. By default what a networkx graph says, and
                undirected for generators; edge arrays and matrices leave it to you.
            fields: by name, one value for all edges, an initialiser, or, where the edges are given, an array
                with one for each. Fields that are not given have their default, else zero; attributes of
                networkx edges called like fields and the entries of a matrix (`weight`) are taken from there.

        Raises:
            ModelError: no such nodes, an edge to an unknown node or to itself or given twice, a generator
                that does not fit so many nodes, weights that are not finite, or a field as in `spawn`.

        Example:
            `world.graph(Contact, bw.random_graph(mean_degree=8), of=Person, weight=bw.uniform(0.5, 1.5))`
        """
        taken = [declared.component for declared in self._graphs]
        read = read_graph(
            component, of, edges, directed, fields, space=self._space, spawned=self._spawns, taken=taken
        )
        start = self._start_values(f"start/graph/{component.__name__}", read.values)
        self._graphs.append(
            GraphDeclaration(component, read.spawns, read.nodes, read.source, read.directed, start)
        )

    def behaviors(self, *phases: Any, activation: Activation | str | None = None) -> None:
        """Adds phases to the tick, in the given order, behind those of earlier calls.

        Args:
            phases: each a behavior, or a tuple of behaviors that run in one phase with no order among them.
            activation: for all phases of this call `bw.Synchronous()` (the default) or `bw.Sequential()`,
                or their names in lower case, as a parameter gives them.

        Raises:
            ModelError: something that is no behavior, or an unknown activation.
        """
        acting = activation_of(activation)
        self._phases.extend(PhaseDeclaration(behaviors_of(phase), acting) for phase in phases)

    def soup(self, soup: Soup) -> None:
        """Declares soups in which organisms live, one in each tile, and their turn: a phase of the tick,
        behind those declared before.

        Their organisms are entities with the component `bw.organism.Organism`: queries, records and behaviors
        read them, and may end them, but nothing else writes them. `sim.soup` tells of all soups together.

        Args:
            soup: their size, ancestors and rules.

        Raises:
            ModelError: something else, a second soup, a world with a space or with tiles of its own.

        Example:
            `world.soup(bw.organism.Soup(ancestors=[Path("ancestor.tie")], cells=60_000))`
        """
        if not isinstance(soup, Soup):
            raise ModelError(f"world.soup takes a bw.organism.Soup(...); found {soup!r}")
        if self._soup is not None:
            raise ModelError("world.soup is declared twice; several soups are tiles: Soup(..., tiles=4)")
        if self._space is not None:
            raise ModelError(_NO_SPACE)
        if self._tiles is not None:
            raise ModelError(
                "a world with a soup has its tiles: leave world.tiles out, and say Soup(tiles=...)"
            )
        self._soup, self._tiles = soup, soup.tiles
        self._phases.append(PhaseDeclaration((), Synchronous()))

    def field(self, field: Any, *, diffuse: Any = 0.0, decay: Any = 0.0, every: Any = 1) -> None:
        """Lets a field of cells diffuse and decay: a phase of the tick, behind those declared before.

        A cell keeps the share 1 - diffuse of its value and gives the rest in equal parts to the cells around
        it; at an edge of a bounded world it keeps the parts for which there is no cell. Then everything is
        multiplied by 1 - decay. With m the number of cells around a cell away from edges (4 or 8, in volumes
        6 or 26, as the grid's `neighbors` says; 8 or 26 over a continuous space) and n of them there:

            v' = (v * (1 - n * diffuse / m) + diffuse / m * (sum of v around)) * (1 - decay)

        Without decay the total stays the same, up to rounding. (Wilensky 1999, NetLogo: `diffuse`.)

        Args:
            field: a float field of cells, such as `Scent.level`.
            diffuse, decay: shares from 0 to 1, numbers or parameters (`Params.diffuse`), which may change
                while the world runs.
            every: it happens in ticks that are multiples of this, a number or a parameter.

        Raises:
            ModelError: something else, or a field that the world does not declare.
        """
        rule = spreading_field(field, diffuse=diffuse, decay=decay, every=every)
        self._phases.append(PhaseDeclaration((rule,), Synchronous()))

    def stop_when(self, predicate: Callable[[Any], bool]) -> None:
        """Ends runs without a number of ticks after the first tick at which the predicate holds.

        Args:
            predicate: takes the simulation, as in `lambda sim: sim.count(Sheep) == 0`; it is asked after each
                tick. `sim.count(Plot, state=State.BURNING)` costs little there, `sim.cells` a copy.
        """
        if not callable(predicate):
            raise ModelError(f"world.stop_when takes a function of the simulation; found {predicate!r}")
        self._stops.append(predicate)

    def look(self, target: type, **options: Any) -> None:
        """Declares how a kind of agents, or cells, is drawn by `--view`, `--movie` and `sim.plot()`.

        Args:
            target: the component that is drawn; without a look it is drawn in a default way.
            options: color, colormap, size, range, heading, symbol, as `bw.view.Look` explains them.

        Raises:
            ModelError: an unknown option, field or colour, or a second look of one kind.

        Example:
            `world.look(Bird, color="velocity angle")`
        """
        known = [field.name for field in dataclasses.fields(Look) if field.name != "target"]
        for name in options:
            if name not in known:
                raise ModelError(f"world.look has no option '{name}'{nearest_names(name, known)}")
        if not (isinstance(target, type) and issubclass(target, Component)):
            raise ModelError(f"world.look takes a component class; found {target!r}")
        if any(look.target is target for look in self._looks):
            raise ModelError(f"world.look({target.__name__}) is declared twice")
        self._looks.append(Look(target, **options))

    def record(self, *specs: Any) -> None:
        """Declares what is recorded while the world runs.

        Args:
            specs: made by `bw.record.mean("Bird.velocity", every=10)` and its sisters; a component class
                stands for its count.

        Raises:
            UserError: something else, or two records of one name.
        """
        self._records = list(checked([*self._records, *specs]))

    def resource(self, kind: type[Resource], **values: Any) -> None:
        """Declares values of the world as a whole, which behaviors read and inputs change.

        Args:
            kind: a `bw.Resource` class, each once.
            values: what it begins with, by name; others have their defaults.

        Raises:
            ModelError: something else, declared twice, or a value that it cannot take.

        Example:
            `world.resource(Weather, rain=1.0)`
        """
        if not (isinstance(kind, type) and issubclass(kind, Resource)) or kind is Resource:
            raise ModelError(f"world.resource takes a bw.Resource class; found {kind!r}")
        if kind.__name__ in self._resources:
            raise ModelError(f"world.resource({kind.__name__}) is declared twice")
        try:
            self._resources[kind.__name__] = kind(**values)
        except UserError as problem:
            raise ModelError(f"world.resource({kind.__name__}): {problem}") from None

    def inputs(self, *inputs: Any, components: Iterable[type] = ()) -> None:
        """Declares what may come into the world from outside while it runs (`sim.submit`).

        Args:
            inputs: functions that `@bw.input` made inputs of.
            components: components of agents that they use and neither spawns nor behaviors name.

        Raises:
            ModelError: something else, or two inputs of one name.
        """
        for given in inputs:
            if not (hasattr(given, "encode") and hasattr(given, "decode")):
                name = getattr(given, "__name__", None)
                hint = f"decorate {name} with @bw.input" if name else f"found {given!r}"
                raise ModelError(f"world.inputs takes inputs: {hint}")
            if self._inputs.setdefault(given.name, given) is not given:
                raise ModelError(f"world.inputs: two inputs are called '{given.name}'; rename one of them")
        for kind in components:
            check_components("world.inputs(components=...)", (kind,))
            self._input_components.append(kind)

    def description(self) -> WorldDescription:
        """The frozen description, checked as a whole.

        Raises:
            ModelError: behaviors of one phase in conflict, or one that needs cells or a space that the
                world has not.
        """
        check_phases(
            self._phases,
            self._space,
            {declared.component for declared in self._cells},
            {declared.component for declared in self._graphs},
        )
        return WorldDescription(
            self._parameters,
            self._space,
            self._tiles,
            tuple(self._spawns),
            tuple(self._cells),
            tuple(self._phases),
            tuple(self._stops),
            tuple(self._looks),
            tuple(self._records),
            tuple(self._inputs.values()),
            tuple(self._input_components),
            tuple(self._graphs),
            tuple(self._resources.values()),
            self._soup,
        )

    def _start_values(
        self, stream: str, values: list[tuple[Field, Value]], random_cells: int = 0
    ) -> StartValues:
        fields, starts = tuple(zip(*values, strict=True)) or ((), ())
        return StartValues(stream, fields, starts, self._space, random_cells)
