"""The paired timing harness: order of the runs, ratios, conformance, and what it says of mistakes."""

from __future__ import annotations

import importlib.util
import json
import shlex
import sys
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "paired.py"


@pytest.fixture(scope="module")
def paired() -> ModuleType:
    spec = importlib.util.spec_from_file_location("paired", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["paired"] = module
    spec.loader.exec_module(module)
    return module


def command(tmp_path: Path, name: str, per_seed: float, metric: float) -> str:
    """A program that notes its name and seed in a file, and reports per_seed * seed seconds."""
    program = tmp_path / f"{name}.py"
    program.write_text(
        "import json, pathlib, sys\n"
        f"log = pathlib.Path({str(tmp_path / 'log')!r})\n"
        f"log.open('a').write('{name}' + sys.argv[1] + ' ')\n"
        f"metrics = {{'m': {metric}, 'ok': True}}\n"
        f"report = {{'cpu_seconds': {per_seed} * int(sys.argv[1]), 'metrics': metrics}}\n"
        "print('warming up')\n"
        "print(json.dumps(report))\n"
    )
    return f"{shlex.quote(sys.executable)} {shlex.quote(str(program))} {{seed}}"


def test_runs_alternate_and_ratios_are_of_pairs(paired: ModuleType, tmp_path: Path) -> None:
    a, b = command(tmp_path, "a", 3.0, 1.0), command(tmp_path, "b", 2.0, 1.1)
    result = paired.measure(a, b, rounds=3, warmup=1)
    assert (tmp_path / "log").read_text().split() == ["a1", "b1", "a1", "b1", "a2", "b2", "a3", "b3"]
    assert result.figures_a == [3.0, 6.0, 9.0]
    assert result.ratios == [1.5, 1.5, 1.5]
    assert result.metrics() == {"m": (1.0, pytest.approx(1.1))}
    assert paired.violations(result, ["m=0.2"]) == []
    assert len(paired.violations(result, ["m=0.05"])) == 1
    assert json.loads(json.dumps(paired.summary(result)))["ratio"] == 1.5
    assert "A / B  1.500" in paired.describe(result, "cpu_seconds", None)


def test_a_wrong_key_names_the_nearest(paired: ModuleType) -> None:
    report = {"cpu_seconds": 1.0, "metrics": {"order": 0.5}, "name": "x"}
    assert paired.figure(report, "metrics.order") == 0.5
    with pytest.raises(paired.BenchmarkError, match="nearest are cpu_seconds"):
        paired.figure(report, "cpu_second")
    with pytest.raises(paired.BenchmarkError, match="not a number"):
        paired.figure(report, "name")


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("raise SystemExit('broken on purpose')", "broken on purpose"),
        ("print('not json')", "not a JSON object"),
        ("pass", "not a JSON object"),
        ("print(3)", "not a JSON object"),
    ],
)
def test_commands_that_fail_say_why(paired: ModuleType, code: str, message: str) -> None:
    with pytest.raises(paired.BenchmarkError, match=message):
        paired.run(f"{shlex.quote(sys.executable)} -c {shlex.quote(code)}", 1)


def test_a_missing_program_is_named(paired: ModuleType) -> None:
    with pytest.raises(paired.BenchmarkError, match="no such program"):
        paired.run("no_such_program_anywhere", 1)
