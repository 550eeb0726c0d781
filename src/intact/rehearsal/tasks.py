"""Runs a rehearsed job's tasks against a store: reads its manifest, copies row by row.

Not modelled: the job role's permissions, throttling by S3 Batch Operations, requests to KMS
other than the store's own, and the order of tasks, which here is the manifest's.
"""

from __future__ import annotations

import shutil
import tempfile
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import IO, TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from intact.batch.manifest import ManifestRow, read_manifest
from intact.batch.operations import MAX_COPY_SIZE
from intact.batch.outcome import FailureReason
from intact.batch.report import TaskResult, TaskStatus
from intact.errors import IntactError
from intact.rehearsal.copying import copy_parameters
from intact.s3.names import MAX_KEY_SIZE, bucket_of_arn, key_of_arn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from concurrent.futures import Future

    from types_boto3_s3 import S3Client

    from intact.s3 import ObjectRef

INVALID_CONTENT = "InvalidManifestContent"
MOST_REASON = 256
"""Longest failure reason in characters that the API's model allows."""
SPOOL_SIZE = 16 << 20
"""Bytes of a manifest that stay in memory."""


class JobFailure(IntactError):  # noqa: N818 - S3's word for it
    """The job as a whole fails.

    Only ``InvalidManifestContent`` is a code that S3 documents; the others are this project's.
    """

    def __init__(self, code: str, text: str) -> None:
        super().__init__(f"{code}: {text}")
        self.reason = FailureReason(code=code, text=text[:MOST_REASON])


def fetch_manifest(s3: S3Client, manifest: Mapping[str, Any]) -> IO[bytes]:
    """Copy a job's manifest to a temporary file, which the caller closes.

    Args:
        s3: Client of the store that holds it.
        manifest: ``Manifest`` of the CreateJob request.

    Raises:
        JobFailure: It cannot be read, or its ETag is not the one that the request names.
    """
    location = manifest["Location"]
    arn, wanted = location["ObjectArn"], location["ETag"].strip('"')
    version = {"VersionId": location["ObjectVersionId"]} if "ObjectVersionId" in location else {}
    file = tempfile.SpooledTemporaryFile(max_size=SPOOL_SIZE)  # noqa: SIM115 - handed to the caller
    try:
        response = s3.get_object(Bucket=bucket_of_arn(arn), Key=key_of_arn(arn), **version)
        with response["Body"] as body:
            if (got := response["ETag"].strip('"')) != wanted:
                raise JobFailure(
                    "ManifestETagMismatch", f"manifest has ETag {got}; wanted {wanted}"
                )
            shutil.copyfileobj(body, file, 1 << 20)
    except (BotoCoreError, ClientError, IntactError, OSError) as error:
        file.close()
        if isinstance(error, JobFailure):
            raise
        raise JobFailure("ManifestUnreadable", f"Reading the manifest failed: {error}") from error
    file.seek(0)
    return file


def count_rows(lines: Iterable[bytes], *, fields: Sequence[str]) -> int:
    """Check every row of a manifest and count them.

    Raises:
        JobFailure: A row is malformed, there is none, or they name several buckets; a copy job
            has one source bucket (Amazon S3 User Guide, "Copy objects").
    """
    count, bucket = 0, None
    for count, row in enumerate(read_manifest(lines, fields=fields), 1):  # noqa: B007 - the last count is the answer
        if not isinstance(row, ManifestRow):
            raise JobFailure(INVALID_CONTENT, f"line {row.line}: {row.problem}")
        bucket = bucket or row.source.bucket
        if row.source.bucket != bucket:
            raise JobFailure(
                INVALID_CONTENT,
                f"line {row.line}: bucket is {row.source.bucket}; wanted {bucket} as above",
            )
    if not count:
        raise JobFailure(INVALID_CONTENT, "the manifest has no rows")
    return count


def run_tasks(
    rows: Iterable[ManifestRow],
    task: Callable[[ManifestRow], TaskResult],
    *,
    workers: int,
    halted: Callable[[], bool],
) -> Iterator[TaskResult]:
    """Do a task for each row, several at once, and yield the results in the rows' order.

    Once ``halted`` no task starts; those that had started are finished and yielded.
    """
    pending: deque[Future[TaskResult]] = deque()
    with ThreadPoolExecutor(workers, thread_name_prefix="rehearsal-task") as pool:
        for row in rows:
            if halted():
                break
            pending.append(pool.submit(task, row))
            if len(pending) >= 2 * workers:
                yield pending.popleft().result()
        while pending:
            future = pending.popleft()
            if not (halted() and future.cancel()):
                yield future.result()


def copy_task(s3: S3Client, copy: Mapping[str, Any]) -> Callable[[ManifestRow], TaskResult]:
    """Make the task that copies one row's object as ``S3PutObjectCopy`` says."""

    def task(row: ManifestRow) -> TaskResult:
        parameters = copy_parameters(copy, source=row.source)
        if len(parameters["Key"].encode()) > MAX_KEY_SIZE:
            return _failed(row, HTTPStatus.BAD_REQUEST, "KeyTooLongError", "Your key is too long")
        try:
            if _size(s3, row.source) > MAX_COPY_SIZE:
                return _failed(row, HTTPStatus.BAD_REQUEST, "InvalidRequest", _TOO_LARGE)
            s3.copy_object(**parameters)
        except ClientError as error:
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
            said = error.response.get("Error", {})
            return _failed(row, status, said.get("Code", ""), said.get("Message", ""))
        except BotoCoreError as error:
            return _failed(row, None, "TemporaryFailure", str(error))
        return _result(row, TaskStatus.SUCCEEDED, HTTPStatus.OK, "", "Successful")

    return task


_TOO_LARGE = (
    "The specified copy source is larger than the maximum allowable size for a copy source: "
    f"{MAX_COPY_SIZE}"
)


def _size(s3: S3Client, source: ObjectRef) -> int:
    """Size in bytes; 0 where HeadObject fails, since CopyObject says better why."""
    where: dict[str, Any] = {"Bucket": source.bucket, "Key": source.key}
    if source.version_id is not None:
        where["VersionId"] = source.version_id
    try:
        return s3.head_object(**where)["ContentLength"]
    except (BotoCoreError, ClientError):
        return 0


def _failed(row: ManifestRow, status: int | None, code: str, message: str) -> TaskResult:
    return _result(row, TaskStatus.FAILED, status, code, message)


def _result(
    row: ManifestRow, status: TaskStatus, http_status: int | None, code: str, message: str
) -> TaskResult:
    return TaskResult(
        bucket=row.source.bucket,
        raw_key=row.raw_key,
        version_id=row.source.version_id,
        status=status,
        http_status=http_status,
        error_code=code,
        message=message,
    )
