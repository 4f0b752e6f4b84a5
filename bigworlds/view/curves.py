"""Curves over time as characters: braille lines (or asterisks) between axes, for worlds without space."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bigworlds.view.frame import Curve, format_number
from bigworlds.view.glyphs import FAINT, TextStyle
from bigworlds.view.picture import round_marks
from bigworlds.view.screen import SPACE, Screen, blank_screen, braille_codes, packed_color

# Columns for the numbers at the left, rows for the ticks below.
MARGIN_COLUMNS, MARGIN_ROWS = 9, 1


def draw_curves_as_text(curves: Sequence[Curve], rows: int, columns: int, style: TextStyle) -> Screen:
    """Draws curves over a common axis of ticks.

    Args:
        curves: what is drawn, later ones over earlier ones.
        rows, columns: the screen's size in characters.
        style: what the terminal can show.
    """
    screen = blank_screen(rows, columns)
    chart_rows, chart_columns = rows - MARGIN_ROWS, columns - MARGIN_COLUMNS
    if chart_rows < 2 or chart_columns < 4 or not curves:
        return screen
    values = np.concatenate([curve.values for curve in curves])
    values = values[np.isfinite(values)]
    high = float(values.max()) if len(values) else 1.0
    low = min(0.0, float(values.min())) if len(values) else 0.0
    marks = round_marks(low, high if high > low else low + 1.0, wanted=max(2, chart_rows // 4))
    chart = screen.part(0, MARGIN_COLUMNS, chart_rows, chart_columns)
    for curve in curves:
        _draw_curve(chart, curve, (marks[0], marks[-1]), style)
    _write_axes(screen, marks, curves[0], style)
    return screen


def _draw_curve(chart: Screen, curve: Curve, ends: tuple[float, float], style: TextStyle) -> None:
    rows, columns = chart.shape
    down, across = (4, 2) if style.unicode else (1, 1)
    dots = _line_dots(curve, ends, down * rows, across * columns)
    if dots is None:
        return
    codes = braille_codes(dots) if style.unicode else np.where(dots, ord("*"), SPACE).astype(np.uint32)
    row, column = np.nonzero(codes != SPACE)
    if style.unicode:
        # Dots of curves that cross add up; the later curve gives the colour.
        before = chart.codes[row, column]
        codes[row, column] |= np.where(before != SPACE, before, 0).astype(np.uint32)
    chart.codes[row, column] = codes[row, column]
    if style.color:
        chart.ink[row, column] = packed_color(curve.rgb)


def _line_dots(curve: Curve, ends: tuple[float, float], rows: int, columns: int) -> NDArray[np.bool_] | None:
    """A curve as dots: in each column the stretch between its neighbours' heights, so that it has no gaps."""
    known = np.isfinite(curve.values)
    if not known.any():
        return None
    ticks, values = curve.ticks[known], curve.values[known]
    places = np.linspace(curve.ticks[0], max(curve.ticks[-1], curve.ticks[0] + 1.0), columns)
    drawn = (places >= ticks[0]) & (places <= ticks[-1])
    share = (np.interp(places, ticks, values) - ends[0]) / (ends[1] - ends[0])
    height = np.rint((1.0 - np.clip(share, 0.0, 1.0)) * (rows - 1)).astype(np.int64)
    before = np.concatenate([height[:1], height[:-1]])
    upper, lower = np.minimum(before, height), np.maximum(before, height)
    row = np.arange(rows)[:, None]
    dots: NDArray[np.bool_] = (row >= upper) & (row <= lower) & drawn
    return dots


def _write_axes(screen: Screen, marks: Sequence[float], curve: Curve, style: TextStyle) -> None:
    rows, columns = screen.shape
    color = FAINT if style.color else -1
    last_row = rows - MARGIN_ROWS - 1
    for mark in marks:
        row = round((1.0 - (mark - marks[0]) / (marks[-1] - marks[0])) * last_row)
        screen.write(row, 0, format_number(mark).rjust(MARGIN_COLUMNS - 1), color)
    first, last = (f"tick {format_number(float(tick))}" for tick in (curve.ticks[0], curve.ticks[-1]))
    screen.write(rows - 1, MARGIN_COLUMNS, first, color)
    screen.write(rows - 1, max(MARGIN_COLUMNS + len(first) + 1, columns - len(last)), last, color)
