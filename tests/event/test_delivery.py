"""Events between agents: who sees what when, in which order, on any number of ranks and threads, compiled and
as plain Python."""

from __future__ import annotations

import numpy as np
import pytest

import bigworlds as bw


class Params(bw.Parameters):
    n: int = bw.param(200, min=2)
    delay: int = bw.param(0, min=0)
    listening: bool = bw.param(True)


class Person(bw.Component):
    position: bw.vec2
    heard: int
    order: int
    news: int
    runs: int


class Word(bw.Event):
    value: int
    weight: float = 0.5


class News(bw.Event):
    value: int


@bw.behavior
def talk(person: Person, tell: bw.Send[Word], p: Params, me: bw.Entity, clock: bw.Clock, rng: bw.Rng) -> None:
    person.position = bw.vec2(rng.uniform(0.0, 10.0), rng.uniform(0.0, 10.0))
    for k in range(1 + me.id % 3):
        tell(1 + (me.id * 7 + k) % p.n, value=clock.tick * 100 + k, after=p.delay)


@bw.behavior
def announce(
    person: Person, tell: bw.Send[News], words: bw.Send[Word], me: bw.Entity, clock: bw.Clock
) -> None:
    if me.id % 50 == 3:
        tell.all(value=clock.tick)
        words.all(value=me.id)


@bw.behavior
def listen(person: Person, words: bw.Inbox[Word], news: bw.Inbox[News]) -> None:
    for word in words:
        person.heard += 1
        # Depends on the order of the events, and on all of their contents.
        person.order = (person.order * 31 + word.sender * 7 + word.value + int(2.0 * word.weight)) % 1000003
    for item in news:
        person.news += 1 + len(words) * 1000
        person.order = (person.order * 17 + item.sender + item.value) % 1000003


@bw.model(Params)
def chatter(world, p):
    world.space = bw.Continuous((10.0, 10.0), periodic=True)
    world.spawn(Person, n=p.n, position=bw.uniform())
    world.behaviors(talk, announce, listen)


def test_the_same_on_any_ranks_and_threads_and_as_python():
    digests = set()
    for ranks, threads in ((1, 1), (1, 2), (2, 1), (3, 2)):
        sim = chatter.simulate(rng=5, ranks=ranks, threads=threads, n=150)
        sim.run(6)
        digests.add(sim.digest())
    interpreted = chatter.simulate(rng=5, ranks=1, interpret=True, n=150)
    interpreted.run(6)
    digests.add(interpreted.digest())
    assert len(digests) == 1
    assert sim.sum("Person.heard") > 6 * 150


@pytest.mark.parametrize("delay", [0, 2])
def test_every_event_arrives_once_and_in_order(delay):
    n, ticks = 40, 5
    sim = chatter.simulate(rng=5, n=n, delay=delay, ranks=2)
    sim.run(ticks)
    heard = np.zeros(n + 1, dtype=int)
    order = np.zeros(n + 1, dtype=int)
    everyone = [i for i in range(1, n + 1) if i % 50 == 3]
    for tick in range(ticks):
        letters = {i: [] for i in range(1, n + 1)}
        for sent in range(tick + 1):
            if sent + delay == tick:
                for sender in range(1, n + 1):
                    for k in range(1 + sender % 3):
                        letters[1 + (sender * 7 + k) % n].append((sender, sent, 1, k, sent * 100 + k))
        for i in letters:
            letters[i] += [(sender, tick, 2, 0, sender) for sender in everyone]
            for sender, _, _, _, value in sorted(letters[i]):
                heard[i] += 1
                order[i] = (order[i] * 31 + sender * 7 + value + 1) % 1000003
            for sender in everyone:
                order[i] = (order[i] * 17 + sender + tick) % 1000003
    table = sim.table(Person)
    assert table["heard"].tolist() == heard[1:].tolist()
    assert table["order"].tolist() == order[1:].tolist()


class Cell(bw.Component):
    seen: int
    early: int


class Ping(bw.Event):
    pass


@bw.behavior
def before(cell: Cell, pings: bw.Inbox[Ping]) -> None:
    cell.early += len(pings)


