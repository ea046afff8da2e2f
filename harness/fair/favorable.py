"""What counts as a favourable outcome: `correct`, a label, or a small expression such as `answer in ["yes", "maybe"]`.

An expression compares the names `answer` (text), `number` (the answer as a number), `correct` and the task's metrics
with constants, joined by `and`, `or`, `not` and brackets. It is read as a syntax tree of which every node is known;
nothing of it is ever run as Python. What could not be parsed is unfavourable, whatever the expression says.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from harness.errors import SuiteError, nearest

CORRECT = "correct"
DECIDING = ("answer", "number")
"""Names that speak of the decision alone, so that the same expression says what would have been right."""
LONGEST = 1000
"""Characters of an expression."""
_COMPARED: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt,
    ast.GtE: operator.ge, ast.In: lambda a, b: a in b, ast.NotIn: lambda a, b: a not in b,
}  # fmt: skip
_HOW = 'write correct, a label, or an expression such as number >= 5, answer in ["yes", "maybe"] or rouge >= 0.4'


class Unreadable(Exception):
    """The answer is not what the expression speaks of: no number, or no answer at all."""


@dataclass(frozen=True, slots=True)
class Favorable:
    """A rule that tells favourable outcomes from others."""

    text: str
    names: frozenset[str]
    """Names that it asks for."""
    _tree: ast.expr

    @property
    def decides(self) -> bool:
        """Whether it speaks of the decision alone: the target then says which outcome was deserved."""
        return self.names <= set(DECIDING)

    def holds(self, values: Mapping[str, Any]) -> bool:
        """Whether an outcome is favourable; `values` has `answer`, and a number for each other name but `number`.

        Raises:
            Unreadable: the answer is no number where one is asked for.
        """
        return bool(_value(self._tree, values))


def favorable(text: str, labels: Collection[str], metrics: Collection[str]) -> Favorable:
    """The rule that `text` says, for a task with these labels (known answers) and metrics.

    Raises:
        SuiteError: it is neither `correct`, nor a label, nor an expression over known names.
    """
    if text in labels:
        return Favorable(text, frozenset({"answer"}), _parsed(f"answer == {text!r}"))
    if text == CORRECT:
        return Favorable(text, frozenset({CORRECT}), _parsed(CORRECT))
    try:
        if len(text) > LONGEST:
            raise ValueError("too long")
        tree = _parsed(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise SuiteError(f"favorable {_shown(text)}: {_no_label(text, labels)}; {_HOW}") from error
    known = {*DECIDING, CORRECT, *metrics}
    names = frozenset(node.id for node in ast.walk(tree) if isinstance(node, ast.Name))
    if isinstance(tree, ast.Name | ast.Constant) and text not in known:
        raise SuiteError(f"favorable {_shown(text)}: {_no_label(text, labels)}; {_HOW}")
    if unknown := sorted(names - known):
        raise SuiteError(f"favorable {_shown(text)}: nothing is called {unknown[0]!r}{nearest(unknown[0], known)}")
    if not names:
        raise SuiteError(f"favorable {_shown(text)}: it speaks of nothing, so it is always or never so; {_HOW}")
    _check(tree, text)
    return Favorable(text, names, tree)


def _parsed(text: str) -> ast.expr:
    return ast.parse(text.strip(), mode="eval").body


def _no_label(text: str, labels: Collection[str]) -> str:
    return f"no answer of the task is {text!r}{nearest(text, labels)}"


def _shown(text: str) -> str:
    return repr(text if len(text) <= 80 else text[:79] + "…")


def _check(node: ast.expr, text: str) -> None:
    """Refuse every kind of node that is not known.

    Raises:
        SuiteError: names it.
    """
    match node:
        case ast.BoolOp():
            parts = node.values
        case ast.UnaryOp(op=ast.Not()):
            parts = [node.operand]
        case ast.Compare() if all(type(op) in _COMPARED for op in node.ops):
            parts = [node.left, *node.comparators]
        case ast.List() | ast.Tuple():
            parts = node.elts
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float())):
            return
        case ast.Constant(value=str() | int() | float()) | ast.Name():
            return
        case _:
            raise SuiteError(f"favorable {_shown(text)}: {ast.unparse(node)!r} is not allowed here; {_HOW}")
    for part in parts:
        _check(part, text)


def _value(node: ast.expr, values: Mapping[str, Any]) -> Any:
    match node:
        case ast.BoolOp():
            # Every part is looked at, so that an unreadable answer cannot hide behind another part.
            found = [bool(_value(part, values)) for part in node.values]
            return all(found) if isinstance(node.op, ast.And) else any(found)
        case ast.UnaryOp(op=ast.Not()):
            return not _value(node.operand, values)
        case ast.UnaryOp():
            return -_value(node.operand, values)
        case ast.Compare():
            ends = [_value(part, values) for part in (node.left, *node.comparators)]
            return all(_compared(op, a, b) for op, a, b in zip(node.ops, ends, ends[1:], strict=False))
        case ast.List() | ast.Tuple():
            return [_value(part, values) for part in node.elts]
        case ast.Constant():
            return node.value
        case ast.Name(id="number"):
            return _number(values["answer"])
        case ast.Name():
            return values[node.id]
    raise AssertionError(f"{ast.dump(node)} was let through")


def _compared(op: ast.cmpop, left: Any, right: Any) -> bool:
    try:
        return _COMPARED[type(op)](left, right)
    except TypeError as error:
        raise SuiteError(
            f"favorable: {left!r} and {right!r} cannot be compared; put texts in quotes, and use `number` for numbers"
        ) from error


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        raise Unreadable from None
    if not math.isfinite(number):
        raise Unreadable
    return number
