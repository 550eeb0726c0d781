"""What botocore would send for a bucket, learned from botocore itself.

A made-up object is asked for through the client, and the finished request caught before it leaves.
Host, path, headers, scope of the signature and credentials are taken from it; then the request is
made once more by this package's own signer.  Only where both agree to the last byte is there a
route.  Whatever cannot be reproduced so (SigV4a, S3 Express, Object Lambda, anonymous requests,
signers and hooks of the user's) has none, and goes through botocore.
"""

from __future__ import annotations

import re
import ssl
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit
from uuid import uuid4

from botocore.awsrequest import AWSResponse
from botocore.exceptions import BotoCoreError
from botocore.httpsession import URLLib3Session, get_cert_path
from botocore.utils import get_environ_proxies

from intact.adapters.boto import pay
from intact.adapters.contact import FirstContact
from intact.adapters.http.signing import ALGORITHM, Seal, seal
from intact.errors import IntactError, UsageError
from intact.s3 import ObjectRef, encode_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from types_boto3_s3 import S3Client

    from intact.adapters.boto import BotoStore

_AWKWARD = "//a/../b \u00e9+~%?&=#\n;,"
"""Behind a random name: what a key may hold that one encoder writes otherwise than the next."""
_VERSION = "v+/=~ &"
_ETAG = "0123456789abcdef"
_AUTHORIZATION = re.compile(
    ALGORITHM + r" Credential=(?P<access_key>[^/]+)/\d{8}/(?P<region>[^/]+)/s3/aws4_request, "
    r"SignedHeaders=[a-z0-9;-]+, Signature=(?P<signature>[0-9a-f]{64})"
)
_CHANGING = frozenset(
    {
        "amz-sdk-invocation-id",
        "amz-sdk-request",
        "authorization",
        "if-match",
        "x-amz-date",
        "x-amz-security-token",
    }
)
_ORDINARY = frozenset({"host", "user-agent", "x-amz-checksum-mode", "x-amz-content-sha256"}) | {
    "x-amz-expected-bucket-owner",
    "x-amz-request-payer",
}
"""Headers that may stay the same for every object; any other, of encryption with a customer's key
for instance, makes the request unusual."""
_HOOKS = (
    "provide-client-params",
    "before-parameter-build",
    "before-endpoint-resolution",
    "before-call",
    "request-created",
    "choose-signer",
    "before-sign",
    "before-send",
    "response-received",
    "before-parse",
    "needs-retry",
    "after-call",
    "after-call-error",
)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where connections go.

    Attributes:
        host: Name or address.
        port: TCP port.
        tls: Whether the connection is encrypted.
    """

    host: str
    port: int
    tls: bool


@dataclass(slots=True, kw_only=True)
class Route:
    """How to ask for the objects of one bucket by one operation.

    Attributes:
        origin: Where to.
        method: HTTP method.
        prefix: What every path begins with; the encoded key follows.
        headers: Headers that are the same for every object.
        scope: Region and service of the signature.
        credentials: Returns the credentials of this moment, refreshed where it is time.
        clock: Seconds since the epoch.
    """

    origin: Origin
    method: str
    prefix: str
    headers: Mapping[str, str]
    scope: tuple[str, str]
    credentials: Callable[[], Any] = field(repr=False)
    clock: Callable[[], float] = field(default=time.time, repr=False)
    _second: int = field(default=-1, repr=False)
    _seal: Seal = field(init=False, repr=False)

    def request(self, ref: ObjectRef, *, etag: str | None = None) -> bytes:
        """Return the signed request for one object.

        Raises:
            UsageError: There can be no such object; botocore says why.
            BotoCoreError: There are no credentials any more.
        """
        if not ref.key or ref.version_id == "":
            raise UsageError(f"{ref} names no object")
        query = f"versionId={quote(ref.version_id, safe='-_.~')}" if ref.version_id else ""
        path = self.prefix + encode_key(ref.key)
        if etag is not None:
            return self._new_seal({"if-match": f'"{etag}"'}).request(path, query)
        second = int(self.clock())
        if self._second != second:
            self._seal, self._second = self._new_seal({}), second
        return self._seal.request(path, query)

    def _new_seal(self, more: Mapping[str, str]) -> Seal:
        return seal(
            self.method,
            {**self.headers, **more},
            credentials=self.credentials(),
            scope=self.scope,
            moment=time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(self.clock())),
        )


class Teacher:
    """Learns routes from a client."""

    def __init__(self, boto: BotoStore, client: S3Client) -> None:
        """Take a store and the client that it uses."""
        self._boto = boto
        self._client = client
        self._ordinary = _no_foreign_hooks(client)

    def head(self, bucket: str) -> Route | None:
        """Route of HeadObject; None where botocore has to do it."""
        return self._learn(bucket, "HeadObject", self._boto.head)

    def get(self, bucket: str) -> Route | None:
        """Route of GetObject; None where botocore has to do it."""
        return self._learn(
            bucket, "GetObject", lambda ref: next(iter(self._boto.read(ref, etag=_ETAG)), None)
        )

    def verify(self) -> str | bool | None:
        """What certificates are checked against: a file, a folder, or True for botocore's own.

        None where that cannot be told; False where they are not checked.
        """
        session = getattr(getattr(self._client, "_endpoint", None), "http_session", None)
        if type(session) is not URLLib3Session:
            return None
        held: dict[str, Any] = vars(session)  # private to botocore; fails closed without
        return held.get("_verify") if held.get("_cert_file", "?") is None else None

    def timeouts(self) -> tuple[float, float]:
        """Seconds to connect in, and between two bytes."""
        config: Any = self._client.meta.config
        return float(config.connect_timeout or 60), float(config.read_timeout or 60)

    def _learn(
        self, bucket: str, operation: str, ask: Callable[[ObjectRef], object]
    ) -> Route | None:
        if not self._ordinary or self.verify() is None:
            return None
        key = f"{uuid4().hex}{_AWKWARD}"
        caught = _Caught(self._client, operation, token=key[:32])
        ref = ObjectRef(bucket=bucket, key=key, version_id=_VERSION)
        with caught, suppress(IntactError, BotoCoreError):
            ask(ref)
        route = caught.route(ref)
        if route is None or _proxied(self._client, route.origin):
            return None
        return route


class _Caught:
    """The request that a client makes for one made-up object, which never leaves."""

    def __init__(self, client: S3Client, operation: str, *, token: str) -> None:
        self._events = client.meta.events
        self._names = f"before-sign.s3.{operation}", f"before-send.s3.{operation}"
        self._token = token
        self._sign: Mapping[str, Any] | None = None
        self._sent: Any = None

    def __enter__(self) -> None:
        self._events.register(self._names[0], self._on_sign, unique_id=self._token + "sign")
        self._events.register(self._names[1], self._on_send, unique_id=self._token + "send")

    def __exit__(self, *_: object) -> None:
        self._events.unregister(self._names[0], unique_id=self._token + "sign")
        self._events.unregister(self._names[1], unique_id=self._token + "send")

    def _on_sign(self, **event: Any) -> None:  # noqa: ANN401 - botocore's own
        if self._token in event["request"].url:
            self._sign = event

    def _on_send(self, request: Any, **_: object) -> Any:  # noqa: ANN401 - botocore's own
        if self._token not in request.url:
            return None  # another thread's, which goes its way
        self._sent = request
        return AWSResponse(request.url, 404, {}, _NoBody())  # type: ignore[arg-type]

    def route(self, ref: ObjectRef) -> Route | None:
        """Return the route, if this package's own request would have been the same."""
        if self._sign is None or self._sent is None:
            return None
        headers = {name.lower(): _text(value) for name, value in self._sent.headers.items()}
        terms = _AUTHORIZATION.fullmatch(headers.get("authorization", ""))
        url = urlsplit(self._sent.url)
        ending = encode_key(ref.key)
        if terms is None or url.hostname is None or not url.path.endswith(ending):
            return None
        sign = self._sign
        signer, version = sign["request_signer"], sign["signature_version"]
        region, service = terms["region"], "s3"
        headers.setdefault("host", url.netloc)
        route = Route(
            origin=Origin(url.hostname, url.port or _PORTS[url.scheme], url.scheme == "https"),
            method=self._sent.method,
            prefix=url.path.removesuffix(ending),
            headers={name: headers[name] for name in headers if name not in _CHANGING},
            scope=(region, service),
            credentials=lambda: signer.get_auth_instance(service, region, version).credentials,
        )
        return route if _agrees(route, ref, self._sent.url, headers, terms["signature"]) else None


