"""What a run says at its end: the one JSON object of `--json`, or a few lines for people."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from rich.console import Console

from bigworlds.cli.engine import Simulation, plain, version
from bigworlds.cli.loop import Ended

_WHY = {
    Ended.TICKS: "",
    Ended.UNTIL: ", where the condition held",
    Ended.STOP: ", where it was to stop",
    Ended.WALLTIME: ", where its time was up",
    Ended.INTERRUPT: ", where it was interrupted",
}


def outcome(simulation: Simulation, ticks: int, ended: Ended) -> dict[str, Any]:
    """What `--json` prints.

    Args:
        simulation: after its last tick.
        ticks: how many of them this command ran.
        ended: why it ended: ticks, until, stop, walltime or interrupt.
    """
    metrics = {name: _finite(value) for name, value in simulation.metrics().items()}
    return {
        "ticks": ticks,
        "entities": simulation.entities,
        "seconds": simulation.seconds,
        "cpu_seconds": simulation.cpu_seconds,
        "tick": simulation.tick,
        "digest": simulation.digest(),
        "ranks": simulation.ranks,
        "threads": simulation.threads,
        "seed": simulation.seed,
        "parameters": plain(simulation.parameters),
        "version": version(),
        "ended": str(ended),
        "metrics": metrics,
    }


def summary(simulation: Simulation, result: Mapping[str, Any], console: Console) -> None:
    """Prints what came out.

    Args:
        simulation: after its last tick.
        result: as `outcome` gives it.
        console: where to print.
    """
    ticks, seconds = result["ticks"], result["seconds"]
    speed = f" ({ticks / seconds:,.0f} ticks/s)" if ticks and seconds > 0 else ""
    why = _WHY[Ended(result["ended"])]
    console.print(
        f"{simulation.model.name}: {ticks:,} ticks in {seconds:.3g} s{speed}, to tick {result['tick']:,}{why}"
    )
    console.print(f"  entities  {result['entities']:,}")
    for name, value in result["metrics"].items():
        console.print(f"  {name}  {value:.6g}" if isinstance(value, float) else f"  {name}  {value}")
    console.print(f"  seed      {result['seed']}")
    console.print(f"  digest    {result['digest']}")


def _finite(value: float | int) -> float | int | None:
    """JSON has no NaN and no infinities."""
    return value if math.isfinite(value) else None
