"""Running worlds: the engine's simulation with the names that users type."""

from bigworlds.simulation.edits import Edits
from bigworlds.simulation.engine import LocalEngine
from bigworlds.simulation.profile import PARTS
from bigworlds.simulation.schema import counted_value
from bigworlds.simulation.seen import Seen, every_component, file_hash, model_hash, plain, records_of, version
from bigworlds.simulation.simulation import Simulation

__all__ = [
    "PARTS", "Edits", "LocalEngine", "Seen", "Simulation", "counted_value", "every_component", "file_hash",
    "model_hash", "plain", "records_of", "version",
]  # fmt: skip
