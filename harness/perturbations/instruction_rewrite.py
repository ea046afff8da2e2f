"""The same instruction in other words"""

from __future__ import annotations

from harness.catalog import perturbation
from harness.perturbing.question import Question

LEADS = (
    "Please do the following.\n\n", "Read this carefully and answer.\n\n", "Here is your task:\n\n",
    "Respond to what is written below.\n\n", "I need your help with this.\n\n", "Answer as well as you can.\n\n",
    "Have a look at the following and reply.\n\n", "Now it is your turn.\n\n",
)  # fmt: skip
"""What may be said before any prompt."""


@perturbation(keeps="meaning")
def instruction_rewrite(question: Question, variant: int, *, templates: list[str] | None = None) -> Question:
    """The prompt in other words: templates of the user's own, or a general sentence before it; one for each variant.

    Options:
        templates: prompt templates that say the same, read as the task's own is
    """
    if templates:
        return question.with_template(templates[variant % len(templates)])
    lead = LEADS[variant % len(LEADS)]
    return question.with_prompt(lambda prompt: lead + prompt)
