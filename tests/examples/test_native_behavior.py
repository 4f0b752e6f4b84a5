"""The fireflies in Python, C++ and Cython: built by the example's own build.py, one digest."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import bigworlds as bw
from bigworlds.cli.locate import examples

SOURCE = examples()["native_behavior"].parent
TICKS = 8


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A copy of the example, from which its modules are imported."""
    copy = tmp_path_factory.mktemp("example") / "native_behavior"
    shutil.copytree(SOURCE, copy, ignore=shutil.ignore_patterns("*.so", "*.c", "__pycache__"))
    sys.path.insert(0, str(copy))
    yield copy
    sys.path.remove(str(copy))
    for name in ("native_behavior", "in_cpp", "in_cython", "couple_cython", "build"):
        sys.modules.pop(name, None)


def module(folder: Path, name: str) -> ModuleType:
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, folder / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


def digest(model: Any, **options: Any) -> str:
    sim = model.simulate(n=300, rng=2, **options)
    sim.run(TICKS)
    return str(sim.digest())


@pytest.mark.parametrize("language", ["cpp", "cython"])
def test_each_language_gives_the_world_of_the_python_behavior(folder: Path, language: str) -> None:
    if shutil.which("c++") is None or shutil.which("cc") is None:
        pytest.skip("no C++ compiler (Debian package g++)")
    if language == "cython" and importlib.util.find_spec("Cython") is None:
        pytest.skip("no Cython (pip install cython)")
    build = module(folder, "build")
    built = build.build_cpp() if language == "cpp" else build.build_cython()
    assert built.is_file()
    plain = module(folder, "native_behavior").native_behavior
    model = getattr(module(folder, f"in_{language}"), f"in_{language}")
    assert model.check(ticks=2, n=200) == ["couple"]
    expected = digest(plain)
    assert digest(plain, interpret=True, threads=1) == expected
    for ranks, threads in ((1, 1), (1, 3), (2, 1), (3, 2)):
        assert digest(model, ranks=ranks, threads=threads) == expected


def test_without_a_library_the_message_says_what_to_do(folder: Path, tmp_path: Path) -> None:
    shutil.copy(folder / "in_cpp.py", tmp_path / "in_cpp_elsewhere.py")
    elsewhere = module(tmp_path, "in_cpp_elsewhere").in_cpp
    with pytest.raises(bw.ModelError, match=r"there is no file .*couple.so; build the library first"):
        elsewhere.simulate()


def test_fireflies_fall_into_step_where_they_pull_hard_enough(folder: Path) -> None:
    model = module(folder, "native_behavior").native_behavior
    together = model.simulate(n=200, radius=8.0, coupling=0.4, rng=1)
    apart = model.simulate(n=200, radius=8.0, coupling=0.0, rng=1)
    for sim in (together, apart):
        sim.run(300)
    assert together.metrics()["order"] > 0.9
    assert apart.metrics()["order"] < 0.5
    # One step against NumPy, all pairs.
    sim = model.simulate(n=50, rng=3)
    before, p = sim.table("Firefly"), sim.parameters
    sim.step()
    gap = before["position"][None, :, :] - before["position"][:, None, :]
    gap -= 30.0 * np.round(gap / 30.0)
    near = (np.square(gap).sum(axis=2) <= p.radius**2) & ~np.eye(50, dtype=bool)
    pull = (np.sin(before["phase"][None, :] - before["phase"][:, None]) * near).sum(axis=1)
    after = (before["phase"] + p.dt * (before["speed"] + p.coupling * pull)) % (2 * np.pi)
    np.testing.assert_allclose(sim.table("Firefly")["phase"] % (2 * np.pi), after, rtol=1e-12, atol=1e-12)