class _NoBody:
    def stream(self) -> Iterable[bytes]:
        return ()


_PORTS = {"http": 80, "https": 443}


def _agrees(
    route: Route, ref: ObjectRef, url: str, headers: Mapping[str, str], signature: str
) -> bool:
    """Whether our request for the same object in the same second is botocore's."""
    if not set(route.headers) <= _ORDINARY or "x-amz-content-sha256" not in route.headers:
        return False
    credentials = route.credentials()
    if (credentials.token or None) != headers.get("x-amz-security-token"):
        return False
    more = {name: headers[name] for name in ("if-match",) if name in headers}
    ours = seal(
        route.method,
        {**route.headers, **more},
        credentials=credentials,
        scope=route.scope,
        moment=headers["x-amz-date"],
    )
    query = f"versionId={quote(ref.version_id or '', safe='-_.~')}"
    path = route.prefix + encode_key(ref.key)
    target = url.partition("://")[2].removeprefix(urlsplit(url).netloc)
    same_target = target == f"{path}?{query}"
    return same_target and ours.sign(path, query) == signature


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


def _proxied(client: S3Client, origin: Origin) -> bool:
    scheme = "https" if origin.tls else "http"
    config: Any = client.meta.config
    proxies = config.proxies
    if proxies is None:
        proxies = get_environ_proxies(f"{scheme}://{origin.host}:{origin.port}/")
    return bool(proxies)


def _no_foreign_hooks(client: S3Client) -> bool:
    """Whether nobody but AWS's own packages and this one listens to what the client does.

    botocore has no public way to ask; where the private one is gone, the answer is no.
    """
    handlers = getattr(getattr(client.meta.events, "_emitter", None), "_handlers", None)
    if handlers is None:
        return False
    return all(
        _home(handler) in {"boto3", "botocore", "s3transfer"}
        or isinstance(getattr(handler, "__self__", None), FirstContact)
        or handler is pay
        for hook in _HOOKS
        for operation in ("HeadObject", "GetObject")
        for handler in handlers.prefix_search(f"{hook}.s3.{operation}")
    )


def _home(handler: object) -> str:
    inner = getattr(handler, "func", handler)  # of functools.partial
    inner = getattr(inner, "__func__", inner)
    module = getattr(inner, "__module__", None) or type(inner).__module__
    return str(module).partition(".")[0]


def tls_context(verify: str | bool) -> ssl.SSLContext:  # noqa: FBT001 - botocore's own word
    """Context that trusts whom botocore trusts."""
    if verify is False:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context
    place = Path(str(get_cert_path(verify)))  # type: ignore[arg-type]  # it takes a path too
    if place.is_dir():
        return ssl.create_default_context(capath=str(place))
    return ssl.create_default_context(cafile=str(place))
