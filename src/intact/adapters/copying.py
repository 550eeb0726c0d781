"""Copies every object of a manifest, keeps on disk what it did, and reports as a batch job does.

A folder keeps ``state.jsonl``, from which a later run goes on.
"""

from __future__ import annotations

import functools
import hashlib
import json
import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from intact.adapters.boto import BotoStore, servers
from intact.adapters.copied import Begun
from intact.adapters.copier import Copier
from intact.adapters.journal import Journal
from intact.adapters.multipart import CopyError
from intact.batch import MalformedRow, TaskResult, TaskStatus, read_manifest
from intact.batch.computed import OF_COPY
from intact.checksum.encoding import encode
from intact.errors import AccessError, FormatError, StoreError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from concurrent.futures import Future
    from datetime import datetime
    from pathlib import Path

    from types_boto3_s3 import S3Client

    from intact.adapters.copied import Copied
    from intact.batch import ManifestRow, S3PutObjectCopy

STATE = "state.jsonl"
OBJECTS = 4
"""Objects under way at a time, so that the last part of one does not idle the others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Copying:
    """One manifest that is copied, over as many runs as it takes.

    Attributes:
        manifest: The CSV file.
        fields: Meaning of its columns, as ``Manifest.Spec.Fields``.
        operation: Where copies go.
        part_size: Bytes of a part.
        keep_parts: Whether copies end their parts where their sources do.
        folder: Keeps the state; made where it does not exist.
    """

    manifest: Path
    fields: tuple[str, ...]
    operation: S3PutObjectCopy
    part_size: int
    keep_parts: bool
    folder: Path

    def run(
        self,
        client: S3Client,
        *,
        created: datetime,
        workers: int = 16,
        advance: Callable[[], None] = lambda: None,
    ) -> State:
        """Copy what no earlier run copied, and return what all runs together did.

        Args:
            client: Client of the destination's Region, with a connection for every worker.
            created: The present moment.
            workers: Parts under way at a time.
            advance: Called as each row ends.

        Raises:
            UsageError: The folder keeps another copy.
            FormatError: A row of the manifest is malformed, and nothing was copied; or the state
                is damaged.
            AccessError: The credentials are of no use; the next run goes on.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        state = State(Journal(self.folder / STATE))
        for row in self._rows():  # before anything is copied
            if isinstance(row, MalformedRow):
                raise FormatError(f"manifest line {row.line}: {row.problem}; lint it first")
        state.open(self._terms(client), created=created)
        stop = threading.Event()
        with ThreadPoolExecutor(workers, thread_name_prefix="intact-part") as pool:
            copier = Copier(
                client=client,
                operation=self.operation,
                pool=pool,
                stop=stop,
                part_size=self.part_size,
                keep_parts=self.keep_parts,
            )
            try:
                for _ in self._copied(copier, state):
                    advance()
            except BaseException:
                stop.set()
                raise
        return state

    def _terms(self, client: S3Client) -> dict[str, Any]:
        """What must be the same in every run."""
        digest = hashlib.sha256()
        with self.manifest.open("rb") as file:
            for chunk in iter(lambda: file.read(1 << 20), b""):
                digest.update(chunk)
        return {
            "manifest": digest.hexdigest(),
            "fields": list(self.fields),
            "operation": self.operation.request(),
            "part_size": self.part_size,
            "keep_parts": self.keep_parts,
            "servers": list(servers(objects=BotoStore(client))),
        }

    def _rows(self) -> Iterator[ManifestRow | MalformedRow]:
        with self.manifest.open("rb") as lines:
            yield from read_manifest(lines, fields=self.fields)

    def _copied(self, copier: Copier, state: State) -> Iterator[None]:
        """Yield once for every row that ended."""
        with ThreadPoolExecutor(OBJECTS, thread_name_prefix="intact-copy") as objects:
            waiting: deque[Future[None]] = deque()
            try:
                for row in self._rows():
                    if isinstance(row, MalformedRow) or state.done(row.line):
                        yield
                        continue
                    waiting.append(objects.submit(self._copy, copier, row, state))
                    if len(waiting) > 2 * OBJECTS:
                        yield waiting.popleft().result()
                while waiting:
                    yield waiting.popleft().result()
            except BaseException:
                copier.stop.set()
                objects.shutdown(wait=False, cancel_futures=True)
                raise

    def _copy(self, copier: Copier, row: ManifestRow, state: State) -> None:
        note = functools.partial(state.note, row.line)
        try:
            copied = copier.copy(row.source, begun=state.begun.get(row.line), note=note)
            result = _succeeded(row, copied)
        except AccessError:
            raise
        except CopyError as error:
            result = _failed(row, error, code=error.code, status=error.status)
        except (StoreError, FormatError, UsageError) as error:
            result = _failed(row, error, code="InvalidRequest", status=None)
        state.end(row.line, result)


