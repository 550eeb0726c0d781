"""Submits a job once, however often it is tried, and keeps a record of it on disk."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Self

from intact.adapters.files import whole_file
from intact.adapters.s3control import submit
from intact.batch.spec import to_json
from intact.errors import FormatError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from types_boto3_s3control import S3ControlClient

    from intact.batch.outcome import JobOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRecord:
    """A request as it was sent, and the job that it became.

    Attributes:
        request: The CreateJob request, its token included, as JSON.
        job_id: The job; None while no answer was seen.
    """

    request: Mapping[str, Any]
    job_id: str | None = None

    @classmethod
    def load(cls, path: Path) -> Self | None:
        """Read a record; None where there is none.

        Raises:
            FormatError: The file is no record.
        """
        if not path.exists():
            return None
        try:
            return cls(**json.loads(path.read_bytes()))
        except (ValueError, TypeError) as error:
            raise FormatError(f"{path}: {error}; wanted the record of a job") from None

    def save(self, path: Path) -> None:
        """Write the record, whole or not at all."""
        with whole_file(path) as file:
            file.write(json.dumps(asdict(self), indent=2).encode())


def submit_once(client: S3ControlClient, request: Mapping[str, Any], *, path: Path) -> str:
    """Create a job, or find the one that an earlier try created; return its id.

    The request is on disk before it is sent.  Its token makes S3 Control answer a repeat with
    the same job, so a process that died between sending and answer is run again as it was.

    Raises:
        UsageError: The record is that of another request.
        FormatError: The file is no record.
        StoreError: S3 Control refused or did not answer.
    """
    wanted = json.loads(to_json(request))
    record = JobRecord.load(path) or JobRecord(request=wanted)
    if record.request != wanted:
        raise UsageError(f"{path}: records another request; wanted a record of its own for each")
    if record.job_id is not None:
        return record.job_id
    record.save(path)
    job_id = submit(client, request)
    replace(record, job_id=job_id).save(path)
    return job_id


def keep_state(path: Path, outcome: JobOutcome) -> None:
    """Add a state to a file of states, one JSON document in each line; whole or not at all."""
    state = {
        "job_id": outcome.job_id,
        "status": outcome.status.value,
        "total": outcome.total,
        "succeeded": outcome.succeeded,
        "failed": outcome.failed,
    }
    before = path.read_bytes() if path.exists() else b""
    with whole_file(path) as file:
        file.write(before + json.dumps(state).encode() + b"\n")
