"""Plans: a query with all its names looked up in one world, as the core carries it out, and what its columns
are."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from typing import Any

from bigworlds.data.fields import FieldType
from bigworlds.errors import UserError
from bigworlds.query.clause import Clause
from bigworlds.query.expressions import ALONE, Writer
from bigworlds.query.names import ID, Catalogue, Scope
from bigworlds.query.program import NO_FIELD, TEXT, TRUTH, Program, Value
from bigworlds.query.query import Query
from bigworlds.record.specs import MOST_BINS, MOST_GROUPS, histogram_edges, is_finite_range

MOST_BYTES = 1 << 30
"""Limit of the memory that a result's rows take on one rank, unless the query is given another."""

MOST_NEAREST = 1_000_000
"""Limit of the entities that `nearest` finds."""

AGGREGATES = {
    "count": (0, 1),
    "sum": (1, 1),
    "mean": (1, 1),
    "min": (1, 1),
    "max": (1, 1),
    "histogram": (4, 4),
}
"""The aggregates, and how many arguments they take."""

DTYPES = {"real": "f8", "whole": "i8", "natural": "u8", "truth": "b1"}


@dataclass(frozen=True)
class Column:
    """A column of a result of rows.

    Attributes:
        name: of it.
        core: as the core makes it, one by part.
        dtype: of one part.
        kind: the type of the field that it is, where it is one as it stands.
    """

    name: str
    core: list[tuple[str, tuple[int, int], int]]
    dtype: str
    kind: FieldType | None = None


@dataclass(frozen=True)
class Aggregate:
    """A column of a result of groups: what is made of the core's values of each part, or of the number of
    rows where there are none."""

    name: str
    what: str
    numbers: list[int]
    dtype: str
    is_vector: bool = False


@dataclass(frozen=True)
class Key:
    """A column of what rows are grouped by."""

    name: str
    dtype: str
    bytes: int


@dataclass
class Plan:
    """A query for one world.

    Attributes:
        core: for the core.
        columns: of a result of rows; none of one of groups.
        keys, aggregates: of a result of groups.
        nearest: another plan, whose rows' ids are those that this one is about.
        order: of groups: names of columns, and whether descending.
    """

    core: dict[str, Any]
    columns: list[Column] = field(default_factory=list)
    keys: list[Key] = field(default_factory=list)
    aggregates: list[Aggregate] = field(default_factory=list)
    nearest: Plan | None = None
    order: list[tuple[str, bool]] = field(default_factory=list)
    limit: int | None = None
    cells: str | None = None

    @property
    def is_grouped(self) -> bool:
        return bool(self.aggregates or self.keys)


def plan(query: Query, catalogue: Catalogue, most_bytes: int = MOST_BYTES) -> Plan:
    """The plan of a query for a world.

    Raises:
        QueryError: names, types or shapes that do not fit; points at the column.
    """
    return _Planner(query, catalogue, most_bytes).plan()


@dataclass(frozen=True)
class _Item:
    clause: Clause
    tree: ast.expr
    name: str


