"""The commands on organisms, as users type them: organism asm, disasm, gestation, trace."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from bigworlds import organism
from bigworlds.errors import UserError

_BYTES_A_LINE = 16

organisms = typer.Typer(
    help="Work with single organisms: programs that live in soups.",
    epilog="Example: bigworlds organism gestation --profile tierra ancestor.tie",
    no_args_is_help=True,
)

Genome = Annotated[
    Path,
    typer.Argument(
        metavar="FILE",
        help="A genome: .tie (Tierra's gene bank), .bytes (a byte an instruction), .hex (two digits each), "
        "any other: names of instructions.",
    ),
]
Profile = Annotated[str, typer.Option("--profile", metavar="NAME", help="The instruction set.")]
Out = Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Where it goes, instead of stdout.")]
Host = Annotated[
    Path | None,
    typer.Option("--host", metavar="FILE", help="Another organism beside it, which has no turns."),
]


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as problem:
        raise UserError(f"{path} cannot be written: {problem.strerror}") from None


def _host(path: Path | None, instructions: organism.InstructionSet) -> bytes:
    return b"" if path is None else organism.read_genome(path, instructions)


@organisms.command("asm", epilog="Example: bigworlds organism asm ancestor.tie --out ancestor.bytes")
def asm(file: Genome, profile: Profile = "tierra", out: Out = None) -> None:
    """Turn names of instructions into bytes: with --out as they are, else in hexadecimal digits."""
    genome = organism.read_genome(file, organism.profile(profile))
    if out is not None:
        _write(out, genome)
        return
    for start in range(0, len(genome), _BYTES_A_LINE):
        print(genome[start : start + _BYTES_A_LINE].hex(" "))


@organisms.command("disasm", epilog="Example: bigworlds organism disasm ancestor.bytes --out ancestor.tie")
def disasm(file: Genome, profile: Profile = "tierra", out: Out = None) -> None:
    """Turn bytes into names of instructions, one a line; with --out FILE.tie into the gene bank's form."""
    instructions = organism.profile(profile)
    genome = organism.read_genome(file, instructions)
    if out is not None and out.suffix == ".tie":
        text = organism.format_tie(organism.TieGenome(genome=genome), instructions)
    else:
        text = organism.disassemble(genome, instructions)
    if out is None:
        print(text, end="")
    else:
        _write(out, text.encode())


@organisms.command(
    "gestation",
    epilog="Example: bigworlds organism gestation --profile tierra examples/primordial/ancestor.tie",
)
def gestation(
    file: Genome,
    profile: Profile = "tierra",
    host: Host = None,
    limit: Annotated[
        int, typer.Option("--limit", metavar="N", help="Instructions until a birth is not waited for.")
    ] = organism.DEFAULT_LIMIT,
) -> None:
    """Measure how many instructions the first and the second daughter take, and whether it breeds true."""
    instructions = organism.profile(profile)
    genome = organism.read_genome(file, instructions)
    measured = organism.gestation(genome, instructions, host=_host(host, instructions), limit=limit)
    print(json.dumps(measured.as_json()))


@organisms.command("trace", epilog="Example: bigworlds organism trace ancestor.tie --steps 40")
def trace(
    file: Genome,
    profile: Profile = "tierra",
    host: Host = None,
    steps: Annotated[int, typer.Option("--steps", metavar="N", help="Instructions to execute.")] = 100,
) -> None:
    """Show registers, stack and flags before each instruction of an organism that is alone."""
    instructions = organism.profile(profile)
    genome = organism.read_genome(file, instructions)
    header = f"{'step':>6} {'address':>7} {'instruction':<11}"
    header += "".join(f" {name:>7}" for name in "abcd") + f" {'flags':<5} {'errors':>6}  stack, top first"
    print(header)
    for state in organism.trace(genome, instructions, host=_host(host, instructions), steps=steps):
        line = f"{state.step:>6} {state.address:>7} {state.instruction:<11}"
        line += "".join(f" {value:>7}" for value in state.registers)
        print(f"{line} {state.flags:<5} {state.errors:>6}  {' '.join(map(str, state.stack))}")
