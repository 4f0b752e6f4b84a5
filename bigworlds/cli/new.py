"""`bigworlds new NAME`: writes a model that runs and a test of it, to begin from; with --native one whose
behavior is in C++ (native_project.py)."""

from __future__ import annotations

import keyword
from pathlib import Path
from string import Template

from bigworlds.cli import native_project
from bigworlds.errors import UserError

_MODEL = Template('''\
"""$name: walkers that wander over a bounded plain and rest where they are alone."""

import bigworlds as bw


class Params(bw.Parameters):
    n: int = bw.param(200, min=1, help="walkers")
    side: float = bw.param(100.0, min=1.0, help="length of each side of the plain")
    radius: float = bw.param(5.0, min=0.0, help="how far a walker sees")
    step: float = bw.param(1.0, min=0.0, help="how far a walker goes in a tick, at most")


class Walker(bw.Component):
    position: bw.vec2
    company: int = 0


@bw.model(Params, presets={"small": {"n": 50, "side": 50.0}}, ticks=200)
def $name(world: bw.World, p: Params) -> None:
    """Walkers on a bounded plain."""
    world.space = bw.Continuous((p.side, p.side), periodic=False)
    world.spawn(Walker, n=p.n, position=bw.uniform())
    world.behaviors(wander)
    world.look(Walker, color="company")


@bw.behavior(neighbors=Params.radius)
def wander(
    walker: Walker, others: bw.Neighbors[Walker], p: Params, space: bw.Space, rng: bw.Rng
) -> None:
    """Goes somewhere nearby, unless nobody is in sight."""
    walker.company = len(others)
    if walker.company > 0:
        step = bw.vec2(rng.uniform(-p.step, p.step), rng.uniform(-p.step, p.step))
        walker.position = space.clamp(walker.position + step)


@$name.metric
def mean_company(sim: bw.Simulation) -> float:
    """How many others a walker sees, on average."""
    return float(sim.mean("Walker.company"))


if __name__ == "__main__":
    sim = $name.simulate("small", rng=1)
    sim.run(100)
    print(sim.metrics())
''')

_TEST = Template('''\
"""Tests of the model $name: run them with `pytest`."""

from $name import Walker, $name


def test_walkers_stay_on_the_plain():
    sim = $name.simulate("small", rng=1)
    sim.run(50)
    places = sim.table(Walker)["position"]
    assert len(places) == 50
    assert places.min() >= 0.0
    assert places.max() <= 50.0


def test_the_same_seed_gives_the_same_world():
    one, other = $name.simulate("small", rng=1, threads=1), $name.simulate("small", rng=1, threads=2)
    one.run(20)
    other.run(20)
    assert one.digest() == other.digest()
    assert one.digest() != $name.simulate("small", rng=2).digest()
''')


FILES = {"$name.py": (_MODEL, "the model"), "test_$name.py": (_TEST, "a test of it")}

# What the templates call by these names.
_TAKEN = (
    "Params", "Walker", "wander", "mean_company", "bw", "sim", "bigworlds", "build", "move", "subprocess",
    "sys", "os", "np", "numpy", "pytest", "spread",
)  # fmt: skip


def new(name: str, parent: Path, *, native: bool = False) -> Path:
    """Writes the files and says what to do with them.

    Args:
        name: of the model, its file and its folder.
        parent: where the folder is made.
        native: whether the behavior is in C++.

    Returns:
        The folder.

    Raises:
        UserError: the name cannot be a Python name in lower case, or the folder is there already.
    """
    taken = name in _TAKEN
    if not (name.isidentifier() and name == name.lower()) or keyword.iskeyword(name) or taken:
        raise UserError(f"new {name}: expected a Python name in lower case, as in: bigworlds new rabbits")
    folder = parent / name
    if folder.exists():
        raise UserError(
            f"new {name}: {folder} is there already, and nothing is ever overwritten; choose another name"
        )
    folder.mkdir()
    files = native_project.FILES if native else FILES
    width = max(len(f"{name}/{file}") for file in _named(files, name))
    for file, (template, about) in _named(files, name).items():
        (folder / file).write_text(template.substitute(name=name), encoding="utf-8")
        print(f"{f'{name}/{file}':{width}}  {about}")
    if native:
        print(f"Build it: python {name}/build.py")
    print(f"Run it:   bigworlds run {name}/{name}.py --view\nTest it:  cd {name} && pytest")
    return folder


def _named(files: dict[str, tuple[Template, str]], name: str) -> dict[str, tuple[Template, str]]:
    return {Template(file).substitute(name=name): made for file, made in files.items()}
