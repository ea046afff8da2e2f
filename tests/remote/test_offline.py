"""Offline: which servers are left alone, and that leaving them alone makes nothing up and looks nothing up."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from harness.catalog import Catalog
from harness.checkpoint import Checkpoint
from harness.exchange import Request
from harness.remote.offline import FAULT, beyond, told


@pytest.mark.parametrize(
    ("url", "elsewhere"),
    [
        ("https://api.example.com/v1", True),
        ("http://10.0.0.7:8000/v1", True),
        ("https://localhost.example.com/v1", True),
        ("https://127.0.0.1.example.com/v1", True),
        ("http://localhost:8000/v1", False),
        ("http://LOCALHOST/v1", False),
        ("http://127.0.0.9:8000/v1", False),
        ("http://[::1]:8000/v1", False),
    ],
)
def test_a_server_is_here_if_its_address_says_so_by_itself(url: str, elsewhere: bool) -> None:
    assert beyond(url) is elsewhere


def test_a_server_that_is_not_asked_gives_no_answer_and_is_not_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> Any:
        raise AssertionError("a name was looked up")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    leaf = Catalog().get("model", "endpoint")
    options = {"endpoint": "https://api.example.com/v1", "model": "m", "api_key": "${env:KEY_OF_NOBODY}"}
    model = leaf.function(Checkpoint("judge", "endpoint"), True, **options)
    found = dict(model.answer([Request("generate", "a"), Request("generate", "b")]))
    assert [(found[at].text, found[at].fault, found[at].blame) for at in (0, 1)] == [
        (None, FAULT, "infrastructure")
    ] * 2
    assert model.facts.gate == ()  # nothing was proved, so nothing is remembered as proved
    assert "api.example.com was not asked" in model.facts.path
    with pytest.raises(AssertionError, match="a name was looked up"):
        leaf.function(Checkpoint("judge", "endpoint"), False, **options)


def test_what_came_from_the_cache_and_what_is_missing_is_said() -> None:
    text = told("judge", "https://api.example.com/v1", {"cached": 1200, "computed": 3})
    assert text == (
        "judge: offline: api.example.com was not asked; 1,200 answers came from the cache, "
        "3 could not be asked and are missing"
    )
    assert told("judge", "https://api.example.com/v1", {}).endswith("0 answers came from the cache, nothing is missing")
