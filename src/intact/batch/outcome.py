"""How a batch job stands or ended, read from a DescribeJob response.

``Complete`` says that every task was tried, not that it succeeded: a job with failed tasks ends
so too, without failure reasons.  Source: Amazon S3 User Guide, "Tracking job status and
completion reports".
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Self

from intact.errors import FormatError
from intact.s3.names import bucket_of_arn

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


class JobStatus(Enum):
    """Status of a job; the values are S3 Control's words."""

    NEW = "New"
    PREPARING = "Preparing"
    SUSPENDED = "Suspended"
    READY = "Ready"
    ACTIVE = "Active"
    PAUSING = "Pausing"
    PAUSED = "Paused"
    COMPLETING = "Completing"
    COMPLETE = "Complete"
    CANCELLING = "Cancelling"
    CANCELLED = "Cancelled"
    FAILING = "Failing"
    FAILED = "Failed"

    @property
    def terminal(self) -> bool:
        """Whether the job will never change again."""
        return self in {JobStatus.COMPLETE, JobStatus.CANCELLED, JobStatus.FAILED}


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureReason:
    """Why a job as a whole failed; the codes are not enumerated anywhere.

    Attributes:
        code: Such as ``InvalidManifestContent``.
        text: Free text.
    """

    code: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JobOutcome:
    """One job, as DescribeJob reported it.

    Attributes:
        job_id: The job.
        status: Where it stands; never proof that a task succeeded.
        total: Tasks that the manifest asks for; 0 before the manifest was read.
        succeeded: Tasks that the job reports as succeeded.
        failed: Tasks that the job reports as failed.
        created: When it was created.
        terminated: When it ended; None while it runs.
        failure_reasons: Why the job as a whole failed; empty for failed tasks.
        report_bucket: Bucket of the completion report; None for a job without one.
        report_prefix: What stands before ``/job-ID/``; None for nothing.
    """

    job_id: str
    status: JobStatus
    total: int
    succeeded: int
    failed: int
    created: datetime
    terminated: datetime | None = None
    failure_reasons: tuple[FailureReason, ...] = ()
    report_bucket: str | None = None
    report_prefix: str | None = None

    @property
    def not_run(self) -> int:
        """Tasks that neither succeeded nor failed, as after a cancellation."""
        return self.total - self.succeeded - self.failed

    @property
    def all_succeeded(self) -> bool:
        """Whether the job reports success for every task of a manifest that is not empty."""
        complete = self.status is JobStatus.COMPLETE
        return complete and self.total > 0 and self.succeeded == self.total

    @property
    def report_manifest_key(self) -> str | None:
        """Key of the report's ``manifest.json``; None for a job without report.

        For a prefix that ends in a slash S3 documents no key: list the bucket instead.
        """
        if self.report_bucket is None:
            return None
        prefix = f"{self.report_prefix}/" if self.report_prefix else ""
        return f"{prefix}job-{self.job_id}/manifest.json"

    @classmethod
    def from_describe(cls, response: Mapping[str, Any]) -> Self:
        """Read a DescribeJob response as boto3 returns it.

        Raises:
            FormatError: A member is missing, or the status is none that S3 Control documents.

        See Amazon S3 Control API Reference, JobDescriptor.
        """
        try:
            job = response["Job"]
            status, progress = JobStatus(job["Status"]), job.get("ProgressSummary", {})
            report = job.get("Report", {})
            enabled = report.get("Enabled", False)
            return cls(
                job_id=job["JobId"],
                status=status,
                total=progress.get("TotalNumberOfTasks", 0),
                succeeded=progress.get("NumberOfTasksSucceeded", 0),
                failed=progress.get("NumberOfTasksFailed", 0),
                created=job["CreationTime"],
                terminated=job.get("TerminationDate"),
                failure_reasons=tuple(
                    FailureReason(
                        code=reason.get("FailureCode", ""), text=reason.get("FailureReason", "")
                    )
                    for reason in job.get("FailureReasons", ())
                ),
                report_bucket=bucket_of_arn(report["Bucket"]) if enabled else None,
                report_prefix=report.get("Prefix") if enabled else None,
            )
        except KeyError as missing:
            raise FormatError(f"DescribeJob response lacks {missing}") from None
        except ValueError as error:  # UsageError of a broken ARN is one too
            raise FormatError(f"DescribeJob response: {error}") from None
