"""The expressions of --until: what they compute, and what they refuse."""

from __future__ import annotations

from enum import IntEnum
from types import SimpleNamespace
from typing import Any

import pytest

from bigworlds.cli.condition import condition
from bigworlds.data import Component, vec2
from bigworlds.errors import UserError


class Mood(IntEnum):
    CALM = 0
    WILD = 3


class Sheep(Component):
    energy: float
    mood: Mood
    shorn: bool
    home: vec2


METRICS: dict[str, Any] = {"sheep": lambda sim: sim.sheep, "share": lambda sim: 0.25}
COMPONENTS: dict[str, type] = {"Sheep": Sheep}
SIM = SimpleNamespace(
    tick=10,
    sheep=3,
    count=lambda component, **value: {"{}": 3, "{'mood': 3}": 2, "{'energy': -1.5}": 1, "{'shorn': True}": 0}[
        str({name: int(of) if isinstance(of, Mood) else of for name, of in value.items()})
    ],
    mean=lambda label: {"Sheep.energy": 5.5}[label],
    max=lambda label: {"Sheep.energy": 9.0}[label],
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("tick >= 10", True),
        ("tick > 10", False),
        ("sheep == 3 and share < 0.5", True),
        ("sheep == 0 or tick == 10", True),
        ("not sheep", False),
        ("1 < sheep <= 3", True),
        ("1 < sheep < 3", False),
        ("sheep * 2 + 1 == 7", True),
        ("-sheep % 2 == 1", True),
        ("count(Sheep) == 3", True),
        ("count(Sheep, mood=WILD) == 2", True),
        ("count(Sheep, mood=Mood.WILD) == 2", True),
        ("count(Sheep, mood=3) + count(Sheep, energy=-1.5) == count(Sheep)", True),
        ("count(Sheep, shorn=True) > 0", False),
        ('mean("Sheep.energy") > 5', True),
        ("max(Sheep.energy) == 9", True),
        ("tick // 3 ** 2 == 1", True),
    ],
)
def test_values(text: str, value: bool) -> None:
    assert condition(text, METRICS, COMPONENTS)(SIM) is value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("tick >=", "--until 'tick >=' is no expression: invalid syntax"),
        ("", "is no expression"),
        ("wolves == 0", "there is no metric 'wolves'; known: share, sheep, tick"),
        ("shep == 0", "there is no metric 'shep'; did you mean 'sheep'"),
        ("count(Wolf) == 0", "there is no component 'Wolf'; known: Sheep"),
        ("count('Sheep') == 0", "there is no component ''"),
        ("count(Sheep, mod=WILD) == 0", "'WILD' is no value; expected a number"),
        ("count(Sheep, mod=3) == 0", "component 'Sheep' has no field 'mod'; did you mean 'mood'?"),
        ("count(Sheep, mood=WIDL) == 0", "Mood has no member 'WIDL'; did you mean 'WILD'?"),
        ("count(Sheep, mood=2) == 0", "Sheep.mood: expected a Mood: CALM (0), WILD (3); found 2"),
        ("count(Sheep, energy='x') == 0", "--until \"count(Sheep, energy='x') == 0\": Sheep.energy"),
        ("count(Sheep, home=1) == 0", "expected a number, an enum or a reference"),
        ("count(Sheep, mood=3, shorn=True) == 0", "counts the values of one field; found mood, shorn"),
        ("count(Sheep, Sheep) == 0", "is not understood; there are count(Kind), count(Kind, field=value)"),
        ('mean("Sheep.enrgy") == 0', "Sheep has no field 'enrgy'; did you mean 'energy'?"),
        ("mean(Sheep) == 0", "Sheep has no field ''"),
        ("open('x')", "\"open('x')\" is not understood; there are count(Kind), count(Kind, field=value) and"),
        ("__import__('os')", "is not understood"),
        ("sheep.__class__", "'sheep.__class__' is not understood here"),
        ("[1]", "'[1]' is not understood here"),
        ("sheep in (1, 2)", "is not understood here"),
        ("'text' == 'text'", "is not understood here"),
        ("lambda: 1", "is not understood here"),
    ],
)
def test_refused(text: str, message: str) -> None:
    with pytest.raises(UserError) as error:
        condition(text, METRICS, COMPONENTS)
    assert message in str(error.value)


def test_a_division_by_zero_is_the_users() -> None:
    with pytest.raises(UserError, match=r"--until '1 / \(sheep - 3\) > 0' cannot be computed at tick 10"):
        condition("1 / (sheep - 3) > 0", METRICS, COMPONENTS)(SIM)
