"""Native behaviors: kernels in C, C++ or Cython by behavior_abi.h, from a shared library or a PyCapsule."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NoReturn

from bigworlds.behavior.abi import ABI_VERSION, KERNEL_CAPSULE, NativeBehavior
from bigworlds.behavior.behavior import Behavior, BehaviorKind, Options
from bigworlds.behavior.declare import check_reach, make_trigger
from bigworlds.behavior.kernel import Kernel
from bigworlds.behavior.used import Used
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
from bigworlds.data import Component, EdgeComponent, Event, Field
from bigworlds.errors import ModelError


def native(
    library: str | os.PathLike[str] | object,
    name: str,
    *components: type[Component],
    reads: Iterable[Any] = (),
    writes: Iterable[Any] = (),
    reaches: Iterable[ReachUse] = (),
    cells: Iterable[CellUse] = (),
    spawns: Iterable[SpawnUse] = (),
    attaches: Iterable[AttachUse] = (),
    claims: Iterable[ClaimUse] = (),
    deposits: Iterable[DepositUse] = (),
    sends: Iterable[SendUse] = (),
    inboxes: Iterable[InboxUse] = (),
    links: Iterable[LinkUse] = (),
    despawns: bool = False,
    draws_empty_cells: bool = False,
    reach: Any = None,
    every: Any = 1,
    after: Any = 0,
    at: int | Iterable[int] | None = None,
    on: type[Event] | None = None,
    when: Any = None,
) -> Behavior:
    """A behavior whose kernel is written in C, C++ or Cython.

    Args:
        library: a shared library that exports `bw_behavior_<name>`, or a PyCapsule named
            "bigworlds.kernel.v4" that points at a `bw_behavior`.
        name: the behavior's name.
        components: the components that a row must have.
        reads: own fields that it reads. call->columns are these, in this order, and then those of `writes`
            that are not among them.
        writes: own fields that it writes.
        reaches: what it reads of neighbours, each made by `bw.reach`, in the order of call->reaches.
        cells: what it reads of cells at places, in the order of call->cells.
        spawns, attaches, claims, deposits, sends, inboxes, links: effects, in the order of the services'
            `effect` argument.
        despawns: whether it may call services->despawn.
        draws_empty_cells: whether it calls services->random_empty.
        reach, every, after, at, on, when: as in `@bw.behavior`.

    Returns:
        A Behavior.

    Raises:
        ModelError: the library cannot be loaded, does not export the behavior, or was built for another
            version of behavior_abi.h.
    """
    what = f"native behavior {name!r}"

    def fail(text: str) -> NoReturn:
        raise ModelError(f"{what}: {text}")

    if not components:
        fail("takes no component of its agent; name the components that a row must have")
    trigger = make_trigger(fail, {"every": every, "after": after, "at": at, "on": on, "when": when})
    columns = _columns(what, components, tuple(reads), tuple(writes))
    used = Used(
        columns=columns,
        reaches=tuple(reaches),
        cells=tuple(cells),
        spawns=tuple(spawns),
        attaches=tuple(attaches),
        claims=tuple(claims),
        deposits=tuple(deposits),
        sends=tuple(sends),
        inboxes=tuple(inboxes),
        links=tuple(links),
        rng=True,
        random_empty=draws_empty_cells,
        despawn=despawns,
        uses_results=bool(claims),
        directions=frozenset(),
    )
    kernel = _kernel_of(what, library, name)
    return Behavior(
        name,
        _not_callable(what),
        BehaviorKind.NATIVE,
        None,
        (),
        Options(reach=check_reach(fail, reach)),
        trigger,
        native=(kernel, components, used),
    )


def reach(
    *fields: Any,
    of: type[Component] | None = None,
    radius: Any = None,
    offsets: bool = False,
    along: type[EdgeComponent] | None = None,
) -> ReachUse:
    """What a native behavior reads of its neighbours: one of its `reaches`.

    Args:
        fields: of the neighbours' component; `call->reaches[k].columns` are these, in this order. With
            `along`, fields of edges too: `call->reaches[k].edge_columns`.
        of: their component, where no field is read.
        radius: a parameter or a number, as `neighbors=` of `@bw.behavior`.
        offsets: whether `call->hits.offset` and `distance2` are read.
        along: the component of a graph's edges, where neighbours are those that these lead to.

    Raises:
        ModelError: nothing is read, fields of several components, or a radius or offsets along edges.

    Example:
        >>> import bigworlds as bw
        >>> class Bird(bw.Component):
        ...     position: bw.vec2
        ...     velocity: bw.vec2
        >>> bw.reach(Bird.velocity, radius=2.0).component.__name__
        'Bird'
        >>> class Contact(bw.EdgeComponent):
        ...     weight: float
        >>> [f.name for f in bw.reach(Bird.velocity, Contact.weight, along=Contact).edge_fields]
        ['weight']
    """
    for field in fields:
        if not isinstance(field, Field):
            raise ModelError(f"reach takes fields of neighbours such as Bird.velocity; found {field!r}")
    if along is not None and (not isinstance(along, type) or not issubclass(along, EdgeComponent)):
        raise ModelError(f"reach: along= is the component of a graph's edges; found {along!r}")
    if along is not None and (radius is not None or offsets):
        raise ModelError("reach: neighbours along edges have neither a radius nor offsets")
    edge_fields = tuple(field for field in fields if along is not None and field.owner is along)
    fields = tuple(field for field in fields if field not in edge_fields)
    components = list(dict.fromkeys([*([of] if of is not None else []), *(f.owner for f in fields)]))
    if len(components) != 1:
        found = ", ".join(component.__name__ for component in components) or "none"
        raise ModelError(
            f"reach takes fields of one component, such as Bird.velocity, or of=Bird; found {found}"
        )
    geometry = ("offset", "distance") if offsets else ()
    return ReachUse("", components[0], fields, radius, along, edge_fields, geometry)


def get_include() -> str:
    """The folder to give to a compiler with -I, for `#include <bigworlds/behavior_abi.h>`.

    Example:
        >>> (Path(get_include()) / "bigworlds" / "behavior_abi.h").is_file()
        True
    """
    package = Path(__file__).resolve().parent.parent
    installed = package / "include"
    return str(installed if installed.is_dir() else package.parent / "csrc" / "include")


def _kernel_of(what: str, library: object, name: str) -> Kernel:
    if isinstance(library, (str, os.PathLike)):
        return _from_library(what, Path(library), name)
    return _from_capsule(what, library)


def _not_callable(what: str) -> Callable[..., None]:
    """What stands for the Python function, which a native behavior does not have."""

    def function(*_: Any) -> None:
        raise TypeError(f"{what} is machine code; it runs in a simulation only")

    return function


def _columns(
    what: str, components: tuple[type[Component], ...], reads: tuple[Field, ...], writes: tuple[Field, ...]
) -> tuple[ColumnUse, ...]:
    found: list[ColumnUse] = []
    for field in dict.fromkeys((*reads, *writes)):
        if not isinstance(field, Field):
            raise ModelError(
                f"{what}: reads and writes list own fields such as Bird.position, found {field!r}"
            )
        if field.owner not in components:
            names = ", ".join(c.__name__ for c in components)
            raise ModelError(f"{what}: {field.full_name} is no field of its own components ({names})")
        if field.is_open:
            raise ModelError(
                f"{what}: {field.full_name} has values of any length, which native behaviors cannot use yet; "
                "give it a fixed one, such as bw.string[16] or bw.short_list[bw.f64, 8]"
            )
        found.append(ColumnUse(field.owner, field, field in reads, field in writes))
    return tuple(found)


def _checked(what: str, where: str, found: NativeBehavior, keepalive: object) -> Kernel:
    """The kernel of a bw_behavior of our version."""
    if found.version != ABI_VERSION:
        raise ModelError(
            f"{what}: {where} was built for version {found.version} of behavior_abi.h, this bigworlds has "
            "version "
            f"{ABI_VERSION}; build it again with the header in bigworlds/include"
        )
    if not found.kernel:
        raise ModelError(f"{what}: {where} has a null pointer as kernel")
    return Kernel(int(found.kernel), False, keepalive)


def _from_library(what: str, path: Path, name: str) -> Kernel:
    if not path.exists():
        raise ModelError(f"{what}: there is no file {path}; build the library first")
    try:
        loaded = ctypes.CDLL(str(path.resolve()))
    except OSError as error:
        raise ModelError(f"{what}: {path} cannot be loaded as a shared library: {error}") from None
    try:
        found = NativeBehavior.in_dll(loaded, f"bw_behavior_{name}")
    except ValueError:
        raise ModelError(
            f'{what}: {path} exports no bw_behavior_{name}; write `extern "C" bw_behavior '
            f"bw_behavior_{name} = "
            "{BW_ABI_VERSION, 0, kernel};`"
        ) from None
    return _checked(what, str(path), found, loaded)


def _from_capsule(what: str, capsule: object) -> Kernel:
    if type(capsule).__name__ != "PyCapsule":
        raise ModelError(f"{what}: expected the path of a shared library or a PyCapsule, found {capsule!r}")
    name_of = ctypes.pythonapi.PyCapsule_GetName
    name_of.restype, name_of.argtypes = ctypes.c_char_p, [ctypes.py_object]
    label = name_of(capsule)
    if label != KERNEL_CAPSULE.encode():
        shown = label.decode(errors="replace") if label else "no name"
        raise ModelError(f"{what}: expected a PyCapsule named {KERNEL_CAPSULE!r}, found {shown!r}")
    pointer_of = ctypes.pythonapi.PyCapsule_GetPointer
    pointer_of.restype, pointer_of.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    found = NativeBehavior.from_address(pointer_of(capsule, label))
    return _checked(what, "the capsule", found, capsule)
