"""Behavior: one rule of a model, what it uses, and how to get its kernel."""

from __future__ import annotations

import contextlib
import enum
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from bigworlds.behavior.kernel import CellShape, Kernel
from bigworlds.behavior.translate.kinds import Vector
from bigworlds.behavior.translate.program import Argument, Program, component_position
from bigworlds.behavior.translate.source import Source, UnknownNameError
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
    Trigger,
)
from bigworlds.data import CellComponent, Component, Field
from bigworlds.errors import ModelError

if TYPE_CHECKING:
    from bigworlds.behavior.used import Used


class BehaviorKind(enum.Enum):
    """How a behavior is run. All kinds end in a kernel of the same C interface."""

    COMPILED = "compiled"
    VECTORISED = "vectorised"
    INTERPRETED = "interpreted"
    NATIVE = "native"


Compiled = BehaviorKind.COMPILED
Vectorised = BehaviorKind.VECTORISED
Interpreted = BehaviorKind.INTERPRETED


def _none(argument: str) -> Any:
    return None


@dataclass(frozen=True)
class Options:
    """The decorator's options, by argument name where they belong to arguments."""

    radius: Callable[[str], Any] = _none
    claim: Callable[[str], Any] = _none
    deposit: Callable[[str], Any] = _none
    reach: tuple[Any, ...] = ()
    reads: frozenset[Field] | None = None
    writes: frozenset[Field] | None = None


