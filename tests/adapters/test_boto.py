"""S3 through boto3: answers become facts, refusals become errors that say whose they are."""

from __future__ import annotations

import io
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.response import StreamingBody
from botocore.stub import ANY, Stubber

from intact.adapters.boto import BotoStore, load_model, proxies, s3_client
from intact.adapters.http import LeanStore
from intact.audit import Absent
from intact.checksum import Algorithm, Checksum, ChecksumType
from intact.errors import AccessError, FormatError, StoreError
from intact.s3 import ObjectFacts, ObjectRef
from tests.scripted_server import plain, scripted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from types_boto3_s3 import S3Client

    from tests.scripted_server import Words

REF = ObjectRef(bucket="b", key="k", version_id="v")
WHEN = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.fixture
def client() -> Iterator[S3Client]:
    with closing(s3_client(region="us-east-1")) as client:
        yield client


def test_head_asks_for_the_checksum_of_that_version(client: S3Client) -> None:
    response = {
        "ContentLength": 4,
        "ETag": '"etag"',
        "LastModified": WHEN,
        "VersionId": "v",
        "ChecksumCRC64NVME": "7a5hQ478J4A=",
        "ChecksumType": "FULL_OBJECT",
    }
    asked = {"Bucket": "b", "Key": "k", "VersionId": "v", "ChecksumMode": "ENABLED"}
    with Stubber(client) as stub:
        stub.add_response("head_object", response, asked)
        facts = BotoStore(client).head(REF)
    checksum = Checksum(
        algorithm=Algorithm.CRC64NVME,
        type=ChecksumType.FULL_OBJECT,
        digest=bytes.fromhex("edae61438efc2780"),
    )
    assert facts == ObjectFacts(
        size=4,
        etag="etag",
        last_modified=WHEN,
        version_id="v",
        checksums=frozenset({checksum}),
    )


@pytest.mark.parametrize(("asked", "told"), [("v", "w"), ("v", None), ("v", "null"), ("null", "v")])
def test_an_answer_about_another_version_is_none(
    client: S3Client, asked: str, told: str | None
) -> None:
    response = {"ContentLength": 4, "ETag": '"etag"', "LastModified": WHEN}
    with Stubber(client) as stub:
        stub.add_response("head_object", response | ({"VersionId": told} if told else {}))
        with pytest.raises(StoreError, match=f"versionId={asked}: the answer is about version"):
            BotoStore(client).head(replace(REF, version_id=asked))


@pytest.mark.parametrize(("asked", "told"), [("null", "null"), ("null", None), (None, "v")])
def test_an_answer_about_the_version_asked_for_is_taken(
    client: S3Client, asked: str | None, told: str | None
) -> None:
    response = {"ContentLength": 4, "ETag": '"etag"', "LastModified": WHEN}
    with Stubber(client) as stub:
        stub.add_response("head_object", response | ({"VersionId": told} if told else {}))
        facts = BotoStore(client).head(replace(REF, version_id=asked))
    assert isinstance(facts, ObjectFacts)
    assert facts.version_id == told


@pytest.mark.parametrize("code", ["404", "NoSuchKey", "NoSuchVersion"])
def test_an_object_that_is_not_there_is_absent(client: S3Client, code: str) -> None:
    with Stubber(client) as stub:
        stub.add_client_error("head_object", code, http_status_code=404)
        assert BotoStore(client).head(REF) == Absent()


def test_a_delete_marker_is_told_from_nothing(client: S3Client) -> None:
    meta = {"HTTPHeaders": {"x-amz-delete-marker": "true"}}
    with Stubber(client) as stub:
        stub.add_client_error("head_object", "404", response_meta=meta)
        absent = BotoStore(client).head(REF)
    assert isinstance(absent, Absent)
    assert absent.detail == "delete marker"


@pytest.mark.parametrize("code", ["403", "400", "405", "500", "503", "SlowDown"])
def test_any_other_refusal_speaks_of_the_object(client: S3Client, code: str) -> None:
    with Stubber(client) as stub:
        stub.add_client_error("head_object", code)
        with pytest.raises(StoreError, match="s3://b/k") as raised:
            BotoStore(client).head(REF)
    assert not isinstance(raised.value, AccessError)


@pytest.mark.parametrize("code", ["ExpiredToken", "InvalidAccessKeyId"])
def test_useless_credentials_speak_of_all_objects(client: S3Client, code: str) -> None:
    with Stubber(client) as stub:
        stub.add_client_error("head_object", code)
        with pytest.raises(AccessError):
            BotoStore(client).head(REF)


