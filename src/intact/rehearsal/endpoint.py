"""A local S3 Batch Operations endpoint: S3 Control's job API over HTTP, on any S3 store.

An unmodified client reaches it in two ways: with ``intact.adapters.s3control.s3control_client``
and its ``endpoint_url``, or as the client's HTTP proxy, which needs no change at all
(``boto3.client("s3control", use_ssl=False, config=Config(proxies={"http": url}))``; the AWS CLI
reads ``HTTP_PROXY``).  It serves S3 Control only and forwards nothing.

Jobs live in ``state``, a folder, and outlive the endpoint there; without one they end with it.

Where it knowingly differs from AWS: it does not model signatures and IAM (whoever reaches the
port may act with the store client's credentials, so it listens on the loopback address unless
told otherwise), KMS, directory buckets, events, nor limits of any kind; tasks run in the
manifest's order; a job starts at once and pauses whenever one of a higher priority has tasks to
do; an ended job is listed for ever.  Replicas have version ids of their own and no replication
status; an object whose encryption is updated becomes a new version; who owns a bucket is for the
store to compare, and some compare nothing.  What it does not execute, event holds among it, it
refuses with 501, by name; every answer carries ``x-intact-rehearsal: true``, and none is given to a
web page.
"""

from __future__ import annotations

import re
import socket
import sys
import tempfile
import threading
from contextlib import ExitStack, closing
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit
from uuid import uuid4

from intact.errors import UsageError
from intact.rehearsal.service import BatchService, utc_now
from intact.rehearsal.state import State
from intact.rehearsal.wire import ApiError, Codec, s3control

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from types_boto3_s3 import S3Client

    from intact.rehearsal.faults import Faults
    from intact.rehearsal.invoking import Function

MOST_BODY = 1 << 20
"""Longest request in bytes."""
MOST_DIGITS = 18
"""Longest size of a request in digits; Python refuses to read numbers of thousands."""
IDLE_SECONDS = 60
"""How long a connection may stay silent."""
DEFAULT_REGION = "us-east-1"
"""Region of a job whose request neither signs for one nor names one in its host."""

_FROM_A_PAGE = {"origin", "sec-fetch-site"}
"""Headers that browsers put on what a web page sends, and clients of S3 never.

Browsers resolve every name below ``localhost`` to this machine, the account's among them, and
send plain text there on behalf of any page."""
_AWS_HOST = re.compile(
    r"s3-control(-fips)?(\.dualstack)?\.(?P<region>[a-z0-9-]+)\.(amazonaws\.com(\.cn)?|api\.aws)"
)
_ACCOUNT = re.compile(r"(?P<account>\d{12})\.(?P<host>.+)")
_SIGNED_REGION = re.compile(r"Credential=[^,\s]*/\d{8}/(?P<region>[a-z0-9-]+)/")


