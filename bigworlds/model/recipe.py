"""Model: a recipe for worlds, made of a function by `@bw.model`. Each run builds its world afresh from
it."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol, TypeVar

import numpy as np

from bigworlds.cluster import Partition, partition_of
from bigworlds.data.parameters import Parameters, split_assignment
from bigworlds.errors import ModelError, SnapshotError, UserError, nearest_names
from bigworlds.model.declarations import WorldDescription
from bigworlds.model.world import World
from bigworlds.view import ParameterRow, html_of_model

Metric = Callable[[Any], float | int]
MetricT = TypeVar("MetricT", bound=Metric)


class Engine(Protocol):
    """What the simulation room, which lies above this one, gives it: so the arrow between them points
    down."""

    def simulate(self, model: Model, parameters: Parameters | None, options: RunOptions) -> Any:
        """A simulation at tick 0."""

    def check(self, model: Model, parameters: Parameters | None, seed: Any, ticks: int) -> list[str]:
        """The names of the behaviors that were found to go row by row."""

    def resume(
        self, model: Model, snapshot: str | os.PathLike[str], given: Mapping[str, Any], options: RunOptions
    ) -> Any:
        """A simulation at the tick of a snapshot; `given` are parameter values that the user named."""


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """How a world is run; nothing here changes what comes out, except `rng`.

    Attributes:
        rng: the seed: an int, a `numpy.random.SeedSequence`, a `Generator`, or None for a fresh one.
        ranks: how many ranks run it inside this process.
        threads: how many threads run it, None for all.
        interpret: whether compiled behaviors run as plain Python.
        check_values: whether the first write of a value that is not finite is an error.
        branch: whether a resumed run may have another seed or other parameters than its snapshot.
        comm: an mpi4py communicator, one rank a process; None for all processes of the launcher.
        partition: how tiles are shared out among ranks.
    """

    rng: Any = None
    ranks: int = 1
    comm: Any = None
    threads: int | None = None
    interpret: bool = False
    check_values: bool = False
    branch: bool = False
    partition: Partition = Partition()  # noqa: RUF009 (frozen)


_engines: list[Engine] = []


def set_engine(engine: Engine) -> None:
    """Names the engine that `Model.simulate` and `Model.resume` call."""
    _engines[:] = [engine]


class Model:
    """A recipe for worlds: a function that describes one, its parameters, presets and metrics.

    Made by `@bw.model`; never changed by running.

    Attributes:
        name: the function's name.
        function: what describes the world, called as function(world, p), or function(world) without
            parameters.
        parameters: the `Parameters` class, or None.
        presets: named sets of parameter values, chosen by `size=`.
        ticks: how long a run is where nothing else is said, None for no end.
        metrics: functions of the simulation by name, added by `@model.metric`.
        source: the file that holds it, None where there is none.
        line: the line of its definition in the file, from 1.
    """

    def __init__(
        self,
        function: Callable[..., None],
        parameters: type[Parameters] | None,
        presets: Mapping[str, Mapping[str, Any]],
        ticks: int | None,
    ) -> None:
        self.name = function.__name__
        self.function = function
        self.parameters = parameters
        self.presets: Mapping[str, Mapping[str, Any]] = MappingProxyType(
            {k: dict(v) for k, v in presets.items()}
        )
        self.ticks = ticks
        self.metrics: dict[str, Metric] = {}
        self.source, self.line = _place_of(function)
        self.__doc__ = function.__doc__
        self.__name__ = self.name
        self.__module__ = function.__module__

    def metric(self, function: MetricT) -> MetricT:
        """Declares a number that describes the state of a run, as a decorator of a function of the
        simulation.

        Its name is the function's; it appears in `sim.metrics()` and in the output of `--json`.

        Raises:
            ModelError: another metric has this name.
        """
        name = function.__name__
        if name in self.metrics:
            raise ModelError(f"model {self.name} has two metrics called '{name}'")
        self.metrics[name] = function
        return function

    def measure(self, simulation: Any) -> dict[str, float | int]:
        """The values of all metrics for a simulation, in the order of their declaration.

        Raises:
            ModelError: a metric returned something that is no number.
        """
        values: dict[str, float | int] = {}
        for name, function in self.metrics.items():
            value: Any = function(simulation)
            if isinstance(value, np.generic):
                value = value.item()
            if not isinstance(value, int | float):
                raise ModelError(f"metric {name} of {self.name} returns a number; found {value!r}")
            values[name] = value
        return values

    def settings(self, size: str | None = None, **values: Any) -> Parameters | None:
        """The parameters of a run: defaults, then the preset, then the given values.

        Args:
            size: the name of a preset.
            values: parameters by name; they win over the preset.

        Raises:
            UserError: an unknown preset or parameter, or a value that it cannot take.
        """
        chosen = {**(self._preset(size) if size is not None else {}), **values}
        if self.parameters is not None:
            return self.parameters(**chosen)
        for name in chosen:
            raise UserError(f"model {self.name} has no parameters; found '{name}'")
        return None

    def parse(self, assignments: list[str]) -> dict[str, Any]:
        """Arguments for `settings` and `simulate` from texts `name=value`, `size=preset` among them, as
        `--set` takes them.

        Raises:
            UserError: no `=`, an unknown name, or a value that it cannot take.
        """
        values: dict[str, Any] = {}
        for assignment in assignments:
            name, text = split_assignment(assignment)
            if name == "size":
                values["size"] = text.strip()
            elif self.parameters is not None:
                if name not in self.parameters.__bw_parameters__:
                    known = nearest_names(name, ["size", *self.parameters.__bw_parameters__])
                    raise UserError(f"model {self.name} has no parameter '{name}'{known}")
                values.update(self.parameters.parse([assignment]))
            else:
                raise UserError(f"model {self.name} has no parameters; found '{name}'")
        return values

    def describe(self, parameters: Parameters | None = None) -> WorldDescription:
        """Calls the function on an empty world and checks what it declared.

        Args:
            parameters: of the run; by default the defaults.

        Raises:
            ModelError: something in the description is wrong.
        """
        if parameters is None and self.parameters is not None:
            parameters = self.parameters()
        world = World(parameters)
        if self.parameters is None:
            self.function(world)
        else:
            self.function(world, parameters)
        return world.description()

    def simulate(
        self,
        size: str | None = None,
        rng: Any = None,
        ranks: int = 1,
        threads: int | None = None,
        interpret: bool = False,
        check_values: bool = False,
        comm: Any = None,
        partition: Partition | str | None = None,
        **parameters: Any,
    ) -> Any:
        """Builds a world and makes it ready to run.

        Args:
            size: the name of a preset, or None for the defaults.
            rng: the seed: an int, a `numpy.random.SeedSequence`, a `Generator` (drawn from once, for the
                seed), or None for a fresh one.
            ranks: how many ranks run it inside this process; the result is the same on any number.
            threads: how many threads run it, None for all that the machine has; same result on any number.
            interpret: run compiled behaviors as plain Python, slowly, with the same result; for debugging.
            check_values: make the first write of a value that is not finite an error; for debugging.
            comm: an mpi4py communicator whose processes run it, one rank each; None for all processes that
                `mpirun` or `srun` started (for this process alone where there is only it). All of them call
                this together.
            partition: how the world's tiles are shared out among ranks, a `bw.Partition` or the name of its
                kind ("blocks", "bisection", "curve", "graph"); the same result with any.
            parameters: parameter values by name; they win over the preset.

        Returns:
            A `Simulation` at tick 0.

        Raises:
            UserError: an unknown preset or parameter, or a value that it cannot take.
            ModelError: something in the model's description is wrong.
        """
        options = RunOptions(
            rng=rng,
            ranks=ranks,
            threads=threads,
            interpret=interpret,
            check_values=check_values,
            comm=comm,
            partition=partition_of(partition),
        )
        return self._engine().simulate(self, self.settings(size, **parameters), options)

    def check(self, size: str | None = None, rng: Any = 0, ticks: int = 3, **parameters: Any) -> list[str]:
        """Looks for what the engine otherwise takes on trust; for tests of models.

        The description is checked as a whole: behaviors of one phase that conflict, with no order among
        them, are named, all of them. Then the world runs some ticks, with each vectorised and native behavior
        on all rows at once, and again with that behavior's rows cut at random; bits that differ show that a
        row was not computed from itself alone. `bigworlds check` does the same from the command line.

        Args:
            size, rng, parameters: as in `simulate`.
            ticks: how many; behaviors that run later are not tried.

        Returns:
            The names of the vectorised and native behaviors, all of which went row by row.

        Raises:
            ModelError: what was found, by name.
            BehaviorError: a behavior failed.

        Example:
            >>> import bigworlds as bw
            >>> class Coin(bw.Component):
            ...     worth: float = 1.0
            ...     place: int = 0
            >>> @bw.behavior(kind=bw.Vectorised)
            ... def level(coin: Coin) -> None:
            ...     coin.worth = coin.worth - 0.1 * coin.place.mean()
            >>> @bw.model()
            ... def purse(world):
            ...     world.spawn(Coin, n=5, place=bw.cycle([0, 1, 2, 3, 4]))
            ...     world.behaviors(level)
            >>> try:
            ...     purse.check()
            ... except bw.ModelError as error:
            ...     print(str(error).partition(":")[0])
            behavior 'level' does not go row by row
        """
        if isinstance(ticks, bool) or not isinstance(ticks, int) or ticks < 1:
            raise UserError(f"check takes a number of ticks from 1 up; found {ticks!r}")
        return self._engine().check(self, self.settings(size, **parameters), rng, ticks)

    def resume(
        self,
        snapshot: str | os.PathLike[str],
        size: str | None = None,
        rng: Any = None,
        ranks: int = 1,
        threads: int | None = None,
        interpret: bool = False,
        check_values: bool = False,
        branch: bool = False,
        comm: Any = None,
        partition: Partition | str | None = None,
        **parameters: Any,
    ) -> Any:
        """Loads a world from a snapshot and makes it ready to go on.

        Seed and parameters come from the snapshot.

        Args:
            snapshot: the file.
            size, rng, parameters: as in `simulate`; a value other than the snapshot's is an error, unless
                branch.
            ranks, threads, interpret, check_values, comm, partition: as in `simulate`.
            branch: go on with the given seed and parameters instead of the snapshot's.

        Returns:
            A `Simulation` at the snapshot's tick.

        Raises:
            SnapshotError: the file is damaged, no snapshot, or of another model.
            UserError: a seed or parameter that is not the snapshot's, without branch.
        """
        options = RunOptions(
            rng=rng,
            ranks=ranks,
            threads=threads,
            interpret=interpret,
            check_values=check_values,
            branch=branch,
            comm=comm,
            partition=partition_of(partition),
        )
        given = {**(self._preset(size) if size is not None else {}), **parameters}
        return self._engine().resume(self, snapshot, given, options)

    def resumed(
        self, stored: Mapping[str, Any], given: Mapping[str, Any], *, branch: bool = False
    ) -> Parameters | None:
        """The parameters of a resumed run: the snapshot's, unless it branches off.

        Args:
            stored: what the snapshot has, by name, as `Parameters.as_dict` gives it.
            given: what the user named.
            branch: whether the given values may differ.

        Raises:
            SnapshotError: the snapshot's parameters are not this model's.
            UserError: a given value differs and branch is False.
        """
        try:
            before = self.settings(**stored)
        except UserError as problem:
            raise SnapshotError(
                f"the snapshot's parameters do not fit model {self.name}: {problem}"
            ) from None
        if before is None:
            return self.settings(**given)
        after = before.replace(**given)
        for name in given:
            old, new = getattr(before, name), getattr(after, name)
            if old != new and not branch:
                raise UserError(
                    f"parameter '{name}' is {old!r} in the snapshot; found {new!r}; leave it out, or ask for "
                    "a branch (branch=True, --branch) to go on with the new value"
                )
        return after

    def _engine(self) -> Engine:
        if not _engines:
            raise ModelError("no engine is known; import bigworlds before running a model")
        return _engines[0]

    def _preset(self, size: str) -> Mapping[str, Any]:
        if size not in self.presets:
            known = nearest_names(size, self.presets) if self.presets else "; it has no presets"
            raise UserError(f"model {self.name} has no size '{size}'{known}")
        return self.presets[size]

    def __repr__(self) -> str:
        return f"<model {self.name}>"

    def _repr_html_(self) -> str:
        """The model as notebooks show it: what it is, its parameters and presets."""
        declared = self.parameters.__bw_parameters__.values() if self.parameters is not None else ()
        rows = [ParameterRow(p.name, p.kind, p.default_text, p.range_text, p.help) for p in declared]
        summary = (self.__doc__ or "").strip().partition("\n")[0]
        return html_of_model(self.name, rows, summary=summary, presets=self.presets)


def model(
    parameters: type[Parameters] | None = None,
    *,
    presets: Mapping[str, Mapping[str, Any]] | None = None,
    ticks: int | None = None,
) -> Callable[[Callable[..., None]], Model]:
    """Makes a `Model` of the function below it, which describes a world.

    Args:
        parameters: the class of the model's parameters; without it the function takes the world alone.
        presets: named sets of parameter values, as in `presets={"small": dict(n=200)}`; chosen by
            `simulate(size="small")` and `--set size=small`.
        ticks: how long a run is where nothing else is said; None runs until it is stopped.

    Returns:
        A decorator.

    Raises:
        ModelError: a preset that the parameters cannot take, or ticks that are no whole number.

    Example:
        >>> class Params(Parameters):
        ...     n: int = 100
        >>> @model(Params, presets={"small": dict(n=10)}, ticks=50)
        ... def empty(world, p):
        ...     '''A world with nothing in it.'''
        >>> empty
        <model empty>
        >>> empty.settings("small")
        Params(n=10)
    """
    given: Any = parameters
    if given is not None and not (isinstance(given, type) and issubclass(given, Parameters)):
        what = getattr(given, "__name__", repr(given))
        raise ModelError(f"@bw.model takes a bw.Parameters class, or nothing: @bw.model(); found {what}")
    if ticks is not None and (isinstance(ticks, bool) or not isinstance(ticks, int) or ticks < 0):
        raise ModelError(f"@bw.model: ticks is a whole number from 0 up, or None; found {ticks!r}")

    def decorate(function: Callable[..., None]) -> Model:
        made = Model(function, parameters, presets or {}, ticks)
        _check_signature(made)
        for name in made.presets:
            try:
                made.settings(name)
            except UserError as problem:
                raise ModelError(f"preset '{name}' of model {made.name}: {problem}") from None
        return made

    return decorate


def _check_signature(made: Model) -> None:
    expected = "(world, p)" if made.parameters is not None else "(world)"
    signature = inspect.signature(made.function)
    try:
        signature.bind(*(None,) * (2 if made.parameters is not None else 1))
    except TypeError:
        raise ModelError(
            f"model {made.name} is called as {made.name}{expected}; found {made.name}{signature}"
        ) from None


def _place_of(function: Callable[..., None]) -> tuple[Path | None, int]:
    code = getattr(function, "__code__", None)
    if code is None:
        return None, 0
    path = Path(code.co_filename)
    return (path.resolve() if path.is_file() else None), int(code.co_firstlineno)
