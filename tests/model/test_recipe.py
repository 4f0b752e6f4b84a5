"""Models: presets, parameters from texts, metrics, and what the decorator refuses."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from bigworlds.data.parameters import Parameters, param
from bigworlds.errors import ModelError, SnapshotError, UserError
from bigworlds.model import Model, RunOptions, World, model, recipe, set_engine


class Params(Parameters):
    n: int = param(100, min=1)
    density: str = param("sparse", choices=("sparse", "dense"))


@model(Params, presets={"small": {"n": 10}, "large": {"n": 1000, "density": "dense"}}, ticks=50)
def meadow(world: World, p: Params) -> None:
    """A meadow."""
    world.tiles = p.n


@model()
def bare(world: World) -> None:
    pass


def test_a_model_knows_itself() -> None:
    assert isinstance(meadow, Model)
    assert (meadow.name, meadow.ticks, meadow.__doc__) == ("meadow", 50, "A meadow.")
    assert meadow.source == Path(__file__).resolve()
    assert "@model(Params" in Path(__file__).read_text().splitlines()[meadow.line - 1]
    assert repr(meadow) == "<model meadow>"
    html = meadow._repr_html_()
    for part in (
        "<b>meadow</b>",
        "A meadow.",
        "<code>density</code>",
        "sparse | dense",
        "<code>large</code>",
    ):
        assert part in html


def test_settings_are_defaults_then_preset_then_values() -> None:
    assert meadow.settings() == Params()
    assert meadow.settings("large") == Params(n=1000, density="dense")
    assert meadow.settings("large", n=5) == Params(n=5, density="dense")
    assert bare.settings() is None


def test_texts_become_arguments() -> None:
    assert meadow.parse(["size=small", "n=1e3"]) == {"size": "small", "n": 1000}
    assert meadow.settings(**meadow.parse(["density=dense", "size=small"])) == Params(n=10, density="dense")


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda: meadow.settings("smal"), "model meadow has no size 'smal'; did you mean 'small'?"),
        (lambda: bare.settings("small"), "model bare has no size 'small'; it has no presets"),
        (lambda: bare.settings(n=3), "model bare has no parameters; found 'n'"),
        (lambda: meadow.settings(m=3), "Params has no parameter 'm'"),
        (
            lambda: meadow.parse(["densty=dense"]),
            "model meadow has no parameter 'densty'; did you mean 'density'?",
        ),
        (lambda: meadow.parse(["sise=small"]), "model meadow has no parameter 'sise'; did you mean 'size'?"),
        (lambda: meadow.parse(["n"]), "expected name=value; found 'n'"),
        (lambda: bare.parse(["n=3"]), "model bare has no parameters; found 'n'"),
    ],
)
def test_wrong_settings(act: Any, message: str) -> None:
    with pytest.raises(UserError) as error:
        act()
    assert message in str(error.value)


def test_each_description_is_built_afresh() -> None:
    first, second = meadow.describe(), meadow.describe(Params(n=7))
    assert (first.tiles, second.tiles) == (100, 7)
    assert first.parameters == Params()
    assert bare.describe().parameters is None


def test_metrics() -> None:
    @model()
    def counted(world: World) -> None:
        pass

    @counted.metric
    def birds(sim: Any) -> int:
        return int(sim.n)

    @counted.metric
    def share(sim: Any) -> float:
        return np.float64(sim.n) / 8

    values = counted.measure(SimpleNamespace(n=4))
    assert values == {"birds": 4, "share": 0.5}
    assert [type(value) for value in values.values()] == [int, float]
    assert birds(SimpleNamespace(n=2)) == 2
    with pytest.raises(ModelError, match="model counted has two metrics called 'birds'"):
        counted.metric(birds)

    @counted.metric
    def name(sim: Any) -> Any:
        return "many"

    with pytest.raises(ModelError, match="metric name of counted returns a number; found 'many'"):
        counted.measure(SimpleNamespace(n=4))


class FakeEngine:
    def simulate(self, *arguments: Any) -> Any:
        return ("simulate", *arguments)

    def resume(self, *arguments: Any) -> Any:
        return ("resume", *arguments)


def test_simulate_and_resume_hand_over_to_the_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recipe, "_engines", [])
    with pytest.raises(ModelError, match=r"no engine is known; import bigworlds"):
        meadow.simulate()
    set_engine(FakeEngine())
    started = meadow.simulate("small", rng=7, threads=2, density="dense")
    assert started == ("simulate", meadow, Params(n=10, density="dense"), RunOptions(rng=7, threads=2))
    resumed = meadow.resume("here.h5", "small", branch=True, density="dense")
    assert resumed == ("resume", meadow, "here.h5", {"n": 10, "density": "dense"}, RunOptions(branch=True))
    with pytest.raises(UserError, match=r"has no size 'smal'"):
        meadow.resume("here.h5", "smal")


def test_a_resumed_run_keeps_its_parameters_unless_it_branches() -> None:
    stored = {"n": 7, "density": "dense"}
    assert meadow.resumed(stored, {}) == Params(n=7, density="dense")
    assert meadow.resumed(stored, {"n": 7}) == Params(n=7, density="dense")
    with pytest.raises(
        UserError, match=r"parameter 'n' is 7 in the snapshot; found 8; leave it out, or ask for a branch"
    ):
        meadow.resumed(stored, {"n": 8})
    assert meadow.resumed(stored, {"n": 8}, branch=True) == Params(n=8, density="dense")
    with pytest.raises(SnapshotError, match=r"do not fit model meadow: Params has no parameter 'm'"):
        meadow.resumed({"m": 1}, {})
    with pytest.raises(
        SnapshotError, match=r"do not fit model bare: model bare has no parameters; found 'm'"
    ):
        bare.resumed({"m": 1}, {})
    assert bare.resumed({}, {}) is None


def decorate(*arguments: Any, **options: Any) -> None:
    @model(*arguments, **options)
    def wrong(world: World, p: Any) -> None:
        pass


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        (
            (meadow.function,),
            {},
            "@bw.model takes a bw.Parameters class, or nothing: @bw.model(); found meadow",
        ),
        ((Params,), {"ticks": -1}, "@bw.model: ticks is a whole number from 0 up, or None; found -1"),
        ((Params,), {"presets": {"tiny": {"n": 0}}}, "preset 'tiny' of model wrong: parameter 'n': expected"),
        (
            (Params,),
            {"presets": {"tiny": {"m": 0}}},
            "preset 'tiny' of model wrong: Params has no parameter 'm'",
        ),
        ((), {}, "model wrong is called as wrong(world); found wrong(world: 'World', p: 'Any')"),
    ],
)
def test_wrong_models_are_refused_where_they_are_declared(
    arguments: tuple[Any, ...], options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ModelError) as error:
        decorate(*arguments, **options)
    assert message in str(error.value)
