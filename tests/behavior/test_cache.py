"""Compiled kernels on disk: found again by other processes, damaged ones compiled anew, told apart by what
they do."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap

import pytest

import bigworlds as bw
from bigworlds.behavior import object_code
from bigworlds.behavior.compiled.compile import cache_key

from .engine_stand_in import StandIn

MODEL = """
import sys
import bigworlds as bw

class Ball(bw.Component):
    position: bw.vec2
    velocity: bw.vec2

@bw.behavior
def fly(ball: Ball) -> None:
    ball.position += ball.velocity * FACTOR

kernel = fly.kernel(None)
assert kernel.address
print("numba" in sys.modules)
"""


@pytest.fixture
def run(tmp_path):
    """Runs a model file in a process of its own with a cache folder of its own."""

    def call(factor=0.5, lines_before=0, cache="cache"):
        file = tmp_path / f"model{lines_before}.py"
        file.write_text("\n" * lines_before + MODEL.replace("FACTOR", str(factor)))
        environment = {
            **os.environ,
            "BIGWORLDS_CACHE": str(tmp_path / cache),
            "PYTHONPATH": os.pathsep.join(sys.path),
        }
        done = subprocess.run(
            [sys.executable, file], env=environment, capture_output=True, text=True, check=True
        )
        return done.stdout.strip() == "True", sorted((tmp_path / cache).glob("*"))

    return call


def test_a_second_process_takes_the_kernel_from_the_cache_without_numba(run):
    compiled, files = run()
    assert compiled
    assert len(files) == 1
    assert files[0].name.startswith("fly-")
    assert run() == (False, files)
    assert run(lines_before=7) == (False, files)
    assert len(run(factor=0.25)[1]) == 2


@pytest.mark.parametrize(
    "damage", [lambda raw: raw[:-20], lambda raw: raw[:40] + b"x" + raw[41:], lambda raw: b""]
)
def test_a_damaged_file_is_not_taken(monkeypatch, tmp_path, damage):
    monkeypatch.setenv("BIGWORLDS_CACHE", str(tmp_path))
    object_code.keep("key", b"machine code" * 20)
    (file,) = tmp_path.glob("*")
    assert object_code.cached("key") == b"machine code" * 20
    file.write_bytes(damage(file.read_bytes()))
    assert object_code.cached("key") is None


def test_a_cache_that_cannot_be_written_is_no_error(monkeypatch, tmp_path):
    file = tmp_path / "file"
    file.write_text("in the way")
    monkeypatch.setenv("BIGWORLDS_CACHE", str(file))
    object_code.keep("key", b"code")
    assert object_code.cached("key") is None


def test_the_folder_follows_the_system(monkeypatch, tmp_path):
    monkeypatch.setenv("BIGWORLDS_CACHE", str(tmp_path))
    assert object_code.cache_folder() == tmp_path
    monkeypatch.delenv("BIGWORLDS_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.setattr(sys, "platform", "linux")
    assert object_code.cache_folder() == tmp_path / "xdg" / "bigworlds"


class Params(bw.Parameters):
    a: float = bw.param(1.0)


class Other(bw.Parameters):
    b: float = bw.param(1.0)
    a: float = bw.param(1.0)


class Thing(bw.Component):
    x: float
    y: float


@bw.behavior
def scale(thing: Thing, p: Params) -> None:
    thing.x *= p.a


def test_the_key_depends_on_layouts_and_modes():
    layouts = [Params.__bw_layout__, Other.__bw_layout__]
    keys = {cache_key(scale, layout, sequential) for layout in layouts for sequential in (False, True)}
    assert len(keys) == 4


def test_text_of_a_helper_counts(tmp_path):
    source = textwrap.dedent(
        """
        import bigworlds as bw
        class Thing(bw.Component):
            x: float
        def helper(x):
            return x {operator} 2.0
        @bw.behavior
        def rule(thing: Thing) -> None:
            thing.x = helper(thing.x)
        """
    )
    keys = []
    for operator in "*+":
        file = tmp_path / f"m{ord(operator)}.py"
        file.write_text(source.replace("{operator}", operator))
        scope: dict = {"__name__": "m"}
        exec(compile(file.read_text(), str(file), "exec"), scope)
        keys.append(cache_key(scope["rule"], None, False))
        world = StandIn(scope["rule"], 1, {scope["Thing"].x: [5.0]})
        world.run(scope["rule"].kernel(None))
        assert world.columns[scope["Thing"].x].tolist() == [10.0 if operator == "*" else 7.0]
    assert keys[0] != keys[1]


def test_the_cache_keeps_to_its_limit(monkeypatch, tmp_path):
    monkeypatch.setenv("BIGWORLDS_CACHE", str(tmp_path))
    monkeypatch.setattr(object_code, "CACHE_LIMIT", 3)
    for number in range(3):
        object_code.keep(f"key{number}", b"code")
        os.utime(tmp_path / f"key{number}.o", (number, number))
    assert object_code.cached("key0") == b"code"
    object_code.keep("key3", b"code")
    assert sorted(f.name for f in tmp_path.glob("*")) == ["key0.o", "key2.o", "key3.o"]
