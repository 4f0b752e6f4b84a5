"""Fields that diffuse and decay: a behavior of cells whose kernel is part of the engine
(csrc/schedule/spread.hpp)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NoReturn

from bigworlds import _core
from bigworlds.behavior.behavior import Behavior, BehaviorKind, Options
from bigworlds.behavior.declare import make_trigger
from bigworlds.behavior.kernel import Kernel
from bigworlds.behavior.used import nothing_used
from bigworlds.behavior.uses import ColumnUse, ReachUse
from bigworlds.data import CellComponent, Field
from bigworlds.data.parameters import ParameterRef
from bigworlds.errors import ModelError


@dataclass(frozen=True)
class Spread:
    """How a field spreads: the shares that a cell gives away and loses, numbers or ParameterRefs."""

    diffuse: Any
    decay: Any


class SpreadingField(Behavior):
    """The behavior of a field that spreads, as any other in the order of the tick."""

    def __init__(self, field: Field, spread: Spread, trigger: Any) -> None:
        self.spread = spread
        column = ColumnUse(field.owner, field, True, True)
        reach = ReachUse("around", field.owner, (field,), 1, None, (), ())
        used = replace(nothing_used(), columns=(column,), reaches=(reach,))
        super().__init__(
            f"field {field.full_name}",
            _not_callable(field),
            BehaviorKind.NATIVE,
            None,
            (),
            Options(),
            trigger,
            native=(Kernel(_core.spread_kernel(), False, None, spans=True), (field.owner,), used),
        )


def _not_callable(field: Field) -> Callable[..., None]:
    def function(*_: Any) -> None:
        raise TypeError(f"the field {field.full_name} spreads in a simulation only")

    return function


def spreading_field(field: Any, *, diffuse: Any, decay: Any, every: Any) -> SpreadingField:
    """The behavior that lets a field of cells diffuse and decay.

    Args:
        field: a float field of cells.
        diffuse: the share that a cell gives to those around it, from 0 to 1: a number or a parameter.
        decay: the share that is lost, from 0 to 1: a number or a parameter.
        every: it runs in ticks that are multiples of this: a number or a parameter.

    Raises:
        ModelError: something else.
    """
    what = f"world.field({getattr(field, 'full_name', repr(field))})"
    if not isinstance(field, Field) or not issubclass(field.owner, CellComponent):
        raise ModelError(f"{what}: expected a field of cells, such as Scent.level; found {field!r}")
    if field.kind != "scalar" or field.dtype not in ("f8", "f4"):
        raise ModelError(f"{what}: a field that diffuses or decays is a float; found {field!r}")
    for name, value in (("diffuse", diffuse), ("decay", decay)):
        if isinstance(value, ParameterRef):
            continue
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
            raise ModelError(
                f"{what}: {name}= is a share from 0 to 1, or a parameter such as Params.{name}; "
                f"found {value!r}"
            )

    def fail(message: str) -> NoReturn:
        raise ModelError(f"{what}: {message}")

    trigger = make_trigger(fail, {"every": every, "after": 0, "at": None, "on": None, "when": None})
    return SpreadingField(field, Spread(diffuse, decay), trigger)
