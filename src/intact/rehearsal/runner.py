"""Takes one job from New to its end: manifest, confirmation, tasks, report."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from intact.batch.manifest import ManifestRow, read_manifest
from intact.batch.outcome import JobStatus
from intact.batch.report import TaskStatus
from intact.rehearsal.reporting import ReportWriter
from intact.rehearsal.tasks import JobFailure, copy_task, count_rows, fetch_manifest, run_tasks

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from types_boto3_s3 import S3Client

    from intact.batch.report import TaskResult
    from intact.rehearsal.board import JobBoard
    from intact.rehearsal.jobs import Job

_ENDS = {
    JobStatus.COMPLETING: JobStatus.COMPLETE,
    JobStatus.CANCELLING: JobStatus.CANCELLED,
    JobStatus.FAILING: JobStatus.FAILED,
}


class _StopRunning(Exception):  # noqa: N818 - no error: the job is cancelled or the board halted
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Runner:
    """Runs jobs of a board against a store.

    Attributes:
        board: Where the jobs stand.
        s3: Client of the store.
        workers: Tasks of one job that run at once.
        clock: Now, with a timezone.
    """

    board: JobBoard
    s3: S3Client
    workers: int
    clock: Callable[[], datetime]

    def run(self, job: Job) -> None:
        """Run a new job to its end, or until the board is halted.

        The report is written for a job that failed or was cancelled too, of the tasks that ran
        (Amazon S3 User Guide, "Examples: S3 Batch Operations completion reports").  Where S3
        would leave a report out in silence, the job fails and says so.
        """
        with ReportWriter(self.s3, job.request["Report"], job_id=job.job_id) as report:
            try:
                self._work(job, report)
            except _StopRunning:
                pass
            except JobFailure as failure:
                self._fail(job, failure)
            except Exception as error:  # noqa: BLE001 - a thread's last word; the job tells it
                self._fail(job, JobFailure("InternalError", repr(error)))
            if self.board.halted:
                return
            try:
                report.finish(at=self.clock())
            except (BotoCoreError, ClientError) as error:
                self._fail(job, JobFailure("ReportNotWritten", f"Writing the report: {error}"))
            self.board.change(job.job_id, lambda now: now.move(_ENDS[now.status], at=self.clock()))

    def _work(self, job: Job, report: ReportWriter) -> None:
        self._advance(job, JobStatus.PREPARING)
        try:
            report.check()
        except (BotoCoreError, ClientError) as error:
            raise JobFailure("ReportBucketUnavailable", f"Report bucket: {error}") from error
        manifest = job.request["Manifest"]
        fields = manifest["Spec"]["Fields"]
        with fetch_manifest(self.s3, manifest) as file:
            total = count_rows(file, fields=fields)
            self.board.change(job.job_id, lambda now: replace(now, total=total))
            if job.request.get("ConfirmationRequired"):
                self._advance(job, JobStatus.SUSPENDED)
                self.board.wait_while(job.job_id, JobStatus.SUSPENDED)
            else:
                self._advance(job, JobStatus.READY)
            self._advance(job, JobStatus.ACTIVE)
            file.seek(0)
            rows = (
                row for row in read_manifest(file, fields=fields) if isinstance(row, ManifestRow)
            )
            task = copy_task(self.s3, job.request["Operation"]["S3PutObjectCopy"])
            for result in run_tasks(
                rows, task, workers=self.workers, halted=lambda: self._halted(job)
            ):
                report.append(result)
                self._count(job, result)
        if self._now(job).braked:
            raise JobFailure("TooManyFailedTasks", "more than half of the tasks failed")
        self._advance(job, JobStatus.COMPLETING)

    def _advance(self, job: Job, status: JobStatus) -> None:
        def step(now: Job) -> Job:
            if self.board.halted or now.status is JobStatus.CANCELLING:
                raise _StopRunning
            return now.move(status, at=self.clock())

        self.board.change(job.job_id, step)

    def _fail(self, job: Job, failure: JobFailure) -> None:
        self.board.change(job.job_id, lambda now: now.fail(failure.reason, at=self.clock()))

    def _count(self, job: Job, result: TaskResult) -> None:
        good = result.status is TaskStatus.SUCCEEDED
        self.board.change(
            job.job_id,
            lambda now: replace(
                now, succeeded=now.succeeded + good, failed=now.failed + (not good)
            ),
        )

    def _now(self, job: Job) -> Job:
        return self.board.find(job.job_id, scope=job.scope)

    def _halted(self, job: Job) -> bool:
        now = self._now(job)
        return self.board.halted or now.braked or now.status is JobStatus.CANCELLING
