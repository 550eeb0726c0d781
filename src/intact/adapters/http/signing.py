"""Signature Version 4 for requests that differ only in their path and query.

Everything else, the signing key included, is computed once per second and credentials: a ``Seal``.
It keeps HMAC's two hashes as they are once they have taken in what does not change, since that
takes half as long as to begin anew (RFC 2104, section 4).

See Amazon S3 API Reference, "Authenticating Requests: Using the Authorization Header".
"""

from __future__ import annotations

from binascii import hexlify
from dataclasses import dataclass, field
from hashlib import sha256
from hmac import digest
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from hashlib import _Hash

ALGORITHM = "AWS4-HMAC-SHA256"
_UNSIGNED = frozenset({"expect", "transfer-encoding", "user-agent", "x-amzn-trace-id"})
"""Headers that botocore leaves out of the signature, since proxies may change them."""

_INNER, _OUTER = (bytes(byte ^ pad for byte in range(256)) for pad in (0x36, 0x5C))
"""HMAC's paddings, as translations of the key (RFC 2104, section 2)."""


class Credentials(Protocol):
    """What botocore calls frozen credentials."""

    @property
    def access_key(self) -> str:
        """Name of the key; no secret."""

    @property
    def secret_key(self) -> str:
        """The secret."""

    @property
    def token(self) -> str | None:
        """Session token of temporary credentials."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """Signs requests that share method, headers, credentials and second.

    Attributes:
        method: HTTP method.
        fixed: Header lines up to the signature's value, all but the last without change.
        tail: The canonical request from its headers on.
        inner: HMAC's inner hash of the signing key and the string to sign up to the request's hash.
        outer: HMAC's outer hash of the signing key.
    """

    method: str
    fixed: str = field(repr=False)
    tail: str = field(repr=False)
    inner: _Hash = field(repr=False)
    outer: _Hash = field(repr=False)

    def request(self, path: str, query: str = "") -> bytes:
        """Return a whole request without body; path and query are URL-encoded already."""
        target = f"{path}?{query}" if query else path
        signature = self.sign(path, query)
        head = f"{self.method} {target} HTTP/1.1\r\n{self.fixed}{signature}\r\n\r\n"
        return head.encode("latin-1")

    def sign(self, path: str, query: str) -> str:
        """Signature of the request, in hex."""
        canonical = sha256(f"{self.method}\n{path}\n{query}\n{self.tail}".encode())
        inner, outer = self.inner.copy(), self.outer.copy()
        inner.update(hexlify(canonical.digest()))
        outer.update(inner.digest())
        return outer.hexdigest()


def seal(
    method: str,
    headers: Mapping[str, str],
    *,
    credentials: Credentials,
    scope: tuple[str, str],
    moment: str,
) -> Seal:
    """Make a seal for one second.

    Args:
        method: HTTP method.
        headers: Every header but date, token and signature, ``host`` and
            ``x-amz-content-sha256`` included; names in lower case.
        credentials: Whose they are.
        scope: Region and service.
        moment: The second as ``YYYYMMDD'T'HHMMSS'Z'``.
    """
    sent = dict(headers) | {"x-amz-date": moment}
    if credentials.token:
        sent["x-amz-security-token"] = credentials.token
    signed = sorted(name for name in sent if name not in _UNSIGNED)
    names = ";".join(signed)
    lines = "".join(f"{name}:{' '.join(sent[name].split())}\n" for name in signed)
    region, service = scope
    terms = f"{moment[:8]}/{region}/{service}/aws4_request"
    authorization = (
        f"authorization: {ALGORITHM} Credential={credentials.access_key}/{terms}, "
        f"SignedHeaders={names}, Signature="
    )
    wire = "".join(f"{name}: {value}\r\n" for name, value in sent.items()) + authorization
    key = _signing_key(credentials.secret_key, moment[:8], region, service)
    padded = key.ljust(sha256().block_size, b"\0")
    preface = f"{ALGORITHM}\n{moment}\n{terms}\n".encode("ascii")
    return Seal(
        method=method,
        fixed=wire,
        tail=f"{lines}\n{names}\n{sent['x-amz-content-sha256']}",
        inner=sha256(padded.translate(_INNER) + preface),
        outer=sha256(padded.translate(_OUTER)),
    )


def _signing_key(secret: str, *terms: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for term in (*terms, "aws4_request"):
        key = digest(key, term.encode(), "sha256")
    return key
