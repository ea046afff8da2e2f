"""What stands between us and a server's bytes: no redirects, no other format than JSON, and never too many of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import httpx2

MOST_BYTES = 8 << 20
"""Of one reply; a longer one is cut off and counts as no answer."""


class Refused(Exception):
    """A reply that is not believed; the message says why. `final` is whether asking again cannot help."""

    def __init__(self, text: str, *, final: bool = False) -> None:
        super().__init__(text)
        self.final = final


def client(inner: Any, timeout: float) -> Any:
    """An httpx2 client over `inner` (an asynchronous transport) that believes only what `inspect` lets through."""
    import httpx2

    class Guard(httpx2.AsyncBaseTransport):  # type: ignore[misc]
        """Looks at the head of every reply before a byte of its body is read, and counts the bytes."""

        async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
            reply = await inner.handle_async_request(request)
            try:
                inspect(reply.status_code, reply.headers)
            except Refused:
                await reply.aclose()
                raise
            body = _Counted(reply.stream)
            return httpx2.Response(reply.status_code, headers=reply.headers, stream=body, extensions=reply.extensions)

        async def aclose(self) -> None:
            await inner.aclose()

    class _Counted(httpx2.AsyncByteStream):  # type: ignore[misc]
        def __init__(self, stream: Any) -> None:
            self._stream = stream

        async def __aiter__(self) -> AsyncIterator[bytes]:
            read = 0
            async for piece in self._stream:
                read += len(piece)
                if read > MOST_BYTES:
                    raise Refused(f"the reply is longer than {MOST_BYTES >> 20} MiB")
                yield piece

        async def aclose(self) -> None:
            await self._stream.aclose()

    # A packed body could unpack to anything: none is asked for, and none is taken.
    headers = {"Accept-Encoding": "identity"}
    return httpx2.AsyncClient(
        transport=Guard(), follow_redirects=False, timeout=httpx2.Timeout(timeout), headers=headers
    )


def inspect(status: int, headers: Any) -> None:
    """Nothing, where the head of a reply is that of an answer or of an error in JSON or text.

    Raises:
        Refused: a redirect, a packed body, one that announces too much, or an answer that is not JSON.
    """
    if 300 <= status < 400:
        where = str(headers.get("location", ""))[:200]
        raise Refused(f"the server sends elsewhere ({status} to {where!r}); redirects are not followed", final=True)
    if headers.get("content-encoding", "identity").lower() not in ("", "identity"):
        raise Refused(f"the reply is packed ({headers['content-encoding'][:40]!r}), which was not asked for")
    length = headers.get("content-length", "")
    if length.isdigit() and int(length) > MOST_BYTES:
        raise Refused(f"the reply announces {length} bytes; {MOST_BYTES} are the most")
    kind = headers.get("content-type", "")
    if status == 200 and "json" not in kind.lower():
        raise Refused(f"the reply is {kind[:80] or 'of no stated type'!r}, not JSON")
