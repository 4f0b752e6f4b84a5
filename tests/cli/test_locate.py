"""How models are found, and what is said about files that cannot be used."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bigworlds.cli.locate import examples, find_model, summary_of
from bigworlds.errors import UserError

Cli = Callable[..., tuple[int, str, str]]

TWO = """
from bigworlds.model import model

@model()
def first(world): ...

@model()
def second(world): ...
"""

WRONG_DEFAULT = """
from bigworlds.data import Parameters, param

class P(Parameters):
    n: int = param(0, min=1)
"""


def test_a_file_a_name_in_a_file_and_a_shipped_name(folder: Path) -> None:
    assert find_model("meadow.py").name == "meadow"
    assert find_model(str(folder / "meadow.py")).name == "meadow"
    assert find_model("meadow.py:meadow").name == "meadow"
    (folder / "two.py").write_text(TWO + "again = first\n")
    assert find_model("two.py:second").name == "second"
    (folder / "user.py").write_text("from meadow import meadow\n")
    assert find_model("user.py").name == "meadow"
    (folder / "mine.py").write_text("from meadow import meadow\n" + TWO.replace("second", "first"))
    assert find_model("mine.py").name == "first"
    (folder / "boids").mkdir()
    assert find_model("boids").name == "boids"


def test_every_shipped_example_has_one_model_of_its_name_and_a_summary() -> None:
    assert {"boids", "forest_fire", "schelling", "wolf_sheep"} <= set(examples())
    for name, path in examples().items():
        assert find_model(name).name == name
        assert summary_of(path)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("two.py", TWO, "two.py holds 2 models; choose one: two.py:first, two.py:second"),
        ("two.py:thrid", TWO, "two.py has no model 'thrid'; known: first, second"),
        ("none.py", "x = 1\n", "none.py holds no model; decorate the function that describes the world"),
        ("bad.py", "x = 1\ndef f(:\n", "bad.py:2: invalid syntax: def f(:"),
        ("bad.py", "x = 1\n\nprint(y)\n", "bad.py:3: NameError: name 'y' is not defined"),
        ("bad.py", "import nowhere\n", "bad.py:1: ModuleNotFoundError: No module named 'nowhere'"),
        ("bad.py", "import sys\nsys.exit(3)\n", "bad.py:2: the file ended the program while it was loaded"),
        ("bad.py", "import part\n", "part.py:1: ZeroDivisionError"),
        (
            "bad.py",
            WRONG_DEFAULT,
            "bad.py:4: P.n: the default is wrong: parameter 'n': expected a whole number >= 1; found 0",
        ),
    ],
)
def test_files_that_cannot_be_used(cli: Cli, folder: Path, name: str, text: str, message: str) -> None:
    (folder / "part.py").write_text("1 / 0\n")
    (folder / name.partition(":")[0]).write_text(text)
    code, out, err = cli("run", name)
    assert (code, out) == (2, "")
    assert message in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("medow.py", "there is no file medow.py; did you mean 'meadow.py'?"),
        ("gone/meadow.py", "there is no file gone/meadow.py"),
        (
            "bods",
            "there is no model 'bods': neither a Python file nor a shipped example; did you mean 'boids'?",
        ),
        ("later", "later is a folder with a model.toml, which this version does not read"),
        ("empty", "empty is a folder, expected a Python file with a @bw.model; it holds no Python file"),
        (".", ". is a folder, expected a Python file with a @bw.model; it holds meadow.py"),
        ("notes.txt", "notes.txt is no Python file; expected a file whose name ends in .py"),
    ],
)
def test_what_is_no_model(folder: Path, name: str, message: str) -> None:
    (folder / "later").mkdir()
    (folder / "later" / "model.toml").write_text("")
    (folder / "empty").mkdir()
    (folder / "notes.txt").write_text("")
    with pytest.raises(UserError) as error:
        find_model(name)
    assert message in str(error.value)
