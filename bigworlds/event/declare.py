"""The decorator @bw.input: a function that changes a world from outside, with typed arguments that are
written down as JSON."""

from __future__ import annotations

import inspect
import json
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

from bigworlds.errors import ModelError, UserError, nearest_names
from bigworlds.event.plain import ArgumentType, canonical

_TAKEN = ("sender", "to")


class Input:
    """One kind of input. Made by `@bw.input`; it does not change.

    Attributes:
        name: its name in journals and messages.
        function: the user's function: of a `bw.Edits`, and the arguments.
        arguments: the types of the arguments by name, without the first.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self.name = getattr(function, "__name__", "?")
        self.__doc__ = function.__doc__
        self.__name__ = self.name
        self.__module__ = function.__module__
        self.__wrapped__ = function
        formal = list(inspect.signature(function).parameters.values())
        if not formal:
            example = f"def {self.name}(world: bw.Edits, ...)"
            raise ModelError(f"input '{self.name}' takes the world first: {example}")
        self.arguments: dict[str, ArgumentType] = {}
        self._defaults: dict[str, Any] = {}
        for parameter in formal[1:]:
            self._add(parameter)

    def _add(self, parameter: inspect.Parameter) -> None:
        where = f"input '{self.name}': {parameter.name}"
        if parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
            raise ModelError(f"{where}: arguments are given by name; *args, **kwargs and / cannot be")
        if parameter.name in _TAKEN:
            raise ModelError(f"{where}: the name is taken by sim.submit and sim.at; choose another")
        if parameter.annotation is parameter.empty:
            raise ModelError(f"{where} has no type; write for example {parameter.name}: int")
        kind = ArgumentType.of(_evaluated(self.function, parameter.annotation, where), where)
        self.arguments[parameter.name] = kind
        if parameter.default is not parameter.empty:
            self._defaults[parameter.name] = kind.to_plain(parameter.default, f"{where}'s default")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.function(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<input {self.name!r}>"

    def encode(self, given: dict[str, Any]) -> str:
        """Arguments by name as one JSON text.

        Raises:
            UserError: an argument is missing, unknown or of another type.
        """
        for name in given:
            if name not in self.arguments:
                known = nearest_names(name, self.arguments)
                raise UserError(f"input '{self.name}' has no argument '{name}'{known}")
        plain = dict(self._defaults)
        for name, kind in self.arguments.items():
            if name in given:
                plain[name] = kind.to_plain(given[name], f"input '{self.name}': {name}")
            elif name not in plain:
                raise UserError(f"input '{self.name}': the argument '{name}' is missing")
        return canonical(plain)

    def decode(self, text: str) -> dict[str, Any]:
        """The arguments that `encode` was given.

        Raises:
            UserError: they are those of another version of this input.
        """
        plain = json.loads(text)
        if set(plain) != set(self.arguments):
            takes, found = ", ".join(self.arguments) or "no arguments", ", ".join(plain) or "none"
            raise UserError(f"input '{self.name}' takes {takes}; found {found}")
        return {name: kind.from_plain(plain[name]) for name, kind in self.arguments.items()}


def _evaluated(function: Callable[..., Any], annotation: Any, where: str) -> Any:
    """The value of an annotation that `from __future__ import annotations` left as text."""
    if not isinstance(annotation, str):
        return annotation
    scope: dict[str, Any] = {}
    frame: FrameType | None = sys._getframe()
    while frame is not None:
        if frame.f_globals is function.__globals__:
            scope = {**frame.f_locals, **scope}
        frame = frame.f_back
    try:
        return eval(annotation, function.__globals__, scope)
    except Exception as problem:
        raise ModelError(f"{where}: the type {annotation!r} cannot be evaluated: {problem}") from None


def input(function: Callable[..., Any]) -> Input:
    """Makes an input of a function that changes a world from outside.

    The function takes a `bw.Edits` and typed arguments: bool, int, float, str, everything that a field can
    be (`bw.vec2`, enums, `bw.Ref`, ...), and lists of these. It is applied at the start of a tick, in the
    order of the inputs' numbers. What it asks of the world is carried out together when it returns; where
    it raises, nothing is, and the exception is the input's result.

    Example:
        >>> import bigworlds as bw
        >>> class Sheep(bw.Component):
        ...     energy: float
        >>> @bw.input
        ... def feed(world: bw.Edits, sheep: bw.Ref, amount: float = 1.0) -> float:
        ...     energy = world.get(sheep, Sheep).energy + amount
        ...     world.set(sheep, Sheep, energy=energy)
        ...     return energy
        >>> @bw.model()
        ... def farm(world):
        ...     world.spawn(Sheep, n=2, energy=5.0)
        ...     world.inputs(feed)
        >>> sim = farm.simulate(rng=1)
        >>> ticket = sim.submit(feed, sheep=2, sender="shepherd")
        >>> sim.step()
        >>> ticket.result.value
        6.0
    """
    return Input(function)
