"""Measures what `bigworlds run` does not say, one thing a call, and prints one JSON object as it does.

    python benchmarks/probe.py WHAT [--n N] [--rounds R]

bulk       creating, destroying, attaching and detaching N entities of two components in one call each
single     the same as commands of compiled behaviors, one an entity, sync points included
view       sim.columns(Body).a, again and again
memory     resident bytes an entity, above its own fields, of a world without a space
flock      the same of the flocking example, above the packed copies of what birds read of birds too
query      a query of N entities: a filter on two fields, a count and a sum, on one thread
arrays     the same in NumPy, on the bare arrays
compile    seconds to a kernel of the flocking behavior: from nothing, and from a cache that has it

Times are CPU time of this process, medians over the rounds; one round before them does not count.
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

import bigworlds as bw
from bigworlds.cli.locate import load_model, models_in

BENCHMARKS = Path(__file__).resolve().parent
MODELS = BENCHMARKS / "models"
BOIDS = BENCHMARKS.parent / "examples" / "boids" / "boids.py"
OPERATIONS = ("create", "destroy", "attach", "detach")

Report = dict[str, Any]


def cpu(work: Callable[[], object]) -> float:
    """CPU seconds of this process."""
    began = time.process_time()
    work()
    return time.process_time() - began


def crowd(n: int, change: str) -> bw.Simulation:
    """The model of commands, with n entities that change."""
    simulation: bw.Simulation = load_model(MODELS / "crowd.py").simulate(rng=1, threads=1, n=n, change=change)
    return simulation


def per_entity(rounds: list[dict[str, float]], n: int) -> Report:
    """The medians of the operations, as slot_map reports them."""
    medians = {name: median(times[name] for times in rounds[1:]) for name in OPERATIONS}
    return {
        "cpu_seconds": sum(medians.values()),
        "units": n,
        **{f"{name}_ns": 1e9 * seconds / n for name, seconds in medians.items()},
    }


def bulk(n: int, rounds: int) -> Report:
    """One call for N entities, straight at the engine: what lies above it is a Python call or two."""
    simulation = crowd(1, "components")
    core, schema = simulation._core, simulation._schema
    body, tail = (schema.number(schema.component(name)) for name in ("Body", "Tail"))
    head_column = [((body, 0), np.array([[1.0, 2.0]]))]
    tail_column = [((tail, 0), np.array([[3.0, 4.0]]))]
    results, good = [], True
    for _ in range(rounds + 1):
        ids = np.uint64(core.next_id) + np.arange(n, dtype=np.uint64)
        times = {
            "create": cpu(lambda: core.spawn([body, tail], n, head_column + tail_column)),
            "detach": cpu(lambda ids=ids: core.detach(ids, tail)),  # type: ignore[misc]
        }
        good = good and core.count(tail) == 0 and core.count(body) == n + 1
        times["attach"] = cpu(lambda ids=ids: core.attach(ids, tail, tail_column))  # type: ignore[misc]
        good = good and core.count(tail) == n
        times["destroy"] = cpu(lambda ids=ids: core.despawn(ids))  # type: ignore[misc]
        good = good and core.count(body) == 1
        results.append(times)
    return {**per_entity(results, n), "metrics": {"consistent": good}}


def single(n: int, rounds: int) -> Report:
    """One command an entity: a tick in which a behavior gives n of them, applied at its sync point."""
    births, components = crowd(n, "births"), crowd(n, "components")
    results, good = [], True
    for _ in range(rounds + 1):
        times = {}
        for name, simulation, opening, left in (
            ("create", births, True, 2 * n),
            ("destroy", births, False, n),
            ("attach", components, True, n),
            ("detach", components, False, n),
        ):
            simulation.set_parameters(opening=opening)
            before = simulation.cpu_seconds
            simulation.run(1)
            times[name] = simulation.cpu_seconds - before
            good = good and simulation.entities == left
        good = good and components.count("Body") == n and components.count("Tail") == 0
        results.append(times)
    return {**per_entity(results, n), "metrics": {"consistent": good}}


def view(n: int, rounds: int) -> Report:
    """A column's view from Python, each time from the simulation."""
    calls = 20_000
    simulation = crowd(n, "components")
    body = type_named(simulation, "Body")

    def again() -> None:
        for _ in range(calls):
            simulation.columns(body).a  # noqa: B018

    seconds = median([cpu(again) for _ in range(rounds + 1)][1:])
    held = simulation.columns(body)

    def held_again() -> None:
        for _ in range(calls):
            held.a  # noqa: B018

    held_seconds = median([cpu(held_again) for _ in range(rounds + 1)][1:])
    shared = np.shares_memory(simulation.columns(body).a, held.a)
    return {
        "cpu_seconds": seconds,
        "units": calls,
        "held_seconds": held_seconds,
        "metrics": {"no_copy": bool(shared)},
    }


