"""Where edges come from: generators against what is known of their graphs, arrays, networkx, scipy, and what
is refused."""

from __future__ import annotations

from typing import Any

import networkx
import numpy as np
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st

import bigworlds as bw
from bigworlds import _core


class Tie(bw.EdgeComponent):
    weight: float = 1.0


class Bare(bw.EdgeComponent):
    pass


class Node(bw.Component):
    mark: int = 0


def edges_of(n: int, edges: Any, seed: int = 1, ranks: int = 1, kind: type = Tie, **options: Any) -> Any:
    @bw.model()
    def net(world: bw.World) -> None:
        world.spawn(Node, n=n)
        world.graph(kind, edges, of=Node, **options)

    return net.simulate(rng=seed, ranks=ranks).edges(kind)


def pairs(edges: Any) -> list[tuple[int, int]]:
    return list(zip(edges["source"].tolist(), edges["target"].tolist(), strict=True))


def degrees(n: int, edges: Any) -> np.ndarray:
    return np.bincount(np.concatenate([edges["source"], edges["target"]]).astype(int) - 1, minlength=n)


# --- generators


def test_ring_is_the_circulant_graph() -> None:
    expected = {tuple(sorted((i + 1, (i + j) % 11 + 1))) for i in range(11) for j in (1, 2, 3)}
    assert set(pairs(edges_of(11, bw.ring(6)))) == expected
    assert pairs(edges_of(3, bw.ring(2))) == [(1, 2), (1, 3), (2, 3)]
    directed = edges_of(5, bw.ring(2), directed=True)
    assert pairs(directed) == [(1, 2), (2, 3), (3, 4), (4, 5), (5, 1)]


