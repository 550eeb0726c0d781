"""Our signature is botocore's, for every key, version, credential and region."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest, AWSResponse
from botocore.config import Config
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from intact.adapters.boto import BotoStore, pay
from intact.adapters.http.route import Teacher
from intact.adapters.http.signing import seal
from intact.errors import StoreError
from intact.s3 import ObjectRef, encode_key
from tests.strategies import keys, version_ids

if TYPE_CHECKING:
    from collections.abc import Iterator

    from types_boto3_s3 import S3Client

EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
words = st.text("abcXYZ019+/=", min_size=1, max_size=40)


@given(key=keys, secret=words, token=st.none() | words, region=st.sampled_from(["eu-west-1", "x"]))
def test_the_signature_is_botocores(key: str, secret: str, token: str | None, region: str) -> None:
    path = f"/bucket/{encode_key(key)}"
    request = AWSRequest("HEAD", f"https://s3.example.com{path}?versionId=v")
    request.headers["x-amz-checksum-mode"] = " ENABLED  twice "
    request.headers["User-Agent"] = "not signed"
    theirs = Credentials("ACCESS", secret, token)
    S3SigV4Auth(theirs, "s3", region).add_auth(request)
    ours = seal(
        "HEAD",
        {
            "host": "s3.example.com",
            "user-agent": "not signed",
            "x-amz-checksum-mode": " ENABLED  twice ",
            "x-amz-content-sha256": request.headers["X-Amz-Content-SHA256"],
        },
        credentials=theirs,
        scope=(region, "s3"),
        moment=request.context["timestamp"],
    )
    wire = ours.request(path, "versionId=v").decode()
    assert f"authorization: {request.headers['Authorization']}\r\n\r\n" in wire
    assert wire.startswith(f"HEAD {path}?versionId=v HTTP/1.1\r\n")


def test_what_is_secret_is_not_shown() -> None:
    credentials = SimpleNamespace(access_key="ACCESS", secret_key="SECRET", token="TOKEN")  # noqa: S106 - of nobody
    headers = {"host": "h", "x-amz-content-sha256": EMPTY}
    made = seal(
        "GET", headers, credentials=credentials, scope=("r", "s3"), moment="20261122T000000Z"
    )
    assert "SECRET" not in repr(made)
    assert "TOKEN" not in repr(made)


class Wire:
    """Catches what a client sends, and what it would have been answered is: not found."""

    def __init__(self, **config: Any) -> None:  # noqa: ANN401 - botocore's own
        endpoint, pays = config.pop("endpoint_url", None), config.pop("pays", False)
        session = boto3.Session(
            aws_access_key_id="key",
            aws_secret_access_key="secret",  # noqa: S106 - of nobody
            aws_session_token=config.pop("token", None),
            region_name="eu-central-1",
        )
        self.client: S3Client = session.client(
            "s3", endpoint_url=endpoint, config=Config(proxies={}, **config)
        )
        if pays:
            hook: Any = pay
            self.client.meta.events.register("provide-client-params.s3.*", hook)
        self.store = BotoStore(self.client)
        self.teacher = Teacher(self.store, self.client)
        self.sent: Any = None

    def watch(self) -> None:
        """Only once routes were learned: a hook of the user's is one reason to have none."""
        self.client.meta.events.register("before-send.s3.*", self._catch)

    def _catch(self, request: Any, **_: object) -> Any:  # noqa: ANN401 - botocore's own
        self.sent = request
        nothing: Any = {}
        return AWSResponse(request.url, 404, nothing, SimpleNamespace(stream=lambda: ()))


SHAPES: list[dict[str, Any]] = [
    {},
    {"endpoint_url": "http://127.0.0.1:9000", "s3": {"addressing_style": "path"}},
    {"endpoint_url": "http://[::1]:9000", "s3": {"addressing_style": "path"}},
    {"s3": {"use_accelerate_endpoint": True}},
    {"s3": {"use_dualstack_endpoint": True}, "token": "t+/="},
    {"use_fips_endpoint": True},
    {"s3": {"payload_signing_enabled": True}, "token": "t"},
    {"pays": True},
]


