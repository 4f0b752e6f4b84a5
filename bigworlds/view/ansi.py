"""From screens to bytes for a terminal: what it can do, its colours, and only what changed since.

Everything is ECMA-48 (ANSI) that all terminal emulators and the Linux console understand; nothing
is asked of the terminal, so it works through ssh and tmux alike.
"""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import TextIO

import numpy as np
from numpy.typing import NDArray

from bigworlds.view.glyphs import TextStyle
from bigworlds.view.screen import OWN_COLOR, SPACE, Colors, Screen, blank_screen, unpacked

ESCAPE = "\x1b"
CLEAR = f"{ESCAPE}[0m{ESCAPE}[2J"
# Terminals that know synchronised updates show a frame at once; others ignore this.
BEGIN_UPDATE, END_UPDATE = f"{ESCAPE}[?2026h", f"{ESCAPE}[?2026l"
# Alternate screen, no cursor, no line wrap; and back in the opposite order, also out of an update
# that was cut off in its middle.
ENTER = f"{ESCAPE}[?1049h{ESCAPE}[?25l{ESCAPE}[?7l"
LEAVE = f"{END_UPDATE}{ESCAPE}[0m{ESCAPE}[?7h{ESCAPE}[?25h{ESCAPE}[?1049l"

# A place whose colours differ by no more than this from what is shown is not sent again.
COLOR_TOLERANCE = 6
# Writing over so many unchanged places is shorter than jumping over them.
SHORT_GAP = 3


class ColorDepth(Enum):
    """How many colours a terminal shows."""

    NONE = 0
    SIXTEEN = 16
    INDEXED = 256
    TRUE = 1 << 24


@dataclass(frozen=True)
class Capability:
    """What a terminal can do; `moving` is False where no escape sequence may be written."""

    color: ColorDepth
    unicode: bool
    moving: bool

    @property
    def style(self) -> TextStyle:
        """What may be drawn."""
        return TextStyle(unicode=self.unicode, color=self.color is not ColorDepth.NONE)


def detect_capability(stream: TextIO, environment: Mapping[str, str]) -> Capability:
    """What the terminal behind a stream can do, from TERM, COLORTERM, NO_COLOR and the encoding.

    Args:
        stream: where frames are written; what is no terminal gets plain text, no colours.
        environment: the environment variables.
    """
    unicode = _is_unicode(getattr(stream, "encoding", None))
    term = environment.get("TERM", "")
    if not stream.isatty() or term in ("", "dumb"):
        return Capability(ColorDepth.NONE, unicode, moving=False)
    return Capability(_color_depth(term, environment), unicode, moving=True)


def _is_unicode(encoding: str | None) -> bool:
    try:
        return codecs.lookup(encoding or "ascii").name.startswith("utf")
    except LookupError:
        return False


def _color_depth(term: str, environment: Mapping[str, str]) -> ColorDepth:
    # https://no-color.org: present and not empty.
    if environment.get("NO_COLOR"):
        return ColorDepth.NONE
    if environment.get("COLORTERM", "").lower() in ("truecolor", "24bit") or term.endswith("-direct"):
        return ColorDepth.TRUE
    if "256color" in term:
        return ColorDepth.INDEXED
    if term.startswith(("vt1", "vt2", "vt3", "vt5")) or term.endswith("-mono") or term == "ansi-m":
        return ColorDepth.NONE
    return ColorDepth.SIXTEEN


# The colours 0 to 15 as xterm has them; users' themes differ, the order of the hues does not.
_SIXTEEN = (
    *((0, 0, 0), (205, 0, 0), (0, 205, 0), (205, 205, 0), (0, 0, 238), (205, 0, 205), (0, 205, 205)),
    *((229, 229, 229), (127, 127, 127), (255, 0, 0), (0, 255, 0), (255, 255, 0), (92, 92, 255)),
    *((255, 0, 255), (0, 255, 255), (255, 255, 255)),
)
_CUBE_LEVELS = (0, 95, 135, 175, 215, 255)
_BITS_KEPT = 5
_HUE_GAIN = 2.0


