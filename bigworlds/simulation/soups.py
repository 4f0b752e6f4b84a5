"""LiveSoup: what is known of all soups of a running world: counts, cells, genotypes. All of it only reads."""

from __future__ import annotations

import math
import os
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bigworlds import _core
from bigworlds.cluster import Processes
from bigworlds.cluster.processes import gather_rows
from bigworlds.errors import UserError
from bigworlds.model.declarations import WorldDescription
from bigworlds.organism import Organism, Parasite, Soup, find_parasites, write_bank

TILE_BITS = 44
"""An id has the number of its tile above so many bits."""

_COUNTS = ("instructions", "births", "errors", "emigrants", "immigrants", "population", "size_sum")
DEATH_CAUSES = ("memory", "lazy", "order")
"""Why organisms die: others needed memory; they had no births for long; an order from outside."""

MUTATION_KINDS = (
    "copy", "background", "flaw", "point", "same_size_crossover", "crossover", "insertion", "deletion",
    "segment_crossover", "segment_insertion", "segment_deletion",
)  # fmt: skip
"""The kinds of mutations, as `Mutation` names them."""


@dataclass(frozen=True)
class Genotype:
    """Organisms that were born with the same genome.

    Attributes:
        hash: of the genome.
        count: how many of them live.
        size: how many instructions it has.
        example: the id of the oldest of them.
    """

    hash: int
    count: int
    size: int
    example: int


