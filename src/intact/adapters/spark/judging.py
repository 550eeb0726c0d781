"""Tasks that judge all pieces of a hash of keys, and those that make segments of the findings."""

from __future__ import annotations

import json
import tempfile
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from intact.adapters.arrow import SCHEMA
from intact.adapters.columns import columns
from intact.adapters.offline.judging import Slice, joined, judged
from intact.adapters.offline.views import Views
from intact.adapters.parquet import parquet
from intact.adapters.rows import known
from intact.adapters.runner import Runner
from intact.adapters.spark.cutting import LOST, connect
from intact.adapters.spark.pieces import NOTES, Piece, unpack
from intact.audit import Copy, Evidence, Record, Slot, Unreadable, Withheld, decide
from intact.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from intact.adapters.offline.joining import Terms
    from intact.adapters.ports import ObjectStore
    from intact.audit import Policy

_ROWS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """Judges what it is given, a hash of keys after another.

    Attributes:
        policy: The terms of the verdicts.
        terms: The terms of the join.
        span: Rows of the manifest in a stretch.
        memory_limit: DuckDB's ``memory_limit``.
        store: Makes the store that is asked about each object; None asks nobody.
        workers: Requests under way at a time, in each task.
    """

    policy: Policy
    terms: Terms
    span: int
    memory_limit: str
    store: Callable[[], ObjectStore] | None = None
    workers: int = 16

    def __call__(self, found: Iterable[pa.RecordBatch]) -> Iterator[Piece]:
        """Yield findings, cut by their rows, and notes on what there was.

        Raises:
            AccessError: The credentials are of no use.
        """
        with tempfile.TemporaryDirectory(prefix="intact-") as name:
            folder = Path(name)
            pieces = _keep(unpack(found), folder / "stage")
            store = self.store() if self.store and pieces else None
            with connect(folder, memory_limit=self.memory_limit) as connection:
                views = Views(connection, folder / "stage")
                views.terms = self.terms
                for bucket, names in sorted(pieces.items()):
                    tables, held = self._judge(views, bucket, folder, store)
                    yield from self._cut(pa.concat_tables(tables), str(bucket))
                    yield Piece.note("judged", str(bucket), pieces=len(names), **asdict(held))

    def _judge(
        self, views: Views, bucket: int, folder: Path, store: ObjectStore | None
    ) -> tuple[list[pa.Table], Slice]:
        lost = [columns(records) for records in self._lost(folder / "stage" / LOST, bucket)]
        if store is None:
            table, held = judged(views, bucket, self.policy)
            return [table, *lost], held
        rows, _, held = joined(views, bucket)
        runner = Runner(store, store, self.policy, self.workers)
        asked = runner.run(
            (copy, _unasked(evidence)) for batch in rows for copy, evidence in known(batch)
        )
        return [*map(columns, _chunks(asked)), *lost, SCHEMA.empty_table()], held

    def _lost(self, folder: Path, bucket: int) -> Iterator[list[Record]]:
        """Yield records of rows that could not be read."""
        for file in sorted(folder.glob(f"*/slice={bucket}/*")):
            records = []
            for row in json.loads(file.read_bytes()):
                evidence = Evidence(row=Unreadable(problem=row["problem"]))
                finding = decide(evidence, self.policy)
                if isinstance(finding, Slot):
                    raise AssertionError("a malformed row needs no more evidence")  # noqa: TRY004 - nobody's argument
                copy = Copy(row=row["line"], source=None, destination=None, text=row["text"])
                records.append(Record(copy=copy, evidence=evidence, finding=finding))
            yield records

    def _cut(self, table: pa.Table, origin: str) -> Iterator[Piece]:
        stretches = pc.divide(pc.subtract(table["row"], 1), self.span)
        for stretch in sorted(pc.unique(stretches).to_pylist()):
            part = table.filter(pc.equal(stretches, stretch))
            stream = pa.BufferOutputStream()
            options = pa.ipc.IpcWriteOptions(compression="lz4")
            with pa.ipc.new_stream(stream, part.schema, options=options) as writer:
                writer.write_table(part)
            content = stream.getvalue().to_pybytes()
            yield Piece(name="rows", slice=stretch, origin=origin, content=content)


def gather(found: Iterable[pa.RecordBatch]) -> Iterator[Piece]:
    """Make a segment of all findings of a stretch of rows; notes go on to the driver.

    The name of a segment's piece says how many rows it has.
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
            yield Piece(
                name=f"segment-{table.num_rows}",
                slice=stretch,
                origin=str(stretch),
                content=parquet(table).to_pybytes(),
            )


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
