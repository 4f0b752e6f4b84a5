"""Expressions of behaviors: each becomes a kind and a rewritten node that compiled and interpreted runs
share.

Operations whose meaning differs between Python and machine numbers become calls of runtime functions
`bw__name`, which compiled/runtime.py and interpreted/runtime.py both define.
"""

from __future__ import annotations

import ast
import enum
import math
import types as python_types
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from bigworlds.behavior.translate import operators
from bigworlds.behavior.translate.kinds import (
    BOOL,
    FLOAT,
    INT,
    NOTHING,
    TEXT,
    Block,
    Kind,
    Nothing,
    Number,
    Special,
    Text,
    Tuple,
    Vector,
    is_number,
    is_whole,
    unified,
    wider,
)
from bigworlds.behavior.translate.source import Source, UnknownNameError
from bigworlds.data.vectors import ivec2, ivec3, vec2, vec3, wrap64
from bigworlds.errors import nearest_names

if TYPE_CHECKING:
    from bigworlds.behavior.translate.program import Program

PREFIX = "bw__"
VECTORS: dict[type, Vector] = {
    vec2: Vector(False, 2),
    vec3: Vector(False, 3),
    ivec2: Vector(True, 2),
    ivec3: Vector(True, 3),
}
VECTOR_NAMES = {kind: cls.__name__ for cls, kind in VECTORS.items()}
UNKNOWN: Any = object()
N = TypeVar("N", bound=ast.AST)


