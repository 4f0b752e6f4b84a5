"""Pixels: where agents and cells come to lie, in which order and colour."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from bigworlds.data import ivec2
from bigworlds.space import HexGrid
from bigworlds.view.camera import frame_of
from bigworlds.view.frame import CellLayer, Curve, Frame, LegendEntry, PointLayer, format_number
from bigworlds.view.look import Look, Symbol
from bigworlds.view.palette import BACKGROUND
from bigworlds.view.picture import (
    CAPTION_HEIGHT,
    LINE_HEIGHT,
    compose,
    draw_curves,
    encode_png,
    picture_size,
    round_marks,
)
from bigworlds.view.raster import fit_size, mark_of, paint, rasterise, resampled

from .worlds import Bird, World, cell_component, component, flock

RED, BLUE = (255, 0, 0), (0, 0, 255)


def points(x: list[float], y: list[float], rgb: object = RED, **options: object) -> PointLayer:
    colors = np.broadcast_to(np.array(rgb, dtype=np.uint8), (len(x), 3))
    return PointLayer("P", np.array(x, dtype=float), np.array(y, dtype=float), colors, **options)  # type: ignore[arg-type]


def test_y_points_upwards() -> None:
    frame = Frame(tick=0, extent=(10.0, 10.0), points=(points([1.0], [9.0], diameter=1.0),))
    pixels = rasterise(frame, 100, 100)
    rows, columns = np.nonzero((pixels == RED).all(axis=2))
    assert rows.mean() == pytest.approx(9.5, abs=0.6)
    assert columns.mean() == pytest.approx(9.5, abs=0.6)
    assert 60 <= len(rows) <= 90  # A disc of ten pixels has 78.5.


def test_a_square_agent_fills_exactly_its_cell() -> None:
    layer = points([2.5], [0.5], cellular=True)
    pixels = rasterise(Frame(tick=0, extent=(4.0, 3.0), grid=(4, 3), points=(layer,)), 28, 21)
    rows, columns = np.nonzero((pixels == RED).all(axis=2))
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (14, 20, 14, 20)
    assert len(rows) == 49


def test_over_cells_an_agent_leaves_the_corners_free() -> None:
    ground = CellLayer("Ground", np.full((3, 4, 3), 200, dtype=np.uint8))
    frame = Frame(
        tick=0, extent=(4.0, 3.0), grid=(4, 3), cells=(ground,), points=(points([2.5], [0.5], cellular=True),)
    )
    pixels = rasterise(frame, 40, 30)
    assert pixels[20, 20].tolist() == [200, 200, 200]
    assert pixels[25, 25].tolist() == list(RED)


def test_cells_lie_with_row_0_at_the_bottom() -> None:
    rgb = np.zeros((2, 3, 3), dtype=np.uint8)
    rgb[0, 2] = RED
    pixels = rasterise(Frame(tick=0, extent=(3.0, 2.0), cells=(CellLayer("C", rgb),)), 6, 4)
    rows, columns = np.nonzero((pixels == RED).all(axis=2))
    assert set(rows) == {2, 3}
    assert set(columns) == {4, 5}


def test_a_layer_shines_through_by_its_opacity() -> None:
    lower = CellLayer("A", np.full((1, 2, 3), 100, dtype=np.uint8))
    upper = CellLayer("B", np.full((1, 2, 3), 200, dtype=np.uint8), np.array([[0.0, 0.5]]))
    pixels = rasterise(Frame(tick=0, extent=(2.0, 1.0), cells=(lower, upper)), 2, 1)
    assert pixels[0, :, 0].tolist() == [100, 150]


def test_of_two_agents_on_one_pixel_the_later_one_is_seen_however_many_there_are() -> None:
    count = 300_000
    colors = np.zeros((count, 3), dtype=np.uint8)
    colors[-1] = RED
    layer = PointLayer("P", np.full(count, 5.0), np.full(count, 5.0), colors, diameter=4.0)
    pixels = rasterise(Frame(tick=0, extent=(10.0, 10.0), points=(layer,)), 20, 20)
    assert {tuple(color) for color in pixels.reshape(-1, 3).tolist()} == {BACKGROUND, RED}


def test_later_layers_lie_over_earlier_ones() -> None:
    layers = (points([5.0], [5.0], RED, diameter=3.0), points([5.0], [5.0], BLUE, diameter=3.0))
    pixels = rasterise(Frame(tick=0, extent=(10.0, 10.0), points=layers), 10, 10)
    assert not (pixels == RED).all(axis=2).any()
    assert (pixels == BLUE).all(axis=2).any()


@pytest.mark.parametrize("angle", np.arange(8) * np.pi / 4)
def test_an_arrow_is_longest_where_it_points(angle: float) -> None:
    layer = points([50.0], [50.0], heading=np.array([angle]), symbol=Symbol.ARROW, diameter=40.0)
    covered = paint(Frame(tick=0, extent=(100.0, 100.0), points=(layer,)), 200, 200).covered
    rows, columns = np.nonzero(covered)
    right, up = columns + 0.5 - 100, 100 - rows - 0.5
    along = right * np.cos(angle) + up * np.sin(angle)
    aside = -right * np.sin(angle) + up * np.cos(angle)
    assert along.max() == pytest.approx(40, abs=3)
    assert aside.mean() == pytest.approx(0, abs=0.5)
    front, back = along > along.max() - 10, along < along.min() + 10
    assert np.abs(aside[front]).max() < np.abs(aside[back]).max() / 2


def test_sizes_by_a_field_scale_the_area() -> None:
    layer = points([25.0, 75.0], [50.0, 50.0], diameter=10.0, scale=np.array([0.5, 2.0]))
    covered = paint(Frame(tick=0, extent=(100.0, 100.0), points=(layer,)), 200, 200).covered
    small, large = covered[:, :100].sum(), covered[:, 100:].sum()
    assert small == pytest.approx(np.pi * 25, rel=0.1)
    assert large / small == pytest.approx(16, rel=0.1)


def test_agents_at_the_edge_are_cut_and_those_outside_left_out() -> None:
    layer = points([0.0, 10.0, -3.0, np.nan], [0.0, 10.0, 5.0, 5.0], diameter=2.0)
    covered = paint(Frame(tick=0, extent=(10.0, 10.0), points=(layer,)), 50, 50).covered
    assert covered[0, -1]
    assert covered[-1, 0]
    assert not covered[10:40].any()
    assert covered.sum() == pytest.approx(2 * np.pi * 25 / 4, rel=0.3)


def test_crowds_are_drawn_small_and_few_agents_large() -> None:
    few, many = flock(20), flock(20_000)
    (one,) = frame_of(few).points
    (other,) = frame_of(many).points
    symbol, diameter = mark_of(one, frame_of(few), 600, 600)
    assert (symbol, round(diameter)) == (Symbol.ARROW, 22)
    assert mark_of(other, frame_of(many), 600, 600)[0] is Symbol.DOT


def test_pictures_are_smoothed_by_means() -> None:
    layer = points([5.0], [5.0], diameter=5.0)
    frame = Frame(tick=0, extent=(10.0, 10.0), points=(layer,))
    smooth = rasterise(frame, 10, 10, smooth=4)
    large = rasterise(frame, 40, 40)
    means = large.reshape(10, 4, 10, 4, 3).mean(axis=(1, 3))
    assert np.abs(smooth - means).max() <= 0.5


def test_resampling_keeps_the_mean_and_the_places() -> None:
    image = np.random.default_rng(3).random((37, 53, 2))
    for height, width in ((10, 53), (37, 7), (11, 13)):
        assert resampled(image, height, width).mean(axis=(0, 1)) == pytest.approx(image.mean(axis=(0, 1)))
    assert np.array_equal(resampled(image, 74, 106)[::2, ::2], image)
    assert np.array_equal(resampled(np.array([[0.0], [1.0], [2.0]]), 6, 1)[:, 0], [0, 0, 1, 1, 2, 2])
    assert resampled(np.array([[0.0], [1.0], [2.0]]), 2, 1)[:, 0] == pytest.approx([1 / 3, 5 / 3])


@pytest.mark.parametrize(
    ("extent", "grid", "box", "size"),
    [
        ((100.0, 100.0), None, (80, 60), (60, 60)),
        ((300.0, 100.0), None, (80, 60), (80, 27)),
        ((40.0, 40.0), (40, 40), (119, 119), (80, 80)),
        ((400.0, 400.0), (400, 400), (119, 100), (100, 100)),
        ((1000.0, 1.0), None, (80, 60), (80, 1)),
        (None, None, (80, 60), (80, 60)),
    ],
)
def test_a_picture_keeps_the_proportions(
    extent: tuple[float, float] | None,
    grid: tuple[int, int] | None,
    box: tuple[int, int],
    size: tuple[int, int],
) -> None:
    assert fit_size(Frame(tick=0, extent=extent, grid=grid), *box) == size


def test_a_picture_has_a_caption_and_even_sides() -> None:
    frame = frame_of(flock(100), [Look(Bird, color="velocity angle")], caption="boids")
    size = picture_size(frame, 301)
    assert size == (302, 328)
    pixels = compose(frame, size)
    assert pixels.shape == (328, 302, 3)
    strip = pixels[-CAPTION_HEIGHT:]
    assert (strip > 150).any()
    assert np.array_equal(pixels, compose(frame, size))


def test_a_title_that_does_not_fit_goes_on_in_the_next_line() -> None:
    frame = Frame(tick=5, extent=(1.0, 1.0), caption="boids", statistics={"order": 0.5, "mean distance": 1.0})
    wide, narrow = picture_size(frame, 640), picture_size(frame, 120)
    assert wide == (640, 640 + CAPTION_HEIGHT)
    assert narrow[1] >= 120 + CAPTION_HEIGHT + LINE_HEIGHT
    pixels = compose(frame, narrow)
    below = pixels[120:]
    lines = [below[CAPTION_HEIGHT + k * LINE_HEIGHT :][:LINE_HEIGHT] for k in range(2)]
    assert all((line > 150).any() for line in lines)
    # Nothing touches the right edge: no text is cut off there.
    assert not (below[:, -4:] > 150).any()


def test_a_narrow_picture_keeps_all_of_its_legend() -> None:
    colors = [(250, 10 + 40 * k, 30) for k in range(6)]
    legend = [LegendEntry(f"kind {k}", color, 100 * k) for k, color in enumerate(colors)]
    frame = Frame(tick=5, extent=(1.0, 1.0), caption="zoo", legend=tuple(legend))
    for longest in (100, 200, 640):
        width, height = picture_size(frame, longest)
        pixels = compose(frame, (width, height)).reshape(-1, 3)
        for color in colors:
            assert (pixels == color).all(axis=1).any(), (longest, color)


def test_a_movie_s_pictures_keep_their_size_while_numbers_grow() -> None:
    def frame(tick: int) -> Frame:
        legend = [LegendEntry("sheep", (250, 10, 30), tick), LegendEntry("wolves", (20, 10, 200), 5 * tick)]
        return Frame(tick=tick, extent=(1.0, 1.0), caption="wolf_sheep", legend=tuple(legend))

    assert {picture_size(frame(10**k), 240) for k in range(9)} == {picture_size(frame(1), 240)}


def test_a_png_holds_the_pixels() -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (9, 7, 3), dtype=np.uint8)
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(encode_png(pixels)))), pixels)


def test_a_chart_draws_each_curve_in_its_colour_and_leaves_out_missing_values() -> None:
    ticks = np.arange(100.0)
    falling = Curve("falling", ticks, 100 - ticks, RED)
    missing = Curve("missing", ticks, np.full(100, np.nan), BLUE)
    pixels = draw_curves([falling, missing], 400, 200)
    # Between the legend on top and the axis below.
    rows, columns = np.nonzero((pixels[30:] == RED).all(axis=2))
    assert columns.min() == pytest.approx(62, abs=3)
    assert columns.max() == pytest.approx(385, abs=3)
    assert np.corrcoef(rows, columns)[0, 1] > 0.99
    assert not (pixels[30:] == BLUE).all(axis=2).any()


@pytest.mark.parametrize("curves", [[], [Curve("one", np.array([3.0]), np.array([2.0]), RED)]])
def test_charts_of_little_are_drawn(curves: list[Curve]) -> None:
    assert draw_curves(curves, 200, 100).shape == (100, 200, 3)


def test_round_marks_enclose_any_interval() -> None:
    for low, high in ((0.0, 1.0), (-3.7, 912.0), (0.0, 1e-9), (1e9, 1e9 + 5), (5.0, 5.0)):
        marks = round_marks(low, high)
        assert marks[0] <= low
        assert marks[-1] >= high
        assert 2 <= len(marks) <= 9


def test_numbers_are_short() -> None:
    assert [format_number(value) for value in (1e300, -1234567.8, -0.0, 123456.5)] == [
        "1e+300",
        "-1,234,568",
        "-0",
        "123,456",
    ]


def test_hexagons_are_drawn_as_bricks_with_odd_lines_half_a_cell_to_the_right() -> None:
    bee, comb = component("Bee", position=ivec2), cell_component("Comb", full=bool)
    full = np.array([[True, False, False], [False, False, True]])
    bees = {"id": np.array([1, 2]), "position": np.array([[1, 0], [0, 1]])}
    world = World(HexGrid((3, 2)), {bee: bees}, {comb: {"full": full}})
    looks = [Look(comb, color="full", colormap=(BLUE, RED)), Look(bee, symbol=Symbol.NONE)]
    frame = frame_of(world, looks)
    assert frame.extent == (3.5, 2.0)
    assert frame.grid == (7, 4)
    assert fit_size(frame, 35, 100) == (35, 20)
    pixels = paint(frame, 7, 4)
    upper = [BACKGROUND, BLUE, BLUE, BLUE, BLUE, RED, RED]
    lower = [RED, RED, BLUE, BLUE, BLUE, BLUE, BACKGROUND]
    assert pixels.rgb.tolist() == [[list(color) for color in line] for line in (upper, upper, lower, lower)]
    points = frame_of(world).points[0]
    assert list(zip(points.x, points.y, strict=True)) == [(1.5, 0.5), (1.0, 1.5)]
    alone = frame_of(World(HexGrid((3, 2)), {bee: bees}))
    painted = paint(alone, 7, 4).covered
    assert (
        painted.tolist()
        == [[False, True, True, *[False] * 4]] * 2 + [[False, False, True, True, *[False] * 3]] * 2
    )
