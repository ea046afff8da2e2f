"""Where reviews are kept in a run's folder: sealed packets, and ratings that are only ever added to."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import Complaint, NothingSelected, OutputBroken, SuiteError, Tampered
from harness.journal import write
from harness.review.packet import Packet, Pair, from_plain, to_plain

CHOICES = ("left", "right", "tie_good", "tie_bad", "unsure")
MOST_NOTE = 4000
MOST_RATER = 80


@dataclass(frozen=True, slots=True)
class Rating:
    """What one rater said of one card."""

    packet: str
    card: str
    choice: str
    rater: str
    seconds: float = 0.0
    note: str = ""
    at: str = ""
    """When, UTC, ISO 8601."""


def pairs(folder: Path, check: str, candidate: str, other: str) -> list[Pair]:
    """The samples that both models answered in one check of a run, from its samples.parquet.

    Raises:
        NothingSelected: the run has no samples, or none of this check.
    """
    import pyarrow.parquet as pq

    path = folder / "samples.parquet"
    if not path.is_file():
        raise NothingSelected(f"{folder} holds no samples.parquet; review needs a finished run")
    known = pq.read_schema(path).names
    fixed = known[: known.index("slices") + 1]
    rows = pq.read_table(path, filters=[("check", "=", check)]).to_pylist()
    if not rows:
        checks = sorted(set(pq.read_table(path, columns=["check"]).column("check").to_pylist()))
        raise NothingSelected(f"no samples of the check {check!r} in {path}; it holds {', '.join(checks) or 'none'}")
    metric = next((name for name in known if name not in fixed and rows[0].get(name) is not None), "")
    said: dict[str, dict[str, Mapping[str, Any]]] = {}
    for row in rows:
        said.setdefault(row["doc_id"], {})[row["model"]] = row
    return [
        _pair(name, both[candidate], both[other], metric)
        for name, both in said.items()
        if candidate in both and other in both and not both[candidate]["fault"] and not both[other]["fault"]
    ]


def _pair(name: str, mine: Mapping[str, Any], theirs: Mapping[str, Any], metric: str) -> Pair:
    scores = [row.get(metric) if metric else None for row in (mine, theirs)]
    gain = 0.0 if scores[0] is None or scores[1] is None else scores[0] - scores[1]
    first, second = ((row["resps"] or [""])[0] for row in (mine, theirs))
    return Pair(name, mine["prompt"] or "", first, second, mine["target"] or "", gain)


def keep(packet: Packet, folder: Path) -> Path:
    """The packet in its run's folder, sealed: readable by its owner alone."""
    place = folder / "review" / f"{packet.id}.sealed.json"
    write(place, json.dumps(to_plain(packet), ensure_ascii=False, indent=1) + "\n")
    place.chmod(0o600)
    return place


def packets(folder: Path) -> dict[str, Packet]:
    """Every packet of a run; raises `Tampered` where a key no longer is what was promised."""
    found = {}
    for path in sorted((folder / "review").glob("*.sealed.json")):
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            packet = from_plain(data)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise Tampered(f"{path} is no sealed packet any more: {type(error).__name__}: {error}") from error
        if packet.commitment != data["commitment"] or not packet.commitment.startswith(packet.id):
            raise Tampered(f"{path}: the key is not the one that was promised when the cards were shown")
        found[packet.id] = packet
    return found


def add(rating: Rating, path: Path) -> None:
    """One rating more, on the disk when this returns.

    Raises:
        OutputBroken: it could not be written.
    """
    line = json.dumps({name: getattr(rating, name) for name in rating.__slots__}, ensure_ascii=False)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise OutputBroken(f"{path} could not be written: {error.strerror}") from error


def ratings(files: Iterable[Path], known: Mapping[str, Packet]) -> list[Rating]:
    """The ratings in files, in order.

    Raises:
        SuiteError: with every line that is no rating of these packets.
    """
    found, wrong = [], []
    for path in files:
        for number, line in _lines(path):
            told = rating_of(line, known)
            if isinstance(told, str):
                wrong.append(Complaint(str(path), number, told))
            else:
                found.append(told)
    if wrong:
        more = [Complaint("", 0, f"and {len(wrong) - 20} more")] if len(wrong) > 20 else []
        raise SuiteError([*wrong[:20], *more])
    return found


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    try:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            if line.strip():
                yield number, line
    except (OSError, UnicodeDecodeError) as error:
        raise SuiteError(f"the ratings {path} cannot be read: {error}") from error


def rating_of(line: str, known: Mapping[str, Packet]) -> Rating | str:
    """The rating in one line of JSON, or what is wrong with it."""
    try:
        data = json.loads(line)
    except (ValueError, RecursionError) as error:
        return f"not JSON: {error}"
    if not isinstance(data, dict):
        return f"a rating is a mapping, this is a {type(data).__name__}"
    texts = {name: data.get(name, "") for name in ("packet", "card", "choice", "rater", "note", "at")}
    if not all(isinstance(text, str) for text in texts.values()):
        return "packet, card, choice, rater, note and at are texts"
    packet = known.get(texts["packet"])
    if packet is None:
        return f"packet {texts['packet']!r} is none of this run's ({', '.join(known) or 'it has none'})"
    if texts["card"] not in {card.key for card in packet.cards}:
        return f"card {texts['card']!r} is not in packet {packet.id}"
    if texts["choice"] not in CHOICES:
        return f"the choice {texts['choice']!r} is none of {', '.join(CHOICES)}"
    seconds = data.get("seconds", 0.0)
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds < 1e7:
        return f"seconds are a number of at least 0; found {seconds!r}"
    rater = texts["rater"].strip()[:MOST_RATER]
    if not rater:
        return "a rating needs a `rater`"
    return Rating(
        packet.id, texts["card"], texts["choice"], rater, float(seconds), texts["note"][:MOST_NOTE], texts["at"]
    )
