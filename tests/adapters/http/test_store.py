"""On a real server, over TLS, and while reading: what ``BotoStore`` answers, to the field."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import boto3
import pytest
from botocore.credentials import RefreshableCredentials
from botocore.session import get_session

from intact.audit import Absent
from intact.checksum import Algorithm
from intact.errors import AccessError, StoreError
from intact.s3 import ObjectFacts, ObjectRef
from tests.adapters.http.worlds import lean, on_loop_head, outcome, ref
from tests.scripted_server import CLOSE, Words, got, plain, scripted
from tests.strategies import AWKWARD_KEYS
from tests.worlds import full

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator
    from pathlib import Path

    from types_boto3_s3 import S3Client

    from intact.adapters.http import LeanStore

BODY = bytes(range(256)) * 8192  # 2 MiB: several buffers
ETAG = "5d41402abc4b2a76b9719d911017c592"


@pytest.fixture(scope="module")
def real(s3: S3Client, s3_server: str) -> Iterator[tuple[LeanStore, list[ObjectRef]]]:
    """A bucket with versions: awkward keys, checksums of each kind, a marker, a 404."""
    bucket = f"test-{uuid4().hex}"
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="null", Body=b"before versions")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    refs = [ObjectRef(bucket=bucket, key="null", version_id="null")]
    for key in set(AWKWARD_KEYS) - {"/"}:  # LocalStack takes that for a bucket's address
        put = s3.put_object(Bucket=bucket, Key=key, Body=key.encode(), Metadata={"a": "b"})
        refs.append(ObjectRef(bucket=bucket, key=key))
        refs.append(ObjectRef(bucket=bucket, key=key, version_id=put["VersionId"]))
    for algorithm in ("CRC32", "CRC32C", "SHA1", "SHA256", "CRC64NVME"):
        given: Any = {f"Checksum{algorithm}": str(full(b"x", Algorithm[algorithm]))}
        s3.put_object(
            Bucket=bucket,
            Key=algorithm,
            Body=b"x",
            **given,
            StorageClass="GLACIER" if algorithm == "SHA1" else "STANDARD",
            ServerSideEncryption="AES256",
        )
        refs.append(ObjectRef(bucket=bucket, key=algorithm))
    gone = s3.delete_object(Bucket=bucket, Key="CRC32")["VersionId"]
    refs.append(ObjectRef(bucket=bucket, key="CRC32", version_id=gone))
    refs.append(ObjectRef(bucket=bucket, key="never"))
    refs.append(ObjectRef(bucket=f"{bucket}-none", key="never"))
    refs.append(ObjectRef(bucket=bucket, key="null", version_id="no such version"))
    with lean(s3_server, read_timeout=30) as store:
        yield store, refs


def test_every_head_is_botocores(real: tuple[LeanStore, list[ObjectRef]]) -> None:
    store, refs = real
    expected = [outcome(lambda each=each: store.boto.head(each)) for each in refs]  # type: ignore[misc]
    kinds = {type(each) for each in expected}
    assert kinds == {ObjectFacts, Absent, str}
    assert [outcome(lambda each=each: store.head(each)) for each in refs] == expected  # type: ignore[misc]
    answers = on_loop_head(store, *refs)
    assert answers == expected
    details = [each.detail for each in expected if isinstance(each, Absent)]
    assert [each.detail for each in answers if isinstance(each, Absent)] == details


def test_every_body_is_botocores(real: tuple[LeanStore, list[ObjectRef]]) -> None:
    store, refs = real
    read = 0
    for each in refs:
        facts = outcome(lambda each=each: store.head(each))  # type: ignore[misc]
        if isinstance(facts, ObjectFacts) and not facts.archived:
            body = b"".join(store.boto.read(each, etag=facts.etag))
            assert b"".join(map(bytes, store.read(each, etag=facts.etag))) == body
            read += 1
    assert read > 30


def test_parts_and_versions_are_botocores(real: tuple[LeanStore, list[ObjectRef]]) -> None:
    store, refs = real
    facts = store.head(refs[0])
    assert isinstance(facts, ObjectFacts)
    assert store.parts(refs[0], facts) == store.boto.parts(refs[0], facts)
    assert list(store.versions(refs[0])) == list(store.boto.versions(refs[0])) != []


READS: dict[str, Words] = {
    "plain": [got(BODY)],
    "empty": [got(b"")],
    "in pieces": [got(BODY)[:100], 0.02, got(BODY)[100:700_000], 0.02, got(BODY)[700_000:]],
    "closing": [got(BODY, more=b"Connection: close\r\n"), CLOSE],
    "changed": [b"HTTP/1.1 412 Precondition Failed\r\nContent-Length: 0\r\n\r\n"],
    "absent": [b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"],
    "always breaks off": [got(BODY)[:1_000_000], CLOSE],
    "nothing": [CLOSE],
    "stalls": [got(BODY)[:1_000_000], 1.5, CLOSE],
}


@pytest.mark.parametrize("name", READS)
def test_a_body_is_botocores_or_an_error(name: str) -> None:
    with scripted(lambda _method, key, _count: READS[key]) as server, lean(server.url) as store:
        expected = outcome(lambda: b"".join(store.boto.read(ref(name), etag=ETAG)))
        for _ in range(2):  # the second time on a kept connection
            found = outcome(lambda: b"".join(map(bytes, store.read(ref(name), etag=ETAG))))
            assert found == expected or (
                isinstance(found, str) and isinstance(expected, str)
            )  # two errors may say it in two ways


def test_an_answer_that_breaks_off_is_continued_by_botocore() -> None:
    def script(_method: str, _key: str, count: int) -> Words:
        return [got(BODY)[:1_000_000], CLOSE] if count == 1 else [got(BODY)]

    with scripted(script) as server, lean(server.url) as store:
        assert b"".join(map(bytes, store.read(ref("k"), etag=ETAG))) == BODY
        assert server.seen == [("GET", "k")] * 2


@pytest.mark.parametrize(
    "head",
    [
        plain(len(BODY)).replace(ETAG.encode(), b"0" * 32),
        plain(len(BODY), more=b"x-amz-version-id: other\r\n"),
        plain(len(BODY)).replace(b"200 OK", b"206 Partial Content"),
        plain(len(BODY), more=b"Transfer-Encoding: identity\r\n"),
    ],
)
def test_bytes_of_something_else_are_not_taken(head: bytes) -> None:
    def script(_method: str, _key: str, count: int) -> Words:
        return [head + b"?" * len(BODY), CLOSE] if count == 1 else [got(BODY)]

    with scripted(script) as server, lean(server.url) as store:
        asked = ref("k", "version")
        assert b"".join(map(bytes, store.read(asked, etag=ETAG))) == BODY


def test_a_read_that_its_reader_gives_up_leaves_no_bytes_behind() -> None:
    with (
        scripted(lambda _method, _key, _count: [got(BODY)]) as server,
        lean(server.url) as store,
    ):
        for _ in range(3):
            chunks = store.read(ref("k"), etag=ETAG)
            next(chunks)
            chunks.close()  # type: ignore[attr-defined]
        assert b"".join(map(bytes, store.read(ref("k"), etag=ETAG))) == BODY


def test_reading_asks_for_that_very_version(real: tuple[LeanStore, list[ObjectRef]]) -> None:
    store, refs = real
    with pytest.raises(StoreError, match="PreconditionFailed"):
        list(store.read(refs[0], etag="0" * 32))


def test_tls_trusts_whom_botocore_trusts(
    certificates: tuple[Path, ssl.SSLContext], monkeypatch: pytest.MonkeyPatch
) -> None:
    path, context = certificates
    with scripted(
        lambda method, *_: [got(BODY if method == "GET" else b"")], tls=context
    ) as server:
        monkeypatch.setenv("AWS_CA_BUNDLE", str(path))
        with lean(server.url) as store:
            first, second = on_loop_head(store, ref("a"), ref("b"))
            assert first == second == store.head(ref("c"))
            assert b"".join(map(bytes, store.read(ref("d"), etag=ETAG))) == BODY
            assert len(server.seen) == 4  # all plain: nothing was asked twice
        monkeypatch.delenv("AWS_CA_BUNDLE")
        monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
        server.seen.clear()
        with lean(server.url) as store:
            expected = outcome(lambda: store.boto.head(ref("a")))
            assert "SSL" in expected
            assert outcome(lambda: store.head(ref("a"))) == expected
            assert on_loop_head(store, ref("a")) == [expected]
        assert server.seen == []
        with lean(server.url, verify=False) as store:
            assert on_loop_head(store, ref("a")) == [store.head(ref("a"))]


def expiring(left: timedelta) -> tuple[boto3.Session, list[str]]:
    """A session whose credentials are good for so long, and then others; and whose they were."""
    made: list[str] = []

    def fresh() -> dict[str, str]:
        made.append(f"KEY{len(made)}")
        until = datetime.now(UTC) + (left if len(made) == 1 else timedelta(hours=1))
        return {
            "access_key": made[-1],
            "secret_key": "secret",
            "token": f"token {len(made)}",
            "expiry_time": until.isoformat(),
        }

    inner = get_session()
    inner._credentials = RefreshableCredentials.create_from_metadata(  # type: ignore[attr-defined]  # noqa: SLF001 - botocore's own way in tests
        fresh(), refresh_using=fresh, method="test"
    )
    inner.set_config_variable("region", "us-east-1")
    return boto3.Session(botocore_session=inner), made


def test_credentials_that_are_refreshed_sign_from_then_on() -> None:
    session, made = expiring(timedelta(minutes=30))
    with (
        scripted(lambda *_: [plain(7)]) as server,
        lean(server.url, session=session) as store,
    ):
        store.head(ref("k"))
        credentials: Any = session._session.get_credentials()  # noqa: SLF001 - as above
        credentials._expiry_time = datetime.now(UTC) + timedelta(minutes=5)  # noqa: SLF001 - as above
        route = store.route("bucket", "HEAD")
        assert route is not None
        second = route.clock() + 1
        route.clock = lambda: second
        store.head(ref("k"))
        first, last = (head.decode() for head in server.heads)
    assert made == ["KEY0", "KEY1"]
    assert "Credential=KEY0/" in first
    assert "x-amz-security-token: token 1\r\n" in first
    assert "Credential=KEY1/" in last
    assert "x-amz-security-token: token 2\r\n" in last


EXPIRED = b"<Error><Code>ExpiredToken</Code><Message>The token has expired.</Message></Error>"


def test_an_expired_token_speaks_of_all_objects() -> None:
    """HeadObject has no body that could say so; what botocore asks then has."""

    def script(method: str, _key: str, _count: int) -> Words:
        if method == "HEAD":
            return [b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"]
        head = b"HTTP/1.1 400 Bad Request\r\nContent-Length: %d\r\n"
        return [head % len(EXPIRED) + b"\r\n" + EXPIRED]

    with scripted(script) as server, lean(server.url) as store:
        with pytest.raises(AccessError, match="ExpiredToken"):
            store.head(ref("k"))
        assert on_loop_head(store, ref("k"))[0].startswith("AccessError")
        with pytest.raises(AccessError, match="ExpiredToken"):
            list(store.read(ref("k"), etag=ETAG))


def test_absent_credentials_speak_of_all_objects(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with scripted(lambda *_: [plain(7)]) as server, lean(server.url) as store:
        with pytest.raises(AccessError):
            store.head(ref("k"))
        assert on_loop_head(store, ref("k"))[0].startswith("AccessError")
        assert server.seen == []
