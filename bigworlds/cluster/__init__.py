"""The cluster: the processes in which the ranks of a world live, and how they are started and reached.

`mpi.py` is the only file that imports mpi4py, and only where a launcher has started several processes.
"""

from bigworlds.cluster.dry_run import Counted, DryRun
from bigworlds.cluster.errors import RankError
from bigworlds.cluster.launcher import Launcher, launcher
from bigworlds.cluster.partition import Partition, partition_of
from bigworlds.cluster.processes import OneProcess, Processes
from bigworlds.cluster.start import mpi_mode, processes_for, run_on_ranks

__all__ = [
    "Counted",
    "DryRun",
    "Launcher",
    "OneProcess",
    "Partition",
    "Processes",
    "RankError",
    "launcher",
    "mpi_mode",
    "partition_of",
    "processes_for",
    "run_on_ranks",
]
