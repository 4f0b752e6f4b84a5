"""Where the models are that the suite runs, and a warm world of one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bigworlds as bw
from bigworlds.cli.locate import load_model

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES, MODELS = ROOT / "examples", ROOT / "benchmarks" / "models"


def model_file(name: str) -> Path:
    """The file of a shipped example, or of one of benchmarks/models."""
    own = MODELS / f"{name}.py"
    return own if own.is_file() else EXAMPLES / name / f"{name}.py"


def world(name: str, *, warm: int = 3, **parameters: Any) -> bw.Simulation:
    """A world on one thread that has run for some ticks."""
    simulation: bw.Simulation = load_model(model_file(name)).simulate(rng=1, threads=1, **parameters)
    simulation.run(warm)
    return simulation
