"""The reference builds from the docstrings, and everything public is in it; types reach those who install."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import inspect
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import bigworlds as bw

from .pages import ROOT

SCRIPT = """
import json, sys
sys.path.insert(0, "docs")
import reference
print(json.dumps(reference.undocumented()))
"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if importlib.util.find_spec("pdoc") is None:
        pytest.skip("no pdoc (pip install pdoc)")
    folder = tmp_path_factory.mktemp("reference")
    run("docs/reference.py", str(folder))
    return folder


def run(*words: str) -> str:
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, *words], cwd=ROOT, env=env, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_reference_has_all_public_names(pages: Path) -> None:
    text = (pages / "bigworlds.html").read_text(encoding="utf-8")
    missing = [
        name for name in bw.__all__ if not inspect.ismodule(getattr(bw, name)) and f'id="{name}"' not in text
    ]
    assert not missing
    for part in ("Simulation.run", "Model.check", "World.spawn", "Edits.table"):
        assert f'id="{part}"' in text
    for page, part in (("shown", "Shown.plot"), ("outside", "Outside.send")):
        inherited = f"bigworlds/simulation/{page}.html"
        assert f'href="{inherited}#{part}"' in text
        assert f'id="{part}"' in (pages / inherited).read_text(encoding="utf-8")
    for module in (bw.organism, bw.record):
        page = (pages / f"{module.__name__.replace('.', '/')}.html").read_text(encoding="utf-8")
        assert all(f'id="{name}"' in page for name in module.__all__)


def test_arguments_are_lists_not_running_text(pages: Path) -> None:
    text = (pages / "bigworlds.html").read_text(encoding="utf-8")
    assert "<li><strong>every:</strong>" in text  # of bw.behavior, from its Args section


def test_everything_public_has_a_docstring(pages: Path) -> None:
    assert json.loads(run("-c", SCRIPT)) == []


def test_types_stand_in_the_package() -> None:
    package = ROOT / "bigworlds"
    assert (package / "py.typed").is_file()
    assert (package / "_core.pyi").is_file()
    try:
        installed = importlib.metadata.files("bigworlds") or []
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("bigworlds is not installed; its wheel cannot be looked into")
    names = {str(path) for path in installed}
    if not any(name.endswith("bigworlds/__init__.py") for name in names):
        pytest.skip("bigworlds is installed in place; there is no wheel to look into")
    for expected in ("py.typed", "_core.pyi", "include/bigworlds/behavior_abi.h", "examples/boids/boids.py"):
        assert f"bigworlds/{expected}" in names
