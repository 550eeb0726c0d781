"""Jobs that follow an audit: what it left open, on the terms of the job that it audited."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from intact.batch.operations import S3ComputeObjectChecksum, S3PutObjectCopy
from intact.batch.spec import JobSpec, ReportScope, ReportTarget
from intact.checksum import ChecksumType
from intact.errors import UsageError

if TYPE_CHECKING:
    from intact.batch.spec import ManifestLocation
    from intact.checksum import Algorithm


def copy_again(spec: JobSpec, manifest: ManifestLocation) -> JobSpec:
    """Return the audited job over another list: same target, prefix, algorithm and headers.

    Raises:
        UsageError: The job copies nothing.
    """
    if not isinstance(spec.operation, S3PutObjectCopy):
        [name] = spec.operation.request()
        raise UsageError(f"the audited job does {name}; wanted S3PutObjectCopy")
    return _over(spec, manifest, description="intact retry: copy again")


def compute(spec: JobSpec, manifest: ManifestLocation, *, algorithm: Algorithm) -> JobSpec:
    """Return a job that computes FULL_OBJECT checksums of a list, in the same account and role."""
    operation = S3ComputeObjectChecksum(
        checksum_algorithm=algorithm, checksum_type=ChecksumType.FULL_OBJECT
    )
    job = _over(spec, manifest, description="intact retry: compute checksums")
    owner = job.report.expected_bucket_owner or spec.account_id  # which S3 demands of this kind
    return replace(
        job, operation=operation, report=replace(job.report, expected_bucket_owner=owner)
    )


def _over(spec: JobSpec, manifest: ManifestLocation, *, description: str) -> JobSpec:
    """The job over one list, reported whole, with a token of its own."""
    if spec.report.bucket is None:
        raise UsageError("the audited job left no report; wanted a bucket for the reports")
    report = ReportTarget(
        bucket=spec.report.bucket,
        prefix=spec.report.prefix,
        scope=ReportScope.ALL_TASKS,
        expected_bucket_owner=spec.report.expected_bucket_owner,
    )
    return replace(
        spec,
        manifest=manifest,
        manifest_generator=None,
        report=report,
        description=description,
        confirmation_required=True,
        client_request_token=None,
    )
