"""Calls in behaviors: builtins, the math module, vectors, methods of arguments, effects and the user's own
helpers."""

from __future__ import annotations

import ast
import builtins
import inspect
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from bigworlds.behavior.abi import MATH_ONE, MATH_TWO
from bigworlds.behavior.arguments import hex_step, moore
from bigworlds.behavior.translate import effects
from bigworlds.behavior.translate.expressions import UNKNOWN, VECTORS, Expressions, Value
from bigworlds.behavior.translate.kinds import (
    BOOL,
    FLOAT,
    INT,
    NOTHING,
    Block,
    Kind,
    Number,
    Special,
    Tuple,
    Vector,
    is_number,
    is_whole,
    wider,
)
from bigworlds.errors import nearest_names

SIMPLE_MATH = {"sqrt": "sqrt", "fabs": "fabs"}
WHOLE_MATH = {"floor": "floor", "ceil": "ceil", "trunc": "truncate"}
BUILTINS = ("abs", "bool", "float", "int", "len", "max", "min", "range", "round")
ADVICE = {
    "print": "use an interpreted behavior (kind=bw.Interpreted), or record= and --view to look inside",
    "sum": "write a loop that adds",
    "sorted": "write a loop that keeps the best so far",
    "any": "write a loop with break",
    "all": "write a loop with break",
    "list": "use a tuple, or a field of type bw.short_list",
    "dict": "use fields or tuples",
    "set": "use fields or tuples",
    "zip": "write a loop over the indices",
    "map": "write a loop",
    "filter": "write a loop with if",
    "isinstance": "kinds are fixed when the behavior is declared",
    "str": "texts are constants in behaviors",
    "divmod": "write a // b and a % b",
    "pow": "write a ** b",
}


def translate_call(on: Expressions, node: ast.Call) -> Value:
    """Translates a call, found by what is called."""
    for argument in node.args:
        if isinstance(argument, ast.Starred):
            on.fail(argument, "*arguments are not supported in behaviors; write the arguments one by one")
    for keyword in node.keywords:
        if keyword.arg is None:
            on.fail(
                keyword.value, "**arguments are not supported in behaviors; write the arguments one by one"
            )
    if on.is_outside(node.func):
        return _outside(on, node, on.outside(node.func))
    if isinstance(node.func, ast.Attribute):
        owner = on.expression(node.func.value)
        return _method(on, node, owner, node.func.attr)
    value = on.expression(node.func)
    if isinstance(value.kind, Special):
        return effects.call_argument(on, node, value)
    return on.fail(node, f"{value.kind.shown} cannot be called")


def plain(on: Expressions, node: ast.Call, name: str, low: int, high: int) -> list[Value]:
    """The positional arguments of a function without keywords."""
    if node.keywords:
        on.fail(node, f"{name} takes no keyword arguments in behaviors")
    if not low <= len(node.args) <= high:
        wanted = str(low) if low == high else f"{low} to {high}"
        on.fail(node, f"{name} takes {wanted} argument{'s' if high > 1 else ''}, found {len(node.args)}")
    return [on.expression(a) for a in node.args]


def _outside(on: Expressions, node: ast.Call, target: Any) -> Value:
    if target in VECTORS:
        return _vector(on, node, target)
    if target is moore:
        on.program.directions.add("moore")
        values = plain(on, node, "moore", 1, 1)
        return Value(
            Vector(True, 2), on.call(node, "moore", on.coerce(values[0], INT, node, "k in moore(k)"))
        )
    if target is hex_step:
        on.program.directions.add("hex_step")
        place, k = plain(on, node, "hex_step", 2, 2)
        if place.kind != Vector(True, 2):
            on.fail(node, f"hex_step(place, k) takes a cell, an ivec2; found {place.kind.shown}")
        number = on.coerce(k, INT, node, "k in hex_step(place, k)")
        return Value(Vector(True, 2), on.call(node, "hex_step", place.node, number))
    name = getattr(target, "__name__", repr(target))
    if getattr(math, name, None) is target:
        return _math(on, node, name)
    if getattr(builtins, name, None) is target:
        if name in BUILTINS:
            return _BUILTIN_RULES[name](on, node)
        on.fail(
            node,
            f"{name}() cannot be used in a behavior; {ADVICE.get(name, 'known: ' + ', '.join(BUILTINS))}",
        )
    if inspect.isfunction(target):
        return on.program.helper_call(on, node, target)
    module = str(getattr(target, "__module__", None) or type(getattr(target, "__self__", target)).__module__)
    if module.split(".")[0] == "numpy":
        on.fail(
            node,
            f"numpy's {name} cannot be used in a behavior of one agent; use math, vecs, or "
            "kind=bw.Vectorised",
        )
    if module.split(".")[0] == "random":
        on.fail(node, "the random module would differ between runs; take an argument `rng: bw.Rng`")
    return on.fail(
        node,
        f"{ast.unparse(node.func)} cannot be called in a behavior; call functions defined by def, math "
        "and builtins",
    )


