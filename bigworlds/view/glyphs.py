"""From a frame to a screen of characters: half blocks for cells, arrows, dots and braille for agents.

With colours and Unicode a character place is two square pixels, one above the other. Without colours
cells become shades; without Unicode everything is ASCII. Agents that are larger than a pixel are
painted, smaller ones are characters: arrows or bullets where there is room, braille dots in crowds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bigworlds.view.frame import Frame, LegendEntry, PointLayer
from bigworlds.view.look import Symbol
from bigworlds.view.palette import Floats, luminance
from bigworlds.view.raster import Raster, chosen, fit_size, paint
from bigworlds.view.screen import (
    OWN_COLOR,
    SPACE,
    Codes,
    Colors,
    Screen,
    blank_screen,
    braille_codes,
    packed,
    packed_color,
)

Ints = NDArray[np.int64]

ARROWS = "→↗↑↖←↙↓↘"
ASCII_ARROWS = ">/^\\</v\\"
BULLET, ASCII_BULLET = "•", "o"
SHADES, ASCII_SHADES = " ░▒▓█", " .:-=+*#%@"
CROWD = ".:oO#"
UPPER_HALF, LOWER_HALF = "▀", "▄"
BORDER, ASCII_BORDER = "╭╮╰╯─│", "++++-|"
FAINT = packed_color((98, 107, 122))
# More agents than this share of the character places are drawn as braille dots.
CROWDED_SHARE = 0.35
# Where there are more agents than this per braille dot, a dot means more than the mean number.
FULL_DOTS = 2.0
PAINTED_DIAMETER_PIXELS = 2.0
SIZED_CELL_PIXELS = 4.0
FEW_COLORS = 12
# So many agents are asked before all are.
COLOR_SAMPLE = 4096


@dataclass(frozen=True)
class TextStyle:
    """What a terminal can show: characters beyond ASCII, and colours."""

    unicode: bool = True
    color: bool = True


@dataclass(frozen=True)
class _Canvas:
    """The part of a screen that is the world: `rows` x `columns` characters, `pixel_rows` pixels high."""

    screen: Screen
    pixel_rows: int
    style: TextStyle


def draw_world(frame: Frame, rows: int, columns: int, style: TextStyle) -> Screen:
    """Draws a world with space in the middle of a screen, in its own proportions.

    A character place counts as twice as high as wide.

    Args:
        frame: what is drawn; its space must have an extent.
        rows, columns: the screen's size in characters.
        style: what the terminal can show.
    """
    screen = blank_screen(rows, columns)
    border = 1 if not frame.cells and rows > 6 and columns > 12 else 0
    room_rows, room_columns = rows - 2 * border, columns - 2 * border
    width, height = _pixel_size(frame, room_columns, 2 * room_rows)
    used_rows = (height + 1) // 2
    top, left = (rows - used_rows) // 2, (columns - width) // 2
    if border:
        outer = screen.part(top - 1, left - 1, used_rows + 2, width + 2)
        _draw_border(outer, style)
    canvas = _Canvas(screen.part(top, left, used_rows, width), height, style)
    if style.unicode and style.color:
        _draw_painted(canvas, frame)
    else:
        _draw_plain(canvas, frame)
    return screen


def _pixel_size(frame: Frame, columns: int, pixel_rows: int) -> tuple[int, int]:
    """The world's size in pixels of one column by half a row, two braille dots wide and high."""
    width, height = fit_size(frame, columns, pixel_rows)
    if frame.grid is not None and width < frame.grid[0]:
        # Cells smaller than a pixel: one dot each, where there is room, or regular gaps would show.
        dots = fit_size(frame, 2 * columns, 2 * pixel_rows)
        if dots == frame.grid:
            width, height = (dots[0] + 1) // 2, (dots[1] + 1) // 2
    return min(width, columns), min(height, pixel_rows)


def _draw_border(screen: Screen, style: TextStyle) -> None:
    shape = BORDER if style.unicode else ASCII_BORDER
    upper_left, upper_right, lower_left, lower_right, across, down = (ord(mark) for mark in shape)
    screen.codes[0, :], screen.codes[-1, :] = across, across
    screen.codes[:, 0], screen.codes[:, -1] = down, down
    screen.codes[0, 0], screen.codes[0, -1] = upper_left, upper_right
    screen.codes[-1, 0], screen.codes[-1, -1] = lower_left, lower_right
    for edge in (np.s_[0, :], np.s_[-1, :], np.s_[:, 0], np.s_[:, -1]):
        screen.ink[edge] = FAINT if style.color else OWN_COLOR


def _draw_painted(canvas: _Canvas, frame: Frame) -> None:
    """Cells and large agents as half blocks, small agents as characters over them."""
    rows, columns = canvas.screen.shape
    painted = [layer for layer in frame.points if _is_painted(layer, frame, columns, canvas.pixel_rows)]
    small = [layer for layer in frame.points if not any(layer is other for other in painted)]
    if frame.cells or painted:
        below = replace(frame, points=tuple(_without_fine_sizes(layer, frame, columns) for layer in painted))
        _half_blocks(canvas.screen, paint(below, columns, canvas.pixel_rows))
    crowds = [layer for layer in small if _is_crowd(layer, rows * columns)]
    if crowds:
        _draw_braille(canvas, frame, crowds)
    for layer in small:
        if not any(layer is crowd for crowd in crowds):
            _draw_marks(canvas, frame, layer, _symbol_codes(layer, canvas.style))