class Behavior:
    """One rule: a function over agents that have certain components. Made by `@bw.behavior`; it does not
    change.

    A behavior can be called like the function it was made of, with plain Python objects, to try it out.

    Attributes:
        name: its name in messages, profiles and the random stream.
        function: the user's function.
        kind: compiled, vectorised, interpreted or native.
        arguments: what its arguments are.
        trigger: when it runs.
        per_tick: interpreted only: runs once per tick for the whole world, on no rows.
        native: native only: its kernel.
    """

    def __init__(
        self,
        name: str,
        function: Callable[..., Any],
        kind: BehaviorKind,
        source: Source | None,
        arguments: tuple[Argument, ...],
        options: Options,
        trigger: Trigger,
        per_tick: bool = False,
        native: tuple[Kernel, tuple[type[Component], ...], Used] | None = None,
    ) -> None:
        self.name = name
        self.function = function
        self.kind = kind
        self.source = source
        self.arguments = arguments
        self.options = options
        self.trigger = trigger
        self.per_tick = per_tick
        self.native = native[0] if native is not None else None
        self._native_components = native[1] if native is not None else ()
        self.kernels: dict[tuple[str, bool, tuple[int, ...], CellShape | None], Kernel] = {}
        self.__doc__ = function.__doc__
        self.__name__ = name
        self.__module__ = function.__module__
        self.__wrapped__ = function
        if native is not None:
            self.used = native[2]
        elif not per_tick:
            # Translating checks the function: errors belong to the declaration. But a helper may be defined
            # further down: it is found when the world is built, or is an error then.
            with contextlib.suppress(UnknownNameError):
                self.check()

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if not args and not kwargs:
            raise ModelError(
                f"behavior {self.name} is called without its arguments; a model names it without brackets: "
                f"world.behaviors({self.name})"
            )
        return self.function(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<{self.kind.value} behavior {self.name!r}>"

    @property
    def position(self) -> Vector | None:
        """The kind of places in this behavior's world, as far as its components tell."""
        ordered = [a for a in self.arguments if a.what == "own"]
        ordered += [a for a in self.arguments if a.what in ("neighbors", "spawn")]
        for argument in ordered:
            for component in argument.components:
                found = component_position(component)
                if found is not None:
                    return found
        for argument in self.arguments:
            for component in argument.components:
                if issubclass(component, CellComponent):
                    return Vector(True, component.__bw_dimensions__)
        return None

    @cached_property
    def program(self) -> Program:
        """The translated function (compiled behaviors only)."""
        assert self.source is not None
        return Program(self.name, self.source, self.arguments, self.position)

    @cached_property
    def used(self) -> Used:
        """Everything that the behavior uses, in ABI order. Nothing is known of those that run once per
        tick."""
        from bigworlds.behavior.used import find_used, nothing_used

        if self.per_tick:
            return nothing_used()
        return find_used(self)

    def check(self) -> None:
        """Translates the function, where that could not be done at declaration.

        Raises:
            ModelError: it cannot be compiled, or names a helper that is not defined.
        """
        _ = self.used

    @property
    def components(self) -> tuple[type[Component], ...]:
        """The components that a row must have."""
        if self._native_components:
            return self._native_components
        return tuple(a.components[0] for a in self.arguments if a.what == "own")

    @property
    def over_cells(self) -> bool:
        """Whether it runs over the cells of the world instead of entities."""
        return any(issubclass(c, CellComponent) for c in self.components)

    @property
    def columns(self) -> tuple[ColumnUse, ...]:
        """Own columns in ABI order (call->columns)."""
        return self.used.columns

    @property
    def reaches(self) -> tuple[ReachUse, ...]:
        """What it reads of neighbours (call->reaches)."""
        return self.used.reaches

    @property
    def cells(self) -> tuple[CellUse, ...]:
        """What it reads of cells at places (call->cells)."""
        return self.used.cells

    @property
    def spawns(self) -> tuple[SpawnUse, ...]:
        """Prototypes of new entities (services->spawn)."""
        return self.used.spawns

    @property
    def attaches(self) -> tuple[AttachUse, ...]:
        """Components it attaches and detaches (services->attach, detach)."""
        return self.used.attaches

    @property
    def claims(self) -> tuple[ClaimUse, ...]:
        """Claims (services->claim)."""
        return self.used.claims

    @property
    def deposits(self) -> tuple[DepositUse, ...]:
        """Deposits (services->deposit)."""
        return self.used.deposits

    @property
    def sends(self) -> tuple[SendUse, ...]:
        """Events it sends (services->send)."""
        return self.used.sends

    @property
    def inboxes(self) -> tuple[InboxUse, ...]:
        """Events it receives (services->inbox)."""
        return self.used.inboxes

    @property
    def links(self) -> tuple[LinkUse, ...]:
        """Graphs whose edges it orders (services->link, unlink)."""
        return self.used.links

    @property
    def uses_rng(self) -> bool:
        """Whether it draws random numbers."""
        return self.used.rng

    @property
    def uses_random_empty(self) -> bool:
        """Whether it asks for random empty cells."""
        return self.used.random_empty

    @property
    def turns_in_claims_only(self) -> bool:
        """Whether agents that act one after another do the same in any order, but for what they are granted.

        They look at nobody, claim one kind of thing, and neither read nor write the result, nor read what
        they claim. All of them may then act at once, and claims be settled in the order of turns.
        """
        used = self.used
        if self.kind is not BehaviorKind.COMPILED or len(used.claims) != 1 or used.reaches:
            return False
        read_at_places = {field for cells in used.cells for field in cells.fields}
        seen = used.random_empty or used.despawn or used.uses_results
        return not seen and used.claims[0].stock not in read_at_places

    @property
    def uses_despawn(self) -> bool:
        """Whether it may end its agent's life."""
        return self.used.despawn

    @property
    def directions(self) -> frozenset[str]:
        """Which of the directions of cells it uses: "moore", "hex_step"."""
        return self.used.directions

    def can_look_at_cells(self) -> bool:
        """Whether its kernel needs no list of neighbours on a grid with at most one agent a cell."""
        from bigworlds.behavior.translate.by_cell import can_look_at_cells

        return self.kind is BehaviorKind.COMPILED and can_look_at_cells(self)

    def kernel(
        self,
        parameters: type | None,
        *,
        sequential: bool = False,
        interpret: bool = False,
        around: tuple[int, ...] = (),
        by_cell: CellShape | None = None,
    ) -> Kernel:
        """The kernel that the engine calls.

        Args:
            parameters: the model's class of parameters, or None if it has none.
            sequential: rows come in call->order and each is committed before the next.
            interpret: run a compiled behavior as plain Python, with the same results.
            around: by Neighbors argument, how many cells are around most cells, for which the kernel is made
                fast; it is right for any number. 0 for none in particular.
            by_cell: the engine shows it cells of this shape instead of lists of neighbours.

        Returns:
            A Kernel. Compiled ones come from the cache on disk where they were compiled before.

        Raises:
            ModelError: the behavior takes another class of parameters than the model has, or cannot be
                compiled.
        """
        from bigworlds.behavior.make_kernel import make_kernel

        return make_kernel(
            self, parameters, sequential=sequential, interpret=interpret, around=around, by_cell=by_cell
        )
