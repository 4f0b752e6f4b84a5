"""The interpreter, instruction by instruction, against a plain reference; and what is known of single
organisms."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bigworlds.errors import UserError
from bigworlds.organism import assemble, gestation, profile, read_genome, trace
from tests.reference.tierra import NAMES, Reference

TIERRA = profile("tierra")
ANCESTOR = read_genome(Path(__file__).parents[2] / "examples" / "primordial" / "ancestor.tie", TIERRA)
CELLS = 60_000
STEPS = 250

# Any bytes, instructions alone, and mutants of a program that works.
instructions = st.integers(0, 31)
random_genomes = st.one_of(
    st.binary(min_size=12, max_size=120),
    st.lists(instructions, min_size=12, max_size=120).map(bytes),
    st.lists(st.tuples(st.integers(0, 79), instructions), max_size=8).map(
        lambda changes: bytes(dict([*enumerate(ANCESTOR), *changes])[i] for i in range(80))
    ),
)


def test_the_reference_knows_the_instructions_of_the_table() -> None:
    assert [one.name for one in TIERRA.instructions] == NAMES


@settings(max_examples=200, deadline=None)
@given(random_genomes)
def test_each_instruction_does_what_the_reference_does(genome: bytes) -> None:
    soup = [*genome] + [0] * (CELLS - len(genome))
    reference = Reference(soup, len(genome), 5 * len(genome))
    for state in trace(genome, TIERRA, steps=STEPS):
        stack = tuple(reference.stack[(reference.top - i) % 10] for i in range(10))
        assert (state.address, state.registers, stack, state.flags, state.errors) == (
            reference.ip,
            tuple(reference.registers.values()),
            stack if state.stack == stack else state.stack,
            reference.flags,
            reference.errors,
        )
        assert state.stack == stack
        reference.step()
        if reference.divided:
            break


def test_the_ancestor_takes_as_long_as_its_text_says() -> None:
    assert gestation(ANCESTOR, TIERRA).as_json() == {
        "first": {"instructions": 823, "moved": 80},
        "second": {"instructions": 819, "moved": 80},
        "breeds_true": True,
    }


def test_what_the_reference_counts_is_what_gestation_measures() -> None:
    reference = Reference([*ANCESTOR] + [0] * 1000, 80, 400)
    steps = 0
    while not reference.divided:
        reference.step()
        steps += 1
    measured = gestation(ANCESTOR, TIERRA).first
    assert measured is not None
    assert (measured.instructions, measured.moved) == (steps, len(reference.moved))


# The ancestor without the code that copies: it calls that of another, and jumps back to its own head, where
# the ancestor's jump outward may lead to another's.
PARASITE = (ANCESTOR[:39] + ANCESTOR[74:]).replace(
    assemble("divide jmpo", TIERRA), assemble("divide jmpb", TIERRA)
)


def test_a_parasite_needs_a_host() -> None:
    alone = gestation(PARASITE, TIERRA, limit=100_000)
    assert alone.as_json() == {"first": None, "second": None, "breeds_true": False}
    hosted = gestation(PARASITE, TIERRA, host=ANCESTOR)
    assert hosted.first is not None
    assert hosted.first.moved == len(PARASITE) == 45
    assert hosted.breeds_true


def test_a_parasite_that_jumps_outward_goes_on_as_its_hosts_copy() -> None:
    caught = PARASITE.replace(assemble("divide jmpb", TIERRA), assemble("divide jmpo", TIERRA))
    births = gestation(caught, TIERRA, host=ANCESTOR)
    assert births.first is not None
    assert births.second is not None
    assert (births.first.genome, births.second.genome) == (caught, ANCESTOR)


def test_daughters_that_differ_do_not_breed_true() -> None:
    # It asks for one cell more than it copies, so its daughter ends with what was there.
    changed = ANCESTOR.replace(assemble("zero subCAB mal", TIERRA), assemble("movDC incC mal", TIERRA))
    assert changed != ANCESTOR
    measured = gestation(changed, TIERRA)
    assert measured.first is not None
    assert len(measured.first.genome) == 81
    assert not measured.breeds_true


def test_a_trace_shows_each_instruction_once() -> None:
    states = list(trace(ANCESTOR, TIERRA, steps=823))
    assert [state.step for state in states] == list(range(824))
    assert states[823].registers[2] == 80
    copies = [a for a, _ in pairwise(states) if a.instruction == "movii"]
    assert len(copies) == 80
    assert states[-2].instruction == "divide"


def test_what_cannot_be_measured_is_refused() -> None:
    with pytest.raises(UserError, match="smaller than an organism may be, 12"):
        gestation(bytes(5), TIERRA)
    with pytest.raises(UserError, match="limit must be at least 1"):
        gestation(ANCESTOR, TIERRA, limit=0)
    with pytest.raises(UserError, match="steps must be at least 1"):
        list(trace(ANCESTOR, TIERRA, steps=0))
