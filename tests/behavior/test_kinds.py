"""Vectorised, interpreted and native behaviors, and what happens when their code fails."""

from __future__ import annotations

import ctypes
import enum
import shutil
import subprocess
import sysconfig
from pathlib import Path

import numpy as np
import pytest

import bigworlds as bw
from bigworlds import _core
from bigworlds.behavior import abi, native
from bigworlds.errors import ModelError

from .engine_stand_in import StandIn, both

INCLUDE = Path(__file__).parents[2] / "csrc" / "include"


class Mode(enum.IntEnum):
    SLOW = 4
    FAST = 9


class Settings(bw.Parameters):
    dt: float = bw.param(0.5)
    mode: Mode = bw.param(Mode.FAST)
    shape: str = bw.param("round", choices=("flat", "round"))
    wind: bw.vec2 = bw.param(bw.vec2(1.0, 2.0))


class Body(bw.Component):
    position: bw.vec2
    velocity: bw.vec2
    age: bw.i32
    luck: float
    alive: bool
    name: bw.string[4]


def bodies(behavior, rows=10, **more):
    rng = np.random.default_rng(2)
    values = {
        Body.position: rng.uniform(0, 10, (rows, 2)),
        Body.velocity: rng.normal(0, 1, (rows, 2)),
        Body.age: np.arange(rows),
        Body.name: [[65, 66, 0, 0]] * rows,
    }
    return StandIn(behavior, rows, values, parameters=Settings().pack(), **more)


@bw.behavior(kind=bw.Vectorised)
def drift(body: Body, p: Settings, rng: bw.Rng, clock: bw.Clock, me: bw.Entity, space: bw.Space) -> None:
    body.position += body.velocity * p.dt + np.array([p.wind.x, p.wind.y])
    body.luck = rng.uniform() + rng.integers(5) + rng.integers(3 * 2**30) + 0.5 * rng.normal(1.0, 2.0)
    body.luck += rng.exponential(2.0) * rng.choice((1, 2, 3)) + rng.integers(2**40)
    body.alive = rng.bernoulli(0.5)
    body.age = clock.tick + (p.mode is Mode.FAST) + (p.shape == "round")
    me.despawn(me.id == 103)
    assert space.size.tolist() == [10.0, 10.0]


@bw.behavior
def drift_compiled(body: Body, p: Settings, rng: bw.Rng, clock: bw.Clock, me: bw.Entity) -> None:
    body.position += body.velocity * p.dt + p.wind
    body.luck = rng.uniform() + rng.integers(5) + rng.integers(3 * 2**30) + 0.5 * rng.normal(1.0, 2.0)
    body.luck += rng.exponential(2.0) * rng.choice((1, 2, 3)) + rng.integers(2**40)
    body.alive = rng.bernoulli(0.5)
    body.age = clock.tick + int(p.mode == Mode.FAST) + int(p.shape == "round")
    if me.id == 103:
        me.despawn()


@bw.behavior(kind=bw.Interpreted)
def drift_interpreted(body: Body, p: Settings, rng: bw.Rng, clock: bw.Clock, me: bw.Entity) -> None:
    settings = {"dt": p.dt, "wind": p.wind}
    body.position = body.position + (body.velocity * settings["dt"] + settings["wind"])
    body.luck = rng.uniform() + rng.integers(5) + rng.integers(3 * 2**30) + 0.5 * rng.normal(1.0, 2.0)
    body.luck += rng.exponential(2.0) * rng.choice([1, 2, 3]) + rng.integers(2**40)
    body.alive = rng.bernoulli(0.5)
    body.age = clock.tick + (p.mode is Mode.FAST) + (p.shape == "round")
    if me.id == 103:
        me.despawn()


def engine_deviates(world):
    """Lets the stand-in take its mathematics from the core, where vectorised behaviors have theirs from."""
    source = abi.Services.from_address(_core.services_address())
    for name in (*abi.MATH_ONE, *abi.MATH_TWO, "normal", "exponential"):
        setattr(world.services, name, getattr(source, name))
    return world


@pytest.mark.parametrize("behavior", [drift, drift_interpreted], ids=["vectorised", "interpreted"])
def test_all_kinds_give_the_same_world(behavior):
    worlds = []
    for rule in (drift_compiled, behavior):
        world = engine_deviates(bodies(rule, 50))
        kernel = rule.kernel(Settings)
        assert world.run(kernel, 0, 20) == 0, kernel.pending_error()
        assert world.run(kernel, 20, 50) == 0, kernel.pending_error()
        worlds.append(world)
    for field in worlds[0].columns:
        np.testing.assert_array_equal(worlds[0].columns[field], worlds[1].columns[field], field.full_name)
    assert worlds[0].log == worlds[1].log == [("despawn", 3)]


