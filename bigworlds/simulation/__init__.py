"""Running worlds: the engine's simulation with the names that users type."""

from bigworlds.simulation.engine import LocalEngine
from bigworlds.simulation.simulation import Simulation

__all__ = ["LocalEngine", "Simulation"]
