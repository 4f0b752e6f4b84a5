"""Crowd: entities of one or two components that come, go and change, one command an entity.

change=births: parents bear a child each while `opening`, else all children end. change=components: bodies get
a second component while `opening`, else they lose it. So all commands of a tick are of one kind.
"""

import bigworlds as bw


class Params(bw.Parameters):
    n: int = bw.param(1_000_000, min=1, help="entities that change in a tick")
    change: str = bw.param("births", choices=("births", "components"), help="what changes")
    opening: bool = bw.param(True, help="whether the tick makes or takes away")


class Parent(bw.Component):
    born: int = 0


class Body(bw.Component):
    a: bw.vec2


class Tail(bw.Component):
    b: bw.vec2


@bw.model(Params, ticks=10)
def crowd(world: bw.World, p: Params) -> None:
    """Parents and what they bear, or bodies alone."""
    if p.change == "births":
        world.spawn(Parent, n=p.n)
        world.behaviors(bear, end)
    else:
        world.spawn(Body, n=p.n, a=(1.0, 2.0))
        world.behaviors(grow, shed)


@bw.behavior(when=Params.opening)
def bear(parent: Parent, child: bw.Spawn[Body, Tail]) -> None:
    """One child, of two components."""
    child(a=bw.vec2(1.0, 2.0), b=bw.vec2(3.0, 4.0))


@bw.behavior(when=lambda p: not p.opening)
def end(body: Body, tail: Tail, me: bw.Entity) -> None:
    """All of them."""
    me.despawn()


@bw.behavior(when=Params.opening)
def grow(body: Body, tail: bw.Attach[Tail]) -> None:
    """The second component."""
    tail(b=bw.vec2(3.0, 4.0))


@bw.behavior(when=lambda p: not p.opening)
def shed(body: Body, tail: Tail, gone: bw.Detach[Tail]) -> None:
    """The second component again."""
    gone()
