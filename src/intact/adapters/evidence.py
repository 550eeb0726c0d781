"""What others than S3's answers say of the objects of a manifest, joined to its rows out of core.

Compute checksum rows speak of an object by bucket and key: of a row's source, or of the key that
its copy goes to.  One without version, or beside a manifest without versions, joins by the key
alone; by ETag and version the rules then tell which object version it speaks of.  Expected digests
speak of sources; one that fits several objects is of no use, and counts as malformed.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from intact.audit import Computed, Expected
from intact.batch import MalformedRow
from intact.batch.computed import ComputedRow
from intact.batch.expected import SIZE, ExpectedRow, algorithm_named, expected_of_columns
from intact.checksum import Algorithm, Checksum
from intact.errors import FormatError
from intact.s3 import decode_key, encode_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from intact.adapters.spool import Spool
    from intact.batch import TaskResult
    from intact.batch.manifest import ManifestFormat

MANIFEST = "the manifest"
TABLES = {
    "computed": {
        "place": "VARCHAR",
        "row": "BIGINT",
        "bucket": "VARCHAR",
        "key": "VARCHAR",
        "version": "VARCHAR",
        "cell": "VARCHAR",
    },
    "expected": {
        "place": "VARCHAR",
        "row": "BIGINT",
        "bucket": "VARCHAR",
        "key": "VARCHAR",
        "version": "VARCHAR",
        "size": "BIGINT",
        "cell": "VARCHAR",
    },
    "leftovers": {
        "what": "VARCHAR",
        "place": "VARCHAR",
        "line": "BIGINT",
        "object": "VARCHAR",
        "problem": "VARCHAR",
    },
}
"""``place`` and ``row`` tell where something stands; text is ASCII, names are URL-encoded."""

OBJECT = "'s3://' || bucket || '/' || key || if(version = '', '', '?versionId=' || version)"
_STATEMENTS = (
    # Equal keys of one manifest are copied to equal keys: two versions, or of two buckets.
    """
    CREATE TABLE crowded AS SELECT key FROM manifest WHERE problem = '' GROUP BY key
    HAVING min(bucket) <> max(bucket) OR min(version) <> max(version)
    """,
    # Where copies take their sources' keys, what a key holds is a copy.
    """
    CREATE TABLE of_source AS
    SELECT line, place, row, cell FROM manifest JOIN computed USING (bucket, key)
    WHERE problem = ''
    AND (manifest.version = computed.version OR '' IN (manifest.version, computed.version))
    AND NOT (computed.version = '' AND manifest.bucket = $bucket AND $prefix = '')
    """,
    """
    CREATE TABLE of_destination AS
    SELECT line, place, row, cell FROM manifest JOIN computed
    ON computed.bucket = $bucket AND computed.key = $prefix || manifest.key WHERE problem = ''
    """,
    """
    CREATE TABLE fitting AS
    SELECT line, place, row, size, cell, manifest.bucket, manifest.version
    FROM manifest JOIN expected USING (key)
    WHERE problem = '' AND expected.bucket IN ('', manifest.bucket)
    AND expected.version IN ('', manifest.version)
    """,
    """
    CREATE TABLE ambiguous AS
    SELECT place, row FROM fitting GROUP BY ALL
    HAVING min(bucket) <> max(bucket) OR min(version) <> max(version)
    UNION
    SELECT place, row FROM fitting SEMI JOIN (
        SELECT line FROM fitting GROUP BY line HAVING min(size) <> max(size)
    ) USING (line)
    """,
    f"""
    INSERT INTO leftovers
    SELECT 'digest of several objects, or of several sizes', place, row, {OBJECT}, ''
    FROM expected SEMI JOIN ambiguous USING (place, row)
    UNION ALL
    SELECT 'digest that fits no row', place, row, {OBJECT}, ''
    FROM expected ANTI JOIN fitting USING (place, row)
    """,  # noqa: S608 - names of ours
    """
    CREATE TABLE said AS
    SELECT line,
           string_agg(cell, ',' ORDER BY cell) FILTER (kind = 1) AS source_cells,
           string_agg(cell, ',' ORDER BY cell) FILTER (kind = 2) AS destination_cells,
           string_agg(cell, ',' ORDER BY cell) FILTER (kind = 3) AS expected_cells,
           max(size) AS expected_size
    FROM (
        SELECT DISTINCT line, 1 AS kind, NULL AS size, cell FROM of_source
        UNION ALL SELECT DISTINCT line, 2, NULL, cell FROM of_destination
        UNION ALL SELECT line, 3, size, cell FROM fitting ANTI JOIN ambiguous USING (place, row)
    ) GROUP BY line
    """,
)
_STRAY_COMPUTED = """
SELECT count(*) FROM (SELECT DISTINCT place, row FROM computed)
ANTI JOIN of_source USING (place, row) ANTI JOIN of_destination USING (place, row)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What others say of one row's objects.

    Attributes:
        shared: Whether another row copies another object to the same key.
        source_computed: What Compute checksum jobs say of the source.
        destination_computed: What they say of the key that the copy goes to.
        expected: What someone other than S3 recorded of the source.
    """

    shared: bool = False
    source_computed: tuple[Computed, ...] = ()
    destination_computed: tuple[Computed, ...] = ()
    expected: Expected | None = None

    @classmethod
    def of_cells(cls, cells: dict[str, Any]) -> Said:
        """Read one row of the joined table."""
        told = json.loads(f"[{cells['expected_cells'] or ''}]")
        checksums = frozenset(_checksum(*entry) for entries in told for entry in entries)
        size = cells["expected_size"]
        return cls(
            shared=cells["shared"],
            source_computed=_computed(cells["source_cells"]),
            destination_computed=_computed(cells["destination_cells"]),
            expected=Expected(checksums=checksums, size=size) if told else None,
        )


class Testimony:
    """Loads what others say, and joins it to the table ``manifest`` of a spool.

    Attributes:
        computed: Rows of Compute checksum jobs that were read.
        failed: Rows of such jobs whose task failed.
        malformed_computed: Rows of such jobs that could not be read.
        expected: Expected digests that were read.
        malformed_expected: Expected digests that could not be read.
    """

    def __init__(self, spool: Spool) -> None:
        """Make the tables."""
        self._spool = spool
        self.computed = self.failed = self.malformed_computed = 0
        self.expected = self.malformed_expected = 0
        spool.create(TABLES)

    def load_computed(
        self,
        results: Iterable[TaskResult | MalformedRow],
        *,
        place: str,
        written: ManifestFormat | None,
        begun: datetime | None,
    ) -> None:
        """Take in the report of a Compute checksum job.

        Args:
            results: Its rows.
            place: What to call it.
            written: Format of that job's manifest, whose spelling the report repeats; None where
                it is not known, so that the row of a key with a plus speaks of both readings.
            begun: When that job was created; None where that is not known.
        """
        with (
            self._spool.appending("computed") as append,
            self._spool.appending("leftovers") as leave,
        ):
            for line, result in enumerate(results, 1):
                try:
                    row = _computed_row(result)
                    keys = readings(row.raw_key, written) if row is not None else []
                except FormatError as error:
                    self.malformed_computed += 1
                    leave(("unreadable Compute checksum row", place, line, "", ascii(str(error))))
                    continue
                if row is None:
                    self.failed += 1
                    continue
                self.computed += 1
                for key in keys:
                    names = (
                        encode_key(row.bucket),
                        encode_key(key),
                        encode_key(row.version_id or ""),
                    )
                    append((place, line, *names, _cell(row, begun)))

    def load_expected(self, rows: Iterable[ExpectedRow | MalformedRow], *, place: str) -> None:
        """Take in expected digests of one file.

        Args:
            rows: Its rows.
            place: What to call it.
        """
        with (
            self._spool.appending("expected") as append,
            self._spool.appending("leftovers") as leave,
        ):
            for row in rows:
                if isinstance(row, MalformedRow):
                    self.malformed_expected += 1
                    leave(("unreadable digest", place, row.line, "", ascii(row.problem)))
                    continue
                self.expected += 1
                append(_expected_cells(row, place))

    def load_carried(self, names: Sequence[str]) -> None:
        """Take in the expected digests that the manifest itself carries.

        Args:
            names: What its ``Ignore`` columns hold, in order: names of algorithms, ``Size``, or
                anything else for what is not looked at.
        """
        self.load_expected(self._carried(names), place=MANIFEST)

    def _carried(self, names: Sequence[str]) -> Iterator[ExpectedRow | MalformedRow]:
        for cells in self._spool.rows("manifest", by="line"):
            if cells["problem"]:
                continue
            told = dict(zip(names, json.loads(cells["extra"]), strict=True))
            if not any(told[name] for name in names if name == SIZE or algorithm_named(name)):
                continue
            try:
                checksums, size = expected_of_columns(told)
            except FormatError as error:
                yield MalformedRow(line=cells["line"], text="", problem=str(error))
                continue
            yield ExpectedRow(
                line=cells["line"],
                key=decode_key(cells["key"]),
                checksums=checksums,
                size=size,
                bucket=decode_key(cells["bucket"]),
                version_id=decode_key(cells["version"]) or None,
            )

    def join(self, *, destination: str, prefix: str) -> None:
        """Make the tables ``said`` and ``crowded``, once all is loaded.

        Args:
            destination: Bucket of the copies.
            prefix: What their keys begin with, before the source's key.
        """
        names = {"bucket": encode_key(destination), "prefix": encode_key(prefix)}
        for statement in _STATEMENTS:
            used = {name: value for name, value in names.items() if f"${name}" in statement}
            self._spool.execute(statement, used)
        self.malformed_expected += self._spool.number("SELECT count(*) FROM ambiguous")

    @property
    def stray_computed(self) -> int:
        """Rows of Compute checksum jobs that speak of no object of the manifest."""
        return self._spool.number(_STRAY_COMPUTED)

    @property
    def stray_expected(self) -> int:
        """Expected digests that fit no row of the manifest."""
        return self._spool.number(
            "SELECT count(*) FROM expected ANTI JOIN fitting USING (place, row)"
        )


def _computed_row(result: TaskResult | MalformedRow) -> ComputedRow | None:
    if isinstance(result, MalformedRow):
        raise FormatError(result.problem)
    return ComputedRow.parse(result)


def readings(raw_key: str, written: ManifestFormat | None) -> list[str]:
    """Keys that a report may mean.

    Raises:
        FormatError: On a bare CSV a plus has no documented meaning.
    """
    if written is not None:
        if "+" in raw_key and not written.form_encoded:
            raise FormatError(f"key {raw_key!r} has a bare '+'; wanted %2B or %20")
        return [decode_key(raw_key, plus_is_space=written.form_encoded)]
    return sorted({decode_key(raw_key, plus_is_space=plus) for plus in (False, True)})


def _cell(row: ComputedRow, begun: datetime | None) -> str:
    kind = row.checksum.type and row.checksum.type.value
    return json.dumps(
        [
            [row.checksum.algorithm.value, str(row.checksum), kind],
            row.etag,
            row.version_id,
            begun and begun.isoformat(),
        ]
    )


def _expected_cells(row: ExpectedRow, place: str) -> tuple[object, ...]:
    checksums = [[c.algorithm.value, str(c), c.type and c.type.value] for c in row.checksums]
    return (
        place,
        row.line,
        encode_key(row.bucket or ""),
        encode_key(row.key),
        encode_key(row.version_id or ""),
        r"\N" if row.size is None else row.size,
        json.dumps(sorted(checksums)),
    )


def _computed(cells: str | None) -> tuple[Computed, ...]:
    return tuple(
        Computed(
            checksum=_checksum(*checksum),
            etag=etag,
            version_id=version_id,
            begun=begun and datetime.fromisoformat(begun),
        )
        for checksum, etag, version_id, begun in json.loads(f"[{cells or ''}]")
    )


def _checksum(name: str, text: str, kind: str | None) -> Checksum:
    return Checksum.parse(text, algorithm=Algorithm.parse(name), type_name=kind)
