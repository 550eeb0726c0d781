"""What tasks hand to one another: small files, named by what they hold and by who made them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from intact.adapters.spark.sizes import PIECE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

DDL = "name string, slice int, origin string, content binary"
"""``SCHEMA`` in Spark's words."""
SCHEMA = pa.schema(
    [
        ("name", pa.string()),
        ("slice", pa.int32()),
        ("origin", pa.string()),
        ("content", pa.binary()),
    ]
)
NOTES = -1
"""Slice of what tasks tell the driver."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A file on its way.

    Attributes:
        name: Input that it is of.
        slice: Which hash of keys, or which stretch of rows; ``NOTES`` for the driver.
        origin: Who made it; with name and slice it is one piece, however often it comes.
        content: Its bytes.
    """

    name: str
    slice: int
    origin: str
    content: bytes

    @classmethod
    def note(cls, name: str, origin: str, **told: Any) -> Piece:  # noqa: ANN401 - JSON
        """Tell the driver, and by which version of this package."""
        content = json.dumps({"intact": version("intact"), **told}).encode()
        return cls(name=name, slice=NOTES, origin=origin, content=content)


def arrow_files(table: pa.Table) -> Iterator[bytes]:
    """Cut a table into Arrow files of about ``PIECE`` bytes, each of which can be read alone."""
    rows = max(1, table.num_rows * PIECE // max(table.nbytes, 1))
    for begin in range(0, table.num_rows, rows):
        stream = pa.BufferOutputStream()
        with pa.ipc.new_file(stream, table.schema) as writer:
            writer.write_table(table.slice(begin, rows).combine_chunks())
        yield stream.getvalue().to_pybytes()


def batches(pieces: Iterable[Piece]) -> Iterator[pa.RecordBatch]:
    """Yield a batch for each piece, so that one is in memory at a time."""
    for piece in pieces:
        row = [[piece.name], [piece.slice], [piece.origin], [piece.content]]
        yield pa.RecordBatch.from_arrays(
            [pa.array(cell, field.type) for cell, field in zip(row, SCHEMA, strict=True)],
            schema=SCHEMA,
        )


def unpack(found: Iterable[pa.RecordBatch]) -> Iterator[Piece]:
    """Yield the pieces of batches."""
    for batch in found:
        for row in batch.to_pylist():
            yield Piece(**row)
