"""Component, CellComponent and Event: classes whose annotations declare typed fields.

A class is read once, when it is written: `__bw_fields__` lists its fields in declared order, and class access
(`Bird.position`) gives the Field. Instances are small records, for trying a behavior by hand.
"""

from __future__ import annotations

import inspect
import sys
import typing
from typing import Any, ClassVar, dataclass_transform

from bigworlds.data.fields import Field, field_type, to_elements, zero_of
from bigworlds.errors import ModelError, UnknownNameError, nearest_names

RESERVED = ("offset", "distance", "id", "edge")


def _evaluated(name: str, annotation: Any, namespace: dict[str, Any], frame: Any) -> Any:
    """The value of an annotation that `from __future__ import annotations` left as text."""
    if not isinstance(annotation, str):
        return annotation
    module = sys.modules.get(str(namespace.get("__module__")))
    scope = dict(vars(module)) if module is not None else {}
    while frame is not None:
        for key, value in frame.f_locals.items():
            scope.setdefault(key, value)
        for key, value in frame.f_globals.items():
            scope.setdefault(key, value)
        frame = frame.f_back
        if frame is None or frame.f_globals.get("__name__") != namespace.get("__module__"):
            break
    try:
        while isinstance(annotation, str):
            annotation = eval(annotation, scope)
        return annotation
    except ModelError:
        raise
    except Exception as error:
        known = [k for k in scope if not k.startswith("_")]
        hint = nearest_names(annotation, known) if isinstance(error, NameError) else ""
        raise ModelError(
            f"{name}: the annotation {annotation!r} cannot be evaluated ({error}){hint[:200]}"
        ) from None


@dataclass_transform(kw_only_default=True, eq_default=False)
class FieldsMeta(type):
    """Makes Fields of the annotations of a class and forbids what could not be stored."""

    __bw_fields__: dict[str, Field]

    def __new__(
        mcs, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **options: Any
    ) -> FieldsMeta:
        own_dimensions = options.pop("dimensions", None)
        if options:
            raise ModelError(f"{name}: unknown class option {next(iter(options))!r}; known: dimensions")
        annotations = _own_annotations(namespace)
        frame = inspect.currentframe()
        defaults: dict[str, Any] = {}
        for key in annotations:
            if key in namespace:
                defaults[key] = namespace.pop(key)
        for key, value in namespace.items():
            if _is_data(key, value):
                raise ModelError(
                    f"{name}.{key} has no type; write `{key}: {type(value).__name__} = ...` for a field, "
                    f"`{key}: ClassVar[{type(value).__name__}] = ...` for a constant of the class"
                )
        cls = super().__new__(mcs, name, bases, namespace)
        fields: dict[str, Field] = {}
        for base in bases:
            for key, inherited in getattr(base, "__bw_fields__", {}).items():
                fields[key] = Field(key, cls, inherited.type, inherited.default)
        for key, annotation in annotations.items():
            value = _evaluated(f"{name}.{key}", annotation, namespace, frame and frame.f_back)
            if typing.get_origin(value) is ClassVar or value is ClassVar:
                if key in defaults:
                    setattr(cls, key, defaults[key])
                continue
            fields[key] = _field(cls, key, value, defaults.get(key))
            if fields[key].is_open and not getattr(cls, "__bw_open_fields__", False):
                raise ModelError(
                    f"{name}.{key}: only components of entities have texts, bytes and lists of any length; "
                    "use bw.string[16], bw.short_list[bw.f64, 8] or bw.array[bw.u8, 16]"
                )
        cls.__bw_fields__ = fields
        if own_dimensions is not None:
            if own_dimensions not in (2, 3):
                raise ModelError(f"{name}: dimensions is 2 or 3, found {own_dimensions!r}")
            cls.__bw_dimensions__ = own_dimensions  # type: ignore[attr-defined]
        return cls

    def __init__(cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **_: Any) -> None:
        super().__init__(name, bases, namespace)

    def __getattr__(cls, name: str) -> Field:
        fields = cls.__dict__.get("__bw_fields__", {})
        if name in fields:
            return typing.cast(Field, fields[name])
        if name.startswith("__"):
            raise AttributeError(name)
        raise UnknownNameError(f"{cls.__name__} has no field {name!r}{nearest_names(name, fields)}")

    @property
    def __signature__(cls) -> inspect.Signature:
        """How a record is made, for `inspect.signature` and `help`: each field by keyword."""
        keyword, empty = inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.empty
        parameters = []
        for name, field in cls.__bw_fields__.items():
            default = zero_of(field.type) if field.default is None else field.default
            parameters.append(inspect.Parameter(name, keyword, default=default, annotation=empty))
        return inspect.Signature(parameters)


def _is_data(key: str, value: Any) -> bool:
    """Whether a name of a class body holds a value, rather than a method or something that Python made."""
    return not key.startswith("_") and not callable(value) and not hasattr(value, "__get__")


