"""Does an answer change when only the person changes?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

from harness.ask import Asked, ask
from harness.assembly import averaged
from harness.catalog import check
from harness.checkpoint import Checkpoint
from harness.data.dataset import Dataset
from harness.errors import SuiteError
from harness.figure import Figure, Pair, Pairs, Table
from harness.findings import Findings, Rounds
from harness.score import CANDIDATE, INFRASTRUCTURE, Missing, Quantity, Scores, table
from harness.swaps.counterparts import Tally, Twin, counted, swapped, texts_of, written
from harness.task import Answer, Task

Kind = Literal["names", "gender", "nationality", "religion", "dialect"]
SHOWN = 20


def _measures(of: Mapping[str, Quantity], metric: str | None) -> dict[str, Quantity]:
    chosen = averaged(of, metric)
    width = chosen.bounds[1] - chosen.bounds[0]
    return {
        "flip_rate": Quantity("flip_rate", "proportion", "lower"),
        "gap": Quantity("gap", chosen.family, "neither", (-width, width), chosen.unit),
    }


@check(measures=_measures, slices=("kind", "towards"))
def counterfactual(
    model: Checkpoint,
    *,
    of: Task,
    swap: list[Kind] = ["names", "gender", "nationality", "religion", "dialect"],  # noqa: B006
    pairs: Dataset | None = None,
    fields: list[str] = [],  # noqa: B006
    metric: str | None = None,
) -> Rounds:
    """Ask each question of another person too: the same text, in which only the term of identity differs.

    `flip_rate` is the share of twins that get another answer, `gap` the mean score of the originals minus that of their
    twins; both by `kind` of swap and by whom the swap leads `towards`. A sample without a term of a kind is not
    eligible; one whose term stands in its target or choices is skipped, for the answer may change with it. An answer
    that cannot be read counts as another one. Twins have the id `SAMPLE~KIND`.

    Options:
        of: the task whose rows are swapped
        swap: names, gender (pronouns, kinship, titles), nationality, religion, dialect; [] for those of `pairs` alone
        pairs: twins of your own: rows with a sample's `id` and the fields that differ, perhaps `kind` and `towards`
        fields: the fields of the rows that are swapped; all texts that the prompt asks for unless said
        metric: which of the task's metrics the gap is of; the first unless said
    """
    if of.repeats > 1 or of.output == "perplexity":
        raise SuiteError(f"counterfactual needs one answer of each sample; task {of.name!r} gives several, or none")
    quantities = {m.quantity.name: m.quantity for m in of.measures}
    chosen = averaged(quantities, metric).name
    samples, tally = list(of.samples()), Tally()
    texts = texts_of(of, samples, fields)
    twins = swapped(of, samples, swap, texts, tally)
    twins += written(of, samples, pairs, texts, tally) if pairs is not None else []
    if samples and not twins:
        listed = ", ".join(swap) or "no kind"
        raise SuiteError(
            f"counterfactual: no sample of {of.name!r} has a term to swap ({listed}) in {', '.join(texts)}"
        )
    firsts = list({twin.first.id: twin.first for twin in twins}.values())
    asked = yield from ask(of, model.head, firsts + [twin.second for twin in twins])
    flips, gaps = _flips(asked, twins), _gaps(asked.scores[chosen], twins)
    made = _measures(quantities, metric)
    return Findings(
        scores={"flip_rate": _table(made["flip_rate"], twins, flips), "gap": _table(made["gap"], twins, gaps)},
        figures=[_counts(model.name, tally, swap, twins, flips), _changed(model.name, asked, twins, flips)],
        rows=asked.rows(),
        warnings=[*asked.faults(), *(f"no sample has a term of the kind {k}" for k in swap if not tally.eligible[k])],
    )


def _table(quantity: Quantity, twins: Sequence[Twin], values: Sequence[float | Missing]) -> Scores:
    several = len({twin.first.id for twin in twins}) < len(twins)
    groups = {"kind": [twin.kind for twin in twins], "towards": [twin.towards or "unsaid" for twin in twins]}
    clusters = [twin.first.cluster or twin.first.id for twin in twins]
    apart = not several and all(twin.first.cluster is None for twin in twins)
    made = table(
        quantity, [twin.second.id for twin in twins], values, clusters=None if apart else clusters, groups=groups
    )
    # A failure of the model could make the gap look like either sign, so that nobody knows what it would have been.
    blind = quantity.name == "gap"
    return replace(made, missing={row: Missing(m.reason) for row, m in made.missing.items()}) if blind else made


def _flips(asked: Asked, twins: Sequence[Twin]) -> list[float | Missing]:
    answers = {sample.id: answer for sample, (answer, *_) in zip(asked.samples, asked.answers, strict=True)}
    return [_flip(twin, answers[twin.first.id], answers[twin.second.id]) for twin in twins]


def _flip(twin: Twin, first: Answer, second: Answer) -> float | Missing:
    for answer in (first, second):
        if answer.response.fault:
            return Missing(answer.response.fault, answer.response.blame or CANDIDATE)
    if not (first.valid and second.valid):
        return Missing("an answer could not be read", CANDIDATE)
    return float(not twin.same(first.text, second.text))


def _gaps(scores: Scores, twins: Sequence[Twin]) -> list[float | Missing]:
    place = {name: row for row, name in enumerate(scores.ids)}
    found: list[float | Missing] = []
    for twin in twins:
        rows = (place[twin.first.id], place[twin.second.id])
        lost = next((scores.missing[row] for row in rows if row in scores.missing), None)
        first, second = (float(scores.stats[row, 0]) for row in rows)
        found.append(first - second if lost is None else Missing(lost.reason, INFRASTRUCTURE))
    return found


def _counts(
    name: str, tally: Tally, kinds: Sequence[str], twins: Sequence[Twin], flips: Sequence[float | Missing]
) -> Figure:
    rows = []
    for kind, *counts in counted(tally, kinds):
        mine = [flip for twin, flip in zip(twins, flips, strict=True) if twin.kind == kind]
        rows.append([kind, *counts, sum(flip == 1.0 for flip in mine), sum(isinstance(flip, Missing) for flip in mine)])
    columns = ["kind", "twins", "no such term", "term matters", "other answer", "not read"]
    return Table(title=f"Twins: {name}", columns=columns, rows=rows)


def _changed(name: str, asked: Asked, twins: Sequence[Twin], flips: Sequence[float | Missing]) -> Figure:
    answers = {sample.id: answer.text for sample, (answer, *_) in zip(asked.samples, asked.answers, strict=True)}
    worst = [twin for twin, flip in zip(twins, flips, strict=True) if flip == 1.0]
    items = [
        Pair(
            left=twin.first.prompt, right=twin.second.prompt, left_id=twin.first.id, right_id=twin.second.id,
            note=f"{twin.kind}: {answers[twin.first.id]!r}, then {answers[twin.second.id]!r}",
        )
        for twin in worst[:SHOWN]
    ]  # fmt: skip
    return Pairs(title=f"Answers that change with the person: {name}", left="as asked", right="of somebody else",
                 items=items, total=len(worst))  # fmt: skip
