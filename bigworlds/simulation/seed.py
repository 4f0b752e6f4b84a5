"""Seeds: what users give as `rng` (SPEC 7) becomes the one 64-bit number that all random streams are keyed
by."""

from __future__ import annotations

import secrets
from typing import Any

import numpy as np

from bigworlds.errors import UserError

LARGEST = 2**63 - 1


def seed_of(rng: Any) -> int:
    """The seed that an `rng` argument means.

    Args:
        rng: a whole number from 0 to 2^63 - 1, a `numpy.random.SeedSequence`, a `numpy.random.Generator`
        (drawn from
            once), or None for a fresh seed from the operating system.

    Returns:
        A number from 0 to 2^63 - 1: it fits every integer type that files and languages have.

    Raises:
        UserError: something else was given.

    Example:
        >>> seed_of(7)
        7
    """
    if rng is None:
        # Short enough to be read out and typed again.
        return secrets.randbits(31)
    if isinstance(rng, np.random.SeedSequence):
        return int(rng.generate_state(1, np.uint64)[0]) & LARGEST
    if isinstance(rng, np.random.Generator):
        return int(rng.integers(0, LARGEST, dtype=np.int64, endpoint=True))
    if isinstance(rng, int | np.integer) and not isinstance(rng, bool) and 0 <= int(rng) <= LARGEST:
        return int(rng)
    raise UserError(
        f"rng is a whole number from 0 to {LARGEST}, a numpy SeedSequence or Generator, "
        f"or None for a fresh seed; "
        f"found {rng!r}"
    )
