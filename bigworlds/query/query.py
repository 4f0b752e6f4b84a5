"""Query: which entities, and what of them. One object with three forms: a Python builder, a text, and plain
data for wires."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from bigworlds.errors import UserError, nearest_names
from bigworlds.query.clause import Clause
from bigworlds.query.text import read_text, split_condition, tokens_at_top

MOST_CLAUSES = 100
"""Limit of the conditions, items, groups and terms of order of a query."""

_LISTS = ("from", "where", "select", "group_by", "order_by")


class Query:
    """A question about a world's entities or cells, for `sim.query`.

    Made of texts only, so that it can be kept, sent and compared; names are looked up when it is asked. Every
    method gives a new query, and conditions are joined by "and". docs/queries.md has the language.

    Args:
        components: that an entity has to have, classes or names; none for all entities.

    Example:
        >>> near = Query("Bird").where("speed > 2").within((50, 50), 10).select("id", "position").limit(100)
        >>> str(near)
        'Bird where speed > 2 and within((50, 50), 10) select id, position limit 100'
        >>> Query.parse(str(near)) == near
        True
        >>> Query.from_wire(near.to_wire()) == near
        True
    """

    __slots__ = ("cursor", "lists", "most")

    def __init__(self, *components: Any) -> None:
        names = [one if isinstance(one, str) else getattr(one, "__name__", None) for one in components]
        for given, name in zip(components, names, strict=True):
            if not isinstance(name, str) or not name.isidentifier():
                raise UserError(f"Query takes components or their names; found {given!r}")
        self.lists: dict[str, tuple[Clause, ...]] = dict.fromkeys(_LISTS, ())
        self.lists["from"] = tuple(map(Clause.of, names))
        self.most: int | None = None
        self.cursor: str | None = None

    @classmethod
    def parse(cls, text: str) -> Query:
        """Reads the text form.

        Raises:
            QueryError: it is no query; points at the column.

        Example:
            >>> Query.parse("Bird where speed > 2 limit many")
            Traceback (most recent call last):
            bigworlds.errors.QueryError: limit takes a whole number from 0 up, found 'many'
              Bird where speed > 2 limit many
                                         ^
        """
        query = cls()
        query.lists, query.most, query.cursor = read_text(text)
        query._check()
        return query

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> Query:
        """Reads plain data as `to_wire` makes it; keys may be missing.

        Raises:
            UserError: an unknown key, or a value of another type.
        """
        query = cls()
        for key, value in wire.items():
            if key in _LISTS:
                if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
                    raise UserError(f"query: {key!r} takes a list of texts; found {value!r}")
                query.lists[key] = tuple(map(Clause.of, value))
            elif key == "limit":
                query = query.limit(value)
            elif key == "after":
                query = query.after(value)
            else:
                known = nearest_names(str(key), [*_LISTS, "limit", "after"])
                raise UserError(f"query: there is no {key!r}{known}")
        query._check()
        return query

    def to_wire(self) -> dict[str, Any]:
        """The query as data that JSON has.

        Example:
            >>> Query("Bird").where("speed > 2").select("count").to_wire()
            {'from': ['Bird'], 'where': ['speed > 2'], 'select': ['count']}
        """
        wire: dict[str, Any] = {key: [c.text for c in found] for key, found in self.lists.items() if found}
        if self.most is not None:
            wire["limit"] = self.most
        if self.cursor is not None:
            wire["after"] = self.cursor
        return wire

    def where(self, *conditions: Any) -> Query:
        """Only entities for which all these hold."""
        found = [part for one in conditions for part in split_condition(Clause.of(one))]
        return self._more("where", found)

    def has(self, *components: Any) -> Query:
        """Only entities that have all these components."""
        return self._more("where", [Clause.of(f"has({_names(components)})")])

    def has_any(self, *components: Any) -> Query:
        """Only entities that have one of these components at least."""
        return self._more("where", [Clause.of(f"has_any({_names(components)})")])

    def has_none(self, *components: Any) -> Query:
        """Only entities that have none of these components."""
        return self._more("where", [Clause.of(f"has_none({_names(components)})")])

    def within(self, place: Iterable[float], radius: float) -> Query:
        """Only entities whose position is at most `radius` from a place, as the space counts distances."""
        return self._more("where", [Clause.of(f"within({_tuple(place)}, {radius!r})")])

    def box(self, low: Iterable[float], high: Iterable[float]) -> Query:
        """Only entities between two corners, both included."""
        return self._more("where", [Clause.of(f"box({_tuple(low)}, {_tuple(high)})")])

    def nearest(self, place: Iterable[float], k: int) -> Query:
        """Of the entities for which all else holds, the k nearest to a place; ties by id."""
        return self._more("where", [Clause.of(f"nearest({_tuple(place)}, {k!r})")])

    def select(self, *items: Any) -> Query:
        """What the result has: fields, expressions, `id`, or aggregates; `"length(velocity) as speed"` names
        one."""
        return self._more("select", map(Clause.of, items))

    def group_by(self, *expressions: Any) -> Query:
        """Aggregates for each group of rows that have equal values in these."""
        return self._more("group_by", map(Clause.of, expressions))

    def order_by(self, expression: Any, *, descending: bool = False) -> Query:
        """Rows in this order; those that are equal in it come in that of the next, at last of their ids."""
        clause = Clause.of(expression)
        return self._more("order_by", [Clause.of(f"{clause.text} desc") if descending else clause])

    def limit(self, rows: int) -> Query:
        """At most so many rows, the first in the order."""
        if isinstance(rows, bool) or not isinstance(rows, int) or not 0 <= rows < 2**32:
            raise UserError(f"limit takes a whole number from 0 up to 2**32 - 1; found {rows!r}")
        query = self._copy()
        query.most = rows
        return query

    def after(self, cursor: str) -> Query:
        """Rows behind a result's last: the next page is `query.after(result.cursor)`."""
        if not isinstance(cursor, str):
            raise UserError(f"after takes the cursor of a result, a text; found {cursor!r}")
        query = self._copy()
        query.cursor = cursor
        return query

    def _more(self, key: str, clauses: Iterable[Clause]) -> Query:
        query = self._copy()
        query.lists[key] += tuple(clauses)
        query._check()
        return query

    def _copy(self) -> Query:
        query = Query()
        query.lists, query.most, query.cursor = dict(self.lists), self.most, self.cursor
        return query

    def _check(self) -> None:
        for key, found in self.lists.items():
            if len(found) > MOST_CLAUSES:
                raise UserError(f"query: {key!r} may have {MOST_CLAUSES} parts, this one has {len(found)}")

    def __str__(self) -> str:
        words = [" + ".join(c.text for c in self.lists["from"]) or "*"]
        for key, keyword, between in (
            ("where", "where", " and "),
            ("select", "select", ", "),
            ("group_by", "group by", ", "),
            ("order_by", "order by", ", "),
        ):
            parts = [_in_and(c.text) if key == "where" else c.text for c in self.lists[key]]
            words += [f"{keyword} {between.join(parts)}"] if parts else []
        words += [] if self.most is None else [f"limit {self.most}"]
        words += [] if self.cursor is None else [f"after {self.cursor!r}"]
        return " ".join(words)

    def __repr__(self) -> str:
        return f"<query: {self}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Query) and self.to_wire() == other.to_wire()

    def __hash__(self) -> int:
        return hash(str(self))


def _in_and(condition: str) -> str:
    """A condition as a part of others joined by "and"."""
    words = {token.group() for token in tokens_at_top(Clause.of(condition), "name")}
    return f"({condition})" if words & {"or", "if", "and"} else condition


def _names(components: Iterable[Any]) -> str:
    return ", ".join(
        one if isinstance(one, str) else str(getattr(one, "__name__", one)) for one in components
    )


def _tuple(place: Iterable[float]) -> str:
    return f"({', '.join(repr(float(x)) if not isinstance(x, int) else repr(x) for x in place)},)".replace(
        ",)", ")"
    )
