"""Gene banks: folders of genomes in files of the form `.tie`, with what was measured of their daughters."""

from __future__ import annotations

import string
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from bigworlds.errors import UserError
from bigworlds.organism.instruction_set import InstructionSet
from bigworlds.organism.specimen import Birth, gestation
from bigworlds.organism.tie import DaughterRecord, TieGenome, format_tie

MOST_LABELS = 26**3
"""The most genotypes of one size: labels have three letters."""

LIMIT = 10_000  # instructions until a birth is no longer waited for


def label(number: int) -> str:
    """The label of the how manieth genotype of a size.

    Raises:
        UserError: there are no more.

    Example:
        >>> label(0), label(27), label(MOST_LABELS - 1)
        ('aaa', 'abb', 'zzz')
    """
    if not 0 <= number < MOST_LABELS:
        raise UserError(f"there are {MOST_LABELS} labels for genotypes of one size; found more; keep fewer")
    letters = string.ascii_lowercase
    return letters[number // 676] + letters[number // 26 % 26] + letters[number % 26]


def write_bank(folder: Path, genomes: Sequence[bytes], instructions: InstructionSet) -> list[Path]:
    """Writes genomes as files `0080aaa.tie`, each with the daughters that it has alone.

    Args:
        folder: is made where it is not there; files of the same name are replaced.
        genomes: labelled in this order, among those of one size.
        instructions: the set that they are of.

    Returns:
        The files, in the order of the genomes.

    Raises:
        UserError: the folder cannot be written to, or there are more genotypes of one size than labels.
    """
    numbers: Counter[int] = Counter()
    files = []
    for genome in genomes:
        measured = gestation(genome, instructions, limit=LIMIT)
        tie = TieGenome(
            genome=genome,
            label=label(numbers[len(genome)]),
            first=_record(measured.first, genome),
            second=_record(measured.second, genome),
        )
        numbers[len(genome)] += 1
        path = folder / f"{tie.genotype}.tie"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            path.write_text(format_tie(tie, instructions), encoding="utf-8")
        except OSError as problem:
            raise UserError(f"{path} cannot be written: {problem.strerror}") from None
        files.append(path)
    return files


def _record(birth: Birth | None, mother: bytes) -> DaughterRecord | None:
    return None if birth is None else DaughterRecord(birth.instructions, birth.moved, birth.genome == mother)
