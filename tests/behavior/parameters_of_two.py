"""A behavior that takes one class of parameters, and another such class."""

import bigworlds as bw
from bigworlds.data import Component, Parameters, param


class Ours(Parameters):
    n: int = param(1)


class Theirs(Parameters):
    n: int = param(1)


class Thing(Component):
    a: int


@bw.behavior
def rule(thing: Thing, p: Ours) -> None:
    thing.a = p.n
