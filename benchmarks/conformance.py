"""Checks that every baseline computes the model that it says: a speed beside another model is worth nothing.

    python benchmarks/conformance.py [--seeds 20] [--baselines build/baselines] [--mesa PYTHON]

The programs of benchmarks/cpp (and, with ``--mesa PYTHON``, an interpreter that has Mesa, the models of
benchmarks/mesa) run their small sizes over many seeds. The means of their outcomes are compared with those
of the sequential references of tests/reference, and both with the known end states of the models. The
two flocking programs and the reference also start from the same birds and must agree to 1e-9 after a step.
A line is printed for each comparison; the exit code is 1 if one fails.
"""

from __future__ import annotations

import argparse
import importlib
import math
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import fmean, stdev
from types import ModuleType

import numpy as np
from numpy.typing import NDArray
from paired import run

ROOT = Path(__file__).resolve().parent.parent
LIMIT = 4.0  # standard errors that two means may be apart

# Model: outcome: mean and standard deviation over seeds, small size, literal sequential activation.
KNOWN = {
    "wolf_sheep": {"sheep": (91.0, 18.0), "wolves": (33.0, 12.0)},
    "schelling": {"moves": (1700.0, 90.0)},
    "boids": {"run_neighbors": (2.9, 0.18)},
}
KNOWN_SEEDS = 25  # a guess at how many seeds the published means rest on
ACTIVATIONS = {
    "boids": ("synchronous",),
    "schelling": ("sequential", "synchronous"),
    "wolf_sheep": ("sequential", "synchronous"),
    "forest_fire": ("",),
}
MESA_MODELS = ("boids", "schelling", "wolf_sheep", "wolf_sheep_patches", "forest_fire")

Outcomes = list[dict[str, float]]


def reference(model: str) -> ModuleType:
    """A module of tests/reference."""
    sys.path.insert(0, str(ROOT / "tests"))
    try:
        return importlib.import_module(f"reference.{model}")
    finally:
        del sys.path[0]


def outcomes(command: str, seeds: int) -> Outcomes:
    """The metrics of a command over seeds."""
    return [run(command, seed)["metrics"] for seed in range(1, seeds + 1)]


def standard_errors(a: list[float], b: list[float]) -> float:
    """How many standard errors the means of two samples are apart."""
    spread = math.sqrt(stdev(a) ** 2 / len(a) + stdev(b) ** 2 / len(b))
    apart = abs(fmean(a) - fmean(b))
    return apart / spread if spread > 0 else (0.0 if apart == 0 else math.inf)


class Check:
    """Prints each comparison and remembers whether all held."""

    def __init__(self) -> None:
        self.held = True

    def say(self, what: str, apart: float, limit: float, unit: str) -> None:
        """One comparison."""
        good = apart <= limit
        self.held = self.held and good
        print(
            f"{'ok  ' if good else 'FAIL'}  {what}: apart by {apart:.3g} {unit} (limit {limit:g})", flush=True
        )

    def means(self, what: str, found: Outcomes, expected: Outcomes) -> None:
        """The means of all outcomes that both report."""
        for name in expected[0]:
            if name in found[0] and name != "steps":
                a, b = [o[name] for o in found], [o[name] for o in expected]
                title = f"{what}: {name} {fmean(a):.5g} against {fmean(b):.5g}"
                self.say(title, standard_errors(a, b), LIMIT, "standard errors")

    def known(self, what: str, model: str, found: Outcomes) -> None:
        """The known end states of a model."""
        for name, (mean, deviation) in KNOWN.get(model, {}).items():
            values = [o[name] for o in found]
            error = deviation * math.sqrt(1 / len(values) + 1 / KNOWN_SEEDS)
            title = f"{what}: {name} {fmean(values):.5g} against the known {mean:.5g}"
            self.say(title, abs(fmean(values) - mean) / error, LIMIT, "standard errors")


def compare_programs(check: Check, programs: Path, seeds: int) -> dict[str, Outcomes]:
    """The C++ programs against the references; returns the references' sequential outcomes by model."""
    sequential: dict[str, Outcomes] = {}
    for model, activations in ACTIVATIONS.items():
        play: Callable[..., dict[str, float]] = reference(model).run
        for activation in activations:
            options = {"activation": activation} if activation else {}
            expected = [play(seed, **options) for seed in range(1, seeds + 1)]
            argument = f" activation={activation}" if len(activations) > 1 else ""
            found = outcomes(f"{programs / model}{argument} size=small seed={{seed}}", seeds)
            check.means(f"cpp {model} {activation}".strip(), found, expected)
            if activation == "sequential":
                check.known(f"cpp {model} sequential", model, found)
            if activation in ("sequential", ""):
                sequential[model] = expected
    sequential["boids"] = [reference("boids").run(seed) for seed in range(1, seeds + 1)]
    for model, found in sequential.items():
        check.known(f"reference {model} sequential", model, found)
    return sequential


