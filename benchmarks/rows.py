"""The rows of benchmarks/ratios.py: what is timed against what, and the bar that the ratio has to meet.

A row's two commands compute the same model with the same arguments; `conform` says by which share the means
of a metric may differ over the rounds' seeds. A bar is the greatest ratio ours / theirs, or, where
`absolute`, the greatest figure of ours alone.
"""

from __future__ import annotations

import shlex
import sys
from dataclasses import dataclass
from pathlib import Path

BENCHMARKS = Path(__file__).resolve().parent
MODELS = BENCHMARKS / "models"
NANO = 1e9


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the table.

    Attributes:
        name: by which it is chosen, parts divided by slashes.
        ours: a command that prints a JSON object.
        theirs: the baseline's, None where there is none.
        key: the figure of ours that counts; key_b: of theirs, where it has another name.
        units: what a figure in seconds is divided by; 0: the `units` that the baseline, else ours, reports.
        scale: the figure, over its units, times this is what is shown; `unit` is its name.
        bar: see the file's first lines; None: shown without one.
    """

    name: str
    ours: str
    theirs: str | None = None
    key: str = "cpu_seconds"
    key_b: str | None = None
    units: float = 0
    scale: float = NANO
    unit: str = "ns"
    bar: float | None = None
    absolute: bool = False
    conform: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Bench:
    """Where the programs are and how large the worlds."""

    baselines: Path
    mesa: str | None = None
    quick: bool = False

    def sized(self, n: int) -> int:
        """A number of entities, a hundredth of it where it is to be quick."""
        return max(n // 100, 100) if self.quick else n

    def ticks(self, ticks: int) -> int:
        """A number of ticks."""
        return max(ticks // 10, 2) if self.quick else ticks

    def engine(self, model: str | Path, ticks: int, *, threads: int = 1, **settings: object) -> str:
        """`bigworlds run MODEL` with this interpreter."""
        given = " ".join(f"--set {name}={value}" for name, value in settings.items())
        return (
            f"{shlex.quote(sys.executable)} -m bigworlds.cli run {shlex.quote(str(model))} {given} "
            f"--ticks {ticks} --seed {{seed}} --threads {threads} --json"
        )

    def program(self, name: str, **settings: object) -> str:
        """A program of benchmarks/cpp."""
        given = " ".join(f"{name}={value}" for name, value in settings.items())
        return f"{shlex.quote(str(self.baselines / name))} {given}"

    def warm(self, model: str, warmup: int, ticks: int, **settings: object) -> str:
        """A call of benchmarks/warm.py."""
        given = " ".join(f"--set {name}={value}" for name, value in settings.items())
        script = shlex.quote(str(BENCHMARKS / "warm.py"))
        return (
            f"{shlex.quote(sys.executable)} {script} {model} --warmup {warmup} --ticks {ticks} "
            f"--seed {{seed}} {given}"
        )

    def probe(self, what: str, n: int) -> str:
        """A call of benchmarks/probe.py."""
        rounds = 1 if self.quick else 3
        script = shlex.quote(str(BENCHMARKS / "probe.py"))
        return f"{shlex.quote(sys.executable)} {script} {what} --n {n} --rounds {rounds}"

    def mesa_model(self, model: str, size: str, ticks: int) -> str:
        """A model of benchmarks/mesa."""
        script = shlex.quote(str(BENCHMARKS / "mesa" / "run_mesa.py"))
        return (
            f"{shlex.quote(self.mesa or '')} {script} {model} --size {size} --steps {ticks} --seed {{seed}}"
        )


def iterate_rows(bench: Bench) -> list[Row]:
    """Loops over columns, and what a second thread brings to one that computes."""
    rows = []
    for size, ticks in ((10**6, 200), (10**7, 20)):
        n, passes = bench.sized(size), bench.ticks(ticks)
        for components in (1, 2):
            theirs = bench.program("iterate", components=components, n=n, passes=passes, rounds=1)
            rows.append(
                Row(
                    name=f"iterate/{components}/{size:.0e}".replace("e+0", "e"),
                    ours=bench.engine(MODELS / "iterate.py", passes, n=n, components=components),
                    theirs=theirs,
                    bar=1 / 0.9,
                    # The program has made one pass more, to warm up, before those that it times.
                    conform=("mean=0.05",),
                )
            )
    n, ticks = bench.sized(10**6), bench.ticks(20)
    rows.append(
        Row(
            name="iterate/compute/1e6",
            ours=bench.engine(MODELS / "iterate.py", ticks, n=n, components=2, work="compute"),
            theirs=bench.program("iterate", components=2, n=n, passes=ticks, rounds=1, work="compute"),
            conform=("mean=0.05",),
        )
    )
    model, work = MODELS / "iterate.py", {"n": n, "components": 2, "work": "compute"}
    rows.append(
        Row(
            name="threads/compute",
            ours=bench.engine(model, ticks, threads=2, **work),
            theirs=bench.engine(model, ticks, threads=1, **work),
            key="seconds",
            units=n * ticks,
            bar=1 / 1.8,
            conform=("mean=0",),
        )
    )
    return rows


def boids_rows(bench: Bench) -> list[Row]:
    """Flocking against the plain program and the one with intrinsics."""
    rows = []
    bars = {
        ("sparse", "plain"): 1.3,
        ("dense", "plain"): 1.3,
        ("sparse", "avx512"): 1.9,
        ("dense", "avx512"): 2.2,
    }
    for (density, kind), bar in bars.items():
        for size in (10**5, 10**6):
            n, ticks = bench.sized(size), bench.ticks(100 if size == 10**5 else 20)
            program = "boids" if kind == "plain" else "boids_avx512"
            rows.append(
                Row(
                    name=f"boids/{density}/{size:.0e}/{kind}".replace("e+0", "e"),
                    ours=bench.engine("boids", ticks, n=n, density=density),
                    theirs=bench.program(program, n=n, density=density, ticks=ticks, seed="{seed}"),
                    bar=bar,
                    conform=("mean_neighbors=0.02",),
                )
            )
    return rows


def grid_rows(bench: Bench) -> list[Row]:
    """The models on grids against programs of the same update rule."""
    # Shares by which means over five seeds may differ by chance.
    conform = {
        "schelling": (
            20,
            {"large": ("happy_share=0.01", "moves=0.08"), "1e6": ("happy_share=0.01", "moves=0.03")},
        ),
        "wolf_sheep": (100, {"large": ("sheep=0.15", "wolves=0.1"), "1e6": ("sheep=0.05", "wolves=0.05")}),
    }
    rows = []
    for model, (published, demands) in conform.items():
        for activation in ("sequential", "synchronous"):
            for name in ("large", "1e6"):
                size = {"size": "large"} if name == "large" else {"side": 100 if bench.quick else 1000}
                steps = published if name == "large" else min(published, 30)
                rows.append(
                    Row(
                        name=f"{model}/{name}/{activation}",
                        ours=bench.engine(model, steps, activation=activation, **size),
                        theirs=bench.program(
                            model, activation=activation, ticks=steps, seed="{seed}", **size
                        ),
                        bar=1.6,
                        conform=demands[name],
                    )
                )
    for method, bar in (("sweep", 1.6), ("branches", None)):
        rows.append(
            Row(
                name=f"forest_fire/large/{method}",
                ours=bench.engine("forest_fire", 100, size="large"),
                theirs=bench.program("forest_fire", size="large", method=method, ticks=100, seed="{seed}"),
                bar=bar,
                conform=("burnt_share=0.02",),
            )
        )
    return rows


def graph_rows(bench: Bench) -> list[Row]:
    """An epidemic along the edges of a graph, its people in no order that helps to find their contacts."""
    # Shares by which means over five seeds may differ by chance: outbreaks on rings vary more.
    conform = {
        "random": ("attack_rate=0.02", "ill_share=0.08"),
        "small_world": ("attack_rate=0.1", "ill_share=0.15"),
    }
    rows = []
    for network, demands in conform.items():
        for activation in ("synchronous", "sequential"):
            for size, ticks in ((10**5, 60), (10**6, 20)):
                n, ticks = bench.sized(size), bench.ticks(ticks)
                settings = {"n": n, "infected": n // 20, "network": network, "activation": activation}
                rows.append(
                    Row(
                        name=f"germs/{network}/{size:.0e}/{activation}".replace("e+0", "e"),
                        ours=bench.engine(MODELS / "germs.py", ticks, **settings),
                        theirs=bench.program("germs", ticks=ticks, seed="{seed}", **settings),
                        conform=demands,
                    )
                )
    return rows


STILL = {"background": 0.0, "flaw": 0.0, "at_births": 0.0}


def soup_rows(bench: Bench) -> list[Row]:
    """Soups against a program of the same rules and random numbers; what an instruction costs, by itself."""
    tiles, cells = (4, 2**20) if bench.quick else (256, 2**26)
    worlds = {
        "evolved": (5000, 7000, 25, {}, {}, 5.0),
        "still": (200, 2200, 100, STILL, {"mutation": "off"}, 2.5),
        "tiles": (60, 80, 25, {"cells": cells, "tiles": tiles}, {"cells": cells, "tiles": tiles}, 5.88),
    }
    rows = []
    for name, (warmup, ticks, slice_, ours, theirs, most) in worlds.items():
        first, last = bench.ticks(warmup), bench.ticks(ticks)
        commands = {
            "ours": bench.warm("primordial", first, last, slice=slice_, **ours),
            "theirs": bench.program(
                "tierra", warmup=first, ticks=last, slice=slice_, seed="{seed}", **theirs
            ),
            "conform": ("instructions=0", "births=0", "deaths=0", "population=0"),
        }
        rows.append(Row(name=f"primordial/{name}", bar=1 / 0.8, **commands))
        rows.append(Row(name=f"primordial/{name}/instruction", bar=most, absolute=True, **commands))
    return rows


# Shares by which the means over a few seeds may differ by chance: the small worlds vary much.
MESA_DEMANDS = {
    "boids": {"small": ("mean_neighbors=0.3",), "large": ("mean_neighbors=0.3",)},
    "schelling": {"small": ("happy_share=0.02", "moves=0.15"), "large": ("happy_share=0.02", "moves=0.15")},
    "wolf_sheep": {"small": ("sheep=0.4", "wolves=0.6"), "large": ("sheep=0.2", "wolves=0.15")},
    "forest_fire": {"small": ("burnt_share=0.1",), "large": ("burnt_share=0.02",)},
}
MESA_BARS = {
    ("sequential", "small"): 50, ("sequential", "large"): 250,
    ("synchronous", "small"): 60, ("synchronous", "large"): 300,
}  # fmt: skip


def mesa_rows(bench: Bench) -> list[Row]:
    """Against Mesa, whose agents act one after another: our sequential runs follow its rule to the letter."""
    rows = []
    for model, demands in MESA_DEMANDS.items():
        steps = 20 if model == "schelling" else 100
        for (activation, size), bar in MESA_BARS.items():
            settings = {"size": size, "activation": activation}
            if model == "forest_fire":
                if activation == "sequential":
                    continue
                del settings["activation"]
            rows.append(
                Row(
                    name=f"mesa/{model}/{size}/{activation}",
                    ours=bench.engine(model, steps, **settings),
                    theirs=bench.mesa_model(model, size, steps),
                    bar=1 / bar,
                    conform=tuple(
                        demand
                        for demand in demands[size]
                        if activation == "sequential" or not demand.startswith("moves")
                    ),
                )
            )
    return rows


def probe_rows(bench: Bench) -> list[Row]:
    """Commands, views, memory, compilation, and what a tick costs by itself."""
    n = bench.sized(10**6)
    rows = [
        Row(
            name=f"bulk/{what}",
            ours=bench.probe("bulk", n),
            theirs=bench.program("slot_map", mode="bulk", n=n, rounds=3),
            key=f"{what}_ns", units=1, scale=1, bar=2.0,
        )
        for what in ("create", "destroy", "attach", "detach")
    ]  # fmt: skip
    rows += [
        Row(
            name=f"single/{what}",
            ours=bench.probe("single", n),
            theirs=bench.program("slot_map", mode="single", n=n, rounds=3),
            key=f"{what}_ns", units=1, scale=1, bar=bar, absolute=True,
        )
        for what, bar in (("create", 30.0), ("destroy", 30.0), ("attach", 45.0), ("detach", 45.0))
    ]  # fmt: skip
    view, compiled = bench.probe("view", 1000), bench.probe("compile", 1)
    plain, flock = (bench.probe(what, max(n, 10**5)) for what in ("memory", "flock"))
    ticks = bench.ticks(100_000)
    idle = bench.engine(MODELS / "idle.py", ticks)
    return [
        *rows,
        alone("view/asked", view, "cpu_seconds", bar=1.0, unit="us", scale=1e6, units=0),
        alone("view/held", view, "held_seconds", bar=1.0, unit="us", scale=1e6, units=0),
        alone("tick/idle", idle, "cpu_seconds", bar=3.0, unit="us", scale=1e6, units=ticks),
        alone("compile/first", compiled, "first_seconds", bar=3.0, unit="s"),
        alone("compile/cached", compiled, "cached_seconds", bar=0.2, unit="s"),
        alone("memory/plain", plain, "bytes", bar=40.0, unit="B"),
        alone("memory/flock", flock, "bytes", bar=40.0, unit="B"),
    ]


def query_rows(bench: Bench) -> list[Row]:
    """A query against the same as a NumPy expression."""
    n = bench.sized(10**7)
    return [
        Row(
            name="query/sum/1e7",
            ours=bench.probe("query", n),
            theirs=bench.probe("arrays", n),
            bar=2.0,
            # NumPy's sum is rounded many times, the query's once.
            conform=("count=0", "total=1e-9"),
        )
    ]


def alone(
    name: str, ours: str, key: str, *, bar: float, unit: str, scale: float = 1, units: float = 1
) -> Row:
    """A row without a baseline, whose bar is a figure."""
    return Row(name=name, ours=ours, key=key, bar=bar, unit=unit, scale=scale, units=units, absolute=True)


def all_rows(bench: Bench) -> list[Row]:
    """Every row, in the order of the table."""
    makers = (iterate_rows, boids_rows, grid_rows, graph_rows, soup_rows, mesa_rows, probe_rows, query_rows)
    return [row for make in makers for row in make(bench)]
