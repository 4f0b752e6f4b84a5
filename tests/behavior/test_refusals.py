# ruff: noqa: E501 - a table of sources and messages
"""What cannot be a behavior is refused where it is declared: file, line, what was found, what to write
instead."""

from __future__ import annotations

import re
import runpy

import pytest

from bigworlds.errors import ModelError

HEADER = """\
import enum, math, random
import numpy as np
import bigworlds as bw

from bigworlds import ivec2, vec2, vec3, param

class Params(bw.Parameters):
    radius: float = param(1.0)
    count: int = param(3)

class Bird(bw.Component):
    position: vec2
    velocity: vec2
    cell: ivec2
    age: int
    size: float
    alive: bool
    genes: bw.array[bw.f32, 4]
    name: bw.string[8]

class Grass(bw.CellComponent):
    grown: int
    height: float
    slope: bw.vec2

class Road(bw.EdgeComponent):
    length: float

class Call(bw.Event):
    loudness: float

TABLE = {1: 2}
def recursive(n):
    return recursive(n - 1)
def mixed(x):
    if x > 0:
        return 1.0
def no_kind(x):
    if x > 0:
        return x
    return vec2(1, 2)
"""
LINE = HEADER.count("\n") + 1


def declare(tmp_path, source):
    file = tmp_path / "model.py"
    file.write_text(HEADER + source)
    return file, lambda: runpy.run_path(str(file))


def refused(tmp_path, source, line, *fragments):
    file, run = declare(tmp_path, source)
    with pytest.raises(ModelError) as caught:
        run()
    message = str(caught.value)
    for fragment in fragments:
        assert fragment in message, message
    if line is not None:
        assert message.startswith(f"{file}:{LINE + line}: "), message


