"""Behaviors: the rules of a model, written as Python functions over one agent, run as machine code."""

from bigworlds.behavior.arguments import (
    Attach,
    Cells,
    Claim,
    Clock,
    Deposit,
    Detach,
    Entity,
    Here,
    Inbox,
    Link,
    Neighbors,
    Rng,
    Send,
    Space,
    Spawn,
    hex_step,
    moore,
)
from bigworlds.behavior.behavior import Behavior, BehaviorKind, Compiled, Interpreted, Vectorised
from bigworlds.behavior.declare import behavior
from bigworlds.behavior.kernel import Kernel
from bigworlds.behavior.make_kernel import check_parameters
from bigworlds.behavior.native import get_include, native, reach

__all__ = [
    "Attach", "Behavior", "BehaviorKind", "Cells", "Claim", "Clock", "Compiled", "Deposit", "Detach",
    "Entity", "Here", "Inbox", "Interpreted", "Kernel", "Link", "Neighbors", "Rng", "Send", "Space", "Spawn",
    "Vectorised", "behavior", "check_parameters", "get_include", "hex_step", "moore",
    "native", "reach",
]  # fmt: skip
