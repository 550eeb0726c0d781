"""Completion reports of format ``Report_CSV_20180820``: read, and written for rehearsals.

A report is a ``manifest.json`` that lists CSV parts with their MD5.  The columns stand in this
order, whatever the file's own ``ReportSchema`` says::

    Bucket, Key, VersionId, TaskStatus, HTTPStatusCode, ErrorCode, ResultMessage

The key repeats the text of the job's manifest.  Source: Amazon S3 User Guide, "Examples: S3
Batch Operations completion reports", and reports of live jobs.
"""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Self

from intact.batch.rows import MalformedRow, require_utf8
from intact.errors import FormatError
from intact.s3 import ObjectRef, decode_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

FORMAT = "Report_CSV_20180820"
SCHEMA = "Bucket, Key, VersionId, TaskStatus, ErrorCode, HTTPStatusCode, ResultMessage"
"""What S3 writes into every report; its order of columns 5 and 6 is wrong."""
COLUMNS = 7


class TaskStatus(Enum):
    """How one task of a job ended; the values are the report's words."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskResult:
    """One row of a completion report.

    Attributes:
        bucket: Source bucket.
        raw_key: Source key as the job's manifest spells it.
        version_id: Source version where the manifest named one.
        status: What the job says; never proof of content.
        http_status: Status code, 200 even for many failures.
        error_code: S3's error code, empty on success.
        message: Free text.
    """

    bucket: str
    raw_key: str
    version_id: str | None
    status: TaskStatus
    http_status: int | None
    error_code: str
    message: str

    def source(self, *, plus_is_space: bool = False) -> ObjectRef:
        """Return the object that the row speaks of, by the encoding of the job's manifest."""
        key = decode_key(self.raw_key, plus_is_space=plus_is_space)
        return ObjectRef(bucket=self.bucket, key=key, version_id=self.version_id)

    def row(self) -> str:
        """Write the row of a report that says this, CRLF included."""
        line = io.StringIO()
        csv.writer(line).writerow(
            (
                self.bucket,
                self.raw_key,
                self.version_id or "",
                self.status.value,
                "" if self.http_status is None else self.http_status,
                self.error_code,
                self.message,
            )
        )
        return line.getvalue()

    @classmethod
    def parse(cls, cells: list[str]) -> Self:
        """Read the seven cells of a row, columns 5 and 6 in either order.

        Raises:
            FormatError: A cell is not what its column holds.
        """
        if len(cells) != COLUMNS:
            raise FormatError(f"the row has {len(cells)} columns; wanted {COLUMNS}")
        bucket, raw_key, version_id, status, fifth, sixth, message = cells
        swapped = _numeric(sixth) and not _numeric(fifth)
        http_status, error_code = (sixth, fifth) if swapped else (fifth, sixth)
        if http_status and not _numeric(http_status):
            raise FormatError(f"HTTPStatusCode is {http_status!r}; wanted three digits")
        if status not in {member.value for member in TaskStatus}:
            raise FormatError(f"TaskStatus is {status!r}; wanted 'succeeded' or 'failed'")
        if not bucket or not raw_key:
            raise FormatError("the row has an empty bucket or key; wanted both")
        result = cls(
            bucket=bucket,
            raw_key=raw_key,
            version_id=version_id or None,
            status=TaskStatus(status),
            http_status=int(http_status) if http_status else None,
            error_code=error_code,
            message=message,
        )
        result.source()  # a row whose key has no decoded form is malformed
        return result


def _numeric(cell: str) -> bool:
    return len(cell) == len("200") and cell.isascii() and cell.isdigit()


def read_results(lines: Iterable[bytes]) -> Iterator[TaskResult | MalformedRow]:
    """Read one CSV part; every row yields one value.

    Messages may span lines inside quotes.  Rows of one line with unescaped quotes or commas in
    their message, which S3's own examples contain, are split at their first six commas.  A quote
    that is never closed damages rows up to ``csv.field_size_limit()`` characters.

    Args:
        lines: The part's lines with their line ends.
    """
    taken: list[str] = []

    def decoded() -> Iterator[str]:
        for raw in lines:
            taken.append(raw.decode("utf-8", "surrogateescape"))
            yield taken[-1]

    rows, line = csv.reader(decoded(), strict=True), 1
    while True:
        error = ""
        try:
            cells = next(rows)
        except StopIteration:
            return
        except csv.Error as found:
            cells, error = [], str(found)
        row = "".join(taken).removesuffix("\n").removesuffix("\r")
        yield _result(cells, row=row, line=line, error=error)
        line += len(taken)
        taken.clear()


def _result(cells: list[str], *, row: str, line: int, error: str) -> TaskResult | MalformedRow:
    try:
        require_utf8(row)
        return TaskResult.parse(cells if len(cells) == COLUMNS else _split(row, error=error))
    except FormatError as problem:
        return MalformedRow(line=line, text=row, problem=str(problem))


def _split(row: str, *, error: str) -> list[str]:
    """Split a row that is no CSV of seven columns at its first six commas.

    Raises:
        FormatError: A cell's extent is in doubt, not only the message's spelling.
    """
    *head, message = row.split(",", COLUMNS - 1)
    if error == "unexpected end of data" or '"' in "".join(head) or "\n" in row:
        raise FormatError(f"the row is no CSV: {error or f'{len(head) + 1} columns'}")
    return [*head, message.removeprefix('"').removesuffix('"')]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportPart:
    """One CSV file of a report.

    Attributes:
        bucket: Bucket that holds it.
        key: Its key.
        md5: MD5 of its bytes in lower-case hex.
        status: The one status that its rows have.
    """

    bucket: str
    key: str
    md5: str
    status: TaskStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportManifest:
    """``manifest.json`` of a completion report.

    Attributes:
        created: ``ReportCreationDate`` as written; fractions may have nine digits.
        parts: The CSV files, in the order listed.
    """

    created: str
    parts: tuple[ReportPart, ...]

    def write(self) -> bytes:
        """Write the JSON document that says this."""
        results = [
            {
                "TaskExecutionStatus": part.status.value,
                "Bucket": part.bucket,
                "MD5Checksum": part.md5,
                "Key": part.key,
            }
            for part in self.parts
        ]
        document = {
            "Format": FORMAT,
            "ReportCreationDate": self.created,
            "Results": results,
            "ReportSchema": SCHEMA,
        }
        return json.dumps(document).encode()

    @classmethod
    def parse(cls, document: bytes) -> Self:
        """Read the JSON document.

        Raises:
            FormatError: Not the ``manifest.json`` of a completion report.
        """
        try:
            fields = json.loads(document)
            found, report = (
                fields["Format"],
                cls(
                    created=fields["ReportCreationDate"],
                    parts=tuple(
                        ReportPart(
                            bucket=part["Bucket"],
                            key=part["Key"],
                            md5=part["MD5Checksum"],
                            status=TaskStatus(part["TaskExecutionStatus"]),
                        )
                        for part in fields["Results"]
                    ),
                ),
            )
        except (ValueError, KeyError, TypeError) as error:
            raise FormatError(f"report manifest.json: {error!r}") from None
        if found != FORMAT:
            raise FormatError(f"report manifest.json: Format is {found!r}; wanted {FORMAT!r}")
        return report
