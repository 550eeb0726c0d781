"""Connections of botocore on which no answer is taken for that to another request.

Python's ``http.client`` takes every status but 100 for the answer.  What follows a 103 would then
be read as the answer to the next request on that connection, which may be about another object.

A server that sends bodies with its answers to HEAD does so on the first one, too: a connection is
listened to after that, and begun anew for as long as bytes follow.  They may have been read with
the answer already, or wait in this process since TLS had them in one record with it.

See RFC 9110, section 15.2: a client must be able to parse 1xx answers, and may discard them; and
section 9.3.2: the answer to HEAD has no body.
"""

from __future__ import annotations

from http import HTTPStatus
from http.client import HTTPResponse, parse_headers
from socket import socket
from ssl import SSLSocket, SSLWantReadError
from typing import TYPE_CHECKING, Any

from botocore.awsrequest import (
    AWSHTTPConnection,
    AWSHTTPConnectionPool,
    AWSHTTPSConnection,
    AWSHTTPSConnectionPool,
)
from botocore.httpsession import URLLib3Session
from urllib3.util.wait import wait_for_read

if TYPE_CHECKING:
    from collections.abc import Callable

    from types_boto3_s3 import S3Client


SILENCE_SECONDS = 0.05
"""How long a connection is listened to, as ``intact.adapters.http.pool`` does."""


class _Response(HTTPResponse):
    """Passes over answers that another one follows."""

    def _read_status(self) -> tuple[str, int, str]:
        read: Any = super()
        while True:
            found: tuple[str, int, str] = read._read_status()  # noqa: SLF001 - botocore does, too
            if not HTTPStatus.PROCESSING <= found[1] < HTTPStatus.OK:
                return found
            parse_headers(self.fp)


class _Listening:
    """A connection on which bytes that follow an answer are noticed."""

    sock: Any
    close: Callable[[], None]
    response_class: Any = _Response  # the stubs know of botocore's own alone
    _silent: Any = None
    """The socket that was listened to."""

    def getresponse(self) -> Any:  # noqa: ANN401 - as urllib3 has it, whose versions differ
        """Wait for an answer, and after the first one to HEAD for what must not follow it."""
        found: Any = super()
        answer = found.getresponse()
        sock, original = self.sock, getattr(answer, "_original_response", answer)
        if vars(self).get("_method") != "HEAD" or not isinstance(sock, socket):
            return answer
        followed = _followed(original, sock)
        if not followed and self._silent is not sock:
            followed = wait_for_read(sock, timeout=SILENCE_SECONDS) and _followed(original, sock)
            self._silent = sock
        if followed:
            self._silent = None
            self.close()
        return answer

    @property
    def is_connected(self) -> bool:
        """Whether another request may be sent: not where bytes wait that nobody asked for."""
        found: Any = super()
        held = isinstance(self.sock, SSLSocket) and self.sock.pending() > 0
        return bool(found.is_connected) and not held


def _followed(answer: HTTPResponse, sock: socket) -> bool:
    """Whether bytes are at hand that follow an answer without a body; waits for none."""
    file: Any = answer.fp
    before = sock.gettimeout()
    sock.settimeout(0)
    try:
        return file is not None and bool(file.peek(1))
    except SSLWantReadError:  # what came was for TLS alone
        return False
    except OSError:
        return True
    finally:
        sock.settimeout(before)


class _Connection(_Listening, AWSHTTPConnection):  # type: ignore[misc]  # so is botocore's
    pass


class _SecureConnection(_Listening, AWSHTTPSConnection):  # type: ignore[misc]  # as above
    pass


class _Pool(AWSHTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(AWSHTTPSConnectionPool):
    ConnectionCls = _SecureConnection


_POOLS = {"http": _Pool, "https": _SecurePool}


def pass_over_interim(client: S3Client) -> None:
    """Have a client pass over interim answers, if its connections are botocore's own."""
    endpoint: Any = getattr(client, "_endpoint", None)
    session = getattr(endpoint, "http_session", None)
    if type(session) is not URLLib3Session:
        return
    pools: dict[str, Any] = vars(session)["_pool_classes_by_scheme"]  # private to botocore
    if pools != _POOLS:
        pools.update(_POOLS)
        session.close()  # connections of before; the session makes others
