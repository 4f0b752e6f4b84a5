"""Errors inside behaviors: the same entity is named on any ranks and threads, in the user's words."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

import bigworlds as bw


class Mote(bw.Component):
    position: bw.vec2
    charge: float = 0.0
    number: int
    label: int = 7


@bw.behavior
def drift(mote: Mote, rng: bw.Rng) -> None:
    mote.position += bw.vec2(rng.normal(0.0, 3.0), rng.normal(0.0, 3.0))


@bw.behavior
def burst(mote: Mote, clock: bw.Clock) -> None:
    if clock.tick == 6 and mote.number % 100 >= 37:
        raise ValueError(f"mote {mote.number} with label {mote.label} burst at {clock.tick}")
    mote.charge += 1.0


@bw.behavior(kind=bw.Interpreted)
def burst_slowly(mote: Mote, clock: bw.Clock) -> None:
    if clock.tick == 6 and mote.number % 100 >= 37:
        raise ValueError(f"mote {mote.number} with label {mote.label} burst at {clock.tick}")


@bw.behavior(kind=bw.Vectorised)
def burst_together(mote: Mote, clock: bw.Clock) -> None:
    if clock.tick == 6 and (mote.number % 100 >= 37).any():  # type: ignore[union-attr]
        raise ValueError("one of them burst")
    mote.charge = mote.charge + 1.0


@bw.behavior
def flee(mote: Mote, clock: bw.Clock) -> None:
    if clock.tick == 6 and mote.number % 100 >= 37:
        mote.position = bw.vec2(math_nan(), 0.0)


@bw.behavior
def sour(mote: Mote, clock: bw.Clock) -> None:
    if clock.tick == 6 and mote.number % 100 >= 37:
        mote.charge = math_nan()


def math_nan() -> float:
    return float("nan")


def model_of(behavior: object) -> bw.Model:
    @bw.model()
    def motes(world: bw.World) -> None:
        world.space = bw.Continuous((100.0, 100.0), periodic=True)
        world.spawn(Mote, n=9000, position=bw.uniform(), number=np.arange(9000))
        world.behaviors(drift, behavior)

    return motes


def messages(behavior: object, *, interpret: bool = False, check_values: bool = False) -> set[str]:
    found = set()
    for ranks, threads in product((1, 2, 3), (1, 3)):
        model = model_of(behavior)
        sim = model.simulate(
            rng=4, ranks=ranks, threads=threads, interpret=interpret, check_values=check_values
        )
        with pytest.raises(bw.BehaviorError) as caught:
            sim.run(10)
        found.add(str(caught.value))
        if "entity" in str(caught.value):
            assert caught.value.entity_id == 38  # type: ignore[attr-defined]
            assert caught.value.tick == 6  # type: ignore[attr-defined]
    return found


def test_rows_are_not_in_the_order_of_ids_when_they_fail() -> None:
    # Else the tests below would pass by luck.
    sim = model_of(burst).simulate(rng=4, threads=1)
    sim.run(6)
    numbers = sim.columns(Mote).number
    assert np.any(numbers[1:] < numbers[:-1])


def test_a_failed_row_is_the_lowest_id_on_any_ranks_and_threads() -> None:
    (message,) = messages(burst)
    assert "behavior 'burst' failed at entity 38, tick 6" in message
    # number is read only here and label only in the message: both are brought for it.
    assert "ValueError: mote 37 with label 7 burst at 6" in message
    assert "test_errors.py" in message


def test_interpreted_and_vectorised_behaviors_name_the_lowest_id_too() -> None:
    (message,) = messages(burst_slowly)
    assert "entity 38, tick 6: ValueError: mote 37 with label 7 burst at 6" in message
    (message,) = messages(burst_together)
    assert "entity 38, tick 6: ValueError: one of them burst" in message


def test_wrong_places_and_values_name_the_lowest_id() -> None:
    (message,) = messages(flee)
    assert "entity 38, tick 6: its position is not finite" in message
    (message,) = messages(sour, check_values=True)
    assert "entity 38, tick 6: it wrote nan to Mote.charge" in message


def test_of_two_behaviors_of_a_phase_the_first_in_the_model_is_named() -> None:
    @bw.behavior
    def one(mote: Mote) -> None:
        if mote.number >= 500:
            raise ValueError("one")

    @bw.behavior(kind=bw.Interpreted)
    def two(mote: Mote) -> None:
        if mote.number >= 3:
            raise ValueError("two")

    for phase, expected in (
        ((one, two), "'one' failed at entity 501"),
        ((two, one), "'two' failed at entity 4"),
    ):
        for threads in (1, 2):
            with pytest.raises(bw.BehaviorError, match=expected) as caught:
                model_of(phase).simulate(rng=1, threads=threads).step()
            assert f"ValueError: {expected[1:4]}" in str(caught.value)


def test_a_vectorised_behavior_that_fails_on_no_row_alone_names_none() -> None:
    @bw.behavior(kind=bw.Vectorised)
    def crowded(mote: Mote) -> None:
        if len(mote.number) > 1:  # type: ignore[arg-type]
            raise ValueError("more than one row")

    with pytest.raises(bw.BehaviorError, match="'crowded' failed in tick 0: ValueError: more than one row"):
        model_of(crowded).simulate(rng=1).step()


def test_an_interrupt_inside_a_behavior_is_no_error_of_the_behavior() -> None:
    @bw.behavior(kind=bw.Interpreted)
    def interrupted(mote: Mote) -> None:
        if mote.number > 10:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        model_of(interrupted).simulate(rng=1).step()


def test_what_raise_and_assert_say_counts_as_read() -> None:
    @bw.behavior(neighbors=20.0)
    def strict(mote: Mote, others: bw.Neighbors[Mote]) -> None:
        for other in others:
            assert mote.charge > 1.0, f"{mote.label} met {other.number} at {other.distance:.1f}"

    assert [use.field.name for use in strict.columns if use.reads] == ["charge", "label"]
    assert [field.name for field in strict.reaches[0].fields] == ["number"]
    with pytest.raises(bw.BehaviorError, match=r"AssertionError: 7 met \d+ at \d+\.\d"):
        model_of(strict).simulate(rng=1).step()


def test_a_wrong_field_in_a_message_is_an_error_at_declaration() -> None:
    with pytest.raises(bw.ModelError, match="did you mean 'charge'"):

        @bw.behavior
        def wrong(mote: Mote) -> None:
            if mote.number > 3:
                raise ValueError(f"{mote.chrge}")


def test_a_nan_is_a_nan_whatever_its_sign_in_the_digest() -> None:
    class Point(bw.Component):
        x: float
        pair: bw.array[bw.f32, 2]  # type: ignore[type-arg]

    @bw.model()
    def points(world: bw.World) -> None:
        world.spawn(Point, n=4)
        world.inputs(components=[Point])

    digests = []
    for nan, narrow in ((0x7FF8000000000000, 0x7FC00000), (0xFFF8000000000123, 0xFFC00001)):
        sim = points.simulate(rng=1)
        sim.columns(Point).writable("x")[:] = np.array([nan], np.uint64).view(np.float64)
        sim.columns(Point).writable("pair")[:, 1] = np.array([narrow], np.uint32).view(np.float32)
        digests.append(sim.digest())
    assert digests[0] == digests[1]
    sim.columns(Point).writable("x")[0] = np.inf
    assert sim.digest() != digests[0]
    sim.columns(Point).writable("x")[:] = -0.0
    minus = sim.digest()
    sim.columns(Point).writable("x")[:] = 0.0
    assert sim.digest() != minus
