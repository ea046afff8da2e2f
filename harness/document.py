"""YAML text → plain data that knows its line numbers; reads YAML 1.2 and refuses what people misread.

The parser's events are built into dicts and lists here, not by the YAML library, so that every surprise (a duplicate
key, a tag, an alias bomb, `012`, NaN) becomes a complaint with its place instead of a value.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import Complaint, SuiteError
from harness.place import Document, Place
from harness.scalar import hint, kind_of, plain_scalar

MAX_BYTES = 1 << 20
"""Largest file that is read."""
MAX_NODES = 100_000
"""Most values a document may hold once its aliases are written out."""
MAX_DEPTH = 64
"""Deepest nesting."""

_CORE = "tag:yaml.org,2002:"


def read(path: Path) -> Document:
    """The document in a file.

    Raises:
        SuiteError: every complaint about it.
    """
    return _raised(compose(text_of(path), str(path)))


def parse(text: str, file: str = "") -> Document:
    """The document that a text holds; `file` is what complaints name.

    Raises:
        SuiteError: every complaint about it.
    """
    return _raised(compose(text, file))


def _raised(made: tuple[Document, list[Complaint]]) -> Document:
    document, complaints = made
    if complaints:
        raise SuiteError(complaints)
    return document


def text_of(path: Path) -> str:
    """A file's text, which must be plain UTF-8 of at most `MAX_BYTES`.

    Raises:
        SuiteError: it cannot be read, is too large, or has another encoding.
    """

    def refuse(text: str, line: int = 0) -> SuiteError:
        return SuiteError([Complaint(str(path), line, text)])

    try:
        with path.open("rb") as handle:
            raw = handle.read(MAX_BYTES + 1)
    except OSError as error:
        raise refuse(f"cannot be read: {error.strerror or error}") from error
    if len(raw) > MAX_BYTES:
        raise refuse(f"is larger than {MAX_BYTES >> 20} MiB; a suite names its data files, it does not hold them")
    if raw.startswith(b"\xef\xbb\xbf"):
        raise refuse("begins with a byte order mark; save it as UTF-8 without one", 1)
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in raw:
        raise refuse("is not UTF-8 (it looks like UTF-16); save it as UTF-8", 1)
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise refuse(
            f"byte 0x{raw[error.start]:02x} is not UTF-8 (the file looks like Latin-1); save it as UTF-8", line
        ) from error


def compose(text: str, file: str = "") -> tuple[Document, list[Complaint]]:
    """A document and what is wrong with it; the data is as good as it can be, so that a caller can look further.

    Raises:
        SuiteError: the text cannot be read to its end (syntax, nesting, aliases that explode).
    """
    builder = _Builder(text, file)
    return builder.document(), builder.complaints


@dataclass(slots=True)
class _Anchor:
    """What `&name` stands for; `size` counts its values, and is 0 while it is still open."""

    value: Any = None
    place: Place | None = None
    size: int = 0


class _Builder:
    """Builds one document from the parser's events; recursion is bounded by `MAX_DEPTH`."""

    def __init__(self, text: str, file: str) -> None:
        self.text = text
        self.file = file
        self.complaints: list[Complaint] = []
        self.anchors: dict[str, _Anchor] = {}
        self.nodes = 0
        self.events = self._events()

    def document(self) -> Document:
        value: Any = None
        place = Place(self.file, 1)
        documents = 0
        for event in self.events:
            kind = type(event).__name__
            if kind == "DocumentStartEvent":
                documents += 1
                if documents > 1:
                    raise self._fatal(event, "a second document begins here (---); a suite is one document")
                if event.version and tuple(event.version) != (1, 2):
                    self._complain(event, "asks for another YAML version; suites are read as YAML 1.2")
            elif kind not in ("StreamStartEvent", "StreamEndEvent", "DocumentEndEvent"):
                value, place = self._value(event, 0)
        return Document(value, place)

    def _events(self) -> Iterator[Any]:
        from ruamel.yaml import YAML
        from ruamel.yaml.error import MarkedYAMLError
        from ruamel.yaml.reader import ReaderError

        try:
            yield from YAML(typ="safe", pure=True).parse(self.text)
        except MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            raise self._syntax(mark.line + 1 if mark else 0, str(error.problem or error.context)) from error
        except ReaderError as error:
            line = self.text.count("\n", 0, error.position) + 1
            what = f"the character U+{_code(error.character):04X} may not stand in a suite; write it as an escape"
            raise SuiteError([*self.complaints, Complaint(self.file, line, what)]) from error
        except (ValueError, OverflowError, LookupError, AttributeError, TypeError, AssertionError) as error:
            # The parser was not written for hostile text: an escape beyond Unicode, for one, overflows inside it.
            raise self._syntax(0, f"{type(error).__name__}: {error}") from error

    def _syntax(self, line: int, problem: str) -> SuiteError:
        lines = self.text.splitlines()
        shown = lines[line - 1] if 0 < line <= len(lines) else ""
        text = f"is not valid YAML: {problem}{hint(problem, shown)}"
        return SuiteError([*self.complaints, Complaint(self.file, line, text)])

    def _fatal(self, event: Any, text: str) -> SuiteError:
        self._complain(event, text)
        return SuiteError(self.complaints)

    def _complain(self, event: Any, text: str) -> None:
        self.complaints.append(Complaint(self.file, event.start_mark.line + 1, text))

    def _value(self, event: Any, depth: int) -> tuple[Any, Place]:
        """One value, and the place of it."""
        self._count(event, 1)
        if depth > MAX_DEPTH:
            raise self._fatal(event, f"is nested deeper than {MAX_DEPTH} levels")
        kind = type(event).__name__
        if kind == "AliasEvent":
            return self._alias(event)
        place = Place(self.file, event.start_mark.line + 1)
        before = self.nodes - 1
        anchor = _Anchor()
        if event.anchor:
            self.anchors[event.anchor] = anchor
        self._check_tag(event, kind)
        value: Any
        if kind == "ScalarEvent":
            value = self._scalar(event)
        elif kind == "MappingStartEvent":
            value = self._mapping(place, depth)
        else:
            value = self._sequence(place, depth)
        anchor.value, anchor.place, anchor.size = value, place, self.nodes - before
        return value, place

    def _count(self, event: Any, more: int) -> None:
        self.nodes += more
        if self.nodes > MAX_NODES:
            raise self._fatal(event, f"holds more than {MAX_NODES} values (aliases written out); shorten it")

    def _alias(self, event: Any) -> tuple[Any, Place]:
        anchor = self.anchors.get(event.anchor)
        if anchor is None:
            raise self._fatal(event, f"*{event.anchor} repeats an anchor that was not set before it")
        if anchor.place is None:
            raise self._fatal(event, f"*{event.anchor} stands inside what it repeats")
        self._count(event, anchor.size)
        return _copy(anchor.value), anchor.place.copy()

    def _mapping(self, place: Place, depth: int) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for event in self.events:
            if type(event).__name__ == "MappingEndEvent":
                return made
            key, _ = self._value(event, depth + 1)
            name = self._name(event, key)
            value, below = self._value(next(self.events), depth + 1)
            below.line = event.start_mark.line + 1
            if name in place.parts:
                earlier = place.parts[name].line
                self._complain(event, f"the key {name!r} is here twice: first in line {earlier}; keep one")
                continue
            made[name], place.parts[name] = value, below
        raise AssertionError("the parser ends every mapping")

    def _name(self, event: Any, key: Any) -> str:
        if isinstance(key, str):
            if key == "<<":
                self._complain(event, "`<<` merges are YAML 1.1; write the keys out")
            return key
        if isinstance(key, Mapping | list):
            self._complain(event, 'a key must be text, not a list or mapping; a template needs quotes: "{{ text }}"')
        else:
            written = getattr(event, "value", key)
            self._complain(event, f'a key must be text; {written} is read as {kind_of(key)}: write "{written}"')
        return str(key)

    def _sequence(self, place: Place, depth: int) -> list[Any]:
        made: list[Any] = []
        for event in self.events:
            if type(event).__name__ == "SequenceEndEvent":
                return made
            value, below = self._value(event, depth + 1)
            place.parts[len(made)] = below
            made.append(value)
        raise AssertionError("the parser ends every list")

    def _check_tag(self, event: Any, kind: str) -> None:
        known = {"ScalarEvent": "str", "MappingStartEvent": "map", "SequenceStartEvent": "seq"}[kind]
        if event.tag not in (None, "!", _CORE + known):
            shown = str(event.tag).replace(_CORE, "!!")
            self._complain(event, f"the tag {shown} is not known; suites hold plain data only: remove it")

    def _scalar(self, event: Any) -> Any:
        text = str(event.value)
        if any("\ud800" <= character <= "\udfff" for character in text):
            self._complain(event, "holds half of a surrogate pair, which is not a character")
            return ""
        if event.style or event.tag:
            return text
        try:
            return plain_scalar(text)
        except ValueError as error:
            self._complain(event, str(error))
            return None


def _code(character: Any) -> int:
    """A character's number: the reader reports either."""
    return character if isinstance(character, int) else ord(str(character))


def _copy(value: Any) -> Any:
    """A deep copy of plain data."""
    if isinstance(value, dict):
        return {key: _copy(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_copy(part) for part in value]
    return value
