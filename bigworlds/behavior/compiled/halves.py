"""Behaviors in two halves: what looks at neighbours, then plain arithmetic on what was found.

The last statements of many behaviors only compute: turn, divide, normalise, move. As part of the loop over
rows each waits for the roots and quotients of its row. A chunk's rows are therefore taken through the first
half one by one, which keeps the values that the second half needs; the second half is a loop of its own,
which the optimiser makes vector code of. The operations and their order within a row stay the same.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from numba.core import types
from numba.core.typing.templates import signature
from numba.extending import intrinsic

from bigworlds.behavior.compiled import arguments as args
from bigworlds.behavior.compiled import effects, memory
from bigworlds.behavior.compiled.memory import F64, I64, PTR
from bigworlds.behavior.compiled.vectors import VecType, pack, parts
from bigworlds.behavior.translate.expressions import PREFIX
from bigworlds.behavior.translate.kinds import Kind, Number, Vector, of_field
from bigworlds.behavior.translate.program import Argument, Translated

_STATE = f"{PREFIX}state"
_WRAP, _NEAR_WRAP = f"{PREFIX}space_wrap", f"{PREFIX}near_wrap"
_PLAIN_CALLS = {
    *(f"make_{kind}" for kind in ("vec2", "vec3", "ivec2", "ivec3")),
    *("dot", "length", "length2", "normalized", "minimum", "maximum", "sqrt", "fabs", "absolute"),
    *("to_float", "to_int", "add", "subtract", "multiply", "negative", "true_divide"),
    *("space_wrap", "space_clamp"),
}
_PLAIN_NODES = (
    *(ast.Assign, ast.If, ast.Pass, ast.Expr, ast.BinOp, ast.UnaryOp, ast.Compare, ast.BoolOp, ast.IfExp),
    *(ast.Call, ast.Name, ast.Constant, ast.Attribute, ast.operator, ast.unaryop, ast.cmpop, ast.boolop),
    ast.expr_context,
)
_PLAIN_ARGUMENTS = ("own", "parameters", "space", "clock")


@dataclass(frozen=True)
class Halves:
    """The two halves of a behavior.

    Attributes:
        first: looks, and keeps what the second half needs.
        second: computes.
        near: the second half where nobody is further than one world's length outside of the world; the same
            function as `second` where that makes no difference.
        kept: the 8-byte values kept for a row.
    """

    first: Translated
    second: Translated
    near: Translated
    kept: int


@dataclass(frozen=True)
class _Kept:
    """A value that goes from one half to the other: how it is written, its kind, its first place."""

    node: ast.expr
    kind: Kind
    place: int

    @property
    def size(self) -> int:
        return self.kind.size if isinstance(self.kind, Vector) else 1


def halves_of(main: Translated, arguments: tuple[Argument, ...]) -> Halves | None:
    """Cuts a translated behavior in two, or not where its end is not plain."""
    body = main.tree.body
    cut = len(body)
    while cut > 0 and _is_plain(body[cut - 1], main.kinds, arguments):
        cut -= 1
    first, second = body[:cut], body[cut:]
    if not first or not second or any(isinstance(n, ast.Return) for s in first for n in ast.walk(s)):
        return None
    kept = _kept(first, second, main.kinds, arguments)
    if kept is None:
        return None
    keeping = [_expression(f"keep_{k.place}", k.node) for k in kept]
    taking = [_assignment(k.node, f"take_{k.place}_{_letters(k.kind)}") for k in kept]
    near = [_NearWraps().visit(copy.deepcopy(s)) for s in second]
    count = sum(k.size for k in kept)
    halves = [_with_body(main, part) for part in ([*first, *keeping], [*taking, *second], [*taking, *near])]
    same = all(ast.dump(a) == ast.dump(b) for a, b in zip(second, near, strict=True))
    return Halves(halves[0], halves[1], halves[1] if same else halves[2], count)


def _with_body(main: Translated, body: list[ast.stmt]) -> Translated:
    tree = copy.copy(main.tree)
    tree.body = [
        ast.copy_location(copy.deepcopy(s), main.tree) if not hasattr(s, "lineno") else s for s in body
    ]
    return replace(main, tree=ast.fix_missing_locations(tree))


def _is_plain(statement: ast.stmt, kinds: Mapping[str, Kind], arguments: tuple[Argument, ...]) -> bool:
    """Whether a statement only computes with numbers and vectors, own fields and what is the same for all."""
    plain = {a.name for a in arguments if a.what in _PLAIN_ARGUMENTS}

    def is_plain(node: ast.AST) -> bool:
        if isinstance(node, ast.Call):
            name = node.func.id if isinstance(node.func, ast.Name) else ""
            return name.removeprefix(PREFIX) in _PLAIN_CALLS or name.startswith(f"{PREFIX}power_")
        if isinstance(node, ast.Name):
            return node.id in plain or node.id.startswith(PREFIX) or _is_number(kinds.get(node.id))
        return isinstance(node, _PLAIN_NODES)

    return all(is_plain(node) for node in ast.walk(statement))


def _is_number(kind: Kind | None) -> bool:
    return isinstance(kind, Vector) or (isinstance(kind, Number) and kind.name != "bool")


def _kept(
    first: list[ast.stmt],
    second: list[ast.stmt],
    kinds: Mapping[str, Kind],
    arguments: tuple[Argument, ...],
) -> list[_Kept] | None:
    """What the first half gives to the second: names, and own fields that it writes. None: that cannot be."""
    own = {a.name: a.components[0] for a in arguments if a.what == "own"}
    written = {
        (n.value.id, n.attr)
        for n in _nodes(first)
        if isinstance(n, ast.Attribute) and isinstance(n.ctx, ast.Store) and isinstance(n.value, ast.Name)
    }
    read = {n.id for n in _nodes(second) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    stored = {n.id for n in _nodes(first) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    certain = {t.id for s in first if isinstance(s, ast.Assign) for t in s.targets if isinstance(t, ast.Name)}
    if not read & stored <= certain:
        return None
    wanted: list[tuple[ast.expr, Kind | None]] = [
        (ast.Name(name, ast.Load()), kinds.get(name)) for name in sorted(read & stored)
    ]
    for name, field in sorted(written):
        if name not in own:
            return None
        stored_as = of_field(own[name].__bw_fields__[field].type)  # type: ignore[attr-defined]
        wanted.append((ast.Attribute(ast.Name(name, ast.Load()), field, ast.Load()), stored_as))
    kept: list[_Kept] = []
    for node, kind in wanted:
        if kind is None or not _is_number(kind):
            return None
        kept.append(_Kept(node, kind, sum(k.size for k in kept)))
    return kept


def _nodes(statements: list[ast.stmt]) -> Iterator[ast.AST]:
    for statement in statements:
        yield from ast.walk(statement)


def _expression(name: str, value: ast.expr) -> ast.stmt:
    called = ast.Name(f"{PREFIX}{name}", ast.Load())
    return ast.Expr(ast.Call(called, [ast.Name(_STATE, ast.Load()), value], []))


def _assignment(target: ast.expr, name: str) -> ast.stmt:
    stored = copy.deepcopy(target)
    stored.ctx = ast.Store()  # type: ignore[attr-defined]
    called = ast.Name(f"{PREFIX}{name}", ast.Load())
    return ast.Assign([stored], ast.Call(called, [ast.Name(_STATE, ast.Load())], []))


def _letters(kind: Kind) -> str:
    """A kind as part of a name: d, q, d2, d3, q2, q3."""
    if isinstance(kind, Vector):
        return f"{'q' if kind.whole else 'd'}{kind.size}"
    assert isinstance(kind, Number)
    return "d" if kind.name == "float" else "q"


class _NearWraps(ast.NodeTransformer):
    """space.wrap by the rule for places less than one world's length outside."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.func, ast.Name) and node.func.id == _WRAP:
            called = ast.Name(_NEAR_WRAP, ast.Load())
            return ast.Call(called, [ast.Name(_STATE, ast.Load()), *node.args], [])
        return node


