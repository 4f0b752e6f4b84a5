"""Lets Python started in a clone work: it finds the clone's package first, which has no compiled core.

Importing this module adds the folder of an installed bigworlds, which has one, to where the package's parts
are looked for. Where there is none, the import ends with what to do.
"""

from __future__ import annotations

import sys
from pathlib import Path

_HERE = Path(__file__).resolve().parent


def folder_of_core(folders: list[str]) -> Path | None:
    """The first folder `bigworlds` on a path that has the compiled core, None where no one has.

    Example:
        >>> folder_of_core([]) is None
        True
    """
    for folder in folders:
        package = Path(folder or ".").resolve() / "bigworlds"
        if any(package.glob("_core.*.so")) or any(package.glob("_core.*.pyd")):
            return package
    return None


if not any(_HERE.glob("_core.*.so")) and not any(_HERE.glob("_core.*.pyd")):
    _found = folder_of_core(sys.path)
    if _found is None:
        raise ImportError(f"bigworlds in {_HERE} is not compiled; run `pip install .` in {_HERE.parent}")
    sys.modules["bigworlds"].__path__.append(str(_found))
