"""Ledgers on disk, written so that a kill at any moment loses only the last few seconds."""

from __future__ import annotations

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from time import monotonic
from typing import IO, TYPE_CHECKING, Self

import pyarrow as pa
import pyarrow.compute as pc

from intact.adapters.columns import columns
from intact.adapters.files import sync_folder, whole_file
from intact.adapters.ledger import read_header
from intact.adapters.parquet import parquet
from intact.audit.ledger import FINDINGS, HEADER, SEAL, SEGMENTS, SLICE, Seal, Segment, sha256
from intact.errors import FormatError, UsageError

try:
    import fcntl
except ImportError:  # Windows, which has no locks that end with the process and let others read
    fcntl = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Future
    from pathlib import Path
    from types import TracebackType

    from intact.audit import Counts, Record
    from intact.audit.ledger import Header, Signature

ROWS = 10_000
"""Records of a segment."""
CHUNK = 2500
"""Records that become columns at a time, while they are in the processor's caches: objects take
twenty times the memory, and Python's garbage collector looks through them again and again."""
SECONDS = 5.0
"""How long a record may wait for the disk; asking S3 again for what is younger costs little."""


class LedgerWriter:
    """Appends records to a ledger, to one that a kill has interrupted too.

    Use as a context manager: leaving it writes down what is at hand, whatever the reason.

    Attributes:
        last: Row of the manifest that the last durable record speaks of; 0 for none.
        rows: Durable records.
    """

    def __init__(
        self, path: Path, header: Header, *, clock: Callable[[], float] = monotonic
    ) -> None:
        """Begin a ledger, or go on with an unfinished one.

        Args:
            path: Its folder, made where it does not exist.
            header: What stands at its head.  That of an unfinished ledger stays; only the
                moment may differ.
            clock: Seconds.

        Raises:
            UsageError: The folder holds a finished ledger, one of another audit, or one that
                another process is writing.
            FormatError: What it holds is damaged.
        """
        self._path, self._findings = path, path / FINDINGS
        self._clock, self._due = clock, clock() + SECONDS
        self._buffer: list[Record] = []
        self._tables: list[pa.Table] = []
        self._gathered = 0
        self._tail: Segment | None = None
        self._full: Future[None] | None = None
        if (path / SEAL).exists():
            raise UsageError(f"{path}: holds a finished ledger; wanted another folder")
        if not (path / HEADER).exists():
            self._findings.mkdir(parents=True, exist_ok=True)
            sync_folder(path)
            with whole_file(path / HEADER) as file:
                file.write(header.encode())
        require_same(path, read_header(path), header)
        self._lock = _lock(path / HEADER)
        try:
            self._header = sha256((path / HEADER).read_bytes())
            self._segments = _recover(path)
            self._adopted = {s.name for s in self._segments if s.name.startswith(SLICE)}
            self._newest = self.last
            self._index = (path / SEGMENTS).open("ab")
            self._aside = ThreadPoolExecutor(1, thread_name_prefix="intact")
        except BaseException:
            self._lock.close()
            raise

    @property
    def last(self) -> int:
        """Row of the manifest that the last durable record speaks of; 0 for none."""
        return self._segments[-1].last if self._segments else 0

    @property
    def rows(self) -> int:
        """Durable records."""
        return sum(segment.rows for segment in self._segments)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Write down what is at hand, unless it is the disk that fails."""
        try:
            if not isinstance(error, OSError):
                self.flush()
        finally:
            self._aside.shutdown()
            self._index.close()
            self._lock.close()

    def append(self, record: Record) -> None:
        """Add the record of a later row than any before.

        A full segment is written while records of the next one come in.

        Raises:
            OSError: The disk is full, or its like; it may have been for a record before.
        """
        self._buffer.append(record)
        waiting = len(self._buffer)
        if self._gathered + waiting >= ROWS:
            self._due = self._clock() + SECONDS
            self._gather()
            self._await()
            full, shorter = self._tables, self._tail
            self._turn()  # first, so that whatever interrupts this writes no row twice
            self._full = self._aside.submit(self._write_full, full, shorter)
        elif self._clock() > self._due:
            self.flush()
        elif waiting >= CHUNK:
            self._gather()

    @property
    def adopted(self) -> frozenset[str]:
        """Names of the segments that somebody else wrote."""
        return frozenset(self._adopted)

    def adopt(self, path: Path, *, first: int, last: int, rows: int) -> None:
        """Take in a segment that somebody else wrote; one that was taken in before stays.

        Its rows stand in no order, and between them may be rows of other segments.

        Args:
            path: The file, which moves into the ledger's folder if that is on the same disk.
            first: Least row of the manifest in it.
            last: Greatest row of the manifest in it.
            rows: Records in it.
        """
        name = f"{SLICE}{path.name}"
        if name in self._adopted:
            return
        self.flush()
        self._turn()
        with path.open("rb") as content:
            sha256 = hashlib.file_digest(content, "sha256").hexdigest()
        target = self._findings / name
        target.unlink(missing_ok=True)
        os.link(path, target)
        sync_folder(self._findings)
        segment = Segment.link(
            self._root(),
            name=name,
            first=first,
            last=last,
            rows=rows,
            sha256=sha256,
        )
        _append(self._index, segment)
        self._segments.append(segment)
        self._adopted.add(name)
        self._newest = self.last

    def flush(self) -> None:
        """Make every record durable.

        A segment that is not full yet is written again, longer, in place of the shorter one.
        """
        self._due = self._clock() + SECONDS
        self._gather()
        self._await()
        shorter = self._tail
        if not self._gathered or (shorter is not None and shorter.rows == self._gathered):
            return
        segment = self._write(self._tables, shorter)
        self._segments[self._before(shorter) :], self._tail = [segment], segment
        self._remove(shorter)

    def seal(self, counts: Counts, *, sign: Callable[[bytes], Signature] | None = None) -> None:
        """Finish the ledger.

        Args:
            counts: What the inputs held.
            sign: Signs what the seal states.
        """
        self.flush()
        _write_index(self._path, self._segments)
        seal = Seal(
            header=self._header,
            root=self._root(),
            segments=len(self._segments),
            records=self.rows,
            counts=counts,
        )
        if sign is not None:
            seal = replace(seal, signature=sign(seal.statement()))
        with whole_file(self._path / SEAL) as file:
            file.write(seal.encode())

    def _root(self, before: int | None = None) -> str:
        """What the chain ends in, or that of so many segments."""
        segments = len(self._segments) if before is None else before
        return self._segments[segments - 1].chain if segments else self._header

    def _before(self, shorter: Segment | None) -> int:
        """How many segments stand before the one at hand, which a shorter one may stand for."""
        return len(self._segments) - (0 if shorter is None else 1)

    def _turn(self) -> None:
        """Leave the segment at hand as it is, and begin another."""
        self._tables = []
        self._gathered = 0
        self._tail = None

    def _gather(self) -> None:
        """Turn the records at hand into columns."""
        if not self._buffer:
            return
        table = columns(self._buffer)
        rows = table.column("row")
        first, last = _ends(rows)
        if first <= self._newest or not pc.all(pc.less(rows[:-1], rows[1:]), min_count=0).as_py():
            raise UsageError(f"rows {first} to {last} do not ascend from {self._newest}")
        self._tables.append(table)
        self._gathered += len(rows)
        self._newest = last
        self._buffer.clear()

    def _await(self) -> None:
        """Wait for the full segment; one that failed fails again, lest rows behind it be kept."""
        if self._full is not None:
            self._full.result()
            self._full = None

    def _write_full(self, tables: Sequence[pa.Table], shorter: Segment | None) -> None:
        """Write a segment while another one is gathered."""
        segment = self._write(tables, shorter)
        self._segments[self._before(shorter) :] = [segment]
        self._remove(shorter)

    def _write(self, tables: Sequence[pa.Table], shorter: Segment | None) -> Segment:
        table = pa.concat_tables(tables).combine_chunks()
        first, last = _ends(table.column("row"))
        content = parquet(table)
        name = f"rows-{first:012d}-{last:012d}.parquet"
        with whole_file(self._findings / name) as file:
            file.write(content)
        segment = Segment.link(
            self._root(self._before(shorter)),
            name=name,
            first=first,
            last=last,
            rows=table.num_rows,
            sha256=hashlib.sha256(content).hexdigest(),
        )
        _append(self._index, segment)
        return segment

    def _remove(self, shorter: Segment | None) -> None:
        if shorter is not None:
            (self._findings / shorter.name).unlink()


def _ends(rows: pa.ChunkedArray) -> tuple[int, int]:
    return rows[0].as_py(), rows[-1].as_py()


def require_same(path: Path, found: Header, wanted: Header) -> None:
    """Refuse to go on with what another audit has left.

    Raises:
        UsageError: The two headers are of different audits.
    """
    if differences := found.differences(wanted):
        raise UsageError(f"{path}: holds another audit, whose {', '.join(differences)}")


def _lock(path: Path) -> IO[bytes]:
    """Open a file that no other process may open so; the lock ends with the process."""
    file = path.open("rb")
    if fcntl is not None:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            raise UsageError(f"{path.parent}: another process is writing to it") from None
    return file


def _recover(path: Path) -> list[Segment]:
    """Return the finished segments, and remove what a kill left half-written."""
    segments = _whole(path)
    kept = {segment.name for segment in segments}
    for file in (path / FINDINGS).iterdir():
        if file.name not in kept:
            file.unlink()
    for file in path.glob(".*.partial"):
        file.unlink()
    _write_index(path, segments)
    return segments


def _whole(path: Path) -> list[Segment]:
    """The segments whose lines and files are whole; only the last may be torn.

    Raises:
        FormatError: Another one was changed.
    """
    segments: list[Segment] = []
    index = path / SEGMENTS
    lines = index.read_bytes().splitlines(keepends=True) if index.exists() else []
    for number, line in enumerate(lines, 1):
        try:
            segment = Segment.decode(line)
        except FormatError as error:
            if number == len(lines):
                break
            raise FormatError(f"{index} line {number}: {error}") from None
        if segments and segments[-1].first == segment.first:
            segments.pop()  # this one is its longer successor
        segments.append(segment)
    if segments and not _intact(path, segments[-1]):
        segments.pop()
    for segment in segments:
        if not _intact(path, segment):
            raise FormatError(f"{path / FINDINGS / segment.name}: has changed since it was written")
    return segments


def _intact(path: Path, segment: Segment) -> bool:
    with suppress(FileNotFoundError), (path / FINDINGS / segment.name).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == segment.sha256
    return False


def _append(index: IO[bytes], segment: Segment) -> None:
    index.write(segment.encode())
    index.flush()
    os.fsync(index.fileno())


def _write_index(path: Path, segments: Sequence[Segment]) -> None:
    with whole_file(path / SEGMENTS) as file:
        file.writelines(segment.encode() for segment in segments)
