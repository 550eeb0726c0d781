"""A server with one answer: HeadObject and GetObject of objects that all look alike.

Started by ``bench_online.py`` in a process of its own, so that what the client costs can be told
from what the server does.  It answers HEAD with a fixed head, GET with as many bytes as the query
of the bench asked for, after a fixed time; it reads nothing but the method and the first line.
"""

from __future__ import annotations

import argparse
import asyncio
import ssl
from typing import cast

END = b"\r\n\r\n"
HEAD = (
    b"HTTP/1.1 200 OK\r\n"
    b"x-amz-id-2: 8OYsQrUnmkyHkT2RrFwx3hn7mJIW1mhvdgYUDEFQyiLmHp0Ae/zVbsJ6XAsuuMvb9iJ6f2VyPHQ=\r\n"
    b"x-amz-request-id: 4Z6BRJ9GCDW1AR7F\r\n"
    b"Date: Sun, 22 Nov 2026 03:30:00 GMT\r\n"
    b"Last-Modified: Sun, 22 Nov 2026 03:00:00 GMT\r\n"
    b'ETag: "5d41402abc4b2a76b9719d911017c592"\r\n'
    b"x-amz-checksum-crc64nvme: %b\r\n"
    b"x-amz-checksum-type: FULL_OBJECT\r\n"
    b"x-amz-server-side-encryption: AES256\r\n"
    b"Accept-Ranges: bytes\r\n"
    b"Content-Type: binary/octet-stream\r\n"
    b"Content-Length: %d\r\n"
    b"Server: AmazonS3\r\n\r\n"
)


class Canned(asyncio.Protocol):
    """Answers each request after ``latency`` seconds."""

    def __init__(self, *, head: bytes, body: bytes, latency: float) -> None:
        """Take the answer."""
        self._head, self._body, self._latency = head, body, latency
        self._seen = b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Answer every whole request."""
        self._seen += data
        while END in self._seen:
            request, self._seen = self._seen.split(END, 1)
            whole = request.startswith(b"GET")
            if self._latency:
                loop = asyncio.get_running_loop()
                loop.call_later(self._latency, self._answer, whole)
            else:
                self._answer(whole)

    def _answer(self, whole: bool) -> None:  # noqa: FBT001 - one caller
        if not self._transport.is_closing():
            self._transport.write(self._head)
            if whole:
                self._transport.write(self._body)


async def serve(given: argparse.Namespace) -> None:
    """Print the port, then answer until the process is ended."""
    body = bytes(given.size)
    head = HEAD % (given.checksum.encode(), given.size)
    context = None
    if given.certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(given.certificate)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: Canned(head=head, body=body, latency=given.latency),
        "127.0.0.1",
        ssl=context,
        backlog=4096,
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--size", type=int, default=1000)
    parser.add_argument("--checksum", default="7a5hQ478J4A=")
    parser.add_argument("--latency", type=float, default=0.0)
    parser.add_argument("--certificate")
    given = parser.parse_args()
    import uvloop  # noqa: PLC0415 - the benchmark's server wants it

    uvloop.run(serve(given))


if __name__ == "__main__":
    main()
