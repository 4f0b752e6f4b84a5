"""The annotations of a behavior's arguments: what it may see and do. Each class documents one kind of
argument.

These classes are what type checkers see; the engine hands compiled values or the interpreter's subclasses
to the behavior, never instances of these.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Generic, TypeVar, TypeVarTuple, overload

from bigworlds.data import CellComponent, Component, EdgeComponent, Event, ivec2, ivec3, vec2, vec3

C = TypeVar("C", bound=Component)
E = TypeVar("E", bound=Event)
G = TypeVar("G", bound=CellComponent)
L = TypeVar("L", bound=EdgeComponent)
V = TypeVar("V", vec2, vec3, ivec2, ivec3)
T = TypeVar("T")
Cs = TypeVarTuple("Cs")

Place = vec2 | vec3 | ivec2 | ivec3


class Neighbors(Generic[C]):
    """`others: bw.Neighbors[Bird]`: the entities with that component within the behavior's radius, without
    the agent.

    On a lattice: the entities in cells within the radius (or the neighbouring cells, for a CellComponent);
    on a graph (`@bw.behavior(neighbors=Contact)`): those that the agent's edges lead to, in the order of
    their ids. Iteration order is a fixed function of the world's state.
    Items have the fields of the component as they were at the start of the phase (in a sequential behavior:
    as they are), and `offset`, `distance`, `id`, and on graphs `edge`. They are read only.

    Example:
        >>> from bigworlds.behavior import Neighbors, behavior
        >>> from bigworlds.data import Component, vec2
        >>> class Fish(Component):
        ...     position: vec2
        ...     crowd: int
        >>> @behavior(neighbors=2.0)
        ... def count(fish: Fish, others: Neighbors[Fish]) -> None:
        ...     fish.crowd = len(others)
    """

    def __iter__(self) -> Iterator[C]:
        """The neighbours, one after another."""
        raise NotImplementedError

    def __len__(self) -> int:
        """How many there are."""
        raise NotImplementedError

    def nearest(self) -> C | None:
        """The neighbour with the smallest distance (of several, the first in order), or None."""
        raise NotImplementedError


class Rng:
    """`rng: bw.Rng`: the agent's own random stream, a function of seed, behavior, entity id, tick and draw.

    Philox4x32-10 (Salmon et al. 2011, doi:10.1145/2063384.2063405). Agents never share numbers, and the
    draws of one do not depend on who else lives.
    """

    def uniform(self, low: float = 0.0, high: float = 1.0) -> float:
        """A float in [low, high): low + (high - low) * u with u a multiple of 2^-53."""
        raise NotImplementedError

    def normal(self, mean: float = 0.0, std: float = 1.0) -> float:
        """A normal deviate by inversion (Wichura 1988, AS 241, doi:10.2307/2347330)."""
        raise NotImplementedError

    def exponential(self, scale: float = 1.0) -> float:
        """An exponential deviate with that mean."""
        raise NotImplementedError

    def integers(self, low: int, high: int | None = None) -> int:
        """A whole number in [low, high), or in [0, low) if high is not given (Lemire 2019,
        doi:10.1145/3230636).

        An empty range is an error.
        """
        raise NotImplementedError

    @overload
    def choice(self, items: Neighbors[C]) -> C: ...
    @overload
    def choice(self, items: Sequence[T]) -> T: ...
    def choice(self, items: Any) -> Any:
        """One of the neighbours, or of the items of a tuple or array, all equally likely.

        No items are an error.
        """
        raise NotImplementedError

    def bernoulli(self, p: float) -> bool:
        """True with probability p: `uniform() < p`."""
        raise NotImplementedError


class Clock:
    """`clock: bw.Clock`: the world's time."""

    @property
    def tick(self) -> int:
        """The number of the tick that is running, from 0."""
        raise NotImplementedError


class Entity:
    """`me: bw.Entity`: the agent itself."""

    @property
    def id(self) -> int:
        """Its id, never reused. (For behaviors of cells: the cell's index.)"""
        raise NotImplementedError

    def despawn(self) -> None:
        """Ends the agent's life at the end of the phase; the rest of the behavior still runs."""
        raise NotImplementedError


class Spawn(Generic[*Cs]):
    """`lamb: bw.Spawn[Sheep]`: orders a new entity with these components: `lamb(position=..., energy=...)`.

    Fields that are not named have their defaults. It is born at the end of the phase.
    """

    def __call__(self, **fields: Any) -> None:
        raise NotImplementedError


class Attach(Generic[C]):
    """`ill: bw.Attach[Ill]`: gives the agent a component at the end of the phase: `ill(since=clock.tick)`."""

    def __call__(self, **fields: Any) -> None:
        raise NotImplementedError


class Detach(Generic[C]):
    """`heal: bw.Detach[Ill]`: takes a component from the agent at the end of the phase: `heal()`."""

    def __call__(self) -> None:
        raise NotImplementedError


class Claim(Generic[C]):
    """`grass: bw.Claim[Grass]`: asks for things that others may want too, with the decorator's
    `claim=(what, result)`.

    What was granted stands in the result field after the phase (in a sequential behavior: when `ask`
    returns).
    """

    def ask(self, place: Place, n: int = 1) -> None:
        """Asks for up to n of the things at a place."""
        raise NotImplementedError


