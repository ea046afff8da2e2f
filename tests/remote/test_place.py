"""Which addresses are asked, and that no form of the key gets out."""

from __future__ import annotations

import base64
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import SuiteError
from harness.remote import place as places
from harness.remote.place import hide, place, secret


def resolving(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    found = [(0, 0, 0, "", (address, 0)) for address in addresses]
    monkeypatch.setattr(places.socket, "getaddrinfo", lambda *_, **__: found)


@pytest.mark.parametrize("url", ["http://127.0.0.1:8000/v1/", "http://localhost:1/v1", "http://[::1]:8000/v1"])
def test_a_server_on_this_machine_is_asked_in_plain_http(url: str) -> None:
    assert place("judge", url).url == url.rstrip("/")


def test_a_public_server_is_asked_over_tls_only(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, "93.184.216.34")
    assert place("judge", "https://api.example.com/v1").secure
    with pytest.raises(SuiteError, match=r"is not encrypted and not on this machine; write https://api\.example\.com…"):
        place("judge", "http://api.example.com/v1")


def test_a_private_network_is_asked_where_the_suite_allows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, "10.0.0.7")
    with pytest.raises(SuiteError, match="leads into a private network; say allow_private: true if it is yours"):
        place("judge", "https://gpu-box/v1")
    assert place("judge", "http://gpu-box:8000/v1", private=True).host == "gpu-box"


@pytest.mark.parametrize(
    "address", ["169.254.169.254", "fe80::1%eth0", "::ffff:169.254.169.254", "0.0.0.0", "224.0.0.1"]
)
def test_addresses_of_clouds_and_routers_are_never_asked(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    resolving(monkeypatch, address)
    with pytest.raises(SuiteError, match="an address for machines' own use; it is never asked"):
        place("judge", "https://innocent.example.com/v1", private=True)


def test_one_bad_address_among_good_ones_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, "93.184.216.34", "169.254.169.254")
    with pytest.raises(SuiteError, match=r"169\.254\.169\.254"):
        place("judge", "https://innocent.example.com/v1")


def test_a_server_is_named_without_what_an_address_may_hide() -> None:
    assert place("judge", "http://ann:secret@127.0.0.1:8000/v1").shown == "http://127.0.0.1:8000"


def test_no_address_at_all_is_said() -> None:
    with pytest.raises(SuiteError, match="is no address; write http"):
        place("judge", "api.example.com/v1")


def test_a_key_comes_from_the_environment_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUDGE_KEY", " k-1 ")
    assert (secret("judge", "${env:JUDGE_KEY}"), secret("judge", "")) == ("k-1", "")
    monkeypatch.setenv("JUDGE_KEY", " ")
    with pytest.raises(SuiteError, match="the environment variable JUDGE_KEY is not set; export it first"):
        secret("judge", "${env:JUDGE_KEY}")
    with pytest.raises(SuiteError) as told:
        secret("judge", "sk-plain")
    assert "sk-plain" not in str(told.value)


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=12, max_size=60))
def test_no_form_of_a_key_is_left_in_a_text(key: str) -> None:
    forms = [key, quote(key, safe=""), base64.b64encode(key.encode()).decode()]
    shown = hide(f"refused: {' '.join(forms)} and {key}", key)
    for form in forms:
        assert form not in shown
