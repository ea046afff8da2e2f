"""Texts, and how likely a model finds them: rows as texts to be weighed, and what is read from their weights."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from harness.data.dataset import Dataset
from harness.errors import Complaint, SuiteError, nearest
from harness.exchange import Request, Response
from harness.score import CANDIDATE, Missing
from harness.stats.membership import min_k, min_k_plus_plus, zlib_ratio
from harness.template import Template, is_template

METHODS = ("min_k", "min_k_plus_plus", "zlib", "lowercase")
"""Ways to score a single text; see `familiar`."""
_EACH = ("min_k", "min_k_plus_plus")


@dataclass(frozen=True, slots=True)
class Text:
    """One text after its prompt, as a model is to weigh it."""

    id: str
    prompt: str
    text: str
    row: Mapping[str, Any]
    line: int

    def asked(self, methods: tuple[str, ...] = (), to: str = "") -> list[Request]:
        """The requests that the methods need: the text, and for `lowercase` the text in small letters."""
        each = any(name in _EACH for name in methods)
        wanted = [self.text, *([self.text.lower()] if "lowercase" in methods else [])]
        return [Request("score", self.prompt, (text,), sample=self.id, to=to, each=each) for text in wanted]


def texts(data: Dataset, prompt: str, text: str, check: str, limit: int | None) -> Iterator[Text]:
    """Every row of `data` as a text: `prompt` is a template, `text` one too or the name of a field.

    Raises:
        SuiteError: a template is wrong, or a row gives no text; names the line.
    """
    try:
        before, after = Template(prompt), Template(text) if is_template(text) else None
    except ValueError as error:
        raise SuiteError(f"{check}: {error}") from error
    for record in islice(data.records(), limit):
        row = record.fields
        try:
            if after is None and not isinstance(row.get(text), str):
                missing = "" if text in row else nearest(text, row)
                raise ValueError(f"expected text in the field {text!r}, found {row.get(text)!r}{missing}")
            shown = str(row[text]) if after is None else after.render(row)
            if not shown.strip():
                raise ValueError(f"`text: {text}` gives an empty text")
            asked = before.render(row)
        except ValueError as error:
            raise SuiteError([Complaint(data.source.shown, record.line, f"{check}: {error}")]) from error
        glue = "" if not asked or asked[-1].isspace() or shown[0].isspace() else " "
        yield Text(record.id, asked, glue + shown, row, record.line)


def surprise(responses: list[Response]) -> float | Missing:
    """Nats per token that the text costs; Missing where it could not be weighed."""

    def nats(response: Response) -> float:
        return -response.scores[0].logprob / response.scores[0].tokens

    return _read(responses[0], nats)


def familiar(method: str, text: Text, responses: list[Response]) -> float | Missing:
    """How familiar one text looks by one of METHODS; higher is more so.

    `min_k` and `min_k_plus_plus` look at the least likely fifth of the tokens, at least one; `zlib` holds the
    log-probability against the bytes that zlib needs, `lowercase` against that of the text in small letters.
    """
    if method == "zlib":
        return _read(responses[0], lambda r: zlib_ratio(r.scores[0].logprob, text.text))
    if method == "lowercase":
        plain, small = surprise(responses), surprise(responses[1:])
        if isinstance(plain, Missing) or isinstance(small, Missing):
            return plain if isinstance(plain, Missing) else small
        return small - plain
    found = responses[0]
    if not found.fault and found.scores and not found.scores[0].each:
        return Missing("this model does not say what every single token weighs")
    if method == "min_k":
        return _read(found, lambda r: min_k([token.logprob for token in r.scores[0].each]))
    return _read(found, lambda r: min_k_plus_plus(r.scores[0].each))


def _read(response: Response, number: Callable[[Response], float]) -> float | Missing:
    if response.fault or not response.scores:
        return Missing(response.fault or "the text was not weighed", response.blame or CANDIDATE)
    if not response.scores[0].tokens:
        return Missing("the text has no token to weigh")
    return number(response)