BODIES = [
    # (body, fragments of the message); the error is in the body's last line unless "@" marks another one
    ("x = {1: 2}", "a dict", "fields or tuples"),
    ("x = [1, 2]", "a list", "bw.short_list"),
    ("x = {1, 2}", "a set"),
    ("x = [i for i in range(3)]", "a list comprehension", "for loop"),
    ("x = sum(i for i in range(3))", "sum() cannot be used", "a loop that adds"),
    ("f = lambda: 1", "a lambda", "def outside"),
    ("try:@\n        x = 1\n    except ValueError:\n        x = 2", "found try", "test for the condition"),
    ("with open('x') as f:@\n        pass", "found with", "kind=bw.Interpreted"),
    ("yield 1", "yield", "fields"),
    ("class A:@\n        pass", "a class inside"),
    ("def f():@\n        pass", "a function inside", "outside"),
    ("print(bird.age)", "print() cannot be used", "kind=bw.Interpreted"),
    ("import os", "import at the top"),
    ("global z", "global", "parameters"),
    ("x = f'{bird.age}'", "an f-string"),
    ("del bird.age", "del"),
    ("match bird.age:@\n        case 1:\n            pass", "match", "if and elif"),
    ("bird.aeg = 1", "Bird has no field 'aeg'", "did you mean 'age'"),
    ("x = bird.colour", "Bird has no field 'colour'"),
    ("for o in others:\n        o.age = 1", "assigns to 'age' of a neighbour of 'others'", "send an event"),
    ("for o in others:\n        x = o.agge", "a neighbour (Bird) has no 'agge'", "did you mean 'age'"),
    ("for o in others:\n        x = o.edge.length", "'edge' needs the component of edges"),
    ("p.radius = 1.0", "assigns to the parameter 'radius'", "constant during a run"),
    ("x = p.radios", "Params has no parameter 'radios'", "did you mean 'radius'"),
    ("here.height = 1.0", "assigns to 'height' of a cell", "read only"),
    ("bird.velocity.x = 1.0", "a component of a vec2 cannot be set", "assign a new vec"),
    ("bird.age = 1.5", "Bird.age is an int, found a float", "round("),
    ("bird.alive = 1", "Bird.alive is a bool, found an int", "comparison"),
    ("bird.position = 1.0", "Bird.position is a vec2, found a float"),
    ("bird.position = vec3(1, 2, 3)", "Bird.position is a vec2, found a vec3"),
    ("bird.cell = bird.position", "Bird.cell is an ivec2, found a vec2", "ivec2(int(v.x)"),
    ("bird.position += 1.0", "'+' between a vec2 and a float", "bw.vec2(s, s)"),
    ("x = bird.position + vec3(1, 2, 3)", "same number of components"),
    ("x = bird.position // 2", "'//' between a vec2 and an int", "space.wrap"),
    ("x = 1.5 << 2", "bit operations need ints"),
    ("x = bird.position @ bird.velocity", "a.dot(b)"),
    ("x = bird.position < bird.velocity", "'<' between a vec2 and a vec2"),
    ("x = bird.age ** bird.age", "constant exponent"),
    ("x = bird.position.w", "a vec2 has no 'w'"),
    ("x = bird.position.lenght()", "a vec2 has no 'lenght'", "did you mean 'length'"),
    ("if bird.position:@\n        pass", "a vec2 is no condition"),
    ("if others:@\n        pass", "len(...) > 0"),
    ("x = others.nearest()\n    if x:@\n        pass", "x is not None"),
    ("if bird.age > 1:\n        x = 1\n    bird.age = x", "'x' may have no value here", "on every path"),
    ("bird.age = x\n    x = 1@0", "'x' may have no value here"),
    ("x = 1\n    x = vec2(1, 2)", "'x' is an int (line", "use two names"),
    ("b = bird", "a component cannot be given another name"),
    ("bird = 1", "the argument 'bird' cannot be given another value"),
    ("bird.age", "this statement has no effect"),
    ("return 1", "a behavior returns nothing"),
    ("x = TABLE[1]", "a dict from outside cannot be used"),
    ("x = np.sin(1.0)", "numpy's sin cannot be used", "kind=bw.Vectorised"),
    ("x = random.random()", "the random module would differ between runs", "rng: bw.Rng"),
    ("x = math.gamma(1.0)", "math.gamma is not there"),
    ("x = math.pie", "math has no 'pie'", "did you mean 'pi'"),
    ("x = rng.unifrom()", "an Rng has no 'unifrom'", "did you mean 'uniform'"),
    ("x = rng.uniform(hight=2.0)", "rng.uniform has no argument 'hight'", "did you mean 'high'"),
    ("x = rng.integers(1.5)", "is an int, found a float"),
    ("x = rng.integers()", "needs the argument 'low'"),
    ("x = vec2(1.0)", "vec2 needs the argument 'y'"),
    ("x = ivec2(1.0, 2)", "x of ivec2 is an int, found a float"),
    ("x = round(1.234, 2)", "round(x * 100) / 100"),
    ("x = max(bird.position, bird.velocity)", "max() takes numbers, found a vec2"),
    ("x = abs(bird.position)", "v.length()"),
    ("x = recursive(3)", "recursion is not supported"),
    ("x = mixed(1.0)", "helper 'mixed'", "on some paths only"),
    ("x = no_kind(1.0)", "helper 'no_kind'", "return one kind"),
    ("x = 1 if bird.alive else vec2(1, 2)", "both sides of if/else have one kind"),
    ("x = (1, 2)[3]", "the index 3 is outside of a tuple of 2"),
    ("x = bird.genes[0:2]", "slices are not supported"),
    ("x = bird.genes[1.0]", "an index is an int, found a float"),
    ("bird.genes = (1, 2, 3, 4)", "assign a field of the same type"),
    ("bird.name = 'a name that is too long'", "holds 8 bytes"),
    ("x = bird.genes", "cannot be given another name"),
    ("for o in others:\n        o.genes[0] = 1.0", "belongs to somebody else"),
    ("for i in bird:@\n        pass", "a loop over a component has no meaning"),
    ("for i, j in others:@\n        pass", "a loop has one name"),
    ("x = 18446744073709551616", "does not fit into 64 bits"),
    ("x = 'text' + 'more'", "'+' between a text and a text"),
    ("a, b = bird.position", "cannot be taken apart"),
    ("a, b = 1, 2, 3", "2 names for a tuple of 3"),
    ("x = others.closest()", "has no 'closest'"),
    ("chick(energy=1.0)", "chick has no field 'energy'"),
    ("chick(1)", "given by keyword"),
    ("chick(age=1.5)", "Bird.age is an int, found a float"),
    ("tell(loudness=1.0)", "one target id"),
    ("tell.all(volume=1.0)", "has no field 'volume'"),
    ("me.die()", "has no method 'die'", "despawn"),
    ("x = clock.time", "has no 'time'", "tick"),
    ("x = space.random_empty(rng)", "is for grids"),
    ("x = cells.at(3).grown", "a place is a vec or an ivec, found an int"),
    ("x = bird.age is p.count", "'is' is for `item is None` only"),
    ("x = 1 if bird.age in bird.genes else 2", "'in' is for tuples written out"),
    ("x = 3 + (y := 4)", "found := inside of an expression"),
    ("x = bird.age if p.count == 'many' else 1", "'==' between an int and a text"),
    ("bird.size += '1'", "'+' between a float and a text"),
    ("x = int", "a type from outside"),
    ("x = bw.Rng()", "cannot be called in a behavior"),
    ("x = ~1.5", "'~' of a float"),
]  # fmt: skip

