"""The random stream in Python: Philox4x32-10, the same numbers as compiled/random.py and the C++ core give.

Salmon, Moraes, Dror, Shaw (2011), doi:10.1145/2063384.2063405; bounded integers by Lemire (2019),
doi:10.1145/3230636.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bigworlds.behavior.arguments import Rng

_M32 = 0xFFFFFFFF
_M64 = 0xFFFFFFFFFFFFFFFF


def philox(key: int, low: int, high: int) -> tuple[int, int]:
    """Two random 64-bit words of a key and a 128-bit counter (its low and high halves).

    Example (the known answer of Random123 for all zeros):
        >>> [hex(word) for word in philox(0, 0, 0)]
        ['0xe169c58d6627e8d5', '0x9b00dbd8bc57ac4c']
    """
    k0, k1 = key & _M32, key >> 32
    c0, c1, c2, c3 = low & _M32, low >> 32, high & _M32, high >> 32
    for _ in range(10):
        first, second = c0 * 0xD2511F53, c2 * 0xCD9E8D57
        c0, c1 = (second >> 32) ^ c1 ^ k0, second & _M32
        c2, c3 = (first >> 32) ^ c3 ^ k1, first & _M32
        k0, k1 = (k0 + 0x9E3779B9) & _M32, (k1 + 0xBB67AE85) & _M32
    return c0 | c1 << 32, c2 | c3 << 32


class Stream(Rng):
    """The stream of one agent in one tick.

    Args:
        key: of the behavior's stream.
        entity: the agent's id, unsigned.
        tick: the tick.
        normal_of, exponential_of: the engine's deviates of a random word.
        drawn: how many words were drawn before.
    """

    def __init__(
        self,
        key: int,
        entity: int,
        tick: int,
        normal_of: Callable[[int], float],
        exponential_of: Callable[[int], float],
        drawn: int = 0,
    ) -> None:
        self._key, self._entity, self._tick = key, entity, tick
        self._normal_of, self._exponential_of = normal_of, exponential_of
        self.drawn = drawn
        self._block: int | None = None
        self._words = (0, 0)

    def word(self) -> int:
        """The next 64 random bits."""
        block, half = divmod(self.drawn, 2)
        if block != self._block:
            counter = ((self._tick << 24) | block) & _M64
            self._block, self._words = block, philox(self._key, self._entity, counter)
        self.drawn += 1
        return self._words[half]

    def uniform(self, low: float = 0.0, high: float = 1.0) -> float:
        unit = self.unit()
        return low + (high - low) * unit

    def unit(self) -> float:
        """A multiple of 2^-53 in [0, 1)."""
        return (self.word() >> 11) * 2.0**-53

    def normal(self, mean: float = 0.0, std: float = 1.0) -> float:
        return mean + std * self._normal_of(self.word())

    def exponential(self, scale: float = 1.0) -> float:
        return scale * self._exponential_of(self.word())

    def integers(self, low: int, high: int | None = None) -> int:
        if high is None:
            low, high = 0, low
        if high <= low:
            raise ValueError(f"rng.integers({low}, {high}): the range is empty")
        return low + self._below(high - low)

    def _below(self, n: int) -> int:
        """A whole number in [0, n)."""
        if n > 1 << 32:
            mask = (1 << (n - 1).bit_length()) - 1
            while (candidate := self.word() & mask) >= n:
                pass
            return candidate
        m = (self.word() >> 32) * n
        if m & _M32 < n:
            threshold = ((1 << 32) - n) % n
            while m & _M32 < threshold:
                m = (self.word() >> 32) * n
        return m >> 32

    def choice(self, items: Any) -> Any:
        return items[self.integers(0, len(items))]

    def bernoulli(self, p: float) -> bool:
        return self.unit() < p
