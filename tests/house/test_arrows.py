"""The house's order: arrows point down, nothing imports the package's root, foreign libraries have one door
each."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# A room may use rooms of lower floors only.
CPP_FLOORS = {
    "base": 0, "ecs": 1, "space": 1, "vm": 1, "event": 2, "graph": 2, "lattice": 2, "settle": 3,
    "schedule": 4, "cluster": 4, "organism": 4, "query": 4, "engine": 5, "bindings": 6,
}  # fmt: skip
PYTHON_FLOORS = {
    "errors": 0, "_core": 0, "data": 1, "graph": 1, "space": 1, "snapshot": 1, "cluster": 1,
    "view": 2, "behavior": 2, "organism": 2, "query": 3,
    "record": 2, "model": 3, "event": 3, "simulation": 4, "ensemble": 5, "cli": 6,
}  # fmt: skip
DOORS = {
    "h5py": "snapshot",
    "numba": "behavior",
    "llvmlite": "behavior",
    "mpi4py": "cluster",
    "pymetis": "cluster",
    "typer": "cli",
    "PIL": "view",
}


def cpp_includes() -> list[tuple[str, str, Path]]:
    """(room, room that it includes, file) for all includes between rooms of the core."""
    found = []
    for file in sorted((ROOT / "csrc").rglob("*.[ch]pp")):
        room = file.relative_to(ROOT / "csrc").parts[0]
        for other in re.findall(r'#include "(\w+)/', file.read_text()):
            if other not in (room, "bigworlds"):
                found.append((room, other, file))
    return found


def python_imports() -> list[tuple[str, str, Path]]:
    """(room, imported module, file) for all imports in the package."""
    found = []
    for file in sorted((ROOT / "bigworlds").rglob("*.py")):
        parts = file.relative_to(ROOT / "bigworlds").with_suffix("").parts
        for node in ast.walk(ast.parse(file.read_text())):
            modules = []
            if isinstance(node, ast.Import):
                modules = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module:
                whole = node.module == "bigworlds"
                modules = [f"bigworlds.{alias.name}" for alias in node.names] if whole else [node.module]
            found += [(parts[0], module, file) for module in modules]
    return found


def test_every_room_of_the_core_has_a_floor() -> None:
    rooms = {path.name for path in (ROOT / "csrc").iterdir() if path.is_dir()} - {"include"}
    assert rooms <= set(CPP_FLOORS)


def test_arrows_of_the_core_point_down() -> None:
    wrong = [
        f"{file.relative_to(ROOT)}: {room} uses {other}"
        for room, other, file in cpp_includes()
        if CPP_FLOORS[other] >= CPP_FLOORS[room]
    ]
    assert not wrong


def test_arrows_of_the_package_point_down() -> None:
    wrong = []
    for room, module, file in python_imports():
        other = module.split(".")[1] if module.startswith("bigworlds.") else None
        if other is None or other == room or room == "__init__":
            continue
        if PYTHON_FLOORS[other] >= PYTHON_FLOORS[room]:
            wrong.append(f"{file.relative_to(ROOT)}: {room} uses {other}")
    assert not wrong


def test_nothing_imports_the_root_of_the_package() -> None:
    model_files = {ROOT / "bigworlds" / "cli" / "new.py"}  # holds the text of a model
    wrong = [
        str(file) for _, module, file in python_imports() if module == "bigworlds" and file not in model_files
    ]
    assert not wrong


@pytest.mark.parametrize(("library", "room"), DOORS.items())
def test_a_foreign_library_has_one_door(library: str, room: str) -> None:
    wrong = [
        str(file) for own, module, file in python_imports() if module.split(".")[0] == library and own != room
    ]
    assert not wrong


@pytest.mark.parametrize("word", ["utils", "common", "misc", "helpers", "manager"])
def test_there_is_no_drawer(word: str) -> None:
    folders = [path for top in ("csrc", "bigworlds") for path in (ROOT / top).rglob("*")]
    assert not [path for path in folders if path.stem == word]
