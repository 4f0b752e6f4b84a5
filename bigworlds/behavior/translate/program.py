"""One behavior as a whole: its arguments, what it was seen to use, and its translated functions (itself and
helpers)."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bigworlds.behavior.abi import MATH_ONE, MATH_TWO
from bigworlds.behavior.translate.expressions import PREFIX, UNKNOWN, Expressions, Value
from bigworlds.behavior.translate.kinds import (
    BOOL,
    FLOAT,
    INT,
    NOTHING,
    TEXT,
    Block,
    Kind,
    Special,
    Text,
    Vector,
    of_field,
)
from bigworlds.behavior.translate.source import Source, read_source
from bigworlds.behavior.translate.statements import Statements
from bigworlds.data import Component, Field, Resource
from bigworlds.errors import nearest_names

_WITH_STATE = {*MATH_ONE, *MATH_TWO, "floor_divide", "modulo"}


@dataclass(frozen=True)
class Argument:
    """One argument of a behavior.

    Attributes:
        name: as the user wrote it.
        what: its kind: "own", "neighbors", "parameters", "rng", "clock", "entity", "spawn", "attach",
            "detach", "claim", "cells", "here", "deposit", "space", "send", "inbox" or "link".
        components: the classes in its annotation.
        index: its position among the arguments of the same service (attach and detach share one numbering,
            and so do here and cells).
        edge: for Neighbors on graphs: the component of edges.
        values: for Spawn: what prefabs give, by field.
    """

    name: str
    what: str
    components: tuple[type, ...] = ()
    index: int = 0
    edge: type | None = None
    values: tuple[tuple[Field, Any], ...] = ()


@dataclass(frozen=True)
class Translated:
    """One translated function: its rewritten definition, what it takes and gives, whether it usually
    draws, and the kinds of its names."""

    name: str
    source: Source
    tree: ast.FunctionDef
    parameters: tuple[Kind, ...]
    result: Kind
    draws: bool
    kinds: Mapping[str, Kind] = field(compare=False)


@dataclass(frozen=True)
class RecordCall:
    """A runtime function that fills a record of `argument` with these fields, in this order."""

    what: str
    argument: int
    fields: tuple[str, ...]


class Program:
    """Translates a behavior. Afterwards `main`, `helpers` and the sets of what is used are filled.

    Args:
        name: the behavior's name.
        source: the user's function.
        arguments: its arguments.
        position: how places are: the kind of the own `position` field, or of Neighbors', or None where none
            is known.
    """

    def __init__(
        self, name: str, source: Source, arguments: tuple[Argument, ...], position: Vector | None
    ) -> None:
        self.name = name
        self.source = source
        self.arguments = arguments
        self.position = position
        self.reads: set[tuple[type, str]] = set()
        self.writes: set[tuple[type, str]] = set()
        self.reach_reads: dict[int, set[str]] = {}
        self.edge_reads: dict[int, set[str]] = {}
        self.geometry: dict[int, set[str]] = {}
        self.cell_reads: dict[int, set[str]] = {}
        self.directions: set[str] = set()  # of those of cells: moore, hex_step
        self.uses_rng = self.uses_random_empty = self.uses_despawn = False
        self.records: dict[str, RecordCall] = {}
        self.texts: dict[str, str] = {}
        self._helpers: dict[tuple[Callable[..., Any], tuple[Kind, ...]], Translated] = {}
        self._translating: list[Callable[..., Any]] = [source.function]
        self.main = self._translate_main()
        self.helpers, self.runtime_names = self._reached()

    def _reached(self) -> tuple[tuple[Translated, ...], frozenset[str]]:
        """The helpers that the final trees call, callees first, and the runtime names in them."""
        by_name = {h.name: h for h in self._helpers.values()}
        found: set[str] = set()
        todo = [self.main.tree]
        while todo:
            for node in ast.walk(todo.pop()):
                if isinstance(node, ast.Name) and node.id.startswith(PREFIX) and node.id not in found:
                    found.add(node.id)
                    if node.id in by_name:
                        todo.append(by_name[node.id].tree)
        called = {n.func.id for t in (self.main, *by_name.values()) for n in ast.walk(t.tree)
                  if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)}  # fmt: skip
        names = frozenset(n.removeprefix(PREFIX) for n in found & called if n not in by_name)
        return tuple(h for h in by_name.values() if h.name in found), names

    def _translate_main(self) -> Translated:
        what = f"behavior {self.name!r}"
        names: dict[str, Kind] = {}
        for position, argument in enumerate(self.arguments):
            names[argument.name] = Special("cell" if argument.what == "here" else argument.what, position)
        translator = Statements(self, self.source, what, names, helper=False)
        body = translator.translate()
        for position, argument in enumerate(self.arguments):
            if argument.what == "here" and self.cell_reads.get(position):
                name = ast.Name(argument.name, ast.Load())
                there = translator.call(self.source.tree, "here", name)
                assign = ast.Assign([ast.Name(argument.name, ast.Store())], there)
                body.insert(0, translator.placed(assign, self.source.tree))
        tree = _definition(self.source, self.source.tree.name, [a.name for a in self.arguments], body)
        given = tuple(names.values())
        return Translated(tree.name, self.source, tree, given, NOTHING, translator.draws, translator.kinds)

    def needs_state(self, name: str) -> bool:
        """Whether a runtime function takes the state as its first argument: those that call the engine's
        mathematics."""
        return name in _WITH_STATE

    # Attributes of arguments and of what they give

    def attribute(self, on: Expressions, node: ast.Attribute, owner: Value) -> Value:
        """`owner.name` for arguments, neighbours, cells, events and edges."""
        kind = owner.kind
        assert isinstance(kind, Special)
        made = on.placed(ast.Attribute(owner.node, node.attr, ast.Load()), node)
        argument = self.arguments[kind.argument]
        match kind.what:
            case "own":
                component = argument.components[0]
                field = self._field(on, node, component, node.attr)
                self.reads.add((component, node.attr))
                return Value(of_field(field.type, (component, node.attr)), made)
            case "item":
                return self._neighbor_attribute(on, node, kind, made)
            case "edge":
                assert argument.edge is not None
                field = self._field(on, node, argument.edge, node.attr)
                self.edge_reads.setdefault(kind.argument, set()).add(node.attr)
                return Value(of_field(field.type), made)
            case "cell":
                field = self._field(on, node, argument.components[0], node.attr)
                self.cell_reads.setdefault(kind.argument, set()).add(node.attr)
                return Value(of_field(field.type), made)
            case "event":
                if node.attr == "sender":
                    return Value(INT, made)
                field = self._field(on, node, argument.components[0], node.attr)
                return Value(of_field(field.type), made)
            case "parameters":
                return self._parameter(on, node, argument, made)
            case "space":
                if node.attr == "size":
                    return Value(self.space_kind(on, node), made)
            case "clock" | "entity":
                if node.attr == {"clock": "tick", "entity": "id"}[kind.what]:
                    return Value(INT, made)
        known = {
            "clock": ["tick"],
            "entity": ["id", "despawn"],
            "space": ["size", "clamp", "wrap", "random_empty"],
        }
        return on.fail(
            node, f"{kind.shown} has no {node.attr!r}{nearest_names(node.attr, known.get(kind.what, []))}"
        )

    def _field(self, on: Expressions, node: ast.AST, component: type, name: str) -> Field:
        fields: dict[str, Field] = component.__bw_fields__  # type: ignore[attr-defined]
        if name not in fields:
            on.fail(node, f"{component.__name__} has no field {name!r}{nearest_names(name, fields)}")
        self.check_length(on, node, fields[name])
        return fields[name]

    @staticmethod
    def check_length(on: Expressions, node: ast.AST, field: Field) -> None:
        """Refuses a field whose values have any length."""
        if field.is_open:
            instead = "bw.short_list[bw.f64, 8]" if field.kind == "numbers" else "bw.string[16]"
            on.fail(
                node,
                f"{field.full_name} has values of any length ({field.kind}), which compiled behaviors cannot "
                f"use; make the behavior kind=bw.Interpreted or kind=bw.Vectorised, or the field {instead}",
            )

    def _neighbor_attribute(
        self, on: Expressions, node: ast.Attribute, kind: Special, made: ast.expr
    ) -> Value:
        argument = self.arguments[kind.argument]
        component = argument.components[0]
        if node.attr == "id":
            return Value(INT, made)
        if node.attr in ("offset", "distance"):
            if argument.edge is not None:
                on.fail(
                    node,
                    f"neighbours along the edges of a graph have no {node.attr!r}; read other.edge or fields",
                )
            self.read_geometry(kind, node.attr)
            if node.attr == "distance":
                return Value(FLOAT, made)
            if self.position is None:
                on.fail(
                    node,
                    f"the kind of {node.attr!r} is not known: add an argument with the component that "
                    "holds `position`",
                )
            return Value(self.position, made)
        if node.attr == "edge":
            if argument.edge is None:
                on.fail(
                    node, "'edge' needs the component of edges: @bw.behavior(neighbors=ThatEdgeComponent)"
                )
            return Value(Special("edge", kind.argument), made)
        fields = component.__bw_fields__  # type: ignore[attr-defined]
        if node.attr not in fields:
            known = [*fields, "offset", "distance", "id", "edge"]
            on.fail(
                node,
                f"a neighbour ({component.__name__}) has no {node.attr!r}{nearest_names(node.attr, known)}",
            )
        self.check_length(on, node, fields[node.attr])
        self.reach_reads.setdefault(kind.argument, set()).add(node.attr)
        return Value(of_field(fields[node.attr].type), made)

    def read_geometry(self, kind: Special, what: str) -> None:
        """Notes that a Neighbors argument's offsets or distances are used."""
        self.geometry.setdefault(kind.argument, set()).add(what)

    def _parameter(self, on: Expressions, node: ast.Attribute, argument: Argument, made: ast.expr) -> Value:
        cls = argument.components[0]
        layout: dict[str, tuple[str, int, int]] = cls.__bw_layout__  # type: ignore[attr-defined]
        if node.attr not in layout:
            on.fail(node, f"{cls.__name__} has no parameter {node.attr!r}{nearest_names(node.attr, layout)}")
        kind, _, length = layout[node.attr]
        if length > 1:
            return Value(Vector(kind == "i8", length), made)
        return Value({"f8": FLOAT, "i8": INT, "b1": BOOL}[kind], made)

    def choice_of(self, on: Expressions, a: Value, b: Value) -> tuple[Value, int] | None:
        """A parameter of choices compared with a text: the parameter and the text's index."""
        for parameter, text in ((a, b), (b, a)):
            node = parameter.node
            if not (
                isinstance(text.kind, Text)
                and isinstance(node, ast.Attribute)
                and isinstance(node.value, ast.Name)
            ):
                continue
            found = [x for x in self.arguments if x.name == node.value.id and x.what == "parameters"]
            if not found:
                continue
            declared = found[0].components[0].__bw_parameters__.get(node.attr)  # type: ignore[attr-defined]
            if declared is None or declared.kind != "choice":
                continue
            if text.known not in declared.choices:
                known = nearest_names(str(text.known), declared.choices)
                on.fail(node, f"{ast.unparse(node)} is never {text.known!r}{known}")
            return parameter, declared.choices.index(str(text.known))
        return None

    # Writing

    def written_field(self, on: Expressions, target: ast.Attribute, owner: Value) -> Field:
        """The own field that an assignment writes; everything else that could be written is an error."""
        kind = owner.kind
        if not isinstance(kind, Special):
            if isinstance(kind, Vector):
                on.fail(target, f"a component of {kind.shown} cannot be set; assign a new vec")
            on.fail(target, f"{kind.shown} has no fields to assign")
        argument = self.arguments[kind.argument]
        if kind.what == "own":
            component = argument.components[0]
            field = self._field(on, target, component, target.attr)
            self.writes.add((component, target.attr))
            return field
        name = argument.name
        instead = {
            "item": "a behavior writes its own agent only; send an event, deposit or claim",
            "cell": "cells are read only here; deposit, claim, or write a behavior of the cells",
            "parameters": "parameters are constant during a run; use a field",
            "event": "events are read only",
            "edge": "edges are changed by an argument `link: bw.Link[...]`: link.set(other.id, ...)",
        }.get(kind.what, "it has nothing to assign")
        if kind.what == "parameters" and issubclass(argument.components[0], Resource):
            shown = argument.components[0].__name__
            on.fail(
                target,
                f"assigns to {target.attr!r} of the resource {shown}; resources are changed by inputs, "
                "behaviors that run once per tick (bw.Edits) and sim.set_resource",
            )
        if kind.what == "parameters":
            on.fail(target, f"assigns to the parameter {target.attr!r}; {instead}")
        shown = f"a neighbour of {name!r}" if kind.what == "item" else kind.shown
        return on.fail(target, f"assigns to {target.attr!r} of {shown}; {instead}")

    def write_block(self, on: Expressions, node: ast.AST, kind: Block) -> None:
        """Notes that elements of an array or list field are written, which must be our own."""
        if kind.own is None:
            on.fail(
                node,
                "this field belongs to somebody else and is read only; a behavior writes its own agent only",
            )
        self.writes.add(kind.own)

    def block_source(self, on: Expressions, node: ast.AST, field: Field, value: Value) -> ast.expr:
        """What an array, list or string field is assigned: a field of the same type, or for strings a
        constant."""
        if field.kind == "string" and isinstance(value.kind, Text):
            size = len(str(value.known).encode())
            if size > field.length:
                on.fail(
                    node, f"{field.full_name} holds {field.length} bytes, the text {value.known!r} has {size}"
                )
            return self.text_constant(on, value)
        if isinstance(value.kind, Block) and value.kind.stored.kind == field.kind:
            same = value.kind.stored.dtype == field.dtype and value.kind.stored.length == field.length
            if same:
                return value.node
        return on.fail(
            node,
            f"{field.full_name} is {of_field(field.type).shown}: assign a field of the same type, or its "
            "elements one by "
            f"one; found {value.kind.shown}",
        )

    def text_constant(self, on: Expressions, value: Value) -> ast.expr:
        """A text constant as a call without arguments, whose name stands for the text."""
        text = str(value.known)
        name = next((n for n, t in self.texts.items() if t == text), None)
        if name is None:
            name = f"text_{len(self.texts)}"
            self.texts[name] = text
        return on.call(value.node, name)

    # Effects

    def space_kind(self, on: Expressions, node: ast.AST) -> Vector:
        """The kind of the world's size."""
        if self.position is None:
            on.fail(
                node,
                "the space's dimensions are not known: add an argument with the component that holds "
                "`position`",
            )
        return self.position

    def record_fields(self, argument: int) -> tuple[Field, ...]:
        """The fields of the record of a spawn, attach or send argument."""
        return tuple(
            f
            for c in self.arguments[argument].components
            for f in c.__bw_fields__.values()  # type: ignore[attr-defined]
        )

    def record_function(self, kind: Special, fields: tuple[str, ...]) -> str:
        """The name of the runtime function that fills these fields of a new record."""
        name = "_".join([kind.what, str(kind.argument), *fields])
        self.records[name] = RecordCall(kind.what, kind.argument, fields)
        return name

    def raising(self, on: Expressions, node: ast.Raise) -> ast.stmt:
        """A raise statement. It stays as written; compiled code raises without text (compile.py), and the
        text is made by running the row again as Python: what it names is read."""
        for part in ast.walk(node):
            if isinstance(part, ast.Attribute) and self._is_read(on, part.value):
                on.expression(part)
        made: ast.stmt = on.placed(ast.Raise(node.exc, node.cause), node)
        return made

    @staticmethod
    def _is_read(on: Expressions, owner: ast.expr) -> bool:
        """Whether attributes of this are fields, or parameters, that the engine has to bring."""
        if isinstance(owner, ast.Attribute) and owner.attr == "edge":
            owner = owner.value
        kind = on.kinds.get(owner.id) if isinstance(owner, ast.Name) else None
        what = kind.what if isinstance(kind, Special) else None
        return what in ("own", "item", "cell", "event", "edge", "parameters", "clock", "entity")

    # Helpers

    def helper_call(self, on: Expressions, node: ast.Call, function: Callable[..., Any]) -> Value:
        """A call of a user's function, translated for these kinds of arguments."""
        from bigworlds.behavior.translate.calls import Parameter, bound

        shown = f"helper {function.__name__!r}"
        if function in self._translating:
            on.fail(node, f"{function.__name__} calls itself; recursion is not supported, write a loop")
        source = read_source(function, shown)
        formal = source.tree.args
        if formal.vararg or formal.kwarg:
            on.fail(
                node, f"{function.__name__} takes *args or **kwargs; helpers have a fixed list of arguments"
            )
        names = [a.arg for a in (*formal.posonlyargs, *formal.args, *formal.kwonlyargs)]
        defaults = _defaults(function)
        parameters = [Parameter(n, defaults.get(n, UNKNOWN)) for n in names]
        given = bound(on, node, function.__name__, parameters)
        values = [given[n] if given[n] is not None else on.constant(node, None) for n in names]
        kinds = tuple(v.kind for v in values if v is not None)
        for kind in kinds:
            if kind == TEXT or isinstance(kind, Block):
                on.fail(
                    node, f"{kind.shown} cannot be passed to a helper; pass the component, or its elements"
                )
        made = self._helpers.get((function, kinds)) or self._translate_helper(
            function, source, shown, names, kinds
        )
        on.note_draw(made.draws)
        nodes = [ast.Name(f"{PREFIX}state", ast.Load()), *(v.node for v in values if v is not None)]
        called = on.placed(ast.Call(ast.Name(made.name, ast.Load()), nodes, []), node)
        return Value(made.result, called)

    def _translate_helper(
        self,
        function: Callable[..., Any],
        source: Source,
        what: str,
        names: list[str],
        kinds: tuple[Kind, ...],
    ) -> Translated:
        self._translating.append(function)
        translator = Statements(self, source, what, dict(zip(names, kinds, strict=True)), helper=True)
        try:
            body = translator.translate()
        finally:
            self._translating.pop()
        name = f"{PREFIX}helper{len(self._helpers)}_{function.__name__}"
        tree = _definition(source, name, names, body)
        result = translator.result or NOTHING
        made = Translated(name, source, tree, kinds, result, translator.draws, translator.kinds)
        self._helpers[function, kinds] = made
        return made