class BatchEndpoint:
    """Serves S3 Control's job API until stopped; a context manager that stops it.

    Args:
        s3: Client of the store on which the jobs work; its retries are the tasks' retries.
        host: Address to listen on.  Anything but a loopback address lets others copy with the
            credentials of ``s3``.
        port: Port to listen on; 0 takes a free one.
        workers: Tasks of one job that run at once; give ``s3`` as many connections.
        state: Folder that remembers the jobs; None for one that is removed at the end.
        faults: What shall go wrong.
        functions: Local stand-ins of Lambda functions, by ARN.
        clock: What time the jobs say that it is, with a timezone; None for the system's.

    Raises:
        OSError: The address cannot be listened on, or the folder not be used.
        UsageError: ``workers`` is not positive, or another process uses the folder.
    """

    def __init__(  # noqa: PLR0913 - keywords all but one
        self,
        s3: S3Client,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        workers: int = 8,
        state: Path | None = None,
        faults: Faults | None = None,
        functions: Mapping[str, Function] | None = None,
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        if workers < 1:
            raise UsageError(f"workers is {workers}; wanted at least 1")
        with ExitStack() as stack:
            if state is None:
                name = stack.enter_context(tempfile.TemporaryDirectory(prefix="rehearsal-"))
                state = Path(name)
            folder = stack.enter_context(closing(State(state)))
            self._server = stack.enter_context(_Server((host, port)))
            self._service = self._server.service = BatchService(
                s3,
                state=folder,
                workers=workers,
                faults=faults,
                functions=functions,
                clock=clock or utc_now,
            )
            self._resources = stack.pop_all()
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, name="rehearsal"
        )
        self._thread.start()

    @property
    def url(self) -> str:
        """Where it listens: an ``endpoint_url`` or an HTTP proxy."""
        host, port = self._server.server_address[:2]
        name = host if isinstance(host, str) else host.decode()
        return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"

    def wait(self) -> None:
        """Wait until another thread stops it."""
        self._thread.join()

    def stop(self) -> None:
        """Stop serving, stop every job where it stands, and wait for both; repeats do nothing."""
        self._server.shutdown()
        self._thread.join()
        self._server.close_connections()
        self._server.server_close()
        self._service.stop()
        self._resources.close()

    def __enter__(self) -> Self:
        """It serves since it was made."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self.stop()


class _Server(ThreadingHTTPServer):
    """Threads that are joined at the end, and connections that can be cut so that they end."""

    daemon_threads = False
    block_on_close = True

    service: BatchService

    def __init__(self, address: tuple[str, int]) -> None:
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self.codec = Codec(s3control())
        self.names = {"localhost", address[0].lower()}
        self._connections: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__(address, _Handler)

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, peer = super().get_request()
        with self._lock:
            self._connections.add(connection)
        return connection, peer

    def shutdown_request(self, request: Any) -> None:  # noqa: ANN401 - so typed by the base class
        with self._lock:
            self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - so typed by the base class
        if not isinstance(sys.exception(), OSError):  # a client that went away is no news
            super().handle_error(request, client_address)

    def close_connections(self) -> None:
        with self._lock:
            for connection in self._connections:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:  # the client was faster
                    continue


class _Handler(BaseHTTPRequestHandler):
    """One connection."""

    server: _Server
    protocol_version = "HTTP/1.1"
    timeout = IDLE_SECONDS
    disable_nagle_algorithm = True

    def _answer(self) -> None:
        request_id = str(uuid4())
        try:
            sent = self.rfile.read(self._length())
            status, body = self._answered(sent, request_id)
        except ApiError as error:
            status, body = error.status, error.write(request_id)
        self.send_response(status)
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("x-amz-request-id", request_id)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_CONNECT = _answer  # noqa: N815 - so named by the base class

    def _answered(self, sent: bytes, request_id: str) -> tuple[HTTPStatus, bytes]:
        try:
            return HTTPStatus.OK, self._do(sent)
        except ApiError:
            raise
        except Exception as error:  # noqa: BLE001 - the client is told of our bugs and disks too
            status = HTTPStatus.INTERNAL_SERVER_ERROR
            failed = ApiError(status, "InternalServiceException", repr(error))
            return status, failed.write(request_id)

    def _length(self) -> int:
        """Size of the request's body, which is read first: the connection serves the next one."""
        lengths = self.headers.get_all("Content-Length", ["0"])
        plain = len(lengths) == 1 and lengths[0].isascii() and lengths[0].isdigit()
        if not plain or "Transfer-Encoding" in self.headers:
            self.close_connection = True
            raise ApiError.unsupported("bodies without a plain Content-Length")
        if len(lengths[0]) > MOST_DIGITS or int(lengths[0]) > MOST_BODY:
            self.close_connection = True
            raise ApiError.unsupported(f"requests over {MOST_BODY} bytes")
        return int(lengths[0])

    def _do(self, body: bytes) -> bytes:
        if self.command == "CONNECT":
            raise ApiError.unsupported("CONNECT: it speaks http, not https")
        headers = {name.lower(): value for name, value in self.headers.items()}
        if not headers.keys().isdisjoint(_FROM_A_PAGE):
            raise ApiError(HTTPStatus.FORBIDDEN, "AccessDenied", "web pages have no business here")
        try:
            url = urlsplit(self.path)
            host = urlsplit(f"//{url.netloc or headers.get('host', '')}").hostname or ""
        except ValueError as error:
            raise ApiError.malformed(error) from None
        account, region = self._served(host)
        if account is not None:
            headers.setdefault("x-amz-account-id", account)
        if signed := _SIGNED_REGION.search(headers.get("authorization", "")):
            region = signed["region"]
        target = url._replace(scheme="", netloc="").geturl()
        call = self.server.codec.parse(self.command, target, headers=headers, body=body)
        answer = self.server.service.answer(call, region=region)
        return self.server.codec.write(call.operation, answer)

    def _served(self, host: str) -> tuple[str | None, str]:
        """Account label, if any, and Region of a host name that stands for this endpoint.

        Names that only a foreign DNS resolves to here are refused, so that no web page can
        speak to a loopback endpoint through one.
        """
        account = None
        if labelled := _ACCOUNT.fullmatch(host):
            account, host = labelled["account"], labelled["host"]
        if aws := _AWS_HOST.fullmatch(host):
            return account, aws["region"]
        if host in self.server.names or _is_address(host):
            return account, DEFAULT_REGION
        raise ApiError.unsupported(f"requests for host {host!r}, and forwards none")

    def end_headers(self) -> None:
        self.send_header("x-intact-rehearsal", "true")
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - so named by the base class
        """Say nothing: the answers do."""


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
