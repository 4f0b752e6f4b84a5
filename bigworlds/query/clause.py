"""Clauses: pieces of a query's text that know where they stand, so that an error can point at its column."""

from __future__ import annotations

import ast
import difflib
from dataclasses import dataclass, field
from typing import Any

from bigworlds.errors import QueryError, UserError
from bigworlds.record.expression import LONGEST

KEYWORDS = ("where", "select", "group", "order", "limit", "after")


@dataclass(frozen=True, slots=True)
class Clause:
    """A piece of a query.

    Attributes:
        text: the piece.
        whole: the text that it is a piece of.
        column: where in it, from 0.

    Example:
        >>> Clause("sped > 2", "Bird where sped > 2", 11).error("there is no 'sped'", 0)
        QueryError("there is no 'sped'\\n  Bird where sped > 2\\n             ^")
    """

    text: str
    whole: str = field(compare=False, repr=False)
    column: int = field(default=0, compare=False, repr=False)

    @classmethod
    def of(cls, source: Any) -> Clause:
        """A clause of its own, from a text or from a field as `Bird.speed` gives it."""
        text = source if isinstance(source, str) else getattr(source, "full_name", None)
        if not isinstance(text, str) or not text.strip():
            raise UserError(
                f"expected an expression such as 'speed > 2' or a field such as Bird.speed, found {source!r}"
            )
        if len(text) > LONGEST:
            raise UserError(f"an expression may have {LONGEST} characters, this one has {len(text)}")
        return cls(text.strip(), text.strip())

    def part(self, begin: int, end: int) -> Clause:
        """A piece of this piece, without the spaces around it."""
        text = self.text[begin:end]
        return Clause(text.strip(), self.whole, self.column + begin + len(text) - len(text.lstrip()))

    def error(self, what: str, at: int | ast.AST = 0) -> QueryError:
        """An error that points into this piece: at a character, or at where a node of its tree begins."""
        if isinstance(at, ast.AST):
            # The tree was made of the text in parentheses; its columns count bytes.
            line = f"({self.text})".encode()
            at = len(line[: getattr(at, "col_offset", 1)].decode(errors="replace")) - 1
        column = self.column + max(at, 0)
        return QueryError(what, self.whole, column)

    def tree(self) -> ast.expr:
        """The piece as an expression.

        Raises:
            QueryError: it is none.
        """
        try:
            return ast.parse(f"({self.text})", mode="eval").body
        except SyntaxError as problem:
            at = self._wrong_at(problem)
            word = self.text[at:].split(maxsplit=1)[:1]
            raise self.error(f"{self.text!r} is no expression{_meant(word)}", at) from None
        except (ValueError, RecursionError, MemoryError) as problem:
            raise self.error(f"{self.text!r} is no expression: {problem}") from None

    def _wrong_at(self, problem: SyntaxError) -> int:
        """Where Python finds that this is no expression: without the parentheses it often says it better."""
        try:
            ast.parse(self.text, mode="eval")
        except SyntaxError as bare:
            return max((bare.offset or 1) - 1, 0)
        return max((problem.offset or 2) - 2, 0)


def _meant(word: list[str]) -> str:
    """Which keyword a word in the wrong place may be."""
    near = difflib.get_close_matches(word[0], KEYWORDS, n=1) if word else []
    return f"; did you mean {near[0]!r}?" if near and near[0] != word[0] else ""
