"""A model's parameters: declared once, typed, with range and help; values are checked, and fixed once
built.

From the one declaration come the keyword arguments of `simulate()`, `--set` and `--help` of the command
line, what manifests and snapshots store, and the block of 8-byte slots that kernels read.
"""

from __future__ import annotations

import inspect
import struct
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import IntEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Self, cast

from bigworlds.data.parameter import VECTOR_AXES, Parameter
from bigworlds.errors import ModelError, UnknownNameError, UserError, nearest_names

_SLOT_BYTES = 8
_TYPES_TEXT = "int, float, bool, str with choices, an enum.IntEnum, bw.vec2 or bw.vec3"

# What `simulate()`, `resume()`, `check()` and `--set` already mean by these names.
_TAKEN_BY_SIMULATE = frozenset(
    {"size", "rng", "ranks", "threads", "interpret", "check_values", "branch", "comm", "partition"}
    | {"snapshot", "ticks", "self"}
)


@dataclass(frozen=True)
class ParameterRef:
    """A parameter named in a declaration, as in `@bw.behavior(neighbors=Params.radius)`.

    Attributes:
        name: the parameter's name.
        owner: the `Parameters` class through which it was reached.

    Example:
        >>> class Params(Parameters):
        ...     radius: float = param(10.0, min=0.0)
        >>> Params.radius
        Params.radius
    """

    name: str
    owner: type[Parameters]

    def __repr__(self) -> str:
        return f"{self.owner.__name__}.{self.name}"


@dataclass(frozen=True)
class _Declared:
    """What `param()` was given; becomes a `Parameter` when the class around it is made."""

    default: Any
    min: float | None
    max: float | None
    choices: tuple[str, ...] | None
    help: str


