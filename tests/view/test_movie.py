"""Movies: frames, colours and delays in the files, memory while writing, and no half files."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageSequence

from bigworlds.errors import BigworldsError, UserError
from bigworlds.view import Camera, Look, MovieWriter, movie_suffix
from bigworlds.view import movie as movie_module
from bigworlds.view.frame import Frame

from .worlds import Bird, flock, fly

Pixels = NDArray[np.uint8]


def noise(seed: int, height: int = 24, width: int = 32, colors: int = 200) -> Pixels:
    rng = np.random.default_rng(seed)
    palette = rng.integers(0, 256, (colors, 3), dtype=np.uint8)
    return palette[rng.integers(0, colors, (height, width))]


def needs_ffmpeg() -> str:
    try:
        return movie_module.find_ffmpeg()
    except UserError:
        pytest.skip("needs ffmpeg: pip install 'bigworlds[movie]' or apt install ffmpeg")


def decoded(path: Path, width: int, height: int) -> Pixels:
    command = [
        needs_ffmpeg(),
        "-loglevel",
        "error",
        "-i",
        str(path),
        "-f",
        "rawvideo",
        "-pix_fmt",
        "rgb24",
        "-",
    ]
    data = subprocess.run(command, capture_output=True, check=True).stdout
    return np.frombuffer(data, dtype=np.uint8).reshape(-1, height, width, 3)


def test_a_gif_holds_every_frame_exactly(tmp_path: Path) -> None:
    path = tmp_path / "noise.gif"
    pictures = [noise(seed, colors=3 + 40 * seed) for seed in range(6)]
    with MovieWriter(path, fps=20) as movie:
        for picture in pictures:
            movie.add_pixels(picture)
        assert movie.frames == 6
    with Image.open(path) as gif:
        assert gif.n_frames == 6  # type: ignore[attr-defined]
        assert gif.info["loop"] == 0
        for picture, image in zip(pictures, ImageSequence.Iterator(gif), strict=True):
            assert image.info["duration"] == 50
            assert np.array_equal(np.asarray(image.convert("RGB")), picture)


def test_more_than_256_colours_become_near_ones(tmp_path: Path) -> None:
    ramp = np.stack(np.meshgrid(np.arange(0, 256, 4), np.arange(0, 256, 4), [90]), axis=-1)[:, :, 0]
    with MovieWriter(tmp_path / "ramp.gif") as movie:
        movie.add_pixels(ramp.astype(np.uint8))
    with Image.open(tmp_path / "ramp.gif") as gif:
        difference = np.abs(np.asarray(gif.convert("RGB")).astype(int) - ramp)
    assert difference.mean() < 8


def test_delays_meet_the_rate_in_the_mean(tmp_path: Path) -> None:
    with MovieWriter(tmp_path / "fast.gif", fps=30) as movie:
        for seed in range(30):
            movie.add_pixels(noise(seed))
    with Image.open(tmp_path / "fast.gif") as gif:
        delays = [image.info["duration"] for image in ImageSequence.Iterator(gif)]
    assert set(delays) == {30, 40}
    assert sum(delays) == 1000


def test_a_gif_takes_little_memory_however_long_it_is(tmp_path: Path) -> None:
    picture = noise(1, 200, 200)
    with MovieWriter(tmp_path / "long.gif") as movie:
        movie.add_pixels(picture)
        tracemalloc.start()
        try:
            for _ in range(50):
                movie.add_pixels(picture)
            kept, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert kept < 200_000  # One frame has 120,000 bytes.


def test_frames_are_drawn_in_one_size_with_even_sides(tmp_path: Path) -> None:
    world, camera = flock(30), Camera([Look(Bird, color="velocity angle")], caption="flock")
    with MovieWriter(tmp_path / "flock.gif") as movie:
        for _ in range(3):
            movie.add(camera.frame(world))
            fly(world, 10)
    with Image.open(tmp_path / "flock.gif") as gif:
        assert gif.size == (480, 506)
        frames = [np.asarray(image.convert("RGB")) for image in ImageSequence.Iterator(gif)]
    assert not np.array_equal(frames[0], frames[1])


def test_an_mp4_shows_every_frame(tmp_path: Path) -> None:
    needs_ffmpeg()
    path = tmp_path / "colors.mp4"
    colors = [(200, 30, 30), (30, 200, 30), (30, 30, 200), (240, 240, 240)]
    with MovieWriter(path, fps=10, size=(64, 48)) as movie:
        for color in colors:
            movie.add_pixels(np.full((48, 64, 3), color, dtype=np.uint8))
    frames = decoded(path, 64, 48)
    assert len(frames) == 4
    for frame, color in zip(frames, colors, strict=True):
        assert frame.mean(axis=(0, 1)) == pytest.approx(color, abs=6)
    assert os.listdir(tmp_path) == ["colors.mp4"]


def test_a_movie_is_whole_or_absent(tmp_path: Path) -> None:
    path = tmp_path / "film.gif"

    def fail() -> None:
        with MovieWriter(path) as movie:
            movie.add_pixels(noise(1))
            assert not path.exists()
            assert len(os.listdir(tmp_path)) == 1
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert os.listdir(tmp_path) == []


def test_an_older_movie_stays_until_the_new_one_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "film.gif"
    path.write_bytes(b"old")
    movie = MovieWriter(path)
    movie.add_pixels(noise(1))
    assert path.read_bytes() == b"old"
    movie.close()
    movie.close()
    assert path.read_bytes()[:6] == b"GIF89a"
    with pytest.raises(UserError, match="is closed"):
        movie.add_pixels(noise(1))


def test_a_movie_without_frames_makes_no_file(tmp_path: Path) -> None:
    with MovieWriter(tmp_path / "none.gif"):
        pass
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("a.avi", {}, r"ends in \.gif or \.mp4; found '\.avi'"),
        ("a.gf", {}, r"did you mean '\.gif'"),
        ("a", {}, "found 'no suffix'"),
        ("none/a.gif", {}, "there is no folder .*none; make it first"),
        ("a.gif", {"fps": 60}, r"up to 50 frames per second; found 60\. Write an \.mp4"),
        ("a.gif", {"fps": 0}, "fps is a number above 0"),
        ("a.gif", {"size": (0, 10)}, "from 1 to 65535"),
        ("a.mp4", {"size": (101, 100)}, "are even; found 101 x 100"),
    ],
)
def test_what_cannot_be_written_is_said_at_once(
    tmp_path: Path, name: str, options: dict[str, object], message: str
) -> None:
    with pytest.raises(UserError, match=message):
        MovieWriter(tmp_path / name, **options)  # type: ignore[arg-type]
    assert os.listdir(tmp_path) == []


def test_a_folder_is_no_movie(tmp_path: Path) -> None:
    (tmp_path / "a.gif").mkdir()
    with pytest.raises(UserError, match="it is a folder"):
        MovieWriter(tmp_path / "a.gif")


def test_pictures_of_another_size_are_refused(tmp_path: Path) -> None:
    with MovieWriter(tmp_path / "a.gif") as movie:
        movie.add_pixels(noise(1))
        with pytest.raises(UserError, match="32 x 24; found 10 x 24"):
            movie.add_pixels(noise(1, width=10))


def test_without_ffmpeg_the_message_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match=r"pip install 'bigworlds\[movie\]' \(or write a \.gif\)"):
        MovieWriter(tmp_path / "a.mp4")


def script(path: Path, text: str) -> str:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize(
    "text", ["echo the codec is missing >&2; exit 4", "cat >/dev/null; echo the codec is missing >&2; exit 4"]
)
def test_an_encoder_that_fails_is_quoted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    program = script(tmp_path / "ffmpeg", text)
    monkeypatch.setattr(movie_module, "find_ffmpeg", lambda: program)
    movie = MovieWriter(tmp_path / "a.mp4", size=(640, 480))

    def write() -> None:
        for _ in range(20):
            movie.add_pixels(np.zeros((480, 640, 3), dtype=np.uint8))
        movie.close()

    with pytest.raises(BigworldsError, match=r"ffmpeg failed \(exit code 4\): the codec is missing"):
        write()
    assert os.listdir(tmp_path) == ["ffmpeg"]


def test_a_full_disk_is_said_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    movie = MovieWriter(tmp_path / "a.gif")
    movie.add_pixels(noise(1))

    def full(pixels: Pixels) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(movie._encoder, "add", full)
    with pytest.raises(BigworldsError, match=r"cannot write the movie .*a\.gif: No space left"):
        movie.add_pixels(noise(2))
    assert os.listdir(tmp_path) == []


def test_a_world_without_space_makes_a_movie_of_its_curves(tmp_path: Path) -> None:
    with MovieWriter(tmp_path / "a.gif") as movie:
        movie.add(Frame(tick=0, extent=None))
    with Image.open(tmp_path / "a.gif") as gif:
        assert gif.size == (480, 326)


def test_suffixes_may_be_in_capitals() -> None:
    calls: list[Callable[[], str]] = [lambda: movie_suffix("a.MP4"), lambda: movie_suffix(Path("x/b.Gif"))]
    assert [call() for call in calls] == [".mp4", ".gif"]