class Cells(Generic[C]):
    """`cells: bw.Cells[Grass]`: the cells of the world, read only: `cells.at(place).grown`."""

    def at(self, place: Place) -> C:
        """The cell at a place. A place outside the world is an error."""
        raise NotImplementedError

    def gradient(self, place: Place, field: Any) -> Any:
        """How fast a float field, e.g. `Scent.level`, grows along each axis at the cell of a place.

        Half the difference of the two cells beside it over the cells' length; at an edge of a bounded world
        the whole difference to the one that is there. On a `bw.HexGrid` the slope of the plane that fits the
        six cells around best, x to the right, y up, with 1 between the middles of neighbours. A place outside
        the world is an error.

        Returns:
            A vec2 or vec3, per unit length (grids: per cell). It points to where there is more.
        """
        raise NotImplementedError


class HereMark:
    """Tells `Here[Grass]` from a plain `Grass` annotation."""


Here = Annotated[G, HereMark()]
"""`here: bw.Here[Grass]`: the cell at the agent's place, read only: `here.grown`."""


class Deposit(Generic[C]):
    """`scent: bw.Deposit[Pheromone]`: adds to a field of cells, with the decorator's
    `deposit=Pheromone.level`."""

    def add(self, place: Place, amount: float) -> None:
        """Adds an amount to the cell at a place; amounts are summed in fixed point (2^-32), so order cannot
        matter."""
        raise NotImplementedError


class Space:
    """`space: bw.Space`: the world's size and what follows from it."""

    @property
    def size(self) -> Any:
        """Its size per axis: a vec in continuous worlds, an ivec (cells) on grids."""
        raise NotImplementedError

    def clamp(self, place: V) -> V:
        """The nearest place inside the world: [0, size) per axis, for cells 0..size-1."""
        raise NotImplementedError

    def wrap(self, place: V) -> V:
        """The place modulo the size, per axis: for periodic worlds."""
        raise NotImplementedError

    def random_empty(self, rng: Rng) -> Any:
        """A uniformly random empty cell of the grid. No empty cell is an error."""
        raise NotImplementedError


class Send(Generic[E]):
    """`tell: bw.Send[Infection]`: sends events: `tell(other.id, strength=1.0)`, delivered the next phase.

    `after=n` delays the delivery by n ticks; `tell.all(strength=1.0)` goes to all who listen.
    """

    def __call__(self, target: int, *, after: int = 0, **fields: Any) -> None:
        raise NotImplementedError

    def all(self, *, after: int = 0, **fields: Any) -> None:
        """Sends to all who listen."""
        raise NotImplementedError


class Link(Generic[L]):
    """`link: bw.Link[Contact]`: changes edges of a graph that begin at the agent: `link.add(other.id)`.

    In an undirected graph they are the edges that end at the agent, whichever end they were made from. All
    changes take place at the end of the phase; those of one edge one after another, in the order of
    (behavior, agent, when ordered). Ids of agents that have ended by then are passed over, and counted
    (`sim.dropped_links`). The agent's own id is an error.
    """

    def add(self, target: int, **fields: Any) -> None:
        """An edge to the agent with that id; fields that are not named have their defaults. Where there is
        one already, it gets these data."""
        raise NotImplementedError

    def set(self, target: int, **fields: Any) -> None:
        """Writes these fields of the edge to that agent. Where there is none, nothing happens, and it is
        counted (`sim.dropped_links`)."""
        raise NotImplementedError

    def remove(self, target: int) -> None:
        """Ends the edge to that agent; nothing happens where there is none."""
        raise NotImplementedError


class Inbox(Generic[E]):
    """`mail: bw.Inbox[Infection]`: the events that were sent to the agent, in (sender, ordinal) order."""

    def __iter__(self) -> Iterator[E]:
        """The events; each has its fields and `sender`."""
        raise NotImplementedError

    def __len__(self) -> int:
        raise NotImplementedError


MOORE = ((-1, -1), (0, -1), (1, -1), (-1, 0), (1, 0), (-1, 1), (0, 1), (1, 1))


def moore(k: int) -> ivec2:
    """The step to one of the eight cells around, by rows from (-1, -1) to (1, 1).

    Args:
        k: 0 to 7; another number is an error.

    Example:
        >>> moore(0), moore(4), moore(7)
        (ivec2(-1, -1), ivec2(1, 0), ivec2(1, 1))
    """
    if not 0 <= k <= 7:
        raise IndexError(f"moore(k): expected k from 0 to 7, found {k}")
    return ivec2(*MOORE[k])


# By direction: lines up, and columns to the right from an even line and from an odd one.
HEXAGON = ((0, 1, 1), (1, 0, 1), (1, -1, 0), (0, -1, -1), (-1, -1, 0), (-1, 0, 1))


def hex_step(place: ivec2, k: int) -> ivec2:
    """The cell next to one of a `bw.HexGrid`, in one of the six directions.

    Directions go around to the left: 0 is east, 1 north-east (a line up), 2 north-west, 3 west, 4 south-west,
    5 south-east; direction k is the angle k * 60 degrees, (k + 3) % 6 the way back. The result may lie
    outside of the world: give it to `space.wrap` or `space.clamp`.

    Args:
        place: a cell (column, line).
        k: 0 to 5; another number is an error.

    Example:
        >>> hex_step(ivec2(4, 2), 1), hex_step(ivec2(4, 3), 1)
        (ivec2(4, 3), ivec2(5, 4))
    """
    if not 0 <= k <= 5:
        raise IndexError(f"hex_step(place, k): expected k from 0 to 5, found {k}")
    up, even, odd = HEXAGON[k]
    return place + ivec2(odd if place.y & 1 else even, up)
