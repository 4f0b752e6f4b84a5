"""Plots as PNG files and notebook views as HTML."""

from __future__ import annotations

import base64
import io
import os
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from bigworlds.errors import UserError
from bigworlds.view import (
    Look,
    ParameterRow,
    frame_of,
    html_of_model,
    html_of_simulation,
    html_of_table,
    plot_records,
    plot_world,
)
from bigworlds.view import plot as plot_module
from bigworlds.view.frame import Frame, LegendEntry
from bigworlds.view.palette import KIND_COLORS

from .worlds import Bird, World, component, flock, rows

RECORDS = {
    "tick": np.arange(0, 100, 10),
    "sheep": np.linspace(60, 90, 10),
    "by_state": np.arange(30).reshape(10, 3),
    "energy_histogram": np.arange(200).reshape(10, 20),
    "name": np.array(["a"] * 10),
}


@pytest.fixture(params=[True, False], ids=["matplotlib", "pillow"])
def library(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways to draw."""
    if request.param and not plot_module.has_matplotlib():
        pytest.skip("needs matplotlib: pip install 'bigworlds[plot]'")
    monkeypatch.setattr(plot_module, "has_matplotlib", lambda: request.param)
    return "matplotlib" if request.param else "pillow"


def pixels_of(path: Path) -> NDArray[np.uint8]:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def share_of(pixels: NDArray[np.uint8], color: tuple[int, int, int]) -> float:
    return float((np.abs(pixels.astype(int) - color) <= 6).all(axis=2).mean())


def test_a_world_is_plotted_with_its_colours(tmp_path: Path, library: str) -> None:
    frame = frame_of(flock(200), [Look(Bird, color="tomato", size=8.0)], caption="flock")
    path = plot_world(frame, tmp_path / "flock.png")
    pixels = pixels_of(path)
    assert share_of(pixels, (255, 99, 71)) > 0.05
    assert os.listdir(tmp_path) == ["flock.png"]
    assert min(pixels.shape[:2]) > 700


@pytest.mark.parametrize("extent", [(30.0, 300.0), (300.0, 30.0), (100.0, 100.0)])
def test_titles_and_legends_stay_inside_the_picture(extent: tuple[float, float]) -> None:
    if not plot_module.has_matplotlib():
        pytest.skip("needs matplotlib: pip install 'bigworlds[plot]'")
    legend = tuple(LegendEntry(f"a kind of agents {k}", (250, 20 * k, 30), 10**k) for k in range(9))
    statistics = {f"a statistic called {k}": 0.12345 for k in range(6)}
    frame = Frame(tick=10**6, extent=extent, caption="a_long_name", legend=legend, statistics=statistics)
    figure = plot_module._figure_of_world(frame)
    figure.draw_without_rendering()
    whole = figure.bbox
    texts = [figure._suptitle, *figure.legends[0].get_texts()]
    assert len(texts) == 1 + len(legend)
    for text in texts:
        box = text.get_window_extent()
        assert whole.x0 <= box.x0 < box.x1 <= whole.x1, text.get_text()
        assert whole.y0 <= box.y0 < box.y1 <= whole.y1, text.get_text()
    assert not figure._suptitle.get_window_extent().overlaps(figure.legends[0].get_window_extent())


def test_a_world_without_space_is_plotted_as_curves(tmp_path: Path, library: str) -> None:
    kind = component("Cell", age=float)
    frame = frame_of(World(tables={kind: rows(age=[1, 2])}))
    assert pixels_of(plot_world(frame, tmp_path / "counts.png")).std() > 1


def test_records_are_plotted_one_panel_a_quantity(tmp_path: Path, library: str) -> None:
    path = plot_records(RECORDS, tmp_path / "records.png")
    pixels = pixels_of(path)
    third = len(pixels) // 3
    assert share_of(pixels[: third + 20], KIND_COLORS[0]) > 0.0005
    for color in KIND_COLORS[:3]:
        assert share_of(pixels[third : 2 * third], color) > 0.0005
    one = plot_records({"tick": RECORDS["tick"], "sheep": RECORDS["sheep"]}, tmp_path / "one.png")
    assert pixels_of(one).shape[0] < pixels.shape[0] / 2


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({}, "have a column 'tick'; found nothing"),
        ({"sheep": np.arange(3)}, "found sheep"),
        ({"tick": np.arange(3)}, "no recorded quantity"),
        ({"tick": np.arange(0), "sheep": np.arange(0)}, "the records have no rows"),
        ({"tick": np.arange(3), "sheep": np.arange(4)}, "'sheep' has 4 rows, but there are 3 ticks"),
    ],
)
def test_what_cannot_be_plotted_is_said(
    tmp_path: Path, table: dict[str, NDArray[np.int64]], message: str
) -> None:
    with pytest.raises(UserError, match=message):
        plot_records(table, tmp_path / "a.png")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("name", "message"), [("a.jpg", r"ends in \.png"), ("none/a.png", "there is no folder")]
)
def test_where_nothing_can_be_written_is_said(tmp_path: Path, name: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        plot_world(frame_of(flock(3)), tmp_path / name)


def test_one_tick_and_missing_values_are_plotted(tmp_path: Path, library: str) -> None:
    table = {"tick": np.array([5]), "order": np.array([np.nan]), "bins": np.ones((1, 12))}
    assert plot_records(table, tmp_path / "a.png").exists()


def test_records_of_another_rhythm_are_lines_over_the_gaps(tmp_path: Path, library: str) -> None:
    every, seldom = np.arange(100.0), np.full(100, np.nan)
    seldom[::25] = [1.0, 2.0, 3.0, 4.0]
    bins = np.full((100, 12), np.nan)
    bins[::10] = 1.0
    table = {"tick": np.arange(100), "every": every, "seldom": seldom, "bins": bins}
    pixels = pixels_of(plot_records(table, tmp_path / "a.png"))
    third = len(pixels) // 3
    color = KIND_COLORS[1] if library == "matplotlib" else KIND_COLORS[0]
    middle = pixels[third : 2 * third, pixels.shape[1] // 3 : 2 * pixels.shape[1] // 3]
    assert share_of(middle, color) > 0.001


class Outline(HTMLParser):
    """Checks that tags are closed in order and gathers the text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.said: list[str] = []
        self.tags: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attributes: object) -> None:
        self.tags.append(tag)
        if tag != "img":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.said.append(data)


