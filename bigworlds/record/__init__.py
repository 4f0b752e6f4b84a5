"""Recording: what a model wants to know of its runs, taken while they run, and read afterwards.

world.record(bw.record.count(Wolf), bw.record.mean("Bird.velocity", every=10))
...
sim.records.to_pandas()
"""

from bigworlds.record.declare import (
    checked,
    columns,
    count,
    group,
    histogram,
    max,
    mean,
    min,
    sum,
)
from bigworlds.record.expression import Expression
from bigworlds.record.log import EventLog, event
from bigworlds.record.recorder import Recorder
from bigworlds.record.records import Records
from bigworlds.record.run_folder import Manifest, RunFolder
from bigworlds.record.source import Source
from bigworlds.record.specs import Aggregate, Columns, Count, Group, Histogram, Reduction, Spec

__all__ = [
    "Aggregate",
    "Columns",
    "Count",
    "EventLog",
    "Expression",
    "Group",
    "Histogram",
    "Manifest",
    "Recorder",
    "Records",
    "Reduction",
    "RunFolder",
    "Source",
    "Spec",
    "checked",
    "columns",
    "count",
    "event",
    "group",
    "histogram",
    "max",
    "mean",
    "min",
    "sum",
]
