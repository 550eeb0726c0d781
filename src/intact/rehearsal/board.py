"""Every job of a rehearsal, in memory, shared by the threads that answer calls and run jobs."""

from __future__ import annotations

import threading
from http import HTTPStatus
from typing import TYPE_CHECKING

from intact.rehearsal.wire import ApiError

if TYPE_CHECKING:
    from collections.abc import Callable

    from intact.batch.outcome import JobStatus
    from intact.rehearsal.jobs import Job, Scope


class JobBoard:
    """Jobs by id and by idempotency token; a job changes only through ``change``."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._halted = False
        self._jobs: dict[str, Job] = {}
        self._tokens: dict[tuple[Scope, str], str] = {}

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
        token = (job.scope, job.request["ClientRequestToken"])
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
            job = self._jobs[job_id] = step(self._jobs[job_id])
            self._changed.notify_all()
            return job

    def wait_while(self, job_id: str, status: JobStatus) -> None:
        """Wait until the job leaves a status or the board is halted."""
        with self._changed:
            self._changed.wait_for(lambda: self._halted or self._jobs[job_id].status is not status)
