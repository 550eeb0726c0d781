"""Checks a manifest of any length by the rules of ``intact.batch.lint``, in bounded memory.

Rows of no other characters than well-encoded keys have, quoted or not, are checked by DuckDB;
every other row, and the first, by the Python rules themselves.  Rows are told apart by hashes, of
128 bits for the name and 64 for the version, which spill to disk.
"""

from __future__ import annotations

import csv
import tempfile
from pathlib import Path
from typing import IO, TYPE_CHECKING

import duckdb

from intact.adapters.patterns import exactly
from intact.adapters.plain import LINES, spool_plain
from intact.batch.lint import RULES, Found, check_row
from intact.batch.operations import MAX_COPY_SIZE
from intact.s3 import encode_key
from intact.s3.names import MAX_KEY_SIZE

if TYPE_CHECKING:
    from collections.abc import Sequence

_BIT = {rule: 1 << place for place, rule in enumerate(RULES)}
_HASHES = (
    "hash(bucket, key)::UHUGEINT * 18446744073709551616 + hash(key || chr(0) || bucket) AS name, "
    "hash(version) AS version, hash(bucket) AS bucket"
)
"""Two hashes for a name: a quarter of the time that MD5 takes."""


def lint_file(  # noqa: PLR0913 - keywords all but the first
    file: IO[bytes],
    *,
    columns: Sequence[str],
    prefix_size: int = 0,
    most: int = 10,
    memory_limit: str = "600MB",
    threads: int | None = None,
) -> dict[str, Found]:
    """Check a manifest; the answer is that of ``intact.batch.lint.lint``.

    Args:
        file: Open for reading bytes.
        columns: Meaning of its columns.
        prefix_size: Bytes that the job puts before every key.
        most: Lines to keep for each rule.
        memory_limit: DuckDB's ``memory_limit``.
        threads: DuckDB's ``threads``; None for one per core.

    Raises:
        FormatError: A row is longer than 1 MiB.
    """
    with tempfile.TemporaryDirectory(prefix="intact-lint-") as folder:
        plain, odd = Path(folder) / "plain", Path(folder) / "odd"
        with plain.open("wb") as spool, odd.open("w", encoding="ascii", newline="") as rest:
            writer = csv.writer(rest, quoting=csv.QUOTE_ALL, lineterminator="\n")
            for line, text in spool_plain(file, spool, unquote=True):
                broken, named = check_row(text, line=line, columns=columns, prefix_size=prefix_size)
                writer.writerow(
                    [line, sum(map(_BIT.__getitem__, broken)), int(named is not None)]
                    + [encode_key(part) for part in named or ("", "", "")]
                )
        if not plain.stat().st_size:
            return {"empty file": Found(count=1)}
        config: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": memory_limit,
            "temp_directory": str(Path(folder) / "spill"),
        }
        if threads is not None:
            config["threads"] = threads
        with duckdb.connect(str(Path(folder) / "lint.duckdb"), config=config) as connection:
            _load(connection, plain, odd, _plain_rows(columns, prefix_size=prefix_size))
            return _found(connection, most=most)


def _plain_rows(columns: Sequence[str], *, prefix_size: int) -> str:
    """SQL of ``check_row`` for rows of ``_PLAIN`` after the first.

    ``url_decode`` leaves a broken escape as it is, so one shows in the length of what it returns.
    """
    cell = {name: f"cells[{place}]" for place, name in enumerate(columns, 1)}
    size = cell.get("Size", "''")
    whole = f"len(cells) = {len(columns)}"
    number = f"regexp_full_match({size}, '[0-9]{{1,18}}')"
    conditions = {
        "column count": f"len(cells) <> {len(columns)}",
        "unreadable size": f"{whole} AND {size} <> '' AND NOT {number}",
        "too large": f"{whole} AND {number} AND TRY_CAST({size} AS BIGINT) > {MAX_COPY_SIZE}",
        "delete marker": f"{whole} AND lower({cell.get('IsDeleteMarker', chr(39) * 2)}) = 'true'",
        "missing version": f"{whole} AND version = '' AND {'VersionId' in cell}",
        "empty cell": f"{whole} AND (bucket = '' OR raw = '')",
        "bare plus": "filled AND contains(raw, '+')",
        "unencoded key": "filled AND escaped AND CASE WHEN key IS NULL "
        "THEN regexp_matches(regexp_replace(raw, '%[0-9A-Fa-f]{2}', '', 'g'), '%') "
        "ELSE strlen(raw) - strlen(key) <> 2 * (strlen(raw) - strlen(replace(raw, '%', ''))) END",
        "undecodable key": "filled AND key IS NULL",
        "long key": f"filled AND strlen(key) + {prefix_size} > {MAX_KEY_SIZE}",
    }
    flags = " + ".join(
        f"CASE WHEN {test} THEN {_BIT[rule]} ELSE 0 END" for rule, test in conditions.items()
    )
    unnamed = _BIT["bare plus"] | _BIT["missing version"]
    return f"""
    SELECT flags::INTEGER AS flags,
           filled AND key IS NOT NULL AND flags & {unnamed} = 0 AS named, {_HASHES}, elsewhere
    FROM (SELECT *, {flags} AS flags FROM (
        SELECT *, {whole} AND bucket <> '' AND raw <> '' AS filled,
               CASE WHEN escaped THEN TRY(url_decode(raw)) ELSE raw END AS key
        FROM (SELECT cells, {cell["Bucket"]} AS bucket, {cell["Key"]} AS raw,
                     {cell.get("VersionId", "''")} AS version, elsewhere,
                     contains({cell["Key"]}, '%') AS escaped
              FROM (SELECT string_split(row, ',') AS cells, row = chr(1) AS elsewhere
                    FROM read_csv(?, {LINES})))))
    """  # noqa: S608 - names of our own


