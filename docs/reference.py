"""Builds the reference, HTML pages of all public docstrings: python docs/reference.py [DIR].

Public is what `bigworlds`, its `organism`, `record` and `view` name. Needs pdoc: `pip install pdoc`.
"""

from __future__ import annotations

import importlib
import inspect
import sys
from pathlib import Path
from typing import Any

import pdoc
import pdoc.render

import bigworlds as bw

MODULES = ("bigworlds", "bigworlds.organism", "bigworlds.record", "bigworlds.view")
# Two pages more for what Simulation inherits; behavior and model are functions, and rooms of the same names.
PAGES = (
    "bigworlds", "!bigworlds.behavior", "!bigworlds.model", "bigworlds.view",
    "bigworlds.simulation.outside", "bigworlds.simulation.shown",
)  # fmt: skip
DEFAULT = Path(__file__).resolve().parents[1] / "build" / "reference"


def build(folder: Path = DEFAULT) -> Path:
    """Writes the pages.

    Args:
        folder: made where it is not there.

    Returns:
        The first page.
    """
    pdoc.render.configure(docformat="google", footer_text=f"bigworlds {bw.__version__}", search=True)
    folder.mkdir(parents=True, exist_ok=True)
    pdoc.pdoc(*PAGES, output_directory=folder)
    return folder / "bigworlds.html"


def undocumented() -> list[str]:
    """Public classes, functions, methods and properties without a docstring, by their full names."""
    found = []
    for name in MODULES:
        module = importlib.import_module(name)
        for public in module.__all__:
            value = getattr(module, public)
            if not (inspect.isclass(value) or inspect.isfunction(value)):
                continue
            parts = {f"{name}.{public}": value}
            if inspect.isclass(value):
                parts |= {f"{name}.{public}.{k}": v for k, v in vars(value).items() if _is_public(k, v)}
            found += [full for full, part in parts.items() if not (inspect.getdoc(part) or "").strip()]
    return found


def _is_public(name: str, value: Any) -> bool:
    code = isinstance(value, (property, classmethod, staticmethod)) or inspect.isfunction(value)
    return code and not name.startswith("_")


if __name__ == "__main__":
    print(build(*map(Path, sys.argv[1:2])))
