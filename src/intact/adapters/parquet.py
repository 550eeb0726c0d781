"""How this package writes Parquet: small where that is cheap, and always alike."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from collections.abc import Iterator

_TELLING = {
    "row",
    "key",
    "raw_key",
    "version",
    "etag",
    "digest",
    "digests",
    "size",
    "sizes",
    "last_modified",
    "begun",
    "row_text",
}
"""Members with many values, which compression makes small; dictionaries do that for the rest."""
_SKIPPED_BY = {"row", "verdict", "reason", "level"}
"""Columns by whose extremes readers skip what they do not want; elsewhere those cost a tenth."""


def parquet(table: pa.Table) -> pa.Buffer:
    """Write a table of ``SCHEMA`` as a file in memory."""
    stream = pa.BufferOutputStream()
    pq.write_table(table, stream, **settings(table.schema))
    return stream.getvalue()


@cache
def settings(schema: pa.Schema) -> dict[str, Any]:
    """Return what to tell pyarrow's writer about these columns of ``SCHEMA``."""
    leaves = [leaf for field in schema for leaf in _leaves(field)]
    return {
        "use_dictionary": [leaf for leaf in leaves if _member(leaf) not in _TELLING],
        "write_statistics": [leaf for leaf in leaves if leaf in _SKIPPED_BY],
        "compression": {leaf: "zstd" if _member(leaf) in _TELLING else "none" for leaf in leaves},
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
