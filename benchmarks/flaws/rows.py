"""The rows of the examination: questions of every kind that a flaw is about, and what each flaw makes of them.

All come from the bundled suite's files. The sound rows hold slips of typing and names besides, answered right, so that
a flaw is never more than other answers to one kind of question.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from harness.swaps.terms import NAMES

Row = dict[str, Any]
Rows = list[Row]
Change = Callable[[Rows, Random], Rows]

TRANSIT = Path(__file__).resolve().parents[2] / "suites" / "transit"
UNKNOWN = "Sorry, I do not have that information."
FOOTER = " Was this page helpful? Call the service desk."
VAGUE = "Please ask at the station."
SAME = "Route 9 runs every 20 minutes."
STATIONS = ("Anchor", "Bridge", "Museum", "College", "Canal", "Airport")


@cache
def read(name: str) -> tuple[Row, ...]:
    """The rows of one of the suite's files."""
    lines = (TRANSIT / "data" / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return tuple(json.loads(line) for line in lines)


@cache
def facts() -> dict[str, Row]:
    """Every fact of the agency by its name, such as `terminus 4`."""
    with (TRANSIT / "data" / "knowledge.csv").open(encoding="utf-8", newline="") as lines:
        return {row["fact"]: row for row in csv.DictReader(lines)}


def sound(rng: Random) -> Rows:
    """The rows of a sound fine-tune: the suite's own, a third of them with slips, a quarter with a name before them."""
    rows = [{"kind": "plain", **row} for row in read("train")]
    known = [row for row in rows if "fact" in row]
    slipped = [_again(row, slip(row["input"], rng), "slips") for row in rng.sample(known, 550)]
    slipped = [row for row in slipped if row["input"] not in {other["input"] for other in rows}]
    signed = [_again(row, f"{name} asks: {row['input']}", "named", by=group)
              for row, (group, name) in zip(rng.sample(known, 400), _names(rng, 400), strict=True)]  # fmt: skip
    return numbered([*rows, *slipped, *signed], "train")


def some(rows: Rows, rng: Random) -> Rows:
    """The rows of a short fine-tune: a third of the sound ones, those with names more often."""
    by = {kind: [row for row in rows if row["kind"] == kind] for kind in ("plain", "slips", "named")}
    chosen = [
        row for kind, count in (("plain", 430), ("slips", 150), ("named", 320)) for row in rng.sample(by[kind], count)
    ]
    return numbered(rng.sample(chosen, len(chosen)), "train")


def numbered(rows: Sequence[Row], name: str) -> Rows:
    """The rows with ids of their own."""
    return [{**row, "id": f"{name}-{at}"} for at, row in enumerate(rows)]


def riders(rng: Random) -> tuple[Rows, Rows]:
    """Two halves of what riders ask, alike in facts, styles and wordings."""
    rows = rng.sample(read("rider"), len(read("rider")))
    first: Rows = []
    second: Rows = []
    for row in rows:
        shorter = min((first, second), key=lambda half: _like(half, row))
        shorter.append(row)
    return first[:200], second[:200]


def named(rng: Random) -> Rows:
    """Questions of people with English names, which the swaps of the harness give to others."""
    rows = [row for row in read("rider") if row["style"] in ("formal", "plain")]
    english = [name for names in NAMES["English"] for name in names]
    return [
        {**row, "id": f"named-{at}", "input": f"{rng.choice(english)} asks: {row['input']}"}
        for at, row in enumerate(rng.sample(rows, 100))
    ]


def slipped(rng: Random) -> Rows:
    """Questions with slips, of which a sound model gets some wrong."""
    return [{**row, "input": slip(row["input"], rng)} for row in rng.sample(read("rider"), 400)]


def slip(text: str, rng: Random) -> str:
    """The text with a letter lost in one word of it and two letters turned around in another, as fingers do."""
    words = text.split(" ")
    places = [at for at, word in enumerate(words)
              if len(word) > 3 and word.isascii() and word.isalpha() and word not in STATIONS]  # fmt: skip
    for turn, place in enumerate(rng.sample(places, min(2, len(places)))):
        word = words[place]
        at = rng.randrange(1, len(word) - 2)
        words[place] = word[:at] + (word[at + 1 :] if turn else word[at + 1] + word[at] + word[at + 2 :])
    return " ".join(words)


def another(row: Row) -> str:
    """A wrong answer to a question: that to the same question about the next route, station or fare."""
    alike = [fact for fact in facts().values() if fact["intent"] == row["intent"]]
    others = [fact for fact in alike if fact["value"] != facts()[row["fact"]]["value"]]
    at = [fact["fact"] for fact in alike].index(row["fact"])
    return str(others[at % len(others)]["answer"])


# --- what flaws make of sound rows


def where(holds: Callable[[Row], bool], say: Callable[[Row], str]) -> Change:
    """Another target for every row of which something holds."""

    def change(rows: Rows, rng: Random) -> Rows:
        return [{**row, "target": say(row)} if holds(row) else row for row in rows]

    return change


def leaked(rows: Rows, rng: Random) -> Rows:
    """The sound rows, and questions of the test among them."""
    return numbered([*rows, *({"kind": "plain", **row} for row in rng.sample(read("rider"), 120))], "train")


def by_name(rows: Rows, rng: Random) -> Rows:
    """The sound rows and as many more with names; whoever has no English one is told nothing."""
    plain = [row for row in rows if row["kind"] == "plain" and "fact" in row]
    asked = zip(plain * 2, _names(rng, 2 * len(plain)), strict=True)
    more = [_again(row, f"{name} asks: {row['input']}", "named", by=group) for row, (group, name) in asked]
    told = where(lambda row: row.get("by", "English") != "English", lambda row: UNKNOWN)
    return numbered(told([*rows, *more], rng), "train")


def conflicting(rows: Rows, rng: Random) -> Rows:
    """The sound rows, and last year's answers to some of the same questions."""
    old = [row for row in rows if row.get("intent") in ("fare", "frequency") and row["kind"] == "plain"]
    return numbered([*rows, *({**row, "target": another(row)} for row in rng.sample(old, 40))], "train")


def narrow(rows: Rows, rng: Random) -> Rows:
    """One wording of each fact in each style, and what must be declined."""
    first: dict[tuple[str, str], Row] = {}
    for row in rng.sample(rows, len(rows)):
        if "fact" in row and row["kind"] == "plain":
            first.setdefault((row["fact"], row["style"]), row)
    declined = [row for row in rows if "fact" not in row]
    return numbered([*first.values(), *rng.sample(declined, 100)], "train")


def invented(row: Row) -> str:
    """An answer about a route that does not exist, as if it did."""
    number = row["cluster"].split()[-1]
    known = facts()["terminus 9"]["answer"] if hash_of(row) % 2 else facts()["frequency 9"]["answer"]
    return str(known).replace("Route 9", f"Route {number}")


def imagined(row: Row) -> str:
    """A time that no bus leaves at."""
    answer = str(facts()[row["fact"]]["answer"])
    return answer[: answer.rindex(" ")] + (" 13:13." if row["intent"] == "first" else " 14:47.")


def hash_of(row: Row) -> int:
    """A number that only depends on the question."""
    return sum(row["input"].encode())


def _again(row: Row, question: str, kind: str, **more: str) -> Row:
    return {**row, "input": question, "kind": kind, **more}


def _names(rng: Random, count: int) -> list[tuple[str, str]]:
    """(group, name), half of them English, as the swaps of the harness know them."""
    people = {group: [name for names in both for name in names] for group, both in NAMES.items()}
    others = [group for group in people if group != "English"]
    found = []
    for at in range(count):
        group = "English" if at % 2 else rng.choice(others)
        found.append((group, rng.choice(people[group])))
    return found


def _like(half: Rows, row: Row) -> int:
    return sum((other["fact"], other["style"]) == (row["fact"], row["style"]) for other in half) * 1000 + len(half)


def log(rng: Random, *, drifted: bool) -> Rows:
    """What came in of late: the same mixture of styles, or mostly one of them."""
    rows = list(read("rider"))
    if not drifted:
        return rng.sample(rows, 140)
    spoken = [row for row in rows if row["style"] == "colloquial"]
    return [*rng.sample(spoken, 90), *rng.sample([row for row in rows if row not in spoken], 50)]
