"""What a simulation shows and keeps: records, pictures, snapshots, notebooks. Looking changes nothing."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

import bigworlds as bw
from bigworlds.record import Records, store
from bigworlds.view import Plot


class Settings(bw.Parameters):
    n: int = bw.param(20)
    every: int = bw.param(3, min=1)


class Drop(bw.Component):
    position: bw.vec2
    size: float = 1.0
    age: int = 0


class Dew(bw.CellComponent):
    depth: float = 0.25


@bw.behavior
def dry(drop: Drop, rng: bw.Rng, me: bw.Entity) -> None:
    drop.position += bw.vec2(rng.normal(), rng.normal())
    drop.size *= 0.5
    drop.age += 1
    if rng.bernoulli(0.02):
        me.despawn()


@bw.model(Settings)
def puddle(world: bw.World, p: Settings) -> None:
    world.space = bw.Continuous((40.0, 20.0), periodic=True, cells=(8, 4))
    world.spawn(Drop, n=p.n, position=bw.uniform())
    world.cells(Dew)
    world.behaviors(dry)
    world.record(
        bw.record.count(Drop),
        bw.record.sum("Drop.size", every=p.every),
        bw.record.mean("Dew.depth", every=4),
        bw.record.histogram("Drop.age", bins=4, range=(0, 8), every=5),
    )


@bw.model(Settings)
def silent(world: bw.World, p: Settings) -> None:
    world.spawn(Drop, n=p.n)
    world.behaviors(dry)


def pixels_of(plot: Plot) -> NDArray[np.uint8]:
    with Image.open(io.BytesIO(plot.png)) as image:
        return np.asarray(image.convert("RGB"))


def by_hand(ticks: int) -> dict[str, list[tuple[int, float]]]:
    """The same series, asked for between single ticks of a world that records nothing on the way."""
    sim = puddle.simulate(rng=3)
    found: dict[str, list[tuple[int, float]]] = {"count": [], "sum": [], "mean": []}
    for tick in range(ticks + 1):
        if tick:
            sim.step()
        found["count"].append((tick, sim.count(Drop)))
        if tick % 3 == 0:
            found["sum"].append((tick, sim.sum("Drop.size")))
        if tick % 4 == 0:
            found["mean"].append((tick, sim.mean("Dew.depth")))
    return found


def series(sim: bw.Simulation, name: str) -> list[tuple[int, float]]:
    rows = sim.records[name]
    return list(zip(rows["tick"].tolist(), rows["value"].tolist(), strict=True))


@pytest.mark.parametrize(("ranks", "chunk"), [(1, 13), (2, 5), (3, 1)])
def test_a_running_simulation_records_in_memory(ranks: int, chunk: int) -> None:
    sim = puddle.simulate(rng=3, ranks=ranks)
    assert series(sim, "count(Drop)") == [(0, 20)]
    while sim.tick < 13:
        sim.run(min(chunk, 13 - sim.tick))
    expected = by_hand(13)
    assert series(sim, "count(Drop)") == expected["count"]
    assert series(sim, "sum(Drop.size)") == expected["sum"]
    assert series(sim, "mean(Dew.depth)") == expected["mean"]
    assert sim.records["histogram(Drop.age)"]["tick"].tolist() == [0, 5, 10]
    assert sim.records.to_pandas().index.tolist() == list(range(14))
    assert sim.records.to_polars()["count(Drop)"].to_list() == [value for _, value in expected["count"]]


def test_recording_and_looking_change_nothing() -> None:
    plain = puddle.simulate(rng=3)
    plain.record_with(None)
    plain.run(12)
    watched = puddle.simulate(rng=3)
    for _ in range(6):
        watched.run(2)
        watched.plot()
        watched._repr_html_()
        watched.records.to_numpy()
    assert watched.digest() == plain.digest()


def test_records_are_taken_in_replays_and_until_a_condition(tmp_path: Path) -> None:
    sim = puddle.simulate(rng=3)
    sim.journal(tmp_path / "journal")
    sim.run_until(lambda s: s.tick >= 7)
    sim.close_journal()
    again = puddle.simulate(rng=3)
    again.replay(tmp_path / "journal")
    assert series(sim, "sum(Drop.size)") == series(again, "sum(Drop.size)") == by_hand(7)["sum"]


def test_the_memory_of_records_has_a_limit_with_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "MEMORY_LIMIT_BYTES", 1 << 10)
    sim = puddle.simulate(rng=3)
    with pytest.raises(bw.UserError, match=r"record_to\(path\)"):
        sim.run(1000)
    assert 10 < sim.tick < 1000


def test_records_go_to_a_file_that_is_read_while_the_run_goes_on(tmp_path: Path) -> None:
    sim = puddle.simulate(rng=3)
    sim.record_to(tmp_path / "records.h5")
    sim.run(6)
    assert series(sim, "sum(Drop.size)") == by_hand(6)["sum"]
    sim.snapshot(tmp_path / "six.h5")  # commits
    assert Records.open(tmp_path / "records.h5")["count(Drop)"]["tick"].tolist() == list(range(7))
    with pytest.raises(bw.UserError, match="before the first tick"):
        sim.record_to(tmp_path / "other.h5")
    late = puddle.simulate(rng=3)
    late.run(2)
    with pytest.raises(bw.UserError, match="before the first tick"):
        late.record_to(tmp_path / "late.h5")


def test_a_model_without_records_says_what_to_add() -> None:
    with pytest.raises(bw.UserError, match=r"silent records nothing; add world\.record"):
        _ = silent.simulate(rng=1).records


@pytest.mark.parametrize(("before", "after"), [(1, 3), (3, 1)])
def test_a_snapshot_goes_on_where_it_was(tmp_path: Path, before: int, after: int) -> None:
    whole = puddle.simulate(rng=3)
    whole.run(10)
    sim = puddle.simulate(rng=3, ranks=before)
    sim.run(4)
    path = sim.snapshot(tmp_path / "four.h5")
    assert path == tmp_path / "four.h5"
    rest = puddle.resume(path, ranks=after)
    assert (rest.tick, rest.digest()) == (4, sim.digest())
    rest.run(6)
    assert rest.digest() == whole.digest()
    assert series(rest, "count(Drop)") == by_hand(10)["count"][4:]


def test_plots_show_the_world_and_what_was_recorded(tmp_path: Path) -> None:
    sim = puddle.simulate(rng=3)
    sim.run(10)
    both = sim.plot(tmp_path / "both.png")
    with Image.open(tmp_path / "both.png") as image:
        assert image.size == both.size
    assert both._repr_png_() == (tmp_path / "both.png").read_bytes()
    world, series = sim.plot(records=False), sim.plot(world=False)
    assert both.size == (world.size[0] + series.size[0], max(world.size[1], series.size[1]))
    pixels = pixels_of(both)
    assert np.array_equal(pixels[: world.size[1], : world.size[0]], pixels_of(world))
    with pytest.raises(bw.UserError, match=r"ends in \.png"):
        sim.plot(tmp_path / "both.jpg")
    with pytest.raises(bw.UserError, match="nothing to draw"):
        silent.simulate(rng=1).plot(world=False)
    assert silent.simulate(rng=1).plot().size[0] > 100  # a world without space: its counts


def test_notebooks_show_models_simulations_and_tables() -> None:
    sim = puddle.simulate(rng=3)
    sim.run(2)
    shown = sim._repr_html_()
    assert "data:image/png;base64," in shown
    assert "puddle" in shown
    table = sim.table(Drop)
    assert f"<b>Drop</b>, {sim.count(Drop)} rows" in table._repr_html_()
    assert set(table) == {"id", "position", "size", "age"}
    assert "every" in puddle._repr_html_()
