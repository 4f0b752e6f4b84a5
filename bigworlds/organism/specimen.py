"""Organisms watched alone in a soup, without mutations: how long births take, what each instruction does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bigworlds import _core
from bigworlds.errors import UserError
from bigworlds.organism.assembly import mnemonics
from bigworlds.organism.instruction_set import InstructionSet

DEFAULT_LIMIT = 1_000_000  # instructions until a birth is no longer waited for
_LEAST_CELLS = 60_000
_CELLS_PER_INSTRUCTION = 16


@dataclass(frozen=True)
class Birth:
    """A birth that was measured.

    Args:
        instructions: that the mother executed until it, since the one before or her own, `divide` included.
        moved: instructions that she copied into the child.
        genome: the child's.
    """

    instructions: int
    moved: int
    genome: bytes

    def as_json(self) -> dict[str, int]:
        """The numbers, as `gestation` prints them."""
        return {"instructions": self.instructions, "moved": self.moved}


@dataclass(frozen=True)
class Gestation:
    """The first two births of a genome.

    Args:
        genome: the mother's.
        first: None where there was none.
        second: likewise.
    """

    genome: bytes
    first: Birth | None
    second: Birth | None

    @property
    def breeds_true(self) -> bool:
        """Whether both daughters have their mother's genome."""
        return all(birth is not None and birth.genome == self.genome for birth in (self.first, self.second))

    def as_json(self) -> dict[str, Any]:
        """What `bigworlds organism gestation` prints."""
        first, second = (None if birth is None else birth.as_json() for birth in (self.first, self.second))
        return {"first": first, "second": second, "breeds_true": self.breeds_true}


@dataclass(frozen=True)
class State:
    """An organism before one of its instructions.

    Args:
        step: how many instructions it has executed.
        address: of the instruction, from the organism's first cell on; outside its own block too.
        instruction: its name, or `0x..` for a byte that is none.
        registers: a, b, c, d.
        stack: ten numbers, the top first.
        flags: of E (error), S (sign), Z (zero) those that are set.
        errors: how many it has made.
    """

    step: int
    address: int
    instruction: str
    registers: tuple[int, ...]
    stack: tuple[int, ...]
    flags: str
    errors: int


def _specimen(genome: bytes, instructions: InstructionSet, host: bytes) -> _core.organism.Specimen:
    cells = max(_LEAST_CELLS, _CELLS_PER_INSTRUCTION * (len(genome) + len(host)))
    return _core.organism.Specimen(instructions.core, genome, host, cells)


def gestation(
    genome: bytes, instructions: InstructionSet, *, host: bytes = b"", limit: int = DEFAULT_LIMIT
) -> Gestation:
    """Measures the first two births of an organism that is alone in a soup of 60,000 cells, or beside a host.

    Args:
        genome: the organism's.
        instructions: the set that it is of.
        host: another organism, which the first may use but which never has a turn; parasites need one.
        limit: how many instructions a birth may take.

    Raises:
        UserError: the genome is too small to live.

    Example:
        >>> from bigworlds.organism import profile
        >>> gestation(bytes(80), profile("tierra"), limit=1000).as_json()
        {'first': None, 'second': None, 'breeds_true': False}
    """
    if limit < 1:
        raise UserError(f"limit must be at least 1 instruction, found {limit}")
    specimen = _specimen(genome, instructions, host)
    births: list[Birth | None] = []
    before = 0
    for _ in range(2):
        known = len(specimen.daughters)
        specimen.run(limit)
        if len(specimen.daughters) == known:
            break
        at, moved, child = specimen.daughters[-1]
        births.append(Birth(at - before, moved, child))
        before = at
    first, second = [*births, None, None][:2]
    return Gestation(genome, first, second)


def trace(
    genome: bytes, instructions: InstructionSet, *, host: bytes = b"", steps: int = 100
) -> Iterator[State]:
    """The states of an organism alone, before each of its first instructions and after the last.

    Args:
        genome: the organism's.
        instructions: the set that it is of.
        host: another organism, which never has a turn.
        steps: how many instructions are executed.

    Yields:
        `steps` + 1 states.

    Example:
        >>> from bigworlds.organism import assemble, profile
        >>> tierra = profile("tierra")
        >>> genome = assemble("zero not0 shl " + "ret " * 9, tierra)
        >>> [state.registers[2] for state in trace(genome, tierra, steps=3)]
        [0, 0, 1, 2]
    """
    if steps < 1:
        raise UserError(f"steps must be at least 1, found {steps}")
    specimen = _specimen(genome, instructions, host)
    for step in range(steps + 1):
        if step != 0:
            specimen.run(1)
        now = specimen.state()
        yield State(
            step=step,
            address=now["ip"] - now["start"],
            instruction=mnemonics(bytes([now["cell"]]), instructions)[0],
            registers=tuple(now["registers"]),
            stack=tuple(now["stack"]),
            flags="".join(
                letter
                for letter, name in (("E", "error"), ("S", "sign"), ("Z", "zero"))
                if now[f"{name}_flag"]
            ),
            errors=now["errors"],
        )
