"""Compiles a translated behavior: numba types of its arguments, its functions, its kernel, and the key of
the cache."""

from __future__ import annotations

import ast
import copy
import hashlib
import importlib.metadata
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bigworlds.behavior.abi import ABI_VERSION
from bigworlds.behavior.kernel import CellShape
from bigworlds.behavior.object_code import LoadedObject, cached, keep, processor
from bigworlds.behavior.translate.by_cell import over_cells
from bigworlds.behavior.translate.expressions import PREFIX
from bigworlds.behavior.translate.program import Program, Translated
from bigworlds.data import Field
from bigworlds.errors import ModelError

if TYPE_CHECKING:
    from bigworlds.behavior.behavior import Behavior
    from bigworlds.behavior.compiled.halves import Halves

_FAILURE = f"{PREFIX}failure"


@cache
def _engine_key() -> str:
    """What the object code depends on besides the behavior: this code, its libraries, the processor."""
    found = hashlib.sha256()
    for file in sorted(Path(__file__).parents[1].rglob("*.py")):
        found.update(file.read_bytes())
    versions = [importlib.metadata.version(p) for p in ("numba", "llvmlite", "numpy")]
    found.update(repr((ABI_VERSION, versions, processor())).encode())
    return found.hexdigest()


def _fields(fields: Iterable[Field]) -> list[tuple[Any, ...]]:
    return [(f.name, f.kind, f.dtype, f.length) for f in fields]


def cache_key(
    behavior: Behavior,
    layout: Any,
    sequential: bool,
    around: tuple[int, ...] = (),
    by_cell: CellShape | None = None,
) -> str:
    """The name of a behavior's object file: equal for equal code, whatever file and line it stands in."""
    program, used = behavior.program, behavior.used
    functions = [program.main, *program.helpers]
    records: list[Any] = [*used.cells, *used.spawns, *used.attaches, *used.sends, *used.inboxes, *used.links]
    described = [
        _engine_key(),
        [ast.unparse(f.tree) for f in functions],
        [(_fields([c.field]), c.component.__name__, c.writes) for c in used.columns],
        [(a.name, a.what, a.index) for a in behavior.arguments],
        [(_fields(r.fields), _fields(r.edge_fields), r.geometry) for r in used.reaches],
        [_fields(r.fields) for r in records],
        [c.result.field.full_name for c in used.claims],
        sorted(r for r in program.records.items() if r[0] in program.runtime_names),
        sorted(t for t in program.texts.items() if t[0] in program.runtime_names),
        (behavior.position.whole, behavior.position.size) if behavior.position else None,
        sorted(layout.items()) if layout else None,
        (sequential, by_cell),
        behavior.over_cells,
        around,
    ]
    return f"{behavior.name}-{hashlib.sha256(repr(described).encode()).hexdigest()[:32]}"


def compiled_kernel(
    behavior: Behavior,
    layout: Any,
    sequential: bool,
    around: tuple[int, ...] = (),
    by_cell: CellShape | None = None,
) -> tuple[int, object]:
    """The address of a behavior's compiled kernel and what keeps it in memory.

    Args:
        behavior: a compiled behavior.
        layout: of the model's whole block of parameters and resources, or None.
        sequential: whether rows come through call->order.
        around: by Neighbors argument, how many cells are expected around a cell; 0 for any number.
        by_cell: the shape of the cells, where loops over neighbours go over the cells around an agent.
    """
    key = cache_key(behavior, layout, sequential, around, by_cell)
    code = cached(key)
    if code is None:
        code = compile_behavior(behavior, layout, sequential, around, by_cell)
        keep(key, code)
    loaded = LoadedObject(code)
    return loaded.address("bw_kernel"), loaded


