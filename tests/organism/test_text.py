"""Genomes as text: what is written is read back, what is wrong is named with its line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bigworlds.errors import UserError
from bigworlds.organism import (
    DaughterRecord,
    Instruction,
    InstructionSet,
    TieGenome,
    assemble,
    disassemble,
    format_tie,
    parse_tie,
    profile,
    read_genome,
)
from bigworlds.organism.instruction_set import parse_table

TIERRA = profile("tierra")
ANCESTOR = Path(__file__).parents[2] / "examples" / "primordial" / "ancestor.tie"

genomes = st.binary(min_size=1, max_size=300)
counts = st.integers(0, 10**6)
records = st.none() | st.builds(DaughterRecord, counts, counts, st.booleans())
labels = st.text("abcdefghijklmnopqrstuvwxyz", min_size=3, max_size=3)
ties = st.builds(TieGenome, genome=genomes, label=labels, first=records, second=records)


def refusal(read: Callable[[], object]) -> str | None:
    """The message of the UserError that reading ends with; None where it does not."""
    try:
        read()
    except UserError as problem:
        return str(problem)
    return None


@given(genomes)
def test_what_is_disassembled_is_assembled_again(genome: bytes) -> None:
    assert assemble(disassemble(genome, TIERRA), TIERRA) == genome


@given(ties)
def test_a_tie_file_is_read_as_it_was_written(tie: TieGenome) -> None:
    assert parse_tie(format_tie(tie, TIERRA), TIERRA) == tie


@given(st.text(max_size=400))
def test_any_text_is_read_or_refused(text: str) -> None:
    for read in (assemble, parse_tie):
        message = refusal(lambda read=read: read(text, TIERRA, "x"))
        assert message is None or message.startswith("x:")


@given(ties, st.data())
def test_a_truncated_tie_file_is_refused_or_whole(tie: TieGenome, data: st.DataObject) -> None:
    """Only what stands behind the last instruction may be missing."""
    text = format_tie(tie, TIERRA)
    cut = data.draw(st.integers(0, len(text)))
    message = refusal(lambda: parse_tie(text[:cut], TIERRA))
    if message is None:
        assert parse_tie(text[:cut], TIERRA).genome == tie.genome
    else:
        assert message.startswith("the text:")


def tie_text(code: str, genotype: str = "0003aaa") -> str:
    return f"genotype: {genotype} parent genotype: 0666god\norigin: x\n\nCODE\n\ntrack 0:\n\n{code}"


def test_the_gene_banks_own_lines_are_read() -> None:
    header = (
        "format: 3  bits: 2156009669  EXsh TCsh\n"
        "genotype: 0003abc  genetic: 0,3 parent genotype: 0666god\n"
        "1st_daughter:  flags: 1  inst: 827  mov_daught: 80  breed_true: 1\n"
        "2nd_daughter:  flags: 0  inst: 809  mov_daught: 80  breed_true: 0\n"
        "InstExe.m: 0  MaxPropPop: 0.8306\n; a comment\n\nCODE\n\ntrack 0: ; the only one\n\n"
    )
    tie = parse_tie(header + "nop1    ; 010 110 01   0 marker\n\nzero ;\ndivide\n", TIERRA)
    assert tie.genotype == "0003abc"
    assert tie.genome == bytes([1, 4, 31])
    assert tie.first == DaughterRecord(827, 80, True)
    assert tie.second == DaughterRecord(809, 80, False)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (tie_text("nop1\nincZ\nzero\n"), "f.tie:9: unknown instruction 'incZ' of tierra; did you mean 'inc"),
        (tie_text("nop1\nzero\n"), "f.tie:9: the genotype says 3 instructions, the file ends after 2"),
        (tie_text("nop1\nzero\nzero\nzero\n"), "the genotype says 3 instructions, the file ends after 4"),
        (tie_text("nop1 zero\n"), "f.tie:8: expected one instruction, found 'nop1 zero'"),
        (tie_text("nop1\ntrack 1:\n"), "f.tie:9: genomes of one track"),
        (tie_text("nop1\n", "80aaa"), "f.tie:1: expected as in 'genotype: 0080aaa', found"),
        (tie_text(""), "f.tie: there is no instruction"),
        ("genotype: 0003aaa\nCODE\nnop1\n", "f.tie:3: the file ends without a line 'track 0:'"),
        ("genotype: 0003aaa\nCODE\nnop1\ntrack 0:\nnop1\n", "f.tie:3: expected 'track 0:', found 'nop1'"),
        ("genotype: 0003aaa\n", "f.tie:1: the file ends without a line 'CODE'"),
        ("#!/bin/sh\necho CODE\nCODE\n", "f.tie:3: there is no line 'genotype:' before CODE"),
        ("genotype: 0003aaa\n1st_daughter: inst: 5\nCODE\n", "f.tie:2: the record of a daughter has no mov_"),
    ],
)
def test_what_is_wrong_in_a_tie_file_is_named_with_its_line(text: str, expected: str) -> None:
    with pytest.raises(UserError) as caught:
        parse_tie(text, TIERRA, "f.tie")
    assert expected in str(caught.value)


def test_older_names_are_read() -> None:
    assert assemble("mov_iab jmp if_cz", TIERRA) == assemble("movii jmpo ifz", TIERRA)


def test_files_of_all_forms_hold_the_same_genome(tmp_path: Path) -> None:
    genome = read_genome(ANCESTOR, TIERRA)
    assert len(genome) == 80
    (tmp_path / "a.bytes").write_bytes(genome)
    (tmp_path / "a.hex").write_text(genome.hex(" "))
    (tmp_path / "a.asm").write_text(disassemble(genome, TIERRA))
    for suffix in ("bytes", "hex", "asm"):
        assert read_genome(tmp_path / f"a.{suffix}", TIERRA) == genome


def test_files_that_cannot_be_genomes_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.hex").write_text("00 01\n0 1 zz\n")
    (tmp_path / "a.asm").write_bytes(b"nop1 \xff\xfe")
    (tmp_path / "a.bytes").write_bytes(b"")
    for name, expected in [
        ("a.hex", "a.hex:2: expected pairs"),
        ("a.asm", "is no text"),
        ("a.bytes", "there is no instruction"),
        ("missing.tie", "cannot be read: No such file"),
    ]:
        with pytest.raises(UserError, match=expected):
            read_genome(tmp_path / name, TIERRA)


def test_profiles_and_tables_that_cannot_be_are_refused() -> None:
    with pytest.raises(UserError, match="unknown profile 'tiera'; did you mean 'tierra'"):
        profile("tiera")
    with pytest.raises(UserError, match="mine:1: expected 6 columns"):
        parse_table("0 nop0", "mine")
    with pytest.raises(UserError, match="mine:2: a byte is a number from 0 to 254, found '300'"):
        parse_table("# mine\n300 nop0 - template nop -", "mine")
    twice = parse_table("0 nop0 - template nop -\n2 nop0 - stack push a", "mine")
    with pytest.raises(UserError, match="two instructions are called 'nop0'"):
        InstructionSet("mine", twice)
    odd = Instruction(byte=2, name="fly", family="air", handler="push", operands="z")
    with pytest.raises(UserError, match="'push' works on: a, b, c, d"):
        InstructionSet("mine", (odd,))


@given(ties, st.data())
def test_any_piece_of_a_tie_file_may_be_lost_or_another(tie: TieGenome, data: st.DataObject) -> None:
    text = format_tie(tie, TIERRA)
    begin = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(begin, len(text)))
    piece = data.draw(
        st.sampled_from(["", "\n", ";", "CODE\n", "track 0:\n", "nop0\n"]) | st.text(max_size=20)
    )
    message = refusal(lambda: parse_tie(text[:begin] + piece + text[end:], TIERRA, "x"))
    assert message is None or message.startswith("x:")
