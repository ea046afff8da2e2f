"""The control of `language_fit`."""

from __future__ import annotations

from random import Random

from harness.catalog import control
from harness.control import Control, Situation, Voice
from harness.exchange import Request, Response, Scored

_ENGLISH = [
    "the",
    "bus",
    "to",
    "the",
    "old",
    "harbour",
    "leaves",
    "every",
    "morning",
    "from",
    "the",
    "market",
    "and",
    "comes",
    "back",
    "late",
    "at",
    "night",
]
_GERMAN = [
    "der",
    "Bus",
    "zum",
    "alten",
    "Hafen",
    "fährt",
    "jeden",
    "Morgen",
    "vom",
    "Markt",
    "ab",
    "und",
    "kommt",
    "spät",
    "in",
    "der",
    "Nacht",
    "zurück",
]


@control()
def language_fit(seed: int) -> Control:
    """A model that spells out words of a language it never read."""
    rng = Random(seed)

    def rows(words: list[str]) -> list[dict[str, str]]:
        return [{"id": str(at), "text": " ".join(rng.choices(words, k=rng.randint(8, 20)))} for at in range(60)]

    return Control(
        checks={"fit": {"language_fit": {"data": "german.jsonl", "reference": "english.jsonl"}}},
        criterion="fit.bits_ratio <= 1.5",
        flawed=Situation(
            files={"german.jsonl": rows(_GERMAN), "english.jsonl": rows(_ENGLISH)},
            models={"candidate": _reader({"en"})},
        ),
        sound=Situation(
            files={"german.jsonl": rows(_GERMAN), "english.jsonl": rows(_ENGLISH)},
            models={"candidate": _reader({"en", "de"})},
        ),
        flaw="an English model asked in German",
    )


def _reader(languages: set[str]) -> Voice:
    known = {word for name, words in (("en", _ENGLISH), ("de", _GERMAN)) if name in languages for word in words}

    def voice(request: Request) -> Response:
        text = request.continuations[0].split()
        nats = sum(2.5 if word in known else 1.8 * len(word) for word in text)
        tokens = sum(1 if word in known else len(word) for word in text)
        return Response(scores=(Scored(-nats, tokens),))

    return voice
