"""Animated GIFs written frame by frame: nothing of a frame is kept once it is in the file.

Pillow compresses one picture at a time; the stream around it (GIF89a: header, endless loop, one
delay and one table of colours per frame) is written here, because Pillow itself keeps all frames in
memory until it saves.
"""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from bigworlds.errors import UserError
from bigworlds.view.palette import Bytes
from bigworlds.view.screen import packed

if TYPE_CHECKING:
    from PIL import Image

TRAILER = b";"
MAX_COLORS = 256
# Browsers play frames of less than 2/100 s slowly instead of fast.
MAX_FRAMES_PER_SECOND = 50.0
_HEADER_BYTES = 13
_IMAGE, _EXTENSION = 0x2C, 0x21


class GifStream:
    """Writes frames of one size into an animated GIF.

    Args:
        file: a binary file open for writing.
        frames_per_second: above 0, at most 50; the mean is met exactly, single delays are whole
            hundredths of a second.

    Raises:
        UserError: the rate is out of range.
    """

    def __init__(self, file: BinaryIO, frames_per_second: float) -> None:
        check_rate(frames_per_second)
        self._file = file
        self._rate = frames_per_second
        self.frames = 0

    def add(self, pixels: Bytes) -> None:
        """Appends a frame.

        Colours are exact up to 256 of them, else the nearest of 256.

        Args:
            pixels: uint8 (height, width, 3), of the same size for all frames.
        """
        if self.frames == 0:
            height, width = pixels.shape[:2]
            # No table for all: colours may change from frame to frame.
            self._file.write(b"GIF89a" + struct.pack("<HHBBB", width, height, 0x70, 0, 0))
            self._file.write(b"\x21\xff\x0bNETSCAPE2.0\x03\x01\x00\x00\x00")
        delay = round((self.frames + 1) * 100 / self._rate) - round(self.frames * 100 / self._rate)
        self._file.write(b"\x21\xf9\x04" + struct.pack("<BHBB", 0x04, delay, 0, 0))
        self._file.write(_image_block(pixels))
        self.frames += 1

    def finish(self) -> None:
        """Ends the stream; the file is still open."""
        self._file.write(TRAILER)


def check_rate(frames_per_second: float) -> None:
    """Refuses a rate that GIFs do not play.

    Raises:
        UserError: it is not above 0 and at most 50.
    """
    if not 0 < frames_per_second <= MAX_FRAMES_PER_SECOND:
        raise UserError(
            f"a GIF plays up to {MAX_FRAMES_PER_SECOND:g} frames per second; "
            f"found {frames_per_second:g}. Write an .mp4 for more"
        )


def _image_block(pixels: Bytes) -> bytes:
    """One picture as a GIF image with its own colours, taken out of a whole GIF that Pillow made."""
    image = _with_palette(pixels)
    buffer = io.BytesIO()
    image.save(buffer, format="GIF", optimize=False, interlace=0)
    data = buffer.getvalue()
    flags = data[10]
    colors_bits = flags & 0x07
    table = data[_HEADER_BYTES : _HEADER_BYTES + 3 * (2 << colors_bits)]
    at = _HEADER_BYTES + len(table)
    while data[at] == _EXTENSION:
        at = _after_blocks(data, at + 2)
    assert data[at] == _IMAGE, "Pillow wrote a GIF without a picture"
    local = data[at + 9]
    if local & 0x80:
        return data[at:-1]
    # The global table of the one-picture file becomes this picture's local one.
    return data[at : at + 9] + bytes([local | 0x80 | colors_bits]) + table + data[at + 10 : -1]


def _with_palette(pixels: Bytes) -> Image.Image:
    """A picture of at most 256 colours; without dithering, which would crawl from frame to frame."""
    from PIL import Image

    picture = Image.fromarray(np.ascontiguousarray(pixels))
    counted = picture.getcolors(MAX_COLORS)
    if counted is None:
        return picture.quantize(MAX_COLORS, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    table = np.array(sorted(color for _, color in counted), dtype=np.uint8)
    index = np.searchsorted(packed(table), packed(pixels)).astype(np.uint8)
    image = Image.fromarray(index)
    # Grey levels become places in the table.
    image.putpalette(table.tobytes())
    return image


def _after_blocks(data: bytes, at: int) -> int:
    """The place after a row of sub-blocks: each begins with its length, a length of 0 ends them."""
    while data[at]:
        at += data[at] + 1
    return at + 1
