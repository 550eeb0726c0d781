"""An HTTP proxy on loopback that damages what passes through it, as a broken machine would."""

from __future__ import annotations

import http.client
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HOP_BY_HOP = frozenset(
    {"connection", "keep-alive", "proxy-connection", "proxy-authorization", "transfer-encoding"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A body on its way through.

    Attributes:
        number: Which GET with a body this is, from 1.
        range: Its header ``Range``.
        body: What the server sent, or the client if ``upload``.
        upload: Whether it goes to the server.
    """

    number: int
    range: str | None
    body: bytes
    upload: bool = False


@dataclass(slots=True)
class Proxy:
    """The proxy's address, and what it does.

    Attributes:
        url: For botocore's ``proxies``.
        fault: What becomes of a body; a shorter one breaks off.
        passed: Every body that passed, as it was.
    """

    url: str
    fault: Callable[[Passage], bytes] = lambda passage: passage.body
    passed: list[Passage] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, body: bytes, *, range: str | None, upload: bool) -> bytes:  # noqa: A002 - HTTP's word
        with self.lock:
            number = 1 + sum(passage.upload == upload for passage in self.passed)
            passage = Passage(number=number, range=range, body=body, upload=upload)
            self.passed.append(passage)
            return self.fault(passage)


def flip(body: bytes, place: int | None = None) -> bytes:
    """Change one bit, in the middle unless a place is named."""
    damaged = bytearray(body)
    damaged[len(body) // 2 if place is None else place] ^= 1
    return bytes(damaged)


class Handler(BaseHTTPRequestHandler):
    """Passes one connection's requests on."""

    protocol_version = "HTTP/1.1"
    proxy: ClassVar[Proxy]

    def log_message(self, *_: object) -> None:
        pass

    def do(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.command == "PUT" and body:
            body = self.proxy.take(body, range=None, upload=True)
        address = urlsplit(self.path)
        upstream = http.client.HTTPConnection(address.netloc)
        headers = {
            name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP
        }
        target = address.path + (f"?{address.query}" if address.query else "")
        upstream.request(self.command, target, body=body or None, headers=headers)
        with upstream.getresponse() as response:
            answer = response.read()
            self.send_response_only(response.status, response.reason)
            for name, value in response.getheaders():
                if name.lower() not in HOP_BY_HOP | {"content-length"}:
                    self.send_header(name, value)
            length = response.getheader("Content-Length") if self.command == "HEAD" else len(answer)
            self.send_header("Content-Length", str(length or 0))
            self.end_headers()
        upstream.close()
        sent = answer
        if self.command == "GET" and answer and response.status in {200, 206}:
            sent = self.proxy.take(answer, range=self.headers.get("Range"), upload=False)
        self.wfile.write(sent)
        if len(sent) < len(answer):
            self.close_connection = True

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = do  # noqa: N815 - names that the base class wants


@contextmanager
def corrupting_proxy() -> Iterator[Proxy]:
    """Run a proxy that damages nothing until it is told to."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    proxy = Proxy(f"http://127.0.0.1:{server.server_address[1]}")
    server.RequestHandlerClass = type("Bound", (Handler,), {"proxy": proxy})
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield proxy
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
