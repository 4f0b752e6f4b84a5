"""Runs a comparison model in Mesa and prints one JSON object, as the programs of benchmarks/cpp do.

    python benchmarks/mesa/run_mesa.py MODEL [--size small|large] [--steps T] [--seed S]

Only the steps are timed; building the model is not. Needs Mesa 3.5 (Python 3.12 or newer) and nothing
of bigworlds.
"""

from __future__ import annotations

import argparse
import importlib
import json
import time
from importlib.metadata import version

MODELS = ("boids", "schelling", "wolf_sheep", "wolf_sheep_patches", "forest_fire")


def main() -> None:
    """Reads the command line, runs, prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", choices=MODELS)
    parser.add_argument("--size", choices=("small", "large"), default="small")
    parser.add_argument("--steps", type=int, help="default: the published number")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    definition = importlib.import_module(arguments.model)
    settings = definition.SIZES[arguments.size]
    model = definition.MODEL(**settings, seed=arguments.seed)
    steps = definition.STEPS if arguments.steps is None else arguments.steps
    cpu, wall = time.process_time(), time.perf_counter()
    for _ in range(steps):
        model.step()
        if not model.running:
            break
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    report = {
        "name": f"mesa {arguments.model}",
        "version": version("mesa"),
        "unit": definition.UNIT,
        "units": model.units(),
        "ns": 1e9 * cpu / max(model.units(), 1),
        "cpu_seconds": cpu,
        "seconds": wall,
        "parameters": settings | {"size": arguments.size, "steps": steps, "seed": arguments.seed},
        "metrics": model.metrics(),
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main()
