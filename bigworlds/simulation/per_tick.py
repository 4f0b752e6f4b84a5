"""Behaviors that run once per tick, for the whole world: any Python, in a phase of its own; and what was
raised inside a behavior, in words.

What such a behavior asks of its `bw.Edits` is carried out when it has returned, before the next phase. On
several ranks it is called once.
"""

from __future__ import annotations

import weakref
from typing import Any

from bigworlds import _core
from bigworlds.data import Resource
from bigworlds.errors import BehaviorError
from bigworlds.simulation.build import BehaviorPlace, BuiltModel
from bigworlds.simulation.edits import Edits, commit


class Clock:
    """The time, as the behavior's argument."""

    def __init__(self, tick: int) -> None:
        self.tick = tick


class Act:
    """One behavior of one simulation: what the engine calls in its phase.

    It holds the simulation weakly: the engine, which the simulation owns, holds it.
    """

    def __init__(self, simulation: Any, built: BuiltModel, place: BehaviorPlace) -> None:
        self._simulation = weakref.ref(simulation)
        self._built, self._place = built, place

    def __call__(self) -> None:
        """Runs the behavior and carries out what it asked for.

        Raises:
            BehaviorError: it raised, or asked for something that cannot be.
        """
        simulation, behavior = self._simulation(), self._place.behavior
        assert simulation is not None
        take, core = simulation._take_parameters, simulation._core
        edits = Edits(simulation, take, core, self._built, 0, "", self._place.stream)
        try:
            behavior.function(*(self._argument(argument, edits) for argument in behavior.arguments))
            commit(edits)
        except Exception as cause:
            words = cause_in_words(behavior, cause)
            error = BehaviorError(f"behavior '{behavior.name}' failed in tick {edits.tick}: {words}")
            error.__dict__.update(behavior=behavior.name, entity_id=0, tick=edits.tick)
            raise error from cause

    def _argument(self, argument: Any, edits: Edits) -> Any:
        if argument.what == "parameters" and issubclass(argument.components[0], Resource):
            return edits.resource(argument.components[0])
        return {
            "world": edits,
            "parameters": edits.parameters,
            "rng": edits.rng,
            "clock": Clock(edits.tick),
        }[argument.what]


def set_acts(simulation: Any, core: _core.Simulation, built: BuiltModel) -> None:
    """Tells the engine what to call for behaviors that run once per tick."""
    for place in built.behaviors:
        if place.behavior.per_tick:
            core.set_act(place.phase, place.number, Act(simulation, built, place))


def cause_in_words(behavior: Any, cause: BaseException) -> str:
    """What was raised inside a behavior, and where in the user's file."""
    trace = cause.__traceback__
    line = None
    code = getattr(behavior.function, "__code__", None)
    while trace is not None:
        if code is not None and trace.tb_frame.f_code.co_filename == code.co_filename:
            line = f"{code.co_filename}:{trace.tb_lineno}"
        trace = trace.tb_next
    where = f" ({line})" if line is not None else ""
    return f"{type(cause).__name__}: {cause}{where}"
