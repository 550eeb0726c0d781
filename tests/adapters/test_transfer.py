"""Transfers to and from a real S3 server, with a proxy between that damages what passes."""

from __future__ import annotations

import io
import os
from contextlib import closing
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import boto3
import pytest
from botocore.config import Config

from intact.adapters import (
    DownloadStream,
    Proof,
    download,
    download_bytes,
    upload,
)
from intact.adapters.boto import s3_client
from intact.checksum import Algorithm, Checksum, ChecksumType, new
from intact.errors import CorruptError, StoreError, UsageError
from intact.s3 import ObjectRef
from tests.proxy import Proxy, corrupting_proxy, flip
from tests.scripted_server import plain, scripted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from types_boto3_s3 import S3Client

    from tests.scripted_server import Words

MIB = 1 << 20
SMALL = os.urandom(100_000)
LARGE = os.urandom(17 * MIB + 5)
PARTS = (6 * MIB, 5 * MIB, 6 * MIB + 5)


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    with corrupting_proxy() as proxy:
        yield proxy


@pytest.fixture
def behind(s3_server: str, proxy: Proxy) -> Iterator[S3Client]:
    """Client of the server, through the proxy."""
    config = Config(proxies={"http": proxy.url}, retries={"total_max_attempts": 2})
    with closing(boto3.client("s3", endpoint_url=s3_server, config=config)) as client:
        yield client


@pytest.fixture(params=["small", "CRC64NVME", "CRC32", "CRC32 composite", "SHA256 composite"])
def stored(
    request: pytest.FixtureRequest, s3: S3Client, bucket: Callable[[], str]
) -> tuple[ObjectRef, bytes]:
    """Objects that differ in how they can be proven."""
    ref = ObjectRef(bucket=bucket(), key=f"caf\N{LATIN SMALL LETTER E WITH ACUTE}/{uuid4().hex}")
    algorithm, _, kind = str(request.param).partition(" ")
    if algorithm == "small":
        upload(SMALL, ref, client=s3)
        return ref, SMALL
    multipart(s3, ref, algorithm=Algorithm.parse(algorithm), composite=bool(kind))
    return ref, LARGE


def multipart(client: S3Client, ref: ObjectRef, *, algorithm: Algorithm, composite: bool) -> None:
    """Upload ``LARGE`` in uneven parts, not by our own code."""
    s3: Any = client
    where = {"Bucket": ref.bucket, "Key": ref.key}
    kind = "COMPOSITE" if composite else "FULL_OBJECT"
    begun = s3.create_multipart_upload(
        **where, ChecksumAlgorithm=algorithm.value, ChecksumType=kind
    )
    parts, start = [], 0
    for number, size in enumerate(PARTS, 1):
        body, start = LARGE[start : start + size], start + size
        digest = Checksum(algorithm=algorithm, type=None, digest=new(algorithm, body).digest())
        member = {algorithm.member: str(digest)}
        part = {**where, "UploadId": begun["UploadId"], "PartNumber": number, "Body": body}
        done = s3.upload_part(**part, **member)
        parts.append({"ETag": done["ETag"], "PartNumber": number, **member})
    s3.complete_multipart_upload(
        **where, UploadId=begun["UploadId"], MultipartUpload={"Parts": parts}
    )


def test_downloads_are_what_was_stored(
    s3: S3Client, stored: tuple[ObjectRef, bytes], tmp_path: Path
) -> None:
    ref, body = stored
    done = download(ref, tmp_path / "file", client=s3)
    assert (tmp_path / "file").read_bytes() == body
    assert download_bytes(ref, client=s3) == body
    stream = DownloadStream(ref, client=s3)
    assert b"".join(stream) == body
    assert stream.result == done
    assert (done.proof.proven, done.reread, done.size) == (True, 0, len(body))


