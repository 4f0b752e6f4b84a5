"""The tables of docs/behaviors.md, made from what the front end says of itself.

`python -m tests.docs.behavior_tables` writes them into the page.
"""

from __future__ import annotations

import re
from pathlib import Path

from bigworlds.behavior.abi import MATH_ONE, MATH_TWO
from bigworlds.behavior.translate import calls
from bigworlds.behavior.translate.supported import INSTEAD, SUPPORTED

PAGE = Path(__file__).resolve().parents[2] / "docs" / "behaviors.md"


def _table(head: tuple[str, str], rows: list[tuple[str, str]]) -> str:
    lines = [head, ("---", "---"), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def supported() -> str:
    """What behaviors may be written with."""
    return _table(("of", "may be used"), list(SUPPORTED.items()))


def mathematics() -> str:
    """The functions of the math module."""
    names = {*MATH_ONE, *MATH_TWO, *calls.SIMPLE_MATH, *calls.WHOLE_MATH}
    names |= {"copysign", "degrees", "isfinite", "isinf", "isnan", "radians"}
    return ", ".join(f"`math.{name}`" for name in sorted(names))


def instead() -> str:
    """What cannot be compiled, and what to write instead."""
    advice = [text.partition("; ") for text in dict.fromkeys(INSTEAD.values())]
    constructs = [(f"`{found}`" if found == "*" else found, text) for found, _, text in advice]
    called = [(f"`{name}()`", text) for name, text in calls.ADVICE.items()]
    return _table(("found", "write instead"), sorted([*constructs, *called]))


TABLES = {"supported": supported, "mathematics": mathematics, "instead": instead}


def filled(text: str) -> str:
    """A page with its tables as they should be; they stand between `<!-- NAME -->` and `<!-- end -->`."""
    for name, make in TABLES.items():
        pattern = re.compile(f"(<!-- {name} -->\n).*?(<!-- end -->)", re.DOTALL)
        place = pattern.search(text)
        assert place is not None, f"the page has no place for the table {name}"
        text = f"{text[: place.end(1)]}{make()}\n{text[place.start(2) :]}"
    return text


if __name__ == "__main__":
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
