"""The rows of a ledger that are not proven, one for each copy, in bounded memory."""

from __future__ import annotations

import tempfile
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import duckdb

from intact.adapters.arrow import SCHEMA
from intact.adapters.patterns import exactly
from intact.audit import Reason, Verdict
from intact.audit.remedy import Remedy, remedy, sides_to_compute
from intact.checksum import Algorithm, ChecksumType
from intact.s3 import ObjectRef

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from intact.adapters.ledger import LedgerReader

_PAGE = 10_000
_FULL = f"type = '{ChecksumType.FULL_OBJECT.value}'"
_STORED = (
    "len(list_filter({side}_object.checksums, lambda c: c.type = 'FULL_OBJECT' "
    "AND c.algorithm = $algorithm)) > 0"
)
_ROWS = f"""
SELECT l.row, l.verdict, l.reason, r.remedy, l.source, l.destination,
       l.destination_object.version, l.destination_object.size,
       coalesce(l.source_object.size, l.expected.size, l.source_bytes.size,
                list_sum(l.source_parts.sizes)),
       contains(coalesce(l.task.message, ''), 'larger than the maximum allowable size'),
       {_STORED.format(side="l.source")}, {_STORED.format(side="l.destination")}, l.row_text
FROM ledger l JOIN remedies r USING (reason)
WHERE list_contains($verdicts, l.verdict) AND list_contains($reasons, l.reason)
QUALIFY l.source IS NULL
     OR row_number() OVER (PARTITION BY l.source, l.destination ORDER BY r.force, l.row) = 1
ORDER BY l.row
"""  # noqa: S608 - our own texts
_COUNT = """
SELECT count(*) FROM ledger
WHERE list_contains($verdicts, verdict) AND list_contains($reasons, reason)
"""
_USUAL = f"""
SELECT c.algorithm FROM (
    SELECT unnest(destination_object.checksums) AS c FROM ledger
    WHERE list_contains($verdicts, verdict) AND list_contains($reasons, reason))
WHERE c.{_FULL} GROUP BY ALL ORDER BY count(*) DESC, c.algorithm LIMIT 1
"""  # noqa: S608 - our own texts


@dataclass(frozen=True, slots=True, kw_only=True)
class Unproven:
    """One copy that is not proven, and what helps.

    Attributes:
        row: Its row of the manifest; the first of several.
        verdict: Its verdict.
        reason: Why.
        remedy: What helps, on the terms of the audit.
        source: What was to be copied; None for a row that could not be read.
        destination: Where to, of the version that the key held; None as above.
        size: Bytes of the source; None where nobody asked for it.
        destination_size: Bytes of the destination; None as above.
        too_large: Whether S3 said that the source is too large for a copy task.
        compute_source: Whether a Compute checksum job over the source helps, where one helps.
        compute_destination: The same for the destination.
        text: The row as it stands in the manifest, where it could not be read; bytes that are no
            UTF-8 are surrogate-escaped.
    """

    row: int
    verdict: Verdict
    reason: Reason
    remedy: Remedy
    source: ObjectRef | None
    destination: ObjectRef | None
    size: int | None
    destination_size: int | None
    too_large: bool
    compute_source: bool
    compute_destination: bool
    text: str


class UnprovenRows:
    """Everything in a ledger that is not proven; a context manager.

    Attributes:
        algorithm: What Compute checksum jobs shall compute.
    """

    def __init__(
        self,
        reader: LedgerReader,
        *,
        verdicts: Collection[Verdict] = (),
        reasons: Collection[Reason] = (),
        algorithm: Algorithm | None = None,
        memory_limit: str = "1GB",
    ) -> None:
        """Open a ledger.

        Args:
            reader: The ledger.
            verdicts: Only rows of these; empty for all.
            reasons: Only rows of these; empty for all.
            algorithm: What to compute; None takes what most destinations store over the whole
                object, and CRC64NVME where none does.
            memory_limit: DuckDB's ``memory_limit``; what exceeds it spills to disk.
        """
        self._require = reader.header.policy.require
        open_ = {
            reason
            for reason in Reason
            if remedy(reason, require=self._require) is not Remedy.NOTHING
        }
        self._wanted = {
            "verdicts": [v.value for v in Verdict if v is not Verdict.VERIFIED]
            if not verdicts
            else [v.value for v in verdicts],
            "reasons": [r.value for r in open_ if not reasons or r in reasons],
        }
        self._folder = tempfile.TemporaryDirectory(prefix="intact-")
        self._connection = duckdb.connect(
            config={
                "memory_limit": memory_limit,
                "temp_directory": self._folder.name,
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
            }
        )
        files = [exactly(file) for file in reader.files()]
        relation = (
            self._connection.read_parquet(files)
            if files
            else self._connection.from_arrow(SCHEMA.empty_table())
        )
        relation.create_view("ledger")
        self._connection.execute("CREATE TABLE remedies (reason TEXT, remedy TEXT, force INTEGER)")
        order = list(Remedy)
        self._connection.executemany(
            "INSERT INTO remedies VALUES (?, ?, ?)",
            [
                (reason.value, found.value, order.index(found))
                for reason in Reason
                for found in [remedy(reason, require=self._require)]
            ],
        )
        self.algorithm = algorithm or self._usual()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of what was spilled."""
        self._connection.close()
        self._folder.cleanup()

    def count(self) -> int:
        """How many rows there are, those included that name one copy again."""
        found = self._connection.execute(_COUNT, self._wanted).fetchone()
        return 0 if found is None else int(found[0])

    def __iter__(self) -> Iterator[Unproven]:
        """Yield the first row of each copy, and every row that could not be read, in order."""
        with closing(self._connection.cursor()) as cursor:
            cursor.execute(_ROWS, self._wanted | {"algorithm": self.algorithm.value})
            while page := cursor.fetchmany(_PAGE):
                for cells in page:
                    yield self._unproven(*cells)

    def _unproven(  # noqa: PLR0913, PLR0917 - the columns of one row
        self,
        row: int,
        verdict: str,
        reason: str,
        helps: str,
        source: dict[str, str | None] | None,
        destination: dict[str, str | None] | None,
        version: str | None,
        destination_size: int | None,
        size: int | None,
        too_large: bool,  # noqa: FBT001 - a cell
        source_stored: bool | None,  # noqa: FBT001 - a cell
        destination_stored: bool | None,  # noqa: FBT001 - a cell
        text: bytes | None,
    ) -> Unproven:
        ours, theirs = sides_to_compute(
            source_stored=bool(source_stored),
            destination_stored=bool(destination_stored),
            require=self._require,
        )
        return Unproven(
            row=row,
            verdict=Verdict(verdict),
            reason=_REASONS[reason],
            remedy=Remedy(helps),
            source=None if source is None else _ref(source, source["version"]),
            destination=None if destination is None else _ref(destination, version),
            size=None if size is None else int(size),
            destination_size=destination_size,
            too_large=too_large,
            compute_source=ours,
            compute_destination=theirs,
            text=(text or b"").decode("utf-8", "surrogateescape"),
        )

    def _usual(self) -> Algorithm:
        found = self._connection.execute(_USUAL, self._wanted).fetchone()
        return Algorithm.CRC64NVME if found is None else Algorithm.parse(found[0])


_REASONS = {reason.value: reason for reason in Reason}


def _ref(cells: dict[str, str | None], version: str | None) -> ObjectRef:
    return ObjectRef(bucket=cells["bucket"] or "", key=cells["key"] or "", version_id=version)
