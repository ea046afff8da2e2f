"""What unquoted YAML text means, and what to say where YAML is not what its writer thought."""

from __future__ import annotations

import math
import re
from typing import Any

_NULLS = {"", "~", "null", "Null", "NULL"}
_BOOLS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INT = re.compile(r"[-+]?[0-9]+")
_RADIX = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_LONGEST_NUMBER = 100


def plain_scalar(text: str) -> Any:
    """What unquoted text means in YAML 1.2.

    Raises:
        ValueError: NaN, an infinity, or a number with a leading zero, which YAML 1.1 reads as octal.

    >>> [plain_scalar(text) for text in ("no", "1e-5", "12:30", "0x10", "~")]
    ['no', 1e-05, '12:30', 16, None]
    """
    if text in _NULLS:
        return None
    if text in _BOOLS:
        return _BOOLS[text]
    if _NOT_FINITE.fullmatch(text):
        raise ValueError(f"{text} is not a finite number; leave the option out, or write a number")
    if _RADIX.fullmatch(text):
        return int(text, 0)
    if not _FLOAT.fullmatch(text):
        return text
    if len(text) > _LONGEST_NUMBER:
        raise ValueError(f"a number of {len(text)} characters; put it in quotes if it is text")
    if not _INT.fullmatch(text):
        value = float(text)
        if not math.isfinite(value):
            raise ValueError(f"{text} is too large to be a finite number")
        return value
    if len(text.lstrip("+-")) > 1 and text.lstrip("+-").startswith("0"):
        raise ValueError(
            f"{text} is {int(text)} in YAML 1.2 but octal in YAML 1.1; "
            f'write {int(text)}, or "{text}" in quotes if it is text'
        )
    return int(text)


def hint(problem: str, line: str) -> str:
    """What to do about a syntax error, where the line gives it away."""
    if "chomping or indentation" in problem:
        return (
            "; `>` begins a block of text: write a criterion as a list item, `- check.metric >= 0.7`, "
            "or put the sentence in quotes"
        )
    if "\\t" in problem or "\t" in line[: len(line) - len(line.lstrip())]:
        return "; indent with blanks, not with tabs"
    if "{{" in line or "{%" in line:
        return '; put a template in quotes: "{{ text }}"'
    if re.search(r"\bin\s*\[|\[\s*(worst|each)\b", line):
        return "; inside [ ] a sentence with brackets of its own needs quotes"
    if "mapping values are not allowed" in problem:
        return "; text that holds a colon and a blank needs quotes"
    if "cannot start any token" in problem:
        return "; put text that begins with such a character in quotes"
    return ""


def kind_of(value: Any) -> str:
    """What a scalar was read as, in words."""
    if value is None:
        return "nothing"
    return {bool: "true or false", int: "a number", float: "a number"}.get(type(value), type(value).__name__)
