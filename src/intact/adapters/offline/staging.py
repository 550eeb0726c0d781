"""Stage one: every input, cut into buckets by a hash of the source key, as Parquet.

DuckDB reads what is plain, and Python, by the readers of ``intact.batch``, whatever is not: rows
of a manifest one by one, files of a report as a whole, since a quoted line end in one row could
pass for the end of it.  Either way a row means the same.
"""

from __future__ import annotations

import json
import shutil
from typing import IO, TYPE_CHECKING, Any

import duckdb

from intact.adapters.offline.joining import quoted
from intact.adapters.plain import ELSEWHERE, LINES, spool_plain
from intact.batch import MalformedRow, TaskResult, read_results
from intact.batch.computed import ComputedRow
from intact.batch.manifest import IGNORE, read_row
from intact.checksum import Algorithm
from intact.checksum.encoding import encode
from intact.errors import FormatError
from intact.s3 import decode_key
from intact.s3.objects import SSE_S3

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from intact.adapters.offline.inputs import InventoryInput

GROUP = 1 << 30
"""Bytes of a report that are staged in one go; what a kill loses at most."""
_REPORT = (
    "header = false, auto_detect = false, quote = '\"', escape = '\"', delim = ',', "
    "nullstr = '\\3', strict_mode = true, store_rejects = true, rejects_limit = 0, "
    "parallel = false, filename = true, columns = {'bucket': 'VARCHAR', 'raw_key': 'VARCHAR', "
    "'version': 'VARCHAR', 'status': 'VARCHAR', 'http': 'VARCHAR', 'error': 'VARCHAR', "
    "'message': 'VARCHAR'}"
)
_DECODED = "CASE WHEN contains(raw_key, '%') THEN TRY(url_decode(raw_key)) ELSE raw_key END"
_TASK_IS_PLAIN = (
    "bucket <> '' AND raw_key <> '' AND key IS NOT NULL AND NOT contains(raw_key, '+') "
    "AND status IN ('succeeded', 'failed') AND (http = '' OR regexp_full_match(http, '[0-9]{3}')) "
    "AND NOT regexp_full_match(error, '[0-9]{3}')"
)
_SAID = "replace(message, '\\u003d', '=')"
_MEMBERS = (
    f"TRY(json_extract_string({_SAID}, ['$.checksum_base64', '$.checksum_hex', "
    "'$.checksumAlgorithm', '$.ETag', '$.etag']))"
)
"""What a Compute checksum job says, in the order of the columns below."""
_WRITTEN = (
    '\'{"checksum_base64":"\' || said[1] || \'","\' || CASE WHEN said[4] IS NULL THEN \'etag\' '
    "ELSE 'ETag' END || '\":\"' || etag || '\",\"checksumAlgorithm\":\"' || said[3] || "
    '\'","checksumType":"FULL_OBJECT","checksum_hex":"\' || said[2] || \'"}\''
)
"""The message as S3 writes it, from its members; a message of any other form is Python's."""
_SIZES = "MAP {" + ", ".join(f"'{a.value}': {a.digest_size}" for a in Algorithm) + "}"
_COMPUTED_IS_PLAIN = (
    f"status = 'failed' OR coalesce({_SAID} = {_WRITTEN} AND etag <> '' "
    "AND to_base64(digest) = said[1] AND lower(hex(digest)) = lower(said[2]) "
    f"AND octet_length(digest) = {_SIZES}[said[3]], false)"
)
TASKS = {
    "bucket": "VARCHAR",
    "key": "VARCHAR",
    "version": "VARCHAR",
    "raw_key": "VARCHAR",
    "status": "VARCHAR",
    "http": "VARCHAR",
    "error": "VARCHAR",
    "message": "VARCHAR",
}
COMPUTED = {
    "bucket": "VARCHAR",
    "key": "VARCHAR",
    "version": "VARCHAR",
    "algorithm": "VARCHAR",
    "type": "VARCHAR",
    "digest": "VARCHAR",
    "parts": "INTEGER",
    "etag": "VARCHAR",
}
_NEEDED = frozenset({"Bucket", "Key", "Size", "LastModifiedDate", "ETag"})
MANIFEST = {"line": "BIGINT", "bucket": "VARCHAR", "key": "VARCHAR", "version": "VARCHAR"}


