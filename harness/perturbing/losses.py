"""Losses: what perturbations cost, added up lot by lot, so that no prompt and no answer need be kept."""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from heapq import heappush, heappushpop

from harness import digest
from harness.faults import Faults
from harness.figure import Pair
from harness.perturbing.drops import Ledger, Row, ledger, measured, quantities
from harness.perturbing.strength import Strength
from harness.perturbing.trials import Trials
from harness.perturbing.variants import Prepared
from harness.rows import Rows
from harness.score import INFRASTRUCTURE, Missing, Quantity, Scores, joined, table

SLICE = "perturbation"
"""The slice field of scores by perturbation."""
SHOWN = 8
"""Pairs of an original and what it became that are kept: those that lost most."""
LONGEST = 1200
"""Characters of a prompt that are shown."""


@dataclass(slots=True)
class Losses:
    """Adds up; give it to `ask_again` as `losses.add`, and ask it for `scores` at the end."""

    prepared: Prepared
    metric: str
    """Which of the task's metrics."""
    repeated: bool
    """Whether a sample has several variants of one perturbation, or several answers to one."""
    strengths: dict[str, Strength] = field(default_factory=dict)
    by_slice: dict[tuple[str, str, str], array[float]] = field(default_factory=dict)
    """(slice field, perturbation, value) → sum of drops, and how many."""
    faults: Faults = field(default_factory=Faults)
    """(blame, fault) → how many answers failed so, and the first variant of them."""
    rows: Rows = field(default_factory=Rows)
    lost: int = 0
    """Variants that scored worse than their originals."""
    _parts: dict[str, list[Scores]] = field(default_factory=dict)
    _worst: list[tuple[float, str, Pair]] = field(default_factory=list)

    @property
    def keeps(self) -> Mapping[str, str]:
        """Perturbation → what it keeps."""
        return {chosen.label: chosen.keeps for chosen in self.prepared.perturbations}

    @property
    def pairs(self) -> list[Pair]:
        """The originals that lost most, beside what they became."""
        return [pair for *_, pair in sorted(self._worst, key=lambda found: found[:2], reverse=True)]

    def add(self, trials: Trials) -> None:
        """One more lot."""
        found = ledger(trials, self.metric)
        wanted = self._quantities(found.metric)
        for name, rows in measured(found).items():
            if name in wanted and rows:
                self._parts.setdefault(name, []).append(self._table(wanted[name], rows))
            if name == "drop":
                self._slice(rows)
        for one in trials.strengths:
            self.strengths[one.label] = self.strengths[one.label] + one if one.label in self.strengths else one
        self.rows.extend(trials.rows())
        self._count_faults(trials)
        self._remember(found)

    def scores(self, metric: Quantity) -> dict[str, Scores]:
        """Every quantity that can be measured; a perturbation that changed nothing stands there as a missing score."""
        found = {}
        for name, quantity in self._quantities(metric).items():
            parts = list(self._parts.get(name, ()))
            if name != "relative_drop" or not parts:
                parts += self._nothing(quantity, parts)
            found[name] = joined(parts)
        return found

    def told(self) -> list[str]:
        """What went wrong, and the perturbations that changed nothing, each in a sentence."""
        told = self.faults.told()
        for one in self.strengths.values():
            if not one.eligible and self.keeps[one.label] != "everything":
                told.append(f"{one.label} changes none of {one.samples} prompts: nothing can be said of it")
        return told

    def _quantities(self, metric: Quantity) -> dict[str, Quantity]:
        wanted = quantities(metric, list(self.keeps.values()))
        if not self.repeated:
            return wanted
        # A worst case is right or wrong however many versions there are, if each of them is.
        whole = {"failure_rate"} if self.prepared.task.repeats > 1 else {"failure_rate", "worst_case"}
        graded = [name for name, one in wanted.items() if one.family == "proportion" and name not in whole]
        return wanted | {name: replace(wanted[name], family="mean") for name in graded}

    def _table(self, quantity: Quantity, rows: list[Row]) -> Scores:
        sliced = bool(rows[0][1])
        clustered = bool(self.prepared.task.cluster)
        return table(
            quantity,
            [f"{sample.id}/{label}" if sliced else sample.id for sample, label, _ in rows],
            [value for *_, value in rows],
            clusters=[str(sample.cluster) if clustered else sample.id for sample, *_ in rows],
            groups={
                **{name: [sample.slices[name] for sample, *_ in rows] for name in self.prepared.task.slices},
                **({SLICE: [label for _, label, _ in rows]} if sliced else {}),
            },
        )

    def _nothing(self, quantity: Quantity, parts: list[Scores]) -> list[Scores]:
        """A missing score for each perturbation that changed nothing, so that no criterion passes it over."""
        every = {name: "*" for name in self.prepared.task.slices}
        if quantity.name in ("worst_case", "consistency"):
            why = Missing("no prompt was changed", INFRASTRUCTURE)
            return [] if parts else [table(quantity, ["*"], [why], clusters=["*"], groups=every)]
        kept = {"noise_floor": ("everything",), "failure_rate": ("meaning", "nothing")}
        wanted = kept.get(quantity.name, ("meaning",))
        idle = [
            label
            for label, keeps in self.keeps.items()
            if keeps in wanted and not any(label in part.groups[SLICE] for part in parts)
        ]
        if not idle:
            return []
        values = [Missing(f"{label} changes no prompt", INFRASTRUCTURE) for label in idle]
        names = [f"*/{label}" for label in idle]
        groups = {**{name: ["*"] * len(idle) for name in every}, SLICE: idle}
        return [table(quantity, names, values, clusters=names, groups=groups)]

    def _slice(self, rows: list[Row]) -> None:
        for sample, label, value in rows:
            if isinstance(value, float):
                for name, of in sample.slices.items():
                    cell = self.by_slice.setdefault((name, label, of), array("d", (0.0, 0.0)))
                    cell[0] += value
                    cell[1] += 1

    def _count_faults(self, trials: Trials) -> None:
        originals = zip((sample.id for sample in trials.originals.samples), trials.originals.answers, strict=True)
        variants = zip((variant.id for variant in trials.variants), trials.answers, strict=True)
        for name, answers in (*originals, *variants):
            for answer in answers:
                self.faults.add(name, answer.response)

    def _remember(self, found: Ledger) -> None:
        """Keep the pairs that lost most; which of equal ones, their names decide and not their order."""
        for at, variant in enumerate(found.trials.variants):
            before, after = found.items[variant.before.id].value, found.at(at)
            if found.keeps[variant.label] != "meaning" or isinstance(before, Missing) or isinstance(after, Missing):
                continue
            loss = before - after if found.metric.better != "lower" else after - before
            if loss > 0:
                self.lost += 1
                rank = (loss, digest.of_text(variant.id))
                full = len(self._worst) == SHOWN
                if not full or rank > self._worst[0][:2]:
                    (heappushpop if full else heappush)(self._worst, (*rank, _pair(found, at, loss)))


def _pair(found: Ledger, at: int, loss: float) -> Pair:
    variant = found.trials.variants[at]
    first, then = found.items[variant.before.id].answers[0], found.trials.answers[at][0]
    said = f"{_cut(first.text, 80) or 'nothing readable'} → {_cut(then.text, 80) or 'nothing readable'}"
    return Pair(
        left=_cut(variant.before.prompt), right=_cut(variant.sample.prompt), left_id=variant.before.id,
        right_id=variant.id, note=f"{variant.label}: lost {loss:.3g}; {said}",
    )  # fmt: skip


def _cut(text: str, most: int = LONGEST) -> str:
    return text if len(text) <= most else f"{text[: most // 2]} … {text[-most // 2 :]}"
