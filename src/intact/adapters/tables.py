"""Lists of objects in local files: one key per line, CSV, Parquet."""

from __future__ import annotations

import csv
from enum import Enum
from typing import IO, TYPE_CHECKING

import duckdb

from intact.adapters.patterns import exactly
from intact.batch.listed import COLUMNS, Listed
from intact.batch.manifest import IGNORE
from intact.errors import FormatError, UsageError
from intact.s3 import ObjectRef, decode_key

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

CHUNK = 1 << 20
PAGE = 20_000
"""Rows of a Parquet file in memory at a time."""


class Spelling(Enum):
    """How a table spells keys."""

    PLAIN = "plain"
    """As they are."""
    PERCENT = "percent"
    """URL-encoded, a plus being a plus."""
    FORM = "form"
    """URL-encoded, a plus being a space."""

    def decode(self, text: str) -> str:
        """Return the key.

        Raises:
            FormatError: The decoded bytes are no UTF-8.
        """
        if self is Spelling.PLAIN:
            return text
        return decode_key(text, plus_is_space=self is Spelling.FORM)


def keys_in(file: IO[bytes], *, bucket: str, end: bytes = b"\n") -> Iterator[Listed]:
    """Yield the keys of a text file, each as it stands there, without its end.

    Args:
        file: Open for reading bytes.
        bucket: Bucket of all of them.
        end: What ends a key: a line feed or NUL.

    Raises:
        FormatError: A key is empty, no UTF-8, or ends in a carriage return that may be the
            line's or the key's.
    """
    for number, raw in enumerate(_split(file, end), 1):
        try:
            key = raw.decode("utf-8")
        except UnicodeDecodeError:
            raise FormatError(f"key {number} is {raw!r}; wanted UTF-8") from None
        if not key or (end == b"\n" and key.endswith("\r")):
            raise FormatError(f"key {number} is {key!r}; wanted one key per line, or NUL with -0")
        yield Listed(source=ObjectRef(bucket=bucket, key=key))


def _split(file: IO[bytes], end: bytes) -> Iterator[bytes]:
    rest = b""
    while chunk := file.read(CHUNK):
        *whole, rest = (rest + chunk).split(end)
        yield from whole
    if rest:
        yield rest


def csv_rows(
    file: IO[bytes],
    *,
    columns: Sequence[str],
    spelling: Spelling,
    bucket: str | None = None,
    header: bool = False,
) -> Iterator[Listed]:
    """Yield the rows of a CSV file.

    Args:
        file: Open for reading bytes.
        columns: Meaning of each column: names among ``COLUMNS``.
        spelling: How keys are spelled.
        bucket: Bucket, where no column holds it.
        header: Whether the first row names the columns, and is skipped.

    Raises:
        UsageError: The columns bind no object.
        FormatError: A row is not what the columns promise; the message names its line.
    """
    require_columns(columns, bucket=bucket)
    rows = csv.reader((raw.decode("utf-8") for raw in file), strict=True)
    line = 0
    try:
        for number, values in enumerate(rows):
            line = rows.line_num
            if number or not header:
                yield _row(dict(zip(columns, values, strict=True)), spelling, bucket=bucket)
    except (FormatError, ValueError, csv.Error) as error:
        raise FormatError(f"line {max(line, rows.line_num)}: {error}") from None


def _row(cells: dict[str, str], spelling: Spelling, *, bucket: str | None) -> Listed:
    return Listed.from_cells(cells | {"Key": spelling.decode(cells["Key"])}, bucket=bucket)


def require_columns(columns: Sequence[str], *, bucket: str | None) -> None:
    """Refuse columns that bind no object.

    Raises:
        UsageError: A name is unknown or stands twice, or Bucket or Key is missing.
    """
    named = [name for name in columns if name != IGNORE]
    if unknown := sorted(set(named) - set(COLUMNS)):
        raise UsageError(f"columns have {', '.join(unknown)}; wanted some of {', '.join(COLUMNS)}")
    if len(set(named)) < len(named) or "Key" not in named or not (bucket or "Bucket" in named):
        raise UsageError(
            f"columns are {','.join(columns)}; wanted Key, and Bucket or --bucket, once"
        )


def parquet_columns(path: Path) -> dict[str, str]:
    """Columns of a Parquet file that this package knows, by its own names for them.

    S3 Inventory and S3 Metadata spell them ``version_id``, ``e_tag`` and so on.
    """
    known = {name.lower(): name for name in COLUMNS}
    with duckdb.connect() as connection:
        described = connection.execute(
            "SELECT name FROM parquet_schema(?) WHERE num_children IS NULL", [exactly(path)]
        ).fetchall()
    return {
        known[plain]: name
        for (name,) in described
        if (plain := name.lower().replace("_", "")) in known
    }


def parquet_rows(
    path: Path, *, spelling: Spelling = Spelling.PLAIN, bucket: str | None = None
) -> Iterator[Listed]:
    """Yield the rows of a Parquet file, in order.

    An empty version in a file that has versions is the null version, as in S3 Inventory.

    Raises:
        UsageError: The columns bind no object.
        FormatError: A row is not what the columns promise, or the file is no Parquet.
    """
    number = 0
    try:
        columns = parquet_columns(path)
        require_columns(tuple(columns), bucket=bucket)
        selected = ", ".join(
            f"coalesce(CAST({_quoted(name)} AS VARCHAR), '')" for name in columns.values()
        )
        query = f"SELECT {selected} FROM read_parquet(?)"  # noqa: S608 - quoted names
        with duckdb.connect(config={"memory_limit": "1GB"}) as connection:
            cursor = connection.execute(query, [exactly(path)])
            while page := cursor.fetchmany(PAGE):
                for values in page:
                    number += 1
                    yield _parquet_row(dict(zip(columns, values, strict=True)), spelling, bucket)
    except duckdb.Error as error:
        raise FormatError(f"{path}: {error}") from None
    except FormatError as error:
        raise FormatError(f"{path}, row {number}: {error}") from None


def _parquet_row(cells: dict[str, str], spelling: Spelling, bucket: str | None) -> Listed:
    if "VersionId" in cells:
        cells["VersionId"] = cells["VersionId"] or "null"
    return _row(cells, spelling, bucket=bucket)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
