"""bigworlds: simulate worlds of many entities, described in Python, run at the speed of hand-written C++.

Example:
    >>> import bigworlds as bw
    >>> class Walker(bw.Component):
    ...     position: bw.vec2
    ...     velocity: bw.vec2
    >>> @bw.behavior
    ... def walk(walker: Walker) -> None:
    ...     walker.position += walker.velocity
    >>> @bw.model()
    ... def walkers(world):
    ...     world.space = bw.Continuous((10.0, 10.0), periodic=True)
    ...     world.spawn(Walker, n=3, position=bw.uniform(), velocity=bw.unit_vector())
    ...     world.behaviors(walk)
    >>> sim = walkers.simulate(rng=1)
    >>> sim.run(5)
    5
    >>> sim.count(Walker)
    3
"""

from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from bigworlds import _source_tree as _source_tree
from bigworlds import organism, record
from bigworlds.behavior import (
    Attach,
    Cells,
    Claim,
    Clock,
    Compiled,
    Deposit,
    Detach,
    Entity,
    Here,
    Inbox,
    Interpreted,
    Link,
    Neighbors,
    Rng,
    Send,
    Spawn,
    Vectorised,
    behavior,
    get_include,
    hex_step,
    moore,
    native,
    reach,
)
from bigworlds.behavior import Space as Space
from bigworlds.cluster import DryRun, Partition, RankError
from bigworlds.data import (
    CellComponent,
    Component,
    EdgeComponent,
    Event,
    Name,
    Parameters,
    Prefab,
    Ref,
    Resource,
    array,
    bool_,
    f32,
    f64,
    i8,
    i16,
    i32,
    i64,
    ivec2,
    ivec3,
    param,
    short_list,
    string,
    u8,
    u16,
    u32,
    u64,
    vec2,
    vec3,
)
from bigworlds.ensemble import SweepTable, sweep
from bigworlds.errors import BehaviorError, BigworldsError, ModelError, QueryError, SnapshotError, UserError
from bigworlds.errors import UnknownNameError as _UnknownNameError
from bigworlds.errors import nearest_names as _nearest_names
from bigworlds.event import Input, InputResult, JournalError, Ticket, input
from bigworlds.graph import block_graph, random_graph, ring, scale_free, small_world
from bigworlds.model import (
    Model,
    Sequential,
    Synchronous,
    World,
    bernoulli,
    choice,
    cycle,
    each_cell,
    exponential,
    integers,
    model,
    normal,
    random_cells,
    set_engine,
    uniform,
    unit_vector,
    where,
)
from bigworlds.query import Query
from bigworlds.simulation import Edits, LocalEngine, Simulation
from bigworlds.space import Continuous, Grid, HexGrid

set_engine(LocalEngine())

try:
    __version__ = version("bigworlds")
except PackageNotFoundError:  # run from the source tree, not installed
    __version__ = "0.1.0"

__all__ = [
    "Attach",
    "BehaviorError",
    "BigworldsError",
    "CellComponent",
    "Cells",
    "Claim",
    "Clock",
    "Compiled",
    "Component",
    "Continuous",
    "Deposit",
    "Detach",
    "DryRun",
    "EdgeComponent",
    "Edits",
    "Entity",
    "Event",
    "Grid",
    "Here",
    "HexGrid",
    "Inbox",
    "Input",
    "InputResult",
    "Interpreted",
    "JournalError",
    "Link",
    "Model",
    "ModelError",
    "Name",
    "Neighbors",
    "Parameters",
    "Partition",
    "Prefab",
    "Query",
    "QueryError",
    "RankError",
    "Ref",
    "Resource",
    "Rng",
    "Send",
    "Sequential",
    "Simulation",
    "SnapshotError",
    "Space",
    "Spawn",
    "SweepTable",
    "Synchronous",
    "Ticket",
    "UserError",
    "Vectorised",
    "World",
    "array",
    "behavior",
    "bernoulli",
    "block_graph",
    "bool_",
    "choice",
    "cycle",
    "each_cell",
    "exponential",
    "f32",
    "f64",
    "get_include",
    "hex_step",
    "i8",
    "i16",
    "i32",
    "i64",
    "input",
    "integers",
    "ivec2",
    "ivec3",
    "model",
    "moore",
    "native",
    "normal",
    "organism",
    "param",
    "random_cells",
    "random_graph",
    "reach",
    "record",
    "ring",
    "scale_free",
    "short_list",
    "small_world",
    "string",
    "sweep",
    "u8",
    "u16",
    "u32",
    "u64",
    "uniform",
    "unit_vector",
    "vec2",
    "vec3",
    "where",
]  # fmt: skip

if not TYPE_CHECKING:  # else checkers would take every name

    def __getattr__(name: str) -> object:
        if name.startswith("_"):
            raise AttributeError(f"module 'bigworlds' has no attribute {name!r}")
        near = _nearest_names(name, __all__)
        hint = near if "mean" in near else "; bigworlds.__all__ lists its names"
        raise _UnknownNameError(f"bigworlds has no '{name}'{hint}")
