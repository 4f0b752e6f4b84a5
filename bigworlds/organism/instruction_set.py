"""Instruction sets as they are read from tables; each profile of the package is one in `tables/`."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from bigworlds import _core
from bigworlds.errors import UserError, nearest_names

_TABLES = Path(__file__).parent / "tables"
_COLUMNS = ("byte", "name", "aliases", "family", "handler", "operands")


@dataclass(frozen=True, kw_only=True)
class Instruction:
    """One instruction of a set.

    Args:
        byte: what a cell of the soup holds, 0 to 254.
        name: what genomes are written with.
        aliases: other names that are read.
        family: what kind it is, for statistics.
        handler: the code that carries it out.
        operands: what that code works on.
    """

    byte: int
    name: str
    aliases: tuple[str, ...] = ()
    family: str
    handler: str
    operands: str = ""


@dataclass(frozen=True)
class InstructionSet:
    """A checked set of instructions.

    Args:
        name: of the set, for messages.
        instructions: in the order of their bytes.

    Raises:
        UserError: two instructions share a byte or a name, or the core has no such handler.

    Example:
        >>> tierra = profile("tierra")
        >>> len(tierra.instructions), tierra.byte("divide"), tierra.name_of(30)
        (32, 31, 'mal')
    """

    name: str
    instructions: tuple[Instruction, ...]
    core: _core.organism.InstructionSet = field(init=False, repr=False, compare=False)
    _bytes: dict[str, int] = field(init=False, repr=False, compare=False)
    _names: dict[int, str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        names: dict[str, int] = {}
        for one in self.instructions:
            for name in (one.name, *one.aliases):
                if name in names:
                    raise UserError(f"{self.name}: two instructions are called {name!r}")
                names[name] = one.byte
        rows = [(one.byte, one.handler, one.operands) for one in self.instructions]
        object.__setattr__(self, "core", _core.organism.InstructionSet(rows))
        object.__setattr__(self, "_bytes", names)
        object.__setattr__(self, "_names", {one.byte: one.name for one in self.instructions})

    def byte(self, name: str) -> int:
        """The byte of an instruction, by its name or an alias.

        Raises:
            UserError: there is no such instruction; the message has the nearest names.
        """
        if name not in self._bytes:
            near = nearest_names(name, self._bytes)
            raise UserError(f"unknown instruction {name!r} of {self.name}{near}")
        return self._bytes[name]

    def name_of(self, byte: int) -> str | None:
        """The name of the instruction of a byte; None for a byte that is no instruction."""
        return self._names.get(byte)


def parse_table(text: str, source: str) -> tuple[Instruction, ...]:
    """The instructions of a table.

    Args:
        text: a line an instruction: byte, name, aliases (with commas), family, handler, operands, between
            them spaces, `-` for none. `#` starts a comment.
        source: what messages call it.

    Raises:
        UserError: a line has another form; the message names it.

    Example:
        >>> parse_table("0 nop0 - template nop -", "mine")[0].name
        'nop0'
    """
    found = []
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.split("#", 1)[0].split()
        if not words:
            continue
        if len(words) != len(_COLUMNS):
            raise UserError(
                f"{source}:{number}: expected {len(_COLUMNS)} columns ({', '.join(_COLUMNS)}), "
                f"found {len(words)}"
            )
        byte, name, aliases, family, handler, operands = ("" if word == "-" else word for word in words)
        if not (byte.isascii() and byte.isdigit()) or int(byte) > 254:
            raise UserError(f"{source}:{number}: a byte is a number from 0 to 254, found {byte!r}")
        others = tuple(aliases.split(",")) if aliases else ()
        found.append(
            Instruction(
                byte=int(byte), name=name, aliases=others, family=family, handler=handler, operands=operands
            )
        )
    return tuple(found)


def profile_names() -> list[str]:
    """The profiles of the package.

    Example:
        >>> "tierra" in profile_names()
        True
    """
    return sorted(path.stem for path in _TABLES.glob("*.isa"))


@cache
def profile(name: str) -> InstructionSet:
    """The instruction set of a profile.

    Raises:
        UserError: there is no such profile.

    Example:
        >>> profile("tierra").name
        'tierra'
    """
    if name not in profile_names():
        raise UserError(f"unknown profile {name!r}{nearest_names(name, profile_names())}")
    path = _TABLES / f"{name}.isa"
    return InstructionSet(name, parse_table(path.read_text(encoding="utf-8"), path.name))
