"""Does it say the same again, and the same however it is asked?"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from harness.ask import Asked, ask
from harness.catalog import check
from harness.checkpoint import Checkpoint
from harness.errors import Complaint, SuiteError, nearest
from harness.exchange import Request
from harness.figure import Figure, Histogram, Table
from harness.findings import Findings, Rounds
from harness.sample import Sample
from harness.score import CANDIDATE, Missing, Quantity, Scores
from harness.stats.ranking import auroc, ranked
from harness.task import Answer, Task, evaluate
from harness.truth.confidence import proven
from harness.words import normalize

SAID_AGAIN = {
    "agreement": Quantity("agreement", "mean"),
    "entropy": Quantity("entropy", "mean", "lower"),
    "auroc": Quantity("auroc", "corpus", combine=auroc),
}
ASKED_OTHERWISE = {"paraphrase_agreement": Quantity("paraphrase_agreement", "mean")}


def _measures(samples: int, paraphrases: str | None) -> dict[str, Quantity]:
    return (SAID_AGAIN if samples else {}) | (ASKED_OTHERWISE if paraphrases else {})


@check(measures=_measures)
def consistency(
    model: Checkpoint,
    *,
    of: Task,
    samples: int = 5,
    temperature: float = 0.7,
    paraphrases: str | None = None,
    field: str = "input",
) -> Rounds:
    """Ask each question several times at a temperature, and in other words; count how many different answers come.

    Answers are one where they are equal after normalising (case, punctuation, articles, blanks). `agreement` is the
    share of the most frequent answer, `entropy` that of the answers' distribution over its largest possible value (a
    semantic entropy whose clusters are equal strings; Farquhar 2024), and `auroc` how well a low entropy tells that the
    task's own greedy answer is right. `paraphrase_agreement` is the share of paraphrases answered as the question
    itself is.

    Options:
        of: the task whose questions are asked; it generates text
        samples: answers a question that are drawn; 0 to draw none
        temperature: at which they are drawn, above 0
        paraphrases: field of the rows that lists the question in other words
        field: the field of the rows that a paraphrase takes the place of
    """
    if of.output != "generate":
        raise SuiteError(f"consistency needs a task that generates text; {of.name!r} has output {of.output!r}")
    if (samples and samples < 2) or samples < 0 or not temperature > 0 or not (samples or paraphrases):
        text = f"`samples: {samples}`, `temperature: {temperature}`"
        raise SuiteError(f"consistency: {text}: two samples at a temperature above 0, or `paraphrases`, are the least")
    asked = yield from ask(proven(of, "consistency"), model.head)
    findings = Findings(rows=asked.rows(), warnings=asked.faults())
    if samples:
        again = replace(asked.task, repeats=samples, temperature=temperature)
        drawn = yield [request for sample in asked.samples for request in again.requests(sample, model.head)]
        groups = [
            [again.read(sample, response) for response in drawn[at * samples : (at + 1) * samples]]
            for at, sample in enumerate(asked.samples)
        ]
        findings.scores |= _said_again(asked, groups)
        findings.figures += _shown(model.name, asked.samples, groups)
    if paraphrases:
        otherwise = [_rewritten(of, sample, paraphrases, field) for sample in asked.samples]
        flat: list[Request] = [r for group in otherwise for s in group for r in asked.task.requests(s, model.head)]
        heard = iter((yield flat))
        said = [[asked.task.read(sample, next(heard)) for sample in group] for group in otherwise]
        findings.scores |= _otherwise(asked, said)
        told = zip(asked.rows(), said, strict=True)
        findings.rows = [row | {"paraphrased": [answer.text for answer in group]} for row, group in told]
    return findings


def _key(answer: Answer) -> str:
    """What makes two answers one; an answer that could not be read counts by its own text."""
    text = answer.text if answer.valid else answer.response.text or ""
    return normalize(text, ignore_case=True, ignore_punctuation=True, ignore_articles=True)


def _said_again(asked: Asked, groups: Sequence[Sequence[Answer]]) -> dict[str, Scores]:
    agreement: list[float | Missing] = []
    entropy: list[float | Missing] = []
    for answers in groups:
        counts = Counter(_key(answer) for answer in answers)
        lost = _lost(answers)
        shares = [count / len(answers) for count in counts.values()]
        agreement.append(lost or max(shares))
        spread = -math.fsum(share * math.log(share) for share in shares) / math.log(len(answers))
        entropy.append(lost if lost is not None else min(1.0, max(0.0, spread)))
    sure = [value if isinstance(value, Missing) else 1.0 - value for value in entropy]
    ids = [sample.id for sample in asked.samples]
    return {
        "agreement": asked.task.as_scores(SAID_AGAIN["agreement"], asked.samples, agreement),
        "entropy": asked.task.as_scores(SAID_AGAIN["entropy"], asked.samples, entropy),
        "auroc": ranked(SAID_AGAIN["auroc"], ids, sure, [_right(asked, at) for at in range(len(ids))]),
    }


def _lost(answers: Sequence[Answer]) -> Missing | None:
    failed = [a.response for a in answers if a.response.fault]
    return Missing(failed[0].fault, failed[0].blame or CANDIDATE) if failed else None


def _right(asked: Asked, at: int) -> float | Missing:
    answer, measure = asked.answers[at][0], asked.task.measures[0]
    value = _lost([answer]) or evaluate(measure, asked.samples[at], answer)
    return value if isinstance(value, Missing) else float(value == measure.quantity.best)


def _rewritten(of: Task, sample: Sample, paraphrases: str, field: str) -> list[Sample]:
    """The same question in other words, each a sample of its own."""
    row, place = sample.row, of.data.source.shown
    for name in (paraphrases, field):
        if name not in row:
            text = f"consistency: row {sample.id!r} has no field {name!r}{nearest(name, row)}"
            raise SuiteError([Complaint(place, 0, text)])
    texts = row[paraphrases] if isinstance(row[paraphrases], list) else [row[paraphrases]]
    if not texts or not all(isinstance(text, str) and text.strip() for text in texts):
        text = f"consistency: row {sample.id!r}: the field {paraphrases!r} must hold a text or a list of texts"
        raise SuiteError([Complaint(place, 0, text)])
    made = []
    for at, text in enumerate(texts):
        prompt = of.shots + of.prompt.render({**row, field: text})
        if prompt == sample.prompt:
            text = f"paraphrase {at + 1} changes nothing in the prompt; is `field: {field}` what it shows?"
            raise SuiteError([Complaint(place, 0, f"consistency: row {sample.id!r}: {text}")])
        made.append(replace(sample, id=f"{sample.id}/paraphrase-{at + 1}", prompt=prompt))
    return made


def _otherwise(asked: Asked, said: Sequence[Sequence[Answer]]) -> dict[str, Scores]:
    values: list[float | Missing] = []
    for (original,), answers in zip(asked.answers, said, strict=True):
        lost = _lost([original, *answers])
        same = sum(_key(answer) == _key(original) for answer in answers)
        values.append(lost if lost is not None else same / len(answers))
    quantity = ASKED_OTHERWISE["paraphrase_agreement"]
    return {quantity.name: asked.task.as_scores(quantity, asked.samples, values)}


def _shown(model: str, samples: Sequence[Sample], groups: Sequence[Sequence[Answer]]) -> list[Figure]:
    """How many different answers questions got, and the questions with the most."""
    most = max((len(group) for group in groups), default=1)
    kinds = [len({_key(answer) for answer in group}) for group in groups]
    edges = [at + 0.5 for at in range(most + 1)]
    counts = {model: [kinds.count(at + 1) for at in range(most)]}
    order = sorted(range(len(kinds)), key=lambda at: (-kinds[at], samples[at].id))[:8]
    rows: list[list[str | float | int | None]] = [
        [samples[at].prompt[:200], kinds[at], " · ".join(_key(answer) or "(nothing)" for answer in groups[at])[:300]]
        for at in order
        if kinds[at] > 1
    ]
    title = f"Different answers a question: {model}"
    table = Table(title=f"Least sure questions: {model}", columns=["question", "answers", "what was said"], rows=rows)
    return [Histogram(title=title, edges=edges, counts=counts), *([table] if rows else [])]