def _vector(on: Expressions, node: ast.Call, cls: type) -> Value:
    kind = VECTORS[cls]
    names = ("x", "y", "z")[: kind.size]
    given = bound(on, node, cls.__name__, [Parameter(n) for n in names])
    item = INT if kind.whole else FLOAT
    parts = []
    for name in names:
        value = given[name]
        assert value is not None
        parts.append(on.coerce(value, item, node, f"{name} of {cls.__name__}"))
    known = [given[n].known for n in names]  # type: ignore[union-attr]
    made = on.call(node, f"make_{cls.__name__}", *parts)
    return Value(kind, made, UNKNOWN if UNKNOWN in known else cls(*known))


def _math(on: Expressions, node: ast.Call, name: str) -> Value:
    count = 2 if name in MATH_TWO or name in ("copysign",) else 1
    if name in ("isnan", "isinf", "isfinite"):
        value = on.coerce(plain(on, node, name, 1, 1)[0], FLOAT, node, f"the argument of math.{name}")
        return Value(BOOL, on.call(node, f"math_{name}", value))
    if name in WHOLE_MATH:
        value_of = plain(on, node, name, 1, 1)[0]
        if not is_number(value_of.kind):
            on.fail(node, f"math.{name} takes a number, found {value_of.kind.shown}")
        return Value(INT, on.call(node, WHOLE_MATH[name], value_of.node))
    runtime = SIMPLE_MATH.get(name)
    if runtime is None and (name in MATH_ONE or name in MATH_TWO):
        runtime = name
    if name in ("copysign", "degrees", "radians"):
        runtime = f"math_{name}"
    if runtime is None:
        others = ("copysign", "degrees", "isnan", "isinf", "isfinite", "radians")
        known = [*MATH_ONE, *MATH_TWO, *SIMPLE_MATH, *WHOLE_MATH, *others]
        on.fail(node, f"math.{name} is not there in behaviors{nearest_names(name, known)}")
    values = plain(on, node, f"math.{name}", count, count)
    given = [on.coerce(v, FLOAT, node, f"the argument of math.{name}") for v in values]
    return Value(FLOAT, on.call(node, runtime, *given))


# Builtins


def _abs(on: Expressions, node: ast.Call) -> Value:
    value = plain(on, node, "abs", 1, 1)[0]
    if not is_number(value.kind):
        on.fail(node, f"abs() takes a number, found {value.kind.shown}; for vecs write v.length()")
    return Value(INT if is_whole(value.kind) else FLOAT, on.call(node, "absolute", value.node))


def _bool(on: Expressions, node: ast.Call) -> Value:
    return Value(BOOL, on.truth(plain(on, node, "bool", 1, 1)[0], node))


def _float(on: Expressions, node: ast.Call) -> Value:
    value = plain(on, node, "float", 1, 1)[0]
    if isinstance(value.known, str):
        return on.constant(node, float(value.known))
    return Value(FLOAT, on.coerce(value, FLOAT, node, "the argument of float()"))


def _int(on: Expressions, node: ast.Call) -> Value:
    value = plain(on, node, "int", 1, 1)[0]
    if not is_number(value.kind):
        on.fail(node, f"int() takes a number, found {value.kind.shown}")
    return Value(INT, on.call(node, "truncate", value.node))


def _round(on: Expressions, node: ast.Call) -> Value:
    if len(node.args) == 2:
        on.fail(node, "round(x, digits) is not supported; write round(x * 100) / 100")
    value = plain(on, node, "round", 1, 1)[0]
    if not is_number(value.kind):
        on.fail(node, f"round() takes a number, found {value.kind.shown}")
    return Value(INT, on.call(node, "nearest_whole", value.node))


