"""Vectorised behaviors: the user's function over whole columns, as NumPy arrays of the rows in hand.

Row i of what is written may depend on row i of what is read, on parameters and on the row's random numbers
only: the engine cuts the rows into ranges as it likes. Nothing is stored unless the function returns.
"""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bigworlds import _core
from bigworlds.behavior import abi
from bigworlds.behavior.interpreted.parameters import parameters_of
from bigworlds.behavior.interpreted.random import Stream
from bigworlds.behavior.kernel import Kernel
from bigworlds.data.fields import Field, contents_of, value_of_contents
from bigworlds.errors import nearest_names

if TYPE_CHECKING:
    from bigworlds.behavior.behavior import Behavior
    from bigworlds.behavior.translate.program import Argument
    from bigworlds.behavior.uses import ColumnUse


# Above every id: the exception of a range that cannot be told to be of one row.
_NOBODY = 1 << 64


class Columns:
    """An own component of a vectorised behavior: its fields as arrays, one row per agent.

    Vectors, arrays, lists and strings have a second axis; texts, bytes and lists of any length are arrays of
    objects (str, bytes, list). Fields that the behavior writes are copies until it
    returns; the others are read-only views.
    """

    def __init__(self, component: type, arrays: dict[str, NDArray[Any]]) -> None:
        self.__dict__["_component"] = component
        self.__dict__.update(arrays)

    def __getattr__(self, name: str) -> Any:
        component = self.__dict__["_component"]
        known = nearest_names(name, component.__bw_fields__)
        raise AttributeError(f"{component.__name__} has no field {name!r} in use here{known}")

    def __setattr__(self, name: str, value: ArrayLike) -> None:
        array = self.__dict__[name] if name in self.__dict__ else self.__getattr__(name)
        if not array.flags.writeable:
            raise AttributeError(f"{self.__dict__['_component'].__name__}.{name} was not declared as written")
        field = self.__dict__["_component"].__bw_fields__[name]
        if value is not array and field.is_open:
            array[:] = _objects(value, len(array), field)
        elif value is not array:
            array[...] = _fitting(value, array, f"{self.__dict__['_component'].__name__}.{name}")


def _objects(value: Any, rows: int, field: Field) -> list[Any]:
    """Values of any length for some rows: one for all, or one for each."""
    if isinstance(value, str | bytes) or (
        field.kind == "numbers" and not any(hasattr(item, "__len__") for item in value)
    ):
        return [value] * rows
    given = list(value)
    if len(given) != rows:
        raise ValueError(f"{field.full_name}: expected one value or {rows}, found {len(given)}")
    return given


def _fitting(value: ArrayLike, array: NDArray[Any], where: str) -> NDArray[Any]:
    """A value that can be stored in a column: whole numbers into whole columns, and within their range."""
    given = np.asarray(value)
    kind = array.dtype.kind
    if kind == "f" or given.dtype == array.dtype:
        return given
    if (kind == "b") != (given.dtype.kind == "b") or given.dtype.kind not in "iub":
        raise TypeError(
            f"{where} is {array.dtype.name}, found {given.dtype.name}; convert it, e.g. by .astype"
        )
    limits = np.iinfo(array.dtype)
    if given.size and (int(given.min()) < limits.min or int(given.max()) > limits.max):
        raise OverflowError(f"{where}: a value does not fit into {array.dtype.name}")
    return given


