"""One inventory in each of S3's formats, its rows written by independent code."""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus, unquote_plus

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from intact.batch.columns import COLUMNS, FileFormat, Kind, columns_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from intact.adapters.offline.inputs import InventoryInput


def _writes_orc() -> bool:
    """Whether this machine has a pyarrow with ORC, and time zones for it."""
    try:
        from pyarrow import orc  # noqa: PLC0415 - not in every build

        orc.write_table(pa.table({"t": pa.array([0], pa.timestamp("ms"))}), pa.BufferOutputStream())
    except (ImportError, pa.ArrowException):
        return False
    return True


needs_orc = pytest.mark.skipif(not _writes_orc(), reason="no ORC, or no time zones for it")
ORC = pytest.param(FileFormat.ORC, marks=needs_orc)
FORMATS = (FileFormat.CSV, ORC, FileFormat.PARQUET)
COLUMNAR = FORMATS[1:]
Row = dict[str, Any]
"""Cells by their names in ``COLUMNS``; None where an inventory does not say."""
TYPES: dict[Kind, tuple[pa.DataType, str, str]] = {
    Kind.TEXT: (pa.string(), "string", "binary {} (STRING)"),
    Kind.NUMBER: (pa.int64(), "bigint", "int64 {}"),
    Kind.FLAG: (pa.bool_(), "boolean", "boolean {}"),
    Kind.MOMENT: (pa.timestamp("ms", "UTC"), "timestamp", "int64 {} (TIMESTAMP(MILLIS,true))"),
}
"""As Arrow, ORC and Parquet name them."""


def schema_text(columns: Sequence[str], file_format: FileFormat) -> str:
    """The ``fileSchema`` that S3 would write."""
    named = [(name, *COLUMNS[name]) for name in columns]
    if file_format is FileFormat.CSV:
        return ", ".join(known for _, known, _ in named)
    if file_format is FileFormat.ORC:
        return "struct<" + ",".join(f"{name}:{TYPES[kind][1]}" for name, _, kind in named) + ">"
    fields = " ".join(f" optional {TYPES[kind][2].format(name)};" for name, _, kind in named)
    return f"message s3.inventory {{ {fields}}}"


def table(rows: Sequence[Row], columns: Sequence[str], *, naive: bool = False) -> pa.Table:
    """The rows as Arrow; ``naive`` leaves out the zone of moments, as ORC's ``timestamp`` does."""
    found = {}
    for name in columns:
        kind = TYPES[COLUMNS[name][1]][0]
        array = pa.array([row[name] for row in rows], kind)
        found[name] = array.cast(pa.timestamp("ms")) if naive and kind == _MOMENT else array
    return pa.table(found)


_MOMENT = TYPES[Kind.MOMENT][0]


def write_rows(
    path: Path, rows: Sequence[Row], columns: Sequence[str], file_format: FileFormat
) -> Path:
    """Write a file of an inventory, as many small row groups or stripes as there may be."""
    if file_format is FileFormat.PARQUET:
        pq.write_table(table(rows, columns), path, row_group_size=3)
    elif file_format is FileFormat.ORC:
        from pyarrow import orc  # noqa: PLC0415 - not in every build

        with orc.ORCWriter(path, compression="zlib", stripe_size=1024, batch_size=1) as writer:
            writer.write(table(rows, columns, naive=True))
    else:
        lines = (",".join(f'"{_text(name, row[name])}"' for name in columns) for row in rows)
        path.write_bytes(gzip.compress("".join(line + "\n" for line in lines).encode()))
    return path


def rewritten(listed: InventoryInput, file_format: FileFormat) -> InventoryInput:
    """The same inventory of CSV, in another format."""
    names = {known: name for name, (known, _) in COLUMNS.items()}
    columns = [names[known] for known in listed.schema]
    parts = []
    for part in listed.parts:
        with part.open(encoding="utf-8", newline="") as lines:
            rows = [
                {name: _value(name, cell) for name, cell in zip(columns, cells, strict=True)}
                for cells in csv.reader(lines)
            ]
        path = part.with_suffix(suffix(file_format))
        parts.append(write_rows(path, rows, columns, file_format))
    schema = columns_of(schema_text(columns, file_format), file_format)
    return replace(listed, parts=parts, schema=schema, file_format=file_format)


def _value(name: str, cell: str) -> Any:  # noqa: ANN401 - a cell
    if not cell:
        return None
    match COLUMNS[name][1]:
        case Kind.FLAG:
            return {"true": True, "false": False}[cell]
        case Kind.NUMBER:
            return int(cell)
        case Kind.MOMENT:
            return datetime.fromisoformat(cell)
        case Kind.TEXT:
            return unquote_plus(cell) if name == "key" else cell


def suffix(file_format: FileFormat) -> str:
    """What S3 ends the names of such files with."""
    return {FileFormat.CSV: ".csv.gz"}.get(file_format, f".{file_format.value.lower()}")


def document(
    files: Sequence[Path], columns: Sequence[str], file_format: FileFormat, *, taken: datetime
) -> bytes:
    """``manifest.json`` of an inventory whose files lie beside it."""
    listed = [
        {
            "key": f"inventory/data/{path.name}",
            "size": path.stat().st_size,
            "MD5checksum": hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest(),
        }
        for path in files
    ]
    return json.dumps(
        {
            "sourceBucket": "b",
            "destinationBucket": "arn:aws:s3:::lists",
            "version": "2016-11-30",
            "creationTimestamp": str(round(taken.timestamp() * 1000)),
            "fileFormat": file_format.value,
            "fileSchema": schema_text(columns, file_format),
            "files": listed,
        }
    ).encode()


def _text(name: str, value: Any) -> str:  # noqa: ANN401 - a cell
    if value is None:
        return ""
    match COLUMNS[name][1]:
        case Kind.FLAG:
            return str(value).lower()
        case Kind.MOMENT:
            return f"{value:%Y-%m-%dT%H:%M:%S}.{value.microsecond // 1000:03}Z"
        case _:
            return quote_plus(str(value)) if name == "key" else str(value)
