"""What orders for edges do: add, set and remove, in their order, in directed and undirected graphs; against a
plain dictionary."""

from __future__ import annotations

import pytest

import bigworlds as bw


class Tie(bw.EdgeComponent):
    weight: float = 1.0
    mark: int = 5


class Node(bw.Component):
    script: int = 0
    found: int = 0
    total: float = 0.0


def world_of(behavior: object, directed: bool, edges: object, n: int = 4, **fields: object) -> bw.Model:
    @bw.model()
    def net(world: bw.World) -> None:
        world.spawn(Node, n=n)
        world.graph(Tie, edges, of=Node, directed=directed, **fields)
        world.behaviors(behavior)

    return net


def pairs(sim: bw.Simulation) -> dict[tuple[int, int], tuple[float, int]]:
    edges = sim.edges(Tie)
    ends = zip(edges["source"].tolist(), edges["target"].tolist(), strict=True)
    data = zip(edges["weight"].tolist(), edges["mark"].tolist(), strict=True)
    return dict(zip(ends, data, strict=True))


@bw.behavior
def add_two(node: Node, me: bw.Entity, tie: bw.Link[Tie]) -> None:
    """1 adds, sets, and adds again; 2 adds towards 1."""
    if me.id == 1:
        tie.add(2, weight=3.0, mark=1)
        tie.set(2, weight=4.0)
        tie.add(3)
        tie.remove(3)
        tie.remove(4)
        tie.add(4, mark=9)
    if me.id == 2:
        tie.add(1, weight=7.0)


@pytest.mark.parametrize("ranks", [1, 2, 3])
def test_orders_take_effect_one_after_another(ranks: int) -> None:
    sim = world_of(add_two, True, [[0, 3]]).simulate(rng=1, ranks=ranks)
    assert pairs(sim) == {(1, 4): (1.0, 5)}
    sim.step()
    assert pairs(sim) == {(1, 2): (4.0, 1), (1, 4): (1.0, 9), (2, 1): (7.0, 5)}


@pytest.mark.parametrize("ranks", [1, 2, 3])
def test_both_ends_of_an_undirected_edge_order_in_the_order_of_ids(ranks: int) -> None:
    sim = world_of(add_two, False, [[3, 0]]).simulate(rng=1, ranks=ranks)
    sim.step()
    assert pairs(sim) == {(1, 2): (7.0, 5), (1, 4): (1.0, 9)}


@bw.behavior
def miss(node: Node, me: bw.Entity, tie: bw.Link[Tie]) -> None:
    if me.id == 1:
        tie.set(2, weight=9.0)  # there is none
        tie.remove(3)  # nothing
        tie.add(77)  # nobody
    if me.id == 2:
        me.despawn()
        tie.add(3)
    if me.id == 3:
        tie.add(2)


@pytest.mark.parametrize("directed", [True, False])
@pytest.mark.parametrize("ranks", [1, 2, 3])
def test_orders_that_meet_nobody_are_counted(ranks: int, directed: bool) -> None:
    sim = world_of(miss, directed, [[1, 3], [2, 3]]).simulate(rng=1, ranks=ranks)
    sim.step()
    assert pairs(sim) == {(3, 4): (1.0, 5)}
    assert sim.dropped_links == 4  # set, 77, and both to or from the agent that ended


@bw.behavior(neighbors=Tie)
def look(node: Node, others: bw.Neighbors[Node]) -> None:
    node.found = 0
    for other in others:
        node.found = 10 * node.found + other.id
        node.total += other.edge.weight


def test_neighbours_come_by_id_and_directed_edges_lead_one_way() -> None:
    edges, weights = [[0, 3], [2, 1], [0, 1], [0, 2]], [1.0, 10.0, 100.0, 1000.0]
    sim = world_of(look, True, edges, weight=weights).simulate(rng=1)
    sim.step()
    assert sim.table(Node)["found"].tolist() == [234, 0, 2, 0]
    assert sim.table(Node)["total"].tolist() == [1101.0, 0.0, 10.0, 0.0]
    sim = world_of(look, False, edges, weight=weights).simulate(rng=1, ranks=2)
    sim.step()
    assert sim.table(Node)["found"].tolist() == [234, 13, 12, 1]
    assert sim.table(Node)["total"].tolist() == [1101.0, 110.0, 1010.0, 1.0]


@bw.behavior
def link_self(node: Node, me: bw.Entity, tie: bw.Link[Tie]) -> None:
    tie.add(me.id)


@pytest.mark.parametrize("interpret", [False, True])
def test_an_edge_to_itself_is_an_error(interpret: bool) -> None:
    sim = world_of(link_self, True, None).simulate(rng=1, interpret=interpret)
    with pytest.raises(bw.BehaviorError, match=r"'link_self' failed at entity 1, tick 0.*to itself"):
        sim.step()


def test_what_the_front_end_refuses() -> None:
    with pytest.raises(bw.ModelError, match="one target id"):

        @bw.behavior
        def no_target(node: Node, tie: bw.Link[Tie]) -> None:
            tie.add(weight=1.0)

    with pytest.raises(bw.ModelError, match="no field 'wieght'"):

        @bw.behavior
        def no_field(node: Node, tie: bw.Link[Tie]) -> None:
            tie.add(1, wieght=1.0)

    with pytest.raises(bw.ModelError, match="set takes the fields"):

        @bw.behavior
        def no_values(node: Node, tie: bw.Link[Tie]) -> None:
            tie.set(1)

    with pytest.raises(bw.ModelError, match="none is nearest"):

        @bw.behavior(neighbors=Tie)
        def near(node: Node, others: bw.Neighbors[Node]) -> None:
            node.found = 1 if others.nearest() is None else 0

    with pytest.raises(bw.ModelError, match=r"link\.set"):

        @bw.behavior(neighbors=Tie)
        def write(node: Node, others: bw.Neighbors[Node]) -> None:
            for other in others:
                other.edge.weight = 2.0

    with pytest.raises(bw.ModelError, match="has no method 'link'"):

        @bw.behavior
        def wrong(node: Node, tie: bw.Link[Tie]) -> None:
            tie.link(1)

    with pytest.raises(bw.ModelError, match="EdgeComponent"):

        @bw.behavior
        def no_edge(node: Node, tie: bw.Link[Node]) -> None:  # type: ignore[type-var]
            tie.remove(1)
