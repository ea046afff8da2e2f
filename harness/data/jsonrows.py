"""Rows from JSON: one object a line (jsonl), or one list of objects (json), read piece by piece and strictly."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any

from harness.data.source import LONGEST_LINE, Item, Source, lines
from harness.errors import Complaint

_CHUNK = 2**16


class _Refused(ValueError):
    """JSON that parses, but must not be taken as data."""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    row = dict(pairs)
    if len(row) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise _Refused(f"the key {twice!r} stands twice in one object")
    return row


def _constant(word: str) -> Any:
    raise _Refused(f"{word} is not JSON; leave the field out or write null")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise _Refused(f"{digits} is too large for a number")
    return number


_DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_constant, parse_float=_finite)


def loads(text: str) -> Any:
    """JSON data, strictly: no duplicate keys, no NaN or infinity, no half surrogate pairs.

    Raises:
        ValueError: with the reason as a sentence.
    """
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error.msg} (column {error.colno})") from None
    except RecursionError:
        raise ValueError("the JSON is nested too deeply") from None
    if "\\u" in text:
        _paired(value)
    return value


def _paired(value: Any) -> None:
    """Refuse text that no encoding can hold: `"\\ud800"` without its other half."""
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise _Refused("a text holds half of a surrogate pair (\\ud800 to \\udfff), which is no character") from None


def _as_row(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _Refused(f"expected an object with fields ({{…}}), found {_kind(value)}")
    return value


def _kind(value: Any) -> str:
    names = {list: "a list", str: "a text", bool: "true or false", int: "a number", float: "a number"}
    return names.get(type(value), "null")


def jsonl(source: Source) -> Iterator[Item]:
    """The rows of a file with one JSON object a line."""
    for number, line in lines(source):
        if isinstance(line, Complaint):
            yield number, line
        elif not line.isspace():
            try:
                yield number, _as_row(loads(line))
            except ValueError as error:
                hint = ""
                if number == 1 and line.lstrip().startswith("["):
                    hint = "; if the whole file is one JSON list, name it .json or say `format: json`"
                yield source.wrong(number, f"{error}{hint}")


class _Json:
    """A JSON text that is read piece by piece."""

    def __init__(self, pieces: Iterator[str]) -> None:
        self._pieces = pieces
        self._text = ""
        self._at = 0
        self.line = 1

    def _more(self, wanted: int = _CHUNK) -> bool:
        """Drop what was consumed and read at least `wanted` more characters; whether any came."""
        self.line += self._text.count("\n", 0, self._at)
        parts, got = [self._text[self._at :]], 0
        while got < wanted and (piece := next(self._pieces, "")):
            parts.append(piece)
            got += len(piece)
        self._text, self._at = "".join(parts), 0
        return got > 0

    def peek(self) -> str:
        """The next character that is not blank; empty at the end."""
        while True:
            while self._at < len(self._text) and self._text[self._at] in " \t\r\n":
                self._at += 1
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                return ""

    def take(self, wanted: str) -> None:
        """Consume one of the characters of `wanted`."""
        found = self.peek()
        if not found or found not in wanted:
            raise ValueError(f"not JSON: expected {' or '.join(wanted)}, found {found or 'the end of the file'}")
        self._at += 1

    def here(self) -> int:
        """The line of the next character that is not blank."""
        self.peek()
        return self.line + self._text.count("\n", 0, self._at)

    def value(self) -> Any:
        """The next whole value."""
        self.peek()
        while True:
            try:
                found, end = _DECODER.raw_decode(self._text, self._at)
            except json.JSONDecodeError as error:
                # near the end of what was read, the value may only be cut off
                cut = error.msg.startswith("Unterminated") or error.pos >= len(self._text) - 16
                left = len(self._text) - self._at
                if not cut or left > LONGEST_LINE or not self._more(left + _CHUNK):
                    raise ValueError(f"not JSON: {error.msg}") from None
            except RecursionError:
                raise ValueError("the JSON is nested too deeply") from None
            else:
                if "\\u" in self._text[self._at : end]:
                    _paired(found)
                self._at = end
                return found


def json_list(source: Source) -> Iterator[Item]:
    """The rows of one JSON list, or of the member `field` of one JSON object."""
    failed: list[Complaint] = []

    def pieces() -> Iterator[str]:
        for _, line in lines(source):
            if isinstance(line, Complaint):
                failed.append(line)
                return
            yield line

    text = _Json(pieces())
    try:
        yield from _members(source, text) if source.field else _items(source, text)
        if rest := text.peek():
            raise ValueError(f"not JSON: {rest!r} follows after the end of the data")
    except ValueError as error:
        found = failed[0] if failed else Complaint(source.shown, text.here(), str(error))
        yield found.line, found


def _items(source: Source, text: _Json) -> Iterator[Item]:
    if text.peek() == "{":
        raise ValueError(
            "expected a list of rows ([{…}, …]), found an object; name the member that holds the rows: "
            f"{{path: {source.shown}, field: NAME}}, or use format: jsonl for one object a line"
        )
    text.take("[")
    if text.peek() == "]":
        text.take("]")
        return
    while True:
        line = text.here()
        value = text.value()
        if isinstance(value, dict):
            yield line, value
        else:
            yield source.wrong(line, f"expected an object with fields ({{…}}), found {_kind(value)}")
        text.take(",]")
        if text._text[text._at - 1] == "]":
            return


def _members(source: Source, text: _Json) -> Iterator[Item]:
    text.take("{")
    names: list[str] = []
    while text.peek() != "}":
        names.append(str(text.value()))
        text.take(":")
        if names[-1] == source.field:
            yield from _items(source, text)
        else:
            text.value()
        if text.peek() != "}":
            text.take(",")
    text.take("}")
    if names.count(source.field) != 1:
        raise ValueError(
            f"the key {source.field!r} stands {names.count(source.field)} times at the top "
            f"(found: {', '.join(names[:12])})"
        )
