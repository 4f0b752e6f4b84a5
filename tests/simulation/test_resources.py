"""Resources: every kind of behavior reads them, inputs and behaviors of the whole world change them, and
they are state."""

from __future__ import annotations

import enum

import numpy as np
import pytest

import bigworlds as bw
from bigworlds.cli.describe import odd


class Season(enum.IntEnum):
    spring = 3
    autumn = 5


class Params(bw.Parameters):
    gain: float = 0.5
    wind: bw.vec2 = bw.vec2(1.0, 2.0)


class Weather(bw.Resource):
    rain: float = bw.param(1.0, min=0.0)
    wind: bw.vec2 = bw.vec2(0.0, 0.0)
    cloudy: bool = False
    season: Season = Season.spring
    sky: str = bw.param("blue", choices=("blue", "grey"))
    warmth: float = bw.param(lambda w: w.rain * 2)


class Alarm(bw.Resource):
    level: int = 0


class Grass(bw.Component):
    position: bw.vec2
    height: float
    seen: int
    twice: float
    all: float


@bw.behavior
def grow(grass: Grass, p: Params, weather: Weather, alarm: Alarm, rng: bw.Rng) -> None:
    grass.height += p.gain * weather.rain + rng.uniform() + weather.wind.x
    if weather.cloudy and weather.sky == "grey":
        grass.seen += 10 * alarm.level + weather.season


@bw.behavior(kind=bw.Vectorised)
def double(grass: Grass, weather: Weather) -> None:
    grass.twice = grass.height * 2.0 + weather.rain + weather.wind.y


@bw.behavior(kind=bw.Interpreted)
def total(grass: Grass, alarm: Alarm, weather: Weather) -> None:
    grass.all += alarm.level + (1 if weather.season == Season.autumn else 0) + len(weather.sky)


@bw.behavior(kind=bw.Interpreted, every=2)
def change(world: bw.Edits, weather: Weather, clock: bw.Clock) -> None:
    assert world.resource(Weather).rain == weather.rain
    world.set_resource(Weather, rain=weather.rain + clock.tick)


@bw.input
def storm(world: bw.Edits, rain: float) -> float:
    world.set_resource(Weather, rain=rain, wind=(3.0, 4.0), cloudy=True, sky="grey", season=Season.autumn)
    world.set_resource(Alarm, level=2)
    return world.resource("Weather").rain


@bw.model(Params)
def meadow(world, p):
    world.space = bw.Continuous((10.0, 10.0), periodic=True)
    world.resource(Weather, rain=2.0)
    world.resource(Alarm)
    world.spawn(Grass, n=40, position=bw.uniform())
    world.behaviors(grow, double, total, change)
    world.inputs(storm)


def lead(sim: bw.Simulation) -> list[str]:
    seen = []
    for tick in range(6):
        if tick == 1:
            sim.submit(storm, rain=7.0)
        if tick == 3:
            sim.set_resource(Weather, rain=0.25, wind=[1.0, -1.0])
            sim.set_resource("Alarm", level=9)
            sim.set_parameters(gain=0.75)
        sim.step()
        seen.append(sim.digest())
    return seen


@pytest.mark.parametrize("interpret", [False, True])
def test_one_world_on_any_ranks_and_threads_interpreted_and_restarted(interpret):
    seen = lead(meadow.simulate(rng=1))
    assert len(set(seen)) == 6
    for ranks, threads in ((1, 2), (2, 1), (3, 2)):
        assert lead(meadow.simulate(rng=1, ranks=ranks, threads=threads, interpret=interpret)) == seen


def test_values_are_those_that_were_set():
    sim = meadow.simulate(rng=1)
    assert sim.resource(Weather) == Weather(rain=2.0)
    assert sim.resource(Weather).warmth == 4.0
    ticket = sim.submit(storm, rain=7.0)
    sim.step()
    assert ticket.result.value == 2.0
    weather = sim.resource("Weather")
    assert (weather.rain, weather.wind, weather.cloudy) == (7.0, bw.vec2(3.0, 4.0), True)
    assert (weather.season, weather.sky, weather.warmth) == (Season.autumn, "grey", 4.0)
    table = sim.table(Grass)
    assert table["seen"].tolist() == [25] * 40
    assert table["all"].tolist() == [7.0] * 40
    assert np.array_equal(table["twice"], table["height"] * 2.0 + 7.0 + 4.0)


