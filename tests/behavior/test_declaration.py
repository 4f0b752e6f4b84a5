"""Where behaviors can be declared: modules, functions, notebook cells; annotations as text or not; what
they carry."""

from __future__ import annotations

import inspect
import linecache

import numpy as np
import pytest

import bigworlds as bw
from bigworlds.errors import ModelError

from .engine_stand_in import StandIn


class Params(bw.Parameters):
    radius: float = bw.param(1.0)
    often: int = bw.param(3)
    active: bool = bw.param(True)


class Bird(bw.Component):
    position: bw.vec2
    age: int


class Hawk(bw.Component):
    position: bw.vec2


class Call(bw.Event):
    loudness: float


@bw.behavior(
    neighbors={"others": Params.radius, "hawks": 5},
    every=Params.often,
    after=10,
    on=Call,
    when=Params.active,
    name="watching",
)
def watch(bird: Bird, others: bw.Neighbors[Bird], hawks: bw.Neighbors[Hawk]) -> None:
    """Counts who is near."""
    bird.age = len(others) + len(hawks)


def test_what_a_behavior_carries():
    assert watch.name == "watching"
    assert watch.__doc__ == "Counts who is near."
    assert repr(watch) == "<compiled behavior 'watching'>"
    assert watch.components == (Bird,)
    assert [(r.component, r.radius) for r in watch.reaches] == [(Bird, Params.radius), (Hawk, 5)]
    trigger = watch.trigger
    assert (trigger.every, trigger.after, trigger.on, trigger.when) == (Params.often, 10, Call, Params.active)
    assert not watch.over_cells
    assert not watch.uses_rng


@pytest.mark.parametrize(("given", "ticks"), [(4, (4,)), ([1, 5], (1, 5)), (None, ())])
def test_the_ticks_of_a_trigger(given, ticks):
    @bw.behavior(at=given)
    def rule(bird: Bird) -> None:
        bird.age += 1

    assert rule.trigger.at == ticks


def test_behaviors_of_local_components():
    class Local(bw.Component):
        value: int

    step = 3

    @bw.behavior
    def rule(local: Local) -> None:
        local.value += step

    world = StandIn(rule, 2)
    assert world.run(rule.kernel(None)) == 0
    assert world.columns[Local.value].tolist() == [3, 3]


CELL = """
import bigworlds as bw

class Counter(bw.Component):
    value: int

@bw.behavior
def count(counter: Counter) -> None:
    counter.value += {step}
"""


def run_cell(number, text):
    """Executes text like a notebook does: a code object whose source only linecache knows."""
    name = f"<ipython-input-{number}>"
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    scope: dict = {"__name__": "__main__"}
    exec(compile(text, name, "exec"), scope)
    return scope


def test_notebook_cells():
    for number, step in enumerate((1, 2)):
        scope = run_cell(number, CELL.format(step=step))
        world = StandIn(scope["count"], 1)
        world.run(scope["count"].kernel(None))
        assert world.columns[scope["Counter"].value].tolist() == [step]
    with pytest.raises(
        ModelError, match=r"^<ipython-input-7>:9: behavior 'count': Counter has no field 'valu'"
    ):
        run_cell(7, CELL.format(step="counter.valu"))


def test_functions_without_source_are_refused():
    scope: dict = {"__name__": "nowhere"}
    with pytest.raises(
        ModelError, match="its source text cannot be read; define it in a file or a notebook cell"
    ):
        exec(CELL.format(step=1), scope)


def test_a_behavior_of_cells():
    class Soil(bw.CellComponent, dimensions=3):
        water: float

    @bw.behavior(neighbors=1)
    def seep(soil: Soil, around: bw.Neighbors[Soil]) -> None:
        for other in around:
            if other.offset == bw.ivec3(0, 0, 1):
                soil.water += other.water * 0.1

    assert seep.over_cells
    assert seep.position is not None
    assert (seep.position.whole, seep.position.size) == (True, 3)


def test_calling_by_hand_runs_the_function():
    bird = Bird(position=bw.vec2(1, 2), age=1)

    @bw.behavior
    def grow(bird: Bird) -> None:
        bird.age *= 7

    grow(bird)
    assert bird.age == 7
    assert inspect.signature(grow) == inspect.signature(grow.function)


def test_helpers_may_stand_further_down():
    world = StandIn(early, 1, {Bird.age: np.array([4])})
    assert world.run(early.kernel(None)) == 0
    assert world.columns[Bird.age].tolist() == [104]


@bw.behavior
def early(bird: Bird) -> None:
    bird.age = late(bird.age)


def late(age):
    return age + 100
