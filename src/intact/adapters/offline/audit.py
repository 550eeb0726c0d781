"""An offline audit from end to end: files in, segments of a ledger out."""

from __future__ import annotations

import json
import math
import shutil
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import asdict, fields, replace
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow.parquet as pq

from intact.adapters.arrow import keeping_pages
from intact.adapters.files import allow_open, expect, forget, named_whole, whole_file
from intact.adapters.offline import joining
from intact.adapters.offline.inputs import Of, unpacked
from intact.adapters.offline.judging import Slice, judged
from intact.adapters.offline.slices import at_a_time, files_of
from intact.adapters.offline.staging import MALFORMED, TALLY, Stage
from intact.adapters.offline.views import Views
from intact.adapters.parallel import in_order
from intact.adapters.parquet import nulls, settings
from intact.audit import Copy, Counts, Evidence, ReadMode, Record, Slot, Unreadable, decide
from intact.batch.manifest import ManifestFormat
from intact.errors import UsageError
from intact.s3 import ObjectRef

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from intact.adapters.offline.inputs import Inputs, Inventory
    from intact.adapters.offline.joining import Terms
    from intact.audit import Policy, Subject

_SHARE = 5
"""Each worker has so many times the memory that the text of one bucket takes when it is joined."""
_LEAST = 1 << 28
"""Bytes of memory for each worker."""
_DISK = {False: 0.9, True: 0.65}
"""What is staged, packed or not, and found takes so many times the text's bytes: 632, or 415, and
165 of 887 in ``benchmarks/bench_offline.py``."""
_UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB")
_BUCKETS = "buckets"
STAGED = "staged"
"""Folder of what stage one leaves."""


