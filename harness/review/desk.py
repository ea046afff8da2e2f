"""The desk: a packet served to one machine's browser, and its ratings put on the disk one by one."""

from __future__ import annotations

import hmac
import json
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
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


@contextmanager
def open_desk(packet: Packet, ratings: Path, port: int = 0) -> Iterator[Desk]:
    """Serve a packet on this machine alone, at a free port, to whoever has the token in the address."""
    token = secrets.token_urlsafe(24)
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = urlsplit(self.path)
            if not self._known_host() or asked.path != "/":
                self._say(404, "nothing here")
            elif not _same(parse_qs(asked.query).get("token", [""])[0], token):
                self._say(403, "this address needs its token; take the one that `harness review serve` printed")
            else:
                self._say(200, render(packet, token=token), "text/html; charset=utf-8")

        def do_POST(self) -> None:
            length = self.headers.get("Content-Length", "")
            if not self._known_host() or urlsplit(self.path).path != "/ratings":
                self._say(404, "nothing here")
            elif not _same(self.headers.get("X-Review-Token", ""), token):
                self._say(403, "wrong token")
            elif not length.isdigit() or int(length) > MOST_BODY:
                self._say(413, f"a rating has {MOST_BODY} bytes at most")
            else:
                self._take(self.rfile.read(int(length)).decode("utf-8", "replace"))

        def _take(self, body: str) -> None:
            rating = rating_of(body, {packet.id: packet})
            if isinstance(rating, str):
                self._say(400, rating)
                return
            try:
                with lock:
                    add(rating, ratings)
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

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
    thread.start()
    try:
        yield Desk(f"http://127.0.0.1:{server.server_port}/?token={token}", server)
    finally:
        server.shutdown()
        server.server_close()


def _same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode(), wanted.encode())