class Streams:
    """The random streams of many agents at once: each call gives an array with one number per row.

    The numbers are those that the same draws give in a compiled behavior.
    """

    def __init__(self, key: int, tick: int, ids: NDArray[np.uint64]) -> None:
        self._key, self._tick, self._ids = key, tick, ids
        self._drawn: NDArray[np.int64] = np.zeros(len(ids), np.int64)

    def words(self) -> NDArray[np.uint64]:
        """The next 64 random bits of every row."""
        first = int(self._drawn[0]) if len(self._drawn) else 0
        if (self._drawn == first).all():
            found = _core.random_words(self._key, self._tick, self._ids, first, 1)[:, 0]
        else:
            found = np.empty(len(self._ids), np.uint64)
            for drawn in np.unique(self._drawn):
                rows = self._drawn == drawn
                found[rows] = _core.random_words(self._key, self._tick, self._ids[rows], int(drawn), 1)[:, 0]
        self._drawn += 1
        return np.ascontiguousarray(found)

    def _unit(self) -> NDArray[np.float64]:
        unit: NDArray[np.float64] = (self.words() >> np.uint64(11)).astype(np.float64) * 2.0**-53
        return unit

    def uniform(self, low: ArrayLike = 0.0, high: ArrayLike = 1.0) -> NDArray[np.float64]:
        """Floats in [low, high)."""
        start = np.asarray(low, float)
        drawn: NDArray[np.float64] = start + (np.asarray(high, float) - start) * self._unit()
        return drawn

    def normal(self, mean: ArrayLike = 0.0, std: ArrayLike = 1.0) -> NDArray[np.float64]:
        """Normal deviates."""
        drawn: NDArray[np.float64] = np.asarray(mean) + np.asarray(std) * _core.math.normal(self.words())
        return drawn

    def exponential(self, scale: ArrayLike = 1.0) -> NDArray[np.float64]:
        """Exponential deviates."""
        drawn: NDArray[np.float64] = np.asarray(scale) * _core.math.exponential(self.words())
        return drawn

    def bernoulli(self, p: ArrayLike) -> NDArray[np.bool_]:
        """True with probability p."""
        drawn: NDArray[np.bool_] = self._unit() < np.asarray(p)
        return drawn

    def integers(self, low: int, high: int | None = None) -> NDArray[np.int64]:
        """Whole numbers in [low, high), or in [0, low) if high is not given; the range is the same for all
        rows."""
        if high is None:
            low, high = 0, low
        if high <= low:
            raise ValueError(f"rng.integers({low}, {high}): the range is empty")
        n = high - low
        before = self._drawn.copy()
        drawn = np.zeros(len(self._ids), np.int64)
        redrawn: NDArray[np.bool_] = np.ones(len(self._ids), np.bool_)
        if n <= 1 << 32:
            wide = (self.words() >> np.uint64(32)) * np.uint64(n)
            drawn[...] = (wide >> np.uint64(32)).astype(np.int64)
            redrawn = (wide & np.uint64(0xFFFFFFFF)) < np.uint64(n)
        for row in np.flatnonzero(redrawn):
            stream = Stream(self._key, int(self._ids[row]), self._tick, float, float, int(before[row]))
            drawn[row] = stream.integers(n)
            self._drawn[row] = stream.drawn
        result: NDArray[np.int64] = drawn + low
        return result

    def choice(self, items: ArrayLike) -> NDArray[Any]:
        """One of the items for every row, all equally likely."""
        given = np.asarray(items)
        chosen: NDArray[Any] = given[self.integers(0, len(given))]
        return chosen


class Clock:
    """The clock."""

    def __init__(self, tick: int) -> None:
        self.tick = tick


class Entities:
    """The agents themselves."""

    def __init__(self, call: Any, begin: int, ids: NDArray[np.uint64]) -> None:
        self._call, self._begin = call, begin
        self.id = ids

    def despawn(self, mask: ArrayLike) -> None:
        """Ends the lives of the rows where the mask is True, at the end of the phase."""
        chosen = np.asarray(mask)
        if chosen.dtype != np.bool_ or chosen.shape != self.id.shape:
            raise TypeError(
                f"me.despawn takes one bool per row, found {chosen.dtype.name} of shape {chosen.shape}"
            )
        services = self._call.services.contents
        for row in np.flatnonzero(chosen):
            services.despawn(ctypes.pointer(self._call), self._begin + int(row))


class Space:
    """The world's size per axis, as an array."""

    def __init__(self, extent: Any) -> None:
        self.size = np.array([e for e in extent if e > 0])


def vectorised_kernel(behavior: Behavior, parameters: Any) -> Kernel:
    """The kernel that calls the user's function once per range of rows."""
    ranges = _Ranges(behavior, parameters)
    callback = abi.KERNEL(ranges.run)
    address = ctypes.cast(callback, ctypes.c_void_p).value
    assert address is not None
    return Kernel(address, True, (callback, ranges), ranges.take_error)


