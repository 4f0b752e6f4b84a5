"""What is public is pinned in public_names.txt: the names of bigworlds.__all__, signatures, public members.

`python tests/house/test_public_names.py` writes the file anew.
"""

from __future__ import annotations

import enum
import inspect
import re
from pathlib import Path
from typing import Any

import bigworlds as bw

PINNED = Path(__file__).with_name("public_names.txt")
CHANGED = """the public names or signatures of bigworlds have changed.
Users' models depend on them. If it is meant so:
  1. say it in CHANGELOG.md, under the version that is in work;
  2. write the new list: python tests/house/test_public_names.py
"""
# Members that every class of this kind has from Python.
PLAIN = {*dir(object), *dir(type), *dir(Exception), *dir(int)} - {"__call__"}


def init_of(cls: Any) -> Any:
    """What makes the instances of a class."""
    return cls.__init__


def signature(thing: Any) -> str:
    """The signature of something that can be called.

    Classes that take what Python's own take have none of ours: versions of Python differ there.
    """
    if isinstance(thing, type) and issubclass(thing, BaseException | int):
        return ""
    if isinstance(thing, type) and init_of(thing) is object.__init__:
        return ""
    # Component classes give fields for attributes, and inspect looks for some that they have not.
    return str(inspect.signature(init_of(thing) if hasattr(thing, "__bw_fields__") else thing))


def members(cls: type) -> list[str]:
    """The public members of a class, one line each."""
    lines = []
    for name in sorted(set(dir(cls)) - PLAIN):
        if name.startswith("_") and name != "__call__":
            continue
        value = inspect.getattr_static(cls, name)
        if isinstance(value, property):
            lines.append(f"  {name}: property")
        elif callable(value) or isinstance(value, classmethod | staticmethod):
            lines.append(f"  {name}{signature(getattr(cls, name))}")
        else:
            lines.append(f"  {name}")
    return lines


def described(name: str) -> list[str]:
    """One public name, as it stands in the list."""
    thing = getattr(bw, name)
    if inspect.ismodule(thing):
        return [f"{name}: module", *(f"  {part}" for part in sorted(thing.__all__))]
    if isinstance(thing, enum.Enum) or not callable(thing):
        return [f"{name}: {thing!s}"]
    if isinstance(thing, type):
        return [f"class {name}{signature(thing)}", *members(thing)]
    if inspect.isfunction(thing):
        return [f"{name}{signature(thing)}"]
    return [f"{name}: {thing!s}"]


def public_names() -> str:
    """The whole list."""
    text = "\n".join(line for name in sorted(bw.__all__) for line in described(name)) + "\n"
    return re.sub(r" object at 0x[0-9a-f]+", "", text)


def test_public_names_and_signatures_are_those_that_are_pinned() -> None:
    assert public_names() == PINNED.read_text(encoding="utf-8"), CHANGED


def test_all_public_names_are_there() -> None:
    assert not [name for name in bw.__all__ if not hasattr(bw, name)]


def test_no_public_name_is_forgotten() -> None:
    """What the package's root imports without an underscore is public, but for its rooms and its set-up."""
    rooms = {path.stem for path in Path(bw.__file__).parent.iterdir()}
    set_up = {"LocalEngine", "set_engine", "version", "PackageNotFoundError", "BehaviorKind", "TYPE_CHECKING"}
    seen = {name for name in vars(bw) if not name.startswith("_")}
    assert seen - rooms - set_up <= set(bw.__all__)


if __name__ == "__main__":
    PINNED.write_text(public_names(), encoding="utf-8")
