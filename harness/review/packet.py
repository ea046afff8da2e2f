"""A packet: which pairs of answers people are asked to compare, blind, and the sealed key that says whose is whose."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from random import Random
from typing import Any

from harness import digest
from harness.errors import NothingSelected, SuiteError, nearest

STRATEGIES = ("disagreement", "regression", "improvement", "random")
"""Which samples are chosen: answers that differ; those the candidate lost; those it won; any."""
REPEATS = 0.05
"""Share of cards that come back as they were, and as many with their sides changed."""
FRESH, REPEAT, SWAPPED, GOLD = "fresh", "repeat", "swapped", "gold"


@dataclass(frozen=True, slots=True)
class Pair:
    """One sample with the answers of two models."""

    id: str
    question: str
    first: str
    """The candidate's answer."""
    second: str
    """The other model's."""
    target: str = ""
    gain: float = 0.0
    """How much better the candidate's answer scored."""


@dataclass(frozen=True, slots=True)
class Card:
    """What a rater sees: a question and two answers, without a hint of whose they are."""

    key: str
    question: str
    left: str
    right: str


@dataclass(frozen=True, slots=True)
class Sealed:
    """What stands behind one card."""

    key: str
    id: str
    left: str
    """The model whose answer stands on the left; `gold` and `decoy` on a control."""
    right: str
    kind: str = FRESH
    of: str = ""
    """The card that it repeats."""


@dataclass(frozen=True, slots=True)
class Packet:
    """Cards for raters, and the key to them, which stays with us."""

    id: str
    check: str
    candidate: str
    other: str
    cards: tuple[Card, ...]
    sealed: tuple[Sealed, ...]
    salt: str
    seed: int
    rubric: tuple[str, ...] = ()
    """What counts, shown beside each card."""
    run: str = ""
    texts: Mapping[str, Pair] = field(default_factory=dict)

    @property
    def commitment(self) -> str:
        """A promise of the key that gives nothing of it away: SHA-256 of the salt and the key."""
        return commitment(self.salt, self.sealed)


def commitment(salt: str, sealed: Sequence[Sealed]) -> str:
    """SHA-256 of a salt and a key."""
    told = digest.canonical_bytes([salt, [asdict(each) for each in sealed]])
    return hashlib.sha256(told).hexdigest()


def pack(
    pairs: Sequence[Pair],
    *,
    check: str,
    candidate: str,
    other: str,
    n: int,
    strategies: Sequence[str],
    seed: int,
    rubric: Sequence[str] = (),
    run: str = "",
    salt: str | None = None,
) -> Packet:
    """A packet of `n` pairs, with repeats, swapped repeats and controls among them, in a random order.

    Raises:
        SuiteError: an unknown strategy.
        NothingSelected: no pair is left.
    """
    chosen = choose(pairs, n, strategies, seed)
    if not chosen:
        raise NothingSelected(f"check {check!r} has no sample that both {candidate} and {other} answered")
    rng = Random(digest.of(["review", seed, check, [pair.id for pair in chosen]]))
    made = [_card(pair, candidate, other, rng, FRESH) for pair in chosen]
    made += _again(made, chosen, rng)
    made += _controls(chosen, rng)
    rng.shuffle(made)
    salt = secrets.token_hex(16) if salt is None else salt
    cards, sealed = tuple(card for card, _ in made), tuple(key for _, key in made)
    name = commitment(salt, sealed)[:12]
    texts = {pair.id: pair for pair in chosen}
    return Packet(name, check, candidate, other, cards, sealed, salt, seed, tuple(rubric), run, texts)