def test_no_download_returns_a_byte_that_the_wire_flipped(
    behind: S3Client, proxy: Proxy, stored: tuple[ObjectRef, bytes], tmp_path: Path
) -> None:
    ref, _ = stored
    proxy.fault = lambda passage: flip(passage.body)
    for attempt in (
        lambda: download(ref, tmp_path / "file", client=behind, workers=2),
        lambda: download_bytes(ref, client=behind, workers=2),
        lambda: b"".join(DownloadStream(ref, client=behind, workers=2)),
    ):
        with pytest.raises(CorruptError):
            attempt()
    assert proxy.passed
    assert list(tmp_path.iterdir()) == []


def test_boto3_alone_returns_what_the_wire_flipped(
    behind: S3Client, proxy: Proxy, stored: tuple[ObjectRef, bytes]
) -> None:
    # Ranges, of which boto3 makes what is larger than 8 MB, come without a checksum, and botocore
    # skips composite values.  An object of one piece it checks where it knows the algorithm.
    ref, body = stored
    if body is SMALL:
        return
    proxy.fault = lambda passage: flip(passage.body)
    buffer = io.BytesIO()
    behind.download_fileobj(ref.bucket, ref.key, buffer)
    assert len(buffer.getvalue()) == len(body)
    assert buffer.getvalue() != body


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_single_flip_is_put_right(
    behind: S3Client, proxy: Proxy, stored: tuple[ObjectRef, bytes], tmp_path: Path, number: int
) -> None:
    ref, body = stored
    proxy.fault = lambda at: flip(at.body) if at.number == number else at.body
    assert download(ref, tmp_path / "file", client=behind, workers=2).proof.proven
    assert (tmp_path / "file").read_bytes() == body
    pieces = -(-len(body) // (8 * MIB))
    assert (len(proxy.passed) > pieces) == (number <= pieces)


def test_bodies_that_break_off_are_read_again_or_refused(
    behind: S3Client, proxy: Proxy, stored: tuple[ObjectRef, bytes]
) -> None:
    ref, body = stored
    proxy.fault = lambda at: at.body[: len(at.body) // 2] if at.number % 2 else at.body
    assert download_bytes(ref, client=behind, workers=1) == body
    proxy.fault = lambda at: at.body[:-1]
    with pytest.raises(StoreError, match="bytes 0-"):
        download_bytes(ref, client=behind, workers=1)


def test_swapped_ranges_are_refused(s3: S3Client, behind: S3Client, proxy: Proxy) -> None:
    bucket = f"test-{uuid4().hex}"
    s3.create_bucket(Bucket=bucket)
    ref = ObjectRef(bucket=bucket, key="k")
    upload(LARGE, ref, client=s3)
    piece = 8 * MIB
    swapped = {
        f"bytes=0-{piece - 1}": LARGE[piece : 2 * piece],
        f"bytes={piece}-{2 * piece - 1}": LARGE[:piece],
    }
    proxy.fault = lambda at: swapped.get(at.range or "", at.body)
    with pytest.raises(CorruptError, match="CRC64NVME is"):
        download_bytes(ref, client=behind)
    once = dict(swapped)
    proxy.fault = lambda at: once.pop(at.range or "", at.body)
    assert download_bytes(ref, client=behind) == LARGE


class Pipe:
    """A stream that has only ``read``, and gives less than was asked for."""

    def __init__(self, body: bytes) -> None:
        self._file = io.BytesIO(body)

    def read(self, size: int) -> bytes:
        return self._file.read(min(size, MIB - 1))


@pytest.mark.parametrize("body", [b"", b"123456789", SMALL, LARGE], ids=len)
@pytest.mark.parametrize("source", ["bytes", "path", "pipe"])
def test_uploads_are_stored_with_the_crc_that_they_declared(
    s3: S3Client, bucket: Callable[[], str], tmp_path: Path, body: bytes, source: str
) -> None:
    path, steps = tmp_path / "file", list[int]()
    path.write_bytes(body)
    sources: dict[str, Any] = {"bytes": memoryview(body), "path": path, "pipe": Pipe(body)}
    ref = ObjectRef(bucket=bucket(), key="k")
    done = upload(
        sources[source],
        f"s3://{ref.bucket}/k",
        client=s3,
        part_size=5 * MIB,
        extra_args={"ContentType": "text/plain", "Metadata": {"a": "b"}},
        progress=steps.append,
    )
    head = s3.head_object(Bucket=ref.bucket, Key="k", ChecksumMode="ENABLED")
    assert head["ChecksumCRC64NVME"] == str(done.checksum)
    assert head["ChecksumType"] == "FULL_OBJECT"
    assert done.checksum.digest == new("CRC64NVME", body).digest()
    assert (head["ContentType"], head["Metadata"]) == ("text/plain", {"a": "b"})
    assert sum(steps) == done.size == head["ContentLength"] == len(body)
    assert download_bytes(ref, client=s3) == body


@pytest.mark.parametrize("size", [5 * MIB - 1, 5 * MIB, 5 * MIB + 1, 10 * MIB])
def test_what_fits_in_one_part_is_one_request(
    s3: S3Client, bucket: Callable[[], str], size: int
) -> None:
    name = bucket()
    done = upload(bytes(size), f"s3://{name}/k", client=s3, part_size=5 * MIB)
    assert ("-" in done.etag) == (size > 5 * MIB)


@pytest.mark.parametrize("body", [SMALL, LARGE], ids=["put", "multipart"])
def test_a_body_that_the_wire_damages_is_sent_again(
    s3: S3Client, behind: S3Client, proxy: Proxy, bucket: Callable[[], str], body: bytes
) -> None:
    ref = ObjectRef(bucket=bucket(), key="k")
    proxy.fault = lambda at: flip(at.body) if at.upload and at.number == 1 else at.body
    upload(body, ref, client=behind)
    assert download_bytes(ref, client=s3) == body


@pytest.mark.parametrize("body", [SMALL, LARGE], ids=["put", "multipart"])
def test_what_the_wire_always_damages_is_not_stored(
    s3: S3Client, behind: S3Client, proxy: Proxy, bucket: Callable[[], str], body: bytes
) -> None:
    name = bucket()
    proxy.fault = lambda at: flip(at.body) if at.upload else at.body
    with pytest.raises(CorruptError, match="4 times; nothing was stored"):
        upload(body, f"s3://{name}/k", client=behind)
    assert "Contents" not in s3.list_objects_v2(Bucket=name)
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=name)


def test_a_file_that_changes_while_it_is_read_is_not_stored(
    s3: S3Client, bucket: Callable[[], str], tmp_path: Path
) -> None:
    name, path = bucket(), tmp_path / "file"
    path.write_bytes(LARGE)

    def touch(_: int) -> None:
        with path.open("r+b") as file:
            file.write(b"x")
        os.utime(path, ns=(0, 0))

    with pytest.raises(OSError, match="changed while it was uploaded"):
        upload(path, f"s3://{name}/k", client=s3, part_size=5 * MIB, workers=1, progress=touch)
    assert "Contents" not in s3.list_objects_v2(Bucket=name)
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=name)


