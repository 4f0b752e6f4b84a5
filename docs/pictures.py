"""Draws the pictures of the documentation from real runs of the examples: python docs/pictures.py [NAME ...]

Each picture is a function of the seed and settings below: drawing it again gives the same file as long as
model, engine and view are the same.
"""

from __future__ import annotations

import dataclasses
import sys
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image

from bigworlds.cli.engine import picture_of
from bigworlds.cli.locate import examples, load_model
from bigworlds.view import compose, frame_of, picture_size

ROOT = Path(__file__).resolve().parents[1]
LARGEST_BYTES = 60_000
COLORS = 64
TIMED = ("instructions_per_second",)  # metrics that no seed determines

# Example, settings, ticks, pixels.
PICTURES: dict[str, tuple[str, dict[str, Any], int, int]] = {
    "docs/images/boids.png": ("boids", {"n": 800, "density": "dense", "radius": 9.0}, 150, 720),
    "examples/boids/picture.png": ("boids", {"n": 400, "density": "dense"}, 200, 480),
    "examples/wolf_sheep/picture.png": ("wolf_sheep", {"side": 60}, 60, 480),
    "examples/schelling/picture.png": ("schelling", {"side": 80}, 20, 480),
    "examples/germs/picture.png": ("germs", {"n": 3000, "transmission": 0.005, "airborne": 0.06}, 60, 480),
    "examples/forest_fire/picture.png": ("forest_fire", {"side": 120, "density": 0.62}, 90, 480),
    "examples/ants/picture.png": ("ants", {}, 140, 480),
    "examples/primordial/picture.png": ("primordial", {}, 200, 700),
    "examples/snowflake/picture.png": ("snowflake", {"moisture": 0.5}, 600, 500),
    "examples/native_behavior/picture.png": ("native_behavior", {"n": 2500, "radius": 2.0}, 120, 480),
}


def draw(path: str) -> Path:
    """Runs one example and writes its picture.

    Args:
        path: a key of PICTURES.

    Returns:
        The file.
    """
    name, settings, ticks, pixels = PICTURES[path]
    simulation = load_model(examples()[name]).simulate(rng=1, **settings)
    simulation.run(ticks)
    frame = frame_of(picture_of(simulation), simulation.description.looks, caption=name)
    told = {key: value for key, value in frame.statistics.items() if key not in TIMED}
    frame = dataclasses.replace(frame, statistics=told)
    image = Image.fromarray(compose(frame, picture_size(frame, pixels)))
    # Few colours make small files; what is drawn has few.
    few = image.quantize(COLORS, dither=Image.Dither.NONE)
    out = BytesIO()
    few.save(out, "PNG", optimize=True)
    assert out.tell() < LARGEST_BYTES, f"{path} has {out.tell()} bytes"
    (ROOT / path).write_bytes(out.getvalue())
    return ROOT / path


if __name__ == "__main__":
    for wanted in sys.argv[1:] or PICTURES:
        drawn = draw(wanted)
        print(f"{wanted}: {drawn.stat().st_size} bytes")
