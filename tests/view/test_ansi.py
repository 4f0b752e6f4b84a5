"""Bytes for terminals: capabilities, nearest colours, and that only what changed is sent."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bigworlds.view.ansi import (
    COLOR_TOLERANCE,
    ENTER,
    Capability,
    ColorDepth,
    Encoder,
    detect_capability,
    plain_lines,
    reduce_colors,
)
from bigworlds.view.screen import OWN_COLOR, Screen, blank_screen

from .emulator import OWN, Emulator


class Tty(io.StringIO):
    """A stream that says it is a terminal."""

    def __init__(self, encoding: str = "utf-8", *, terminal: bool = True) -> None:
        super().__init__()
        self._encoding, self._terminal = encoding, terminal

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._encoding

    def isatty(self) -> bool:
        return self._terminal


@pytest.mark.parametrize(
    ("environment", "depth"),
    [
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, ColorDepth.TRUE),
        ({"TERM": "xterm-direct"}, ColorDepth.TRUE),
        ({"TERM": "screen-256color"}, ColorDepth.INDEXED),
        ({"TERM": "linux"}, ColorDepth.SIXTEEN),
        ({"TERM": "xterm"}, ColorDepth.SIXTEEN),
        ({"TERM": "vt100"}, ColorDepth.NONE),
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor", "NO_COLOR": "1"}, ColorDepth.NONE),
        ({"TERM": "xterm-256color", "NO_COLOR": ""}, ColorDepth.INDEXED),
    ],
)
def test_colours_follow_the_environment(environment: dict[str, str], depth: ColorDepth) -> None:
    assert detect_capability(Tty(), environment) == Capability(depth, unicode=True, moving=True)


@pytest.mark.parametrize(
    ("stream", "environment"),
    [(Tty(terminal=False), {"TERM": "xterm"}), (Tty(), {"TERM": "dumb"}), (Tty(), {})],
)
def test_nothing_moves_where_escapes_cannot_be_written(stream: Tty, environment: dict[str, str]) -> None:
    assert not detect_capability(stream, environment).moving


@pytest.mark.parametrize(
    ("encoding", "unicode"),
    [("UTF-8", True), ("utf8", True), ("latin-1", False), ("ascii", False), ("x", False)],
)
def test_characters_follow_the_encoding(encoding: str, unicode: bool) -> None:
    assert detect_capability(Tty(encoding), {"TERM": "xterm"}).unicode is unicode


def test_reduced_colours_are_the_nearest_ones() -> None:
    colors = np.array([0xFF0000, 0x00FF00, 0x5F87AF, 0x767676, 0xFFFFFF, 0x000000, OWN_COLOR], dtype=np.int32)
    assert reduce_colors(colors, ColorDepth.INDEXED).tolist() == [196, 46, 67, 243, 231, 16, OWN_COLOR]
    assert reduce_colors(colors, ColorDepth.SIXTEEN).tolist()[:2] == [9, 10]
    assert reduce_colors(colors, ColorDepth.SIXTEEN).tolist()[3:] == [8, 15, 0, OWN_COLOR]
    assert reduce_colors(colors, ColorDepth.NONE).tolist() == [OWN_COLOR] * 7
    assert reduce_colors(colors, ColorDepth.TRUE) is colors


def assert_shown(emulator: Emulator, screen: Screen) -> None:
    """The emulator shows the screen (the ink of spaces cannot be seen)."""
    for row, line in enumerate(emulator.places):
        for column, place in enumerate(line):
            assert ord(place.character) == screen.codes[row, column], (row, column)
            assert color_of(place.paper) == screen.paper[row, column], (row, column)
            if place.character != " ":
                assert color_of(place.ink) == screen.ink[row, column], (row, column)


def color_of(value: object) -> int:
    if value == OWN:
        return OWN_COLOR
    assert isinstance(value, tuple)
    red, green, blue = (int(part) for part in value)
    return (red << 16) | (green << 8) | blue


COLORS = [OWN_COLOR, 0x000000, 0x646464, 0xC80000, 0x00C864]
places = st.tuples(st.sampled_from(" x▀⣿"), st.sampled_from(COLORS), st.sampled_from(COLORS))
screens = st.lists(st.lists(places, min_size=7, max_size=7), min_size=3, max_size=3)


def screen_of(lines: list[list[tuple[str, int, int]]]) -> Screen:
    screen = blank_screen(3, 7)
    for row, line in enumerate(lines):
        for column, (character, ink, paper) in enumerate(line):
            screen.codes[row, column] = ord(character)
            screen.ink[row, column], screen.paper[row, column] = ink, paper
    return screen


@settings(max_examples=150, deadline=None)
@given(st.lists(screens, min_size=1, max_size=4))
def test_after_any_row_of_screens_the_terminal_shows_the_last_one(
    lines: list[list[list[tuple[str, int, int]]]],
) -> None:
    emulator, encoder = Emulator(3, 7), Encoder(ColorDepth.TRUE)
    emulator.feed(ENTER.encode())
    for screen in map(screen_of, lines):
        emulator.feed(encoder.encode(screen))
        assert_shown(emulator, screen)
    assert emulator.modes == {1049}


def test_an_unchanged_screen_costs_nothing_and_a_moved_mark_little() -> None:
    encoder = Encoder(ColorDepth.TRUE)
    screen = blank_screen(50, 200)
    screen.write(20, 100, "→", 0xFF8000)
    encoder.encode(screen)
    assert encoder.encode(screen) == b""
    moved = blank_screen(50, 200)
    moved.write(20, 101, "→", 0xFF8000)
    data = encoder.encode(moved)
    assert data == "\x1b[?2026h\x1b[21;101H \x1b[38;2;255;128;0m→\x1b[0m\x1b[?2026l".encode()


def test_near_places_are_written_through_and_far_ones_jumped_to() -> None:
    encoder = Encoder(ColorDepth.NONE)
    encoder.encode(blank_screen(1, 40))
    screen = blank_screen(1, 40)
    for column in (2, 5, 30):
        screen.write(0, column, "x")
    assert encoder.encode(screen) == b"\x1b[?2026h\x1b[1;3Hx  x\x1b[24Cx\x1b[?2026l"


def test_colours_that_look_alike_are_not_sent_again_and_errors_do_not_add_up() -> None:
    encoder = Encoder(ColorDepth.TRUE)
    emulator = Emulator(1, 1)
    emulator.feed(ENTER.encode())
    sent = 0
    for level in range(200):
        screen = blank_screen(1, 1)
        screen.paper[0, 0] = level << 8
        data = encoder.encode(screen)
        sent += bool(data)
        emulator.feed(data)
        assert isinstance(emulator.places[0][0].paper, tuple)
        assert abs(emulator.places[0][0].paper[1] - level) <= COLOR_TOLERANCE
    assert sent == pytest.approx(200 / (COLOR_TOLERANCE + 1), abs=2)


def test_the_next_screen_after_forgetting_or_a_resize_is_whole() -> None:
    encoder = Encoder(ColorDepth.NONE)
    encoder.encode(blank_screen(2, 4))
    encoder.forget()
    assert b"\x1b[2J" in encoder.encode(blank_screen(2, 4))
    assert b"\x1b[2J" in encoder.encode(blank_screen(3, 4))
    assert encoder.encode(blank_screen(3, 4)) == b""


@pytest.mark.parametrize(
    ("depth", "codes"),
    [
        (ColorDepth.TRUE, b"\x1b[38;2;255;0;0;48;2;0;0;0mx"),
        (ColorDepth.INDEXED, b"\x1b[38;5;196;48;5;16mx"),
        (ColorDepth.SIXTEEN, b"\x1b[91;40mx"),
        (ColorDepth.NONE, b"Hx"),
    ],
)
def test_colours_are_written_as_the_terminal_knows_them(depth: ColorDepth, codes: bytes) -> None:
    screen = blank_screen(1, 1)
    screen.write(0, 0, "x", 0xFF0000)
    screen.paper[0, 0] = 0
    data = Encoder(depth).encode(screen)
    assert codes in data


def test_lines_for_the_prompt_do_not_move_and_end_in_the_own_colours() -> None:
    screen = blank_screen(2, 6)
    screen.write(0, 1, "ab", 0xFF0000)
    screen.paper[1, 5] = 0x00FF00
    data = Encoder(ColorDepth.TRUE).encode_lines(screen)
    assert data == b" \x1b[38;2;255;0;0mab\x1b[0m\n     \x1b[48;2;0;255;0m \x1b[0m\n"


def test_plain_lines_hold_only_what_the_encoding_has() -> None:
    screen = blank_screen(1, 4)
    screen.write(0, 0, "→é")
    assert plain_lines(screen, "latin-1") == "?é"
