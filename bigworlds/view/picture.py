"""From a frame to a finished picture: the world or its curves with a line of text, as pixels or PNG.

Text and lines are drawn by Pillow with the font that it carries, so that a picture is the same on
every machine and needs nothing installed. Encoded PNGs have no time stamp.
"""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from bigworlds.view.frame import TITLE_JOINT, Curve, Frame, LegendEntry, format_number
from bigworlds.view.palette import BACKGROUND, Bytes, Rgb
from bigworlds.view.raster import fit_size, rasterise

if TYPE_CHECKING:
    from PIL import ImageDraw, ImageFont

TEXT: Rgb = (214, 219, 228)
FAINT: Rgb = (98, 107, 122)
CAPTION_HEIGHT = 26
LINE_HEIGHT = 18
FONT_PIXELS = 13
MARGIN, GAP = 8, 8
# Chart margins: left for numbers, top for names, bottom for ticks.
LEFT, RIGHT, TOP, BOTTOM = 62, 14, 30, 24
SMOOTH = 2


def picture_size(frame: Frame, longest: int = 640, *, caption: bool = True) -> tuple[int, int]:
    """The size of a picture whose world is at most `longest` pixels wide and high.

    Both numbers are even, as video encoders want them.

    Example:
        >>> picture_size(Frame(tick=0, extent=(200.0, 100.0)), 640)
        (640, 346)
    """
    if frame.extent is None:
        width, height = longest, longest * 5 // 8
    else:
        width, height = fit_size(frame, longest, longest)
    height += caption_height(frame, width) if caption else 0
    return max(2, width + width % 2), max(2, height + height % 2)


def caption_height(frame: Frame, width: int) -> int:
    """How many pixels the lines of text under a picture need: one line, or more where it is narrow.

    Numbers are taken to be as wide as they may become, so that the pictures of a movie keep their size.

    Example:
        >>> caption_height(Frame(tick=0, extent=(1.0, 1.0), caption="boids"), 640)
        26
    """
    widths = [min(_room_of(part.text, numbers=True) + part.indent, width) for part in _caption_parts(frame)]
    return CAPTION_HEIGHT + LINE_HEIGHT * (len(_lines(widths, width - 2 * MARGIN)) - 1)


def compose(frame: Frame, size: tuple[int, int], *, caption: bool = True) -> Bytes:
    """The world in its proportions, or the curves of a world without space, over lines of text.

    Args:
        frame: what is drawn.
        size: width and height of the picture in pixels.
        caption: whether the text (name, tick, statistics, legend) is written.

    Returns:
        uint8 (height, width, 3).
    """
    width, height = size
    below = caption_height(frame, width) if caption else 0
    room = height - (below if height > 3 * CAPTION_HEIGHT else 0)
    picture = np.empty((height, width, 3), dtype=np.uint8)
    picture[:] = BACKGROUND
    if frame.extent is None:
        picture[:room] = draw_curves(frame.curves, width, room)
    else:
        across, down = fit_size(frame, width, room)
        smooth = 1 if frame.grid is not None or not frame.points else SMOOTH
        left, top = (width - across) // 2, (room - down) // 2
        picture[top : top + down, left : left + across] = rasterise(frame, across, down, smooth=smooth)
    if room < height:
        _write_caption(picture, room, frame)
    return picture


def encode_png(pixels: Bytes) -> bytes:
    """Pixels as a PNG file's bytes.

    Args:
        pixels: uint8 (height, width, 3).
    """
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(buffer, format="PNG", optimize=True)
    return buffer.getvalue()


def draw_curves(curves: Sequence[Curve], width: int, height: int) -> Bytes:
    """A chart of curves over ticks: axes, numbers, names in the curves' colours.

    Returns:
        uint8 (height, width, 3).
    """
    from PIL import Image, ImageDraw

    image = Image.new("RGB", (width, height), BACKGROUND)
    drawn = ImageDraw.Draw(image)
    chart = _Chart(curves, width, height)
    _draw_axes(drawn, chart)
    for curve in curves:
        places = [chart.place(tick, value) for tick, value in zip(curve.ticks, curve.values, strict=True)]
        line = [place for place in places if place is not None]
        if len(line) > 1:
            drawn.line(line, fill=curve.rgb, width=2, joint="curve")
        elif line:
            drawn.ellipse([line[0][0] - 2, line[0][1] - 2, line[0][0] + 2, line[0][1] + 2], fill=curve.rgb)
    names = [LegendEntry(_name_and_last(curve), curve.rgb) for curve in curves]
    _draw_legend(drawn, names, LEFT, TOP // 2, width - RIGHT)
    return np.asarray(image, dtype=np.uint8)


def _name_and_last(curve: Curve) -> str:
    return f"{curve.name} {format_number(float(curve.values[-1]))}" if len(curve.values) else curve.name


class _Chart:
    """Where ticks and values of some curves lie in a picture."""

    def __init__(self, curves: Sequence[Curve], width: int, height: int) -> None:
        ticks = np.concatenate([curve.ticks for curve in curves]) if curves else np.zeros(1)
        values = np.concatenate([curve.values for curve in curves]) if curves else np.zeros(1)
        values = values[np.isfinite(values)]
        self.first = float(ticks.min()) if len(ticks) else 0.0
        self.last = max(float(ticks.max()) if len(ticks) else 0.0, self.first + 1.0)
        low, high = (float(values.min()), float(values.max())) if len(values) else (0.0, 1.0)
        # Counts start at zero; what goes below shows all of itself.
        self.marks = round_marks(min(0.0, low), high if high > min(0.0, low) else low + 1.0)
        self.low, self.high = self.marks[0], self.marks[-1]
        self.left, self.top = LEFT, TOP
        self.right, self.bottom = max(LEFT + 1, width - RIGHT), max(TOP + 1, height - BOTTOM)

    def place(self, tick: float, value: float) -> tuple[float, float] | None:
        if not math.isfinite(value):
            return None
        x = self.left + (tick - self.first) / (self.last - self.first) * (self.right - self.left)
        return x, self.height_of(value)

    def height_of(self, value: float) -> float:
        return self.bottom - (value - self.low) / (self.high - self.low) * (self.bottom - self.top)


def round_marks(low: float, high: float, wanted: int = 4) -> list[float]:
    """Round numbers at equal distances that enclose an interval, about as many as wanted.

    Example:
        >>> round_marks(0.0, 87.0)
        [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]
    """
    rough = (high - low) / wanted
    if not (rough > 0 and math.isfinite(rough)):
        return [low, low + 1.0]
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * 0.8)
    first = math.floor(low / step + 1e-9)
    last = max(first + 1, math.ceil(high / step - 1e-9))
    return [index * step for index in range(first, last + 1)]


