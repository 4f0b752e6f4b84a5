"""The commands on organisms, as users type them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bigworlds.cli import main

ANCESTOR = str(Path(__file__).parents[2] / "examples" / "primordial" / "ancestor.tie")


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of a command."""
    code = main(["organism", *arguments])
    out, err = capsys.readouterr()
    return int(code or 0), out, err


def test_gestation_prints_one_json_object(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "gestation", "--profile", "tierra", ANCESTOR)
    assert code == 0
    assert json.loads(out) == {
        "first": {"instructions": 823, "moved": 80},
        "second": {"instructions": 819, "moved": 80},
        "breeds_true": True,
    }


def test_gestation_measures_and_does_not_read_the_header(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    lying = tmp_path / "lying.tie"
    lying.write_text(Path(ANCESTOR).read_text().replace("inst: 823", "inst: 1"))
    _, out, _ = run(capsys, "gestation", str(lying))
    assert json.loads(out)["first"]["instructions"] == 823


def test_what_asm_writes_disasm_reads(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    made, text = tmp_path / "a.bytes", tmp_path / "a.tie"
    assert run(capsys, "asm", ANCESTOR, "--out", str(made))[0] == 0
    assert run(capsys, "disasm", str(made), "--out", str(text))[0] == 0
    _, digits, _ = run(capsys, "asm", str(text))
    assert bytes.fromhex(digits) == made.read_bytes()
    _, names, _ = run(capsys, "disasm", ANCESTOR)
    assert names.split()[-1] == "ret"
    assert len(names.split()) == 80


def test_trace_shows_registers_stack_and_flags(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "trace", ANCESTOR, "--steps", "30")
    lines = out.splitlines()
    assert code == 0
    assert len(lines) == 32
    assert lines[0].split()[:8] == ["step", "address", "instruction", "a", "b", "c", "d", "flags"]
    after = lines[8].split()  # after subAAC: a is 0, so Z is set
    assert after[:8] == ["7", "12", "movBA", "0", "0", "5", "0", "Z"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("gestation", "nowhere.tie"), "nowhere.tie cannot be read"),
        (("gestation", ANCESTOR, "--profile", "avid"), "unknown profile 'avid'"),
        (("asm", ANCESTOR, "--out", "/nowhere/a.bytes"), "cannot be written"),
    ],
)
def test_mistakes_end_with_code_2(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], expected: str
) -> None:
    code, _, err = run(capsys, *arguments)
    assert code == 2
    assert expected in err