class _Access:
    """Gives a `ParameterRef` on the class; an instance's own value stands before it."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, instance: Parameters | None, owner: type[Parameters]) -> Any:
        return ParameterRef(self._name, owner) if instance is None else instance.__dict__[self._name]


def param(
    default: Any,
    *,
    min: float | None = None,
    max: float | None = None,
    choices: Iterable[str] | None = None,
    help: str = "",
) -> Any:
    """Declares one parameter of a model, in the body of a `Parameters` class.

    Args:
        default: the value where nothing else is given; must itself satisfy the declaration. A function
            makes it from
            the parameters declared before: `radius: float = param(lambda p: p.size / 2)`.
        min: smallest value allowed (int and float parameters), inclusive.
        max: largest value allowed, inclusive.
        choices: the values that a `str` parameter may take; kernels see their index in this order.
        help: one line for `bigworlds run MODEL --help`, with the unit.

    Returns:
        A declaration, typed as `Any` so that `n: int = param(10)` type-checks.

    Example:
        >>> class Params(Parameters):
        ...     n: int = param(10_000, min=1, help="birds")
        ...     density: str = param("sparse", choices=("sparse", "dense"), help="birds per area")
        >>> Params(n=5).n
        5
    """
    fixed = None if choices is None else tuple(choices)
    return _Declared(default, min, max, fixed, help)


class ParametersMeta(type):
    """Says which names are near where a parameter is misspelt on the class, as in `Params.raduis`."""

    if not TYPE_CHECKING:  # else checkers would take every name

        def __getattr__(cls, name: str) -> Any:
            if name.startswith("_"):
                raise AttributeError(name)
            known = nearest_names(name, cls.__bw_parameters__)
            raise UnknownNameError(f"{cls.__name__} has no {cls._word} '{name}'{known}")


class Parameters(metaclass=ParametersMeta):
    """Base of a model's parameters: subclass it and declare each as `name: type = bw.param(default, ...)`.

    A plain default (`name: type = default`) declares a parameter without range and help. Values are given
    by
    keyword, checked, and fixed: `replace()` makes a changed copy. Types are int (64 bits), float (finite),
    bool, str with choices, `enum.IntEnum` classes, `bw.vec2` and `bw.vec3`. A subclass of such a class adds
    its parameters behind the inherited ones. On the class, `Params.radius` is a `ParameterRef`.

    Raises:
        ModelError: when the class is made, where a declaration is wrong.
        UserError: when an instance is made, for an unknown name or a value of the wrong type or out of
            range.

    Example:
        >>> class Params(Parameters):
        ...     n: int = param(100, min=1, help="birds")
        ...     radius: float = param(10.0, min=0.0, help="how far a bird sees")
        >>> p = Params(n=5)
        >>> p
        Params(n=5, radius=10.0)
        >>> p.replace(radius=2).radius
        2.0
        >>> Params(raduis=3.0)
        Traceback (most recent call last):
            ...
        bigworlds.errors.UserError: Params has no parameter 'raduis'; did you mean 'radius'?
    """

    __bw_parameters__: ClassVar[Mapping[str, Parameter]] = MappingProxyType({})
    __bw_layout__: ClassVar[Mapping[str, tuple[str, int, int]]] = MappingProxyType({})

    _word: ClassVar[str] = "parameter"

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        frame = sys._getframe(1)
        declared = dict(cls.__bw_parameters__)
        for name, annotation in _annotations(cls, frame.f_globals, frame.f_locals).items():
            if name.startswith("_"):
                continue
            parameter = _declare(cls, name, annotation)
            declared[name] = parameter
            setattr(cls, name, _Access(name))
        for name, value in vars(cls).items():
            if isinstance(value, _Declared):
                type_name = type(value.default).__name__
                raise ModelError(
                    f"{cls.__name__}.{name} has no type; write `{name}: {type_name} = bw.param(...)`"
                )
            if not (name.startswith("_") or callable(value) or hasattr(value, "__get__")):
                raise ModelError(
                    f"{cls.__name__}.{name} has no type; write `{name}: {type(value).__name__} = ...`"
                )
        cls.__bw_parameters__ = MappingProxyType(declared)
        cls.__bw_layout__ = MappingProxyType(_layout(declared.values()))
        _check_computed_defaults(cls)

    def __init__(self, **values: Any) -> None:
        cls = type(self)
        for name in values:
            cls.find(name)
        for name, parameter in cls.__bw_parameters__.items():
            self.__dict__[name] = parameter.check(values[name]) if name in values else parameter.start(self)
        self.__dict__["_given"] = frozenset(values)

    @classmethod
    def find(cls, name: str) -> Parameter:
        """The declaration of a parameter.

        Raises:
            UserError: there is none of this name; the message has the nearest ones.
        """
        if name not in cls.__bw_parameters__:
            known = nearest_names(name, cls.__bw_parameters__)
            raise UserError(f"{cls.__name__} has no {cls._word} '{name}'{known}")
        return cls.__bw_parameters__[name]

    @classmethod
    def parse(cls, assignments: Iterable[str]) -> dict[str, Any]:
        """Typed values from texts of the form `name=value`, as `--set` takes them. A later one wins.

        Args:
            assignments: the texts.

        Returns:
            The values by name, for `Params(**values)` or `replace(**values)`.

        Raises:
            UserError: a text has no `=`, an unknown name, or a value that the parameter cannot take.

        Example:
            >>> class Params(Parameters):
            ...     n: int = param(100, min=1)
            >>> Params.parse(["n=1e6"])
            {'n': 1000000}
        """
        values: dict[str, Any] = {}
        for name, text in map(split_assignment, assignments):
            values[name] = cls.find(name).parse(text)
        return values

    def replace(self, **changes: Any) -> Self:
        """A copy with some values changed; the same checks as at construction.

        Defaults that are functions are made anew of the changed values.
        """
        given: frozenset[str] = self.__dict__["_given"]
        return type(self)(**{**{name: self.__dict__[name] for name in given}, **changes})

    def as_dict(self) -> dict[str, Any]:
        """The values as JSON has them (enums by name, vectors as lists), in declared order.

        `type(p)(**p.as_dict()) == p`.
        """
        return {name: p.to_plain(self.__dict__[name]) for name, p in self.__bw_parameters__.items()}

    def pack(self) -> bytes:
        """The block that kernels see: 8-byte slots at the offsets of `__bw_layout__`, little-endian.

        Example:
            >>> class Params(Parameters):
            ...     n: int = param(258)
            ...     x: float = param(0.5)
            >>> dict(Params.__bw_layout__)
            {'n': ('i8', 0, 1), 'x': ('f8', 8, 1)}
            >>> Params().pack().hex()
            '0201000000000000000000000000e03f'
        """
        codes = {"i8": "<q", "f8": "<d", "b1": "<?7x"}
        return b"".join(
            struct.pack(codes[parameter.slot[0]], number)
            for name, parameter in self.__bw_parameters__.items()
            for number in parameter.slot_values(self.__dict__[name])
        )

    def __setattr__(self, name: str, value: Any) -> None:
        type(self).find(name)
        raise UserError(f"parameters are fixed once built; write `p.replace({name}=...)` for a changed copy")

    def __delattr__(self, name: str) -> None:
        raise UserError(f"parameters are fixed once built; '{name}' cannot be deleted")

    def __iter__(self) -> Iterator[str]:
        return iter(self.__bw_parameters__)

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return False
        return all(self.__dict__[name] == other.__dict__[name] for name in self)

    def __hash__(self) -> int:
        return hash((type(self), self.pack()))

    def __repr__(self) -> str:
        values = ", ".join(f"{name}={self.__dict__[name]!r}" for name in self.__bw_parameters__)
        return f"{type(self).__name__}({values})"


def split_assignment(text: str) -> tuple[str, str]:
    """Name and value of a `name=value` text.

    Raises:
        UserError: there is no `=`, or nothing before it.

    Example:
        >>> split_assignment("n=5")
        ('n', '5')
    """
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise UserError(f"expected name=value; found {text!r}")
    return name.strip(), value


def _annotations(cls: type, globals_: dict[str, Any], locals_: Mapping[str, Any]) -> dict[str, Any]:
    """The class's own annotations as objects, inside functions and where they are stored as text too."""
    try:
        return inspect.get_annotations(cls, globals=globals_, locals={**locals_, **vars(cls)}, eval_str=True)
    except (NameError, AttributeError, SyntaxError) as problem:
        raise ModelError(f"an annotation of {cls.__name__} cannot be read: {problem}") from None