def test_absent_credentials_speak_of_all_objects(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    anonymous = s3_client(boto3.Session(), region="us-east-1")
    with closing(anonymous), pytest.raises(AccessError):
        BotoStore(anonymous).head(REF)


def test_an_answer_that_breaks_the_api_is_malformed(client: S3Client) -> None:
    with Stubber(client) as stub:
        stub.add_response("head_object", {"ETag": "e", "LastModified": WHEN})
        with pytest.raises(FormatError, match="ContentLength"):
            BotoStore(client).head(REF)


def test_reading_is_bound_to_the_etag(client: S3Client) -> None:
    asked = {"Bucket": "b", "Key": "k", "VersionId": "v", "IfMatch": '"etag"'}
    body = StreamingBody(io.BytesIO(b"body"), 4)
    with Stubber(client) as stub:
        stub.add_response("get_object", {"Body": body}, asked)
        assert b"".join(BotoStore(client).read(REF, etag="etag")) == b"body"


def test_a_body_that_breaks_off_is_an_error(client: S3Client) -> None:
    body = StreamingBody(io.BytesIO(b"bo"), 4)
    with Stubber(client) as stub:
        stub.add_response("get_object", {"Body": body}, {"Bucket": ANY, "Key": ANY, "IfMatch": ANY})
        with pytest.raises(StoreError, match="GetObject"):
            list(BotoStore(client).read(ObjectRef(bucket="b", key="k"), etag="e"))


@pytest.mark.parametrize("ours", [True, False])
@pytest.mark.parametrize("status", [b"103 Early Hints", b"102 Processing", b"100 Continue"])
def test_an_interim_answer_is_not_the_answer(status: bytes, *, ours: bool) -> None:
    def script(_method: str, key: str, _count: int) -> Words:
        interim = b"HTTP/1.1 " + status + b"\r\nLink: </a>\r\n\r\n"
        return [interim, 0.02, plain(int(key))]

    with scripted(script) as server:
        config = Config(s3={"addressing_style": "path"})
        make = s3_client if ours else partial(boto3.client, "s3", config=config)
        with closing(make(endpoint_url=server.url)) as client:
            store = BotoStore(client)
            found = [store.head(ObjectRef(bucket="b", key=f"{size}")) for size in (1, 2, 3)]
    assert [answer.size for answer in found if isinstance(answer, ObjectFacts)] == [1, 2, 3]


def test_the_body_of_a_head_is_nobodys_answer() -> None:
    def script(_method: str, key: str, _count: int) -> Words:
        return [plain(int(key)), 0.02, plain(666)]

    with scripted(script) as server, closing(s3_client(endpoint_url=server.url)) as client:
        store = BotoStore(client)
        found = [store.head(ObjectRef(bucket="b", key=f"{size}")) for size in (1, 2, 3)]
    assert [answer.size for answer in found if isinstance(answer, ObjectFacts)] == [1, 2, 3]


def test_a_client_that_was_used_before_learns_it_too() -> None:
    early = b"HTTP/1.1 103 Early Hints\r\n\r\n"
    words: list[Words] = [[plain(1)], [early, 0.02, plain(2)], [early, 0.02, plain(3)]]
    with scripted(lambda *_: words.pop(0)) as server:
        config = Config(s3={"addressing_style": "path"})
        with closing(boto3.client("s3", endpoint_url=server.url, config=config)) as client:
            client.head_object(Bucket="b", Key="k")
            store, ref = BotoStore(client), ObjectRef(bucket="b", key="k")
            found = [store.head(ref), store.head(ref)]
    assert [answer.size for answer in found if isinstance(answer, ObjectFacts)] == [2, 3]


@pytest.mark.parametrize("kind", [BotoStore, LeanStore])
def test_bytes_of_another_etag_are_not_those_that_were_asked_for(
    kind: type[BotoStore | LeanStore],
) -> None:
    changed = plain(3).replace(b"5d41402a", b"00000000") + b"new"
    with scripted(lambda *_: [changed]) as server:  # which does not heed If-Match
        client = s3_client(endpoint_url=server.url, region="eu-west-1")
        ref = ObjectRef(bucket="b", key="k")
        with pytest.raises(StoreError, match="the object changed meanwhile"):
            list(kind(client).read(ref, etag="5d41402abc4b2a76b9719d911017c592"))


@pytest.mark.parametrize("kind", [BotoStore, LeanStore])
def test_bytes_of_another_version_are_not_those_that_were_asked_for(
    kind: type[BotoStore | LeanStore],
) -> None:
    other = plain(3, more=b"x-amz-version-id: other\r\n") + b"new"
    with scripted(lambda *_: [other]) as server:  # which does not heed versionId
        client = s3_client(endpoint_url=server.url, region="eu-west-1")
        with pytest.raises(StoreError, match="the answer is about version other"):
            list(kind(client).read(REF, etag="5d41402abc4b2a76b9719d911017c592"))


def test_an_object_that_changed_is_not_read(s3: S3Client, bucket: Callable[[], str]) -> None:
    ref = ObjectRef(bucket=bucket(), key="k")
    s3.put_object(Bucket=ref.bucket, Key=ref.key, Body=b"new")
    with pytest.raises(StoreError, match="PreconditionFailed"):
        list(BotoStore(s3).read(ref, etag="0" * 32))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
def test_no_proxy_stands_before_this_machine(host: str) -> None:
    assert proxies(f"http://{host}:1") == {}


@pytest.mark.parametrize("endpoint_url", [None, "https://s3.example.com", "http://127.evil.com"])
def test_the_environments_proxy_stands_before_any_other(endpoint_url: str | None) -> None:
    assert proxies(endpoint_url) is None


def test_the_model_is_that_of_the_installed_botocore() -> None:
    shapes: Any = load_model().shapes
    assert "CRC64NVME" in shapes["S3ChecksumAlgorithm"]["enum"]


def test_public_buckets_are_asked_unsigned() -> None:
    with closing(s3_client(region="us-east-1", signed=False)) as client:
        config: Any = client.meta.config
        assert config.signature_version is UNSIGNED


def test_whoever_agreed_to_pay_says_so_in_every_request_that_can() -> None:
    with (
        closing(s3_client(region="us-east-1", requester_pays=True)) as client,
        Stubber(client) as stubber,
    ):
        agreed = {"Bucket": "b", "RequestPayer": "requester"}
        stubber.add_response("list_objects_v2", {}, agreed)
        stubber.add_response("head_object", {}, agreed | {"Key": "k"})
        stubber.add_response("head_bucket", {}, {"Bucket": "b"})  # it has no such parameter
        client.list_objects_v2(Bucket="b")
        client.head_object(Bucket="b", Key="k")
        client.head_bucket(Bucket="b")
        stubber.assert_no_pending_responses()
