"""Another layout of the same prompt"""

from __future__ import annotations

from random import Random

from harness.catalog import perturbation
from harness.perturbing.formats import CASES, JOINTS, SEPARATORS, WRAPS, reformatted
from harness.perturbing.question import Question


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
