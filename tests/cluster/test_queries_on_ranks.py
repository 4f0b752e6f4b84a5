"""Queries over MPI: every process is told the same, also of an error that one of them met."""

from __future__ import annotations

import re

from tests.cluster.conftest import Start
from tests.query.test_queries import QUERIES


def test_answers_are_the_same_on_three_processes(start: Start) -> None:
    said = []
    for ranks in (1, 3):
        process = start(ranks, "queries")
        out, err = process.communicate(timeout=240)
        assert process.returncode == 0, err
        said.append([re.sub(r"^rank \d: ", "", line) for line in out.splitlines()])
    alone, together = said
    assert len(alone) == len(QUERIES) + 1
    assert together == alone
    assert "divided by zero" in alone[-1]
