"""From a frame to pixels: cells resampled, agents stamped as dots, squares and arrows; NumPy alone.

Pixel row 0 is the top of the picture, that is the highest y. Agents are painted in the order of
their layer, so that the picture does not depend on the sizes of blocks.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bigworlds.view.frame import CellLayer, Frame, PointLayer
from bigworlds.view.look import Symbol
from bigworlds.view.palette import BACKGROUND, Bytes, Floats, Rgb

Mask = NDArray[np.bool_]
Ints = NDArray[np.int64]

# Pixels are painted in blocks of so many, which bounds the memory for indices.
PIXELS_PER_BLOCK = 1 << 21
HEADINGS = 32
SCALE_LEVELS = 8
SMALLEST_ARROW_PIXELS = 4.0
LARGEST_MARK_PIXELS = 2048.0


@dataclass(frozen=True)
class Raster:
    """A picture: `rgb` uint8 (height, width, 3), `covered` where something was painted."""

    rgb: Bytes
    covered: Mask


def fit_size(frame: Frame, width: int, height: int) -> tuple[int, int]:
    """The largest picture of the world in its own proportions within a box of pixels.

    Cells of a grid get a whole number of pixels where they get one at all.

    Args:
        frame: gives the proportions; a world without space fills the box.
        width, height: the box, in pixels.

    Returns:
        Width and height in pixels, at least 1.

    Example:
        >>> fit_size(Frame(tick=0, extent=(200.0, 100.0)), 640, 640)
        (640, 320)
        >>> fit_size(Frame(tick=0, extent=(40.0, 40.0), grid=(40, 40)), 640, 500)
        (480, 480)
    """
    if frame.extent is None:
        return width, height
    extent_width, extent_height = frame.extent
    scale = min(width / extent_width, height / extent_height)
    if frame.grid is not None:
        columns, rows = frame.grid
        pixels = math.floor(min(width / columns, height / rows))
        if pixels >= 1:
            return columns * pixels, rows * pixels
    return max(1, round(extent_width * scale)), max(1, round(extent_height * scale))


def rasterise(
    frame: Frame, width: int, height: int, *, smooth: int = 1, background: Rgb = BACKGROUND
) -> Bytes:
    """Paints the world of a frame.

    Args:
        frame: a frame of a world with space (its curves are not painted here).
        width, height: the picture's size in pixels; the world is stretched to fill it (`fit_size`
            gives a size that keeps its proportions).
        smooth: paints so many times larger in both directions and takes means; grids need 1.
        background: the colour where nothing is.

    Returns:
        uint8 (height, width, 3), row 0 on top.
    """
    large = paint(frame, width * smooth, height * smooth, background=background).rgb
    if smooth == 1:
        return large
    # Slices are added up, which is several times faster than a mean over axes of length `smooth`.
    total = np.full((height, width, 3), smooth * smooth // 2, dtype=np.uint16)
    for down in range(smooth):
        for right in range(smooth):
            total += large[down::smooth, right::smooth]
    mean: Bytes = (total // (smooth * smooth)).astype(np.uint8)
    return mean


def paint(frame: Frame, width: int, height: int, *, background: Rgb = BACKGROUND) -> Raster:
    """Paints cells and agents without smoothing, and says which pixels were touched.

    Raises:
        ValueError: the picture has no pixels, or the world no space.
    """
    if width < 1 or height < 1 or frame.extent is None:
        raise ValueError(f"cannot paint {width} x {height} pixels of extent {frame.extent}")
    rgb = np.empty((height, width, 3), dtype=np.uint8)
    rgb[:] = background
    covered = np.zeros((height, width), dtype=np.bool_)
    for layer in frame.cells:
        _paint_cells(rgb, layer)
        covered[:] = True
    for points in frame.points:
        _paint_points(rgb, covered, points, frame)
    return Raster(rgb, covered)


def resampled(image: Floats, height: int, width: int) -> Floats:
    """An image at another size: means over areas where it shrinks, nearest cells where it grows.

    Args:
        image: float64 (h, w) or (h, w, k).
        height, width: the new size.
    """
    return _resampled_rows(_resampled_rows(image, height).swapaxes(0, 1), width).swapaxes(0, 1)


def _resampled_rows(image: Floats, count: int) -> Floats:
    rows = image.shape[0]
    if count == rows:
        return image
    if count > rows:
        nearest = ((np.arange(count) + 0.5) * rows / count).astype(np.int64)
        repeated: Floats = image[np.minimum(nearest, rows - 1)]
        return repeated
    # Exact means over areas: differences of the running sum, cut within rows where needed.
    running = np.concatenate([np.zeros((1, *image.shape[1:])), np.cumsum(image, axis=0)])
    edges = np.linspace(0.0, rows, count + 1)
    whole = np.minimum(edges.astype(np.int64), rows - 1)
    part = (edges - whole).reshape(-1, *([1] * (image.ndim - 1)))
    sums = running[whole] + part * image[whole]
    mean: Floats = np.diff(sums, axis=0) * (count / rows)
    return mean


def _paint_cells(rgb: Bytes, layer: CellLayer) -> None:
    height, width = rgb.shape[:2]
    upright = layer.rgb[::-1]
    if layer.opacity is None:
        rgb[:] = np.rint(resampled(upright.astype(np.float64), height, width)).astype(np.uint8)
        return
    opacity = layer.opacity[::-1][..., None]
    # Colours weigh by their opacity, so that unseen cells do not tint their neighbours' mean.
    paint_sum = resampled(upright * opacity, height, width)
    share = resampled(opacity, height, width)
    rgb[:] = np.rint(np.clip(rgb * (1.0 - share) + paint_sum, 0.0, 255.0)).astype(np.uint8)


def _paint_points(rgb: Bytes, covered: Mask, layer: PointLayer, frame: Frame) -> None:
    height, width = covered.shape
    assert frame.extent is not None
    across, up = frame.extent
    inside = (layer.x >= 0) & (layer.x <= across) & (layer.y >= 0) & (layer.y <= up)
    if not inside.all():
        layer = chosen(layer, inside)
    if not len(layer.x):
        return
    symbol, diameter = mark_of(layer, frame, width, height)
    shapes, shape_of_point, box = _shapes_of(layer, symbol, diameter)
    corner_x = np.floor(layer.x * (width / across) - box / 2 + 0.5).astype(np.int64)
    corner_y = np.floor((up - layer.y) * (height / up) - box / 2 + 0.5).astype(np.int64)
    _stamp(rgb, covered, (corner_y, corner_x), shapes, shape_of_point, layer.rgb)


def mark_of(layer: PointLayer, frame: Frame, width: int, height: int) -> tuple[Symbol, float]:
    """The mark that agents of a layer get in a picture of a size, and its diameter in pixels.

    On grids a cell (three quarters of it as a dot where cells are drawn below); elsewhere what a
    crowd of so many leaves free, from 1.5 pixels to a fiftieth of the picture; arrows are longer.
    """
    assert frame.extent is not None
    unit = min(width / frame.extent[0], height / frame.extent[1])
    arrow = layer.heading is not None and layer.symbol in (Symbol.AUTO, Symbol.ARROW) and not layer.cellular
    arrow = arrow or (layer.symbol is Symbol.ARROW and layer.heading is not None)
    if layer.diameter is not None:
        diameter = layer.diameter * unit
    elif layer.cellular:
        diameter = unit * (0.75 if frame.cells else 1.0)
    else:
        room = 0.5 * math.sqrt(width * height / max(1, len(layer.x)))
        diameter = min(max(room, 1.5), max(1.5, min(width, height) / 50.0))
        diameter *= 1.8 if arrow else 1.0
    diameter = min(max(1.0, diameter), LARGEST_MARK_PIXELS)
    if arrow and diameter >= SMALLEST_ARROW_PIXELS:
        return Symbol.ARROW, diameter
    square = layer.symbol is Symbol.SQUARE or (
        layer.symbol is Symbol.AUTO and layer.cellular and not frame.cells and layer.diameter is None
    )
    return (Symbol.SQUARE if square else Symbol.DOT), diameter


def chosen(layer: PointLayer, keep: Mask) -> PointLayer:
    """The agents of a layer for which `keep` is true."""
    return replace(
        layer,
        x=layer.x[keep],
        y=layer.y[keep],
        rgb=layer.rgb[keep],
        heading=None if layer.heading is None else layer.heading[keep],
        scale=None if layer.scale is None else layer.scale[keep],
    )


def _shapes_of(layer: PointLayer, symbol: Symbol, diameter: float) -> tuple[list[Mask], Ints, int]:
    """The distinct stamps of a layer, all in boxes of one size, and which of them each agent has."""
    count = len(layer.x)
    diameters = [diameter]
    level = np.zeros(count, dtype=np.int64)
    if layer.scale is not None:
        low, high = float(layer.scale.min()), float(layer.scale.max())
        steps = np.linspace(low, high, SCALE_LEVELS)
        level = np.rint((layer.scale - low) / max(high - low, 1e-12) * (SCALE_LEVELS - 1)).astype(np.int64)
        diameters = [max(1.0, diameter * float(step)) for step in steps]
    box = max(1, round(max(diameters)))
    if symbol is not Symbol.ARROW:
        draw = _square if symbol is Symbol.SQUARE else _disc
        return [draw(box, one) for one in diameters], level, box
    assert layer.heading is not None
    turn = np.nan_to_num(layer.heading) * (HEADINGS / (2.0 * math.pi))
    direction = np.rint(turn).astype(np.int64) % HEADINGS
    shapes = [
        _dart(box, one, 2.0 * math.pi * step / HEADINGS) for one in diameters for step in range(HEADINGS)
    ]
    return shapes, level * HEADINGS + direction, box


def _offsets(box: int) -> tuple[Floats, Floats]:
    """Distances of a box's pixel centres from its middle, to the right and upwards."""
    middle = (np.arange(box) + 0.5) - box / 2
    return np.meshgrid(middle, -middle)


