"""What the rows of completion reports become when they are staged.

A row is plain where SQL alone can tell what it says: one line of the one form that S3 writes.  SQL
marks the others, and Python reads those by the readers of ``intact.batch``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from intact.adapters.evidence import readings
from intact.batch.computed import ComputedRow
from intact.checksum import Algorithm
from intact.checksum.encoding import encode
from intact.errors import FormatError
from intact.s3 import decode_key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from intact.batch import TaskResult
    from intact.batch.manifest import ManifestFormat

Row = dict[str, Any]

TASKS = {
    "bucket": "VARCHAR",
    "key": "VARCHAR",
    "version": "VARCHAR",
    "raw_key": "VARCHAR",
    "status": "VARCHAR",
    "http": "INTEGER",
    "error": "VARCHAR",
    "message": "VARCHAR",
}
COMPUTED = {
    "bucket": "VARCHAR",
    "key": "VARCHAR",
    "version": "VARCHAR",
    "copy": "BOOLEAN",
    "algorithm": "VARCHAR",
    "type": "VARCHAR",
    "digest": "VARCHAR",
    "parts": "INTEGER",
    "etag": "VARCHAR",
}
"""``copy``: whether it speaks of a destination, ``key`` being the source's; no digest: it failed."""
KEY = (
    "CASE WHEN NOT contains({0}, '%') THEN {0} "
    "WHEN regexp_full_match({0}, '([^%]|%[0-9A-Fa-f]{{2}})*') THEN TRY(url_decode({0})) END"
)
"""SQL of a key from its spelling; null where Python has to decode it."""
_CELLS = (
    "h[1] <> '' AND h[2] <> '' AND key IS NOT NULL AND NOT contains(h[2], '+') AND len(h) = 7 "
)
_BARE = _CELLS + (
    "AND NOT contains(row, '\"') AND h[4] IN ('succeeded', 'failed') "
    "AND (h[5] = '' OR regexp_full_match(h[5], '[0-9]{3}')) "
    "AND NOT regexp_full_match(h[6], '[0-9]{3}')"
)
_MESSAGE = (
    '\'""checksum_base64"":""\' || p[4] || \'"",""\' || p[6] || \'"":""\' || p[8] || '
    '\'"",""checksumAlgorithm"":""\' || p[12] || \'"",""checksumType"":""FULL_OBJECT"",'
    '""checksum_hex"":""\' || p[20] || \'""}"\''
)
_SIZES = " ".join(f"WHEN '{a.value}' THEN {2 * a.digest_size}" for a in Algorithm)
_SAID = _CELLS + (
    "AND h[4] = 'succeeded' AND h[5] = '200' AND h[6] = '' AND h[7] = '\"{' "
    f"AND len(p) = 21 AND strpos(p[1], '\"') = length(p[1]) - 1 AND row = p[1] || {_MESSAGE} "
    "AND p[6] IN ('ETag', 'etag') AND regexp_full_match(p[8], '[0-9A-Za-z-]+') "
    f"AND length(p[20]) = CASE p[12] {_SIZES} END AND to_base64(TRY(unhex(p[20]))) = digest"
)
"""A message cut at its doubled quotes and put together again is the same, digest and all."""


def task_query(lines: str) -> str:
    """SQL that reads lines of a copy job's report: the columns of ``TASKS``, then ``odd``."""
    return (
        "SELECT h[1], key, h[3], h[2], h[4], TRY_CAST(nullif(h[5], '') AS INTEGER), h[6], h[7], "  # noqa: S608 - texts of our own
        f"CASE WHEN NOT coalesce({_BARE}, false) THEN row END, filename, strlen(row) "
        f"FROM (SELECT *, {KEY.format('h[2]')} AS key "
        f"FROM (SELECT *, string_split(row, ',') AS h FROM {lines}))"
    )


def computed_query(lines: str) -> str:
    """SQL that reads lines of a Compute checksum job's report, before sides are told apart."""
    digest = "CASE WHEN ends_with(p[4], '\\u003d') THEN replace(p[4], '\\u003d', '=') ELSE p[4] END"
    return (
        "SELECT h[1], key, h[3], false, p[12], 'FULL_OBJECT', digest, NULL, p[8], "  # noqa: S608 - texts of our own
        f"CASE WHEN NOT coalesce(CASE WHEN len(p) = 1 THEN {_BARE} AND h[4] = 'failed' "
        f"ELSE {_SAID} END, false) THEN row END, filename, strlen(row) "
        f"FROM (SELECT *, {KEY.format('h[2]')} AS key, {digest} AS digest "
        "FROM (SELECT *, string_split(p[1], ',') AS h "
        f"FROM (SELECT *, string_split(row, '\"\"') AS p FROM {lines})))"
    )


def task_rows(result: TaskResult) -> Iterator[Row]:
    """Yield the one row of a task's result.

    Raises:
        FormatError: Its key has two readings.
    """
    if "+" in result.raw_key:
        raise FormatError(f"key {result.raw_key!r} has a bare '+'; wanted %2B or %20")
    yield {
        "bucket": result.bucket,
        "key": decode_key(result.raw_key),
        "version": result.version_id or "",
        "raw_key": result.raw_key,
        "status": result.status.value,
        "http": result.http_status,
        "error": result.error_code,
        "message": result.message,
    }


def computed_rows(result: TaskResult, *, written: ManifestFormat | None) -> Iterator[Row]:
    """Yield a row for each reading of the key; one without digest for a task that failed.

    Raises:
        FormatError: The message is not what such a job writes.
    """
    row = ComputedRow.parse(result)
    if row is None:
        yield dict.fromkeys(COMPUTED) | {"bucket": result.bucket}
        return
    checksum = row.checksum
    for key in readings(row.raw_key, written):
        yield {
            "bucket": row.bucket,
            "key": key,
            "version": row.version_id or "",
            "copy": False,
            "algorithm": checksum.algorithm.value,
            "type": checksum.type and checksum.type.value,
            "digest": encode(checksum.digest),
            "parts": checksum.parts,
            "etag": row.etag,
        }
