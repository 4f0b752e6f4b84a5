"""Times the engine against every baseline and prints one table: figures, ratios, bars, conformance.

    make -C benchmarks/cpp && python benchmarks/ratios.py [NAME ...] [--quick] [--rounds 5]
        [--baselines build/baselines] [--mesa PYTHON] [--json FILE] [--list]

NAME chooses rows by the start of their names, or by a pattern: `boids`, `boids/sparse`, `*/1e6*`. Each row
runs its two commands in turn as paired.py does, on one thread; a figure is CPU time of the tick loop over the
units of work, a median over the rounds, and the ratio is the median of the pairs' ratios. `conforms` says
whether both computed the same model. --quick shrinks the worlds: for form alone, its figures mean nothing.
Rows against Mesa need `--mesa`, an interpreter that has it.

The exit code is 1 if a row does not conform, for a speed is worth nothing where another model was computed;
a bar that is missed shows in the table alone.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from statistics import median
from typing import Any

from paired import BenchmarkError, Paired, Report, figure, measure, run, violations
from rows import Bench, Row, all_rows

ROOT = Path(__file__).resolve().parent.parent
HEADINGS = ("row", "ours", "baseline", "unit", "ratio", "pairs", "bar", "met", "conforms")


@dataclass(frozen=True, kw_only=True)
class Result:
    """A row, measured."""

    row: Row
    ours: float
    theirs: float | None
    ratios: list[float]
    broken: list[str]

    @property
    def ratio(self) -> float | None:
        """The median of the pairs' ratios."""
        return median(self.ratios) if self.ratios else None

    @property
    def met(self) -> bool | None:
        """Whether the bar is met by a run that conforms; None without a bar."""
        if self.row.bar is None:
            return None
        judged = self.ours if self.row.absolute else self.ratio
        return judged is not None and judged <= self.row.bar and not self.broken

    def as_json(self) -> dict[str, Any]:
        """The result as plain data."""
        names = ("name", "unit", "bar", "absolute")
        measured = {"ours": self.ours, "theirs": self.theirs, "ratio": self.ratio, "ratios": self.ratios}
        known = {name: getattr(self.row, name) for name in names}
        return {**known, **measured, "met": self.met, "broken": self.broken}


def units_of(row: Row, report: Report) -> float:
    """What the figures of a round are divided by."""
    return row.units or max(figure(report, "units"), 1.0)


Rounds = tuple[list[Report], list[Report]]


def reports_of(row: Row, rounds: int, warmup: int, known: dict[tuple[str, str | None], Rounds]) -> Rounds:
    """What the two commands of a row reported, round by round; rows of the same commands share the runs."""
    commands = row.ours, row.theirs
    if commands not in known:
        if row.theirs is None:
            for seed in range(1, warmup + 1):
                run(row.ours, seed)
            known[commands] = [run(row.ours, seed) for seed in range(1, rounds + 1)], []
        else:
            paired = measure(row.ours, row.theirs, rounds=rounds, key=row.key, key_b=row.key_b, warmup=warmup)
            known[commands] = paired.reports_a, paired.reports_b
    return known[commands]


def measured(
    row: Row, rounds: int, warmup: int = 1, known: dict[tuple[str, str | None], Rounds] | None = None
) -> Result:
    """Runs a row, or takes what its commands have reported for another row before (`known`, added to).

    Raises:
        BenchmarkError: a command failed, or does not say what is asked.
    """
    ours, theirs = reports_of(row, rounds, warmup, {} if known is None else known)
    units = [units_of(row, report) for report in theirs or ours]
    values = [row.scale * figure(report, row.key) / of for report, of in zip(ours, units, strict=True)]
    promises = not_as_promised(ours)
    if row.theirs is None:
        return Result(row=row, ours=median(values), theirs=None, ratios=[], broken=promises)
    key_b = row.key_b or row.key
    values_b = [row.scale * figure(report, key_b) / of for report, of in zip(theirs, units, strict=True)]
    paired = Paired(reports_a=ours, reports_b=theirs, figures_a=values, figures_b=values_b)
    broken = violations(paired, list(row.conform)) + promises
    return Result(row=row, ours=median(values), theirs=median(values_b), ratios=paired.ratios, broken=broken)


def not_as_promised(reports: list[Report]) -> list[str]:
    """Metrics that are a promise and are false."""
    metrics = reports[0].get("metrics", {})
    return [f"{name} is false" for name in metrics if any(r["metrics"][name] is False for r in reports)]


def short(value: float | None) -> str:
    """A figure in three digits; small ratios as 1/N, as one speaks of a speed-up."""
    if value is None:
        return "-"
    if 0 < value < 0.1:
        return f"1/{1 / value:.0f}"
    return f"{value:.3g}"