@settings(max_examples=40, deadline=None)
@given(st.integers(3, 40), st.integers(1, 10), st.floats(0, 1), st.integers(0, 2**32))
def test_small_worlds_are_simple_graphs_with_all_their_edges(
    n: int, half: int, rewire: float, key: int
) -> None:
    k = min(2 * half, (n - 1) // 2 * 2)
    sources, targets = _core.graph.small_world(n, k, rewire, key)
    assert sources.tolist() == [i for i in range(n) for _ in range(k // 2)]
    ends = {tuple(sorted(pair)) for pair in zip(sources.tolist(), targets.tolist(), strict=True)}
    assert len(ends) == n * k // 2
    assert all(a != b and 0 <= a < n and b < n for a, b in ends)


def test_small_worlds_are_rewired_as_often_as_asked() -> None:
    n, k, rewire = 4000, 8, 0.25
    sources, targets = _core.graph.small_world(n, k, rewire, 7)
    kept = np.mean((targets.astype(int) - sources) % n <= k // 2)
    # A rewired edge leads near by accident too, at most k / n of them.
    assert kept == pytest.approx(1 - rewire, abs=4 * np.sqrt(rewire / (n * k / 2)) + k / n)
    # Its clustering, C(p) = C(0) (1 - p)^3 with C(0) = 3 (k - 2) / 4 (k - 1): Barrat and Weigt (2000).
    graph = networkx.Graph(zip(sources.tolist(), targets.tolist(), strict=True))
    expected = 3 * (k - 2) / (4 * (k - 1)) * (1 - rewire) ** 3
    assert networkx.transitivity(graph) == pytest.approx(expected, rel=0.05)


def test_scale_free_graphs_have_the_known_degrees() -> None:
    n, m = 20_000, 3
    edges = edges_of(n, bw.scale_free(m))
    assert len(edges["source"]) == m * (m + 1) // 2 + (n - m - 1) * m
    degree = degrees(n, edges)
    assert degree.min() == m
    # P(k) = 2 m (m + 1) / (k (k + 1) (k + 2)): Bollobas et al. (2001), doi:10.1002/rsa.1009.
    for k in (3, 4, 5, 8):
        share = 2 * m * (m + 1) / (k * (k + 1) * (k + 2))
        assert np.mean(degree == k) == pytest.approx(share, abs=5 * np.sqrt(share / n) + 2 / n)
    assert degree.max() > 20 * m


def test_directed_scale_free_edges_lead_to_older_nodes() -> None:
    edges = edges_of(50, bw.scale_free(2), directed=True)
    assert (edges["source"] > edges["target"]).all()


@pytest.mark.parametrize("directed", [False, True])
@pytest.mark.parametrize("p", [0.0, 0.003, 0.3, 1.0])
def test_independent_edges_are_there_with_their_probability(p: float, directed: bool) -> None:
    n = 120
    possible = n * (n - 1) if directed else n * (n - 1) // 2
    counts = [len(_core.graph.independent_edges(n, p, directed, key)[0]) for key in range(40)]
    assert np.mean(counts) == pytest.approx(possible * p, abs=4.5 * np.sqrt(possible * p * (1 - p) / 40))
    edges = edges_of(n, bw.random_graph(p=p), directed=directed)
    assert len(set(pairs(edges))) == len(pairs(edges))


def test_every_pair_is_equally_likely() -> None:
    n, keys = 6, 3000
    found = np.zeros((n, n))
    for key in range(keys):
        sources, targets = _core.graph.independent_edges(n, 0.4, False, key)
        found[sources, targets] += 1
    upper = (found + found.T)[np.triu_indices(n, 1)]
    assert np.all(np.abs(upper / keys - 0.4) < 5 * np.sqrt(0.24 / keys))


@pytest.mark.parametrize("directed", [False, True])
@pytest.mark.parametrize("count", [0, 1, 40, 89, 90])
def test_counted_edges_are_so_many(count: int, directed: bool) -> None:
    n = 10 if directed else 14
    most = n * (n - 1) if directed else n * (n - 1) // 2
    edges = edges_of(n, bw.random_graph(edges=min(count, most)), directed=directed)
    assert len(set(pairs(edges))) == min(count, most)
    drawn = [pairs(edges_of(4, bw.random_graph(edges=2), seed))[0] for seed in range(60)]
    assert len(set(drawn)) > 3


def test_blocks_are_linked_by_their_probabilities() -> None:
    sizes, p = (150, 50, 100), ((0.1, 0.02, 0.0), (0.02, 0.3, 1.0), (0.0, 1.0, 0.05))
    edges = edges_of(300, bw.block_graph(sizes, p))
    block = np.repeat(np.arange(3), sizes)
    a, b = (block[edges[end].astype(int) - 1] for end in ("source", "target"))
    for i in range(3):
        for j in range(i, 3):
            possible = sizes[i] * (sizes[i] - 1) // 2 if i == j else sizes[i] * sizes[j]
            count = int(np.sum((a == i) & (b == j)))
            spread = np.sqrt(possible * p[i][j] * (1 - p[i][j]))
            assert count == pytest.approx(possible * p[i][j], abs=4.5 * spread)


@pytest.mark.parametrize(
    "source",
    [bw.small_world(k=4, rewire=0.5), bw.scale_free(2), bw.random_graph(p=0.2), bw.random_graph(edges=30)],
)
def test_edges_and_their_data_are_a_function_of_the_seed(source: Any) -> None:
    one, other = (edges_of(30, source, 5, ranks, weight=bw.uniform()) for ranks in (1, 3))
    assert all(np.array_equal(one[name], other[name]) for name in one)
    assert pairs(edges_of(30, source, 6)) != pairs(one)
    assert len(np.unique(one["weight"])) == len(one["weight"])


# --- given edges


def test_networkx_graphs_keep_nodes_directions_and_attributes() -> None:
    graph = networkx.Graph()
    graph.add_nodes_from("dcba")
    graph.add_weighted_edges_from([("a", "b", 2.0), ("d", "a", 3.5)])
    edges = edges_of(4, graph)
    assert (pairs(edges), edges["weight"].tolist()) == ([(1, 4), (3, 4)], [3.5, 2.0])
    edges = edges_of(4, graph.to_directed())
    assert pairs(edges) == [(1, 4), (3, 4), (4, 1), (4, 3)]
    assert pairs(edges_of(4, graph, kind=Bare)) == [(1, 4), (3, 4)]
    back = networkx.Graph(zip(edges["source"].tolist(), edges["target"].tolist(), strict=True))
    assert networkx.utils.graphs_equal(back, networkx.relabel_nodes(graph_of_ids(graph), int))


def graph_of_ids(graph: Any) -> Any:
    number = {node: k + 1 for k, node in enumerate(graph.nodes)}
    return networkx.Graph([(number[a], number[b]) for a, b in graph.edges])


def test_sparse_matrices_give_weights() -> None:
    dense = np.array([[0, 2.5, 0], [2.5, 0, 1.0], [0, 1.0, 0]])
    edges = edges_of(3, scipy.sparse.csr_matrix(dense), directed=False)
    assert (pairs(edges), edges["weight"].tolist()) == ([(1, 2), (2, 3)], [2.5, 1.0])
    edges = edges_of(3, scipy.sparse.coo_array(np.triu(dense)), directed=True)
    assert (pairs(edges), edges["weight"].tolist()) == ([(1, 2), (2, 3)], [2.5, 1.0])


def test_arrays_and_nothing() -> None:
    assert pairs(edges_of(3, [(2, 0), (1, 2)], directed=True)) == [(2, 3), (3, 1)]
    assert pairs(edges_of(3, np.array([[2, 0]], np.uint8), directed=False)) == [(1, 3)]
    assert pairs(edges_of(3, None)) == pairs(edges_of(3, [], directed=True)) == []
    edges = edges_of(3, [(2, 0), (1, 2)], directed=False, weight=[5.0, 6.0])
    assert edges["weight"].tolist() == [5.0, 6.0]


def test_nodes_are_those_of_all_spawns_before() -> None:
    class Other(bw.Component):
        pass

    @bw.model()
    def net(world: bw.World) -> None:
        world.spawn(Node, n=2)
        world.spawn(Other, n=3)
        world.spawn(Node, Other, n=2)
        world.graph(Tie, [(0, 3), (1, 2)], of=Node, directed=True)
        world.spawn(Node, n=5)

    assert pairs(net.simulate(rng=1).edges(Tie)) == [(1, 7), (2, 6)]


# --- what is refused

CASES: list[tuple[Any, dict[str, Any], str]] = [
    ([(0, 1)], {}, "directed=True or directed=False"),
    ([(0, 9)], {"directed": True}, "numbered 0 to 3.*found 9"),
    ([(0, -1)], {"directed": True}, "found -1"),
    ([(2, 2)], {"directed": True}, "node 2 to itself"),
    ([(0, 1), (1, 0)], {"directed": False}, "twice; an undirected"),
    ([(0, 1), (0, 1)], {"directed": True}, "given twice"),
    ([(0.5, 1.0)], {"directed": True}, r"whole numbers of shape \(edges, 2\)"),
    (np.zeros((4, 4), int), {"directed": True}, r"shape \(4, 4\)"),
    ("nonsense", {}, "expected a generator"),
    ([(0, 1)], {"directed": True, "weight": [np.nan]}, "finite numbers; found nan"),
    ([(0, 1)], {"directed": True, "weight": [1.0, 2.0]}, "one value or 1; found 2"),
    ([(0, 1)], {"directed": True, "wieght": 2.0}, "no field 'wieght'"),
    ([(0, 1)], {"directed": "yes"}, "True or False"),
    (bw.ring(2), {"weight": [1.0, 2.0]}, "a generator draws the edges"),
    (bw.ring(2), {"weight": float("inf")}, "finite"),
    (bw.ring(4), {"of": Tie}, "belongs to edges"),
    (bw.small_world(k=6, rewire=0.1), {}, "even k below the 4 nodes"),
    (bw.scale_free(4), {}, "m below the 4 nodes"),
    (bw.random_graph(edges=7), {}, "at most 6 edges"),
    (bw.random_graph(mean_degree=4.0), {}, "mean degree of at most 3"),
    (bw.block_graph([2, 3], [[0, 0], [0, 0]]), {}, "blocks of 4 nodes"),
    (bw.block_graph([2, 2], [[0, 1], [0, 0]]), {}, "symmetric p"),
    (networkx.path_graph(3), {}, "as many nodes as there are agents, 4; found 3"),
    (networkx.MultiGraph([(0, 1)]), {}, "at most one edge.*MultiGraph"),
    (scipy.sparse.eye(4), {"directed": True}, "to itself"),
    (scipy.sparse.csr_matrix((4, 3)), {"directed": True}, "square matrix"),
    (scipy.sparse.csr_matrix(np.triu(np.ones((4, 4)), 1)), {"directed": False}, "not; say directed=True"),
    (scipy.sparse.csr_matrix(np.triu(np.full((4, 4), np.inf), 1)), {"directed": True}, "finite numbers"),
]


@pytest.mark.parametrize(("edges", "options", "message"), CASES)
def test_bad_edges_are_refused(edges: Any, options: dict[str, Any], message: str) -> None:
    @bw.model()
    def net(world: bw.World) -> None:
        world.spawn(Node, n=4)
        world.graph(Tie, edges, **{"of": Node, **options})

    with pytest.raises(bw.ModelError, match=message):
        net.describe()


def test_a_matrix_without_a_field_for_its_weights_is_refused() -> None:
    with pytest.raises(bw.ModelError, match="'weight'"):
        edges_of(2, scipy.sparse.csr_matrix([[0, 2.0], [0, 0]]), directed=True, kind=Bare)
    assert pairs(edges_of(2, scipy.sparse.csr_matrix([[0, 1], [0, 0]]), directed=True, kind=Bare)) == [(1, 2)]


def test_bad_generators_are_refused() -> None:
    for make in (
        lambda: bw.ring(3),
        lambda: bw.ring(0),
        lambda: bw.small_world(k=4, rewire=1.5),
        lambda: bw.small_world(k=4, rewire=float("nan")),
        lambda: bw.scale_free(0),
        lambda: bw.random_graph(),
        lambda: bw.random_graph(p=0.1, edges=4),
        lambda: bw.random_graph(p=-0.1),
        lambda: bw.random_graph(mean_degree=float("inf")),
        lambda: bw.block_graph([], []),
        lambda: bw.block_graph([1, 2], [[0.5, 0.5]]),
        lambda: bw.block_graph([1], [[2.0]]),
    ):
        with pytest.raises(bw.ModelError, match="expected"):
            make()


def test_worlds_without_the_graph_are_refused() -> None:
    @bw.behavior(neighbors=Tie)
    def look(node: Node, others: bw.Neighbors[Node]) -> None:
        node.mark = len(others)

    @bw.model()
    def none(world: bw.World) -> None:
        world.spawn(Node)
        world.behaviors(look)

    with pytest.raises(bw.ModelError, match=r"uses the edges Tie.*world\.graph\(Tie"):
        none.describe()

    @bw.model()
    def early(world: bw.World) -> None:
        world.graph(Tie, bw.ring(2), of=Node)

    with pytest.raises(bw.ModelError, match=r"after world\.spawn"):
        early.describe()

    @bw.model()
    def twice(world: bw.World) -> None:
        world.spawn(Node, n=5)
        world.graph(Tie, bw.ring(2), of=Node)
        world.graph(Tie, bw.ring(2), of=Node)

    with pytest.raises(bw.ModelError, match="has one already"):
        twice.describe()

    @bw.model()
    def spawned(world: bw.World) -> None:
        world.spawn(Tie, n=5)

    with pytest.raises(bw.ModelError, match=r"declare it by world\.graph"):
        spawned.describe()


def test_asking_for_a_graph_that_is_not_there() -> None:
    @bw.model()
    def net(world: bw.World) -> None:
        world.spawn(Node, n=5)
        world.graph(Tie, bw.ring(2), of=Node)

    sim = net.simulate(rng=1)
    assert sim.count(Tie) == 5
    assert sim.edges("Tie")["source"].dtype == np.uint64
    with pytest.raises(bw.UserError, match="no graph 'Bare'"):
        sim.edges(Bare)
    with pytest.raises(bw.UserError, match=r"use sim\.edges"):
        sim.table(Tie)
