"""What a snapshot holds, for people: the summary that `bigworlds inspect` prints."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bigworlds.snapshot import file, user_block


@dataclass(frozen=True, slots=True)
class ColumnSummary:
    """A column: its name, NumPy type, and number of elements in a row."""

    name: str
    dtype: np.dtype[np.generic]
    length: int

    def __str__(self) -> str:
        dtype = f"bytes[{self.dtype.itemsize}]" if self.dtype.kind == "S" else self.dtype.name
        return f"{self.name}: {dtype}" + (f" x {self.length}" if self.length != 1 else "")


@dataclass(frozen=True, slots=True)
class SectionSummary:
    """A section: room, name, number of rows, bytes of its arrays, columns."""

    room: str
    name: str
    rows: int
    nbytes: int
    columns: tuple[ColumnSummary, ...]


@dataclass(frozen=True, slots=True)
class Summary:
    """A snapshot whose every byte has been checked; `str()` of it is a text for people.

    Attributes:
        path: the file.
        file_bytes: its length.
        format: number of the snapshot format.
        meta: what the writer said about it: model, model_hash, version, seed, tick, parameters,
            schema and whatever else.
        sections: what it holds, in file order.
    """

    path: Path
    file_bytes: int
    format: int
    meta: Mapping[str, Any]
    sections: tuple[SectionSummary, ...]

    def __str__(self) -> str:
        lines = [f"{self.path}: a whole snapshot of {size(self.file_bytes)}, format {self.format}"]
        for key in ("model", "model_hash", "version", "tick", "seed"):
            if key in self.meta:
                lines.append(f"  {key.replace('_', ' '):<12}{self.meta[key]}")
        parameters = self.meta.get("parameters")
        if isinstance(parameters, Mapping) and parameters:
            lines.append("  parameters")
            lines += [f"    {name} = {value}" for name, value in parameters.items()]
        lines.append("  sections")
        for section in self.sections:
            lines.append(f"    {section.room}/{section.name}: {section.rows:,} rows, {size(section.nbytes)}")
            lines += [f"      {column}" for column in section.columns]
        return "\n".join(lines)


def inspect(path: str | os.PathLike[str]) -> Summary:
    """Checks every byte of a snapshot and says what it holds, without loading it.

    Args:
        path: the file.

    Raises:
        SnapshotError: no snapshot, another format, truncated or damaged.

    *Local*. Reads the file once, in little memory.

    Example:
        >>> import tempfile
        >>> from bigworlds.snapshot import Section, write
        >>> keys = np.arange(3, dtype="u8")
        >>> path = Path(tempfile.mkdtemp()) / "world.h5"
        >>> birds = Section("ecs", "Bird", keys, {"place": np.zeros((3, 2))})
        >>> _ = write(path, [birds], {"tick": 7})
        >>> print(str(inspect(path)).replace(str(path), "world.h5"))  # doctest: +ELLIPSIS
        world.h5: a whole snapshot of ... kB, format 1
          tick        7
          sections
            ecs/Bird: 3 rows, 72 bytes
              place: float64 x 2
    """
    meta, listed, file_bytes = file.check(path)
    sections = tuple(_section(entry) for entry in listed)
    return Summary(Path(path), file_bytes, user_block.FORMAT, meta, sections)


def size(nbytes: int) -> str:
    """A number of bytes for people.

    Example:
        >>> size(999), size(1500), size(32_000_000)
        ('999 bytes', '1.5 kB', '32.0 MB')
    """
    if nbytes < 1000:
        return f"{nbytes} bytes"
    power = min(int(math.log10(nbytes)) // 3, 4)
    return f"{nbytes / 1000**power:.1f} {('kB', 'MB', 'GB', 'TB')[power - 1]}"


def _section(entry: Mapping[str, Any]) -> SectionSummary:
    places = [entry["keys"], *entry["columns"].values()]
    nbytes = sum(math.prod(place["shape"]) * np.dtype(place["type"]).itemsize for place in places)
    columns = tuple(
        ColumnSummary(name, np.dtype(place["type"]), math.prod(place["shape"][1:]))
        for name, place in entry["columns"].items()
    )
    return SectionSummary(entry["room"], entry["name"], entry["keys"]["shape"][0], nbytes, columns)
