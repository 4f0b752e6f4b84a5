"""What ticks cost: plain loops, flocks, grids, graphs in both activations; ticks in which nothing happens."""

from __future__ import annotations

from suite.models import world


class Iterate:
    """`position += velocity * dt` over 100,000 entities, 20 ticks."""

    params = ("1", "2")
    param_names = ("components",)

    def setup(self, components: str) -> None:
        self.world = world("iterate", n=100_000, components=components)

    def time_run(self, components: str) -> None:
        self.world.run(20)


class Boids:
    """10,000 birds, 5 ticks."""

    params = (("sparse", "dense"), ("synchronous", "sequential"))
    param_names = ("density", "activation")

    def setup(self, density: str, activation: str) -> None:
        self.world = world("boids", n=10_000, density=density, activation=activation)

    def time_run(self, density: str, activation: str) -> None:
        self.world.run(5)

    def track_mean_neighbors(self, density: str, activation: str) -> float:
        """A change here means that another model is computed."""
        return float(self.world.metrics()["mean_neighbors"])

    track_mean_neighbors.unit = "birds"  # type: ignore[attr-defined]


class Grids:
    """Worlds of 100 x 100 cells in both activations, 5 ticks."""

    params = (("schelling", "wolf_sheep"), ("synchronous", "sequential"))
    param_names = ("model", "activation")

    def setup(self, model: str, activation: str) -> None:
        self.world = world(model, side=100, activation=activation)

    def time_run(self, model: str, activation: str) -> None:
        self.world.run(5)


class Germs:
    """An epidemic along the edges of a graph of 100,000 people, 5 ticks."""

    params = (("random", "small_world"), ("synchronous", "sequential"))
    param_names = ("network", "activation")

    def setup(self, network: str, activation: str) -> None:
        self.world = world("germs", n=100_000, infected=5000, network=network, activation=activation)

    def time_run(self, network: str, activation: str) -> None:
        self.world.run(5)


class ForestFire:
    """250,000 cells, 10 ticks."""

    def setup(self) -> None:
        self.world = world("forest_fire", size="large")

    def time_run(self) -> None:
        self.world.run(10)


class Idle:
    """Ten behaviors that match nothing."""

    def setup(self) -> None:
        self.world = world("idle", warm=100)

    def track_tick(self) -> float:
        ticks = 20_000
        before = self.world.cpu_seconds
        self.world.run(ticks)
        return 1e6 * (self.world.cpu_seconds - before) / ticks

    track_tick.unit = "us"  # type: ignore[attr-defined]
