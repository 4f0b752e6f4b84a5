"""Parasites: organisms that copy themselves by running the code of others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bigworlds.organism.instruction_set import InstructionSet
from bigworlds.organism.specimen import gestation

LIMIT = 10_000
"""Instructions until a birth is no longer waited for."""


@dataclass(frozen=True)
class Parasite:
    """A genome that breeds true beside a host, and has no birth alone.

    Attributes:
        genome: one byte an instruction.
        host: a genome that breeds true alone, and beside which it was measured.
    """

    genome: bytes
    host: bytes


def find_parasites(
    genomes: Sequence[bytes], instructions: InstructionSet, *, limit: int = LIMIT
) -> list[Parasite]:
    """The obligate parasites among some genomes: without an instruction that copies cells, without a birth
    when alone, breeding true beside one of the others that breeds true alone.

    Args:
        genomes: such as live together, the most frequent first; hosts are tried in this order.
        instructions: the set that they are of.
        limit: how many instructions a birth may take.

    Returns:
        In the order of the genomes, each with the first host that serves it.

    Example:
        >>> from bigworlds.organism import assemble, profile
        >>> find_parasites([assemble("ret " * 20, profile("tierra"))], profile("tierra"))
        []
    """
    copying = {one.byte for one in instructions.instructions if one.handler == "copy"}
    alone = {genome: gestation(genome, instructions, limit=limit) for genome in dict.fromkeys(genomes)}
    hosts = [genome for genome, measured in alone.items() if measured.breeds_true]
    found = []
    for genome, measured in alone.items():
        if measured.first is not None or copying & set(genome):
            continue
        for host in hosts:
            if gestation(genome, instructions, host=host, limit=limit).breeds_true:
                found.append(Parasite(genome, host))
                break
    return found
