"""Formats: the same prompt template with other separators, cases of names, joints of lines and wrappers.

The grammar is that of FormatSpread (Sclar et al. 2024), in our own words.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from harness import digest
from harness.errors import SuiteError, nearest

_CODE = re.compile(r"(\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\})", re.DOTALL)
_NAME = re.compile(r"(?:(?<=\n)|(?<![\s\S]))([^\W\d_][\w ]{0,30}?)(:)([ \t]*)")
SEPARATORS = (": ", ":: ", " - ", ":\n", ":\t", " = ", "::: ", " : ", " ")
CASES: dict[str, Callable[[str], str]] = {"as it is": str, "upper": str.upper, "lower": str.lower, "title": str.title}
JOINTS = ("\n", "\n\n", " | ", " || ", "; ", "\t", " -- ")
WRAPS = (
    "Question: {}\nAnswer:", "Q: {}\nA:", "Input: {}\nOutput:", "### Input\n{}\n### Output\n", "<q>{}</q>\n",
    "[{}]\n", "{}\n---\n", "Task: {}\nResult:",
)  # fmt: skip
"""For prompts in which nothing has a name."""
TRIES = 200
"""Formats that are drawn for each that is wanted, before it is said that there are no more."""


@dataclass(frozen=True, slots=True)
class Format:
    """One way of writing a template."""

    label: str
    """What criteria call it."""
    text: str
    """The template itself."""
    told: str = ""
    """What sets it apart, in a few words."""


def formats(template: str, count: int, *, seed: int) -> list[Format]:
    """`count` different formats of a template, none of them its own; fewer are always the first of more.

    Raises:
        SuiteError: there are not so many.
    """
    rng = Random(int(digest.of([seed, "formats", template])[:32], 16))
    named = any(_NAME.search(_before(parts, at)) for parts in [_CODE.split(template)] for at in range(0, len(parts), 2))
    found: dict[str, Format] = {}
    for _ in range(TRIES * count):
        wrap = "{}" if named else rng.choice(WRAPS)
        drawn = rng.choice(SEPARATORS), rng.choice(list(CASES)), rng.choice(JOINTS)
        text = reformatted(wrap.replace("{}", template), *drawn)
        if len(found) < count and text != template and text not in found:
            told = f"separator {drawn[0]!r}, names {drawn[1]}, lines joined by {drawn[2]!r}"
            told += "" if named else f", wrapped in {wrap!r}"
            found[text] = Format(f"format-{len(found) + 1}", text, told)
        if len(found) == count:
            return list(found.values())
    raise SuiteError(
        f"`formats: {count}`: this prompt has only {len(found)} different formats; ask for those, or write `templates`"
    )


def reformatted(template: str, separator: str, case: str, joint: str) -> str:
    """A template whose names (`Question:`) are written in another case, and followed and joined by something else."""
    if case not in CASES:
        raise SuiteError(f"prompt_format: no case {case!r}{nearest(case, CASES)}")
    parts = _CODE.split(template)
    last = len(parts) - 1
    for at in range(0, len(parts), 2):
        text = _before(parts, at)
        named = _NAME.sub(lambda found: CASES[case](found[1]) + separator, text)
        parts[at] = named[1:] if text != parts[at] else named
        parts[at] = re.sub(r"\n+(?=\S|$)", joint, parts[at]) if at < last or parts[at].strip() else parts[at]
    return "".join(parts).rstrip(" \t") if not template[-1:].isspace() else "".join(parts)


def _before(parts: list[str], at: int) -> str:
    """The plain text of a part; after a statement it stands at the beginning of a line."""
    return ("\n" if at and parts[at - 1].endswith("%}") else "") + parts[at]
