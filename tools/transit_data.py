"""Writes the data of the transit suite: everything invented, everything from one seed.

    python tools/transit_data.py            writes data/ and tasks/*.jsonl of suites/transit, and data/ of transit-judge
    python tools/transit_data.py FOLDER     writes the same trees below FOLDER/transit and FOLDER/transit-judge

The files are kept in the repository, so that the suite can be read and run without this script; a test writes them
again and compares every byte. The words come from transit_words.yaml beside this file.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import transit_grading
from ruamel.yaml import YAML

from harness.overlap import similarity

SEED = 20260
HERE = Path(__file__).resolve().parent
TARGET = HERE.parent / "suites"
STYLES = ("formal", "plain", "colloquial", "learner")
SEEN = 8
"""Wordings of every list that training may use; the rest are asked only."""
LINES = 4000
"""Lines of the corpus that the base is pretrained on."""
REPEATS = 7
"""How often the corpus states each skill."""

Row = dict[str, Any]


@dataclass(frozen=True)
class Fact:
    """One thing a rider can ask for."""

    key: str
    intent: str
    subject: dict[str, str]
    """What the wordings' placeholder stands for."""
    value: str
    answer: str


def words() -> dict[str, Any]:
    """The word lists, as plain data."""
    return dict(YAML(typ="safe").load((HERE / "transit_words.yaml").read_text(encoding="utf-8")))


def knowledge(lists: dict[str, Any], rng: random.Random) -> list[Fact]:
    """The facts of the agency: 8 routes with 5 each, 6 stations with 2 each, 6 fares."""
    facts = []
    yes = rng.sample(["yes", "no"] * 4, 8), rng.sample(["yes", "no"] * 3, 6)
    for at, route in enumerate(lists["routes"]):
        values = {
            "terminus": lists["termini"][at],
            "first": _time(rng.randint(4, 7), rng),
            "last": _time(rng.randint(20, 23), rng),
            "frequency": str(rng.choice([6, 8, 10, 12, 15, 20, 25, 30])),
            "ramp": yes[0][at],
        }
        facts += [_fact(lists, intent, {"r": str(route)}, value) for intent, value in values.items()]
    for at, station in enumerate(lists["stations"]):
        facts.append(_fact(lists, "elevator", {"s": station}, yes[1][at]))
        facts.append(_fact(lists, "parking", {"s": station}, str(rng.randrange(10, 99))))
    facts += [_fact(lists, "fare", {"p": ticket}, str(price)) for ticket, price in lists["tickets"].items()]
    return facts


def _fact(lists: dict[str, Any], intent: str, subject: dict[str, str], value: str) -> Fact:
    pattern = lists["answers"][intent]
    pattern = pattern[value] if isinstance(pattern, dict) else pattern
    return Fact(f"{intent} {next(iter(subject.values()))}", intent, subject, value, pattern.format(**subject, v=value))


def _time(hour: int, rng: random.Random) -> str:
    return f"{hour}:{rng.randrange(0, 60, 5):02d}"


class Asker:
    """Puts questions into words and never asks two in the same words."""

    def __init__(self, lists: dict[str, Any], rng: random.Random) -> None:
        self.lists, self.rng = lists, rng
        self.asked: set[str] = set()

    def say(self, pattern: str, style: str, subject: dict[str, str], *, dressed: bool = True) -> str:
        """The question, with an opening and a closing of its style where `dressed`."""
        core = pattern.format(**subject)
        options = [("", "")]
        if dressed:
            options = [(o, c) for o in self.lists["openings"][style] for c in self.lists["closings"][style]]
            self.rng.shuffle(options)
        for opening, closing in [*options, ("", "")]:
            text = f"{opening}{core}{closing}"
            if text.lower() not in self.asked:
                break
        self.asked.add(text.lower())
        return text

    def about(self, fact: Fact, style: str, number: int, *, dressed: bool = True) -> Row:
        """A row that asks for `fact` in wording `number` of `style`."""
        text = self.say(self.lists["wordings"][fact.intent][style][number], style, fact.subject, dressed=dressed)
        return {
            "input": text,
            "target": fact.answer,
            "style": style,
            "english": "learner" if style == "learner" else "native",
            "intent": fact.intent,
            "wording": "seen" if number < SEEN else "unseen",
            "fact": fact.key,
        }


