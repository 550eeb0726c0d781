"""What is audited: a job's copies, its manifest, its report and the time it wrote in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from intact.audit.policy import Window
from intact.batch import ManifestLocation, ReportScope, S3PutObjectCopy
from intact.batch.manifest import ManifestFormat
from intact.batch.outcome import JobOutcome, JobStatus
from intact.errors import FormatError, UsageError
from intact.s3 import ObjectRef
from intact.s3.names import bucket_of_arn, key_of_arn

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Tasks:
    """How many tasks a job had, by its own count.

    Attributes:
        total: All; a job that ended early may not have counted to the end.
        succeeded: Those that succeeded.
        failed: Those that failed.
        complete: Whether every task was tried.
    """

    total: int
    succeeded: int
    failed: int
    complete: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A finished copy job, as far as an audit needs to know it.

    Attributes:
        name: What the ledger calls it: the job's ARN, or the manifest's address.
        operation: Where each copy went and which checksum it was to have.
        manifest: The CSV object, or the ``manifest.json`` of an inventory.
        manifest_etag: ETag that the job was bound to; None takes the object as it is now.
        fields: Meaning of the manifest's columns; empty for an inventory, which says so itself.
        report: ``manifest.json`` of the completion report; None without one.
        reports_all_tasks: Whether that report names succeeded tasks too.
        window: When the job wrote; None where no job is known.
        format: How the manifest is written.
        tasks: The job's own count; None where no job is known, or it did not say.
    """

    name: str
    operation: S3PutObjectCopy
    manifest: ObjectRef
    manifest_etag: str | None
    fields: tuple[str, ...]
    report: ObjectRef | None
    reports_all_tasks: bool
    window: Window | None
    format: ManifestFormat = ManifestFormat.CSV
    tasks: Tasks | None = None

    @property
    def bound(self) -> tuple[str, ...]:
        """What tells it from others of its name, in words: its copies, its list, its report."""
        copies = self.operation.destination(ObjectRef(bucket="", key="*"))
        columns = ",".join(self.fields) or self.format.value
        return (
            f"copies={copies}",
            f"manifest={self.manifest} {self.manifest_etag or ''}",
            f"fields={columns}",
            f"report={self.report or ''}",
        )

    @classmethod
    def from_describe(cls, response: Mapping[str, Any]) -> Self:
        """Read a DescribeJob response as boto3 returns it.

        Raises:
            UsageError: The job has not ended, or is none that this audit understands.
            FormatError: The response lacks a member.
        """
        outcome = JobOutcome.from_describe(response)
        if outcome.terminated is None or not outcome.status.terminal:
            raise UsageError(f"job {outcome.job_id} is {outcome.status.value}; wanted an ended one")
        job = response["Job"]
        try:
            location = _manifest(job)
            operation = S3PutObjectCopy.parse(job["Operation"])
        except KeyError as missing:
            raise FormatError(f"DescribeJob response lacks {missing}") from None
        if operation.extra or location.extra:
            unknown = ", ".join([*operation.extra, *location.extra])
            raise UsageError(f"job {outcome.job_id} has {unknown}; wanted members known here")
        try:
            form = ManifestFormat(location.format)
        except ValueError:
            known = ", ".join(known.value for known in ManifestFormat)
            message = f"manifest format is {location.format}; wanted one of {known}"
            raise UsageError(message) from None
        report, scope = None, job.get("Report", {}).get("ReportScope")
        if outcome.report_bucket is not None and outcome.report_manifest_key is not None:
            report = ObjectRef(bucket=outcome.report_bucket, key=outcome.report_manifest_key)
        return cls(
            name=job.get("JobArn", outcome.job_id),
            operation=operation,
            manifest=ObjectRef(
                bucket=bucket_of_arn(location.object_arn),
                key=key_of_arn(location.object_arn),
                version_id=location.version_id,
            ),
            manifest_etag=location.etag,
            fields=location.fields or (),
            report=report,
            reports_all_tasks=scope == ReportScope.ALL_TASKS.value,
            window=Window(begin=outcome.created, end=outcome.terminated),
            format=form,
            tasks=Tasks(
                total=outcome.total,
                succeeded=outcome.succeeded,
                failed=outcome.failed,
                complete=outcome.status is JobStatus.COMPLETE,
            )
            if job.get("ProgressSummary")
            else None,
        )


def _manifest(job: Mapping[str, Any]) -> ManifestLocation:
    """Where the job's list is: its own manifest, or the one that S3 generated for it."""
    if not job.get("ManifestGenerator"):
        return ManifestLocation.parse(job["Manifest"])
    descriptor = job.get("GeneratedManifestDescriptor")
    if not descriptor:
        raise UsageError("S3 kept no copy of the manifest that it generated for this job")
    location = descriptor["Location"]
    return ManifestLocation(
        format=descriptor["Format"],
        fields=None,
        object_arn=location["ObjectArn"],
        version_id=location.get("ObjectVersionId"),
        etag=location["ETag"].strip('"'),
    )
