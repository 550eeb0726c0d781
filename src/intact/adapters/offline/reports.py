"""What the rows of completion reports become when they are staged.

A row is plain where SQL alone can tell what it says: one line of the one form that S3 writes.  SQL
marks the others, and Python reads those by the readers of ``intact.batch``.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

from intact.adapters.evidence import readings
from intact.adapters.offline.lines import NOTHING, ROW
from intact.batch.computed import ComputedRow
from intact.checksum import Algorithm, ChecksumType
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
"""``raw_key`` is null where ``RESPELT`` gives it."""
KINDS = tuple(product(Algorithm, (*ChecksumType, None)))
"""What a checksum can be; ``kind`` counts them from 1."""
COMPUTED = {
    "bucket": "VARCHAR",
    "key": "VARCHAR",
    "version": "VARCHAR",
    "copy": "BOOLEAN",
    "kind": "UTINYINT",
    "digest": "VARCHAR",
    "parts": "INTEGER",
    "etag": "VARCHAR",
}
"""``copy``: whether it speaks of a destination, ``key`` being the source's; no kind: failed."""
SPACED = "CASE WHEN contains({0}, '%') THEN replace({0}, '%20', ' ') ELSE {0} END"
"""SQL of a spelling in which the commonest escape is decoded; others are a sixth as fast."""
KEY = (
    "CASE WHEN NOT contains(spaced, '%') THEN spaced "
    "WHEN regexp_full_match({0}, '([^%]|%[0-9A-Fa-f]{{2}})*') THEN TRY(url_decode({0})) END"
)
"""SQL of a key from its spelling and ``SPACED``; null where Python has to decode it."""
RESPELT = "replace({0}, ' ', '%20')"
"""SQL of the spelling of a key, where ``_SPELLING`` says that there is no other."""
_SPELLING = "CASE WHEN contains(spaced, '%') OR contains(h2, ' ') THEN h2 END"
_CELLS = (
    "h1 <> '' AND h2 <> '' AND key IS NOT NULL AND NOT contains(h2, '+') "
    "AND NOT contains(h1, '\"') AND NOT contains(h2, '\"') AND NOT contains(h3, '\"') "
)
_BARE = _CELLS + (
    "AND h7 IS NOT NULL AND h8 IS NULL AND h4 IN ('succeeded', 'failed') "
    "AND (h5 IN ('200', '') OR regexp_full_match(h5, '[0-9]{3}')) AND NOT contains(h6, '\"') "
    "AND (h6 = '' OR NOT regexp_full_match(h6, '[0-9]{3}')) AND NOT contains(h7, '\"')"
)
_OPENS, _NAMES, _KIND = (
    '"{""checksum_base64"":""',
    '""checksumAlgorithm"":""',
    '""checksumType"":""',
)
_HEX, _SHUTS = '""checksum_hex"":""', '""}"'
_SIZES = " ".join(
    f"WHEN '{_NAMES}{a.value}\"\"' THEN {len(_HEX) + 2 * a.digest_size + len(_SHUTS)}"
    for a in Algorithm
)
_NUMBERS = " ".join(
    f"WHEN '{_NAMES}{a.value}\"\"' THEN {1 + KINDS.index((a, ChecksumType.FULL_OBJECT))}"
    for a in Algorithm
)
_ETAG = '""ETag"":""'
_SAID = _CELLS + (
    "AND h4 = 'succeeded' AND h5 = '200' AND h6 = '' AND h12 IS NULL "
    f"AND starts_with(h7, '{_OPENS}') AND ends_with(h7, '\"\"') "
    "AND CASE WHEN said = digest THEN true ELSE said = replace(digest, '=', '\\u003d') END "
    f"AND (starts_with(h8, '{_ETAG}') OR starts_with(h8, '{_ETAG.lower()}')) "
    "AND ends_with(h8, '\"\"') AND regexp_full_match(etag, '[0-9A-Za-z-]+') "
    f"AND h10 = '{_KIND}FULL_OBJECT\"\"' AND strlen(h11) = CASE h9 {_SIZES} END "
    f"AND starts_with(h11, '{_HEX}') AND ends_with(h11, '{_SHUTS}')"
)
"""Every cell of the message is known but for the digest, which its hex tells, and the ETag.

Of an ETag it takes that JSON and ``strip`` leave it as it is.
"""


def task_query(lines: str, *, end: int) -> str:
    """SQL that reads lines of a copy job's report.

    Its columns are those of ``TASKS``, then ``odd``, and last the bytes of the line.  ``odd`` is
    null but where Python has to read the line: the file's name, ``NOTHING``, the line.

    Args:
        lines: What ``lines_of`` says.
        end: Bytes of a line end.
    """
    return (
        f"SELECT h1, key, h3, {_SPELLING}, h4, TRY_CAST(nullif(h5, '') AS INTEGER), h6, h7, "
        f"{_rest(7, end=end)} "
        f"FROM (SELECT *, coalesce({_BARE}, false) AS plain "
        f"FROM (SELECT *, {KEY.format('h2')} AS key "
        f"FROM (SELECT *, {SPACED.format('h2')} AS spaced FROM {lines})))"
    )


def computed_query(lines: str, *, end: int) -> str:
    """SQL that reads lines of a Compute checksum job's report, before sides are told apart.

    Its columns are those of ``COMPUTED``, then those that ``task_query`` has too.
    """
    hexed, said, etag = _within("h11", _HEX, _SHUTS), _within("h7", _OPENS), _within("h8", _ETAG)
    return (
        f"SELECT h1, key, h3, false, CASE h9 {_NUMBERS} END, digest, NULL::INTEGER, etag, "
        f"{_rest(11, end=end)} "
        f"FROM (SELECT *, coalesce(CASE h4 WHEN 'succeeded' THEN {_SAID} ELSE {_BARE} END, false) "
        "AS plain "
        f"FROM (SELECT *, {KEY.format('h2')} AS key, to_base64(TRY(unhex({hexed}))) AS digest, "
        f"{said} AS said, {etag} AS etag "
        f"FROM (SELECT *, {SPACED.format('h2')} AS spaced FROM {lines})))"
    )


def _within(cell: str, opens: str, shuts: str = '""') -> str:
    """SQL of what stands between two texts, or of anything where the cell lacks one of them."""
    return f"substr({cell}, {len(opens) + 1}, length({cell}) - {len(opens) + len(shuts)})"


def _rest(cells: int, *, end: int) -> str:
    """SQL of the last two columns; a plain line has at most that many cells, or seven."""
    size = " + ".join(f"strlen(h{place})" for place in range(1, cells + 1))
    return (
        f"CASE WHEN NOT plain THEN concat(filename, '{NOTHING}', {ROW}) END, "
        f"(CASE WHEN plain AND h{cells} IS NOT NULL THEN {size} + {cells - 1} "
        f"ELSE strlen({ROW}) END + {end})::INTEGER"
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
            "kind": 1 + KINDS.index((checksum.algorithm, checksum.type)),
            "digest": encode(checksum.digest),
            "parts": checksum.parts,
            "etag": row.etag,
        }
