"""Profiles: what the processes of a simulation spend their ticks on, and what they send."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bigworlds import _core
from bigworlds.cluster import Processes
from bigworlds.cluster.processes import gather

PARTS = ("compute", "halo", "migrate", "settle", "rest", "wait")
"""The parts of a tick, in the order in which the core counts them."""

COUNTS = ("meetings", "messages", "bytes")
"""What is counted of exchanges."""


class Profiled:
    """What a simulation tells of its time; a part of `Simulation`."""

    _core: _core.Simulation
    _processes: Processes

    def measure(self, on: bool = True) -> None:
        """Measures from here on what the ticks' time is spent on, or no longer. It is no state of the world.

        Args:
            on: whether to; costs a few clock readings a phase, and nothing while it is off.
        """
        self._core.measure(on)

    def profile(self) -> dict[str, NDArray[np.float64]]:
        """What each process has spent its ticks on since `measure()`, and what it has sent. Collective.

        Returns:
            By name one number for each process, in the order of ranks (ranks that live in one process share
            one): seconds of `compute` (behaviors), `halo` (what phases read of others: ghosts, neighbour
            indices, halos, events), `migrate` (agents handed over), `settle` (moves, claims, deposits, births
            and deaths), `rest` and `wait` (in exchanges, until the others have come and the bytes have);
            and since the start `meetings`, `messages` and `bytes` sent to other ranks.

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
            >>> sim = puddle.simulate(rng=1)
            >>> sim.measure()
            >>> sim.run(5)
            5
            >>> bool(sim.profile()["compute"][0] > 0)
            True
        """
        seconds, *counts = self._core.spent
        own = np.array([*seconds, *counts], dtype=np.float64)
        every = [np.frombuffer(bytes(told)) for told in gather(self._processes, "profile", own.tobytes())]
        return dict(zip((*PARTS, *COUNTS), np.stack(every, axis=1), strict=True))
