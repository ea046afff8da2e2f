"""Personal data in a text: addresses, numbers of people, cards and accounts, each proved by its own check digits."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

KINDS = ("email", "phone", "card", "iban", "ip", "ssn")
"""What is looked for."""

_IBAN_LENGTHS = {
    "AD": 24, "AE": 23, "AL": 28, "AT": 20, "BA": 20, "BE": 16, "BG": 22, "BR": 29, "CH": 21, "CY": 28, "CZ": 24,
    "DE": 22, "DK": 18, "EE": 20, "ES": 24, "FI": 18, "FO": 18, "FR": 27, "GB": 22, "GE": 22, "GI": 23, "GL": 18,
    "GR": 27, "HR": 21, "HU": 28, "IE": 22, "IL": 23, "IS": 26, "IT": 27, "KZ": 20, "LI": 21, "LT": 20, "LU": 20,
    "LV": 21, "MC": 27, "MD": 24, "ME": 22, "MK": 19, "MT": 31, "NL": 18, "NO": 15, "PL": 28, "PT": 25, "QA": 29,
    "RO": 24, "RS": 22, "SA": 24, "SE": 24, "SI": 19, "SK": 24, "SM": 27, "TN": 24, "TR": 26, "UA": 29, "XK": 20,
}  # fmt: skip
"""Country → characters of an account number there (ISO 13616)."""
_EMAIL = re.compile(
    r"(?<![\w.+%-])[\w.+%-]{1,64}@(?:[a-z0-9][a-z0-9-]{0,62}\.){1,8}[a-z]{2,24}(?![\w-])", re.IGNORECASE
)
_EXAMPLE = re.compile(r"(?:@|\.)(?:example\.(?:com|net|org)|example|test|invalid|localhost)$", re.IGNORECASE)
"""Names that RFC 2606 keeps for examples; nobody's mail goes there."""
_PHONE = re.compile(
    r"(?<![\w+.,/:-])(?:\+\d{1,3}[ .-]?)?(?:\(\d{1,5}\)[ .-]?)?\d{2,8}(?:[ .-]\d{2,8}){0,5}(?![\w:/-]|[.,]\d)"
)
_CARD = re.compile(r"(?<![\w.-])\d(?:[ -]?\d){12,18}(?![\w-]|[.,]\d)")
_IBAN = re.compile(r"(?<![\w-])[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?![\w-])")
_IP4 = re.compile(r"(?<![\w.-])(?:\d{1,3}\.){3}\d{1,3}(?![\w-]|\.\d)")
_IP6 = re.compile(r"(?<![\w:.])(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}(?![\w:])", re.IGNORECASE)
_VERSION = re.compile(r"\b(?:v|ver|version|release|build)[ .]*$", re.IGNORECASE)
_SSN = re.compile(r"(?<![\w-])(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\w-])")


class Hit(NamedTuple):
    """One piece of personal data."""

    kind: str
    start: int
    end: int


def find(text: str) -> list[Hit]:
    """Every piece of personal data in a text, in order; what overlaps counts once, as the stricter kind.

    >>> [hit.kind for hit in find("Write to ann@mail.org or pay DE89 3704 0044 0532 0130 00.")]
    ['email', 'iban']
    """
    taken: list[Hit] = []
    for kind, search in _SEARCHES.items():
        for start, end in search(text):
            if all(end <= hit.start or start >= hit.end for hit in taken):
                taken.append(Hit(kind, start, end))
    return sorted(taken, key=lambda hit: hit.start)


def masked(text: str, hit: Hit) -> str:
    """A hit that shows its shape and nothing else, so that a report does not spread what it warns of.

    >>> masked("ann@mail.org", Hit("email", 0, 12))
    'a··@····.···'
    """
    found = text[hit.start : hit.end]
    return found[0] + re.sub(r"\w", "·", found[1:])


def luhn(digits: str) -> bool:
    """Whether the check digit of a card number is right (ISO/IEC 7812).

    >>> luhn("4111111111111111"), luhn("4111111111111112")
    (True, False)
    """
    total = 0
    for at, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + at % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def iban(text: str) -> bool:
    """Whether a text is an account number: the length of its country, and the remainder 1 modulo 97 (ISO 7064).

    >>> iban("GB82 WEST 1234 5698 7654 32"), iban("GB82 WEST 1234 5698 7654 33")
    (True, False)
    """
    plain = text.replace(" ", "").upper()
    if _IBAN_LENGTHS.get(plain[:2]) != len(plain) or not plain.isalnum() or not plain.isascii():
        return False
    return int("".join(str(int(c, 36)) for c in plain[4:] + plain[:4])) % 97 == 1


def _emails(text: str) -> Iterator[tuple[int, int]]:
    if "@" in text:
        yield from (found.span() for found in _EMAIL.finditer(text) if not _EXAMPLE.search(found[0]))


def _ibans(text: str) -> Iterator[tuple[int, int]]:
    for found in _IBAN.finditer(text):
        # a word after the number may look like its last group
        ends = [found.end(), *(found.start() + at for at in range(len(found[0]) - 1, 14, -1) if found[0][at] == " ")]
        if end := next((end for end in ends if iban(text[found.start() : end])), None):
            yield found.start(), end


def _cards(text: str) -> Iterator[tuple[int, int]]:
    for found in _CARD.finditer(text):
        digits = re.sub(r"\D", "", found[0])
        if _issued(digits) and luhn(digits) and len(set(digits)) > 1:
            yield found.span()


def _issued(digits: str) -> bool:
    """Whether a number begins as cards of its length do: Visa, Mastercard, American Express, Discover, JCB, Diners,
    UnionPay."""
    first, two, three, four, n = digits[0], int(digits[:2]), int(digits[:3]), int(digits[:4]), len(digits)
    if n == 16 and (51 <= two <= 55 or 2221 <= four <= 2720 or four == 6011 or two == 65 or 644 <= three <= 649):
        return True
    if (n == 15 and two in (34, 37)) or (n == 14 and (two in (36, 38, 39) or 300 <= three <= 305)):
        return True
    return (first == "4" and n in (13, 16, 19)) or (two == 35 and n == 16) or (two == 62 and 16 <= n <= 19)


def _ips(text: str) -> Iterator[tuple[int, int]]:
    for pattern in (_IP4, _IP6):
        for found in pattern.finditer(text):
            try:
                address = ipaddress.ip_address(found[0])
            except ValueError:
                continue
            # four numbers after the word "version" are a version
            if address.is_global and not _VERSION.search(text[max(0, found.start() - 12) : found.start()]):
                yield found.span()


def _phones(text: str) -> Iterator[tuple[int, int]]:
    for found in _PHONE.finditer(text):
        groups = re.findall(r"\d+", found[0])
        n = sum(map(len, groups))
        if found[0].startswith("+"):
            good = (8 <= n <= 15 and len(groups) > 1) or 10 <= n <= 15
        elif "(" in found[0]:
            good = 9 <= n <= 12
        elif [len(group) for group in groups] == [3, 3, 4]:
            good = groups[0][0] not in "01"
        else:
            good = groups[0][0] == "0" and 9 <= n <= 12 and 2 <= len(groups) <= 5
        if good:
            yield found.span()


def _ssns(text: str) -> Iterator[tuple[int, int]]:
    return (found.span() for found in _SSN.finditer(text))


_SEARCHES: dict[str, Callable[[str], Iterator[tuple[int, int]]]] = {
    "email": _emails, "iban": _ibans, "card": _cards, "ip": _ips, "ssn": _ssns, "phone": _phones,
}  # fmt: skip
"""Kind → spans, the strictest first."""
