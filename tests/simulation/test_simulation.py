"""Simulations as users hold them: views, sums, seeds, stopping, parameters, errors."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

import bigworlds as bw


class Settings(bw.Parameters):
    n: int = bw.param(50, min=0)
    push: float = bw.param(1.0)
    bad: int = bw.param(-1, help="the age at which a ball fails")


class Ball(bw.Component):
    position: bw.vec2
    height: float = 0.5
    age: int = 0


class Tag(bw.Component):
    mark: int = 0


@bw.behavior()
def rise(ball: Ball, p: Settings) -> None:
    """Rises and grows older; divides by zero at the bad age."""
    ball.height += p.push
    ball.age += 1
    if ball.age == p.bad:
        ball.age = 1 // (ball.age - p.bad)


@bw.model(Settings, ticks=10)
def balls(world: bw.World, p: Settings) -> None:
    world.space = bw.Continuous((100.0, 50.0))
    world.spawn(Ball, n=p.n, position=bw.uniform())
    world.behaviors(rise)
    world.stop_when(lambda sim: bool(sim.max("Ball.age") >= 20) if sim.count(Ball) else False)


def test_columns_are_views_that_go_stale() -> None:
    sim = balls.simulate(rng=1)
    view = sim.columns(Ball)
    assert view.height is view.height
    assert np.all(view.height == 0.5)
    assert not view.height.flags.writeable
    sim.step()
    with pytest.raises(bw.UserError, match="before the last tick"):
        _ = view.height
    assert np.all(sim.columns(Ball).height == 1.5)


def test_a_writable_column_changes_the_world_and_marks_the_run() -> None:
    sim = balls.simulate(rng=1)
    assert not sim.edited_by_hand
    sim.columns(Ball).writable("height")[:] = 7.0
    assert sim.edited_by_hand
    assert sim.mean("Ball.height") == 7.0


def test_columns_of_several_ranks_name_the_global_table() -> None:
    sim = balls.simulate(rng=1, ranks=2)
    with pytest.raises(bw.UserError, match=r"sim\.table\(Ball\)"):
        sim.columns(Ball)


def test_a_table_is_whole_and_in_the_order_of_ids_on_any_ranks() -> None:
    one, three = (balls.simulate(rng=1, ranks=ranks).table(Ball) for ranks in (1, 3))
    assert list(one["id"]) == sorted(one["id"])
    assert all(np.array_equal(one[name], three[name]) for name in one)
    assert one["position"].shape == (50, 2)


def test_sums_are_exact_on_any_ranks() -> None:
    sims = [balls.simulate(rng=1, ranks=ranks, push=0.1) for ranks in (1, 2, 3)]
    for sim in sims:
        sim.run(3)
    assert len({sim.sum("Ball.height") for sim in sims}) == 1
    assert sims[0].sum("Ball.age") == 150
    assert len({tuple(sim.mean("Ball.position")) for sim in sims}) == 1


def test_stop_when_ends_the_run() -> None:
    sim = balls.simulate(rng=1)
    assert sim.run(1000) == 20
    assert sim.ended == "stop"


def test_run_until_ends_at_the_predicate() -> None:
    sim = balls.simulate(rng=1)
    assert sim.run_until(lambda s: s.tick == 7) == 7
    assert sim.ended == "until"


def test_pause_from_another_thread_returns_at_a_tick_boundary() -> None:
    sim = balls.simulate(rng=1, n=0)
    threading.Thread(target=lambda: (time.sleep(0.1), sim.pause())).start()
    assert sim.run(10**9) < 10**9
    assert sim.ended == "paused"


def test_parameters_change_while_the_world_runs() -> None:
    sim = balls.simulate(rng=1)
    sim.step()
    sim.set_parameters(push=-2.0)
    sim.step()
    assert sim.mean("Ball.height") == -0.5
    with pytest.raises(bw.UserError, match="push"):
        sim.set_parameters(pusch=1.0)


@pytest.mark.parametrize("threads", [1, 2])
def test_an_error_in_a_behavior_names_behavior_entity_tick_and_line(threads: int) -> None:
    sim = balls.simulate(rng=1, bad=3, threads=threads)
    with pytest.raises(
        bw.BehaviorError, match=r"'rise' failed at entity \d+, tick 2: ZeroDivisionError.*\.py:\d+"
    ):
        sim.run(10)


def test_leaving_a_bounded_world_is_an_error_of_the_behavior() -> None:
    @bw.behavior
    def leave(ball: Ball) -> None:
        ball.position = ball.position + bw.vec2(60.0, 0.0)

    @bw.model()
    def bounded(world: bw.World) -> None:
        world.space = bw.Continuous((100.0, 50.0), periodic=False)
        world.spawn(Ball, n=3, position=(50.0, 10.0))
        world.behaviors(leave)

    with pytest.raises(bw.BehaviorError, match=r"'leave'.*left the bounded world"):
        bounded.simulate(rng=1).run(1)


def test_check_values_reports_the_first_value_that_is_not_finite() -> None:
    sim = balls.simulate(rng=1, push=float("1e308"), check_values=True)
    sim.step()
    with pytest.raises(bw.BehaviorError, match=r"wrote inf to Ball\.height"):
        sim.run(5)


def test_claims_in_a_continuous_world_take_cells() -> None:
    class Hunter(bw.Component):
        position: bw.vec2
        caught: int = 0

    @bw.behavior(claim=(Ball, Hunter.caught))
    def hunt(hunter: Hunter, prey: bw.Claim[Ball]) -> None:
        prey.ask(hunter.position)

    @bw.model()
    def hunters(world: bw.World) -> None:
        world.space = bw.Continuous((100.0, 50.0))
        world.spawn(Hunter, n=3, position=(50.0, 10.0))
        world.behaviors(hunt)

    with pytest.raises(bw.ModelError, match="cells="):
        hunters.simulate(rng=1)


def test_neighbours_in_a_continuous_world_take_a_radius() -> None:
    @bw.behavior
    def look(ball: Ball, others: bw.Neighbors[Ball]) -> None:
        ball.age = len(others)

    @bw.model()
    def lookers(world: bw.World) -> None:
        world.space = bw.Continuous((100.0, 50.0))
        world.spawn(Ball, n=3, position=(50.0, 10.0))
        world.behaviors(look)

    with pytest.raises(bw.ModelError, match="neighbors"):
        lookers.simulate(rng=1)


def test_a_radius_that_reaches_around_the_world_is_refused_with_the_reason() -> None:
    @bw.behavior(neighbors=30.0)
    def look(ball: Ball, others: bw.Neighbors[Ball]) -> None:
        ball.age = len(others)

    @bw.model()
    def lookers(world: bw.World) -> None:
        world.space = bw.Continuous((100.0, 50.0))
        world.spawn(Ball, n=3, position=(50.0, 10.0))
        world.behaviors(look)

    with pytest.raises(bw.UserError, match="meet the same neighbour twice"):
        lookers.simulate(rng=1).run(1)


def test_wrong_names_get_the_nearest_right_ones() -> None:
    sim = balls.simulate(rng=1)
    with pytest.raises(bw.UserError, match="height"):
        sim.mean("Ball.hight")
    with pytest.raises(bw.UserError, match="Ball"):
        sim.count("Bal")
    with pytest.raises(bw.UserError, match="rng is"):
        balls.simulate(rng=-1)


def test_a_fresh_seed_is_drawn_and_told() -> None:
    first, second = balls.simulate(), balls.simulate()
    assert first.seed != second.seed
    assert balls.simulate(rng=first.seed).digest() == first.digest()
    again = [balls.simulate(rng=np.random.default_rng(3)).seed for _ in range(2)]
    assert again[0] == again[1]


class Blank(bw.Component):
    """A tag: it has no fields."""


@bw.behavior
def mark(ball: Ball, blank: bw.Attach[Blank]) -> None:
    blank()


@pytest.mark.parametrize("interpret", [False, True])
def test_a_tag_is_attached_by_a_behavior(interpret: bool) -> None:
    @bw.model()
    def world_of_tags(world: bw.World) -> None:
        world.space = bw.Continuous((10.0, 10.0))
        world.spawn(Ball, n=3, position=bw.vec2(1.0, 1.0))
        world.behaviors(mark)

    sim = world_of_tags.simulate(rng=1, interpret=interpret)
    sim.step()
    assert sim.count(Blank) == 3
