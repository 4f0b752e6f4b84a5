"""The names that translated functions call, as Python functions. compiled/runtime.py defines the same names.

Whole numbers wrap around at 64 bits, floats follow IEEE: the results are those of the machine, bit by bit.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from bigworlds.behavior.abi import MATH_ONE, MATH_TWO, RECORD_FRONT
from bigworlds.behavior.arguments import hex_step, moore
from bigworlds.behavior.interpreted.memory import Items, Text
from bigworlds.behavior.interpreted.objects import addressee
from bigworlds.behavior.translate.operators import powers
from bigworlds.behavior.translate.program import Program
from bigworlds.data.vectors import divide, ivec2, ivec3, square_root, vec2, vec3, wrap64


def _whole(value: Any, what: str) -> int:
    """A rounded float as a whole number of 64 bits."""
    whole = int(value)
    if not -(2**63) <= whole < 2**63:
        raise OverflowError(f"{what}: {value!r} does not fit into 64 bits")
    return whole


def _shift_count(count: int) -> int:
    if not 0 <= count <= 63:
        raise ValueError(f"a shift is by 0 to 63 bits, found {count}")
    return count


def _floor_divide(state: Any, a: Any, b: Any) -> Any:
    if isinstance(a, float) or isinstance(b, float):
        return divide(a, b) if b == 0 else float(a // b)
    if isinstance(a, int):
        return wrap64(a // b)
    return a // b


def _modulo(state: Any, a: Any, b: Any) -> Any:
    if isinstance(a, float) or isinstance(b, float):
        return math.nan if b == 0 else float(a % b)
    return a % b


def _power(exponent: int, inverse: bool) -> Callable[[Any], Any]:
    def power(base: Any) -> Any:
        whole = not isinstance(base, float)
        result: Any = int(base) if whole else base
        for step in powers(exponent):
            result = result * (result if step == "square" else base)
            if whole:
                result = wrap64(result)
        if exponent == 0:
            result = 1 if whole else 1.0
        return divide(1.0, result) if inverse else result

    return power


def _block_assign(target: Any, source: Any) -> None:
    if isinstance(target, Text):
        target.text = str(source)
    else:
        assert isinstance(target, Items)
        target.assign(source)


def _record(what: str, names: tuple[str, ...]) -> Callable[..., None]:
    front = RECORD_FRONT.get(what, 0)

    def record(effect: Any, *values: Any) -> None:
        numbers = values[:front]
        if front:
            numbers = (numbers[0] & (2**64 - 1), numbers[1])
        effect.fill(dict(zip(names, values[front:], strict=True)), *numbers)

    return record


def _mathematics(name: str) -> Callable[..., float]:
    def function(state: Any, *values: float) -> float:
        return float(getattr(state.services, name)(*values))

    return function


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "absolute": lambda x: abs(x) if isinstance(x, float) else wrap64(abs(x)),
    "add": lambda a, b: wrap64(a + b),
    "addressee": addressee,
    "ask": lambda claim, place, n: claim.ask(place, n),
    "bernoulli": lambda rng, p: rng.bernoulli(p),
    "block_assign": _block_assign,
    "block_item": lambda block, index: block[index],
    "block_store": lambda block, index, value: block.__setitem__(index, value),
    "ceil": lambda x: _whole(math.ceil(x), "math.ceil"),
    "cell_at": lambda cells, place: cells.at(place),
    "deposit": lambda effect, place, amount: effect.add(place, amount),
    "despawn": lambda me: me.despawn(),
    "detach": lambda effect: effect(),
    "dot": lambda a, b: (
        a.dot(b)
        if not isinstance(a, (ivec2, ivec3)) or isinstance(b, (ivec2, ivec3))
        else _float_vector(a).dot(b)
    ),
    "exponential": lambda rng, scale: rng.exponential(scale),
    "fabs": lambda x: math.fabs(x),
    "floor": lambda x: _whole(math.floor(x), "math.floor"),
    "floor_divide": _floor_divide,
    "here": lambda cells: cells.here(),
    "hex_step": hex_step,
    "inbox_at": lambda inbox, k: inbox.item(k),
    "inbox_count": len,
    "integers": lambda rng, low, high: rng.integers(low, high),
    "invert": lambda x: ~int(x),
    "length": lambda v: v.length(),
    "length2": lambda v: v.length2(),
    "link_target": lambda link, target: link.target(target),
    "list_append": lambda block, value: block.append(value),
    "list_clear": lambda block: block.clear(),
    "list_length": len,
    "list_pop": lambda block: block.pop(),
    "make_ivec2": ivec2,
    "make_ivec3": ivec3,
    "make_vec2": vec2,
    "make_vec3": vec3,
    "math_copysign": math.copysign,
    "math_degrees": lambda x: x * (180.0 / math.pi),
    "math_isfinite": math.isfinite,
    "math_isinf": math.isinf,
    "math_isnan": math.isnan,
    "math_radians": lambda x: x * (math.pi / 180.0),
    "maximum": lambda a, b: b if b > a else a,
    "minimum": lambda a, b: b if b < a else a,
    "modulo": _modulo,
    "moore": moore,
    "multiply": lambda a, b: wrap64(a * b),
    "nearest": lambda others: others.nearest(),
    "nearest_whole": lambda x: _whole(round(x), "round"),
    "negative": lambda x: wrap64(-x),
    "neighbor_at": lambda others, k: others.item(k),
    "neighbor_count": len,
    "normal": lambda rng, mean, std: rng.normal(mean, std),
    "normalized": lambda v: v.normalized(),
    "not_finite_minus": lambda: -math.inf,
    "not_finite_nan": lambda: math.nan,
    "not_finite_plus": lambda: math.inf,
    "range": range,
    "random_empty": lambda space, rng: space.random_empty(rng),
    "same_text": lambda a, b: str(a).rstrip("\0") == str(b).rstrip("\0"),
    "shift_left": lambda a, b: wrap64(a << _shift_count(b)),
    "shift_right": lambda a, b: a >> _shift_count(b),
    "space_clamp": lambda space, place: space.clamp(place),
    "space_wrap": lambda space, place: space.wrap(place),
    "sqrt": square_root,
    "subtract": lambda a, b: wrap64(a - b),
    "to_float": float,
    "to_int": int,
    "to_vec2": lambda v: vec2(v.x, v.y),
    "to_vec3": lambda v: vec3(v.x, v.y, v.z),
    "true_divide": divide,
    "truncate": lambda x: _whole(x, "int"),
    "tuple_item": lambda items, index: items[index],
    "unlink": lambda link, target: link.remove(target),
    "uniform": lambda rng, low, high: rng.uniform(low, high),
    "unit_uniform": lambda rng: rng.unit(),
}


def _float_vector(v: Any) -> Any:
    return vec2(*v) if len(v) == 2 else vec3(*v)


def runtime_function(program: Program, name: str) -> Callable[..., Any]:
    """The Python function of a runtime name."""
    if name in program.records:
        call = program.records[name]
        return _record(call.what, call.fields)
    if name in program.texts:
        text = program.texts[name]
        return lambda: text
    if name.startswith("gradient_"):
        field = name.removeprefix("gradient_")
        return lambda cells, place: cells.gradient(place, field)
    if name.startswith("power_"):
        exponent = name.removeprefix("power_")
        return _power(int(exponent.removeprefix("minus_")), exponent.startswith("minus_"))
    if name in _FUNCTIONS:
        return _FUNCTIONS[name]
    assert name in MATH_ONE or name in MATH_TWO, name
    return _mathematics(name)