def test_only_python_kernels_need_the_gil():
    assert drift.kernel(Settings).gil
    assert drift_interpreted.kernel(Settings).gil
    assert drift_compiled.kernel(Settings, interpret=True).gil
    assert not drift_compiled.kernel(Settings).gil


def test_uses_of_python_kinds_are_read_off_the_source():
    for rule in (drift, drift_interpreted):
        assert {c.field.name: (c.reads, c.writes) for c in rule.columns} == {
            "position": (True, True),
            "velocity": (True, False),
            "age": (False, True),
            "luck": (True, True),
            "alive": (False, True),
        }


@bw.behavior(kind=bw.Vectorised)
def vectorised_failure(body: Body) -> None:
    body.luck = 5.0
    body.position += 1.0
    raise ValueError("on purpose")


@bw.behavior(kind=bw.Vectorised)
def vectorised_overflow(body: Body) -> None:
    body.position += 1.0
    body.age = body.position[:, 0].astype(np.int64) + 2**40


@pytest.mark.parametrize(
    ("behavior", "message"),
    [
        (vectorised_failure, "on purpose"),
        (vectorised_overflow, "does not fit into int32"),
    ],
)
def test_a_failed_vectorised_range_stores_nothing(behavior, message):
    world = bodies(behavior)
    before = {f: c.copy() for f, c in world.columns.items()}
    kernel = behavior.kernel(None)
    assert world.run(kernel, 4, 8) == 1
    assert world.call.failed_row == 4
    assert message in str(kernel.pending_error())
    assert kernel.pending_error() is None
    for field, column in world.columns.items():
        np.testing.assert_array_equal(column, before[field])


def test_what_a_vectorised_behavior_cannot_take_is_refused():
    with pytest.raises(ModelError, match=r"computes row i from row i.*no neighbors argument"):

        @bw.behavior(kind=bw.Vectorised, neighbors=1.0)
        def look(body: Body, others: bw.Neighbors[Body]) -> None:
            pass

    with pytest.raises(ModelError, match=r"writes Body.age, which writes= does not list"):

        @bw.behavior(kind=bw.Vectorised, reads=Body.age, writes=())
        def undeclared(body: Body) -> None:
            body.age[...] = 1

    with pytest.raises(ModelError, match=r"cannot act one agent after another"):
        drift.kernel(Settings, sequential=True)


@bw.behavior(kind=bw.Interpreted, neighbors=3.0)
def any_python(body: Body, others: bw.Neighbors[Body], rng: bw.Rng) -> None:
    names = {other.name for other in others if other.distance < 2.0}
    body.age = len(names) + sum(1 for _ in others)
    nearest = others.nearest()
    body.name = f"n{len(others)}" if nearest is not None else "none"
    try:
        body.luck = 1 / (body.age - 3)
    except ZeroDivisionError:
        body.luck = -1.0


def test_interpreted_behaviors_may_be_any_python():
    world = bodies(any_python, 20, radius=3.0)
    kernel = any_python.kernel(None)
    assert world.run(kernel) == 0, kernel.pending_error()
    names = {bytes(row).rstrip(b"\0") for row in world.columns[Body.name]}
    assert all(name == b"none" or name[:1] == b"n" for name in names)
    assert [f.name for f in any_python.reaches[0].fields] == ["name"]


@bw.behavior(kind=bw.Interpreted)
def too_long_a_name(body: Body) -> None:
    body.name = "abcde"


@bw.behavior(kind=bw.Interpreted)
def unknown_field(body: Body) -> None:
    body.agee = 1


@pytest.mark.parametrize(
    ("behavior", "message"),
    [(too_long_a_name, "does not fit into 4 bytes"), (unknown_field, "did you mean 'age'")],
)
def test_interpreted_mistakes_end_the_row(behavior, message):
    world = bodies(behavior)
    kernel = behavior.kernel(None)
    assert (world.run(kernel, 2, 5), world.call.failed_row) == (1, 2)
    assert message in str(kernel.pending_error())


@bw.behavior(kind=bw.Interpreted)
def once(world: bw.Edits) -> None:
    world.append(1)


