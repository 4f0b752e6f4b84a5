"""The pages of the documentation and the blocks in them: what is fenced as Python or as shell commands.

The words behind ```python or ```sh say what a block is: `NAME.py` is the file that it would be saved as,
`run` marks shell commands that are run, `mesa` and `repast` Python of other packages, which is only shown.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    [ROOT / "README.md", *(ROOT / "docs").glob("**/*.md"), *(ROOT / "examples").glob("*/README.md")],
)
_BLOCK = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_PROMISE = re.compile(r"^\s*print\(.*\)  # (.+)$")


@dataclass(frozen=True)
class Block:
    """A fenced block.

    Attributes:
        page: the file that it stands in.
        line: of its first line of text, from 1.
        language: the first word of the fence.
        words: the words behind it.
        text: what is between the fences.
    """

    page: Path
    line: int
    language: str
    words: tuple[str, ...]
    text: str

    @property
    def file_name(self) -> str | None:
        """The file that it would be saved as."""
        return next((word for word in self.words if word.endswith(".py")), None)

    @property
    def promised(self) -> list[str]:
        """What its lines of the form `print(...)  # this` say will be printed."""
        return [found[1] for found in map(_PROMISE.match, self.text.splitlines()) if found]

    @property
    def commands(self) -> list[str]:
        """Its lines that call bigworlds, without comments; lines that end in a backslash are joined."""
        joined = self.text.replace("\\\n", " ")
        lines = [line.partition("  #")[0] for line in joined.splitlines()]
        parts = [part.strip() for line in lines for part in line.split("&&")]
        return [part for part in parts if part.startswith("bigworlds ")]


def blocks(page: Path, *languages: str) -> list[Block]:
    """All blocks of some languages in a page, in order."""
    text = page.read_text(encoding="utf-8")
    found = []
    for match in _BLOCK.finditer(text):
        if match[1] in languages:
            line = text.count("\n", 0, match.start(3)) + 1
            found.append(Block(page, line, match[1], tuple(match[2].split()), match[3]))
    return found


def page_name(page: Path) -> str:
    """How tests call a page."""
    return str(page.relative_to(ROOT))
