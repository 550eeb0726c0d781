"""Tasks that judge all pieces of a hash of keys, and those that make segments of the findings."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections import Counter
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from intact.adapters.arrow import SCHEMA
from intact.adapters.columns import columns
from intact.adapters.offline.judging import joined, judged
from intact.adapters.offline.slices import files_of
from intact.adapters.offline.views import Views
from intact.adapters.parquet import parquet
from intact.adapters.rows import known
from intact.adapters.runner import Runner
from intact.adapters.spark.cutting import LOST, connect
from intact.adapters.spark.ondisk import Sorted, cut_again
from intact.adapters.spark.pieces import NOTES, Piece, unpack
from intact.adapters.spark.sizes import PIECE
from intact.audit import Copy, Evidence, Record, Slot, Unreadable, Withheld, decide
from intact.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from duckdb import DuckDBPyConnection

    from intact.adapters.offline.joining import Terms
    from intact.adapters.ports import ObjectStore
    from intact.adapters.spark.sizes import Shape
    from intact.audit import Policy

_ROWS = 10_000
_FOUND = 1 << 12
"""Findings in a piece at most: a megabyte or two."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """Judges what it is given, a hash of keys after another.

    Attributes:
        policy: The terms of the verdicts.
        terms: The terms of the join.
        shape: How finely the inputs were cut, and the memory there is.
        span: Rows of the manifest in a stretch.
        memory_limit: DuckDB's ``memory_limit``.
        store: Makes the store that is asked about each object; None asks nobody.
        workers: Requests under way at a time, in each task.
    """

    policy: Policy
    terms: Terms
    shape: Shape
    span: int
    memory_limit: str
    store: Callable[[], ObjectStore] | None = None
    workers: int = 16

    def __call__(self, found: Iterable[pa.RecordBatch]) -> Iterator[Piece]:
        """Yield findings, cut by their rows, and notes on what there was.

        Raises:
            AccessError: The credentials are of no use.
            UsageError: There are more parts of a slice than files may be open.
        """
        with tempfile.TemporaryDirectory(prefix="intact-") as name:
            folder = Path(name)
            pieces = _keep(unpack(found), folder / "stage")
            if not pieces:
                return
            store = self.store() if self.store else None
            with connect(folder, memory_limit=self.memory_limit) as connection:
                for bucket, names in sorted(pieces.items()):
                    kept = Sorted(folder / "found")
                    held = self._judge(connection, bucket, folder, (store, kept))
                    yield from self._cut(kept, str(bucket))
                    kept.remove()
                    yield Piece.note("judged", str(bucket), pieces=len(names), **held)

    def _judge(
        self,
        connection: DuckDBPyConnection,
        bucket: int,
        folder: Path,
        into: tuple[ObjectStore | None, Sorted],
    ) -> Counter[str]:
        """Judge a slice, or one part of it after another; return what it held."""
        store, kept = into
        stage, total = folder / "stage", Counter[str]()
        for records in _chunks(self._lost(stage / LOST, bucket)):
            kept.add(columns(records))
        size = sum(file.stat().st_size for file in files_of(stage, "*", number=bucket))
        parts = self.shape.again(size)
        numbers = [bucket]
        if parts > 1:
            again = folder / "again"
            cut_again(connection, stage, again, (bucket, self.shape.buckets, parts))
            stage, numbers = again, list(range(parts))
        views = Views(connection, stage)
        views.terms = self.terms
        for number in numbers:
            total.update(self._part(views, number, store, kept))
        views.hide()
        if parts > 1:
            shutil.rmtree(stage)
        return total

    def _part(
        self, views: Views, number: int, store: ObjectStore | None, kept: Sorted
    ) -> dict[str, int]:
        if store is None:
            table, held = judged(views, number, self.policy)
            kept.add(table)
            return asdict(held)
        rows, _, held = joined(views, number)
        runner = Runner(store, store, self.policy, self.workers)
        asked = runner.run(
            (copy, _unasked(evidence)) for batch in rows for copy, evidence in known(batch)
        )
        kept.add(pa.concat_tables([SCHEMA.empty_table(), *map(columns, _chunks(asked))]))
        return asdict(held)

    def _lost(self, folder: Path, bucket: int) -> Iterator[Record]:
        """Yield records of rows that could not be read."""
        for file in sorted(folder.glob(f"*/slice={bucket}/*")):
            for row in json.loads(file.read_bytes()):
                evidence = Evidence(row=Unreadable(problem=row["problem"]))
                finding = decide(evidence, self.policy)
                if isinstance(finding, Slot):
                    raise AssertionError("a malformed row needs no more evidence")  # noqa: TRY004 - nobody's argument
                copy = Copy(row=row["line"], source=None, destination=None, text=row["text"])
                yield Record(copy=copy, evidence=evidence, finding=finding)

    def _cut(self, kept: Sorted, origin: str) -> Iterator[Piece]:
        for stretch, parts in kept.stretches(self.span):
            table = pa.Table.from_batches(parts)
            for number, begin in enumerate(range(0, table.num_rows, _FOUND)):
                part = table.slice(begin, _FOUND).combine_chunks()
                stream = pa.BufferOutputStream()
                options = pa.ipc.IpcWriteOptions(compression="lz4")
                with pa.ipc.new_stream(stream, part.schema, options=options) as writer:
                    writer.write_table(part)
                content = stream.getvalue().to_pybytes()
                yield Piece(
                    name="rows", slice=stretch, origin=f"{origin}-{number}", content=content
                )


def gather(found: Iterable[pa.RecordBatch]) -> Iterator[Piece]:
    """Make a segment of all findings of a stretch of rows; notes go on to the driver.

    A segment goes in pieces, whose origin is their place in it; a note says how many rows it has.
    """
    with tempfile.TemporaryDirectory(prefix="intact-") as name:
        folder = Path(name)
        notes: list[Piece] = []
        pieces = _keep(_without(unpack(found), notes), folder)
        yield from notes
        for stretch in sorted(pieces):
            files = sorted(folder.glob(f"rows/x/slice={stretch}/*"))
            tables = [pa.ipc.open_stream(file.read_bytes()).read_all() for file in files]
            table = pa.concat_tables(tables).sort_by("row")
            del tables
            content = parquet(table)
            view = memoryview(content)
            for part, begin in enumerate(range(0, len(view), PIECE)):
                some = bytes(view[begin : begin + PIECE])
                yield Piece(name="segment", slice=stretch, origin=str(part), content=some)
            sha256 = hashlib.sha256(view).hexdigest()
            yield Piece.note("segment", str(stretch), rows=table.num_rows, sha256=sha256)


def _keep(pieces: Iterable[Piece], folder: Path) -> dict[int, set[tuple[str, str]]]:
    """Write pieces to disk, each once; return what there is of each slice."""
    found: dict[int, set[tuple[str, str]]] = {}
    folder.mkdir(parents=True, exist_ok=True)
    for piece in pieces:
        file = folder / piece.name / "x" / f"slice={piece.slice}" / f"{piece.origin}.arrow"
        file.parent.mkdir(parents=True, exist_ok=True)
        if file.exists() and file.read_bytes() != piece.content:
            raise FormatError(f"piece {piece.name} {piece.origin} came twice, and not the same")
        file.write_bytes(piece.content)
        found.setdefault(piece.slice, set()).add((piece.name, piece.origin))
    return found


def _without(pieces: Iterable[Piece], notes: list[Piece]) -> Iterator[Piece]:
    for piece in pieces:
        if piece.slice == NOTES:
            notes.append(piece)
        else:
            yield piece


def _unasked(evidence: Evidence) -> Evidence:
    """Evidence without the answers that nobody was asked for."""
    slots = {
        slot.value: None
        for slot in (Slot.SOURCE, Slot.DESTINATION)
        if isinstance(getattr(evidence, slot.value), Withheld)
    }
    return replace(evidence, **slots)  # type: ignore[arg-type] # names of slots


def _chunks(records: Iterable[Record]) -> Iterator[list[Record]]:
    chunk: list[Record] = []
    for record in records:
        chunk.append(record)
        if len(chunk) == _ROWS:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
