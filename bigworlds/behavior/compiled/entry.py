"""What the loop of a kernel needs to know about the function that it calls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bigworlds.behavior.compiled import arguments as args
from bigworlds.behavior.compiled.stencils import StencilReach
from bigworlds.behavior.uses import ColumnUse


@dataclass(frozen=True)
class OwnArgument:
    """One own component: its numba type and the ABI columns of its fields, in the type's order."""

    type: args.OwnType
    columns: tuple[int, ...]


@dataclass(frozen=True)
class Entry:
    """All that the kernel's loop needs to know about a compiled function.

    Attributes:
        columns: the own columns in ABI order.
        own: by position of the argument, the own components; other arguments get the row's state.
        types: numba types of all arguments.
        sequential: rows come through call->order and each is committed.
        simple: neither neighbours nor services: worth a loop of its own for natural strides.
        place_column: the own position, where `here` needs it.
        draws: whether most rows draw a random number: the first blocks of many rows are then computed at
            once.
        parameters_size: bytes of the model's block of parameters that are known to be there.
        reach_count: Neighbors arguments.
        ahead: the reach that every row looks at: the engine is asked for the neighbours of many rows at once.
        spans: whether the kernel goes over spans of cells.
        stencils: the Neighbors arguments over cells.
        position: the own position among the columns, where it is written.
        commits_all: sequential: each row is committed, not only those that moved.
        looked_at: the Neighbors of agents whose cells the kernel looks at itself.
        runs: of each of them, in how many runs of cells this is expected to be (0: in any number).
        fetched: sequential: the columns that most rows touch, worth fetching ahead.
        kept: values kept for each row between the halves of a behavior; None where it is one whole.
    """

    columns: tuple[ColumnUse, ...]
    own: dict[int, OwnArgument]
    types: tuple[Any, ...]
    sequential: bool
    simple: bool
    place_column: int | None
    draws: bool
    parameters_size: int
    reach_count: int
    ahead: args.ReachType | None
    position: int | None
    commits_all: bool
    looked_at: tuple[args.ReachType, ...]
    runs: tuple[int, ...] = ()
    spans: bool = False
    stencils: tuple[StencilReach, ...] = ()
    fetched: tuple[int, ...] = ()
    kept: int | None = None

    @property
    def fast(self) -> bool:
        """Whether a second rows function, for natural strides and expected stencils, is worth having."""
        if self.stencils:
            return all(reach.expected for reach in self.stencils)
        if self.looked_at:
            return all(self.runs)
        return (self.simple or self.kept is not None) and bool(self.columns)
