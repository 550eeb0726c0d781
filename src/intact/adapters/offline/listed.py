"""What the rows of an inventory become when they are staged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from intact.adapters.offline.words import quoted
from intact.adapters.patterns import exactly
from intact.errors import FormatError
from intact.s3.objects import SSE_S3

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from intact.adapters.offline.inputs import InventoryInput

LISTED = {
    "bucket": "VARCHAR",
    "key": "VARCHAR",
    "version": "VARCHAR",
    "size": "BIGINT",
    "etag": "VARCHAR",
    "last_modified": "TIMESTAMPTZ",
    "encryption": "VARCHAR",
    "storage_class": "VARCHAR",
    "archived": "BOOLEAN",
    "marker": "BOOLEAN",
    "latest": "BOOLEAN",
}
_NEEDED = frozenset({"Bucket", "Key", "Size", "LastModifiedDate", "ETag"})
_COLUMNS = {
    "version": ("version_id", "coalesce(nullif(version_id, ''), 'null')", "NULL::VARCHAR"),
    "encryption": ("encryption_status", "encryption_status", "NULL::VARCHAR"),
    "storage": ("storage_class", "coalesce(storage_class, '')", "NULL::VARCHAR"),
    "marker": ("is_delete_marker", "coalesce(is_delete_marker, false)", "false"),
    "latest": ("is_latest", "coalesce(is_latest, false)", "true"),
}
"""What is made of columns of ``inventory_batches`` that may lack: theirs, SQL with and without."""


def require_columns(listed: InventoryInput) -> None:
    """Check that an inventory has what an audit needs.

    Raises:
        FormatError: Its columns do not say that.
    """
    missing = sorted(_NEEDED - set(listed.schema))
    if missing:
        raise FormatError(f"inventory has no column {', '.join(missing)}; wanted them all")
    if "VersionId" in listed.schema and "IsLatest" not in listed.schema:
        raise FormatError("inventory has VersionId without IsLatest; wanted both, or none")


def text_query(listed: InventoryInput, *, prefix: str) -> str:
    """SQL that reads an inventory's CSV as S3 writes it.

    Args:
        listed: Its files and their columns.
        prefix: What the keys have before the source's; a key without it is nobody's copy.
    """
    cell = {name: f'"{name}"' for name in listed.schema}
    described = ", ".join(f"{quoted(name)}: 'VARCHAR'" for name in listed.schema)
    files = ", ".join(quoted(exactly(part)) for part in listed.parts)
    form = "replace(Key, '+', ' ')"
    columns = {
        "bucket": "CASE WHEN Bucket = '' OR Key = '' THEN error('a row has no bucket or key') "
        "ELSE Bucket END",
        "key": "CASE WHEN contains(Key, '+') AND contains(Key, '%20') "
        "THEN error('a key has both + and %20') "
        f"WHEN contains(Key, '%') THEN url_decode({form}) ELSE {form} END",
        "version": f"coalesce(nullif({cell['VersionId']}, ''), 'null')"
        if "VersionId" in cell
        else "NULL::VARCHAR",
        "size": "CASE WHEN Size <> '' THEN Size::BIGINT END",
        "etag": "ETag",
        "moment": "LastModifiedDate::TIMESTAMPTZ",
        "encryption": cell.get("EncryptionStatus", "NULL::VARCHAR"),
        "storage": cell.get("StorageClass", "NULL::VARCHAR"),
        "marker": _flag(cell, "IsDeleteMarker", "false"),
        "latest": _flag(cell, "IsLatest", "true"),
    }
    selected = ", ".join(f"{sql} AS {name}" for name, sql in columns.items())
    return _staged(
        f"SELECT {selected} "
        f"FROM read_csv([{files}], header = false, auto_detect = false, quote = '\"', "
        f"escape = '\"', delim = ',', nullstr = '\x03', columns = {{{described}}})",
        prefix=prefix,
    )


def columns_query(batch: str, *, columns: Collection[str], prefix: str) -> str:
    """SQL of the same rows, from a table of ``inventory_batches``.

    Args:
        batch: Name of the table.
        columns: Names of its columns.
        prefix: As for ``text_query``.
    """
    some = {
        name: there if of in columns else not_there
        for name, (of, there, not_there) in _COLUMNS.items()
    }
    selected = ", ".join(f"{sql} AS {name}" for name, sql in some.items())
    return _staged(
        "SELECT bucket, key, size, coalesce(e_tag, '') AS etag, last_modified_date AS moment, "
        f"{selected} FROM {batch}",
        prefix=prefix,
    )


def _flag(cell: Mapping[str, str], name: str, otherwise: str) -> str:
    """SQL of a cell that is true, false or empty, which is not true either."""
    if name not in cell:
        return otherwise
    return (
        f"CASE lower({cell[name]}) WHEN 'true' THEN true WHEN 'false' THEN false "
        f"WHEN '' THEN false ELSE error('{name} is neither true nor false') END"
    )


def _staged(rows: str, *, prefix: str) -> str:
    """SQL of what rows of any format become."""
    own = (
        "key"
        if not prefix
        else (
            f"CASE WHEN starts_with(key, {quoted(prefix)}) THEN substr(key, {len(prefix) + 1}) END"
        )
    )
    columns = {
        "bucket": "bucket",
        "key": own,
        "version": "version",
        "size": "CASE WHEN marker THEN 0 WHEN size >= 0 THEN size "
        "ELSE error('an object has no size') END",
        "etag": "trim(etag, '\"')",
        "last_modified": "moment",
        "encryption": f"CASE encryption WHEN 'SSE-S3' THEN {quoted(SSE_S3)} END",
        "storage_class": "nullif(storage, 'STANDARD')",
        "archived": "coalesce(storage IN ('GLACIER', 'DEEP_ARCHIVE'), false)",
        "marker": "marker",
        "latest": "latest",
    }
    selected = ", ".join(f"{sql} AS {name}" for name, sql in columns.items())
    return f"SELECT {selected} FROM ({rows})"