def test_behaviors_that_run_once_per_tick_have_no_kernel():
    assert once.per_tick
    assert once.columns == ()
    found = []
    once(found)
    assert found == [1]
    with pytest.raises(ModelError, match=r"runs once per tick"):
        once.kernel(None)


# Native

SOURCE = """
#include <bigworlds/behavior_abi.h>

static int32_t move(bw_call* call, int64_t begin, int64_t end) {
  const bw_column velocity = call->columns[0], position = call->columns[1];
  for (int64_t row = begin; row < end; ++row) {
    double* p = (double*)(position.data + row * position.stride);
    const double* v = (const double*)(velocity.data + row * velocity.stride);
    if (call->ids[row] == 107) {
      call->failed_row = row;
      return BW_FAILED;
    }
    p[0] += v[0];
    p[1] += v[1];
  }
  return BW_OK;
}

bw_behavior bw_behavior_move = {BW_ABI_VERSION, 0, move};
bw_behavior bw_behavior_old = {BW_ABI_VERSION + 5, 0, move};
bw_behavior bw_behavior_empty = {BW_ABI_VERSION, 0, 0};
"""


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    compiler = next((c for c in ("cc", "gcc", "clang") if shutil.which(c)), None)
    if compiler is None:
        pytest.skip("no C compiler (Debian package gcc)")
    folder = tmp_path_factory.mktemp("native")
    source = folder / "move.c"
    source.write_text(SOURCE)
    target = folder / f"move{sysconfig.get_config_var('SHLIB_SUFFIX')}"
    subprocess.run(
        [compiler, "-shared", "-fPIC", "-O2", f"-I{INCLUDE}", str(source), "-o", str(target)], check=True
    )
    return target


def test_a_kernel_from_a_shared_library(library):
    move = native(library, "move", Body, reads=[Body.velocity], writes=[Body.position])
    assert [(c.field.name, c.reads, c.writes) for c in move.columns] == [
        ("velocity", True, False),
        ("position", False, True),
    ]
    assert move.components == (Body,)
    world = bodies(move, 10)
    before = world.columns[Body.position].copy()
    kernel = move.kernel(None)
    assert not kernel.gil
    assert (world.run(kernel), world.call.failed_row) == (1, 7)
    moved = before + world.columns[Body.velocity] * (np.arange(10) < 7)[:, None]
    np.testing.assert_array_equal(world.columns[Body.position], moved)


def test_a_kernel_from_a_capsule(library):
    loaded = ctypes.CDLL(str(library))
    found = abi.NativeBehavior.in_dll(loaded, "bw_behavior_move")
    make = ctypes.pythonapi.PyCapsule_New
    make.restype, make.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
    name = abi.KERNEL_CAPSULE.encode()
    move = native(
        make(ctypes.addressof(found), name, None), "move", Body, writes=[Body.position, Body.velocity]
    )
    assert move.kernel(None).address == found.kernel
    with pytest.raises(ModelError, match=r"named 'bigworlds.kernel.v4', found 'bigworlds.kernel.v1'"):
        native(make(ctypes.addressof(found), b"bigworlds.kernel.v1", None), "move", Body)


def test_native_mistakes_are_refused(library, tmp_path):
    with pytest.raises(ModelError, match=r"version 9 of behavior_abi.h, this bigworlds has version 4"):
        native(library, "old", Body)
    with pytest.raises(ModelError, match=r"null pointer"):
        native(library, "empty", Body)
    with pytest.raises(ModelError, match=r"exports no bw_behavior_fly"):
        native(library, "fly", Body)
    with pytest.raises(ModelError, match=r"there is no file"):
        native(tmp_path / "none.so", "move", Body)
    (tmp_path / "text.so").write_text("no library")
    with pytest.raises(ModelError, match=r"cannot be loaded as a shared library"):
        native(tmp_path / "text.so", "move", Body)
    with pytest.raises(ModelError, match=r"expected the path of a shared library or a PyCapsule"):
        native(3, "move", Body)
    with pytest.raises(ModelError, match=r"no field of its own components"):
        native(library, "move", Body, reads=[Other.x])
    with pytest.raises(ModelError, match=r"takes no component"):
        native(library, "move")


class Other(bw.Component):
    x: float


@bw.behavior
def compiled_failure(body: Body) -> None:
    body.age = body.age // body.age


def test_a_compiled_kernel_keeps_no_error():
    world = both(compiled_failure, lambda: bodies(compiled_failure, 3))
    assert world.status == 1
    assert compiled_failure.kernel(None).pending_error() is None