def _declare(cls: type, name: str, annotation: Any) -> Parameter:
    """The checked declaration of one annotated name of a `Parameters` class."""
    where = f"{cls.__name__}.{name}"
    if name in _TAKEN_BY_SIMULATE or (hasattr(Parameters, name)):
        raise ModelError(f"{where}: the name '{name}' has a meaning of its own in bigworlds; choose another")
    if name not in vars(cls):
        raise ModelError(f"{where} has no default; write `{name}: ... = bw.param(default, help=...)`")
    given = vars(cls)[name]
    declared = given if isinstance(given, _Declared) else _Declared(given, None, None, None, "")
    kind, choices = _kind(where, annotation, declared)
    if (declared.min is not None or declared.max is not None) and kind not in ("int", "float"):
        raise ModelError(f"{where}: min and max are for int and float parameters; it is {kind}")
    if declared.min is not None and declared.max is not None and declared.min > declared.max:
        raise ModelError(f"{where}: min {declared.min} is above max {declared.max}")
    raw = Parameter(name, kind, annotation, None, declared.min, declared.max, choices, declared.help)
    if callable(declared.default) and not isinstance(declared.default, type):
        return replace(raw, default=declared.default)
    try:
        return replace(raw, default=raw.check(declared.default))
    except UserError as problem:
        raise ModelError(f"{where}: the default is wrong: {problem}") from None


def _check_computed_defaults(cls: type[Parameters]) -> None:
    """Makes the defaults once, so that one that cannot be made is found where it is declared."""
    try:
        cls()
    except KeyError as problem:
        raise ModelError(f"{cls.__name__}: a default uses {problem}, which is declared after it") from None
    except UserError as problem:
        raise ModelError(f"{cls.__name__}: a default is wrong: {problem}") from None


def _kind(where: str, annotation: Any, declared: _Declared) -> tuple[str, tuple[str, ...]]:
    """The kind that an annotation means, and the names that its values may take."""
    if annotation is str:
        if not declared.choices:
            raise ModelError(
                f"{where}: a str parameter needs choices, as in bw.param('a', choices=('a', 'b'))"
            )
        if len(set(declared.choices)) != len(declared.choices):
            raise ModelError(f"{where}: choices has a name twice: {', '.join(declared.choices)}")
        return "choice", declared.choices
    if declared.choices is not None:
        raise ModelError(f"{where}: choices are for str parameters; it is {_type_name(annotation)}")
    if annotation in (bool, int, float):
        return cast("str", annotation.__name__), ()
    if isinstance(annotation, type) and issubclass(annotation, IntEnum):
        return "enum", tuple(annotation.__members__)
    if isinstance(annotation, type) and annotation.__name__ in VECTOR_AXES:
        return annotation.__name__, ()
    raise ModelError(f"{where}: expected {_TYPES_TEXT}; found {_type_name(annotation)}")


def _type_name(annotation: Any) -> str:
    return annotation.__name__ if isinstance(annotation, type) else repr(annotation)


def _layout(parameters: Iterable[Parameter]) -> dict[str, tuple[str, int, int]]:
    """(kind, byte offset, length) of each parameter: 8-byte slots in declared order, without gaps."""
    layout: dict[str, tuple[str, int, int]] = {}
    offset = 0
    for parameter in parameters:
        kind, length = parameter.slot
        layout[parameter.name] = (kind, offset, length)
        offset += _SLOT_BYTES * length
    return layout
