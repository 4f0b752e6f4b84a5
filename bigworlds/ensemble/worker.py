"""A worker: the process that runs one run of a sweep after another. Started by `crew.py`, not by people.

It reads one JSON object a line on its standard input: first what it has to know for all runs, then a run a
line; and writes the rows of each on its standard output. With several ranks it gets both as arguments, runs
the one run, and its rank 0 answers. When its input ends, the sweep is over, or gone: so is the worker.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import queue
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO

from bigworlds.cluster import launcher
from bigworlds.errors import BigworldsError, UserError
from bigworlds.model import Model, models_of_file
from bigworlds.simulation import model_hash

# Set in every worker: a sweep that a model file starts while a worker loads it is refused.
MARK = "BIGWORLDS_SWEEP_WORKER"

# The longest message of a failed run that is kept, in characters.
MOST_CHARACTERS = 2000


def run_one(model: Model, task: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Runs one run from tick 0 to its end.

    Args:
        model: the model.
        task: `given` parameters, `seed`, `threads`, `ticks` (None for the model's own), `every` (ticks
            between rows, or None).

    Returns:
        A dict a row: `tick`, `metrics`, `ended`, `error`; the last one has one of the latter two.
    """
    rows: list[dict[str, Any]] = []
    simulation = None
    try:
        simulation = model.simulate(rng=task["seed"], threads=task["threads"], **task["given"])
        end = model.ticks if task["ticks"] is None else task["ticks"]
        every = task["every"]
        ended = "ticks"
        while end is None or simulation.tick < end:
            if every is not None:
                rows.append(_row(simulation, ""))
            # The next tick at which somebody looks; without any, a stretch that the model ends.
            due = end if every is None else (simulation.tick // every + 1) * every
            until = min([tick for tick in (due, end) if tick is not None], default=simulation.tick + _STRIDE)
            simulation.run(until - simulation.tick)
            if simulation.ended == "stop":
                ended = "stop"
                break
        rows.append(_row(simulation, ended))
    except Exception as problem:
        tick = 0 if simulation is None else simulation.tick
        rows.append({"tick": tick, "metrics": {}, "ended": "", "error": in_words(problem)})
    return rows


# So many ticks are asked for at once where only the model knows its end.
_STRIDE = 1 << 20


def _row(simulation: Any, ended: str) -> dict[str, Any]:
    return {"tick": simulation.tick, "metrics": simulation.metrics(), "ended": ended, "error": ""}


def in_words(problem: BaseException) -> str:
    """What went wrong, on one line."""
    named = "" if isinstance(problem, BigworldsError) else f"{type(problem).__name__}: "
    return " ".join(f"{named}{problem}".split())[:MOST_CHARACTERS] or type(problem).__name__


def _loaded(about: Mapping[str, Any]) -> Model:
    path = Path(about["source"])
    sys.path += [folder for folder in about["folders"] if folder not in sys.path]
    for model in _models(path, about["module"]):
        if model.name == about["model"]:
            if model_hash(model) != about["model_hash"]:
                raise UserError(f"{path} has changed since the sweep began; start the sweep again")
            return model
    raise UserError(
        f"{path} has no model '{about['model']}' at its top level, where other processes can find it; "
        "move it there"
    )


def _models(path: Path, module: str) -> list[Model]:
    """The models of a file: a module of a package by its name, so that its own imports work."""
    if "." in module:
        with contextlib.suppress(ImportError):
            return [
                found for found in vars(importlib.import_module(module)).values() if isinstance(found, Model)
            ]
    return list(models_of_file(path).values())


def _own_stdout() -> TextIO:
    """The standard output for answers alone; whatever else is printed, by C code too, goes to stderr."""
    sys.stdout.flush()
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return answers


def _tasks() -> queue.Queue[str]:
    """The lines that come in; the end of them ends the process, in the midst of a run too."""
    lines: queue.Queue[str] = queue.Queue()

    def read() -> None:
        for line in sys.stdin:
            lines.put(line)
        os._exit(0)

    threading.Thread(target=read, name="bigworlds-sweep-input", daemon=True).start()
    return lines


def main(arguments: list[str]) -> None:
    """Runs what comes in."""
    answers = _own_stdout()

    def answer(what: Any) -> None:
        print(json.dumps(what), file=answers, flush=True)

    tasks = _tasks() if not arguments else None
    about = json.loads(arguments[0] if tasks is None else tasks.get())
    started = launcher()
    speaks = started is None or started.rank == 0
    try:
        model = _loaded(about)
    except BaseException as problem:
        if speaks:
            answer({"cannot load": in_words(problem)})
        return
    if tasks is None:
        rows = run_one(model, json.loads(arguments[1]))
        if speaks:
            answer(rows)
        return
    while True:
        answer(run_one(model, json.loads(tasks.get())))


if __name__ == "__main__":
    main(sys.argv[1:])
