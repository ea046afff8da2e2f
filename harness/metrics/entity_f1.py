"""Extraction: entities found against entities in the text, as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal

from harness.answer import find_json, shorten
from harness.catalog import metric
from harness.confusion import ratio
from harness.errors import SuiteError
from harness.words import normalize

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from harness.score import Totals

SHAPES = '{"type": ["text", …]} or [{"type": …, "text": …}]'


def found_of_all(totals: Totals, measure: str = "f1") -> NDArray[np.float64]:
    """(...): entities that agree, of those answered, of those in the text, or of both; 0/0 only if there is none."""
    tp, fp, fn = totals["tp"], totals["fp"], totals["fn"]
    # Where nothing was answered though something was there, precision is 0 like the other two.
    below = {"precision": tp + fp + (tp + fp == 0) * fn, "recall": tp + fn, "f1": tp + (fp + fn) / 2}
    if measure not in below:
        raise SuiteError(f"entity_f1 measures f1, precision or recall, not {measure!r}")
    return ratio(tp, below[measure])


@metric(better="higher", bounds=(0, 1), family="corpus", combine=found_of_all, suits=("generate",))
def entity_f1(
    answer: str,
    targets: list[str],
    valid: bool = True,
    *,
    measure: Literal["f1", "precision", "recall"] = "f1",
    ignore_case: bool = False,
    ignore_types: bool = False,
    repeats: bool = True,
) -> Mapping[str, float]:
    """F1 of the (type, text) pairs that were extracted, over all samples together (micro).

    Answer and reference are JSON: an object from type to one text or a list of texts, or a list of objects with `type`
    and `text` (or of plain texts). Of several references the one that agrees best counts. An answer that is not such
    JSON finds nothing; where there was nothing to find it counts as one wrong entity.

    Options:
        measure: f1, precision or recall
        ignore_case: compare texts and types without regard to upper and lower case
        ignore_types: compare the texts only
        repeats: an entity that is named twice counts twice

    >>> entity_f1('{"route": ["5", "7"]}', ['{"route": ["5"], "stop": ["Main St"]}'])
    {'tp': 1.0, 'fp': 1.0, 'fn': 1.0}
    """

    def pairs(text: str) -> Counter[tuple[str, str]]:
        counted = Counter(
            (
                "" if ignore_types else normalize(kind, ignore_case=ignore_case),
                normalize(entity, ignore_case=ignore_case),
            )
            for kind, entity in _entities(find_json(text))
        )
        return counted if repeats else Counter(set(counted))

    try:
        wanted = [pairs(target) for target in targets]
    except ValueError as error:
        raise SuiteError(f"entity_f1 needs targets like {SHAPES}: {error}") from None
    try:
        given = pairs(answer) if valid else None
    except ValueError:
        given = None
    if given is None:
        gold = wanted[0].total()
        return {"tp": 0.0, "fp": float(gold == 0), "fn": float(gold)}
    best = max(wanted, key=lambda gold: _agreement(given, gold))
    tp = (given & best).total()
    return {"tp": float(tp), "fp": float(given.total() - tp), "fn": float(best.total() - tp)}


def _agreement(given: Counter[tuple[str, str]], gold: Counter[tuple[str, str]]) -> float:
    total = given.total() + gold.total()
    return 2 * (given & gold).total() / total if total else 1.0


def _entities(value: Any) -> Iterator[tuple[str, str]]:
    """(type, text) of every entity; raises ValueError where the value has another shape."""
    if isinstance(value, Mapping):
        for kind, texts in value.items():
            for text in texts if isinstance(texts, list) else [] if texts is None else [texts]:
                yield kind, _text(text)
    elif isinstance(value, list):
        for item in value:
            if not isinstance(item, Mapping):
                yield "", _text(item)
            elif "text" in item:
                yield _text(item.get("type", "")), _text(item["text"])
            else:
                raise ValueError(f"an entity without `text`: {shorten(str(item))}")
    else:
        raise ValueError(f"neither an object nor a list: {shorten(str(value))}")


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    raise ValueError(f"a text is wanted, not {shorten(str(value))}")
