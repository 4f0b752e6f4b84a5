"""Partition: how the tiles of a world are shared out among ranks, as a value; and the door to pymetis."""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from bigworlds.errors import UserError, nearest_names

KINDS = ("blocks", "bisection", "curve", "graph")

# A part of ten times the mean is as good as none; METIS wants the number to be small.
MOST_TOLERANCE = 10.0

Divider = Callable[..., Sequence[int]]


@dataclass(frozen=True)
class Partition:
    """Which rank gets which tile of a world. It never changes a result.

    A world is cut into tiles, and each is wholly on one rank. The kinds:

    * "blocks": consecutive tiles in equal shares; in a world without a space, where tiles are classes of
      ids, by id. Once costs have been measured, in shares of equal cost.
    * "bisection": the space is halved again and again, each time so that both halves cost the same for each
      of their ranks (Berger, Bokhari 1987, doi:10.1109/TC.1987.1676942). Ranks have boxes.
    * "curve": pieces of equal cost of a Hilbert curve through the space.
    * "graph": parts of equal cost between which little is exchanged. Tiles of a space exchange with those
      that they touch; without a space what counts are events between their entities, and edges of graphs.
      Divided by pymetis where it is installed.

    Before the first tick the agents and cells of a tile stand for its cost ("blocks" counts tiles). With
    `balance` it is measured: how long processors are busy with the tile's rows in the last tick before a
    look.

    Attributes:
        kind: as above.
        balance: ticks between two looks at what ranks have to do, None for never. Tiles move where the
            busiest rank has more to do than `tolerance` allows, and a new division takes away a fifth of
            that or more; of the kind "graph" also where it takes away a fifth of the traffic between ranks.
        tolerance: how much more than the mean the busiest rank may have to do, as a share, from 0 up.
            Of the kind "graph" a division uses it up where less is exchanged for it.

    Example:
        >>> import bigworlds as bw
        >>> class Ball(bw.Component):
        ...     position: bw.vec2
        >>> @bw.model()
        ... def hall(world):
        ...     world.space = bw.Continuous((8.0, 8.0))
        ...     world.spawn(Ball, n=40, position=bw.uniform())
        >>> hall.simulate(rng=1, ranks=2, partition=bw.Partition("bisection", balance=50)).ranks
        2
    """

    kind: str = "blocks"
    balance: int | None = None
    tolerance: float = 0.1

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            known = nearest_names(str(self.kind), KINDS)
            raise UserError(f"a partition is one of {', '.join(KINDS)}; found {self.kind!r}{known}")
        if self.balance is not None and (
            isinstance(self.balance, bool) or not isinstance(self.balance, int) or self.balance < 1
        ):
            raise UserError(f"balance is a number of ticks from 1 up, or None; found {self.balance!r}")
        if isinstance(self.tolerance, bool) or not isinstance(self.tolerance, int | float):
            raise UserError(f"tolerance is a share from 0 up; found {self.tolerance!r}")
        if not 0.0 <= self.tolerance < float("inf"):
            raise UserError(f"tolerance is a share from 0 up; found {self.tolerance!r}")

    def terms(self) -> tuple[str, int, float, Divider | None]:
        """What the core is told."""
        divider = _metis() if self.kind == "graph" else None
        return self.kind, self.balance or 0, float(self.tolerance), divider


def partition_of(given: Partition | str | None) -> Partition:
    """A partition from what a user named: one, the name of its kind, or nothing.

    Raises:
        UserError: something else.
    """
    if given is None:
        return Partition()
    if isinstance(given, str):
        return Partition(given)
    if isinstance(given, Partition):
        return given
    raise UserError(f"partition is a bw.Partition, or one of {', '.join(KINDS)}; found {given!r}")


def _metis() -> Divider | None:
    """Division by pymetis, where it is installed."""
    try:
        pymetis: Any = importlib.import_module("pymetis")
    except ImportError:
        return None

    def divide(
        first: Any, partners: Any, weights: Any, costs: Any, parts: int, tolerance: float
    ) -> Sequence[int]:
        # METIS counts in thousandths of the mean what a part may have more.
        options = pymetis.Options(ufactor=max(1, round(1000 * min(tolerance, MOST_TOLERANCE))))
        graph = {"xadj": first, "adjncy": partners}
        with warnings.catch_warnings():
            # Newer versions take the graph as an object of their own, which older ones do not have.
            warnings.simplefilter("ignore", DeprecationWarning)
            _, owners = pymetis.part_graph(parts, **graph, vweights=costs, eweights=weights, options=options)
        return [int(owner) for owner in owners]

    return divide