def test_other_bytes_than_expected_are_not_stored(s3: S3Client, bucket: Callable[[], str]) -> None:
    name = bucket()
    for body in (SMALL, LARGE):
        expected = Checksum(
            algorithm=Algorithm.CRC64NVME,
            type=ChecksumType.FULL_OBJECT,
            digest=new("CRC64NVME", body).digest(),
        )
        upload(body, f"s3://{name}/right", client=s3, expected=expected)
        with pytest.raises(CorruptError, match="nothing was stored"):
            upload(flip(body), f"s3://{name}/wrong", client=s3, expected=expected)
    assert [found["Key"] for found in s3.list_objects_v2(Bucket=name)["Contents"]] == ["right"]
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=name)


def test_an_object_that_is_there_can_be_kept(s3: S3Client, bucket: Callable[[], str]) -> None:
    name = bucket()
    new_only = {"IfNoneMatch": "*"}
    for body in (SMALL, LARGE):
        key = f"s3://{name}/{len(body)}"
        upload(body, key, client=s3, extra_args=new_only)
        with pytest.raises(StoreError, match="PreconditionFailed"):
            upload(body, key, client=s3, extra_args=new_only)


def test_an_answer_about_another_version_is_no_download(tmp_path: Path) -> None:
    with scripted(lambda *_: [plain(3, more=b"x-amz-version-id: v2\r\n")]) as server:
        client = s3_client(endpoint_url=server.url, region="eu-west-1")
        ref = ObjectRef(bucket="bucket", key="k", version_id="v1")
        with pytest.raises(StoreError, match="the answer is about version v2"):
            download(ref, tmp_path / "k", client=client, allow_unproven=True)
        assert server.counts["GET", "k"] == 0


