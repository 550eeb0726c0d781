"""An offline audit from end to end: files in, segments of a ledger out."""

from __future__ import annotations

import json
import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, fields, replace
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow.parquet as pq

from intact.adapters.arrow import keeping_pages
from intact.adapters.files import named_whole, whole_file
from intact.adapters.offline import joining
from intact.adapters.offline.inputs import Of
from intact.adapters.offline.judging import Slice, judged
from intact.adapters.offline.staging import MALFORMED, TALLY, Stage
from intact.adapters.offline.views import Views
from intact.adapters.parquet import settings
from intact.audit import Copy, Counts, Evidence, ReadMode, Record, Slot, Unreadable, decide
from intact.batch.manifest import ManifestFormat
from intact.errors import UsageError
from intact.s3 import ObjectRef

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from concurrent.futures import Future
    from pathlib import Path

    import pyarrow as pa

    from intact.adapters.offline.inputs import Inputs, Inventory
    from intact.audit import Policy, Subject

SHARE = 8
"""The memory is so many times the text of one bucket, which is much more when it is joined."""
_PACKED = 10
"""An inventory's text is so many times its compressed bytes."""
_UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB")
_BUCKETS = "buckets"
STAGED = "staged"
"""Folder of what stage one leaves."""


class OfflineAudit:
    """Judges every row of a manifest by files alone.

    Use ``segments`` until it ends; what it has finished a later run does not do again.

    Attributes:
        buckets: Slices that are joined one by one.
    """

    def __init__(  # noqa: PLR0913 - keywords all but the first three
        self,
        subject: Subject,
        policy: Policy,
        inputs: Inputs,
        *,
        folder: Path,
        buckets: int | None = None,
        memory_limit: str = "2GB",
        threads: int | None = None,
    ) -> None:
        """Check that the inputs can prove anything.

        Args:
            subject: The copy job.
            policy: The terms.
            inputs: The files.
            folder: Holds what is staged and finished; may hold what an earlier run left.
            buckets: Slices that are joined one by one; None for as many as the memory needs.  An
                interrupted run goes on with those that it began with.
            memory_limit: Memory to stay in, as DuckDB spells it; DuckDB gets half of it, and the
                rest is for the columns of a ledger.
            threads: DuckDB's ``threads``; None for one per core.

        Raises:
            UsageError: The manifest is no CSV, bytes are to be read, or an inventory is older
                than the copies or lacks the versions that the manifest names.
        """
        if policy.read is not ReadMode.NEVER:
            raise UsageError(
                f"bytes are to be read ({policy.read.value}); an offline audit reads none"
            )
        require(subject, policy, inputs.inventories)
        self._subject = subject
        self._policy = policy
        self._inputs = inputs
        self._folder = folder
        any_copy = subject.operation.destination(ObjectRef(bucket="", key="-"))
        self._copies = replace(any_copy, key=any_copy.key.removesuffix("-"))
        config: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": memory_limit,
            "temp_directory": str(folder / "spill"),
            "autoinstall_known_extensions": False,
            "TimeZone": "UTC",
        }
        if threads is not None:
            config["threads"] = threads
        self._connection = duckdb.connect(config=config)
        memory = _bytes(self._connection)
        self._connection.execute(f"SET memory_limit = '{memory // 2}B'")
        self.buckets = self._begun_with(buckets, memory=memory)
        self._stage = Stage(folder / STAGED, self._connection, buckets=self.buckets)

    def segments(self) -> Iterator[tuple[Path, Slice]]:
        """Yield a file of ledger rows for each bucket, and what the bucket held.

        Raises:
            FormatError: An input is not what it promises.
        """
        done = self._folder / "slices"
        done.mkdir(parents=True, exist_ok=True)
        terms: Views | None = None
        writing: Future[tuple[Path, Slice]] | None = None
        # the thread writes a bucket while the next one is joined
        with keeping_pages(), ThreadPoolExecutor(1) as writer:
            for bucket in range(self.buckets):
                path, note = done / f"{bucket}.parquet", done / f"{bucket}.json"
                table, found = None, None
                if not note.exists():
                    terms = terms or self._load()
                    table, found = judged(terms, bucket, self._policy)
                written = writing.result() if writing else None
                writing = writer.submit(_written, table, found, path=path, note=note)
                if written:
                    yield written
            if terms:
                terms.hide()
            if writing:
                yield writing.result()

    def malformed_rows(self) -> Iterator[Record]:
        """Yield a record for each row of the manifest that could not be read."""
        self._stage.manifest(self._inputs.manifest, fields=self._inputs.fields)
        for row in _lines(self._folder / STAGED / "manifest" / MALFORMED):
            evidence = Evidence(row=Unreadable(problem=row["problem"]))
            finding = decide(evidence, self._policy)
            if isinstance(finding, Slot):
                raise AssertionError("a malformed row needs no more evidence")  # noqa: TRY004 - of ours
            copy = Copy(row=row["line"], source=None, destination=None, text=row["text"])
            yield Record(copy=copy, evidence=evidence, finding=finding)

    def counts(self) -> Counts:
        """Return what the inputs held, once ``segments`` has ended."""
        slices = [found for _, found in self.segments()]
        total = {
            field.name: sum(getattr(found, field.name) for found in slices)
            for field in fields(Slice)
        }
        report, computed = self._tally("report"), self._tally("computed")
        reported = self._inputs.report is not None
        tasks = self._subject.tasks
        return Counts(
            manifest_rows=total["rows"] + sum(1 for _ in self.malformed_rows()),
            duplicate_rows=total["duplicates"],
            report_rows=report["rows"] if reported else None,
            succeeded_rows=report["succeeded"] if reported else None,
            failed_rows=report["failed"] if reported else None,
            duplicate_report_rows=total["duplicate_results"],
            malformed_report_rows=report["malformed"],
            stray_report_rows=total["stray_results"],
            tasks=tasks.total if tasks else None,
            tasks_succeeded=tasks.succeeded if tasks else None,
            tasks_failed=tasks.failed if tasks else None,
            ended_early=tasks is not None and not tasks.complete,
            all_tasks_reported=tasks is not None and self._policy.reported,
            computed_rows=computed["succeeded"],
            failed_computed_rows=computed["failed"],
            malformed_computed_rows=computed["malformed"],
            stray_computed_rows=total["stray_computed"],
        )

    def _begun_with(self, buckets: int | None, *, memory: int) -> int:
        """Return how many buckets the folder's stage has, or is to have from now on."""
        self._folder.mkdir(parents=True, exist_ok=True)
        note = self._folder / _BUCKETS
        if not note.exists():
            with whole_file(note) as file:
                file.write(str(buckets or self._needed(memory)).encode())
        return int(note.read_bytes())

    def _needed(self, memory: int) -> int:
        inputs = self._inputs
        parts = [inputs.manifest, *(inputs.report or ())]
        parts += [part for made in inputs.computed for part in made.parts]
        parts += [part for listed in inputs.inventories for part in listed.parts]
        size = sum(p.stat().st_size * (_PACKED if p.suffix == ".gz" else 1) for p in parts)
        return max(1, math.ceil(size * SHARE / memory))

    def _tally(self, name: str) -> dict[str, int]:
        total = dict.fromkeys(("rows", "succeeded", "failed", "malformed"), 0)
        for file in (self._folder / STAGED).glob(f"{name}*-*/{TALLY}"):
            for key, count in json.loads(file.read_bytes()).items():
                total[key] += count
        return total

    def _load(self) -> Views:
        """Stage what is not staged yet."""
        stage, inputs, copies = self._stage, self._inputs, self._copies
        stage.manifest(inputs.manifest, fields=inputs.fields)
        if inputs.report is not None:
            stage.report(inputs.report)
        views = Views(self._connection, stage.folder)
        sources = views.source_buckets()
        for number, made in enumerate(inputs.computed):
            stage.computed(f"computed{number}", made, copies=copies, sources=sources)
        for listed in inputs.inventories:
            stage.inventory(listed, prefix=copies.key if listed.of is Of.DESTINATION else "")
        versioned = self._policy.versioned
        views.terms = joining.Terms(
            versioned=versioned,
            reported=self._policy.reported,
            has_report=inputs.report is not None,
            malformed_results=self._tally("report")["malformed"],
            copies=copies,
            window=self._policy.window,
            computed=[
                found
                for number, made in enumerate(inputs.computed)
                for found in views.sets(f"computed{number}", begun=made.begun, versioned=versioned)
            ],
            inventories=frozenset(listed.of for listed in inputs.inventories),
        )
        return views


