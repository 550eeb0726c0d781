"""Facts beyond size and checksums: ETags as what they are, archives, and where parts end."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from intact.checksum import Algorithm, Checksum, ChecksumType
from intact.errors import FormatError
from intact.s3 import ObjectFacts, PartList

HEX = "e99a18c428cb38d5f260853678922e03"
HEAD: dict[str, Any] = {
    "ContentLength": 6,
    "ETag": f'"{HEX}"',
    "LastModified": datetime(2026, 2, 21, tzinfo=UTC),
}


def facts(**members: Any) -> ObjectFacts:  # noqa: ANN401 - members of a response
    return ObjectFacts.from_head(HEAD | members)


def md5(parts: int | None = None) -> Checksum:
    kind = ChecksumType.COMPOSITE if parts else ChecksumType.FULL_OBJECT
    return Checksum(algorithm=Algorithm.MD5, type=kind, digest=bytes.fromhex(HEX), parts=parts)


@pytest.mark.parametrize(
    ("etag", "read"),
    [
        (HEX, md5()),
        (f"{HEX}-1", md5(1)),
        (f"{HEX}-10000", md5(10000)),
        (HEX[:-1], None),
        (f"{HEX}0", None),
        (f"{HEX}-0", None),
        (f"{HEX}-", None),
        (f"{HEX}-x", None),
        ("", None),
    ],
)
def test_an_etag_reads_as_the_md5_that_it_may_be(etag: str, read: Checksum | None) -> None:
    assert facts(ETag=f'"{etag}"').etag_md5 == read


@pytest.mark.parametrize(
    ("members", "is_md5"),
    [
        ({"ServerSideEncryption": "AES256"}, True),
        ({"ServerSideEncryption": "AES256", "StorageClass": "GLACIER"}, True),
        ({}, False),
        ({"ServerSideEncryption": "aws:kms"}, False),
        ({"ServerSideEncryption": "aws:kms:dsse"}, False),
        ({"SSECustomerAlgorithm": "AES256"}, False),
        ({"SSECustomerAlgorithm": "AES256", "ServerSideEncryption": "AES256"}, False),
        ({"ServerSideEncryption": "AES256", "StorageClass": "EXPRESS_ONEZONE"}, False),
    ],
    ids=str,
)
def test_an_etag_is_an_md5_only_where_s3_documents_it(
    members: dict[str, str],
    is_md5: bool,  # noqa: FBT001 - a column of the table
) -> None:
    assert facts(**members).etag_is_md5 is is_md5


def test_a_key_of_the_customer_is_its_own_kind_of_encryption() -> None:
    assert facts(SSECustomerAlgorithm="AES256").encryption == "SSE-C"
    assert facts(ServerSideEncryption="aws:kms").encryption == "aws:kms"
    assert facts().encryption is None


@pytest.mark.parametrize(
    ("members", "archived"),
    [
        ({}, False),
        ({"StorageClass": "STANDARD_IA"}, False),
        ({"StorageClass": "GLACIER_IR"}, False),
        ({"StorageClass": "GLACIER"}, True),
        ({"StorageClass": "DEEP_ARCHIVE"}, True),
        ({"StorageClass": "GLACIER", "Restore": 'ongoing-request="true"'}, True),
        (
            {"StorageClass": "GLACIER", "Restore": 'ongoing-request="false", expiry-date="..."'},
            False,
        ),
        ({"StorageClass": "INTELLIGENT_TIERING"}, False),
        ({"StorageClass": "INTELLIGENT_TIERING", "ArchiveStatus": "ARCHIVE_ACCESS"}, True),
    ],
    ids=str,
)
def test_archived_means_that_the_bytes_need_a_restore(
    members: dict[str, str],
    archived: bool,  # noqa: FBT001 - as above
) -> None:
    found = facts(**members)
    assert (found.archived, found.storage_class) == (archived, members.get("StorageClass"))


def test_parts_of_attributes_and_of_heads_read_alike() -> None:
    listed = [
        {"PartNumber": 1, "Size": 5, "ChecksumCRC32": "zwK7XA=="},
        {"PartNumber": 2, "Size": 3, "ChecksumCRC32": "AAAAAA=="},
    ]
    heads = [
        {"ContentLength": part["Size"], "ChecksumCRC32": part["ChecksumCRC32"]} for part in listed
    ]
    expected = PartList(
        sizes=(5, 3), algorithm=Algorithm.CRC32, digests=(b"\xcf\x02\xbb\x5c", bytes(4))
    )
    assert PartList.from_parts(listed) == PartList.from_parts(heads) == expected
    assert expected.size == 8


def test_digests_that_some_parts_lack_are_of_no_use() -> None:
    parts: list[dict[str, Any]] = [{"Size": 5, "ChecksumCRC32": "zwK7XA=="}, {"Size": 3}]
    assert PartList.from_parts(parts) == PartList(sizes=(5, 3))


def test_no_parts_are_no_parts() -> None:
    assert PartList.from_parts([]) == PartList(sizes=())


@pytest.mark.parametrize(
    ("parts", "problem"),
    [
        ([{"PartNumber": 2, "Size": 1}], "part 2 stands in place 1"),
        ([{"PartNumber": 1}], "part 1 has size None"),
        ([{"Size": "1"}], "part 1 has size '1'"),
        ([{"Size": 1, "ChecksumCRC32": "x"}], "CRC32"),
    ],
    ids=str,
)
def test_parts_that_break_the_api_are_refused(parts: list[dict[str, Any]], problem: str) -> None:
    with pytest.raises(FormatError, match=problem):
        PartList.from_parts(parts)
