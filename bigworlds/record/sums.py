"""Exact sums: the order of the rows cannot matter, and a float is rounded once, at the end."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

_HALF_BITS = 32


def exact_sum(values: Array) -> int | float:
    """The sum of a column's values.

    Args:
        values: bool, integers or floats, shape (n,).

    Returns:
        For integers and bool the exact integer; for floats the exact sum rounded to the nearest
        float64 (Shewchuk 1997, doi:10.1007/PL00009321, as in `math.fsum`), and what IEEE 754 makes
        of infinities and NaN.

    Example:
        >>> exact_sum(np.array([1e16, 1.0, -1e16]))
        1.0
        >>> exact_sum(np.full(4, 2**62))
        18446744073709551616
    """
    kind = values.dtype.kind
    if kind == "b":
        return int(np.count_nonzero(values))
    if kind in "iu":
        # Halves of 32 bits: up to 2**31 rows fit into 64 bits, in any order.
        low = (values & (2**_HALF_BITS - 1)).astype(np.uint64).sum(dtype=np.uint64)
        high = (values.astype(np.int64 if kind == "i" else np.uint64) >> _HALF_BITS).sum()
        return (int(high) << _HALF_BITS) + int(low)
    floats = values.astype(np.float64, copy=False)
    if not np.isfinite(floats).all():
        with np.errstate(invalid="ignore"):
            return float(floats[~np.isfinite(floats)].sum())
    try:
        return math.fsum(floats)
    except OverflowError:  # a partial sum, or the sum itself, is beyond the largest float
        return _rounded(sum(map(Fraction, floats.tolist()), Fraction()))


def _rounded(exact: Fraction) -> float:
    try:
        return float(exact)
    except OverflowError:
        return math.copysign(math.inf, exact)
