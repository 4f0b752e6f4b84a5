"""The page about the files is true: its examples run, and its numbers are those of the code."""

from __future__ import annotations

import re
from pathlib import Path

from bigworlds.record import recorder
from bigworlds.snapshot import journaled, user_block

PAGE = Path(__file__).parents[2] / "docs" / "snapshot-format.md"


def test_the_examples_run() -> None:
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) == 3
    names: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, str(PAGE), "exec"), names)


def test_the_numbers_are_those_of_the_code() -> None:
    text = " ".join(PAGE.read_text(encoding="utf-8").split())
    for magic in (user_block.MAGIC, journaled.MAGIC, journaled.JOURNAL_MAGIC):
        assert f"`{magic.hex(' ').upper()}`" in text
    assert f"number of the format, {user_block.FORMAT}" in text
    assert user_block.BLOCK_BYTES == 1 << 20
    assert f"pages of {journaled.PAGE_BYTES} bytes" in text
    assert f"every {recorder.COMMIT_SECONDS:.0f} seconds, every {recorder.COMMIT_BYTES >> 20} MiB" in text