def _len(on: Expressions, node: ast.Call) -> Value:
    value = plain(on, node, "len", 1, 1)[0]
    if isinstance(value.kind, Tuple):
        return on.constant(node, len(value.kind.items))
    if isinstance(value.kind, Special) and value.kind.what == "neighbors":
        return Value(INT, on.call(node, "neighbor_count", value.node))
    if isinstance(value.kind, Special) and value.kind.what == "inbox":
        return Value(INT, on.call(node, "inbox_count", value.node))
    if isinstance(value.kind, Block):
        if value.kind.stored.kind == "array":
            return on.constant(node, value.kind.stored.length)
        if value.kind.stored.kind == "list":
            return Value(INT, on.call(node, "list_length", value.node))
    return on.fail(
        node, f"len() of {value.kind.shown} has no meaning; it counts neighbours, events, tuples and lists"
    )


def _extreme(name: str) -> Callable[[Expressions, ast.Call], Value]:
    def rule(on: Expressions, node: ast.Call) -> Value:
        values = plain(on, node, name, 1, 64)
        if len(values) == 1 and isinstance(values[0].kind, Tuple) and isinstance(values[0].node, ast.Tuple):
            pairs = zip(values[0].kind.items, values[0].node.elts, strict=True)
            values = [Value(k, n) for k, n in pairs]
        if len(values) < 2:
            on.fail(node, f"{name}() takes two or more numbers; for more write a loop")
        kind: Kind = values[0].kind
        for value in values:
            if not isinstance(value.kind, Number):
                on.fail(node, f"{name}() takes numbers, found {value.kind.shown}")
            assert isinstance(kind, Number)
            kind = wider(wider(kind, value.kind), INT)
        nodes = [on.coerce(v, kind, node, "it") for v in values]
        result = nodes[0]
        for other in nodes[1:]:
            result = on.call(node, f"{name}imum", result, other)
        return Value(kind, result)

    return rule


def _range(on: Expressions, node: ast.Call) -> Value:
    return on.fail(node, "range() is for `for i in range(...)` only")


_BUILTIN_RULES: dict[str, Callable[[Expressions, ast.Call], Value]] = {
    "abs": _abs,
    "bool": _bool,
    "float": _float,
    "int": _int,
    "len": _len,
    "max": _extreme("max"),
    "min": _extreme("min"),
    "range": _range,
    "round": _round,
}


# Arguments by name


@dataclass(frozen=True)
class Parameter:
    """A parameter of a method: its name and default (UNKNOWN: it must be given)."""

    name: str
    default: Any = UNKNOWN


def bound(
    on: Expressions, node: ast.Call, name: str, parameters: Sequence[Parameter]
) -> dict[str, Value | None]:
    """The arguments of a call by parameter name; None where a default of None holds."""
    names = [p.name for p in parameters]
    if len(node.args) > len(names):
        on.fail(node, f"{name} takes at most {len(names)} arguments, found {len(node.args)}")
    given: dict[str, ast.expr] = dict(zip(names, node.args, strict=False))
    for keyword in node.keywords:
        assert keyword.arg is not None
        if keyword.arg not in names:
            on.fail(node, f"{name} has no argument {keyword.arg!r}{nearest_names(keyword.arg, names)}")
        if keyword.arg in given:
            on.fail(node, f"{name} was given {keyword.arg!r} twice")
        given[keyword.arg] = keyword.value
    result: dict[str, Value | None] = {}
    for parameter in parameters:
        if parameter.name in given:
            result[parameter.name] = on.expression(given[parameter.name])
        elif parameter.default is UNKNOWN:
            on.fail(node, f"{name} needs the argument {parameter.name!r}")
        else:
            default = parameter.default
            result[parameter.name] = None if default is None else on.constant(node, default)
    return result


# Methods


def _method(on: Expressions, node: ast.Call, owner: Value, name: str) -> Value:
    if isinstance(owner.kind, Vector):
        return _vector_method(on, node, owner, name)
    if isinstance(owner.kind, Block):
        return _block_method(on, node, owner, name)
    if isinstance(owner.kind, Special):
        if owner.kind.what == "rng":
            return _draw(on, node, owner, name)
        if owner.kind.what == "neighbors":
            if name not in ("nearest", "nearest_or_none"):
                on.fail(node, f"a Neighbors argument has no {name!r}{nearest_names(name, ['nearest'])}")
            if on.program.arguments[owner.kind.argument].edge is not None:
                on.fail(node, "neighbours along the edges of a graph have no distance, so none is nearest")
            plain(on, node, name, 0, 0)
            on.program.read_geometry(owner.kind, "distance")
            kind = Special("item", owner.kind.argument, True)
            return Value(kind, on.call(node, "nearest", owner.node))
        return effects.call_method(on, node, owner, name)
    return on.fail(node, f"{owner.kind.shown} has no {name!r}")


