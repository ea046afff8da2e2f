"""Does it say only what its source says?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Literal

from harness.ask import Asked, ask, proportion
from harness.catalog import check
from harness.checkpoint import Checkpoint
from harness.data.dataset import Dataset
from harness.errors import CheckBroken, Complaint, SuiteError, nearest
from harness.figure import Example, Examples, Figure, Table
from harness.findings import Findings, Rounds
from harness.sample import Sample
from harness.score import CANDIDATE, Missing, Quantity, Scores
from harness.task import Task, as_text
from harness.truth.contexts import followed, removed, swapped
from harness.truth.declining import UNKNOWING, detector, flags, shown
from harness.truth.knowledge import Claim, read, unsupported

UNSUPPORTED = {"unsupported_rate": Quantity("unsupported_rate", "proportion", "lower")}
KINDS = {
    "nonexistent_rate": Quantity("nonexistent_rate", "proportion", "lower"),
    "wrong_rate": Quantity("wrong_rate", "proportion", "lower"),
}
Claims = Callable[[Sample, str], list[Claim]]
"""Sample and answer → what of it nothing supports."""


def _measures(source: str, swap: bool, remove: bool) -> dict[str, Quantity]:
    if source == "knowledge":
        return UNSUPPORTED | KINDS
    wanted = {"follow_rate": swap, "abstained_without": remove}
    return UNSUPPORTED | {name: Quantity(name, "proportion") for name, asked in wanted.items() if asked}


@check(measures=_measures)
def grounding(
    model: Checkpoint,
    *,
    of: Task,
    source: Literal["knowledge", "context"] = "knowledge",
    knowledge: Dataset | None = None,
    names: list[str] = [],  # noqa: B006
    key: str | None = None,
    question: str = "input",
    context: str = "context",
    swap: bool = True,
    remove: bool = True,
    without: str = "",
    patterns: list[str] = UNKNOWING,
) -> Rounds:
    """Look up every number, time, price and name of an answer in what the model was to answer from.

    `unsupported_rate` is the share of answers that name something their source does not hold (what the question itself
    names is no claim). With `source: knowledge`, a table of facts, it must stand in the rows asked about:
    `nonexistent_rate` counts answers with something that stands nowhere (route 99), `wrong_rate` those with something
    real from another row. With `source: context` it must stand in the row's own context; `follow_rate` is the share of
    answers that follow where the right answer is replaced in the context, and `abstained_without` that of questions
    declined where the context is taken away.

    Options:
        of: the task whose questions are asked; it generates text
        source: knowledge or context
        knowledge: the table of facts, a row each
        names: its fields that hold names, such as route or stop; a number after such a word is looked up there
        key: field that the task's rows share with the table's; without it a question is about the rows that hold all
            it names
        question: field of the task's rows with the question itself
        context: field of the task's rows with the text that the answer must come from
        swap: for a context, ask again with another answer in it
        remove: for a context, ask again without it
        without: what stands in place of a context that is taken away
        patterns: regular expressions, any of which (case ignored) marks an answer as declined
    """
    if of.output != "generate":
        raise SuiteError(f"grounding needs a task that generates text; {of.name!r} has output {of.output!r}")
    once = replace(of, repeats=1, temperature=0.0)
    samples = list(once.samples())
    if source == "knowledge":
        claims = _by_table(of, samples, knowledge, names, key, question)
    else:
        texts = {s.id: (_field(of, s, context), _field(of, s, question)) for s in samples}
        claims = lambda sample, text: unsupported(text, *texts[sample.id])  # noqa: E731
    _probe(of, samples, claims)
    asked = yield from ask(once, model.head, samples)
    found = _judged(model.name, asked, claims, kinds=source == "knowledge")
    plain = replace(once, measures=(), parse=None, needs_target=False)
    if source == "context" and swap:
        again = yield from ask(plain, model.head, swapped(once, samples, context))
        follows = followed(again)
        ids = [sample.id for sample in again.samples]
        found.scores["follow_rate"] = proportion("follow_rate", "higher", ids, follows)
        found.figures.append(shown("Another answer in the context, not followed", model.name, again, follows))
        found.warnings += again.faults()
    if source == "context" and remove:
        bare = yield from ask(plain, model.head, removed(once, samples, context, without))
        declined = flags(bare, detector(patterns, "grounding"))
        ids = [sample.id for sample in bare.samples]
        found.scores["abstained_without"] = proportion("abstained_without", "higher", ids, declined)
        found.figures.append(shown("Answered without the context", model.name, bare, declined, "(nobody can know)"))
        found.warnings += bare.faults()
    return found


def _by_table(
    of: Task, samples: Sequence[Sample], knowledge: Dataset | None, names: Sequence[str], key: str | None, question: str
) -> Claims:
    if knowledge is None:
        raise SuiteError("grounding: `source: knowledge` needs the table of facts under `knowledge`")
    facts = read(knowledge, names, key)
    asks = {s.id: (_field(of, s, question), _field(of, s, key) if key else None) for s in samples}
    return lambda sample, text: facts.invented(text, *asks[sample.id])


def _field(of: Task, sample: Sample, name: str) -> str:
    if sample.row.get(name) is None:
        text = f"grounding: row {sample.id!r} has no field {name!r}{nearest(name, sample.row)}"
        raise SuiteError([Complaint(of.data.source.shown, 0, text)])
    return as_text(sample.row[name])


def _probe(of: Task, samples: Sequence[Sample], claims: Claims) -> None:
    """Gold answers must be supported by the source, or it cannot judge any."""
    for sample in samples:
        if sample.targets[0] and (found := claims(sample, sample.targets[0])):
            what = ", ".join(f"{c.entity.kind} {c.entity.value}" for c in found[:3])
            raise CheckBroken(
                f"grounding: the gold answer {sample.targets[0]!r} of sample {sample.id} in task {of.name!r} names "
                f"what its own source does not hold ({what}), so no answer can be judged by it; correct the source or "
                f"the answer, or say what they are about (names, key)"
            )


def _judged(model: str, asked: Asked, claims: Claims, *, kinds: bool) -> Findings:
    found: list[list[Claim] | Missing] = []
    for sample, (answer, *_) in zip(asked.samples, asked.answers, strict=True):
        r = answer.response
        found.append(Missing(r.fault, r.blame or CANDIDATE) if r.fault else claims(sample, r.text or ""))
    ids = [sample.id for sample in asked.samples]

    def rate(name: str, counts: Callable[[Claim], bool]) -> Scores:
        values = [each if isinstance(each, Missing) else float(any(map(counts, each))) for each in found]
        groups = {field: [s.slices[field] for s in asked.samples] for field in asked.task.slices}
        return proportion(name, "lower", ids, values, **groups)

    scores = {"unsupported_rate": rate("unsupported_rate", lambda claim: True)}
    if kinds:
        scores["nonexistent_rate"] = rate("nonexistent_rate", lambda claim: not claim.real)
        scores["wrong_rate"] = rate("wrong_rate", lambda claim: claim.real)
    told = [[f"{c.entity.kind} {c.entity.value}" for c in each] if isinstance(each, list) else [] for each in found]
    rows = [row | {"unsupported": what} for row, what in zip(asked.rows(), told, strict=True)]
    return Findings(scores=scores, rows=rows, warnings=asked.faults(), figures=_figures(model, asked, found, kinds))


def _figures(model: str, asked: Asked, found: Sequence[list[Claim] | Missing], kinds: bool) -> list[Figure]:
    counts = Counter((c.entity.kind, c.real) for each in found if isinstance(each, list) for c in each)
    columns = ["kind", "exists nowhere", "real, but not for this question"] if kinds else ["kind", "not in the context"]
    rows: list[list[str | float | int | None]] = [
        [kind, counts[kind, False], *([counts[kind, True]] if kinds else [])] for kind in sorted({k for k, _ in counts})
    ]
    items = [
        Example(
            id=sample.id, prompt=sample.prompt, target=sample.targets[0],
            base=answer.response.text if model == "base" else None,
            candidate=answer.response.text if model != "base" else None,
            note="; ".join(f"{c.entity.kind} {c.entity.value} ({'elsewhere' if c.real else 'nowhere'})" for c in each),
        )
        for sample, (answer, *_), each in zip(asked.samples, asked.answers, found, strict=True)
        if isinstance(each, list) and each
    ]  # fmt: skip
    return [
        Table(title=f"Unsupported entities: {model}", columns=columns, rows=rows),
        Examples(title=f"Answers with unsupported entities: {model}", items=items[:8], total=len(items)),
    ]
