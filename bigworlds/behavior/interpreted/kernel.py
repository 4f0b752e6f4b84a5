"""The kernel of a behavior that runs as Python: a ctypes callback that loops over rows.

It serves translated compiled behaviors (`--interpret`, and the message of a failed row) and interpreted
ones. An exception ends the row before anything of it is stored; the kernel keeps it for `pending_error`.
"""

from __future__ import annotations

import ast
import ctypes
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from bigworlds import _core
from bigworlds.behavior import abi
from bigworlds.behavior.interpreted import memory, objects
from bigworlds.behavior.interpreted.parameters import parameters_of
from bigworlds.behavior.interpreted.runtime import runtime_function
from bigworlds.behavior.kernel import Kernel
from bigworlds.behavior.translate.expressions import PREFIX
from bigworlds.behavior.translate.program import Argument, Program
from bigworlds.data.fields import contents_of

if TYPE_CHECKING:
    from bigworlds.behavior.behavior import Behavior


def translated_function(program: Program) -> Callable[..., None]:
    """The rewritten function as Python; file and lines are the user's, so breakpoints and tracebacks point
    there."""
    runtime = {f"{PREFIX}{n}": runtime_function(program, n) for n in program.runtime_names}
    scope: dict[str, Any] = dict(runtime)
    for function in (*program.helpers, program.main):
        user = function.source.function
        globals_ = {**user.__globals__, **_closure(user), **scope}
        module = ast.fix_missing_locations(ast.Module([function.tree], []))
        exec(compile(module, function.source.filename, "exec"), globals_)
        scope[function.name] = globals_[function.name]
    made: Callable[..., None] = scope[program.main.name]
    return made


def _closure(function: Callable[..., Any]) -> dict[str, Any]:
    cells = getattr(function, "__closure__", None) or ()
    found: dict[str, Any] = {}
    for name, cell in zip(function.__code__.co_freevars, cells, strict=True):
        try:
            found[name] = cell.cell_contents
        except ValueError:
            continue
    return found


def python_kernel(
    behavior: Behavior, parameters: Any, function: Callable[..., Any], *, translated: bool
) -> Kernel:
    """The kernel that calls a Python function once per row.

    Args:
        behavior: whose arguments and columns it has.
        parameters: the model's class of parameters, or None.
        function: called with the arguments, and with the state in front if it is a translated one.
        translated: whether it is.
    """
    rows = _Rows(behavior, parameters, function, translated)
    callback = abi.KERNEL(rows.run)
    address = ctypes.cast(callback, ctypes.c_void_p).value
    assert address is not None
    return Kernel(address, True, (callback, rows), rows.take_error)


class _Rows:
    """Runs rows and keeps the exception of one that failed."""

    def __init__(
        self, behavior: Behavior, parameters: Any, function: Callable[..., Any], translated: bool
    ) -> None:
        self.behavior, self.parameters = behavior, parameters
        self.function, self.translated = function, translated
        self.columns = behavior.columns
        self.position = behavior.position
        self.has_here = any(a.what == "here" for a in behavior.arguments)
        self.error: BaseException | None = None
        self.failed_id = 0

    def take_error(self) -> BaseException | None:
        """The exception of the failed row with the lowest id, once."""
        error, self.error = self.error, None
        return error

    def keep_error(self, error: BaseException, entity: int) -> None:
        """Keeps what the engine will name: the lowest id, or that the user interrupted the run."""
        if self.error is None or not isinstance(error, Exception) or entity < self.failed_id:
            self.error, self.failed_id = error, entity

    def run(self, pointer: Any, begin: int, end: int) -> int:
        """The kernel."""
        call = pointer.contents
        for index in range(begin, end):
            row = int(call.order[index]) if call.order else index
            if self.error is not None and not isinstance(self.error, Exception):
                call.failed_row = row  # interrupted: the engine may still look for lower ids
                return abi.FAILED
            try:
                self._row(call, row)
            except BaseException as error:
                self.keep_error(error, int(call.ids[row]))
                call.failed_row = row
                return abi.FAILED
        return abi.OK

    def _row(self, call: Any, row: int) -> None:
        state = objects.State(call, row, plain=not self.translated, position=self.position)
        self._load(state)
        arguments = [self._argument(state, a) for a in self.behavior.arguments]
        if self.translated:
            self.function(state, *arguments)
        else:
            self.function(*arguments)
        stores = []
        written = []  # values of any length
        for k, use in enumerate(self.columns):
            if use.writes:
                value = getattr(state.own[use.component], use.field.name)
                if use.field.is_open:
                    written.append((k, contents_of(use.field.type, value, use.field.full_name)))
                    continue
                if isinstance(value, memory.Text):
                    value = value.text
                stored = memory.elements(use.field.type, value, use.field.full_name)
                stores.append((use.field.type, self._address(call, k, row), stored))
        for kind, address, stored in stores:
            memory.write(kind, address, stored)
        for k, contents in written:
            _core.open_values.write_rows(ctypes.addressof(call), k, row, [contents])
        if call.order and state.services.commit(state.pointer, row) != abi.OK:
            raise RuntimeError("the place that it wrote was refused")

    @staticmethod
    def _address(call: Any, column: int, row: int) -> int:
        entry = call.columns[column]
        return int(entry.data) + row * int(entry.stride)

    def _load(self, state: objects.State) -> None:
        values: dict[type, dict[str, Any]] = {c: {} for c in self.behavior.components}
        for k, use in enumerate(self.columns):
            where = use.field.full_name
            if use.field.is_open:
                found = _core.open_values.of_rows(ctypes.addressof(state.call), k, state.row, state.row + 1)
                value = memory.read_open(use.field.type, found[0], where, writable=use.writes)
            else:
                address = self._address(state.call, k, state.row)
                value = memory.read(use.field.type, address, where, plain=state.plain, writable=use.writes)
            values[use.component][use.field.name] = value
            if self.has_here and use.field.name == "position":
                state.place = tuple(value)
        state.own = {c: objects.Own(c, v) for c, v in values.items()}

    def _argument(self, state: objects.State, argument: Argument) -> Any:
        used, index = self.behavior.used, argument.index
        match argument.what:
            case "own":
                return state.own[argument.components[0]]
            case "neighbors":
                return objects.Neighbors(state, index, used.reaches[index])
            case "parameters":
                return parameters_of(
                    state.call, self.parameters, argument.components[0], plain=not self.translated
                )
            case "rng":
                return state.stream()
            case "clock":
                return objects.Clock(state)
            case "entity":
                return objects.Entity(state)
            case "space":
                return objects.Space(state)
            case "spawn":
                return objects.Spawn(state, index, "spawn", used.spawns[index])
            case "attach":
                return objects.Attach(state, index, "attach", used.attaches[index])
            case "detach":
                return objects.Detach(state, index)
            case "send":
                return objects.Send(state, index, "send", used.sends[index])
            case "link":
                return objects.Link(state, index, "link", used.links[index])
            case "claim":
                use = used.claims[index]
                column = next(i for i, c in enumerate(self.columns) if c.field == use.result.field)
                return objects.Claim(state, index, use, column)
            case "deposit":
                return objects.Deposit(state, index)
            case "inbox":
                return objects.Inbox(state, index, used.inboxes[index])
            case "cells":
                return objects.Cells(state, index, used.cells[index].fields)
            case "here":
                cells = objects.Cells(state, index, used.cells[index].fields)
                return cells if self.translated else cells.here()
        raise AssertionError(argument.what)
