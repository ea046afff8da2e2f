"""Prompt templates: Jinja in a sandbox that cannot reach Python, loop without end, or fill the memory."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sized
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any

import jinja2
from jinja2 import meta, nodes
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from harness.errors import nearest

MAX_STEPS = 100_000
"""What one rendering may do: loop items, calls and items of lists that filters read, all together."""
MAX_TEXT = 4_000_000
"""Characters that one rendering may give, and that any text in it may have."""
MAX_BITS = 4096
"""Of a whole number that a template computes."""
FILTERS = (
    "abs", "attr", "capitalize", "count", "d", "default", "dictsort", "e", "escape", "first", "float", "format",
    "groupby", "indent", "int", "items", "join", "last", "length", "list", "lower", "map", "max", "min", "reject",
    "rejectattr", "replace", "reverse", "round", "select", "selectattr", "sort", "string", "striptags", "sum", "title",
    "trim", "truncate", "unique", "upper", "wordcount",
)  # fmt: skip
"""Jinja's filters that give the same text every time and no more of it than they are given, or are measured here."""
_GROWING = frozenset({"replace", "join", "indent"})
"""Text methods and filters whose result may be as long as one text times another."""
_PADDING = frozenset({"center", "ljust", "rjust", "zfill", "expandtabs"})
_FORMATTING = frozenset({"format", "format_map"})
_WIDE = re.compile(r"\d{4,}|%[^a-zA-Z%]*\*|\{[^{}]*\{")
"""A format with a width of thousands, or with one that comes from elsewhere."""


class _Allowance:
    """What a rendering may still do."""

    def __init__(self) -> None:
        self.steps = MAX_STEPS
        self.text = 0

    def spend(self, steps: int) -> None:
        """Take off some steps.

        Raises:
            SecurityError: there are not so many left.
        """
        self.steps -= steps
        if self.steps < 0:
            raise SecurityError(f"its loops and calls may have {MAX_STEPS:,} items at most, all together")

    def write(self, size: int) -> None:
        """Take off some characters of output, in loops and blocks alike."""
        self.text += size
        _fits(self.text)


_ALLOWANCE: ContextVar[_Allowance] = ContextVar("allowance")


@contextmanager
def _allowance() -> Iterator[_Allowance]:
    token = _ALLOWANCE.set(_Allowance())
    try:
        yield _ALLOWANCE.get()
    finally:
        _ALLOWANCE.reset(token)


def _fits(size: int) -> None:
    if size > MAX_TEXT:
        raise SecurityError(f"the text grew over {MAX_TEXT:,} characters")


def _weight(value: object) -> int:
    """Steps that it takes to read a value."""
    if isinstance(value, jinja2.Undefined):
        return 1
    if isinstance(value, str):
        return len(value) // 1000 + 1
    return len(value) + 1 if isinstance(value, Sized) else 1


def _check_growth(name: str, text: object, given: Iterable[object]) -> None:
    """Refuse, before it is done, what makes a text many times longer."""
    given = list(given)
    if name in _FORMATTING and (len(str(text)) > 1000 or _WIDE.search(str(text))):
        raise SecurityError("the format is too wide or too long for a template")
    if (name in _PADDING or name in _GROWING) and any(isinstance(item, int) and item > MAX_STEPS for item in given):
        raise SecurityError("the padding is too long for a template")
    if name in _GROWING:
        sizes = [len(item) + 1 for item in given if isinstance(item, Sized)]
        _fits((len(text) if isinstance(text, Sized) else 1) * max(sizes, default=1))


def _measured(name: str, filter_: Callable[..., Any]) -> Callable[..., Any]:
    """A filter that spends steps for what it reads and is refused what makes texts grow."""
    skipped = 1 if hasattr(filter_, "jinja_pass_arg") else 0

    @wraps(filter_)
    def run(*given: Any, **named: Any) -> Any:
        value, *rest = given[skipped:]
        if isinstance(value, Iterator):
            value = list(_counted(value))
        for item in (value, *rest):
            _ALLOWANCE.get().spend(_weight(item))
        _check_growth(name, value, [*rest, *named.values()])
        return filter_(*given[:skipped], value, *rest, **named)

    return run


def _counted(items: Iterable[Any]) -> Iterator[Any]:
    """The items of a loop, each of which takes a step."""
    for item in items:
        _ALLOWANCE.get().spend(1)
        yield item


def _sized(value: object) -> object:
    """A value that was put together, if it is not too large."""
    if isinstance(value, str):
        _fits(len(value))
    _ALLOWANCE.get().spend(_weight(value))
    return value


def _range(*limits: int) -> range:
    numbers = range(*limits)
    _ALLOWANCE.get().spend(len(numbers[: MAX_STEPS + 1]))
    return numbers


