"""Entities in a text that can be looked up: times, prices, numbers, and names of a known list; each in one spelling."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from harness.words import words

TIME, PRICE, NUMBER = "time", "price", "number"
_CURRENCY = {
    "$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY", "dollar": "USD", "euro": "EUR", "pound": "GBP", "yen": "JPY",
    "cent": "c", "¢": "c",
}  # fmt: skip
_AMOUNT = r"\d{1,3}(?:[,']\d{3})+(?:\.\d+)?|\d+(?:[.,]\d{1,2})?"
_PRICE = re.compile(
    rf"(?P<sign>[$€£¥])\s?(?P<first>{_AMOUNT})(?!\d)"
    rf"|(?<![\w.,])(?P<second>{_AMOUNT})\s?(?P<unit>[$€£¥¢]|(?:dollar|euro|pound|yen|cent)s?\b|(?:USD|EUR|GBP|JPY)\b)",
    re.IGNORECASE,
)
_TIME = re.compile(
    r"(?<![\d.:,])(?:(?P<hour>\d{1,2})(?::|\.(?=\d\d\s?[ap]\.?m\b))(?P<minute>[0-5]\d)(?:\s?(?P<half>[ap])\.?m\b\.?)?"
    r"|(?P<whole>\d{1,2})\s?(?P<part>[ap])\.?m\b\.?|(?P<word>noon|midday|midnight)\b)(?![\d:])",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"(?<![\w.,])[-−]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?![\w]|[.,]\d)")


class Entity(NamedTuple):
    """One thing that a text names."""

    kind: str
    """`time`, `price`, `number`, or the field of the known list that a name or a labelled number comes from."""
    value: str
    """In one spelling: 19:05 (`07:05?` where the half of the day is open), USD 2.50, 47, a name in small letters."""


class Found(NamedTuple):
    """An entity where it stands in a text."""

    entity: Entity
    start: int
    end: int


@dataclass(slots=True)
class Gazetteer:
    """Names that are known, and labels that make a number more than a number (`route 47`)."""

    labels: frozenset[str] = frozenset()
    """Words (fields of the list) that tell what the number beside them is."""
    _names: dict[str, dict[tuple[str, ...], str]] = field(default_factory=dict)
    """First word → the words of each name that begins with it → its field."""

    def add(self, kind: str, name: str) -> None:
        """One more name; the last field that lists it is its kind."""
        parts = tuple(words(name))
        if parts:
            self._names.setdefault(parts[0], {})[parts] = kind

    def names(self, text: str) -> list[Found]:
        """Every known name in a text, the longest first where several begin together; none overlap."""
        found: list[Found] = []
        pieces = [(match[0].lower(), match.start(), match.end()) for match in re.finditer(r"\w+", text)]
        plain = [word for word, _, _ in pieces]
        at = 0
        while at < len(plain):
            fits = [
                (len(parts), kind)
                for parts, kind in self._names.get(plain[at], {}).items()
                if tuple(plain[at : at + len(parts)]) == parts
            ]
            if not fits:
                at += 1
                continue
            size, kind = max(fits)
            entity = Entity(kind, " ".join(plain[at : at + size]))
            found.append(Found(entity, pieces[at][1], pieces[at + size - 1][2]))
            at += size
        return found


def entities(text: str, known: Gazetteer) -> list[Entity]:
    """The entities of a text, in order: prices before times before names before plain numbers; none overlap.

    >>> known = Gazetteer(frozenset({"route"}))
    >>> known.add("stop", "Five Points")
    >>> [f"{kind} {value}" for kind, value in entities("Route 47 leaves Five Points at 7:05 pm for $2.5.", known)]
    ['route 47', 'stop five points', 'time 19:05', 'price USD 2.50']
    """
    taken: list[Found] = []
    for found in (*_prices(text), *_times(text), *known.names(text), *_numbers(text, known)):
        if all(found.end <= other.start or found.start >= other.end for other in taken):
            taken.append(found)
    return [found.entity for found in sorted(taken, key=lambda each: each.start)]


def of_value(kind: str, value: object, known: Gazetteer) -> set[Entity]:
    """The entities that a cell of a knowledge table stands for: those in its text, and itself under its field."""
    text = str(value).strip()
    found = set(entities(text, known))
    number = _NUMBER.fullmatch(text)
    return found | {Entity(kind, _plain(text) if number else " ".join(words(text)))}


def amounts(value: object) -> set[Entity]:
    """The prices that a cell may stand for that is a number alone: its currency is not said, so it may be any.

    >>> sorted(price.value for price in amounts("2.5"))
    ['EUR 2.50', 'GBP 2.50', 'JPY 2.50', 'USD 2.50']
    """
    text = str(value).strip()
    if not _NUMBER.fullmatch(text) or text[0] in "-−":
        return set()
    amount = float(text.replace(",", ""))
    return {Entity(PRICE, f"{currency} {amount:.2f}") for currency in _CURRENCY.values() if currency != "c"}


def readings(entity: Entity) -> set[Entity]:
    """What an entity that is known lets a text say: a time also without the half of the day, or with either."""
    if entity.kind != TIME:
        return {entity}
    hour, minute = int(entity.value[:2]), entity.value[3:5]
    if entity.value.endswith("?"):
        times = [f"{hour % 12:02d}:{minute}", f"{hour % 12 + 12:02d}:{minute}"]
    else:
        times = [f"{hour:02d}:{minute}"]
    open_ = {f"{shown:02d}:{minute}?" for time in times for shown in {int(time[:2]), int(time[:2]) % 12 or 12}}
    return {Entity(TIME, value) for value in (*times, *(value for value in open_ if int(value[:2]) <= 12))}


def capitalised(text: str) -> list[str]:
    """Names by their capital letters, in small letters: runs of capitalised words that do not only begin a sentence.

    >>> capitalised("The bus stops at Five Points. It is near Elm Street.")
    ['five points', 'elm street']
    """
    found = []
    for match in re.finditer(r"(?:[^\W\d_][\w'’-]*)(?:\s+[^\W\d_][\w'’-]*)*", text):
        run: list[str] = []
        first = match.start() == 0 or text[: match.start()].rstrip()[-1:] in (".", "!", "?", ":", "\n")
        for at, word in enumerate([*match[0].split(), ""]):
            if word[:1].isupper() and not (at == 0 and first):
                run.append(word)
            elif run:
                found.append(" ".join(words(" ".join(run))))
                run = []
    return [name for name in found if name not in ("i",)]


def _prices(text: str) -> Iterable[Found]:
    for match in _PRICE.finditer(text):
        amount = float(re.sub(r"[,'](?=\d{3})", "", match["first"] or match["second"]).replace(",", "."))
        unit = (match["sign"] or match["unit"]).lower().rstrip("s")
        currency = _CURRENCY.get(unit, unit.upper())
        if currency == "c":
            currency, amount = "USD", amount / 100
        yield Found(Entity(PRICE, f"{currency} {amount:.2f}"), match.start(), match.end())


def _times(text: str) -> Iterable[Found]:
    for match in _TIME.finditer(text):
        open_ = ""
        if match["word"]:
            hour, minute = (0 if match["word"].lower() == "midnight" else 12), 0
        else:
            hour, minute = int(match["hour"] or match["whole"]), int(match["minute"] or 0)
            half = (match["half"] or match["part"] or "").lower()
            open_ = "?" if not half and hour <= 12 else ""
            hour = hour % 12 + (12 if half == "p" else 0) if half else hour
        if hour < 24:
            yield Found(Entity(TIME, f"{hour:02d}:{minute:02d}{open_}"), match.start(), match.end())


def _numbers(text: str, known: Gazetteer) -> Iterable[Found]:
    for match in _NUMBER.finditer(text):
        before = words(text[max(0, match.start() - 40) : match.start()])[-1:]
        label = before[0] if before else ""
        kind = next((each for each in (label, label.rstrip("s")) if each in known.labels), NUMBER)
        yield Found(Entity(kind, _plain(match[0])), match.start(), match.end())


def _plain(number: str) -> str:
    """A number in one spelling: 1,200.50 and 1200.5 are one."""
    value = number.replace(",", "").replace("−", "-")
    whole, _, rest = value.partition(".")
    rest = rest.rstrip("0")
    return f"{int(whole)}.{rest}" if rest else str(int(whole))
