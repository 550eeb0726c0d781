"""The driver: hands out tasks, counts what comes back, and seals the ledger."""

from __future__ import annotations

import json
import math
import pickle
import tempfile
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import duckdb
import pyarrow as pa

from intact.adapters.offline.audit import memory_limit_of, require
from intact.adapters.offline.inputs import Of, unpacked
from intact.adapters.offline.joining import ComputedSet, Terms
from intact.adapters.spark.cutting import (
    ComputedPart,
    InventoryPart,
    Lines,
    ReportPart,
    Task,
    cut_all,
    ranges,
)
from intact.adapters.spark.inputs import sizes_of
from intact.adapters.spark.judging import Judge, gather
from intact.adapters.spark.landing import adopt, land
from intact.adapters.spark.pieces import DDL, NOTES, SCHEMA, batches
from intact.adapters.spark.scratch import own_folder, remove
from intact.adapters.spark.sizes import Shape, grouped
from intact.adapters.writing import LedgerWriter
from intact.audit import Counts
from intact.errors import FormatError, UsageError
from intact.s3 import ObjectRef

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from pyspark.sql import DataFrame, Row, SparkSession

    from intact.adapters.ports import ObjectStore
    from intact.adapters.signing import Signer
    from intact.adapters.spark.inputs import Source, Sources
    from intact.audit import Policy, Subject
    from intact.audit.ledger import Header

