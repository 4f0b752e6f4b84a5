"""The journal: replayed runs, torn and damaged files, runs that cannot be replayed."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import textwrap

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import bigworlds as bw
from bigworlds.event import Journal, read_journal


class Params(bw.Parameters):
    rate: float = bw.param(0.5)


class Walker(bw.Component):
    position: bw.vec2
    load: int


class Gift(bw.Event):
    size: int


@bw.behavior
def walk(walker: Walker, gifts: bw.Inbox[Gift], p: Params, rng: bw.Rng) -> None:
    walker.position += bw.vec2(rng.normal() * p.rate, rng.normal() * p.rate)
    for gift in gifts:
        walker.load += gift.size


@bw.input
def enter(world: bw.Edits, load: int) -> int:
    if load < 0:
        raise ValueError("nobody carries less than nothing")
    return world.spawn(Walker, position=(world.rng.uniform(0.0, 10.0), 5.0), load=load)


@bw.input
def leave(world: bw.Edits, who: bw.Ref) -> None:
    world.despawn(who)


@bw.model(Params)
def walkers(world, p):
    world.space = bw.Continuous((10.0, 10.0), periodic=True)
    world.spawn(Walker, n=20, position=bw.uniform())
    world.behaviors(walk)
    world.inputs(enter, leave)


def lead(sim, first=0, last=7):
    """What comes from outside before each of the ticks of a run."""
    for tick in range(first, last):
        if tick == 1:
            sim.submit(enter, load=3, sender="ann")
            sim.submit(enter, load=-3, sender="bob")
        if tick == 2:
            sim.send(Gift, to=[2, 3], size=5)
            sim.at(5, enter, load=9)
            sim.at(6, Gift, size=1)
        if tick == 3:
            sim.set_parameters(rate=1.5)
        if tick == 4:
            sim.submit(leave, who=4)
        sim.step()


def test_a_run_replays_to_the_same_digest(tmp_path):
    sim = walkers.simulate(rng=4)
    sim.journal(tmp_path / "journal")
    lead(sim)
    sim.close_journal()
    assert sim.count(Walker) == 21
    for ranks in (1, 2):
        again = walkers.simulate(rng=4, ranks=ranks)
        again.replay(tmp_path / "journal")
        assert again.tick == 7
        assert again.digest() == sim.digest()


def test_a_replay_goes_on_from_the_state_of_any_tick(tmp_path):
    sim = walkers.simulate(rng=4)
    sim.journal(tmp_path / "journal")
    kept = []
    for tick in range(7):
        kept.append(sim.sections())
        lead(sim, tick, tick + 1)
    sim.close_journal()
    for sections in kept:
        again = walkers.simulate(rng=4)
        again.load(sections)
        again.replay(tmp_path / "journal")
        assert again.digest() == sim.digest()


def test_a_journal_is_gone_on_with_where_the_simulation_stands(tmp_path):
    path = tmp_path / "journal"
    whole = walkers.simulate(rng=4)
    lead(whole)
    sim = walkers.simulate(rng=4)
    sim.journal(path)
    lead(sim, 0, 4)
    sections = sim.sections()
    sim.close_journal()
    behind = walkers.simulate(rng=4)
    with pytest.raises(bw.JournalError, match="replay it first"):
        behind.journal(path)
    resumed = walkers.simulate(rng=4, ranks=2)
    resumed.load(sections)
    resumed.set_parameters(rate=1.5)
    resumed.journal(path)
    lead(resumed, 4, 7)
    resumed.close_journal()
    assert resumed.digest() == whole.digest()
    again = walkers.simulate(rng=4)
    again.replay(path)
    assert again.digest() == whole.digest()


def test_a_run_may_be_gone_on_with_from_before_its_end(tmp_path):
    path = tmp_path / "journal"
    sim = walkers.simulate(rng=4)
    sim.journal(path)
    lead(sim, 0, 5)
    sections = sim.sections()
    sim.run(10)
    sim.close_journal()
    resumed = walkers.simulate(rng=4, rate=1.5)
    resumed.load(sections)
    resumed.journal(path)
    lead(resumed, 5, 7)
    resumed.send(Gift, size=2)
    resumed.step()
    resumed.close_journal()
    again = walkers.simulate(rng=4)
    again.replay(path)
    assert again.tick == 8
    assert again.digest() == resumed.digest()


def test_journals_of_other_runs_are_refused(tmp_path):
    path = tmp_path / "journal"
    sim = walkers.simulate(rng=4)
    sim.journal(path)
    lead(sim)
    sim.close_journal()
    with pytest.raises(bw.JournalError, match="seed 4; this simulation has 5"):
        walkers.simulate(rng=5).replay(path)
    with pytest.raises(bw.JournalError, match="begins with parameters"):
        walkers.simulate(rng=4, rate=0.75).replay(path)
    other = walkers.simulate(rng=4)
    other.run(3)
    with pytest.raises(bw.JournalError, match="another run"):
        other.replay(path)


def test_a_replay_that_ends_in_another_state_is_an_error(tmp_path):
    path = tmp_path / "journal"
    sim = walkers.simulate(rng=4)
    sim.journal(path)
    lead(sim)
    sim.close_journal()
    header, entries = read_journal(path)
    entries[0]["arguments"] = '{"load":4}'
    forged = Journal(tmp_path / "forged", header)
    forged.append(entries)
    forged.close()
    with pytest.raises(bw.JournalError, match="another state at tick 7"):
        walkers.simulate(rng=4).replay(tmp_path / "forged")


def test_a_run_that_was_edited_by_hand_cannot_be_replayed(tmp_path):
    sim = walkers.simulate(rng=4)
    sim.journal(tmp_path / "journal")
    sim.run(2)
    sim.columns(Walker).writable("load")[:] = 1
    sim.run(1)
    sim.close_journal()
    with pytest.raises(bw.JournalError, match="at tick 2 the run was edited by hand"):
        walkers.simulate(rng=4).replay(tmp_path / "journal")


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A journal's bytes and the number of its entries."""
    path = tmp_path_factory.mktemp("journal") / "journal"
    sim = walkers.simulate(rng=4)
    sim.journal(path)
    lead(sim)
    sim.close_journal()
    return path.read_bytes(), len(read_journal(path)[1])


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_torn_last_entry_is_cut_and_written_over(whole, tmp_path_factory, data):
    content, count = whole
    lines = content.splitlines(keepends=True)
    size = data.draw(st.integers(len(lines[0]), len(content)))
    path = tmp_path_factory.mktemp("torn") / "journal"
    path.write_bytes(content[:size])
    kept = content[:size].count(b"\n") - 1
    assert len(read_journal(path)[1]) == kept <= count
    journal = Journal(path, {})
    journal.append([{"kind": "end", "tick": 9, "digest": ""}])
    journal.close()
    entries = read_journal(path)[1]
    assert len(entries) == kept + 1
    assert entries[-1]["tick"] == 9


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_damage_is_found(whole, tmp_path_factory, data):
    content, count = whole
    at = data.draw(st.integers(0, len(content) - 1))
    damaged = bytearray(content)
    damaged[at] ^= 1 << data.draw(st.integers(0, 7))
    path = tmp_path_factory.mktemp("damaged") / "journal"
    path.write_bytes(damaged)
    last = content.rindex(b"\n", 0, len(content) - 1)
    try:
        assert len(read_journal(path)[1]) == count - 1
        assert at > last  # a damaged last entry may look torn; no other may be lost
    except bw.JournalError:
        pass


