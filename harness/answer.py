"""A model's text → an answer, as a task's `parse` says."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Any

from harness.errors import nearest

JSON_STARTS = 64
"""How many places of a text are tried as the beginning of a JSON value."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What was read from a model's text."""

    text: str
    """The answer; empty where nothing could be read."""
    valid: bool = True
    """Whether reading succeeded. An answer that is not valid is wrong in every metric, never left out."""
    reason: str = ""
    """Why it is not valid, as a sentence."""


Reader = Callable[[str], Answer]


@dataclass(frozen=True, slots=True)
class Parser:
    """Reads answers the way a task's `parse` says."""

    read: Reader
    canonical: bool = False
    """Whether answers are whole JSON values, written in one canonical way."""
    labels: tuple[str, ...] = ()
    """All that it can ever give, where it is a map of labels; empty otherwise."""

    def __call__(self, text: str, choices: Sequence[str] = ()) -> Answer:
        """The answer in `text`; where there are `choices` it must be exactly one of them."""
        answer = self.read(text)
        if answer.valid and choices and answer.text.strip() not in {choice.strip() for choice in choices}:
            return Answer("", False, f"{shorten(answer.text)} is not one of the choices")
        return answer

    def target(self, text: str) -> str:
        """A reference answer written the way answers are, so that equal JSON values are equal text."""
        if not self.canonical:
            return text
        try:
            return write_json(_strict_json(text.strip()))
        except (ValueError, RecursionError):
            return text


def parser(spec: Any = None) -> Parser:
    """The parser that a task's `parse` describes.

    `spec` is None (the text itself, stripped), `json` (the JSON value in the text), `{json: a.b}` (one field of it), a
    regular expression or `{regex: …, take: first|last, remove: ","}` (its first group, or the match), or a map
    label → regular expression (also as `{labels: {…}}`): the one label whose expression is found.

    Raises:
        ValueError: `spec` is none of these; the message is a complaint for the user.
    """
    if spec is None:
        return Parser(lambda text: Answer(text.strip()))
    if spec == "json":
        return Parser(_json_reader(""), canonical=True)
    if isinstance(spec, str):
        return Parser(_regex_reader({"regex": spec}))
    if not isinstance(spec, Mapping) or not spec:
        raise ValueError(f"parse is a regular expression, `json` or a map of label to pattern, not {spec!r}")
    if set(spec) == {"json"}:
        if not isinstance(spec["json"], str):
            raise ValueError(f"parse json names a field such as `answer.label`, not {spec['json']!r}")
        return Parser(_json_reader(spec["json"]))
    if "regex" in spec:
        return Parser(_regex_reader(spec))
    if set(spec) == {"labels"} and isinstance(spec["labels"], Mapping):
        spec = spec["labels"]
    return Parser(_label_reader(spec), labels=tuple(map(str, spec)))


def parse(text: str, spec: Any = None) -> tuple[str, bool]:
    """The answer in `text` as `spec` says, and whether there was one; `parser` says what `spec` may be.

    >>> parse("Sure! The answer is 42.", "answer is ([0-9]+)")
    ('42', True)
    >>> parse("I cannot say.", {"positive": "(?i)good", "negative": "(?i)bad"})
    ('', False)
    """
    answer = _parser_of(json.dumps(spec, default=repr))(text)
    return answer.text, answer.valid


@lru_cache(maxsize=64)
def _parser_of(spec: str) -> Parser:
    return parser(json.loads(spec))


def find_json(text: str) -> Any:
    """The JSON value in `text`: all of it, else the first fenced block, else the first object or list that is whole.

    Repeated keys, NaN and infinities, and text that cannot be written as UTF-8 are refused.

    Raises:
        ValueError: there is none.
    """
    stripped = text.strip()
    fences = stripped.split("```")
    for whole in [stripped] + ([fences[1].strip().removeprefix("json")] if len(fences) > 2 else []):
        try:
            return _strict_json(whole)
        except (ValueError, RecursionError):
            continue
    for found in islice(re.finditer(r"[{\[]", text), JSON_STARTS):
        try:
            value, _ = _DECODER.raw_decode(text, found.start())
            return _encodable(value)
        except (ValueError, RecursionError):
            continue
    raise ValueError(f"no JSON value in {shorten(text)}")


