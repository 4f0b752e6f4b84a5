"""Organism: what queries, records, views and behaviors see of a program that lives in a soup."""

from __future__ import annotations

from bigworlds.data.component import Component
from bigworlds.data.fields import u32, u64


class Organism(Component):
    """An organism, as its soup lends it: a row that can be read, and ended, but not written.

    Its id is of the tile whose soup it lives in.

    Attributes:
        address: the first cell of its own block.
        size: how many cells its block has.
        child_address: the first cell of the block that it asked for, for a child.
        child_size: how many cells that one has; 0: none.
        births: how many children it has had.
        errors: how many errors it has made.
        since_birth: instructions since it last gave birth, or was born.
        generation: how many mothers lie between it and an ancestor that was put there.
        genotype: the hash of its genome when it was born.
        mother: the id of its mother, who may be dead; 0 for an ancestor.
        born: how many instructions its soup had executed when it was born.
    """

    address: u32
    size: u32
    child_address: u32
    child_size: u32
    births: u32
    errors: u32
    since_birth: u32
    generation: u64
    genotype: u64
    mother: u64
    born: u64
