"""The text format of Tierra's gene bank, `.tie`: a header, a line `CODE`, a line `track 0:`, then one
instruction a line; `;` starts a comment.

Read of the header are `genotype:` (a size of at least four digits and a label), `1st_daughter:` and
`2nd_daughter:` (`inst:`, `mov_daught:`, `breed_true:`); its other lines are left as they are. A genome must
have as many instructions as its genotype says: that is how a truncated file is known.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bigworlds.errors import UserError
from bigworlds.organism.assembly import checked_length, mnemonics, read_word
from bigworlds.organism.instruction_set import InstructionSet

_GENOTYPE = re.compile(r"genotype:\s+(\d{4,7})([A-Za-z-]{3})(?:\s|$)")
_DAUGHTER = re.compile(r"(1st|2nd)_daughter:(.*)")
_PAIR = re.compile(r"(\w+):\s*(-?\d+)")


@dataclass(frozen=True)
class DaughterRecord:
    """What a header says of a daughter: instructions to her birth, how many were moved, whether she breeds
    true."""

    instructions: int
    moved: int
    breeds_true: bool


@dataclass(frozen=True, kw_only=True)
class TieGenome:
    """A genome and its header.

    Args:
        genome: one byte an instruction.
        label: three letters that tell genotypes of one size apart.
        first: what the header says of the first daughter.
        second: of the second.
    """

    genome: bytes
    label: str = "aaa"
    first: DaughterRecord | None = None
    second: DaughterRecord | None = None

    @property
    def genotype(self) -> str:
        """The size in four digits or more, and the label.

        Example:
            >>> TieGenome(genome=bytes(80), label="aab").genotype
            '0080aab'
        """
        return f"{len(self.genome):04}{self.label}"


def _daughter_of(text: str, where: str) -> DaughterRecord:
    values = {name: int(value) for name, value in _PAIR.findall(text)}
    missing = [name for name in ("inst", "mov_daught", "breed_true") if name not in values]
    if missing:
        raise UserError(f"{where}: the record of a daughter has no {missing[0]}:")
    return DaughterRecord(values["inst"], values["mov_daught"], values["breed_true"] != 0)


def _plain(line: str) -> str:
    return line.split(";", 1)[0].strip()


class _Reader:
    """Goes through the lines once, and knows where it is."""

    def __init__(self, text: str, instructions: InstructionSet, source: str) -> None:
        self.lines = text.splitlines()
        self.instructions = instructions
        self.source = source
        self.number = 0

    def where(self) -> str:
        return f"{self.source}:{self.number}"

    def until(self, wanted: str) -> list[tuple[int, str]]:
        """The lines before one that says `wanted`, which is passed."""
        passed: list[tuple[int, str]] = []
        while self.number < len(self.lines):
            line = _plain(self.lines[self.number])
            self.number += 1
            if line == wanted:
                return passed
            passed.append((self.number, line))
        raise UserError(
            f"{self.where()}: the file ends without a line {wanted!r}; it is truncated, or no .tie file"
        )

    def header(self) -> tuple[int, str, dict[str, DaughterRecord]]:
        genotype: tuple[int, str] | None = None
        daughters: dict[str, DaughterRecord] = {}
        for number, line in self.until("CODE"):
            if line.startswith("genotype:"):
                found = _GENOTYPE.match(line)
                if found is None:
                    raise UserError(
                        f"{self.source}:{number}: expected as in 'genotype: 0080aaa', found {line!r}"
                    )
                genotype = int(found[1]), found[2]
            elif found := _DAUGHTER.match(line):
                daughters[found[1]] = _daughter_of(found[2], f"{self.source}:{number}")
        if genotype is None:
            raise UserError(f"{self.where()}: there is no line 'genotype:' before CODE; this is no .tie file")
        return *genotype, daughters

    def code(self) -> bytes:
        for number, line in self.until("track 0:"):
            if line:
                raise UserError(f"{self.source}:{number}: expected 'track 0:', found {line!r}")
        genome = bytearray()
        for text in self.lines[self.number :]:
            self.number += 1
            words = _plain(text).split()
            if words and words[0] == "track":
                raise UserError(f"{self.where()}: genomes of one track are read, found another")
            if len(words) > 1:
                raise UserError(f"{self.where()}: expected one instruction, found {' '.join(words)!r}")
            for word in words:
                genome.append(read_word(word, self.instructions, self.source, self.number))
        return checked_length(genome, self.source)

    def read(self) -> TieGenome:
        size, label, daughters = self.header()
        genome = self.code()
        if len(genome) != size:
            raise UserError(
                f"{self.where()}: the genotype says {size} instructions, the file ends after {len(genome)}"
            )
        return TieGenome(genome=genome, label=label, first=daughters.get("1st"), second=daughters.get("2nd"))


def parse_tie(text: str, instructions: InstructionSet, source: str = "the text") -> TieGenome:
    """A genome and its header from the text of a `.tie` file.

    Args:
        text: of the file.
        instructions: the set that the genome is of.
        source: what messages call the text: its file.

    Raises:
        UserError: the text is truncated, foreign or has an unknown instruction; the message names the line.

    Example:
        >>> from bigworlds.organism import profile
        >>> text = "genotype: 0002aaa\\nCODE\\ntrack 0:\\nzero ; c is 0\\nnot0\\n"
        >>> tie = parse_tie(text, profile("tierra"))
        >>> tie.genotype, tie.genome
        ('0002aaa', b'\\x04\\x02')
    """
    return _Reader(text, instructions, source).read()


def format_tie(tie: TieGenome, instructions: InstructionSet) -> str:
    """The text of a `.tie` file: `parse_tie` gives the same back.

    Example:
        >>> from bigworlds.organism import profile
        >>> print(format_tie(TieGenome(genome=b"\\x04\\x02"), profile("tierra")))
        genotype: 0002aaa
        <BLANKLINE>
        CODE
        <BLANKLINE>
        track 0:
        <BLANKLINE>
        zero  ; 0
        not0  ; 1
        <BLANKLINE>
    """
    lines = [f"genotype: {tie.genotype}"]
    for place, record in (("1st", tie.first), ("2nd", tie.second)):
        if record is not None:
            lines.append(
                f"{place}_daughter:  inst: {record.instructions}  mov_daught: {record.moved}  "
                f"breed_true: {int(record.breeds_true)}"
            )
    lines += ["", "CODE", "", "track 0:", ""]
    words = mnemonics(tie.genome, instructions)
    width = max(map(len, words), default=0)
    lines += [f"{word:<{width}}  ; {place}" for place, word in enumerate(words)]
    return "\n".join(lines) + "\n"
