"""model.check(): rows that do not go by themselves and conflicts without an order are found, by name."""

from __future__ import annotations

import numpy as np
import pytest

import bigworlds as bw


class Cell(bw.CellComponent):
    level: float


class Bug(bw.Component):
    position: bw.ivec2
    weight: float = 1.0
    steps: int = 0
    seen: int = 0


@bw.behavior(kind=bw.Vectorised)
def eat(bug: Bug, rng: bw.Rng, me: bw.Entity) -> None:
    bug.weight = bug.weight + rng.uniform() * (me.id % 3)
    bug.steps = bug.steps + 1


@bw.behavior(kind=bw.Vectorised, every=2)
def compare(bug: Bug) -> None:
    bug.weight = bug.weight - 0.1 * bug.weight.mean()  # type: ignore[attr-defined]


CALLS = np.zeros(1, np.int64)


@bw.behavior(kind=bw.Vectorised)
def count_calls(bug: Bug) -> None:
    CALLS[0] += 1
    bug.seen = np.full(len(bug.seen), CALLS[0])  # type: ignore[assignment, arg-type]


@bw.behavior(kind=bw.Vectorised)
def level_out(cell: Cell) -> None:
    cell.level = cell.level - cell.level.max()  # type: ignore[attr-defined]


def model_of(*phases: object) -> bw.Model:
    @bw.model()
    def bugs(world: bw.World) -> None:
        world.space = bw.Grid((12, 9))
        world.spawn(Bug, n=60, position=bw.random_cells(), weight=bw.uniform(1.0, 2.0))
        world.cells(Cell, level=bw.uniform())
        world.behaviors(*phases)

    return bugs


def test_behaviors_that_go_row_by_row_pass_and_are_named() -> None:
    @bw.behavior
    def step(bug: Bug) -> None:
        bug.steps += 1

    assert model_of(step).check() == []
    assert model_of(eat, step).check(rng=7) == ["eat"]


def test_a_mean_over_the_rows_is_refused_with_the_value_that_differs() -> None:
    with pytest.raises(bw.ModelError) as caught:
        model_of(eat, compare).check()
    message = str(caught.value)
    assert "behavior 'compare' does not go row by row" in message
    assert "after tick 0" in message
    assert "Bug.weight of entity 1 was" in message


def test_what_is_kept_between_calls_is_found() -> None:
    with pytest.raises(bw.ModelError, match="'count_calls' does not go row by row"):
        model_of(count_calls).check()


def test_cells_are_cut_too() -> None:
    with pytest.raises(bw.ModelError, match=r"'level_out' does not go row by row.* of cell "):
        model_of(level_out).check()


def test_later_ticks_are_tried_as_far_as_asked() -> None:
    @bw.behavior(kind=bw.Vectorised, at=4)
    def late(bug: Bug) -> None:
        bug.weight = bug.weight - bug.weight.mean()  # type: ignore[attr-defined]

    assert model_of(late).check(ticks=3) == ["late"]
    with pytest.raises(bw.ModelError, match="after tick 4"):
        model_of(late).check(ticks=6)
    with pytest.raises(bw.UserError, match="from 1 up; found 0"):
        model_of(late).check(ticks=0)


def test_all_conflicts_without_an_order_are_named() -> None:
    def behavior(name: str, function: object) -> object:
        return bw.behavior(name=name)(function)  # type: ignore[call-overload]

    def gain(bug: Bug) -> None:
        bug.weight += 1.0

    def lose(bug: Bug) -> None:
        bug.weight -= 1.0

    def walk(bug: Bug) -> None:
        bug.steps += 1

    def count(bug: Bug) -> None:
        bug.seen = bug.steps

    phase = tuple(behavior(f.__name__, f) for f in (gain, lose, walk, count))
    with pytest.raises(bw.ModelError) as caught:
        model_of(phase).check()
    assert "gain and lose are in one phase, but gain writes Bug.weight" in str(caught.value)
    assert "walk and count are in one phase, but walk writes Bug.steps, which count reads" in str(
        caught.value
    )
