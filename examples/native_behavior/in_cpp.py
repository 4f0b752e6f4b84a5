"""The fireflies of native_behavior.py with the behavior in C++: `python build.py` before."""

from pathlib import Path

from native_behavior import Firefly, Params, meadow, order

import bigworlds as bw


@bw.model(Params, ticks=600)
def in_cpp(world: bw.World, p: Params) -> None:
    """Fireflies that fall into step, in C++."""
    couple = bw.native(
        Path(__file__).with_name("couple.so"),
        "couple",
        Firefly,
        reads=[Firefly.phase, Firefly.speed],
        writes=[Firefly.phase],
        reaches=[bw.reach(Firefly.phase, radius=Params.radius)],
    )
    meadow(world, p, couple)


in_cpp.metric(order)