def test_a_restart_has_them(tmp_path):
    sim = meadow.simulate(rng=1)
    sim.submit(storm, rain=7.0)
    sim.run(3)
    sim.snapshot(tmp_path / "s.h5")
    again = meadow.resume(tmp_path / "s.h5", ranks=2)
    assert again.resource(Weather) == sim.resource(Weather)
    assert again.resource(Weather).sky == "grey"
    assert again.resource(Alarm).level == 2
    sim.set_resource(Weather, rain=3.0)
    again.set_resource(Weather, rain=3.0)
    sim.run(2)
    again.run(2)
    assert again.digest() == sim.digest()


def test_changes_replay(tmp_path):
    sim = meadow.simulate(rng=1)
    sim.journal(tmp_path / "journal")
    lead(sim)
    sim.close_journal()
    assert not sim.edited_by_hand
    for ranks in (1, 2):
        again = meadow.simulate(rng=1, ranks=ranks)
        again.replay(tmp_path / "journal")
        assert again.digest() == sim.digest()
        assert again.resource(Weather) == sim.resource(Weather)


@bw.behavior
def strange(grass: Grass, weather: Weather) -> None:
    grass.height = weather.rain


def declared(*, resources=(Weather,), behaviors=(strange,)):
    @bw.model()
    def made(world):
        for resource in resources:
            world.resource(resource)
        world.spawn(Grass)
        world.behaviors(*behaviors)

    return made.simulate(rng=1)


def test_a_resource_that_the_world_does_not_have_is_an_error():
    with pytest.raises(bw.ModelError, match=r"takes the resource Weather.*write world.resource\(Weather\)"):
        declared(resources=())
    declared()
    with pytest.raises(bw.ModelError, match="declared twice"):
        declared(resources=(Weather, Weather))
    with pytest.raises(bw.ModelError, match=r"takes a bw\.Resource class"):
        declared(resources=(Params,))

    class Grass(bw.Resource):
        rain: float = 0.0

    with pytest.raises(bw.ModelError, match="both called 'Grass'"):
        declared(resources=(Weather, Grass))


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda sim: sim.resource("Wether"), "no resource 'Wether'; did you mean 'Weather'"),
        (lambda sim: sim.resource(Params), "no resource 'Params'"),
        (lambda sim: sim.set_resource(Weather, ran=1.0), "no field 'ran'; did you mean 'rain'"),
        (lambda sim: sim.set_resource(Weather, rain=-1.0), "rain"),
        (lambda sim: sim.set_resource(Weather, sky="pink"), "pink"),
        (lambda sim: setattr(sim.resource(Weather), "rain", 3.0), "is changed by world.set_resource"),
        (lambda sim: meadow.simulate(rng=1, rain=3.0), "no parameter 'rain'"),
    ],
)
def test_wrong_names_and_values_are_refused(ask, message):
    sim = meadow.simulate(rng=1)
    before = sim.digest()
    with pytest.raises(bw.UserError, match=message):
        ask(sim)
    assert sim.digest() == before


def test_a_behavior_cannot_write_them():
    def rain(grass: Grass, weather: Weather) -> None:
        weather.rain = 1.0

    with pytest.raises(bw.ModelError, match="of the resource Weather; resources are changed by inputs"):
        bw.behavior(rain)


def test_a_snapshot_of_other_resources_is_refused(tmp_path):
    sim = declared()
    sim.snapshot(tmp_path / "s.h5")

    class Weather(bw.Resource):
        rain: int = 0

    @bw.behavior
    def strange(grass: Grass, weather: Weather) -> None:
        grass.height = weather.rain

    @bw.model()
    def made(world):
        world.resource(Weather)
        world.spawn(Grass)
        world.behaviors(strange)

    with pytest.raises(bw.SnapshotError, match="Weather"):
        made.resume(tmp_path / "s.h5")


def test_a_description_lists_them_and_who_sees_them():
    text = odd(meadow, meadow.parameters())
    assert "### Weather (the world's own values)" in text
    assert "| rain | float | 2.0 | (...) |" in text
    assert "| season | one of spring, autumn | spring | (...) |" in text
    assert "| warmth | float | 4.0 | (...) |" in text
    assert "| level | int | 0 | (...) |" in text
    assert "Sensing: *double* sees the world's Weather." in text
    assert "Sensing: *grow* sees the world's Alarm." in text
