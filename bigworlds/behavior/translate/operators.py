"""Typing rules of operators and the runtime functions that they become."""

from __future__ import annotations

import ast

from bigworlds.behavior.translate.kinds import (
    BOOL,
    FLOAT,
    INT,
    Block,
    Kind,
    Nothing,
    Number,
    Special,
    Text,
    Vector,
    is_number,
    is_whole,
    wider,
)

SYMBOLS: dict[type[ast.AST], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
    ast.LShift: "<<",
    ast.RShift: ">>",
    ast.BitAnd: "&",
    ast.BitOr: "|",
    ast.BitXor: "^",
    ast.MatMult: "@",
}

# The runtime functions of operators on whole numbers (which wrap around at 64 bits) and of divisions.
WHOLE = {"+": "add", "-": "subtract", "*": "multiply", "<<": "shift_left", ">>": "shift_right"}
DIVISION = {"/": "true_divide", "//": "floor_divide", "%": "modulo"}


def result_kind(symbol: str, a: Kind, b: Kind) -> Kind | None:
    """The kind of `a symbol b`, or None where that has no meaning in a behavior. Powers are not handled
    here."""
    if isinstance(a, Number) and isinstance(b, Number):
        return _of_numbers(symbol, a, b)
    if isinstance(a, Vector) or isinstance(b, Vector):
        return _of_vectors(symbol, a, b)
    return None


def _of_numbers(symbol: str, a: Number, b: Number) -> Kind | None:
    if symbol == "/":
        return FLOAT
    if symbol in ("+", "-", "*", "//", "%"):
        return wider(wider(a, b), INT)
    if symbol in ("&", "|", "^"):
        if a == b == BOOL:
            return BOOL
        return INT if is_whole(a) and is_whole(b) else None
    if symbol in ("<<", ">>"):
        return INT if is_whole(a) and is_whole(b) else None
    return None


def _of_vectors(symbol: str, a: Kind, b: Kind) -> Kind | None:
    vectors = [k for k in (a, b) if isinstance(k, Vector)]
    size = vectors[0].size
    if any(v.size != size for v in vectors):
        return None
    whole = all((k.whole if isinstance(k, Vector) else is_whole(k)) for k in (a, b))
    if symbol in ("+", "-"):
        return Vector(whole, size) if len(vectors) == 2 else None
    if not all(isinstance(k, Vector) or is_number(k) for k in (a, b)):
        return None
    if symbol == "*":
        return Vector(whole, size)
    if not isinstance(a, Vector):
        return None
    if symbol == "/":
        return Vector(False, size)
    return Vector(True, size) if symbol in ("//", "%") and whole else None


def operator_advice(symbol: str, a: Kind, b: Kind) -> str:
    """What to write instead of an operation that has no meaning."""
    if symbol == "@":
        return "write a.dot(b)"
    if isinstance(a, Vector) and isinstance(b, Vector) and a.size != b.size:
        return "both must have the same number of components"
    if Vector in (type(a), type(b)) and symbol in ("+", "-"):
        return "a vec is added to a vec; write the number as one, e.g. bw.vec2(s, s)"
    if Vector in (type(a), type(b)) and symbol in ("//", "%"):
        return "// and % are for ivecs and ints; write them by components (.x, .y), or use space.wrap"
    if symbol in ("<<", ">>", "&", "|", "^"):
        return "bit operations need ints"
    if isinstance(a, Block) or isinstance(b, Block):
        return "work on its elements by index"
    return "use numbers or vecs"


def comparable(symbol: str, a: Kind, b: Kind) -> bool:
    """Whether `a symbol b` has a meaning, symbol being ==, !=, <, <=, >, >=."""
    if is_number(a) and is_number(b):
        return True
    if symbol not in ("==", "!="):
        return False
    if isinstance(a, Vector) and isinstance(b, Vector):
        return a.size == b.size
    texts = [isinstance(k, Text) or (isinstance(k, Block) and k.stored.kind == "string") for k in (a, b)]
    return all(texts)


def may_be_none(kind: Kind) -> bool:
    """Whether `is None` can be asked of a kind."""
    return isinstance(kind, Nothing) or (isinstance(kind, Special) and kind.what == "item")


def powers(exponent: int) -> list[str]:
    """The steps of x ** exponent for a constant exponent >= 1: "square" or "times" (by x), from the value x
    on.

    Binary powers from the highest bit: 5 is square, square, times: ((x*x)*(x*x))*x.

    Example:
        >>> powers(5), powers(3), powers(1)
        (['square', 'square', 'times'], ['square', 'times'], [])
    """
    steps: list[str] = []
    for bit in bin(exponent)[3:]:
        steps.append("square")
        if bit == "1":
            steps.append("times")
    return steps
