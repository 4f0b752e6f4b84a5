"""Plan: which runs a sweep has, what each is called, and whether a folder holds the same sweep."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bigworlds.ensemble.points import MOST_RUNS, Point
from bigworlds.errors import UserError
from bigworlds.model import Model
from bigworlds.simulation import model_hash, plain, version

MANIFEST = "sweep.json"

# The columns of the table besides parameters and metrics.
BEFORE, AFTER = ("run",), ("seed", "tick")
LAST = ("ended", "error")

# Why a run that nothing went wrong with ended: what stands under `ended` in its last row.
ENDINGS = ("ticks", "stop")

_ID_DIGITS = 16


@dataclass(frozen=True)
class Run:
    """One run of a sweep.

    Attributes:
        id: a hash of model, parameters and seed, 16 hexadecimal digits.
        given: the parameters that are not left to their defaults, as JSON has them; `size` among them.
        parameters: all parameters, as JSON has them.
        seed: of its random numbers.
    """

    id: str
    given: Mapping[str, Any]
    parameters: Mapping[str, Any]
    seed: int


@dataclass(frozen=True)
class Plan:
    """The runs of a sweep and what they share.

    Attributes:
        model: the model.
        runs: in the order in which they are begun, each once.
        varied: the names of the parameters that vary, sorted.
        fixed: parameters that all runs share, as they were given.
        ticks: how long each run is, None for the model's own.
        every: ticks between rows of a run in the table, None for one row at its end.
    """

    model: Model
    runs: Sequence[Run]
    varied: Sequence[str]
    fixed: Mapping[str, Any]
    ticks: int | None
    every: int | None

    @classmethod
    def of(
        cls,
        model: Model,
        points: Sequence[Point],
        seeds: Sequence[int],
        *,
        fixed: Mapping[str, Any],
        ticks: int | None = None,
        every: int | None = None,
    ) -> Plan:
        """The plan of a sweep.

        Args:
            model: the model.
            points: parameters of each; one may have a `seed` of its own.
            seeds: of each point that has none.
            fixed: parameters of all points.
            ticks, every: see the attributes.

        Raises:
            UserError: a parameter that does not exist or cannot take its value, or too many runs.
        """
        varied = sorted({name for point in points for name in point if name != "seed"})
        for name in varied:
            if name in fixed:
                raise UserError(f"'{name}' is set and varied; leave one of them out")
        if len(points) * len(seeds) > MOST_RUNS:
            raise UserError(
                f"{len(points) * len(seeds):,} runs; a sweep has {MOST_RUNS:,} runs at most. Vary less"
            )
        runs = {run.id: run for run in _runs(model, points, seeds, fixed)}
        plan = cls(model, tuple(runs.values()), varied, dict(fixed), ticks, every)
        plan._check_that_runs_end(points[0] if points else {})
        return plan

    def _check_that_runs_end(self, point: Point) -> None:
        if self.ticks is not None or self.model.ticks is not None:
            return
        given = {name: value for name, value in point.items() if name != "seed"}
        if not self.model.describe(self.model.settings(**self.fixed, **given)).stops:
            raise UserError(
                f"model {self.model.name} does not say when its runs end; say it with --ticks N (ticks=N)"
            )

    @property
    def columns(self) -> list[str]:
        """The columns of the table.

        Where a parameter has the name of a metric or of one of the table's own columns, its column is called
        `set.NAME`; a metric with the name of one of these is called `metric.NAME`.
        """
        return [
            *BEFORE,
            *(self._parameter_column(name) for name in self._parameters),
            *AFTER,
            *(self._metric_column(name) for name in self.model.metrics),
            *LAST,
        ]

    def row(self, run: Run, tick: int, metrics: Mapping[str, Any], ended: str, error: str) -> dict[str, Any]:
        """One row of the table."""
        row: dict[str, Any] = {"run": run.id, "seed": run.seed, "tick": tick, "ended": ended, "error": error}
        row.update({self._parameter_column(name): value for name, value in run.parameters.items()})
        row.update({self._metric_column(name): value for name, value in metrics.items()})
        return row

    @property
    def _parameters(self) -> Iterable[str]:
        return () if self.model.parameters is None else self.model.parameters.__bw_parameters__

    def _parameter_column(self, name: str) -> str:
        return f"set.{name}" if name in _OWN or name in self.model.metrics else name

    def _metric_column(self, name: str) -> str:
        return f"metric.{name}" if name in _OWN else name

    def manifest(self) -> dict[str, Any]:
        """What the folder says about the sweep."""
        return {
            "version": version(),
            "model": self.model.name,
            "source": None if self.model.source is None else str(self.model.source),
            "model_hash": model_hash(self.model),
            "varied": list(self.varied),
            "fixed": _shared(self.model, self.fixed, self.varied),
            "ticks": self.ticks,
            "every": self.every,
            "runs": len(self.runs),
            "columns": self.columns,
        }


_OWN = frozenset((*BEFORE, *AFTER, *LAST))

# What has to be the same for two commands to be one sweep, as messages call it.
_SAME = {
    "model": "the model",
    "model_hash": "the text of the model's file (its hash)",
    "varied": "the parameters that vary",
    "fixed": "the other parameters",
    "ticks": "--ticks",
    "every": "--every",
}


def claim(folder: Path, plan: Plan) -> None:
    """Makes a folder the plan's, or finds that it is.

    Raises:
        UserError: it holds another sweep or a run, or it cannot be made.
    """
    ours = plan.manifest()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if (folder / "manifest.json").exists():
            raise UserError(f"{folder} holds a run, which is no sweep; name another folder")
        if not (folder / MANIFEST).exists():
            _write(folder, ours)
    except OSError as problem:
        raise UserError(f"{folder}: no folder for a sweep: {problem.strerror}; name another") from None
    theirs = manifest_in(folder)
    different = [
        f"{said}: there {theirs.get(name)!r}, here {ours[name]!r}"
        for name, said in _SAME.items()
        if theirs.get(name) != ours[name]
    ]
    if different:
        raise UserError(
            f"{folder} holds another sweep; name another folder. It differs in {'; '.join(different)}"
        )
    if theirs.get("runs") != ours["runs"]:
        _write(folder, ours)


def _write(folder: Path, manifest: Mapping[str, Any]) -> None:
    temporary = folder / f".{MANIFEST}.{os.getpid()}"
    temporary.write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    temporary.replace(folder / MANIFEST)  # whole or not at all


def manifest_in(folder: Path) -> dict[str, Any]:
    """What a sweep's folder says about it.

    Raises:
        UserError: there is no sweep in the folder, or its manifest is damaged.
    """
    try:
        found = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"{folder} holds no sweep: there is no {MANIFEST} in it") from None
    except (OSError, ValueError) as problem:
        raise UserError(f"{folder / MANIFEST} is damaged: {problem}") from None
    if not isinstance(found, dict) or not isinstance(found.get("columns"), list):
        raise UserError(f"{folder / MANIFEST} is damaged: it names no columns")
    return found


def _runs(
    model: Model, points: Sequence[Point], seeds: Sequence[int], fixed: Mapping[str, Any]
) -> Iterable[Run]:
    text = model_hash(model)
    for point in points:
        given = {**fixed, **{name: value for name, value in point.items() if name != "seed"}}
        settings = model.settings(**given)
        parameters = plain(settings)
        as_given = {name: value if name == "size" else parameters[name] for name, value in given.items()}
        for seed in [_own_seed(point)] if "seed" in point else seeds:
            yield Run(_id(model.name, text, parameters, seed), as_given, parameters, int(seed))


def _own_seed(point: Point) -> int:
    seed = point["seed"]
    if isinstance(seed, bool) or not hasattr(seed, "__index__") or not 0 <= int(seed) < 2**63:
        raise UserError(f"a point's seed is a whole number from 0 up; found {seed!r}")
    return int(seed)


def _id(model: str, text: str, parameters: Mapping[str, Any], seed: int) -> str:
    what = {"model": model, "text": text, "parameters": parameters, "seed": int(seed)}
    canonical = json.dumps(what, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:_ID_DIGITS]


def _shared(model: Model, fixed: Mapping[str, Any], varied: Iterable[str]) -> dict[str, Any]:
    """The parameters that all runs share, as JSON has them."""
    all_of_them = plain(model.settings(**fixed))
    return {name: value for name, value in all_of_them.items() if name not in set(varied)}