def write_json(value: Any) -> str:
    """One way to write a JSON value: a string as it is, all else with sorted keys and no spaces."""
    if isinstance(value, str):
        return value
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def shorten(text: str, width: int = 60) -> str:
    """`text` in quotes for a message, cut in the middle where it is long."""
    shown = text if len(text) <= width else f"{text[: width // 2]} … {text[-width // 3 :]}"
    return repr(shown)


# ---- readers -------------------------------------------------------------------------------------------------------


def _compile(pattern: Any, where: str) -> re.Pattern[str]:
    if not isinstance(pattern, str) or not pattern:
        raise ValueError(f"{where} needs a regular expression in quotes, not {pattern!r}")
    try:
        return re.compile(pattern)
    except re.error as error:
        raise ValueError(f"{where}: {pattern!r} is not a regular expression: {error}") from None


def _regex_reader(spec: Mapping[str, Any]) -> Reader:
    known = {"regex", "take", "remove"}
    for name in spec:
        if name not in known:
            raise ValueError(f"no option of parse regex named {name!r}{nearest(str(name), known)}")
    pattern = _compile(spec["regex"], "parse regex")
    take, remove = spec.get("take", "first"), spec.get("remove", "")
    if take not in ("first", "last"):
        raise ValueError(f"parse take is `first` or `last`, not {take!r}")
    if not isinstance(remove, str):
        raise ValueError(f"parse remove is a string of characters, not {remove!r}")
    removed = str.maketrans(dict.fromkeys(remove))

    def read(text: str) -> Answer:
        found = ""
        for match in pattern.finditer(text):
            group = next((g for g in match.groups() if g is not None), match.group())
            # An empty match (as of `\d*`) is no answer; a later one may be.
            found = group.translate(removed).strip() or found
            if found and take == "first":
                break
        return Answer(found) if found else Answer("", False, f"{pattern.pattern!r} is not found in {shorten(text)}")

    return read


def _label_reader(spec: Mapping[Any, Any]) -> Reader:
    if not spec:
        raise ValueError("parse needs at least one label with its pattern")
    patterns = {str(label): _compile(pattern, f"parse of label {label!r}") for label, pattern in spec.items()}

    def read(text: str) -> Answer:
        found = [label for label, pattern in patterns.items() if pattern.search(text)]
        if len(found) == 1:
            return Answer(found[0])
        what = "no label is" if not found else f"{' and '.join(map(repr, found))} are all"
        return Answer("", False, f"{what} found in {shorten(text)}")

    return read


def _json_reader(path: str) -> Reader:
    steps = path.split(".") if path else []

    def read(text: str) -> Answer:
        try:
            value = find_json(text)
        except ValueError as error:
            return Answer("", False, str(error))
        for step in steps:
            value = _field(value, step)
        if value is None:
            return Answer("", False, f"no {path or 'value'} in the JSON of {shorten(text)}")
        return Answer(write_json(value).strip())

    return read


def _field(value: Any, step: str) -> Any:
    if isinstance(value, dict):
        return value.get(step)
    if isinstance(value, list) and step.isdecimal() and int(step) < len(value):
        return value[int(step)]
    return None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({key for key, _ in pairs}) < len(pairs):
        raise ValueError("a key stands twice in a JSON object")
    return dict(pairs)


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(object_pairs_hook=_once, parse_constant=_no_constant)


def _strict_json(text: str) -> Any:
    return _encodable(_DECODER.decode(text))


def _encodable(value: Any) -> Any:
    # A lone surrogate ("\ud800") is legal JSON but cannot be written to any report; 1e999 is read as infinity.
    json.dumps(value, ensure_ascii=False, allow_nan=False).encode("utf-8")
    return value
