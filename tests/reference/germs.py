"""Reference of an SIR epidemic on a contact graph, in discrete time.

Each step every infected node infects each of its susceptible neighbours with probability
``transmission`` (all on the state at the start of the step); then every node that was infected at the
start of the step recovers with probability ``recovery``. A run ends when nobody is infected.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

Neighbors = Sequence[Sequence[int]]


def random_graph(nodes: int, mean_degree: float, rng: np.random.Generator) -> list[list[int]]:
    """Neighbour lists of a random graph with nodes * mean_degree / 2 edges (Erdos and Renyi 1959)."""
    edges: set[tuple[int, int]] = set()
    while len(edges) < round(nodes * mean_degree / 2):
        a, b = sorted(rng.integers(nodes, size=2).tolist())
        if a != b:
            edges.add((a, b))
    neighbors: list[list[int]] = [[] for _ in range(nodes)]
    for a, b in sorted(edges):
        neighbors[a].append(b)
        neighbors[b].append(a)
    return neighbors


def run(
    seed: int,
    neighbors: Neighbors,
    *,
    transmission: float,
    recovery: float,
    infected: int = 1,
    ticks: int | None = None,
) -> dict[str, float]:
    """Share of the nodes ever infected (the first ``infected`` random ones included), and the steps."""
    rng = np.random.default_rng(seed)
    ill = set(rng.permutation(len(neighbors))[:infected].tolist())
    susceptible = set(range(len(neighbors))) - ill
    taken = 0
    while ill and (ticks is None or taken < ticks):
        caught = {
            other
            for node in sorted(ill)
            for other in neighbors[node]
            if other in susceptible and rng.random() < transmission
        }
        recovered = {node for node in sorted(ill) if rng.random() < recovery}
        susceptible -= caught
        ill = (ill - recovered) | caught
        taken += 1
    return {"attack_rate": 1 - len(susceptible) / len(neighbors), "steps": float(taken)}


def run_one_after_another(
    seed: int, neighbors: Neighbors, *, transmission: float, recovery: float, infected: int = 1
) -> dict[str, float]:
    """The same where all nodes act one after another, in a fresh random order in each step, on what those
    before have left: a susceptible one catches from each infected neighbour with probability
    ``transmission``, an infected one recovers with probability ``recovery``."""
    rng = np.random.default_rng(seed)
    ill = set(rng.permutation(len(neighbors))[:infected].tolist())
    caught = set(ill)
    taken = 0
    while ill:
        for node in rng.permutation(len(neighbors)).tolist():
            if node in ill:
                if rng.random() < recovery:
                    ill.remove(node)
            elif node not in caught:
                around = sum(other in ill for other in neighbors[node])
                if rng.random() < 1 - (1 - transmission) ** around:
                    ill.add(node)
                    caught.add(node)
        taken += 1
    return {"attack_rate": len(caught) / len(neighbors), "steps": float(taken)}


def transmissibility(transmission: float, recovery: float) -> float:
    """Probability that an infected node ever infects a given susceptible neighbour.

    It may do so in each step of its illness, the last one included:
    T = sum over k of transmission * ((1 - transmission) * (1 - recovery))^k.
    """
    return transmission / (1 - (1 - transmission) * (1 - recovery))


def transmissibility_one_after_another(transmission: float, recovery: float) -> float:
    """The same where nodes act one after another.

    In each step the neighbour acts before the infected node or after it, as often. So in a step that begins
    with the infection it is passed on with probability s, where
    s = b (1 - g / 2) + (1 - b) (1 - g) s, for transmission b and recovery g; and in the step in which the
    node was infected its neighbour still acts, with probability 1/2.
    """
    b, g = transmission, recovery
    later = b * (1 - g / 2) / (1 - (1 - b) * (1 - g))
    return b / 2 + (1 - b / 2) * later


def final_size(reproduction_number: float) -> float:
    """The largest root z of z = 1 - exp(-R z): the share that a large outbreak reaches.

    On a random graph of mean degree c, R = c T (Newman 2002, doi:10.1103/PhysRevE.66.016128); with
    homogeneous mixing R is the basic reproduction number (Kermack and McKendrick 1927,
    doi:10.1098/rspa.1927.0118).
    """
    size = 1.0
    for _ in range(10_000):
        size = 1 - math.exp(-reproduction_number * size)
    return size
