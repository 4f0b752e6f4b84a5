"""Guarded views of columns: NumPy arrays without a copy that say so when they have gone stale."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from weakref import WeakMethod

import numpy as np
from numpy.typing import NDArray

from bigworlds import _core
from bigworlds.data.fields import Field, value_of_contents
from bigworlds.errors import UnknownNameError, UserError, nearest_names
from bigworlds.query import MOST_BYTES, Query, Result


class Generations:
    """Counts ticks and structural changes of a simulation: what was made before the last is stale."""

    __slots__ = ("now",)

    def __init__(self) -> None:
        self.now = 0


class Columns:
    """The columns of one component, by attribute: `sim.columns(Bird).position`.

    Valid until the next tick or structural change; used afterwards it raises. A plain array that was taken
    from it keeps its memory alive, but goes stale. Arrays are read-only; `writable(name)` gives one that is
    not, and marks the run as edited by hand.
    """

    def __init__(
        self,
        core: _core.Simulation,
        number: int,
        component: type,
        generations: Generations,
        edited: WeakMethod[Any],
    ) -> None:
        self._core = core
        self._number = number
        self._component = component
        self._fields = list(component.__bw_fields__)  # type: ignore[attr-defined]
        self._generations = generations
        self._made = generations.now
        self._edited = edited
        self._arrays: dict[str, NDArray[Any]] = {}
        self._writable: dict[str, NDArray[Any]] = {}

    def __getattr__(self, name: str) -> NDArray[Any]:
        if name.startswith("__"):
            raise AttributeError(name)
        if self._generations.now == self._made and name in self._arrays:
            return self._arrays[name]
        return self._array(name)

    def writable(self, name: str) -> NDArray[Any]:
        """The column as an array that can be written; marks the run as edited by hand, which a replay
        tells."""
        self._array(name)
        if self._component.__bw_fields__[name].is_open:  # type: ignore[attr-defined]
            label = f"{self._component.__name__}.{name}"
            raise UserError(
                f"{label} has values of any length, which are copies; use sim.set(ids, {label!r}, values)"
            )
        if not self._writable[name].flags.writeable:
            owner = self._component.__name__
            raise UserError(
                f"{owner}.{name} belongs to entities that another part of the world keeps; "
                "it can only be read"
            )
        mark_edited = self._edited()
        if mark_edited is not None:  # else the simulation is gone
            mark_edited()
        return self._writable[name]

    def _array(self, name: str) -> NDArray[Any]:
        if self._generations.now != self._made:
            raise UserError(
                f"this view of {self._component.__name__} is from before the last tick or structural change; "
                f"ask for sim.columns({self._component.__name__}) again"
            )
        if name not in self._arrays:
            self._arrays[name] = self._fetch(name)
        return self._arrays[name]

    def _fetch(self, name: str) -> NDArray[Any]:
        if name not in self._fields:
            known = nearest_names(name, self._fields)
            raise UnknownNameError(f"component '{self._component.__name__}' has no field '{name}'{known}")
        field = self._component.__bw_fields__[name]  # type: ignore[attr-defined]
        if field.is_open:
            return self._fetch_open(field)
        parts = self._core.views(self._number, self._fields.index(name))
        if len(parts) != 1:
            raise UserError(
                f"{len(parts)} archetypes have {self._component.__name__}, so its rows are no one column; "
                f"use sim.table({self._component.__name__})"
            )
        self._writable[name] = parts[0][1]
        array = self._writable[name].view()
        array.flags.writeable = False
        return array

    def _fetch_open(self, field: Field) -> NDArray[Any]:
        """Values of any length: objects, copied."""
        _, sizes, stored = _core.open_values.of_simulation(
            self._core, self._number, self._fields.index(field.name)
        )
        values = np.empty(len(sizes), object)
        begin = 0
        for row, size in enumerate(sizes):
            values[row] = value_of_contents(field.type, stored[begin : begin + size])
            begin += size
        values.flags.writeable = False
        self._writable[field.name] = values
        return values


class Local:
    """One rank's part of a world; nothing here is collective.

    On one rank it is the whole world: `sim.local.columns(Bird)` is then the same as `sim.columns(Bird)`.
    """

    def __init__(
        self, columns: Callable[[type | str], Columns], query: Callable[[Query | str, int], Result]
    ) -> None:
        self._columns = columns
        self._query = query

    def columns(self, component: type | str) -> Columns:
        """Views of the columns of this rank's rows, without a copy, valid until the next tick or structural
        change.

        Raises:
            UserError: a component that the model does not have, or one of several archetypes.
        """
        return self._columns(component)

    def query(self, query: Query | str, *, most_bytes: int = MOST_BYTES) -> Result:
        """What `sim.query` gives, of this rank's rows alone."""
        return self._query(query, most_bytes)
