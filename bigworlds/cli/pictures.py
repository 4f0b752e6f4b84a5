"""Watchers that draw: the world in the terminal while it runs, and a movie of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bigworlds.cli.engine import Simulation, picture_of
from bigworlds.view import Camera, MovieWriter, TerminalView

# A movie has at most so many pictures: at 20 a second half a minute where the end is known, else two.
PICTURES_OF_KNOWN_LENGTH = 600
MAX_PICTURES = 2400


class Screen:
    """Shows the world in the terminal: the view decides itself when to draw."""

    def __init__(self, view: TerminalView, simulation: Simulation) -> None:
        self._view = view
        self._source = picture_of(simulation)

    def due(self, tick: int) -> int:
        """It is offered every tick: between pictures this costs about a microsecond."""
        return tick + 1

    def look(self, simulation: Simulation) -> bool:
        """Draws if it is time to; False where the user pressed q."""
        return self._view.offer(self._source)

    def finish(self) -> None:
        """Shows the world as it is in the end."""
        self._view.finish(self._source)


class Movie:
    """Takes a picture every few ticks.

    Args:
        path: of the file.
        looks: how things are drawn.
        caption: the world's name.
        ticks: how long the run will be, None where that is not known.
    """

    def __init__(self, path: Path, looks: Sequence[Any], caption: str, ticks: int | None) -> None:
        self._writer = MovieWriter(path)
        self._camera = Camera(looks, caption=caption)
        self._every = max(1, -(-(ticks or 0) // PICTURES_OF_KNOWN_LENGTH))
        self._last: int | None = None

    @property
    def full(self) -> bool:
        """Whether it takes no more pictures."""
        return self._writer.frames >= MAX_PICTURES

    def due(self, tick: int) -> int | None:
        """The next multiple of the ticks between pictures."""
        return None if self.full else (tick // self._every + 1) * self._every

    def look(self, simulation: Simulation) -> bool:
        """Takes a picture if it is time to."""
        if simulation.tick % self._every == 0:
            self.take(simulation)
        return True

    def take(self, simulation: Simulation) -> None:
        """Takes a picture of the present tick, once."""
        if not self.full and self._last != simulation.tick:
            self._writer.add(self._camera.frame(picture_of(simulation)))
            self._last = simulation.tick

    def close(self) -> None:
        """Finishes the file."""
        self._writer.close()