class OfflineAudit:
    """Judges every row of a manifest by files alone.

    Use ``segments`` until it ends; what it has finished a later run does not do again.

    Attributes:
        buckets: Slices of the keys, each joined by itself.
        packed: Whether what is staged is compressed.
        disk: About how many bytes of disk the folder takes beyond what it holds.
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
        packed: bool | None = None,
    ) -> None:
        """Check that the inputs can prove anything.

        Args:
            subject: The copy job.
            policy: The terms.
            inputs: The files.
            folder: Holds what is staged and finished; may hold what an earlier run left.
            buckets: Slices of the keys, each joined by itself; None for as many as the memory
                needs.  An interrupted run goes on with those that it began with.
            memory_limit: Memory to stay in, as DuckDB spells it; DuckDB gets half of it, and the
                rest is for the columns of a ledger.
            threads: DuckDB's ``threads``; None for one per core.
            packed: Whether to compress what is staged, to two thirds, which takes a tenth more
                work; None for where the disk has no room otherwise.

        Raises:
            UsageError: The manifest is no CSV, bytes are to be read, or an inventory is older
                than the copies or lacks the versions that the manifest names; or the system does
                not allow as many open files as there are slices; or another DuckDB began.
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
        self._config: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": memory_limit,
            "autoinstall_known_extensions": False,
            "TimeZone": "UTC",
        }
        if threads is not None:
            self._config["threads"] = threads
        self._connection = self._connect("spill")
        memory = self._memory = memory_limit_of(self._connection)
        _limit(self._connection, memory // 2)
        [(cores,)] = self._connection.execute("SELECT current_setting('threads')").fetchall()
        self._workers = max(1, min(cores, memory // _LEAST))
        self.buckets = self._begun_with(buckets, memory=memory // self._workers)
        # each worker, and the manifest's beside them, has a file open for each slice
        allow_open((self._workers + 1) * self.buckets)
        self.packed, self.disk = self._room(packed)
        self._stage = self._staging(self._connection)

    def stage(self) -> None:
        """Stage what is not staged yet, as ``segments`` does.

        Raises:
            FormatError: An input is not what it promises.
        """
        stage, inputs, copies = self._stage, self._inputs, self._copies
        with ThreadPoolExecutor(1) as aside:  # rows in order leave half of the processors
            manifest = aside.submit(self._manifest)
            if inputs.report is not None:
                stage.report(inputs.report)
            manifest.result()
        sources = Views(self._connection, stage.folder).source_buckets()
        for number, made in enumerate(inputs.computed):
            stage.computed(f"computed{number}", made, copies=copies, sources=sources)
        for listed in inputs.inventories:
            stage.inventory(listed, prefix=copies.key if listed.of is Of.DESTINATION else "")

    def segments(self) -> Iterator[tuple[Path, Slice]]:
        """Yield a file of ledger rows for each bucket, and what the bucket held.

        Raises:
            FormatError: An input is not what it promises.
        """
        self._note(0).parent.mkdir(parents=True, exist_ok=True)
        terms: Terms | None = None

        def buckets() -> Iterator[tuple[int, Terms | None]]:
            nonlocal terms
            for bucket in range(self.buckets):
                if terms is None and not self._note(bucket).exists():
                    self.stage()
                    terms = self._terms()
                yield bucket, terms

        with keeping_pages():
            yield from in_order(
                self._segment, buckets(), threads=self._workers, ahead=self._workers
            )

    def malformed_rows(self) -> Iterator[Record]:
        """Yield a record for each row of the manifest that could not be read."""
        self._manifest()
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

    def _note(self, bucket: int) -> Path:
        """What says that a bucket is judged, and what it held."""
        return self._folder / "slices" / f"{bucket}.json"

    def _segment(self, task: tuple[int, Terms | None]) -> tuple[Path, Slice]:
        """Judge a bucket, where that is not done: write its rows, then the note."""
        bucket, terms = task
        note = self._note(bucket)
        path = note.with_suffix(".parquet")
        if terms is not None and not note.exists():
            for later in files_of(self._stage.folder, "*", number=bucket + self._workers):
                expect(later)
            with closing(self._connection.cursor()) as connection:  # has views of its own
                views = Views(connection, self._folder / STAGED)
                views.terms = terms
                table, found = judged(views, bucket, self._policy)
            with named_whole(path) as name:
                told = settings(table.schema, nulls(table))
                pq.write_table(table, name, row_group_size=1 << 17, **told)
            with whole_file(note) as file:
                file.write(json.dumps(asdict(found)).encode())
            for joined in files_of(self._stage.folder, "*", number=bucket):
                forget(joined)
        return path, Slice(**json.loads(note.read_bytes()))

    def _begun_with(self, buckets: int | None, *, memory: int) -> int:
        """Return how many buckets the folder's stage has, or is to have from now on.

        Raises:
            UsageError: Another DuckDB began it, whose hashes of keys may be others.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        note = self._folder / _BUCKETS
        if not note.exists():
            with whole_file(note) as file:
                file.write(f"{buckets or self._needed(memory)} {duckdb.__version__}".encode())
        begun, by = note.read_text().split()
        if by != duckdb.__version__:
            raise UsageError(
                f"{self._folder}: DuckDB {by} began to cut the inputs, and this is "
                f"{duckdb.__version__}; wanted the same one, or another folder"
            )
        return int(begun)

    def _room(self, packed: bool | None) -> tuple[bool, int]:  # noqa: FBT001 - as given
        """Whether to compress what is staged, and how much disk that takes."""
        held = sum(file.stat().st_size for file in (self._folder / STAGED).glob("**/*.arrow"))
        wanted = {how: max(0, int(self._text() * most) - held) for how, most in _DISK.items()}
        if packed is None:
            packed = wanted[False] > shutil.disk_usage(self._folder).free
        return packed, wanted[packed]

    def _needed(self, memory: int) -> int:
        return max(1, math.ceil(self._text() * _SHARE / memory))

    def _text(self) -> int:
        """Bytes of the inputs, about."""
        inputs = self._inputs
        parts = [inputs.manifest, *(inputs.report or ())]
        parts += [part for made in inputs.computed for part in made.parts]
        parts += [part for listed in inputs.inventories for part in listed.parts]
        return sum(unpacked(part, part.stat().st_size) for part in parts)

    def _tally(self, name: str) -> dict[str, int]:
        total = dict.fromkeys(("rows", "succeeded", "failed", "malformed"), 0)
        for file in (self._folder / STAGED).glob(f"{name}*-*/{TALLY}"):
            for key, count in json.loads(file.read_bytes()).items():
                total[key] += count
        return total

    def _connect(self, spill: str) -> duckdb.DuckDBPyConnection:
        return duckdb.connect(config=self._config | {"temp_directory": str(self._folder / spill)})

    def _staging(self, connection: duckdb.DuckDBPyConnection) -> Stage:
        return Stage(
            self._folder / STAGED,
            connection,
            buckets=self.buckets,
            rows=at_a_time(self.buckets, memory=self._memory // self._workers),
            workers=self._workers,
            packed=self.packed,
        )

    def _manifest(self) -> None:
        """Stage the manifest in a DuckDB of its own, whose rows keep their order."""
        with self._connect("spill-manifest") as connection:
            _limit(connection, self._memory // 4)
            self._staging(connection).manifest(self._inputs.manifest, fields=self._inputs.fields)

    def _terms(self) -> Terms:
        """Tell what to join, by what is staged."""
        views = Views(self._connection, self._stage.folder)
        versioned = self._policy.versioned
        return joining.Terms(
            versioned=versioned,
            reported=self._policy.reported,
            has_report=self._inputs.report is not None,
            malformed_results=self._tally("report")["malformed"],
            copies=self._copies,
            window=self._policy.window,
            computed=[
                found
                for number, made in enumerate(self._inputs.computed)
                for found in views.sets(f"computed{number}", begun=made.begun, versioned=versioned)
            ],
            inventories=frozenset(listed.of for listed in self._inputs.inventories),
        )


def _limit(connection: duckdb.DuckDBPyConnection, memory: int) -> None:
    connection.execute(f"SET memory_limit = '{memory}B'")


def memory_limit_of(connection: duckdb.DuckDBPyConnection) -> int:
    """Bytes of DuckDB's ``memory_limit``, which it tells to two digits."""
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
