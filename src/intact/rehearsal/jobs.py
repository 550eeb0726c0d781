"""A batch job as a state machine: pure values; the clock and the ids come in as arguments.

Source of states and moves: Amazon S3 User Guide, "Tracking job status and completion reports".
A job pauses while one of a higher priority, in its account and Region, has tasks to do; S3 promises
only to start with the higher one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from intact.batch.outcome import FailureReason, JobStatus
from intact.rehearsal.wire import ApiError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

_CANCEL = frozenset({JobStatus.CANCELLING})
_FAIL = frozenset({JobStatus.FAILING})
_STOP = _CANCEL | _FAIL
MOVES: Mapping[JobStatus, frozenset[JobStatus]] = {
    JobStatus.NEW: _STOP | {JobStatus.PREPARING},
    JobStatus.PREPARING: _STOP | {JobStatus.SUSPENDED, JobStatus.READY},
    JobStatus.SUSPENDED: _STOP | {JobStatus.READY},
    JobStatus.READY: _STOP | {JobStatus.ACTIVE},
    JobStatus.ACTIVE: _STOP | {JobStatus.PAUSING, JobStatus.COMPLETING},
    JobStatus.PAUSING: _STOP | {JobStatus.PAUSED},
    JobStatus.PAUSED: _STOP | {JobStatus.ACTIVE},
    JobStatus.COMPLETING: _FAIL | {JobStatus.COMPLETE},
    JobStatus.CANCELLING: _FAIL | {JobStatus.CANCELLED},
    JobStatus.FAILING: frozenset({JobStatus.FAILED}),
}
"""Where a job may go from each status; a status that is no key here is terminal."""

BRAKE_AFTER_TASKS = 1000
"""A job fails when more than half of at least so many tasks failed (User Guide, as above)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Where a job lives: nobody outside its account and Region sees it.

    Attributes:
        account_id: Twelve digits.
        region: Name of the Region that the client signed for.
    """

    account_id: str
    region: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One job at one moment.

    Attributes:
        job_id: Its id.
        scope: Its account and Region.
        request: Members of the CreateJob request, unchanged.
        created: When it was created.
        priority: As last set.
        tags: ``{"Key": ..., "Value": ...}`` each, as last set.
        status: Where it stands.
        total: Rows of the manifest.
        succeeded: Tasks that succeeded.
        failed: Tasks that failed.
        activated: When its tasks last could start.
        suspended: When it was suspended.
        terminated: When it ended.
        active_seconds: How long its tasks ran.
        status_update_reason: What the last UpdateJobStatus gave as its reason.
        failure_reasons: Why it failed as a whole.
        generated: ``GeneratedManifestDescriptor`` of a job that generated one.
    """

    job_id: str
    scope: Scope
    request: Mapping[str, Any]
    created: datetime
    priority: int
    tags: tuple[Mapping[str, str], ...] = ()
    status: JobStatus = JobStatus.NEW
    total: int = 0
    succeeded: int = 0
    failed: int = 0
    activated: datetime | None = None
    suspended: datetime | None = None
    terminated: datetime | None = None
    active_seconds: int = 0
    status_update_reason: str | None = None
    failure_reasons: tuple[FailureReason, ...] = ()
    generated: Mapping[str, Any] | None = None

    @property
    def braked(self) -> bool:
        """Whether so many tasks failed that S3 would stop the job."""
        done = self.succeeded + self.failed
        return done >= BRAKE_AFTER_TASKS and 2 * self.failed > done

    def move(self, status: JobStatus, *, at: datetime) -> Job:
        """Go to another status.

        Raises:
            ApiError: No job goes there from here.
        """
        if status not in MOVES.get(self.status, ()):
            raise ApiError(
                HTTPStatus.BAD_REQUEST,
                "JobStatusException",
                f"job {self.job_id} is {self.status.value}; it cannot become {status.value}",
            )
        seconds = self.active_seconds
        if self.status is JobStatus.ACTIVE and self.activated is not None:
            seconds += round((at - self.activated).total_seconds())
        return replace(
            self,
            status=status,
            active_seconds=seconds,
            activated=at if status is JobStatus.ACTIVE else self.activated,
            suspended=at if status is JobStatus.SUSPENDED else self.suspended,
            terminated=at if status.terminal else None,
        )

    def fail(self, reason: FailureReason, *, at: datetime) -> Job:
        """Start failing, or fail for one more reason; a job being cancelled fails too."""
        failing = self if self.status is JobStatus.FAILING else self.move(JobStatus.FAILING, at=at)
        return replace(failing, failure_reasons=(*self.failure_reasons, reason))

    def request_status(self, status: str, *, reason: str | None, at: datetime) -> Job:
        """Do what UpdateJobStatus asks: ``Ready`` confirms, ``Cancelled`` starts cancelling.

        Raises:
            ApiError: The job is not suspended, or has ended.
        """
        if status == JobStatus.READY.value and self.status is not JobStatus.SUSPENDED:
            raise ApiError(
                HTTPStatus.BAD_REQUEST,
                "JobStatusException",
                f"job {self.job_id} is {self.status.value}; only a Suspended one can be confirmed",
            )
        wanted = JobStatus.READY if status == JobStatus.READY.value else JobStatus.CANCELLING
        return replace(self.move(wanted, at=at), status_update_reason=reason)

    def descriptor(self) -> dict[str, Any]:
        """Return ``Job`` of the DescribeJob response."""
        members = {
            "JobId": self.job_id,
            "ConfirmationRequired": self.request.get("ConfirmationRequired"),
            "Description": self.request.get("Description"),
            "JobArn": f"arn:aws:s3:{self.scope.region}:{self.scope.account_id}:job/{self.job_id}",
            "Status": self.status.value,
            "Manifest": self.request.get("Manifest"),
            "ManifestGenerator": self.request.get("ManifestGenerator"),
            "GeneratedManifestDescriptor": self.generated,
            "Operation": self.request["Operation"],
            "Priority": self.priority,
            "ProgressSummary": self._progress(),
            "StatusUpdateReason": self.status_update_reason,
            "FailureReasons": [
                {"FailureCode": reason.code, "FailureReason": reason.text}
                for reason in self.failure_reasons
            ],
            "Report": self.request["Report"],
            "CreationTime": self.created,
            "TerminationDate": self.terminated,
            "RoleArn": self.request["RoleArn"],
            "SuspendedDate": self.suspended,
            "SuspendedCause": "AWAITING_CONFIRMATION" if self.suspended else None,
        }
        return _present(members)

    def listing(self) -> dict[str, Any]:
        """Return the job's item of the ListJobs response: the operation is only a name."""
        members = {
            "JobId": self.job_id,
            "Description": self.request.get("Description"),
            "Operation": next(iter(self.request["Operation"])),
            "Priority": self.priority,
            "Status": self.status.value,
            "CreationTime": self.created,
            "TerminationDate": self.terminated,
            "ProgressSummary": self._progress(),
        }
        return _present(members)

    def _progress(self) -> dict[str, Any]:
        return {
            "TotalNumberOfTasks": self.total,
            "NumberOfTasksSucceeded": self.succeeded,
            "NumberOfTasksFailed": self.failed,
            "Timers": {"ElapsedTimeInActiveSeconds": self.active_seconds},
        }


def _present(members: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}
