from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from intact.batch.description import GeneratedManifest, JobDescription, JobEntry
from intact.batch.outcome import JobOutcome, JobStatus
from intact.batch.spec import JobSpec
from intact.errors import FormatError

CREATED = datetime(2026, 1, 24, 1, 26, tzinfo=UTC)
LATER = datetime(2026, 1, 24, 2, 26, tzinfo=UTC)
PROGRESS = {
    "TotalNumberOfTasks": 3,
    "NumberOfTasksSucceeded": 2,
    "NumberOfTasksFailed": 1,
    "Timers": {"ElapsedTimeInActiveSeconds": 70},
}
ENTRY: dict[str, Any] = {
    "JobId": "j",
    "Description": "monthly",
    "Operation": "S3PutObjectCopy",
    "Priority": 7,
    "Status": "Complete",
    "CreationTime": CREATED,
    "TerminationDate": LATER,
    "ProgressSummary": PROGRESS,
}
JOB: dict[str, Any] = ENTRY | {
    "JobArn": "arn:aws:s3:eu-west-1:111122223333:job/j",
    "ConfirmationRequired": True,
    "Operation": {"S3ReplicateObject": {}},
    "ManifestGenerator": {
        "S3JobManifestGenerator": {"SourceBucket": "arn:aws:s3:::b", "EnableManifestOutput": True}
    },
    "GeneratedManifestDescriptor": {
        "Format": "S3InventoryReport_CSV_20211130",
        "Location": {"ObjectArn": "arn:aws:s3:::b/manifest.json", "ETag": '"e"'},
    },
    "Report": {"Enabled": False},
    "RoleArn": "arn:aws:iam::111122223333:role/copy",
    "SuspendedDate": CREATED,
    "SuspendedCause": "AWAITING_CONFIRMATION",
    "StatusUpdateReason": "looks right",
}


def test_everything_that_describe_job_says_is_kept() -> None:
    assert JobDescription.from_describe({"Job": JOB}) == JobDescription(
        job_arn="arn:aws:s3:eu-west-1:111122223333:job/j",
        outcome=JobOutcome.from_describe({"Job": JOB}),
        spec=JobSpec.from_describe({"Job": JOB}),
        active_seconds=70,
        suspended=CREATED,
        suspended_cause="AWAITING_CONFIRMATION",
        status_update_reason="looks right",
        generated_manifest=GeneratedManifest(
            format="S3InventoryReport_CSV_20211130",
            object_arn="arn:aws:s3:::b/manifest.json",
            etag="e",
        ),
    )


def test_a_job_with_a_manifest_has_no_generated_one() -> None:
    job = {name: value for name, value in JOB.items() if name != "GeneratedManifestDescriptor"}
    assert JobDescription.from_describe({"Job": job}).generated_manifest is None


@pytest.mark.parametrize(
    "broken",
    [{"Priority": "high"}, {"GeneratedManifestDescriptor": {"Format": "f"}}, {"Operation": {}}],
    ids=str,
)
def test_a_description_that_breaks_its_format_is_refused(broken: dict[str, Any]) -> None:
    with pytest.raises(FormatError):
        JobDescription.from_describe({"Job": JOB | broken})


def test_everything_that_list_jobs_says_is_kept() -> None:
    assert JobEntry.from_list(ENTRY) == JobEntry(
        job_id="j",
        status=JobStatus.COMPLETE,
        operation="S3PutObjectCopy",
        priority=7,
        created=CREATED,
        terminated=LATER,
        total=3,
        succeeded=2,
        failed=1,
        active_seconds=70,
        description="monthly",
    )


@pytest.mark.parametrize(
    ("entry", "message"), [({}, "lacks 'JobId'"), (ENTRY | {"Status": "Odd"}, "'Odd'")]
)
def test_an_entry_that_breaks_its_format_is_refused(entry: dict[str, Any], message: str) -> None:
    with pytest.raises(FormatError, match=message):
        JobEntry.from_list(entry)