def compile_behavior(
    behavior: Behavior,
    layout: Any,
    sequential: bool,
    around: tuple[int, ...] = (),
    by_cell: CellShape | None = None,
) -> bytes:
    """Compiles a behavior into an object file."""
    from numba.core.errors import NumbaError

    from bigworlds.behavior.compiled import memory
    from bigworlds.behavior.compiled.build import build_object
    from bigworlds.behavior.compiled.halves import halves_of
    from bigworlds.behavior.compiled.signature import make_entry

    entry = make_entry(behavior, layout, sequential, around, by_cell)
    halves = halves_of(behavior.program.main, behavior.arguments) if entry.ahead is not None else None
    if any(memory.is_block(use.field.type) for use in entry.columns):
        halves = None
    try:
        if halves is None:
            return build_object([compilable_function(behavior.program, by_cell)], entry)
        return build_object(compilable_halves(behavior.program, halves), replace(entry, kept=halves.kept))
    except NumbaError as error:
        raise ModelError(f"{_where(behavior.program, error)}: {_first_words(error)}") from error


def _where(program: Program, error: Exception) -> str:
    """File, line and behavior of what numba could not compile."""
    line = getattr(getattr(error, "loc", None), "line", None) or program.main.tree.lineno
    return f"{program.source.filename}:{line}: behavior {program.name!r}"


def _first_words(error: Exception) -> str:
    """What a user can do with numba's explanation: its first lines, on one."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    told = [line for line in lines if not line.startswith(("Failed in nopython", "During:", "File "))]
    return (
        "the compiler refuses this line; write it in simpler steps, or use kind=bw.Interpreted "
        f"(numba: {'; '.join(told[:2])})"
    )


class _PlainRaise(ast.NodeTransformer):
    """Compiled code raises without text: the message comes from running the row again in Python."""

    def visit_Raise(self, node: ast.Raise) -> ast.Raise:
        failure = ast.copy_location(ast.Name(_FAILURE, ast.Load()), node)
        return ast.copy_location(ast.Raise(failure, None), node)


def compilable_function(program: Program, by_cell: CellShape | None = None) -> Any:
    """The Python function that numba compiles, with its helpers and runtime functions as globals."""
    return _compilable(program.main, _scope(program, by_cell), by_cell)


def compilable_halves(program: Program, halves: Halves) -> list[Any]:
    """The same for a behavior in two halves: the first, the second, and the second of those who are near."""
    from bigworlds.behavior.compiled.halves import functions_of

    scope = _scope(program) | functions_of(halves)
    first, second = (_compilable(half, dict(scope)) for half in (halves.first, halves.second))
    near = second if halves.near is halves.second else _compilable(halves.near, dict(scope))
    return [first, second, near]


def _compilable(translated: Translated, scope: dict[str, Any], by_cell: CellShape | None = None) -> Any:
    from bigworlds.behavior.compiled import guarded, limits

    # Not in helpers: numba loads those by themselves, where these functions are not known.
    tree = limits.DistanceComparisons(translated.kinds).visit(copy.deepcopy(translated.tree))
    tree = guarded.GuardedSums(translated.kinds).visit(tree)
    return _defined(replace(translated, tree=tree), scope | limits.NAMES | guarded.NAMES, by_cell)


def _scope(program: Program, by_cell: CellShape | None = None) -> dict[str, Any]:
    """The runtime functions and helpers of a behavior by name."""
    from numba import njit

    from bigworlds.behavior.compiled.runtime import runtime_function

    scope: dict[str, Any] = {
        f"{PREFIX}{n}": runtime_function(program, n) for n in sorted(program.runtime_names)
    }
    scope[_FAILURE] = RuntimeError
    for helper in program.helpers:
        made = _defined(helper, scope, by_cell)
        scope[helper.name] = njit(
            no_cpython_wrapper=True, no_cfunc_wrapper=True, error_model="numpy", forceinline=True
        )(made)
    return scope


def _defined(translated: Translated, scope: dict[str, Any], by_cell: CellShape | None) -> Any:
    tree = copy.deepcopy(translated.tree)
    if by_cell:
        from bigworlds.behavior.compiled import cells

        tree, tallies = over_cells(tree)
        scope = scope | {f"{PREFIX}{n}": getattr(cells, n) for n in cells.RUNTIME}
        scope |= {f"{PREFIX}{n}": cells.tally(found) for n, found in tallies.items()}
    tree = _PlainRaise().visit(tree)
    module = ast.fix_missing_locations(ast.Module([tree], []))
    code = compile(module, translated.source.filename, "exec")
    exec(code, scope)
    return scope[translated.name]
