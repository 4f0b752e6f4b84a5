"""Colours, as three uint8 numbers in sRGB: their names, the fixed palette of kinds, colormaps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bigworlds.errors import ModelError, nearest_names

Rgb = tuple[int, int, int]
Bytes = NDArray[np.uint8]
Floats = NDArray[np.float64]

# Colours that stay apart for all common kinds of colour blindness. Source: M. Okabe, K. Ito (2008),
# "Color Universal Design". Their black is left out (the terminal and movies are dark), a light grey
# closes the row.
KIND_COLORS: tuple[Rgb, ...] = (
    (86, 180, 233),
    (230, 159, 0),
    (0, 158, 115),
    (204, 121, 167),
    (240, 228, 66),
    (213, 94, 0),
    (0, 114, 178),
    (187, 187, 187),
)
BACKGROUND: Rgb = (17, 20, 27)
EMPTY_CELL: Rgb = (30, 35, 44)
NO_VALUE: Rgb = (119, 119, 119)

TABLE_LENGTH = 256


@dataclass(frozen=True)
class Colormap:
    """A row of colours from the lowest value to the highest.

    Attributes:
        table: uint8 (256, 3).
        cyclic: the last colour meets the first (angles).
    """

    table: Bytes
    cyclic: bool = False

    def colors(self, values: Floats) -> Bytes:
        """The colours of values between 0 and 1 (others are clipped, not-a-number is grey).

        Args:
            values: float array of any shape.

        Returns:
            uint8 array of that shape and a last axis of 3.
        """
        known = np.isfinite(values)
        if self.cyclic:
            index = np.floor(np.where(known, values, 0.0) * TABLE_LENGTH).astype(np.int64) % TABLE_LENGTH
        else:
            clipped = np.clip(np.where(np.isnan(values), 0.0, values), 0.0, 1.0)
            index = np.rint(clipped * (TABLE_LENGTH - 1)).astype(np.int64)
        colors: Bytes = self.table[index]
        colors[np.isnan(values)] = NO_VALUE
        return colors


def parse_color(value: object) -> Rgb:
    """A colour from its name, `#rrggbb`, or three integers 0..255.

    Args:
        value: a CSS colour name ("tan"), a hexadecimal colour ("#d2b48c"), or (red, green, blue).

    Raises:
        ModelError: it is none of these; the message has the nearest colour names.

    Example:
        >>> parse_color("tan"), parse_color("#ff8000"), parse_color((0, 158, 115))
        ((210, 180, 140), (255, 128, 0), (0, 158, 115))
    """
    if isinstance(value, str):
        return _color_of_text(value)
    if isinstance(value, Sequence) and len(value) == 3:
        parts = tuple(value)
        if all(isinstance(part, int | np.integer) and 0 <= int(part) <= 255 for part in parts):
            return (int(parts[0]), int(parts[1]), int(parts[2]))
    raise ModelError(f"a colour is a name, '#rrggbb' or three integers from 0 to 255; found {value!r}")


def is_color(value: object) -> bool:
    """Whether `parse_color` takes the value."""
    try:
        parse_color(value)
    except ModelError:
        return False
    return True


def color_names() -> list[str]:
    """The names that `parse_color` knows, sorted."""
    from PIL import ImageColor

    return sorted(ImageColor.colormap)


def _color_of_text(text: str) -> Rgb:
    # Pillow is imported where it is needed: `import bigworlds` must not pay for it.
    from PIL import ImageColor

    try:
        found = ImageColor.getrgb(text)
    except ValueError:
        near = nearest_names(text, color_names()) if len(text) < 40 else ""
        hint = near if near.startswith("; did") else ""
        raise ModelError(f"{text!r} is no colour (a CSS name or '#rrggbb'){hint}") from None
    return found[:3]


def linear_colormap(stops: Sequence[object]) -> Colormap:
    """A colormap through the given colours at equal distances, straight in OKLab.

    OKLab is a colour space in which equal steps look equal. Source: B. Ottosson (2020), "A
    perceptual color space for image processing".

    Args:
        stops: two colours at least, from the lowest value to the highest.
    """
    lab = _oklab_of_rgb(np.array([parse_color(stop) for stop in stops], dtype=np.float64))
    places = np.linspace(0.0, len(stops) - 1.0, TABLE_LENGTH)
    left = np.minimum(places.astype(np.int64), len(stops) - 2)
    share = (places - left)[:, None]
    return Colormap(_rgb_of_oklab(lab[left] * (1.0 - share) + lab[left + 1] * share))


def _hue_wheel() -> Colormap:
    """All hues at one lightness: for angles."""
    angle = np.arange(TABLE_LENGTH) * (2.0 * np.pi / TABLE_LENGTH)
    lightness, chroma = np.full(TABLE_LENGTH, 0.75), 0.125
    lab = np.stack([lightness, chroma * np.cos(angle), chroma * np.sin(angle)], axis=1)
    return Colormap(_rgb_of_oklab(lab), cyclic=True)


# Lightness rises all the way through "heat" and "cool", so that they read the same in grey and for
# the colour-blind.
_NAMED_STOPS: dict[str, tuple[object, ...]] = {
    "heat": ((20, 18, 48), (92, 28, 107), (190, 55, 82), (243, 134, 52), (252, 243, 180)),
    "cool": ((15, 22, 48), (21, 74, 122), (28, 137, 150), (112, 199, 160), (237, 248, 210)),
    "gray": ((18, 18, 18), (240, 240, 240)),
    "diverging": ((33, 89, 172), (140, 181, 224), (238, 238, 238), (240, 160, 110), (178, 40, 40)),
}
COLORMAP_NAMES: tuple[str, ...] = ("heat", "cool", "gray", "diverging", "cyclic")


def named_colormap(name: str) -> Colormap:
    """One of "heat", "cool", "gray", "diverging", "cyclic"; or from dark to a colour that is named.

    Raises:
        ModelError: the name is neither a colormap's nor a colour's.

    Example:
        >>> named_colormap("gray").table[[0, 255]].tolist()
        [[18, 18, 18], [240, 240, 240]]
        >>> named_colormap("lime").table[255].tolist()
        [0, 255, 0]
    """
    if name == "cyclic":
        return _hue_wheel()
    if name in _NAMED_STOPS:
        return linear_colormap(_NAMED_STOPS[name])
    if is_color(name):
        return linear_colormap((EMPTY_CELL, name))
    hint = nearest_names(name, [*COLORMAP_NAMES, *color_names()])
    near = hint if hint.startswith("; did") else nearest_names(name, COLORMAP_NAMES)
    raise ModelError(f"{name!r} is no colormap and no colour{near}")


def _linear_of_srgb(rgb: Floats) -> Floats:
    scaled = rgb / 255.0
    return np.where(scaled <= 0.04045, scaled / 12.92, ((scaled + 0.055) / 1.055) ** 2.4)


def _srgb_of_linear(linear: Floats) -> Bytes:
    kept = np.clip(linear, 0.0, 1.0)
    curved = np.where(kept <= 0.0031308, kept * 12.92, 1.055 * kept ** (1.0 / 2.4) - 0.055)
    return np.rint(curved * 255.0).astype(np.uint8)


# The two matrices of OKLab for linear sRGB (Ottosson 2020).
_LMS_OF_RGB = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_LAB_OF_LMS = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def _oklab_of_rgb(rgb: Floats) -> Floats:
    lab: Floats = np.cbrt(_linear_of_srgb(rgb) @ _LMS_OF_RGB.T) @ _LAB_OF_LMS.T
    return lab


def _rgb_of_oklab(lab: Floats) -> Bytes:
    lms = (lab @ np.linalg.inv(_LAB_OF_LMS).T) ** 3
    return _srgb_of_linear(lms @ np.linalg.inv(_LMS_OF_RGB).T)


def luminance(rgb: NDArray[np.generic]) -> Floats:
    """How bright colours look, 0 to 1: Rec. 709 weights on sRGB values, enough for shades of text."""
    weighted: Floats = np.asarray(rgb, dtype=np.float64) @ np.array([0.2126, 0.7152, 0.0722]) / 255.0
    return weighted
