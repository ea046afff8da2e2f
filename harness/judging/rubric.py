"""Rubrics: what a judge is asked about one answer, item by item or as a level, read from a folder or a file."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from harness import content, digest
from harness.document import compose, text_of
from harness.errors import Complaint, SuiteError, nearest
from harness.judging.variants import KINDS
from harness.template import Template

KEYS = (
    "rubric", "question", "items", "levels", "needs", "pass_at", "prompt", "pair_prompt", "calibration", "not_probed",
)  # fmt: skip
FEWEST_LEVELS, MOST_LEVELS = 3, 5
MOST_ITEMS = 12
TAKEN = ("question", "answer", "first", "second")
"""Names under which a judge sees something already; no field of `needs` can have them."""
_GIVEN = ("aim", "levels", "points", "question", "shown", "fence", "form")
"""What every prompt is given."""
_ID = re.compile(r"[a-z][a-z0-9_]{0,39}")


@dataclass(frozen=True, slots=True)
class Item:
    """One yes-or-no question about an answer."""

    id: str
    ask: str
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Rubric:
    """What a judge is asked: yes-or-no items, or one of a few levels with an anchor each."""

    name: str
    question: str
    """What the judge is to find out, in one sentence."""
    items: tuple[Item, ...] = ()
    levels: tuple[str, ...] = ()
    """What each level means, the worst first."""
    needs: tuple[str, ...] = ()
    """Fields of the row that the judge must see beside question and answer: context, reference, …"""
    pass_at: float = 1.0
    """The score (0 to 1) from which an answer passes."""
    prompt: str = ""
    pair_prompt: str = ""
    calibration: Path | None = None
    """Human labels that came with it."""
    source: Path | None = None
    not_probed: tuple[str, ...] = ()
    """Kinds of probes whose verdict it does not settle: whether a polite answer to another question passes, …"""

    @property
    def digest(self) -> str:
        """Of everything that can change a verdict."""
        items = [[item.id, item.ask, item.weight] for item in self.items]
        return digest.of([
            self.name, self.question, items, list(self.levels), list(self.needs), self.pass_at, self.prompt,
            self.pair_prompt,
        ])  # fmt: skip

    def template(self, pair: bool = False) -> Template:
        """How the judge's question is written."""
        return _compiled(self.pair_prompt if pair else self.prompt)

    def score_of(self, said: Mapping[str, Any]) -> float:
        """0 to 1: the weighted share of items that are met, or how high the level is."""
        if self.levels:
            return (int(said["level"]) - 1) / (len(self.levels) - 1)
        whole = sum(item.weight for item in self.items)
        return sum(item.weight for item in self.items if said[item.id]["met"]) / whole

    def passes(self, score: float) -> bool:
        """Whether an answer with this score passes."""
        return score >= self.pass_at - 1e-9


@lru_cache(maxsize=32)
def _compiled(text: str) -> Template:
    return Template(text)


def find(name: str, root: Path) -> Rubric:
    """The rubric called `name`: a bundled one, or a folder or file beside the suite.

    Raises:
        SuiteError: there is none, or it is wrong, with every complaint.
    """
    beside = root / Path(name).expanduser()
    for place in (beside, beside / "rubric.yaml"):
        if place.is_file():
            return read(place)
    bundled = {path.parent.name: path for path in (content.root() / "judges").glob("*/rubric.yaml")}
    if name in bundled:
        return read(bundled[name])
    raise SuiteError(
        f"no rubric {name!r}: no folder with a rubric.yaml, no file, no bundled one{nearest(name, bundled)}"
    )


def read(path: Path) -> Rubric:
    """The rubric in a YAML file; raises `SuiteError` with every complaint, each with its line."""
    document, complaints = compose(text_of(path), str(path))
    data = document.data
    if not isinstance(data, dict):
        raise SuiteError(
            [*complaints, document.complaint((), "a rubric is a mapping with question, and items or levels")]
        )
    wrong: list[Complaint] = list(complaints)

    def complain(place: tuple[Any, ...], text: str) -> None:
        wrong.append(document.complaint(place, text))

    for key in data:
        if key not in KEYS:
            complain((key,), f"unknown key {key!r}{nearest(str(key), KEYS)}")
    question = _text(data, "question", complain, needed=True)
    items, levels = _items(data.get("items"), complain), _levels(data.get("levels"), complain)
    if bool(items or "items" in data) == bool(levels or "levels" in data):
        complain((), "a rubric has either `items` (yes or no) or `levels` (3 to 5), and not both")
    name = _text(data, "rubric", complain) or path.parent.name
    found = Rubric(
        name, question, items, levels, _needs(data.get("needs"), complain), _pass_at(data, complain),
        _prompt(data, "prompt", "pointwise", path, complain), _prompt(data, "pair_prompt", "pairwise", path, complain),
        _calibration(data, path, complain), path, _not_probed(data.get("not_probed"), complain),
    )  # fmt: skip
    if any(complaint.severity == "error" for complaint in wrong):
        raise SuiteError(wrong)
    return found


