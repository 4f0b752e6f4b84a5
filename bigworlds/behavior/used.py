"""Collects what a behavior uses from its arguments, options and translated function, in the order of the
ABI."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from bigworlds.behavior.translate.program import Argument
from bigworlds.behavior.uses import (
    AttachUse,
    CellUse,
    ClaimUse,
    ColumnUse,
    DepositUse,
    InboxUse,
    LinkUse,
    ReachUse,
    SendUse,
    SpawnUse,
)
from bigworlds.data import Component, Field
from bigworlds.errors import nearest_names

if TYPE_CHECKING:
    from bigworlds.behavior.behavior import Behavior


@dataclass(frozen=True)
class Used:
    """The uses of a behavior; see Behavior's properties of the same names."""

    columns: tuple[ColumnUse, ...]
    reaches: tuple[ReachUse, ...]
    cells: tuple[CellUse, ...]
    spawns: tuple[SpawnUse, ...]
    attaches: tuple[AttachUse, ...]
    claims: tuple[ClaimUse, ...]
    deposits: tuple[DepositUse, ...]
    sends: tuple[SendUse, ...]
    inboxes: tuple[InboxUse, ...]
    links: tuple[LinkUse, ...]
    rng: bool
    random_empty: bool
    despawn: bool
    uses_results: bool
    """Whether it reads or writes what it is granted by its claims."""
    directions: frozenset[str]


def nothing_used() -> Used:
    """The uses of a behavior that has no kernel."""
    return Used((), (), (), (), (), (), (), (), (), (), False, False, False, False, frozenset())


@dataclass(frozen=True)
class Seen:
    """What the function's body was seen to touch: own (component, field), and by argument position of
    others."""

    reads: set[tuple[type, str]]
    writes: set[tuple[type, str]]
    reach: dict[int, set[str]]
    edges: dict[int, set[str]]
    geometry: dict[int, set[str]]
    cells: dict[int, set[str]]
    rng: bool
    random_empty: bool
    despawn: bool
    directions: frozenset[str]


def find_used(behavior: Behavior) -> Used:
    """All uses of a behavior, checked against its options."""
    from bigworlds.behavior.behavior import BehaviorKind

    if behavior.kind is BehaviorKind.COMPILED:
        program = behavior.program
        seen = Seen(
            reads=set(program.reads),
            writes=set(program.writes),
            reach=program.reach_reads,
            edges=program.edge_reads,
            geometry=program.geometry,
            cells=program.cell_reads,
            rng=program.uses_rng,
            random_empty=program.uses_random_empty,
            despawn=program.uses_despawn,
            directions=frozenset(program.directions),
        )
    else:
        from bigworlds.behavior.scan import scan

        seen = scan(behavior)
    return _Collector(behavior, seen).collect()


def _fields(component: Any, names: set[str]) -> tuple[Field, ...]:
    """The named fields in declared order."""
    return tuple(f for n, f in component.__bw_fields__.items() if n in names)


