"""What users give for the fields of a spawn, checked against the fields and made into columns.

A column is an array (rows,) or (rows, length) in the field's dtype, read-only; one of a single row holds
for all. Where values have any length it is an array of objects, the stored bytes of each row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bigworlds.data.fields import Field, contents_of, to_elements
from bigworlds.errors import ModelError
from bigworlds.space import Space

Column = NDArray[Any]


@dataclass(frozen=True)
class Target:
    """Where a given value goes.

    Attributes:
        where: the call, for error messages, as in "spawn(Bird)".
        field: the field to fill.
        space: the world's space, None where it has none.
        rows: how many rows there are, None where that is not known yet.
        shape: of the array over the cells of a grid, [y, x]; None where the rows are entities.
    """

    where: str
    field: Field
    space: Space | None
    rows: int | None = None
    shape: tuple[int, ...] | None = None

    def wrong(self, expected: str, found: str) -> ModelError:
        """The error for a value that does not fit."""
        return ModelError(f"{self.where}: {self.field.full_name}: expected {expected}; found {found}")


def column_of(target: Target, given: Any) -> Column:
    """The column that a given value means.

    Args:
        target: where it goes.
        given: one value for all rows (a number, vector, text, list, enum member or its name, as the field
            has it), or one
            for each row: an array, list or data-frame column, (rows,) or (rows, length); for cells also the
            shape of the grid, [y, x].

    Raises:
        ModelError: wrong type, shape or range; the message says what was expected and found.
    """
    kind = target.field.kind
    if target.field.is_open:
        return _of_any_length(target, [given] if _is_single(target.field, given) else list(given))
    if kind in ("string", "list"):
        return _from_rows(target, [given] if _is_single(target.field, given) else list(given))
    if _is_single(target.field, given):
        return _from_rows(target, [given])
    if kind == "enum" and any(isinstance(value, str) for value in given):
        return _from_rows(target, list(given))
    values = _as_array(target, given)
    _check_kind(target, values)
    length = target.field.length
    tail = () if _is_flat(target.field) else (length,)
    if target.shape is not None and values.shape == target.shape + tail:
        values = values.reshape(-1, *tail)
    if values.ndim != 1 + len(tail) or values.shape[1:] != tail:
        raise target.wrong(_shape_text(target, tail), f"an array of shape {values.shape}")
    return _frozen(values.astype(target.field.dtype))


def _is_flat(field: Field) -> bool:
    """Whether a row of the field is a single number."""
    return field.kind in ("scalar", "ref", "enum")


def _is_single(field: Field, given: Any) -> bool:
    """Whether a value is meant for all rows, as opposed to a sequence with one value per row."""
    if isinstance(given, str | bytes | bytearray | memoryview) or given is None:
        return True
    if field.kind in ("text", "bytes"):
        return not hasattr(given, "__iter__")
    if field.kind == "string":
        return False
    if _is_flat(field):
        return not hasattr(given, "__len__") or getattr(given, "ndim", 1) == 0
    try:
        return all(not hasattr(part, "__len__") or getattr(part, "ndim", 1) == 0 for part in given)
    except TypeError:
        return True


def _from_rows(target: Target, rows: Sequence[Any]) -> Column:
    """A column of values that are converted one by one, with the row in the message."""
    field = target.field
    elements = np.empty((len(rows), field.length), field.dtype)
    for number, value in enumerate(rows):
        row = f", row {number}" if len(rows) > 1 else ""
        plain = 0 if value is None and field.kind == "ref" else value
        elements[number] = to_elements(field.type, plain, f"{target.where}: {field.full_name}{row}")
        _check_members(target, elements[number])
    return _frozen(elements[:, 0] if _is_flat(field) else elements)


def _of_any_length(target: Target, rows: Sequence[Any]) -> Column:
    """A column of values of any length: the stored bytes of each, as objects."""
    field = target.field
    contents = np.empty(len(rows), object)
    for number, value in enumerate(rows):
        row = f", row {number}" if len(rows) > 1 else ""
        plain = value.item() if isinstance(value, np.str_ | np.bytes_) else value
        contents[number] = contents_of(field.type, plain, f"{target.where}: {field.full_name}{row}")
    return _frozen(contents)


def _as_array(target: Target, given: Any) -> NDArray[Any]:
    try:
        values = np.asarray(given)
    except (ValueError, TypeError) as problem:
        raise target.wrong("an array", f"{type(given).__name__} ({problem})") from None
    if values.dtype.kind == "O":
        raise target.wrong(f"numbers ({target.field.dtype})", f"{type(given).__name__} of mixed objects")
    return values


def _check_kind(target: Target, values: NDArray[Any]) -> None:
    """Refuses arrays whose values would change on their way into the field's dtype."""
    wanted = np.dtype(target.field.dtype)
    found = f"an array of {values.dtype.name}"
    if wanted.kind == "f":
        if values.dtype.kind not in "iuf":
            raise target.wrong(f"numbers ({wanted.name})", found)
    elif wanted.kind == "b":
        if values.dtype.kind != "b":
            raise target.wrong("True or False (bool)", found)
    elif values.dtype.kind not in "iu":
        hint = "; convert it with .astype(int)" if values.dtype.kind == "f" else ""
        raise target.wrong(f"whole numbers ({wanted.name})", found + hint)
    elif values.size:
        limits, low, high = np.iinfo(wanted), int(values.min()), int(values.max())
        if low < limits.min or high > limits.max:
            raise target.wrong(f"{limits.min} to {limits.max} ({wanted.name})", f"{low} to {high}")
        _check_members(target, values)


def _check_members(target: Target, values: NDArray[Any]) -> None:
    enumeration = target.field.type.enumeration
    if enumeration is None:
        return
    members = [int(member) for member in enumeration]
    strange = values[~np.isin(values, members)]
    if len(strange):
        names = ", ".join(f"{member.name} ({int(member)})" for member in enumeration)
        raise target.wrong(f"a {enumeration.__name__}: {names}", str(strange.flat[0]))


def _shape_text(target: Target, tail: tuple[int, ...]) -> str:
    rows = "rows" if target.rows is None else str(target.rows)
    flat = f"({rows}, {tail[0]})" if tail else f"({rows},)"
    grid = f" or {target.shape + tail}" if target.shape is not None else ""
    one = f"one {target.field.kind}" if tail else "one value"
    return f"{one} or an array of shape {flat}{grid}"


def _frozen(column: NDArray[Any]) -> Column:
    column.setflags(write=False)
    return column
