"""Inventories in Apache Parquet or Apache ORC, a few rows at a time, in columns of known types.

A column whose type does not say what it holds is refused, and so is a row that says too little: a
moment has a zone, text is UTF-8, an object has a size.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from intact.adapters.orc import UTC, writer_zones
from intact.batch.columns import COLUMNS, FileFormat, Kind
from intact.errors import FormatError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

_TYPES = {
    Kind.TEXT: pa.string(),
    Kind.NUMBER: pa.int64(),
    Kind.FLAG: pa.bool_(),
    Kind.MOMENT: pa.timestamp("us", "UTC"),
}
_WORDS = {
    Kind.TEXT: "text",
    Kind.NUMBER: "a whole number",
    Kind.FLAG: "a boolean",
    Kind.MOMENT: "a timestamp in UTC",
}
_MOMENT, _MARKER = "last_modified_date", "is_delete_marker"
_BUFFER = 1 << 20
"""Bytes of a column that are read at a time."""


def inventory_batches(
    path: Path, *, file_format: FileFormat, schema: Sequence[str], rows: int
) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a file: those of its columns that are in ``COLUMNS``, by their names there.

    Text is a string, a moment in microseconds of UTC, a number one of 64 bits.  Null is what the
    inventory does not say: of a delete marker most, of the null version its name.

    Args:
        path: The file.
        file_format: ORC or Parquet.
        schema: Columns that its ``manifest.json`` promises; see ``columns_of``.
        rows: How many to yield at a time.

    Raises:
        FormatError: It is no such file, a column is not what was promised, or a row is malformed.
        UsageError: This machine cannot read ORC.
        OSError: The file could not be read.
    """
    names = [name for name, (known, _) in COLUMNS.items() if known in schema]
    read = _parquet if file_format is FileFormat.PARQUET else _orc
    line = 0
    try:
        for batch in read(path, names, rows):
            yield _checked(batch, names, file=path.name, before=line)
            line += batch.num_rows
    except (pa.ArrowException, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:  # the machine's
            raise
        if "TZDIR" in str(error):
            raise UsageError(f"ORC needs a time zone database, such as tzdata: {error}") from None
        raise FormatError(f"{path.name}: {error}; wanted {file_format.value}") from None


def _parquet(path: Path, names: list[str], rows: int) -> Iterator[pa.RecordBatch]:
    with pq.ParquetFile(path, pre_buffer=False, buffer_size=_BUFFER) as file:
        _require(file.schema_arrow, names, file=path.name)
        groups = (
            file.iter_batches(rows, row_groups=[group], columns=names)
            for group in range(file.num_row_groups)
        )
        yield from _all(chain.from_iterable(groups), file.metadata.num_rows, file=path.name)


def _orc(path: Path, names: list[str], rows: int) -> Iterator[pa.RecordBatch]:
    try:
        from pyarrow import dataset, fs, orc  # noqa: PLC0415 - not in every build of pyarrow
    except ImportError as error:
        raise UsageError(f"{error}; ORC needs a pyarrow that reads it") from None
    with pa.OSFile(str(path)) as source:
        file = orc.ORCFile(source)
        schema, held = file.schema, file.nrows
    _require(schema, names, file=path.name, wall_clock=True)
    walled = _MOMENT in names and schema.field(_MOMENT).type.tz is None
    if walled and (strange := writer_zones(path) - UTC):
        told = ", ".join(sorted(str(zone) for zone in strange))
        raise FormatError(f"{path.name}: its timestamps are of time zone {told}; wanted UTC")
    fragment = dataset.OrcFileFormat().make_fragment(
        path.absolute().as_posix(), filesystem=fs.LocalFileSystem()
    )
    scanner = fragment.scanner(
        columns=names, batch_size=rows, batch_readahead=1, fragment_readahead=1, use_threads=False
    )
    yield from _all(scanner.to_batches(), held, file=path.name)


def _all(batches: Iterable[pa.RecordBatch], wanted: int, *, file: str) -> Iterator[pa.RecordBatch]:
    """Yield batches that hold as many rows as the file says."""
    got = 0
    for batch in batches:
        yield batch
        got += batch.num_rows
    if got != wanted:
        raise FormatError(f"{file}: has {got:,} rows; wanted {wanted:,}, as it says itself")


def _require(
    schema: pa.Schema, names: Sequence[str], *, file: str, wall_clock: bool = False
) -> None:
    """Check that a file has the columns that were promised, and each says what it holds.

    Args:
        schema: What it has.
        names: What was promised.
        file: Its name.
        wall_clock: Whether the file says elsewhere which zone timestamps are of.

    Raises:
        FormatError: It has others.
    """
    found = sorted(name for name in schema.names if name in COLUMNS)
    if found != sorted(names):
        raise FormatError(
            f"{file}: has columns {', '.join(found)}; "
            f"wanted {', '.join(sorted(names))}, as its manifest.json promises"
        )
    for name in names:
        kind, told = COLUMNS[name][1], schema.field(name).type
        fits = {
            Kind.TEXT: pa.types.is_string(told) or pa.types.is_large_string(told),
            Kind.NUMBER: told in {pa.int32(), pa.int64()},
            Kind.FLAG: pa.types.is_boolean(told),
            Kind.MOMENT: pa.types.is_timestamp(told) and (wall_clock or told.tz is not None),
        }
        if not fits[kind]:
            raise FormatError(f"{file}: column {name} is {told}; wanted {_WORDS[kind]}")


def _checked(
    batch: pa.RecordBatch, names: Sequence[str], *, file: str, before: int
) -> pa.RecordBatch:
    """Give columns their types; every row says what a row of an inventory must.

    Raises:
        FormatError: One does not.
    """
    columns = {name: _typed(batch.column(name), name, file=file) for name in names}

    def require(name: str, wrong: pa.BooleanArray, wanted: str) -> None:
        place = pc.index(wrong, value=True).as_py()
        if place >= 0:
            got = columns[name][place].as_py()
            line = before + place + 1
            raise FormatError(f"{file}, row {line}: {name} is {got!r}; wanted {wanted}")

    for name in ("bucket", "key"):
        require(name, pc.equal(pc.fill_null(columns[name], ""), ""), "a name")
    if _MOMENT in columns:
        require(_MOMENT, columns[_MOMENT].is_null(), "a timestamp")
    if "size" in columns:
        objects = pa.repeat(pa.scalar(value=True), len(batch))
        if _MARKER in columns:
            objects = pc.invert(pc.fill_null(columns[_MARKER], fill_value=False))
        wrong = pc.less(pc.fill_null(columns["size"], -1), 0)
        require("size", pc.and_(objects, wrong), "bytes of an object")
    return pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns))


def _typed(column: pa.Array, name: str, *, file: str) -> pa.Array:
    try:
        typed = column.cast(_TYPES[COLUMNS[name][1]])
        typed.validate(full=True)  # text is UTF-8
    except pa.ArrowException as error:
        raise FormatError(f"{file}: column {name}: {error}") from None
    return typed