ARGUMENTS = (
    "bird: Bird, others: bw.Neighbors[Bird], p: Params, rng: bw.Rng, here: bw.Here[Grass], cells: "
    "bw.Cells[Grass], "
    "chick: bw.Spawn[Bird], tell: bw.Send[Call], me: bw.Entity, clock: bw.Clock, space: bw.Space"
)


@pytest.mark.parametrize(
    ("body", "fragments"), [(b, f) for b, *f in BODIES], ids=[b[:30] for b, *_ in BODIES]
)
def test_a_body_that_cannot_be_compiled(tmp_path, body, fragments):
    lines = body.split("\n")
    marked = [i for i, text in enumerate(lines) if text.endswith("@")]
    first = any(text.endswith("@0") for text in lines)
    line = 0 if first else marked[0] if marked else len(lines) - 1
    clean = re.sub(r"@0?$", "", body, flags=re.MULTILINE)
    source = f"@bw.behavior(neighbors=1.0)\ndef rule({ARGUMENTS}) -> None:\n    {clean}\n"
    in_helper = any(f.startswith(("helper", "recursion")) for f in fragments)
    what = [] if in_helper else ["behavior 'rule'"]
    refused(tmp_path, source, None if in_helper else line + 2, *what, *fragments)


DECLARATIONS = [
    ("@bw.behavior\ndef f(bird): pass", 1, "'bird' has no annotation"),
    ("@bw.behavior\ndef f(bird: 'Brid'): pass", 1, "names 'Brid', which is not defined", "did you mean 'Bird'"),
    ("@bw.behavior\ndef f(bird: int): pass", 1, "'bird': expected a component class", "found int"),
    ("@bw.behavior\ndef f(bird: Bird, others: bw.Neighbors): pass", 1, "bw.Neighbors[T]"),
    ("@bw.behavior\ndef f(bird: Bird, g: bw.Here[Bird]): pass", 1, "bw.Here[...] expects a bw.CellComponent class"),
    ("@bw.behavior\ndef f(bird: Bird, g: bw.Send[Bird]): pass", 1, "bw.Send[...] expects a bw.Event class"),
    ("@bw.behavior\ndef f(r: bw.Rng): pass", 1, "takes no component of its agent"),
    ("@bw.behavior\ndef f(a: Bird, b: Bird): pass", 1, "takes the component Bird twice"),
    ("@bw.behavior\ndef f(a: Bird, b: Grass): pass", 1, "one or the other"),
    ("@bw.behavior\ndef f(a: Bird, r: bw.Rng, s: bw.Rng): pass", 1, "is a second rng argument"),
    ("@bw.behavior\ndef f(*birds: Bird): pass", 1, "name the arguments"),
    ("@bw.behavior\ndef f(e: Road): pass", 1, "other.edge"),
    ("@bw.behavior(neighbors='far')\ndef f(b: Bird): pass", 1, "a radius", "found 'far'"),
    ("@bw.behavior(neighbors=Bird.size)\ndef f(b: Bird): pass", 1, "a parameter or a number"),
    ("@bw.behavior(every=0)\ndef f(b: Bird): pass", 1, "every= is a number of ticks from 1, found 0"),
    ("@bw.behavior(at=-1)\ndef f(b: Bird): pass", 1, "at= is a tick or ticks"),
    ("@bw.behavior(on=Bird)\ndef f(b: Bird): pass", 1, "on= is a class of events"),
    ("@bw.behavior(when=3)\ndef f(b: Bird): pass", 1, "when= is a parameter"),
    ("@bw.behavior(reads='age')\ndef f(b: Bird): pass", 1, "reads= lists own fields"),
    ("@bw.behavior(writes=Bird.age)\ndef f(b: Bird): b.size = 1.0", 1, "writes Bird.size, which writes= does not"),
    ("@bw.behavior(reads=())\ndef f(b: Bird): b.size = b.size", 1, "reads Bird.size, which reads= does not"),
    ("@bw.behavior(writes=Grass.grown)\ndef f(b: Bird): pass", 1, "the behavior takes no Grass"),
    ("@bw.behavior(kind='fast')\ndef f(b: Bird): pass", None, "bw.Compiled, bw.Vectorised or bw.Interpreted"),
    ("@bw.behavior\ndef f(w: bw.Edits): pass", 1, "once per tick for the whole world; write kind=bw.Interpreted"),
    ("@bw.behavior(kind=bw.Interpreted)\ndef f(w: bw.Edits, b: Bird): pass", 1, "'b': with bw.Edits it runs once"),
    ("@bw.behavior(kind=bw.Interpreted)\ndef f(w: bw.Edits, v: bw.Edits): pass", 1, "'v' is a second world argument"),
    ("@bw.behavior(kind=bw.Interpreted, on=Call)\ndef f(w: bw.Edits): pass", 1, "on= is for behaviors of agents"),
    ("@bw.behavior(kind=bw.Interpreted, neighbors=2.0)\ndef f(w: bw.Edits): pass", 1, "neighbors= is for behaviors"),
    ("@bw.behavior\nasync def f(b: Bird): pass", None, "an async function cannot be a behavior"),
    ("bw.behavior(lambda b: 1)", None, "expected a function defined by def"),
    ("bw.behavior(len)", None, "expected a function defined by def"),
    ("@bw.behavior\ndef f(b: Bird, c: bw.Claim[Grass]): pass", 1, "'c' is a Claim", "claim=(Grass.grown, Sheep.fed)"),
    ("@bw.behavior(claim=(Grass.slope, Bird.age))\ndef f(b: Bird, c: bw.Claim[Grass]): pass", 1, "is no stock"),
    ("@bw.behavior(claim=(Grass.grown, Bird.size))\ndef f(b: Bird, c: bw.Claim[Grass]): pass", 1, "own integer field"),
    ("@bw.behavior(claim=(Bird, Bird.age))\ndef f(b: Bird, c: bw.Claim[Grass]): pass", 1, "is a Claim[Grass], found Bird"),
    ("@bw.behavior\ndef f(b: Bird, d: bw.Deposit[Grass]): pass", 1, "write deposit="),
    ("@bw.behavior\ndef f(b: Bird, s: bw.Spawn[Bird, Bird]): s()", 1, "two of its components have a field"),
    ("class Ghost(bw.Component):\n    a: int\n@bw.behavior\ndef f(g: Ghost, h: bw.Here[Grass]): g.a = h.grown", 3,
     "bw.Here needs the agent's place"),
    ("class Ghost(bw.Component):\n    a: int\n@bw.behavior(neighbors=1)\ndef f(g: Ghost, o: "
    "bw.Neighbors[Ghost]):\n"
     "    for x in o:\n        v = x.offset", 5, "component that holds `position`"),
    ("@bw.behavior(neighbors=Road)\ndef f(b: Bird, o: bw.Neighbors[Bird]):\n    for x in o:\n        "
    "b.size = x.distance",
     3, "along the edges of a graph have no 'distance'"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("source", "line", "fragments"),
    [(s, n, f) for s, n, *f in DECLARATIONS],
    ids=[d[-1][:40] for d in DECLARATIONS],
)
def test_a_declaration_that_is_wrong(tmp_path, source, line, fragments):
    refused(tmp_path, source + "\n", line, *fragments)


def test_a_model_with_other_parameters_is_refused():
    scope = runpy.run_path(__file__.replace("test_refusals", "parameters_of_two"))
    with pytest.raises(ModelError, match=r"takes Ours, the model has Theirs; write @bw.model\(Ours\)"):
        scope["rule"].kernel(scope["Theirs"])
    with pytest.raises(ModelError, match="the model has no parameters"):
        scope["rule"].kernel(None)


def test_a_helper_that_is_never_defined_is_refused_when_the_world_is_built(tmp_path):
    _, run = declare(tmp_path, "@bw.behavior\ndef f(b: Bird) -> None:\n    b.age = nowhere(b.age)\n")
    rule = run()["f"]
    with pytest.raises(ModelError, match=f":{LINE + 2}: behavior 'f': the name 'nowhere' is not defined"):
        rule.kernel(None)
