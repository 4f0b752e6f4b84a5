"""The page on behaviors: its tables are those of the translator, its example compiles."""

from __future__ import annotations

import re
from pathlib import Path

from bigworlds.behavior.translate.supported import instead_table, supported_table

PAGE = Path(__file__).parents[2] / "docs" / "behaviors.md"


def between(text, mark):
    return re.search(rf"<!-- {mark} -->\n(.*?)<!-- /{mark} -->", text, re.DOTALL).group(1)


def test_the_tables_are_those_of_the_translator():
    text = PAGE.read_text()
    assert between(text, "supported") == supported_table()
    assert between(text, "instead") == instead_table()


def test_the_example_compiles(tmp_path):
    (source,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    file = tmp_path / "example.py"
    file.write_text(source)
    scope: dict = {"__name__": "example"}
    exec(compile(source, str(file), "exec"), scope)
    assert scope["school"].kernel(scope["Params"]).address
