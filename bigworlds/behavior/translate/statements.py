"""Statements of behaviors, and the kinds and definite values of local names along all paths.

A name has one kind in the whole function: the body is translated repeatedly until the kinds stand still (an
int that later becomes a float is a float from the start), so that Python and machine code hold the same
values.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from bigworlds.behavior.translate.effects import field_value
from bigworlds.behavior.translate.expressions import PREFIX, Expressions, Value
from bigworlds.behavior.translate.kinds import BOOL, FLOAT, INT, NOTHING, Block, Kind, Special, Tuple, unified
from bigworlds.behavior.translate.supported import INSTEAD, advice_for
from bigworlds.errors import ModelError

if TYPE_CHECKING:
    from bigworlds.behavior.translate.program import Program
    from bigworlds.behavior.translate.source import Source


class Statements(Expressions):
    """Translates the body of one function (a behavior or a helper)."""

    def __init__(
        self, program: Program, source: Source, what: str, names: dict[str, Kind], helper: bool
    ) -> None:
        super().__init__(program, source, what, names)
        self.parameters = dict(names)
        self.helper = helper
        self.result: Kind | None = None
        self.first_line: dict[str, int] = {}
        self.stored = _stored_names(source.tree)
        self.counter = 0
        self.ended = False
        self.strict = False
        self.first: ast.expr | None = None
        self.before_test: list[ast.stmt] = []

    def local_names(self) -> set[str]:
        """Names that the function assigns somewhere."""
        return self.stored

    def translate(self) -> list[ast.stmt]:
        """The rewritten body, after the kinds of all names have been found."""
        before: object = None
        while (dict(self.kinds), self.result) != before:
            before = (dict(self.kinds), self.result)
            self._pass()
        self.strict = True
        body = self._pass()
        if self.helper and self.result not in (None, NOTHING) and not self.ended:
            self.fail(self.source.tree, "returns a value on some paths only; end it with a return")
        return body or [self.placed(ast.Pass(), self.source.tree)]

    def _pass(self) -> list[ast.stmt]:
        self.given, self.ended, self.counter = set(self.parameters), False, 0
        return self.block(self.source.tree.body)

    def block(self, statements: list[ast.stmt]) -> list[ast.stmt]:
        """Translates statements in a row; what comes after a return, break, continue or raise is checked too.

        While kinds are still being found, what cannot be translated yet is left out: a name that begins as
        None may become a neighbour further down. The last pass is strict.
        """
        made: list[ast.stmt] = []
        for statement in statements:
            method = getattr(self, f"_do_{type(statement).__name__}", None)
            if method is None:
                self.fail(statement, advice_for(statement))
            try:
                result = method(statement)
            except ModelError:
                if self.strict:
                    raise
                continue
            made += result if isinstance(result, list) else [result]
        return made

    def end_path(self) -> None:
        """After return, raise, break and continue no name is missing: the path does not go on."""
        self.given = set(self.kinds) | self.stored
        self.ended = True

    # Names

    def bind(self, name: str, value: Value, node: ast.AST) -> ast.expr:
        """Gives a name a value: finds the one kind of the name, and the value's node in that kind."""
        if name in self.parameters and not self._rebindable(name):
            self.fail(node, f"the argument {name!r} cannot be given another value; use another name")
        if isinstance(value.kind, Special) and value.kind.what not in ("item", "cell", "event", "edge"):
            self.fail(node, f"{value.kind.shown} cannot be given another name; use it directly")
        if isinstance(value.kind, Block):
            self.fail(node, "an array, list or string field cannot be given another name; use it in place")
        old = self.kinds.get(name)
        kind = value.kind if old is None else unified(old, value.kind)
        if kind is None:
            assert old is not None
            line = self.first_line.get(name)
            seen = f" (line {line})" if line else ""
            self.fail(node, f"{name!r} is {old.shown}{seen} and here {value.kind.shown}; use two names")
        self.first_line.setdefault(name, getattr(node, "lineno", 0))
        self.kinds[name] = kind
        self.given.add(name)
        if isinstance(kind, Tuple) and kind != value.kind and not isinstance(value.node, ast.Tuple):
            self.fail(node, f"{name!r} holds tuples of different kinds; use two names")
        return self.coerce(value, kind, node, repr(name))

    def _rebindable(self, name: str) -> bool:
        return self.helper and not isinstance(self.parameters[name], Special)

    def _on_NamedExpr(self, node: ast.NamedExpr) -> Value:
        if node is not self.first:
            self.fail(
                node,
                "found := inside of an expression; it may stand first in the test of if and while, "
                "elsewhere write the "
                "assignment as a statement before",
            )
        value = self.expression(node.value)
        name = node.target.id
        self.before_test.append(self._store_name(name, self.bind(name, value, node), node))
        return Value(self.kinds[name], self.placed(ast.Name(name, ast.Load()), node))

    def _test(self, node: ast.expr) -> tuple[list[ast.stmt], ast.expr]:
        """A condition, and the assignment by := at its beginning as a statement that comes before it."""
        kept = self.first, self.before_test
        self.first, self.before_test = _first_evaluated(node), []
        try:
            test = self.condition(node)
        except ModelError:
            if self.strict:
                raise
            test = node
        before = self.before_test
        self.first, self.before_test = kept
        return before, test

    # Assignments

    def _do_Assign(self, node: ast.Assign) -> list[ast.stmt]:
        made: list[ast.stmt] = []
        if len(node.targets) > 1:
            value = self.expression(node.value)
            if not isinstance(value.node, (ast.Name, ast.Constant)):
                name = self.fresh("value")
                made.append(self._store_name(name, value.node, node))
                value = Value(value.kind, self.placed(ast.Name(name, ast.Load()), node))
            for target in node.targets:
                made += self.assign(target, value, node)
            return made
        return self.assign(node.targets[0], self.expression(node.value), node)

    def _do_AnnAssign(self, node: ast.AnnAssign) -> list[ast.stmt]:
        if node.value is None:
            return []
        value = self.expression(node.value)
        if isinstance(node.annotation, ast.Name) and node.annotation.id in ("int", "float", "bool"):
            want = {"int": INT, "float": FLOAT, "bool": BOOL}[node.annotation.id]
            value = Value(want, self.coerce(value, want, node, ast.unparse(node.target)))
        return self.assign(node.target, value, node)

    def _do_AugAssign(self, node: ast.AugAssign) -> list[ast.stmt]:
        target = node.target
        if isinstance(target, ast.Subscript):
            return self._augmented_element(target, node)
        reading: ast.expr
        if isinstance(target, ast.Name):
            reading = ast.Name(target.id, ast.Load())
        else:
            reading = ast.Attribute(target.value, target.attr, ast.Load())
        old = self.expression(self.placed(reading, target))
        value = self.binary(node, type(node.op), old, self.expression(node.value))
        return self.assign(target, value, node)

    def _augmented_element(self, target: ast.Subscript, node: ast.AugAssign) -> list[ast.stmt]:
        """`own.array[index] += value`; the index is evaluated once."""
        owner = self.expression(target.value)
        self._check_elements(owner, node)
        name = self.fresh("at")
        index = self.coerce(self.expression(target.slice), INT, node, "an index")
        kept = Value(INT, self.placed(ast.Name(name, ast.Load()), node))
        old = self.block_item(node, owner, kept)
        value = self.binary(node, type(node.op), old, self.expression(node.value))
        return [
            self._store_name(name, index, node),
            self._store_element(owner, kept.node, value, target, node),
        ]

    def assign(self, target: ast.expr, value: Value, node: ast.stmt) -> list[ast.stmt]:
        """`target = value`, for names, own fields, elements and tuples of them."""
        if isinstance(target, ast.Name):
            made = self.bind(target.id, value, node)
            return [self._store_name(target.id, made, node)]
        if isinstance(target, ast.Attribute):
            return self._assign_attribute(target, value, node)
        if isinstance(target, ast.Subscript):
            return self._assign_element(target, value, node)
        if isinstance(target, (ast.Tuple, ast.List)):
            return self._unpack(target, value, node)
        return self.fail(target, "this cannot be assigned to; assign to names and own fields")

    def _store_name(self, name: str, value: ast.expr, node: ast.AST) -> ast.stmt:
        made: ast.stmt = self.placed(ast.Assign([ast.Name(name, ast.Store())], value), node)
        return made

    def fresh(self, purpose: str) -> str:
        """A name that no user has."""
        self.counter += 1
        return f"{PREFIX}{purpose}{self.counter}"

    def _assign_attribute(self, target: ast.Attribute, value: Value, node: ast.stmt) -> list[ast.stmt]:
        owner = self.expression(target.value)
        field = self.program.written_field(self, target, owner)
        if field.kind in ("array", "list", "string"):
            source = self.program.block_source(self, node, field, value)
            to = self.placed(ast.Attribute(owner.node, target.attr, ast.Load()), node)
            return [self.placed(ast.Expr(self.call(node, "block_assign", to, source)), node)]
        made = field_value(self, node, field, value)
        return [self.placed(ast.Assign([ast.Attribute(owner.node, target.attr, ast.Store())], made), node)]

    def _assign_element(self, target: ast.Subscript, value: Value, node: ast.stmt) -> list[ast.stmt]:
        owner = self.expression(target.value)
        self._check_elements(owner, node)
        index = self.coerce(self.expression(target.slice), INT, node, "an index")
        return [self._store_element(owner, index, value, target, node)]

    def _check_elements(self, owner: Value, node: ast.stmt) -> None:
        if not isinstance(owner.kind, Block) or owner.kind.stored.kind == "string":
            self.fail(node, f"elements of {owner.kind.shown} cannot be assigned; make a new value")
        self.program.write_block(self, node, owner.kind)

    def _store_element(
        self, owner: Value, index: ast.expr, value: Value, target: ast.Subscript, node: ast.stmt
    ) -> ast.stmt:
        assert isinstance(owner.kind, Block)
        item: Kind = {"f": FLOAT, "b": BOOL}.get(owner.kind.stored.dtype[0], INT)
        made = self.coerce(value, item, node, f"an element of {ast.unparse(target.value)}")
        return self.placed(ast.Expr(self.call(node, "block_store", owner.node, index, made)), node)

    def _unpack(self, target: ast.Tuple | ast.List, value: Value, node: ast.stmt) -> list[ast.stmt]:
        kind = value.kind
        if not isinstance(kind, Tuple):
            self.fail(node, f"{kind.shown} cannot be taken apart; use .x, .y or one name")
        if len(kind.items) != len(target.elts):
            self.fail(node, f"{len(target.elts)} names for a tuple of {len(kind.items)}")
        made: list[ast.stmt] = []
        node_of_whole = value.node
        if not isinstance(node_of_whole, (ast.Tuple, ast.Name)):
            whole = self.fresh("whole")
            made.append(self._store_name(whole, node_of_whole, node))
            node_of_whole = ast.Name(whole, ast.Load())
        parts: list[Value] = []
        for i, item in enumerate(kind.items):
            part: ast.expr
            if isinstance(node_of_whole, ast.Tuple):
                # All items are evaluated before the first is assigned: a, b = b, a.
                name = self.fresh("part")
                made.append(self._store_name(name, node_of_whole.elts[i], node))
                part = ast.Name(name, ast.Load())
            else:
                part = ast.Subscript(node_of_whole, ast.Constant(i), ast.Load())
            parts.append(Value(item, self.placed(part, node)))
        for element, part_value in zip(target.elts, parts, strict=True):
            made += self.assign(element, part_value, node)
        return made

    # Paths

    def _branches(self, node: ast.AST, *branches: list[ast.stmt]) -> list[list[ast.stmt]]:
        """Translates alternative blocks; afterwards a name has a value if it has one on every path."""
        before, was_ended = set(self.given), self.ended
        results, given, ended = [], [], []
        usual = self.usual
        for branch in branches:
            self.given, self.ended = set(before), False
            # An elif is usual, what stands under a condition is not.
            self.usual = (
                usual and len(branch) == 1 and isinstance(branch[0], ast.If) and branch is branches[-1]
            )
            results.append(self.block(branch))
            given.append(self.given)
            ended.append(self.ended)
        self.given = set.intersection(*given)
        self.ended = was_ended or all(ended)
        self.usual = usual
        return results

    def _do_If(self, node: ast.If) -> list[ast.stmt]:
        before, test = self._test(node.test)
        body, orelse = self._branches(node, node.body, node.orelse)
        return [*before, self.placed(ast.If(test, body or [ast.Pass()], orelse), node)]

    def _loop(self, body: list[ast.stmt], orelse: list[ast.stmt]) -> tuple[list[ast.stmt], list[ast.stmt]]:
        """A loop's blocks: the body may run not at all, so names given there have no value afterwards."""
        before, was_ended = set(self.given), self.ended
        usual, self.usual = self.usual, False
        inner = self.block(body)
        self.given, self.ended = set(before), was_ended
        after = self.block(orelse)
        self.given, self.ended, self.usual = set(before), was_ended, usual
        return inner, after

    def _do_While(self, node: ast.While) -> ast.stmt:
        before, test = self._test(node.test)
        body, orelse = self._loop(node.body, node.orelse)
        if before:
            if orelse:
                self.fail(node, "found := in a while with else; write the assignment as a statement")
            leave = self.placed(ast.If(ast.UnaryOp(ast.Not(), test), [ast.Break()], []), node)
            body, test = [*before, leave, *body], self.placed(ast.Constant(True), node)
        if isinstance(node.test, ast.Constant) and node.test.value and not _breaks(node.body):
            self.end_path()
        made: ast.stmt = self.placed(ast.While(test, body, orelse), node)
        return made

    def _do_For(self, node: ast.For) -> list[ast.stmt]:
        if not isinstance(node.target, ast.Name):
            self.fail(node, "a loop has one name: for i in ..., for other in others")
        name = node.target.id
        if _is_range(self, node.iter):
            assert isinstance(node.iter, ast.Call)
            return self._for_range(node, name, node.iter)
        value = self.expression(node.iter)
        kind = value.kind
        if isinstance(kind, Special) and kind.what in ("neighbors", "inbox"):
            item = Special("item" if kind.what == "neighbors" else "event", kind.argument)
            prefix = "neighbor" if kind.what == "neighbors" else "inbox"
            count = self.call(node, f"{prefix}_count", value.node)
            return self._counted(
                node, name, count, lambda k: Value(item, self.call(node, f"{prefix}_at", value.node, k))
            )
        if isinstance(kind, Tuple):
            item_kind, items = self.uniform_tuple(value, node)
            kept = self.fresh("items")
            held = self.placed(ast.Name(kept, ast.Load()), node)
            size = self.constant(node, len(kind.items)).node
            loop = self._counted(
                node, name, size, lambda k: Value(item_kind, self.call(node, "tuple_item", held, k))
            )
            return [self._store_name(kept, items, node), *loop]
        if isinstance(kind, Block) and kind.stored.kind in ("array", "list"):
            if kind.stored.kind == "list":
                length = self.call(node, "list_length", value.node)
            else:
                length = self.constant(node, kind.stored.length).node
            return self._counted(node, name, length, lambda k: self.block_item(node, value, Value(INT, k)))
        return self.fail(
            node,
            f"a loop over {kind.shown} has no meaning; loop over range(), neighbours, an inbox or a tuple",
        )

    def _counted(self, node: ast.For, name: str, count: ast.expr, item: object) -> list[ast.stmt]:
        """`for name in things` as a loop over an index that the user does not see."""
        index = self.fresh("index")
        make = item
        assert callable(make)
        value = make(self.placed(ast.Name(index, ast.Load()), node))
        before = set(self.given)
        first = self._store_name(name, self.bind(name, value, node.target), node.target)
        body, orelse = self._loop(node.body, node.orelse)
        self.given = before
        numbers = self.call(node, "range", count)
        made = ast.For(ast.Name(index, ast.Store()), numbers, [first, *body], orelse)
        return [self.placed(made, node)]

    def _for_range(self, node: ast.For, name: str, call: ast.Call) -> list[ast.stmt]:
        if call.keywords or not 1 <= len(call.args) <= 3:
            self.fail(node, "range() takes one to three ints")
        ends = [self.coerce(self.expression(a), INT, node, "the argument of range()") for a in call.args]
        before = set(self.given)
        index = self.fresh("index")
        value = Value(INT, self.placed(ast.Name(index, ast.Load()), node))
        first = self._store_name(name, self.bind(name, value, node.target), node.target)
        body, orelse = self._loop(node.body, node.orelse)
        self.given = before
        numbers = self.call(node, "range", *ends)
        return [self.placed(ast.For(ast.Name(index, ast.Store()), numbers, [first, *body], orelse), node)]

    def _do_Break(self, node: ast.Break) -> ast.stmt:
        self.end_path()
        return node

    def _do_Continue(self, node: ast.Continue) -> ast.stmt:
        self.end_path()
        return node

    def _do_Return(self, node: ast.Return) -> ast.stmt:
        value = Value(NOTHING, ast.Constant(None)) if node.value is None else self.expression(node.value)
        if not self.helper and value.kind != NOTHING:
            self.fail(node, "a behavior returns nothing; assign to the agent's fields")
        if isinstance(value.kind, (Special, Block)):
            self.fail(node, f"a helper returns numbers and vecs, found {value.kind.shown}")
        kind = value.kind if self.result is None else unified(self.result, value.kind)
        if kind is None:
            assert self.result is not None
            self.fail(
                node, f"returns {self.result.shown} before and {value.kind.shown} here; return one kind"
            )
        self.result = kind
        result = None if kind == NOTHING else self.coerce(value, kind, node, "the result")
        self.end_path()
        made: ast.stmt = self.placed(ast.Return(result), node)
        return made

    def _do_Raise(self, node: ast.Raise) -> ast.stmt:
        self.end_path()
        made: ast.stmt = self.program.raising(self, node)
        return made

    def _do_Assert(self, node: ast.Assert) -> ast.stmt:
        test = self.condition(node.test)
        message = [node.msg] if node.msg is not None else []
        error = ast.Call(ast.Name("AssertionError", ast.Load()), list(message), [])
        raising = self.program.raising(self, self.placed(ast.Raise(error, None), node))
        negated = ast.UnaryOp(ast.Not(), test)
        made: ast.stmt = self.placed(ast.If(negated, [raising], []), node)
        return made

    def _do_Pass(self, node: ast.Pass) -> ast.stmt:
        return node

    def _do_Expr(self, node: ast.Expr) -> list[ast.stmt]:
        if isinstance(node.value, ast.Constant):
            return []
        if type(node.value).__name__ in INSTEAD:
            self.fail(node, advice_for(node.value))
        if not isinstance(node.value, ast.Call):
            self.fail(node, "this statement has no effect; assign the value to something")
        value = self.expression(node.value)
        return [self.placed(ast.Expr(value.node), node)]


def _is_range(on: Expressions, node: ast.expr) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and on.is_outside(node.func)
        and on.outside(node.func) is range
    )


def _stored_names(tree: ast.FunctionDef) -> set[str]:
    """All names that are assigned in a function."""
    return {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}


def _breaks(body: list[ast.stmt]) -> bool:
    """Whether a loop with this body can be left by break."""
    for statement in body:
        if isinstance(statement, ast.Break):
            return True
        if isinstance(statement, ast.If) and (_breaks(statement.body) or _breaks(statement.orelse)):
            return True
    return False


def _first_evaluated(node: ast.expr) -> ast.expr:
    """The part of an expression that is evaluated before all else and in any case."""
    while True:
        match node:
            case ast.Compare(left=first) | ast.BinOp(left=first) | ast.UnaryOp(operand=first):
                node = first
            case ast.BoolOp(values=[first, *_]):
                node = first
            case _:
                return node
