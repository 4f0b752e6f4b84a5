"""What surrounds the ticks: digests, views, tables, commands, compilation, memory."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from suite.models import ROOT, world

PROBE = ROOT / "benchmarks" / "probe.py"


def probed(what: str, n: int) -> dict[str, Any]:
    """What benchmarks/probe.py measures, in a process of its own."""
    command = [sys.executable, str(PROBE), what, "--n", str(n), "--rounds", "3"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    report: dict[str, Any] = json.loads(done.stdout)
    return report


class Reading:
    """Looks at a world of 100,000 birds from Python."""

    def setup(self) -> None:
        self.world = world("boids", n=100_000)
        self.bird = self.world.description.components[0]

    def time_digest(self) -> None:
        self.world.digest()

    def time_columns(self) -> None:
        self.world.columns(self.bird).position  # noqa: B018

    def time_table(self) -> None:
        self.world.table(self.bird)

    def time_mean(self) -> None:
        self.world.mean("Bird.velocity")


class Commands:
    """Nanoseconds an entity to create, destroy, attach and detach, in bulk and one by one."""

    params = (("bulk", "single"), ("create", "destroy", "attach", "detach"))
    param_names = ("mode", "operation")
    timeout = 120.0

    def track_entity(self, mode: str, operation: str) -> float:
        return float(probed(mode, 100_000)[f"{operation}_ns"])

    track_entity.unit = "ns"  # type: ignore[attr-defined]


class Compile:
    """CPU seconds to the kernel of the flocking behavior, in a fresh process."""

    params = ("first", "cached")
    param_names = ("cache",)
    timeout = 300.0

    def track_kernel(self, cache: str) -> float:
        return float(probed("compile", 1)[f"{cache}_seconds"])

    track_kernel.unit = "s"  # type: ignore[attr-defined]


class Memory:
    """Resident bytes an entity above its own data."""

    params = ("memory", "flock")
    param_names = ("world",)
    timeout = 120.0

    def track_overhead(self, kind: str) -> float:
        return float(probed(kind, 300_000)["bytes"])

    track_overhead.unit = "B"  # type: ignore[attr-defined]