def _written(
    table: pa.Table | None, found: Slice | None, *, path: Path, note: Path
) -> tuple[Path, Slice]:
    """Write a bucket's rows, then the note that they are whole; nothing where that is done."""
    if table is not None and found is not None:
        with named_whole(path) as name:
            pq.write_table(table, name, row_group_size=1 << 17, **settings(table.schema))
        with whole_file(note) as file:
            file.write(json.dumps(asdict(found)).encode())
    return path, Slice(**json.loads(note.read_bytes()))


def _bytes(connection: duckdb.DuckDBPyConnection) -> int:
    """DuckDB's ``memory_limit``, which it tells to two digits."""
    [(told,)] = connection.execute("SELECT current_setting('memory_limit')").fetchall()
    number, unit = told.split()
    return int(float(number) * 1024 ** _UNITS.index(unit))


def require(subject: Subject, policy: Policy, inventories: Sequence[Inventory]) -> None:
    """Check that these files can prove anything.

    Raises:
        UsageError: See ``OfflineAudit``.
    """
    if subject.format is not ManifestFormat.CSV:
        raise UsageError(f"manifest format is {subject.format.value}; wanted CSV")
    for listed in inventories:
        named = policy.versioned and listed.of is Of.SOURCE
        if named and "VersionId" not in listed.schema:
            raise UsageError("the source's inventory lists no versions; the manifest names them")
        if not named and (policy.window is None or listed.taken < policy.window.end):
            raise UsageError(
                f"the {listed.of.value}'s inventory is of {listed.taken.isoformat()}; "
                "wanted one that was taken after the job had ended"
            )


def _lines(path: Path) -> Iterator[Mapping[str, Any]]:
    if path.exists():
        with path.open() as file:
            yield from map(json.loads, file)