def _text(data: Mapping[str, Any], key: str, complain: Any, *, needed: bool = False) -> str:
    value = data.get(key, "")
    if not isinstance(value, str) or (needed and not value.strip()):
        complain((key,) if key in data else (), f"`{key}` is a sentence; found {value!r}")
        return ""
    return value.strip()


def _items(given: Any, complain: Any) -> tuple[Item, ...]:
    if given is None:
        return ()
    if not isinstance(given, list) or not 1 <= len(given) <= MOST_ITEMS:
        complain(("items",), f"`items` lists 1 to {MOST_ITEMS} questions: - {{id: polite, ask: …, weight: 1}}")
        return ()
    found: list[Item] = []
    for at, entry in enumerate(given):
        place = ("items", at)
        entry = entry if isinstance(entry, dict) else {}
        for key in entry:
            if key not in ("id", "ask", "weight"):
                complain((*place, key), f"unknown key {key!r} of an item{nearest(str(key), ('id', 'ask', 'weight'))}")
        name, ask, weight = entry.get("id"), entry.get("ask"), entry.get("weight", 1.0)
        if not isinstance(name, str) or not _ID.fullmatch(name):
            complain(place, f"an item needs an `id` of small letters, digits and _; found {name!r}")
        elif name in {item.id for item in found}:
            complain(place, f"the item {name!r} is there twice")
        elif not isinstance(ask, str) or not ask.strip():
            complain(place, f"the item {name!r} asks nothing; write `ask: …?`")
        elif isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 < weight < math.inf:
            complain(place, f"the item {name!r} has the weight {weight!r}; a weight is a number above 0")
        else:
            found.append(Item(name, ask.strip(), float(weight)))
    return tuple(found)


def _levels(given: Any, complain: Any) -> tuple[str, ...]:
    if given is None:
        return ()
    right = isinstance(given, list) and all(isinstance(text, str) and text.strip() for text in given)
    if not right or not FEWEST_LEVELS <= len(given) <= MOST_LEVELS:
        text = f"`levels` lists {FEWEST_LEVELS} to {MOST_LEVELS} anchors, the worst first, each a sentence"
        complain(("levels",), text)
        return ()
    if len({text.strip().lower() for text in given}) < len(given):
        complain(("levels",), "two levels mean the same")
    return tuple(text.strip() for text in given)


def _needs(given: Any, complain: Any) -> tuple[str, ...]:
    if given is None:
        return ()
    if not isinstance(given, list) or not all(isinstance(name, str) and name.strip() for name in given):
        complain(("needs",), f"`needs` lists fields of the row, such as [context]; found {given!r}")
        return ()
    for at, name in enumerate(given):
        if name in TAKEN:
            complain(("needs", at), f"`needs` names {name!r}, which a judge sees already; name another field")
        elif name in given[:at]:
            complain(("needs", at), f"`needs` names {name!r} twice")
    return tuple(given)


def _pass_at(data: Mapping[str, Any], complain: Any) -> float:
    value = data.get("pass_at", 1.0)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1:
        complain(("pass_at",), f"`pass_at` is a score above 0 and at most 1; found {value!r}")
        return 1.0
    return float(value)


def _prompt(data: Mapping[str, Any], key: str, default: str, path: Path, complain: Any) -> str:
    """The text of a prompt: a file beside the rubric, or the bundled one."""
    name = data.get(key)
    place = path.parent / str(name) if name is not None else content.root() / "judges" / f"{default}.j2"
    where = (key,) if key in data else ()
    if not place.is_file():
        complain(where, f"there is no prompt {place}")
        return ""
    text = text_of(place)
    try:
        names = _compiled(text).names
    except ValueError as error:
        complain(where, f"{place.name}: {error}")
        return ""
    texts = ("first", "second") if key == "pair_prompt" else ("answer",)
    missing = [part for part in (*texts, "question", "fence", "form") if part not in names]
    if missing:
        why = "; texts that are not fenced in can speak to the judge" if "fence" in missing else ""
        complain(where, f"{place.name} never shows {', '.join(missing)}{why}")
    known = (*texts, *_GIVEN)
    for unknown in sorted(names - set(known)):
        complain(where, f"{place.name} shows {unknown!r}, which no prompt is given{nearest(unknown, known)}")
    return text


def _calibration(data: Mapping[str, Any], path: Path, complain: Any) -> Path | None:
    name = data.get("calibration")
    place = path.parent / str(name or "calibration.jsonl")
    if place.is_file():
        return place
    if name is not None:
        complain(("calibration",), f"there is no {place}")
    return None


def _not_probed(given: Any, complain: Any) -> tuple[str, ...]:
    if given is None:
        return ()
    if not isinstance(given, list) or not all(isinstance(name, str) for name in given):
        complain(("not_probed",), f"`not_probed` lists kinds of probes, such as [off topic]; found {given!r}")
        return ()
    for at, name in enumerate(given):
        if name not in KINDS:
            complain(("not_probed", at), f"no kind of probes is called {name!r}{nearest(name, KINDS)}")
    return tuple(given)
