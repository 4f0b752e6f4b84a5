"""The text form of queries: cuts it into clauses at its keywords."""

from __future__ import annotations

import ast
import re

from bigworlds.errors import UserError, nearest_names
from bigworlds.query.clause import KEYWORDS, Clause

LONGEST_TEXT = 10_000
"""Limit of a query's characters."""

_TOKEN = re.compile(
    r"""(?P<text>"[^"]*"|'[^']*')|(?P<name>[^\W\d]\w*)|(?P<open>[(\[{])|(?P<close>[)\]}])|(?P<other>\S)"""
)
_EXPECTED = "expected 'where', 'select', 'group by', 'order by', 'limit' or 'after'"
_Parts = tuple[dict[str, tuple[Clause, ...]], int | None, str | None]


def read_text(text: str) -> _Parts:
    """The lists of clauses, the limit and the cursor of a query's text.

    Raises:
        QueryError: points at the column where it is wrong.
    """
    if not isinstance(text, str):
        raise UserError(f"expected a query, a text such as 'Bird where speed > 2'; found {text!r}")
    if len(text) > LONGEST_TEXT:
        raise UserError(f"a query may have {LONGEST_TEXT} characters, this one has {len(text)}")
    whole = Clause(re.sub(r"\s", " ", text), re.sub(r"\s", " ", text))
    clauses = _cut(whole)
    lists = {
        "from": _sources(clauses.pop("from")),
        "where": tuple(split_condition(clauses["where"])) if "where" in clauses else (),
        "select": _listed(clauses, "select"),
        "group_by": _listed(clauses, "group"),
        "order_by": _listed(clauses, "order"),
    }
    return lists, _limit(clauses.get("limit")), _cursor(clauses.get("after"))


def split_condition(clause: Clause) -> list[Clause]:
    """The conditions of one that are joined by "and"."""
    tree = clause.tree()
    if not isinstance(tree, ast.BoolOp) or not isinstance(tree.op, ast.And):
        return [clause]
    ends = [found.start() for found in tokens_at_top(clause, "name") if found.group() == "and"]
    if len(ends) + 1 != len(tree.values):
        return [clause]  # the whole of it is in parentheses
    begins = [0, *[end + len("and") for end in ends]]
    return [clause.part(begin, end) for begin, end in zip(begins, [*ends, None], strict=True)]  # type: ignore[arg-type]


def tokens_at_top(clause: Clause, kind: str) -> list[re.Match[str]]:
    """Tokens of a kind that stand in no parentheses and behind no dot."""
    found, depth, before = [], 0, ""
    for token in _TOKEN.finditer(clause.text):
        if token.lastgroup == "open":
            depth += 1
        elif token.lastgroup == "close":
            depth -= 1
        elif depth == 0 and token.lastgroup == kind and before != ".":
            found.append(token)
        before = token.group()
    return found


def _cut(whole: Clause) -> dict[str, Clause]:
    """The clauses by their keywords; what is before the first stands under "from"."""
    clauses: dict[str, Clause] = {}
    keyword, begin = "from", 0
    names = tokens_at_top(whole, "name")
    for number, name in enumerate(names):
        word = name.group()
        if word not in KEYWORDS:
            continue
        end = name.end()
        if word in ("group", "order"):
            following = names[number + 1] if number + 1 < len(names) else None
            if following is None or following.group() != "by":
                continue  # a field may be called so
            end = following.end()
        if word in clauses or word == keyword:
            raise whole.error(f"there are two {word!r}; a query has one", name.start())
        clauses[keyword] = whole.part(begin, name.start())
        keyword, begin = word, end
    clauses[keyword] = whole.part(begin, len(whole.text))
    for word, clause in clauses.items():
        if not clause.text:
            raise clause.error(
                f"expected something behind {word!r}"
                if word != "from"
                else "expected a component, or * for all entities"
            )
    return clauses


def _sources(clause: Clause) -> tuple[Clause, ...]:
    """The components of the first clause, joined by +."""
    if clause.text == "*":
        return ()
    found, place = [], 0
    while True:
        name = re.compile(r"\s*([^\W\d]\w*)").match(clause.text, place)
        if name is None:
            raise clause.error("expected a component, or * for all entities", place)
        found.append(clause.part(name.start(1), name.end(1)))
        rest = clause.text[name.end() :].lstrip()
        place = len(clause.text) - len(rest)
        if not rest:
            return tuple(found)
        if not rest.startswith("+"):
            word = rest.split(maxsplit=1)[0]
            near = nearest_names(word, KEYWORDS)
            raise clause.error(f"{_EXPECTED}, found {word!r}{near if 'mean' in near else ''}", place)
        place += 1


def _listed(clauses: dict[str, Clause], keyword: str) -> tuple[Clause, ...]:
    """The parts of a clause between commas."""
    if keyword not in clauses:
        return ()
    clause = clauses[keyword]
    ends = [token.start() for token in tokens_at_top(clause, "other") if token.group() == ","]
    parts = [
        clause.part(begin, end)
        for begin, end in zip([0, *[end + 1 for end in ends]], [*ends, len(clause.text)], strict=True)
    ]
    for part in parts:
        if not part.text:
            raise part.error("expected something between the commas")
    return tuple(parts)


def _limit(clause: Clause | None) -> int | None:
    if clause is None:
        return None
    if not re.fullmatch(r"\d{1,9}", clause.text):
        raise clause.error(f"limit takes a whole number from 0 up, found {clause.text!r}")
    return int(clause.text)


def _cursor(clause: Clause | None) -> str | None:
    if clause is None:
        return None
    if not re.fullmatch(r"'[^']*'|\"[^\"]*\"", clause.text):
        raise clause.error("after takes the cursor of a result in quotes")
    return clause.text[1:-1]
