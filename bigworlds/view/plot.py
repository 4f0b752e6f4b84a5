"""Still pictures as PNG files: the world, and quantities over time; by matplotlib, else by Pillow alone.

This is the only file that imports matplotlib. Without it the same pictures come without axes of
their own. Files are whole or absent.
"""

from __future__ import annotations

import importlib.util
import io
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bigworlds.errors import UserError
from bigworlds.view.frame import TITLE_JOINT, Curve, Frame
from bigworlds.view.output import WholeFile
from bigworlds.view.palette import KIND_COLORS, Bytes, Rgb
from bigworlds.view.picture import compose, draw_curves, encode_png, picture_size
from bigworlds.view.raster import fit_size, rasterise

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WORLD_PIXELS = 900
DOTS_PER_INCH = 150
PANEL_WIDTH_INCHES, PANEL_HEIGHT_INCHES = 7.0, 2.1
PANEL_PIXELS = (900, 260)
# Of text at 10 points; the dot of a legend's entry and the room between two take as much as some of them.
CHARACTERS_PER_INCH = 12
LEGEND_HANDLE_CHARACTERS = 8
LINE_INCHES = 0.2
TICK = "tick"
# Records with more columns than this per tick (histograms) are heat maps, others one line a column.
MAX_LINES = 8
MAX_PANELS = 64


def plot_world(frame: Frame, path: str | os.PathLike[str]) -> Path:
    """Draws a world as a PNG file: with axes, legend and colour scales by matplotlib, or plain by Pillow.

    Args:
        frame: what is drawn; a world without space gives its counts over time.
        path: ends in .png.

    Returns:
        The path.

    Raises:
        UserError: another suffix, or a folder that is not there.
    """
    return write_png(world_png(frame), path)


def world_png(frame: Frame) -> bytes:
    """The bytes of the file that `plot_world` writes."""
    if not has_matplotlib():
        return encode_png(compose(frame, picture_size(frame, WORLD_PIXELS)))
    if frame.extent is None:
        return _png_of(_figure_of_panels([(f"agents of {frame.caption}".strip(), frame.curves)]))
    return _png_of(_figure_of_world(frame))


def plot_records(table: Mapping[str, NDArray[Any]], path: str | os.PathLike[str]) -> Path:
    """Draws quantities over time as a PNG file, one panel a quantity.

    Args:
        table: "tick" (n,) and quantities (n,) or (n, k), as records give them. Several columns of a
            quantity are lines up to eight, above that (histograms) a heat map. Text is left out.
        path: ends in .png.

    Returns:
        The path.

    Raises:
        UserError: no "tick", no quantity, lengths that differ, another suffix, no such folder.

    Example:
        >>> import tempfile
        >>> folder = tempfile.mkdtemp()
        >>> table = {"tick": np.arange(3), "sheep": np.array([60, 58, 61])}
        >>> plot_records(table, f"{folder}/sheep.png").name
        'sheep.png'
    """
    return write_png(records_png(table), path)


def records_png(table: Mapping[str, NDArray[Any]]) -> bytes:
    """The bytes of the file that `plot_records` writes."""
    ticks, quantities = _checked(table)
    if has_matplotlib():
        return _png_of(_figure_of_records(ticks, quantities))
    panels = [_plain_panel(name, ticks, values) for name, values in quantities.items()]
    return encode_png(np.concatenate(panels))


def side_by_side(pictures: Sequence[bytes]) -> bytes:
    """PNG files in one: beside each other, at the top.

    Example:
        >>> one = encode_png(np.zeros((4, 6, 3), dtype=np.uint8))
        >>> Plot(side_by_side([one, one])).size
        (12, 4)
    """
    from PIL import Image

    images = [Image.open(io.BytesIO(picture)).convert("RGB") for picture in pictures]
    ground = images[0].getpixel((0, 0))
    width, height = sum(image.width for image in images), max(image.height for image in images)
    whole = Image.new("RGB", (width, height), ground)
    left = 0
    for image in images:
        whole.paste(image, (left, 0))
        left += image.width
    return encode_png(np.asarray(whole))


