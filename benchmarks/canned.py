"""A server of any object: HeadObject and GetObject with S3's headers, made up from the key.

Started by ``bench_online.py`` in a process of its own, so that what the client costs can be told
from what the server does.  An object and its copy have one ETag and one checksum, and share them
with no other object, so that a client gains nothing by remembering answers.  GET sends as many
bytes as the bench asked for.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import ssl
from binascii import b2a_base64
from typing import cast

END = b"\r\n\r\n"
HEAD = (
    b"HTTP/1.1 200 OK\r\n"
    b"x-amz-id-2: 8OYsQrUnmkyHkT2RrFwx3hn7mJIW1mhvdgYUDEFQyiLmHp0Ae/zVbsJ6XAsuuMvb9iJ6f2VyPHQ=\r\n"
    b"x-amz-request-id: %.16b\r\n"
    b"Date: Sun, 22 Nov 2026 03:30:00 GMT\r\n"
    b"Last-Modified: Sun, 22 Nov 2026 %02d:%02d:%02d GMT\r\n"
    b'ETag: "%b"\r\n'
    b"x-amz-checksum-crc64nvme: %b\r\n"
    b"x-amz-checksum-type: FULL_OBJECT\r\n"
    b"x-amz-server-side-encryption: AES256\r\n"
    b"Accept-Ranges: bytes\r\n"
    b"Content-Type: binary/octet-stream\r\n"
    b"Content-Length: %d\r\n"
    b"Server: AmazonS3\r\n\r\n"
)


def head_of(target: bytes, size: int) -> bytes:
    """Head of the answer about ``/BUCKET/KEY``; copies were written an hour or more later."""
    _, bucket, key = target.split(b"/", 2)
    digest = hashlib.md5(key, usedforsecurity=False).digest()
    etag = digest.hex().encode()
    hour = 3 + digest[0] % 20 if bucket == b"copies" else digest[0] % 2
    checksum = b2a_base64(digest[:8], newline=False)
    return HEAD % (etag, hour, digest[1] % 60, digest[2] % 60, etag, checksum, size)


class Canned(asyncio.Protocol):
    """Answers each request after ``latency`` seconds."""

    def __init__(self, *, body: bytes, latency: float) -> None:
        """Take what GET answers."""
        self._body, self._latency = body, latency
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
            method, target, _ = request.split(b" ", 2)
            head = head_of(target, len(self._body))
            body = self._body if method == b"GET" else b""
            if self._latency:
                loop = asyncio.get_running_loop()
                loop.call_later(self._latency, self._answer, head, body)
            else:
                self._answer(head, body)

    def _answer(self, head: bytes, body: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(head)
            if body:
                self._transport.write(body)


async def serve(given: argparse.Namespace) -> None:
    """Print the port, then answer until the process is ended."""
    body = bytes(given.size)
    context = None
    if given.certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(given.certificate)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: Canned(body=body, latency=given.latency),
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
    parser.add_argument("--latency", type=float, default=0.0)
    parser.add_argument("--certificate")
    given = parser.parse_args()
    import uvloop  # noqa: PLC0415 - the benchmark's server wants it

    uvloop.run(serve(given))


if __name__ == "__main__":
    main()
