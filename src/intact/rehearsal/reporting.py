"""Writes completion reports as S3 does: parts by status, ``manifest.json`` and its MD5.

Rows go to temporary files that are uploaded when full, so memory and disk stay bounded however
long the manifest is.  The layout is that of ``intact.batch.report``, which reads it.
"""

from __future__ import annotations

import hashlib
import tempfile
from typing import TYPE_CHECKING, Any, Self

from intact.batch.report import ReportManifest, ReportPart, TaskStatus
from intact.s3.names import bucket_of_arn

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from types_boto3_s3 import S3Client

    from intact.batch.report import TaskResult

PART_SIZE = 64 << 20
"""Bytes after which a part is full."""
TORN = 8
"""Bytes that a part lacks of which the end is cut off; no row is shorter."""
SPOOL_SIZE = 1 << 20
"""Bytes of a part that stay in memory."""


class _Part:
    """One CSV file being written; its MD5 is computed on the way."""

    def __init__(self) -> None:
        self.file = tempfile.SpooledTemporaryFile(max_size=SPOOL_SIZE)  # noqa: SIM115 - the writer closes it
        self.md5 = hashlib.md5(usedforsecurity=False)
        self.size = 0

    def append(self, row: bytes) -> None:
        self.file.write(row)
        self.md5.update(row)
        self.size += len(row)


class ReportWriter:
    """Writes the report that a job asked for; for a job without one it does nothing.

    Args:
        s3: Client of the store that holds the report's bucket.
        report: ``Report`` of the CreateJob request.
        job_id: The job.
        part_size: Bytes after which a part is uploaded and a new one begun.
        torn: Whether the end of each part is cut off behind the back of its MD5.
    """

    def __init__(
        self,
        s3: S3Client,
        report: Mapping[str, Any],
        *,
        job_id: str,
        part_size: int = PART_SIZE,
        torn: bool = False,
    ) -> None:
        self._s3, self._torn = s3, torn
        self._enabled = report["Enabled"]
        self._failed_only = report.get("ReportScope") == "FailedTasksOnly"
        self._bucket = bucket_of_arn(report["Bucket"]) if self._enabled else ""
        self._owner = (
            {"ExpectedBucketOwner": report["ExpectedBucketOwner"]}
            if "ExpectedBucketOwner" in report
            else {}
        )
        prefix = report.get("Prefix")
        self._folder = f"{prefix}/job-{job_id}" if prefix else f"job-{job_id}"
        self._part_size = part_size
        self._open: dict[TaskStatus, _Part] = {}
        self._parts: list[ReportPart] = []
        self._invoked = False

    def check(self) -> None:
        """Ask for the bucket; raises the client's error where it is missing or another's."""
        if self._enabled:
            self._s3.head_bucket(Bucket=self._bucket, **self._owner)

    def append(self, result: TaskResult) -> None:
        """Add one task's row, unless the report's scope leaves it out."""
        self._invoked = True
        if not self._enabled or (self._failed_only and result.status is TaskStatus.SUCCEEDED):
            return
        if (part := self._open.get(result.status)) is None:
            part = self._open[result.status] = _Part()
        part.append(result.row().encode())
        if part.size >= self._part_size:
            self._upload(result.status)

    def finish(self, *, at: datetime) -> None:
        """Upload what is left and then ``manifest.json``, if any task was invoked."""
        if not self._enabled or not self._invoked:
            return
        for status in TaskStatus:
            if status in self._open:
                self._upload(status)
        created = f"{at:%Y-%m-%dT%H:%M:%S.%f}000Z"
        document = ReportManifest(created=created, parts=tuple(self._parts)).write()
        digest = hashlib.md5(document, usedforsecurity=False).hexdigest()
        self._put("manifest.json", document)
        self._put("manifest.json.md5", f"{digest}\n".encode())

    def _upload(self, status: TaskStatus) -> None:
        part = self._open.pop(status)
        name = f"{self._folder}/{status.value}/{len(self._parts)}".encode()
        key = f"results/{hashlib.sha1(name, usedforsecurity=False).hexdigest()}.csv"
        with part.file:
            if self._torn:
                part.file.truncate(part.size - TORN)
            part.file.seek(0)
            self._put(key, part.file)
        self._parts.append(
            ReportPart(
                bucket=self._bucket,
                key=f"{self._folder}/{key}",
                md5=part.md5.hexdigest(),
                status=status,
            )
        )

    def _put(self, name: str, body: Any) -> None:  # noqa: ANN401 - bytes or a file, as boto3 takes them
        self._s3.put_object(
            Bucket=self._bucket, Key=f"{self._folder}/{name}", Body=body, **self._owner
        )

    def __enter__(self) -> Self:
        """Nothing is opened before the first row."""
        return self

    def __exit__(self, *_: object) -> None:
        """Throw away what was not uploaded."""
        for part in self._open.values():
            part.file.close()
