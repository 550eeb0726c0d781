"""Rows of Compute checksum jobs, as S3 writes them, as its documents show them, and damaged."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given

from intact.batch import TaskResult, TaskStatus
from intact.batch.computed import ComputedRow
from intact.checksum import Algorithm, Checksum, ChecksumType
from intact.checksum.encoding import encode
from intact.errors import FormatError
from tests.strategies import checksums

LIVE = (
    '{"checksum_base64":"Jc59MrAghVY=","ETag":"4e166f","checksumAlgorithm":"CRC64NVME",'
    '"checksumType":"FULL_OBJECT","checksum_hex":"25CE7D32B0208556"}'
)
DOCUMENTED = (
    r'{"checksum_base64":"bS9TOQ\u003d\u003d","etag":"3c3c1813042989094598e4b57ecbdc82",'
    r'"checksumAlgorithm":"CRC32","checksumType":"FULL_OBJECT","checksum_hex":"6D2F5339"}'
)


def result(message: str, *, status: TaskStatus = TaskStatus.SUCCEEDED) -> TaskResult:
    return TaskResult(
        bucket="b",
        raw_key="a%20key",
        version_id="v",
        status=status,
        http_status=200,
        error_code="",
        message=message,
    )


def written(checksum: Checksum, **changes: Any) -> str:  # noqa: ANN401 - members of a message
    assert checksum.type is not None
    members = {
        "checksum_base64": str(checksum),
        "ETag": '"e"',
        "checksumAlgorithm": checksum.algorithm.value,
        "checksumType": checksum.type.value,
        "checksum_hex": checksum.digest.hex().upper(),
    }
    return json.dumps(members | changes)


CRC = Checksum(
    algorithm=Algorithm.CRC32, type=ChecksumType.FULL_OBJECT, digest=bytes.fromhex("6d2f5339")
)


def test_a_row_of_a_live_job_is_read() -> None:
    assert ComputedRow.parse(result(LIVE)) == ComputedRow(
        bucket="b",
        raw_key="a%20key",
        version_id="v",
        etag="4e166f",
        checksum=Checksum(
            algorithm=Algorithm.CRC64NVME,
            type=ChecksumType.FULL_OBJECT,
            digest=bytes.fromhex("25ce7d32b0208556"),
        ),
    )


def test_the_spelling_of_the_documents_is_read() -> None:
    row = ComputedRow.parse(result(DOCUMENTED))
    assert row is not None
    assert (row.etag, row.checksum) == ("3c3c1813042989094598e4b57ecbdc82", CRC)


@given(checksums())
def test_every_checksum_reads_back(checksum: Checksum) -> None:
    row = ComputedRow.parse(result(written(checksum)))
    assert row is not None
    assert (row.checksum, row.etag) == (checksum, "e")


@given(checksums())
def test_the_suffix_of_a_composite_may_be_lost(checksum: Checksum) -> None:
    text = written(checksum, checksum_base64=encode(checksum.digest))
    row = ComputedRow.parse(result(text))
    assert row is not None
    assert (row.checksum.type, row.checksum.digest) == (checksum.type, checksum.digest)


def test_a_failed_task_computed_nothing() -> None:
    message = 'error details: {"failureMessage":"Task failed: Key not found","errorCode":"404"}'
    assert ComputedRow.parse(result(message, status=TaskStatus.FAILED)) is None


@pytest.mark.parametrize(
    ("message", "problem"),
    [
        ("Successful", "ResultMessage"),
        ("[]", "ResultMessage"),
        ('error details: {"errorCode":"404"}', "ResultMessage"),
        (written(CRC, ETag=None), "ETag is None"),
        (written(CRC, ETag='""'), "ETag is empty"),
        (written(CRC, checksumAlgorithm="CRC16"), "CRC16"),
        (written(CRC, checksumAlgorithm=1), "checksumAlgorithm is 1"),
        (written(CRC, checksumType="HALF"), "ChecksumType"),
        (written(CRC, checksum_base64="AAAAAA=="), "checksum_hex"),
        (written(CRC, checksum_base64="bS9TOQ"), "base64"),
        (written(CRC, checksum_hex="6D2F5338"), "checksum_hex"),
        (written(CRC, checksum_hex=""), "checksum_hex"),
        (written(CRC, VersionId=None, parts=0, equalTo=[]), "intact copy"),
    ],
    ids=str,
)
def test_a_message_that_no_such_job_writes_is_malformed(message: str, problem: str) -> None:
    with pytest.raises(FormatError, match=problem):
        ComputedRow.parse(result(message))
