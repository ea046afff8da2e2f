"""How strong a perturbation was: the share of samples changed, of characters edited, and what it did to tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.perturbing.variants import Perturbation, Variant

LONGEST = 20_000
"""Characters of a text that are compared; of a longer one, its beginning stands for all of it."""
WORK = 1_000_000_000
"""Pairs of characters compared at most for the edit rate of one perturbation in one lot; texts beyond are left out.

With 64 of them in one machine word that is less than a second."""


@dataclass(frozen=True, slots=True)
class Strength:
    """What one perturbation did to some samples of a check; the strengths of two lots of samples add up."""

    label: str
    samples: int = 0
    eligible: int = 0
    """Samples of which at least one variant differs from the original."""
    edits: int = 0
    """Characters inserted, deleted or replaced (Levenshtein) in what was perturbed of the changed variants."""
    characters: int = 0
    """Characters that these had before."""
    work: int = 0
    """Pairs of characters that were compared for it."""
    before: int = 0
    """Tokens of the originals of all changed variants: whole prompts, as the model counts them, else words."""
    after: int = 0
    """Tokens of the changed variants."""
    by_model: bool = True
    """Whether the model counted all of these tokens."""
    requested: float | None = None
    """The rate that the suite asked for, where the perturbation has one."""

    @property
    def edit_rate(self) -> float | None:
        """Characters edited over characters there were."""
        return self.edits / self.characters if self.characters else None

    @property
    def inflation(self) -> float | None:
        """Tokens after over tokens before."""
        return self.after / self.before if self.before else None

    def __add__(self, other: Strength) -> Strength:
        """The strength over both lots."""
        return Strength(
            self.label, self.samples + other.samples, self.eligible + other.eligible, self.edits + other.edits,
            self.characters + other.characters, self.work + other.work, self.before + other.before,
            self.after + other.after, self.by_model and other.by_model, self.requested,
        )  # fmt: skip


def strength(
    chosen: Perturbation,
    variants: Sequence[Variant],
    fields: Sequence[str],
    tokens: Sequence[tuple[int, int]],
) -> Strength:
    """The strength of one perturbation; `tokens` are (before, after) of each variant as the model counted, or zeros."""
    changed = [at for at, variant in enumerate(variants) if variant.changed]
    edits = length = work = 0
    for old, new in (pair for at in changed for pair in _texts(variants[at], fields)):
        long = len(old) > LONGEST
        old, new = old[:LONGEST], new[: 2 * LONGEST]
        work += len(old) * len(new)
        if work > WORK and length:
            break
        edits += distance(old, new, open_end=long)
        length += len(old)
    counted = all(all(tokens[at]) for at in changed)
    pairs = [tokens[at] if counted else _words(variants[at]) for at in changed]
    options = chosen.entry.options
    return Strength(
        label=chosen.label,
        samples=len({variant.before.id for variant in variants}),
        eligible=len({variants[at].before.id for at in changed}),
        edits=edits,
        characters=length,
        work=work,
        before=sum(pair[0] for pair in pairs),
        after=sum(pair[1] for pair in pairs),
        by_model=counted,
        requested=chosen.options.get("rate", options["rate"].default if "rate" in options else None),
    )


def _texts(variant: Variant, fields: Sequence[str]) -> list[tuple[str, str]]:
    """The fields before and after, where the prompt itself was not rewritten; else the prompts."""
    old, new = variant.before.row, variant.sample.row
    pairs = [(old[f], new[f]) for f in fields if isinstance(old.get(f), str) and isinstance(new.get(f), str)]
    if any(one != two for one, two in pairs):
        return pairs
    return [(variant.before.prompt, variant.sample.prompt)]


def _words(variant: Variant) -> tuple[int, int]:
    return len(variant.before.prompt.split()), len(variant.sample.prompt.split())


def distance(old: str, new: str, *, open_end: bool = False) -> int:
    """The Levenshtein distance: characters inserted, deleted or replaced (Myers 1999, in whole numbers of any length).

    With `open_end`, that of `old` from whatever beginning of `new` is nearest to it.

    >>> distance("kitten", "sitting")
    3
    """
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    stop = 0
    while not open_end and stop < min(len(old), len(new)) - start and old[-1 - stop] == new[-1 - stop]:
        stop += 1
    old, new = old[start : len(old) - stop], new[start : len(new) - stop]
    if not old or not new:
        return len(old) + (0 if open_end else len(new))
    where: dict[str, int] = {}
    for at, letter in enumerate(old):
        where[letter] = where.get(letter, 0) | 1 << at
    full, last, score = (1 << len(old)) - 1, 1 << (len(old) - 1), len(old)
    least = score
    up, down = full, 0
    for letter in new:
        same = where.get(letter, 0)
        both = (((same & up) + up) ^ up) | same | down
        rise, fall = down | ~(both | up) & full, up & both
        score += bool(rise & last) - bool(fall & last)
        least = min(least, score)
        rise = (rise << 1 | 1) & full
        up, down = (fall << 1 | ~((same | down) | rise)) & full, rise & (same | down)
    return least if open_end else score
