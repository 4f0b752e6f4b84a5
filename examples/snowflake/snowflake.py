"""Snowflake: water freezes onto a crystal of hexagons, and its shape follows from how moist the air is."""

import numpy as np

import bigworlds as bw


class Params(bw.Parameters):
    side: int = bw.param(121, min=3, help="lines of the world, and cells in each")
    moisture: float = bw.param(0.4, min=0.0, max=0.99, help="water in each cell of the air at the start")
    diffusion: float = bw.param(1.0, min=0.0, max=1.0, help="share of a cell's vapour that spreads in a tick")
    inflow: float = bw.param(0.001, min=0.0, max=1.0, help="water that comes to each cell at the ice, a tick")
    noise: float = bw.param(0.0, min=0.0, max=1.0, help="how unevenly the air is moist at the start")


class Cell(bw.CellComponent):
    water: float  # from 1 up it is ice
    gathers: bool


@bw.model(Params, presets={"small": {"side": 61}, "large": {"side": 401}}, ticks=400)
def snowflake(world: bw.World, p: Params) -> None:
    """One frozen cell in the middle of moist air; the crystal grows until it comes near an edge."""
    world.space = bw.HexGrid((p.side, p.side))
    middle = np.zeros((p.side, p.side), bool)
    middle[p.side // 2, p.side // 2] = True
    air = bw.uniform(p.moisture * (1.0 - p.noise), p.moisture)
    world.cells(Cell, water=bw.where(middle, 1.0, air))
    world.behaviors(freeze, spread)
    world.stop_when(lambda sim: radius(sim) >= p.side // 2 - 1)
    world.look(Cell, color="water", colormap=("#0b1d3a", "#2c5a8f", "#9cc7e8", "#ffffff"), range=(0.0, 1.5))


@bw.behavior(neighbors=1)
def freeze(cell: Cell, around: bw.Neighbors[Cell]) -> None:
    """Ice takes up water, and so do the cells that touch it; what the others hold is vapour."""
    cell.gathers = cell.water >= 1.0
    for other in around:
        cell.gathers = cell.gathers or other.water >= 1.0


@bw.behavior(neighbors=1)
def spread(cell: Cell, around: bw.Neighbors[Cell], p: Params) -> None:
    """Vapour evens out between cells; where water gathers it only comes, and stays."""
    here = 0.0 if cell.gathers else cell.water
    there = 0.0
    for other in around:
        there += 0.0 if other.gathers else other.water
    cell.water += 0.5 * p.diffusion * (there / len(around) - here)
    if cell.gathers:
        cell.water += p.inflow


def ice(sim: bw.Simulation) -> np.ndarray:
    """Which cells are frozen, as an array [y, x]."""
    return np.asarray(sim.cells(Cell)["water"] >= 1.0)


@snowflake.metric
def frozen_cells(sim: bw.Simulation) -> int:
    """How many cells are ice."""
    return int(ice(sim).sum())


@snowflake.metric
def radius(sim: bw.Simulation) -> int:
    """How many steps it is from the middle to the farthest ice."""
    y, x = np.nonzero(ice(sim))
    side = len(ice(sim))
    grid = bw.HexGrid((side, side))
    return int(grid.distance((side // 2, side // 2), np.stack([x, y], axis=-1)).max())


if __name__ == "__main__":
    sim = snowflake.simulate("small", rng=1)
    sim.run(400)
    print(sim.metrics())
