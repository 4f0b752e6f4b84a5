"""What behaviors do: births, deaths, attaching, claims, deposits, events, random cells, sequential runs."""

from __future__ import annotations

import numpy as np
import pytest

import bigworlds as bw
from bigworlds.data import f32, i8, i32, ivec2, u16

from .engine_stand_in import StandIn, both


class Sheep(bw.Component):
    position: ivec2
    energy: float
    fed: i32
    name: bw.string[8]


class Hungry(bw.Component):
    since: int
    level: i8
    memory: bw.array[f32, 3]


class Grass(bw.CellComponent):
    grown: i8
    scent: float


class Call(bw.Event):
    loudness: u16
    where: ivec2


def flock(behavior, rows=4, **more):
    values = {
        Sheep.position: np.arange(rows * 2).reshape(rows, 2),
        Sheep.energy: np.linspace(0.5, 4.0, rows),
        Hungry.since: np.arange(rows),
        Hungry.memory: np.arange(rows * 3).reshape(rows, 3),
    }
    return lambda: StandIn(behavior, rows, values, **more)


@bw.behavior
def live(sheep: Sheep, me: bw.Entity, lamb: bw.Spawn[Sheep, Hungry], rng: bw.Rng) -> None:
    sheep.energy -= 1
    if sheep.energy < 0:
        me.despawn()
    elif rng.bernoulli(0.9):
        sheep.energy /= 2
        lamb(energy=sheep.energy, position=sheep.position + ivec2(0, 1), level=len((1, 2)), name="lamb")
        lamb()


def test_births_and_deaths():
    world = both(live, flock(live))
    assert [e for e in world.log if e[0] == "despawn"] == [("despawn", 0)]
    births = world.records("spawn")
    assert births[0][0] == (0, 1)
    assert births[0][1] == {
        "position": [2, 4],
        "energy": world.columns[Sheep.energy][1],
        "fed": 0,
        "name": [*b"lamb", 0, 0, 0, 0],
        "since": 0,
        "level": 2,
        "memory": [0.0, 0.0, 0.0],
    }
    assert births[1][1]["energy"] == 0.0
    (use,) = live.spawns
    assert [f.full_name for f in use.fields] == [
        "Sheep.position", "Sheep.energy", "Sheep.fed", "Sheep.name",
        "Hungry.since", "Hungry.level", "Hungry.memory",
    ]  # fmt: skip
    assert live.uses_despawn


def test_the_limit_on_births_ends_the_row():
    world = both(live, flock(live, births=1))
    assert (world.status, world.failed_row) == (1, 1)
    assert "a limit is reached" in str(world.error)


@bw.behavior
def too_loud(sheep: Sheep, tell: bw.Send[Call]) -> None:
    tell(5, loudness=int(sheep.energy * 40000))


def test_a_record_is_asked_for_only_when_its_values_fit():
    world = both(too_loud, flock(too_loud))
    assert (world.status, world.failed_row) == (1, 1)
    assert [e[:4] for e in world.log] == [("send", 0, 0, 5)]


@bw.behavior
def shout(sheep: Sheep, me: bw.Entity, tell: bw.Send[Call], warn: bw.Send[Call]) -> None:
    tell(me.id + 1, loudness=7, where=sheep.position)
    warn.all(loudness=sheep.position.x, after=3)
    tell(me.id)


def test_events():
    world = both(shout, flock(shout, rows=2))
    assert world.records("send") == [
        ((0, 0, 101, 0), {"loudness": 7, "where": [0, 1]}),
        ((1, 0, 0, 3), {"loudness": 0, "where": [0, 0]}),
        ((0, 0, 100, 0), {"loudness": 0, "where": [0, 0]}),
        ((0, 1, 102, 0), {"loudness": 7, "where": [2, 3]}),
        ((1, 1, 0, 3), {"loudness": 2, "where": [0, 0]}),
        ((0, 1, 101, 0), {"loudness": 0, "where": [0, 0]}),
    ]


