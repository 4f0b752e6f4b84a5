"""Kernel: what the simulation gets of a behavior, whatever its kind: an address that follows
behavior_abi.h."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

# The cells of a grid that a kernel looks at itself.
CellShape = Literal["square", "hexagonal"]


def _nothing() -> BaseException | None:
    return None


@dataclass(frozen=True)
class Kernel:
    """A function `int32_t kernel(bw_call*, int64_t, int64_t)`.

    Attributes:
        address: where it is; valid as long as this object lives.
        gil: whether it is Python: call it from one thread; it takes the GIL itself.
        keepalive: what must stay in memory.
        pending_error: takes the exception of the last failed row of a Python kernel, or gives None.
        spans: whether it takes spans of cells (call->spans) instead of rows.
    """

    address: int
    gil: bool
    keepalive: object = field(repr=False)
    pending_error: Callable[[], BaseException | None] = field(default=_nothing, repr=False)
    spans: bool = False
