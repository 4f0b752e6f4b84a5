"""What ranks cost and gain: pairs of runs on one and two ranks, in turn, and two measurements inside MPI.

    python benchmarks/scaling/ranks.py [--rounds 5] [--scale 1.0] [--only NAME ...]

On a machine with two cores: never more ranks x threads than cores. The rows of worlds compare the wall time
of the tick loop (`seconds`); each says its bar. `exchange` and `migration` run `inside_mpi.py` under mpirun.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from statistics import median

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from paired import run  # noqa: E402

from bigworlds.cluster.start import mpirun  # noqa: E402

BIGWORLDS = f"{sys.executable} -m bigworlds.cli"


@dataclass(frozen=True, kw_only=True)
class Row:
    """Two commands; `value` makes the figure of their medians of seconds."""

    name: str
    bar: str
    first: str
    second: str

    def value(self, first: float, second: float) -> float:
        """How well it scales: weak, first / second; strong, first / second; overhead, second / first."""
        return second / first if self.bar.startswith("at most") else first / second


def rows(scale: float) -> list[Row]:
    """The rows of worlds; `scale` makes them smaller for a try."""
    n = int(500_000 * scale)
    start = f"{mpirun()} -n"
    boids = "run boids --ticks 10 --seed {seed} --json --set n="
    return [
        Row(
            name="1 rank under mpirun / no MPI",
            bar="at most 1.03",
            first=f"{BIGWORLDS} {boids}{n} --threads 1",
            second=f"{start} 1 {BIGWORLDS} {boids}{n} --threads 1",
        ),
        Row(
            name="weak scaling, 1 -> 2 ranks",
            bar="at least 0.90",
            first=f"{BIGWORLDS} {boids}{n} --threads 1",
            second=f"{start} 2 {BIGWORLDS} {boids}{2 * n} --threads 1",
        ),
        Row(
            name="strong scaling, 1 -> 2 ranks",
            bar="at least 1.75",
            first=f"{BIGWORLDS} {boids}{2 * n} --threads 1",
            second=f"{start} 2 {BIGWORLDS} {boids}{2 * n} --threads 1",
        ),
        Row(
            name="2 ranks x 1 thread / 1 rank x 2 threads",
            bar="at most 1.10",
            first=f"{BIGWORLDS} {boids}{2 * n} --threads 2",
            second=f"{start} 2 {BIGWORLDS} {boids}{2 * n} --threads 1",
        ),
    ]


def inside(what: str, ranks: int = 2) -> dict[str, float]:
    """A measurement of inside_mpi.py."""
    command = [str(mpirun()), "-n", str(ranks), sys.executable, str(HERE / "inside_mpi.py"), what]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{what} failed:\n{done.stderr[-2000:]}")
    figures: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return figures


def main() -> None:
    """Runs the rows and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--only", nargs="*", default=None)
    chosen = parser.parse_args()
    os.environ.setdefault("OMPI_ALLOW_RUN_AS_ROOT", "1")
    os.environ.setdefault("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1")

    def wanted(name: str) -> bool:
        return chosen.only is None or any(word in name for word in chosen.only)

    for row in rows(chosen.scale):
        if not wanted(row.name):
            continue
        pairs = []
        for seed in range(1, chosen.rounds + 1):
            first, second = run(row.first, seed), run(row.second, seed)
            same = first["parameters"] != second["parameters"] or first["digest"] == second["digest"]
            if not same:
                raise SystemExit(f"{row.name}: seed {seed} gave two different worlds")
            pairs.append(row.value(float(first["seconds"]), float(second["seconds"])))
        print(f"{row.name:45} {median(pairs):8.3f}   {row.bar}   {[round(p, 3) for p in pairs]}", flush=True)
    for what in ("exchange", "migration", "snapshot"):
        if wanted(what):
            print(f"{what:45} {json.dumps(inside(what))}", flush=True)


if __name__ == "__main__":
    main()
