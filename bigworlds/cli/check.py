"""`bigworlds check`: what `model.check()` finds, from the command line; for authors of models, and for CI."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from bigworlds.cli.failures import model_code
from bigworlds.errors import BigworldsError
from bigworlds.model import Model, WorldDescription


def check(model: Model, assignments: Sequence[str], *, ticks: int, seed: int, as_json: bool) -> None:
    """Checks a model and says what was tried; with as_json as one JSON object, whatever came out.

    Raises:
        ModelError: a wrong description, or behaviors that conflict or do not go row by row.
        BehaviorError: a behavior failed.
        UserError: a wrong parameter.
    """
    try:
        with model_code(model.source):
            parameters = model.parse(list(assignments))
            world = model.describe(model.settings(**parameters))
            row_by_row = model.check(rng=seed, ticks=ticks, **parameters)
    except BigworldsError as problem:
        if as_json:
            print(json.dumps({"model": model.name, "ok": False, "error": str(problem)}))
        raise
    if as_json:
        print(json.dumps(_told(model, world, row_by_row, ticks, seed)))
    else:
        print("\n".join(_lines(model, world, row_by_row, ticks)))


def _told(
    model: Model, world: WorldDescription, row_by_row: Sequence[str], ticks: int, seed: int
) -> dict[str, object]:
    behaviors = [
        {"name": behavior.name, "kind": behavior.kind.value, "phase": number}
        for number, phase in enumerate(world.phases, 1)
        for behavior in phase.behaviors
    ]
    return {
        "model": model.name, "ok": True, "error": None, "ticks": ticks, "seed": seed,
        "behaviors": behaviors, "row_by_row": list(row_by_row),
    }  # fmt: skip


def _lines(model: Model, world: WorldDescription, row_by_row: Sequence[str], ticks: int) -> Iterator[str]:
    behaviors = sum(len(phase.behaviors) for phase in world.phases)
    yield (
        f"{model.name}: {_number(behaviors, 'behavior')} in {_number(len(world.phases), 'phase')}, "
        "no conflicts"
    )
    yield f"{_number(ticks, 'tick')} ran without an error"
    if row_by_row:
        yield f"with rows cut at random the same bits came out: {', '.join(row_by_row)}"
    else:
        yield "no vectorised or native behaviors, whose rows would be cut at random"


def _number(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