def type_named(simulation: bw.Simulation, name: str) -> type:
    """A component of a world by its name."""
    return next(kind for kind in simulation.description.components if kind.__name__ == name)


def resident() -> int:
    """Bytes of this process that are in memory, without what the allocator keeps for later."""
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def memory_of(path: Path, n: int, packed: int) -> Report:
    """Resident bytes an entity after some ticks, above the fields' own bytes and the packed copies."""
    model = load_model(path)
    model.simulate(rng=1, threads=1, n=1000).run(2)
    before = resident()
    simulation = model.simulate(rng=1, threads=1, n=n)
    simulation.run(9)
    held = (resident() - before) / n
    fields = [
        values
        for kind in simulation.description.components
        for name, values in simulation.table(kind).items()
        if name != "id"
    ]
    own = sum(values.nbytes for values in fields) // n
    return {"units": n, "bytes": held - own - packed, "own_bytes": own, "packed_bytes": packed, "metrics": {}}


def memory(n: int, rounds: int) -> Report:
    """Of a world without a space."""
    del rounds
    return memory_of(MODELS / "iterate.py", n, 0)


def memory_flock(n: int, rounds: int) -> Report:
    """Of birds that read the position and velocity of birds: 32 bytes in packed copies."""
    del rounds
    return memory_of(BOIDS, n, 32)


def herd(n: int) -> bw.Simulation:
    """The model that queries are asked of."""
    simulation: bw.Simulation = load_model(MODELS / "herd.py").simulate(rng=1, threads=1, n=n)
    return simulation


def query(n: int, rounds: int) -> Report:
    """From the text to the answer, each time anew."""
    simulation = herd(n)
    answers: list[dict[str, Any]] = []

    def ask() -> None:
        text = "Animal where speed > 0.5 and weight < 1.5 select count, sum(weight) as total"
        answers.append(simulation.query(text).row())

    seconds = median([cpu(ask) for _ in range(rounds + 1)][1:])
    return {"cpu_seconds": seconds, "units": n, "metrics": answers[-1]}


def arrays(n: int, rounds: int) -> Report:
    """Of copies of the columns, each in one piece; as one would write it."""
    columns = herd(n).table("Animal")
    speed, weight = (np.ascontiguousarray(columns[name]) for name in ("speed", "weight"))
    del columns
    answers: list[dict[str, Any]] = []

    def compute() -> None:
        found = weight[(speed > 0.5) & (weight < 1.5)]
        answers.append({"count": len(found), "total": float(found.sum())})

    seconds = median([cpu(compute) for _ in range(rounds + 1)][1:])
    return {"cpu_seconds": seconds, "units": n, "metrics": answers[-1]}


def kernel() -> Report:
    """Seconds of CPU to the flocking kernel in this process, what is imported for it included."""
    model = models_in(BOIDS)["boids"]
    module = sys.modules[model.function.__module__]
    return {"cpu_seconds": cpu(lambda: module.flock.kernel(module.Params, sequential=False, interpret=False))}


def compile_twice(n: int, rounds: int) -> Report:
    """The kernel in two fresh processes, one after the other, with an empty folder as their cache."""
    del n
    firsts: list[float] = []
    cached: list[float] = []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            for times in (firsts, cached):
                done = subprocess.run(
                    [sys.executable, __file__, "kernel"],
                    env=os.environ | {"BIGWORLDS_CACHE": folder},
                    capture_output=True,
                    text=True,
                    check=True,
                )
                times.append(float(json.loads(done.stdout)["cpu_seconds"]))
    return {"first_seconds": median(firsts), "cached_seconds": median(cached), "metrics": {}}


def main() -> None:
    """Reads the command line, measures, prints."""
    probes = {
        "bulk": bulk,
        "single": single,
        "view": view,
        "memory": memory,
        "flock": memory_flock,
        "query": query,
        "arrays": arrays,
        "compile": compile_twice,
    }
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("what", choices=(*probes, "kernel"))
    parser.add_argument("--n", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    print(json.dumps(kernel() if given.what == "kernel" else probes[given.what](given.n, given.rounds)))


if __name__ == "__main__":
    main()
