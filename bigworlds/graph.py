"""Where the edges of a graph come from: generators, arrays, networkx graphs and sparse matrices, checked.

Nodes are numbers 0 to n - 1 here: the agents that a graph is over, in the order in which they are spawned.
networkx and scipy are not imported: what they make is known by what it can do.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bigworlds import _core
from bigworlds.errors import ModelError

Ends = tuple[NDArray[np.uint32], NDArray[np.uint32]]

_MAX_NODES = 2**32 - 2


class EdgeSource:
    """What `world.graph` takes its edges from."""

    directed: bool | None = None
    """Whether the source itself says that its edges have a direction; None: it does not say."""

    count: int | None = None
    """How many edges it has; None: that is known only when they are drawn."""

    def check(self, where: str, n: int, directed: bool) -> None:
        """Checks the source against the graph.

        Args:
            where: the call, for messages.
            n: how many nodes the graph has.
            directed: whether it is.

        Raises:
            ModelError: it does not fit.
        """

    def ends(self, n: int, directed: bool, key: int) -> Ends:
        """The edges over n nodes: the numbers of their sources and targets.

        Args:
            n: how many nodes.
            directed: whether the graph is.
            key: of the random stream.
        """
        raise NotImplementedError

    def given(self) -> dict[str, Any]:
        """Values of fields that come with the edges: one for each, in their order."""
        return {}


def _need(holds: bool, where: str, expected: str, found: Any) -> None:
    if not holds:
        raise ModelError(f"{where}: expected {expected}; found {found!r}")


def _is_whole(value: Any) -> bool:
    return not isinstance(value, bool) and hasattr(value, "__index__")


def _is_chance(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1


@dataclass(frozen=True, eq=False)
class SmallWorld(EdgeSource):
    """Made by `bw.small_world()` and `bw.ring()`."""

    k: int
    rewire: float
    name: str = "bw.small_world"

    def check(self, where: str, n: int, directed: bool) -> None:
        expected = f"{self.name} with an even k below the {n} nodes"
        _need(self.k < n, where, expected, self.k)

    def ends(self, n: int, directed: bool, key: int) -> Ends:
        return _core.graph.small_world(n, self.k, self.rewire, key)


@dataclass(frozen=True, eq=False)
class ScaleFree(EdgeSource):
    """Made by `bw.scale_free()`."""

    m: int

    def check(self, where: str, n: int, directed: bool) -> None:
        _need(self.m < n, where, f"bw.scale_free with m below the {n} nodes", self.m)

    def ends(self, n: int, directed: bool, key: int) -> Ends:
        return _core.graph.scale_free(n, self.m, key)


@dataclass(frozen=True, eq=False)
class RandomGraph(EdgeSource):
    """Made by `bw.random_graph()`."""

    p: float | None
    mean_degree: float | None
    edges: int | None

    def check(self, where: str, n: int, directed: bool) -> None:
        if self.edges is not None:
            most = n * (n - 1) if directed else n * (n - 1) // 2
            _need(self.edges <= most, where, f"at most {most} edges among {n} nodes", self.edges)
        if self.mean_degree is not None:
            _need(
                self.mean_degree <= max(n - 1, 0),
                where,
                f"a mean degree of at most {n - 1} among {n} nodes",
                self.mean_degree,
            )

    def ends(self, n: int, directed: bool, key: int) -> Ends:
        if self.edges is not None:
            return _core.graph.counted_edges(n, self.edges, directed, key)
        p = self.p
        if p is None:
            assert self.mean_degree is not None
            p = self.mean_degree / (n - 1) if n > 1 else 0.0
        return _core.graph.independent_edges(n, min(p, 1.0), directed, key)


@dataclass(frozen=True, eq=False)
class BlockGraph(EdgeSource):
    """Made by `bw.block_graph()`."""

    sizes: tuple[int, ...]
    p: tuple[tuple[float, ...], ...]

    def check(self, where: str, n: int, directed: bool) -> None:
        _need(sum(self.sizes) == n, where, f"blocks of {n} nodes together", self.sizes)
        symmetric = self.p == tuple(zip(*self.p, strict=True))
        _need(directed or symmetric, where, "a symmetric p for an undirected graph", self.p)

    def ends(self, n: int, directed: bool, key: int) -> Ends:
        flat = [chance for row in self.p for chance in row]
        return _core.graph.block_edges(list(self.sizes), flat, directed, key)


@dataclass(frozen=True, eq=False)
class GivenEdges(EdgeSource):
    """Edges that the user has: arrays of ends, and values that came with them."""

    sources: NDArray[np.int64]
    targets: NDArray[np.int64]
    says: bool | None = None
    values: dict[str, Any] = field(default_factory=dict)

    @property
    def directed(self) -> bool | None:  # type: ignore[override]
        return self.says

    @property
    def count(self) -> int:  # type: ignore[override]
        return len(self.sources)

    def check(self, where: str, n: int, directed: bool) -> None:
        for ends in (self.sources, self.targets):
            strange = ends[(ends < 0) | (ends >= n)]
            if len(strange):
                raise ModelError(
                    f"{where}: nodes are numbered 0 to {n - 1}, in the order of their spawn; found "
                    f"{int(strange[0])}"
                )
        loops = self.sources[self.sources == self.targets]
        if len(loops):
            node = int(loops[0])
            raise ModelError(f"{where}: an edge leads from node {node} to itself; leave such edges out")
        self._check_once(where, directed)

    def _check_once(self, where: str, directed: bool) -> None:
        """That no edge is given twice; an undirected one not in both directions either."""
        ends = np.stack([self.sources, self.targets], axis=1)
        if not directed:
            ends = np.sort(ends, axis=1)
        if len(ends) == 0:
            return
        order = np.lexsort((ends[:, 1], ends[:, 0]))
        twice = np.flatnonzero(np.all(ends[order][1:] == ends[order][:-1], axis=1))
        if len(twice):
            a, b = ends[order][twice[0]].tolist()
            advice = "" if directed else "; an undirected edge is given once, or say directed=True"
            raise ModelError(f"{where}: the edge from node {a} to node {b} is given twice{advice}")

    def ends(self, n: int, directed: bool, key: int) -> Ends:
        return self.sources.astype(np.uint32), self.targets.astype(np.uint32)

    def given(self) -> dict[str, Any]:
        return self.values


def edge_source(where: str, given: Any, directed: bool | None, fields: Iterable[str]) -> EdgeSource:
    """What `world.graph` was given as edges.

    Args:
        where: the call, for messages.
        given: a generator; None for no edges; an integer array (m, 2) of node numbers; a networkx graph,
            whose nodes stand for the agents in their order; a sparse matrix (n, n) of scipy.
        directed: as the user said.
        fields: the fields of an edge.

    Raises:
        ModelError: something else, or something wrong in it.
    """
    if given is None:
        nobody = np.zeros(0, np.int64)
        return GivenEdges(nobody, nobody, bool(directed))
    if isinstance(given, EdgeSource):
        return given
    if hasattr(given, "is_directed") and hasattr(given, "edges") and hasattr(given, "nodes"):
        return _from_networkx(where, given, fields)
    if hasattr(given, "tocoo") and hasattr(given, "shape"):
        return _from_matrix(where, given, directed, fields)
    return _from_array(where, given)


def _from_array(where: str, given: Any) -> GivenEdges:
    expected = (
        "a generator such as bw.small_world(k=4, rewire=0.1), whole numbers of shape (edges, 2), a networkx "
        "graph or a sparse matrix"
    )
    try:
        pairs = np.asarray(given)
    except (ValueError, TypeError):
        raise ModelError(f"{where}: expected {expected}; found {type(given).__name__}") from None
    if pairs.size == 0 and pairs.ndim <= 2:
        pairs = np.zeros((0, 2), np.int64)
    if pairs.dtype.kind not in "iu" or pairs.ndim != 2 or pairs.shape[1] != 2:
        found = f"an array of {pairs.dtype.name} of shape {pairs.shape}"
        raise ModelError(f"{where}: expected {expected}; found {found}")
    pairs = pairs.astype(np.int64)
    return GivenEdges(pairs[:, 0].copy(), pairs[:, 1].copy())


def _from_networkx(where: str, graph: Any, fields: Iterable[str]) -> GivenEdges:
    """The nodes of a networkx graph are numbered in its order; attributes that are called like fields become
    their values, where every edge has them."""
    if graph.is_multigraph():
        raise ModelError(
            f"{where}: at most one edge leads from a node to another; found a {type(graph).__name__}; make a "
            "networkx.Graph or DiGraph of it"
        )
    number = {node: k for k, node in enumerate(graph.nodes)}
    triples = list(graph.edges(data=True))
    ends = np.array([(number[a], number[b]) for a, b, _ in triples], np.int64).reshape(-1, 2)
    values: dict[str, Any] = {}
    for name in fields:
        having = [data[name] for _, _, data in triples if name in data]
        if having and len(having) != len(triples):
            raise ModelError(
                f"{where}: {len(having)} of {len(triples)} edges have the attribute '{name}'; give it to all "
                "or to none"
            )
        if having:
            values[name] = having
    return _Numbered(ends[:, 0], ends[:, 1], bool(graph.is_directed()), values, len(number))


@dataclass(frozen=True, eq=False)
class _Numbered(GivenEdges):
    """Edges that come with their number of nodes."""

    nodes: int = 0

    def check(self, where: str, n: int, directed: bool) -> None:
        _need(self.nodes == n, where, f"a graph of as many nodes as there are agents, {n}", self.nodes)
        super().check(where, n, directed)


def _from_matrix(where: str, matrix: Any, directed: bool | None, fields: Iterable[str]) -> GivenEdges:
    """An entry in row a, column b is the edge from a to b; entries become the field `weight`."""
    entries = matrix.tocoo()
    rows, columns = np.asarray(entries.row, np.int64), np.asarray(entries.col, np.int64)
    weights = np.asarray(entries.data)
    n, across = matrix.shape
    _need(n == across, where, "a square matrix, nodes by nodes", matrix.shape)
    if not np.all(np.isfinite(weights)):
        raise ModelError(f"{where}: weights are finite numbers; found {weights[~np.isfinite(weights)][0]}")
    values: dict[str, Any] = {}
    if "weight" in set(fields):
        values["weight"] = weights
    elif len(weights) and np.any(weights != weights.dtype.type(1)):
        raise ModelError(
            f"{where}: a matrix's entries become the field 'weight', which these edges do not have; add it, "
            "or give a matrix of ones"
        )
    if directed is False:
        flipped, straight = np.lexsort((rows, columns)), np.lexsort((columns, rows))
        symmetric = (
            np.array_equal(rows[straight], columns[flipped])
            and np.array_equal(columns[straight], rows[flipped])
            and np.array_equal(weights[straight], weights[flipped])
        )
        if not symmetric:
            raise ModelError(
                f"{where}: expected a symmetric matrix for an undirected graph; found one that is not; "
                "say directed=True, or add the transpose"
            )
        upper = rows <= columns
        rows, columns = rows[upper], columns[upper]
        values = {name: value[upper] for name, value in values.items()}
    return _Numbered(rows, columns, None, values, n)


# The generators, as models write them


def ring(k: int = 2) -> EdgeSource:
    """Nodes around a circle, each linked with its k nearest: k / 2 on either side. Nothing is random.

    In a directed graph each edge leads to the node that comes later around the circle.

    Args:
        k: even, from 2 up and below the number of nodes.

    Raises:
        ModelError: k is odd, or no such number.

    Example:
        >>> ring(3)
        Traceback (most recent call last):
            ...
        bigworlds.errors.ModelError: bw.ring: expected an even k from 2 up; found 3
    """
    _need(_is_whole(k) and k >= 2 and k % 2 == 0, "bw.ring", "an even k from 2 up", k)
    return SmallWorld(int(k), 0.0, "bw.ring")


def small_world(k: int, rewire: float) -> EdgeSource:
    """A ring of nodes, each linked with its k nearest, of whose edges a share leads anywhere else.

    Lap by lap around the ring, each edge keeps its source and gets, with probability `rewire`, a target drawn
    evenly from all nodes that its source is not linked with (Watts and Strogatz 1998, doi:10.1038/30918).
    Cost: O(edges * k).

    Args:
        k: even, from 2 up and below the number of nodes.
        rewire: from 0 (`bw.ring`) to 1.

    Raises:
        ModelError: k is odd, or rewire is no probability.

    Example:
        `world.graph(Contact, bw.small_world(k=10, rewire=0.1), of=Person)`
    """
    _need(_is_whole(k) and k >= 2 and k % 2 == 0, "bw.small_world", "an even k from 2 up", k)
    _need(_is_chance(rewire), "bw.small_world", "rewire from 0 to 1", rewire)
    return SmallWorld(int(k), float(rewire))


def scale_free(m: int) -> EdgeSource:
    """A graph that grows: each new node is linked with m distinct older ones, drawn in proportion to their
    degree (Barabasi and Albert 1999, doi:10.1126/science.286.5439.509).

    It begins with m + 1 nodes that are all linked. In a directed graph edges lead from the newer node to the
    older one. Cost: O(edges * m).

    Args:
        m: from 1 up and below the number of nodes.

    Raises:
        ModelError: m is no such number.
    """
    _need(_is_whole(m) and m >= 1, "bw.scale_free", "a whole m from 1 up", m)
    return ScaleFree(int(m))


def random_graph(
    *, p: float | None = None, mean_degree: float | None = None, edges: int | None = None
) -> EdgeSource:
    """A random graph, by exactly one of three numbers.

    With `p` every possible edge is there with this probability, independently (Gilbert 1959,
    doi:10.1214/aoms/1177706098), drawn by skips from one edge to the next (Batagelj and Brandes 2005,
    doi:10.1103/PhysRevE.71.036113). `mean_degree` is the same with p = mean_degree / (nodes - 1). With
    `edges` there are exactly so many, each set of so many being alike (Erdos and Renyi 1959). Cost: O(edges).

    Args:
        p: from 0 to 1.
        mean_degree: the expected number of edges of a node (of a directed graph: that begin there).
        edges: how many edges.

    Raises:
        ModelError: none or several of them, or one out of range.
    """
    given = {"p": p, "mean_degree": mean_degree, "edges": edges}
    named = [name for name, value in given.items() if value is not None]
    _need(len(named) == 1, "bw.random_graph", "one of p=, mean_degree= and edges=", named)
    if p is not None:
        _need(_is_chance(p), "bw.random_graph", "p from 0 to 1", p)
    if mean_degree is not None:
        fits = isinstance(mean_degree, int | float) and mean_degree >= 0 and math.isfinite(mean_degree)
        _need(fits, "bw.random_graph", "mean_degree from 0 up", mean_degree)
    if edges is not None:
        _need(_is_whole(edges) and edges >= 0, "bw.random_graph", "a number of edges from 0 up", edges)
    return RandomGraph(p, mean_degree, edges)


def block_graph(sizes: Sequence[int], p: Sequence[Sequence[float]]) -> EdgeSource:
    """Blocks of nodes, one after another; nodes of blocks a and b are linked with probability p[a][b]
    (Holland, Laskey and Leinhardt 1983, doi:10.1016/0378-8733(83)90021-7).

    Cost: O(edges + blocks^2).

    Args:
        sizes: of the blocks; together as many as there are nodes.
        p: one row for each block, with a probability for each; symmetric where the graph is undirected.

    Raises:
        ModelError: sizes or probabilities that are none, or do not fit each other.

    Example:
        `bw.block_graph([50, 50], [[0.2, 0.01], [0.01, 0.2]])`
    """
    blocks = tuple(sizes)
    _need(
        len(blocks) > 0 and all(_is_whole(size) and size >= 0 for size in blocks),
        "bw.block_graph",
        "sizes from 0 up",
        sizes,
    )
    rows = tuple(tuple(row) for row in p)
    square = len(rows) == len(blocks) and all(len(row) == len(blocks) for row in rows)
    _need(square, "bw.block_graph", f"{len(blocks)} rows of {len(blocks)} probabilities", p)
    _need(all(_is_chance(c) for row in rows for c in row), "bw.block_graph", "probabilities from 0 to 1", p)
    return BlockGraph(tuple(map(int, blocks)), tuple(tuple(map(float, row)) for row in rows))
