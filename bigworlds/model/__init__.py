"""Describing models: the decorator, the world that a model function fills in, and what its rows begin
with."""

from bigworlds.model.activation import Activation, Sequential, Synchronous
from bigworlds.model.declarations import (
    CellsDeclaration,
    GraphDeclaration,
    PhaseDeclaration,
    SpawnDeclaration,
    WorldDescription,
)
from bigworlds.model.draws import (
    bernoulli,
    choice,
    cycle,
    each_cell,
    exponential,
    integers,
    normal,
    random_cells,
    uniform,
    unit_vector,
    where,
)
from bigworlds.model.from_file import models_of_file
from bigworlds.model.initialisers import Initialiser
from bigworlds.model.recipe import Engine, Model, RunOptions, model, set_engine
from bigworlds.model.world import World

__all__ = [
    "Activation",
    "CellsDeclaration",
    "Engine",
    "GraphDeclaration",
    "Initialiser",
    "Model",
    "PhaseDeclaration",
    "RunOptions",
    "Sequential",
    "SpawnDeclaration",
    "Synchronous",
    "World",
    "WorldDescription",
    "bernoulli",
    "choice",
    "cycle",
    "each_cell",
    "exponential",
    "integers",
    "model",
    "models_of_file",
    "normal",
    "random_cells",
    "set_engine",
    "uniform",
    "unit_vector",
    "where",
]
