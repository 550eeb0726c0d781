"""Does one task of a rehearsed job for each row, several rows at once, and says how each ended.

Not modelled: the job role's permissions, requests to KMS other than the store's own, and the
order of tasks, which here is the manifest's.
"""

from __future__ import annotations

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from intact.batch.outcome import FailureReason
from intact.batch.report import TaskResult, TaskStatus
from intact.errors import IntactError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from concurrent.futures import Future

    from types_boto3_s3 import S3Client

    from intact.batch.manifest import ManifestRow
    from intact.s3 import ObjectRef

    Action = Callable[[ManifestRow], str]
    """Does one row's task and returns its ResultMessage, or raises."""

SUCCESSFUL = "Successful"
"""ResultMessage of every operation that has nothing more to say."""
ATTEMPTS = 3
"""How often a task is tried whose failure is temporary."""
MOST_REASON = 256
"""Longest failure reason in characters that the API's model allows."""


class JobFailure(IntactError):  # noqa: N818 - S3's word for it
    """The job as a whole fails.

    Only ``InvalidManifestContent`` is a code that S3 documents; the others are this project's.
    """

    def __init__(self, code: str, text: str) -> None:
        super().__init__(f"{code}: {text}")
        self.reason = FailureReason(code=code, text=text[:MOST_REASON])


class TaskFailure(IntactError):  # noqa: N818 - S3's word for it
    """One task fails, as its row of the report will say.

    Attributes:
        status: HTTP status; None where there was no answer.
        code: S3's error code, or ``PermanentFailure`` or ``TemporaryFailure``.
        temporary: Whether another try may succeed.
    """

    def __init__(
        self, status: int | None, code: str, message: str, *, temporary: bool = False
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.temporary = temporary

    @classmethod
    def of(cls, error: BotoCoreError | ClientError) -> TaskFailure:
        """What the client's error means for a task; the client has retried already."""
        if isinstance(error, BotoCoreError):
            return cls(None, "TemporaryFailure", str(error))
        said: Mapping[str, Any] = error.response.get("Error", {})
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
        return cls(status, said.get("Code", ""), said.get("Message", ""))


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What the tasks of one job work with.

    Attributes:
        s3: Client of the store.
        job_id: The job.
        functions: Local stand-ins of Lambda functions, by ARN.
    """

    s3: S3Client
    job_id: str
    functions: Mapping[str, Callable[[Mapping[str, Any]], Any]]


def address(ref: ObjectRef) -> dict[str, Any]:
    """Parameters of boto3 that name one object."""
    version = {"VersionId": ref.version_id} if ref.version_id is not None else {}
    return {"Bucket": ref.bucket, "Key": ref.key} | version


def attempt(row: ManifestRow, action: Callable[[int], str]) -> TaskResult:
    """Do a row's task, again where its failure is temporary, and say how it ended.

    Args:
        row: The row.
        action: Does it; its argument counts the tries from 1.
    """
    tries = 0
    while True:
        tries += 1
        try:
            if row.source.version_id == "":
                text = "Version id cannot be the empty string"
                raise TaskFailure(400, "InvalidArgument", text)  # noqa: TRY301 - as S3 would
            return _result(row, TaskStatus.SUCCEEDED, 200, "", action(tries))
        except TaskFailure as error:
            failure = error
        except (BotoCoreError, ClientError) as error:
            failure = TaskFailure.of(error)
        if not failure.temporary or tries == ATTEMPTS:
            return _result(row, TaskStatus.FAILED, failure.status, failure.code, str(failure))


def run_tasks(
    rows: Iterable[ManifestRow],
    task: Callable[[ManifestRow], TaskResult],
    *,
    workers: int,
    halted: Callable[[], bool],
) -> Iterator[TaskResult]:
    """Do a task for each row, several at once, and yield the results in the rows' order.

    Once ``halted`` no task starts; those that had started are finished and yielded, and no row
    before them is left out.
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
            # From the end: were the first cancelled first, a worker could start the second.
            while halted() and pending and pending[-1].cancel():
                pending.pop()
            if pending:
                yield pending.popleft().result()


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