class Plot:
    """A picture in memory: notebooks show it, `save` writes it.

    Attributes:
        png: the bytes of a PNG file.
    """

    def __init__(self, png: bytes) -> None:
        self.png = png

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        from PIL import Image

        with Image.open(io.BytesIO(self.png)) as image:
            return image.size

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Writes the picture, whole or not at all.

        Raises:
            UserError: the name does not end in .png, or its folder is not there.
        """
        return write_png(self.png, path)

    def _repr_png_(self) -> bytes:
        return self.png

    def __repr__(self) -> str:
        return "<plot of {} x {} pixels; .save(path) writes it>".format(*self.size)


def has_matplotlib() -> bool:
    """Whether matplotlib is installed (the extra `plot`)."""
    return importlib.util.find_spec("matplotlib") is not None


def write_png(data: bytes, path: str | os.PathLike[str]) -> Path:
    """Writes the bytes of a PNG file, whole or not at all.

    Raises:
        UserError: the name does not end in .png, or its folder is not there.
    """
    if Path(path).suffix.lower() != ".png":
        raise UserError(f"a plot's file ends in .png; found {str(path)!r}")
    file = WholeFile(path)
    try:
        file.part.write_bytes(data)
        return file.keep()
    finally:
        file.discard()


def _checked(table: Mapping[str, NDArray[Any]]) -> tuple[NDArray[Any], dict[str, NDArray[Any]]]:
    """The ticks, and the quantities that are numbers."""
    if TICK not in table:
        raise UserError(f"records to plot have a column {TICK!r}; found {', '.join(table) or 'nothing'}")
    ticks = np.asarray(table[TICK])
    if not len(ticks):
        raise UserError("there is nothing to plot yet: the records have no rows")
    quantities: dict[str, NDArray[Any]] = {}
    for name, column in table.items():
        values = np.asarray(column)
        if name == TICK or values.dtype.kind not in "biuf" or values.ndim not in (1, 2):
            continue
        if len(values) != len(ticks):
            raise UserError(f"record {name!r} has {len(values)} rows, but there are {len(ticks)} ticks")
        quantities[name] = values
    if not quantities:
        raise UserError("there is no recorded quantity to plot; add record= to the model")
    if len(quantities) > MAX_PANELS:
        raise UserError(f"{len(quantities)} quantities do not fit one picture (at most {MAX_PANELS})")
    return ticks, quantities


def _curves_of(name: str, ticks: NDArray[Any], values: NDArray[Any]) -> list[Curve]:
    columns = values.reshape(len(values), -1).T.astype(np.float64)
    names = [name] if len(columns) == 1 else [f"{name} {place}" for place in range(len(columns))]
    curves = []
    for place, (label, column) in enumerate(zip(names, columns, strict=True)):
        # Records of several rhythms have gaps at each other's ticks: lines go on over them.
        known = np.isfinite(column)
        color = KIND_COLORS[place % len(KIND_COLORS)]
        curves.append(Curve(label, ticks[known].astype(np.float64), column[known], color))
    return curves


def _plain_panel(name: str, ticks: NDArray[Any], values: NDArray[Any]) -> Bytes:
    if values.ndim == 2 and values.shape[1] > MAX_LINES:
        # Of a histogram without matplotlib: its sum, and where its middle lies.
        weights = values.astype(np.float64)
        total = weights.sum(axis=1)
        middle = (weights * np.arange(values.shape[1])).sum(axis=1) / np.where(total == 0, np.nan, total)
        return draw_curves(_curves_of(f"{name}: mean bin", ticks, middle), *PANEL_PIXELS)
    return draw_curves(_curves_of(name, ticks, values), *PANEL_PIXELS)


def _png_of(figure: Figure) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=DOTS_PER_INCH, metadata={"Software": None})
    return buffer.getvalue()


def _figure_of_world(frame: Frame) -> Figure:
    from matplotlib.figure import Figure

    assert frame.extent is not None
    across, up = frame.extent
    width, height = fit_size(frame, WORLD_PIXELS, WORLD_PIXELS)
    pixels = rasterise(frame, width, height, smooth=1 if frame.grid else 2)
    figure = Figure(figsize=_world_inches(across, up, bool(frame.scales)), layout="constrained")
    axes = figure.add_subplot()
    axes.imshow(pixels, extent=(0.0, across, 0.0, up), interpolation="none" if frame.grid else "antialiased")
    title = _wrapped(frame, float(figure.get_figwidth()))
    figure.set_figheight(figure.get_figheight() + LINE_INCHES * title.count("\n"))
    figure.suptitle(title, fontsize=10)
    axes.set_xlabel("x")
    axes.set_ylabel("y")
    _add_legend(figure, frame)
    for scale in frame.scales:
        _add_scale(figure, axes, scale.label, (scale.low, scale.high), scale.table)
    return figure


def _world_inches(across: float, up: float, scales: bool) -> tuple[float, float]:
    longest = 6.0
    unit = longest / max(across, up)
    return max(3.0, across * unit + (1.6 if scales else 0.8)), max(2.0, up * unit + 1.2)


def _wrapped(frame: Frame, inches: float) -> str:
    """The title in as many lines as the figure's width makes of it, broken between its parts."""
    most = max(1, int(inches * CHARACTERS_PER_INCH))
    lines = [""]
    for part in frame.title_parts:
        joined = lines[-1] + TITLE_JOINT + part if lines[-1] else part
        if len(joined) > most and lines[-1]:
            lines.append(part)
        else:
            lines[-1] = joined
    return "\n".join(lines)


