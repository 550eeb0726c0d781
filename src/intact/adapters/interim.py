"""Connections of botocore on which an interim answer is no answer.

Python's ``http.client`` takes every status but 100 for the answer.  What follows a 103 would then
be read as the answer to the next request on that connection, which may be about another object.

See RFC 9110, section 15.2: a client must be able to parse 1xx answers, and may discard them.
"""

from __future__ import annotations

from http import HTTPStatus
from http.client import HTTPResponse, parse_headers
from typing import TYPE_CHECKING, Any

from botocore.awsrequest import (
    AWSHTTPConnection,
    AWSHTTPConnectionPool,
    AWSHTTPSConnection,
    AWSHTTPSConnectionPool,
)
from botocore.httpsession import URLLib3Session

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client


class _Response(HTTPResponse):
    """Passes over answers that another one follows."""

    def _read_status(self) -> tuple[str, int, str]:
        read: Any = super()
        while True:
            found: tuple[str, int, str] = read._read_status()  # noqa: SLF001 - botocore does, too
            if not HTTPStatus.PROCESSING <= found[1] < HTTPStatus.OK:
                return found
            parse_headers(self.fp)


class _Connection(AWSHTTPConnection):
    response_class: Any = _Response  # the stubs know of botocore's own alone


class _SecureConnection(AWSHTTPSConnection):
    response_class: Any = _Response  # the stubs know of botocore's own alone


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