@lru_cache(maxsize=2)
def _nearest_table(depth: ColorDepth) -> NDArray[np.int32]:
    """For each colour of 5 bits a channel, the number of the nearest colour that the terminal has."""
    levels = (np.arange(1 << _BITS_KEPT) * 255 / ((1 << _BITS_KEPT) - 1)).round().astype(np.int64)
    wanted = np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), axis=-1).reshape(-1, 3)
    if depth is ColorDepth.SIXTEEN:
        # Soft colours would all be grey: their hue counts for more than their paleness.
        gray = wanted.mean(axis=1, keepdims=True)
        strong = np.clip(gray + _HUE_GAIN * (wanted - gray), 0, 255).astype(np.int64)
        distances = [_distance(strong, np.array(color)) for color in _SIXTEEN]
        nearest: NDArray[np.int32] = np.argmin(distances, axis=0).astype(np.int32)
        return nearest
    # In the cube of 6 x 6 x 6 the nearest colour is the nearest level of each channel; the greys
    # are nearer where the channels are alike.
    cube_levels = np.array(_CUBE_LEVELS)
    step = np.abs(wanted[..., None] - cube_levels).argmin(axis=-1)
    cube = 16 + 36 * step[:, 0] + 6 * step[:, 1] + step[:, 2]
    gray = np.clip(np.rint((wanted.mean(axis=1) - 8) / 10), 0, 23).astype(np.int64)
    gray_level = (8 + 10 * gray)[:, None]
    use_gray = _distance(wanted, gray_level) < _distance(wanted, cube_levels[step])
    indexed: NDArray[np.int32] = np.where(use_gray, 232 + gray, cube).astype(np.int32)
    return indexed


def _distance(colors: NDArray[np.int64], others: NDArray[np.int64]) -> NDArray[np.int64]:
    """Squared distances of colours; the eye is most exact in green."""
    squares: NDArray[np.int64] = ((colors - others) ** 2) @ np.array([2, 4, 3])
    return squares


def reduce_colors(colors: Colors, depth: ColorDepth) -> Colors:
    """Packed colours as numbers that a terminal of a depth takes; the terminal's own colour stays -1."""
    if depth is ColorDepth.TRUE:
        return colors
    if depth is ColorDepth.NONE:
        return np.full_like(colors, OWN_COLOR)
    drop = 8 - _BITS_KEPT
    parts = unpacked(colors) >> drop
    index = (parts[..., 0] << 2 * _BITS_KEPT) | (parts[..., 1] << _BITS_KEPT) | parts[..., 2]
    reduced: Colors = np.where(colors == OWN_COLOR, OWN_COLOR, _nearest_table(depth)[index]).astype(np.int32)
    return reduced


class Encoder:
    """Turns screens into the bytes that change a terminal from the last screen to the next.

    Args:
        depth: the terminal's colours.
        encoding: the stream's encoding.

    Example:
        >>> from bigworlds.view.screen import blank_screen
        >>> encoder = Encoder(ColorDepth.NONE)
        >>> screen = blank_screen(2, 5)
        >>> _ = screen.write(1, 1, "hi")
        >>> encoder.encode(screen).endswith(b"\\x1b[2;2Hhi\\x1b[?2026l")
        True
        >>> encoder.encode(screen)
        b''
    """

    def __init__(self, depth: ColorDepth, encoding: str = "utf-8") -> None:
        self._depth = depth
        self._encoding = encoding
        self._shown: Screen | None = None

    def forget(self) -> None:
        """The terminal's content is unknown: the next screen is sent whole."""
        self._shown = None

    def encode(self, screen: Screen) -> bytes:
        """The bytes that make the terminal show a screen; none where nothing changed.

        The screen must fill the terminal (same rows and columns).
        """
        wanted = Screen(
            screen.codes,
            reduce_colors(screen.ink, self._depth),
            reduce_colors(screen.paper, self._depth),
        )
        if self._shown is None or self._shown.shape != wanted.shape:
            self._shown = blank_screen(*wanted.shape)
            start = CLEAR
        else:
            start = ""
        changed = self._changed(wanted, self._shown)
        body = self._text_of(wanted, changed)
        for shown, new in zip(_arrays(self._shown), _arrays(wanted), strict=True):
            np.copyto(shown, new, where=changed)
        if not start and not body:
            return b""
        return f"{BEGIN_UPDATE}{start}{body}{END_UPDATE}".encode(self._encoding, "replace")

    def encode_lines(self, screen: Screen) -> bytes:
        """A screen as lines with colours, for below the prompt: nothing is moved, nothing remembered."""
        inks, papers = (reduce_colors(colors, self._depth) for colors in (screen.ink, screen.paper))
        lines = []
        for codes, ink, paper in zip(screen.codes, inks, papers, strict=True):
            seen = np.flatnonzero((codes != SPACE) | (paper != OWN_COLOR))
            end = int(seen[-1]) + 1 if len(seen) else 0
            lines.append(self._line(codes[:end].tolist(), ink[:end].tolist(), paper[:end].tolist()))
        return ("\n".join(lines) + "\n").encode(self._encoding, "replace")

    def _line(self, codes: list[int], inks: list[int], papers: list[int]) -> str:
        parts, colors = [], (OWN_COLOR, OWN_COLOR)
        for code, ink, paper in zip(codes, inks, papers, strict=True):
            wanted = (ink if code != SPACE else colors[0], paper)
            parts += [_color_change(colors, wanted, self._depth), chr(code)]
            colors = wanted
        parts.append(_color_change(colors, (OWN_COLOR, OWN_COLOR), self._depth))
        return "".join(parts)

    def _changed(self, wanted: Screen, shown: Screen) -> NDArray[np.bool_]:
        differs: NDArray[np.bool_] = wanted.codes != shown.codes
        if self._depth is ColorDepth.TRUE:
            differs |= _far(wanted.paper, shown.paper)
            differs |= _far(wanted.ink, shown.ink) & (wanted.codes != SPACE)
        else:
            differs |= wanted.paper != shown.paper
            differs |= (wanted.ink != shown.ink) & (wanted.codes != SPACE)
        return differs

    def _text_of(self, screen: Screen, changed: NDArray[np.bool_]) -> str:
        """Moves, colours and characters for the changed places, each move and colour only where needed."""
        parts: list[str] = []
        ink = paper = OWN_COLOR
        for row in np.flatnonzero(changed.any(axis=1)).tolist():
            codes, inks, papers = (array[row].tolist() for array in _arrays(screen))
            at = -1
            for column in np.flatnonzero(changed[row]).tolist():
                gap = range(at, column)
                if at < 0 or len(gap) > SHORT_GAP or not _all_plain(gap, inks, papers, ink, paper):
                    parts.append(_move(row, column, at))
                    gap = range(0)
                parts += [chr(codes[place]) for place in gap]
                # A space has no ink: what is set can stay.
                next_ink = inks[column] if codes[column] != SPACE else ink
                parts.append(_color_change((ink, paper), (next_ink, papers[column]), self._depth))
                ink, paper = next_ink, papers[column]
                parts.append(chr(codes[column]))
                at = column + 1
        if ink != OWN_COLOR or paper != OWN_COLOR:
            parts.append(f"{ESCAPE}[0m")
        return "".join(parts)