def _defaults(function: Callable[..., Any]) -> dict[str, Any]:
    code = function.__code__
    positional = code.co_varnames[: code.co_argcount]
    values = function.__defaults__ or ()
    found = dict(zip(positional[len(positional) - len(values) :], values, strict=True))
    return found | (function.__kwdefaults__ or {})


def _definition(source: Source, name: str, parameters: list[str], body: list[ast.stmt]) -> ast.FunctionDef:
    """A function definition with the state in front of its parameters, without annotations or decorators."""
    arguments = ast.arguments(
        posonlyargs=[],
        args=[ast.arg(p) for p in (f"{PREFIX}state", *parameters)],
        kwonlyargs=[],
        kw_defaults=[],
        defaults=[],
    )
    tree = copy.copy(source.tree)
    tree.name, tree.args, tree.body = name, arguments, body
    tree.decorator_list, tree.returns = [], None
    return ast.fix_missing_locations(tree)


def component_position(component: type) -> Vector | None:
    """The kind of a component's `position` field, or of the cells of a CellComponent."""
    if issubclass(component, Component):
        field = component.__bw_fields__.get("position")
        if field is not None and field.kind in ("vec2", "vec3", "ivec2", "ivec3"):
            found = of_field(field.type)
            assert isinstance(found, Vector)
            return found
    return None
