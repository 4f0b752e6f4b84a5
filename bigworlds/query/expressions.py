"""Expressions of queries as programs: the language of bigworlds/record/expression.py, with bare names of
fields, parameters, texts and places; every operation gives what it gives there."""

from __future__ import annotations

import ast
from typing import Any

import numpy as np

from bigworlds.errors import nearest_names
from bigworlds.query.clause import Clause
from bigworlds.query.names import ID, RANK, Literal, Scope
from bigworlds.query.places import Places
from bigworlds.query.program import NATURAL, REAL, TEXT, TRUTH, WHOLE, Program, Value
from bigworlds.record.expression import DEEPEST, FUNCTIONS, LARGEST_POWER, PARTS

PLACE_FUNCTIONS = {"within": 2, "box": 2, "distance": 1}
ALONE = {"has": None, "has_any": None, "has_none": None, "nearest": 2}
"""Functions that stand alone between "and"s."""

_ARITHMETIC: dict[type[ast.operator], str] = {
    ast.Add: "add",
    ast.Sub: "subtract",
    ast.Mult: "multiply",
    ast.Div: "divide",
    ast.FloorDiv: "floor_divide",
    ast.Mod: "remainder",
}
_COMPARISONS: dict[type[ast.cmpop], tuple[str, bool]] = {
    ast.Lt: ("less", False),
    ast.LtE: ("less_equal", False),
    ast.Gt: ("less", True),
    ast.GtE: ("less_equal", True),
    ast.Eq: ("equal", False),
    ast.NotEq: ("unequal", False),
}
_OF_REALS = ("sqrt", "floor", "ceil")


