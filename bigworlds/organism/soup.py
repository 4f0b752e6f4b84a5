"""Soup: what a world is told of its soups: their size, their ancestors, and the rules of life in them."""

from __future__ import annotations

import dataclasses
import enum
import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bigworlds import _core
from bigworlds.errors import UserError
from bigworlds.organism.genome_file import read_genome
from bigworlds.organism.instruction_set import InstructionSet, profile
from bigworlds.organism.setting_types import check_types

MOST_INSTRUCTIONS = 1 << 40
"""The most instructions that a soup may run in one tick."""

MOST_TILES = (1 << 20) - 1
"""The most soups that a world may have."""


class Fit(enum.StrEnum):
    """Where memory for a child is taken."""

    FIRST = "first"
    """The first free block that is large enough."""
    BETTER = "better"
    """The smallest one that is large enough."""
    RANDOM = "random"
    """Near an address drawn at random."""
    MOTHER = "mother"
    """Near the mother's own block."""
    REGISTER = "register"
    """Near the address in register a."""
    STACK = "stack"
    """Near the address on top of the stack."""


class SliceRule(enum.StrEnum):
    """How many instructions an organism's turn has."""

    FIXED = "fixed"
    """`slice`, whatever its size."""
    SIZE = "size"
    """min(most_slice, ceil(size ** slice_power) + slice)."""


@dataclass(frozen=True, kw_only=True)
class Mutation:
    """How often genomes change. Of every kind 0 turns it off.

    The first three are in generations that pass on average until one is due in a genome: copied cells, cells
    anywhere in the soup, instructions that come out wrong by one. The others strike at births, one in so
    many, and are applied in this order (Ray 1991; the rates are Tierra's classic ones).

    Args:
        copy, background, flaw: generations, from 0 on.
        point: one instruction of the child changes.
        same_size_crossover: the child's beginning or end becomes that of another organism of its size.
        crossover, segment_crossover: the child goes on as another organism from some place on; of segments
            only where templates begin.
        insertion, segment_insertion: a piece of another organism is put in.
        deletion, segment_deletion: a piece is lost.
        flip_share: of cells that change, how many have one bit flipped; the others become any instruction.

    Example:
        >>> Mutation(copy=4).copy, Mutation.none().flaw
        (4, 0)
    """

    copy: float = 0
    background: float = 32
    flaw: float = 32
    point: float = 32
    same_size_crossover: float = 32
    crossover: float = 32
    insertion: float = 32
    deletion: float = 32
    segment_crossover: float = 32
    segment_insertion: float = 32
    segment_deletion: float = 32
    flip_share: float = 0.2

    def __post_init__(self) -> None:
        check_types(self)

    @classmethod
    def none(cls) -> Mutation:
        """All kinds turned off."""
        kinds = [field.name for field in dataclasses.fields(cls) if field.name != "flip_share"]
        return cls(**dict.fromkeys(kinds, 0))


