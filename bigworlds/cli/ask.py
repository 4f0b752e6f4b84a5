"""`bigworlds query`: asks a snapshot, a run's folder or a model at its start, and prints the answer."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bigworlds.cli import engine
from bigworlds.cli.locate import examples, find_model
from bigworlds.cli.stored import simulation_of
from bigworlds.errors import UserError
from bigworlds.query import Query, Result

MOST_SHOWN = 1000
"""Limit of the rows of a printed table; `--json` has all."""


def ask(
    named: str, text: str, model: str | None, assignments: Sequence[str], seed: int, *, as_json: bool
) -> None:
    """Prints what a query finds.

    Args:
        named: a snapshot, the folder of a run (its latest snapshot), or a model (its world at tick 0).
        text: the query.
        model: of a snapshot whose model's file has moved.
        assignments: `KEY=VALUE` of a model's parameters.
        seed: of a model's world.
        as_json: as one JSON object.

    Raises:
        QueryError: the text is wrong; points at the column.
        UserError: nothing of that name.
    """
    Query.parse(text)  # its mistakes are said before a world is made
    found = _world(named, model, assignments, seed).query(text)
    if as_json:
        print(json.dumps(found.to_plain(), allow_nan=False))
    else:
        _print(found)


def _world(named: str, model: str | None, assignments: Sequence[str], seed: int) -> engine.Simulation:
    path = Path(named).expanduser()
    is_model = named in examples() and not path.exists()
    if is_model or path.suffix == ".py" or ".py:" in named:
        if model is not None:
            raise UserError(f"--model is of a snapshot, and {named} is a model itself")
        start = find_model(named)
        return engine.start(start, start.parse(list(assignments)), {"rng": seed})
    if assignments:
        raise UserError("--set is of a model; the parameters of a snapshot are those of its run")
    return simulation_of(path, model)


def _print(found: Result) -> None:
    table = Table(box=box.SIMPLE, pad_edge=False)
    for name, column in found.items():
        table.add_column(
            escape(name), justify="right" if column.dtype.kind in "iuf" else "left", overflow="fold"
        )
    shown = min(found.rows, MOST_SHOWN)
    for number in range(shown):
        table.add_row(*(escape(_cell(value)) for value in found.row(number).values()))
    console = Console(highlight=False)
    console.print(table)
    rows = "1 row" if found.rows == 1 else f"{found.rows} rows"
    cut = f", the first {shown} of them shown; --json has all" if shown < found.rows else ""
    console.print(f"{rows} at tick {found.tick}{cut}", soft_wrap=True)
    if found.cursor is not None:
        console.print(f"more: after '{found.cursor}'", soft_wrap=True, markup=False)


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return f"({', '.join(map(_cell, value))})"
    return f"{value:.6g}" if isinstance(value, float) else str(value)