class _Planner:
    """Makes one plan."""

    def __init__(self, query: Query, catalogue: Catalogue, most_bytes: int) -> None:
        if isinstance(most_bytes, bool) or not isinstance(most_bytes, int) or most_bytes < 1:
            raise UserError(f"most_bytes: expected a number of bytes from 1 up, found {most_bytes!r}")
        self._query = query
        self._lists = query.lists
        self._catalogue = catalogue
        about = [catalogue.component(clause.text, clause) for clause in self._lists["from"]]
        self._scope = Scope(catalogue, dict.fromkeys(about))
        self._outputs = Program()
        self._filters: list[Program] = []
        self._any: list[list[str]] = []
        self._all: list[str] = []
        self._none: list[str] = []
        self._ids: list[int] | None = None
        self._near: tuple[Clause, ast.Call] | None = None
        self._most_bytes = most_bytes

    def plan(self) -> Plan:
        items = [_item(clause) for clause in self._lists["select"]]
        self._scope.aliases = {
            item.name: (item.tree, item.clause) for item in items if item.name != item.clause.text
        }
        aliases, self._scope.aliases = self._scope.aliases, {}
        for clause in self._lists["where"]:
            self._condition(clause)
        groups = [_item(clause) for clause in self._lists["group_by"]]
        made = Plan({}, limit=self._query.most)
        if groups or any(_is_aggregate(item) for item in items):
            self._plan_groups(made, groups, items)
        else:
            made.columns = [self._column(item) for item in items] or self._default_columns()
            self._scope.aliases = aliases
            self._order_rows(made)
        self._complete(made)
        if self._near is not None:
            made.nearest = self._nearest_plan(made)
        return made

    # --- conditions ---

    def _condition(self, clause: Clause) -> None:
        tree = clause.tree()
        negated = isinstance(tree, ast.UnaryOp) and isinstance(tree.op, ast.Not)
        call = tree.operand if isinstance(tree, ast.UnaryOp) and negated else tree
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in ALONE:
            return self._alone(clause, call, negated)
        ids = self._named_ids(tree, clause)
        if ids is not None:
            self._ids = sorted(set(ids) if self._ids is None else set(ids) & set(self._ids))
            return None
        trial = Program()
        Writer(self._scope, trial, clause).truth(tree)
        # One that may fail looks only at the rows that passed those before it.
        if trial.may_fail or not self._filters or self._filters[-1].may_fail:
            self._filters.append(Program())
            program = self._filters[-1]
            program.result = Writer(self._scope, program, clause).truth(tree)
        else:
            program = self._filters[-1]
            holds = Writer(self._scope, program, clause).truth(tree)
            program.result = program.step("and truth", TRUTH, program.result, holds)
        return None

    def _alone(self, clause: Clause, call: ast.Call, negated: bool) -> None:
        """has, has_any, has_none and nearest."""
        assert isinstance(call.func, ast.Name)
        name = call.func.id
        if name == "nearest":
            if negated or self._near is not None or len(call.args) != 2:
                raise clause.error("expected one nearest(place, k), as in nearest((50, 50), 10)", call)
            self._near = (clause, call)
            return
        if not call.args or call.keywords:
            raise clause.error(f"{name} takes components, as in {name}(Hungry)", call)
        found = [
            self._catalogue.component(one.id if isinstance(one, ast.Name) else ast.unparse(one), clause, one)
            for one in call.args
        ]
        if negated:
            if len(found) > 1 and name == "has":
                raise clause.error("write has_none(...) for none of them", call)
            name = {"has": "has_none", "has_any": "has_none", "has_none": "has_any"}[name]
        if name == "has":
            self._all += found
        elif name == "has_none":
            self._none += found
        else:
            self._any.append(found)

    def _named_ids(self, tree: ast.expr, clause: Clause) -> list[int] | None:
        """The ids of `id == 7` and `id in (3, 7)`: these are looked up, not looked for."""
        if not isinstance(tree, ast.Compare) or len(tree.ops) != 1:
            return None
        if not isinstance(tree.left, ast.Name) or tree.left.id != ID or self._scope.field(tree.left, clause):
            return None
        right = tree.comparators[0]
        if isinstance(tree.ops[0], ast.Eq):
            values = [right]
        elif isinstance(tree.ops[0], ast.In) and isinstance(right, ast.Tuple | ast.List):
            values = right.elts
        else:
            return None
        known = [one.value for one in values if isinstance(one, ast.Constant)]
        if len(known) < len(values) or not all(type(one) is int and 0 <= one < 2**64 for one in known):
            return None
        return [int(one) for one in known]  # type: ignore[arg-type]

    def _nearest_plan(self, of: Plan) -> Plan:
        """The plan that finds the nearest; the one that asks for them is then about these alone."""
        assert self._near is not None
        clause, call = self._near
        program = Program()
        writer = Writer(self._scope, program, clause)
        place, k = writer.place(call.args[0]), writer.number(call.args[1])
        if isinstance(k, bool) or not isinstance(k, int) or not 0 <= k <= MOST_NEAREST:
            raise clause.error(
                f"nearest takes a whole number of entities from 0 to {MOST_NEAREST}", call.args[1]
            )
        key = writer.distance_key(place, call)
        core = dict(of.core)
        core.update(outputs=program.plain(), order=[(key, False)], limit=k, with_place=True)
        core.update(columns=[], after=[], keys=[], aggregates=[])
        return Plan(core, limit=k)

    # --- rows ---

    def _column(self, item: _Item) -> Column:
        value = Writer(self._scope, self._outputs, item.clause)
        found = self._field_of(item)
        if found is not None:
            component, one = found
            if one.is_open:
                raise item.clause.error(
                    f"{one.full_name} has values of any length; read them by sim.table({component})",
                    item.tree,
                )
            numbers = self._catalogue.field_numbers(component, one.name)
            return Column(item.name, [("field", numbers, 0)], one.dtype, one.type)
        computed = value.registers(value.value(item.tree))
        core = [("value", NO_FIELD, register) for register in computed.registers]
        if isinstance(item.tree, ast.Name) and item.tree.id == ID:
            core = [("id", NO_FIELD, 0)]
        return Column(item.name, core, DTYPES[computed.type])

    def _field_of(self, item: _Item) -> tuple[str, Any] | None:
        return self._scope.field(item.tree, item.clause)

    def _default_columns(self) -> list[Column]:
        """The id and all fields of the components that the query is about, but for those of any length."""
        columns = [Column(ID, [("id", NO_FIELD, 0)], "u8")]
        several = len(self._scope.about) > 1
        for component in self._scope.about:
            for one in self._catalogue.components[component].values():
                if not one.is_open:
                    name = f"{component}.{one.name}" if several else one.name
                    numbers = self._catalogue.field_numbers(component, one.name)
                    columns.append(Column(name, [("field", numbers, 0)], one.dtype, one.type))
        return columns

    def _order_rows(self, made: Plan) -> None:
        order = []
        for clause in self._lists["order_by"]:
            term, descending = _direction(clause)
            writer = Writer(self._scope, self._outputs, term)
            value = writer.registers(writer.value(term.tree()))
            if value.type == TEXT or value.is_vector:
                raise term.error("rows are ordered by one number each; use a part such as .x, or length(...)")
            order.append((value.registers[0], descending))
        if self._near is not None and not order:
            clause, call = self._near
            writer = Writer(self._scope, self._outputs, clause)
            order.append((writer.distance_key(writer.place(call.args[0]), call), False))
        made.core["order"] = order

    # --- groups ---

    def _plan_groups(self, made: Plan, groups: list[_Item], items: list[_Item]) -> None:
        if self._query.cursor is not None:
            raise UserError("after is for rows; of groups take all, or the first with a limit")
        core_keys, names = [], []
        for group in groups:
            alias = [item.name for item in items if ast.dump(item.tree) == ast.dump(group.tree)]
            key, core = self._key(_Item(group.clause, group.tree, alias[0] if alias else group.name))
            made.keys.append(key)
            core_keys.append(core)
            names.append(ast.dump(group.tree))
        core_aggregates: list[tuple[str, int, list[float]]] = []
        for item in items:
            if _is_aggregate(item):
                made.aggregates.append(self._aggregate(item, core_aggregates))
            elif ast.dump(item.tree) not in names:
                raise item.clause.error(
                    f"{item.clause.text!r} is neither an aggregate nor what rows are grouped by", item.tree
                )
        if not made.aggregates:
            made.aggregates.append(Aggregate("count", "rows", [], "i8"))
        made.core.update(keys=core_keys, aggregates=core_aggregates)
        known = [key.name for key in made.keys] + [one.name for one in made.aggregates]
        for clause in self._lists["order_by"]:
            term, descending = _direction(clause)
            if term.text not in known:
                raise term.error(f"groups are ordered by a column of the result; it has {', '.join(known)}")
            made.order.append((term.text, descending))

    def _key(self, item: _Item) -> tuple[Key, tuple[tuple[int, int] | None, int]]:
        writer = Writer(self._scope, self._outputs, item.clause)
        value = writer.registers(writer.value(item.tree))
        if value.is_vector:
            raise item.clause.error("rows are grouped by one value each; use a part such as .x", item.tree)
        if value.text is not None:
            assert value.field is not None
            return Key(item.name, f"S{value.field.length}", value.field.length), (value.text, 0)
        return Key(item.name, DTYPES[value.type], 8), (None, value.registers[0])

    def _aggregate(self, item: _Item, core: list[tuple[str, int, list[float]]]) -> Aggregate:
        call = item.tree
        what = call.func.id if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) else "count"
        arguments = call.args if isinstance(call, ast.Call) else []
        writer = Writer(self._scope, self._outputs, item.clause)
        if not arguments:
            return Aggregate(item.name, "rows", [], "i8")
        if what == "count":
            core.append(("count", writer.truth(arguments[0]), []))
            return Aggregate(item.name, "sum", [len(core) - 1], "i8")
        value = writer.registers(writer.value(arguments[0]))
        if value.type == TEXT:
            raise item.clause.error("a text has no sum, mean or order", arguments[0])
        if what == "histogram":
            return self._histogram(item, arguments, value, core)
        numbers = []
        for register in value.registers:
            core.append(("sum" if what == "mean" else what, register, []))
            numbers.append(len(core) - 1)
        dtype = "f8" if what == "mean" else DTYPES[value.type]
        if what == "sum" and value.type == TRUTH:
            dtype = "i8"
        return Aggregate(item.name, what, numbers, dtype, value.is_vector)

    def _histogram(
        self, item: _Item, arguments: list[ast.expr], value: Value, core: list[tuple[str, int, list[float]]]
    ) -> Aggregate:
        writer = Writer(self._scope, self._outputs, item.clause)
        bins, low, high = (writer.number(one) for one in arguments[1:])
        if isinstance(bins, bool) or not isinstance(bins, int) or not 1 <= bins <= MOST_BINS:
            raise item.clause.error(f"expected 1 to {MOST_BINS} bins, found {bins!r}", arguments[1])
        if not is_finite_range((low, high)):
            raise item.clause.error(f"expected low < high, found {low!r} and {high!r}", arguments[2])
        if value.is_vector:
            raise item.clause.error(
                "a histogram is of one number per row; use a part such as .x", arguments[0]
            )
        real = writer.as_real(value).registers[0]
        core.append(("histogram", real, histogram_edges(bins, (float(low), float(high))).tolist()))
        return Aggregate(item.name, "histogram", [len(core) - 1], "i8")

    # --- all of it ---

    def _complete(self, made: Plan) -> None:
        """Puts into the plan what all kinds have, now that it is known which components are read."""
        catalogue = self._catalogue
        needed = list(dict.fromkeys([*self._scope.read, *self._all]))
        cells = [name for name in needed if name in catalogue.of_cells]
        if cells and len(cells) < len(needed):
            others = ", ".join(name for name in needed if name not in cells)
            raise UserError(
                f"{', '.join(cells)} belongs to cells and {others} to entities; ask for one of them"
            )
        programs = [program.plain() for program in (*self._filters, self._outputs)]
        with_place = any(load[0] == "place" for program in programs for load in program["loads"])
        if cells and (with_place or self._near or self._ids is not None):
            raise UserError(
                "cells are not asked for by place or id; use sim.cells, or conditions over fields"
            )
        made.cells = cells[0] if cells else None
        made.core = {
            "all": [catalogue.number(name) for name in needed],
            "none": [catalogue.number(name) for name in self._none],
            "any": [[catalogue.number(name) for name in group] for group in self._any],
            "of_cells": bool(cells),
            "with_place": with_place,
            "ids": self._ids,
            "filters": programs[:-1],
            "outputs": programs[-1],
            "columns": [core for column in made.columns for core in column.core],
            "order": [],
            "limit": None if made.is_grouped else made.limit,
            "after": _places(self._query.cursor, len(made.core.get("order", []))),
            "keys": [],
            "aggregates": [],
            "most_bytes": self._most_bytes,
            "most_groups": MOST_GROUPS,
            **made.core,
        }


