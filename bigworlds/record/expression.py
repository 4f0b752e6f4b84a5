"""Expressions over fields, such as `"Sheep.energy * 2 > 3"`: parsed once, computed on whole
columns.

An expression is read as Python, but nothing is run as Python: a fixed list of operations is all
there is. Every operation rounds as IEEE 754 says, so that a record is the same on every machine:
+ - * / // % and comparisons, and, or, not, `a if b else c`, whole powers, and abs, min, max, sqrt,
floor, ceil, length.
"""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bigworlds.errors import UserError, nearest_names

Array = NDArray[Any]
Columns = Mapping[str, Array]

LONGEST = 1000
"""Limit of an expression's characters."""

DEEPEST = 50
"""Limit of operations within operations."""

LARGEST_POWER = 64
"""Limit of a whole power."""

PARTS = {"x": 0, "y": 1, "z": 2}


@dataclass(frozen=True, slots=True)
class Expression:
    """A parsed expression.

    Attributes:
        text: as it was written.
        components: names of the components whose fields it reads, sorted; never empty.
        field: `"Bird.age"` where the expression is a field and nothing else, otherwise None.

    Example:
        >>> hungry = Expression.parse("Sheep.energy * 2 > 3")
        >>> hungry.components
        ('Sheep',)
        >>> hungry.compute({"Sheep": {"energy": np.array([1.0, 2.0])}}).tolist()
        [False, True]
    """

    text: str
    components: tuple[str, ...]
    field: str | None
    _tree: ast.expr = dataclasses.field(repr=False, compare=False)

    @classmethod
    def parse(cls, source: object) -> Expression:
        """Reads an expression.

        Args:
            source: a text, or a field as `Bird.age` gives it.

        Raises:
            UserError: not an expression, or one with something in it that is not offered; says
                where.
        """
        text = _text(source)
        if len(text) > LONGEST:
            raise UserError(f"an expression may have {LONGEST} characters, this one has {len(text)}.")
        try:
            tree = ast.parse(text.strip(), mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            raise UserError(f"{text!r} is no expression: {error}.") from None
        components: set[str] = set()
        _check(tree, text.strip(), components, DEEPEST)
        if not components:
            raise UserError(
                f"{text!r} reads no field: expected something like 'Sheep.energy > 3', with a "
                "component's name, a dot and a field's name."
            )
        plain = isinstance(tree, ast.Attribute) and isinstance(tree.value, ast.Name)
        return cls(text.strip(), tuple(sorted(components)), text.strip() if plain else None, tree)

    def compute(self, tables: Mapping[str, Columns]) -> Array:
        """Computes the expression for all rows.

        Args:
            tables: for each of `components` its columns by field, all with the same rows.

        Returns:
            bool, int64, uint64, float64 or, for a field alone, bytes; shape (n,) or (n, k).
            Integers wrap at 64 bits; a float divided by zero is as IEEE 754 says.

        Raises:
            UserError: an unknown field, shapes that do not fit, an integer divided by zero.
        """
        with np.errstate(all="ignore"):
            value = _compute(self._tree, self, tables)
        rows = len(next(iter(tables[self.components[0]].values())))
        return value if np.ndim(value) else np.full(rows, value)

    def __str__(self) -> str:
        return self.text


def _text(source: object) -> str:
    if isinstance(source, str):
        return source
    owner, name = getattr(source, "owner", None), getattr(source, "name", None)
    if owner is None or not isinstance(name, str):
        raise UserError(
            f"expected an expression such as 'Sheep.energy > 3' or a field such as Sheep.energy, "
            f"found {source!r}."
        )
    return f"{getattr(owner, '__name__', owner)}.{name}"


# --- what may stand in an expression ---


def _check(node: ast.expr, text: str, components: set[str], depth: int) -> None:
    """Refuses what is not offered, and gathers the components."""
    if depth == 0:
        raise UserError(f"{text!r}: more than {DEEPEST} operations within each other.")
    match node:
        case ast.Constant(value=bool() | int() | float()):
            return
        case ast.Attribute(value=ast.Name(id=component)):
            components.add(component)
            return
        case ast.Attribute(value=ast.Attribute(value=ast.Name()) as vector, attr="x" | "y" | "z"):
            below: list[ast.expr] = [vector]
        case ast.Subscript(
            value=ast.Attribute(value=ast.Name()) as array, slice=ast.Constant(value=int(place))
        ) if place >= 0:
            below = [array]
        case ast.BinOp(op=ast.Pow()):
            below = [node.left]
            _check_power(node, text)
        case ast.BinOp() if type(node.op) in _ARITHMETIC:
            below = [node.left, node.right]
        case ast.UnaryOp() if type(node.op) in _UNARY:
            below = [node.operand]
        case ast.BoolOp():
            below = node.values
        case ast.Compare() if all(type(op) in _COMPARISONS for op in node.ops):
            below = [node.left, *node.comparators]
        case ast.IfExp():
            below = [node.test, node.body, node.orelse]
        case ast.Call(func=ast.Name(id=name), keywords=[]):
            below = node.args
            _check_call(name, len(node.args), text)
        case _:
            raise _not_offered(node, text)
    for inner in below:
        _check(inner, text, components, depth - 1)


def _check_power(node: ast.BinOp, text: str) -> None:
    power = node.right.value if isinstance(node.right, ast.Constant) else None
    if not isinstance(power, int) or isinstance(power, bool) or not 1 <= power <= LARGEST_POWER:
        raise UserError(f"{text!r}: a power must be a whole number from 1 to {LARGEST_POWER}.")


def _check_call(name: str, arguments: int, text: str) -> None:
    if name not in FUNCTIONS:
        raise UserError(f"{text!r}: there is no function {name}{nearest_names(name, FUNCTIONS)}.")
    expected = FUNCTIONS[name][0]
    if arguments != expected:
        raise UserError(f"{text!r}: {name} takes {expected} arguments, found {arguments}.")


def _not_offered(node: ast.expr, text: str) -> UserError:
    part = ast.get_source_segment(text, node) or text
    hint = ""
    if isinstance(node, ast.Name):
        hint = " A field is written with its component, as in Sheep.energy."
    elif isinstance(node, ast.Compare):
        hint = " Compare with < <= > >= == !=."
    return UserError(
        f"{text!r}: {part!r} (column {node.col_offset + 1}) cannot be used in an expression.{hint} "
        "Offered are fields, numbers, + - * / // % **, comparisons, and, or, not, if-else, and "
        f"{', '.join(FUNCTIONS)}."
    )


# --- computing ---


def _compute(node: ast.expr, of: Expression, tables: Mapping[str, Columns]) -> Any:
    """The value of a node: an array over all rows, or a number."""

    def value(inner: ast.expr) -> Any:
        return _compute(inner, of, tables)

    match node:
        case ast.Constant():
            return _constant(node.value, of)
        case ast.Attribute(value=ast.Name(id=component), attr=name):
            return _column(component, name, of, tables)
        case ast.Attribute(value=vector, attr=part):
            return _part(value(vector), PARTS[part], f".{part}", of)
        case ast.Subscript(value=array, slice=ast.Constant(value=int(place))):
            return _part(value(array), place, f"[{place}]", of)
        case ast.BinOp(op=ast.Pow(), left=left, right=ast.Constant(value=int(power))):
            return _power(_number(value(left), of), power)
        case ast.BinOp(op=op, left=left, right=right):
            a, b = _fitting(_number(value(left), of), _number(value(right), of), of)
            return _ARITHMETIC[type(op)](a, b, of)
        case ast.UnaryOp(op=op, operand=operand):
            return _UNARY[type(op)](value(operand), of)
        case ast.BoolOp(op=op, values=values):
            combine = np.logical_and if isinstance(op, ast.And) else np.logical_or
            result = _truth(value(values[0]), of)
            for inner in values[1:]:
                result = combine(*_fitting(result, _truth(value(inner), of), of))
            return result
        case ast.Compare(left=left, ops=ops, comparators=comparators):
            return _compare([value(left), *map(value, comparators)], ops, of)
        case ast.IfExp(test=test, body=body, orelse=orelse):
            a, b = _fitting(_number(value(body), of), _number(value(orelse), of), of)
            return np.where(*_spread(_truth(value(test), of), a, b))
        case ast.Call(func=ast.Name(id=name), args=arguments):
            return FUNCTIONS[name][1](*[_number(value(inner), of) for inner in arguments], of)
    raise AssertionError(f"{ast.dump(node)} was let through by the check")


def _constant(value: Any, of: Expression) -> Any:
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise UserError(f"{of.text!r}: {value} does not fit into 64 bits.")
    return np.int64(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _column(component: str, name: str, of: Expression, tables: Mapping[str, Columns]) -> Array:
    columns = tables[component]
    if name not in columns:
        raise UserError(
            f"{of.text!r}: component {component} has no field {name}{nearest_names(name, columns)}."
        )
    column = np.asarray(columns[name])
    wide = {"i": np.int64, "u": np.uint64, "f": np.float64}.get(column.dtype.kind)
    return column if wide is None else column.astype(wide, copy=False)


def _part(value: Array, place: int, written: str, of: Expression) -> Array:
    if np.ndim(value) != 2 or place >= value.shape[1]:
        parts = value.shape[1] if np.ndim(value) == 2 else "no"
        raise UserError(f"{of.text!r}: {written} of a field that has {parts} parts.")
    return value[:, place]


def _number(value: Any, of: Expression) -> Any:
    """A value to compute with: truth counts as 0 or 1."""
    kind = np.asarray(value).dtype.kind
    if kind == "b":
        return np.asarray(value).astype(np.int64)
    if kind not in "iuf":
        raise UserError(f"{of.text!r}: text cannot be computed with; compare numbers only.")
    return value


def _truth(value: Any, of: Expression) -> Any:
    return np.asarray(_number(value, of)) != 0


def _fitting(a: Any, b: Any, of: Expression) -> tuple[Any, Any]:
    """Two values with shapes and integer types that go together."""
    a, b = _spread(a, b)
    if np.ndim(a) == np.ndim(b) == 2 and a.shape != b.shape and 1 not in (a.shape[1], b.shape[1]):
        raise UserError(f"{of.text!r}: fields of {a.shape[1]} and {b.shape[1]} parts do not go together.")
    if {np.asarray(a).dtype.kind, np.asarray(b).dtype.kind} == {"i", "u"}:
        return _signed(a, of), _signed(b, of)
    return a, b


def _spread(*values: Any) -> list[Any]:
    """Gives plain columns a second axis where others have one, so that rows meet rows."""
    if max(np.ndim(value) for value in values) < 2:
        return list(values)
    return [value[:, None] if np.ndim(value) == 1 else value for value in values]


def _signed(value: Any, of: Expression) -> Any:
    """Unsigned numbers as signed ones: NumPy would make floats of both, and lose digits."""
    array = np.asarray(value)
    if array.dtype.kind == "u" and array.size and int(array.max()) >= 2**63:
        raise UserError(
            f"{of.text!r}: unsigned numbers of 2**63 and more do not go together with signed ones."
        )
    return array.astype(np.int64, copy=False)


def _power(base: Any, power: int) -> Any:
    """By squaring, so that the rounding does not depend on a library."""
    result = None
    while power:
        if power & 1:
            result = base if result is None else result * base
        power >>= 1
        base = base * base if power else base
    return result


def _whole_or_float(operation: Callable[[Any, Any], Any]) -> Callable[[Any, Any, Expression], Any]:
    def divide(a: Any, b: Any, of: Expression) -> Any:
        if np.asarray(a).dtype.kind in "iu" and np.asarray(b).dtype.kind in "iu" and np.any(b == 0):
            raise UserError(f"{of.text!r}: an integer is divided by zero.")
        return operation(a, b)

    return divide


def _compare(values: list[Any], ops: list[ast.cmpop], of: Expression) -> Any:
    result: Any = None
    for op, left, right in zip(ops, values, values[1:], strict=False):
        a, b = _fitting(_number(left, of), _number(right, of), of)
        one = _COMPARISONS[type(op)](a, b)
        result = one if result is None else np.logical_and(*_spread(result, one))
    return result


def _length(vector: Any, of: Expression) -> Array:
    """The square root of the sum of squares, summed from the first part to the last."""
    if np.ndim(vector) != 2:
        raise UserError(f"{of.text!r}: length of a field that has no parts.")
    squares = np.square(vector.astype(np.float64))
    total = squares[:, 0]
    for part in range(1, squares.shape[1]):
        total = total + squares[:, part]
    return np.asarray(np.sqrt(total))


_ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any, Expression], Any]] = {
    ast.Add: lambda a, b, _: a + b,
    ast.Sub: lambda a, b, _: a - b,
    ast.Mult: lambda a, b, _: a * b,
    ast.Div: lambda a, b, _: np.true_divide(a, b),
    ast.FloorDiv: _whole_or_float(np.floor_divide),
    ast.Mod: _whole_or_float(np.mod),
}

_UNARY: dict[type[ast.unaryop], Callable[[Any, Expression], Any]] = {
    ast.USub: lambda a, of: -_signed(a, of) if np.asarray(a).dtype.kind == "u" else -_number(a, of),
    ast.UAdd: _number,
    ast.Not: lambda a, of: ~_truth(a, of),
}

_COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Lt: np.less,
    ast.LtE: np.less_equal,
    ast.Gt: np.greater,
    ast.GtE: np.greater_equal,
    ast.Eq: np.equal,
    ast.NotEq: np.not_equal,
}

FUNCTIONS: dict[str, tuple[int, Callable[..., Any]]] = {
    "abs": (1, lambda a, of: np.abs(a)),
    "min": (2, lambda a, b, of: np.minimum(*_fitting(a, b, of))),
    "max": (2, lambda a, b, of: np.maximum(*_fitting(a, b, of))),
    "sqrt": (1, lambda a, of: np.sqrt(np.asarray(a, dtype=np.float64))),
    "floor": (1, lambda a, of: np.floor(np.asarray(a, dtype=np.float64))),
    "ceil": (1, lambda a, of: np.ceil(np.asarray(a, dtype=np.float64))),
    "length": (1, _length),
}
