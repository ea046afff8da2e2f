"""The terms of a report: each is explained once, at the end, and linked from where it is used."""

from __future__ import annotations

import json
import re
from functools import cache

from markupsafe import Markup

from harness import content
from harness.report import plain

_LINK = Markup('<a class="term" href="#term-{}">{}</a>')


@cache
def terms() -> dict[str, tuple[str, str]]:
    """Term → (as people write it, what it means), as reports/glossary.json says."""
    said = json.loads(content.report_file("glossary.json").read_text(encoding="utf-8"))
    return {term: (term, text) if isinstance(text, str) else (text[0], text[1]) for term, text in said.items()}


def anchor(term: str) -> str:
    """The end of a term's address in the page."""
    return re.sub(r"[^a-z0-9]+", "-", term.lower())


class Glossary:
    """Remembers which terms one report uses."""

    def __init__(self) -> None:
        self._used: set[str] = set()

    def term(self, name: str, shown: str = "") -> Markup:
        """`shown` (or the term as people write it) as a link to its explanation; plain text where there is none."""
        if name not in terms():
            return Markup("{}").format(plain.visible(shown or name))
        text = plain.visible(shown or terms()[name][0])
        self._used.add(name)
        return _LINK.format(anchor(name), text)

    def measure(self, check: str, name: str) -> Markup:
        """What a check measures, under its own name; explained as `check.name` where that means something special."""
        special = f"{check}.{name}"
        return self.term(special if special in terms() else name, name)

    def knows(self, name: str) -> bool:
        """Whether the term is explained."""
        return name in terms()

    def name(self, name: str) -> str:
        """The term as people write it, without a link."""
        return terms()[name][0] if name in terms() else name

    def used(self) -> list[tuple[str, str, str]]:
        """(anchor, term, meaning) of every term that was linked, sorted."""
        found = [(anchor(name), *terms()[name]) for name in self._used]
        return sorted(found, key=lambda entry: entry[1].casefold())