class State:
    """What a journal says: when the copy began, uploads that exist, and how rows ended."""

    def __init__(self, journal: Journal) -> None:
        """Nothing is read yet."""
        self._journal = journal
        self.created = ""
        self.begun: dict[int, Begun] = {}
        self.ended: dict[int, TaskStatus] = {}

    def open(self, terms: Mapping[str, Any], *, created: datetime) -> None:
        """Fold the records of earlier runs; a new journal gets its first.

        Raises:
            UsageError: They are of another copy.
            FormatError: They are damaged.
        """
        path, records = self._journal.path, self._journal.records()
        first = next(records, None)
        if first is None:
            first = {"terms": terms, "created": created.isoformat()}
            self._journal.append(first)
        try:
            other = [name for name in terms if first["terms"][name] != terms[name]]
            if other:
                got = ", ".join(other)
                raise UsageError(f"{path}: keeps a copy of another {got}; wanted a new folder")
            self.created = first["created"]
            for record in records:
                self._add(record)
        except (KeyError, TypeError, AttributeError) as error:
            raise FormatError(f"{path}: {error!r}; wanted the state of a copy") from None

    def _add(self, record: Mapping[str, Any]) -> None:
        line = record["row"]
        if "ended" in record:
            self.ended[line] = TaskStatus(record["ended"]["status"])
        elif record["begun"] is None:
            self.begun.pop(line, None)
        else:
            digest = record["begun"]["digest"]
            raw = None if digest is None else bytes.fromhex(digest)
            self.begun[line] = Begun(**record["begun"] | {"digest": raw})

    def done(self, line: int) -> bool:
        """Whether nothing is left to do; a row that failed is tried again."""
        return self.ended.get(line) is TaskStatus.SUCCEEDED

    def note(self, line: int, begun: Begun | None) -> None:
        """Keep what a later run must know of a row's upload."""
        noted = None
        if begun is not None:
            noted = asdict(begun) | {"digest": begun.digest.hex() if begun.digest else None}
        self._journal.append({"row": line, "begun": noted})

    def end(self, line: int, result: TaskResult) -> None:
        """Keep how a row ended."""
        ended = asdict(result) | {"status": result.status.value}
        self._journal.append({"row": line, "ended": ended})
        self.ended[line] = result.status

    def results(self) -> Iterator[TaskResult]:
        """How each row ended last, in the order in which they did."""
        ends = (record for record in self._journal.records() if "ended" in record)
        last = {record["row"]: place for place, record in enumerate(ends)}
        ends = (record for record in self._journal.records() if "ended" in record)
        for place, record in enumerate(ends):
            if last[record["row"]] == place:
                ended = record["ended"]
                yield TaskResult(**ended | {"status": TaskStatus(ended["status"])})


def _succeeded(row: ManifestRow, copied: Copied) -> TaskResult:
    """The row of a copy; its message says of the copy what a Compute checksum job would.

    It is no word on the source, whose name stands before it: ``OF_COPY`` tells the two apart.
    """
    message: dict[str, Any] = {"ETag": copied.etag, "VersionId": copied.version_id}
    if copied.checksum is not None:
        digest = copied.checksum.digest
        message |= {
            "checksum_base64": encode(digest),
            "checksum_hex": digest.hex().upper(),
            "checksumAlgorithm": copied.checksum.algorithm.value,
            "checksumType": "FULL_OBJECT",
        }
    message |= {"parts": copied.parts, OF_COPY: list(copied.compared)}
    return _result(row, TaskStatus.SUCCEEDED, status=200, code="", message=json.dumps(message))


def _failed(row: ManifestRow, error: Exception, *, code: str, status: int | None) -> TaskResult:
    text = " ".join(str(error).split())
    return _result(row, TaskStatus.FAILED, status=status, code=code, message=text)


def _result(
    row: ManifestRow, outcome: TaskStatus, *, status: int | None, code: str, message: str
) -> TaskResult:
    return TaskResult(
        bucket=row.source.bucket,
        raw_key=row.raw_key,
        version_id=row.source.version_id,
        status=outcome,
        http_status=status,
        error_code=code,
        message=message,
    )
