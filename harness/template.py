"""Prompt templates: Jinja in a sandbox that cannot reach Python, loop without end, or fill the memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import jinja2
from jinja2 import meta
from jinja2.sandbox import ImmutableSandboxedEnvironment, SecurityError

MAX_ITEMS = 100_000
"""How many loop items one rendering may ask `range` for, all loops together."""
MAX_TEXT = 4_000_000
"""Characters that one rendering may give."""


class _Environment(ImmutableSandboxedEnvironment):
    """The sandbox, with `*` and `**` kept from making huge values."""

    intercepted_binops = frozenset({"*", "**"})

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        if operator == "**" and (abs(right) > 64 or abs(left) > 1e6):
            raise SecurityError("the power is too large for a template")
        sizes = [len(side) for side in (left, right) if isinstance(side, str | list | tuple)]
        factors = [side for side in (left, right) if isinstance(side, int)]
        if sizes and factors and sizes[0] * factors[0] > MAX_ITEMS:
            raise SecurityError("the repetition is too long for a template")
        return super().call_binop(context, operator, left, right)


class _Range:
    """`range` with one budget for a whole rendering, so that nested loops cannot multiply."""

    def __init__(self) -> None:
        self.left = MAX_ITEMS

    def __call__(self, *limits: int) -> Iterator[int]:
        numbers = range(*limits)
        self.left -= len(numbers)
        if self.left < 0:
            raise SecurityError(f"the loops of one template may have {MAX_ITEMS:,} items at most")
        return iter(numbers)


_ENVIRONMENT = _Environment(undefined=jinja2.StrictUndefined, autoescape=False, keep_trailing_newline=True)


class Template:
    """A compiled template.

    Raises:
        ValueError: the text is not a template; the message says where.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        try:
            tree = _ENVIRONMENT.parse(text)
            self.names = frozenset(meta.find_undeclared_variables(tree)) - {"range"}
            self._compiled = _ENVIRONMENT.from_string(text)
        except jinja2.TemplateSyntaxError as error:
            raise ValueError(f"the template is not valid (its line {error.lineno}): {error.message}") from error

    def render(self, row: Mapping[str, Any]) -> str:
        """The text for one row.

        Raises:
            ValueError: a field is missing, or the sandbox refused something.
        """
        pieces: list[str] = []
        size = 0
        try:
            for piece in self._compiled.generate({**row, "range": _Range()}):
                pieces.append(piece)
                size += len(piece)
                if size > MAX_TEXT:
                    raise SecurityError(f"the text grew over {MAX_TEXT:,} characters")
        except jinja2.UndefinedError as error:
            raise ValueError(f"the template asks for something the row does not have: {error.message}") from error
        except SecurityError as error:
            raise ValueError(f"the template was stopped by the sandbox: {error}") from error
        except (TypeError, ValueError, ArithmeticError, RecursionError, AttributeError) as error:
            raise ValueError(f"the template fails: {error}") from error
        return "".join(pieces)


def is_template(text: str) -> bool:
    """Whether a `target` or `prompt` is a template rather than the name of a field.

    >>> is_template("{{ answer }}."), is_template("answer")
    (True, False)
    """
    return "{{" in text or "{%" in text
