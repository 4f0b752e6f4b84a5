"""Movies of a running world: `MovieWriter` streams frames into a .gif or .mp4 file.

Frames go straight to the encoder, so that memory does not grow with the length. The file appears
under its name only when it is whole.
"""

from __future__ import annotations

import contextlib
import math
import os
import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Protocol, Self

import numpy as np

from bigworlds.errors import BigworldsError, UserError, nearest_names
from bigworlds.view.frame import Frame
from bigworlds.view.gif import GifStream, check_rate
from bigworlds.view.output import WholeFile
from bigworlds.view.palette import Bytes
from bigworlds.view.picture import compose, picture_size

SUFFIXES = (".gif", ".mp4")
FRAMES_PER_SECOND = 20.0
LONGEST_GIF_PIXELS, LONGEST_VIDEO_PIXELS = 480, 960
# Enough for one line of ffmpeg's complaint.
MAX_COMPLAINT_BYTES = 400
CLOSE_TIMEOUT_SECONDS = 300.0


class _Encoder(Protocol):
    def add(self, pixels: Bytes) -> None: ...
    def finish(self) -> None: ...
    def abandon(self) -> None: ...


class MovieWriter:
    """Writes frames of a world into a movie.

    Used as a context manager, the file is finished at the end and removed after an exception
    (Ctrl-C included: `close` it yourself to keep what there is).

    Args:
        path: ends in .gif (Pillow) or .mp4 (H.264 by ffmpeg: `pip install 'bigworlds[movie]'`, or
            an ffmpeg on the PATH). An older file of that name is replaced.
        fps: frames per second of the movie; .gif at most 50.
        size: width and height in pixels; default: the first frame's proportions, the longer side
            480 (.gif) or 960 (.mp4) pixels. For .mp4 both must be even.

    Raises:
        UserError: another suffix, a folder that is not there, a size or rate that cannot be, no
            ffmpeg (the message says what to install).

    Example:
        >>> import tempfile
        >>> with MovieWriter(f"{tempfile.mkdtemp()}/void.gif") as movie:
        ...     for tick in range(3):
        ...         movie.add(Frame(tick=tick, extent=(10.0, 10.0)))
        >>> movie.path.read_bytes()[:6]
        b'GIF89a'
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        fps: float = FRAMES_PER_SECOND,
        size: tuple[int, int] | None = None,
    ) -> None:
        self._suffix = movie_suffix(path)
        if not (math.isfinite(fps) and fps > 0):
            raise UserError(f"fps is a number above 0; found {fps!r}")
        if size is not None:
            _check_size(size, self._suffix)
        self._size = size
        self._fps = fps
        self._file = WholeFile(path)
        self._encoder: _Encoder | None = None
        # Found now, not after an hour of simulating.
        self._ffmpeg = find_ffmpeg() if self._suffix == ".mp4" else ""
        if self._suffix == ".gif":
            self._encoder = _GifEncoder(self._file.part, fps)
        self.frames = 0
        self._closed = False

    @property
    def path(self) -> Path:
        """Where the movie will be."""
        return self._file.path

    def add(self, frame: Frame) -> None:
        """Appends a picture of a frame.

        Raises:
            BigworldsError: the encoder failed (its own words are in the message) or the disk is
                full; the file is removed.
        """
        if self._size is None:
            longest = LONGEST_GIF_PIXELS if self._suffix == ".gif" else LONGEST_VIDEO_PIXELS
            self._size = picture_size(frame, longest)
        self.add_pixels(compose(frame, self._size))

    def add_pixels(self, pixels: Bytes) -> None:
        """Appends a picture.

        Args:
            pixels: uint8 (height, width, 3), of the movie's size.
        """
        height, width = pixels.shape[:2]
        if self._size is None:
            _check_size((width, height), self._suffix)
            self._size = (width, height)
        if (width, height) != self._size:
            expected = f"{self._size[0]} x {self._size[1]}"
            raise UserError(f"all pictures of a movie have one size: {expected}; found {width} x {height}")
        if self._closed:
            raise UserError(f"the movie {self.path} is closed")
        if self._encoder is None:
            self._encoder = _VideoEncoder(self._ffmpeg, self._file.part, self._fps, self._size)
        with self._abandoned_on_error():
            self._encoder.add(np.ascontiguousarray(pixels))
        self.frames += 1

    def close(self) -> None:
        """Finishes the movie and puts it under its name; without any frame there is no file."""
        if self._closed:
            return
        if self.frames == 0 or self._encoder is None:
            self.abandon()
            return
        with self._abandoned_on_error():
            self._encoder.finish()
            self._file.keep()
        self._closed = True

    def abandon(self) -> None:
        """Removes what was written."""
        if self._closed:
            return
        self._closed = True
        if self._encoder is not None:
            self._encoder.abandon()
        self._file.discard()

    @contextlib.contextmanager
    def _abandoned_on_error(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self.abandon()
            raise BigworldsError(f"cannot write the movie {self.path}: {error.strerror or error}") from error
        except BaseException:
            self.abandon()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.abandon()


def movie_suffix(path: str | os.PathLike[str]) -> str:
    """The kind of movie that a file name asks for: ".gif" or ".mp4".

    Raises:
        UserError: another suffix or none.

    Example:
        >>> movie_suffix("flock.GIF")
        '.gif'
    """
    suffix = Path(path).suffix.lower()
    if suffix in SUFFIXES:
        return suffix
    near = nearest_names(suffix, SUFFIXES)
    raise UserError(
        f"a movie's file ends in .gif or .mp4; found {suffix or 'no suffix'!r} in {str(path)!r}{near}"
    )


def find_ffmpeg() -> str:
    """The ffmpeg program: the one of the package imageio-ffmpeg, or one on the PATH.

    Raises:
        UserError: there is none; the message says what to install.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import imageio_ffmpeg

            return str(imageio_ffmpeg.get_ffmpeg_exe())
    except (ImportError, RuntimeError):
        found = shutil.which("ffmpeg")
    if found is None:
        raise UserError(
            "an .mp4 needs ffmpeg, which is not here: pip install 'bigworlds[movie]' (or write a .gif)"
        )
    return found


