"""Exact sums: the order of the rows cannot matter, and a float is rounded once, at the end."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bigworlds import _core

Array = NDArray[Any]


def exact_sum(values: Array) -> int | float:
    """The sum of a column's values.

    Args:
        values: bool, integers or floats, shape (n,).

    Returns:
        For integers and bool the exact integer, which may have more than 64 bits; for floats the
        exact sum rounded to the nearest float64, and what IEEE 754 makes of infinities and NaN.

    Example:
        >>> exact_sum(np.array([1e16, 1.0, -1e16]))
        1.0
        >>> exact_sum(np.full(4, 2**62))
        18446744073709551616
    """
    kind = values.dtype.kind
    if kind == "b":
        return int(np.count_nonzero(values))
    if kind == "f":
        floats = _core.ExactSum()
        floats.add(values.astype(np.float64, copy=False))
        return floats.value()
    integers = _core.IntegerSum()
    if kind == "u":
        integers.add_unsigned(values.astype(np.uint64, copy=False))
    else:
        integers.add_signed(values.astype(np.int64, copy=False))
    return integers.integer()