def compare_mesa(check: Check, python: str, seeds: int, sequential: dict[str, Outcomes]) -> None:
    """The Mesa models against the sequential references."""
    script = ROOT / "benchmarks" / "mesa" / "run_mesa.py"
    for name in MESA_MODELS:
        model = name.removesuffix("_patches")
        found = outcomes(f"{python} {script} {name} --size small --seed {{seed}}", seeds)
        check.means(f"mesa {name}", found, sequential[model])
        check.known(f"mesa {name}", model, found)


def dumped(command: str, file: Path) -> NDArray[np.float64]:
    """Positions and velocities by id that a flocking program writes at its end."""
    run(f"{command} dump={file}", 1)
    return np.fromfile(file).reshape(-1, 4)


def compare_flocks(check: Check, programs: Path, folder: Path) -> None:
    """The two flocking programs and the reference, from the same start."""
    boids = reference("boids")
    kinds = [name for name in ("boids", "boids_avx512") if (programs / name).exists()]
    for size, settings in boids.SIZES.items():
        begin = dumped(f"{programs / 'boids'} size={size} ticks=0", folder / "start")
        positions, velocities, _ = boids.step_synchronous(begin[:, :2], begin[:, 2:], settings)
        expected = np.hstack([positions, velocities])
        for kind in kinds:
            after = dumped(f"{programs / kind} size={size} ticks=1", folder / kind)
            apart = float(np.abs(after - expected).max())
            check.say(f"{kind} {size} and the reference after 1 step", apart, 1e-9, "at most")
    for density in ("sparse", "dense") if len(kinds) == 2 else ():
        plain, wide = (
            dumped(f"{programs / kind} n=100000 density={density} ticks=3", folder / kind) for kind in kinds
        )
        apart = float(np.abs(plain - wide).max())
        check.say(f"boids and boids_avx512, 100,000 {density}, after 3 steps", apart, 1e-9, "at most")


def compare_epidemics(check: Check, programs: Path, seeds: int) -> None:
    """The epidemic against the reference, on random graphs of the same size, to its end."""
    germs = reference("germs")
    settings = {"transmission": 0.08, "recovery": 0.3, "infected": 10}
    plays = {"synchronous": germs.run, "sequential": germs.run_one_after_another}
    given = " ".join(f"{name}={value}" for name, value in settings.items())
    for activation, play in plays.items():
        expected = []
        for seed in range(1, seeds + 1):
            graph = germs.random_graph(1000, 8, np.random.default_rng(seed))
            expected.append(play(seed, graph, **settings))
        command = f"{programs / 'germs'} activation={activation} n=1000 ticks=300 {given} seed={{seed}}"
        check.means(f"cpp germs {activation}", outcomes(command, seeds), expected)


def compare_fires(check: Check, programs: Path) -> None:
    """The three methods of forest_fire burn the same trees."""
    for size in ("small", "large"):
        shares = [
            run(f"{programs / 'forest_fire'} size={size} method={method}", 1)["metrics"]["burnt_share"]
            for method in ("sweep", "branches", "front")
        ]
        check.say(f"forest_fire {size}, three methods", max(shares) - min(shares), 0.0, "of the trees")


def main() -> int:
    """Reads the command line, compares everything."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--baselines", type=Path, default=ROOT / "build" / "baselines")
    parser.add_argument("--mesa", metavar="PYTHON", help="an interpreter that has Mesa")
    given = parser.parse_args()
    check = Check()
    with tempfile.TemporaryDirectory() as folder:
        compare_flocks(check, given.baselines, Path(folder))
    compare_fires(check, given.baselines)
    compare_epidemics(check, given.baselines, given.seeds)
    sequential = compare_programs(check, given.baselines, given.seeds)
    if given.mesa:
        compare_mesa(check, given.mesa, given.seeds, sequential)
    return 0 if check.held else 1


if __name__ == "__main__":
    sys.exit(main())
