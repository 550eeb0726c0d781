"""An upload counts only when S3 says that it stores what was sent."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from botocore.stub import Stubber

from intact.adapters import upload
from intact.adapters.boto import s3_client
from intact.errors import CorruptError, StoreError, UnprovenError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from types_boto3_s3 import S3Client

BODY = b"123456789"
CRC = "rosUhgp5mIg="
WHERE = {"Bucket": "b", "Key": "k"}
SILENT = {"ETag": '"e"'}
CONFIRMED = {"ETag": '"e"', "ChecksumCRC64NVME": CRC, "ChecksumType": "FULL_OBJECT"}
HEAD = WHERE | {"ChecksumMode": "ENABLED", "IfMatch": '"e"'}


@pytest.fixture
def client() -> Iterator[S3Client]:
    with closing(s3_client(region="us-east-1")) as client:
        yield client


@pytest.fixture
def stub(client: S3Client) -> Iterator[Stubber]:
    with Stubber(client) as stub:
        yield stub


def test_the_checksum_is_declared_with_the_body(client: S3Client, stub: Stubber) -> None:
    sent = WHERE | {"Body": BODY, "ChecksumCRC64NVME": CRC}
    stub.add_response("put_object", CONFIRMED | {"VersionId": "v"}, sent)
    done = upload(BODY, "s3://b/k", client=client)
    assert (str(done.ref), str(done.checksum)) == ("s3://b/k?versionId=v", CRC)


def test_a_server_that_keeps_silent_is_asked_again(client: S3Client, stub: Stubber) -> None:
    stub.add_response("put_object", SILENT)
    stub.add_response("head_object", CONFIRMED, HEAD)
    assert str(upload(BODY, "s3://b/k", client=client).checksum) == CRC


def test_a_server_that_confirms_nothing_proves_nothing(client: S3Client, stub: Stubber) -> None:
    stub.add_response("put_object", SILENT)
    stub.add_response("head_object", SILENT, HEAD)
    with pytest.raises(UnprovenError, match="s3://b/k was stored, and the server confirms no"):
        upload(BODY, "s3://b/k", client=client)


@pytest.mark.parametrize(
    "answer",
    [{"ChecksumCRC64NVME": "AAAAAAAAAAA="}, {"ChecksumType": "COMPOSITE"}],
    ids=["another value", "another type"],
)
def test_a_server_that_stores_something_else_is_named(
    client: S3Client, stub: Stubber, answer: dict[str, str]
) -> None:
    stub.add_response("put_object", CONFIRMED | answer)
    with pytest.raises(CorruptError, match=f"was stored, and its .*; wanted FULL_OBJECT {CRC}"):
        upload(BODY, "s3://b/k", client=client)


def test_the_terms_of_putting_do_not_bind_the_question(client: S3Client, stub: Stubber) -> None:
    terms: dict[str, Any] = {"IfNoneMatch": "*", "RequestPayer": "requester"}
    stub.add_response("put_object", SILENT)
    stub.add_response("head_object", CONFIRMED, HEAD | {"RequestPayer": "requester"})
    upload(BODY, "s3://b/k", client=client, extra_args=terms)


def test_parts_that_may_have_been_left_are_told(client: S3Client, stub: Stubber) -> None:
    stub.add_response("create_multipart_upload", {"UploadId": "u"})
    for _ in range(2):
        stub.add_response("upload_part", SILENT)
    stub.add_client_error("complete_multipart_upload", "AccessDenied")
    stub.add_client_error("abort_multipart_upload", "AccessDenied")
    large = bytes((8 << 20) + 1)
    with pytest.raises(StoreError, match="CompleteMultipartUpload s3://b/k") as raised:
        upload(large, "s3://b/k", client=client, workers=1)
    assert "upload u may have left its parts" in raised.value.__notes__[0]