class _Ranges:
    """Runs ranges of rows and keeps the exception of one that failed."""

    def __init__(self, behavior: Behavior, parameters: Any) -> None:
        self.behavior, self.parameters = behavior, parameters
        self.error: BaseException | None = None
        self.failed_id = _NOBODY

    def take_error(self) -> BaseException | None:
        """The exception of the failed row with the lowest id, once."""
        error, self.error = self.error, None
        return error

    def run(self, pointer: Any, begin: int, end: int) -> int:
        """The kernel. Where it fails, the first row that fails by itself is looked for: the engine then
        goes on behind it."""
        call = pointer.contents
        if end <= begin:
            return abi.OK
        if self.error is not None and not isinstance(self.error, Exception):
            call.failed_row = begin  # interrupted: the engine may still look for lower ids
            return abi.FAILED
        error = self._try(call, begin, end, store=True)
        if error is None:
            return abi.OK
        row, error = self._first_failing(call, begin, end, error)
        entity = _NOBODY if row is None else int(call.ids[row])
        if self.error is None or not isinstance(error, Exception) or entity < self.failed_id:
            self.error, self.failed_id = error, entity
        call.failed_row = -1 if row is None else row
        return abi.FAILED

    def _first_failing(
        self, call: Any, begin: int, end: int, error: BaseException
    ) -> tuple[int | None, BaseException]:
        """By halving, the first row of a failed range that fails by itself, and its exception; None and the
        range's where no row does, as in a function that does not go row by row."""
        while end - begin > 1 and isinstance(error, Exception):
            middle = (begin + end) // 2
            before = self._try(call, begin, middle, store=False)
            if before is None:
                begin = middle
            else:
                end, error = middle, before
        alone = error if not isinstance(error, Exception) else self._try(call, begin, begin + 1, store=False)
        return (begin, alone) if alone is not None else (None, error)

    def _try(self, call: Any, begin: int, end: int, *, store: bool) -> BaseException | None:
        """Runs the function on some rows; what it raised, or None."""
        try:
            self._range(call, begin, end, store)
        except BaseException as error:
            return error
        return None

    def _range(self, call: Any, begin: int, end: int, store: bool) -> None:
        memory = [_column(call, k, use, begin, end) for k, use in enumerate(self.behavior.columns)]
        arrays: dict[type, dict[str, NDArray[Any]]] = {c: {} for c in self.behavior.components}
        for use, column in zip(self.behavior.columns, memory, strict=True):
            given = column.copy() if use.writes and not use.field.is_open else column
            given.flags.writeable = use.writes
            arrays[use.component][use.field.name] = given
        ids = _view(ctypes.addressof(call.ids.contents) + 8 * begin, "u8", (end - begin,), (8,))
        ids.flags.writeable = False
        arguments = [self._argument(a, call, begin, ids, arrays) for a in self.behavior.arguments]
        self.behavior.function(*arguments)
        contents = {
            k: [
                contents_of(use.field.type, value, use.field.full_name)
                for value in arrays[use.component][use.field.name]
            ]
            for k, use in enumerate(self.behavior.columns)
            if use.writes and use.field.is_open
        }
        if not store:
            return
        for k, (use, column) in enumerate(zip(self.behavior.columns, memory, strict=True)):
            if k in contents:
                _core.open_values.write_rows(ctypes.addressof(call), k, begin, contents[k])
            elif use.writes:
                column[...] = arrays[use.component][use.field.name]

    def _argument(
        self, argument: Argument, call: Any, begin: int, ids: Any, arrays: dict[type, dict[str, NDArray[Any]]]
    ) -> Any:
        match argument.what:
            case "own":
                component = argument.components[0]
                return Columns(component, arrays[component])
            case "parameters":
                return parameters_of(call, self.parameters, argument.components[0], plain=True)
            case "rng":
                return Streams(int(call.rng_key), int(call.tick), ids)
            case "clock":
                return Clock(int(call.tick))
            case "entity":
                return Entities(call, begin, ids)
            case "space":
                return Space(call.extent)
        raise AssertionError(argument.what)


def _view(address: int, dtype: str, shape: tuple[int, ...], strides: tuple[int, ...]) -> NDArray[Any]:
    """An array over the engine's memory."""
    item = np.dtype(dtype).itemsize
    size = item + sum((n - 1) * s for n, s in zip(shape, strides, strict=True))
    buffer = (ctypes.c_char * size).from_address(address)
    return np.ndarray(shape, dtype, memoryview(buffer), 0, strides)


def _column(call: Any, k: int, use: ColumnUse, begin: int, end: int) -> NDArray[Any]:
    """The rows of a column; a copy where they are objects."""
    if use.field.is_open:
        objects = np.empty(end - begin, object)
        stored = _core.open_values.of_rows(ctypes.addressof(call), k, begin, end)
        objects[:] = [value_of_contents(use.field.type, one) for one in stored]
        return objects
    entry = call.columns[k]
    field, stride = use.field, int(entry.stride)
    item = np.dtype(field.dtype).itemsize
    shape: tuple[int, ...] = (end - begin,)
    strides: tuple[int, ...] = (stride,)
    if field.length > 1 or field.kind in ("array", "list", "string"):
        shape, strides = (*shape, field.length), (*strides, item)
    return _view(int(entry.data) + begin * stride, field.dtype, shape, strides)
