"""Takes one job from wherever it stands to its end: manifest, confirmation, tasks, report."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from intact.batch.outcome import JobStatus
from intact.batch.report import TaskStatus
from intact.rehearsal import damage
from intact.rehearsal import faults as planned
from intact.rehearsal.faults import DEATH, Faults
from intact.rehearsal.generating import write_generated
from intact.rehearsal.manifests import job_rows
from intact.rehearsal.operations import OPERATIONS, operation_of
from intact.rehearsal.reporting import ReportWriter
from intact.rehearsal.tasks import (
    SUCCESSFUL,
    Context,
    JobFailure,
    TaskFailure,
    attempt,
    run_tasks,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import datetime

    from types_boto3_s3 import S3Client

    from intact.batch.manifest import ManifestRow
    from intact.batch.report import TaskResult
    from intact.rehearsal.board import JobBoard
    from intact.rehearsal.invoking import Function
    from intact.rehearsal.jobs import Job
    from intact.rehearsal.state import Log, State

SUSPENDED_FOR = timedelta(days=30)
"""How long a job waits for its confirmation before it fails (User Guide, job status table)."""
SECOND = timedelta(seconds=1)

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
        state: Their rows and results.
        s3: Client of the store.
        workers: Tasks of one job that run at once.
        clock: Now, with a timezone.
        faults: What shall go wrong.
        functions: Local stand-ins of Lambda functions, by ARN.
        sleep: Waits that many seconds, in the thread of one task.
        die: Ends this process at once with an exit status.
    """

    board: JobBoard
    state: State
    s3: S3Client
    workers: int
    clock: Callable[[], datetime]
    faults: Faults = field(default_factory=Faults)
    functions: Mapping[str, Function] = field(default_factory=dict)
    sleep: Callable[[float], object] = planned.wait
    die: Callable[[int], Any] = os._exit

    def run(self, job: Job) -> None:
        """Run a job to its end, or until the board is halted.

        The report is written for a job that failed or was cancelled too, of the tasks that ran
        (Amazon S3 User Guide, "Examples: S3 Batch Operations completion reports").  Where S3
        would leave a report out in silence, the job fails and says so.
        """
        try:
            self._work(job)
        except _StopRunning:
            pass
        except JobFailure as failure:
            self._fail(job, failure)
        except Exception as error:  # noqa: BLE001 - a thread's last word; the job tells it
            self._fail(job, JobFailure("InternalError", repr(error)))
        if self.board.halted:
            return
        late = self.faults.report_seconds
        if not late:
            self._report(job)
        at = self.clock()
        self._overwrite(job)
        self.board.change(job.job_id, lambda now: now.move(_ENDS[now.status], at=at))
        if late and not self.board.wait_until(lambda: False, seconds=late):
            self._report(job)

    def _work(self, job: Job) -> None:
        if self._now(job).status in _ENDS:
            return
        if self._now(job).status is JobStatus.NEW:
            self._advance(job, JobStatus.PREPARING)
        if self._now(job).status is JobStatus.PREPARING:
            self._prepare(job)
        self._await_confirmation(job)
        self._await_second(job)
        with self.state.log(job.job_id) as log:
            while self._perform(job, log):
                self._advance(job, JobStatus.PAUSING)
                self._advance(job, JobStatus.PAUSED)
        if self._now(job).braked:
            raise JobFailure("TooManyFailedTasks", "more than half of the tasks failed")
        self._advance(job, JobStatus.COMPLETING)

    def _prepare(self, job: Job) -> None:
        """Keep the list of rows, and leave the generated manifest where the job wants it."""
        try:
            with self._writer(job) as report:
                report.check()
        except (BotoCoreError, ClientError) as error:
            raise JobFailure("ReportBucketUnavailable", f"Report bucket: {error}") from error
        operation = OPERATIONS[operation_of(job.request)[0]]
        rows = job_rows(self.s3, job.request, one_bucket=operation.one_bucket)
        total = self.state.write_rows(job.job_id, self._until_stopped(job, rows))
        generator = job.request.get("ManifestGenerator", {}).get("S3JobManifestGenerator", {})
        generated = None
        if generator.get("EnableManifestOutput"):
            listed = self._until_stopped(job, self.state.rows(job.job_id))
            generated = write_generated(
                self.s3, generator, listed, job_id=job.job_id, at=self.clock()
            )
        self.board.change(job.job_id, lambda now: replace(now, total=total, generated=generated))
        confirmed = not job.request.get("ConfirmationRequired")
        self._advance(job, JobStatus.READY if confirmed else JobStatus.SUSPENDED)

    def _until_stopped(self, job: Job, rows: Iterable[ManifestRow]) -> Iterator[ManifestRow]:
        for row in rows:
            if self._stopped(job):
                raise _StopRunning
            yield row

    def _await_confirmation(self, job: Job) -> None:
        suspended = self._now(job).suspended
        if suspended is None or self._now(job).status is not JobStatus.SUSPENDED:
            return
        left = (suspended + SUSPENDED_FOR - self.clock()).total_seconds()
        waits = lambda: self._now(job).status is not JobStatus.SUSPENDED  # noqa: E731 - one line
        if not self.board.wait_until(waits, seconds=max(0.0, left)):
            raise JobFailure("SuspendedTooLong", "nobody confirmed the job within 30 days")

    def _await_second(self, job: Job) -> None:
        """Let no copy be of the second in which its job was made, as its sources may be.

        S3 tells whole seconds and never runs a job so soon; nothing would show the order.
        """
        if OPERATIONS[operation_of(job.request)[0]].destination is None:
            return
        left = (job.created.replace(microsecond=0) + SECOND - self.clock()).total_seconds()
        if left > 0:
            self.board.wait_until(lambda: self._stopped(job), seconds=left)

    def _perform(self, job: Job, log: Log) -> bool:
        """Do the tasks that are left; return whether others of a higher priority come first."""
        self.board.wait_until(lambda: self._stopped(job) or not self.board.outranked(job.job_id))
        if self._now(job).status is not JobStatus.ACTIVE:
            self._advance(job, JobStatus.ACTIVE)
        rows = self.state.rows(job.job_id, start=log.count)
        held = lambda: self._stopped(job) or self.board.outranked(job.job_id)  # noqa: E731 - as above
        for result in run_tasks(rows, self._task(job), workers=self.workers, halted=held):
            log.append(result)
            self.board.count(job.job_id, succeeded=result.status is TaskStatus.SUCCEEDED)
            if log.count == self.faults.die:
                self.die(DEATH)
        now = self._now(job)
        return log.count < now.total and not now.braked

    def _task(self, job: Job) -> Callable[[ManifestRow], TaskResult]:
        name, members = operation_of(job.request)
        operation = OPERATIONS[name]
        context = Context(s3=self.s3, job_id=job.job_id, functions=self.functions)
        ordinary = operation.action(context, members)
        unasked = {name: members[name] for name in members if name != "ChecksumAlgorithm"}
        careless = operation.action(context, unasked)
        plan = self.faults

        def task(row: ManifestRow) -> TaskResult:
            action = careless if row.line in plan.algorithm else ordinary

            def act(tries: int) -> str:
                plan.before(row.line, attempt=tries, sleep=self.sleep)
                if row.line in plan.skip:
                    return SUCCESSFUL
                message = action(row)
                if row.line in plan.duplicate:
                    message = action(row)
                if operation.destination is not None:
                    copied = operation.destination(members, row.source)
                    damage.strike(self.s3, plan, copied, number=row.line)
                if row.line in plan.deny:
                    raise TaskFailure(500, "InternalError", "by the fault plan, after it was done")
                return message

            return attempt(row, act)

        return task

    def _overwrite(self, job: Job) -> None:
        """Overwrite the copies that the plan names, before anybody can know that the job ended."""
        name, members = operation_of(job.request)
        destination = OPERATIONS[name].destination
        if destination is None or not self.faults.overwrite:
            return
        ended = zip(self.state.rows(job.job_id), self.state.results(job.job_id), strict=False)
        try:
            for row, result in ended:
                if row.line in self.faults.overwrite and result.status is TaskStatus.SUCCEEDED:
                    damage.overwrite(self.s3, destination(members, row.source))
        except (BotoCoreError, ClientError) as error:
            self._fail(job, JobFailure("InternalError", f"Overwriting a copy: {error}"))

    def _report(self, job: Job) -> None:
        """Write the report of every finished task; doing it again writes the same objects."""
        if self.faults.report_how == "missing":
            return
        try:
            with self._writer(job) as report:
                for number, result in enumerate(self.state.results(job.job_id), 1):
                    if number in self.faults.stray:
                        report.append(replace(result, raw_key=f"{result.raw_key}-stray"))
                    elif number not in self.faults.omit:
                        report.append(result)
                report.finish(at=self.clock())
        except (BotoCoreError, ClientError, OSError) as error:
            if not self._now(job).status.terminal:  # of a report that comes late S3 says nothing
                self._fail(job, JobFailure("ReportNotWritten", f"Writing the report: {error}"))

    def _writer(self, job: Job) -> ReportWriter:
        torn = self.faults.report_how == "torn"
        return ReportWriter(self.s3, job.request["Report"], job_id=job.job_id, torn=torn)

    def _advance(self, job: Job, status: JobStatus) -> None:
        def step(now: Job) -> Job:
            if self.board.halted or now.status is JobStatus.CANCELLING:
                raise _StopRunning
            return now.move(status, at=self.clock())

        self.board.change(job.job_id, step)

    def _fail(self, job: Job, failure: JobFailure) -> None:
        self.board.change(job.job_id, lambda now: now.fail(failure.reason, at=self.clock()))

    def _now(self, job: Job) -> Job:
        return self.board.find(job.job_id, scope=job.scope)

    def _stopped(self, job: Job) -> bool:
        now = self._now(job)
        return self.board.halted or now.braked or now.status is JobStatus.CANCELLING
