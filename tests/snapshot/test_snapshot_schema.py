"""How a snapshot's model differs from the one in hand is said in words, completely."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bigworlds.errors import SnapshotError
from bigworlds.snapshot import difference, require_same_model

BIRD = {"position": ["vec2", "f8", 2], "age": ["scalar", "i8", 1], "name": ["string", "S", 16]}


def meta(**parts: Any) -> dict[str, Any]:
    whole = {"model": "boids", "schema": {"Bird": BIRD}, "parameters": {"n": 7, "wind": [0.0, 1.0]}}
    return {**whole, **parts}


def test_a_model_does_not_differ_from_itself() -> None:
    stored = json.loads(json.dumps(meta()))
    assert difference(stored["schema"], meta()["schema"]) == []
    require_same_model("a.h5", stored, meta(seed=8, tick=9))


def test_every_component_and_field_that_differs_is_said() -> None:
    old = {"Bird": BIRD, "Fox": {}, "Grass": {}}
    new = {
        "Bird": {
            "position": ("vec3", "f8", 3),
            "energy": ("scalar", "f4", 1),
            "name": ("string", "S", 8),
        },
        "Wolf": {},
        "Grass": {},
    }
    assert difference(old, new) == [
        "component Fox is in the snapshot and not in the model; known: Wolf",
        "component Wolf is in the model and not in the snapshot",
        "field Bird.age is in the snapshot and not in the model; known: energy",
        "field Bird.energy is in the model and not in the snapshot",
        "field Bird.name is string of 16 bytes in the snapshot and string of 8 bytes in the model",
        "field Bird.position is vec2 (2 x float64) in the snapshot and vec3 (3 x float64) in the model",
    ]


@pytest.mark.parametrize(
    ("model", "sentence"),
    [
        ({"model": "flock"}, "the snapshot is of the model 'boids', this model is 'flock'"),
        ({"schema": {}}, "component Bird is in the snapshot and not in the model"),
        ({"parameters": {"wind": [0, 1]}}, "parameter n is in the snapshot and not in the model"),
        (
            {"parameters": {"n": 7, "wynd": 1, "wind": [0.0, 1.0]}},
            "parameter wynd is in the model and not in the snapshot",
        ),
        (
            {"parameters": {"n": "many", "wind": [0.0, 1.0]}},
            "parameter n is a number in the snapshot and a text in the model",
        ),
        (
            {"parameters": {"n": True, "wind": [0.0, 1.0, 2.0]}},
            "parameter wind is 2 numbers in the snapshot and 3 numbers in the model",
        ),
    ],
)
def test_the_snapshot_of_another_model_is_refused_with_what_differs(
    model: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(SnapshotError) as caught:
        require_same_model("old.h5", meta(), meta(**model))
    assert "old.h5 is a snapshot of another model" in str(caught.value)
    assert sentence in str(caught.value)


def test_a_snapshot_that_says_nothing_of_its_model_differs_in_everything() -> None:
    with pytest.raises(SnapshotError, match="component Bird is in the model"):
        require_same_model("old.h5", {}, meta())
