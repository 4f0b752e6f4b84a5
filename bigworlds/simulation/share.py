"""The share of a start that belongs to one rank, drawn within its tiles: how a dry run of a rank of a very
large job begins, without drawing the whole world."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bigworlds import _core
from bigworlds.cluster import DryRun
from bigworlds.errors import UserError
from bigworlds.model.declarations import WorldDescription
from bigworlds.simulation.schema import Schema, stored_columns
from bigworlds.space import Grid, Space

Places = NDArray[Any]

# Points along each axis by which a rank's tiles are found first, for each rank of a side.
_POINTS_OF_A_RANK = 4
# The most points at once.
_MOST_POINTS = 1 << 22


def start_share(
    core: _core.Simulation, schema: Schema, description: WorldDescription, seed: int, dry: DryRun
) -> None:
    """Makes one rank's share of every spawn, in its tiles; cells have their defaults.

    Raises:
        UserError: the world has no space, or graphs.
    """
    space = description.space
    if space is None or description.graphs:
        raise UserError(
            "a dry run draws a rank's share (load=) in a world with a space and no graphs; leave load out"
        )
    for spawn in description.spawns:
        rows = np.arange(round((dry.load or 0.0) * spawn.n / dry.ranks), dtype=np.uint64)
        columns = dict(spawn.columns(seed, core.next_id + rows, rows))
        for owner, name in columns:
            if name == "position":

                def owns(places: Places, owner: type = owner) -> NDArray[np.bool_]:
                    mine = np.zeros(len(places), dtype=bool)
                    mine[
                        core.own_rows(len(places), stored_columns(schema, {(owner, "position"): places}))
                    ] = True
                    return mine

                columns[owner, name] = places_within(space, dry.ranks, len(rows), owns, seed)
        numbers = [schema.number(component) for component in spawn.components]
        core.spawn_own(numbers, len(rows), rows.astype(np.uint32), stored_columns(schema, columns))


def places_within(
    space: Space, ranks: int, count: int, owns: Callable[[Places], NDArray[np.bool_]], seed: int
) -> Places:
    """Random places in one rank's tiles.

    Args:
        space: of the world.
        ranks: how many ranks share it.
        count: how many places.
        owns: tells of places (float64, count x axes) which are in the rank's tiles.
        seed: of the draws.

    Returns:
        Places, float64 of shape (count, axes), evenly spread over the tiles; whole numbers on grids.

    Raises:
        UserError: the rank has no tile that could be found.
    """
    size = np.asarray(space.size, dtype=np.float64)
    low, high = _box(size, ranks, owns)
    draw = np.random.Generator(np.random.Philox(key=seed))
    found: list[Places] = []
    have = 0
    while have < count:
        some = low + draw.random((min(max(count, 1024), _MOST_POINTS), len(size))) * (high - low)
        if isinstance(space, Grid):
            some = np.floor(some)
        some = some[owns(some)]
        found.append(some)
        have += len(some)
    return np.concatenate([np.empty((0, len(size))), *found])[:count]


def _box(size: Places, ranks: int, owns: Callable[[Places], NDArray[np.bool_]]) -> tuple[Places, Places]:
    """A box that holds the rank's tiles."""
    axes = len(size)
    side = int(np.ceil(ranks ** (1.0 / axes))) * _POINTS_OF_A_RANK
    steps = [(np.arange(side) + 0.5) / side * length for length in size]
    points = np.stack([axis.ravel() for axis in np.meshgrid(*steps, indexing="ij")], axis=1)
    mine = points[owns(points)]
    if len(mine) == 0:
        raise UserError(
            "the dry run's rank has no tile that could be found; give the world about as many tiles as "
            "there are ranks, or more (world.tiles)"
        )
    gap = size / side
    low = np.maximum(mine.min(axis=0) - gap, 0.0)
    return low, np.minimum(mine.max(axis=0) + gap, size)
