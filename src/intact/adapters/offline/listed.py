"""What the rows of an inventory become when they are staged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from intact.adapters.offline.words import quoted
from intact.adapters.patterns import exactly
from intact.errors import FormatError
from intact.s3.objects import SSE_S3

if TYPE_CHECKING:
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


def inventory_query(listed: InventoryInput, *, prefix: str) -> str:
    """SQL that reads an inventory as S3 writes it.

    Args:
        listed: Its files and their columns.
        prefix: What the keys have before the source's; a key without it is nobody's copy.

    Raises:
        FormatError: Its columns do not say what an audit needs.
    """
    missing = sorted(_NEEDED - set(listed.schema))
    if missing:
        raise FormatError(f"inventory has no column {', '.join(missing)}; wanted them all")
    cell = {name: f'"{name}"' for name in listed.schema}
    described = ", ".join(f"{quoted(name)}: 'VARCHAR'" for name in listed.schema)
    files = ", ".join(quoted(exactly(part)) for part in listed.parts)
    form = "replace(Key, '+', ' ')"
    own = (
        "key"
        if not prefix
        else (
            f"CASE WHEN starts_with(key, {quoted(prefix)}) THEN substr(key, {len(prefix) + 1}) END"
        )
    )
    storage = cell.get("StorageClass", "NULL")
    columns = {
        "bucket": "Bucket",
        "key": "CASE WHEN contains(Key, '+') AND contains(Key, '%20') "
        "THEN error('a key has both + and %20') "
        f"WHEN contains(Key, '%') THEN url_decode({form}) ELSE {form} END",
        "version": f"coalesce(nullif({cell['VersionId']}, ''), 'null')"
        if "VersionId" in cell
        else "NULL::VARCHAR",
        "size": "CASE WHEN marker THEN 0 ELSE Size::BIGINT END",
        "etag": "trim(ETag, '\"')",
        "last_modified": "LastModifiedDate::TIMESTAMPTZ",
        "encryption": f"CASE {cell.get('EncryptionStatus', 'NULL')} WHEN 'SSE-S3' "
        f"THEN {quoted(SSE_S3)} END",
        "storage_class": f"nullif({storage}, 'STANDARD')",
        "archived": f"coalesce({storage} IN ('GLACIER', 'DEEP_ARCHIVE'), false)",
        "marker": "marker",
        "latest": f"lower({cell.get('IsLatest', quoted('true'))}) = 'true'",
    }
    selected = ", ".join(f"{sql} AS {name}" for name, sql in columns.items())
    return (
        f"SELECT * REPLACE ({own} AS key) FROM (SELECT {selected} FROM (SELECT *, "
        f"lower({cell.get('IsDeleteMarker', quoted('false'))}) = 'true' AS marker "
        f"FROM read_csv([{files}], header = false, auto_detect = false, quote = '\"', "
        f"escape = '\"', delim = ',', nullstr = '\x03', columns = {{{described}}})))"
    )
