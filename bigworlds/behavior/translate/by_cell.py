"""Loops over neighbours that go over the cells around an agent, on grids with at most one agent a cell.

There a neighbour is a cell that is taken, so a compiled kernel needs no list of neighbours: it looks at the
cells itself. A loop that does nothing but count those for whom something holds becomes one call that looks
at eight cells at a time; others visit cell after cell. Neighbours come in the same order either way.
"""

from __future__ import annotations

import ast
import copy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bigworlds.behavior.translate.expressions import PREFIX

if TYPE_CHECKING:
    from bigworlds.behavior.behavior import Behavior

_COUNT, _AT, _RANGE, _ADD = (PREFIX + name for name in ("neighbor_count", "neighbor_at", "range", "add"))
_COMPARISONS = (ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE)


@dataclass(frozen=True)
class Tally:
    """How many neighbours have a property.

    Attributes:
        test: the property; other names in it than `item` stand for the arguments given.
        item: the name of the neighbour in it.
        given: the names of the arguments, in their order.
    """

    test: ast.expr
    item: str
    given: tuple[str, ...]


@dataclass
class LoopsOverCells(ast.NodeTransformer):
    """Rewrites the loops of a translated function; `tallies` are the runtime functions that it then calls.

    `counters` are its names that surely hold whole numbers: sums of reals depend on the rounding of steps.
    """

    counters: frozenset[str]
    tallies: dict[str, Tally] = field(default_factory=dict)

    def visit_For(self, node: ast.For) -> ast.AST:
        neighbors = _neighbors_of(node)
        if neighbors is None:
            return self.generic_visit(node)
        return self._counting(node, neighbors) or self._visiting(node, neighbors)

    def _counting(self, node: ast.For, neighbors: ast.expr) -> ast.stmt | None:
        """`n = n + (a property of other)` as one call, or None where the loop does something else."""
        if len(node.body) != 2 or node.orelse:
            return None
        item, then = _item_of(node), node.body[1]
        match then:
            case ast.Assign(
                targets=[ast.Name(id=counter)],
                value=ast.Call(func=ast.Name(id=add), args=[ast.Name(id=again), test]),
            ) if add == _ADD and again == counter and counter in self.counters:
                pass
            case _:
                return None
        reader = _Property(item, counter)
        made = reader.read(test)
        if made is None or not isinstance(test, (ast.Compare, ast.BoolOp, ast.UnaryOp)):
            return None
        name = f"tally{len(self.tallies) + 1}"
        self.tallies[name] = Tally(made, item, tuple(reader.given))
        call = ast.Call(ast.Name(PREFIX + name, ast.Load()), [neighbors, *reader.given.values()], [])
        total = ast.Call(ast.Name(_ADD, ast.Load()), [ast.Name(counter, ast.Load()), call], [])
        return ast.copy_location(ast.Assign([ast.Name(counter, ast.Store())], total), node)

    def _visiting(self, node: ast.For, neighbors: ast.expr) -> ast.stmt:
        """Cell after cell: the body runs where one stands."""
        assert isinstance(node.target, ast.Name)
        index = ast.Name(node.target.id, ast.Load())
        cells = ast.Call(ast.Name(PREFIX + "cell_count", ast.Load()), [neighbors], [])
        taken = ast.Call(ast.Name(PREFIX + "cell_taken", ast.Load()), [neighbors, index], [])
        first = node.body[0]
        assert isinstance(first, ast.Assign)
        there = ast.Call(ast.Name(PREFIX + "in_cell", ast.Load()), [neighbors, index], [])
        item = ast.copy_location(ast.Assign(first.targets, there), first)
        body = [self.visit(statement) for statement in node.body[1:]]
        test = ast.copy_location(ast.If(taken, [item, *body], []), node)
        numbers = ast.Call(ast.Name(_RANGE, ast.Load()), [cells], [])
        orelse = [self.visit(statement) for statement in node.orelse]
        return ast.copy_location(ast.For(node.target, numbers, [test], orelse), node)


