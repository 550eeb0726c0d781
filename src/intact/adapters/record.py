"""One file for one job: the request as it was sent, the job's id, and every state seen.

S3 forgets jobs after weeks, and DescribeJob never tells tags and token; the file keeps both.  It
is a journal of JSON lines: ``request``, then ``job_id``, then ``described`` with ``at``, as often
as the job changed.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from intact.adapters.journal import Journal
from intact.adapters.s3control import submit
from intact.batch.spec import to_json
from intact.errors import FormatError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from types_boto3_s3control import S3ControlClient

_TIMES = frozenset({"CreationTime", "TerminationDate", "SuspendedDate"})


class JobRecord:
    """What is known of one job."""

    def __init__(self, path: Path) -> None:
        """Read the file, if it is there.

        Raises:
            FormatError: It is no record.
        """
        self._journal = Journal(path)
        self.request: Mapping[str, Any] | None = None
        self.job_id: str | None = None
        self.described: Mapping[str, Any] | None = None
        self.at: str | None = None
        for found in self._journal.records():
            if not found.keys() & {"request", "job_id", "described"}:
                raise FormatError(f"{path}: got {', '.join(found)}; wanted the record of a job")
            self.request = found.get("request", self.request)
            self.job_id = found.get("job_id", self.job_id)
            self.described = found.get("described", self.described)
            self.at = found.get("at", self.at)

    @property
    def path(self) -> Path:
        """The file."""
        return self._journal.path

    @property
    def account_id(self) -> str | None:
        """Account that owns the job, where the record says it."""
        if self.request is not None:
            account: str = self.request["AccountId"]
            return account
        arn = "" if self.described is None else self.described["Job"].get("JobArn", "")
        return arn.split(":")[4] if arn.count(":") > len("arn:") else None

    def keep_request(self, request: Mapping[str, Any]) -> None:
        """Keep a request, before it is sent.

        Raises:
            UsageError: Another one is kept already.
        """
        wanted = json.loads(to_json(request))
        if self.request is None and self.job_id is None:
            self._journal.append({"request": wanted})
            self.request = wanted
        elif self.request != wanted:
            raise UsageError(
                f"{self.path}: records another request; wanted a record of its own for each"
            )

    def keep_job(self, job_id: str) -> None:
        """Keep which job the request became.

        Raises:
            UsageError: The record is that of another job.
        """
        if self.job_id is None:
            self._journal.append({"job_id": job_id})
            self.job_id = job_id
        elif self.job_id != job_id:
            raise UsageError(
                f"{self.path}: records job {self.job_id}; wanted a record of its own for {job_id}"
            )

    def keep_state(self, response: Mapping[str, Any], *, at: datetime) -> None:
        """Keep a DescribeJob response, unless it says what the last one said."""
        described = {"Job": json.loads(to_json(response["Job"]))}
        if described != self.described:
            self._journal.append({"described": described, "at": at.isoformat()})
            self.described, self.at = described, at.isoformat()


def submit_once(client: S3ControlClient, request: Mapping[str, Any], *, record: JobRecord) -> str:
    """Create a job, or find the one that an earlier try created; return its id.

    The request is on disk before it is sent.  Its token makes S3 Control answer a repeat with
    the same job, so a process that died between sending and answer is run again as it was.

    Raises:
        UsageError: The record is that of another request.
        StoreError: S3 Control refused or did not answer.
    """
    record.keep_request(request)
    if record.job_id is None:
        record.keep_job(submit(client, request))
    return record.job_id or ""


def read_described(path: Path) -> Mapping[str, Any]:
    """DescribeJob response from a record, or from what ``aws s3control describe-job`` printed.

    Raises:
        FormatError: The file is neither.
        UsageError: It is the record of a job that was never described.
    """
    text = path.read_bytes()
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict) or "Job" not in found:
        found = JobRecord(path).described
        if found is None:
            raise UsageError(f"{path}: no state was seen of its job; run intact job watch {path}")
    return {"Job": {name: _moment(name, value) for name, value in found["Job"].items()}}


def _moment(name: str, value: object) -> object:
    return datetime.fromisoformat(value) if name in _TIMES and isinstance(value, str) else value
