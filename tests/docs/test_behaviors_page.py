"""docs/behaviors.md lists exactly what the front end compiles, and every kind of argument."""

from __future__ import annotations

import bigworlds as bw
from bigworlds.behavior.annotations import _GENERIC, _SINGLE

from .behavior_tables import PAGE, filled

REMEDY = "the tables of docs/behaviors.md are old; run: python -m tests.docs.behavior_tables"


def test_tables_are_those_of_the_front_end() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert filled(text) == text, REMEDY


def test_every_kind_of_argument_is_explained() -> None:
    text = PAGE.read_text(encoding="utf-8")
    kinds = [kind for kind in (*_SINGLE, *_GENERIC) if kind.__name__ in bw.__all__]
    assert not [kind.__name__ for kind in kinds if f"bw.{kind.__name__}" not in text]
