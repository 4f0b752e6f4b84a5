"""Mistakes of newcomers who write a model: each gets a message that says what to write instead."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

import bigworlds as bw


class Params(bw.Parameters):
    radius: float = 2.0


class Shop(bw.Component):
    stock: int = 5


@bw.behavior
def restock(shop: Shop) -> None:
    shop.stock += 1


def described(describe: Any) -> Any:
    return bw.model(Params)(lambda world, p: describe(world)).describe


def spelt(world: bw.World) -> None:
    world.spcae = bw.Grid((2, 2))  # type: ignore[attr-defined]


def declared() -> None:
    class Bad(bw.Component):
        size = 3


def declared_parameter() -> None:
    class Bad(bw.Parameters):
        size = 3.5


def declared_list() -> None:
    class Bad(bw.Component):
        sizes: bw.short_list[bw.i32]  # type: ignore[type-arg]


@pytest.mark.parametrize(
    ("mistake", "message"),
    [
        (lambda: bw.Continous, "bigworlds has no 'Continous'; did you mean 'Continuous'?"),  # type: ignore[attr-defined]
        (lambda: bw.qqq, "bigworlds has no 'qqq'; bigworlds.__all__ lists its names"),  # type: ignore[attr-defined]
        (lambda: Params.raduis, "Params has no parameter 'raduis'; did you mean 'radius'?"),  # type: ignore[attr-defined]
        (
            described(lambda world: world.behaviours(restock)),
            "world has no 'behaviours'; did you mean 'behaviors'",
        ),
        (described(spelt), "world.spcae cannot be set; a model sets space and tiles; did you mean 'space'?"),
        (described(lambda world: world.behaviors(restock())), "without brackets: world.behaviors(restock)"),
        (
            described(lambda world: world.spawn(Shop(stock=3))),
            "as in world.spawn(Shop, n=3, ...), or as a bw.Pre",
        ),
        (declared, "Bad.size has no type; write `size: int = ...` for a field, `size: ClassVar[int] = ...`"),
        (declared_parameter, "Bad.size has no type; write `size: float = ...`"),
        (
            declared_list,
            "bw.short_list[...] takes item and capacity, as in bw.short_list[bw.f64, 8]; found 1",
        ),
    ],
)
def test_the_message_says_what_to_write(mistake: Any, message: str) -> None:
    with pytest.raises(bw.ModelError) as caught:
        mistake()
    assert message in str(caught.value)


def test_python_can_ask_for_names_that_are_not_there() -> None:
    world = bw.World()
    for thing in (bw, Params, world):
        assert not hasattr(thing, "nothing")
        assert not hasattr(thing, "_ipython_display_")
    assert getattr(Params, "nothing", 4) == 4
    with pytest.raises(ImportError, match="cannot import name 'Continous'"):
        from bigworlds import Continous  # type: ignore[attr-defined]  # noqa: F401


def test_methods_and_constants_of_a_component_are_no_fields() -> None:
    class Oven(bw.Component):
        heat: float = 2.0
        limit: ClassVar[int] = 3

        def glows(self) -> bool:
            return self.heat > self.limit

        @property
        def cold(self) -> bool:
            return not self.glows()

    assert list(Oven.__bw_fields__) == ["heat"]
    assert Oven(heat=4.0).glows()
    assert Oven().cold
