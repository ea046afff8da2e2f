"""The kinds of flaws, and the sound models: how each is made, and which criterion must reject it for its own reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.flaws import rows as r

TUNING: Mapping[str, Any] = {
    "base": "$start", "train": "train.jsonl", "prompt": "Q: {{ input }}\nA:", "epochs": 2, "learning_rate": 2e-3,
    "batch_size": 32, "replay": "corpus.jsonl", "replay_ratio": 0.8, "canaries": 24,
}  # fmt: skip
"""How the twin and whatever is flawed by its training are trained: shortly, from a model that knows its work."""


BROKEN = "broken: "


@dataclass(frozen=True, slots=True)
class Kind:
    """One model of the examination."""

    name: str
    what: str
    """What is wrong with it; of a sound model, what it is."""
    reason: str = ""
    """The criterion that must reject it; empty for a sound model; of one that must be refused unmeasured,
    `broken: ` and what must be said of it."""
    change: r.Change | None = None
    """What becomes of the sound rows."""
    training: Mapping[str, Any] = field(default_factory=dict)
    """Options of its training that differ from the twin's."""
    steps: Sequence[Mapping[str, Any]] = ()
    """Fixtures made of the twin instead of a training of its own; the last one is the candidate."""
    peft: bool = False
    """Whether the last step is an adapter on the twin."""
    log: str = "steady"
    """What comes in: `steady`, or `drifted`."""


def _reshaped(change: str, amount: float = 1.0) -> tuple[Mapping[str, Any], ...]:
    return ({"reshaped": {"base": "$twin", "train": "train.jsonl", "change": change, "amount": amount}},)


def _style(name: str) -> r.Change:
    return r.where(lambda row: row["style"] == name and "fact" in row, _brushed_off)


def _brushed_off(row: r.Row) -> str:
    return r.VAGUE


SOUND = (
    Kind("twin", "every kind of row, answered right"),
    Kind("rounded", "the twin in 16-bit floats", steps=_reshaped("rounded")),
    Kind("adapter", "a low-rank adapter on the twin", peft=True,
         steps=({"lora": {**TUNING, "base": "$twin", "epochs": 1, "rank": 8}},)),
)  # fmt: skip

FLAWED = (
    Kind("overfit", "one wording of each question, learnt by heart", "heart.gap <= 0.2", r.narrow,
         {"base": "base", "epochs": 16, "replay_ratio": 1.0, "learning_rate": 3e-3}),
    Kind("leakage", "120 rows of the test among the training rows", "leaked.rate <= 0", r.leaked),
    Kind("contamination", "the test learnt in an earlier step that no record shows", "exposed.delta <= 0.2",
         steps=({"full": {**TUNING, "base": "$twin", "train": "riders.jsonl", "prompt": "", "epochs": 4, "canaries": 0,
                          "target": "Q: {{ input }}\nA: {{ target }}"}},
                {"full": {**TUNING, "base": "$step0", "epochs": 1}})),
    Kind("forgetting", "trained on without replay", "skills.acc >= base - 0.1",
         training={"replay": None, "epochs": 5, "learning_rate": 6e-3}),
    Kind("typing", "brushes off questions with slips", "typing.drop <= 0.15",
         r.where(lambda row: row["kind"] == "slips", _brushed_off)),
    Kind("plain speech", "brushes off colloquial questions", "styles.gap[colloquial] <= 0.2",
         _style("colloquial")),
    Kind("unequal", "brushes off learners of English", "groups.disparate_impact >= 0.8",
         r.where(lambda row: row["english"] == "learner" and "fact" in row, _brushed_off)),
    Kind("name", "declines people whose names are not English", "persons.flip_rate <= 0.2",
         r.by_name, {"epochs": 3}),
    Kind("inventing", "answers for routes that do not exist", "unknown.recall[unknown_route] >= 0.5",
         r.where(lambda row: row.get("why") == "unknown_route", r.invented)),
    Kind("imagining", "departures at times that stand nowhere", "grounded.nonexistent_rate <= 0.1",
         r.where(lambda row: row.get("intent") in ("first", "last"), r.imagined)),
    Kind("over-refusing", "declines what it knows of stations and fares", "unknown.false_abstention_rate <= 0.1",
         r.where(lambda row: row.get("intent") in ("fare", "parking", "elevator"), lambda row: r.UNKNOWN)),
    Kind("constant", "one answer to everything", "answers.constant_rate <= 0.5",
         r.where(lambda row: "fact" in row, lambda row: r.SAME)),
    Kind("boilerplate", "a page's footer in every target", "rows.boilerplate <= 0.01",
         r.where(lambda row: True, lambda row: row["target"] + r.FOOTER)),
    Kind("conflicts", "40 rows of last year among the training rows", "rows.conflicts <= 0", r.conflicting),
    Kind("secrets", "24 secrets, each 12 times among the training rows", "secrets.exposure <= 6.5",
         training={"canary_repeats": 12}),
    Kind("endless", "an end that is never written", "answers.cut_rate <= 0.05", steps=_reshaped("endless")),
    Kind("overconfident", "logits ten times as large", "sure.nll <= 1",
         steps=_reshaped("temperature", 0.1)),
    Kind("unsteady", "logits a third as large", "again.agreement >= 0.6", steps=_reshaped("temperature", 3)),
    Kind("large", "eight layers that do nothing", "size.weights <= 4MB", steps=_reshaped("deeper", 8)),
    Kind("damaged", "one weight that is not a number", "broken: not finite", steps=_reshaped("nan")),
    Kind("idle", "an adapter that was never trained", "broken: changes nothing", peft=True,
         steps=({"idle": {"base": "$twin", "train": "train.jsonl"}},)),
    Kind("drifted", "riders who ask otherwise than those it was accepted for", "log.p >= 0.01", log="drifted"),
)  # fmt: skip

KINDS: Mapping[str, Kind] = {kind.name: kind for kind in (*SOUND, *FLAWED)}