def is_plain(node: ast.expr) -> bool:
    """Whether a node can be evaluated twice: a name, a constant, or a field of a name."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, (ast.Name, ast.Constant))


@dataclass(frozen=True)
class Value:
    """A translated expression: its kind, the rewritten node, and its value where it is known at
    declaration."""

    kind: Kind
    node: ast.expr
    known: Any = UNKNOWN


class Expressions:
    """Translates the expressions of one function; statements.py adds the statements."""

    def __init__(self, program: Program, source: Source, what: str, names: dict[str, Kind]) -> None:
        self.program = program
        self.source = source
        self.what = what
        self.kinds: dict[str, Kind] = dict(names)
        self.given: set[str] = set(names)
        self.usual = True
        self.draws = False

    # Messages and small nodes

    def fail(self, node: ast.AST, message: str) -> NoReturn:
        """Raises the ModelError of a construct that cannot be translated."""
        self.source.fail(node, self.what, message)

    def call(self, node: ast.AST, name: str, *arguments: ast.expr) -> ast.expr:
        """A call of the runtime function `name`, at the place of `node`; the state goes in front where it
        is needed."""
        given = list(arguments)
        if self.program.needs_state(name):
            given.insert(0, ast.Name(f"{PREFIX}state", ast.Load()))
        made = ast.Call(ast.Name(PREFIX + name, ast.Load()), given, [])
        return self.placed(made, node)

    def note_draw(self, draws: bool = True) -> None:
        """Notes a random draw, if it stands where most runs come by: then the engine draws ahead."""
        self.draws = self.draws or (draws and self.usual)

    def placed(self, made: N, node: ast.AST) -> N:
        """A new node with the line numbers of an old one."""
        ast.copy_location(made, node)
        return ast.fix_missing_locations(made)

    def constant(self, node: ast.AST, value: Any) -> Value:
        """A value known at declaration, as a node."""
        if isinstance(value, bool):
            return Value(BOOL, self.placed(ast.Constant(value), node), value)
        if isinstance(value, int):
            if not -(2**63) <= value < 2**64:
                self.fail(node, f"the number {value} does not fit into 64 bits")
            value = wrap64(int(value))
            return Value(INT, self.placed(ast.Constant(value), node), value)
        if isinstance(value, float):
            value = float(value)
            if math.isfinite(value):
                return Value(FLOAT, self.placed(ast.Constant(value), node), value)
            return Value(FLOAT, self.call(node, "not_finite_nan" if value != value else
                         ("not_finite_plus" if value > 0 else "not_finite_minus")), value)  # fmt: skip
        if type(value) in VECTORS:
            kind = VECTORS[type(value)]
            parts = [self.constant(node, part).node for part in value]
            return Value(kind, self.call(node, f"make_{type(value).__name__}", *parts), value)
        if isinstance(value, tuple):
            items = [self.constant(node, item) for item in value]
            return self._tuple(node, items)
        if isinstance(value, str):
            return Value(TEXT, self.placed(ast.Constant(value), node), value)
        if value is None:
            return Value(NOTHING, self.placed(ast.Constant(None), node), None)
        return self.fail(
            node,
            f"a {type(value).__name__} from outside cannot be used in a behavior; constants are numbers, "
            "vecs, "
            "texts and tuples of them",
        )

    def coerce(self, value: Value, kind: Kind, node: ast.AST, what: str) -> ast.expr:
        """The node of a value as another kind, or an error that names `what` it is for."""
        if value.kind == kind:
            return value.node
        if isinstance(kind, Number) and isinstance(value.kind, Number) and wider(kind, value.kind) == kind:
            if value.known is not UNKNOWN:
                return self.constant(node, float(value.known) if kind == FLOAT else int(value.known)).node
            return self.call(node, "to_float" if kind == FLOAT else "to_int", value.node)
        if isinstance(kind, Vector) and isinstance(value.kind, Vector) and unified(kind, value.kind) == kind:
            return self.call(node, f"to_vec{kind.size}", value.node)
        if isinstance(kind, Tuple) and isinstance(value.kind, Tuple) and unified(kind, value.kind) == kind:
            return self._coerced_tuple(value, kind, node, what)
        if isinstance(kind, Special) and unified(kind, value.kind) == kind:
            return value.node
        advice = ""
        if kind == INT and value.kind == FLOAT:
            advice = "; write int(...), round(...) or math.floor(...)"
        elif kind == BOOL and is_number(value.kind):
            advice = "; write a comparison, e.g. x != 0"
        elif isinstance(kind, Vector) and isinstance(value.kind, Vector) and kind.size == value.kind.size:
            advice = "; write bw.ivec2(int(v.x), int(v.y)) or round()"
        return self.fail(node, f"{what} is {kind.shown}, found {value.kind.shown}{advice}")

    def _coerced_tuple(self, value: Value, kind: Tuple, node: ast.AST, what: str) -> ast.expr:
        if not isinstance(value.node, ast.Tuple):
            self.fail(
                node, f"{what}: the items of this tuple have other kinds than before; use separate names"
            )
        assert isinstance(value.kind, Tuple)
        items = [
            self.coerce(Value(have, item), want, node, what)
            for have, want, item in zip(value.kind.items, kind.items, value.node.elts, strict=True)
        ]
        return self.placed(ast.Tuple(items, ast.Load()), node)

    # Dispatch

    def expression(self, node: ast.expr) -> Value:
        """Translates any expression."""
        method = getattr(self, f"_on_{type(node).__name__}", None)
        if method is None:
            from bigworlds.behavior.translate.supported import advice_for

            return self.fail(node, advice_for(node))
        result = method(node)
        assert isinstance(result, Value)
        return result

    def _on_Constant(self, node: ast.Constant) -> Value:
        if isinstance(node.value, (bool, int, float, str)) or node.value is None:
            return self.constant(node, node.value)
        return self.fail(
            node, f"found the constant {node.value!r}; behaviors know numbers, vecs, True, False and None"
        )

    def _on_Name(self, node: ast.Name) -> Value:
        if node.id in self.kinds and node.id in self.given:
            return Value(self.kinds[node.id], self.placed(ast.Name(node.id, ast.Load()), node))
        if node.id in self.kinds or node.id in self.local_names():
            self.fail(node, f"{node.id!r} may have no value here; give it one before, on every path")
        return self.constant(node, self.outside(node))

    def local_names(self) -> set[str]:
        """Names that the function assigns somewhere; overridden by statements."""
        return set()

    def outside(self, node: ast.expr) -> Any:
        """The Python object that a free name or a dotted name stands for."""
        if isinstance(node, ast.Name):
            try:
                return self.source.meaning(node.id)
            except KeyError:
                known = set(self.kinds) | self.local_names() | set(self.source.function.__globals__)
                names = [n for n in known if not n.startswith("_")]
                hint = nearest_names(node.id, names).split("; known")[0]
                where = f"{self.source.filename}:{node.lineno}: {self.what}"
                raise UnknownNameError(f"{where}: the name {node.id!r} is not defined{hint}") from None
        if isinstance(node, ast.Attribute):
            owner = self.outside(node.value)
            found = getattr(owner, node.attr, UNKNOWN)
            if found is UNKNOWN:
                names = [n for n in dir(owner) if not n.startswith("_")]
                shown = getattr(owner, "__name__", type(owner).__name__)
                self.fail(
                    node, f"{shown} has no {node.attr!r}{nearest_names(node.attr, names).split('; known')[0]}"
                )
            return found
        return self.fail(node, "expected a name here")

    def is_outside(self, node: ast.expr) -> bool:
        """Whether a (dotted) name begins outside of the function."""
        while isinstance(node, ast.Attribute):
            node = node.value
        return isinstance(node, ast.Name) and node.id not in self.kinds and node.id not in self.local_names()

    # Operators

    def _on_BinOp(self, node: ast.BinOp) -> Value:
        left, right = self.expression(node.left), self.expression(node.right)
        return self.binary(node, type(node.op), left, right)

    def binary(self, node: ast.AST, operator: type[ast.operator], left: Value, right: Value) -> Value:
        """`left operator right`."""
        symbol = operators.SYMBOLS[operator]
        if symbol == "**":
            return self._power(node, left, right)
        kind = operators.result_kind(symbol, left.kind, right.kind)
        if kind is None:
            advice = operators.operator_advice(symbol, left.kind, right.kind)
            self.fail(
                node, f"{symbol!r} between {left.kind.shown} and {right.kind.shown} has no meaning; {advice}"
            )
        if kind == INT and symbol in operators.WHOLE:
            return Value(kind, self.call(node, operators.WHOLE[symbol], left.node, right.node))
        scalar = isinstance(kind, Number)
        if symbol in ("//", "%") or (symbol == "/" and scalar):
            return Value(kind, self.call(node, operators.DIVISION[symbol], left.node, right.node))
        return Value(kind, self.placed(ast.BinOp(left.node, operator(), right.node), node))

    def _power(self, node: ast.AST, base: Value, exponent: Value) -> Value:
        if not is_number(base.kind) or not is_number(exponent.kind):
            self.fail(
                node, f"'**' between {base.kind.shown} and {exponent.kind.shown} has no meaning; use numbers"
            )
        known = exponent.known
        if is_whole(exponent.kind) and known is not UNKNOWN and abs(int(known)) <= 64:
            times = int(known)
            kind = INT if is_whole(base.kind) and times >= 0 else FLOAT
            value = base.node if kind == INT else self.coerce(base, FLOAT, node, "the base")
            return Value(kind, self.call(node, f"power_{'minus_' if times < 0 else ''}{abs(times)}", value))
        if is_whole(base.kind) and is_whole(exponent.kind):
            self.fail(
                node,
                "'**' of whole numbers needs a constant exponent (the result's kind depends on it); write "
                "float(x) ** n",
            )
        arguments = [self.coerce(v, FLOAT, node, "the operand") for v in (base, exponent)]
        return Value(FLOAT, self.call(node, "pow", *arguments))

    def _on_UnaryOp(self, node: ast.UnaryOp) -> Value:
        value = self.expression(node.operand)
        if isinstance(node.op, ast.Not):
            return Value(BOOL, self.placed(ast.UnaryOp(ast.Not(), self.truth(value, node)), node))
        if isinstance(node.op, ast.USub) and value.known is not UNKNOWN and is_number(value.kind):
            return self.constant(node, -value.known)
        if isinstance(node.op, ast.Invert):
            if not is_whole(value.kind):
                self.fail(node, f"'~' of {value.kind.shown} has no meaning; use an int")
            return Value(INT, self.call(node, "invert", value.node))
        if not isinstance(value.kind, (Number, Vector)):
            self.fail(node, f"a sign before {value.kind.shown} has no meaning; use numbers or vecs")
        if is_whole(value.kind):
            name = "negative" if isinstance(node.op, ast.USub) else "to_int"
            return Value(INT, self.call(node, name, value.node))
        return Value(value.kind, self.placed(ast.UnaryOp(node.op, value.node), node))

    def truth(self, value: Value, node: ast.AST) -> ast.expr:
        """The node of a condition."""
        if value.kind == BOOL:
            return value.node
        if is_number(value.kind):
            return self.placed(ast.Compare(value.node, [ast.NotEq()], [ast.Constant(0)]), node)
        advice = (
            "compare it, e.g. `x is not None`" if operators.may_be_none(value.kind) else "write a comparison"
        )
        if isinstance(value.kind, (Block,)) or (
            isinstance(value.kind, Special) and value.kind.what == "neighbors"
        ):
            advice = "write len(...) > 0"
        return self.fail(node, f"{value.kind.shown} is no condition; {advice}")

    def condition(self, node: ast.expr) -> ast.expr:
        """An expression as a condition."""
        return self.truth(self.expression(node), node)

    def _on_BoolOp(self, node: ast.BoolOp) -> Value:
        tests = [self.condition(node.values[0])]
        before = set(self.given)
        tests += [self.condition(v) for v in node.values[1:]]
        self.given = before
        return Value(BOOL, self.placed(ast.BoolOp(node.op, tests), node))

    def _on_Compare(self, node: ast.Compare) -> Value:
        values = [self.expression(v) for v in (node.left, *node.comparators)]
        tests: list[ast.expr] = []
        if not all(is_plain(v.node) for v in values[1:-1]):
            self.fail(
                node,
                "in the middle of a chain of comparisons stands a name, field or number; give it a name "
                "first",
            )
        for operator, a, b in zip(node.ops, values[:-1], values[1:], strict=True):
            tests.append(self._comparison(node, operator, a, b))
        made: ast.expr = tests[0] if len(tests) == 1 else self.placed(ast.BoolOp(ast.And(), tests), node)
        return Value(BOOL, made)

    def _comparison(self, node: ast.Compare, operator: ast.cmpop, a: Value, b: Value) -> ast.expr:
        symbols = {"Eq": "==", "NotEq": "!=", "Lt": "<", "LtE": "<=", "Gt": ">", "GtE": ">="}
        name = type(operator).__name__
        if name in ("Is", "IsNot"):
            if not isinstance(b.kind, Nothing) or not operators.may_be_none(a.kind):
                self.fail(node, "'is' is for `item is None` only; compare values by ==")
            return self.placed(ast.Compare(a.node, [operator], [b.node]), node)
        if name in ("In", "NotIn"):
            return self._membership(node, name, a, b)
        symbol = symbols[name]
        choice = self.program.choice_of(self, a, b) if symbol in ("==", "!=") else None
        if choice is not None:
            parameter, index = choice
            other = self.constant(node, index).node
            return self.placed(ast.Compare(parameter.node, [operator], [other]), node)
        if not operators.comparable(symbol, a.kind, b.kind):
            self.fail(
                node,
                f"{symbol!r} between {a.kind.shown} and {b.kind.shown} has no meaning; compare numbers or "
                "vecs",
            )
        if any(isinstance(v.kind, (Text, Block)) for v in (a, b)):
            made = self.call(node, "same_text", *(self.text_node(v) for v in (a, b)))
            return made if symbol == "==" else self.placed(ast.UnaryOp(ast.Not(), made), node)
        if is_number(a.kind) and is_number(b.kind) and {a.kind, b.kind} >= {INT, FLOAT}:
            # Python compares an int and a float exactly; machine code by converting: both convert.
            a, b = (Value(FLOAT, self.coerce(v, FLOAT, node, "it")) for v in (a, b))
        return self.placed(ast.Compare(a.node, [operator], [b.node]), node)

    def text_node(self, value: Value) -> ast.expr:
        """A text as argument of a runtime function: constants by a function of their own."""
        if isinstance(value.kind, Text):
            return self.program.text_constant(self, value)
        return value.node

    def _membership(self, node: ast.Compare, name: str, a: Value, b: Value) -> ast.expr:
        if not isinstance(b.node, ast.Tuple) or not isinstance(b.kind, Tuple):
            self.fail(node, "'in' is for tuples written out, e.g. `x in (1, 2)`")
        if not is_plain(a.node):
            self.fail(node, "before 'in' stands a name or field; give the value a name first")
        tests = [
            self._comparison(node, ast.Eq(), a, Value(kind, item, UNKNOWN))
            for kind, item in zip(b.kind.items, b.node.elts, strict=True)
        ]
        made: ast.expr = tests[0] if len(tests) == 1 else self.placed(ast.BoolOp(ast.Or(), tests), node)
        return made if name == "In" else self.placed(ast.UnaryOp(ast.Not(), made), node)

    # Choices, tuples, elements

    def _on_IfExp(self, node: ast.IfExp) -> Value:
        test = self.condition(node.test)
        before = set(self.given)
        yes, no = self.expression(node.body), self.expression(node.orelse)
        self.given = before
        kind = unified(yes.kind, no.kind)
        if kind is None:
            self.fail(
                node, f"both sides of if/else have one kind, found {yes.kind.shown} and {no.kind.shown}"
            )
        sides = [self.coerce(v, kind, node, "the result") for v in (yes, no)]
        return Value(kind, self.placed(ast.IfExp(test, *sides), node))

    def _on_Tuple(self, node: ast.Tuple) -> Value:
        return self._tuple(node, [self.expression(item) for item in node.elts])

    def _tuple(self, node: ast.AST, items: list[Value]) -> Value:
        for item in items:
            if not isinstance(item.kind, (Number, Vector, Tuple)):
                self.fail(node, f"a tuple holds numbers and vecs, found {item.kind.shown}")
        made = self.placed(ast.Tuple([i.node for i in items], ast.Load()), node)
        known = tuple(i.known for i in items) if all(i.known is not UNKNOWN for i in items) else UNKNOWN
        return Value(Tuple(tuple(i.kind for i in items)), made, known)

    def uniform_tuple(self, value: Value, node: ast.AST) -> tuple[Kind, ast.expr]:
        """A tuple whose items all have one kind, for loops, choices and computed indices."""
        assert isinstance(value.kind, Tuple)
        kinds = list(value.kind.items)
        if not kinds:
            self.fail(node, "an empty tuple has no items")
        kind: Kind | None = kinds[0]
        for other in kinds[1:]:
            kind = unified(kind, other) if kind is not None else None
        if kind is None:
            self.fail(node, "the items of this tuple have different kinds; take them by constant index")
        want = Tuple((kind,) * len(kinds))
        return kind, self.coerce(value, want, node, "the tuple")

    def _on_Subscript(self, node: ast.Subscript) -> Value:
        owner = self.expression(node.value)
        if isinstance(node.slice, ast.Slice):
            self.fail(node, "slices are not supported in behaviors; write a loop over the indices")
        index = self.expression(node.slice)
        if not is_whole(index.kind):
            self.fail(node, f"an index is an int, found {index.kind.shown}")
        if isinstance(owner.kind, Tuple):
            return self._tuple_item(node, owner, index)
        if isinstance(owner.kind, Block) and owner.kind.stored.kind in ("array", "list"):
            return self.block_item(node, owner, index)
        if isinstance(owner.kind, Vector):
            return self._vector_item(node, owner, index)
        return self.fail(node, f"{owner.kind.shown} has no items by index")

    def _tuple_item(self, node: ast.AST, owner: Value, index: Value) -> Value:
        assert isinstance(owner.kind, Tuple)
        count = len(owner.kind.items)
        if index.known is not UNKNOWN:
            if not -count <= index.known < count:
                self.fail(node, f"the index {index.known} is outside of a tuple of {count}")
            made = self.placed(ast.Subscript(owner.node, index.node, ast.Load()), node)
            return Value(owner.kind.items[index.known], made)
        kind, items = self.uniform_tuple(owner, node)
        return Value(kind, self.call(node, "tuple_item", items, index.node))

    def _vector_item(self, node: ast.AST, owner: Value, index: Value) -> Value:
        assert isinstance(owner.kind, Vector)
        if index.known is UNKNOWN or not -owner.kind.size <= index.known < owner.kind.size:
            self.fail(
                node, f"the index of a vec is a constant from 0 to {owner.kind.size - 1}; or use .x, .y"
            )
        name = "xyz"[: owner.kind.size][index.known]
        made = self.placed(ast.Attribute(owner.node, name, ast.Load()), node)
        return Value(INT if owner.kind.whole else FLOAT, made)

    def block_item(self, node: ast.AST, owner: Value, index: Value) -> Value:
        """An element of an array or list field."""
        assert isinstance(owner.kind, Block)
        kind = {"f": FLOAT, "b": BOOL}.get(owner.kind.stored.dtype[0], INT)
        return Value(kind, self.call(node, "block_item", owner.node, index.node))

    # Attributes and calls

    def _on_Attribute(self, node: ast.Attribute) -> Value:
        if self.is_outside(node):
            found = self.outside(node)
            if isinstance(found, enum.IntEnum):
                return self.constant(node, int(found))
            if isinstance(found, python_types.ModuleType | type) or callable(found):
                self.fail(node, f"{ast.unparse(node)} is no value; behaviors use constants from outside")
            return self.constant(node, found)
        owner = self.expression(node.value)
        if isinstance(owner.kind, Vector):
            names = "xyz"[: owner.kind.size]
            if node.attr not in names or len(node.attr) != 1:
                known = [*names, "length", "length2", "normalized", "dot"]
                self.fail(node, f"{owner.kind.shown} has no {node.attr!r}{nearest_names(node.attr, known)}")
            made = self.placed(ast.Attribute(owner.node, node.attr, ast.Load()), node)
            return Value(INT if owner.kind.whole else FLOAT, made)
        if isinstance(owner.kind, Special):
            return self.program.attribute(self, node, owner)
        return self.fail(node, f"{owner.kind.shown} has no {node.attr!r}")

    def _on_Call(self, node: ast.Call) -> Value:
        from bigworlds.behavior.translate.calls import translate_call

        return translate_call(self, node)
