"""Instructions that a program can verify: does a model still write as it is told? (After IFEval, Zhou et al. 2023.)"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Generator
from dataclasses import dataclass

from harness.exchange import Request, Response
from harness.score import CANDIDATE, Missing, Quantity, Scores, table

FOLLOWED = Quantity("followed", "proportion")
"""Share of the instructions that were followed to the letter."""
SUBJECTS = (
    "a bicycle", "the moon", "a bakery", "rain", "a library", "honey bees", "a lighthouse", "winter", "a train station",
    "chess",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Instruction:
    """One thing to write, and how."""

    id: str
    kind: str
    prompt: str


def _letters(text: str) -> list[str]:
    return [character for character in text if character.isalpha()]


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.strip().splitlines() if line.strip()]


def _words(text: str) -> list[str]:
    return re.findall(r"[\w'’]+", text.lower())


def _json(text: str) -> bool:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict) and set(value) == {"name", "use"}


KINDS: dict[str, tuple[str, Callable[[str], bool]]] = {
    "lowercase": (
        "Write two sentences about {}. Use small letters only, no capital letters.",
        lambda text: bool(_letters(text)) and text == text.lower(),
    ),
    "uppercase": (
        "Write one sentence about {}. Use capital letters only.",
        lambda text: bool(_letters(text)) and text == text.upper(),
    ),
    "no_comma": (
        "Describe {} in two sentences. Do not use any comma.",
        lambda text: len(_words(text)) >= 5 and "," not in text,
    ),
    "three_bullets": (
        "List three facts about {}. Put each fact on its own line, and begin each line with an asterisk and a space.",
        lambda text: len(_lines(text)) == 3 and all(line.startswith("* ") for line in _lines(text)),
    ),
    "numbered": (
        "Give exactly two reasons to like {}, numbered `1.` and `2.`, one in a line, and write nothing else.",
        lambda text: [line[:2] for line in _lines(text)] == ["1.", "2."],
    ),
    "json": (
        "Describe {} as one JSON object with exactly the keys `name` and `use`. Write nothing but the JSON.",
        lambda text: _json(text.strip()),
    ),
    "ending": (
        "Write a short text about {}. End it with exactly these words: That is all.",
        lambda text: len(_words(text)) > 5 and text.rstrip().endswith("That is all."),
    ),
    "beginning": (
        "Say something about {}. Begin your text with exactly this word and sign: Answer:",
        lambda text: len(_words(text)) > 1 and text.lstrip().startswith("Answer:"),
    ),
    "at_most_ten": (
        "Explain what is special about {} in at most ten words.",
        lambda text: 1 <= len(_words(text)) <= 10,
    ),
    "at_least_thirty": ("Write at least thirty words about {}.", lambda text: len(_words(text)) >= 30),
    "keyword": (
        "Write two sentences about {}. Use the word `morning` at least twice.",
        lambda text: _words(text).count("morning") >= 2,
    ),
    "without_the": (
        "Describe {} in a sentence of at least five words that does not contain the word `the`.",
        lambda text: len(_words(text)) >= 5 and "the" not in _words(text),
    ),
    "quoted": (
        "Write one sentence about {}. Put your whole answer into double quotation marks.",
        lambda text: len(text.strip()) > 2 and text.strip()[0] == '"' == text.strip()[-1],
    ),
    "two_parts": (
        "Write two short paragraphs about {}, separated by a line of three asterisks: ***",
        lambda text: [bool(_words(part)) for part in re.split(r"(?m)^\s*\*\*\*\s*$", text)] == [True, True],
    ),
    "one_word": (
        "Is there a place for {} in a town? Answer with one word, yes or no, and nothing else.",
        lambda text: _words(text) in (["yes"], ["no"]),
    ),
}  # fmt: skip
"""Kind → what is asked for, with a place for the subject, and whether a text does so."""
MOST = len(KINDS) * len(SUBJECTS)


def chosen(count: int) -> list[Instruction]:
    """The first `count` instructions, all kinds in turn, so that a few are of many kinds; at most MOST."""
    every = [
        Instruction(f"{kind}/{subject}", kind, prompt.format(subject))
        for subject in SUBJECTS
        for kind, (prompt, _) in KINDS.items()
    ]
    return every[:count]


def followed(kind: str, text: str) -> bool:
    """Whether a text does what an instruction of this kind asks for; an empty one never does."""
    return bool(text.strip()) and KINDS[kind][1](text)


def obeyed(
    count: int, max_new_tokens: int
) -> Generator[list[Request], list[Response], tuple[Scores, list[dict[str, object]]]]:
    """Ask the instructions in one round; the scores, sliced by kind under `task`, and a row for each."""
    asked = chosen(count)
    heard = yield [Request("generate", i.prompt, max_new_tokens=max_new_tokens, sample=i.id) for i in asked]
    flags: list[float | Missing] = [
        Missing(r.fault, r.blame or CANDIDATE) if r.fault else float(followed(i.kind, r.text or ""))
        for i, r in zip(asked, heard, strict=True)
    ]
    kinds = [f"instruction: {instruction.kind}" for instruction in asked]
    rows: list[dict[str, object]] = [
        {"doc_id": f"instructions/{i.id}", "prompt": i.prompt, "target": "", "resps": [r.text or ""],
         "filtered_resps": [r.text or ""], "fault": r.fault, "slices": {"task": kind},
         "metrics": {"followed": None if isinstance(flag, Missing) else flag}}
        for i, r, flag, kind in zip(asked, heard, flags, kinds, strict=True)
    ]  # fmt: skip
    return table(FOLLOWED, [i.id for i in asked], flags, groups={"task": kinds}), rows
