"""Behaviors that run once per tick, for the whole world: any Python, in their place in the order."""

from __future__ import annotations

import gc
import weakref
from pathlib import Path

import networkx as nx
import pytest

import bigworlds as bw
from bigworlds.cli.engine import save

CALLS: list[int] = []


class Settings(bw.Parameters):
    radius: float = bw.param(6.0, min=0.0)
    heat: float = bw.param(1.0)
    most: int = bw.param(60)


class Fly(bw.Component):
    position: bw.vec2
    group: int = 0
    energy: float = 1.0
    heard: int = 0


class Warm(bw.CellComponent):
    level: float


class Call(bw.Event):
    loud: int = 1


@bw.behavior
def fly(fly: Fly, p: Settings, rng: bw.Rng, calls: bw.Inbox[Call]) -> None:
    fly.position += bw.vec2(rng.normal(), rng.normal())
    fly.energy += 0.01 * p.heat
    for call in calls:
        fly.heard += call.loud


@bw.behavior(kind=bw.Interpreted, every=2)
def cluster(world: bw.Edits, p: Settings, clock: bw.Clock, rng: bw.Rng) -> None:
    """Groups of flies that are near each other, by networkx; what it knows comes from all ranks."""
    CALLS.append(clock.tick)
    flies = world.table(Fly)
    near = nx.random_geometric_graph(
        len(flies["id"]),
        p.radius,
        pos=dict(enumerate(flies["position"].tolist())),
    )
    for group, members in enumerate(nx.connected_components(near)):
        for k in sorted(members):
            world.set(int(flies["id"][k]), Fly, group=group)
    lonely = int(flies["id"][0])
    world.send(Call, to=lonely, loud=10)
    world.send(Call, to=lonely, loud=100, after=1)
    if world.count(Fly) < p.most:
        world.spawn(Fly, position=(rng.uniform(0.0, 50.0), 5.0), energy=world.mean("Fly.energy"))
        world.despawn(int(flies["id"][-1]))
    world.set_cell(Warm, (15.0, 25.0), level=float(clock.tick))
    world.set_parameters(heat=world.parameters.heat + world.cells(Warm)["level"].sum())


@bw.behavior
def cheer(fly: Fly, calls: bw.Inbox[Call], here: bw.Here[Warm]) -> None:
    for call in calls:
        fly.energy += call.loud * (1.0 + here.level)


@bw.model(Settings)
def swarm(world: bw.World, p: Settings) -> None:
    world.space = bw.Continuous((50.0, 50.0), periodic=True, cells=(5, 5))
    world.spawn(Fly, n=50, position=bw.uniform())
    world.cells(Warm, level=0.5)
    world.behaviors(fly, cluster, cheer)


def test_it_is_called_once_for_the_world_and_the_digest_is_one() -> None:
    digests = set()
    for ranks, threads, interpret in (
        (1, 1, False),
        (1, 2, False),
        (2, 1, False),
        (3, 2, False),
        (2, 1, True),
    ):
        CALLS.clear()
        sim = swarm.simulate(rng=5, ranks=ranks, threads=threads, interpret=interpret)
        sim.run(7)
        assert CALLS == [0, 2, 4, 6]
        digests.add(sim.digest())
    assert len(digests) == 1


def test_what_it_asks_happens_before_the_next_phase() -> None:
    sim = swarm.simulate(rng=5)
    sim.run(1)
    flies = sim.table(Fly)
    assert set(flies["group"]) > {0, 1}
    assert flies["id"].max() == 51
    assert sim.count(Fly) == 50
    # The call reaches cheer in the same tick and fly in the next; the later one both a tick later.
    assert flies["energy"][0] > 10.0
    assert flies["heard"][0] == 0
    assert sim.cells(Warm)["level"][2, 1] == 0.0
    assert sim.parameters.heat == 1.0 + 25 * 0.5
    sim.run(1)
    assert sim.table(Fly)["heard"][0] == 10
    assert flies["energy"][0] + 100.0 < sim.table(Fly)["energy"][0]
    sim.run(1)
    assert sim.table(Fly)["heard"][0] == 110


@pytest.mark.parametrize("ranks", [1, 3])
def test_it_goes_on_over_a_restart(tmp_path: Path, ranks: int) -> None:
    whole = swarm.simulate(rng=5)
    whole.run(9)
    part = swarm.simulate(rng=5, ranks=ranks)
    part.run(5)
    save(part, tmp_path / "swarm.h5")
    rest = swarm.resume(tmp_path / "swarm.h5", ranks=4 - ranks)
    rest.run(4)
    assert rest.digest() == whole.digest()


def test_it_replays_from_a_journal(tmp_path: Path) -> None:
    sim = swarm.simulate(rng=5)
    sim.journal(tmp_path / "journal")
    sim.run(3)
    sim.send(Call, loud=3)
    sim.run(3)
    sim.close_journal()
    again = swarm.simulate(rng=5)
    again.replay(tmp_path / "journal")
    assert again.digest() == sim.digest()


def test_an_error_names_behavior_tick_and_line_and_changes_nothing() -> None:
    @bw.behavior(kind=bw.Interpreted, after=2)
    def wrong(world: bw.Edits) -> None:
        world.set(3, Fly, energy=9.0)
        world.set(99, Fly, energy=9.0)

    @bw.model(Settings)
    def broken(world: bw.World, p: Settings) -> None:
        world.space = bw.Continuous((50.0, 50.0))
        world.spawn(Fly, n=5, position=bw.uniform())
        world.behaviors(wrong)

    sim = broken.simulate(rng=1)
    with pytest.raises(
        bw.BehaviorError, match=r"'wrong' failed in tick 2: UserError: there is no entity 99"
    ) as caught:
        sim.run(5)
    assert isinstance(caught.value.__cause__, bw.UserError)
    assert "test_per_tick.py" in str(caught.value)
    assert sim.table(Fly)["energy"].tolist() == [1.0] * 5


def test_it_has_a_phase_of_its_own() -> None:
    def model_of(*phases: object, **options: object) -> bw.Model:
        @bw.model(Settings)
        def model(world: bw.World, p: Settings) -> None:
            world.space = bw.Continuous((50.0, 50.0), cells=(5, 5))
            world.spawn(Fly, n=5, position=bw.uniform())
            world.cells(Warm)
            world.behaviors(*phases, **options)

        return model

    with pytest.raises(bw.ModelError, match=r"cluster runs once per tick .* give it a place of its own"):
        model_of((fly, cluster)).simulate()
    with pytest.raises(bw.ModelError, match="leave out activation="):
        model_of(cluster, activation=bw.Sequential()).simulate()

    @bw.model()
    def bare(world: bw.World) -> None:
        world.behaviors(cluster)

    with pytest.raises(bw.ModelError, match="cluster' takes Settings, the model has no parameters"):
        bare.simulate()


def test_a_simulation_with_one_is_freed() -> None:
    sim = swarm.simulate(rng=1)
    sim.run(1)
    gone = weakref.ref(sim)
    del sim
    gc.collect()
    assert gone() is None
