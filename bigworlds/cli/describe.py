"""`bigworlds describe`: what a model declares, as the skeleton of an ODD protocol in Markdown.

The protocol's seven elements are those of Grimm et al. 2020 (doi:10.18564/jasss.4259). What the model's
declarations say is filled in; what only its author can say is asked for in parentheses.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from bigworlds.data.component import CellComponent
from bigworlds.data.fields import Field, value_of_contents
from bigworlds.data.parameter import Parameter
from bigworlds.data.parameters import ParameterRef, Parameters
from bigworlds.data.resource import Resource
from bigworlds.graph import EdgeSource, GivenEdges
from bigworlds.model import Model, Sequential, WorldDescription
from bigworlds.model.declarations import StartValues
from bigworlds.model.initialisers import Cells, Cycle, Initialiser, Where
from bigworlds.space import Continuous, HexGrid

_NOT_RANDOM = (Cycle, Where)


def odd(model: Model, parameters: Parameters | None) -> str:
    """The protocol of a model with these parameters, as Markdown.

    Raises:
        ModelError: the model's description is wrong.
    """
    world = model.describe(parameters)
    sections = [
        [f"# {model.name}: model description (ODD)"],
        [
            "## 1 Purpose and patterns",
            "",
            _text(model.__doc__),
            "",
            "(Which patterns make the model credible?)",
        ],
        ["## 2 Entities, state variables and scales", "", *_entities(world)],
        ["## 3 Process overview and scheduling", "", *_schedule(world)],
        ["## 4 Design concepts", "", *_concepts(model, world)],
        ["## 5 Initialization", "", *_initialization(world)],
        ["## 6 Input data", "", "(None, unless the model reads files.)"],
        ["## 7 Submodels", "", *_parameters(parameters), *_submodels(world)],
    ]
    return "\n\n".join("\n".join(section).rstrip() for section in sections)


def _text(docstring: str | None) -> str:
    return inspect.cleandoc(docstring) if docstring else "(What is the model for?)"


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = [" | ".join(headings), " | ".join("---" for _ in headings), *(" | ".join(row) for row in rows)]
    return [f"| {line} |" for line in lines] + [""]


def _entities(world: WorldDescription) -> Iterator[str]:
    born = [c for b in world.behaviors for use in b.spawns for c in use.components]
    kinds = dict.fromkeys([*world.components, *born, *(cells.component for cells in world.cells)])
    edges = {graph.component: graph for graph in world.graphs}
    for kind in [*kinds, *edges]:
        what = "cells" if issubclass(kind, CellComponent) else "edges" if kind in edges else "agents"
        yield f"### {kind.__name__} ({what})"
        yield ""
        # A class without a docstring of its own inherits that of bw.Component, which says nothing of the
        # model.
        if "__doc__" in vars(kind) and kind.__doc__:
            yield inspect.cleandoc(kind.__doc__)
            yield ""
        fields: dict[str, Field] = kind.__bw_fields__
        yield from _table(
            ["variable", "type", "meaning"], [[f.name, _type(f), "(...)"] for f in fields.values()]
        )
    yield from _resources(world)
    yield f"Space: {_space(world)}"
    yield ""
    for graph in world.graphs:
        way = "directed" if graph.directed else "undirected"
        name, edges_from = graph.component.__name__, _source(graph.source)
        yield f"Graph: {name}, {way}, over {graph.nodes} agents; edges {edges_from}."
        yield ""
    yield "Time: discrete ticks. (How long is one?)"


def _resources(world: WorldDescription) -> Iterator[str]:
    for start in world.resources:
        kind = type(start)
        yield f"### {kind.__name__} (the world's own values)"
        yield ""
        if "__doc__" in vars(kind) and kind.__doc__:
            yield inspect.cleandoc(kind.__doc__)
            yield ""
        rows = [
            [name, _parameter_type(value), str(value.to_plain(getattr(start, name))), value.help or "(...)"]
            for name, value in kind.__bw_parameters__.items()
        ]
        yield from _table(["variable", "type", "at the start", "meaning"], rows)


def _parameter_type(parameter: Parameter) -> str:
    if parameter.choices:
        return "one of " + ", ".join(map(str, parameter.choices))
    return parameter.kind


def _type(field: Field) -> str:
    if field.type.enumeration is not None:
        return "one of " + ", ".join(member.name for member in field.type.enumeration)
    number = np.dtype(field.dtype).name
    if field.kind == "scalar":
        return number
    return {
        "ref": "another entity",
        "text": "text of any length",
        "bytes": "bytes of any length",
        "numbers": f"list of {np.dtype(field.dtype).name}",
        "string": f"text of up to {field.length} bytes",
    }.get(field.kind, f"{field.kind} of {number}")


def _space(world: WorldDescription) -> str:
    space = world.space
    if space is None:
        return "none."
    edges = "periodic" if space.periodic else "bounded"
    size = " x ".join(f"{length:g}" for length in space.size)
    if isinstance(space, Continuous):
        lattice = "" if space.cells is None else f", with fields on {' x '.join(map(str, space.cells))} cells"
        return f"continuous, {edges}, {size} units{lattice}."
    crowd = "at most one agent" if space.max_per_cell == 1 else "any number of agents"
    shape = "hexagonal grid" if isinstance(space, HexGrid) else "grid"
    return f"{edges} {shape} of {size} cells, {space.neighbors} neighbours each, {crowd} in a cell."


def _source(source: EdgeSource) -> str:
    """Where the edges of a graph come from, in words."""
    if isinstance(source, GivenEdges):
        return f"that are given, {source.count} of them" if source.count else "that behaviors make"
    given = ", ".join(
        f"{name}={value}" for name, value in vars(source).items() if value is not None and name != "name"
    )
    return f"by {type(source).__name__}({given})"


def _schedule(world: WorldDescription) -> Iterator[str]:
    if not world.phases:
        yield "Nothing happens in a tick."
    else:
        yield "In each tick, in this order:"
        yield ""
    for number, phase in enumerate(world.phases, 1):
        if not phase.behaviors and world.soup is not None:
            yield f"{number}. Each soup runs {world.soup.instructions:,} instructions of its organisms."
            continue
        names = " and ".join(
            f"*{behavior.name}* ({_who(behavior)}{_when(behavior)})" for behavior in phase.behaviors
        )
        how = "all at once, on the state at the start of the phase"
        if isinstance(phase.activation, Sequential):
            order = "in a fresh random order" if phase.activation.shuffle else "in the order of their ids"
            how = f"one after another, {order}, on the live state"
        elif phase.behaviors[0].per_tick:
            how = "for the whole world"
        yield f"{number}. {names}: {how}."


def _who(behavior: Any) -> str:
    kinds = " with ".join(component.__name__ for component in behavior.components)
    return f"each {kinds}" if kinds else "once"


def _when(behavior: Any) -> str:
    trigger = behavior.trigger
    words = []
    if isinstance(trigger.every, ParameterRef) or trigger.every != 1:
        words.append(f"every {_name(trigger.every)} ticks")
    if isinstance(trigger.after, ParameterRef) or trigger.after != 0:
        words.append(f"from tick {_name(trigger.after)} on")
    if trigger.at:
        words.append("at tick " + ", ".join(map(str, trigger.at)))
    if trigger.on is not None:
        words.append(f"on {trigger.on.__name__}")
    if trigger.when is not None:
        words.append(f"while {_name(trigger.when)}")
    return "".join(f", {word}" for word in words)


def _name(given: Any) -> str:
    """How a number, a parameter or a function in a declaration is called."""
    return given.name if isinstance(given, ParameterRef) else getattr(given, "__name__", str(given))


def _concepts(model: Model, world: WorldDescription) -> Iterator[str]:
    yield "- Basic principles, emergence, adaptation, objectives, learning, prediction: (...)"
    for behavior in world.behaviors:
        for reach in behavior.reaches:
            within = f" within {_name(reach.radius)}" if reach.radius is not None else ""
            within = within if reach.edge is None else f" along the edges {reach.edge.__name__}"
            seen = ", ".join(field.name for field in reach.fields) or "their presence"
            yield f"- Sensing: *{behavior.name}* sees {seen} of {reach.component.__name__}{within}."
        for argument in behavior.arguments:
            if argument.what == "parameters" and issubclass(argument.components[0], Resource):
                yield f"- Sensing: *{behavior.name}* sees the world's {argument.components[0].__name__}."
        for cells in behavior.cells:
            seen = ", ".join(field.name for field in cells.fields)
            yield f"- Sensing: *{behavior.name}* sees {seen} of cells of {cells.component.__name__}."
    for behavior in world.behaviors:
        yield from (f"- Interaction: {line}" for line in _interactions(behavior))
    yield "- Stochasticity: " + ("; ".join(_stochastic(world)) or "none") + "."
    measured = ", ".join(
        f"{name} ({_first(f.__doc__)})" if f.__doc__ else name for name, f in model.metrics.items()
    )
    yield f"- Observation: {measured or '(...)'}"


def _interactions(behavior: Any) -> Iterator[str]:
    for claim in behavior.claims:
        what = claim.target.__name__ if claim.stock is None else claim.stock.full_name
        yield f"*{behavior.name}* competes for {what}; what one gets is in {claim.result.field.full_name}."
    for deposit in behavior.deposits:
        yield f"*{behavior.name}* adds to {deposit.field.full_name}."
    for link in behavior.links:
        yield f"*{behavior.name}* changes edges {link.edge.__name__}."
    for send in behavior.sends:
        yield f"*{behavior.name}* sends {send.event.__name__}."
    for inbox in behavior.inboxes:
        yield f"*{behavior.name}* receives {inbox.event.__name__}."


def _stochastic(world: WorldDescription) -> Iterator[str]:
    for where, start in _starts(world):
        drawn = [
            f.full_name for f, value in zip(start.fields, start.values, strict=True) if _is_random(value)
        ]
        if drawn:
            yield f"the start of {', '.join(drawn)} ({where})"
    for graph in world.graphs:
        if not isinstance(graph.source, GivenEdges):
            yield f"the edges {graph.component.__name__}"
    if world.soup is not None:
        yield "mutations, deaths and the length of turns in soups"
    for phase in world.phases:
        for behavior in phase.behaviors:
            if behavior.uses_rng:
                yield f"*{behavior.name}* draws random numbers"
            if behavior.claims:
                yield f"who wins the claims of *{behavior.name}* is random"
        if isinstance(phase.activation, Sequential) and phase.activation.shuffle:
            yield "the order in which agents act in " + " and ".join(f"*{b.name}*" for b in phase.behaviors)


def _starts(world: WorldDescription) -> Iterator[tuple[str, StartValues]]:
    for spawn in world.spawns:
        yield f"{spawn.n} x {' with '.join(kind.__name__ for kind in spawn.components)}", spawn.start
    for cells in world.cells:
        yield f"each of {cells.count} cells", cells.start
    for graph in world.graphs:
        if graph.start.fields:
            yield f"edges {graph.component.__name__}", graph.start


def _is_random(value: Any) -> bool:
    if not isinstance(value, Initialiser):
        return False
    return any(
        part.random if isinstance(part, Cells) else not isinstance(part, _NOT_RANDOM)
        for part in value.parts()
    )


def _initialization(world: WorldDescription) -> Iterator[str]:
    for where, start in _starts(world):
        yield f"- {where}: " + "; ".join(
            f"{field.name} {_start_text(field, value)}"
            for field, value in zip(start.fields, start.values, strict=True)
        )
    if not world.spawns and not world.cells:
        yield "The world begins empty."


def _start_text(field: Field, value: Any) -> str:
    """A first value in words: how it is drawn, or the one value of all, or that it is given."""
    if isinstance(value, Cells):
        return "random cells, no cell twice" if value.random else "one in each cell"
    if isinstance(value, Where):
        sides = (_start_text(field, part) for part in (value.yes, value.no))
        return "by a condition " + " or ".join(sides)
    if isinstance(value, Initialiser):
        given = ", ".join(str(part) for part in vars(value).values() if part is not None)
        return f"{type(value).__name__.lower()}({given})"
    if len(value) == 1 and field.is_open:
        return repr(value_of_contents(field.type, value[0]))
    if len(value) == 1:
        return str(value[0].tolist())
    return "given row by row"


def _parameters(parameters: Parameters | None) -> Iterator[str]:
    if parameters is None:
        return
    yield "### Parameters"
    yield ""
    rows = []
    for name, parameter in parameters.__bw_parameters__.items():
        value = parameter.to_plain(getattr(parameters, name))
        rows.append([name, str(value), parameter.range_text.replace("|", "or"), parameter.help or "(...)"])
    yield from _table(["parameter", "value", "range", "meaning"], rows)


def _submodels(world: WorldDescription) -> Iterator[str]:
    for behavior in dict.fromkeys(world.behaviors):
        yield f"### {behavior.name}"
        yield ""
        yield inspect.cleandoc(behavior.__doc__) if behavior.__doc__ else "(What does it do?)"
        yield ""
        changed = [use.field.full_name for use in behavior.columns if use.writes]
        births = [" with ".join(c.__name__ for c in use.components) for use in behavior.spawns]
        if changed:
            yield f"Changes {', '.join(changed)}."
        if births:
            yield f"May bear {', '.join(births)}."
        if behavior.uses_despawn:
            yield "May end the agent's life."
        yield ""


def _first(docstring: str) -> str:
    return docstring.strip().partition("\n")[0].rstrip(".")
