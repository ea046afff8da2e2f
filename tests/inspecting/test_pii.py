"""Personal data: check digits decide, masks hide, examples and versions are no persons."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.inspecting.pii import Hit, find, iban, luhn, masked

# card numbers that networks publish for testing, account numbers of the standard's registry
CARDS = ["4111 1111 1111 1111", "5555-5555-5555-4444", "378282246310005", "6011111111111117", "3530111333300000"]
IBANS = [
    "DE89 3704 0044 0532 0130 00",
    "GB82WEST12345698765432",
    "FR14 2004 1010 0505 0001 3M02 606",
    "NO93 8601 1117 947",
]


@pytest.mark.parametrize("card", CARDS)
def test_cards_are_known_by_their_check_digit(card: str) -> None:
    assert [hit.kind for hit in find(f"Pay with {card}, please.")] == ["card"]
    last = str((int(card[-1]) + 1) % 10)
    assert "card" not in [hit.kind for hit in find(f"Pay with {card[:-1]}{last}, please.")]


@pytest.mark.parametrize("account", IBANS)
def test_accounts_are_known_by_their_remainder(account: str) -> None:
    assert iban(account)
    (hit,) = find(f"to {account} by Friday")
    assert (hit.kind, f"to {account} by Friday"[hit.start : hit.end]) == ("iban", account)
    assert not iban(account[:-1] + ("1" if account[-1] != "1" else "2"))


@given(st.text(st.sampled_from("0123456789"), min_size=2, max_size=19), st.integers(0, 18), st.integers(1, 9))
def test_a_changed_digit_never_passes(digits: str, at: int, by: int) -> None:
    whole = next(digits + check for check in "0123456789" if luhn(digits + check))
    at %= len(whole)
    assert not luhn(whole[:at] + str((int(whole[at]) + by) % 10) + whole[at + 1 :])


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("mail ann.lee+x@mail.co.uk now", ["email"]),
        ("call +49 30 901820 or (555) 010-4477", ["phone", "phone"]),
        ("555-867-5309", ["phone"]),
        ("from 8.8.8.8 and 2001:4860:4860::8888", ["ip", "ip"]),
        ("SSN 123-45-6789", ["ssn"]),
        ("012 3456 7890", ["phone"]),
    ],
)
def test_what_is_found(text: str, kinds: list[str]) -> None:
    assert [hit.kind for hit in find(text)] == kinds


@pytest.mark.parametrize(
    "text",
    [
        "", "write to you@example.com", "version 10.12.14.16", "127.0.0.1 and 192.168.0.1", "on 2024-05-31 at 10:30:15",
        "route 47 costs 2.50, order 1234567890", "3.14159265358979", "a@b", "2001-02-03 04:05:06", "1-2-3", "::",
        "0000000000000000", "1,234,567,890 people",
    ],
)  # fmt: skip
def test_what_is_none(text: str) -> None:
    assert find(text) == []


def test_a_mask_shows_the_shape_only() -> None:
    text = "ask ann@mail.org"
    (hit,) = find(text)
    assert masked(text, hit) == "a··@····.···"
    assert masked("4111 1111 1111 1111", Hit("card", 0, 19)) == "4··· ···· ···· ····"


@pytest.mark.parametrize("text", ["1" * 100_000, "a." * 50_000 + "@", "1 " * 50_000, ":" * 100_000, "GB82 " * 20_000])
def test_long_texts_take_no_longer_than_they_are_long(text: str) -> None:
    import time

    began = time.process_time()
    find(text)
    assert time.process_time() - began < 3
