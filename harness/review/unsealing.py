"""Unsealing: ratings matched with the key to the cards, and what they say of the models and of the raters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.review.packet import FRESH, GOLD, REPEAT, SWAPPED, Packet, Sealed
from harness.review.shelf import Rating

WORTH = {"left": 1.0, "right": 0.0, "tie_good": 0.5, "tie_bad": 0.5}


@dataclass(frozen=True, slots=True)
class Rater:
    """How one rater worked."""

    name: str
    rated: int
    unsure: int
    repeated: int
    """Cards that came back."""
    same: int
    """Of those, how many were rated the same again, side changes taken into account."""
    controls: int
    passed: int
    """Controls on which the known better side was chosen."""
    left: int
    """Of decided cards, how often the left side won."""
    decided: int


def last(ratings: Iterable[Rating]) -> list[Rating]:
    """The last word of each rater on each card; earlier ones stay in the file."""
    found: dict[tuple[str, str, str], Rating] = {}
    for rating in ratings:
        found.pop((rating.packet, rating.card, rating.rater), None)
        found[rating.packet, rating.card, rating.rater] = rating
    return list(found.values())


def opened(ratings: Sequence[Rating], packets: Mapping[str, Packet]) -> list[dict[str, Any]]:
    """One row for each last word: whose answer won, in the form that the check `human` reads."""
    rows = []
    for rating in last(ratings):
        packet = packets[rating.packet]
        sealed = next(key for key in packet.sealed if key.key == rating.card)
        pair = packet.texts[sealed.id]
        score = _score(rating, sealed, packet)
        rows.append({
            "id": sealed.id, "check": packet.check, "rater": rating.rater, "kind": sealed.kind,
            "candidate_model": packet.candidate, "other_model": packet.other, "winner": _winner(score, packet),
            "score": score, "choice": rating.choice, "question": pair.question, "candidate": pair.first,
            "other": pair.second, "seconds": rating.seconds, "note": rating.note, "at": rating.at,
            "packet": packet.id, "card": rating.card,
        })  # fmt: skip
    return rows


def _score(rating: Rating, sealed: Sealed, packet: Packet) -> float | None:
    """1 where the candidate's answer is better (on a control: the known one), 0 where the other's, 0.5 for a tie."""
    worth = WORTH.get(rating.choice)
    mine = GOLD if sealed.kind == GOLD else packet.candidate
    return worth if worth is None or sealed.left == mine else 1.0 - worth


def _winner(score: float | None, packet: Packet) -> str:
    if score is None:
        return "unsure"
    return packet.candidate if score == 1.0 else packet.other if score == 0.0 else "tie"


def raters(ratings: Sequence[Rating], packets: Mapping[str, Packet]) -> list[Rater]:
    """How each rater worked: repeats, controls and sides."""
    names = list(dict.fromkeys(rating.rater for rating in ratings))
    return [_rater(name, [rating for rating in last(ratings) if rating.rater == name], packets) for name in names]


def _rater(name: str, own: Sequence[Rating], packets: Mapping[str, Packet]) -> Rater:
    sealed = {(packet.id, key.key): key for packet in packets.values() for key in packet.sealed}
    scores = {(r.packet, r.card): _score(r, sealed[r.packet, r.card], packets[r.packet]) for r in own}
    again = [
        (scores[r.packet, r.card], scores[r.packet, sealed[r.packet, r.card].of])
        for r in own
        if sealed[r.packet, r.card].kind in (REPEAT, SWAPPED) and (r.packet, sealed[r.packet, r.card].of) in scores
    ]
    controls = [scores[r.packet, r.card] for r in own if sealed[r.packet, r.card].kind == GOLD]
    decided = [r for r in own if r.choice in ("left", "right")]
    return Rater(
        name, rated=sum(sealed[r.packet, r.card].kind == FRESH for r in own),
        unsure=sum(r.choice == "unsure" for r in own), repeated=len(again), same=sum(a == b for a, b in again),
        controls=len(controls), passed=sum(score == 1.0 for score in controls),
        left=sum(r.choice == "left" for r in decided), decided=len(decided),
    )  # fmt: skip