def cells(result: Result) -> tuple[str, ...]:
    """A line of the table."""
    row, met = result.row, result.met
    spread = f"{short(min(result.ratios))} .. {short(max(result.ratios))}" if result.ratios else "-"
    bar = "-" if row.bar is None else short(row.bar) + (f" {row.unit}" if row.absolute else "")
    return (
        row.name,
        f"{result.ours:.3g}",
        "-" if result.theirs is None else f"{result.theirs:.3g}",
        row.unit,
        short(result.ratio),
        spread,
        bar,
        "-" if met is None else "yes" if met else "NO",
        "NO" if result.broken else "yes" if row.conform or row.theirs is None else "-",
    )


def table(results: list[Result]) -> str:
    """All results in columns, as Markdown."""
    lines = [HEADINGS, *(cells(result) for result in results)]
    widths = [max(len(line[k]) for line in lines) for k in range(len(HEADINGS))]
    rule = tuple("-" * width for width in widths)
    return "\n".join(
        "| " + " | ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)) + " |"
        for line in (lines[0], rule, *lines[1:])
    )


def chosen(rows: list[Row], names: list[str]) -> list[Row]:
    """The rows that are asked for, all of them where nothing is named.

    Raises:
        BenchmarkError: a name that fits no row.
    """
    for name in names:
        if not any(fits(row, name) for row in rows):
            known = ", ".join(dict.fromkeys(row.name.partition("/")[0] for row in rows))
            raise BenchmarkError(f"no row {name!r}; names start with {known}; --list shows all")
    return [row for row in rows if not names or any(fits(row, name) for name in names)]


def fits(row: Row, name: str) -> bool:
    """Whether a row has this name, is under it, or matches it as a pattern."""
    return row.name == name or row.name.startswith(f"{name}/") or fnmatch(row.name, name)


def runnable(row: Row, bench: Bench) -> str | None:
    """Why a row cannot run here, None where it can."""
    if row.name.startswith("mesa/"):
        return None if bench.mesa else "needs --mesa PYTHON, an interpreter that has Mesa"
    program = row.theirs.split()[0] if row.theirs else None
    if program is not None and program.startswith(str(bench.baselines)) and not Path(program).exists():
        return f"{program} is not built: make -C benchmarks/cpp"
    return None


def measure_all(rows: list[Row], bench: Bench, rounds: int, warmup: int) -> list[Result]:
    """Measures row by row; what cannot run, or fails, is named on stderr."""
    results: list[Result] = []
    known: dict[tuple[str, str | None], Rounds] = {}
    for row in rows:
        reason = runnable(row, bench)
        if reason is not None:
            print(f"{row.name} is left out: {reason}", file=sys.stderr)
            continue
        try:
            result = measured(row, rounds, warmup, known)
        except BenchmarkError as error:
            print(f"{row.name} failed: {error}", file=sys.stderr)
            continue
        results.append(result)
        print("  ".join(cells(result)), file=sys.stderr, flush=True)
        for line in result.broken:
            print(f"{row.name} does not conform: {line}", file=sys.stderr)
    return results


def main(arguments: list[str] | None = None) -> int:
    """Reads the command line, measures, prints."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="rows to run, all by default")
    parser.add_argument("--quick", action="store_true", help="tiny worlds, one round: for form alone")
    parser.add_argument("--rounds", type=int, help="default 5, with --quick 1")
    parser.add_argument("--warmup", type=int, help="rounds that do not count; default 1, with --quick 0")
    parser.add_argument("--baselines", type=Path, default=ROOT / "build" / "baselines")
    parser.add_argument("--mesa", metavar="PYTHON", help="an interpreter that has Mesa")
    parser.add_argument("--json", type=Path, metavar="FILE", help="writes the results there too")
    parser.add_argument("--list", action="store_true", help="names the rows and their commands; runs nothing")
    given = parser.parse_args(arguments)
    bench = Bench(baselines=given.baselines.absolute(), mesa=given.mesa, quick=given.quick)
    try:
        rows = chosen(all_rows(bench), given.names)
    except BenchmarkError as error:
        print(error, file=sys.stderr)
        return 2
    if given.list:
        for row in rows:
            print(f"{row.name}\n    {row.ours}\n    {row.theirs or 'alone'}")
        return 0
    rounds = given.rounds or (1 if given.quick else 5)
    warmup = given.warmup if given.warmup is not None else 0 if given.quick else 1
    results = measure_all(rows, bench, rounds, warmup)
    print(table(results))
    if given.json is not None:
        given.json.write_text(json.dumps([result.as_json() for result in results], indent=1) + "\n")
    failed = len(results) < sum(1 for row in rows if runnable(row, bench) is None)
    return 2 if failed else 1 if any(result.broken for result in results) else 0


if __name__ == "__main__":
    sys.exit(main())