def _item(clause: Clause) -> _Item:
    """A part of select or group by, with its name."""
    named = re.fullmatch(r"(.*\S)\s+as\s+([^\W\d]\w*)", clause.text)
    if named is None:
        return _Item(clause, clause.tree(), clause.text)
    part = clause.part(0, named.end(1))
    return _Item(part, part.tree(), named.group(2))


def _is_aggregate(item: _Item) -> bool:
    tree = item.tree
    if isinstance(tree, ast.Name):
        return tree.id == "count"
    if (
        not isinstance(tree, ast.Call)
        or not isinstance(tree.func, ast.Name)
        or tree.func.id not in AGGREGATES
    ):
        return False
    least, most = AGGREGATES[tree.func.id]
    if tree.func.id in ("min", "max") and len(tree.args) == 2:
        return False
    if not least <= len(tree.args) <= most or tree.keywords:
        raise item.clause.error(f"{tree.func.id} takes {most} arguments, found {len(tree.args)}", tree)
    return True


def _direction(clause: Clause) -> tuple[Clause, bool]:
    """A term of an order, and whether it goes down."""
    found = re.fullmatch(r"(.*\S)\s+(desc|asc)", clause.text)
    return (clause.part(0, found.end(1)), found.group(2) == "desc") if found else (clause, False)


def _places(cursor: str | None, terms: int) -> list[int]:
    """A result's cursor as the core takes it: the places of its last row in the order, and its id."""
    if cursor is None:
        return []
    parts = cursor.split("-")
    if len(parts) != terms + 1 or not all(re.fullmatch(r"[0-9a-f]{1,16}", part) for part in parts):
        raise UserError(f"after: {cursor!r} is not the cursor of a result of a query with this order")
    return [int(part, 16) for part in parts]
