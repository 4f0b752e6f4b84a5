"""Primordial: programs that copy themselves fill a soup, change and live off each other (Ray 1991)."""

from pathlib import Path

import bigworlds as bw
from bigworlds.organism import Mutation, Organism, Soup


class Params(bw.Parameters):
    cells: int = bw.param(60_000, min=64, help="cells of all soups together, one instruction each")
    tiles: int = bw.param(1, min=1, help="soups that the cells are divided among")
    instructions: int = bw.param(100_000, min=1, help="instructions that each soup runs in a tick")
    slicer: str = bw.param("fixed", choices=("fixed", "size"), help="what the length of a turn depends on")
    slice: int = bw.param(25, min=0, help="instructions of a turn, or what is added to the size")
    slice_power: float = bw.param(1.0, min=0.0, max=4.0, help="power of the size, with slicer=size")
    fit: str = bw.param(
        "better",
        choices=("first", "better", "random", "mother", "register", "stack"),
        help="where memory for a child is taken",
    )
    copy: float = bw.param(0.0, min=0.0, help="generations until a copied cell of a genome changes; 0: never")
    background: float = bw.param(32.0, min=0.0, help="the same for any cell of a genome in the soup")
    flaw: float = bw.param(32.0, min=0.0, help="the same for an instruction that comes out wrong by one")
    at_births: float = bw.param(32.0, min=0.0, help="one in so many births, of each kind; 0: never")
    flip_share: float = bw.param(0.2, min=0.0, max=1.0, help="cells that change by one bit, not wholly")
    reap_share: float = bw.param(0.3, min=0.0, max=1.0, help="the part of the queue that death draws from")
    lazy: float = bw.param(10.0, min=0.0, help="replication times without a birth until death; 0: never")
    migration: float = bw.param(0.0, min=0.0, help="one in so many births leaves its soup; 0: none")


ANCESTOR = Path(__file__).with_name("ancestor.tie")
STILL = {"copy": 0.0, "background": 0.0, "flaw": 0.0, "at_births": 0.0}
NEUTRAL = {"slicer": "size", "slice": 0}
ISLANDS = {"cells": 120_000, "tiles": 8, "migration": 50.0}


@bw.model(Params, presets={"still": STILL, "neutral": NEUTRAL, "islands": ISLANDS}, ticks=200)
def primordial(world: bw.World, p: Params) -> None:
    """Soups of Tierra's instruction set with one ancestor each."""
    births = (
        "point", "same_size_crossover", "crossover", "insertion", "deletion",
        "segment_crossover", "segment_insertion", "segment_deletion",
    )  # fmt: skip
    mutation = Mutation(
        copy=p.copy,
        background=p.background,
        flaw=p.flaw,
        flip_share=p.flip_share,
        **dict.fromkeys(births, p.at_births),
    )
    world.soup(
        Soup(
            ancestors=[ANCESTOR],
            cells=p.cells,
            tiles=p.tiles,
            instructions=p.instructions,
            slice_rule=p.slicer,
            slice=p.slice,
            slice_power=p.slice_power,
            fit=p.fit,
            reap_share=p.reap_share,
            lazy=p.lazy,
            migration=p.migration,
            mutation=mutation,
        )
    )
    world.record(
        Organism,
        bw.record.mean("Organism.size"),
        bw.record.histogram("Organism.size", bins=60, range=(0, 240), every=10),
        bw.record.mean("Organism.generation"),
    )


@primordial.metric
def population(sim: bw.Simulation) -> int:
    """How many organisms live."""
    return sim.soup.population


@primordial.metric
def mean_size(sim: bw.Simulation) -> float:
    """Their mean size, in cells."""
    return sim.soup.mean_size


@primordial.metric
def births(sim: bw.Simulation) -> int:
    """How many were born since the start."""
    return sim.soup.births


@primordial.metric
def deaths(sim: bw.Simulation) -> int:
    """How many died since the start."""
    return sim.soup.deaths


@primordial.metric
def instructions(sim: bw.Simulation) -> int:
    """How many instructions were executed since the start."""
    return sim.soup.instructions


@primordial.metric
def instructions_per_second(sim: bw.Simulation) -> float:
    """How many of them this run executed in a second."""
    return sim.soup.instructions_per_second


if __name__ == "__main__":
    sim = primordial.simulate(rng=1)
    sim.run(200)
    print(sim.metrics())
