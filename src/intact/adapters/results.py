"""Leaves the results of a copy as a batch job leaves its completion report."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from intact.adapters.files import whole_file
from intact.adapters.multipart import ask
from intact.batch import ReportManifest, TaskStatus
from intact.batch.report import ReportPart
from intact.s3 import ObjectRef
from intact.s3.names import bucket_of_arn

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime
    from pathlib import Path

    from types_boto3_s3 import S3Client

    from intact.batch import ManifestLocation, ReportTarget, S3PutObjectCopy, TaskResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """Rows of one status, in a file.

    Attributes:
        path: The file.
        rows: How many.
        md5: Of its bytes, in hex.
    """

    path: Path
    rows: int
    md5: str


def write_results(results: Iterable[TaskResult], folder: Path) -> dict[TaskStatus, Results]:
    """Write ``succeeded.csv`` and ``failed.csv``, each whole; one without rows is not there."""
    paths = {status: folder / f"{status.value}.csv" for status in TaskStatus}
    digests = {status: hashlib.md5(usedforsecurity=False) for status in TaskStatus}
    rows = dict.fromkeys(TaskStatus, 0)
    with (
        whole_file(paths[TaskStatus.SUCCEEDED]) as succeeded,
        whole_file(paths[TaskStatus.FAILED]) as failed,
    ):
        files = {TaskStatus.SUCCEEDED: succeeded, TaskStatus.FAILED: failed}
        for result in results:
            line = result.row().encode()
            files[result.status].write(line)
            digests[result.status].update(line)
            rows[result.status] += 1
    for status in TaskStatus:
        if not rows[status]:
            paths[status].unlink()
    return {
        status: Results(path=paths[status], rows=rows[status], md5=digests[status].hexdigest())
        for status in TaskStatus
        if rows[status]
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishedCopy:
    """A copy that ended, to be described as if a batch job had made it.

    Attributes:
        id: Names it, as a job's id would.
        operation: Where copies went.
        manifest: The list, bound by its ETag.
        report: Where the report goes.
        created: When the first run began, in ISO 8601.
        ended: When the last one ended.
    """

    id: str
    operation: S3PutObjectCopy
    manifest: ManifestLocation
    report: ReportTarget
    created: str
    ended: datetime

    def upload(self, client: S3Client, results: Mapping[TaskStatus, Results]) -> None:
        """Put the report where an audit looks for it.

        Raises:
            CopyError: S3 refused.
        """
        bucket = bucket_of_arn(self.report.bucket or "")
        prefix = f"{self.report.prefix}/" if self.report.prefix else ""
        folder = f"{prefix}job-{self.id}"
        parts = []
        for status, found in results.items():
            name = hashlib.sha1(found.md5.encode(), usedforsecurity=False).hexdigest()
            key = f"{folder}/results/{name}.csv"
            with found.path.open("rb") as body:
                _put(client, ObjectRef(bucket=bucket, key=key), body)
            parts.append(ReportPart(bucket=bucket, key=key, md5=found.md5, status=status))
        created = f"{self.ended:%Y-%m-%dT%H:%M:%S.%f}000Z"
        document = ReportManifest(created=created, parts=tuple(parts)).write()
        digest = hashlib.md5(document, usedforsecurity=False).hexdigest()
        sidecar = f"{digest}\n".encode()
        for name, text in (("manifest.json", document), ("manifest.json.md5", sidecar)):
            _put(client, ObjectRef(bucket=bucket, key=f"{folder}/{name}"), text)

    def describe(self, results: Mapping[TaskStatus, Results]) -> dict[str, Any]:
        """What DescribeJob would answer of a job that did this, as ``intact audit`` reads it."""
        rows = {status: results[status].rows if status in results else 0 for status in TaskStatus}
        job = {
            "JobId": self.id,
            "Status": "Complete",
            "Operation": self.operation.request(),
            "Manifest": self.manifest.request(),
            "Report": self.report.request(),
            "ProgressSummary": {
                "TotalNumberOfTasks": sum(rows.values()),
                "NumberOfTasksSucceeded": rows[TaskStatus.SUCCEEDED],
                "NumberOfTasksFailed": rows[TaskStatus.FAILED],
            },
            "CreationTime": self.created,
            "TerminationDate": self.ended.isoformat(),
        }
        return {"Job": job}


def _put(client: S3Client, ref: ObjectRef, body: Any) -> None:  # noqa: ANN401 - bytes or a file, as boto3 takes them
    ask("PutObject", ref, client.put_object, Bucket=ref.bucket, Key=ref.key, Body=body)
