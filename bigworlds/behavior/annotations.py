"""Reads the annotations of a behavior's arguments, also those left as text, in modules, local scopes and
notebook cells."""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Callable
from types import FrameType
from typing import Annotated, Any, get_args, get_origin

from bigworlds.behavior import arguments as known
from bigworlds.behavior.translate.program import Argument
from bigworlds.behavior.translate.source import Source
from bigworlds.data import CellComponent, Component, EdgeComponent, Event, Resource
from bigworlds.data.prefab import expanded
from bigworlds.errors import nearest_names

_SINGLE = {known.Rng: "rng", known.Clock: "clock", known.Entity: "entity", known.Space: "space"}
_GENERIC: dict[Any, tuple[str, type]] = {
    known.Neighbors: ("neighbors", Component),
    known.Spawn: ("spawn", Component),
    known.Attach: ("attach", Component),
    known.Detach: ("detach", Component),
    known.Claim: ("claim", Component),
    known.Cells: ("cells", CellComponent),
    known.Deposit: ("deposit", CellComponent),
    known.Send: ("send", Event),
    known.Inbox: ("inbox", Event),
    known.Link: ("link", EdgeComponent),
}
_WHOLE_WORLD = ("world", "parameters", "rng", "clock")
_SERVICES = {"detach": "attach", "here": "cells"}
_NAMES = (
    "a component class, bw.Neighbors[T], the Parameters class, a bw.Resource class, bw.Rng, bw.Clock, "
    "bw.Entity, bw.Space, bw.Spawn[T], "
    "bw.Attach[T], bw.Detach[T], bw.Claim[T], bw.Here[T], bw.Cells[T], bw.Deposit[T], bw.Send[E], "
    "bw.Inbox[E], bw.Link[T] or (once per tick) bw.Edits"
)


def is_parameters(cls: Any) -> bool:
    """Whether a class holds a model's parameters (it has their layout)."""
    return isinstance(cls, type) and hasattr(cls, "__bw_layout__")


def _evaluated(source: Source, argument: ast.arg, what: str) -> Any:
    """The value of an argument's annotation."""
    function = source.function
    try:
        annotation = function.__annotations__.get(argument.arg)
    except NameError as error:  # from Python 3.14 on annotations are evaluated when they are asked for
        return source.fail(argument, what, f"an annotation names {error.name!r}, which is not defined")
    if annotation is None:
        source.fail(argument, what, f"the argument {argument.arg!r} has no annotation; write {_NAMES}")
    if not isinstance(annotation, str):
        return annotation
    scope: dict[str, Any] = {}
    frame: FrameType | None = sys._getframe()
    while frame is not None:
        if frame.f_globals is function.__globals__ and frame.f_locals is not frame.f_globals:
            for name, value in frame.f_locals.items():
                scope.setdefault(name, value)
        frame = frame.f_back
    closure = inspect.getclosurevars(function).nonlocals
    try:
        while isinstance(annotation, str):
            annotation = eval(annotation, dict(function.__globals__), {**scope, **closure})
        return annotation
    except NameError as error:
        names = [n for n in {**function.__globals__, **scope, **closure} if not n.startswith("_")]
        hint = nearest_names(str(error.name), names).split("; known")[0]
        return source.fail(
            argument, what, f"the annotation {annotation!r} names {error.name!r}, which is not defined{hint}"
        )
    except Exception as error:
        return source.fail(argument, what, f"the annotation {annotation!r} cannot be evaluated: {error}")


