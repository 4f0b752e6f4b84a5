"""Idle: ten behaviors, each in a phase of its own, that match no entity: what a tick costs by itself."""

import bigworlds as bw
from bigworlds.behavior import Behavior


class Stone(bw.Component):
    weight: float = 1.0


class Ghost(bw.Component):
    age: int = 0


@bw.behavior
def haunt(ghost: Ghost) -> None:
    """What nobody does, for there are no ghosts."""
    ghost.age += 1


def _another(number: int) -> Behavior:
    """The same behavior under another name."""
    return bw.behavior(name=f"haunt_{number}")(haunt.function)


@bw.model(ticks=1000)
def idle(world: bw.World) -> None:
    """One stone, no ghosts."""
    world.spawn(Stone, n=1)
    world.spawn(Ghost, n=0)
    world.behaviors(*(_another(number) for number in range(10)))
