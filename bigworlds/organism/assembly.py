"""Genomes as text: names of instructions, between them spaces or line ends; `;` starts a comment.

A byte that is no instruction is written, and read, as `0x` and two hexadecimal digits, so that every genome
can be written and read back.
"""

from __future__ import annotations

import re

from bigworlds.errors import UserError
from bigworlds.organism.instruction_set import InstructionSet

MOST_INSTRUCTIONS = 1 << 20  # of a genome that is read

_NUMBER = re.compile(r"0x[0-9a-fA-F]{2}")


def read_word(word: str, instructions: InstructionSet, source: str, line: int) -> int:
    """The byte of one word of a genome's text.

    Raises:
        UserError: it is no instruction; the message names file and line, and the nearest names.
    """
    if _NUMBER.fullmatch(word):
        return int(word, 16)
    try:
        return instructions.byte(word)
    except UserError as problem:
        raise UserError(f"{source}:{line}: {problem}") from None


def checked_length(genome: bytearray, source: str) -> bytes:
    """A genome that was read, if its length can be one.

    Raises:
        UserError: it is empty or too long.
    """
    if not genome:
        raise UserError(f"{source}: there is no instruction in it")
    if len(genome) > MOST_INSTRUCTIONS:
        raise UserError(f"{source}: a genome has up to {MOST_INSTRUCTIONS} instructions, found {len(genome)}")
    return bytes(genome)


def assemble(text: str, instructions: InstructionSet, source: str = "the text") -> bytes:
    """A genome from names of instructions.

    Args:
        text: the names, in order.
        instructions: the set that they are of.
        source: what messages call the text: its file.

    Returns:
        One byte an instruction.

    Raises:
        UserError: a name is unknown, or there is none at all.

    Example:
        >>> from bigworlds.organism import profile
        >>> assemble("zero not0 ; makes 1", profile("tierra"))
        b'\\x04\\x02'
    """
    genome = bytearray()
    for number, line in enumerate(text.splitlines(), start=1):
        for word in line.split(";", 1)[0].split():
            genome.append(read_word(word, instructions, source, number))
    return checked_length(genome, source)


def mnemonics(genome: bytes, instructions: InstructionSet) -> list[str]:
    """The word of each byte of a genome.

    Example:
        >>> from bigworlds.organism import profile
        >>> mnemonics(b"\\x1f\\x20", profile("tierra"))
        ['divide', '0x20']
    """
    return [instructions.name_of(byte) or f"0x{byte:02x}" for byte in genome]


def disassemble(genome: bytes, instructions: InstructionSet) -> str:
    """A genome as names of instructions, one a line: `assemble` gives it back.

    Example:
        >>> from bigworlds.organism import profile
        >>> disassemble(b"\\x04\\x02", profile("tierra"))
        'zero\\nnot0\\n'
    """
    return "".join(f"{word}\n" for word in mnemonics(genome, instructions))
