"""A screen of characters as plain data: one code point and two colours per place, and what writes into it.

Colours are packed 24-bit numbers (red << 16 | green << 8 | blue); -1 is the terminal's own colour.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from bigworlds.view.palette import Rgb

Colors = NDArray[np.int32]
Codes = NDArray[np.uint32]

OWN_COLOR = -1
SPACE = ord(" ")
BRAILLE_START = 0x2800
# Unicode numbers the eight dots of a braille pattern in this order, rows of two from the top.
BRAILLE_BITS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]], dtype=np.int64)


@dataclass(frozen=True)
class Screen:
    """Characters and their colours.

    Attributes:
        codes: uint32 (rows, columns), Unicode code points, each one column wide.
        ink: int32 (rows, columns), colours of the characters.
        paper: int32 (rows, columns), colours behind them.
    """

    codes: Codes
    ink: Colors
    paper: Colors

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.codes.shape[0], self.codes.shape[1]

    def part(self, top: int, left: int, rows: int, columns: int) -> Screen:
        """A rectangle of the screen, as views: what is written there is written here."""
        area = (slice(top, top + rows), slice(left, left + columns))
        return Screen(self.codes[area], self.ink[area], self.paper[area])

    def write(self, row: int, column: int, text: str, color: int = OWN_COLOR) -> int:
        """Writes text in a line, cut at the right edge.

        Args:
            row, column: where it begins.
            text: characters that take no place or two are replaced by a question mark.
            color: packed colour.

        Returns:
            The column after the text.
        """
        if not 0 <= row < self.shape[0]:
            return column
        room = max(0, self.shape[1] - column)
        codes = [ord(character) for character in printable(text)[:room]]
        end = column + len(codes)
        self.codes[row, column:end] = codes
        self.ink[row, column:end] = color
        return end

    def text(self) -> str:
        """The characters as lines, without colours and without spaces at their ends."""
        lines = ["".join(map(chr, line)).rstrip() for line in self.codes.tolist()]
        return "\n".join(lines)


def blank_screen(rows: int, columns: int) -> Screen:
    """A screen of spaces in the terminal's own colours."""
    return Screen(
        np.full((rows, columns), SPACE, dtype=np.uint32),
        np.full((rows, columns), OWN_COLOR, dtype=np.int32),
        np.full((rows, columns), OWN_COLOR, dtype=np.int32),
    )


def packed(rgb: NDArray[np.generic]) -> Colors:
    """Colours as packed numbers.

    Args:
        rgb: (..., 3), 0 to 255.

    Example:
        >>> packed(np.array([[255, 0, 16]])).tolist() == [0xFF0010]
        True
    """
    parts = np.asarray(rgb).astype(np.int32)
    joined: Colors = (parts[..., 0] << 16) | (parts[..., 1] << 8) | parts[..., 2]
    return joined


def packed_color(rgb: Rgb) -> int:
    """One colour as a packed number."""
    return (rgb[0] << 16) | (rgb[1] << 8) | rgb[2]


def unpacked(colors: Colors) -> NDArray[np.int64]:
    """Red, green and blue of packed colours: int64 (..., 3). The terminal's own colour gives black."""
    kept = np.maximum(colors, 0).astype(np.int64)
    return np.stack([kept >> 16 & 255, kept >> 8 & 255, kept & 255], axis=-1)


@lru_cache(maxsize=256)
def printable(text: str) -> str:
    """Text whose every character takes one column: nothing in a name can move the cursor or bend the lines.

    Example:
        >>> printable("wolf\\x1b[2J \\u72fc")
        'wolf?[2J ?'
    """
    return "".join(character if _is_narrow(character) else "?" for character in text)


def _is_narrow(character: str) -> bool:
    category = unicodedata.category(character)
    wide = unicodedata.east_asian_width(character) in ("W", "F")
    return not (wide or category[0] == "C" or category in ("Mn", "Me", "Zl", "Zp"))


def braille_codes(dots: NDArray[np.bool_]) -> Codes:
    """Braille characters from dots.

    Args:
        dots: bool (4 * rows, 2 * columns).

    Returns:
        uint32 (rows, columns); a space where there is no dot.

    Example:
        >>> chr(braille_codes(np.ones((4, 2), dtype=bool))[0, 0]) == chr(0x28FF)
        True
    """
    rows, columns = dots.shape[0] // 4, dots.shape[1] // 2
    blocks = dots.reshape(rows, 4, columns, 2).transpose(0, 2, 1, 3)
    bits = (blocks * BRAILLE_BITS).sum(axis=(2, 3))
    codes: Codes = np.where(bits > 0, BRAILLE_START + bits, SPACE).astype(np.uint32)
    return codes
