"""Times two commands against each other: A B A B ..., so that a machine that drifts cannot favour one.

    python benchmarks/paired.py "COMMAND A" "COMMAND B" [--rounds 5] [--key cpu_seconds] [--key-b KEY]
        [--warmup 1] [--conform METRIC=TOLERANCE ...] [--json]

Each command prints one JSON object as the last line of its stdout, as ``bigworlds run --json``, the
programs of benchmarks/cpp and benchmarks/mesa/run_mesa.py do. ``--key`` names the figure to compare (dots
lead into nested objects). ``{seed}`` in a command is replaced by the number of the round, from 1.

Printed are each side's median, least and greatest figure, the ratio A / B of every pair and its median,
and the mean of each metric that both sides report. ``--conform order=0.05`` demands that the means of a
metric differ by at most that share; otherwise the exit code is 1, for a speed is worth nothing where
another model was computed.
"""

from __future__ import annotations

import argparse
import difflib
import json
import shlex
import subprocess
import sys
from dataclasses import dataclass
from statistics import fmean, median
from typing import Any

Report = dict[str, Any]


class BenchmarkError(Exception):
    """A command that failed, or did not print what was asked for."""


def run(command: str, seed: int) -> Report:
    """Runs a command and returns the JSON object that it printed last."""
    words = [word.replace("{seed}", str(seed)) for word in shlex.split(command)]
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise BenchmarkError(f"{words[0]}: no such program; is it built?") from error
    if done.returncode != 0:
        raise BenchmarkError(f"{shlex.join(words)} ended with {done.returncode}:\n{done.stderr[-2000:]}")
    lines = done.stdout.strip().splitlines()
    try:
        report = json.loads(lines[-1])
    except (IndexError, json.JSONDecodeError) as error:
        raise BenchmarkError(f"{shlex.join(words)}: its last line is not a JSON object") from error
    if not isinstance(report, dict):
        raise BenchmarkError(f"{shlex.join(words)}: its last line is not a JSON object")
    return report


def figure(report: Report, key: str) -> float:
    """A number of a report; dots in the key lead into nested objects."""
    value: Any = report
    for name in key.split("."):
        if not isinstance(value, dict) or name not in value:
            known = list(value) if isinstance(value, dict) else []
            near = difflib.get_close_matches(name, known, n=3) or known
            raise BenchmarkError(f"no figure {key!r} in the report; the nearest are {', '.join(near)}")
        value = value[name]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BenchmarkError(f"{key!r} is {value!r}, not a number")
    return float(value)


@dataclass(frozen=True, kw_only=True)
class Paired:
    """What the rounds gave, in their order, A and B of the same round at the same place."""

    reports_a: list[Report]
    reports_b: list[Report]
    figures_a: list[float]
    figures_b: list[float]

    @property
    def ratios(self) -> list[float]:
        """A / B of every pair."""
        return [a / b for a, b in zip(self.figures_a, self.figures_b, strict=True)]

    @property
    def ratio(self) -> float:
        """The median of the pairs' ratios."""
        return median(self.ratios)

    def metrics(self) -> dict[str, tuple[float, float]]:
        """The means of A's and B's numeric metrics that both report."""
        both = [report.get("metrics", {}) for report in (*self.reports_a, *self.reports_b)]
        names = [
            name
            for name in both[0]
            if all(isinstance(m.get(name), int | float) and not isinstance(m.get(name), bool) for m in both)
        ]
        rounds = len(self.reports_a)
        return {
            name: (fmean(m[name] for m in both[:rounds]), fmean(m[name] for m in both[rounds:]))
            for name in names
        }


def difference(a: float, b: float) -> float:
    """How far a is from b, as a share of b."""
    return abs(a - b) / abs(b) if b else abs(a)


def measure(
    command_a: str,
    command_b: str,
    *,
    rounds: int = 5,
    key: str = "cpu_seconds",
    key_b: str | None = None,
    warmup: int = 1,
) -> Paired:
    """Runs A and B in turn, ``warmup`` times unseen and ``rounds`` times for the record."""
    for seed in range(1, warmup + 1):
        for command in (command_a, command_b):
            run(command, seed)
    reports = [(run(command_a, seed), run(command_b, seed)) for seed in range(1, rounds + 1)]
    return Paired(
        reports_a=[a for a, _ in reports],
        reports_b=[b for _, b in reports],
        figures_a=[figure(a, key) for a, _ in reports],
        figures_b=[figure(b, key_b or key) for _, b in reports],
    )


def summary(paired: Paired) -> Report:
    """The result as one JSON object."""
    return {
        "a": {"median": median(paired.figures_a), "figures": paired.figures_a},
        "b": {"median": median(paired.figures_b), "figures": paired.figures_b},
        "ratio": paired.ratio,
        "ratios": paired.ratios,
        "metrics": {name: {"a": a, "b": b} for name, (a, b) in paired.metrics().items()},
    }


def describe(paired: Paired, key: str, key_b: str | None) -> str:
    """The result in words and columns."""
    lines = []
    for side, name, values in (("A", key, paired.figures_a), ("B", key_b or key, paired.figures_b)):
        spread = f"{min(values):.6g} .. {max(values):.6g}"
        lines.append(f"{side}  {name}  median {median(values):.6g}  ({spread})")
    pairs = " ".join(f"{ratio:.3f}" for ratio in paired.ratios)
    lines.append(f"A / B  {paired.ratio:.3f}  (pairs {pairs})")
    for name, (a, b) in paired.metrics().items():
        lines.append(f"{name}  A {a:.6g}  B {b:.6g}  apart {100 * difference(a, b):.2f} %")
    return "\n".join(lines)


def violations(paired: Paired, demands: list[str]) -> list[str]:
    """The demands METRIC=TOLERANCE that the means do not meet, in words."""
    metrics = paired.metrics()
    failed = []
    for demand in demands:
        name, _, tolerance = demand.partition("=")
        if name not in metrics:
            raise BenchmarkError(f"no metric {name!r} on both sides; there are {', '.join(metrics)}")
        a, b = metrics[name]
        if difference(a, b) > float(tolerance):
            failed.append(f"{name}: A {a:.6g} and B {b:.6g} are further apart than {tolerance}")
    return failed


def main() -> int:
    """Reads the command line, measures, prints."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("a", help="command A")
    parser.add_argument("b", help="command B")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--key", default="cpu_seconds", help="figure of A, and of B if --key-b is not given")
    parser.add_argument("--key-b", help="figure of B")
    parser.add_argument("--warmup", type=int, default=1, help="rounds that do not count")
    parser.add_argument("--conform", nargs="*", default=[], metavar="METRIC=TOLERANCE")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    given = parser.parse_args()
    try:
        paired = measure(
            given.a, given.b, rounds=given.rounds, key=given.key, key_b=given.key_b, warmup=given.warmup
        )
        print(json.dumps(summary(paired)) if given.json else describe(paired, given.key, given.key_b))
        failed = violations(paired, given.conform)
    except BenchmarkError as error:
        print(error, file=sys.stderr)
        return 2
    for line in failed:
        print(line, file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
