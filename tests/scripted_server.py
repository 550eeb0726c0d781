"""An HTTP server that says word for word what a test tells it to, however wrong that is."""

from __future__ import annotations

import socket
import socketserver
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import contextmanager, suppress
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import unquote

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator

CLOSE = None
"""Ends the connection; a number among the words is a pause in seconds, a function is called with
the connection."""
Words: TypeAlias = Sequence[bytes | float | Callable[[Any], object] | None]
BASE = (
    b"Date: Sun, 22 Nov 2026 03:30:00 GMT\r\n"
    b"Last-Modified: Sun, 22 Nov 2026 03:00:00 GMT\r\n"
    b'ETag: "5d41402abc4b2a76b9719d911017c592"\r\n'
)
_LATER = (b"Last-Modified: Sun, 22 Nov 2026 03:00:00", b"Last-Modified: Sun, 22 Nov 2026 03:00:01")


def plain(size: int, *, more: bytes = b"") -> bytes:
    """The head that S3 answers HeadObject with."""
    return b"HTTP/1.1 200 OK\r\n" + BASE + b"Content-Length: %d\r\n" % size + more + b"\r\n"


def got(body: bytes, *, announced: int | None = None, more: bytes = b"") -> bytes:
    """What S3 answers GetObject with."""
    return plain(len(body) if announced is None else announced, more=more) + body


class ScriptedServer(socketserver.ThreadingTCPServer):
    """Answers each request by what ``script(method, key, count)`` returns.

    What is in bucket ``copies`` was written a second later than what is elsewhere.

    Attributes:
        seen: Method and key of every request, in order.
    """

    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 256

    def __init__(self, script: Callable[[str, str, int], Words]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.script = script
        self.seen: list[tuple[str, str]] = []
        self.heads: list[bytes] = []
        self.counts: Counter[tuple[str, str]] = Counter()
        self.tls: ssl.SSLContext | None = None

    @property
    def url(self) -> str:
        scheme = "http" if self.tls is None else "https"
        return f"{scheme}://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: object, client_address: object) -> None:
        """A client may hang up; that is what some tests are about."""


class _Handler(socketserver.BaseRequestHandler):
    server: ScriptedServer

    def handle(self) -> None:
        link: Any = self.request
        link.settimeout(20)
        with suppress(OSError):
            if self.server.tls is not None:
                link = self.server.tls.wrap_socket(link, server_side=True)
            with link:
                self._converse(link)

    def _converse(self, link: Any) -> None:  # noqa: ANN401 - a socket, or one of ssl
        buffer = b""
        while True:
            while b"\r\n\r\n" not in buffer:
                got = link.recv(1 << 16)
                if not got:
                    return
                buffer += got
            head, buffer = buffer.split(b"\r\n\r\n", 1)
            method, target, _ = head.split(b"\r\n", 1)[0].decode().split(" ")
            bucket, _, key = unquote(target.partition("?")[0])[1:].partition("/")
            self.server.seen.append((method, key))
            self.server.heads.append(head)
            self.server.counts[method, key] += 1
            words = self.server.script(method, key, self.server.counts[method, key])
            if bucket == "copies":
                words = [w.replace(*_LATER) if isinstance(w, bytes) else w for w in words]
            for word, after in zip_longest(words, words[1:], fillvalue=0.0):
                if word is None:
                    return
                if callable(word):
                    word(link)
                elif isinstance(word, float):
                    time.sleep(word)
                elif after is CLOSE and self.server.tls is None:
                    # one segment bears the words and the end: who has read them knows both
                    link.sendall(word, getattr(socket, "MSG_MORE", 0))
                    link.shutdown(socket.SHUT_WR)
                else:
                    link.sendall(word)


@contextmanager
def scripted(
    script: Callable[[str, str, int], Words], *, tls: ssl.SSLContext | None = None
) -> Iterator[ScriptedServer]:
    """Run a server while the block runs."""
    with ScriptedServer(script) as server:
        server.tls = tls
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