@bw.behavior
def change(
    sheep: Sheep, hungry: Hungry, start: bw.Attach[Hungry], stop: bw.Detach[Hungry], clock: bw.Clock
) -> None:
    if sheep.energy > 2.0:
        stop()
    else:
        start(since=clock.tick, memory=hungry.memory)


def test_attach_and_detach():
    world = both(change, flock(change))
    assert world.records("attach") == [
        ((0, 0), {"since": 7, "level": 0, "memory": [0.0, 1.0, 2.0]}),
        ((0, 1), {"since": 7, "level": 0, "memory": [3.0, 4.0, 5.0]}),
    ]
    assert [e for e in world.log if e[0] == "detach"] == [("detach", 1, 2), ("detach", 1, 3)]
    assert [(a.argument, a.detaches) for a in change.attaches] == [("start", False), ("stop", True)]


@bw.behavior(claim=(Grass.grown, Sheep.fed), deposit=Grass.scent)
def eat(sheep: Sheep, grass: bw.Claim[Grass], scent: bw.Deposit[Grass]) -> None:
    grass.ask(sheep.position)
    grass.ask(sheep.position + ivec2(1, 0), n=2)
    sheep.energy += sheep.fed
    scent.add(sheep.position, 0.5)
    scent.add(sheep.position, sheep.fed)


def test_claims_and_deposits():
    world = both(eat, flock(eat, rows=2))
    assert world.log == [
        ("claim", 0, 0, 0.0, 1.0, 0.0, 1),
        ("claim", 0, 0, 1.0, 1.0, 0.0, 2),
        ("deposit", 0, 0, 0.0, 1.0, 0.0, 0.5),
        ("deposit", 0, 0, 0.0, 1.0, 0.0, 0.0),
        ("claim", 0, 1, 2.0, 3.0, 0.0, 1),
        ("claim", 0, 1, 3.0, 3.0, 0.0, 2),
        ("deposit", 0, 1, 2.0, 3.0, 0.0, 0.5),
        ("deposit", 0, 1, 2.0, 3.0, 0.0, 0.0),
    ]
    (claim,) = eat.claims
    assert (claim.target, claim.stock, claim.result.field) == (Grass, Grass.grown, Sheep.fed)
    assert {c.field.name: (c.reads, c.writes) for c in eat.columns} == {
        "position": (True, False),
        "energy": (True, True),
        "fed": (True, False),
    }
    assert [d.field for d in eat.deposits] == [Grass.scent]


def test_a_sequential_claim_is_granted_at_once():
    world = both(eat, flock(eat, rows=3), order=[2, 0, 1])
    energies = np.linspace(0.5, 4.0, 3)
    np.testing.assert_array_equal(world.columns[Sheep.energy], energies + 3)
    assert world.columns[Sheep.fed].tolist() == [3, 3, 3]
    assert [e[2] for e in world.log if e[0] == "claim"] == [2, 2, 0, 0, 1, 1]


@bw.behavior
def settle(sheep: Sheep, space: bw.Space, rng: bw.Rng) -> None:
    sheep.position = space.random_empty(rng)


def test_random_empty_cells():
    world = both(settle, flock(settle, empty=(5.0, 6.0, 0.0)))
    assert world.columns[Sheep.position].tolist() == [[5, 6]] * 4
    assert settle.uses_random_empty
    full = both(settle, flock(settle, empty=None))
    assert (full.status, full.failed_row) == (1, 0)
    assert "no cell is empty" in str(full.error)


@bw.behavior
def sequential_failure(sheep: Sheep) -> None:
    sheep.fed = 1 // sheep.position.x
    sheep.position += ivec2(1, 0)


@pytest.mark.parametrize("order", [[1, 2, 0, 3], [3, 1, 0, 2]])
def test_a_sequential_failure_names_the_row(order):
    world = both(sequential_failure, flock(sequential_failure), order=order)
    assert (world.status, world.failed_row) == (1, 0)
    assert [e[1] for e in world.log] == order[: order.index(0)]


