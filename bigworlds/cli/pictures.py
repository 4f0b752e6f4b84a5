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
    """Shows the world in the terminal: the view decides itself when to draw.

    On several ranks that of rank 0 is seen; the others follow it, for a picture takes rows of all of them.

    Args:
        view: of rank 0; None on the others.
        simulation: what is shown.
        looks: how things are drawn.
        caption: the world's name.
    """

    def __init__(
        self, view: TerminalView | None, simulation: Simulation, looks: Sequence[Any], caption: str
    ) -> None:
        self._view = view
        self._source = picture_of(simulation)
        self._camera = Camera(looks, caption=caption)
        self._follows = simulation.ranks_where(True)[0] > 1
        if view is not None and self._follows:
            view.before_frame = lambda: simulation.agreed(True)

    def due(self, tick: int) -> int:
        """It is offered every tick: between pictures this costs about a microsecond."""
        return tick + 1

    def look(self, simulation: Simulation) -> bool:
        """Draws if it is time to; False where the user pressed q."""
        stays = self._view is None or self._view.offer(self._source)
        self._follow(simulation)
        return stays

    def finish(self, simulation: Simulation) -> None:
        """Shows the world as it is in the end."""
        if self._view is not None:
            self._view.finish(self._source)
        self._follow(simulation)

    def _follow(self, simulation: Simulation) -> None:
        """Rank 0 announces each of its pictures, and then that there are no more for now."""
        if self._view is None:
            while simulation.agreed(None):
                self._camera.frame(self._source)
        elif self._follows:
            simulation.agreed(False)


class Movie:
    """Takes a picture every few ticks.

    Args:
        path: of the file; None where another rank writes it.
        looks: how things are drawn.
        caption: the world's name.
        ticks: how long the run will be, None where that is not known.
    """

    def __init__(self, path: Path | None, looks: Sequence[Any], caption: str, ticks: int | None) -> None:
        self._writer = None if path is None else MovieWriter(path)
        self._pictures = 0
        self._camera = Camera(looks, caption=caption)
        self._every = max(1, -(-(ticks or 0) // PICTURES_OF_KNOWN_LENGTH))
        self._last: int | None = None

    @property
    def full(self) -> bool:
        """Whether it takes no more pictures."""
        return self._pictures >= MAX_PICTURES

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
            frame = self._camera.frame(picture_of(simulation))
            if self._writer is not None:
                self._writer.add(frame)
            self._pictures += 1
            self._last = simulation.tick

    def close(self) -> None:
        """Finishes the file."""
        if self._writer is not None:
            self._writer.close()