def _vector_method(on: Expressions, node: ast.Call, owner: Value, name: str) -> Value:
    kind = owner.kind
    assert isinstance(kind, Vector)
    if name == "dot":
        other = plain(on, node, "dot", 1, 1)[0]
        if not isinstance(other.kind, Vector) or other.kind.size != kind.size:
            on.fail(node, f"dot takes a vec of {kind.size} components, found {other.kind.shown}")
        whole = kind.whole and other.kind.whole
        return Value(INT if whole else FLOAT, on.call(node, "dot", owner.node, other.node))
    if name in ("length", "length2") or (name == "normalized" and not kind.whole):
        plain(on, node, name, 0, 0)
        return Value(kind if name == "normalized" else FLOAT, on.call(node, name, owner.node))
    known = ["dot", "length", "length2"] + ([] if kind.whole else ["normalized"])
    return on.fail(node, f"{kind.shown} has no {name!r}{nearest_names(name, known)}")


def _block_method(on: Expressions, node: ast.Call, owner: Value, name: str) -> Value:
    kind = owner.kind
    assert isinstance(kind, Block)
    methods = ("append", "pop", "clear") if kind.stored.kind == "list" else ()
    if name not in methods:
        on.fail(node, f"{kind.shown} has no {name!r}{nearest_names(name, methods)}")
    on.program.write_block(on, node, kind)
    item = {"f": FLOAT, "b": BOOL}.get(kind.stored.dtype[0], INT)
    if name == "append":
        value = on.coerce(plain(on, node, name, 1, 1)[0], item, node, "an item of this list")
        return Value(NOTHING, on.call(node, "list_append", owner.node, value))
    plain(on, node, name, 0, 0)
    return Value(item if name == "pop" else NOTHING, on.call(node, f"list_{name}", owner.node))


def _draw(on: Expressions, node: ast.Call, owner: Value, name: str) -> Value:
    rules: dict[str, list[Parameter]] = {
        "uniform": [Parameter("low", 0.0), Parameter("high", 1.0)],
        "normal": [Parameter("mean", 0.0), Parameter("std", 1.0)],
        "exponential": [Parameter("scale", 1.0)],
        "bernoulli": [Parameter("p")],
        "integers": [Parameter("low"), Parameter("high", None)],
        "choice": [Parameter("items")],
    }
    if name not in rules:
        on.fail(node, f"an Rng has no {name!r}{nearest_names(name, rules)}")
    on.program.uses_rng = True
    on.note_draw()
    given = bound(on, node, f"rng.{name}", rules[name])
    if name == "choice":
        return _choice(on, node, owner, given["items"])
    if name == "integers":
        low, high = given["low"], given["high"]
        assert low is not None
        if high is None:
            low, high = on.constant(node, 0), low
        ends = [on.coerce(v, INT, node, "the end of rng.integers") for v in (low, high)]
        return Value(INT, on.call(node, "integers", owner.node, *ends))
    values = [v for v in given.values() if v is not None]
    if name == "uniform" and [v.known for v in values] == [0.0, 1.0]:
        return Value(FLOAT, on.call(node, "unit_uniform", owner.node))
    numbers = [on.coerce(v, FLOAT, node, f"the argument of rng.{name}") for v in values]
    return Value(BOOL if name == "bernoulli" else FLOAT, on.call(node, name, owner.node, *numbers))


def _choice(on: Expressions, node: ast.Call, owner: Value, items: Value | None) -> Value:
    assert items is not None
    if isinstance(items.kind, Special) and items.kind.what == "neighbors":
        count = on.call(node, "neighbor_count", items.node)
        index = on.call(node, "integers", owner.node, on.constant(node, 0).node, count)
        return Value(Special("item", items.kind.argument), on.call(node, "neighbor_at", items.node, index))
    if isinstance(items.kind, Tuple):
        kind, uniform = on.uniform_tuple(items, node)
        length = on.constant(node, len(items.kind.items)).node
        index = on.call(node, "integers", owner.node, on.constant(node, 0).node, length)
        return Value(kind, on.call(node, "tuple_item", uniform, index))
    if isinstance(items.kind, Block) and items.kind.stored.kind in ("array", "list"):
        if items.kind.stored.kind == "list":
            length = on.call(node, "list_length", items.node)
        else:
            length = on.constant(node, items.kind.stored.length).node
        index = on.call(node, "integers", owner.node, on.constant(node, 0).node, length)
        return on.block_item(node, items, Value(INT, index))
    return on.fail(
        node, f"rng.choice takes neighbours, a tuple, an array or a list, found {items.kind.shown}"
    )