def _load(connection: duckdb.DuckDBPyConnection, plain: Path, odd: Path, query: str) -> None:
    connection.execute("PRAGMA force_compression = 'uncompressed'")  # hashes do not compress
    connection.execute(f"CREATE TABLE plain AS {query}", [exactly(plain)])
    connection.execute(
        f"CREATE TABLE odd AS SELECT line, flags, named = 1 AS named, {_HASHES} FROM "  # noqa: S608 - as above
        "(SELECT line, flags, named, url_decode(bucket) AS bucket, url_decode(key) AS key, "
        "url_decode(version) AS version FROM read_csv(?, header = false, auto_detect = false, "
        "quote = '\"', escape = '\"', delim = ',', nullstr = '\\3', columns = {'line': 'BIGINT', "
        "'flags': 'BIGINT', 'named': 'BIGINT', 'bucket': 'VARCHAR', 'key': 'VARCHAR', "
        "'version': 'VARCHAR'}))",
        [exactly(odd)],
    )
    connection.execute(
        "CREATE VIEW checked AS "
        "SELECT rowid + 1 AS line, flags, named, name, version, bucket "
        "FROM plain WHERE NOT elsewhere UNION ALL SELECT * FROM odd"
    )


_REPEATED = (
    "CREATE TABLE repeated AS "
    "SELECT name FROM checked WHERE named GROUP BY name HAVING count(*) > 1"
)
"""Names of more than one row, among which alone two rules look further."""
_AGAIN = "FROM checked SEMI JOIN repeated USING (name) WHERE named"
_OVERALL = {
    "duplicate": f"SELECT line FROM (SELECT name, version, line {_AGAIN}) JOIN "  # noqa: S608 - names of our own
    f"(SELECT name, version, min(line) AS first {_AGAIN} GROUP BY name, version "
    "HAVING count(*) > 1) USING (name, version) WHERE line > first",
    "several versions": f"SELECT line FROM (SELECT name, version, line {_AGAIN}) JOIN "  # noqa: S608 - as above
    f"(SELECT name, arg_min(version, line) AS kept {_AGAIN} GROUP BY name "
    "HAVING min(version) <> max(version)) USING (name) WHERE version <> kept",
    "several buckets": "SELECT line FROM checked WHERE named AND bucket <> "
    "(SELECT arg_min(bucket, line) FROM checked WHERE named)",
}


def _found(connection: duckdb.DuckDBPyConnection, *, most: int) -> dict[str, Found]:
    queries = {
        rule: _OVERALL.get(rule, f"SELECT line FROM checked WHERE flags & {bit} <> 0")  # noqa: S608 - as above
        for rule, bit in _BIT.items()
    }
    found = {}
    connection.execute(_REPEATED)
    broken = connection.execute("SELECT bit_or(flags) FROM checked").fetchone()
    for rule, query in queries.items():
        if rule not in _OVERALL and not (broken and (broken[0] or 0) & _BIT[rule]):
            continue
        [(count, lines)] = connection.execute(
            f"SELECT count(*), list_sort(min(line, {most})) FROM ({query})"  # noqa: S608 - as above
        ).fetchall()
        if count:
            found[rule] = Found(count=count, lines=list(lines))
    return found
