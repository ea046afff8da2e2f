"""Text that nobody can be tricked with: what a model, a label or a path says, made safe to show.

Everything in a report that came from a checkpoint, a data set or a suite passes through here first. Nothing is dropped:
what would be invisible or obeyed is made visible instead.
"""

from __future__ import annotations

import re

_NAMED = {
    0x00AD: "SHY",
    0x061C: "ALM",
    0x180E: "MVS",
    0x200B: "ZWSP",
    0x200E: "LRM",
    0x200F: "RLM",
    0x2028: "LS",
    0x2029: "PS",
    0x202A: "LRE",
    0x202B: "RLE",
    0x202C: "PDF",
    0x202D: "LRO",
    0x202E: "RLO",
    0x2060: "WJ",
    0x2066: "LRI",
    0x2067: "RLI",
    0x2068: "FSI",
    0x2069: "PDI",
    0xFEFF: "BOM",
}
_HIDDEN = [
    *range(0x80, 0xA0),  # C1: a terminal obeys U+009B like ESC [
    *range(0x2061, 0x2065),
    *range(0x206A, 0x2070),
    *range(0xFDD0, 0xFDF0),
    *range(0xFFF9, 0xFFFC),
    *range(0xE0000, 0xE0080),  # tags: text that only a tokenizer sees
    *range(0xE0100, 0xE01F0),
    *(plane << 16 | low for plane in range(17) for low in (0xFFFE, 0xFFFF)),
]
_TABLE: dict[int, str] = {
    **{code: chr(0x2400 + code) for code in range(0x20) if code not in (0x09, 0x0A)},
    0x7F: "␡",
    **{code: f"⟪U+{code:04X}⟫" for code in [*_HIDDEN, *range(0xD800, 0xE000)]},
    **{code: f"⟪{name}⟫" for code, name in _NAMED.items()},
}
# Joiners shape Persian, Hindi and emoji; beside ASCII or at an edge they only hide something.
_JOINER = re.compile("(?<![^\x00-\x7f])[\u200c\u200d]|[\u200c\u200d](?![^\x00-\x7f])")
_JOINERS = {"\u200c": "⟪ZWNJ⟫", "\u200d": "⟪ZWJ⟫"}
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+!|~<>$^=-])")
_LINKS = re.compile(r"(@|#|://|\bwww\.|\bGH-)", re.IGNORECASE)


def visible(text: str) -> str:
    """`text` with controls, direction marks, invisible and unpaired characters shown as signs; newline and tab stay.

    >>> visible("a\\x1b[31mred")
    'a␛[31mred'
    """
    return _JOINER.sub(lambda found: _JOINERS[found[0]], text.translate(_TABLE))


def line(text: str, limit: int = 0) -> str:
    """`text` on one line for a terminal or a table, cut after `limit` characters where that is not 0.

    >>> line("one\\ntwo", 6)
    'one⏎t…'
    """
    shown = visible(text).replace("\n", "⏎").replace("\t", " ")
    return shown if not limit or len(shown) <= limit else shown[: limit - 1] + "…"


def unhooked(text: str) -> str:
    """`text` that a GitHub Actions log does not take for a command, wherever a line may be broken.

    >>> unhooked("::error::forged")
    ':\\\\:error:\\\\:forged'
    """
    return text.replace("::", ":\\:").replace("##[", "#\\#[")


def markdown(text: str) -> str:
    """`text` as inert inline Markdown: no markup, no link, no mention, no issue reference, no table cell of its own.

    >>> markdown("*hi* | <b>")
    '\\\\*hi\\\\* \\\\| &lt;b&gt;'
    """
    shown = _MARKDOWN.sub(r"\\\1", line(text).replace("&", "&amp;"))
    shown = shown.replace("\\<", "&lt;").replace("\\>", "&gt;")
    return _LINKS.sub(lambda found: _cut_link(found[0]), shown)


def _cut_link(found: str) -> str:
    """The beginning of a link with a word joiner in it, so that no reader turns it into one."""
    return ":\u2060//" if found == "://" else found + "\u2060"


def code(text: str) -> str:
    """`text` as a Markdown code span that it cannot leave, safe inside a table."""
    shown = line(text).replace("|", "\\|") or " "
    ticks = "`" * (1 + max((len(run) for run in re.findall("`+", shown)), default=0))
    return f"{ticks} {shown} {ticks}" if len(ticks) > 1 else f"`{shown}`"


def fence(text: str, limit: int = 1000) -> str:
    """`text` as a Markdown code block that it cannot leave, cut after `limit` characters."""
    shown = visible(text)
    if len(shown) > limit:
        shown = f"{shown[:limit]}… ({len(shown) - limit:,} more characters)"
    ticks = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", shown)), default=0))
    return f"{ticks}text\n{shown}\n{ticks}"