def _is_painted(layer: PointLayer, frame: Frame, columns: int, pixel_rows: int) -> bool:
    assert frame.extent is not None
    unit = min(columns / frame.extent[0], pixel_rows / frame.extent[1])
    if layer.cellular and layer.diameter is None:
        return unit >= 1.0
    return layer.diameter is not None and layer.diameter * unit >= PAINTED_DIAMETER_PIXELS


def _without_fine_sizes(layer: PointLayer, frame: Frame, columns: int) -> PointLayer:
    """In cells of few pixels sizes by a field cannot be told apart: all agents fill theirs alike."""
    assert frame.extent is not None
    coarse = layer.cellular and columns / frame.extent[0] < SIZED_CELL_PIXELS
    return replace(layer, scale=None) if coarse else layer


def _is_crowd(layer: PointLayer, places: int) -> bool:
    return len(layer.x) > CROWDED_SHARE * places and layer.symbol is not Symbol.ARROW


def _half_blocks(screen: Screen, raster: Raster) -> None:
    """Two pixels a character: the upper one as ink of a half block, the lower one as paper."""
    rows, columns = screen.shape
    colors = np.full((2 * rows, columns), OWN_COLOR, dtype=np.int32)
    height = len(raster.rgb)
    colors[:height] = np.where(raster.covered, packed(raster.rgb), OWN_COLOR)
    upper, lower = colors[0::2], colors[1::2]
    only_lower = (upper == OWN_COLOR) & (lower != OWN_COLOR)
    same = upper == lower
    screen.codes[:] = np.where(same, SPACE, np.where(only_lower, ord(LOWER_HALF), ord(UPPER_HALF)))
    screen.ink[:] = np.where(same, OWN_COLOR, np.where(only_lower, lower, upper))
    screen.paper[:] = np.where(only_lower, OWN_COLOR, lower)


def _draw_plain(canvas: _Canvas, frame: Frame) -> None:
    """Everything as characters: cells as coloured paper or as shades, each agent as a mark."""
    rows, columns = canvas.screen.shape
    if frame.cells:
        raster = paint(replace(frame, points=()), columns, rows)
        if canvas.style.color:
            canvas.screen.paper[:] = packed(raster.rgb)
        else:
            canvas.screen.codes[:] = _shades(luminance(raster.rgb), canvas.style, faint=bool(frame.points))
    entries = [entry for entry in frame.legend if not entry.cells]
    for layer in frame.points:
        if len(entries) > 1 and not canvas.style.color:
            codes = _letters(layer, letters_of_legend(entries))
        elif _is_crowd(layer, rows * columns):
            _draw_crowd(canvas, frame, layer)
            continue
        else:
            codes = _symbol_codes(layer, canvas.style)
        _draw_marks(canvas, frame, layer, codes)