@bw.behavior
def emit(cell: Cell, ping: bw.Send[Ping], me: bw.Entity) -> None:
    ping(me.id)


@bw.behavior(every=3)
def rarely(cell: Cell, pings: bw.Inbox[Ping]) -> None:
    cell.seen += len(pings)


@bw.model()
def rare(world):
    world.spawn(Cell, n=10)
    world.behaviors(before, emit, rarely)


def test_each_receiver_sees_an_event_in_its_first_run_after_it_was_sent():
    sim = rare.simulate(rng=1)
    seen, early = [], []
    for _ in range(7):
        sim.step()
        seen.append(int(sim.table(Cell)["seen"][0]))
        early.append(int(sim.table(Cell)["early"][0]))
    assert early == [0, 1, 2, 3, 4, 5, 6]
    assert seen == [1, 1, 1, 4, 4, 4, 7]
    assert sim.waiting_events(Ping) == 10  # `before` has not seen the last ones


class Sleeper(bw.Component):
    heard: int
    runs: int


@bw.behavior(when=Params.listening)
def awake(sleeper: Sleeper, pings: bw.Inbox[Ping]) -> None:
    sleeper.heard += len(pings)


@bw.behavior
def call_all(sleeper: Sleeper, ping: bw.Send[Ping], me: bw.Entity) -> None:
    if me.id == 1:
        ping.all()


@bw.model(Params)
def sleepers(world, p):
    world.spawn(Sleeper, n=4)
    world.behaviors(call_all, awake)


def test_events_do_not_wait_for_behaviors_that_are_switched_off():
    sim = sleepers.simulate(rng=1, listening=False)
    sim.run(5)
    assert sim.waiting_events(Ping) == 0
    sim.set_parameters(listening=True)
    sim.run(1)
    assert sim.table(Sleeper)["heard"].tolist() == [1, 1, 1, 1]


@bw.behavior(on=Word)
def wake(person: Person, words: bw.Inbox[Word]) -> None:
    person.runs += 1
    person.heard += len(words)


@bw.behavior(on=Ping)
def count_pings(person: Person) -> None:
    person.news += 1


@bw.model(Params)
def woken(world, p):
    world.space = bw.Continuous((10.0, 10.0), periodic=True)
    world.spawn(Person, n=p.n, position=bw.uniform())
    world.behaviors(wake, count_pings)


@pytest.mark.parametrize("ranks", [1, 3])
@pytest.mark.parametrize("interpret", [False, True])
def test_a_behavior_on_events_visits_only_those_who_have_some(ranks, interpret):
    sim = woken.simulate(rng=2, n=20, ranks=ranks, interpret=interpret)
    sim.step()
    assert sim.sum("Person.runs") == 0
    sim.send(Word, to=[4, 5, 9, 4], value=1)
    sim.send(Ping(), to=7)
    sim.step()
    table = sim.table(Person)
    assert table["id"][table["runs"] > 0].tolist() == [4, 5, 9]
    assert table["heard"][3] == 2
    assert table["id"][table["news"] > 0].tolist() == [7]
    sim.send(Word, value=3)
    sim.run(2)
    assert (sim.table(Person)["runs"] == table["runs"] + 1).all()


def test_events_from_outside_wait_for_their_tick():
    sim = woken.simulate(rng=2, n=5, ranks=2)
    sim.at(3, Word, to=2, value=1)
    sim.send(Word(value=4), to=1, after=1)
    heard = []
    for _ in range(4):
        sim.step()
        heard.append(sim.table(Person)["heard"][:2].tolist())
    assert heard == [[0, 0], [1, 0], [1, 0], [1, 1]]
    with pytest.raises(bw.UserError, match="from 4"):
        sim.at(3, Word, to=2)


class Mayfly(bw.Component):
    heard: int


@bw.behavior
def write_and_die(fly: Mayfly, tell: bw.Send[Ping], me: bw.Entity) -> None:
    tell(1 + me.id % 4, after=1)
    if me.id % 2 == 0:
        me.despawn()


@bw.behavior
def read(fly: Mayfly, pings: bw.Inbox[Ping]) -> None:
    fly.heard += len(pings)


