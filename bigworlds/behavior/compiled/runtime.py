"""The names that translated functions call, as numba intrinsics. interpreted/runtime.py defines the same
names."""

from __future__ import annotations

from typing import Any

from numba.core.typing.templates import signature
from numba.extending import intrinsic

from bigworlds.behavior.compiled import arithmetic, blocks, effects, neighbors, random, vectors
from bigworlds.behavior.translate.program import Program

_MODULES = (arithmetic, blocks, effects, neighbors, random, vectors)


def runtime_function(program: Program, name: str) -> Any:
    """The intrinsic of a runtime name, made on demand for powers, records and texts."""
    if name in program.records:
        call = program.records[name]
        return effects.record(call.what, call.fields)
    if name in program.texts:
        return _text(program.texts[name])
    if name.startswith("gradient_"):
        return effects.gradient(name.removeprefix("gradient_"))
    if name.startswith("power_"):
        exponent = name.removeprefix("power_")
        return arithmetic.power(int(exponent.removeprefix("minus_")), exponent.startswith("minus_"))
    if name == "range":
        return range
    if name in arithmetic.MATHEMATICS:
        return arithmetic.MATHEMATICS[name]
    for module in _MODULES:
        found = getattr(module, name, None)
        if found is not None:
            return found
    raise AssertionError(f"no runtime function {name}")


def _text(text: str) -> Any:
    kind = blocks.TextType(text.encode())

    def typing(context: Any) -> Any:
        def emit(ctx: Any, builder: Any, sig: Any, values: Any) -> Any:
            return ctx.get_dummy_value()

        return signature(kind), emit

    typing.__name__ = "text"
    return intrinsic(typing)
