"""The whole screen of the terminal view: a line of figures, the world, a line with legend and keys."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bigworlds.view.curves import draw_curves_as_text
from bigworlds.view.frame import ColorScale, Frame, LegendEntry, format_number
from bigworlds.view.glyphs import FAINT, TextStyle, draw_world, letters_of_legend
from bigworlds.view.screen import OWN_COLOR, Screen, blank_screen, packed, packed_color, printable

SMALLEST_ROWS, SMALLEST_COLUMNS = 4, 8
KEYS = "q stop  space pause  . step  + - speed"
DISC, ASCII_DISC = "●", "*"
SCALE_COLUMNS = 5


@dataclass(frozen=True)
class Status:
    """What the view itself knows beside the frame.

    Attributes:
        ticks_per_second: the speed; None: not known yet.
        note: a word on the state ("paused", "10 ticks/s wanted"), or nothing.
        keys: whether keys are read.
    """

    ticks_per_second: float | None = None
    note: str = ""
    keys: bool = False


def lay_out(frame: Frame, status: Status, rows: int, columns: int, style: TextStyle) -> Screen:
    """A screen that fills a terminal.

    Args:
        frame: the world.
        status: speed and state.
        rows, columns: the terminal's size.
        style: what the terminal can show.
    """
    screen = blank_screen(max(1, rows), max(1, columns))
    _write_figures(screen, frame, status, style)
    if rows < SMALLEST_ROWS or columns < SMALLEST_COLUMNS:
        return screen
    body = screen.part(1, 0, rows - 2, columns)
    if frame.extent is None:
        world = draw_curves_as_text(frame.curves, rows - 2, columns, style)
    else:
        world = draw_world(frame, rows - 2, columns, style)
    body.codes[:], body.ink[:], body.paper[:] = world.codes, world.ink, world.paper
    _write_legend(screen, frame, status, style)
    return screen


def _write_figures(screen: Screen, frame: Frame, status: Status, style: TextStyle) -> None:
    faint = FAINT if style.color else OWN_COLOR
    column = screen.write(0, 0, f"{frame.caption} " if frame.caption else "")
    figures = [("tick", format_number(frame.tick))]
    if status.ticks_per_second is not None:
        figures.append(("ticks/s", format_number(_rounded(status.ticks_per_second))))
    figures.append(("agents", format_number(frame.agents)))
    figures += [(name, format_number(value)) for name, value in frame.statistics.items()]
    for name, value in figures:
        column = screen.write(0, column, f" {name} ", faint)
        column = screen.write(0, column, f"{value} ")
    if status.note:
        screen.write(0, max(column, screen.shape[1] - len(status.note) - 1), f" {status.note}")


def _rounded(rate: float) -> float:
    """A speed in three digits: the others only flicker."""
    return float(f"{rate:.3g}")


def _write_legend(screen: Screen, frame: Frame, status: Status, style: TextStyle) -> None:
    row, room = screen.shape[0] - 1, screen.shape[1]
    faint = FAINT if style.color else OWN_COLOR
    if status.keys and room > len(KEYS) + 12:
        room -= len(KEYS) + 2
        screen.write(row, screen.shape[1] - len(KEYS) - 1, KEYS, faint)
    # Without colours agents are letters, and cells are shades that need no letter.
    entries = [entry for entry in frame.legend if style.color or not entry.cells]
    letters = letters_of_legend(entries)
    column = 0
    for entry in entries:
        text = _entry_text(entry)
        if column + len(text) + 4 > room:
            break
        color = packed_color(entry.rgb)
        mark = DISC if style.unicode else ASCII_DISC
        if not style.color:
            mark = letters[color]
        column = screen.write(row, column, mark, color if style.color else OWN_COLOR)
        column = screen.write(row, column, f" {text}  ")
    for scale in frame.scales:
        text = f"{scale.label} {format_number(scale.low)} to {format_number(scale.high)}"
        if not style.color or column + len(text) + SCALE_COLUMNS + 4 > room:
            break
        column = _write_scale(screen, row, column, scale, style)
        column = screen.write(row, column, f" {text}  ")


def _write_scale(screen: Screen, row: int, column: int, scale: ColorScale, style: TextStyle) -> int:
    """A colormap in a few character places."""
    steps = np.linspace(0, len(scale.table) - 1, SCALE_COLUMNS).astype(np.int64)
    end = column + SCALE_COLUMNS
    screen.codes[row, column:end] = ord(DISC if style.unicode else ASCII_DISC)
    screen.ink[row, column:end] = packed(scale.table[steps])
    return end


def _entry_text(entry: LegendEntry) -> str:
    count = "" if entry.count is None else f" {entry.count:,}"
    return printable(entry.label) + count