def functions_of(halves: Halves) -> dict[str, Any]:
    """The functions that the halves call besides those of the whole behavior, by name."""
    found: dict[str, Any] = {_NEAR_WRAP: near_wrap}
    for half in (halves.first, halves.second):
        for node in ast.walk(half.tree):
            if isinstance(node, ast.Name) and node.id.startswith((f"{PREFIX}keep_", f"{PREFIX}take_")):
                what, place, *letters = node.id.removeprefix(PREFIX).split("_")
                found[node.id] = _keep(int(place)) if what == "keep" else _take(int(place), letters[0])
    return found


def _slot(builder: Any, state: Any, place: int) -> Any:
    """Where a value of the row in hand is kept: each value has an array of its own."""
    base = memory.at(builder, memory.load(builder, state, args.KEPT, PTR), place * 8 * args.CHUNK)
    return memory.at(builder, base, builder.shl(memory.load(builder, state, args.NUMBER, I64), I64(3)))


def _keep(place: int) -> Any:
    def typing(context: Any, state: Any, value: Any) -> Any:
        def emit(ctx: Any, builder: Any, sig: Any, values: Any) -> Any:
            components = parts(builder, value, values[1]) if isinstance(value, VecType) else [values[1]]
            for i, component in enumerate(components):
                memory.store(builder, _slot(builder, values[0], place + i), 0, component)
            return ctx.get_dummy_value()

        return signature(types.none, state, value), emit

    typing.__name__ = f"keep_{place}"
    return intrinsic(typing)


def _take(place: int, letters: str) -> Any:
    whole, size = letters[0] == "q", int(letters[1:] or 1)
    scalar: Any = types.int64 if whole else types.float64
    kind = scalar if size == 1 else VecType(whole, size)

    def typing(context: Any, state: Any) -> Any:
        def emit(ctx: Any, builder: Any, sig: Any, values: Any) -> Any:
            element = I64 if whole else F64
            got = [
                memory.load(builder, _slot(builder, values[0], place + i), 0, element) for i in range(size)
            ]
            return got[0] if size == 1 else pack(builder, got)

        return signature(kind, state), emit

    typing.__name__ = f"take_{place}"
    return intrinsic(typing)


@intrinsic
def near_wrap(context: Any, state: Any, space: Any, place: Any) -> Any:
    """space.wrap(place); a place too far outside is noted in the state, and the result is then nothing."""

    def emit(ctx: Any, builder: Any, sig: Any, values: Any) -> Any:
        made = []
        sizes = args.extent(builder, values[1], place)
        far = memory.load(builder, values[0], args.FAR, I64)
        for coordinate, size in zip(parts(builder, place, values[2]), sizes, strict=True):
            near, close = effects.near_wrap(builder, coordinate, size)
            far = builder.or_(far, builder.zext(builder.not_(near), I64))
            made.append(close)
        memory.store(builder, values[0], args.FAR, far)
        return pack(builder, made)

    return signature(place, state, space, place), emit