@pytest.fixture(scope="module", params=SHAPES, ids=str)
def wire(request: pytest.FixtureRequest) -> Iterator[Wire]:
    made = Wire(**dict(request.param))
    made.head = made.teacher.head("bucket")  # type: ignore[attr-defined]
    made.get = made.teacher.get("bucket")  # type: ignore[attr-defined]
    made.watch()
    yield made
    made.client.close()


@given(key=keys, version=st.none() | version_ids | st.just("v+/=~ &"))
def test_the_request_is_botocores_to_the_byte(wire: Any, key: str, version: str | None) -> None:  # noqa: ANN401 - a Wire with its routes
    ref = ObjectRef(bucket="bucket", key=key, version_id=version)
    for route, etag in ((wire.head, None), (wire.get, "0123456789abcdef")):
        if etag is None:
            wire.store.head(ref)
        else:
            with pytest.raises(StoreError):
                next(wire.store.read(ref, etag=etag))
        headers = {
            name.lower(): value.decode() if isinstance(value, bytes) else value
            for name, value in wire.sent.headers.items()
            if not name.startswith("amz-sdk-")  # telemetry: an id and a count of attempts
        }
        then = datetime.strptime(headers["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        route.clock = then.timestamp
        first, *lines = route.request(ref, etag=etag).decode().split("\r\n")
        url = urlsplit(wire.sent.url)
        headers.setdefault("host", url.netloc)
        target = wire.sent.url.partition(url.netloc)[2]
        assert first == f"{wire.sent.method} {target} HTTP/1.1"
        assert dict(line.split(": ", 1) for line in lines if line) == headers
        assert (route.origin.host, route.origin.tls) == (url.hostname, url.scheme == "https")


@pytest.mark.parametrize(
    "bucket",
    [
        "arn:aws:s3:eu-central-1:111122223333:accesspoint/point",
        "dotted.bucket",
        "bucket",
    ],
)
def test_every_kind_of_name_that_sigv4_serves_has_a_route(bucket: str) -> None:
    route = Wire().teacher.head(bucket)
    assert route is not None
    assert route.scope == ("eu-central-1", "s3")


@pytest.mark.parametrize(
    "bucket",
    [
        "arn:aws:s3::111122223333:accesspoint/mrap.mrap",
        "arn:aws:s3-object-lambda:eu-central-1:111122223333:accesspoint/lambda",
        "bucket--euc1-az1--x-s3",
        "No Bucket",
    ],
)
def test_what_has_another_signature_or_no_address_is_botocores(bucket: str) -> None:
    teacher = Wire().teacher
    assert teacher.head(bucket) is None
    assert teacher.get(bucket) is None


def test_anonymous_requests_are_botocores() -> None:
    from botocore import UNSIGNED  # noqa: PLC0415 - beside its use

    assert Wire(signature_version=UNSIGNED).teacher.head("bucket") is None


@pytest.mark.parametrize("hook", ["before-sign.s3", "before-call.s3.HeadObject", "needs-retry.s3"])
def test_a_client_with_hooks_of_its_users_is_botocores(hook: str) -> None:
    made = Wire()
    made.client.meta.events.register(hook, lambda **_: None)
    assert Teacher(made.store, made.client).head("bucket") is None


def test_a_client_behind_a_proxy_is_botocores(monkeypatch: pytest.MonkeyPatch) -> None:
    made = Wire()
    session = boto3.Session("key", "secret", region_name="eu-central-1")
    proxied = session.client("s3", config=Config(proxies={"https": "http://127.0.0.1:1"}))
    assert Teacher(BotoStore(proxied), proxied).head("bucket") is None
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    bare = session.client("s3")
    assert Teacher(BotoStore(bare), bare).head("bucket") is None
    assert made.teacher.head("bucket") is not None


def test_whoever_pays_says_so_in_every_request_of_our_own() -> None:
    made = Wire(pays=True)
    for route in (made.teacher.head("bucket"), made.teacher.get("bucket")):
        assert route is not None
        request = route.request(ObjectRef(bucket="bucket", key="k"))
        assert b"\r\nx-amz-request-payer: requester\r\n" in request.lower()


def test_learning_leaves_no_hook_behind() -> None:
    made = Wire()
    assert made.teacher.head("bucket") is not None
    assert Teacher(made.store, made.client).head("other") is not None
