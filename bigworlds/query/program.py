"""Programs of the core's queries: registers, what goes into them, and the steps that compute them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bigworlds.data.fields import FieldType

REAL, WHOLE, NATURAL, TRUTH, TEXT = "real", "whole", "natural", "truth", "text"

_MAY_FAIL = ("floor_divide whole", "floor_divide natural", "remainder whole", "remainder natural")
NO_FIELD = (0, 0)


@dataclass(frozen=True)
class Value:
    """What an expression is: one register, or one per part of a vector; or a number that is known.

    Attributes:
        type: of each part.
        registers: by part.
        is_vector: whether it has parts.
        literal: the number, where it is known; it has no register yet.
        text: the numbers of a text field.
        field: the type of the field that it is, where it is one as it stands.
    """

    type: str
    registers: tuple[int, ...] = ()
    is_vector: bool = False
    literal: Any = None
    text: tuple[int, int] | None = None
    field: FieldType | None = None

    @property
    def parts(self) -> int:
        return len(self.registers) if self.is_vector else 1


class Program:
    """A program that is being written; what is asked for twice is computed once."""

    def __init__(self) -> None:
        self.registers: list[str] = []
        self._constants: dict[tuple[str, str], tuple[int, Any]] = {}
        self._loads: dict[tuple[Any, ...], int] = {}
        self._steps: dict[tuple[Any, ...], int] = {}
        self.may_fail = False
        self.result = 0

    def constant(self, value: Any, kind: str) -> int:
        """A register that holds a number in all rows."""
        value = {REAL: float, TRUTH: bool}.get(kind, int)(value)
        key = (kind, repr(value))
        if key not in self._constants:
            self._constants[key] = (self._new(kind), value)
        return self._constants[key][0]

    def load(
        self, what: str, kind: str, field: tuple[int, int] = NO_FIELD, element: int = 0, text: str = ""
    ) -> int:
        """A register with something of each row."""
        key = (what, field, element, text)
        if key not in self._loads:
            self._loads[key] = self._new(kind)
        return self._loads[key]

    def step(self, operation: str, kind: str, a: int, b: int | None = None, c: int | None = None) -> int:
        """A register that an operation computes of others."""
        key = (operation, a, a if b is None else b, a if c is None else c)
        if key not in self._steps:
            self._steps[key] = self._new(kind)
            self.may_fail = self.may_fail or operation in (*_MAY_FAIL, "natural to whole")
        return self._steps[key]

    def _new(self, kind: str) -> int:
        self.registers.append(kind)
        return len(self.registers) - 1

    def plain(self) -> dict[str, Any]:
        """The program as the core takes it."""
        return {
            "registers": self.registers,
            "constants": list(self._constants.values()),
            "loads": [
                (what, field, element, text, to) for (what, field, element, text), to in self._loads.items()
            ],
            "steps": [(name, to, a, b, c) for (name, a, b, c), to in self._steps.items()],
            "result": self.result,
        }
