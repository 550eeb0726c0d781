"""What S3 Control says of jobs: DescribeJob whole, and the entries of ListJobs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from intact.batch.outcome import JobOutcome, JobStatus
from intact.batch.spec import JobSpec
from intact.errors import FormatError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratedManifest:
    """The list of objects that S3 made for a job.

    Attributes:
        format: S3's name of its format.
        object_arn: ARN of its ``manifest.json``.
        etag: ETag of that object.
    """

    format: str
    object_arn: str
    etag: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JobDescription:
    """One job, as DescribeJob tells it; nothing here proves that an object is right.

    Attributes:
        job_arn: The job.
        outcome: Where it stands, its counts, its end.
        spec: What was asked for; S3 returns neither tags nor token.
        active_seconds: How long tasks ran; None before the first.
        suspended: When it was suspended.
        suspended_cause: Why, such as ``AWAITING_CONFIRMATION``.
        status_update_reason: What its last change of status gave as reason.
        generated_manifest: The list that S3 made; None for a job with a manifest of its own.
    """

    job_arn: str
    outcome: JobOutcome
    spec: JobSpec
    active_seconds: int | None = None
    suspended: datetime | None = None
    suspended_cause: str | None = None
    status_update_reason: str | None = None
    generated_manifest: GeneratedManifest | None = None

    @classmethod
    def from_describe(cls, response: Mapping[str, Any]) -> Self:
        """Read a DescribeJob response as boto3 returns it.

        Raises:
            FormatError: A member is missing or has a value that S3 Control does not document.

        See S3 Control API Reference, JobDescriptor.
        """
        outcome = JobOutcome.from_describe(response)
        try:
            spec = JobSpec.from_describe(response)
        except UsageError as error:
            raise FormatError(f"DescribeJob response: {error}") from None
        job = response["Job"]
        return cls(
            job_arn=job["JobArn"],
            outcome=outcome,
            spec=spec,
            active_seconds=_active_seconds(job),
            suspended=job.get("SuspendedDate"),
            suspended_cause=job.get("SuspendedCause"),
            status_update_reason=job.get("StatusUpdateReason"),
            generated_manifest=_generated(job.get("GeneratedManifestDescriptor")),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class JobEntry:
    """One job, as ListJobs tells it: short.

    Attributes:
        job_id: The job.
        status: Where it stands.
        operation: Name of its operation.
        priority: Larger runs earlier.
        created: When it was created.
        terminated: When it ended.
        total: Tasks that the manifest asks for.
        succeeded: Tasks that succeeded.
        failed: Tasks that failed.
        active_seconds: How long tasks ran.
        description: What its author called it.
    """

    job_id: str
    status: JobStatus
    operation: str
    priority: int
    created: datetime
    terminated: datetime | None = None
    total: int = 0
    succeeded: int = 0
    failed: int = 0
    active_seconds: int | None = None
    description: str | None = None

    @classmethod
    def from_list(cls, job: Mapping[str, Any]) -> Self:
        """Read one of ``Jobs`` in a ListJobs response as boto3 returns it.

        Raises:
            FormatError: A member is missing, or the status is none that S3 Control documents.

        See S3 Control API Reference, JobListDescriptor.
        """
        progress = job.get("ProgressSummary", {})
        try:
            return cls(
                job_id=job["JobId"],
                status=JobStatus(job["Status"]),
                operation=job["Operation"],
                priority=job["Priority"],
                created=job["CreationTime"],
                terminated=job.get("TerminationDate"),
                total=progress.get("TotalNumberOfTasks", 0),
                succeeded=progress.get("NumberOfTasksSucceeded", 0),
                failed=progress.get("NumberOfTasksFailed", 0),
                active_seconds=_active_seconds(job),
                description=job.get("Description"),
            )
        except KeyError as missing:
            raise FormatError(f"ListJobs response lacks {missing}") from None
        except ValueError as error:
            raise FormatError(f"ListJobs response: {error}") from None


def _active_seconds(job: Mapping[str, Any]) -> int | None:
    timers: Mapping[str, int] = job.get("ProgressSummary", {}).get("Timers", {})
    return timers.get("ElapsedTimeInActiveSeconds")


def _generated(descriptor: Mapping[str, Any] | None) -> GeneratedManifest | None:
    if not descriptor:
        return None
    try:
        location = descriptor["Location"]
        return GeneratedManifest(
            format=descriptor["Format"],
            object_arn=location["ObjectArn"],
            etag=location["ETag"].strip('"'),
        )
    except KeyError as missing:
        raise FormatError(f"GeneratedManifestDescriptor lacks {missing}") from None
