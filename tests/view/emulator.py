"""A terminal emulator that knows exactly what the view may send; anything else is an error."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, field

OWN = "own"
_BEGUN = re.compile(r"\x1b\[?\??[0-9;]*(?=\x1b)")
_SEQUENCE = re.compile(r"\x1b\[(\??)([0-9;]*)([A-Za-z])")


@dataclass
class Place:
    """A character and its colours: "own", a number below 256, or (red, green, blue)."""

    character: str = " "
    ink: object = OWN
    paper: object = OWN


@dataclass
class Emulator:
    """What a terminal shows after the bytes that were fed to it."""

    rows: int
    columns: int
    places: list[list[Place]] = field(default_factory=list)
    modes: set[int] = field(default_factory=lambda: {7, 25})
    plain: str = ""
    moves: int = 0

    def __post_init__(self) -> None:
        self._row = self._column = 0
        self._ink: object = OWN
        self._paper: object = OWN
        self._rest = ""
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.clear()

    def clear(self) -> None:
        self.places = [[Place() for _ in range(self.columns)] for _ in range(self.rows)]

    def resize(self, rows: int, columns: int) -> None:
        self.rows, self.columns = rows, columns
        self.clear()

    def lines(self) -> list[str]:
        return ["".join(place.character for place in line).rstrip() for line in self.places]

    def feed(self, data: bytes) -> None:
        text = self._rest + self._decoder.decode(data)
        self._rest = ""
        at = 0
        while at < len(text):
            if text[at] != "\x1b":
                self._put(text[at])
                at += 1
                continue
            match = _SEQUENCE.match(text, at)
            begun = _BEGUN.match(text, at)
            if match is None and begun is not None:
                # A new sequence ends one that was cut off, as in real terminals.
                at = begun.end()
                continue
            if match is None:
                assert len(text) - at < 24, f"no known sequence: {text[at : at + 24]!r}"
                self._rest = text[at:]
                return
            self._obey(match.group(1), match.group(2), match.group(3))
            at = match.end()

    def _put(self, character: str) -> None:
        if 1049 not in self.modes:
            self.plain += character
            return
        assert character >= " ", f"control character {character!r}"
        assert 0 <= self._row < self.rows, f"row {self._row} of {self.rows}"
        assert 0 <= self._column < self.columns, f"column {self._column} of {self.columns}"
        self.places[self._row][self._column] = Place(character, self._ink, self._paper)
        self._column += 1

    def _obey(self, private: str, text: str, letter: str) -> None:
        numbers = [int(part) if part else 0 for part in text.split(";")]
        if private:
            assert letter in "hl", letter
            (self.modes.add if letter == "h" else self.modes.discard)(numbers[0])
        elif letter == "H":
            self._row, self._column = numbers[0] - 1, numbers[1] - 1
            self.moves += 1
        elif letter == "C":
            self._column += max(1, numbers[0])
            self.moves += 1
        elif letter == "J":
            assert numbers == [2]
            self.clear()
        elif letter == "m":
            self._color(numbers)
        else:
            raise AssertionError(f"unknown sequence ESC[{text}{letter}")

    def _color(self, numbers: list[int]) -> None:
        rest = list(numbers)
        while rest:
            code = rest.pop(0)
            if code == 0:
                self._ink = self._paper = OWN
                continue
            if code in (1, 2, 22):  # weight, which Python's own tracebacks have from 3.13 on
                continue
            base, offset = (
                (code // 10 * 10, code % 10) if code < 90 else (code // 10 * 10 - 60, code % 10 + 8)
            )
            assert base in (30, 40), f"unknown colour {code}"
            value: object = offset
            if offset == 9 and code < 90:
                value = OWN
            elif offset == 8 and code < 90:
                kind = rest.pop(0)
                value = rest.pop(0) if kind == 5 else (rest.pop(0), rest.pop(0), rest.pop(0))
            if base == 30:
                self._ink = value
            else:
                self._paper = value
