"""Components, events and their fields: what can be declared, how it is stored, what is refused."""

import copy
import enum
import inspect
import pydoc
import textwrap
from typing import ClassVar, Literal

import pytest

import bigworlds as bw
from bigworlds.data import Field, FieldType
from bigworlds.data.fields import field_type, to_elements, zero_of
from bigworlds.errors import ModelError


class Mood(enum.IntEnum):
    CALM = 3
    ANGRY = 5


class Everything(bw.Component):
    a: bool
    b: bw.bool_
    c: int
    d: float
    e: bw.i8
    f: bw.u32
    g: bw.f32
    h: bw.vec2
    i: bw.vec3
    j: bw.ivec2
    k: bw.ivec3
    m: bw.array[bw.f32, 4]
    n: bw.array[float, Literal[3]]
    o: bw.Ref
    p: bw.Ref["Everything"]
    q: Mood
    r: bw.string[16]
    s: bw.short_list[bw.i16, 8]
    COUNT: ClassVar[int] = 7


STORAGE = {
    "a": ("scalar", "b1", 1), "b": ("scalar", "b1", 1), "c": ("scalar", "i8", 1), "d": ("scalar", "f8", 1),
    "e": ("scalar", "i1", 1), "f": ("scalar", "u4", 1), "g": ("scalar", "f4", 1), "h": ("vec2", "f8", 2),
    "i": ("vec3", "f8", 3), "j": ("ivec2", "i4", 2), "k": ("ivec3", "i4", 3), "m": ("array", "f4", 4),
    "n": ("array", "f8", 3), "o": ("ref", "u8", 1), "p": ("ref", "u8", 1), "q": ("enum", "i1", 1),
    "r": ("string", "u1", 16), "s": ("list", "i2", 9),
}  # fmt: skip


def test_every_type_has_its_storage():
    fields = Everything.__bw_fields__
    assert {n: (f.kind, f.dtype, f.length) for n, f in fields.items()} == STORAGE
    assert fields["q"].type.enumeration is Mood
    assert fields["h"].stride == 16
    assert fields["s"].stride == 18
    assert Everything.COUNT == 7


def test_enums_take_as_few_bytes_as_their_members_need():
    for most, dtype in ((127, "i1"), (128, "i2"), (-32769, "i4"), (2**40, "i8")):
        assert field_type(enum.IntEnum("Some", {"A": 0, "B": most}), "here").dtype == dtype
    with pytest.raises(ModelError, match="the members of Some do not fit into 64 bits"):
        field_type(enum.IntEnum("Some", {"A": 2**63}), "here")


def test_class_access_gives_the_field():
    field = Everything.h
    assert isinstance(field, Field)
    assert (field.name, field.owner, field.full_name) == ("h", Everything, "Everything.h")
    assert repr(field) == "<field Everything.h: vec2 f8[2]>"
    assert field == Everything.h
    assert len({Everything.h, Everything.h, Everything.i, Everything.s}) == 3
    with pytest.raises(ModelError, match="Everything has no field 'hh'"):
        Everything.hh  # noqa: B018


def test_defaults_and_records():
    class Bird(bw.Component):
        position: bw.vec2
        age: int = 2
        mood: Mood = Mood.ANGRY
        memory: bw.short_list[float, 3] = [1.0]  # noqa: RUF012

    bird = Bird(position=bw.vec2(1, 2))
    assert repr(bird) == "Bird(position=vec2(1.0, 2.0), age=2, mood=<Mood.ANGRY: 5>, memory=[1.0])"
    bird.age = 5
    assert bird.age == 5
    assert Bird.age.default == 2
    assert Bird.position.default is None
    with pytest.raises(ModelError, match="did you mean 'age'"):
        Bird(agee=3)
    with pytest.raises(ModelError, match="did you mean 'age'"):
        bird.agee = 3
    with pytest.raises(ModelError, match=r"items of a bw\.Neighbors argument only"):
        _ = bird.offset


def test_a_subclass_adds_fields():
    class Animal(bw.Component):
        energy: float = 1.0

    class Sheep(Animal):
        wool: float

    assert list(Sheep.__bw_fields__) == ["energy", "wool"]
    assert Sheep.energy.owner is Sheep
    assert Animal.energy.owner is Animal
    assert Sheep.energy.default == 1.0


def test_tags_have_no_fields():
    class Marked(bw.Component):
        """Only there or not."""

    assert Marked.__bw_fields__ == {}


def test_cells_edges_and_events():
    class Soil(bw.CellComponent, dimensions=3):
        water: float

    class Road(bw.EdgeComponent):
        length: float = 1.0

    class Call(bw.Event):
        loudness: float

    assert Soil.__bw_dimensions__ == 3
    assert Road.length.default == 1.0
    assert Call(loudness=2.0).loudness == 2.0
    with pytest.raises(ModelError, match=r"items of a bw\.Inbox argument only"):
        _ = Call(loudness=2.0).sender


