"""The table of ratios: rows run at tiny sizes, for their form; which figures count and when a bar is met."""

from __future__ import annotations

import importlib
import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
BENCHMARKS = ROOT / "benchmarks"
PROGRAMS = ("iterate", "slot_map")
COMPILER = os.environ.get("CXX", "g++")


@pytest.fixture(scope="module")
def ratios() -> Iterator[ModuleType]:
    """The script as a module, with those beside it that it imports."""
    sys.path.insert(0, str(BENCHMARKS))
    yield importlib.import_module("ratios")
    sys.path.remove(str(BENCHMARKS))


@pytest.fixture(scope="module")
def baselines(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some of the programs of benchmarks/cpp, built without optimisation."""
    if shutil.which("make") is None or shutil.which(COMPILER) is None:
        pytest.skip(f"needs make and {COMPILER}, from the Debian packages make and g++")
    out = tmp_path_factory.mktemp("baselines")
    command = ["make", "-s", "-C", str(BENCHMARKS / "cpp"), f"OUT={out}", "CXXFLAGS=-O0", f"CXX={COMPILER}"]
    subprocess.run([*command, *PROGRAMS], check=True)
    return out


def program(tmp_path: Path, report: dict[str, Any]) -> str:
    """A command that prints a report."""
    script = tmp_path / f"program{len(list(tmp_path.iterdir()))}.py"
    script.write_text(f"print({json.dumps(report)!r})\n")
    return f"{shlex.quote(sys.executable)} {shlex.quote(str(script))}"


def test_tiny_rows_of_every_kind(
    ratios: ModuleType,
    baselines: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("BIGWORLDS_CACHE", str(tmp_path / "cache"))
    names = ["iterate/2/1e6", "single/detach", "tick/idle", "view/held"]
    file = tmp_path / "ratios.json"
    code = ratios.main([*names, "--quick", "--baselines", str(baselines), "--json", str(file)])
    said = capsys.readouterr()
    assert code in (0, 1), said.err
    assert "failed" not in said.err
    lines = said.out.splitlines()
    assert lines[0].split()[1:5:2] == ["row", "ours"]
    found = {row["name"]: row for row in json.loads(file.read_text())}
    assert list(found) == [line.split()[1] for line in lines[2:]]
    assert len(found) == len(names)
    for name, row in found.items():
        assert row["ours"] > 0, name
        assert (row["ratio"] is None) == (row["theirs"] is None), name
        assert row["met"] in (True, False), name
    assert not found["iterate/2/1e6"]["broken"]
    assert not found["single/detach"]["broken"]


def test_every_row_has_its_own_name_and_a_model_that_is_there(ratios: ModuleType) -> None:
    bench = ratios.Bench(baselines=Path("programs"), mesa="python")
    rows = ratios.all_rows(bench)
    names = [row.name for row in rows]
    assert len(set(names)) == len(names)
    for row in rows:
        words = shlex.split(row.ours)
        model = words[4] if words[1] == "-m" else words[1]
        assert Path(model).is_file() or (ROOT / "examples" / model / f"{model}.py").is_file(), row.name
        if row.theirs is not None and row.theirs.startswith("programs/"):
            assert (BENCHMARKS / "cpp" / f"{Path(row.theirs.split()[0]).name}.cpp").is_file(), row.name


def test_figures_are_over_units_and_bars_want_conformance(ratios: ModuleType, tmp_path: Path) -> None:
    ours = program(tmp_path, {"cpu_seconds": 3.0, "metrics": {"m": 1.0}})
    theirs = program(tmp_path, {"cpu_seconds": 2.0, "units": 100, "metrics": {"m": 1.1}})
    row = {"name": "r", "ours": ours, "theirs": theirs, "bar": 1.6}
    close = ratios.measured(ratios.Row(**row, conform=("m=0.2",)), 1, warmup=0)
    assert (close.ours, close.theirs, close.ratio, close.met) == (3e7, 2e7, 1.5, True)
    apart = ratios.measured(ratios.Row(**row, conform=("m=0.01",)), 1, warmup=0)
    assert apart.met is False
    assert "further apart" in apart.broken[0]
    absolute = ratios.Row(**row | {"bar": 3.1e7, "theirs": None}, absolute=True, units=100)
    assert ratios.measured(absolute, 1, warmup=0).met is True


def test_broken_promises_show(ratios: ModuleType, tmp_path: Path) -> None:
    ours = program(tmp_path, {"cpu_seconds": 1.0, "units": 1, "metrics": {"no_copy": False}})
    result = ratios.measured(ratios.Row(name="r", ours=ours, bar=1e9, absolute=True), 1, warmup=0)
    assert result.broken == ["no_copy is false"]
    assert result.met is False


def test_names_choose_rows(ratios: ModuleType) -> None:
    rows = ratios.all_rows(ratios.Bench(baselines=Path("programs")))
    assert {row.name.split("/")[0] for row in ratios.chosen(rows, ["boids"])} == {"boids"}
    assert all("1e6" in row.name for row in ratios.chosen(rows, ["*/1e6*"]))
    with pytest.raises(ratios.BenchmarkError, match="no row 'bird'"):
        ratios.chosen(rows, ["bird"])


def test_small_ratios_read_as_speed_ups(ratios: ModuleType) -> None:
    assert [ratios.short(value) for value in (1.234, 0.0025, None)] == ["1.23", "1/400", "-"]
