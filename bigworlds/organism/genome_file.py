"""Genomes from files of any of the forms that are written."""

from __future__ import annotations

from pathlib import Path

from bigworlds.errors import UserError
from bigworlds.organism.assembly import assemble, checked_length
from bigworlds.organism.instruction_set import InstructionSet
from bigworlds.organism.tie import parse_tie

_MOST_BYTES = 1 << 26  # of a file that is read


def read_genome(path: Path, instructions: InstructionSet) -> bytes:
    """The genome in a file.

    Args:
        path: `.tie`: of Tierra's gene bank; `.bytes`: one byte an instruction; `.hex`: two hexadecimal
            digits each; every other: names of instructions.
        instructions: the set that it is of.

    Returns:
        One byte an instruction.

    Raises:
        UserError: the file cannot be read, or what is in it is no genome; the message names the line.

    Example:
        >>> import tempfile
        >>> from bigworlds.organism import profile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder) / "small.asm"
        ...     _ = path.write_text("zero not0")
        ...     read_genome(path, profile("tierra"))
        b'\\x04\\x02'
    """
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise UserError(f"{path}: a genome's file has up to {_MOST_BYTES} bytes")
        content = path.read_bytes()
    except OSError as problem:
        raise UserError(f"{path} cannot be read: {problem.strerror}") from None
    if path.suffix == ".bytes":
        return checked_length(bytearray(content), str(path))
    try:
        # Comments of the gene bank's files are in the encodings of their time.
        text = content.decode("utf-8" if path.suffix != ".tie" else "latin-1")
    except UnicodeDecodeError as problem:
        raise UserError(f"{path} is no text: {problem.reason} at byte {problem.start}") from None
    if path.suffix == ".hex":
        return _from_digits(text, path)
    if path.suffix == ".tie":
        return parse_tie(text, instructions, str(path)).genome
    return assemble(text, instructions, str(path))


def _from_digits(text: str, path: Path) -> bytes:
    genome = bytearray()
    for number, line in enumerate(text.splitlines(), start=1):
        try:
            genome += bytes.fromhex(line)
        except ValueError:
            raise UserError(
                f"{path}:{number}: expected pairs of hexadecimal digits, found {line.strip()[:40]!r}"
            ) from None
    return checked_length(genome, str(path))
