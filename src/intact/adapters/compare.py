"""Two ledgers side by side, and several made one."""

from __future__ import annotations

import heapq
import tempfile
from dataclasses import dataclass, fields, replace
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from intact.adapters.arrow import SCHEMA
from intact.adapters.files import sync_folder
from intact.adapters.patterns import exactly
from intact.adapters.verify import problems
from intact.adapters.writing import LedgerWriter, require_same
from intact.audit import Counts
from intact.audit.judge import Judge
from intact.errors import FormatError, UsageError
from intact.s3 import ObjectRef

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from intact.adapters.ledger import LedgerReader
    from intact.adapters.signing import Signer
    from intact.audit.ledger import Header

_PAGE = 1_000
_SIDE = """
SELECT row, [verdict, reason, level] AS finding, source, destination, row_text,
       row_number() OVER (PARTITION BY source, destination, row_text ORDER BY row) AS turn
FROM {}
"""
_DIFFERENCE = f"""
WITH a AS ({_SIDE.format("before")}), b AS ({_SIDE.format("after")})
SELECT coalesce(a.destination, b.destination), coalesce(a.row_text, b.row_text),
       a.row, b.row, a.finding, b.finding
FROM a FULL JOIN b
  ON a.source IS NOT DISTINCT FROM b.source
 AND a.destination IS NOT DISTINCT FROM b.destination
 AND a.row_text IS NOT DISTINCT FROM b.row_text AND a.turn = b.turn
WHERE a.finding IS DISTINCT FROM b.finding
ORDER BY coalesce(b.row, a.row), a.row
"""  # noqa: S608 - our own texts


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One copy that two ledgers do not say the same of.

    Attributes:
        destination: The copy; None for a row that could not be read.
        text: That row as it stands in the manifest, else empty.
        before: Verdict, reason and level in the first ledger; None where it has no such row.
        after: The same of the second.
        row: Its row in the second ledger, else in the first.
    """

    destination: ObjectRef | None
    text: str
    before: tuple[str, str, str] | None
    after: tuple[str, str, str] | None
    row: int


def differences(
    before: LedgerReader, after: LedgerReader, *, memory_limit: str = "1GB"
) -> Iterator[Change]:
    """Yield every copy whose finding differs, or that only one of the ledgers knows.

    A copy that several rows name is compared in their order.

    Args:
        before: The first.
        after: The second.
        memory_limit: DuckDB's ``memory_limit``; what exceeds it spills to disk.
    """
    with (
        tempfile.TemporaryDirectory(prefix="intact-") as folder,
        duckdb.connect(
            config={
                "memory_limit": memory_limit,
                "temp_directory": folder,
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
            }
        ) as connection,
    ):
        for name, reader in (("before", before), ("after", after)):
            files = [exactly(file) for file in reader.files()]
            relation = (
                connection.read_parquet(files)
                if files
                else connection.from_arrow(SCHEMA.empty_table())
            )
            relation.create_view(name)
        found = connection.execute(_DIFFERENCE)
        while page := found.fetchmany(_PAGE):
            for ref, text, one, other, old, new in page:
                yield Change(
                    destination=ref and _ref(**ref),
                    text=(text or b"").decode("utf-8", "surrogateescape"),
                    before=old and tuple(old),
                    after=new and tuple(new),
                    row=other or one,
                )


def merge(path: Path, shards: Sequence[LedgerReader], *, sign: Signer | None = None) -> None:
    """Write one ledger from those of the shards of one audit.

    Args:
        path: Folder of the new ledger; those above it are made.
        shards: Their ledgers, each of other rows of the manifest.
        sign: Signs the new one.

    Raises:
        UsageError: Two of them hold the same row, or are of different audits, one has not a
            verdict for each row of its list, or the folder is there already.
        FormatError: One of them is not as it was sealed, or a verdict in it does not follow from
            its evidence; the new seal would vouch for that.
    """
    first = min((shard.header for shard in shards), key=lambda header: header.created)
    for shard in shards:
        require_same(shard.path, shard.header, first)
        verdicts, rows = shard.seal.records, shard.counts.manifest_rows
        if verdicts != rows:  # what one lacks must not be made up by another's surplus
            raise UsageError(
                f"{shard.path}: has {verdicts} verdicts for {rows} rows; audit it again"
            )
        for problem in problems(shard.path):
            raise FormatError(f"{shard.path}: {problem}")
    if path.exists():
        raise UsageError(f"{path}: exists already; wanted a new folder")
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as folder:
        _merge(Path(folder) / "ledger", first, shards, sign)
        (Path(folder) / "ledger").rename(path)
        sync_folder(path.parent)


def _merge(path: Path, header: Header, shards: Sequence[LedgerReader], sign: Signer | None) -> None:
    judge = Judge(header.policy)
    with LedgerWriter(path, header) as writer:
        rows = (shard.records() for shard in shards)
        last = 0
        for record in heapq.merge(*rows, key=lambda record: record.copy.row):
            if record.copy.row == last:
                raise UsageError(f"row {last} stands in more than one of the ledgers")
            last = record.copy.row
            if judge.decide(record.evidence) != record.finding:
                raise FormatError(f"the verdict on row {last} does not follow from its evidence")
            writer.append(record)
        writer.seal(reduce(_sum, (shard.counts for shard in shards)), sign=sign)


_OF_JOB = {"tasks", "tasks_succeeded", "tasks_failed", "ended_early", "all_tasks_reported"}
"""Counts that speak of the whole job, whatever shard they stand in."""


def _sum(one: Counts, other: Counts) -> Counts:
    """What both inputs held together; None is what neither knows."""
    total: dict[str, Any] = {}
    for field in fields(Counts):
        pair = [getattr(counts, field.name) for counts in (one, other)]
        known = [number for number in pair if number is not None]
        together = max if field.name in _OF_JOB else sum
        total[field.name] = together(known) if known else None
    return replace(one, **total)


def _ref(bucket: str, key: str, version: str | None) -> ObjectRef:
    return ObjectRef(bucket=bucket, key=key, version_id=version)
