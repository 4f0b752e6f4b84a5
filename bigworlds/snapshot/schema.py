"""The schema of a model: its components' fields and its parameters, and how two of them differ, in
words.

It goes into every snapshot's meta, under `"schema"`, so that a snapshot of another model is refused
with what differs and not with what happens to break first.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from bigworlds.errors import SnapshotError, nearest_names

Schema = dict[str, dict[str, Any]]


def schema(components: Iterable[type], parameters: type | None = None) -> Schema:
    """The schema of a model, as plain data that JSON can hold.

    Args:
        components: all component types of the model, those of cells included.
        parameters: the model's Parameters type, if it has any.

    Returns:
        `{"components": {name: {field: {"type", "length", "kind"}}}, "parameters": {name: {"type",
        "length"}}}`
    """
    return {
        "components": {
            component.__name__: {
                name: {
                    "type": str(np.dtype(field.dtype).str[1:]),
                    "length": int(field.length),
                    "kind": str(field.kind),
                }
                for name, field in getattr(component, "__bw_fields__", {}).items()
            }
            for component in components
        },
        "parameters": {
            name: {"type": str(kind), "length": int(length)}
            for name, (kind, _, length) in getattr(parameters, "__bw_layout__", {}).items()
        },
    }


def difference(snapshot: Mapping[str, Any], model: Mapping[str, Any]) -> list[str]:
    """How the model of a snapshot differs from the one in hand.

    Args:
        snapshot: the snapshot's meta.
        model: the meta that a snapshot of the model in hand would have.

    Returns:
        One sentence per difference: the model's name, a component, field or parameter that only one
        of them has, or one of another type; empty where the snapshot fits. Values of parameters,
        seed and tick are not compared.

    Example:
        >>> def with_age(dtype):
        ...     age = {"type": dtype, "length": 1, "kind": "scalar"}
        ...     return {"schema": {"components": {"Bird": {"age": age}}}}
        >>> difference(with_age("i8"), with_age("f8"))
        ['field Bird.age is int64 in the snapshot and float64 in the model']
    """
    sentences = []
    if snapshot.get("model") != model.get("model"):
        sentences.append(
            f"the snapshot is of the model {snapshot.get('model')!r}, "
            f"this model is {model.get('model')!r}"
        )
    theirs, ours = snapshot.get("schema", {}), model.get("schema", {})
    their_components, our_components = theirs.get("components", {}), ours.get("components", {})
    sentences += _only_in_one("component", their_components, our_components)
    for component in sorted(their_components.keys() & our_components.keys()):
        their_fields = {
            f"{component}.{name}": field for name, field in their_components[component].items()
        }
        our_fields = {
            f"{component}.{name}": field for name, field in our_components[component].items()
        }
        sentences += _compare("field", their_fields, our_fields, _field_type)
    sentences += _compare(
        "parameter", theirs.get("parameters", {}), ours.get("parameters", {}), _parameter_type
    )
    return sentences


def require_same_model(
    path: str | os.PathLike[str], snapshot: Mapping[str, Any], model: Mapping[str, Any]
) -> None:
    """Refuses the snapshot of another model.

    Args:
        path: the snapshot's file, for the message.
        snapshot: its meta.
        model: the meta that a snapshot of the model in hand would have.

    Raises:
        SnapshotError: says everything that differs.
    """
    sentences = difference(snapshot, model)
    if sentences:
        listed = "\n".join(f"  - {sentence}" for sentence in sentences)
        raise SnapshotError(
            f"{os.fspath(path)} is a snapshot of another model than {model.get('model')!r}:\n"
            f"{listed}\nGive the model file that wrote it, or start afresh without the snapshot."
        )


def _only_in_one(what: str, theirs: Mapping[str, Any], ours: Mapping[str, Any]) -> list[str]:
    added = [name.split(".")[-1] for name in ours.keys() - theirs.keys()]
    gone = [
        f"{what} {name} is in the snapshot and not in the model"
        + nearest_names(name.split(".")[-1], added)
        for name in sorted(theirs.keys() - ours.keys())
    ]
    return gone + [
        f"{what} {name} is in the model and not in the snapshot"
        for name in sorted(ours.keys() - theirs.keys())
    ]


def _compare(
    what: str,
    theirs: Mapping[str, Any],
    ours: Mapping[str, Any],
    type_of: Callable[[Mapping[str, Any]], str],
) -> list[str]:
    changed = [
        f"{what} {name} is {type_of(theirs[name])} in the snapshot "
        f"and {type_of(ours[name])} in the model"
        for name in sorted(theirs.keys() & ours.keys())
        if theirs[name] != ours[name]
    ]
    return _only_in_one(what, theirs, ours) + changed


def _field_type(field: Mapping[str, Any]) -> str:
    """A field's type in words, such as `float64` or `vec2 (2 x float64)`."""
    scalar = np.dtype(field["type"]).name
    return (
        scalar if field["kind"] == "scalar" else f"{field['kind']} ({field['length']} x {scalar})"
    )


def _parameter_type(parameter: Mapping[str, Any]) -> str:
    scalar = {"i8": "int", "f8": "float", "b1": "bool"}.get(parameter["type"], parameter["type"])
    return scalar if parameter["length"] == 1 else f"{parameter['length']} x {scalar}"
