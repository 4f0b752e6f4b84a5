"""The source of a user's function: its tree with the file's line numbers, and what its free names mean."""

from __future__ import annotations

import ast
import builtins
import inspect
import linecache
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

from bigworlds.errors import ModelError


class UnknownNameError(ModelError):
    """A free name that has no meaning yet when the behavior is declared."""


@dataclass(frozen=True)
class Source:
    """A function as text.

    Attributes:
        function: the user's function.
        tree: its definition; line numbers are those of the file.
        filename: the file (or notebook cell) for messages and tracebacks.
    """

    function: Callable[..., Any]
    tree: ast.FunctionDef
    filename: str

    def meaning(self, name: str) -> Any:
        """The object that a free name stands for.

        Raises:
            KeyError: nothing has that name.
        """
        code = self.function.__code__
        if name in code.co_freevars and self.function.__closure__ is not None:
            cell = self.function.__closure__[code.co_freevars.index(name)]
            try:
                return cell.cell_contents
            except ValueError:
                raise KeyError(name) from None
        scope = self.function.__globals__
        return scope[name] if name in scope else vars(builtins)[name]

    def fail(self, node: ast.AST, what: str, message: str) -> NoReturn:
        """Raises a ModelError that points at a line.

        Args:
            node: where it is.
            what: the behavior or helper, e.g. "behavior 'flock'".
            message: what was found and what to write instead.
        """
        raise ModelError(f"{self.filename}:{getattr(node, 'lineno', self.tree.lineno)}: {what}: {message}")


def read_source(function: Callable[..., Any], what: str) -> Source:
    """The Source of a function.

    Args:
        function: a function defined by `def` in a file or a notebook cell.
        what: how to name it in messages.

    Raises:
        ModelError: there is no source text, or it is no plain function.
    """
    if not inspect.isfunction(function):
        raise ModelError(f"{what}: expected a function defined by def, found {function!r}")
    filename = function.__code__.co_filename
    where = f"{filename}:{function.__code__.co_firstlineno}: {what}"
    try:
        linecache.checkcache(filename)
        lines, first = inspect.getsourcelines(function)
    except (OSError, TypeError):
        raise ModelError(
            f"{where}: its source text cannot be read; define it in a file or a notebook cell"
        ) from None
    try:
        module = ast.parse(textwrap.dedent("".join(lines)))
    except SyntaxError:
        raise ModelError(
            f"{where}: expected a function defined by def, found a lambda or part of a line"
        ) from None
    found = module.body[0]
    if isinstance(found, ast.AsyncFunctionDef):
        raise ModelError(f"{where}: an async function cannot be a behavior; write def")
    if not isinstance(found, ast.FunctionDef):
        raise ModelError(f"{where}: expected a function defined by def, found a lambda")
    ast.increment_lineno(found, max(first, 1) - 1)
    return Source(function, found, filename)