def _check_size(size: tuple[int, int], suffix: str) -> None:
    width, height = size
    if not (1 <= width <= 65535 and 1 <= height <= 65535):
        raise UserError(f"a movie's size is (width, height) from 1 to 65535 pixels; found {size!r}")
    if suffix == ".mp4" and (width % 2 or height % 2):
        raise UserError(f"the width and height of an .mp4 are even; found {width} x {height}")


class _GifEncoder:
    """A GIF file and the stream into it."""

    def __init__(self, path: Path, fps: float) -> None:
        self._path = path
        self._file: IO[bytes] | None = None
        self._stream: GifStream | None = None
        self._fps = fps
        check_rate(fps)

    def add(self, pixels: Bytes) -> None:
        if self._stream is None:
            self._file = self._path.open("wb")
            self._stream = GifStream(self._file, self._fps)
        self._stream.add(pixels)

    def finish(self) -> None:
        assert self._stream is not None
        assert self._file is not None
        self._stream.finish()
        self._file.close()

    def abandon(self) -> None:
        if self._file is not None:
            self._file.close()


class _VideoEncoder:
    """An ffmpeg process that takes raw pictures on its standard input."""

    def __init__(self, program: str, path: Path, fps: float, size: tuple[int, int]) -> None:
        source = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{size[0]}x{size[1]}", "-r", f"{fps:g}"]
        # yuv420p and faststart: what browsers and slides play.
        target = ["-an", "-c:v", "libx264", "-preset", "fast", "-crf", "18", "-pix_fmt", "yuv420p"]
        target += ["-movflags", "+faststart", "-f", "mp4", str(path)]
        # A file, not a pipe: nobody reads while pictures are written, and a full pipe would block.
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115 (closed by finish or abandon)
        self._process = subprocess.Popen(
            [program, "-y", "-loglevel", "error", *source, "-i", "-", *target],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=self._complaints,
            # Ctrl-C is for the simulation, which then closes the movie in good order.
            start_new_session=True,
        )

    def add(self, pixels: Bytes) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(pixels.tobytes())
        except BrokenPipeError:
            raise self._failure() from None

    def finish(self) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.close()
        except BrokenPipeError:
            raise self._failure() from None
        if self._process.wait(CLOSE_TIMEOUT_SECONDS) != 0:
            raise self._failure()
        self._complaints.close()

    def abandon(self) -> None:
        self._process.kill()
        self._process.wait()
        if self._process.stdin is not None:
            # What was buffered for the dead process is not wanted any more.
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()
        self._complaints.close()

    def _failure(self) -> BigworldsError:
        code = self._process.wait(CLOSE_TIMEOUT_SECONDS)
        self._complaints.seek(0)
        said = self._complaints.read().decode("utf-8", "replace").strip()[-MAX_COMPLAINT_BYTES:]
        return BigworldsError(f"ffmpeg failed (exit code {code}): {said or 'without a word'}")