def _square(box: int, diameter: float) -> Mask:
    right, up = _offsets(box)
    half = max(0.5, round(diameter) / 2)
    return (np.abs(right) <= half) & (np.abs(up) <= half)


def _disc(box: int, diameter: float) -> Mask:
    right, up = _offsets(box)
    radius = max(diameter / 2, 0.75)
    return right**2 + up**2 <= radius**2


def _dart(box: int, diameter: float, angle: float) -> Mask:
    """A narrow triangle that points along an angle, with a notch at its back."""
    right, up = _offsets(box)
    along = (right * math.cos(angle) + up * math.sin(angle)) / (diameter / 2)
    aside = np.abs(-right * math.sin(angle) + up * math.cos(angle)) / (diameter / 2)
    front = aside <= 0.3 * (1.0 - along)
    notch = along >= -0.85 + 0.45 * np.maximum(0.0, 1.0 - aside / 0.5)
    shape: Mask = front & notch & (along <= 1.0)
    shape[box // 2, box // 2] = True
    return shape


def _stamp(
    rgb: Bytes,
    covered: Mask,
    corner: tuple[Ints, Ints],
    shapes: list[Mask],
    shape_of_point: Ints,
    colors: Bytes,
) -> None:
    """Paints one shape per agent, agent after agent: of two on one pixel the later one is seen."""
    height, width = covered.shape
    box = shapes[0].shape[0]
    pixels = max(int(shape.sum()) for shape in shapes)
    # Every shape as one row of offsets, filled up with repetitions: one table, one assignment.
    table = np.array([np.resize(np.flatnonzero(shape), pixels) for shape in shapes])
    down, right = np.divmod(table, box)
    flat_rgb, flat_covered = rgb.reshape(-1, 3), covered.reshape(-1)
    block = max(1, PIXELS_PER_BLOCK // pixels)
    for begin in range(0, len(shape_of_point), block):
        rows = slice(begin, begin + block)
        shape = shape_of_point[rows]
        y = corner[0][rows, None] + down[shape]
        x = corner[1][rows, None] + right[shape]
        inside = (y >= 0) & (y < height) & (x >= 0) & (x < width)
        index = (y * width + x)[inside]
        agent = np.broadcast_to(np.arange(len(shape))[:, None], inside.shape)[inside]
        flat_rgb[index] = colors[rows][agent]
        flat_covered[index] = True
