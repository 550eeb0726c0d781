"""Joins a job's manifest with its completion report, out of core.

Both are spooled to disk as CSV, loaded into a DuckDB file of bounded memory and joined there on
bucket, key and version, each in one canonical URL-encoded spelling.  Free text is kept as JSON:
ASCII, without line ends.
"""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import duckdb

from intact.audit import Absent, Counts, Unreadable
from intact.batch import MalformedRow, ManifestRow, TaskResult, TaskStatus
from intact.batch.inventory import NULL_VERSION
from intact.batch.manifest import ManifestFormat
from intact.s3 import ObjectRef, decode_key, encode_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path
    from types import TracebackType

PAGE = 20_000
"""Rows in memory at a time while the joined rows are read back."""

_MANIFEST = {
    "line": "BIGINT",
    "bucket": "VARCHAR",
    "key": "VARCHAR",
    "version": "VARCHAR",
    "raw": "VARCHAR",
    "extra": "VARCHAR",
    "problem": "VARCHAR",
}
_REPORT = {
    "bucket": "VARCHAR",
    "key": "VARCHAR",
    "version": "VARCHAR",
    "status": "VARCHAR",
    "http_status": "VARCHAR",
    "error_code": "VARCHAR",
    "message": "VARCHAR",
    "raw": "VARCHAR",
    "raw_version": "VARCHAR",
}
_TASK = (
    "words",
    "spellings",
    "status",
    "http_status",
    "error_code",
    "message",
    "task_raw",
    "task_version",
)
_JOINED = (*_MANIFEST, *_TASK)
_JOIN = """
CREATE TABLE joined AS
WITH tasks AS (
    SELECT bucket, key, version, count(DISTINCT status) AS words,
           count(DISTINCT raw) AS spellings,
           any_value(status) AS status, any_value(http_status) AS http_status,
           any_value(error_code) AS error_code, any_value(message) AS message,
           any_value(raw) AS task_raw, any_value(raw_version) AS task_version
    FROM report GROUP BY ALL
)
SELECT manifest.*, words, spellings, status, http_status, error_code, message, task_raw,
       task_version
FROM manifest LEFT JOIN tasks USING (bucket, key, version) ORDER BY line
"""


class Joined(NamedTuple):
    """One row of the manifest and what the report says of it.

    Attributes:
        row: The manifest's row.
        task: Its result; Absent where the report has none, Unreadable where it is not clear.
    """

    row: ManifestRow | MalformedRow
    task: TaskResult | Absent | Unreadable


