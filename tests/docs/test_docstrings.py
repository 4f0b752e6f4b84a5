"""The examples in docstrings are true: doctest over every module of the package."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import bigworlds

# Modules that do something when they are imported, with why.
NOT_IMPORTED = {"bigworlds.cli.__main__": "it is the command line"}
FINDER = doctest.DocTestFinder(exclude_empty=True)


def modules() -> list[str]:
    """The names of all modules of the package."""
    walked = pkgutil.walk_packages(bigworlds.__path__, "bigworlds.")
    return ["bigworlds", *sorted(found.name for found in walked if found.name not in NOT_IMPORTED)]


def examples_of(name: str) -> list[doctest.DocTest]:
    """The docstrings of a module that have examples."""
    module = importlib.import_module(name)
    return [test for test in FINDER.find(module, name) if test.examples]


@pytest.mark.parametrize("name", modules())
def test_examples_in_docstrings_are_true(name: str) -> None:
    runner = doctest.DocTestRunner(verbose=False, optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    said: list[str] = []
    for test in examples_of(name):
        runner.run(test, out=said.append)
    assert runner.failures == 0, "".join(said)


def test_there_are_examples() -> None:
    """That none is found would mean that none is looked for."""
    assert sum(len(examples_of(name)) for name in modules()) > 30


def test_what_is_not_imported_is_there() -> None:
    walked = {found.name for found in pkgutil.walk_packages(bigworlds.__path__, "bigworlds.")}
    assert set(NOT_IMPORTED) <= walked