class _Environment(ImmutableSandboxedEnvironment):
    """The sandbox, with operators and calls kept from making huge values."""

    intercepted_binops = frozenset({"*", "**", "+", "%"})

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """An operation, refused before it is done where its result would be huge."""
        if operator == "**" and not (abs(right) <= 64 and abs(left) <= 1e6):
            raise SecurityError("the power is too large for a template")
        if operator == "*":
            _check_product(left, right)
        if operator == "%" and isinstance(left, str):
            _check_growth("format", left, ())
        return _sized(super().call_binop(context, operator, left, right))

    def call(self, context: Any, function: Any, /, *given: Any, **named: Any) -> Any:
        """A call, which takes a step and as many more as its arguments are long."""
        for item in (None, *given, *named.values()):
            _ALLOWANCE.get().spend(_weight(item))
        method = getattr(function, "__wrapped__", function)  # the sandbox wraps str.format
        owner = getattr(method, "__self__", None)
        if isinstance(owner, str):
            _ALLOWANCE.get().spend(_weight(owner))
            _check_growth(method.__name__, owner, [*given, *named.values()])
        return super().call(context, function, *given, **named)


def _check_product(left: Any, right: Any) -> None:
    for one, other in ((left, right), (right, left)):
        if isinstance(one, str | list | tuple) and isinstance(other, int) and len(one) * other > MAX_STEPS:
            raise SecurityError("the repetition is too long for a template")
    if isinstance(left, int) and isinstance(right, int) and left.bit_length() + right.bit_length() > MAX_BITS:
        raise SecurityError("the number is too large for a template")


def _written(value: Any) -> Any:
    """Whatever `{{ … }}` writes, counted also where it goes into a block and not into the output."""
    if (left := _ALLOWANCE.get(None)) is not None:
        left.write(len(value) if isinstance(value, str) else 1)
    return value


def _tojson(value: Any, indent: int | None = None) -> str:
    """The value as JSON, with nothing escaped that JSON does not need escaped."""
    return json.dumps(value, ensure_ascii=False, indent=None if indent is None else min(int(indent), 16))


def _environment() -> _Environment:
    made = _Environment(
        undefined=jinja2.StrictUndefined, autoescape=False, keep_trailing_newline=True, finalize=_written
    )
    made.globals = {"range": _range, "namespace": made.globals["namespace"], "dict": dict}
    made.filters = {name: _measured(name, made.filters[name]) for name in FILTERS}
    made.filters |= {"tojson": _measured("tojson", _tojson), " counted": _counted, " sized": _sized}
    return made


_ENVIRONMENT = _environment()


class Template:
    """A compiled template.

    Raises:
        ValueError: the text is not a template; the message says where.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        try:
            with _allowance():
                tree = _ENVIRONMENT.parse(text)
                self.names = frozenset(meta.find_undeclared_variables(tree)) - _ENVIRONMENT.globals.keys()
                """Fields that it asks for, on some rows at least."""
                self._compiled = _ENVIRONMENT.from_string(_watched(tree))
        except jinja2.TemplateSyntaxError as error:
            known = re.match(r"No filter named '(.*)'", error.message or "")
            hint = nearest(known[1], _filters(), show=50) if known else ""
            raise ValueError(f"the template is not valid (its line {error.lineno}): {error.message}{hint}") from error
        except (SyntaxError, RecursionError) as error:
            raise ValueError("the template is nested too deeply") from error

    def render(self, row: Mapping[str, Any]) -> str:
        """The text for one row.

        Raises:
            ValueError: a field is missing, or the sandbox refused something.
        """
        pieces: list[str] = []
        size = 0
        try:
            with _allowance():
                for piece in self._compiled.generate(row):
                    pieces.append(piece)
                    size += len(piece)
                    _fits(size)
        except jinja2.UndefinedError as error:
            missing = sorted(self.names - row.keys())
            hint = nearest(missing[0], row) if missing else ""
            raise ValueError(f"the template asks for something the row does not have: {error.message}{hint}") from error
        except SecurityError as error:
            raise ValueError(f"the template was stopped by the sandbox: {error}") from error
        except (TypeError, ValueError, ArithmeticError, RecursionError, LookupError, AttributeError) as error:
            raise ValueError(f"the template fails: {error}") from error
        except jinja2.TemplateError as error:
            raise ValueError(f"the template fails: {error.message}") from error
        return "".join(pieces)


def _watched(tree: nodes.Template) -> nodes.Template:
    """The template with its loops counted and the texts that `~` puts together measured."""
    for loop in tree.find_all(nodes.For):
        loop.iter = _through(" counted", loop.iter)
    return _Measure().visit(tree)  # type: ignore[no-any-return]


class _Measure(jinja2.visitor.NodeTransformer):
    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:
        """`a ~ b`, measured."""
        return _through(" sized", self.generic_visit(node))


def _through(name: str, node: Any) -> nodes.Filter:
    made = nodes.Filter(node, name, [], [], None, None)
    return made.set_lineno(node.lineno, override=False).set_environment(_ENVIRONMENT)  # type: ignore[return-value]


def _filters() -> list[str]:
    return [name for name in _ENVIRONMENT.filters if not name.startswith(" ")]


def is_template(text: str) -> bool:
    """Whether a `target` or `prompt` is a template rather than the name of a field.

    >>> is_template("{{ answer }}."), is_template("answer")
    (True, False)
    """
    return "{{" in text or "{%" in text
