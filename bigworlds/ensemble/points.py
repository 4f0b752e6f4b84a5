"""Points: which values the parameters of a sweep take, from texts, lists, tables and files."""

from __future__ import annotations

import csv
import itertools
import os
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from bigworlds.errors import UserError
from bigworlds.model import Model

Point = dict[str, Any]

# The most runs of one sweep.
MOST_RUNS = 1_000_000

COMBINATIONS = ("product", "zip")


def values_of_text(model: Model, name: str, text: str) -> list[Any]:
    """The values of a parameter that a text means.

    A text is a list, `1,2,3`, or a range, `START:STOP` or `START:STOP:STEP`, that includes STOP where a step
    ends there; `;` separates the values of vectors. Decimal fractions are counted exactly.

    Args:
        model: whose parameter it is.
        name: the parameter; `size` for presets.
        text: the text.

    Raises:
        UserError: there is no such parameter, the text is no list and no range, or the parameter cannot take
            a value.
    """
    words = _words(name, text)
    return [model.parse([f"{name}={word}"])[name] for word in words]


def _words(name: str, text: str) -> list[str]:
    if ":" in text:
        return _range(name, text)
    words = [word.strip() for word in text.split(";" if ";" in text else ",")]
    if not all(words):
        raise UserError(f"{name}={text}: expected values with commas between, as in {name}=1,2,3")
    return words


def _range(name: str, text: str) -> list[str]:
    form = f"a range is START:STOP or START:STOP:STEP, as in {name}=0:1:0.1; found {name}={text}"
    try:
        numbers = [Decimal(part.strip()) for part in text.split(":")]
    except InvalidOperation:
        raise UserError(form) from None
    if not 2 <= len(numbers) <= 3 or not all(number.is_finite() for number in numbers):
        raise UserError(form)
    start, stop = numbers[:2]
    step = numbers[2] if len(numbers) == 3 else Decimal(1)
    if step == 0 or (stop - start) / step < 0:
        raise UserError(f"{name}={text}: steps of {step} do not lead from {start} to {stop}")
    count = int((stop - start) / step) + 1
    if count > MOST_RUNS:
        raise UserError(f"{name}={text}: {count} values; a sweep has {MOST_RUNS:,} runs at most")
    return [format(start + k * step, "f") for k in range(count)]


def points_of_varied(varied: Mapping[str, Sequence[Any]], combine: str = "product") -> list[Point]:
    """All combinations of some values (`product`), or the first ones, the second ones, ... together (`zip`).

    Raises:
        UserError: another kind of combination, or lists of different lengths under `zip`.

    Example:
        >>> points_of_varied({"a": [1, 2], "b": [5, 6]}, "zip")
        [{'a': 1, 'b': 5}, {'a': 2, 'b': 6}]
        >>> len(points_of_varied({"a": [1, 2], "b": [5, 6]}))
        4
    """
    if combine not in COMBINATIONS:
        raise UserError(f"combine is 'product' or 'zip'; found {combine!r}")
    for name, values in varied.items():
        if len(values) == 0:
            raise UserError(f"'{name}' varies over no values; give at least one")
    if combine == "zip":
        lengths = {name: len(values) for name, values in varied.items()}
        if len(set(lengths.values())) > 1:
            said = ", ".join(f"{name} has {length}" for name, length in lengths.items())
            raise UserError(f"with zip all parameters have the same number of values; found: {said}")
        return [dict(zip(varied, together, strict=True)) for together in zip(*varied.values(), strict=True)]
    count = 1
    for values in varied.values():
        count *= len(values)
    if count > MOST_RUNS:
        raise UserError(f"the product has {count:,} points; a sweep has {MOST_RUNS:,} runs at most")
    return [dict(zip(varied, chosen, strict=True)) for chosen in itertools.product(*varied.values())]


def points_of_file(model: Model, path: str | os.PathLike[str]) -> list[Point]:
    """The points of a CSV file: a header with names of parameters, then one point a line; a column `seed`
    may give the seed of each.

    Raises:
        UserError: there is no such file, it has no points, or a value that cannot be; with file and line.
    """
    file = Path(path)
    try:
        lines = list(csv.reader(file.read_text(encoding="utf-8").splitlines()))
    except (OSError, UnicodeDecodeError) as problem:
        raise UserError(f"{file}: the table of points cannot be read: {problem}") from None
    names = [name.strip() for name in lines[0]] if lines else []
    if len(lines) < 2 or not all(names):
        raise UserError(f"{file}: expected a line with the names of parameters, then one point a line")
    points = []
    for number, line in enumerate(lines[1:], start=2):
        if not line:
            continue
        if len(line) != len(names):
            raise UserError(f"{file}:{number}: expected {len(names)} values, found {len(line)}")
        try:
            points.append(_typed(model, dict(zip(names, line, strict=True))))
        except UserError as problem:
            raise UserError(f"{file}:{number}: {problem}") from None
    return points


def _typed(model: Model, texts: Mapping[str, str]) -> Point:
    point: Point = {}
    for name, text in texts.items():
        if name == "seed":
            point[name] = seed_of_text(text)
        else:
            point.update(model.parse([f"{name}={text.strip()}"]))
    return point


def seed_of_text(text: str) -> int:
    """A seed from a text.

    Raises:
        UserError: it is no whole number from 0 up.
    """
    if not text.strip().isdecimal():
        raise UserError(f"a seed is a whole number from 0 up; found {text!r}")
    return int(text)


def points_of_table(table: Any) -> list[Point]:
    """The points of a pandas or polars frame, or of any iterable of mappings, one a row.

    Raises:
        UserError: it is none of these.
    """
    if hasattr(table, "to_dicts"):
        table = table.to_dicts()
    elif hasattr(table, "to_dict"):
        table = table.to_dict("records")
    if not isinstance(table, Iterable) or isinstance(table, str | Mapping):
        raise UserError(f"points are a frame, a list of dicts, or the path of a CSV file; found {table!r}")
    points = []
    for row in table:
        if not isinstance(row, Mapping):
            raise UserError(f"a point is a dict of parameters; found {row!r}")
        points.append({str(name): value for name, value in row.items()})
    if not points:
        raise UserError("there are no points; give at least one")
    return points