def _own_annotations(namespace: dict[str, Any]) -> dict[str, Any]:
    """The annotations of a class body, also where the interpreter makes them on demand (3.14)."""
    if "__annotations__" in namespace:
        return dict(namespace["__annotations__"])
    if sys.version_info >= (3, 14):
        import annotationlib

        annotate = annotationlib.get_annotate_from_class_namespace(namespace)
        if annotate is not None:
            # As text, which is evaluated where the class stands, with our messages.
            return dict(annotationlib.call_annotate_function(annotate, annotationlib.Format.STRING))
    return {}


def _field(cls: type, name: str, annotation: Any, default: Any) -> Field:
    full = f"{cls.__name__}.{name}"
    if name in RESERVED:
        raise ModelError(
            f"{full}: the name {name!r} is taken (neighbours have {', '.join(RESERVED)}); choose another"
        )
    if name.startswith("_"):
        raise ModelError(f"{full}: names of fields do not begin with '_'")
    kind = field_type(annotation, full)
    if default is not None:
        to_elements(kind, default, f"{full}'s default")
    return Field(name, cls, kind, default)


class Record(metaclass=FieldsMeta):
    """What Component, CellComponent and Event share: fields, and a constructor by keyword."""

    __bw_fields__: ClassVar[dict[str, Field]]

    def __init__(self, **values: Any) -> None:
        fields = type(self).__bw_fields__
        for name in values:
            if name not in fields:
                raise ModelError(f"{type(self).__name__} has no field {name!r}{nearest_names(name, fields)}")
        for name, described in fields.items():
            value = values.get(name, described.default)
            self.__dict__[name] = zero_of(described.type) if value is None else value

    def __setattr__(self, name: str, value: Any) -> None:
        fields = type(self).__bw_fields__
        if name not in fields:
            raise UnknownNameError(
                f"{type(self).__name__} has no field {name!r}{nearest_names(name, fields)}"
            )
        self.__dict__[name] = value

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in self.__dict__.items())})"


class Component(Record):
    """A group of fields that entities have. Subclass it and annotate the fields.

    In an entity component the field called `position` is the place in space: `bw.vec2`/`bw.vec3` in a
    continuous world, `bw.ivec2`/`bw.ivec3` on a grid.

    `offset`, `distance`, `id` and `edge` are there on the items of a `bw.Neighbors` argument only.

    Example:
        >>> from bigworlds.data.vectors import vec2
        >>> class Bird(Component):
        ...     position: vec2
        ...     age: int = 0
        >>> Bird.age
        <field Bird.age: scalar i8>
        >>> Bird(position=vec2(1.0, 2.0))
        Bird(position=vec2(1.0, 2.0), age=0)
    """

    __bw_open_fields__: ClassVar[bool] = True

    def _only_neighbors(self, name: str) -> Any:
        if name in self.__dict__:
            return self.__dict__[name]
        raise UnknownNameError(
            f"{type(self).__name__}.{name} is there on the items of a bw.Neighbors argument only"
        )

    @property
    def offset(self) -> Any:
        """From me to this neighbour, the shortest way: a vec, on grids an ivec."""
        return self._only_neighbors("offset")

    @property
    def distance(self) -> float:
        """The length of `offset`."""
        return typing.cast(float, self._only_neighbors("distance"))

    @property
    def id(self) -> int:
        """The neighbour's entity id (of cells: their index)."""
        return typing.cast(int, self._only_neighbors("id"))

    @property
    def edge(self) -> Any:
        """On graphs: the fields of the edge from me to this neighbour."""
        return self._only_neighbors("edge")


class CellComponent(Component):
    """A group of fields that every cell of a grid has (or of the field lattice of a continuous world).

    `class Soil(bw.CellComponent, dimensions=3)` belongs to a three-dimensional grid; the default is 2.

    Example:
        >>> class Grass(CellComponent):
        ...     grown: bool
        ...     countdown: int
        >>> list(Grass.__bw_fields__)
        ['grown', 'countdown']
    """

    __bw_dimensions__: ClassVar[int] = 2
    __bw_open_fields__: ClassVar[bool] = False


class EdgeComponent(Component):
    """The data of every edge of a graph: `@bw.behavior(neighbors=Contact)` reads neighbours along such edges.

    Example:
        >>> class Contact(EdgeComponent):
        ...     weight: float = 1.0
    """

    __bw_open_fields__: ClassVar[bool] = False


class Event(Record):
    """A message from one entity to another, to all of a kind, or to the world. `sender` is set by the engine.

    Example:
        >>> class Infection(Event):
        ...     strength: float
        >>> Infection.strength
        <field Infection.strength: scalar f8>
    """

    @property
    def sender(self) -> int:
        """The entity id of who sent it."""
        if "sender" in self.__dict__:
            return typing.cast(int, self.__dict__["sender"])
        raise UnknownNameError(
            f"{type(self).__name__}.sender is there on the items of a bw.Inbox argument only"
        )