def read_arguments(source: Source, what: str, edge_of: Callable[[str], type | None]) -> tuple[Argument, ...]:
    """The arguments of a behavior, in order, each with its kind and its position among its kind.

    Args:
        source: the user's function.
        what: how messages name it.
        edge_of: gives the component of edges for a Neighbors argument's name.

    Raises:
        ModelError: an annotation is missing or is none that behaviors know.
    """
    formal = source.tree.args
    if formal.vararg or formal.kwarg:
        source.fail(source.tree, what, "*args and **kwargs are not supported; name the arguments")
    counts: dict[str, int] = {}
    found: list[Argument] = []
    for argument in (*formal.posonlyargs, *formal.args, *formal.kwonlyargs):
        annotation = _evaluated(source, argument, what)
        values: dict[Any, Any] = {}
        if get_origin(annotation) is known.Spawn:
            parts, values = expanded(get_args(annotation))
            annotation = known.Spawn.__class_getitem__(parts)  # type: ignore[attr-defined]
        kind, components = _classified(source, argument, what, annotation)
        service = _SERVICES.get(kind, kind)
        if kind == "parameters" and issubclass(components[0], Resource):
            service = components[0].__name__
        index = counts.get(service, 0)
        counts[service] = index + 1
        if index > 0 and kind in ("parameters", "rng", "clock", "entity", "space", "world"):
            source.fail(argument, what, f"{argument.arg!r} is a second {service} argument; one is enough")
        edge = edge_of(argument.arg) if kind == "neighbors" else None
        found.append(Argument(argument.arg, kind, components, index, edge, tuple(values.items())))
    _check_own(source, what, found)
    return tuple(found)


def _classified(
    source: Source, argument: ast.arg, what: str, annotation: Any
) -> tuple[str, tuple[type, ...]]:
    """The kind of an argument and the classes in its annotation."""
    origin = get_origin(annotation)
    if origin is Annotated:
        base, *marks = get_args(annotation)
        if any(isinstance(m, known.HereMark) for m in marks):
            return "here", (_component(source, argument, what, base, CellComponent, "bw.Here"),)
        annotation, origin = base, get_origin(base)
    if annotation in _SINGLE:
        return _SINGLE[annotation], ()
    if getattr(annotation, "__bw_whole_world__", False):
        return "world", ()
    if origin in _GENERIC:
        kind, base = _GENERIC[origin]
        shown = f"bw.{origin.__name__}"
        return kind, tuple(_component(source, argument, what, c, base, shown) for c in get_args(annotation))
    if annotation in _GENERIC:
        source.fail(argument, what, f"{argument.arg!r}: write which component: bw.{annotation.__name__}[T]")
    if is_parameters(annotation):
        return "parameters", (annotation,)
    if isinstance(annotation, type) and issubclass(annotation, Component) and annotation is not Component:
        if issubclass(annotation, EdgeComponent):
            source.fail(
                argument, what, f"{argument.arg!r}: edges are read through bw.Neighbors, as other.edge"
            )
        return "own", (annotation,)
    shown = annotation.__name__ if isinstance(annotation, type) else repr(annotation)
    return source.fail(argument, what, f"{argument.arg!r}: expected {_NAMES}; found {shown}")


def _component(source: Source, argument: ast.arg, what: str, given: Any, base: type, shown: str) -> type:
    if isinstance(given, type) and issubclass(given, base):
        return given
    name = given.__name__ if isinstance(given, type) else str(given)
    return source.fail(
        argument, what, f"{argument.arg!r}: {shown}[...] expects a bw.{base.__name__} class, found {name}"
    )


def _check_own(source: Source, what: str, found: list[Argument]) -> None:
    """The agent has at least one component, each once, and is either an entity or a cell; or the behavior is
    one of the whole world."""
    if any(a.what == "world" for a in found):
        for argument in found:
            if argument.what not in _WHOLE_WORLD:
                source.fail(
                    source.tree,
                    what,
                    f"{argument.name!r}: with bw.Edits it runs once per tick for the whole world; it can "
                    f"take the parameters, bw.Clock and bw.Rng besides, and no {argument.what} argument; ask "
                    "the bw.Edits for what it needs",
                )
        return
    own = [a for a in found if a.what == "own"]
    if not own:
        source.fail(
            source.tree, what, "takes no component of its agent; add an argument such as `bird: Bird`"
        )
    classes = [a.components[0] for a in own]
    for cls in classes:
        if classes.count(cls) > 1:
            source.fail(source.tree, what, f"takes the component {cls.__name__} twice")
    cells = [issubclass(c, CellComponent) for c in classes]
    if any(cells) and not all(cells):
        source.fail(
            source.tree,
            what,
            "mixes components of cells and of entities; a behavior runs over one or the other",
        )
