"""How a snapshot's model differs from the one in hand is said in words, completely."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import pytest

from bigworlds.errors import SnapshotError
from bigworlds.snapshot import difference, require_same_model, schema


class Field(NamedTuple):
    dtype: str
    length: int = 1
    kind: str = "scalar"


def model(
    parameters: dict[str, tuple[str, int, int]] | None = None, **components: dict[str, Field]
) -> dict[str, Any]:
    types = [type(name, (), {"__bw_fields__": fields}) for name, fields in components.items()]
    owner = type("Params", (), {"__bw_layout__": parameters}) if parameters is not None else None
    return {"model": "boids", "schema": json.loads(json.dumps(schema(types, owner)))}


BIRD = {"position": Field("f8", 2, "vec2"), "age": Field("i8")}


def test_a_model_does_not_differ_from_itself() -> None:
    one = model({"n": ("i8", 0, 1)}, Bird=BIRD)
    assert difference(one, one) == []
    require_same_model("a.h5", one, one)


def test_everything_that_differs_is_said() -> None:
    old = model(
        {"n": ("i8", 0, 1), "radius": ("f8", 8, 1), "wind": ("f8", 16, 2)},
        Bird=BIRD,
        Fox={},
        Grass={},
    )
    new = model(
        {"n": ("f8", 0, 1), "radios": ("f8", 8, 1), "wind": ("f8", 16, 3)},
        Bird={"position": Field("f8", 3, "vec3"), "energy": Field("f4")},
        Wolf={},
        Grass={},
    )
    new["model"] = "flock"
    assert difference(old, new) == [
        "the snapshot is of the model 'boids', this model is 'flock'",
        "component Fox is in the snapshot and not in the model; known: Wolf",
        "component Wolf is in the model and not in the snapshot",
        "field Bird.age is in the snapshot and not in the model; known: energy",
        "field Bird.energy is in the model and not in the snapshot",
        "field Bird.position is vec2 (2 x float64) in the snapshot "
        "and vec3 (3 x float64) in the model",
        "parameter radius is in the snapshot and not in the model; did you mean 'radios'?",
        "parameter radios is in the model and not in the snapshot",
        "parameter n is int in the snapshot and float in the model",
        "parameter wind is 2 x float in the snapshot and 3 x float in the model",
    ]


def test_the_snapshot_of_another_model_is_refused_with_all_of_it() -> None:
    with pytest.raises(SnapshotError) as caught:
        require_same_model("old.h5", model(Bird=BIRD), model(Bird={"position": BIRD["position"]}))
    assert "old.h5 is a snapshot of another model" in str(caught.value)
    assert "field Bird.age is in the snapshot and not in the model" in str(caught.value)


def test_a_snapshot_without_a_schema_differs_in_everything() -> None:
    assert difference({}, model(Bird=BIRD)) == [
        "the snapshot is of the model None, this model is 'boids'",
        "component Bird is in the model and not in the snapshot",
    ]
