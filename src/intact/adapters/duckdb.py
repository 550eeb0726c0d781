"""Joins a job's manifest with its completion report and with what others say, out of core.

All are spooled to disk as CSV, loaded into a DuckDB file of bounded memory and joined there on
bucket, key and version, each in one canonical URL-encoded spelling.  Free text is kept as JSON:
ASCII, without line ends.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import duckdb

from intact.adapters.evidence import OBJECT, Said, Testimony
from intact.adapters.invoked import Invocations, answer_of_cells, join_key
from intact.adapters.spool import Spool, literal
from intact.audit import Absent, Counts, Unreadable
from intact.batch import MalformedRow, ManifestRow, TaskResult, TaskStatus
from intact.batch.inventory import NULL_VERSION
from intact.batch.manifest import ManifestFormat
from intact.errors import FormatError
from intact.s3 import ObjectRef, decode_key, encode_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path
    from types import TracebackType

    from intact.audit.answer import Answer
    from intact.batch.listed import Listed

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
_LISTED = {"key": "VARCHAR", "size": "BIGINT", "etag": "VARCHAR"}
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
       task_version, answers, answer, crowded.key IS NOT NULL AS shared, said.* EXCLUDE line
FROM manifest LEFT JOIN tasks USING (bucket, key, version)
LEFT JOIN crowded ON problem = '' AND crowded.key = manifest.key
LEFT JOIN said USING (line)
LEFT JOIN answered USING (bucket, key, version)
ORDER BY line
"""
_STRAY = "FROM report ANTI JOIN manifest USING (bucket, key, version)"
_EXTRA = """
FROM listed ANTI JOIN (SELECT $prefix || key AS key FROM manifest WHERE problem = '') USING (key)
"""


@contextmanager
def machine_errors(folder: Path) -> Iterator[None]:
    """Let DuckDB speak of disk and memory as the system does.

    Raises:
        OSError: The disk is full, the memory does not suffice, or their like; names the folder.
    """
    try:
        yield
    except duckdb.OperationalError as error:  # of disk, memory or a commit to disk
        raise OSError(f"{folder}: {str(error).partition(chr(10))[0]}") from error


class Joined(NamedTuple):
    """One row of the manifest and what the report says of it.

    Attributes:
        row: The manifest's row.
        task: Its result; Absent where the report has none, Unreadable where it is not clear.
        said: What others say of its objects.
        answer: What a function says of the copy; Unreadable where it says different things.
    """

    row: ManifestRow | MalformedRow
    task: TaskResult | Absent | Unreadable
    said: Said = Said()
    answer: Answer | Unreadable | None = None