def _add_legend(figure: Figure, frame: Frame) -> None:
    """Below all else, in as many columns as fit; the layout makes room for it."""
    from matplotlib.patches import Patch

    if not frame.legend:
        return
    labels = [_label(entry.label, entry.count) for entry in frame.legend]
    handles = [
        Patch(facecolor=_unit(entry.rgb), edgecolor="0.5", linewidth=0.5, label=label)
        for entry, label in zip(frame.legend, labels, strict=True)
    ]
    widest = (max(map(len, labels)) + LEGEND_HANDLE_CHARACTERS) / CHARACTERS_PER_INCH
    columns = max(1, min(4, len(handles), int(figure.get_figwidth() / widest)))
    rows = -(-len(handles) // columns)
    figure.set_figheight(figure.get_figheight() + LINE_INCHES * (rows - 1))
    figure.legend(handles=handles, loc="outside lower center", ncols=columns, fontsize=8, frameon=False)


def _add_scale(figure: Figure, axes: Axes, label: str, ends: tuple[float, float], table: Bytes) -> None:
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import ListedColormap, Normalize

    low, high = ends[0], ends[1] if ends[1] > ends[0] else ends[0] + 1.0
    mappable = ScalarMappable(Normalize(low, high), ListedColormap(table / 255.0))
    figure.colorbar(mappable, ax=axes, label=label, shrink=0.7)


def _figure_of_panels(panels: Sequence[tuple[str, Sequence[Curve]]]) -> Figure:
    from matplotlib.figure import Figure

    figure = Figure(
        figsize=(PANEL_WIDTH_INCHES, PANEL_HEIGHT_INCHES * len(panels) + 0.5), layout="constrained"
    )
    all_axes = figure.subplots(len(panels), 1, sharex=True, squeeze=False)[:, 0]
    for axes, (label, curves) in zip(all_axes, panels, strict=True):
        for curve in curves:
            axes.plot(curve.ticks, curve.values, color=_unit(curve.rgb), linewidth=1.4, label=curve.name)
        _dress(axes, label)
        if len(curves) > 1:
            axes.legend(fontsize=8, frameon=False)
    all_axes[-1].set_xlabel(TICK)
    return figure


def _figure_of_records(ticks: NDArray[Any], quantities: Mapping[str, NDArray[Any]]) -> Figure:
    panels: list[tuple[str, Sequence[Curve]]] = []
    heat_maps: dict[int, NDArray[Any]] = {}
    for place, (name, values) in enumerate(quantities.items()):
        if values.ndim == 2 and values.shape[1] > MAX_LINES:
            heat_maps[place] = values
            panels.append((name, ()))
            continue
        curves = _curves_of(name, ticks, values)
        if len(curves) == 1:
            # One colour a panel, so that panels are told apart at a glance.
            curves = [Curve(name, curves[0].ticks, curves[0].values, KIND_COLORS[place % 7])]
        panels.append((name, curves))
    figure = _figure_of_panels(panels)
    for place, values in heat_maps.items():
        _draw_heat_map(figure, figure.axes[place], ticks, values)
    return figure


def _draw_heat_map(figure: Figure, axes: Axes, ticks: NDArray[Any], values: NDArray[Any]) -> None:
    known = np.isfinite(values).all(axis=1)
    ticks, values = ticks[known].astype(np.float64), values[known]
    if not len(ticks):
        return
    bins = np.arange(values.shape[1] + 1)
    last_step = ticks[-1] - ticks[-2] if len(ticks) > 1 else 1.0
    edges = np.concatenate([ticks, [ticks[-1] + last_step]])
    mesh = axes.pcolormesh(edges, bins, values.T, shading="flat", cmap="magma")
    figure.colorbar(mesh, ax=axes, label="count")
    axes.grid(False)
    axes.set_ylabel(f"{axes.get_ylabel()} (bin)")


def _dress(axes: Axes, label: str) -> None:
    axes.set_ylabel(label)
    axes.grid(color="0.9", linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)
    axes.margins(x=0.01)


def _label(label: str, count: int | None) -> str:
    return label if count is None else f"{label} ({count:,})"


def _unit(rgb: Rgb) -> tuple[float, float, float]:
    return rgb[0] / 255, rgb[1] / 255, rgb[2] / 255