@dataclass(frozen=True, kw_only=True)
class Soup:
    """Soups of a world, alike, one in each of its tiles; given to `world.soup`.

    The defaults are Tierra's classic settings (Ray 1991).

    Args:
        ancestors: genomes as bytes, or files that `read_genome` reads; each is put once into every tile.
        profile: the instruction set.
        cells: of all soups together; a multiple of `tiles`.
        tiles: how many soups there are. The number belongs to the model: it is the same on any number of
            ranks and threads.
        instructions: that every soup runs in a tick; a turn that has begun is ended.
        migration: one in so many births leaves for another soup, drawn at random; 0: none. The daughter takes
            nothing but her genome along, and others die where there is no room for her.
        migration_every: births leave in ticks that are multiples of this.
        slice_rule, slice, slice_power, most_slice: how many instructions a turn has.
        uniform_slices: whether it has any number from 0 to twice that, all alike.
        fit: where memory is taken.
        reach: how far from an address memory is looked for, in mean sizes.
        reap_near: where it is looked for near an address, death comes there too.
        most_child: how many times larger than its mother a child may be.
        least_size: the cells that a child's block must have.
        least_genome: how many of them must lie in the part that was written to.
        moved_share: the share of the block that must have been copied.
        same_size, same_genome: whether children must have their mother's size, or genome.
        search_limit: how far templates are looked for, in mean sizes.
        shortest_template: how many nops it takes.
        reap_share: the part of the reaper's queue, from the top, from which death draws.
        lazy: an organism dies after so many mean replication times without a birth; 0: never.
        mutation: how often genomes change.

    Raises:
        UserError: a setting that cannot be, by name; tiles that do not divide the cells; no ancestor, or one
            that is larger than its soup.

    Example:
        >>> soup = Soup(ancestors=[bytes(80)], cells=120_000, tiles=2)
        >>> soup.cells_of_tile, soup.instructions
        (60000, 100000)
    """

    ancestors: Iterable[bytes | Path]
    profile: str = "tierra"
    cells: int = 60_000
    tiles: int = 1
    instructions: int = 100_000
    migration: float = 0
    migration_every: int = 1
    slice_rule: SliceRule | str = SliceRule.FIXED
    slice: int = 25
    slice_power: float = 1.0
    most_slice: int = 1 << 20
    uniform_slices: bool = True
    fit: Fit | str = Fit.BETTER
    reach: float = 20.0
    reap_near: bool = True
    most_child: float = 3.0
    least_size: int = 12
    least_genome: int = 12
    moved_share: float = 0.7
    same_size: bool = False
    same_genome: bool = False
    search_limit: float = 5.0
    shortest_template: int = 1
    reap_share: float = 0.3
    lazy: float = 10.0
    mutation: Mutation = Mutation()

    def __post_init__(self) -> None:
        check_types(self)
        _check_range("cells", self.cells, 1, MOST_TILES << 30)
        _check_range("tiles", self.tiles, 1, MOST_TILES)
        for name in ("slice", "most_slice", "least_size", "least_genome", "shortest_template"):
            _check_range(name, getattr(self, name), 0, (1 << 32) - 1)
        _check_range("instructions", self.instructions, 1, MOST_INSTRUCTIONS)
        _check_range("migration_every", self.migration_every, 1, 1 << 40)
        if self.migration != 0 and not 1 < self.migration < math.inf:
            raise UserError(f"migration is 0, or above 1 (one in so many births); found {self.migration!r}")
        if not isinstance(self.mutation, Mutation):
            raise UserError(f"mutation is a bw.organism.Mutation(...); found {self.mutation!r}")
        if self.cells % self.tiles != 0:
            raise UserError(
                f"tiles={self.tiles} does not divide cells={self.cells}; the nearest that it divides is "
                f"{max(1, round(self.cells / self.tiles)) * self.tiles}"
            )
        if self.cells_of_tile >= 1 << 32:
            raise UserError(f"a soup has at most {1 << 30} cells; found {self.cells_of_tile}; use more tiles")
        _core.organism.check_settings(self.settings())
        object.__setattr__(self, "ancestors", self._read_ancestors())

    @property
    def cells_of_tile(self) -> int:
        """How many cells each soup has."""
        return self.cells // self.tiles

    @property
    def instruction_set(self) -> InstructionSet:
        """The set that its organisms are written in."""
        return profile(self.profile)

    @property
    def genomes(self) -> tuple[bytes, ...]:
        """The ancestors, one byte an instruction."""
        return tuple(one for one in self.ancestors if isinstance(one, bytes))

    def settings(self) -> dict[str, Any]:
        """The rules of one soup, as the core takes them."""
        own = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        for name in ("ancestors", "profile", "tiles", "instructions", "migration", "migration_every"):
            del own[name]
        return own | {
            "cells": self.cells_of_tile,
            "slice_rule": list(SliceRule).index(SliceRule(self.slice_rule)),
            "fit": list(Fit).index(Fit(self.fit)),
            "mutation": dataclasses.asdict(self.mutation),
        }

    def _read_ancestors(self) -> tuple[bytes, ...]:
        if isinstance(self.ancestors, bytes | str | Path) or not isinstance(self.ancestors, Iterable):
            raise UserError(f"ancestors is a list of genomes, or of files; found {self.ancestors!r}")
        found: list[bytes] = []
        for given in self.ancestors:
            if not isinstance(given, bytes | str | Path):
                raise UserError(f"an ancestor is a genome (bytes) or a file of one; found {given!r}")
            genome = given if isinstance(given, bytes) else read_genome(Path(given), self.instruction_set)
            if not self.least_size <= len(genome) <= self.cells_of_tile:
                raise UserError(
                    f"an ancestor has {len(genome)} instructions; in a soup of {self.cells_of_tile} cells "
                    f"organisms have {self.least_size} (least_size) to {self.cells_of_tile}"
                )
            found.append(genome)
        if not found:
            raise UserError("a soup needs at least one ancestor; found none")
        if sum(map(len, found)) > self.cells_of_tile:
            raise UserError(
                f"the ancestors have {sum(map(len, found))} instructions together, a soup "
                f"{self.cells_of_tile} cells; make it larger"
            )
        return tuple(found)


def _check_range(name: str, value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        raise UserError(f"{name} is from {low} to {high}; found {value!r}")
