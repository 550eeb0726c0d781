"""Jobs that follow an audit are those of the audited job, over another list."""

from __future__ import annotations

from dataclasses import replace

import pytest

from intact.adapters.boto import load_model
from intact.batch import (
    JobSpec,
    ManifestLocation,
    ReportScope,
    ReportTarget,
    S3PutObjectCopy,
    problems,
)
from intact.batch.again import compute, copy_again
from intact.batch.operations import S3ComputeObjectChecksum, S3DeleteObjectTagging
from intact.batch.spec import NO_REPORT
from intact.checksum import Algorithm, ChecksumType
from intact.errors import UsageError

LIST = ManifestLocation(object_arn="arn:aws:s3:::lists/2.csv", etag="b" * 32)
AUDITED = JobSpec(
    account_id="111122223333",
    role_arn="arn:aws:iam::111122223333:role/copy",
    operation=S3PutObjectCopy(
        target_resource="arn:aws:s3:::copies",
        target_key_prefix="2026",
        storage_class="GLACIER_IR",
        checksum_algorithm=Algorithm.SHA256,
    ),
    manifest=ManifestLocation(object_arn="arn:aws:s3:::lists/1.csv", etag="a" * 32),
    report=ReportTarget(
        bucket="arn:aws:s3:::reports", prefix="r", scope=ReportScope.FAILED_TASKS_ONLY
    ),
    confirmation_required=False,
    client_request_token="the first",  # noqa: S106 - names a request
)


def test_a_copy_is_made_again_on_the_same_terms() -> None:
    again = copy_again(AUDITED, LIST)
    assert again.operation == AUDITED.operation
    assert (again.account_id, again.role_arn) == (AUDITED.account_id, AUDITED.role_arn)
    assert again.manifest == LIST
    assert again.client_request_token is None
    assert again.confirmation_required


def test_checksums_are_computed_over_whole_objects() -> None:
    assert compute(AUDITED, LIST, algorithm=Algorithm.CRC32).operation == S3ComputeObjectChecksum(
        checksum_algorithm=Algorithm.CRC32, checksum_type=ChecksumType.FULL_OBJECT
    )


def test_every_task_is_reported_and_s3_takes_the_jobs() -> None:
    for job in (copy_again(AUDITED, LIST), compute(AUDITED, LIST, algorithm=Algorithm.CRC64NVME)):
        assert job.report.scope is ReportScope.ALL_TASKS
        assert job.report.prefix == "r"
        assert not list(problems(job.request(), model=load_model()))


def test_the_owner_of_the_reports_is_kept() -> None:
    report = replace(AUDITED.report, expected_bucket_owner="444455556666")
    job = compute(replace(AUDITED, report=report), LIST, algorithm=Algorithm.CRC32)
    assert job.report.expected_bucket_owner == "444455556666"


def test_what_copied_nothing_or_reported_nothing_is_not_done_again() -> None:
    with pytest.raises(UsageError, match="does S3DeleteObjectTagging; wanted S3PutObjectCopy"):
        copy_again(replace(AUDITED, operation=S3DeleteObjectTagging()), LIST)
    with pytest.raises(UsageError, match="left no report"):
        copy_again(replace(AUDITED, report=NO_REPORT), LIST)
