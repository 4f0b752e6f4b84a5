"""Tierra's 32 instructions, one organism alone, plainly from their description: a reference for tests.

The soup is a list, the organism's block begins at 0, all behind it is free. Memory is given right behind the
organism where no child holds it; births are not followed: the reference ends there.
"""

from __future__ import annotations

from dataclasses import dataclass, field

STACK = 10
NAMES = [
    *("nop0", "nop1", "not0", "shl", "zero", "ifz", "subCAB", "subAAC", "incA", "incB", "decC", "incC"),
    *("pushA", "pushB", "pushC", "pushD", "popA", "popB", "popC", "popD", "jmpo", "jmpb", "call", "ret"),
    *("movDC", "movBA", "movii", "adro", "adrb", "adrf", "mal", "divide"),
]


def signed(number: int) -> int:
    """A number as 32 bits hold it."""
    return (number + (1 << 31)) % (1 << 32) - (1 << 31)


@dataclass
class Reference:
    """An organism and its soup."""

    soup: list[int]
    size: int
    limit: int
    registers: dict[str, int] = field(default_factory=lambda: dict.fromkeys("ABCD", 0))
    stack: list[int] = field(default_factory=lambda: [0] * STACK)
    top: int = 0
    ip: int = 0
    flags: str = ""
    errors: int = 0
    child: tuple[int, int] | None = None
    moved: list[int] = field(default_factory=list)
    divided: bool = False

    def cell(self, at: int) -> int:
        return self.soup[at % len(self.soup)]

    def template(self, at: int) -> int:
        length = 0
        while length < len(self.soup) and self.cell(at + length) < 2:
            length += 1
        return length

    def search(self, at: int, length: int, direction: str) -> int | None:
        """The address behind the nearest complement."""

        def is_complement(candidate: int) -> bool:
            return all(self.cell(candidate + j) + self.cell(at + j) == 1 for j in range(length))

        for k in range(self.limit + 1):
            for candidate, directions in ((at + length + 1 + k, "of"), (at - length - 1 - k, "ob")):
                if direction in directions and is_complement(candidate):
                    return (candidate + length) % len(self.soup)
        return None

    def error(self) -> None:
        self.errors += 1
        self.flags = "E"

    def result(self, register: str, number: int) -> None:
        value = self.registers[register] = signed(number)
        self.flags = "S" if value < 0 else "Z" if value == 0 else ""

    def push(self, number: int) -> None:
        self.top = (self.top + 1) % STACK
        self.stack[self.top] = number

    def pop(self) -> int:
        number = self.stack[self.top]
        self.top = (self.top - 1) % STACK
        return number

    def step(self) -> None:
        """Executes one instruction."""
        code = self.cell(self.ip)
        name = NAMES[code] if code < len(NAMES) else "unknown"
        here, self.ip = self.ip, (self.ip + 1) % len(self.soup)
        if name[:3] in ("jmp", "adr") or name == "call":
            self.address(name, here)
        elif name in ("nop0", "nop1"):
            self.flags = ""
        elif name[:3] in ("inc", "dec"):
            self.result(name[3], self.registers[name[3]] + (1 if name[:3] == "inc" else -1))
        elif name[:3] == "sub":
            to, left, right = name[3:]
            self.result(to, self.registers[left] - self.registers[right])
        elif name[:3] == "mov" and name != "movii":
            self.result(name[3], self.registers[name[4]])
        elif name[:4] == "push":
            self.push(self.registers[name[4]])
            self.flags = ""
        elif name[:3] == "pop":
            self.result(name[3], self.pop())
        else:
            getattr(self, f"do_{name}")()

    def address(self, name: str, here: int) -> None:
        at = here + 1
        length = self.template(at)
        behind = (at + length) % len(self.soup)
        direction = "o" if name == "call" else name[3]
        if length == 0 and name != "call":
            if name[:3] == "adr":
                self.error()
            else:
                self.flags = ""
                self.ip = self.registers["B"] % len(self.soup)
            return
        found = behind if length == 0 else self.search(at, length, direction)
        self.ip = behind
        if found is None:
            self.error()
            return
        self.flags = ""
        if name[:3] == "adr":
            self.registers["A"], self.registers["C"] = found, length
            return
        if name == "call":
            self.push(behind)
        self.ip = found

    def do_unknown(self) -> None:
        self.error()

    def do_not0(self) -> None:
        self.result("C", self.registers["C"] ^ 1)

    def do_shl(self) -> None:
        self.result("C", self.registers["C"] << 1)

    def do_zero(self) -> None:
        self.result("C", 0)

    def do_ifz(self) -> None:
        self.flags = ""
        if self.registers["C"] != 0:
            self.ip = (self.ip + 1) % len(self.soup)

    def do_ret(self) -> None:
        self.ip = self.pop() % len(self.soup)
        self.flags = "Z" if self.ip == 0 else ""

    def do_movii(self) -> None:
        to, source = (self.registers[name] % len(self.soup) for name in "AB")
        if to == source:
            self.error()
            return
        self.flags = ""
        self.soup[to] = self.soup[source]
        if self.child is not None and self.child[0] <= to < sum(self.child):
            self.moved.append(to)

    def do_mal(self) -> None:
        size = self.registers["C"]
        held = self.child[1] if self.child is not None else 0
        if size <= 0 or size == held or size > 3 * self.size:
            self.error()
            return
        self.child, self.moved = (self.size, size), []
        self.registers["A"] = self.size
        self.flags = ""

    def do_divide(self) -> None:
        size = self.child[1] if self.child is not None else 0
        written = max(self.moved) - min(self.moved) + 1 if self.moved else 0
        if size < 12 or len(self.moved) < int(size * 0.7) or written < 12:
            self.error()
            return
        self.divided = True
