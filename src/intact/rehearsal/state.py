"""Everything a rehearsal must remember, as files: jobs, their rows, and how each task ended.

Per job: ``ID.json`` (the job), ``ID.rows`` (its list, one JSON array per line) and
``ID.results`` (one JSON array per finished task, in the list's order).  The first two appear
whole or not at all; of the third a half-written last line is cut off when it is opened.  A job's
progress is the length of its results, so neither can contradict the other.
"""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any, Self

from intact.batch.manifest import ManifestRow
from intact.batch.outcome import FailureReason, JobStatus
from intact.batch.report import TaskResult, TaskStatus
from intact.errors import FormatError, UsageError
from intact.rehearsal.jobs import Job, Scope
from intact.s3 import ObjectRef

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

if sys.platform != "win32":
    import fcntl


class State:
    """The folder of one rehearsal; a context manager that lets go of it.

    Args:
        folder: Made if it does not exist.

    Raises:
        UsageError: Another process uses it.
        OSError: It cannot be used.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._lock = (folder / "lock").open("wb")
        if sys.platform != "win32":
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self._lock.close()
                raise UsageError(f"{folder} is in use by another rehearsal") from None

    def close(self) -> None:
        """Let another process use the folder."""
        self._lock.close()

    def save(self, job: Job) -> None:
        """Remember a job as it stands."""
        document = json.dumps(_tagged(asdict(job)), indent=1).encode()
        self._replace(f"{job.job_id}.json", [document])

    def load(self) -> list[Job]:
        """Every job, the oldest first, with the progress that its results prove.

        Raises:
            FormatError: A file is none that ``save`` wrote.
        """
        jobs = []
        for path in self.folder.glob("*.json"):
            try:
                job = _job(json.loads(path.read_bytes(), object_hook=_untagged))
            except (KeyError, TypeError, ValueError) as error:
                raise FormatError(f"{path}: {error!r}") from None
            if path.stem != job.job_id:
                raise FormatError(f"{path}: job_id is {job.job_id!r}; wanted {path.stem!r}")
            jobs.append(job)
        jobs.sort(key=lambda job: (job.created, job.job_id))
        return [self._counted(job) for job in jobs]

    def write_rows(self, job_id: str, rows: Iterable[ManifestRow]) -> int:
        """Keep a job's list and return its length; whatever ``rows`` raises, nothing is kept."""
        count = 0

        def lines() -> Iterator[bytes]:
            nonlocal count
            for row in rows:
                count += 1
                source = row.source
                cells = [source.bucket, source.key, source.version_id, row.raw_key]
                yield json.dumps(cells).encode() + b"\n"

        self._replace(f"{job_id}.rows", lines())
        return count

    def rows(self, job_id: str, *, start: int = 0) -> Iterator[ManifestRow]:
        """Yield a job's list from the row after the first ``start`` ones; none if it has none."""
        path = self.folder / f"{job_id}.rows"
        if not path.exists():
            return
        with path.open("rb") as file:
            for line, text in islice(enumerate(file, 1), start, None):
                bucket, key, version, raw_key = json.loads(text)
                source = ObjectRef(bucket=bucket, key=key, version_id=version)
                yield ManifestRow(line=line, source=source, raw_key=raw_key)

    def results(self, job_id: str) -> Iterator[TaskResult]:
        """Yield how each finished task of a job ended."""
        path = self.folder / f"{job_id}.results"
        if not path.exists():
            return
        with path.open("rb") as file:
            for row, text in zip(self.rows(job_id), file, strict=False):
                if text.endswith(b"\n"):
                    yield _result(row, json.loads(text))

    def log(self, job_id: str) -> Log:
        """Open a job's results to add to them."""
        return Log(self.folder / f"{job_id}.results")

    def _counted(self, job: Job) -> Job:
        path = self.folder / f"{job.job_id}.results"
        ends: Counter[str] = Counter()
        if path.exists():
            with path.open("rb") as file:
                ends.update(json.loads(text)[0] for text in file if text.endswith(b"\n"))
        good, bad = (ends[status.value] for status in (TaskStatus.SUCCEEDED, TaskStatus.FAILED))
        return replace(job, succeeded=good, failed=bad)

    def _replace(self, name: str, lines: Iterable[bytes]) -> None:
        """Write a file that appears whole or not at all."""
        path = self.folder / name
        half = path.with_name(f"{name}.half")
        with half.open("wb") as file:
            file.writelines(lines)
            file.flush()
            os.fsync(file.fileno())
        half.replace(path)


class Log:
    """Results of one job, appended as they come; a context manager that closes it.

    Attributes:
        count: How many there are.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("a+b", buffering=0)
        self._file.seek(0)
        self.count, whole = 0, 0
        while (line := self._file.readline()).endswith(b"\n"):
            self.count += 1
            whole += len(line)
        self._file.truncate(whole)

    def append(self, result: TaskResult) -> None:
        """Add one; it survives the death of this process, not that of the machine.

        Raises:
            OSError: It was not written whole, as on a full disk; what was is cut off when the
                results are next opened.
        """
        cells = [result.status.value, result.http_status, result.error_code, result.message]
        line = json.dumps(cells).encode() + b"\n"
        if (written := self._file.write(line)) != len(line):
            raise OSError(f"{self._file.name}: {written} of {len(line)} bytes written")
        self.count += 1

    def __enter__(self) -> Self:
        """It is open since it was made."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self._file.close()


def _tagged(value: Any) -> Any:  # noqa: ANN401 - members of any type
    """Return what JSON can say; ``_untagged`` undoes it, whatever names a caller's map has."""
    if isinstance(value, Mapping):
        if any(name.startswith("$") for name in value):
            return {"$map": [[name, _tagged(item)] for name, item in value.items()]}
        return {name: _tagged(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_tagged(item) for item in value]
    if isinstance(value, datetime):
        return {"$time": value.isoformat()}
    return value.value if isinstance(value, JobStatus) else value


def _untagged(members: dict[str, Any]) -> Any:  # noqa: ANN401 - a structure or a time
    match members:
        case {"$time": text}:
            return datetime.fromisoformat(text)
        case {"$map": pairs}:
            return dict(pairs)
        case _:
            return members


def _job(members: dict[str, Any]) -> Job:
    reasons = (FailureReason(**reason) for reason in members["failure_reasons"])
    parsed = {
        "scope": Scope(**members["scope"]),
        "status": JobStatus(members["status"]),
        "tags": tuple(members["tags"]),
        "failure_reasons": tuple(reasons),
    }
    return Job(**(members | parsed))


def _result(row: ManifestRow, cells: list[Any]) -> TaskResult:
    status, http_status, code, message = cells
    return TaskResult(
        bucket=row.source.bucket,
        raw_key=row.raw_key,
        version_id=row.source.version_id,
        status=TaskStatus(status),
        http_status=http_status,
        error_code=code,
        message=message,
    )
