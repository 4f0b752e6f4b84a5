"""Native behaviors that look along edges: what a kernel in C finds is what the same rule in Python finds."""

from __future__ import annotations

import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest

import bigworlds as bw


class Person(bw.Component):
    opinion: float
    heard: float = 0.0


class Contact(bw.EdgeComponent):
    since: int
    weight: float = 1.0


SOURCE = """
#include <bigworlds/behavior_abi.h>

static int32_t hear(bw_call* call, int64_t begin, int64_t end) {
  const bw_column heard = call->columns[0];
  for (int64_t row = begin; row < end; ++row) {
    double sum = 0.0;
    const int64_t count = call->services->gather(call, 0, row);
    const bw_column opinion = call->reaches[0].columns[0];
    const bw_column weight = call->reaches[0].edge_columns[0];
    for (int64_t k = 0; k < count; ++k) {
      sum += *(const double*)(opinion.data + call->hits.slots[k] * opinion.stride) *
             *(const double*)(weight.data + call->hits.edges[k] * weight.stride);
    }
    *(double*)(heard.data + row * heard.stride) = sum;
  }
  return BW_OK;
}

bw_behavior bw_behavior_hear = {BW_ABI_VERSION, 0, hear};
"""


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    compiler = next((c for c in ("cc", "gcc", "clang") if shutil.which(c)), None)
    if compiler is None:
        pytest.skip("no C compiler (Debian package gcc)")
    folder = tmp_path_factory.mktemp("native")
    source = folder / "hear.c"
    source.write_text(SOURCE)
    target = folder / f"hear{sysconfig.get_config_var('SHLIB_SUFFIX')}"
    command = [compiler, "-shared", "-fPIC", "-O2", "-ffp-contract=off", f"-I{bw.get_include()}"]
    subprocess.run([*command, str(source), "-o", str(target)], check=True)
    return target


@bw.behavior(neighbors=Contact, name="hear")
def listen(me: Person, others: bw.Neighbors[Person]) -> None:
    me.heard = 0.0
    for other in others:
        me.heard += other.opinion * other.edge.weight


@bw.behavior
def think(me: Person, rng: bw.Rng) -> None:
    me.opinion += 0.1 * me.heard + rng.normal()


def club(behavior: bw.Behavior) -> bw.Model:
    @bw.model()
    def made(world: bw.World) -> None:
        world.spawn(Person, n=60, opinion=bw.uniform())
        world.graph(Contact, bw.small_world(k=6, rewire=0.2), of=Person, weight=bw.uniform(0.5, 1.5))
        world.behaviors(behavior, think)

    return made


@pytest.mark.parametrize("ranks", [1, 3])
def test_a_kernel_in_c_goes_along_edges(library: Path, ranks: int) -> None:
    along = bw.reach(Person.opinion, Contact.weight, along=Contact)
    native = bw.native(library, "hear", Person, writes=[Person.heard], reaches=[along])
    digests = []
    for behavior in (native, listen):
        sim = club(behavior).simulate(rng=2, ranks=ranks)
        sim.run(5)
        digests.append(sim.digest())
    assert digests[0] == digests[1]


def test_what_cannot_be_reached_is_refused() -> None:
    with pytest.raises(bw.ModelError, match="neither a radius nor offsets"):
        bw.reach(Person.opinion, along=Contact, radius=2.0)
    with pytest.raises(bw.ModelError, match="along= is the component of a graph's edges; found"):
        bw.reach(Person.opinion, along=Person)  # type: ignore[arg-type]
    with pytest.raises(bw.ModelError, match="found Person, Contact"):
        bw.reach(Person.opinion, Contact.weight)
