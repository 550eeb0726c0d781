from __future__ import annotations

import io
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, cast

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError

from intact.batch.outcome import JobStatus
from intact.batch.report import ReportManifest, TaskResult, TaskStatus
from intact.rehearsal.board import JobBoard
from intact.rehearsal.jobs import BRAKE_AFTER_TASKS, Job, Scope
from intact.rehearsal.reporting import ReportWriter
from intact.rehearsal.runner import Runner
from intact.rehearsal.state import State

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

    from tests.stage import Stage

AT = datetime(2026, 1, 24, 1, 26, 27, 366827, tzinfo=UTC)
SCOPE = Scope(account_id="111122223333", region="eu-west-1")


class BrokenStore:
    """Hands out a manifest and answers every copy with the same error."""

    def __init__(self, *, rows: int, error: Exception, private: bool = False) -> None:
        self.manifest = b"src,key\n" * rows
        self.error, self.private = error, private
        self.written: dict[str, bytes] = {}

    def get_object(self, **_: object) -> dict[str, Any]:
        return {"ETag": '"etag"', "Body": io.BytesIO(self.manifest)}

    def head_bucket(self, **_: object) -> None:
        if self.private:
            raise DENIED

    def head_object(self, **_: object) -> dict[str, Any]:
        return {"ContentLength": 1}

    def copy_object(self, **_: object) -> None:
        raise self.error

    def put_object(self, *, Key: str, Body: Any, **_: object) -> None:  # noqa: ANN401, N803 - boto3's names
        self.written[Key] = Body if isinstance(Body, bytes) else Body.read()

    def rows(self) -> str:
        """Return the report's only part."""
        (part,) = [body for key, body in self.written.items() if key.endswith(".csv")]
        return part.decode()


SAID: Any = {
    "Error": {"Code": "AccessDenied", "Message": "Access Denied"},
    "ResponseMetadata": {"HTTPStatusCode": 403},
}
DENIED = ClientError(SAID, "CopyObject")


def run(store: BrokenStore, **copy: str) -> Job:
    target = {"TargetResource": "arn:aws:s3:::dst"}
    request = {
        "ClientRequestToken": "token",
        "Operation": {"S3PutObjectCopy": target | copy},
        "Manifest": {
            "Spec": {"Fields": ["Bucket", "Key"]},
            "Location": {"ObjectArn": "arn:aws:s3:::desk/m.csv", "ETag": "etag"},
        },
        "Report": {"Enabled": True, "Bucket": "arn:aws:s3:::desk"},
    }
    board = JobBoard()
    job = board.add(Job(job_id="j-1", scope=SCOPE, request=request, created=AT, priority=1))
    with TemporaryDirectory() as folder, closing(State(Path(folder))) as state:
        s3 = cast("S3Client", store)
        Runner(board=board, state=state, s3=s3, workers=4, clock=lambda: AT).run(job)
    return board.find("j-1", scope=SCOPE)


def test_a_job_whose_tasks_keep_failing_is_stopped() -> None:
    store = BrokenStore(rows=BRAKE_AFTER_TASKS + 500, error=DENIED)
    job = run(store)
    assert job.status is JobStatus.FAILED
    assert [reason.code for reason in job.failure_reasons] == ["TooManyFailedTasks"]
    assert BRAKE_AFTER_TASKS <= job.failed < BRAKE_AFTER_TASKS + 100
    assert store.rows().count("\r\n") == job.failed


def test_a_job_with_fewer_tasks_than_that_completes_however_many_failed() -> None:
    job = run(BrokenStore(rows=BRAKE_AFTER_TASKS - 1, error=DENIED))
    assert (job.status, job.failed) == (JobStatus.COMPLETE, BRAKE_AFTER_TASKS - 1)


@pytest.mark.parametrize(
    ("error", "cells"),
    [
        (DENIED, "403,AccessDenied,Access Denied"),
        (ConnectTimeoutError(endpoint_url="u"), ',TemporaryFailure,"Connect timeout on endpoint'),
    ],
)
def test_a_failed_task_says_why(error: Exception, cells: str) -> None:
    store = BrokenStore(rows=1, error=error)
    run(store)
    assert store.rows().startswith(f"src,key,,failed,{cells}")


def test_a_key_that_its_prefix_makes_too_long_is_not_sent() -> None:
    store = BrokenStore(rows=1, error=DENIED)
    run(store, TargetKeyPrefix="p" * 1021)
    assert store.rows() == "src,key,,failed,400,KeyTooLongError,Your key is too long\r\n"


def test_a_defect_of_the_rehearsal_fails_the_job_instead_of_hanging_it() -> None:
    job = run(BrokenStore(rows=1, error=ZeroDivisionError()))
    assert job.status is JobStatus.FAILED
    assert [reason.code for reason in job.failure_reasons] == ["InternalError"]


def test_a_report_bucket_that_is_not_the_roles_to_use_fails_the_job_before_any_task() -> None:
    store = BrokenStore(rows=1, error=DENIED, private=True)
    job = run(store)
    assert (job.status, job.failed, store.written) == (JobStatus.FAILED, 0, {})
    (reason,) = job.failure_reasons
    assert reason.code == "ReportBucketUnavailable"
    assert "AccessDenied" in reason.text


def test_a_long_report_has_many_parts_and_every_row_once(stage: Stage) -> None:
    report = stage.report(Prefix="long")
    keys = [f"{number:03}" for number in range(10)]
    size = len(f"{stage.source},000,,succeeded,200,,Successful\r\n")
    with ReportWriter(stage.s3, report, job_id="j-1", part_size=3 * size) as writer:
        for key in keys:
            writer.append(
                TaskResult(
                    bucket=stage.source,
                    raw_key=key,
                    version_id=None,
                    status=TaskStatus.SUCCEEDED,
                    http_status=200,
                    error_code="",
                    message="Successful",
                )
            )
        writer.finish(at=AT)
    document = ReportManifest.parse(stage.read("long/job-j-1/manifest.json"))
    assert document.created == "2026-01-24T01:26:27.366827000Z"
    parts = [stage.read(part.key).decode().splitlines() for part in document.parts]
    assert [len(part) for part in parts] == [3, 3, 3, 1]
    assert [row.split(",")[1] for part in parts for row in part] == keys
