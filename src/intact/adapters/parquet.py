"""How this package writes Parquet: small where that is cheap, and always alike."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from collections.abc import Iterator

_NUMBERS = {"row", "size", "sizes"}
"""Members whose numbers go from one to the next, so that their differences are small."""
_TELLING = _NUMBERS | {
    "key",
    "raw_key",
    "version",
    "etag",
    "digest",
    "digests",
    "last_modified",
    "begun",
    "row_text",
}
"""Members with many values, which compression makes small; dictionaries do that for the rest."""
_SKIPPED_BY = {"row", "verdict", "reason", "level"}
"""Columns by whose extremes readers skip what they do not want; elsewhere those cost a tenth."""
_BATCH = 1 << 14
"""Values that are encoded at a time; the writer's own 1024 cost it a twentieth more."""


def parquet(table: pa.Table) -> pa.Buffer:
    """Write a table of ``SCHEMA`` as a file in memory."""
    stream = pa.BufferOutputStream()
    pq.write_table(table, stream, **settings(table.schema, nulls(table)))
    return stream.getvalue()


def nulls(table: pa.Table) -> frozenset[str]:
    """Return the names of the columns in which there is nothing."""
    return frozenset(
        name
        for name, column in zip(table.column_names, table.columns, strict=True)
        if column.null_count == len(column)
    )


@lru_cache(maxsize=16)
def settings(schema: pa.Schema, empty: frozenset[str] = frozenset()) -> dict[str, Any]:
    """Return what to tell pyarrow's writer about these columns of ``SCHEMA``.

    Args:
        schema: The columns.
        empty: Those in which there is nothing, so that no dictionary or compressor is wanted.
    """
    leaves = {leaf: _member(leaf) for field in schema for leaf in _leaves(field)}
    held = {leaf: name for leaf, name in leaves.items() if leaf.partition(".")[0] not in empty}
    telling = [leaf for leaf, name in held.items() if name in _TELLING]
    return {
        "use_dictionary": [leaf for leaf in held if leaf not in telling],
        "column_encoding": {
            leaf: "DELTA_BINARY_PACKED" for leaf in telling if held[leaf] in _NUMBERS
        },
        "compression": dict.fromkeys(telling, "zstd"),
        "write_statistics": [leaf for leaf in leaves if leaf in _SKIPPED_BY],
        "write_batch_size": _BATCH,
    }


def _leaves(field: pa.Field, path: str = "") -> Iterator[str]:
    """Parquet's names of the columns below a field."""
    name = f"{path}{field.name}"
    kind = field.type
    if pa.types.is_list(kind):
        yield from _leaves(pa.field("element", kind.value_type), f"{name}.list.")
    elif pa.types.is_struct(kind):
        for member in kind:
            yield from _leaves(member, f"{name}.")
    else:
        yield name


def _member(leaf: str) -> str:
    return leaf.removesuffix(".list.element").rpartition(".")[2]
