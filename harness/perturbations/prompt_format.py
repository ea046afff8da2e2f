"""Another layout of the same prompt"""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random

from harness.catalog import perturbation
from harness.perturbing.question import Question

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


@perturbation(keeps="meaning")
def prompt_format(question: Question, shared: Random, *, format: list[str] | None = None) -> Question:
    """The prompt with other separators, cases and joints (FormatSpread, Sclar et al. 2024), the same for every sample.

    Options:
        format: the separator after a name, the case of names (as it is, upper, lower, title), and what joins lines;
            drawn unless said
    """
    if format is None:
        chosen = [shared.choice(SEPARATORS), shared.choice(list(CASES)), shared.choice(JOINTS)]
    else:
        chosen = [*format, *[": ", "as it is", "\n"][len(format) :]]
    old = question.task.prompt.text
    new = reformatted(old, *chosen[:3])
    return question.with_template(shared.choice(WRAPS).replace("{}", old) if new == old and format is None else new)


def reformatted(template: str, separator: str, case: str, joint: str) -> str:
    """A template whose names (`Question:`) are written in another case, and followed and joined by something else."""
    from harness.errors import SuiteError, nearest

    if case not in CASES:
        raise SuiteError(f"prompt_format: no case {case!r}{nearest(case, CASES)}")
    parts = _CODE.split(template)
    last = len(parts) - 1
    for at in range(0, len(parts), 2):
        text = ("\n" if at and parts[at - 1].endswith("%}") else "") + parts[at]
        named = _NAME.sub(lambda found: CASES[case](found[1]) + separator, text)
        parts[at] = named[1:] if text != parts[at] else named
        parts[at] = re.sub(r"\n+(?=\S|$)", joint, parts[at]) if at < last or parts[at].strip() else parts[at]
    return "".join(parts).rstrip(" \t") if not template[-1:].isspace() else "".join(parts)
