"""Faults of encoding in a text: characters that were damaged on the way, and characters that nobody can see."""

from __future__ import annotations

import re

KINDS = ("replacement", "mojibake", "zero_width", "bidi", "control", "entity", "surrogate")
"""What is looked for."""

_ZERO_WIDTH = re.compile(r"[\u200b\u2060\ufeff\u180e]|(?<=[\x21-\u024f])[\u200c\u200d](?=[\x21-\u024f])")
"""Joiners are part of emoji and of many scripts; between Latin letters they are not."""
_BIDI = re.compile(r"[\u202a-\u202e\u2066-\u2069]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_ENTITY = re.compile(r"&(?:amp|lt|gt|quot|apos|nbsp|#\d{2,6}|#x[0-9a-fA-F]{2,6});")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_RUN = re.compile(r"[^\x00-\x7f]{2,}")
_CP1252 = {
    byte: code
    for code, byte in (
        (0x80, 0x20AC), (0x82, 0x201A), (0x83, 0x0192), (0x84, 0x201E), (0x85, 0x2026), (0x86, 0x2020),
        (0x87, 0x2021), (0x88, 0x02C6), (0x89, 0x2030), (0x8A, 0x0160), (0x8B, 0x2039), (0x8C, 0x0152),
        (0x8E, 0x017D), (0x91, 0x2018), (0x92, 0x2019), (0x93, 0x201C), (0x94, 0x201D), (0x95, 0x2022),
        (0x96, 0x2013), (0x97, 0x2014), (0x98, 0x02DC), (0x99, 0x2122), (0x9A, 0x0161), (0x9B, 0x203A),
        (0x9C, 0x0153), (0x9E, 0x017E), (0x9F, 0x0178),
    )
}  # fmt: skip
"""Code point → the byte that Windows-1252 gives it, where that is not the code point itself."""


def faults(text: str) -> dict[str, int]:
    """Kind of fault → how often; empty for a sound text.

    >>> faults("It’s a caf\u00c3\u00a9\u200b \ufffd")
    {'replacement': 1, 'mojibake': 1, 'zero_width': 1}
    >>> faults("Ça va, “très” bien — naïve 日本語 👩\u200d🚀")
    {}
    """
    found = {}
    if not text.isascii():
        found["replacement"] = text.count("\ufffd")
        found["mojibake"] = mojibake(text)
        found["zero_width"] = len(_ZERO_WIDTH.findall(text))
        found["bidi"] = len(_BIDI.findall(text))
        found["surrogate"] = len(_SURROGATE.findall(text))
    found["control"] = len(_CONTROL.findall(text))
    found["entity"] = len(_ENTITY.findall(text)) if "&" in text else 0
    return {kind: count for kind, count in found.items() if count}


def mojibake(text: str) -> int:
    """How many runs of characters are UTF-8 that was read as Windows-1252 or Latin-1: `Ã©` for `é`, `â€™` for `’`.

    A run counts where its characters, put back into bytes, are UTF-8, and where what comes out is a likelier text:
    accented Latin letters, punctuation, an emoji, or two and more characters of another script.
    """
    return sum(_damaged(run[0]) for run in _RUN.finditer(text))


def _damaged(run: str) -> bool:
    at, restored = 0, []
    values = [_CP1252.get(ord(c), ord(c)) for c in run]
    while at < len(values):
        length = _utf8_length(values[at])
        piece = values[at : at + length]
        if length and len(piece) == length and all(0x80 <= v < 0xC0 for v in piece[1:]):
            code = piece[0] & (0xFF >> (length + 1))
            for value in piece[1:]:
                code = code << 6 | value & 0x3F
            restored.append(code)
            at += length
        else:
            at += 1
    likely = [code for code in restored if code < 0x180 or 0x2000 <= code < 0x2C00 or code >= 0x1F000]
    return bool(likely) or len(restored) >= 2


def _utf8_length(value: int) -> int:
    """Bytes of the UTF-8 character that begins with this byte; 0 where none does."""
    if 0xC2 <= value <= 0xDF:
        return 2
    if 0xE0 <= value <= 0xEF:
        return 3
    return 4 if 0xF0 <= value <= 0xF4 else 0
