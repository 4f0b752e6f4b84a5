"""What one rank of a very large job sends in its first tick, by dry runs of a sample of ranks.

    python benchmarks/scaling/dry_run.py [--agents 1000000] [--ranks 64 1024 16384] [--out FOLDER]

Each rank has so many agents (the most loaded one twice as many), drawn in its own tiles by counter-based
draws; the world is a bounded plane of as many tiles as there are ranks. Writes `dry_run.md` (a table) and
`dry_run.png` (a plot) into the folder, by default beside this file.
"""

from __future__ import annotations

import argparse
import math
from dataclasses import dataclass
from pathlib import Path

import bigworlds as bw

HERE = Path(__file__).resolve().parent


class Params(bw.Parameters):
    n: int = bw.param(1000, min=1, help="birds")
    side: int = bw.param(2, min=1, help="tiles along each side")


class Bird(bw.Component):
    position: bw.vec2
    velocity: bw.vec2
    seen: int = 0


@bw.behavior(neighbors=5.0)
def flock(bird: Bird, others: bw.Neighbors[Bird], space: bw.Space) -> None:
    """As the example boids, in a bounded world."""
    together = bw.vec2(0.0, 0.0)
    along = bw.vec2(0.0, 0.0)
    for other in others:
        together += other.offset
        along += other.velocity
    bird.seen = len(others)
    velocity = bird.velocity + (0.03 * together + 0.05 * along) / max(bird.seen, 1)
    if velocity.length2() > 0.0:
        bird.velocity = velocity.normalized()
    bird.position = space.clamp(bird.position + bird.velocity)


@bw.model(Params)
def birds(world: bw.World, p: Params) -> None:
    """Birds, 0.02 on a unit of area, in as many tiles as there are ranks."""
    length = math.sqrt(50.0 * p.n)
    world.space = bw.Continuous((length, length), periodic=False)
    world.tiles = p.side**2
    world.spawn(Bird, n=p.n, position=bw.uniform(), velocity=bw.uniform(-1, 1))
    world.behaviors(flock)


@dataclass
class Row:
    """One rank's first tick."""

    ranks: int
    which: str
    rank: int
    agents: int
    neighbors: int
    messages: int
    ghost_bytes: int
    bytes: int
    collectives: int


def measure(ranks: int, agents: int, which: str, rank: int, load: float) -> Row:
    """Runs one tick as one rank of many."""
    dry = bw.DryRun(rank, ranks, load=load)
    sim = birds.simulate(rng=1, n=agents * ranks, side=math.isqrt(ranks), comm=dry)
    dry.forget()
    sim.run(1)
    total = dry.total()
    own = round(agents * load)
    collectives = total.calls
    ghosts = dry.counted["ghosts"].bytes
    return Row(ranks, which, rank, own, len(dry.neighbors), total.messages, ghosts, total.bytes, collectives)


def sample(ranks: int) -> list[tuple[str, int, float]]:
    """A corner, an edge, the middle, and a rank in the middle with twice the agents."""
    side = math.isqrt(ranks)
    middle = (side // 2) * side + side // 2
    return [
        ("corner", 0, 1.0),
        ("edge", side // 2, 1.0),
        ("middle", middle, 1.0),
        ("most loaded", middle, 2.0),
    ]


def table(rows: list[Row]) -> str:
    """The rows in Markdown."""
    lines = [
        "| ranks | rank | agents | neighbours | messages | KiB of ghosts | KiB in all | meetings |",
        "|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {row.ranks} | {row.which} ({row.rank}) | {row.agents} | {row.neighbors} | {row.messages} | "
        f"{row.ghost_bytes / 1024:.1f} | {row.bytes / 1024:.1f} | {row.collectives} |"
        for row in rows
    ]
    return "\n".join(lines)


def draw(rows: list[Row], path: Path) -> None:
    """Messages and bytes over the number of ranks, a line for each kind of rank."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, 2, figsize=(9, 3.5), layout="constrained")
    for which in dict.fromkeys(row.which for row in rows):
        mine = [row for row in rows if row.which == which]
        ranks = [row.ranks for row in mine]
        axes[0].plot(ranks, [row.messages for row in mine], marker="o", label=which)
        axes[1].plot(ranks, [row.bytes / 1024 for row in mine], marker="o", label=which)
    for axis, label in zip(axes, ("messages of a rank in a tick", "KiB of a rank in a tick"), strict=True):
        axis.set_xscale("log", base=2)
        axis.set_ylim(bottom=0)
        axis.set_xlabel("ranks")
        axis.set_ylabel(label)
    axes[0].legend()
    figure.savefig(path, dpi=120)


def main() -> None:
    """Measures, prints and publishes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--agents", type=int, default=1_000_000)
    parser.add_argument(
        "--ranks", type=int, nargs="+", default=[64, 1024, 16384], help="squares of whole numbers"
    )
    parser.add_argument("--out", type=Path, default=HERE)
    given = parser.parse_args()
    rows = [
        measure(ranks, given.agents, which, rank, load)
        for ranks in given.ranks
        for which, rank, load in sample(ranks)
    ]
    print(table(rows))
    title = f"# Dry runs: what a rank sends in its first tick, {given.agents:,} agents a rank\n\n"
    made = "Made by `python benchmarks/scaling/dry_run.py`; messages count where they are empty, too.\n\n"
    (given.out / "dry_run.md").write_text(title + made + table(rows) + "\n\n![](dry_run.png)\n")
    draw(rows, given.out / "dry_run.png")


if __name__ == "__main__":
    main()
