"""Organisms: programs that live, copy themselves and change in soups. Instruction sets, genomes as text, and
organisms watched alone."""

from bigworlds.organism.assembly import assemble, disassemble
from bigworlds.organism.genome_file import read_genome
from bigworlds.organism.instruction_set import Instruction, InstructionSet, profile, profile_names
from bigworlds.organism.specimen import DEFAULT_LIMIT, Birth, Gestation, State, gestation, trace
from bigworlds.organism.tie import DaughterRecord, TieGenome, format_tie, parse_tie

__all__ = [
    "DEFAULT_LIMIT",
    "Birth",
    "DaughterRecord",
    "Gestation",
    "Instruction",
    "InstructionSet",
    "State",
    "TieGenome",
    "assemble",
    "disassemble",
    "format_tie",
    "gestation",
    "parse_tie",
    "profile",
    "profile_names",
    "read_genome",
    "trace",
]
