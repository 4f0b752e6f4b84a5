"""What behaviors do to the world: spawn, attach, claim, deposit, send, and what they read at places and in
inboxes."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING

from bigworlds.behavior.abi import NEW_EDGE
from bigworlds.behavior.translate.kinds import FLOAT, INT, NOTHING, Special, Vector, of_field
from bigworlds.errors import nearest_names

if TYPE_CHECKING:
    from bigworlds.behavior.translate.expressions import Expressions, Value
    from bigworlds.data import Field

    Rule = Callable[[Expressions, ast.Call, Value], Value]


def _value(kind: object, node: ast.expr) -> Value:
    from bigworlds.behavior.translate.expressions import Value as Made

    return Made(kind, node)  # type: ignore[arg-type]


def call_argument(on: Expressions, node: ast.Call, owner: Value) -> Value:
    """A call of the argument itself: `lamb(...)`, `ill(...)`, `heal()`, `tell(id, ...)`."""
    kind = owner.kind
    assert isinstance(kind, Special)
    if kind.what in ("spawn", "attach"):
        if node.args:
            on.fail(
                node, f"{kind.what}: fields are given by keyword, e.g. {ast.unparse(node.func)}(energy=1.0)"
            )
        return _record(on, node, owner, [], node.keywords)
    if kind.what == "detach":
        if node.args or node.keywords:
            on.fail(node, "detaching takes no arguments")
        return _value(NOTHING, on.call(node, "detach", owner.node))
    if kind.what == "send":
        if len(node.args) != 1:
            on.fail(node, "sending takes one target id, then fields by keyword: tell(other.id, strength=1.0)")
        target = on.coerce(on.expression(node.args[0]), INT, node, "the target of an event")
        return _send(on, node, owner, on.call(node, "addressee", target))
    return on.fail(node, f"{kind.shown} cannot be called")


def call_method(on: Expressions, node: ast.Call, owner: Value, name: str) -> Value:
    """A method of an argument other than rng and Neighbors."""
    kind = owner.kind
    assert isinstance(kind, Special)
    known = {
        "entity": ("despawn",),
        "claim": ("ask",),
        "cells": ("at", "gradient"),
        "deposit": ("add",),
        "space": ("clamp", "wrap", "random_empty"),
        "send": ("all",),
        "link": ("add", "set", "remove"),
    }.get(kind.what, ())
    if name not in known:
        advice = nearest_names(name, known) if known else "; it has fields only"
        on.fail(node, f"{kind.shown} has no method {name!r}{advice}")
    return _METHODS[kind.what, name](on, node, owner)


def _despawn(on: Expressions, node: ast.Call, owner: Value) -> Value:
    from bigworlds.behavior.translate.calls import plain

    plain(on, node, "despawn", 0, 0)
    on.program.uses_despawn = True
    return _value(NOTHING, on.call(node, "despawn", owner.node))


def _place(on: Expressions, node: ast.AST, value: Value | None) -> ast.expr:
    assert value is not None
    if not isinstance(value.kind, Vector):
        on.fail(node, f"a place is a vec or an ivec, found {value.kind.shown}")
    return value.node


def _ask(on: Expressions, node: ast.Call, owner: Value) -> Value:
    from bigworlds.behavior.translate.calls import Parameter, bound

    given = bound(on, node, "ask", [Parameter("place"), Parameter("n", 1)])
    place = _place(on, node, given["place"])
    assert given["n"] is not None
    count = on.coerce(given["n"], INT, node, "n in ask(place, n)")
    return _value(NOTHING, on.call(node, "ask", owner.node, place, count))


def _at(on: Expressions, node: ast.Call, owner: Value) -> Value:
    from bigworlds.behavior.translate.calls import Parameter, bound

    assert isinstance(owner.kind, Special)
    place = _place(on, node, bound(on, node, "at", [Parameter("place")])["place"])
    return _value(Special("cell", owner.kind.argument), on.call(node, "cell_at", owner.node, place))


def _gradient(on: Expressions, node: ast.Call, owner: Value) -> Value:
    from bigworlds.data import Field

    assert isinstance(owner.kind, Special)
    component = on.program.arguments[owner.kind.argument].components[0]
    advice = f"write {ast.unparse(node.func)}(place, {component.__name__}.field)"
    if node.keywords or len(node.args) != 2:
        on.fail(node, f"gradient takes a place and a field of the cells; {advice}")
    value = on.expression(node.args[0])
    place = _place(on, node, value)
    assert isinstance(value.kind, Vector)
    field = on.outside(node.args[1]) if on.is_outside(node.args[1]) else None
    if not isinstance(field, Field) or field.owner is not component:
        on.fail(node, f"found {ast.unparse(node.args[1])!r} for the field of a gradient; {advice}")
    if field.kind != "scalar" or field.dtype not in ("f8", "f4"):
        on.fail(node, f"{field.full_name} is no float; only floats have a gradient")
    on.program.cell_reads.setdefault(owner.kind.argument, set()).add(field.name)
    made = on.call(node, f"gradient_{field.name}", owner.node, place)
    return _value(Vector(False, value.kind.size), made)


def _add(on: Expressions, node: ast.Call, owner: Value) -> Value:
    from bigworlds.behavior.translate.calls import Parameter, bound

    given = bound(on, node, "add", [Parameter("place"), Parameter("amount")])
    place = _place(on, node, given["place"])
    assert given["amount"] is not None
    amount = on.coerce(given["amount"], FLOAT, node, "the amount of a deposit")
    return _value(NOTHING, on.call(node, "deposit", owner.node, place, amount))


def _bounded(name: str) -> Rule:
    def rule(on: Expressions, node: ast.Call, owner: Value) -> Value:
        from bigworlds.behavior.translate.calls import Parameter, bound

        value = bound(on, node, f"space.{name}", [Parameter("place")])["place"]
        place = _place(on, node, value)
        assert value is not None
        return _value(value.kind, on.call(node, f"space_{name}", owner.node, place))

    return rule


def _random_empty(on: Expressions, node: ast.Call, owner: Value) -> Value:
    from bigworlds.behavior.translate.calls import plain

    rng = plain(on, node, "random_empty", 1, 1)[0]
    if not isinstance(rng.kind, Special) or rng.kind.what != "rng":
        on.fail(node, f"random_empty takes the rng argument, found {rng.kind.shown}")
    on.program.uses_random_empty = on.program.uses_rng = True
    on.note_draw()
    size = on.program.space_kind(on, node)
    if not size.whole:
        on.fail(node, "space.random_empty is for grids: the position must be a bw.ivec2 or bw.ivec3")
    return _value(size, on.call(node, "random_empty", owner.node, rng.node))


def _send_all(on: Expressions, node: ast.Call, owner: Value) -> Value:
    if node.args:
        on.fail(node, "fields of an event are given by keyword: tell.all(strength=1.0)")
    return _send(on, node, owner, on.constant(node, 0).node)


def _send(on: Expressions, node: ast.Call, owner: Value, target: ast.expr) -> Value:
    after = on.constant(node, 0).node
    fields = []
    for keyword in node.keywords:
        if keyword.arg == "after":
            after = on.coerce(on.expression(keyword.value), INT, node, "after")
        else:
            fields.append(keyword)
    return _record(on, node, owner, [target, after], fields)


def _link_target(on: Expressions, node: ast.Call, owner: Value, name: str) -> ast.expr:
    """The id that an order for an edge names, its only positional argument."""
    if len(node.args) != 1:
        on.fail(node, f"{name} takes one target id, then fields by keyword: link.add(other.id, weight=1.0)")
    target = on.coerce(on.expression(node.args[0]), INT, node, "the target of an edge")
    return on.call(node, "link_target", owner.node, target)


def _link_add(on: Expressions, node: ast.Call, owner: Value) -> Value:
    new = on.constant(node, NEW_EDGE).node
    return _record(on, node, owner, [_link_target(on, node, owner, "add"), new], node.keywords)


def _link_set(on: Expressions, node: ast.Call, owner: Value) -> Value:
    assert isinstance(owner.kind, Special)
    target = _link_target(on, node, owner, "set")
    if not node.keywords:
        on.fail(node, "set takes the fields that it writes by keyword: link.set(other.id, weight=1.0)")
    known = [field.name for field in on.program.record_fields(owner.kind.argument)]
    named = {keyword.arg for keyword in node.keywords}
    written = sum(1 << place for place, name in enumerate(known) if name in named)
    return _record(on, node, owner, [target, on.constant(node, written).node], node.keywords)


def _link_remove(on: Expressions, node: ast.Call, owner: Value) -> Value:
    if node.keywords:
        on.fail(node, "remove takes one target id: link.remove(other.id)")
    target = _link_target(on, node, owner, "remove")
    return _value(NOTHING, on.call(node, "unlink", owner.node, target))


def _record(
    on: Expressions, node: ast.Call, owner: Value, front: list[ast.expr], given: list[ast.keyword]
) -> Value:
    """A call that fills a record: the runtime function's name tells which fields follow."""
    assert isinstance(owner.kind, Special)
    fields = {f.name: f for f in on.program.record_fields(owner.kind.argument)}
    values: list[ast.expr] = []
    names: list[str] = []
    for keyword in given:
        assert keyword.arg is not None
        if keyword.arg not in fields:
            on.fail(
                node,
                f"{ast.unparse(node.func)} has no field {keyword.arg!r}{nearest_names(keyword.arg, fields)}",
            )
        if keyword.arg in names:
            on.fail(node, f"the field {keyword.arg!r} is given twice")
        names.append(keyword.arg)
        values.append(field_value(on, node, fields[keyword.arg], on.expression(keyword.value)))
    runtime = on.program.record_function(owner.kind, tuple(names))
    return _value(NOTHING, on.call(node, runtime, owner.node, *front, *values))


def field_value(on: Expressions, node: ast.AST, field: Field, value: Value) -> ast.expr:
    """A value that is to be stored in a field, as the field's kind."""
    on.program.check_length(on, node, field)
    kind = of_field(field.type)
    if field.kind in ("array", "list", "string"):
        return on.program.block_source(on, node, field, value)
    return on.coerce(value, kind, node, field.full_name)


_METHODS: dict[tuple[str, str], Rule] = {
    ("entity", "despawn"): _despawn,
    ("claim", "ask"): _ask,
    ("cells", "at"): _at,
    ("cells", "gradient"): _gradient,
    ("deposit", "add"): _add,
    ("space", "clamp"): _bounded("clamp"),
    ("space", "wrap"): _bounded("wrap"),
    ("space", "random_empty"): _random_empty,
    ("send", "all"): _send_all,
    ("link", "add"): _link_add,
    ("link", "set"): _link_set,
    ("link", "remove"): _link_remove,
}
