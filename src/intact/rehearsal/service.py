"""The job operations of S3 Control over a store: creates, describes, lists, confirms, cancels."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from intact.batch import rules
from intact.batch.model import Model
from intact.batch.outcome import JobStatus
from intact.rehearsal.board import JobBoard
from intact.rehearsal.faults import Faults
from intact.rehearsal.jobs import Job, Scope
from intact.rehearsal.operations import impossible, unsupported
from intact.rehearsal.runner import Runner
from intact.rehearsal.wire import ApiError, Call, s3control

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from types_boto3_s3 import S3Client

    from intact.rehearsal.invoking import Function
    from intact.rehearsal.state import State

PAGE = 1000
"""Jobs that ListJobs returns unless asked for fewer."""


def utc_now() -> datetime:
    """What time it is."""
    return datetime.now(UTC)


def _uuid() -> str:
    return str(uuid4())


class BatchService:
    """Jobs, each run by a thread of its own; those that had not ended go on where they stood.

    Args:
        s3: Client of the store on which the jobs work.
        state: Where they are remembered.
        workers: Tasks of one job that run at once.
        faults: What shall go wrong.
        functions: Local stand-ins of Lambda functions, by ARN.
        clock: Now, with a timezone.
        new_id: Makes a job id that was never used.
    """

    def __init__(  # noqa: PLR0913 - keywords all but one
        self,
        s3: S3Client,
        *,
        state: State,
        workers: int = 8,
        faults: Faults | None = None,
        functions: Mapping[str, Function] | None = None,
        clock: Callable[[], datetime] = utc_now,
        new_id: Callable[[], str] = _uuid,
    ) -> None:
        self._s3, self._clock, self._new_id = s3, clock, new_id
        self._functions = functions or {}
        jobs = [_woken(job, at=clock()) for job in state.load()]
        self._board = JobBoard(jobs, save=state.save)
        self._runner = Runner(
            board=self._board,
            state=state,
            s3=s3,
            workers=workers,
            clock=clock,
            faults=faults or Faults(),
            functions=self._functions,
        )
        self._threads: dict[str, threading.Thread] = {}
        self._starting = threading.Lock()
        self._model = Model(s3control()["shapes"])
        self._operations = {
            "CreateJob": self._create,
            "DescribeJob": self._describe,
            "ListJobs": self._list,
            "UpdateJobStatus": self._update_status,
            "UpdateJobPriority": self._update_priority,
            "GetJobTagging": self._get_tags,
            "PutJobTagging": self._put_tags,
            "DeleteJobTagging": self._put_tags,
        }
        with self._starting:
            for job in jobs:
                if not job.status.terminal:
                    self._start(job)

    def answer(self, call: Call, *, region: str) -> Mapping[str, Any]:
        """Do one call and return the response's members.

        Raises:
            ApiError: The call is refused, with the status and code that S3 Control would use,
                or is not executed here.
        """
        if call.operation not in self._operations:
            raise ApiError.unsupported(call.operation)
        problems = (
            rules.problems(call.params, model=self._model)
            if call.operation == "CreateJob"
            else self._model.problems(call.params, shape=f"{call.operation}Request")
        )
        if errors := [str(problem) for problem in problems if not problem.warning]:
            raise ApiError(HTTPStatus.BAD_REQUEST, "BadRequestException", "; ".join(errors))
        scope = Scope(account_id=call.params["AccountId"], region=region)
        return self._operations[call.operation](call.params, scope)

    def stop(self) -> None:
        """Stop every job where it stands and wait for its thread; no report is written.

        Tasks that had started are waited for.
        """
        self._board.halt()
        with self._starting:
            threads, self._threads = self._threads, {}
        for thread in threads.values():
            thread.join()

    def _create(self, params: Mapping[str, Any], scope: Scope) -> dict[str, Any]:
        if names := list(unsupported(params, functions=self._functions)):
            raise ApiError.unsupported(", ".join(names))
        if reasons := list(impossible(self._s3, params)):
            raise ApiError.unsupported(", ".join(reasons))
        new = Job(
            job_id=self._new_id(),
            scope=scope,
            request=dict(params),
            created=self._clock(),
            priority=params["Priority"],
            tags=tuple(params.get("Tags", ())),
        )
        with self._starting:
            job = self._board.add(new)
            if job is new:
                self._start(job)
        return {"JobId": job.job_id}

    def _start(self, job: Job) -> None:
        running = {name: at for name, at in self._threads.items() if at.is_alive()}
        thread = threading.Thread(target=self._runner.run, args=(job,), name=job.job_id)
        self._threads = running | {job.job_id: thread}
        thread.start()

    def _describe(self, params: Mapping[str, Any], scope: Scope) -> dict[str, Any]:
        return {"Job": self._board.find(params["JobId"], scope=scope).descriptor()}

    def _list(self, params: Mapping[str, Any], scope: Scope) -> dict[str, Any]:
        wanted = params.get("JobStatuses")
        jobs = self._board.jobs(scope=scope)
        token = params.get("NextToken")
        # Found among all jobs: the one it names may have another status by now.
        start = next((at for at, job in enumerate(jobs) if job.job_id == token), None)
        if token is not None and start is None:
            raise ApiError(HTTPStatus.BAD_REQUEST, "InvalidNextTokenException", "unknown NextToken")
        found = [job for job in jobs[start:] if not wanted or job.status.value in wanted]
        end = params.get("MaxResults") or PAGE
        listed = [job.listing() for job in found[:end]]
        return {"Jobs": listed} | ({"NextToken": found[end].job_id} if found[end:] else {})

    def _update_status(self, params: Mapping[str, Any], scope: Scope) -> dict[str, Any]:
        reason = params.get("StatusUpdateReason")
        job = self._change(
            params,
            scope,
            lambda now: now.request_status(
                params["RequestedJobStatus"], reason=reason, at=self._clock()
            ),
        )
        answer = {"JobId": job.job_id, "Status": job.status.value}
        return answer if reason is None else answer | {"StatusUpdateReason": reason}

    def _update_priority(self, params: Mapping[str, Any], scope: Scope) -> dict[str, Any]:
        """Set the priority, which may pause this job or others, or let them go on."""
        job = self._change(params, scope, lambda now: replace(now, priority=params["Priority"]))
        return {"JobId": job.job_id, "Priority": job.priority}

    def _get_tags(self, params: Mapping[str, Any], scope: Scope) -> dict[str, Any]:
        return {"Tags": self._board.find(params["JobId"], scope=scope).tags}

    def _put_tags(self, params: Mapping[str, Any], scope: Scope) -> dict[str, Any]:
        """Replace all tags; DeleteJobTagging is the same without any."""
        tags = tuple(params.get("Tags", ()))
        self._change(params, scope, lambda now: replace(now, tags=tags))
        return {}

    def _change(self, params: Mapping[str, Any], scope: Scope, step: Callable[[Job], Job]) -> Job:
        job = self._board.find(params["JobId"], scope=scope)
        return self._board.change(job.job_id, step)


def _woken(job: Job, *, at: datetime) -> Job:
    """Return a remembered job as it goes on: the time since is no active time."""
    if job.status is JobStatus.PAUSING:
        job = replace(job, status=JobStatus.PAUSED)
    return replace(job, activated=at) if job.status is JobStatus.ACTIVE else job
