"""A ledger as one flat table: a row for each row of the manifest, a plain value in each column.

This is what spreadsheets, pandas and reports read.  The ledger itself holds more: every answer of
S3, the versions, the parts.  ``problem`` is why an answer is lacking; checksums are written as
``ALGORITHM:TYPE:BASE64``, several apart by spaces.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from intact.adapters.arrow import SCHEMA
from intact.audit import Reason, Verdict
from intact.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from intact.adapters.ledger import LedgerReader

_BATCH = 10_000
_MOMENT = pa.timestamp("us", tz="UTC")
FLAT = pa.schema(
    [
        pa.field("row", pa.int64(), nullable=False),
        pa.field("verdict", pa.string(), nullable=False),
        pa.field("reason", pa.string(), nullable=False),
        pa.field("level", pa.string(), nullable=False),
        pa.field("explanation", pa.string(), nullable=False),
        pa.field("remedy", pa.string(), nullable=False),
        ("problem", pa.string()),
        ("source_bucket", pa.string()),
        ("source_key", pa.string()),
        ("source_version", pa.string()),
        ("source_size", pa.int64()),
        ("source_modified", _MOMENT),
        ("source_etag", pa.string()),
        ("source_checksums", pa.string()),
        ("destination_bucket", pa.string()),
        ("destination_key", pa.string()),
        ("destination_version", pa.string()),
        ("destination_size", pa.int64()),
        ("destination_modified", _MOMENT),
        ("destination_etag", pa.string()),
        ("destination_checksums", pa.string()),
        ("task_status", pa.string()),
        ("task_http_status", pa.int32()),
        ("task_error_code", pa.string()),
        ("task_message", pa.string()),
        ("row_text", pa.string()),
    ]
)
"""Every column, in order."""
_WORDS = {
    "task": ("unreadable", "absent"),
    "source_object": ("unreadable", "absent", "withheld"),
    "destination_object": ("unreadable", "absent", "withheld"),
    "source_versions": ("unreadable",),
    "destination_versions": ("unreadable",),
    "source_parts": ("unreadable",),
    "destination_parts": ("unreadable",),
    "source_bytes": ("unreadable", "withheld"),
    "destination_bytes": ("unreadable", "withheld"),
}
"""Where the ledger says why there is no answer, and which of the words says it."""
_REASONS = pa.array([reason.value for reason in Reason])
_SENTENCES = pa.array([reason.sentence for reason in Reason])
_REMEDIES = pa.array([reason.remedy for reason in Reason])


def flat_batches(
    ledger: LedgerReader, *, besides: Verdict | None = None
) -> Iterator[pa.RecordBatch]:
    """Yield the table in order, some thousand rows at a time.

    Args:
        ledger: To be read anew by each call.
        besides: Rows of this verdict are left out, cheaply.

    Raises:
        FormatError: A segment is damaged.
    """
    for file in ledger.files():
        yield from map(_flat, _segment(file, besides))


def flat_rows(
    ledger: LedgerReader, *, besides: Verdict | None = None, exact: bool = False
) -> Iterator[dict[str, Any]]:
    r"""Yield the table row by row, each value by its column.

    Args:
        ledger: As for ``flat_batches``.
        besides: The same.
        exact: Whether bytes of ``row_text`` that are no UTF-8 are surrogate-escaped, not written
            as ``\\xe9``.

    Raises:
        FormatError: A segment is damaged.
    """
    for file in ledger.files():
        for batch in _segment(file, besides):
            columns = {name: column.to_pylist() for name, column in _columns(batch).items()}
            if exact:
                texts = batch["row_text"].to_pylist()
                columns["row_text"] = [
                    raw and raw.decode(errors="surrogateescape") for raw in texts
                ]
            for values in zip(*columns.values(), strict=True):
                yield dict(zip(FLAT.names, values, strict=True))


def write_flat(ledger: LedgerReader, path: Path) -> None:
    """Write the table as one Parquet file, a batch in memory at a time.

    Raises:
        FormatError: A segment is damaged.
        OSError: The file cannot be written.
    """
    with pq.ParquetWriter(path, FLAT, compression="zstd") as writer:
        for batch in flat_batches(ledger):
            writer.write_batch(batch)


def flat_table(ledger: LedgerReader) -> pa.Table:
    """Return the whole table; it must fit into memory.

    Raises:
        FormatError: A segment is damaged.
    """
    return pa.Table.from_batches(flat_batches(ledger), schema=FLAT)


def _segment(file: Path, besides: Verdict | None) -> Iterator[pa.RecordBatch]:
    try:
        with pq.ParquetFile(file) as parquet:
            for batch in parquet.iter_batches(batch_size=_BATCH):
                table = pa.Table.from_batches([batch]).select(SCHEMA.names).cast(SCHEMA)
                if besides is not None:
                    table = table.filter(pc.not_equal(table["verdict"], besides.value))
                yield from table.combine_chunks().to_batches()
    except (pa.ArrowException, KeyError, OSError) as error:
        raise FormatError(f"{file}: {error}") from None


def _flat(batch: pa.RecordBatch) -> pa.RecordBatch:
    return pa.record_batch(list(_columns(batch).values()), FLAT)


def _columns(batch: pa.RecordBatch) -> dict[str, pa.Array]:
    """Every column of the flat table, in order."""
    reasons = pc.index_in(batch["reason"], _REASONS)
    columns = {name: batch[name] for name in ("row", "verdict", "reason", "level")}
    columns["explanation"] = pc.take(_SENTENCES, reasons)
    columns["remedy"] = pc.take(_REMEDIES, reasons)
    columns["problem"] = _problem(batch)
    for side in ("source", "destination"):
        ref, facts = batch[side], batch[f"{side}_object"]
        columns |= {f"{side}_{name}": _member(ref, name) for name in ("bucket", "key")}
        columns[f"{side}_version"] = pc.coalesce(_member(facts, "version"), _member(ref, "version"))
        columns[f"{side}_size"] = _member(facts, "size")
        columns[f"{side}_modified"] = _member(facts, "last_modified")
        columns[f"{side}_etag"] = _member(facts, "etag")
        columns[f"{side}_checksums"] = _checksums(_member(facts, "checksums"))
    for name in ("status", "http_status", "error_code", "message"):
        columns[f"task_{name}"] = _member(batch["task"], name)
    columns["row_text"] = _texts(batch["row_text"])
    return {name: columns[name].cast(FLAT.field(name).type) for name in FLAT.names}


def _member(column: pa.Array, name: str) -> pa.Array:
    return pc.struct_field(column, name)


def _problem(batch: pa.RecordBatch) -> pa.Array:
    """All that is said of lacking answers, each once where both sides say the same."""
    told = [batch["row_problem"]]
    told += [_member(batch[column], word) for column, words in _WORDS.items() for word in words]
    rows = zip(*(column.to_pylist() for column in told if column.null_count < len(column)))  # noqa: B905 - equally long
    joined = ["; ".join(dict.fromkeys(filter(None, row))) or None for row in rows]
    return pa.array(joined or [None] * len(batch), pa.string())


def _checksums(column: pa.Array) -> pa.Array:
    items = column.flatten()
    digests = pc.binary_join_element_wise(
        _member(items, "digest"),
        _member(items, "parts").cast(pa.string()),
        "-",
        null_handling="skip",
    )
    texts = pc.binary_join_element_wise(
        _member(items, "algorithm"), pc.fill_null(_member(items, "type"), ""), digests, ":"
    )
    lengths = pc.fill_null(column.value_lengths(), 0).to_pylist()
    offsets = [0]
    for length in lengths:
        offsets.append(offsets[-1] + length)
    joined = pc.binary_join(pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), texts), " ")
    return pc.if_else(pc.equal(joined, ""), None, joined)


def _texts(column: pa.Array) -> pa.Array:
    r"""Bytes that may be no UTF-8, as text: what is none is written ``\xe9``."""
    texts = [raw and raw.decode("utf-8", "backslashreplace") for raw in column.to_pylist()]
    return pa.array(texts, pa.string())