class TaskJoin:
    """A manifest, a completion report and what others say, joined in a folder of their own.

    Use as a context manager; load the manifest first, then the rest, then ``join``, then read.

    Attributes:
        others: Takes in what others say.
        invoked: Takes in what functions say that audit beside the data.
    """

    def __init__(self, folder: Path, *, memory_limit: str = "1GB") -> None:
        """Make the database in an existing folder.

        Args:
            folder: Holds the database and what spills out of memory; the caller removes it.
            memory_limit: DuckDB's ``memory_limit``.
        """
        self._spool = Spool(folder, memory_limit=memory_limit)
        self._malformed_results = 0
        self._form_encoded = self._listed = False
        self._prefix = ""
        self._spool.create({"manifest": _MANIFEST, "report": _REPORT, "listed": _LISTED})
        self.others = Testimony(self._spool)
        self.invoked = Invocations(self._spool)

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
        self._spool.close()

    def load_manifest(self, rows: Iterable[ManifestRow | MalformedRow]) -> None:
        """Take in every row of the manifest."""
        self._spool.load("manifest", map(_manifest_cells, rows))

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
        with (
            self._spool.appending("report") as append,
            self._spool.appending("leftovers") as leave,
        ):
            for number, result in enumerate(results, 1):
                try:
                    append(_report_cells(result, written=written, null=null))
                except FormatError as error:
                    self._malformed_results += 1
                    leave(("unreadable report row", "the report", number, "", ascii(str(error))))

    def load_listing(self, listed: Iterable[Listed]) -> None:
        """Take in what is at the destination; what no row accounts for is extra."""
        self._listed = True
        cells = ((encode_key(o.source.key), o.size or 0, o.etag or "") for o in listed)
        self._spool.load("listed", cells)

    def join(self, *, destination: str = "", prefix: str = "") -> None:
        """Join what was loaded.

        Args:
            destination: Bucket of the copies.
            prefix: What their keys begin with, before the source's key.
        """
        self._prefix = encode_key(prefix)
        self.others.join(destination=destination, prefix=prefix)
        self.invoked.join()
        self._spool.execute(
            f"INSERT INTO leftovers SELECT 'report row of no manifest row', 'the report', NULL, "
            f"{OBJECT}, '' {_STRAY}"
        )
        self._spool.execute(_JOIN)

    def counts(self, *, reported: bool) -> Counts:
        """What all inputs held, once they are joined; None for what there was none of."""
        number, others, invoked = self._spool.number, self.others, self.invoked

        def results(condition: str) -> int | None:
            return number(f"SELECT count(*) FROM report {condition}") if reported else None  # noqa: S608 - texts of ours

        return Counts(
            manifest_rows=number("SELECT count(*) FROM manifest"),
            duplicate_rows=number(
                "SELECT count(*) - count(DISTINCT (bucket, key, version)) "
                "FROM manifest WHERE problem = ''"
            ),
            report_rows=results(""),
            succeeded_rows=results("WHERE status = 'succeeded'"),
            failed_rows=results("WHERE status = 'failed'"),
            duplicate_report_rows=number(
                "SELECT count(*) - count(DISTINCT (bucket, key, version)) FROM report"
            ),
            malformed_report_rows=self._malformed_results,
            stray_report_rows=number(f"SELECT count(*) {_STRAY}"),
            computed_rows=others.computed,
            failed_computed_rows=others.failed,
            malformed_computed_rows=others.malformed_computed,
            stray_computed_rows=others.stray_computed,
            expected_rows=others.expected,
            malformed_expected_rows=others.malformed_expected,
            stray_expected_rows=others.stray_expected,
            invoked_rows=invoked.answers,
            failed_invoked_rows=invoked.failed,
            malformed_invoked_rows=invoked.malformed,
            unbound_invoked_rows=invoked.unbound,
            stray_invoked_rows=invoked.stray,
            extras=number(f"SELECT count(*) {self._extra}") if self._listed else None,
        )

    def rows(self) -> Iterator[Joined]:
        """Yield every row of the manifest in order, with what is known of it."""
        for cells in self._spool.rows("joined", by="line"):
            answer = answer_of_cells(cells["answers"], cells["answer"])
            yield Joined(_manifest_row(cells), self._task(cells), Said.of_cells(cells), answer)

    @property
    def leftovers(self) -> int:
        """Rows that could not be read, or that no row of the manifest accounts for."""
        return self._spool.number("SELECT count(*) FROM leftovers")

    def write_leftovers(self, path: Path) -> None:
        """Write them, with where each stands and what is wrong with it."""
        self._spool.write("SELECT * FROM leftovers ORDER BY ALL", path)

    def write_extras(self, path: Path, *, bucket: str) -> None:
        """Write what the destination holds besides, in the spelling of a manifest."""
        cells = f"{literal(encode_key(bucket))} AS bucket, key, size, etag"
        self._spool.write(f"SELECT {cells} {self._extra} ORDER BY key", path)

    @property
    def _extra(self) -> str:
        return _EXTRA.replace("$prefix", literal(self._prefix))

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


def _manifest_cells(row: ManifestRow | MalformedRow) -> tuple[object, ...]:
    if isinstance(row, MalformedRow):
        return row.line, "", "", "", json.dumps(row.text), "", json.dumps(row.problem)
    return row.line, *join_key(row.source), json.dumps(row.raw_key), json.dumps(row.extra), ""


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
    result: TaskResult | MalformedRow, *, written: ManifestFormat, null: str | None
) -> tuple[object, ...]:
    """Cells of a readable row.

    Raises:
        FormatError: The row is malformed, or binds to no object.
    """
    if isinstance(result, MalformedRow):
        raise FormatError(result.problem)
    if "+" in result.raw_key and not written.form_encoded:
        raise FormatError(f"key {result.raw_key!r} has a bare '+'; wanted %2B or %20")
    source = result.source(plus_is_space=written.form_encoded)
    return (
        *join_key(replace(source, version_id=source.version_id or null)),
        result.status.value,
        json.dumps(result.http_status),
        json.dumps(result.error_code),
        json.dumps(result.message),
        json.dumps(result.raw_key),
        json.dumps(result.version_id),
    )
