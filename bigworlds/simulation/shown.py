"""The part of a simulation that is looked at and kept: records, pictures, snapshots. It changes nothing."""

from __future__ import annotations

import os
import weakref
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from bigworlds import snapshot
from bigworlds.cluster import Processes
from bigworlds.errors import UserError
from bigworlds.model import Model
from bigworlds.model.declarations import WorldDescription
from bigworlds.record import Recorder, Records
from bigworlds.simulation.gathered import Gathered
from bigworlds.simulation.seen import Seen, about, records_of
from bigworlds.snapshot import Section
from bigworlds.view import (
    Plot,
    frame_of,
    html_of_simulation,
    html_of_table,
    records_png,
    side_by_side,
    world_png,
)


class Table(dict[str, "NDArray[Any]"]):
    """Columns by name, as `sim.table` gives them; notebooks show the first rows.

    Attributes:
        name: the component's.
    """

    def __init__(self, name: str, columns: dict[str, NDArray[Any]]) -> None:
        super().__init__(columns)
        self.name = name

    def _repr_html_(self) -> str:
        return html_of_table(self.name, self)


class Shown:
    """Records, pictures and snapshots: what `Simulation` adds for those who look at it."""

    model: Model
    description: WorldDescription
    _recorder: Recorder | None = None
    _seen: Seen | None = None
    _processes: Processes
    _gathered: Gathered

    @property
    def tick(self) -> int:
        """How many ticks have passed since the start of the world."""
        raise NotImplementedError

    @property
    def rank(self) -> int:
        """Which of the ranks this process is."""
        raise NotImplementedError

    def agreed(self, value: Any) -> Any:
        """A value of rank 0 on all ranks."""
        raise NotImplementedError

    def sections(self) -> list[Section]:
        """The whole state as named arrays."""
        raise NotImplementedError

    @property
    def records(self) -> Records:
        """What the model records (`world.record`), up to the present tick: `.to_pandas()`, `.to_polars()`,
        `.to_numpy()`.

        Without a folder or file (`record_to`, `--out`) it is kept in memory, up to
        `bigworlds.record.store.MEMORY_LIMIT_BYTES`; a run that would keep more ends with an error. Of a
        resumed simulation it begins at the snapshot's tick.

        Raises:
            UserError: the model records nothing.

        Example:
            >>> import bigworlds as bw
            >>> class Drop(bw.Component):
            ...     size: float = 1.0
            >>> @bw.behavior
            ... def dry(drop: Drop) -> None:
            ...     drop.size *= 0.5
            >>> @bw.model()
            ... def puddle(world):
            ...     world.spawn(Drop, n=3)
            ...     world.behaviors(dry)
            ...     world.record(bw.record.sum("Drop.size", every=2))
            >>> sim = puddle.simulate(rng=1)
            >>> sim.run(5)
            5
            >>> sim.records.to_numpy()["sum(Drop.size)"].tolist()
            [3.0, 0.75, 0.1875]
        """
        if self._recorder is None:
            raise UserError(
                f"model {self.model.name} records nothing; add world.record(...) to it, "
                "for example world.record(bw.record.mean('Bird.speed'))"
            )
        self._observe()
        return self._recorder.records

    def record_to(self, path: str | os.PathLike[str]) -> None:
        """Records into a new file from here on, instead of into memory: for runs of many ticks.

        Args:
            path: of an HDF5 file, which `bw.record.Records.open` reads, also while the run goes on: then up
                to the last few seconds. It is complete after `sim.snapshot`, and when the simulation is gone
                or the program ends.

        Raises:
            UserError: the file exists, or something is recorded already.
        """
        recorder = self._recorder
        if recorder is not None and any(recorder.records[name] for name in recorder.records):
            raise UserError("something is recorded already; call record_to before the first tick")
        specs = records_of(self)
        recorder = Recorder.create(specs, path) if self.rank == 0 else Recorder.unkept(specs, -1)
        self.agreed(None)  # rank 0 could
        self.record_with(recorder)
        weakref.finalize(self, recorder.close)

    def record_with(self, recorder: Recorder | None) -> None:
        """Lets a recorder take what is recorded from here on; it is committed by each snapshot, and whoever
        made it closes it."""
        self._recorder = recorder

    def _observe(self) -> None:
        """Records the present tick, where it is due."""
        if self._recorder is not None and self._recorder.next_due(self.tick) == self.tick:
            if self._seen is None:
                self._seen = Seen(self)
            self._recorder.observe(self._seen)

    def snapshot(self, path: str | os.PathLike[str], /) -> Path:
        """Writes the whole state to a file, from which `model.resume` goes on. Collective.

        One HDF5 file with checksums (docs/snapshot-format.md), whole or not at all: it is written under
        another name, synced and renamed. Records up to the present tick are committed before.

        Raises:
            WriteError: it cannot be written; what was there before stays.

        Example:
            `sim.snapshot("half.h5"); sim = farm.resume("half.h5", ranks=3)`
        """
        if self._recorder is not None:
            self._observe()
            self._recorder.commit()
        if self._processes.ranks == 1:
            snapshot.write(path, self.sections(), about(self))
            return Path(path)
        own = self._gathered.own_sections()
        try:
            snapshot.write_together(self._processes, path, own, about(self))
        except Exception as error:
            self._processes.fail(error)
        self.agreed(None)  # nobody goes on before it is there
        return Path(path)

    def plot(
        self, path: str | os.PathLike[str] | None = None, *, world: bool = True, records: bool = True
    ) -> Plot:
        """Draws the world as it is, and beside it what has been recorded over time. Collective.

        Args:
            path: of a PNG file to write, or None.
            world: whether the world is drawn.
            records: whether the series are drawn, where there are some.

        Returns:
            The picture: notebooks show it, `.save(path)` writes it, `.png` are its bytes.

        Raises:
            UserError: nothing to draw, or a name that does not end in .png.
        """
        pictures = []
        if world:
            looks = self.description.looks
            pictures.append(world_png(frame_of(Seen(self), looks, caption=self.model.name)))
        if records and self._recorder is not None:
            series = self.records.to_numpy()
            if len(series) > 1 and len(series["tick"]):
                pictures.append(records_png(series))
        if not pictures:
            raise UserError("there is nothing to draw: no world, and nothing recorded (world.record)")
        plot = Plot(side_by_side(pictures) if len(pictures) > 1 else pictures[0])
        if path is not None and self.rank == 0:
            plot.save(path)
        return plot

    def _repr_html_(self) -> str:
        """The world as notebooks show it: a small picture, its tick, counts and metrics."""
        return html_of_simulation(Seen(self), self.description.looks, caption=self.model.name)