@bw.model()
def mayflies(world):
    world.spawn(Mayfly, n=4)
    world.behaviors(write_and_die, read)


@pytest.mark.parametrize("ranks", [1, 2])
def test_events_to_those_who_have_ended_are_dropped_and_counted(ranks):
    sim = mayflies.simulate(rng=1, ranks=ranks)
    sim.run(2)
    assert sim.dropped_events == 2  # from 1 to 2 and from 3 to 4, both gone
    assert sim.table(Mayfly)["heard"].tolist() == [1, 1]  # from those that have ended since


@pytest.mark.parametrize(("ranks", "later"), [(1, 1), (1, 3), (3, 2)])
def test_waiting_events_are_state(ranks, later):
    whole = chatter.simulate(rng=9, n=60, delay=2)
    whole.at(9, Word, to=3, value=8)
    whole.run(10)
    part = chatter.simulate(rng=9, n=60, delay=2, ranks=ranks)
    part.at(9, Word, to=3, value=8)
    part.run(4)
    assert part.waiting_events(Word) > 0
    again = chatter.simulate(rng=9, n=60, delay=2, ranks=later)
    again.load(part.sections()[::-1])
    assert again.digest() == part.digest()
    again.run(6)
    assert again.digest() == whole.digest()


@bw.behavior
def talk_in_turn(sleeper: Sleeper, tell: bw.Send[Ping], pings: bw.Inbox[Ping], me: bw.Entity) -> None:
    sleeper.runs += 1
    for ping in pings:
        sleeper.heard += ping.sender
    tell(1 + me.id % 4)


@bw.behavior(on=Ping)
def answer_in_turn(sleeper: Sleeper) -> None:
    sleeper.runs += 100


@bw.model()
def in_turn(world):
    world.spawn(Sleeper, n=4)
    world.behaviors(talk_in_turn, answer_in_turn, activation=bw.Sequential(shuffle=True))


@pytest.mark.parametrize("interpret", [False, True])
def test_sequential_behaviors_send_and_receive(interpret):
    sim = in_turn.simulate(rng=1, interpret=interpret)
    sim.run(3)
    table = sim.table(Sleeper)
    assert table["heard"].tolist() == [8, 2, 4, 6]
    assert table["runs"].tolist() == [303] * 4


def test_wrong_events_are_refused_with_the_right_names():
    sim = woken.simulate(rng=2, n=5)
    with pytest.raises(bw.UserError, match="no behavior of this world sends or receives 'News'"):
        sim.send(News, value=1)
    with pytest.raises(bw.UserError, match="no field 'valu'; did you mean 'value'"):
        sim.send(Word, valu=1)
    with pytest.raises(bw.UserError, match="expected a whole number"):
        sim.send(Word, value="much")
    with pytest.raises(bw.UserError, match="entity ids"):
        sim.send(Word, to=-1)
    with pytest.raises(bw.UserError, match="after is a number of ticks"):
        sim.send(Word, after=-1)


@bw.behavior
def send_back_in_time(sleeper: Sleeper, tell: bw.Send[Ping], me: bw.Entity) -> None:
    tell(me.id, after=-1)


@bw.model()
def backwards(world):
    world.spawn(Sleeper, n=4)
    world.behaviors(send_back_in_time)


def test_an_event_cannot_be_sent_into_the_past():
    expected = r"send_back_in_time.*entity 1.*0 to \d+ ticks after; found -1"
    with pytest.raises(bw.BehaviorError, match=expected):
        backwards.simulate(rng=1, threads=1).run(1)


class Lonely(bw.Component):
    friend: bw.Ref


@bw.behavior
def write_to_friend(lonely: Lonely, tell: bw.Send[Ping]) -> None:
    tell(lonely.friend)


@bw.model()
def friends(world):
    world.spawn(Lonely, n=3, friend=[2, 3, 0])
    world.behaviors(write_to_friend)


@pytest.mark.parametrize("interpret", [False, True])
def test_an_event_to_nobody_is_not_one_to_everybody(interpret):
    with pytest.raises(bw.BehaviorError, match=r"entity 3.*entity 0, which is nobody"):
        friends.simulate(rng=1, interpret=interpret).run(1)