class LiveSoup:
    """The soups of a running world, seen as one. All of it is collective, and the same on any number of
    ranks, but for `instructions_per_second`.

    Attributes:
        soup: what the model says of them.
    """

    def __init__(self, simulation: Any, soup: Soup, elsewhere: int) -> None:
        self.soup = soup
        self._simulation = simulation
        self._core: _core.Simulation = simulation._core
        self._processes: Processes = simulation._processes
        self._elsewhere = elsewhere

    def _totals(self) -> list[int]:
        """Counts, deaths by cause, mutations by kind."""
        mine = np.array([_core.organism.totals(self._core)], dtype=np.uint64)
        every = gather_rows(self._processes, "totals of soups", mine)
        return [int(total) for total in every.sum(axis=0)]

    def _one(self, name: str) -> int:
        return self._totals()[_COUNTS.index(name)]

    @property
    def population(self) -> int:
        """How many organisms live."""
        return self._one("population")

    @property
    def mean_size(self) -> float:
        """The mean size of living organisms, in cells; 0 where none live."""
        counts = dict(zip(_COUNTS, self._totals(), strict=False))
        return counts["size_sum"] / counts["population"] if counts["population"] else 0.0

    @property
    def births(self) -> int:
        """How many were born since the start of the world; ancestors that were put there do not count."""
        return self._one("births")

    @property
    def deaths(self) -> int:
        """How many died since the start of the world."""
        return sum(self.deaths_by_cause.values())

    @property
    def deaths_by_cause(self) -> dict[str, int]:
        """How many died, by `DEATH_CAUSES`."""
        return dict(zip(DEATH_CAUSES, self._totals()[len(_COUNTS) :], strict=False))

    @property
    def mutations(self) -> dict[str, int]:
        """How many mutations there were, by `MUTATION_KINDS`."""
        return dict(zip(MUTATION_KINDS, self._totals()[len(_COUNTS) + len(DEATH_CAUSES) :], strict=True))

    @property
    def errors(self) -> int:
        """How many errors organisms made."""
        return self._one("errors")

    @property
    def emigrants(self) -> int:
        """How many newly born left for another soup; all of them arrived in the same tick."""
        return self._one("emigrants")

    @property
    def instructions(self) -> int:
        """How many instructions were executed since the start of the world: every one counts, failed ones and
        nops too."""
        return self._one("instructions")

    @property
    def instructions_per_second(self) -> float:
        """The instructions that this simulation executed, by the time that its ticks took (`sim.seconds`);
        those before the snapshot that it was resumed from do not count."""
        seconds = self._simulation.seconds
        return (self.instructions - self._elsewhere) / seconds if seconds > 0 else 0.0

    def cells(self) -> NDArray[np.uint8]:
        """The memory, one instruction a cell: an array (tiles, cells of a soup), in the order of tiles. A
        copy."""
        tiles, cells = _core.organism.cells(self._core)
        order = np.argsort(gather_rows(self._processes, "tiles of soups", np.asarray(tiles)))
        return np.asarray(gather_rows(self._processes, "cells of soups", np.asarray(cells)))[order]

    def genotypes(self) -> list[Genotype]:
        """The genotypes of living organisms, the most frequent first; of equally frequent ones the smaller
        hash."""
        table = self._simulation.table(Organism)
        _, first, of_row, counts = np.unique(
            table["genotype"], return_index=True, return_inverse=True, return_counts=True
        )
        oldest = np.full(len(first), np.iinfo(np.uint64).max, dtype=np.uint64)
        np.minimum.at(oldest, of_row.reshape(-1), table["id"])
        found = [
            Genotype(int(table["genotype"][row]), int(count), int(table["size"][row]), int(example))
            for row, count, example in zip(first, counts, oldest, strict=True)
        ]
        return sorted(found, key=lambda one: (-one.count, one.hash))

    def diversity(self) -> float:
        """Shannon's index of the genotypes, -sum p ln p over their shares p; 0 for one genotype, or none."""
        counts = [one.count for one in self.genotypes()]
        total = sum(counts)
        return math.fsum(count / total * math.log(total / count) for count in counts)

    def genomes(self, least: int = 1) -> dict[Genotype, bytes]:
        """The genotypes of living organisms, in the order of `genotypes`, and what stands in their blocks.

        Cells change while an organism lives: given is what most organisms of a genotype have in their own
        block now, of equally frequent contents that of the older organism.

        Args:
            least: how many organisms a genotype has at least.
        """
        table, cells = self._simulation.table(Organism), self.cells()
        contents: dict[int, Counter[bytes]] = {}
        for row, genotype in enumerate(table["genotype"].tolist()):
            address, size = int(table["address"][row]), int(table["size"][row])
            tile = int(table["id"][row]) >> TILE_BITS
            content = bytes(cells[tile - 1, address : address + size])
            contents.setdefault(genotype, Counter())[content] += 1
        found = [one for one in self.genotypes() if one.count >= least]
        return {one: contents[one.hash].most_common(1)[0][0] for one in found}

    def parasites(self, least: int = 5) -> list[Parasite]:
        """The obligate parasites among living genotypes, with a host each, as `find_parasites` measures them.

        Args:
            least: how many organisms a genotype has at least, of parasites and of hosts.
        """
        return find_parasites(list(self.genomes(least).values()), self.soup.instruction_set)

    def bank(self, folder: str | os.PathLike[str], least: int = 5) -> list[Path]:
        """Writes the genotypes of living organisms as files of the gene bank, `0080aaa.tie`, with measured
        daughters. Labels go in the order of `genotypes`, among those of one size. Files of the same name are
        replaced.

        Args:
            folder: where they go; it is made where it is not there.
            least: how many organisms a genotype has at least.

        Returns:
            The files, in the order of `genotypes`.

        Raises:
            UserError: the folder cannot be written to; or there are more genotypes of one size than labels.
        """
        genomes = self.genomes(least)
        return write_bank(Path(folder), list(genomes.values()), self.soup.instruction_set)

    def genome(self, organism: int) -> bytes:
        """What stands in the cells of a living organism's own block now, one byte an instruction.

        Args:
            organism: its id.

        Raises:
            UserError: there is no such organism.
        """
        table = self._simulation.table(Organism)
        rows = np.flatnonzero(table["id"] == organism)
        if not len(rows):
            raise UserError(f"there is no organism {organism}")
        address, size = int(table["address"][rows[0]]), int(table["size"][rows[0]])
        tile = organism >> TILE_BITS
        return bytes(self.cells()[tile - 1, address : address + size])


class Living:
    """The soups of a world: what `Simulation` adds where the model has some."""

    description: WorldDescription
    _executed_elsewhere: int = 0

    @property
    def soup(self) -> LiveSoup:
        """The soups of the world, seen as one: `sim.soup.births`.

        Raises:
            UserError: the model has none.
        """
        if self.description.soup is None:
            raise UserError("this world has no soup; its model declares one by world.soup(...)")
        return LiveSoup(self, self.description.soup, self._executed_elsewhere)

    def _taking_in(self, load: Callable[[], None]) -> None:
        """Takes in another state, whose instructions this simulation did not execute."""
        if self.description.soup is None:
            load()
            return
        executed = self.soup.instructions - self._executed_elsewhere
        load()
        self._executed_elsewhere = self.soup.instructions - executed