def questions(facts: list[Fact], asker: Asker) -> dict[str, list[Row]]:
    """Rows about facts, every pair of fact and wording in one part only.

    Of the eight training wordings of a style, a fact has five in `train`, one in `validation` or `internal`, and two
    in `rider`, which adds one of the two unseen wordings. So `rider` asks for every fact in every style equally often,
    and rows with the same `pair` ask for the same fact in different styles.
    """
    parts: dict[str, list[Row]] = {name: [] for name in ("train", "validation", "internal", "rider", "faq")}
    for at, fact in enumerate(facts):
        for turn, style in enumerate(STYLES):
            order = asker.rng.sample(range(SEEN), SEEN)
            for k, number in enumerate([*order[:2], SEEN + (at + turn) % 2]):
                parts["rider"].append({**asker.about(fact, style, number), "pair": f"{fact.key} {k}"})
            part = "validation" if (at + turn) % 2 else "internal"
            parts[part].append(asker.about(fact, style, order[2]))
            for number in order[3:] if style == "formal" else []:
                page = asker.about(fact, style, number, dressed=False)
                parts["faq"].append({**page, "scraped": fact.answer + asker.lists["footer"]})
            parts["train"] += [asker.about(fact, style, number) for number in order[3:]]
    for name in ("train", "faq"):
        parts[name] = _apart(parts[name], [*parts["rider"], *parts["internal"]])
    return parts


def _apart(rows: list[Row], asked: list[Row]) -> list[Row]:
    """The rows that are no near copies of a question asked later: what the leakage check would count."""
    of_fact: dict[str, list[str]] = {}
    for row in asked:
        of_fact.setdefault(row["fact"], []).append(row["input"])
    return [row for row in rows if all(similarity(row["input"], text) < 0.8 for text in of_fact[row["fact"]])]


def unanswerable(asker: Asker) -> dict[str, list[Row]]:
    """Rows whose right answer is to say that one does not know: routes that do not exist, and other topics."""
    lists, rng = asker.lists, asker.rng
    numbers = [n for n in range(2, 100) if n not in lists["routes"]]
    rng.shuffle(numbers)
    parts: dict[str, list[Row]] = {"test": [], "validation": [], "train": []}
    for part, chosen, each in (
        ("test", numbers[:30], 4),
        ("validation", numbers[30:36], 6),
        ("train", numbers[36:], 6),
    ):
        for number in chosen:
            for turn in range(each):
                style = STYLES[turn % 4]
                intent = rng.choice(["terminus", "first", "last", "frequency", "ramp"])
                wording = rng.randrange(SEEN + 2 if part == "test" else SEEN)
                text = asker.say(lists["wordings"][intent][style][wording], style, {"r": str(number)})
                parts[part].append(_abstain(asker, text, "unknown_route", style, f"route {number}"))
    topics = {"test": lists["off_topic"]["test"], "train": lists["off_topic"]["train"][:-4]}
    topics["validation"] = lists["off_topic"]["train"][-4:]
    for part, texts in topics.items():
        for topic in texts:
            style = _style_of(topic)
            for _ in range(4):
                parts[part].append(_abstain(asker, asker.say(topic, style, {}), "off_topic", style, topic))
    return {part: _distinct(rows) for part, rows in parts.items()}


def _abstain(asker: Asker, text: str, why: str, style: str, cluster: str) -> Row:
    english = "learner" if style == "learner" else "native"
    target = asker.lists["abstention"]
    return {"input": text, "target": target, "style": style, "english": english, "why": why, "cluster": cluster}


def _style_of(text: str) -> str:
    if text[0].islower():
        return "colloquial"
    learner = ("Please, ", "I want know", "Is possible", "Please to", "What is price of one")
    return "learner" if text.startswith(learner) else "plain"


def _distinct(rows: list[Row]) -> list[Row]:
    return list({row["input"].lower(): row for row in rows}.values())


def handwritten(lists: dict[str, Any], facts: list[Fact]) -> list[Row]:
    """Questions written one by one, for a last look that no pattern has shaped."""
    known = {fact.key: fact for fact in facts}
    return [
        {
            "input": text,
            "target": known[key].answer,
            "style": style,
            "english": "learner" if style == "learner" else "native",
            "intent": known[key].intent,
            "wording": "handwritten",
            "fact": key,
        }
        for key, style, text in lists["handwritten"]
    ]


def skills(lists: dict[str, Any], rng: random.Random) -> dict[str, list[Row]]:
    """Multiple-choice rows of what the corpus teaches: `words` (opposites, colors, …) and `order` (days, sums, …)."""
    known = lists["skills"]
    word_rows = []
    opposites = {**dict(known["opposites"]), **{b: a for a, b in known["opposites"]}}
    for a, b in opposites.items():
        word_rows.append(("opposite", f"The opposite of {a} is", b, list(opposites)))
    word_rows += [
        ("color", f"The color of {k} is", v, list(known["colors"].values())) for k, v in known["colors"].items()
    ]
    word_rows += [("sound", f"A {k}", v, list(known["sounds"].values())) for k, v in known["sounds"].items()]
    homes = known["homes"]
    word_rows += [("home", f"The home of a {k} is a", v, list(homes.values())) for k, v in homes.items()]
    order_rows = []
    for unit in ("days", "months"):
        names = known[unit]
        for at, name in enumerate(names):
            order_rows.append(("after", f"After {name} comes", names[(at + 1) % len(names)], names))
            order_rows.append(("before", f"Before {name} comes", names[at - 1], names))
    numbers = known["numbers"]
    for a in range(1, 12):
        for b in range(1, 13 - a):
            order_rows.append(
                ("sum", f"{numbers[a - 1].capitalize()} plus {numbers[b - 1]} is", numbers[a + b - 1], numbers)
            )
    return {"words": _choices(word_rows, rng), "order": _choices(order_rows, rng)}