def _all_plain(gap: range, inks: list[int], papers: list[int], ink: int, paper: int) -> bool:
    """Whether unchanged places can be written again with the colours that are set."""
    return all(inks[place] == ink and papers[place] == paper for place in gap)


def _move(row: int, column: int, at: int) -> str:
    if at < 0:
        return f"{ESCAPE}[{row + 1};{column + 1}H"
    ahead = column - at
    return f"{ESCAPE}[{ahead}C" if ahead > 1 else f"{ESCAPE}[C"


def _color_change(before: tuple[int, int], after: tuple[int, int], depth: ColorDepth) -> str:
    """The sequence from one ink and paper to another; nothing where they are the same."""
    if before == after:
        return ""
    if after == (OWN_COLOR, OWN_COLOR):
        return f"{ESCAPE}[0m"
    codes = [
        _color_code(new, depth, base)
        for old, new, base in zip(before, after, (30, 40), strict=True)
        if old != new
    ]
    return f"{ESCAPE}[{';'.join(codes)}m"


def _color_code(color: int, depth: ColorDepth, base: int) -> str:
    """The parameters of SGR for an ink (base 30) or a paper (base 40)."""
    if color == OWN_COLOR:
        return str(base + 9)
    if depth is ColorDepth.TRUE:
        return f"{base + 8};2;{color >> 16};{color >> 8 & 255};{color & 255}"
    if depth is ColorDepth.INDEXED:
        return f"{base + 8};5;{color}"
    return str(base + color) if color < 8 else str(base + 60 + color - 8)


def _arrays(screen: Screen) -> tuple[NDArray[np.generic], ...]:
    return screen.codes, screen.ink, screen.paper


def _far(one: Colors, other: Colors) -> NDArray[np.bool_]:
    """Where two packed colours differ by more than the tolerance, or only one is the terminal's own."""
    far: NDArray[np.bool_] = (np.abs(unpacked(one) - unpacked(other)) > COLOR_TOLERANCE).any(axis=-1)
    far |= (one == OWN_COLOR) != (other == OWN_COLOR)
    return far


def plain_lines(screen: Screen, encoding: str = "utf-8") -> str:
    """A screen as lines of plain text, every character one that the encoding has."""
    return screen.text().encode(encoding, "replace").decode(encoding)
