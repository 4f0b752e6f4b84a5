"""The decorator @bw.behavior: reads a function's arguments and options and makes a Behavior of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NoReturn, overload

from bigworlds.behavior.annotations import read_arguments
from bigworlds.behavior.behavior import Behavior, BehaviorKind, Options
from bigworlds.behavior.translate.source import Source, read_source
from bigworlds.behavior.uses import Trigger
from bigworlds.data import Component, EdgeComponent, Event, Field
from bigworlds.errors import ModelError

_VECTORISED = ("own", "parameters", "rng", "clock", "entity", "space")


@overload
def behavior(function: Callable[..., None], /) -> Behavior: ...
@overload
def behavior(
    *,
    neighbors: Any = None,
    claim: Any = None,
    deposit: Any = None,
    reach: Any = None,
    every: Any = 1,
    after: Any = 0,
    at: int | Iterable[int] | None = None,
    on: type[Event] | None = None,
    when: Any = None,
    reads: Any = None,
    writes: Any = None,
    kind: BehaviorKind = BehaviorKind.COMPILED,
    name: str | None = None,
) -> Callable[[Callable[..., None]], Behavior]: ...
def behavior(
    function: Callable[..., None] | None = None,
    *,
    neighbors: Any = None,
    claim: Any = None,
    deposit: Any = None,
    reach: Any = None,
    every: Any = 1,
    after: Any = 0,
    at: int | Iterable[int] | None = None,
    on: type[Event] | None = None,
    when: Any = None,
    reads: Any = None,
    writes: Any = None,
    kind: BehaviorKind = BehaviorKind.COMPILED,
    name: str | None = None,
) -> Any:
    """Makes a behavior of a function over one agent; what the function may see and do stands in its
    annotations.

    Args:
        function: the function, if the decorator is written without parentheses.
        neighbors: the radius of Neighbors arguments: a parameter (`Params.radius`), a number, or on graphs
            the component of the edges; with several such arguments a dict by argument name.
        claim: `(what, result)` of a Claim argument: what is a field of cells (`Grass.grown`) or a component
            of agents, result an integer own field (`Sheep.fed`); with several a dict by argument name.
        deposit: the field of cells of a Deposit argument; with several a dict by argument name.
        reach: how far from where it stands, along each axis, an agent goes and claims in a turn, where agents
            act one after another (`bw.Sequential`): a parameter or a number, or several, of which the
            greatest counts. It has to be known for them to run on several ranks; who goes or claims further
            fails. How far an agent sees is told by `neighbors`.
        every: it runs in ticks that are multiples of this (a number or a parameter).
        after: the first tick in which it may run.
        at: the tick or ticks in which it runs.
        on: it runs for agents for which events of this type wait.
        when: a parameter of type bool, or a function of the parameters: it runs while true.
        reads, writes: own fields, e.g. `(Bird.position,)`. Inferred where not given; where given, anything
            else that is read or written is an error.
        kind: `bw.Compiled`, `bw.Vectorised` or `bw.Interpreted`. An interpreted behavior that takes a
            `bw.Edits` instead of an agent's components runs once per tick, for the whole world.
        name: the behavior's name; the function's by default.

    Returns:
        A Behavior (or, without a function, the decorator).

    Raises:
        ModelError: what cannot be compiled, with file, line and what to write instead.

    Example:
        >>> from bigworlds.data import Component, vec2
        >>> class Ball(Component):
        ...     position: vec2
        ...     velocity: vec2
        >>> @behavior(every=2)
        ... def move(ball: Ball) -> None:
        ...     ball.position += 0.5 * ball.velocity
        >>> [(c.field.name, c.reads, c.writes) for c in move.columns]
        [('position', True, True), ('velocity', True, False)]
    """
    options = dict(locals())
    options.pop("function")
    if function is None:
        return lambda given: _declare(given, dict(options))
    return _declare(function, options)


def _declare(function: Callable[..., None], options: dict[str, Any]) -> Behavior:
    name = options.pop("name") or getattr(function, "__name__", "?")
    kind = options.pop("kind")
    what = f"behavior {name!r}"
    if not isinstance(kind, BehaviorKind) or kind is BehaviorKind.NATIVE:
        raise ModelError(f"{what}: kind is bw.Compiled, bw.Vectorised or bw.Interpreted, found {kind!r}")
    source = read_source(function, what)
    trigger = make_trigger(lambda text: source.fail(source.tree, what, text), options)
    neighbors = options["neighbors"]
    edges = _by_argument(neighbors)
    arguments = read_arguments(source, what, lambda argument: _edge(edges(argument)))
    per_tick = any(argument.what == "world" for argument in arguments)
    if per_tick:
        _check_per_tick(source, what, kind, trigger, options)
    if kind is BehaviorKind.VECTORISED:
        for argument in arguments:
            if argument.what not in _VECTORISED:
                source.fail(
                    source.tree,
                    what,
                    f"{argument.name!r}: a vectorised behavior computes row i from row i; it can take "
                    "components, parameters, "
                    f"bw.Rng, bw.Clock, bw.Entity and bw.Space, no {argument.what} argument; leave out kind=",
                )
    chosen = Options(
        radius=lambda argument: None if _edge(edges(argument)) else edges(argument),
        claim=_by_argument(options["claim"]),
        deposit=_by_argument(options["deposit"]),
        reach=check_reach(lambda text: source.fail(source.tree, what, text), options["reach"]),
        reads=_fields(source, what, "reads", options["reads"]),
        writes=_fields(source, what, "writes", options["writes"]),
    )
    _check_radius(source, what, neighbors)
    return Behavior(name, function, kind, source, arguments, chosen, trigger, per_tick)


def _check_per_tick(
    source: Source, what: str, kind: BehaviorKind, trigger: Trigger, options: Mapping[str, Any]
) -> None:
    """A behavior of the whole world is plain Python and has no agents."""
    if kind is not BehaviorKind.INTERPRETED:
        source.fail(
            source.tree, what, "takes bw.Edits: once per tick for the whole world; write kind=bw.Interpreted"
        )
    if trigger.on is not None:
        source.fail(source.tree, what, "on= is for behaviors of agents; the whole world receives no events")
    for name in ("neighbors", "claim", "deposit", "reach", "reads", "writes"):
        if options[name] is not None:
            source.fail(source.tree, what, f"{name}= is for behaviors of agents; it takes bw.Edits")


def _by_argument(given: Any) -> Callable[[str], Any]:
    """An option that holds for all arguments of its kind, or is given by argument name."""
    if isinstance(given, Mapping):
        return lambda argument: given.get(argument)
    return lambda argument: given


def _edge(given: Any) -> type[Component] | None:
    return given if isinstance(given, type) and issubclass(given, EdgeComponent) else None


def _check_radius(source: Source, what: str, given: Any) -> None:
    values = given.values() if isinstance(given, Mapping) else [given]
    for value in values:
        if value is None or _edge(value) or hasattr(value, "owner"):
            if isinstance(value, Field):
                source.fail(
                    source.tree, what, f"neighbors= is a radius: a parameter or a number, found {value!r}"
                )
            continue
        if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
            source.fail(
                source.tree,
                what,
                f"neighbors= is a radius (a parameter such as Params.radius, or a number from 0) or the "
                "component of a "
                f"graph's edges, found {value!r}",
            )


def check_reach(fail: Callable[[str], NoReturn], given: Any) -> tuple[Any, ...]:
    """The numbers of the option reach=; `fail` gets the message of one that is wrong."""
    values = () if given is None else tuple(given) if isinstance(given, (tuple, list)) else (given,)
    for value in values:
        number = isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0
        if not number and (isinstance(value, Field) or not hasattr(value, "owner")):
            fail(
                "reach= is how far an agent goes and claims: a parameter (Params.step), a number from 0, or "
                f"several of them; found {value!r}"
            )
    return values


def _fields(source: Source, what: str, option: str, given: Any) -> frozenset[Field] | None:
    if given is None:
        return None
    values = tuple(given) if isinstance(given, (tuple, list, set, frozenset)) else (given,)
    for value in values:
        if not isinstance(value, Field):
            source.fail(
                source.tree, what, f"{option}= lists own fields such as Bird.position, found {value!r}"
            )
    return frozenset(values)


def make_trigger(fail: Callable[[str], NoReturn], options: Mapping[str, Any]) -> Trigger:
    """The trigger of the options every, after, at, on and when; `fail` gets the message of one that is
    wrong."""
    every, after, at = options["every"], options["after"], options["at"]
    on, when = options["on"], options["when"]
    for name, value, least in (("every", every, 1), ("after", after, 0)):
        if isinstance(value, int) and value < least:
            fail(f"{name}= is a number of ticks from {least}, found {value}")
        if not isinstance(value, int) and not hasattr(value, "owner"):
            fail(f"{name}= is a number of ticks or a parameter, found {value!r}")
    ticks = () if at is None else (at,) if isinstance(at, int) else tuple(at)
    if any(not isinstance(t, int) or t < 0 for t in ticks):
        fail(f"at= is a tick or ticks from 0, found {at!r}")
    if on is not None and not (isinstance(on, type) and issubclass(on, Event)):
        fail(f"on= is a class of events (bw.Event), found {on!r}")
    if when is not None and not callable(when) and not hasattr(when, "owner"):
        fail(f"when= is a parameter of type bool or a function of the parameters, found {when!r}")
    return Trigger(every, after, ticks, on, when)
