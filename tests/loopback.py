"""A server on this machine that speaks OpenAI's protocol, and misbehaves as a test tells it to."""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Asked = Mapping[str, Any]
"""The body of a request."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the server sends."""

    body: Any = None
    """Plain data, sent as JSON; or bytes, sent as they are."""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    drip: float = 0.0
    """Seconds between single bytes of the body."""
    wait: float = 0.0
    """Seconds before anything is sent."""


Script = Callable[[Asked, int], Reply | str]
"""(request's body, how many came before it) → the reply; a text is a well-behaved one."""


@dataclass(slots=True)
class Server:
    """A running server."""

    url: str
    asked: list[Asked] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)
    busiest: int = 0
    """Most requests under way at once."""


def said(text: str, asked: Asked, **more: Any) -> dict[str, Any]:
    """A chat completion that says `text`."""
    return {
        "id": "1", "object": "chat.completion", "created": 1, "model": asked["model"],
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}],
        "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
    } | more  # fmt: skip


@contextmanager
def serving(script: Script, *, tls: ssl.SSLContext | None = None) -> Iterator[Server]:
    """A server that answers by a script, for as long as the block lasts; with `tls` over HTTPS."""
    lock = threading.Lock()
    state = {"under_way": 0}

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with lock:
                number = len(server.asked)
                server.asked.append(asked)
                server.headers.append({name.lower(): value for name, value in self.headers.items()})
                state["under_way"] += 1
                server.busiest = max(server.busiest, state["under_way"])
            try:
                with suppress(BrokenPipeError, ConnectionResetError):
                    self.send(script(asked, number), asked)
            finally:
                with lock:
                    state["under_way"] -= 1

        def send(self, reply: Reply | str, asked: Asked) -> None:
            reply = Reply(said(reply, asked)) if isinstance(reply, str) else reply
            time.sleep(reply.wait)
            body = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
            self.send_response(reply.status)
            headers = {"Content-Type": "application/json", "Content-Length": str(len(body)), **reply.headers}
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            for piece in [body[i : i + 1] for i in range(len(body))] if reply.drip else [body]:
                self.wfile.write(piece)
                self.wfile.flush()
                time.sleep(reply.drip)
            if int(headers["Content-Length"]) != len(body):
                self.close_connection = True

        def log_message(self, *_: Any) -> None:
            pass

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    httpd.daemon_threads = True
    if tls is not None:
        httpd.socket = tls.wrap_socket(httpd.socket, server_side=True)
    server = Server(f"http{'s' if tls else ''}://127.0.0.1:{httpd.server_port}/v1")
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        httpd.shutdown()
        httpd.server_close()
