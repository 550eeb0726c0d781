"""Every job of a rehearsal, shared by the threads that answer calls and run jobs."""

from __future__ import annotations

import threading
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING

from intact.batch.outcome import JobStatus
from intact.rehearsal.wire import ApiError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from intact.rehearsal.jobs import Job, Scope

_AT_WORK = {JobStatus.READY, JobStatus.ACTIVE, JobStatus.PAUSING, JobStatus.PAUSED}


class JobBoard:
    """Jobs by id and by idempotency token; a job changes only through ``change`` and ``count``.

    Args:
        jobs: Those that are there already, the oldest first.
        save: Remembers a job before anybody sees it changed.
    """

    def __init__(
        self, jobs: Iterable[Job] = (), *, save: Callable[[Job], object] = lambda _: None
    ) -> None:
        self._changed = threading.Condition()
        self._halted = False
        self._save = save
        self._jobs = {job.job_id: job for job in jobs}
        self._tokens = {_token(job): job.job_id for job in self._jobs.values()}

    @property
    def halted(self) -> bool:
        """Whether every job shall stop where it stands."""
        return self._halted

    def halt(self) -> None:
        """Stop every job where it stands; none is added any more."""
        with self._changed:
            self._halted = True
            self._changed.notify_all()

    def add(self, job: Job) -> Job:
        """Add a new job, or return the one that the same request created before.

        Raises:
            ApiError: Another request used the token, or the board is halted.

        See S3 Control API Reference, CreateJob, ``ClientRequestToken``.
        """
        token = _token(job)
        with self._changed:
            if token in self._tokens:
                earlier = self._jobs[self._tokens[token]]
                if earlier.request == job.request:
                    return earlier
                raise ApiError(
                    HTTPStatus.BAD_REQUEST,
                    "IdempotencyException",
                    f"ClientRequestToken names job {earlier.job_id}, whose request was another",
                )
            if self._halted:
                raise ApiError(
                    HTTPStatus.SERVICE_UNAVAILABLE, "ServiceUnavailable", "the rehearsal stops"
                )
            self._save(job)
            self._tokens[token] = job.job_id
            self._jobs[job.job_id] = job
            return job

    def find(self, job_id: str, *, scope: Scope) -> Job:
        """One job as it stands.

        Raises:
            ApiError: The account has none of this id in this Region.
        """
        job = self._jobs.get(job_id)
        if job is None or job.scope != scope:
            raise ApiError(HTTPStatus.NOT_FOUND, "NoSuchJobException", "No such job")
        return job

    def jobs(self, *, scope: Scope) -> list[Job]:
        """Every job of an account in a Region, the newest first."""
        with self._changed:
            return [job for job in reversed(self._jobs.values()) if job.scope == scope]

    def change(self, job_id: str, step: Callable[[Job], Job]) -> Job:
        """Replace a job by what ``step`` makes of it, in one piece, and return that.

        Raises:
            ApiError: ``step`` refused; the job stays as it was.
        """
        with self._changed:
            job = step(self._jobs[job_id])
            self._save(job)
            self._jobs[job_id] = job
            self._changed.notify_all()
            return job

    def count(self, job_id: str, *, succeeded: bool) -> None:
        """Count a finished task; nothing is saved, since the task's result is."""
        with self._changed:
            job = self._jobs[job_id]
            self._jobs[job_id] = replace(
                job, succeeded=job.succeeded + succeeded, failed=job.failed + (not succeeded)
            )

    def outranked(self, job_id: str) -> bool:
        """Whether a job of a higher priority, in the same account and Region, has work to do."""
        with self._changed:
            mine = self._jobs[job_id]
            return any(
                job.scope == mine.scope and job.priority > mine.priority and job.status in _AT_WORK
                for job in self._jobs.values()
            )

    def wait_until(self, test: Callable[[], bool], *, seconds: float | None = None) -> bool:
        """Wait until a change of some job makes the test true, or the board is halted.

        Returns:
            False if neither came about within so many seconds.
        """
        with self._changed:
            return self._changed.wait_for(lambda: self._halted or test(), timeout=seconds)


def _token(job: Job) -> tuple[Scope, str]:
    return job.scope, job.request["ClientRequestToken"]
