"""Screens of characters: glyphs, colours and proportions for every kind of terminal."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bigworlds.data import ivec2
from bigworlds.view.camera import Camera, frame_of
from bigworlds.view.curves import draw_curves_as_text
from bigworlds.view.frame import CellLayer, Curve, Frame, LegendEntry, PointLayer
from bigworlds.view.glyphs import TextStyle, draw_world, letters_of_legend
from bigworlds.view.layout import Status, lay_out
from bigworlds.view.look import Look
from bigworlds.view.screen import OWN_COLOR, Screen, blank_screen, braille_codes, packed, printable

from .worlds import Bird, Box, World, cell_component, component, flock, rows

RED, BLUE = (255, 0, 0), (0, 0, 255)
FULL = TextStyle()
ASCII = TextStyle(unicode=False, color=True)
MONO = TextStyle(unicode=True, color=False)
PLAIN = TextStyle(unicode=False, color=False)


def layer(places: list[tuple[float, float]], rgb: object = RED, **options: object) -> PointLayer:
    x, y = np.array(places, dtype=float).reshape(-1, 2).T
    colors = np.broadcast_to(np.array(rgb, dtype=np.uint8), (len(x), 3))
    return PointLayer("P", x, y, colors, **options)  # type: ignore[arg-type]


def find(screen: Screen, character: str) -> list[tuple[int, int]]:
    return [(int(row), int(column)) for row, column in np.argwhere(screen.codes == ord(character))]


@pytest.mark.parametrize(
    ("angle", "arrow", "ascii_arrow"),
    [
        (0, "→", ">"),
        (45, "↗", "/"),
        (90, "↑", "^"),
        (170, "←", "<"),
        (-90, "↓", "v"),
        (-46, "↘", "\\"),
        (359, "→", ">"),
    ],
)
def test_few_agents_are_arrows_where_they_point(angle: float, arrow: str, ascii_arrow: str) -> None:
    heading = np.array([np.radians(angle)])
    frame = Frame(tick=0, extent=(100.0, 100.0), points=(layer([(50.0, 99.0)], heading=heading),))
    screen = draw_world(frame, 22, 80, FULL)
    ((row, column),) = find(screen, arrow)
    assert row == 1
    assert column == pytest.approx(40, abs=1)
    assert screen.ink[row, column] == 0xFF0000
    assert screen.paper[row, column] == OWN_COLOR
    assert chr(draw_world(frame, 22, 80, ASCII).codes[row, column]) == ascii_arrow


def test_a_square_world_is_twice_as_many_columns_as_rows() -> None:
    screen = draw_world(Frame(tick=0, extent=(100.0, 100.0)), 22, 80, FULL)
    assert find(screen, "╭") == [(0, 19)]
    assert find(screen, "╯") == [(21, 60)]


def test_two_cells_share_a_character_as_half_blocks() -> None:
    rgb = np.array([[RED, RED, BLUE], [RED, BLUE, BLUE]], dtype=np.uint8)
    frame = Frame(tick=0, extent=(3.0, 2.0), grid=(3, 2), cells=(CellLayer("C", rgb),))
    screen = draw_world(frame, 1, 3, FULL)
    assert screen.text() == " ▀"
    assert screen.paper.tolist() == [[0xFF0000, 0xFF0000, 0x0000FF]]
    assert screen.ink[0, 1] == 0x0000FF


def test_an_odd_number_of_pixel_rows_leaves_the_last_half_free() -> None:
    rgb = np.array([[RED], [BLUE], [RED]], dtype=np.uint8)
    screen = draw_world(
        Frame(tick=0, extent=(1.0, 3.0), grid=(1, 3), cells=(CellLayer("C", rgb),)), 2, 1, FULL
    )
    assert screen.text() == "▀\n▀"
    assert screen.ink.tolist() == [[0xFF0000], [0xFF0000]]
    assert screen.paper.tolist() == [[0x0000FF], [OWN_COLOR]]


def test_agents_of_a_grid_are_painted_where_a_cell_has_a_pixel() -> None:
    frame = Frame(
        tick=0, extent=(8.0, 8.0), grid=(8, 8), points=(layer([(0.5, 0.5), (7.5, 7.5)], cellular=True),)
    )
    screen = draw_world(frame, 6, 12, FULL)
    assert find(screen, "▀") == [(1, 9)]
    assert find(screen, "▄") == [(4, 2)]


def test_crowds_are_braille_dots_in_their_mean_colour() -> None:
    rng = np.random.default_rng(2)
    many = layer([tuple(place) for place in rng.uniform(0, 100, (3000, 2))])
    screen = draw_world(Frame(tick=0, extent=(100.0, 100.0), points=(many,)), 22, 80, FULL)
    braille = (screen.codes > 0x2800) & (screen.codes <= 0x28FF)
    assert braille[1:-1, 20:60].mean() > 0.9
    assert set(screen.ink[braille].tolist()) == {0xFF0000}


def test_a_full_grid_of_small_cells_has_no_gaps() -> None:
    everywhere = [(x + 0.5, y + 0.5) for x in range(60) for y in range(60)]
    full = layer(everywhere, cellular=True)
    screen = draw_world(Frame(tick=0, extent=(60.0, 60.0), grid=(60, 60), points=(full,)), 24, 80, FULL)
    assert (screen.codes == 0x28FF).sum() == 30 * 15
    assert ((screen.codes > 0x2800) & (screen.codes < 0x28FF)).sum() == 0


def test_crowds_of_two_kinds_are_never_in_a_colour_between() -> None:
    rng = np.random.default_rng(2)
    mixed = layer([tuple(place) for place in rng.uniform(0, 100, (3000, 2))])
    colors = np.where(rng.random((3000, 1)) < 0.5, RED, BLUE).astype(np.uint8)
    frame = Frame(tick=0, extent=(100.0, 100.0), points=(replace(mixed, rgb=colors),))
    screen = draw_world(frame, 22, 80, FULL)
    braille = (screen.codes > 0x2800) & (screen.codes <= 0x28FF)
    assert set(screen.ink[braille].tolist()) == {0xFF0000, 0x0000FF}


def test_in_the_fullest_crowds_dots_are_where_it_is_dense() -> None:
    rng = np.random.default_rng(2)
    places = np.concatenate([rng.uniform(0, 100, (100_000, 2)), rng.normal(25, 5, (100_000, 2))])
    screen = draw_world(Frame(tick=0, extent=(100.0, 100.0), points=(layer(places.tolist()),)), 22, 80, FULL)
    full = screen.codes == 0x28FF
    assert 3 < full.sum() < 60
    middle_row, middle_column = np.argwhere(full).mean(axis=0)
    assert middle_row == pytest.approx(15.5, abs=1)
    assert middle_column == pytest.approx(30, abs=2)


def test_a_mark_over_half_blocks_has_their_mean_behind_it() -> None:
    rgb = np.array([[RED] * 5, [BLUE] * 5], dtype=np.uint8)
    ant = layer([(2.5, 1.0)], (255, 255, 255), heading=np.array([0.0]))
    frame = Frame(tick=0, extent=(5.0, 2.0), cells=(CellLayer("C", rgb),), points=(ant,))
    screen = draw_world(frame, 1, 5, FULL)
    assert screen.text() == "▀▀→▀▀"
    assert screen.paper.tolist() == [[0xFF0000, 0xFF0000, 0x7F007F, 0xFF0000, 0xFF0000]]
    assert screen.ink[0, 2] == 0xFFFFFF


@pytest.mark.parametrize("style", [ASCII, PLAIN])
@pytest.mark.parametrize("count", [20, 5000])
def test_ascii_is_ascii(style: TextStyle, count: int) -> None:
    world = flock(count)
    smell = cell_component("Smell", level=float)
    world.lattice[smell] = {"level": np.random.default_rng(0).random((10, 10))}
    frame = Camera([Look(Bird, color="velocity angle")], caption="boids").frame(world)
    screen = lay_out(frame, Status(10.0, "paused", keys=True), 24, 80, style)
    assert screen.text().isascii()
    assert (screen.ink != OWN_COLOR).any() == style.color


def test_without_colours_kinds_are_letters_and_the_legend_says_which() -> None:
    sheep, wolf = component("Sheep", position=ivec2), component("Wolf", position=ivec2)
    world = World(
        space=Box((5, 5)),
        tables={
            sheep: rows(position=np.array([[0, 0], [1, 0]], dtype=np.int32)),
            wolf: rows(position=np.array([[4, 4]], dtype=np.int32)),
        },
    )
    screen = lay_out(frame_of(world, caption="meadow"), Status(), 12, 40, MONO)
    text = screen.text().splitlines()
    assert text[-1] == "S Sheep 2  W Wolf 1"
    assert sum(line.count("S") for line in text[1:-1]) == 2
    assert sum(line.count("W") for line in text[1:-1]) == 1
    assert (screen.ink == OWN_COLOR).all()
    assert (screen.paper == OWN_COLOR).all()


def test_cells_without_colours_are_shades() -> None:
    rgb = np.repeat(np.linspace(0, 255, 5).astype(np.uint8), 3).reshape(1, 5, 3)
    frame = Frame(tick=0, extent=(5.0, 1.0), cells=(CellLayer("C", rgb),))
    assert draw_world(frame, 1, 5, MONO).text() == " ░▒▓█"
    shades = draw_world(frame, 1, 5, PLAIN).text()
    assert shades[0] == " "
    assert shades[-1] == "@"
    assert len(set(shades)) == 5


def test_letters_are_different_also_where_names_are_alike() -> None:
    entries = [LegendEntry("Sheep", (0, 0, place)) for place in range(8)]
    letters = list(letters_of_legend(entries).values())
    assert letters[0] == "S"
    assert len(set(letters)) == 8


def test_the_first_line_has_the_figures_and_the_last_one_legend_and_keys() -> None:
    frame = frame_of(flock(300), [Look(Bird, color="velocity angle")], caption="boids")
    screen = lay_out(frame, Status(1234.4, "paused", keys=True), 24, 90, FULL)
    lines = screen.text().splitlines()
    assert lines[0].startswith("boids  tick 0  ticks/s 1,230  agents 300  order 0.")
    assert lines[0].endswith(" paused")
    assert "velocity angle -3.14 to 3.14" in lines[-1]
    assert lines[-1].endswith("q stop  space pause  . step  + - speed")


def test_a_legend_that_does_not_fit_is_cut_between_entries() -> None:
    entries = tuple(LegendEntry(f"kind {place}", (0, 0, place), 1000) for place in range(20))
    frame = Frame(tick=0, extent=(1.0, 1.0), legend=entries)
    last = lay_out(frame, Status(keys=True), 24, 80, FULL).text().splitlines()[-1]
    assert 1 <= last.count("kind") == last.count("1,000") < 20
    assert "q stop" in last


@pytest.mark.parametrize("shape", [(1, 1), (2, 5), (4, 8), (5, 200), (100, 9), (0, 0)])
@pytest.mark.parametrize("style", [FULL, ASCII, MONO, PLAIN])
def test_screens_of_any_size_are_filled(shape: tuple[int, int], style: TextStyle) -> None:
    for world in (flock(10), flock(500), World(tables={Bird: rows(position=np.zeros((3, 2)))})):
        screen = lay_out(frame_of(world, [Look(Bird, size=30.0)]), Status(5.0, "paused", True), *shape, style)
        assert screen.shape == (max(1, shape[0]), max(1, shape[1]))


def test_names_cannot_move_the_cursor() -> None:
    screen = blank_screen(1, 30)
    screen.write(0, 0, "a\x1b[2J\n\u0301狼\u200bß")
    assert screen.text() == "a?[2J????ß"
    assert printable("häuser ↗ ok") == "häuser ↗ ok"


def test_text_is_cut_at_the_edge_and_below_the_last_line() -> None:
    screen = blank_screen(1, 5)
    assert screen.write(0, 3, "hello") == 5
    assert screen.write(3, 0, "hello") == 0
    assert screen.text() == "   he"


def test_braille_dots_are_numbered_as_unicode_does() -> None:
    for bit, (row, column) in enumerate([(0, 0), (1, 0), (2, 0), (0, 1), (1, 1), (2, 1), (3, 0), (3, 1)]):
        dots = np.zeros((4, 2), dtype=bool)
        dots[row, column] = True
        assert braille_codes(dots).tolist() == [[0x2800 + (1 << bit)]]


def test_curves_are_lines_between_round_numbers() -> None:
    ticks = np.arange(0.0, 101.0, 5.0)
    curves = [Curve("up", ticks, ticks, RED), Curve("flat", ticks, np.full(21, 50.0), BLUE)]
    screen = draw_curves_as_text(curves, 21, 60, FULL)
    lines = screen.text().splitlines()
    assert lines[0].split()[0] == "100"
    assert lines[-1].split() == ["tick", "0", "tick", "100"]
    red, blue = screen.ink == packed(np.array(RED)), screen.ink == packed(np.array(BLUE))
    assert set(np.argwhere(blue)[:, 0]) == {10}
    heights = [
        int(np.argwhere(red[:, column])[:, 0].min()) for column in range(12, 58) if red[:, column].any()
    ]
    assert heights == sorted(heights, reverse=True)
    assert heights[0] >= 18
    assert heights[-1] <= 1


def test_a_curve_has_no_gaps_where_it_jumps() -> None:
    curve = Curve("jump", np.array([0.0, 50.0, 50.0, 100.0]), np.array([0.0, 0.0, 10.0, 10.0]), RED)
    screen = draw_curves_as_text([curve], 11, 40, PLAIN)
    columns = screen.codes[:10, 9:] == ord("*")
    assert columns.any(axis=0).all()
    assert columns.sum(axis=0).max() == 10
