"""A picture of soups' memory: line by line, cells in the colour of the organism whose block they are.

Each soup begins a new line; the first address is at the top left. A child's block is darker than its
mother's, free cells are dark. Colours stand for genotypes, or for what the organisms' look says.
"""

from __future__ import annotations

import colorsys
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bigworlds.view.frame import CellLayer, LegendEntry, Memory
from bigworlds.view.palette import BACKGROUND, EMPTY_CELL, Bytes, Rgb

MOST_MAP_CELLS = 1 << 22
"""A picture shows at most so many cells; of larger memories every second, third, ... one."""

MOST_LEGEND_GENOTYPES = 4
TILE_BITS = 44  # of an id, above which its tile stands
_ASPECT = 2.0
_CHILD_SHADE = 0.55


def map_shape(memory: Memory) -> tuple[int, int, int]:
    """(cells a pixel, columns, lines of a soup) of a memory's picture."""
    step = max(1, -(-memory.cells * memory.tiles // MOST_MAP_CELLS))
    shown = -(-memory.cells // step)
    columns = min(shown, math.ceil(math.sqrt(_ASPECT * shown * memory.tiles)))
    return step, columns, -(-shown // columns)


def memory_layer(memory: Memory, table: Mapping[str, NDArray[Any]], rgb: Bytes) -> CellLayer:
    """The picture.

    Args:
        memory: how large it is.
        table: of the organisms: id, address, size, child_address, child_size.
        rgb: uint8 (n, 3), their colours.
    """
    step, columns, lines = map_shape(memory)
    shown = -(-memory.cells // step)
    picture = np.empty((memory.tiles, lines * columns, 3), dtype=np.uint8)
    picture[:, :shown] = EMPTY_CELL
    picture[:, shown:] = BACKGROUND
    tile = (table["id"] >> np.uint64(TILE_BITS)).astype(np.int64) - 1
    darker = np.rint(rgb * _CHILD_SHADE).astype(np.uint8)
    for block, colors in (("", rgb), ("child_", darker)):
        first = table[f"{block}address"].astype(np.int64)
        end = first + table[f"{block}size"].astype(np.int64)
        _paint(picture, tile, -(-first // step), -(-end // step), colors)
    whole = picture.reshape(memory.tiles * lines, columns, 3)
    return CellLayer(memory.component.__name__, np.ascontiguousarray(whole[::-1]))


def _paint(picture: Bytes, tile: NDArray[np.int64], first: Any, end: Any, colors: Bytes) -> None:
    """Gives the pixels [first, end) of each organism its colour."""
    lengths = end - first
    owner = np.repeat(np.arange(len(lengths)), lengths)
    before = np.cumsum(lengths) - lengths
    pixel = np.arange(len(owner)) - before[owner] + first[owner]
    picture[tile[owner], pixel] = colors[owner]


def genotype_colors(genotypes: NDArray[np.uint64]) -> Bytes:
    """A colour for each genotype, by its hash alone: the same in all pictures of all runs.

    Example:
        >>> same = genotype_colors(np.array([7, 8, 7], dtype=np.uint64))
        >>> (same[0] == same[2]).all(), (same[0] == same[1]).all()
        (np.True_, np.False_)
    """
    every, of_row = np.unique(genotypes, return_inverse=True)
    colors = np.array([_color(int(one)) for one in every], dtype=np.uint8).reshape(-1, 3)
    found: Bytes = colors[of_row.reshape(-1)]
    return found


def _color(genotype: int) -> Rgb:
    hue, light = genotype % 360 / 360, (genotype >> 16) % 4
    red, green, blue = colorsys.hls_to_rgb(hue, 0.45 + 0.1 * light, 0.7)
    return round(255 * red), round(255 * green), round(255 * blue)


def genotype_legend(table: Mapping[str, NDArray[Any]]) -> tuple[LegendEntry, ...]:
    """The most frequent genotypes, by their size and the last digits of their hash."""
    every, first, counts = np.unique(table["genotype"], return_index=True, return_counts=True)
    order = np.lexsort((every, -counts))[:MOST_LEGEND_GENOTYPES]
    return tuple(
        LegendEntry(
            f"{int(table['size'][first[k]])} cells, {int(every[k]) & 0xFFFF:04x}",
            _color(int(every[k])),
            int(counts[k]),
        )
        for k in order
    )
