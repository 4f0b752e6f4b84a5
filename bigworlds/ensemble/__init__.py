"""The ensemble: many runs of one model, each with its own parameters and seed, in one table.

A run is named by a hash of the model, its parameters and its seed, so that what has been run once is known.
"""

from bigworlds.ensemble.plan import Plan, Run
from bigworlds.ensemble.points import points_of_file, points_of_varied, values_of_text
from bigworlds.ensemble.sweep import Progress, Settings, Sweeping, is_sweep, seeds_of, sweep
from bigworlds.ensemble.table import SweepTable

__all__ = [
    "Plan",
    "Progress",
    "Run",
    "Settings",
    "SweepTable",
    "Sweeping",
    "is_sweep",
    "points_of_file",
    "points_of_varied",
    "seeds_of",
    "sweep",
    "values_of_text",
]
