"""Organisms: programs that live, copy themselves and change in soups. Instruction sets, genomes as text, and
organisms watched alone, soups of worlds."""

from bigworlds.organism.assembly import assemble, disassemble
from bigworlds.organism.bank import write_bank
from bigworlds.organism.genome_file import read_genome
from bigworlds.organism.instruction_set import Instruction, InstructionSet, profile, profile_names
from bigworlds.organism.organism import Organism
from bigworlds.organism.parasites import Parasite, find_parasites
from bigworlds.organism.soup import Fit, Mutation, SliceRule, Soup
from bigworlds.organism.specimen import DEFAULT_LIMIT, Birth, Gestation, State, gestation, trace
from bigworlds.organism.tie import DaughterRecord, TieGenome, format_tie, parse_tie

__all__ = [
    "DEFAULT_LIMIT",
    "Birth",
    "DaughterRecord",
    "Fit",
    "Gestation",
    "Instruction",
    "InstructionSet",
    "Mutation",
    "Organism",
    "Parasite",
    "SliceRule",
    "Soup",
    "State",
    "TieGenome",
    "assemble",
    "disassemble",
    "find_parasites",
    "format_tie",
    "gestation",
    "parse_tie",
    "profile",
    "profile_names",
    "read_genome",
    "trace",
    "write_bank",
]
