"""The desk: a packet served to one machine's browser, and its ratings put on the disk one by one."""

from __future__ import annotations

import hmac
import json
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from harness.errors import HarnessError
from harness.review.packet import Packet
from harness.review.page import render
from harness.review.shelf import add, rating_of

MOST_BODY = 1 << 16


@dataclass(frozen=True, slots=True)
class Desk:
    """An open desk."""

    url: str
    """With the token: whoever has it may look and rate."""
    server: ThreadingHTTPServer = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Kept:
    """What the desk's requests need."""

    packet: Packet
    ratings: Path
    token: str
    lock: threading.Lock


@contextmanager
def open_desk(packet: Packet, ratings: Path, port: int = 0) -> Iterator[Desk]:
    """Serve a packet on this machine alone, at a free port, to whoever has the token in the address."""
    kept = _Kept(packet, ratings, secrets.token_urlsafe(24), threading.Lock())
    server = ThreadingHTTPServer(("127.0.0.1", port), partial(_Handler, kept))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
    thread.start()
    try:
        yield Desk(f"http://127.0.0.1:{server.server_port}/?token={kept.token}", server)
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    """Answers one connection."""

    def __init__(self, kept: _Kept, *given: Any) -> None:
        self._kept = kept
        super().__init__(*given)

    def do_GET(self) -> None:
        asked = urlsplit(self.path)
        if not self._known_host() or asked.path != "/":
            self._say(404, "nothing here")
        elif not _same(parse_qs(asked.query).get("token", [""])[0], self._kept.token):
            self._say(403, "this address needs its token; take the one that `harness review serve` printed")
        else:
            self._say(200, render(self._kept.packet, token=self._kept.token), "text/html; charset=utf-8")

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if not self._known_host() or urlsplit(self.path).path != "/ratings":
            self._say(404, "nothing here")
        elif not _same(self.headers.get("X-Review-Token", ""), self._kept.token):
            self._say(403, "wrong token")
        elif not length.isdigit() or int(length) > MOST_BODY:
            self._say(413, f"a rating has {MOST_BODY} bytes at most")
        else:
            self._take(self.rfile.read(int(length)).decode("utf-8", "replace"))

    def _take(self, body: str) -> None:
        rating = rating_of(body, {self._kept.packet.id: self._kept.packet})
        if isinstance(rating, str):
            self._say(400, rating)
            return
        try:
            with self._kept.lock:
                add(rating, self._kept.ratings)
        except HarnessError as error:
            self._say(500, str(error))
        else:
            self._say(200, json.dumps({"kept": True}), "application/json")

    def _known_host(self) -> bool:
        """Whether the browser asked for this very machine: a page from elsewhere cannot use its address."""
        host = self.headers.get("Host", "").rsplit(":", 1)[0]
        return host in ("127.0.0.1", "localhost", "[::1]")

    def _say(self, status: int, text: str, kind: str = "text/plain; charset=utf-8") -> None:
        body = text.encode("utf-8")
        self.send_response(status)
        for name, value in (
            ("Content-Type", kind), ("Content-Length", str(len(body))), ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"), ("X-Frame-Options", "DENY"), ("Referrer-Policy", "no-referrer"),
        ):  # fmt: skip
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing: the address holds the token."""


def _same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode(), wanted.encode())
