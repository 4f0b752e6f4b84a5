"""The fireflies of native_behavior.py with the behavior in Cython: `python build.py` before."""

from native_behavior import Firefly, Params, meadow, order

import bigworlds as bw


@bw.model(Params, ticks=600)
def in_cython(world: bw.World, p: Params) -> None:
    """Fireflies that fall into step, in Cython."""
    import couple_cython

    couple = bw.native(
        couple_cython.capsule,
        "couple",
        Firefly,
        reads=[Firefly.phase, Firefly.speed],
        writes=[Firefly.phase],
        reaches=[bw.reach(Firefly.phase, radius=Params.radius)],
    )
    meadow(world, p, couple)


in_cython.metric(order)
