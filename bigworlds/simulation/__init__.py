"""Running worlds: the engine's simulation with the names that users type."""

from bigworlds.simulation.edits import Edits
from bigworlds.simulation.engine import LocalEngine
from bigworlds.simulation.simulation import Simulation

__all__ = ["Edits", "LocalEngine", "Simulation"]
