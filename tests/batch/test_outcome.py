from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.loaders import create_loader

from intact.batch.outcome import FailureReason, JobOutcome, JobStatus
from intact.errors import FormatError

CREATED = datetime(2026, 1, 24, 1, 26, tzinfo=UTC)
REPORT = {"Enabled": True, "Bucket": "arn:aws:s3:::rep", "Prefix": "audit"}


def described(**members: Any) -> dict[str, Any]:  # noqa: ANN401 - a response's members
    job = {"JobId": "j-1", "Status": "Complete", "CreationTime": CREATED, "Report": REPORT}
    return {"Job": job | members}


def progress(total: int, succeeded: int, failed: int) -> dict[str, Any]:
    counts = {
        "TotalNumberOfTasks": total,
        "NumberOfTasksSucceeded": succeeded,
        "NumberOfTasksFailed": failed,
    }
    return described(ProgressSummary=counts)


def test_the_statuses_are_those_of_the_service_model() -> None:
    shapes = create_loader().load_service_model("s3control", "service-2")["shapes"]
    assert {status.value for status in JobStatus} == {*shapes["JobStatus"]["enum"]}


def test_three_statuses_are_terminal() -> None:
    assert {status.value for status in JobStatus if status.terminal} == {
        "Complete",
        "Failed",
        "Cancelled",
    }


def test_everything_in_the_response_is_kept() -> None:
    response = progress(10, 7, 2)
    ended = datetime(2026, 1, 24, 2, tzinfo=UTC)
    reasons = [{"FailureCode": "InvalidManifestContent", "FailureReason": "line 3"}]
    response["Job"] |= {"Status": "Failed", "TerminationDate": ended, "FailureReasons": reasons}
    assert JobOutcome.from_describe(response) == JobOutcome(
        job_id="j-1",
        status=JobStatus.FAILED,
        total=10,
        succeeded=7,
        failed=2,
        created=CREATED,
        terminated=ended,
        failure_reasons=(FailureReason(code="InvalidManifestContent", text="line 3"),),
        report_bucket="rep",
        report_prefix="audit",
    )


@pytest.mark.parametrize(
    ("counts", "all_succeeded", "not_run"),
    [((5, 5, 0), True, 0), ((5, 4, 1), False, 0), ((5, 4, 0), False, 1), ((0, 0, 0), False, 0)],
)
def test_complete_is_not_success(
    counts: tuple[int, int, int], all_succeeded: bool, not_run: int  # noqa: FBT001 - a column of the table
) -> None:  # fmt: skip
    outcome = JobOutcome.from_describe(progress(*counts))
    assert (outcome.all_succeeded, outcome.not_run) == (all_succeeded, not_run)


def test_counts_of_a_failed_job_are_no_success() -> None:
    response = progress(5, 5, 0)
    response["Job"]["Status"] = "Failed"
    assert not JobOutcome.from_describe(response).all_succeeded


@pytest.mark.parametrize(
    ("report", "key"),
    [
        (REPORT, "audit/job-j-1/manifest.json"),
        ({"Enabled": True, "Bucket": "arn:aws:s3:::rep"}, "job-j-1/manifest.json"),
        ({"Enabled": False}, None),
        ({"Enabled": False, "Bucket": "arn:aws:s3:::rep", "Prefix": "audit"}, None),
    ],
)
def test_the_report_lies_under_prefix_and_job(report: dict[str, Any], key: str | None) -> None:
    assert JobOutcome.from_describe(described(Report=report)).report_manifest_key == key


@pytest.mark.parametrize("missing", ["JobId", "Status", "CreationTime"])
def test_a_response_without_an_essential_member_is_refused(missing: str) -> None:
    response = described()
    del response["Job"][missing]
    with pytest.raises(FormatError, match=missing):
        JobOutcome.from_describe(response)


@pytest.mark.parametrize(
    "members", [{"Status": "Dreaming"}, {"Report": {"Enabled": True, "Bucket": "rep"}}]
)
def test_a_member_that_says_nothing_known_is_refused(members: dict[str, Any]) -> None:
    with pytest.raises(FormatError, match="DescribeJob response"):
        JobOutcome.from_describe(described(**members))
