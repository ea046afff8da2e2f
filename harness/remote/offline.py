"""Offline: a server beyond this machine is not asked; its answers come from the cache, or are missing."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import urlsplit

from harness.exchange import Facts, Request, Response
from harness.score import INFRASTRUCTURE

HERE = "localhost"
"""The one name that means this machine without being looked up."""
FAULT = "offline: the server was not asked, and the cache holds no answer of it to this"


def beyond(url: str) -> bool:
    """Whether a server may be elsewhere; told by its address alone, since looking up a name asks the network.

    >>> beyond("https://api.example.com/v1"), beyond("http://10.0.0.7:8000/v1")
    (True, True)
    >>> beyond("http://localhost:8000/v1"), beyond("http://[::1]:8000/v1"), beyond("http://127.0.0.9/v1")
    (False, False, False)
    """
    host = urlsplit(url).hostname or ""
    try:
        return not ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host != HERE


class Unasked:
    """The `Model` of a server that is not asked: every answer is missing, and none is made up."""

    def __init__(self, host: str) -> None:
        self._host = host

    @property
    def facts(self) -> Facts:
        """That it was not asked; nothing was proved of it."""
        return Facts(path=f"offline: {self._host} was not asked; answers came from the cache, or are missing")

    def answer(self, requests: Sequence[Request]) -> Iterator[tuple[int, Response]]:
        """A fault for each request."""
        for at in range(len(requests)):
            yield at, Response(fault=FAULT, blame=INFRASTRUCTURE)

    def close(self) -> None:
        """Nothing was opened."""


def told(name: str, url: str, counted: Mapping[str, float]) -> str:
    """What being offline did to one model, as a sentence; `counted` is what was asked of it."""
    known, lost = int(counted.get("cached", 0)), int(counted.get("computed", 0))
    rest = f"{lost:,} could not be asked and are missing" if lost else "nothing is missing"
    return f"{name}: offline: {urlsplit(url).hostname} was not asked; {known:,} answers came from the cache, {rest}"
