"""Changes from outside over MPI: entities by hand and by inputs, resources, and what is refused."""

from __future__ import annotations

import re

from tests.cluster.conftest import Start


def test_changes_from_outside_are_the_same_on_three_processes(start: Start) -> None:
    said = []
    for ranks in (1, 3):
        process = start(ranks, "by_hand")
        out, err = process.communicate(timeout=240)
        assert process.returncode == 0, err
        # Where one rank finds something wrong the others are told which.
        said.append([re.sub(r"^rank \d: ", "", line) for line in out.splitlines()])
    alone, together = said
    assert len(alone) == 8 + 4 + 3 + 6
    assert together == alone
    assert "there is no entity 99999" in alone[8]
