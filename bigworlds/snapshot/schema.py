"""How the model of a snapshot differs from the one in hand, in words.

A schema is plain data: `{component: {field: [kind, type, length]}}`, with the kind of the field
("vec2", "scalar", "string"), the NumPy type of one element, and the number of elements. It goes
into every snapshot's meta under `"schema"`, so that a snapshot of another model is refused with
what differs, and not with what happens to break first.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from bigworlds.errors import SnapshotError, nearest_names

FieldType = Sequence[Any]
Schema = Mapping[str, Mapping[str, FieldType]]


def difference(snapshot: Schema, model: Schema) -> list[str]:
    """How the schema of a snapshot differs from that of the model in hand.

    Args:
        snapshot: the schema in the snapshot's meta.
        model: the schema of the model.

    Returns:
        One sentence per difference: a component or field that only one of them has, or a field of
        another type; empty where they are the same.

    Example:
        >>> old = {"Bird": {"age": ["scalar", "i8", 1], "speed": ["scalar", "f8", 1]}}
        >>> new = {"Bird": {"age": ["scalar", "f8", 1], "sped": ["scalar", "f8", 1]}}
        >>> print("\\n".join(difference(old, new)))
        field Bird.speed is in the snapshot and not in the model; did you mean 'sped'?
        field Bird.sped is in the model and not in the snapshot
        field Bird.age is int64 in the snapshot and float64 in the model
    """
    sentences = _only_in_one("component", snapshot, model)
    for component in sorted(snapshot.keys() & model.keys()):
        theirs = {f"{component}.{name}": field for name, field in snapshot[component].items()}
        ours = {f"{component}.{name}": field for name, field in model[component].items()}
        sentences += _only_in_one("field", theirs, ours)
        sentences += _changed("field", theirs, ours, _field_type)
    return sentences


def require_same_model(
    path: str | os.PathLike[str], snapshot: Mapping[str, Any], model: Mapping[str, Any]
) -> None:
    """Refuses the snapshot of another model.

    Args:
        path: the snapshot's file, for the message.
        snapshot: its meta. `"model"` (name), `"schema"` and the names and types of `"parameters"`
            are compared; values of parameters, seed and tick are not.
        model: the meta that a snapshot of the model in hand would have.

    Raises:
        SnapshotError: says everything that differs.
    """
    sentences = []
    if snapshot.get("model") != model.get("model"):
        sentences.append(
            f"the snapshot is of the model {snapshot.get('model')!r}, this model is {model.get('model')!r}"
        )
    sentences += difference(snapshot.get("schema") or {}, model.get("schema") or {})
    theirs, ours = snapshot.get("parameters") or {}, model.get("parameters") or {}
    sentences += _only_in_one("parameter", theirs, ours)
    sentences += _changed("parameter", _types(theirs), _types(ours), str)
    if sentences:
        listed = "\n".join(f"  - {sentence}" for sentence in sentences)
        raise SnapshotError(
            f"{os.fspath(path)} is a snapshot of another model than {model.get('model')!r}:\n"
            f"{listed}\nGive the model file that wrote it, or start afresh without the snapshot."
        )


def _only_in_one(what: str, theirs: Iterable[str], ours: Iterable[str]) -> list[str]:
    gone, added = sorted({*theirs} - {*ours}), sorted({*ours} - {*theirs})
    near = [name.split(".")[-1] for name in added]
    return [
        f"{what} {name} is in the snapshot and not in the model" + nearest_names(name.split(".")[-1], near)
        for name in gone
    ] + [f"{what} {name} is in the model and not in the snapshot" for name in added]


def _changed(
    what: str, theirs: Mapping[str, Any], ours: Mapping[str, Any], words: Callable[[Any], str]
) -> list[str]:
    return [
        f"{what} {name} is {words(theirs[name])} in the snapshot and {words(ours[name])} in the model"
        for name in sorted(theirs.keys() & ours.keys())
        if words(theirs[name]) != words(ours[name])
    ]


def _field_type(field: FieldType) -> str:
    """A field's type in words, such as `float64`, `vec2 (2 x float64)` or `string of 16 bytes`."""
    kind, dtype, length = field
    if kind == "string":
        return f"string of {length} bytes"
    scalar = np.dtype(dtype).name
    if length == 0:
        return f"{kind} of any length" if kind != "numbers" else f"list of {scalar}"
    return scalar if kind == "scalar" else f"{kind} ({length} x {scalar})"


def _types(parameters: Mapping[str, Any]) -> dict[str, str]:
    """The types of parameters' values in words; a whole number may stand for a float."""
    return {name: _value_type(value) for name, value in parameters.items()}


def _value_type(value: Any) -> str:
    if isinstance(value, bool):
        return "a truth value"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return "a text"
    return f"{len(value)} numbers" if isinstance(value, list | tuple) else type(value).__name__