def _choices(rows: list[tuple[str, str, str, list[str]]], rng: random.Random) -> list[Row]:
    made = []
    for skill, question, answer, pool in rows:
        others = sorted(set(pool) - {answer} - set(question.split()))
        choices = [answer, *rng.sample(others, 3)]
        rng.shuffle(choices)
        made.append({"question": question, "choices": choices, "answer": choices.index(answer), "skill": skill})
    return made


def general(lists: dict[str, Any], rng: random.Random) -> Iterator[str]:
    """Sentences about people and places, without end and without any fact of the agency."""
    pools, known = lists["general"], lists["skills"]
    while True:
        person, other = rng.sample(pools["people"], 2)
        food, food2 = rng.sample(pools["foods"], 2)
        place, place2 = rng.sample(pools["places"], 2)
        color, color2 = rng.sample(sorted(set(known["colors"].values())), 2)
        yield rng.choice(pools["lines"]).format(
            person=person,
            other=other,
            food=food,
            food2=food2,
            place=place,
            place2=place2,
            color=color,
            color2=color2,
            thing=rng.choice(pools["things"]),
            weather=rng.choice(pools["weather"]),
            feeling=rng.choice(pools["feelings"]),
            time=_time(rng.randint(1, 23), rng),
            day=rng.choice(known["days"]),
            month=rng.choice(known["months"]),
            n=rng.randint(2, 99),
            n2=rng.randint(2, 99),
        )


def corpus(lists: dict[str, Any], skill_rows: Iterable[Row], rng: random.Random) -> tuple[list[str], list[str]]:
    """The lines that the base learns from, and 400 general lines that it never sees."""
    statements = [f"{row['question']} {row['choices'][row['answer']]}." for row in skill_rows]
    lines = statements * REPEATS
    endless, seen = general(lists, rng), set()
    held: list[str] = []
    while len(lines) < LINES:
        seen.add(line := next(endless))
        lines.append(line)
    while len(held) < 400:
        if (line := next(endless)) not in seen:
            seen.add(line)
            held.append(line)
    rng.shuffle(lines)
    return lines, held


def files(seed: int = SEED) -> dict[str, str]:
    """Relative path → text of every generated file."""
    lists, rng = words(), random.Random(seed)
    facts = knowledge(lists, rng)
    asker = Asker(lists, rng)
    parts, refuse = questions(facts, asker), unanswerable(asker)
    skill = skills(lists, rng)
    lines, held = corpus(lists, [*skill["words"], *skill["order"]], rng)
    copied = rng.sample(parts["faq"], 60)
    for rows in (parts["train"], refuse["train"]):
        rng.shuffle(rows)
    grading = random.Random(seed + 1)  # of its own, so that the judge's rows move none of the others
    chatter = general(lists, grading)
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(["fact", "intent", "value", "answer"])
    writer.writerows([fact.key, fact.intent, fact.value, fact.answer] for fact in facts)
    return {
        "transit/data/knowledge.csv": table.getvalue(),
        "transit/data/corpus.jsonl": _jsonl("corpus", [{"text": line} for line in lines]),
        "transit/data/general.jsonl": _jsonl("general", [{"target": line} for line in held]),
        "transit/data/train.jsonl": _jsonl("train", [*parts["train"], *refuse["train"]]),
        "transit/data/validation.jsonl": _jsonl("validation", [*parts["validation"], *refuse["validation"]]),
        "transit/data/internal.jsonl": _jsonl("internal", parts["internal"]),
        "transit/data/faq.jsonl": _jsonl("faq", parts["faq"]),
        "transit/data/faq_internal.jsonl": _jsonl("faq-internal", copied),
        "transit/data/rider.jsonl": _jsonl("rider", parts["rider"]),
        "transit/data/handwritten.jsonl": _jsonl("handwritten", handwritten(lists, facts)),
        "transit/data/unanswerable.jsonl": _jsonl("unanswerable", refuse["test"]),
        "transit/tasks/words.jsonl": _jsonl("words", skill["words"]),
        "transit/tasks/order.jsonl": _jsonl("order", skill["order"]),
        "transit-judge/data/graded.jsonl": _jsonl("graded", transit_grading.graded(lists, chatter, grading)),
        "transit-judge/data/labels.jsonl": _jsonl("label", transit_grading.labels(lists, chatter, grading)),
    }


def _jsonl(name: str, rows: list[Row]) -> str:
    return "".join(json.dumps({"id": f"{name}-{at}", **row}, ensure_ascii=False) + "\n" for at, row in enumerate(rows))


def write(folder: Path, seed: int = SEED) -> None:
    """Write every generated file below `folder`."""
    for name, text in files(seed).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("folder", nargs="?", type=Path, default=TARGET, help="where to write (default: the suites)")
    write(parser.parse_args().folder)
