"""Human ratings: the rows that `harness review import` writes, or that people made elsewhere."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import Complaint, SuiteError, nearest

FRESH, CONTROL, AGAIN = "fresh", "gold", ("repeat", "swapped")
WINNERS = {"candidate": 1.0, "tie": 0.5, "unsure": 0.5}
"""What a winner is worth to the candidate; any other model's name is worth 0."""


@dataclass(frozen=True, slots=True)
class Rating:
    """What one person said of one sample."""

    id: str
    rater: str
    score: float
    """0 to 1: how good the candidate's answer is, or 1 where it is better than the other, 0.5 for a tie, 0 if worse."""
    unsure: bool = False
    kind: str = FRESH
    mine: str | None = None
    """The candidate's answer that was rated, where it was written down."""
    other: str | None = None
    note: str = ""
    line: int = 0


def read(path: Path, known: Iterable[str]) -> list[Rating]:
    """The ratings in a JSONL file: rows `{id, rater, score}` or `{id, rater, winner}`.

    Args:
        known: ids of the samples that can be rated.

    Raises:
        SuiteError: with every line that is wrong, names no such sample, or says the same twice.
    """
    ids, found, wrong = set(known), list[Rating](), list[Complaint]()
    seen: dict[tuple[str, str], int] = {}
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise SuiteError(f"the ratings {path} cannot be read: {error}") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        told = _rating(line, number, ids)
        if isinstance(told, Rating) and told.kind == FRESH:
            before = seen.setdefault((told.id, told.rater), number)
            if before != number:
                told = f"{told.rater!r} rated sample {told.id!r} before, in line {before}; keep the last word only"
        if isinstance(told, str):
            wrong.append(Complaint(str(path), number, told))
        else:
            found.append(told)
    if wrong:
        more = [Complaint(str(path), 0, f"and {len(wrong) - 20} more")] if len(wrong) > 20 else []
        raise SuiteError([*wrong[:20], *more])
    if not found:
        raise SuiteError(f"{path} holds no ratings")
    return found


def _rating(line: str, number: int, ids: set[str]) -> Rating | str:
    """The rating in one line, or what is wrong with it."""
    try:
        data = json.loads(line, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        return f"not JSON: {error}"
    if not isinstance(data, dict):
        return f"a rating is a mapping, this is a {type(data).__name__}"
    name, rater = data.get("id"), data.get("rater", "")
    if not isinstance(name, str | int) or isinstance(name, bool):
        return "a rating needs the `id` of its sample"
    if str(name) not in ids:
        return f"no sample {str(name)!r} in the data{nearest(str(name), ids)}"
    if not isinstance(rater, str) or not rater.strip():
        return "a rating needs a `rater`"
    score = score_of(data)
    if isinstance(score, str):
        return score
    texts = [data.get(key) if isinstance(data.get(key), str) else None for key in ("candidate", "other")]
    unsure = data.get("winner") == "unsure"
    return Rating(
        str(name), rater.strip(), score, unsure, str(data.get("kind", FRESH)), texts[0], texts[1],
        str(data.get("note", "")), number,
    )  # fmt: skip


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is no number")


def score_of(data: Mapping[str, Any]) -> float | str:
    """What a rating says of the candidate, from 0 to 1, or what is wrong with it."""
    score, winner = data.get("score"), data.get("winner")
    if score is None and winner is None:
        return "a rating needs a `score` from 0 to 1, or a `winner`: candidate, the other model's name, tie or unsure"
    if score is None:
        return WINNERS.get(str(winner), 0.0)
    if isinstance(score, bool) or not isinstance(score, int | float) or not 0 <= score <= 1:
        return f"the score {score!r} is not a number from 0 to 1"
    return float(score)


def table(ratings: Sequence[Rating]) -> list[list[float | None]]:
    """(items, raters) scores of fresh ratings, None where a rater did not see an item: for agreement coefficients."""
    names = sorted({rating.rater for rating in ratings})
    rows: dict[str, list[float | None]] = {}
    for rating in ratings:
        if rating.kind == FRESH:
            rows.setdefault(rating.id, [None] * len(names))[names.index(rating.rater)] = rating.score
    return list(rows.values())