def _shades(light: Floats, style: TextStyle, *, faint: bool) -> Codes:
    """Light as characters; faint ones where letters must be read between them."""
    row = SHADES if style.unicode else ASCII_SHADES
    row = row[: (len(row) + 1) // 2] if faint else row
    low, high = float(light.min()), float(light.max())
    share = (light - low) / (high - low) if high > low else np.ones_like(light)
    index = np.rint(share * (len(row) - 1)).astype(np.int64)
    return np.array([ord(mark) for mark in row], dtype=np.uint32)[index]


def letters_of_legend(entries: Sequence[LegendEntry]) -> dict[int, str]:
    """A letter of its own for each colour of a legend, where possible one of its name.

    Example:
        >>> letters = letters_of_legend([LegendEntry("Sheep", (0, 0, 1)), LegendEntry("Shepherd", (0, 0, 2))])
        >>> letters
        {1: 'S', 2: 'h'}
    """
    letters: dict[int, str] = {}
    for entry in entries:
        free = [
            mark for mark in f"{entry.label}ox*#@+%&" if mark.isprintable() and mark not in letters.values()
        ]
        narrow = [mark for mark in free if mark.isascii() and mark != " "]
        letters.setdefault(packed_color(entry.rgb), narrow[0] if narrow else "?")
    return letters


def _letters(layer: PointLayer, letters: dict[int, str]) -> Codes:
    colors, place = np.unique(packed(layer.rgb), return_inverse=True)
    own = layer.name[:1] if layer.name.isascii() and layer.name else ASCII_BULLET
    codes = np.array([ord(letters.get(int(color), own)) for color in colors], dtype=np.uint32)
    return codes[place.reshape(-1)]


def _symbol_codes(layer: PointLayer, style: TextStyle) -> Codes:
    if layer.heading is None or layer.symbol not in (Symbol.AUTO, Symbol.ARROW):
        return np.full(len(layer.x), ord(BULLET if style.unicode else ASCII_BULLET), dtype=np.uint32)
    row = ARROWS if style.unicode else ASCII_ARROWS
    direction = np.rint(np.nan_to_num(layer.heading) / (np.pi / 4)).astype(np.int64) % len(row)
    return np.array([ord(mark) for mark in row], dtype=np.uint32)[direction]


def _places(layer: PointLayer, frame: Frame, rows: int, columns: int) -> tuple[Ints, Ints, NDArray[np.bool_]]:
    """Row and column of each agent in a raster of the world, and which agents are in it."""
    assert frame.extent is not None
    across, up = frame.extent
    inside = (layer.x >= 0) & (layer.x <= across) & (layer.y >= 0) & (layer.y <= up)
    x, y = layer.x[inside], layer.y[inside]
    column = np.minimum((x * (columns / across)).astype(np.int64), columns - 1)
    row = np.minimum(((up - y) * (rows / up)).astype(np.int64), rows - 1)
    return row, column, inside


def _draw_marks(canvas: _Canvas, frame: Frame, layer: PointLayer, codes: Codes) -> None:
    screen = canvas.screen
    row, column, inside = _places(layer, frame, *screen.shape)
    _flatten_paper(screen, row, column)
    screen.codes[row, column] = codes[inside]
    if canvas.style.color:
        screen.ink[row, column] = packed(layer.rgb[inside])


def _flatten_paper(screen: Screen, row: Ints, column: Ints) -> None:
    """Where a mark will stand on a half block, its paper becomes the mean of both halves."""
    codes = screen.codes[row, column]
    halves = (codes == ord(UPPER_HALF)) | (codes == ord(LOWER_HALF))
    row, column = row[halves], column[halves]
    ink, paper = screen.ink[row, column], screen.paper[row, column]
    both = (ink != OWN_COLOR) & (paper != OWN_COLOR)
    screen.paper[row, column] = np.where(both, _mean_color(ink, paper), OWN_COLOR)


def _mean_color(one: Colors, other: Colors) -> Colors:
    # Means of the three bytes at once; the mask keeps a byte's lowest bit out of its neighbour.
    mean: Colors = (one & other) + (((one ^ other) & 0xFEFEFE) >> 1)
    return mean


def _draw_crowd(canvas: _Canvas, frame: Frame, layer: PointLayer) -> None:
    """A crowd without half blocks: braille where there is Unicode, else how many there are."""
    if canvas.style.unicode:
        _draw_braille(canvas, frame, [layer])
        return
    rows, columns = canvas.screen.shape
    row, column, inside = _places(layer, frame, rows, columns)
    count = np.bincount(row * columns + column, minlength=rows * columns).reshape(rows, columns)
    level = np.minimum(np.ceil(np.log2(np.maximum(count, 1))).astype(np.int64), len(CROWD) - 1)
    marks = np.array([ord(mark) for mark in CROWD], dtype=np.uint32)
    canvas.screen.codes[:] = np.where(count > 0, marks[level], canvas.screen.codes)
    if canvas.style.color:
        canvas.screen.ink[row, column] = packed(layer.rgb[inside])


def _split_by_color(layer: PointLayer) -> list[PointLayer]:
    """A layer of few colours as one layer a colour: kinds must not mix to colours of no kind."""
    if len(np.unique(packed(layer.rgb[:COLOR_SAMPLE]))) > FEW_COLORS:
        return [layer]
    colors = packed(layer.rgb)
    found = np.unique(colors)
    if not 1 < len(found) <= FEW_COLORS:
        return [layer]
    return [chosen(layer, colors == color) for color in found]


def _draw_braille(canvas: _Canvas, frame: Frame, layers: Sequence[PointLayer]) -> None:
    """Crowds as dots, eight a character, in the colour of the kind with most agents there."""
    screen = canvas.screen
    rows, columns = screen.shape
    counts = np.zeros((4 * rows, 2 * columns), dtype=np.int64)
    most = np.zeros(rows * columns, dtype=np.int64)
    ink = np.zeros((rows * columns, 3))
    parts = [part for layer in layers for part in _split_by_color(layer)]
    for layer in parts:
        row, column, inside = _places(layer, frame, 4 * rows, 2 * columns)
        counts += np.bincount(row * 2 * columns + column, minlength=counts.size).reshape(counts.shape)
        place = (row // 4) * columns + column // 2
        here = np.bincount(place, minlength=rows * columns)
        rgb = layer.rgb[inside]
        sums = [np.bincount(place, weights=rgb[:, axis], minlength=rows * columns) for axis in range(3)]
        # >= so that of equals the later layer, which lies on top, is seen.
        wins = (here >= most) & (here > 0)
        ink[wins] = (np.stack(sums, axis=1) / np.maximum(here, 1)[:, None])[wins]
        most = np.maximum(most, here)
    mean = counts.mean()
    dots = counts > (mean if mean > FULL_DOTS else 0)
    codes = braille_codes(dots)
    row, column = np.nonzero(codes != SPACE)
    _flatten_paper(screen, row, column)
    screen.codes[row, column] = codes[row, column]
    if canvas.style.color:
        screen.ink[row, column] = packed(np.rint(ink).reshape(rows, columns, 3))[row, column]