class TaskJoin:
    """A manifest and a completion report, joined in a folder of their own.

    Use as a context manager; load both, then read.
    """

    def __init__(self, folder: Path, *, memory_limit: str = "1GB") -> None:
        """Make the database in an existing folder.

        Args:
            folder: Holds the database and what spills out of memory; the caller removes it.
            memory_limit: DuckDB's ``memory_limit``.
        """
        self._folder = folder
        self._connection = duckdb.connect(
            str(folder / "join.duckdb"),
            config={
                "memory_limit": memory_limit,
                "temp_directory": str(folder / "spill"),
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
            },
        )
        self._malformed_results = 0
        self._form_encoded = False
        for table, columns in (("manifest", _MANIFEST), ("report", _REPORT)):
            described = ", ".join(f"{name} {kind}" for name, kind in columns.items())
            self._connection.execute(f"CREATE TABLE {table} ({described})")

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the database."""
        self._connection.close()

    def load_manifest(self, rows: Iterable[ManifestRow | MalformedRow]) -> None:
        """Take in every row of the manifest."""
        self._load("manifest", map(_manifest_cells, rows))

    def load_report(
        self,
        results: Iterable[TaskResult | MalformedRow],
        *,
        written: ManifestFormat = ManifestFormat.CSV,
        versioned: bool = False,
    ) -> None:
        """Take in every row of the report; what is malformed is counted.

        Args:
            results: The rows.
            written: Format of the job's manifest, since a report spells keys as that does.  On
                bare CSV a plus has two readings, so such a row binds to no object and counts as
                malformed.
            versioned: Whether that manifest names versions: in an inventory an empty one is null.
        """
        self._form_encoded = written.form_encoded
        null = NULL_VERSION if written.form_encoded and versioned else None
        readable = self._readable(results, written=written)
        self._load(
            "report", (_report_cells(result, written=written, null=null) for result in readable)
        )

    def counts(self, *, reported: bool) -> Counts:
        """What both inputs held; without a report its counts are None and 0."""
        return Counts(
            manifest_rows=self._number("SELECT count(*) FROM manifest"),
            duplicate_rows=self._number(
                "SELECT count(*) - count(DISTINCT (bucket, key, version)) "
                "FROM manifest WHERE problem = ''"
            ),
            report_rows=self._number("SELECT count(*) FROM report") if reported else None,
            malformed_report_rows=self._malformed_results,
            stray_report_rows=self._number(
                "SELECT count(*) FROM report ANTI JOIN manifest USING (bucket, key, version)"
            ),
        )

    def rows(self) -> Iterator[Joined]:
        """Yield every row of the manifest in order, with the result of its task."""
        self._connection.execute(_JOIN)
        last = 0
        while page := self._connection.execute(
            "SELECT * FROM joined WHERE line > ? ORDER BY line LIMIT ?", [last, PAGE]
        ).fetchall():
            for values in page:
                cells = dict(zip(_JOINED, values, strict=True))
                yield Joined(_manifest_row(cells), self._task(cells))
            last = page[-1][0]

    def _load(self, table: str, rows: Iterable[tuple[object, ...]]) -> None:
        path = self._folder / f"{table}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, quoting=csv.QUOTE_NONNUMERIC).writerows(rows)
        self._connection.execute(
            f"COPY {table} FROM '{str(path).replace(chr(39), chr(39) * 2)}' "
            "(FORMAT csv, HEADER false, AUTO_DETECT false, DELIMITER ',', QUOTE '\"', "
            "ESCAPE '\"', NEW_LINE '\\r\\n', NULLSTR '\\N')"
        )
        path.unlink()

    def _readable(
        self, results: Iterable[TaskResult | MalformedRow], *, written: ManifestFormat
    ) -> Iterator[TaskResult]:
        for result in results:
            if isinstance(result, TaskResult) and (
                written.form_encoded or "+" not in result.raw_key
            ):
                yield result
            else:
                self._malformed_results += 1

    def _task(self, cells: Mapping[str, Any]) -> TaskResult | Absent | Unreadable:
        if cells["words"] is None:
            if self._malformed_results:
                return Unreadable(
                    problem=f"{self._malformed_results} rows of the report are malformed; "
                    "this object's may be one of them"
                )
            return Absent(detail="no row in the report")
        if cells["words"] > 1:
            return Unreadable(problem="the report has both succeeded and failed rows")
        if cells["spellings"] > 1 and self._form_encoded:
            return Unreadable(problem="the report spells this object in two ways")
        return TaskResult(
            bucket=decode_key(cells["bucket"]),
            raw_key=json.loads(cells["task_raw"]),
            version_id=json.loads(cells["task_version"]),
            status=TaskStatus(cells["status"]),
            http_status=json.loads(cells["http_status"]),
            error_code=json.loads(cells["error_code"]),
            message=json.loads(cells["message"]),
        )

    def _number(self, query: str) -> int:
        row = self._connection.execute(query).fetchone()
        return int(row[0]) if row else 0


def _manifest_cells(row: ManifestRow | MalformedRow) -> tuple[object, ...]:
    if isinstance(row, MalformedRow):
        return row.line, "", "", "", json.dumps(row.text), "", json.dumps(row.problem)
    return row.line, *_join_key(row.source), json.dumps(row.raw_key), json.dumps(row.extra), ""


def _manifest_row(cells: Mapping[str, Any]) -> ManifestRow | MalformedRow:
    line, raw = cells["line"], json.loads(cells["raw"])
    if cells["problem"]:
        return MalformedRow(line=line, text=raw, problem=json.loads(cells["problem"]))
    source = ObjectRef(
        bucket=decode_key(cells["bucket"]),
        key=decode_key(cells["key"]),
        version_id=decode_key(cells["version"]) or None,
    )
    extra = tuple(json.loads(cells["extra"]))
    return ManifestRow(line=line, source=source, raw_key=raw, extra=extra)


def _report_cells(
    result: TaskResult, *, written: ManifestFormat, null: str | None
) -> tuple[object, ...]:
    source = result.source(plus_is_space=written.form_encoded)
    return (
        *_join_key(replace(source, version_id=source.version_id or null)),
        result.status.value,
        json.dumps(result.http_status),
        json.dumps(result.error_code),
        json.dumps(result.message),
        json.dumps(result.raw_key),
        json.dumps(result.version_id),
    )


def _join_key(source: ObjectRef) -> tuple[str, str, str]:
    """Bucket, key and version in the one spelling that is joined on: ASCII without line ends."""
    return encode_key(source.bucket), encode_key(source.key), encode_key(source.version_id or "")
