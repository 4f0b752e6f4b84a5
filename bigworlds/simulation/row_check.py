"""model.check(): whether vectorised and native behaviors compute row i from row i, however rows are cut.

The same world runs with a behavior on all rows at once, and with its rows cut at random; the states must
have the same bits.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from bigworlds.behavior import BehaviorKind
from bigworlds.errors import ModelError
from bigworlds.simulation.build import BehaviorPlace

TRIES = 2
"""How often the rows of each behavior are cut anew."""


def check_rows(make: Callable[[], Any], ticks: int) -> list[str]:
    """Runs all vectorised and native behaviors of a world on whole tables and on random pieces.

    Args:
        make: gives the world at tick 0, the same each time.
        ticks: how many are run.

    Returns:
        The names of these behaviors.

    Raises:
        ModelError: one of them does not go row by row; says where the states differ first.
    """
    whole = make()
    places: list[BehaviorPlace] = [place for place in whole._built.behaviors if _is_trusted(place)]
    digests = []
    _cut_whole(whole, places)
    for _ in range(ticks):  # others too: whatever fails in so many ticks is found
        whole.run(1)
        digests.append(whole.digest())
    for place in places:
        for key in range(TRIES):
            _try(make, places, place, key, digests)
    return [place.behavior.name for place in places]


def _is_trusted(place: BehaviorPlace) -> bool:
    """Whether nothing but a test can tell what the behavior's rows depend on."""
    return place.behavior.kind in (BehaviorKind.VECTORISED, BehaviorKind.NATIVE)


def _cut_whole(simulation: Any, places: list[BehaviorPlace]) -> None:
    for place in places:
        simulation._core.set_cut(place.phase, place.number, None)


def _try(
    make: Callable[[], Any], places: list[BehaviorPlace], place: BehaviorPlace, key: int, digests: list[str]
) -> None:
    pieces = make()
    _cut_whole(pieces, places)
    pieces._core.set_cut(place.phase, place.number, key)
    for expected in digests:
        pieces.run(1)
        if pieces.digest() != expected:
            whole = make()
            _cut_whole(whole, places)
            whole.run(pieces.tick)
            raise ModelError(
                f"behavior '{place.behavior.name}' does not go row by row: on all rows at once it gave other "
                f"values than on pieces of them; {_difference(whole, pieces)}. Row i may depend on row i, "
                "the parameters and the row's random numbers only, and nothing may be kept between calls"
            )


def _difference(whole: Any, pieces: Any) -> str:
    """The first value that differs, in words."""
    where = f"after tick {pieces.tick - 1}"
    for one, other in zip(whole.sections(), pieces.sections(), strict=False):
        if (one.room, one.name) != (other.room, other.name) or not np.array_equal(one.keys, other.keys):
            return f"{where} there were other entities or events ({one.room}/{one.name})"
        for label, values in one.columns.items():
            a, b = np.ascontiguousarray(values), np.ascontiguousarray(other.columns[label])
            rows = (a.view(np.uint8) != b.view(np.uint8)).reshape(len(a), -1).any(axis=1)
            if rows.any():
                row = int(np.argmax(rows))
                what = "cell" if one.room == "lattice" else "entity"
                return f"{where} {label} of {what} {one.keys[row]} was {a[row]} and {b[row]}"
    return f"{where} the digests differed"