def _draw_axes(drawn: ImageDraw.ImageDraw, chart: _Chart) -> None:
    font = _font()
    for mark in chart.marks:
        y = chart.height_of(mark)
        drawn.line([(chart.left, y), (chart.right, y)], fill=(38, 44, 55), width=1)
        drawn.text((chart.left - 8, y), format_number(mark), fill=FAINT, font=font, anchor="rm")
    for tick, anchor in ((chart.first, "la"), (chart.last, "ra")):
        x = chart.left if anchor == "la" else chart.right
        drawn.text((x, chart.bottom + 6), f"tick {format_number(tick)}", fill=FAINT, font=font, anchor=anchor)
    drawn.line([(chart.left, chart.bottom), (chart.right, chart.bottom)], fill=FAINT, width=1)


def _draw_legend(
    drawn: ImageDraw.ImageDraw, entries: Sequence[LegendEntry], left: float, middle: float, right: float
) -> None:
    """Names and counts behind dots of their colour, in a line, as many as there is room for."""
    font = _font()
    for entry in entries:
        count = "" if entry.count is None else f" {entry.count:,}"
        end = left + 14 + drawn.textlength(entry.label + count, font=font)
        if end > right:
            return
        drawn.ellipse([left, middle - 4, left + 8, middle + 4], fill=entry.rgb, outline=FAINT)
        drawn.text((left + 14, middle), entry.label + count, fill=TEXT, font=font, anchor="lm")
        left = end + 16


@dataclass(frozen=True)
class _Part:
    """One part of a caption: a part of the title, or what stands for a kind, behind a dot of its colour."""

    text: str
    rgb: Rgb | None = None

    @property
    def indent(self) -> int:
        return 14 if self.rgb is not None else 0


def _caption_parts(frame: Frame) -> list[_Part]:
    title = frame.title_parts
    parts = [_Part(part + (TITLE_JOINT.rstrip() if part is not title[-1] else "")) for part in title]
    if frame.extent is not None and len(frame.legend) > 1:
        for entry in frame.legend:
            count = "" if entry.count is None else f" {entry.count:,}"
            parts.append(_Part(entry.label + count, entry.rgb))
    return parts


def _room_of(text: str, *, numbers: bool = False) -> float:
    """The width of a text; with `numbers` as if its last number had ten digits."""
    length = float(_font().getlength(text.rstrip() if numbers else text))
    digits = sum(character.isdigit() for character in text.rpartition(" ")[2])
    return length + (max(0, 10 - digits) * float(_font().getlength("0")) if numbers and digits else 0.0)


def _lines(widths: Sequence[float], room: float) -> list[list[int]]:
    """Which parts stand on which line: as many on each as there is room for, in their order."""
    lines: list[list[int]] = [[]]
    left = room
    for place, width in enumerate(widths):
        if lines[-1] and width > left:
            lines.append([])
            left = room
        lines[-1].append(place)
        left -= width + GAP
    return lines


def _write_caption(picture: Bytes, top: int, frame: Frame) -> None:
    from PIL import Image, ImageDraw

    width, height = picture.shape[1], picture.shape[0] - top
    strip = Image.new("RGB", (width, height), BACKGROUND)
    drawn = ImageDraw.Draw(strip)
    parts = _caption_parts(frame)
    lines = _lines([_room_of(part.text) + part.indent for part in parts], width - 2 * MARGIN)
    for row, line in enumerate(lines):
        x, middle = float(MARGIN), CAPTION_HEIGHT // 2 + row * LINE_HEIGHT
        for part in (parts[place] for place in line):
            if part.rgb is not None:
                drawn.ellipse([x, middle - 4, x + 8, middle + 4], fill=part.rgb, outline=FAINT)
            text = _fitting(part.text, width - MARGIN - x - part.indent)
            drawn.text((x + part.indent, middle), text, fill=TEXT, font=_font(), anchor="lm")
            x += part.indent + _room_of(part.text) + GAP
    picture[top:] = np.asarray(strip, dtype=np.uint8)


def _fitting(text: str, room: float) -> str:
    """A text, shortened where even alone on its line it is too long."""
    if _room_of(text) <= room + 1:
        return text
    while len(text) > 1 and _room_of(text + "…") > room:
        text = text[:-1]
    return text + "…"


@lru_cache(maxsize=1)
def _font() -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    from PIL import ImageFont

    return ImageFont.load_default(FONT_PIXELS)
