"""Columns of an inventory by the ``fileSchema`` of its ``manifest.json``, in each of its formats.

CSV names them alone.  ORC has ``struct<bucket:string,...>``, Parquet ``message s3.inventory
{ required binary bucket (STRING); ... }``, in S3's older spelling ``(UTF8)`` and
``(TIMESTAMP_MILLIS)``.  Source: Amazon S3 User Guide, "Locating your inventory list"; inventories
of one bucket in all three formats, of May 2024, in umccr/orcabus.

Only CSV URL-encodes keys ("Cataloging and analyzing your data with S3 Inventory").  That ORC and
Parquet hold them as they are follows from that, and other readers rely on it (treeverse/lakeFS).
"""

from __future__ import annotations

import re
from enum import Enum
from typing import TYPE_CHECKING

from intact.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Iterator


class FileFormat(Enum):
    """Format of an inventory's files, by the word in ``fileFormat``."""

    CSV = "CSV"
    """Rows of text, compressed with gzip; what Batch Operations takes as a manifest."""
    ORC = "ORC"
    PARQUET = "Parquet"


class Kind(Enum):
    """What a column holds."""

    TEXT = "text"
    NUMBER = "number"
    FLAG = "flag"
    MOMENT = "moment"


COLUMNS = {
    "bucket": ("Bucket", Kind.TEXT),
    "key": ("Key", Kind.TEXT),
    "version_id": ("VersionId", Kind.TEXT),
    "is_latest": ("IsLatest", Kind.FLAG),
    "is_delete_marker": ("IsDeleteMarker", Kind.FLAG),
    "size": ("Size", Kind.NUMBER),
    "last_modified_date": ("LastModifiedDate", Kind.MOMENT),
    "e_tag": ("ETag", Kind.TEXT),
    "storage_class": ("StorageClass", Kind.TEXT),
    "encryption_status": ("EncryptionStatus", Kind.TEXT),
}
"""Columns that are read, by their names in ORC and Parquet: their names in CSV, and kinds."""
_TYPES = {
    FileFormat.ORC: {
        Kind.TEXT: ("string",),
        Kind.NUMBER: ("bigint", "int"),
        Kind.FLAG: ("boolean",),
        Kind.MOMENT: ("timestamp", "timestamp with local time zone"),
    },
    FileFormat.PARQUET: {
        Kind.TEXT: ("binary (STRING)", "binary (UTF8)"),
        Kind.NUMBER: ("int64", "int64 (INTEGER(64,true))", "int64 (INT_64)", "int32"),
        Kind.FLAG: ("boolean",),
        Kind.MOMENT: (
            "int64 (TIMESTAMP(MILLIS,true))",
            "int64 (TIMESTAMP_MILLIS)",
            "int64 (TIMESTAMP(MICROS,true))",
            "int64 (TIMESTAMP_MICROS)",
            "int64 (TIMESTAMP(NANOS,true))",
        ),
    },
}
"""Types that say what a column of a kind holds: the first is what S3 writes now."""
_STRUCT = re.compile(r"struct<(.*)>", re.DOTALL)
_MESSAGE = re.compile(r"message\s+[^\s{]+\s*\{(.*)\}", re.DOTALL)
_FIELD = re.compile(
    r"\s*(?:required|optional)\s+(\w+(?:\(\d+\))?)\s+(\w+)"
    r"\s*(\((?:[^()]|\([^()]*\))*\))?\s*(?:=\s*\d+)?\s*;"
)


def columns_of(schema: str, file_format: FileFormat) -> tuple[str, ...]:
    """Names of the columns, in order: CSV's for those of ``COLUMNS``, others as they stand there.

    Raises:
        FormatError: The text is no schema of that format, or a column that is read is of a type
            that does not say what it holds.
    """
    text = schema.strip()
    if file_format is FileFormat.CSV:
        return tuple(name.strip() for name in text.split(","))
    split = _members if file_format is FileFormat.ORC else _fields
    return tuple(_named(name, kind, file_format) for name, kind in split(text))


def _named(name: str, told: str, file_format: FileFormat) -> str:
    if name not in COLUMNS:
        return name
    known, kind = COLUMNS[name]
    wanted = _TYPES[file_format][kind]
    if told not in wanted:
        raise FormatError(
            f"inventory manifest.json: fileSchema has {name} of type {told}; wanted {wanted[0]}"
        )
    return known


def _members(text: str) -> Iterator[tuple[str, str]]:
    """Yield name and type of each column of a struct."""
    found = _STRUCT.fullmatch(text)
    if found is None:
        raise _no_schema(text, "struct<bucket:string,...>")
    begin = depth = 0
    inner = found[1] + ","
    for place, character in enumerate(inner):
        depth += (character in "<(") - (character in ">)")
        if character == "," and not depth:
            name, colon, told = inner[begin:place].partition(":")
            if not colon:
                raise _no_schema(text, "struct<bucket:string,...>")
            yield name.strip(), told.strip()
            begin = place + 1
    if depth:
        raise _no_schema(text, "struct<bucket:string,...>")


def _fields(text: str) -> Iterator[tuple[str, str]]:
    """Yield name and type of each column of a message."""
    found = _MESSAGE.fullmatch(text)
    inner = found[1].rstrip() if found else ""
    place = 0
    while place < len(inner) and (field := _FIELD.match(inner, place)):
        note = re.sub(r"\s+", "", field[3] or "")
        yield field[2], f"{field[1]} {note}".rstrip()
        place = field.end()
    if not inner or place < len(inner):
        raise _no_schema(text, "message s3.inventory { required binary bucket (STRING); ... }")


def _no_schema(text: str, wanted: str) -> FormatError:
    return FormatError(f"inventory manifest.json: fileSchema is {text!r}; wanted {wanted}")
