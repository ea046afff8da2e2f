"""Does the model know the language that it is asked in?"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from harness.catalog import check
from harness.checkpoint import Checkpoint
from harness.data.columns import required, text_of
from harness.data.dataset import Dataset
from harness.errors import NothingSelected, SuiteError
from harness.exchange import UNASKED, Request, Response
from harness.figure import Table
from harness.findings import Findings, Rounds
from harness.inspecting.tokens import load, place
from harness.score import CANDIDATE, Missing, Quantity, Scores, Totals, table
from harness.words import words

if TYPE_CHECKING:
    from harness.score import Array

Texts = dict[str, str]
"""Id → text."""


def _per(above: str, below: str, factor: float = 1.0) -> Callable[[Totals], Array]:
    """The ratio of two sums of the data's rows; with `…_ratio`, over the same of the reference rows."""

    def combine(totals: Totals) -> Array:
        import numpy as np

        with np.errstate(invalid="ignore", divide="ignore"):
            return factor * totals[above] / totals[below]

    return combine


def _over(above: str, below: str) -> Callable[[Totals], Array]:
    def combine(totals: Totals) -> Array:
        import numpy as np

        with np.errstate(invalid="ignore", divide="ignore"):
            here, there = totals[above] / totals[below], totals[f"reference_{above}"] / totals[f"reference_{below}"]
            value: Array = here / there
        return value

    return combine


_INFINITE = (0.0, math.inf)
_MEASURES = {
    "bits_per_byte": Quantity(
        "bits_per_byte", "log_ratio", "lower", _INFINITE, combine=_per("nats", "bytes", 1 / math.log(2))
    ),
    "bits_ratio": Quantity("bits_ratio", "log_ratio", "lower", _INFINITE, combine=_over("nats", "bytes")),
    "fertility": Quantity("fertility", "log_ratio", "lower", _INFINITE, combine=_per("tokens", "words")),
    "fertility_ratio": Quantity("fertility_ratio", "log_ratio", "lower", _INFINITE, combine=_over("tokens", "words")),
    "unknown": Quantity("unknown", "mean", "lower"),
}


@check(measures=_MEASURES)
def language_fit(
    model: Checkpoint,
    *,
    data: Dataset,
    reference: Dataset,
    field: str = "text",
    reference_field: str | None = None,
    rows: int = 200,
    characters: int = 2000,
) -> Rounds:
    """Score texts of the language or domain that is wanted beside texts that the model surely knows.

    `bits_per_byte` of the wanted texts needs no common tokenizer; `bits_ratio` is that over the reference's;
    `fertility` is tokens a word, `fertility_ratio` that over the reference's; `unknown` the share of tokens that are no
    whole characters (single bytes) or stand for anything unknown.

    Options:
        data: texts as they will be asked
        reference: texts of the kind that the model was trained on, such as plain English
        field: the field with the text
        reference_field: the same in the reference, where it is named otherwise
        rows: texts of each that are scored at most
        characters: of each text, from its beginning
    """
    if rows < 1 or characters < 1:
        raise SuiteError(f"language_fit: `rows: {rows}`, `characters: {characters}`: write 1 or more")
    wanted, empty = _texts(data, field, rows, characters)
    known, blank = _texts(reference, reference_field or field, rows, characters)
    for source, texts in ((data, wanted), (reference, known)):
        if not texts:
            raise NothingSelected(f"language_fit: {source} has no text in {rows} rows")
    asked = [(f"data/{name}", text, "") for name, text in wanted.items()]
    asked += [(f"reference/{name}", text, "reference_") for name, text in known.items()]
    responses = yield [Request("score", "", (text,), sample=name) for name, text, _ in asked]
    stats = [_sums(text, side, response) for (_, text, side), response in zip(asked, responses, strict=True)]
    scores = _scores([name for name, *_ in asked], stats, len(wanted))
    path = place(model)
    why = "the model's tokenizer is not here as tokenizer.json"
    pieces = _pieces(load(path)) if path is not None else None
    broken = [pieces(text) if pieces else Missing(why) for text in wanted.values()]
    scores["unknown"] = table(_MEASURES["unknown"], list(wanted), broken)
    told = [
        f"{n} rows of {source} are empty and were left out" for source, n in ((data, empty), (reference, blank)) if n
    ]
    return Findings(scores=scores, figures=[_table(model.name, stats, len(wanted))], warnings=told)


def _texts(data: Dataset, field: str, most: int, characters: int) -> tuple[Texts, int]:
    """The first texts that say anything, and how many rows said nothing."""
    found: Texts = {}
    empty = 0
    for record in data.records():
        text = text_of(required(data, record.line, record.fields, field, "field"))[:characters]
        if text.strip():
            found[record.id] = text
        else:
            empty += 1
        if len(found) == most:
            break
    return found, empty


def _sums(text: str, side: str, response: Response) -> dict[str, float] | Missing:
    if response.fault:
        return Missing(response.fault, "infrastructure" if response.finish == UNASKED else response.blame or CANDIDATE)
    scored = response.scores[0]
    size = len(text.encode("utf-8", "replace"))
    sums = {
        "nats": -scored.logprob,
        "bytes": float(size),
        "tokens": float(scored.tokens),
        "words": float(len(words(text))),
    }
    return {f"{side}{name}": number for name, number in sums.items()}


def _scores(ids: list[str], stats: list[dict[str, float] | Missing], wanted: int) -> dict[str, Scores]:
    made = {name: table(_MEASURES[name], ids, stats) for name in ("bits_ratio", "fertility_ratio")}
    for name in ("bits_per_byte", "fertility"):
        made[name] = table(_MEASURES[name], ids[:wanted], stats[:wanted])
    return made


def _pieces(tokenizer: Any) -> Callable[[str], float]:
    """The share of a text's tokens that are single bytes, parts of a character, or the unknown token."""

    def share(text: str) -> float:
        encoded = tokenizer.encode(text, add_special_tokens=False)
        unknown = {"<unk>", "[UNK]", "<|unk|>", "�"}
        bad = 0
        for token, (start, end) in zip(encoded.tokens, encoded.offsets, strict=True):
            byte = len(token) == 6 and token.startswith("<0x") and token.endswith(">")
            decoded = tokenizer.decode([tokenizer.token_to_id(token)], skip_special_tokens=False)
            partly = "\ufffd" in decoded and "\ufffd" not in text[start:end]
            bad += byte or partly or token in unknown
        return bad / max(1, len(encoded.tokens))

    return share


def _table(name: str, stats: list[dict[str, float] | Missing], wanted: int) -> Table:
    rows: list[list[str | float | int | None]] = []
    for label, part, side in (("wanted", stats[:wanted], ""), ("reference", stats[wanted:], "reference_")):
        whole = [sums for sums in part if isinstance(sums, Mapping)]
        total = {key: sum(sums[f"{side}{key}"] for sums in whole) for key in ("nats", "bytes", "tokens", "words")}
        bits = total["nats"] / total["bytes"] / math.log(2) if whole else None
        rows.append([label, len(whole), bits, total["tokens"] / max(1.0, total["words"]) if whole else None])
    return Table(
        title=f"How well {name} knows the texts",
        columns=["texts", "scored", "bits per byte", "tokens a word"],
        rows=rows,
    )