class Writer:
    """Writes expressions of one clause into a program."""

    def __init__(self, scope: Scope, program: Program, clause: Clause) -> None:
        self._scope = scope
        self._program = program
        self._clause = clause
        self._places = Places(scope.catalogue, program)
        self._depth = 0

    def value(self, node: ast.expr) -> Value:
        """What a node is.

        Raises:
            QueryError: an unknown name, something that is not offered, types or shapes that do not fit.
        """
        self._depth += 1
        if self._depth > DEEPEST:
            raise self._error(f"more than {DEEPEST} operations within each other", node)
        try:
            return self._value(node)
        finally:
            self._depth -= 1

    def truth(self, node: ast.expr) -> int:
        """The register of a condition, one truth value per row."""
        value = self._as_truth(self.value(node), node)
        if value.is_vector:
            raise self._error(f"expected one truth value per row, found {value.parts}", node)
        return value.registers[0]

    def registers(self, value: Value) -> Value:
        """The same with registers, where it is a number that is known."""
        if value.literal is None:
            return value
        kind = _kind_of(value.literal)
        return Value(kind, (self._program.constant(value.literal, kind),))

    def number(self, node: ast.expr) -> Literal:
        """A number that is known without a row: written out, or a parameter."""
        value = self.value(node)
        if value.literal is None:
            raise self._error("expected a number or a parameter", node)
        literal: Literal = value.literal
        return literal

    def as_real(self, value: Value) -> Value:
        """Numbers as reals."""
        if value.type == TRUTH:
            value = self._converted(value, WHOLE)
        return self._converted(value, REAL)

    def place(self, node: ast.expr) -> tuple[Literal, ...]:
        """A place."""
        return self._places.place(node, self._clause, self.number)

    def distance_key(self, place: tuple[Literal, ...], node: ast.AST) -> int:
        """A register that grows with the distance from a place."""
        return self._places.distance(place, node, self._clause)[0]

    def _error(self, what: str, node: ast.AST) -> Exception:
        return self._clause.error(what, node)

    def _value(self, node: ast.expr) -> Value:
        match node:
            case ast.Constant(value=bool() | int() | float() as number):
                if isinstance(number, int) and not -(2**63) <= number < 2**63:
                    raise self._error(f"{number} does not fit into 64 bits", node)
                return Value(_kind_of(number), literal=number)
            case ast.Name() | ast.Attribute() | ast.Subscript():
                return self._named(node)
            case ast.BinOp(op=ast.Pow()):
                return self._power(node)
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _ARITHMETIC:
                a, b = self._number(self.value(left), left), self._number(self.value(right), right)
                return self._arithmetic(_ARITHMETIC[type(op)], a, b, node)
            case ast.UnaryOp():
                return self._unary(node)
            case ast.BoolOp(op=op, values=values):
                name = "and truth" if isinstance(op, ast.And) else "or truth"
                parts = [self._as_truth(self.value(inner), inner) for inner in values]
                result = parts[0]
                for one in parts[1:]:
                    result = self._each(name, TRUTH, (result, one), node)
                return result
            case ast.Compare():
                return self._compare(node)
            case ast.IfExp(test=test, body=body, orelse=orelse):
                holds = self._as_truth(self.value(test), test)
                a, b = self._number(self.value(body), body), self._number(self.value(orelse), orelse)
                a, b = self._unified(a, b)
                return self._each("choose", a.type, (holds, a, b), node)
            case ast.Call():
                return self._call(node)
        is_constant = isinstance(node, ast.Constant)
        hint = " Compare texts with == and !=, or glob(field, 'A*')." if is_constant else ""
        functions = ", ".join([*FUNCTIONS, *PLACE_FUNCTIONS, "glob"])
        raise self._error(
            f"{ast.unparse(node)!r} cannot be used in a query.{hint} Offered are fields, numbers, "
            f"parameters, + - * / // % **, comparisons, in, and, or, not, if-else, and {functions}",
            node,
        )

    # --- names ---

    def _named(self, node: ast.Name | ast.Attribute | ast.Subscript) -> Value:
        if isinstance(node, ast.Name) and node.id in self._scope.aliases:
            tree, clause = self._scope.aliases[node.id]
            return Writer(self._scope, self._program, clause).value(tree)
        found = None if isinstance(node, ast.Subscript) else self._scope.field(node, self._clause)
        if found is not None:
            return self._field(*found, node)
        if isinstance(node, ast.Name) and node.id in (ID, RANK):
            kind = NATURAL if node.id == ID else WHOLE
            return Value(kind, (self._program.load(node.id, kind),))
        literal = None if isinstance(node, ast.Subscript) else self._scope.literal(node, self._clause)
        if literal is not None:
            return Value(_kind_of(literal), literal=literal)
        match node:
            case ast.Attribute(value=inner, attr="x" | "y" | "z" as part) if self._is_known(inner):
                return self._part(self.value(inner), PARTS[part], f".{part}", node)
            case ast.Subscript(value=inner, slice=ast.Constant(value=int(place))) if place >= 0:
                return self._part(self.value(inner), place, f"[{place}]", node)
        raise self._scope.unknown(node, self._clause)

    def _is_known(self, node: ast.expr) -> bool:
        return (
            isinstance(node, ast.Name | ast.Attribute) and self._scope.field(node, self._clause) is not None
        )

    def _field(self, component: str, field: Any, node: ast.AST) -> Value:
        numbers = self._scope.catalogue.field_numbers(component, field.name)
        if field.kind == "string":
            return Value(TEXT, text=numbers, field=field.type)
        if field.is_open or field.kind == "list":
            raise self._error(
                f"{component}.{field.name} is a {field.kind}, which queries do not compute with; "
                f"read it by sim.table({component})",
                node,
            )
        kind = {"f": REAL, "i": WHOLE, "u": NATURAL, "b": TRUTH}[np.dtype(field.dtype).kind]
        parts = tuple(self._program.load("field", kind, numbers, part) for part in range(field.length))
        return Value(kind, parts, field.length > 1, field=field.type)

    def _part(self, value: Value, place: int, written: str, node: ast.AST) -> Value:
        if not value.is_vector or place >= value.parts:
            raise self._error(
                f"{written} of something that has {value.parts if value.is_vector else 'no'} parts", node
            )
        return Value(value.type, (value.registers[place],))

    # --- operations ---

    def _number(self, value: Value, node: ast.AST) -> Value:
        """A value to compute with: truth counts as 0 or 1."""
        if value.type == TEXT:
            raise self._error(
                "a text cannot be computed with; compare it with == or !=, or glob(field, 'A*')", node
            )
        if value.type != TRUTH:
            return value
        if value.literal is not None:
            return Value(WHOLE, literal=int(value.literal))
        return self._converted(value, WHOLE)

    def _as_truth(self, value: Value, node: ast.AST) -> Value:
        if value.type == TEXT:
            raise self._error("a text is no condition; compare it with == or !=", node)
        if value.literal is not None:
            return Value(TRUTH, (self._program.constant(value.literal != 0, TRUTH),))
        return value if value.type == TRUTH else self._converted(value, TRUTH)

    def _converted(self, value: Value, kind: str) -> Value:
        if value.literal is not None:
            return Value(kind, (self._program.constant(value.literal, kind),))
        if value.type == kind:
            return value
        step = f"{value.type} to {kind}"
        parts = tuple(self._program.step(step, kind, register) for register in value.registers)
        return Value(kind, parts, value.is_vector)

    def _unified(self, a: Value, b: Value, comparing: bool = False) -> tuple[Value, Value]:
        """Two numbers as numbers of one type."""
        kinds = {a.type, b.type}
        if kinds == {NATURAL, WHOLE}:
            known = [v.literal for v in (a, b) if v.literal is not None]
            kind = NATURAL if comparing and known and known[0] >= 0 else WHOLE
        else:
            kind = REAL if REAL in kinds else a.type
        return self._converted(a, kind), self._converted(b, kind)

    def _each(self, name: str, kind: str, operands: tuple[Value, ...], node: ast.AST) -> Value:
        """An operation on each part; what has no parts goes with all."""
        counts = {value.parts for value in operands if value.is_vector and value.parts > 1}
        if len(counts) > 1:
            raise self._error(
                f"values of {' and '.join(map(str, sorted(counts)))} parts do not go together", node
            )
        parts = counts.pop() if counts else 1
        registers = [value.registers * parts if value.parts == 1 else value.registers for value in operands]
        found = tuple(self._program.step(name, kind, *these) for these in zip(*registers, strict=True))
        return Value(kind, found, any(value.is_vector for value in operands))

    def _arithmetic(self, name: str, a: Value, b: Value, node: ast.AST) -> Value:
        if name == "divide":
            a, b = self._converted(a, REAL), self._converted(b, REAL)
        else:
            a, b = self._unified(a, b)
        return self._each(f"{name} {a.type}", a.type, (a, b), node)

    def _power(self, node: ast.BinOp) -> Value:
        power = node.right.value if isinstance(node.right, ast.Constant) else None
        if not isinstance(power, int) or isinstance(power, bool) or not 1 <= power <= LARGEST_POWER:
            raise self._error(f"a power must be a whole number from 1 to {LARGEST_POWER}", node.right)
        base = self.registers(self._number(self.value(node.left), node.left))
        result = None
        while power:
            if power & 1:
                result = base if result is None else self._arithmetic("multiply", result, base, node)
            power >>= 1
            base = self._arithmetic("multiply", base, base, node) if power else base
        assert result is not None
        return result

    def _unary(self, node: ast.UnaryOp) -> Value:
        inner = self.value(node.operand)
        if isinstance(node.op, ast.Not):
            return self._each("not truth", TRUTH, (self._as_truth(inner, node.operand),), node)
        value = self._number(inner, node.operand)
        if isinstance(node.op, ast.UAdd):
            return value
        if not isinstance(node.op, ast.USub):
            raise self._error(f"{ast.unparse(node)!r} cannot be used in a query", node)
        if value.literal is not None:
            return Value(value.type, literal=-value.literal)
        if value.type == NATURAL:
            value = self._converted(value, WHOLE)
        return self._each(f"negate {value.type}", value.type, (value,), node)

    def _compare(self, node: ast.Compare) -> Value:
        result: Value | None = None
        for op, left, right in zip(node.ops, [node.left, *node.comparators], node.comparators, strict=False):
            one = self._comparison(op, left, right, node)
            result = one if result is None else self._each("and truth", TRUTH, (result, one), node)
        assert result is not None
        return result

    def _comparison(self, op: ast.cmpop, left: ast.expr, right: ast.expr, node: ast.Compare) -> Value:
        if isinstance(op, ast.In | ast.NotIn):
            if not isinstance(right, ast.Tuple | ast.List | ast.Set) or not right.elts:
                raise self._error("in takes values in parentheses, as in id in (3, 7)", right)
            result = self._comparison(ast.Eq(), left, right.elts[0], node)
            for one in right.elts[1:]:
                result = self._each(
                    "or truth", TRUTH, (result, self._comparison(ast.Eq(), left, one, node)), node
                )
            return result if isinstance(op, ast.In) else self._each("not truth", TRUTH, (result,), node)
        texts = [one for one in (left, right) if isinstance(one, ast.Constant) and isinstance(one.value, str)]
        if texts:
            return self._text_comparison(op, left if texts[0] is right else right, texts[0], node)
        if type(op) not in _COMPARISONS:
            raise self._error("compare with < <= > >= == != in", node)
        a, b = self._number(self.value(left), left), self._number(self.value(right), right)
        name, swapped = _COMPARISONS[type(op)]
        a, b = self._unified(a, b, comparing=True)
        return self._each(f"{name} {a.type}", TRUTH, (b, a) if swapped else (a, b), node)

    def _text_comparison(self, op: ast.cmpop, other: ast.expr, text: ast.Constant, node: ast.AST) -> Value:
        found = self._text(other)
        if not isinstance(op, ast.Eq | ast.NotEq):
            raise self._error("texts are compared with ==, != and in, or glob(field, 'A*')", node)
        holds = Value(TRUTH, (self._program.load("text_is", TRUTH, found, text=str(text.value)),))
        return holds if isinstance(op, ast.Eq) else self._each("not truth", TRUTH, (holds,), node)

    def _text(self, node: ast.expr) -> tuple[int, int]:
        """The numbers of a text field."""
        value = None if isinstance(node, ast.Constant) else self.value(node)
        if value is None or value.text is None:
            raise self._error("expected a text field", node)
        return value.text

    # --- functions ---

    def _call(self, node: ast.Call) -> Value:
        name = node.func.id if isinstance(node.func, ast.Name) else ast.unparse(node.func)
        known = [*FUNCTIONS, *PLACE_FUNCTIONS, "glob"]
        if name in ALONE:
            raise self._error(f"{name}(...) stands alone between 'and's, not inside of an expression", node)
        if name not in known:
            raise self._error(f"there is no function '{name}'{nearest_names(name, [*known, *ALONE])}", node)
        expected = FUNCTIONS[name][0] if name in FUNCTIONS else PLACE_FUNCTIONS.get(name, 2)
        if len(node.args) != expected or node.keywords:
            raise self._error(
                f"{name} takes {expected} arguments, found {len(node.args) + len(node.keywords)}", node
            )
        if name == "glob":
            return self._glob(node)
        if name in PLACE_FUNCTIONS:
            return self._of_places(name, node)
        values = [self.registers(self._number(self.value(inner), inner)) for inner in node.args]
        return self._function(name, values, node)

    def _function(self, name: str, values: list[Value], node: ast.Call) -> Value:
        if name == "length":
            return self._length(values[0], node)
        if name in _OF_REALS:
            return self._each(f"{name} real", REAL, (self._converted(values[0], REAL),), node)
        if name in ("min", "max"):
            a, b = self._unified(values[0], values[1])
            return self._each(f"{name} {a.type}", a.type, (a, b), node)
        return self._each(f"{name} {values[0].type}", values[0].type, (values[0],), node)

    def _length(self, value: Value, node: ast.Call) -> Value:
        """The root of the sum of squares, summed from the first part to the last."""
        if not value.is_vector:
            raise self._error("length of something that has no parts", node)
        total: int | None = None
        for part in self._converted(value, REAL).registers:
            square = self._program.step("multiply real", REAL, part, part)
            total = square if total is None else self._program.step("add real", REAL, total, square)
        assert total is not None
        return Value(REAL, (self._program.step("sqrt real", REAL, total),))

    def _glob(self, node: ast.Call) -> Value:
        field, pattern = node.args
        if not isinstance(pattern, ast.Constant) or not isinstance(pattern.value, str):
            raise self._error(
                "glob takes a text field and a pattern in quotes, as in glob(name, 'A*')", pattern
            )
        return Value(TRUTH, (self._program.load("text_like", TRUTH, self._text(field), text=pattern.value),))

    def _of_places(self, name: str, node: ast.Call) -> Value:
        place = self.place(node.args[0])
        if name == "within":
            return self._places.within(place, self.number(node.args[1]), node.args[1], self._clause)
        if name == "box":
            return self._places.box(place, self.place(node.args[1]), node, self._clause)
        total, squared = self._places.distance(place, node, self._clause)
        if squared:
            return Value(REAL, (self._program.step("sqrt real", REAL, total),))
        return Value(WHOLE, (total,))


def _kind_of(number: Literal) -> str:
    return TRUTH if isinstance(number, bool) else WHOLE if isinstance(number, int) else REAL