def choose(pairs: Sequence[Pair], n: int, strategies: Sequence[str], seed: int) -> list[Pair]:
    """At most `n` pairs, an equal share by each strategy, none twice; what one strategy lacks, the last one fills."""
    unknown = [name for name in strategies if name not in STRATEGIES]
    if unknown:
        raise SuiteError(f"--strategy {unknown[0]}: no such strategy{nearest(unknown[0], STRATEGIES)}")
    order = sorted(pairs, key=lambda pair: digest.of(["choose", seed, pair.id]))
    fits: dict[str, Callable[[Pair], bool]] = {
        "disagreement": lambda pair: pair.first.strip() != pair.second.strip(),
        "regression": lambda pair: pair.gain < 0,
        "improvement": lambda pair: pair.gain > 0,
        "random": lambda pair: True,
    }
    chosen: dict[str, Pair] = {}
    for at, name in enumerate(strategies):
        left = len(strategies) - at
        room = -(-(n - len(chosen)) // left)
        fitting = [pair for pair in order if fits[name](pair) and pair.id not in chosen]
        chosen |= {pair.id: pair for pair in fitting[:room]}
    return list(chosen.values())[:n]


def _card(pair: Pair, candidate: str, other: str, rng: Random, kind: str, of: str = "") -> tuple[Card, Sealed]:
    sides = [(candidate, pair.first), (other, pair.second)]
    if rng.random() < 0.5:
        sides.reverse()
    key = f"{rng.getrandbits(48):012x}"
    (left, left_text), (right, right_text) = sides
    return Card(key, pair.question, left_text, right_text), Sealed(key, pair.id, left, right, kind, of)


def _again(
    made: Sequence[tuple[Card, Sealed]], chosen: Sequence[Pair], rng: Random
) -> list[tuple[Card, Sealed]]:  # fmt: skip
    """A few cards a second time, half of them with the sides changed: does a rater say the same again?"""
    count = max(1, round(REPEATS * len(made))) if len(made) >= 10 else 0
    found = []
    for at, (card, sealed) in enumerate(rng.sample(list(made), min(len(made), 2 * count))):
        key, turned = f"{rng.getrandbits(48):012x}", at % 2 == 1
        left, right = (card.right, card.left) if turned else (card.left, card.right)
        one, two = (sealed.right, sealed.left) if turned else (sealed.left, sealed.right)
        kind = SWAPPED if turned else REPEAT
        found.append((Card(key, card.question, left, right), Sealed(key, sealed.id, one, two, kind, card.key)))
    return found


def _controls(chosen: Sequence[Pair], rng: Random) -> list[tuple[Card, Sealed]]:
    """A few cards whose better side is known: the reference answer beside another question's answer."""
    usable = [pair for pair in chosen if pair.target.strip()]
    if len(usable) < 10:
        return []
    found = []
    for pair in rng.sample(usable, max(1, len(usable) // 25)):
        decoys = [one for one in usable if one.target != pair.target]
        if not decoys:
            continue
        decoy = rng.choice(decoys)
        sides = [(GOLD, pair.target), ("decoy", decoy.target)]
        rng.shuffle(sides)
        key = f"{rng.getrandbits(48):012x}"
        card = Card(key, pair.question, sides[0][1], sides[1][1])
        found.append((card, Sealed(key, pair.id, sides[0][0], sides[1][0], GOLD)))
    return found


def to_plain(packet: Packet) -> dict[str, Any]:
    """The sealed file's content: everything, the texts of the answers included."""
    return {
        "packet": packet.id, "check": packet.check, "candidate": packet.candidate, "other": packet.other,
        "seed": packet.seed, "salt": packet.salt, "run": packet.run, "commitment": packet.commitment,
        "rubric": list(packet.rubric), "cards": [asdict(card) for card in packet.cards],
        "sealed": [asdict(key) for key in packet.sealed],
        "texts": {name: asdict(pair) for name, pair in packet.texts.items()},
    }  # fmt: skip


def from_plain(data: Mapping[str, Any]) -> Packet:
    """The inverse of `to_plain`; raises `KeyError`, `TypeError` or `ValueError` on anything else."""
    return Packet(
        data["packet"], data["check"], data["candidate"], data["other"],
        tuple(Card(**card) for card in data["cards"]), tuple(Sealed(**key) for key in data["sealed"]),
        data["salt"], data["seed"], tuple(data["rubric"]), data["run"],
        {name: Pair(**pair) for name, pair in data["texts"].items()},
    )  # fmt: skip
