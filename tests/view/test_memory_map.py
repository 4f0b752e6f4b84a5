"""Pictures of soups' memory: every cell has the colour of whose it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import bigworlds as bw
from bigworlds.organism import Mutation, Organism, Soup
from bigworlds.simulation import Seen
from bigworlds.view import Frame, Memory, frame_of, memory_map
from bigworlds.view.memory_map import genotype_colors, map_shape, memory_layer
from bigworlds.view.palette import BACKGROUND, EMPTY_CELL

ANCESTOR = Path(__file__).parents[2] / "examples" / "primordial" / "ancestor.tie"


def random_table(rng: np.random.Generator, tiles: int, cells: int) -> dict[str, np.ndarray]:
    """Organisms with and without a child's block, side by side with gaps, in all tiles."""
    rows: list[tuple[int, ...]] = []
    for tile in range(1, tiles + 1):
        at = int(rng.integers(0, 9))
        while at + 80 < cells:
            size, child = int(rng.integers(12, 40)), int(rng.integers(0, 2)) * int(rng.integers(12, 40))
            rows.append(((tile << 44) + len(rows) + 1, at, size, at + size, child, int(rng.integers(5))))
            at += size + child + int(rng.integers(0, 9))
    columns = np.array(rows, dtype=np.uint64).T
    names = ("id", "address", "size", "child_address", "child_size", "genotype")
    return dict(zip(names, columns, strict=True))


def painted_by_hand(memory: Memory, table: dict[str, np.ndarray], rgb: np.ndarray) -> np.ndarray:
    step, columns, lines = map_shape(memory)
    picture = np.zeros((memory.tiles * lines, columns, 3), dtype=np.uint8)
    for line in range(memory.tiles * lines):
        for column in range(columns):
            tile, pixel = line // lines, line % lines * columns + column
            address = pixel * step
            color = np.array(EMPTY_CELL if address < memory.cells else BACKGROUND)
            for row in np.flatnonzero(table["id"] >> 44 == tile + 1):
                if 0 <= address - int(table["address"][row]) < int(table["size"][row]):
                    color = rgb[row]
                if 0 <= address - int(table["child_address"][row]) < int(table["child_size"][row]):
                    color = np.rint(rgb[row] * 0.55)
            picture[line, column] = color
    return picture[::-1]


@pytest.mark.parametrize(("tiles", "cells", "most"), [(1, 600, 10**6), (3, 500, 10**6), (2, 701, 400)])
def test_every_pixel_has_the_colour_of_whose_cell_it_is(
    tiles: int, cells: int, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory_map, "MOST_MAP_CELLS", most)
    memory = Memory(Organism, cells, tiles)
    table = random_table(np.random.default_rng(cells), tiles, cells)
    rgb = genotype_colors(table["genotype"])
    found = memory_layer(memory, table, rgb).rgb
    assert np.array_equal(found, painted_by_hand(memory, table, rgb))
    assert found.shape[0] * found.shape[1] <= 1.3 * most


def test_colours_of_genotypes_tell_them_apart() -> None:
    hashes = np.random.default_rng(1).integers(0, 1 << 63, size=300).astype(np.uint64)
    colors = genotype_colors(hashes)
    assert len(np.unique(colors, axis=0)) > 200
    assert np.array_equal(genotype_colors(hashes[::-1]), colors[::-1])


def frame(look: dict[str, Any] | None = None, **options: Any) -> Frame:
    @bw.model()
    def pond(world: bw.World) -> None:
        world.soup(Soup(ancestors=[ANCESTOR], cells=12_000, tiles=3, mutation=Mutation(copy=4.0)))
        if look is not None:
            world.look(Organism, **look)

    sim = pond.simulate(rng=2, **options)
    sim.run(3)
    return frame_of(Seen(sim), sim.description.looks, caption="pond")


def test_a_world_with_soups_is_seen_as_its_memory() -> None:
    seen, elsewhere = frame(), frame(ranks=2)
    assert seen.extent is not None
    assert np.array_equal(seen.cells[0].rgb, elsewhere.cells[0].rgb)
    assert seen.agents > 30
    assert seen.extent[0] * seen.extent[1] >= 12_000
    counts = [entry.count or 0 for entry in seen.legend]
    assert counts == sorted(counts, reverse=True)
    assert seen.legend[0].label.startswith("80 cells")


def test_a_look_colours_by_another_field() -> None:
    by_size = frame({"color": "size", "range": (0, 160)})
    assert [scale.label for scale in by_size.scales] == ["size"]
    assert not np.array_equal(by_size.cells[0].rgb, frame().cells[0].rgb)
