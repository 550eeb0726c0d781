"""A door to an S3 server that makes some of its objects look like those that it cannot store.

Whoever asks here, by whatever client, is told on the wire what S3 would say of them.
"""

from __future__ import annotations

import http.client
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import unquote, urlsplit

from tests.proxy import HOP_BY_HOP

if TYPE_CHECKING:
    from collections.abc import Iterator

    from intact.checksum import Checksum


@dataclass(frozen=True, slots=True, kw_only=True)
class Mask:
    """What the server shall say of an object, instead of what it knows.

    Attributes:
        encryption: ``ServerSideEncryption``.
        checksum: The one that is stored, FULL_OBJECT; None for none.
        etag: The ETag; None for the server's own.
    """

    encryption: str
    checksum: Checksum | None = None
    etag: str | None = None

    def headers(self, answered: list[tuple[str, str]]) -> list[tuple[str, str]]:
        """The answer's headers, as this object would have them."""
        said = {"x-amz-server-side-encryption": self.encryption}
        if self.etag is not None:
            said["etag"] = f'"{self.etag}"'
        dropped = (*said, "x-amz-checksum-")
        if self.checksum is not None:
            said[f"x-amz-checksum-{self.checksum.algorithm.value.lower()}"] = str(self.checksum)
            said["x-amz-checksum-type"] = "FULL_OBJECT"
        kept = [header for header in answered if not header[0].lower().startswith(dropped)]
        return [*kept, *said.items()]


@dataclass(slots=True)
class Disguise:
    """The door's address, and the masks behind it.

    Attributes:
        url: Where to ask; only GET and HEAD go through, buckets in the path.
        masks: By bucket and key.
        etags: The server's own ETag by that of the mask.
    """

    url: str
    masks: dict[tuple[str, str], Mask] = field(default_factory=dict)
    etags: dict[str, str] = field(default_factory=dict)


class Handler(BaseHTTPRequestHandler):
    """Passes one connection's requests on."""

    protocol_version = "HTTP/1.1"
    server_address: ClassVar[str]
    disguise: ClassVar[Disguise]

    def log_message(self, *_: object) -> None:
        pass

    def do(self) -> None:
        headers = {n: v for n, v in self.headers.items() if n.lower() not in HOP_BY_HOP}
        wanted = headers.get("If-Match", "").strip('"')
        if wanted in self.disguise.etags:
            headers["If-Match"] = f'"{self.disguise.etags[wanted]}"'
        _, bucket, *rest = unquote(urlsplit(self.path).path).split("/", 2)
        mask = self.disguise.masks.get((bucket, "".join(rest)))
        server = http.client.HTTPConnection(self.server_address)
        server.request(self.command, self.path, headers=headers)
        with server.getresponse() as response:
            body = response.read()
            told = [h for h in response.getheaders() if h[0].lower() not in HOP_BY_HOP]
            if mask is not None and response.status < http.client.MULTIPLE_CHOICES:
                told = mask.headers(told)
            self.send_response_only(response.status, response.reason)
            for header in told:
                self.send_header(*header)
            if response.getheader("Content-Length") is None:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
        server.close()
        self.wfile.write(body)

    do_GET = do_HEAD = do  # noqa: N815 - names that the base class wants


@contextmanager
def disguised(endpoint_url: str) -> Iterator[Disguise]:
    """Open a door to a server on loopback that shows everything as it is, until told otherwise."""
    door = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    disguise = Disguise(f"http://127.0.0.1:{door.server_address[1]}")
    members = {"disguise": disguise, "server_address": urlsplit(endpoint_url).netloc}
    door.RequestHandlerClass = type("Bound", (Handler,), members)
    door.daemon_threads = True
    thread = threading.Thread(target=door.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield disguise
    finally:
        door.shutdown()
        thread.join()
        door.server_close()