def test_bytes_of_another_etag_are_no_download(tmp_path: Path) -> None:
    ranged = b"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-2/3\r\n"
    changed = plain(3).replace(b"5d41402a", b"00000000").replace(b"HTTP/1.1 200 OK\r\n", ranged)

    def script(method: str, *_: object) -> Words:
        return [plain(3) if method == "HEAD" else changed + b"new"]

    with scripted(script) as server:  # which does not heed If-Match
        client = s3_client(endpoint_url=server.url, region="eu-west-1")
        with pytest.raises(StoreError, match="the object changed meanwhile"):
            download("s3://bucket/k", tmp_path / "k", client=client, allow_unproven=True)


def test_a_version_is_named_and_can_be_read_again(s3: S3Client, bucket: Callable[[], str]) -> None:
    name = bucket()
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    refs = [upload(body, f"s3://{name}/k", client=s3).ref for body in (SMALL, LARGE)]
    assert [download_bytes(ref, client=s3) for ref in refs] == [SMALL, LARGE]
    with pytest.raises(UsageError, match="without a version"):
        upload(SMALL, refs[0], client=s3)


def test_another_make_of_server_is_served_as_well(versity: S3Client, tmp_path: Path) -> None:
    name = f"test-{uuid4().hex}"
    versity.create_bucket(Bucket=name)
    for body in (b"", SMALL, LARGE):
        ref = upload(body, f"s3://{name}/k", client=versity).ref
        done = download(ref, tmp_path / "file", client=versity)
        assert (tmp_path / "file").read_bytes() == body
        assert done.proof is Proof.FULL_OBJECT
    for algorithm in Algorithm:
        if algorithm is not Algorithm.CRC64NVME:
            ref = ObjectRef(bucket=name, key=algorithm.value)
            multipart(versity, ref, algorithm=algorithm, composite=True)
            stream = DownloadStream(ref, client=versity)
            assert b"".join(stream) == LARGE
            assert stream.result.proof is Proof.COMPOSITE


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"part_size": 5 * MIB - 1}, "part_size is 5242879"),
        ({"workers": 0}, "workers is 0"),
        ({"extra_args": {"Body": b""}}, "extra_args has Body"),
        ({"extra_args": {"ChecksumSHA1": "x"}}, "extra_args has ChecksumSHA1"),
        ({"extra_args": {"Nonsense": 1}}, "extra_args has Nonsense"),
        (
            {"expected": Checksum(algorithm=Algorithm.CRC32, type=None, digest=bytes(4))},
            "FULL_OBJECT CRC64NVME",
        ),
    ],
)
def test_what_cannot_be_sent_is_refused(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        upload(SMALL, "s3://b/k", **arguments)  # type: ignore[arg-type]


def test_misspelled_terms_are_refused() -> None:
    with pytest.raises(TypeError, match="'expect'"):
        upload(SMALL, "s3://b/k", expect=None)  # type: ignore[call-arg]
