"""Opens what others than S3's answers say: reports of Compute checksum jobs, lists of digests."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import duckdb

from intact.adapters.patterns import exactly
from intact.adapters.report import fetch_report, saved_report
from intact.batch import MalformedRow
from intact.batch.expected import expected_of_cells, read_sums
from intact.batch.manifest import BYTE_ORDER_MARK, ManifestFormat
from intact.batch.outcome import JobOutcome
from intact.batch.rows import require_utf8
from intact.errors import FormatError, UsageError
from intact.s3 import ObjectRef

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from intact.adapters.boto import BotoStore
    from intact.batch import TaskResult
    from intact.batch.expected import ExpectedRow
    from intact.checksum import Algorithm

PAGE = 20_000
"""Rows of a Parquet file in memory at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ComputedReport:
    """The report of a Compute checksum job.

    Attributes:
        manifest: Its ``manifest.json``, in S3 or on disk with the parts in ``results`` beside it.
        written: Format of that job's own manifest, whose spelling of keys the report repeats;
            None where it is not known.
        begun: When the job was created; None where that is not known.
    """

    manifest: ObjectRef | Path
    written: ManifestFormat | None = None
    begun: datetime | None = None

    @classmethod
    def of_job(cls, response: Mapping[str, Any], *, operation: str) -> Self:
        """Find the report of an ended job.

        Args:
            response: What DescribeJob says of it.
            operation: What it has to do.

        Raises:
            UsageError: The job is of another kind, has not ended or left no report.
        """
        outcome, job = JobOutcome.from_describe(response), response["Job"]
        if operation not in job.get("Operation", {}):
            kinds = ", ".join(job.get("Operation", {}))
            raise UsageError(f"job {outcome.job_id} is of kind {kinds}; wanted {operation}")
        if outcome.report_manifest_key is None or not outcome.status.terminal:
            raise UsageError(
                f"job {outcome.job_id} is {outcome.status.value}; wanted an ended one with a report"
            )
        generated = job.get("ManifestGenerator")
        spec = job["GeneratedManifestDescriptor"] if generated else job["Manifest"]["Spec"]
        return cls(
            manifest=ObjectRef(bucket=outcome.report_bucket or "", key=outcome.report_manifest_key),
            written=next((form for form in ManifestFormat if form.value == spec["Format"]), None),
            begun=outcome.created,
        )

    def rows(self, store: BotoStore, *, scratch: Path) -> Iterator[TaskResult | MalformedRow]:
        """Yield every row, of failed tasks too.

        Args:
            store: Where a report in S3 lies.
            scratch: Folder for the part that is being read.

        Raises:
            StoreError: A part could not be read.
            OSError: The same, on disk.
            FormatError: A file is not what its MD5 or its format promises.
        """
        if isinstance(self.manifest, Path):
            return saved_report(self.manifest)
        return fetch_report(store, self.manifest, scratch=scratch)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedFile:
    """A file of digests: a Parquet or CSV table by its ending, else lines like sha256sum's.

    Attributes:
        path: The file.
        algorithm: That of lines without tag; None where all lines have one.
        prefix: What the keys begin with and the names in the file do not.
    """

    path: Path
    algorithm: Algorithm | None = None
    prefix: str = ""

    def rows(self) -> Iterator[ExpectedRow | MalformedRow]:
        """Yield every row; what cannot be read comes back as malformed.

        Raises:
            OSError: The file cannot be read.
            FormatError: A table has no column ``Key``, or the file is no table at all.
        """
        match self.path.suffix.lower():
            case ".parquet":
                return self._table(_parquet(self.path))
            case ".csv":
                return self._table(_csv(self.path))
            case _:
                return self._lines()

    def _lines(self) -> Iterator[ExpectedRow | MalformedRow]:
        with self.path.open("rb") as lines:
            yield from read_sums(lines, algorithm=self.algorithm, prefix=self.prefix)

    def _table(
        self, rows: Iterator[tuple[int, dict[str, str] | MalformedRow]]
    ) -> Iterator[ExpectedRow | MalformedRow]:
        for line, cells in rows:
            if isinstance(cells, MalformedRow):
                yield cells
                continue
            try:
                yield expected_of_cells(cells, line=line, prefix=self.prefix)
            except FormatError as error:
                yield MalformedRow(line=line, text=json.dumps(cells), problem=str(error))


def _csv(path: Path) -> Iterator[tuple[int, dict[str, str] | MalformedRow]]:
    """Rows of a CSV file whose first one names the columns, each with its first line."""
    with path.open(encoding="utf-8", errors="surrogateescape", newline="") as file:
        rows = csv.reader(file, strict=True)
        names = [name.removeprefix(BYTE_ORDER_MARK).strip() for name in next(rows, [])]
        _require_key(path, names)
        line = rows.line_num + 1
        while True:
            try:
                values = next(rows)
            except StopIteration:
                return
            except csv.Error as error:
                yield line, MalformedRow(line=line, text="", problem=f"the row is no CSV: {error}")
            else:
                yield line, _cells(values, names, line=line)
            line = rows.line_num + 1


def _cells(values: list[str], names: list[str], *, line: int) -> dict[str, str] | MalformedRow:
    text, problem = ",".join(values), ""
    if len(values) != len(names):
        problem = f"the row has {len(values)} columns; wanted {len(names)}"
    try:
        require_utf8(text)
    except FormatError as error:
        problem = str(error)
    if problem:
        return MalformedRow(line=line, text=text, problem=problem)
    return dict(zip(names, values, strict=True))


def _parquet(path: Path) -> Iterator[tuple[int, dict[str, str] | MalformedRow]]:
    """Rows of a Parquet file, numbered from 1; null cells are empty."""
    try:
        with duckdb.connect(config={"memory_limit": "1GB"}) as connection:
            cursor = connection.execute(
                "SELECT CAST(COLUMNS(*) AS VARCHAR) FROM read_parquet(?)", [exactly(path)]
            )
            names = [column[0] for column in cursor.description or ()]
            _require_key(path, names)
            number = 0
            while page := cursor.fetchmany(PAGE):
                for values in page:
                    number += 1
                    cells = ("" if value is None else value for value in values)
                    yield number, dict(zip(names, cells, strict=True))
    except duckdb.Error as error:
        raise FormatError(f"{path}: {error}") from None


def _require_key(path: Path, names: list[str]) -> None:
    if "Key" not in names or len(set(names)) < len(names):
        raise FormatError(f"{path}: columns are {names}; wanted Key among them, each once")
