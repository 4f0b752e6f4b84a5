"""Texts, bytes and lists of any length: every way in and out of a world, equal on any ranks, threads and
restarts, and against plain Python values; what cannot be is refused where it is said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import bigworlds as bw
from bigworlds import _core
from bigworlds.cli.describe import odd
from bigworlds.snapshot import TableReader, TableWriter


class Person(bw.Component):
    position: bw.vec2
    age: int
    name: str
    letter: bytes = b"\x00\xff"
    history: list[int]
    weights: list[bw.f32] = [1.5]  # noqa: RUF012 (a field's default, which is copied)


class Note(bw.Component):
    text: str = "new"


class Marked(bw.Component):
    pass


@bw.behavior
def walk(person: Person, me: bw.Entity, rng: bw.Rng, born: bw.Spawn[Person], mark: bw.Attach[Note]) -> None:
    person.position = bw.vec2(rng.uniform(0.0, 20.0), rng.uniform(0.0, 10.0))
    person.age += 1
    if rng.uniform() < 0.08:
        me.despawn()
    elif rng.uniform() < 0.12:
        born(position=person.position, age=0)


@bw.behavior
def pin(person: Person, rng: bw.Rng, note: bw.Attach[Marked]) -> None:
    if person.age % 3 == 1:
        note()


@bw.behavior
def unpin(marked: Marked, person: Person, note: bw.Detach[Marked]) -> None:
    if person.age % 3 == 2:
        note()


@bw.behavior(kind=bw.Interpreted)
def remember(person: Person, clock: bw.Clock) -> None:
    person.history = [*person.history, clock.tick][-20:]
    if clock.tick % 4 == person.age % 4:
        person.name = f"{person.name}é{clock.tick}"[-40:]


@bw.behavior(kind=bw.Vectorised)
def scribble(person: Person, clock: bw.Clock) -> None:
    person.letter = [bytes([age % 256]) * (age % 70) for age in person.age.tolist()]
    person.weights = [[w * 0.5 for w in weights] + [0.1] for weights in person.weights]


@bw.behavior(kind=bw.Interpreted)
def census(world: bw.Edits) -> None:
    table = world.table(Person)
    if len(table["id"]):
        eldest = int(table["id"][np.argmax(table["age"])])
        world.set(eldest, Person, name=f"eldest of {len(table['id'])}")
        assert world.get(eldest, Person).name == table["name"][np.argmax(table["age"])]
    world.spawn(Person, Note, position=bw.vec2(1.0, 1.0), name="guest", history=[world.tick])


@bw.input
def rename(world: bw.Edits, person: bw.Ref, name: str) -> str:
    before: str = world.get(person, Person).name
    world.set(person, Person, name=name)
    world.attach(person, Note, text=name * 10)
    return before


@bw.model()
def village(world: bw.World) -> None:
    world.space = bw.Continuous((20.0, 10.0), periodic=True)
    world.tiles = 12
    names = [f"person {k}" * (k % 5) for k in range(30)]
    world.spawn(Person, n=30, position=bw.uniform(), name=names, history=[[k] * k for k in range(30)])
    world.behaviors(walk, pin, unpin, remember, scribble, census)
    world.inputs(rename, components=[Note])


def tables(sim: Any) -> list[Any]:
    found = []
    for component in (Person, Note):
        table = sim.table(component)
        found.append({name: values.tolist() for name, values in table.items()})
    return found


def test_one_digest_on_any_ranks_threads_and_restarts(tmp_path: Path) -> None:
    plain = village.simulate(rng=3, ranks=1, threads=1)
    plain.run(9)
    halfway = plain.digest()
    plain.run(9)
    for ranks, threads in ((1, 3), (2, 1), (3, 2)):
        sim = village.simulate(rng=3, ranks=ranks, threads=threads)
        sim.run(9)
        assert sim.digest() == halfway
        path = tmp_path / f"{ranks}.h5"
        sim.snapshot(path)
        sim.run(9)
        assert (sim.digest(), tables(sim)) == (plain.digest(), tables(plain))
        resumed = village.resume(path, ranks=ranks % 3 + 1, threads=1)
        assert resumed.digest() == halfway
        resumed.run(9)
        assert resumed.digest() == plain.digest()
    interpreted = village.simulate(rng=3, interpret=True)
    interpreted.run(18)
    assert interpreted.digest() == plain.digest()
    names = plain.table(Person)["name"].tolist()
    assert any("é" in name for name in names)
    assert any(name.startswith("eldest") for name in names)
    assert any(len(history) > 5 for history in plain.table(Person)["history"])


def test_the_digest_knows_every_part_of_a_value() -> None:
    def digest(**fields: Any) -> str:
        sim = village.simulate(rng=3)
        for field, value in fields.items():
            sim.set(7, f"Person.{field}", value)
        return sim.digest()

    long = "x" * 100
    variants: list[dict[str, Any]] = [
        {},
        {"name": ""},
        {"name": long},
        {"name": long[:-1] + "y"},
        {"name": "y" + long[1:]},
        {"name": long + "x"},
        {"name": long + "\0"},
        {"letter": long.encode()},
        {"history": [1, 2]},
        {"history": [2, 1]},
        {"history": [1, 2, 0]},
        {"weights": [0.0]},
        {"weights": [-0.0]},
    ]
    assert len({digest(**fields) for fields in variants}) == len(variants)
    # How it came about is not in it.
    sim = village.simulate(rng=3)
    for name in (long, "", "b", long):
        sim.set(7, "Person.name", name)
    assert sim.digest() == digest(name=long)


def test_inputs_and_python_read_what_was_written() -> None:
    for ranks in (1, 3):
        sim = village.simulate(rng=3, ranks=ranks)
        ticket = sim.submit(rename, person=5, name="Zoë")
        sim.run(1)
        assert ticket.result.value == "person 4" * 4
        notes = sim.table(Note)
        assert notes["text"][notes["id"] == 5].tolist() == ["Zoë" * 10]
        frame = pd.DataFrame(
            {"name": ["a", "bb"], "age": [1, 2], "position.x": [1.0, 2.0], "position.y": [1.0, 2.0]}
        )
        ids = sim.spawn(Person, frame, letter=b"same", history=[[1], []])
        assert [sim.entity(i)[Person].name for i in ids] == ["a", "bb"]
        assert [sim.entity(i)[Person].letter for i in ids] == [b"same", b"same"]
        assert [sim.entity(i)[Person].history for i in ids] == [[1], []]
        assert sim.entity(ids[0])[Person].weights == [1.5]
        sim.attach(ids, Note, text=["one", "two" * 50])
        assert sim.entity(ids[1])[Note].text == "two" * 50
        sim.detach(ids[:1], Note)
        sim.set(ids, "Person.history", [[9, 9], [8]])
        assert sim.entity(ids[0])[Person].history == [9, 9]
        sim.set(ids, "Person.name", "both")
        table = sim.table(Person)
        assert table["name"][np.isin(table["id"], ids)].tolist() == ["both", "both"]


def test_views_are_copies_that_go_stale() -> None:
    sim = village.simulate(rng=3)
    columns = sim.columns(Person)
    names = columns.name
    assert names[4] == "person 4" * 4
    assert columns.history[3] == [3, 3, 3]
    with pytest.raises(ValueError, match="read-only"):
        names[0] = "x"
    with pytest.raises(bw.UserError, match=r"which are copies; use sim.set\(ids, 'Person.name', values\)"):
        columns.writable("name")
    sim.run(1)
    assert names[4] == "person 4" * 4
    with pytest.raises(bw.UserError, match="before the last tick"):
        _ = columns.name


@bw.model()
def plain_people(world: bw.World) -> None:
    world.spawn(Note, n=2, text=["a", "b"])
    world.behaviors(exclaim)
    world.inputs(components=[Marked])


@bw.behavior(kind=bw.Interpreted)
def exclaim(note: Note) -> None:
    if note.text.endswith("!!!"):
        note.text = ""
    else:
        note.text += "!"


TEXTS = st.text(max_size=90).filter(lambda text: "\ud800" not in text)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("spawn"), TEXTS),
        st.tuples(st.just("set"), st.integers(0, 99), TEXTS),
        st.tuples(st.just("despawn"), st.integers(0, 99)),
        st.tuples(st.just("mark"), st.integers(0, 99)),
        st.tuples(st.just("tick")),
    ),
    max_size=25,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps=STEPS, ranks=st.integers(1, 3))
def test_random_edits_against_a_plain_dict(steps: list[Any], ranks: int) -> None:
    sim = plain_people.simulate(rng=1, ranks=ranks)
    texts, marked = {1: "a", 2: "b"}, set()
    for what, *rest in steps:
        ids = sorted(texts)
        chosen = ids[rest[0] % len(ids)] if rest and isinstance(rest[0], int) and ids else 0
        if what == "spawn":
            texts[int(sim.spawn(Note, text=rest[0])[0])] = rest[0]
        elif what == "tick":
            sim.run(1)
            texts = {i: "" if t.endswith("!!!") else t + "!" for i, t in texts.items()}
        elif chosen and what == "set":
            sim.set(chosen, Note.text, rest[1])
            texts[chosen] = rest[1]
        elif chosen and what == "despawn":
            sim.despawn(chosen)
            del texts[chosen]
            marked.discard(chosen)
        elif chosen and what == "mark":
            (sim.detach if chosen in marked else sim.attach)(chosen, Marked)
            marked ^= {chosen}
        table = sim.table(Note)
        assert dict(zip(table["id"].tolist(), table["text"].tolist(), strict=True)) == texts
    again = plain_people.simulate(rng=1, ranks=2)
    again.load(sim.sections())
    assert again.digest() == sim.digest()
    assert again.table(Note)["text"].tolist() == sim.table(Note)["text"].tolist()


def test_a_snapshot_has_values_in_pieces_that_h5py_reads(tmp_path: Path) -> None:
    sim = village.simulate(rng=3, ranks=2)
    path = tmp_path / "village.h5"
    sim.snapshot(path)
    with h5py.File(path) as file:
        group = file["sections/ecs/Person.name"]
        columns = group["columns"]
        found: dict[int, bytes] = {}
        for key, used, value in zip(group["keys"], columns["used"], columns["value"], strict=True):
            found[int(key)] = found.get(int(key), b"") + bytes(value[:used])
    table = sim.table(Person)
    wanted = {i: n.encode() for i, n in zip(table["id"].tolist(), table["name"], strict=True) if n}
    assert found == wanted


def test_damaged_pieces_are_refused() -> None:
    sim = village.simulate(rng=3)
    sections = sim.sections()
    place = next(k for k, s in enumerate(sections) if s.name == "Person.history")
    whole = sections[place]

    def loaded(keys: Any = whole.keys, **changed: Any) -> None:
        columns = {**whole.columns, **changed}
        parts = [
            *sections[:place],
            type(whole)(whole.room, whole.name, keys, columns),
            *sections[place + 1 :],
        ]
        village.simulate(rng=3).load(parts)

    with pytest.raises(bw.UserError, match=r"Person.history of entity \d+ is not whole"):
        loaded(used=np.zeros_like(whole.columns["used"]))
    with pytest.raises(bw.UserError, match=r"Person.history of entity \d+ is not whole"):
        loaded(piece=whole.columns["piece"] + np.uint32(1))
    with pytest.raises(bw.UserError, match="of entity 999, which has none"):
        loaded(keys=np.where(whole.keys == whole.keys.max(), np.uint64(999), whole.keys))
    with pytest.raises(bw.UserError, match="has no column 'value', or one of another type"):
        loaded(value=whole.columns["value"].astype("f8"))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"name": 3}, r"Person.name: expected a text, found 3"),
        ({"name": ["a", None]}, r"Person.name, row 1: expected a text, found None"),
        ({"name": "\ud800"}, r"Person.name: expected a text that UTF-8 can write"),
        ({"letter": "abc"}, r"Person.letter: expected bytes, found 'abc'"),
        ({"history": "abc"}, r"Person.history: expected a list of numbers, found 'abc'"),
        ({"history": [1, 2.5]}, r"Person.history: expected a whole number, found 2.5"),
        ({"history": [[1], [2**70]]}, r"Person.history, row 1: expected -9223372036854775808 to"),
        ({"name": bw.uniform()}, r"Person.name"),
        ({"history": bw.integers(1, 3)}, r"Person.history"),
        (
            {"letter": bytes(_core.MOST_VALUE_BYTES + 1)},
            r"at most 16777216 bytes \(MOST_VALUE_BYTES\), found",
        ),
    ],
)
def test_wrong_values_say_what_was_expected(fields: dict[str, Any], message: str) -> None:
    sim = village.simulate(rng=3)
    before = sim.digest()
    with pytest.raises(bw.UserError, match=message):
        sim.spawn(Person, n=2, position=bw.uniform(), **fields)
    assert sim.digest() == before


def test_what_has_no_numbers_is_refused_by_name() -> None:
    sim = village.simulate(rng=3)
    for ask in (sim.sum, sim.mean, sim.min, sim.max):
        with pytest.raises(bw.UserError, match=r"Person\.name has values of any length"):
            ask("Person.name")


def test_looks_records_and_descriptions_know_them() -> None:
    with pytest.raises(
        bw.ModelError, match=r"Person\.name has values of any length; give a field of numbers"
    ):
        bw.view.Look(Person, color="name")
    described = odd(plain_people, None)
    assert "text of any length" in described
    assert "2 x Note: text given row by row" in described
    described = odd(village, None)
    assert "list of float32" in described
    assert "letter b'\\x00\\xff'" in described
    assert "weights [1.5]" in described


class Diary(bw.Component):
    page: str = "page 0"
    sealed: bytes
    days: list[bw.u8]
    hours: list[bw.f32]


@bw.behavior(kind=bw.Interpreted)
def keep_diary(diary: Diary, me: bw.Entity, clock: bw.Clock) -> None:
    diary.page = diary.page + f", {clock.tick} é {me.id}"
    diary.sealed = bytes(diary.sealed) + bytes([clock.tick, 0])
    diary.days = [*diary.days, clock.tick]
    if me.id == 2:
        diary.hours = [*diary.hours, 0.1 * clock.tick]


@bw.behavior(kind=bw.Interpreted, at=2)
def pass_on(diary: Diary, me: bw.Entity) -> None:
    if me.id == 1:
        me.despawn()


@bw.model()
def diaries(world: bw.World) -> None:
    world.spawn(Diary, n=3)
    world.behaviors(keep_diary, pass_on)
    world.record(bw.record.columns("Diary.page", "Diary.sealed", "Diary.days", "Diary.hours", name="diaries"))


def plain_rows(rows: Any) -> list[tuple[Any, ...]]:
    return list(
        zip(
            rows["tick"].tolist(),
            rows["id"].tolist(),
            rows["page"].tolist(),
            rows["sealed"].tolist(),
            [days.tolist() for days in rows["days"]],
            [hours.tolist() for hours in rows["hours"]],
            strict=True,
        )
    )


def expected_rows() -> list[tuple[Any, ...]]:
    rows = []
    for tick in range(6):
        for who in (1, 2, 3):
            if who > 1 or tick < 3:
                page = "page 0" + "".join(f", {t} é {who}" for t in range(tick))
                sealed = b"".join(bytes([t, 0]) for t in range(tick))
                hours = [float(np.float32(0.1 * t)) for t in range(tick)] if who == 2 else []
                rows.append((tick, who, page, sealed, list(range(tick)), hours))
    return rows


@pytest.mark.parametrize("ranks", [1, 3])
def test_records_keep_values_of_any_length(ranks: int, tmp_path: Path) -> None:
    sim = diaries.simulate(rng=1, ranks=ranks)
    sim.run(5)
    assert plain_rows(sim.records["diaries"]) == expected_rows()
    sim = diaries.simulate(rng=1, ranks=ranks)
    sim.record_to(tmp_path / "diaries.h5")
    sim.run(3)
    assert plain_rows(sim.records["diaries"]) == expected_rows()[:11]
    sim.run(2)
    sim.snapshot(tmp_path / "end.h5")  # commits
    records = bw.record.Records.open(tmp_path / "diaries.h5")
    rows = records["diaries"]
    assert plain_rows(rows) == expected_rows()
    assert (rows["days"][-1].dtype, rows["hours"][0].dtype) == (np.uint8, np.float32)
    frame = records.to_pandas("diaries")
    assert frame["page"].tolist() == [row[2] for row in expected_rows()]
    assert frame["days"].tolist() == [row[4] for row in expected_rows()]
    with h5py.File(tmp_path / "diaries.h5") as file:  # stock h5py understands them
        assert file["diaries/hours"][-2].tolist() == expected_rows()[-2][5]
        assert file["diaries/page"].asstr()[1] == "page 0"


def test_a_text_that_a_record_would_cut_off_is_refused() -> None:
    @bw.model()
    def cut(world: bw.World) -> None:
        world.spawn(Note, text="a\0b")
        world.record(bw.record.columns("Note.text"))

    with pytest.raises(bw.UserError, match=r"Note\.text: a text with a zero character.*found 'a\\x00b'"):
        cut.simulate(rng=1).run(1)


def test_records_of_any_length_go_on_where_a_snapshot_was(tmp_path: Path) -> None:
    tables = TableWriter.create(tmp_path / "t.h5")
    tables.add("a", {"kind": "columns"})
    values = np.empty(2, dtype=object)
    for tick in range(3):
        values[:] = [np.arange(tick), np.array([tick])]
        texts = np.array(["x" * 5000, ""], dtype=object)
        tables.append("a", {"tick": np.full(2, tick), "list": values.copy(), "text": texts})
        assert tables.pending_bytes > 5000
        tables.commit()
    tables.close()
    tables = TableWriter.resume(tmp_path / "t.h5")
    tables.keep_up_to("tick", 1)
    values[:] = [np.array([8]), np.array([9])]
    tables.append("a", {"tick": np.full(2, 2), "list": values, "text": np.array(["", "y"], dtype=object)})
    tables.close()
    with TableReader(tmp_path / "t.h5") as reader:
        read = reader.read("a")
    assert [one.tolist() for one in read["list"]] == [[], [0], [0], [1], [8], [9]]
    assert read["text"].tolist() == ["x" * 5000, "", "x" * 5000, "", "", "y"]


def test_columns_of_mixed_objects_are_refused(tmp_path: Path) -> None:
    with TableWriter.create(tmp_path / "t.h5") as tables:
        tables.add("a", {"kind": "columns"})
        for wrong in (["a", b"b"], [1, 2], [None], [np.zeros((2, 2))]):
            values = np.empty(len(wrong), dtype=object)
            values[:] = wrong
            with pytest.raises(ValueError, match="cannot be of type object"):
                tables.append("a", {"tick": np.zeros(len(wrong), int), "list": values})


def test_compiled_behaviors_are_told_what_to_write_instead() -> None:
    with pytest.raises(bw.ModelError, match=r"test_open_fields.py.*Person.name has values of any length"):

        @bw.behavior
        def reads(person: Person) -> None:
            person.age = len(person.name)

    with pytest.raises(bw.ModelError, match=r"or the field bw.short_list"):

        @bw.behavior
        def writes(person: Person) -> None:
            person.history = person.history

    with pytest.raises(bw.ModelError, match=r"Person.name has values of any length"):

        @bw.behavior
        def bears(person: Person, born: bw.Spawn[Person]) -> None:
            born(position=person.position, name="x")

    with pytest.raises(bw.ModelError, match=r"Person.name has values of any length"):

        @bw.behavior(neighbors=1.0)
        def sees(person: Person, others: bw.Neighbors[Person]) -> None:
            for other in others:
                if other.name == "x":
                    person.age += 1

    with pytest.raises(bw.ModelError, match=r"reads Person.name of neighbours"):

        @bw.behavior(kind=bw.Interpreted, neighbors=1.0)
        def hears(person: Person, others: bw.Neighbors[Person]) -> None:
            person.age += sum(other.name == "x" for other in others)


def test_only_entities_have_them() -> None:
    with pytest.raises(bw.ModelError, match="only components of entities have texts"):

        class Soil(bw.CellComponent):
            label: str

    with pytest.raises(bw.ModelError, match="only components of entities have texts"):

        class Call(bw.Event):
            words: str

    with pytest.raises(bw.ModelError, match="expected a list of numbers such as"):

        class Family(bw.Component):
            names: list[str]


def test_an_interpreted_behavior_that_fails_stores_nothing() -> None:
    @bw.behavior(kind=bw.Interpreted)
    def garble(note: Note) -> None:
        note.text = 5  # type: ignore[assignment]

    @bw.model()
    def garbled(world: bw.World) -> None:
        world.spawn(Note, text="kept")
        world.behaviors(garble)

    sim = garbled.simulate(rng=1)
    with pytest.raises(bw.BehaviorError, match=r"Note\.text: expected a text, found 5"):
        sim.run(1)
    assert sim.table(Note)["text"].tolist() == ["kept"]