def test_entries_cannot_be_left_out(whole, tmp_path):
    lines = whole[0].splitlines(keepends=True)
    (tmp_path / "journal").write_bytes(b"".join([*lines[:2], *lines[3:]]))
    with pytest.raises(bw.JournalError, match="damaged at entry 3"):
        read_journal(tmp_path / "journal")


@pytest.mark.parametrize("content", [b"", b"hello\n", b"\x89HDF\r\n\x1a\n" * 100, b"00000000 {}\n"])
def test_foreign_files_are_refused(tmp_path, content):
    (tmp_path / "journal").write_bytes(content)
    with pytest.raises(bw.JournalError):
        read_journal(tmp_path / "journal")


def test_what_cannot_be_written_down_does_not_happen(tmp_path, monkeypatch):
    sim = walkers.simulate(rng=4)
    sim.journal(tmp_path / "journal")
    sim.submit(enter, load=1)
    before = sim.digest()
    written = (tmp_path / "journal").read_bytes()
    write = os.write

    def full(descriptor, content):
        write(descriptor, bytes(content)[:10])
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        for ask in (lambda: sim.submit(enter, load=2), lambda: sim.send(Gift, size=1)):
            with pytest.raises(bw.JournalError, match="No space left"):
                ask()
    assert sim.digest() == before
    assert (tmp_path / "journal").read_bytes() == written
    sim.submit(enter, load=3)
    sim.step()
    sim.close_journal()
    again = walkers.simulate(rng=4)
    again.replay(tmp_path / "journal")
    assert again.digest() == sim.digest()


PROGRAM = """
    import sys
    sys.path.insert(0, sys.argv[2])
    from test_journal import walkers, enter
    sim = walkers.simulate(rng=4, interpret=True)
    sim.journal(sys.argv[1])
    for tick in range(1000000):
        ticket = sim.submit(enter, load=tick % 7)
        print(ticket.number, flush=True)
        sim.step()
"""


def test_acknowledged_inputs_survive_a_kill(tmp_path):
    path = tmp_path / "journal"
    command = [sys.executable, "-c", textwrap.dedent(PROGRAM), str(path), os.path.dirname(__file__)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        numbers = [int(process.stdout.readline()) for _ in range(5)]
        process.send_signal(signal.SIGKILL)
    header, entries = read_journal(path)
    assert header["seed"] == 4
    assert [entry["number"] for entry in entries[:5]] == numbers
    sim = walkers.simulate(rng=4)
    sim.replay(path)
    assert sim.tick == entries[-1]["tick"]
