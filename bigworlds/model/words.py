"""Random words for the start of a world: what a row gets depends on the seed, the stream and the row's id
only.

The only place of this room that calls the engine's generator, Philox4x32-10 (Salmon et al. 2011,
doi:10.1145/2063384.2063405).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bigworlds import _core

Words = NDArray[np.uint64]

_FEISTEL_ROUNDS = 8
_LOW_32 = np.uint64(0xFFFFFFFF)


def stream_key(seed: int, stream: str) -> int:
    """The 64-bit key of a named stream."""
    return int(_core.rng_key(seed, stream))


def random_words(key: int, ids: Words, first: int, count: int, tick: int = 0) -> Words:
    """Words number first, ..., first + count - 1 of each id: uint64 (n, count)."""
    return _core.random_words(key, tick, ids, first, count)


def unit_interval(words: Words) -> NDArray[np.float64]:
    """Uniform numbers in [0, 1): (word >> 11) * 2^-53."""
    return (words >> np.uint64(11)).astype(np.float64) * 2.0**-53


def below(key: int, ids: Words, count: int, element: int = 0, elements: int = 1) -> Words:
    """Uniform whole numbers in [0, count), one for each id, without bias.

    Lemire's method (2019, doi:10.1145/3230636) up to 2^32, rejection under a mask above.

    Args:
        key: the stream's key.
        ids: of the rows.
        count: how many values there are, 1 to 2^64.
        element: which of the row's numbers is drawn; try t of it uses word `element + t * elements`.
        elements: how many numbers a row has.

    Returns:
        uint64 (n,).
    """
    drawn = np.zeros(len(ids), np.uint64)
    pending = np.arange(len(ids))
    mask = np.uint64((1 << max(count - 1, 1).bit_length()) - 1)
    attempt = 0
    while len(pending):
        words = random_words(key, ids[pending], element + attempt * elements, 1)[:, 0]
        if count <= 1 << 32:
            product = (words >> np.uint64(32)) * np.uint64(count)
            value = product >> np.uint64(32)
            taken = (product & _LOW_32) >= np.uint64(((1 << 32) - count) % count)
        else:
            value = words & mask
            taken = value <= np.uint64(count - 1)
        drawn[pending[taken]] = value[taken]
        pending = pending[~taken]
        attempt += 1
    return drawn


def permuted(key: int, places: Words, count: int) -> Words:
    """Where a random permutation of 0 .. count - 1 sends the given places: distinct for distinct places.

    A Feistel network over the next power of two (Luby and Rackoff 1988, doi:10.1137/0217022), walked until
    it is back in range (Black and Rogaway 2002, doi:10.1007/3-540-45760-7_9): any part of the permutation
    can be had without the rest.

    Args:
        key: names the permutation.
        places: uint64 (n,), each below count.
        count: the size of the set.

    Returns:
        uint64 (n,), each below count.
    """
    bits = max((count - 1).bit_length(), 2)
    widths = (bits // 2, bits - bits // 2)
    values = _feistel(key, places, widths)
    astray = np.flatnonzero(values >= np.uint64(count))
    while len(astray):
        values[astray] = _feistel(key, values[astray], widths)
        astray = astray[values[astray] >= np.uint64(count)]
    return values


def _feistel(key: int, values: Words, widths: tuple[int, int]) -> Words:
    """One pass of the network over numbers of widths[0] + widths[1] bits; the halves swap widths each
    round."""
    left_bits, right_bits = widths
    left = values >> np.uint64(right_bits)
    right = values & np.uint64((1 << right_bits) - 1)
    for step in range(_FEISTEL_ROUNDS):
        mixed = random_words(key, right, 0, 1, tick=step)[:, 0] & np.uint64((1 << left_bits) - 1)
        left, right = right, left ^ mixed
        left_bits, right_bits = right_bits, left_bits
    return (left << np.uint64(right_bits)) | right