class Stage:
    """A folder of staged inputs.

    Attributes:
        folder: Holds one folder for each finished input.
    """

    def __init__(
        self, folder: Path, connection: duckdb.DuckDBPyConnection, *, buckets: int
    ) -> None:
        """Use a folder that may hold what an earlier run has finished."""
        self.folder = folder
        self._connection = connection
        self._buckets = buckets
        folder.mkdir(parents=True, exist_ok=True)

    def manifest(self, path: Path, *, fields: tuple[str, ...]) -> None:
        """Stage a CSV manifest; malformed rows go to ``malformed-manifest.jsonl``."""
        self._once("manifest", lambda into: self._manifest(into, path, fields=fields))

    def report(self, parts: Sequence[Path]) -> None:
        """Stage the copy job's report; malformed rows go to ``malformed-report.jsonl``."""
        query = f"bucket, key, version, raw_key, status, http, error, message, ({_TASK_IS_PLAIN})"
        self._report("report", parts, query=query, columns=TASKS, read=_task)

    def computed(self, name: str, parts: Sequence[Path], *, prefix: str = "") -> None:
        """Stage a Compute checksum job's report, without the tasks that failed.

        Args:
            name: What to call it.
            parts: Its files.
            prefix: What the keys have before the source's: the copies' prefix and a slash.
        """
        query = (
            f"bucket, {_without(prefix)} AS key, version, said[3] AS algorithm, 'FULL_OBJECT', "
            f"said[1] AS digest, NULL, etag, ({_TASK_IS_PLAIN}) AND ({_COMPUTED_IS_PLAIN})"
        )

        def read(result: TaskResult) -> dict[str, Any] | None:
            row = ComputedRow.parse(result)
            return None if row is None else _computed(row, prefix=prefix)

        self._report(name, parts, query=query, columns=COMPUTED, read=read)

    def inventory(self, name: str, listed: InventoryInput, *, prefix: str = "") -> None:
        """Stage an inventory.

        Args:
            name: What to call it.
            listed: Its files and their columns.
            prefix: As for ``computed``.

        Raises:
            FormatError: Its columns do not say what an audit needs, or a row is malformed.
        """
        missing = sorted(_NEEDED - set(listed.schema))
        if missing:
            raise FormatError(f"inventory has no column {', '.join(missing)}; wanted them all")
        self._once(name, lambda into: self._inventory(into, listed, prefix=prefix))

    def _inventory(self, into: Path, listed: InventoryInput, *, prefix: str) -> None:
        """Rows of current versions, or of all where the inventory lists all.

        S3 writes inventories by one program in one form, so a row of another form ends the audit.
        """
        cell = {name: f'"{name}"' for name in listed.schema}
        described = ", ".join(f"'{name}': 'VARCHAR'" for name in listed.schema)
        files = ", ".join(f"'{_sql(part)}'" for part in listed.parts)
        latest = f"lower({cell.get('IsLatest', quoted('true'))}) = 'true'"
        form = "replace(Key, '+', ' ')"
        decoded = f"CASE WHEN contains({form}, '%') THEN url_decode({form}) ELSE {form} END"
        version = f"coalesce(nullif({cell['VersionId']}, ''), 'null')" if "VersionId" in cell else "NULL"
        sse = f"CASE {cell.get('EncryptionStatus', 'NULL')} WHEN 'SSE-S3' THEN {quoted(SSE_S3)} END"
        storage = cell.get("StorageClass", "NULL")
        try:
            self._partition(
                into / "rows",
                f"SELECT bucket, {_without(prefix)} AS key, version, size, etag, last_modified, "  # noqa: S608 - quoted names
                "encryption, storage_class, archived, marker, latest FROM "
                f"(SELECT Bucket AS bucket, {decoded} AS key, {version} AS version, "
                "CASE WHEN marker THEN 0 ELSE Size::BIGINT END AS size, trim(ETag, '\"') AS etag, "
                f"LastModifiedDate::TIMESTAMPTZ AS last_modified, {sse} AS encryption, "
                f"nullif({storage}, 'STANDARD') AS storage_class, "
                f"coalesce({storage} IN ('GLACIER', 'DEEP_ARCHIVE'), false) AS archived, marker, "
                f"{latest} AS latest FROM (SELECT *, "
                f"lower({cell.get('IsDeleteMarker', quoted('false'))}) = 'true' AS marker "
                f"FROM read_csv([{files}], header = false, auto_detect = false, quote = '\"', "
                f"escape = '\"', delim = ',', nullstr = '\\3', columns = {{{described}}})))",
            )
        except duckdb.Error as error:
            raise FormatError(f"inventory: {error}") from error

    def _once(self, name: str, work: Callable[[Path], None]) -> None:
        """Do a piece of work whose folder appears only when it is whole."""
        whole, partial = self.folder / name, self.folder / f"{name}.partial"
        if whole.exists():
            return
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
        work(partial)
        partial.rename(whole)

    def _manifest(self, into: Path, path: Path, *, fields: tuple[str, ...]) -> None:
        plain, odd, malformed = into / "plain", into / "odd", into / "malformed.jsonl"
        with (
            path.open("rb") as file,
            plain.open("wb") as spool,
            odd.open("w") as good,
            malformed.open("w") as bad,
        ):
            for line, text in spool_plain(file, spool):
                self._odd_row(text, line=line, fields=fields, good=good, bad=bad)
        cell = {name: f"cells[{place}]" for place, name in enumerate(fields, 1) if name != IGNORE}
        version = cell.get("VersionId", "NULL")
        plainly = (
            f"len(cells) = {len(fields)} AND bucket <> '' AND raw_key <> '' AND key IS NOT NULL "
            f"AND NOT contains(raw_key, '+') AND coalesce(version, '-') <> ''"
        )
        self._partition(
            into / "rows",
            f"SELECT line, bucket, key, version, CASE WHEN {plainly} THEN NULL ELSE row END AS odd "
            f"FROM (SELECT *, {_DECODED} AS key FROM (SELECT line, row, cells, "
            f"{cell['Bucket']} AS bucket, {cell['Key']} AS raw_key, {version} AS version "
            "FROM (SELECT row_number() OVER () AS line, row, string_split(row, ',') AS cells "
            f"FROM read_csv('{_sql(plain)}', {LINES}))))",
        )
        with odd.open("a") as good, malformed.open("a") as bad:
            for line, text in self._rows(
                f"SELECT line, odd FROM read_parquet('{_sql(into / 'rows')}/*/*.parquet') "  # noqa: S608 - paths of our own
                f"WHERE odd IS NOT NULL AND odd <> chr({ord(ELSEWHERE)}) ORDER BY line"
            ):
                self._odd_row(text, line=line, fields=fields, good=good, bad=bad)
        self._from_json(into / "odd-rows", odd, MANIFEST | {"odd": "VARCHAR"})
        plain.unlink()
        odd.unlink()

    def _odd_row(
        self, text: str, *, line: int, fields: tuple[str, ...], good: IO[str], bad: IO[str]
    ) -> None:
        row = read_row(text, line=line, fields=fields)
        if isinstance(row, MalformedRow):
            bad.write(_json({"line": row.line, "text": row.text, "problem": row.problem}))
        else:
            source = row.source
            cells = {"bucket": source.bucket, "key": source.key, "version": source.version_id}
            good.write(_json({"line": line} | cells))

    def _report(
        self,
        name: str,
        parts: Sequence[Path],
        *,
        query: str,
        columns: dict[str, str],
        read: Callable[[TaskResult], dict[str, Any] | None],
    ) -> None:
        for number, group in enumerate(_groups(parts)):
            self._once(
                f"{name}-{number}",
                lambda into, group=group: self._group(
                    into, group, query=query, columns=columns, read=read
                ),
            )

    def _group(
        self,
        into: Path,
        parts: Sequence[Path],
        *,
        query: str,
        columns: dict[str, str],
        read: Callable[[TaskResult], dict[str, Any] | None],
    ) -> None:
        """Stage files of a report: those with no row out of the ordinary in one go."""
        odd = self._plain_files(into, parts, query=query, columns=columns)
        if odd:
            left = [part for part in parts if part not in odd]
            shutil.rmtree(into / "rows")
            if left and self._plain_files(into, left, query=query, columns=columns):
                raise AssertionError("a file was plain and is no more")
        rows, malformed = into / "odd", into / "malformed.jsonl"
        with rows.open("w") as good, malformed.open("w") as bad:
            for part in odd:
                with part.open("rb") as lines:
                    for result in read_results(lines):
                        _read_odd(result, part, read=read, good=good, bad=bad)
        self._from_json(into / "odd-rows", rows, columns)
        rows.unlink()

    def _plain_files(
        self, into: Path, parts: Sequence[Path], *, query: str, columns: dict[str, str]
    ) -> set[Path]:
        """Stage files, and return those that hold a row that is not plain."""
        listed = ", ".join(f"'{_sql(part)}'" for part in parts)
        names = ", ".join([*columns, "is_plain", "filename"])
        self._partition(
            into / "rows",
            f"SELECT * FROM (SELECT {query}, filename FROM (SELECT *, {_DECODED} AS key, "
            "TRY(from_base64(said[1])) AS digest, coalesce(said[4], said[5]) AS etag "
            f"FROM (SELECT *, {_MEMBERS if 'digest' in columns else 'NULL::VARCHAR[]'} AS said "
            f"FROM read_csv([{listed}], {_REPORT})))) AS staged({names})",
        )
        staged = f"read_parquet('{_sql(into / 'rows')}/*/*.parquet')"
        found = self._rows(
            f"SELECT DISTINCT filename FROM {staged} WHERE NOT coalesce(is_plain, false) "  # noqa: S608 - paths of our own
            "UNION SELECT file_path FROM reject_errors JOIN reject_scans USING (scan_id, file_id)"
        )
        odd = {part for name, *_ in found for part in parts if str(part) == name}
        self._connection.execute("DELETE FROM reject_errors; DELETE FROM reject_scans")
        return odd

    def _partition(self, into: Path, query: str) -> None:
        self._connection.execute(
            f"COPY (SELECT *, hash(key) % {self._buckets} AS slice FROM ({query})) "
            f"TO '{_sql(into)}' (FORMAT parquet, PARTITION_BY (slice))"
        )

    def _from_json(self, into: Path, path: Path, columns: dict[str, str]) -> None:
        described = ", ".join(f"'{name}': '{kind}'" for name, kind in columns.items())
        if path.stat().st_size:
            self._partition(
                into,
                f"SELECT * FROM read_json('{_sql(path)}', format = 'newline_delimited', "  # noqa: S608 - paths of our own
                f"columns = {{{described}}})",
            )

    def _rows(self, query: str) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of a query; nothing else may be run meanwhile."""
        cursor = self._connection.execute(query)
        while page := cursor.fetchmany(10_000):
            yield from page


def _groups(parts: Sequence[Path]) -> Iterator[list[Path]]:
    group: list[Path] = []
    for part in parts:
        group.append(part)
        if sum(one.stat().st_size for one in group) >= GROUP:
            yield group
            group = []
    if group:
        yield group


def _read_odd(
    result: TaskResult | MalformedRow,
    part: Path,
    *,
    read: Callable[[TaskResult], dict[str, Any] | None],
    good: IO[str],
    bad: IO[str],
) -> None:
    try:
        if isinstance(result, MalformedRow):
            raise FormatError(result.problem)
        if "+" in result.raw_key:
            raise FormatError(f"key {result.raw_key!r} has a bare '+', which has two readings")
        row = read(result)
    except FormatError as error:
        text = result.text if isinstance(result, MalformedRow) else result.row()
        bad.write(_json({"file": part.name, "text": text, "problem": str(error)}))
    else:
        if row is not None:
            good.write(_json(row))


def _task(result: TaskResult) -> dict[str, Any]:
    return {
        "bucket": result.bucket,
        "key": decode_key(result.raw_key),
        "version": result.version_id or "",
        "raw_key": result.raw_key,
        "status": result.status.value,
        "http": "" if result.http_status is None else str(result.http_status),
        "error": result.error_code,
        "message": result.message,
    }


def _computed(row: ComputedRow, *, prefix: str) -> dict[str, Any]:
    key, checksum = decode_key(row.raw_key), row.checksum
    return {
        "bucket": row.bucket,
        "key": key[len(prefix) :] if key.startswith(prefix) else None,
        "version": row.version_id or "",
        "algorithm": checksum.algorithm.value,
        "type": checksum.type and checksum.type.value,
        "digest": encode(checksum.digest),
        "parts": checksum.parts,
        "etag": row.etag,
    }


def _without(prefix: str) -> str:
    """SQL of the source's key, from that of its copy; null for a key that is nobody's copy."""
    if not prefix:
        return "key"
    return f"CASE WHEN starts_with(key, {quoted(prefix)}) THEN substr(key, {len(prefix) + 1}) END"


def _sql(path: Path) -> str:
    return str(path).replace("'", "''")


def _json(row: dict[str, Any]) -> str:
    return json.dumps(row) + "\n"