class Genome(bw.Component):
    genes: bw.array[f32, 4]
    counts: bw.array[i8, 3]
    flags: bw.array[bool, 2]
    history: bw.short_list[bw.i16, 3]
    label: bw.string[6]
    other: bw.string[6]
    sum: float
    found: bool


@bw.behavior
def mutate(genome: Genome, rng: bw.Rng) -> None:
    for i in range(len(genome.genes)):
        genome.genes[i] += i * 0.1
    genome.genes[-1] = rng.choice(genome.genes)
    for gene in genome.genes:
        genome.sum += gene
    genome.counts[0] -= 3
    genome.flags[1] = not genome.flags[0]
    if len(genome.history) == 3:
        genome.sum += genome.history.pop()
    genome.history.append(7)
    for past in genome.history:
        genome.sum += past
    if genome.label == "red":
        genome.label = "blue"
    elif genome.label != genome.other:
        genome.other = genome.label
        genome.history.clear()
    genome.found = genome.label == "blue"


def genomes(counts=(0, 0, 0)):
    def text(value):
        return np.frombuffer(value.encode().ljust(6, b"\0"), "u1")

    values = {
        Genome.genes: np.arange(12).reshape(3, 4),
        Genome.counts: np.array([[c, 1, 2] for c in counts]),
        Genome.flags: [[True, True], [False, False], [False, True]],
        Genome.history: [[0, 0, 0, 0], [3, 1, 2, 3], [1, -5, 0, 0]],
        Genome.label: [text("red"), text("green"), text("gold")],
        Genome.other: [text("x"), text("y"), text("gold")],
    }
    return lambda: StandIn(mutate, 3, values)


def test_arrays_lists_and_strings():
    world = both(mutate, genomes())
    assert world.status == 0, world.error
    assert world.columns[Genome.flags].tolist() == [[True, False], [False, True], [False, True]]
    assert world.columns[Genome.history].tolist() == [[1, 7, 0, 0], [0, 0, 0, 0], [2, -5, 7, 0]]
    labels = [bytes(row).rstrip(b"\0") for row in world.columns[Genome.label]]
    assert labels == [b"blue", b"green", b"gold"]
    assert bytes(world.columns[Genome.other][1]) == b"green\0"
    assert world.columns[Genome.found].tolist() == [True, False, False]


def test_an_element_that_does_not_fit_ends_the_row_and_stores_nothing():
    world = both(mutate, genomes(counts=(0, -127, 0)))
    assert (world.status, world.failed_row) == (1, 1)
    assert world.columns[Genome.genes][1].tolist() == [4, 5, 6, 7]


@bw.behavior
def overfull(genome: Genome) -> None:
    genome.history.append(1)


def test_a_full_list_ends_the_row():
    def make():
        return StandIn(overfull, 2, {Genome.history: [[2, 1, 1, 0], [3, 1, 1, 1]]})

    world = both(overfull, make)
    assert (world.status, world.failed_row) == (1, 1)
    assert "is full" in str(world.error)


@bw.behavior(neighbors=1.0)
def copy_genes(genome: Genome, sheep: Sheep, others: bw.Neighbors[Genome]) -> None:
    for other in others:
        genome.genes = other.genes
        genome.label = other.label
        genome.sum += other.counts[1]


def test_blocks_of_neighbours_are_copied():
    def make():
        values = {Genome.genes: np.arange(8).reshape(2, 4), Genome.label: [[65] * 6, [66] * 6]}
        values[Sheep.position] = np.zeros((2, 2))
        return StandIn(copy_genes, 2, values)

    world = both(copy_genes, make)
    assert world.columns[Genome.genes].tolist() == [[4, 5, 6, 7], [0, 1, 2, 3]]
    assert world.columns[Genome.label].tolist() == [[66] * 6, [65] * 6]