_FEW = {
    "spark.sql.execution.arrow.maxRecordsPerBatch": "16",
    "spark.sql.parquet.columnarReaderBatchSize": "16",
}
"""Rows that Spark takes at a time: each holds a file of up to some megabytes."""
_GROUP = str(16 << 20)
"""Bytes of pieces that Spark gathers before it writes them: an eighth of its own choice, of which
it makes several copies."""
_SPREAD, _PARTITIONS = 4, 8192
"""Spark deals slices to partitions by a hash: with more partitions, fewer have two."""
Notes = list[dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class SparkAudit:
    """Audits one finished job on a cluster.

    Attributes:
        spark: The session.
        subject: The copy job.
        policy: The terms.
        sources: The files; every executor can read them.
        work: Folder that every executor can write, as Spark names it.  The audit makes a folder
            of its own there, and removes that when the ledger is sealed.
        buckets: Hashes of keys that are judged one by one; None chooses, see ``Shape``.
        each: Bytes of input that one task reads; None chooses.
        memory_limit: DuckDB's ``memory_limit`` in each task.
        store: Makes the store that an executor asks about each object; None asks nobody.
        workers: Requests under way at a time in each task.
        keep: Leave that folder where it is.
    """

    spark: SparkSession
    subject: Subject
    policy: Policy
    sources: Sources
    work: str
    buckets: int | None = None
    each: int | None = None
    memory_limit: str = "1GB"
    store: Callable[[], ObjectStore] | None = None
    workers: int = 16
    keep: bool = False

    def run(self, ledger: Path, header: Header, *, sign: Signer | None = None) -> str | None:
        """Write the ledger, then remove what lies in ``work``; return why it could not, if so.

        Args:
            ledger: Its folder, on the driver.
            header: What stands at its head.
            sign: Signs it.

        Raises:
            UsageError: The inputs cannot prove anything, the folder holds a ledger, or the
                executors differ in their DuckDB, or from the driver in this package.
            StoreError: The manifest could not be read.
            FormatError: What came back is not what went out.
        """
        require(self.subject, self.policy, self.sources.inventories)
        work = own_folder(self.work)
        with _settings(self.spark, _FEW), LedgerWriter(ledger, header) as writer:
            if writer.rows:
                raise UsageError(f"{ledger}: holds findings; wanted an empty folder")
            self._write(writer, ledger, work, sign)
        return None if self.keep else remove(self.spark, work)

    def _write(self, writer: LedgerWriter, ledger: Path, work: str, sign: Signer | None) -> None:
        sizes = sizes_of(self.sources.every())
        shape = self._shape(sizes)
        lines = self._lines(sizes, shape)
        rows = sum(count for _, count in lines)
        manifest = self._cut([task for task, _ in lines], f"{work}/manifest", shape)
        named = frozenset(bucket for note in manifest for bucket in note["buckets"])
        others = self._others(named, partial(grouped, sizes=sizes, each=shape.each))
        notes = manifest + (self._cut(others, f"{work}/others", shape) if others else [])
        tallies = _tallies(notes)
        judge = Judge(
            policy=self.policy,
            terms=self._terms(notes, tallies["report"]),
            shape=shape,
            span=shape.span(rows),
            memory_limit=self.memory_limit,
            store=self.store,
            workers=self.workers,
        )
        cut = [f"{work}/manifest", *([f"{work}/others"] if others else [])]
        found = _mapped(_dealt(self._pieces(*cut), shape.buckets), judge)
        segments = _mapped(_dealt(found, math.ceil(rows / judge.span)), gather)
        _written(segments, f"{work}/segments")
        told = self._notes(f"{work}/segments")
        judged = [note for note in told if note["name"] == "judged"]
        _require(sum(note["pieces"] for note in judged), sum(note["pieces"] for note in notes))
        with tempfile.TemporaryDirectory(dir=ledger.parent, prefix=".segments-") as folder:
            land(self._landing(f"{work}/segments"), Path(folder))
            adopt(writer, Path(folder), (note for note in told if note["name"] == "segment"))
        _require(writer.rows, rows)
        writer.seal(self._counts(rows, judged, tallies), sign=sign)

    def _shape(self, sizes: Mapping[Source, int]) -> Shape:
        with duckdb.connect(config={"memory_limit": self.memory_limit}) as connection:
            memory = memory_limit_of(connection)
        size = sum(unpacked(source.path, size) for source, size in sizes.items())
        return Shape.of(size, memory=memory, buckets=self.buckets, each=self.each)

    def _lines(self, sizes: Mapping[Source, int], shape: Shape) -> list[tuple[Lines, int]]:
        """Cut the manifest into ranges, each with the number of its lines."""
        source = self.sources.manifest
        tasks = ranges(source, fields=self.sources.fields, size=sizes[source], each=shape.each)
        counted = self._map(tasks, _counted, "place long, lines long").collect()
        counts = {row["place"]: row["lines"] for row in counted}
        found, before = [], 0
        for place, task in enumerate(tasks):
            found.append((replace(task, before=before), counts[place]))
            before += counts[place]
        return [(task, count) for task, count in found if count]

    def _others(
        self,
        named: frozenset[str],
        group: Callable[[Sequence[Source]], Iterable[tuple[Source, ...]]],
    ) -> list[Task]:
        copies, sources = self._copies(), self.sources
        report = [
            ReportPart(number=n, sources=some) for n, some in enumerate(group(sources.report or ()))
        ]
        computed = [
            ComputedPart(
                name=f"computed{number}",
                number=part,
                sources=some,
                made=replace(made, parts=()),
                copies=copies,
                named=named,
                versioned=self.policy.versioned,
            )
            for number, made in enumerate(sources.computed)
            for part, some in enumerate(group(made.parts))
        ]
        listed = [
            InventoryPart(
                number=part,
                sources=some,
                listed=replace(listed, parts=()),
                prefix=copies.key if listed.of is Of.DESTINATION else "",
            )
            for listed in sources.inventories
            for part, some in enumerate(group(listed.parts))
        ]
        return [*report, *computed, *listed]

    def _copies(self) -> ObjectRef:
        """Bucket of the copies, and what their keys begin with before the source's key."""
        any_copy = self.subject.operation.destination(ObjectRef(bucket="", key="-"))
        return replace(any_copy, key=any_copy.key.removesuffix("-"))

    def _terms(self, notes: Notes, report: Counter[str]) -> Terms:
        begun = {f"computed{n}": made.begun for n, made in enumerate(self.sources.computed)}
        sides = sorted({tuple(side) for note in notes for side in note["sides"]})
        return Terms(
            versioned=self.policy.versioned,
            reported=self.policy.reported,
            has_report=self.sources.report is not None,
            malformed_results=report["malformed"],
            copies=self._copies(),
            window=self.policy.window,
            computed=[
                ComputedSet(
                    table=table, of=Of(of), begun=begun[table.partition("_")[0]], named=by_version
                )
                for table, of, by_version in sides
            ],
            inventories=frozenset(listed.of for listed in self.sources.inventories),
        )

    def _cut(self, tasks: Sequence[Task], uri: str, shape: Shape) -> Notes:
        work = partial(cut_all, shape=shape, memory_limit=self.memory_limit)
        _written(self._map(tasks, work, DDL), uri)
        notes = self._notes(uri)
        _require(len(notes), len(tasks))
        if len(found := {note["duckdb"] for note in notes}) > 1:
            raise UsageError(f"executors have DuckDB {', '.join(sorted(found))}; wanted one")
        return notes

    def _notes(self, uri: str) -> Notes:
        """What tasks told, each task once."""
        rows = self.spark.read.schema(DDL).parquet(uri).where(f"slice = {NOTES}").collect()
        told = {(row["name"], row["origin"]): bytes(row["content"]) for row in rows}
        notes = [
            {"name": name, "origin": origin, **json.loads(content)}
            for (name, origin), content in sorted(told.items())
        ]
        ours = version("intact")
        if others := {note["intact"] for note in notes} - {ours}:
            raise UsageError(f"executors have intact {', '.join(sorted(others))}; wanted {ours}")
        return notes

    def _pieces(self, *uris: str) -> DataFrame:
        return self.spark.read.schema(DDL).parquet(*uris).where(f"slice <> {NOTES}")

    def _landing(self, uri: str) -> Iterator[Row]:
        """Yield what was written of segments, one of a file at a time.

        ``toLocalIterator`` keeps all that it has yielded on the heap of the driver (Spark 4.3.0).
        """
        for file in self._pieces(uri).inputFiles():
            pieces = self._pieces(unquote(file))
            for number in {row["slice"] for row in pieces.select("slice").collect()}:
                yield from pieces.where(f"slice = {number}").collect()

    def _map(self, tasks: Sequence[Task], work: Callable[..., Any], schema: str) -> DataFrame:
        """Give each task to an executor of its own choice."""
        rows = [(place, pickle.dumps(task)) for place, task in enumerate(tasks)]
        frame = self.spark.createDataFrame(rows, "place long, task binary")
        spread = frame.repartitionByRange(max(len(rows), 1), "place")
        return spread.mapInArrow(_Unpickled(work), schema)

    def _counts(self, rows: int, judged: Notes, tallies: dict[str, Counter[str]]) -> Counts:
        report, computed = tallies["report"], tallies["computed"]
        held: Counter[str] = Counter()
        for note in judged:
            held.update({k: v for k, v in note.items() if isinstance(v, int)})
        reported, tasks = self.sources.report is not None, self.subject.tasks
        return Counts(
            manifest_rows=rows,
            duplicate_rows=held["duplicates"],
            report_rows=report["rows"] if reported else None,
            succeeded_rows=report["succeeded"] if reported else None,
            failed_rows=report["failed"] if reported else None,
            duplicate_report_rows=held["duplicate_results"],
            malformed_report_rows=report["malformed"],
            stray_report_rows=held["stray_results"],
            tasks=None if tasks is None else tasks.total,
            tasks_succeeded=None if tasks is None else tasks.succeeded,
            tasks_failed=None if tasks is None else tasks.failed,
            ended_early=tasks is not None and not tasks.complete,
            all_tasks_reported=tasks is not None and self.policy.reported,
            computed_rows=computed["succeeded"],
            failed_computed_rows=computed["failed"],
            malformed_computed_rows=computed["malformed"],
            stray_computed_rows=held["stray_computed"],
        )


@contextmanager
def _settings(spark: SparkSession, wanted: Mapping[str, str]) -> Iterator[None]:
    """Have a session other settings for a while."""
    before = {name: spark.conf.get(name, None) for name in wanted}
    for name, value in wanted.items():
        spark.conf.set(name, value)
    try:
        yield
    finally:
        for name, old in before.items():
            if old is None:
                spark.conf.unset(name)
            else:
                spark.conf.set(name, old)


class _Unpickled:
    """Work on tasks that come pickled, by the driver of this very job."""

    def __init__(self, work: Callable[..., Any]) -> None:
        self._work = work

    def __call__(self, found: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in found:
            for row in batch.to_pylist():
                task = pickle.loads(row["task"])  # noqa: S301 - see above
                if self._work is _counted:
                    yield _counted(row["place"], task)
                else:
                    yield from batches(self._work([task]))


def _counted(place: int, task: Lines) -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict({"place": [place], "lines": [task.count()]})


class _Batched:
    """Work on pieces that yields pieces, on batches that yields batches."""

    def __init__(self, work: Callable[..., Any]) -> None:
        self._work = work

    def __call__(self, found: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        yield from batches(self._work(batch.cast(SCHEMA) for batch in found))


def _mapped(frame: DataFrame, work: Callable[..., Any]) -> DataFrame:
    return frame.mapInArrow(_Batched(work), DDL)


def _written(frame: DataFrame, uri: str) -> None:
    frame.write.option("parquet.block.size", _GROUP).parquet(uri)


def _dealt(frame: DataFrame, slices: int) -> DataFrame:
    return frame.repartition(max(1, min(_SPREAD * slices, _PARTITIONS)), "slice")


def _tallies(notes: Notes) -> dict[str, Counter[str]]:
    total: dict[str, Counter[str]] = {"report": Counter(), "computed": Counter()}
    for note in notes:
        for name, tally in total.items():
            if note["origin"].startswith(name):
                tally.update(note["tally"])
    return total


def _require(got: int, wanted: int) -> None:
    if got != wanted:
        raise FormatError(f"{got:,} pieces came back from the cluster; wanted {wanted:,}")