class _Collector:
    def __init__(self, behavior: Behavior, seen: Seen) -> None:
        self.behavior, self.seen = behavior, seen
        self.what = f"behavior {behavior.name!r}"

    def fail(self, message: str) -> NoReturn:
        source = self.behavior.source
        assert source is not None
        source.fail(source.tree, self.what, message)

    def of(self, *kinds: str) -> list[tuple[int, Argument]]:
        return [(i, a) for i, a in enumerate(self.behavior.arguments) if a.what in kinds]

    def collect(self) -> Used:
        claimed = [(a, *self._claim(a)) for _, a in self.of("claim")]
        columns = self._columns([result for _, _, _, result in claimed])
        by_field = {c.field: c for c in columns}
        claims = tuple(
            ClaimUse(a.name, target, stock, replace(by_field[result], reads=True, writes=True))
            for a, target, stock, result in claimed
        )
        return Used(
            columns=columns,
            reaches=tuple(self._reach(i, a) for i, a in self.of("neighbors")),
            cells=tuple(
                CellUse(
                    a.name,
                    a.components[0],
                    _fields(a.components[0], self.seen.cells.get(i, set())),
                    a.what == "cells",
                )
                for i, a in self.of("here", "cells")
            ),
            spawns=tuple(self._spawn(a) for _, a in self.of("spawn")),
            attaches=tuple(
                AttachUse(a.name, a.components[0], _all_fields(a.components), a.what == "detach")
                for _, a in self.of("attach", "detach")
            ),
            claims=claims,
            deposits=tuple(DepositUse(a.name, self._deposit(a)) for _, a in self.of("deposit")),
            sends=tuple(
                SendUse(a.name, a.components[0], _all_fields(a.components)) for _, a in self.of("send")
            ),
            inboxes=tuple(
                InboxUse(a.name, a.components[0], _all_fields(a.components)) for _, a in self.of("inbox")
            ),
            links=tuple(
                LinkUse(a.name, a.components[0], _all_fields(a.components)) for _, a in self.of("link")
            ),
            rng=self.seen.rng,
            random_empty=self.seen.random_empty,
            despawn=self.seen.despawn,
            uses_results=any((f.owner, f.name) in self.seen.reads | self.seen.writes for *_, f in claimed),
            directions=self.seen.directions,
        )

    def _columns(self, results: list[Field]) -> tuple[ColumnUse, ...]:
        reads, writes = set(self.seen.reads), set(self.seen.writes)
        for option, seen in (("reads", reads), ("writes", writes)):
            self._check_declared(option, seen)
        reads |= {(f.owner, f.name) for f in results}
        if any(self.seen.cells.get(i) for i, _ in self.of("here")):
            reads.add((self._position_owner(), "position"))
        found = []
        for component in self.behavior.components:
            for name, field in component.__bw_fields__.items():
                key = (component, name)
                if key in reads or key in writes:
                    found.append(ColumnUse(component, field, key in reads, key in writes))
        return tuple(found)

    def _check_declared(self, option: str, seen: set[tuple[type, str]]) -> None:
        """Where reads= or writes= is given, the body keeps to it."""
        declared = getattr(self.behavior.options, option)
        if declared is None:
            return
        names = {f.full_name for f in declared}
        for component, name in sorted(seen, key=lambda k: (k[0].__name__, k[1])):
            if f"{component.__name__}.{name}" not in names:
                verb = option.rstrip("s") + "s"
                self.fail(f"{verb} {component.__name__}.{name}, which {option}= does not list; add it there")
        own = {c.__name__ for c in self.behavior.components}
        for field in declared:
            if field.owner.__name__ not in own:
                self.fail(
                    f"{option}= lists {field.full_name}, but the behavior takes no {field.owner.__name__}"
                )
            seen.add((field.owner, field.name))

    def _position_owner(self) -> type:
        for component in self.behavior.components:
            if "position" in component.__bw_fields__:
                return component
        return self.fail(
            "bw.Here needs the agent's place: add an argument with the component that holds `position`"
        )

    def _reach(self, position: int, argument: Argument) -> ReachUse:
        component = argument.components[0]
        edge: Any = argument.edge
        return ReachUse(
            argument=argument.name,
            component=component,
            fields=self._of_others(component, self.seen.reach.get(position, set())),
            radius=self.behavior.options.radius(argument.name),
            edge=edge,
            edge_fields=_fields(edge, self.seen.edges.get(position, set())) if edge is not None else (),
            geometry=tuple(sorted(self.seen.geometry.get(position, set()), reverse=True)),
        )

    def _of_others(self, component: Any, names: set[str]) -> tuple[Field, ...]:
        fields = _fields(component, names)
        for field in fields:
            if field.is_open:
                self.fail(
                    f"reads {field.full_name} of neighbours; values of any length are seen by their own "
                    "agent only: keep what neighbours need in a field of numbers, or a bw.string[16]"
                )
        return fields

    def _spawn(self, argument: Argument) -> SpawnUse:
        fields = _all_fields(argument.components)
        names = [f.name for f in fields]
        for name in names:
            if names.count(name) > 1:
                self.fail(
                    f"{argument.name!r}: two of its components have a field {name!r}, so it cannot be named"
                )
        for field, _ in argument.values:
            if field.is_open:
                self.fail(
                    f"{argument.name!r}: its prefab gives {field.full_name}, whose values have any length; "
                    "behaviors give agents the defaults of such fields: give it a default, or leave it out"
                )
        return SpawnUse(argument.name, argument.components, fields, argument.values)

    def _claim(self, argument: Argument) -> tuple[type[Component], Field | None, Field]:
        """The target, stock field and result field of a Claim argument."""
        given = self.behavior.options.claim(argument.name)
        advice = (
            "write claim=(Grass.grown, Sheep.fed): a field of cells or a component, and an own integer field"
        )
        if not isinstance(given, tuple) or len(given) != 2:
            self.fail(f"{argument.name!r} is a Claim; {advice}")
        target, result = given
        if (
            not isinstance(result, Field)
            or np.dtype(result.dtype).kind not in "iu"
            or result.kind != "scalar"
        ):
            self.fail(f"claim=: the result is an own integer field, found {result!r}; {advice}")
        if result.owner not in self.behavior.components:
            self.fail(f"claim=: the result {result.full_name} is no field of the behavior's own components")
        if isinstance(target, Field):
            if target.kind not in ("scalar", "enum"):
                self.fail(f"claim=: {target.full_name} is no stock: a number or bool field of cells")
            component, stock = target.owner, target
        elif isinstance(target, type) and issubclass(target, Component):
            component, stock = target, None
        else:
            self.fail(f"claim=: found {target!r}; {advice}")
        if component is not argument.components[0]:
            known = nearest_names(component.__name__, [argument.components[0].__name__])
            self.fail(
                f"claim=: {argument.name!r} is a Claim[{argument.components[0].__name__}], found "
                f"{component.__name__}{known}"
            )
        return component, stock, result

    def _deposit(self, argument: Argument) -> Field:
        field = self.behavior.options.deposit(argument.name)
        if not isinstance(field, Field) or field.owner is not argument.components[0]:
            self.fail(
                f"{argument.name!r} is a Deposit[{argument.components[0].__name__}]; write deposit=, a "
                "number field of "
                f"it, found {field!r}"
            )
        if field.kind != "scalar":
            self.fail(f"deposit=: {field.full_name} is no number field")
        return field


def _all_fields(components: tuple[Any, ...]) -> tuple[Field, ...]:
    """What records hold of some components: values of any length take their defaults."""
    return tuple(f for c in components for f in c.__bw_fields__.values() if not f.is_open)
