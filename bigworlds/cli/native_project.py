"""What `bigworlds new --native` writes: a model whose behavior is a C++ file, what builds it, and a test."""

from __future__ import annotations

from string import Template

_MODEL = Template('''\
"""$name: walkers that go their way over a periodic plain; the behavior `move` is in $name.cpp.

Build it before: python build.py
"""

from pathlib import Path

import bigworlds as bw


class Params(bw.Parameters):
    """The struct Params in $name.cpp lists the same, in the same order."""

    n: int = bw.param(200, min=1, help="walkers")
    side: float = bw.param(100.0, min=1.0, help="length of each side of the plain")
    dt: float = bw.param(0.5, min=0.0, help="time of a tick")


class Walker(bw.Component):
    position: bw.vec2
    velocity: bw.vec2
    way: float


@bw.model(Params, presets={"small": {"n": 50, "side": 50.0}}, ticks=200)
def $name(world: bw.World, p: Params) -> None:
    """Walkers on a periodic plain."""
    # The columns of call->columns: those of reads, in this order, then those that are written only.
    move = bw.native(
        Path(__file__).with_name("lib$name.so"),
        "move",
        Walker,
        reads=[Walker.position, Walker.velocity, Walker.way],
        writes=[Walker.position, Walker.way],
    )
    world.space = bw.Continuous((p.side, p.side), periodic=True)
    world.spawn(Walker, n=p.n, position=bw.uniform(), velocity=bw.unit_vector())
    world.behaviors(move)
    world.look(Walker, color="velocity angle")


@$name.metric
def mean_way(sim: bw.Simulation) -> float:
    """How far a walker has come, on average."""
    return float(sim.mean("Walker.way"))


if __name__ == "__main__":
    sim = $name.simulate("small", rng=1)
    sim.run(100)
    print(sim.metrics())
''')

_SOURCE = Template("""\
// The behavior `move` of $name.py. Build it with `python build.py`.
#include <bigworlds/behavior_abi.h>

namespace {

// The parameters as the model declares them, 8 bytes each.
struct Params {
  int64_t n;
  double side;
  double dt;
};

// The columns as the model names them in reads= and writes=.
enum Column { kPosition, kVelocity, kWay };

double* at(const bw_column& column, int64_t row) {
  return reinterpret_cast<double*>(column.data + row * column.stride);
}

// Moves rows begin..end-1. It computes row i from row i and keeps nothing between calls: the engine
// cuts the rows as it likes and calls this on several threads.
int32_t move(bw_call* call, int64_t begin, int64_t end) {
  const auto* p = reinterpret_cast<const Params*>(call->parameters);
  for (int64_t row = begin; row < end; ++row) {
    double* position = at(call->columns[kPosition], row);
    const double* velocity = at(call->columns[kVelocity], row);
    position[0] += p->dt * velocity[0];  // the engine brings it back into the periodic world
    position[1] += p->dt * velocity[1];
    // Mathematics of the engine has the same bits on every machine; that of <cmath> has not.
    *at(call->columns[kWay], row) += p->dt * call->services->hypot(velocity[0], velocity[1]);
  }
  return BW_OK;
}

}  // namespace

// One for each behavior: bw_behavior_<name>.
extern "C" {
extern const bw_behavior bw_behavior_move;
const bw_behavior bw_behavior_move = {BW_ABI_VERSION, 0, move};
}
""")

_BUILD = Template('''\
"""Builds lib$name.so of $name.cpp: python build.py. CXX names another compiler than c++."""

import os
import shlex
import subprocess
from pathlib import Path

import bigworlds as bw

HERE = Path(__file__).resolve().parent
# No -ffast-math and no contraction: the same bits on every machine.
FLAGS = ["-std=c++17", "-O3", "-Wall", "-Wextra", "-ffp-contract=off", "-fPIC", "-shared"]


def build() -> Path:
    """Compiles the behavior; the library stands beside its source."""
    compiler = shlex.split(os.environ.get("CXX", "c++"))
    library, source = HERE / "lib$name.so", HERE / "$name.cpp"
    command = [*compiler, *FLAGS, f"-I{bw.get_include()}", str(source), "-o", str(library)]
    subprocess.run(command, check=True)
    return library


if __name__ == "__main__":
    print(build())
''')

_TEST = Template('''\
"""Tests of the model $name: run them with `pytest`."""

import numpy as np
from build import build

build()

from $name import Walker, $name  # noqa: E402  (it loads what has just been built)


def test_walkers_go_their_way():
    sim = $name.simulate("small", rng=1)
    before = sim.table(Walker)
    sim.run(20)
    after = sim.table(Walker)
    expected = (before["position"] + 20 * 0.5 * before["velocity"]) % 50.0
    np.testing.assert_allclose(after["position"], expected, rtol=0, atol=1e-9)
    np.testing.assert_allclose(after["way"], 20 * 0.5, rtol=1e-12)


def test_rows_go_by_themselves():
    assert $name.check("small") == ["move"]


def test_the_same_seed_gives_the_same_world():
    one, other = $name.simulate("small", rng=1, threads=1), $name.simulate("small", rng=1, ranks=3)
    one.run(20)
    other.run(20)
    assert one.digest() == other.digest()
''')

FILES = {
    "$name.py": (_MODEL, "the model"),
    "$name.cpp": (_SOURCE, "its behavior, in C++"),
    "build.py": (_BUILD, "builds the behavior"),
    "test_$name.py": (_TEST, "a test of it"),
}
