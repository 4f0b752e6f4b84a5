"""Reference of the snowflake: a plain loop over a dictionary of cells by cube coordinates (q, r), where all
cells have their six neighbours by the same six steps.

Each step a cell that is ice (water >= 1) or touches ice gathers water; the others hold vapour. Vapour evens
out with the mean of the neighbours', by half of ``diffusion``; cells that gather get what comes, and
``inflow``.
"""

from __future__ import annotations

Cell = tuple[int, int]
Water = dict[Cell, float]

STEPS = ((1, 0), (0, 1), (-1, 1), (-1, 0), (0, -1), (1, -1))


def around(cell: Cell, water: Water) -> list[Cell]:
    """The neighbours that are in the world."""
    found = [(cell[0] + q, cell[1] + r) for q, r in STEPS]
    return [other for other in found if other in water]


def step(water: Water, *, diffusion: float, inflow: float) -> Water:
    """The world one step later."""
    gathers = {
        cell: amount >= 1.0 or any(water[other] >= 1.0 for other in around(cell, water))
        for cell, amount in water.items()
    }
    vapour = {cell: 0.0 if gathers[cell] else amount for cell, amount in water.items()}
    after = {}
    for cell, amount in water.items():
        near = around(cell, water)
        mean = sum(vapour[other] for other in near) / len(near)
        after[cell] = amount + diffusion / 2 * (mean - vapour[cell]) + (inflow if gathers[cell] else 0.0)
    return after


def cube(x: int, y: int) -> Cell:
    """The cube coordinates of column x in line y, where odd lines are shifted to the right."""
    return x - (y - (y & 1)) // 2, y


def turned(cell: Cell, middle: Cell) -> Cell:
    """The cell a sixth of a turn further around the middle."""
    q, r = cell[0] - middle[0], cell[1] - middle[1]
    return middle[0] - r, middle[1] + q + r
