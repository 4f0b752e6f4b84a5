"""Soups of a world: their settings, their rows, what is known of them, across snapshots."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import bigworlds as bw
from bigworlds import ModelError, UserError
from bigworlds.organism import (
    Mutation,
    Organism,
    Soup,
    find_parasites,
    gestation,
    parse_tie,
    profile,
    read_genome,
)

ANCESTOR = Path(__file__).parents[2] / "examples" / "primordial" / "ancestor.tie"
LIVELY = Mutation(copy=8.0, background=16.0)


def pond(**given: Any) -> bw.Model:
    """A model of soups alone."""
    settings: dict[str, Any] = {
        "ancestors": [ANCESTOR], "cells": 12_000, "instructions": 50_000, "mutation": LIVELY, **given,
    }  # fmt: skip

    @bw.model()
    def pond(world: bw.World) -> None:
        world.soup(Soup(**settings))

    return pond


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"cells": 79}, "an ancestor has 80 instructions; in a soup of 79 cells"),
        ({"cells": 60_000, "tiles": 7}, "tiles=7 does not divide cells=60000; .* is 59997"),
        ({"cells": 60_000, "tiles": 0}, "tiles is from 1 to"),
        ({"cells": 63, "ancestors": [bytes(20)]}, "cells must be from 64 to"),
        ({"cells": "many"}, "cells is a whole number from 0 up; found 'many'"),
        ({"slice": 0}, "slice must be at least 1"),
        ({"slice_rule": "siz"}, "slice_rule is one of fixed, size; found 'siz'.*size"),
        ({"fit": "worst"}, "fit is one of first, better, random, mother, register, stack; found 'worst'"),
        ({"reap_share": 1.5}, "reap_share must be from 0 to 1, found 1.5"),
        ({"moved_share": -0.1}, "moved_share must be from 0 to 1, found -0.1"),
        ({"uniform_slices": 1}, "uniform_slices is True or False; found 1"),
        ({"lazy": float("nan")}, "lazy must be a number from 0 on"),
        ({"instructions": 0}, "instructions is from 1 to"),
        ({"migration": 0.5}, "migration is 0, or above 1"),
        ({"migration_every": 0}, "migration_every is from 1 to"),
        ({"mutation": 3}, r"mutation is a bw.organism.Mutation\(...\); found 3"),
        ({"mutation": Mutation(copy=-1.0)}, "mutation.copy must be a number from 0 on"),
        ({"mutation": Mutation(point=0.5)}, "mutation.point must be 0 or above 1"),
        ({"mutation": Mutation(flip_share=1.1)}, "mutation.flip_share must be from 0 to 1"),
        ({"ancestors": []}, "at least one ancestor"),
        ({"ancestors": ANCESTOR}, "ancestors is a list"),
        ({"ancestors": [3]}, "an ancestor is a genome"),
        ({"ancestors": [Path("nowhere.tie")]}, "nowhere.tie cannot be read"),
        ({"ancestors": [ANCESTOR, bytes(5)]}, "an ancestor has 5 instructions; .* 12 .least_size."),
        ({"ancestors": [ANCESTOR] * 3, "cells": 200}, "the ancestors have 240 instructions together"),
        ({"profile": "tiera"}, "unknown profile 'tiera'.*tierra"),
    ],
)
def test_settings_that_cannot_be_are_named(given: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        Soup(**{"ancestors": [ANCESTOR], **given})


def test_a_wrong_mutation_is_named_where_it_is_made() -> None:
    with pytest.raises(UserError, match="flaw is a number; found 'often'"):
        Mutation(flaw="often")  # type: ignore[arg-type]


def declared(*calls: Any) -> None:
    @bw.model()
    def world_of(world: bw.World) -> None:
        for call in calls:
            call(world)

    world_of.describe()


def a_soup(world: bw.World) -> None:
    world.soup(Soup(ancestors=[ANCESTOR]))


def a_space(world: bw.World) -> None:
    world.space = bw.Grid((5, 5))


def tiles(world: bw.World) -> None:
    world.tiles = 4


@pytest.mark.parametrize(
    ("calls", "message"),
    [
        ([lambda world: world.soup("tierra")], "world.soup takes a bw.organism.Soup"),
        ([a_soup, a_soup], "declared twice"),
        ([a_soup, a_space], "has no space"),
        ([a_space, a_soup], "has no space"),
        ([a_soup, tiles], "has its tiles"),
        ([tiles, a_soup], "has its tiles"),
    ],
)
def test_a_world_that_cannot_have_a_soup_says_so(calls: list[Any], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        declared(*calls)


def test_only_soups_make_organisms() -> None:
    @bw.model()
    def both(world: bw.World) -> None:
        world.soup(Soup(ancestors=[ANCESTOR]))
        world.spawn(Organism, n=3)

    with pytest.raises(UserError, match="Organism belongs to entities of organism, which makes them itself"):
        both.simulate(rng=1)
    sim = pond().simulate(rng=1)
    with pytest.raises(UserError, match="lets nobody else write it"):
        sim.set(sim.table(Organism)["id"], "Organism.size", 3)


def test_a_world_without_a_soup_says_so() -> None:
    @bw.model()
    def empty(world: bw.World) -> None:
        pass

    with pytest.raises(UserError, match="has no soup"):
        _ = empty.simulate(rng=1).soup


def test_the_ancestors_are_there_at_the_start() -> None:
    sim = pond(tiles=3, ancestors=[ANCESTOR, b"\x04" * 20]).simulate(rng=1)
    table = sim.table(Organism)
    assert sim.count(Organism) == sim.soup.population == len(table["id"]) == 6
    assert table["size"].tolist() == [80, 20] * 3
    assert (table["id"] >> 44).tolist() == [1, 1, 2, 2, 3, 3]
    assert not table["mother"].any()
    assert not table["generation"].any()
    genome = read_genome(ANCESTOR, profile("tierra"))
    assert sim.soup.genome(int(table["id"][2])) == genome
    assert sim.soup.cells().shape == (3, 4000)
    assert sim.soup.cells()[1, :100].tobytes() == genome + b"\x04" * 20
    assert sim.soup.mean_size == 50.0
    with pytest.raises(UserError, match="there is no organism 99"):
        sim.soup.genome(99)


def check_whole(sim: bw.Simulation, tiles: int) -> None:
    """What must hold of rows, cells and counts at any time."""
    table, soup = sim.table(Organism), sim.soup
    counts = soup.population, soup.births, soup.deaths, soup.instructions
    assert counts[0] == len(table["id"]) == sim.entities
    assert counts[0] == tiles + counts[1] - counts[2]
    assert soup.mean_size == pytest.approx(table["size"].mean())
    assert np.array_equal(table["id"], np.unique(table["id"]))
    assert (table["mother"] < table["id"]).all() or tiles > 1
    for tile in range(1, tiles + 1):
        here = table["id"] >> 44 == tile
        starts = np.concatenate([table["address"][here], table["child_address"][here]]).astype(np.int64)
        sizes = np.concatenate([table["size"][here], table["child_size"][here]]).astype(np.int64)
        order = np.argsort(starts[sizes > 0])
        ends = (starts + sizes)[sizes > 0][order]
        assert (ends[:-1] <= starts[sizes > 0][order][1:]).all()
        assert ends.max() <= soup.soup.cells_of_tile


def test_rows_cells_and_counts_agree_while_it_lives() -> None:
    sim = pond().simulate(rng=3)
    for _ in range(8):
        sim.run(5)
        check_whole(sim, 1)
        assert 0 <= sim.soup.instructions - sim.tick * 50_000 < sim.tick * 100
    soup = sim.soup
    assert min(soup.births, soup.deaths, soup.errors) > 200
    assert set(soup.deaths_by_cause) == {"memory", "lazy", "order"}
    mutated = soup.mutations
    assert min(mutated["copy"], mutated["background"], mutated["segment_deletion"]) > 0
    found = soup.genotypes()
    assert sum(one.count for one in found) == soup.population
    assert len(found) > 5
    assert found == sorted(found, key=lambda one: (-one.count, one.hash))
    shares = np.array([one.count for one in found]) / soup.population
    assert soup.diversity() == pytest.approx(-(shares * np.log(shares)).sum())
    assert sim.table(Organism)["generation"].max() > 5


def test_without_mutations_there_is_one_genotype() -> None:
    sim = pond(mutation=Mutation.none()).simulate(rng=3)
    sim.run(30)
    assert sim.soup.diversity() == 0.0
    assert [one.size for one in sim.soup.genotypes()] == [80]
    assert not any(sim.soup.mutations.values())
    oldest = sim.soup.genotypes()[0].example
    assert sim.soup.genome(oldest) == read_genome(ANCESTOR, profile("tierra"))


def test_daughters_migrate_and_nobody_is_lost() -> None:
    sim = pond(cells=24_000, tiles=4, migration=3.0).simulate(rng=3)
    for _ in range(10):
        sim.run(3)
        check_whole(sim, 4)
    assert sim.soup.births / 5 < sim.soup.emigrants < sim.soup.births / 2
    table = sim.table(Organism)
    elsewhere = (table["mother"] >> 44) != (table["id"] >> 44)
    assert elsewhere[table["mother"] > 0].sum() > 10


def test_migration_has_its_rhythm() -> None:
    sim = pond(cells=24_000, tiles=4, migration=2.0, migration_every=4).simulate(rng=3)
    counts = []
    for _ in range(16):
        sim.run(1)
        counts.append(sim.soup.emigrants)
    grown = np.flatnonzero(np.diff([0, *counts]))
    assert len(grown) >= 3
    assert all(tick % 4 == 0 for tick in grown.tolist())


def model_with_behaviors() -> bw.Model:
    class Tally(bw.Component):
        seen: bw.i64 = 0

    @bw.behavior
    def cull(organism: Organism, entity: bw.Entity) -> None:
        if organism.errors > 2:
            entity.despawn()

    @bw.model()
    def culled(world: bw.World) -> None:
        world.soup(Soup(ancestors=[ANCESTOR], cells=24_000, tiles=2, instructions=40_000))
        world.spawn(Tally, n=5)
        world.behaviors(cull)
        world.record(Organism, bw.record.mean("Organism.size"), bw.record.max("Organism.generation"))

    return culled


def test_behaviors_and_people_end_organisms() -> None:
    sims = [model_with_behaviors().simulate(rng=4, ranks=ranks, threads=2) for ranks in (1, 2)]
    for sim in sims:
        sim.run(20)
        assert sim.soup.deaths_by_cause["order"] > 0
        assert (sim.table(Organism)["errors"] <= 2).all()
        ids = sim.table(Organism)["id"]
        sim.despawn(ids[1:])
        assert sim.table(Organism)["id"].tolist() == [ids[0]]
        sim.run(30)
        assert sim.soup.population > 3
        assert len(sim.records.to_numpy()["tick"]) == 51
    assert sims[0].digest() == sims[1].digest()


def test_a_behavior_that_writes_organisms_is_refused() -> None:
    @bw.behavior
    def forgive(organism: Organism) -> None:
        organism.errors = 0

    @bw.model()
    def forgiving(world: bw.World) -> None:
        world.soup(Soup(ancestors=[ANCESTOR]))
        world.behaviors(forgive)

    with pytest.raises(ModelError, match=r"'forgive' writes Organism\.errors"):
        forgiving.simulate(rng=1)


def test_a_snapshot_goes_on_and_counts_only_its_own_speed(tmp_path: Path) -> None:
    model = pond(cells=24_000, tiles=2, migration=5.0)
    sim = model.simulate(rng=8)
    sim.run(12)
    path = sim.snapshot(tmp_path / "half.h5")
    done = sim.soup.instructions
    again = model.resume(path, threads=2)
    assert again.soup.instructions == done
    assert again.soup.instructions_per_second == 0.0
    assert again.digest() == sim.digest()
    again.run(4)
    executed = again.soup.instructions - done
    assert again.soup.instructions_per_second == pytest.approx(executed / again.seconds)
    sim.run(4)
    assert again.digest() == sim.digest()


def test_a_snapshot_of_another_soup_is_refused(tmp_path: Path) -> None:
    path = pond().simulate(rng=8).snapshot(tmp_path / "start.h5")
    with pytest.raises(UserError, match="another number of cells"):
        pond(cells=12_800).resume(path)
    with pytest.raises(UserError, match="soups of other tiles"):
        pond(cells=24_000, tiles=2).resume(path)
    path = pond(tiles=2).simulate(rng=8).snapshot(tmp_path / "two.h5")
    with pytest.raises(UserError, match="in tile 2, the model has 1 tiles"):
        pond(cells=6_000).resume(path)


def test_a_bank_has_the_genomes_that_live(tmp_path: Path) -> None:
    sim = pond(cells=24_000, tiles=2, mutation=Mutation()).simulate(rng=5)
    sim.run(40)
    genomes = sim.soup.genomes(least=2)
    files = sim.soup.bank(tmp_path / "bank", least=2)
    assert len(files) == len(genomes) > 3
    for file, (genotype, genome) in zip(files, genomes.items(), strict=True):
        tie = parse_tie(file.read_text(encoding="utf-8"), profile("tierra"))
        assert tie.genome == genome
        assert tie.genotype == file.stem
        assert len(genome) == genotype.size
        measured = gestation(genome, profile("tierra"), limit=10_000).first
        assert (tie.first is None) == (measured is None)
    assert files[0].name == f"{len(next(iter(genomes.values()))):04}aaa.tie"
    assert len(set(files)) == len(files)
    with pytest.raises(UserError, match="cannot be written"):
        sim.soup.bank(files[0] / "below")


def test_a_parasite_is_one_beside_its_host_only() -> None:
    tierra = profile("tierra")
    host = read_genome(ANCESTOR, tierra)
    # The ancestor without what it calls to copy, which finds its own head again, not its neighbour's.
    parasite = host[:32] + bytes([tierra.byte("jmpb")]) + host[33:39] + host[73:]
    assert tierra.byte("movii") not in parasite
    assert [found.host for found in find_parasites([host, parasite], tierra)] == [host]
    assert [found.genome for found in find_parasites([host, parasite], tierra)] == [parasite]
    assert find_parasites([parasite], tierra) == []
    once = host[:39] + host[73:]  # copies its neighbour when it is done with itself
    assert gestation(once, tierra, host=host).first is not None
    assert find_parasites([host, once], tierra) == []
    assert find_parasites([host], tierra) == []