def test_a_model_is_shown_as_a_table_of_parameters() -> None:
    text = html_of_model(
        "boids",
        [ParameterRow("n", "int", "10000", "at least 1", "birds"), ParameterRow("mode", "str", "<b>")],
        summary="Birds & flocks",
        presets={"small": {"n": 200}},
    )
    outline = Outline(text)
    said = " ".join(outline.said)
    assert "Birds & flocks" in said
    assert "birds" in said
    assert "n=200" in said
    assert "<b>" in said
    assert outline.tags.count("tr") == 3


def test_a_simulation_is_shown_with_a_picture_of_its_world() -> None:
    world = flock(50)
    world.tick = 1234
    text = html_of_simulation(world, [Look(Bird, color="tomato")], caption="<flock>")
    outline = Outline(text)
    said = " ".join(outline.said)
    assert "1,234" in said
    assert "<flock>" in said
    assert "Bird" in said
    found = re.search(r'src="data:image/png;base64,([^"]+)"', text)
    assert found is not None
    with Image.open(io.BytesIO(base64.b64decode(found.group(1)))) as image:
        assert image.size == (320, 320)
        assert share_of(np.asarray(image), (255, 99, 71)) > 0.002
    assert len(text) < 60_000


def test_a_table_is_shown_by_its_first_rows() -> None:
    table = {
        "id": np.arange(25, dtype=np.uint64),
        "position": np.arange(50.0).reshape(25, 2),
        "name": np.array([b"<i>x"] * 25),
        "alive": np.array([True] * 25),
        "many": np.zeros((25, 9)),
    }
    outline = Outline(html_of_table("Bird", table))
    said = " ".join(outline.said)
    assert outline.tags.count("tr") == 11
    assert "25 rows" in said
    assert "15 more" in said
    assert "(18, 19)" in said
    assert "(20, 21)" not in said
    assert "<i>x" in said
    assert "True" in said


def test_an_empty_table_is_shown() -> None:
    assert "0 rows" in html_of_table("Bird", {"id": np.zeros(0)})
    assert "0 rows" in html_of_table("Tag", {})
