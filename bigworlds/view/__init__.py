"""Seeing a world: looks, frames, terminal, movies, plots, notebooks. It reads, and changes nothing."""

from __future__ import annotations

from bigworlds.view.camera import Camera, frame_of
from bigworlds.view.frame import CellLayer, ColorScale, Curve, Frame, LegendEntry, Memory, PointLayer, Source
from bigworlds.view.html import ParameterRow, html_of_model, html_of_simulation, html_of_table
from bigworlds.view.look import Look, Symbol
from bigworlds.view.movie import MovieWriter, movie_suffix
from bigworlds.view.picture import compose, encode_png, picture_size
from bigworlds.view.plot import Plot, plot_records, plot_world, records_png, side_by_side, world_png
from bigworlds.view.raster import fit_size, rasterise
from bigworlds.view.terminal import WATCHING_TICKS_PER_SECOND, TerminalView

__all__ = [
    "WATCHING_TICKS_PER_SECOND",
    "Camera",
    "CellLayer",
    "ColorScale",
    "Curve",
    "Frame",
    "LegendEntry",
    "Look",
    "Memory",
    "MovieWriter",
    "ParameterRow",
    "Plot",
    "PointLayer",
    "Source",
    "Symbol",
    "TerminalView",
    "compose",
    "encode_png",
    "fit_size",
    "frame_of",
    "html_of_model",
    "html_of_simulation",
    "html_of_table",
    "movie_suffix",
    "picture_size",
    "plot_records",
    "plot_world",
    "rasterise",
    "records_png",
    "side_by_side",
    "world_png",
]