WRONG = [
    ("x: complex", "Thing.x: expected a field type, found complex; known types: bool, int, float"),
    (
        "x: list[str]",
        "Thing.x: expected a list of numbers such as list[float] or list[bw.u8], found list[str]",
    ),
    ("x: list[bool]", "expected a list of numbers"),
    ("x: str = 3", "Thing.x's default: expected a text, found 3"),
    ("x: list", "found list"),
    ("x: 'nowhere'", "the annotation 'nowhere' cannot be evaluated"),
    ("x: bw.array[bw.f32, 0]", "expected a size from 1 to 65536, found 0"),
    ("x: bw.array[bw.vec2, 3]", "expected a number type such as bw.f64"),
    ("x: bw.short_list[bool, 3]", "found bool; use bw.u8"),
    ("x: bw.short_list[bw.i8, 200]", "expected a size from 1 to 127, found 200"),
    ("x: bw.string[5000]", "expected a size from 1 to 4096"),
    ("offset: float", "the name 'offset' is taken"),
    ("_x: float", "names of fields do not begin with '_'"),
    ("x: int = 1.5", "Thing.x's default: expected a whole number, found 1.5"),
    ("x: bw.u8 = 300", "expected 0 to 255 (uint8), found 300"),
    ("x: bool = 3", "expected True or False, found 3"),
    ("x: float = 'a'", "expected a number, found 'a'"),
    ("x: bw.vec2 = (1, 2, 3)", "expected 2 numbers, found 3"),
    ("x: bw.vec2 = 1", "expected 2 numbers, found 1"),
    ("x: bw.string[2] = 'abc'", "expected at most 2 bytes of UTF-8, found 3"),
    ("x: bw.string[2] = 1", "expected a text, found 1"),
    ("x: bw.short_list[int, 2] = [1, 2, 3]", "expected at most 2 values, found 3"),
]


@pytest.mark.parametrize(("line", "message"), WRONG, ids=[w[0] for w in WRONG])
@pytest.mark.parametrize("future", [False, True])
def test_wrong_fields_are_refused(line, message, future):
    head = "from __future__ import annotations\n" if future else ""
    source = f"{head}import bigworlds as bw\nclass Thing(bw.Component):\n    {line}\n"
    with pytest.raises(ModelError) as caught:
        exec(compile(source, "model.py", "exec", dont_inherit=True), {"__name__": "somewhere"})
    assert message in str(caught.value)


def test_unknown_class_options_are_refused():
    with pytest.raises(ModelError, match="unknown class option 'dimension'; known: dimensions"):

        class Soil(bw.CellComponent, dimension=3):
            water: float

    with pytest.raises(ModelError, match="dimensions is 2 or 3, found 4"):

        class Air(bw.CellComponent, dimensions=4):
            water: float


def test_annotations_left_as_text_are_read_in_local_scopes():
    scope: dict = {"__name__": "somewhere"}
    source = textwrap.dedent(
        """
        from __future__ import annotations
        import bigworlds as bw
        def make():
            number = bw.f32
            class Thing(bw.Component):
                x: number
                y: bw.array[number, 3]
            return Thing
        """
    )
    exec(compile(source, "model.py", "exec", dont_inherit=True), scope)
    made = scope["make"]()
    assert (made.x.dtype, made.y.dtype, made.y.length) == ("f4", "f4", 3)


@pytest.mark.parametrize(
    ("kind", "value", "stored"),
    [
        (FieldType("scalar", "f4"), 1, [1.0]),
        (FieldType("scalar", "b1"), True, [True]),
        (FieldType("enum", "i4", enumeration=Mood), "ANGRY", [5]),
        (FieldType("enum", "i4", enumeration=Mood), Mood.CALM, [3]),
        (FieldType("ivec2", "i4", 2), bw.ivec2(1, 2), [1, 2]),
        (FieldType("array", "f8", 3), (1, 2, 3), [1.0, 2.0, 3.0]),
        (FieldType("list", "i8", 4), [7], [1, 7, 0, 0]),
        (FieldType("string", "u1", 4), "é", [0xC3, 0xA9, 0, 0]),
    ],
)
def test_values_become_stored_elements(kind, value, stored):
    assert to_elements(kind, value, "here") == stored


def test_wrong_enum_names_have_near_ones():
    with pytest.raises(ModelError, match="here: expected a Mood, found 'ANGRI'; did you mean 'ANGRY'"):
        to_elements(FieldType("enum", "i4", enumeration=Mood), "ANGRI", "here")


def test_every_type_has_a_zero():
    zeros = {n: zero_of(f.type) for n, f in Everything.__bw_fields__.items()}
    assert zeros["h"] == bw.vec2(0, 0)
    assert zeros["k"] == bw.ivec3(0, 0, 0)
    assert zeros["q"] is Mood.CALM
    assert (zeros["r"], zeros["s"], zeros["m"], zeros["a"]) == ("", [], [0.0] * 4, False)
    for name, field in Everything.__bw_fields__.items():
        assert len(to_elements(field.type, zeros[name], name)) == field.length


def test_python_can_ask_component_classes_what_it_asks_all_classes() -> None:
    assert not hasattr(Everything, "_x")
    assert not hasattr(Everything, "aage")
    assert getattr(Everything, "_repr_html_", None) is None
    assert not hasattr(Everything(), "offset")

    class Bird(bw.Component):
        """Flies."""

        position: bw.vec2
        age: int = 3

    with pytest.raises(AttributeError, match="did you mean 'age'"):
        _ = Bird.agee  # type: ignore[attr-defined]
    assert str(inspect.signature(Bird)) == "(*, position=vec2(0.0, 0.0), age=3)"
    assert "Flies" in pydoc.render_doc(Bird)
    assert copy.copy(Bird) is Bird
    assert copy.deepcopy(Bird) is Bird
    one = copy.deepcopy(Bird(age=5))
    assert (one.age, type(one)) == (5, Bird)