def _neighbors_of(node: ast.For) -> ast.expr | None:
    """The Neighbors argument that a translated loop goes over, or None."""
    match node.iter:
        case ast.Call(func=ast.Name(id=numbers), args=[ast.Call(func=ast.Name(id=count), args=[neighbors])]):
            return neighbors if (numbers, count) == (_RANGE, _COUNT) else None
    return None


def _item_of(node: ast.For) -> str:
    first = node.body[0]
    assert isinstance(first, ast.Assign)
    assert isinstance(first.targets[0], ast.Name)
    return first.targets[0].id


class _Property:
    """Reads a test of comparisons, and, or, not over a neighbour's fields and values that stay the same."""

    def __init__(self, item: str, counter: str) -> None:
        self.item, self.counter = item, counter
        self.given: dict[str, ast.expr] = {}

    def read(self, test: ast.expr) -> ast.expr | None:
        """The test with arguments for what stays the same, or None where it is not so simple."""
        match test:
            case ast.Compare(left=left, ops=[op], comparators=[right]) if isinstance(op, _COMPARISONS):
                sides = self._value(left), self._value(right)
                return ast.Compare(sides[0], [op], [sides[1]]) if sides[0] and sides[1] else None
            case ast.BoolOp(op=op, values=values):
                read = [self.read(value) for value in values]
                return ast.BoolOp(op, [r for r in read if r is not None]) if all(read) else None
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                inner = self.read(operand)
                return ast.UnaryOp(ast.Not(), inner) if inner is not None else None
        return None

    def _value(self, node: ast.expr) -> ast.expr | None:
        match node:
            case ast.Attribute(value=ast.Name(id=owner)) if owner == self.item:
                return node
            case ast.Attribute(value=ast.Name()) | ast.Constant():
                pass
            case ast.Name(id=name) if name not in (self.item, self.counter):
                pass
            case _:
                return None
        name = f"given{len(self.given)}"
        self.given[name] = node
        return ast.Name(name, ast.Load())


def _counters(tree: ast.FunctionDef) -> frozenset[str]:
    """Names that are given whole constants only, and what they were plus a truth."""
    found: set[str] = set()
    others: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=int() as number)):
                (others if isinstance(number, bool) else found).add(name)
            case ast.Assign(
                targets=[ast.Name(id=name)],
                value=ast.Call(
                    func=ast.Name(id=add),
                    args=[ast.Name(id=again), ast.Compare() | ast.BoolOp() | ast.UnaryOp(op=ast.Not())],
                ),
            ) if add == _ADD and again == name:
                pass
            case ast.Assign(targets=targets):
                others |= {n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name)}
            case ast.For(target=ast.Name(id=name)):
                others.add(name)
    return frozenset(found - others)


def over_cells(tree: ast.FunctionDef) -> tuple[ast.FunctionDef, dict[str, Tally]]:
    """A translated function whose loops over neighbours go over cells, and the tallies that it calls."""
    rewriting = LoopsOverCells(_counters(tree))
    made = ast.fix_missing_locations(rewriting.visit(copy.deepcopy(tree)))
    return made, rewriting.tallies


def can_look_at_cells(behavior: Behavior) -> bool:
    """Whether a behavior, on a grid with at most one agent a cell, may look at cells instead of a list.

    It may where it is translated, has a position of its own, and asks of its neighbours only for loops, for
    their number and for fields that are numbers or vectors.
    """
    program: Any = getattr(behavior, "program", None)
    if program is None or behavior.position is None or not behavior.used.reaches:
        return False
    if not any("position" in c.__bw_fields__ for c in behavior.components):
        return False
    if any(reach.geometry or reach.edge is not None for reach in behavior.used.reaches):
        return False
    if any(f.kind in ("array", "list", "string") for r in behavior.used.reaches for f in r.fields):
        return False
    return all(_asks_for_no_more(f.tree) for f in (program.main, *program.helpers))


def _asks_for_no_more(tree: ast.FunctionDef) -> bool:
    made, _ = over_cells(tree)
    for node in ast.walk(made):
        if isinstance(node, ast.Name) and node.id in (_AT, PREFIX + "nearest"):
            return False
        if isinstance(node, ast.Attribute) and node.attr == "id":
            return False
    return True
