"""With a system message"""

from __future__ import annotations

from harness.catalog import perturbation
from harness.perturbing.question import Question

TEXTS = (
    "You are a helpful assistant.", "You are an expert who answers briefly and correctly.",
    "Answer every question to the best of your knowledge.", "You help people with all kinds of tasks.",
)  # fmt: skip


@perturbation(keeps="meaning")
def system_prompt(question: Question, variant: int, *, texts: list[str] | None = None) -> Question:
    """A system message in place of the suite's own, another one for each variant.

    Options:
        texts: the messages; general ones unless said
    """
    chosen = texts or list(TEXTS)
    return question.with_system(chosen[variant % len(chosen)])
