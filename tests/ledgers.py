"""The stored ledger, records to write, and ledgers made of them."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from intact.adapters.ledger import LedgerReader
from intact.adapters.writing import LedgerWriter
from intact.audit import Counts, Policy
from intact.audit.ledger import Header

if TYPE_CHECKING:
    from collections.abc import Iterable

    from intact.audit import Record

GOLDEN = Path(__file__).parent / "vectors" / "ledger-v3"
RECORDS = list(LedgerReader(GOLDEN).records())
HEADER = Header(
    policy=LedgerReader(GOLDEN).header.policy,
    subject="a job",
    created=datetime(2026, 11, 22, tzinfo=UTC),
    intact="0.1.0",
)
OTHER = replace(HEADER, policy=Policy(reported=False, versioned=False))


def many(count: int, *, first: int = 1) -> list[Record]:
    """Records of consecutive rows, of all kinds, each of a copy of its own."""
    return [_moved(RECORDS[row % len(RECORDS)], row) for row in range(first, first + count)]


def _moved(record: Record, row: int) -> Record:
    copy = record.copy
    if copy.source is None or copy.destination is None:
        return replace(record, copy=replace(copy, row=row, text=f"row {row}"))
    source = replace(copy.source, key=f"key {row}")
    destination = replace(copy.destination, key=f"key {row}")
    return replace(record, copy=replace(copy, row=row, source=source, destination=destination))


def written(
    path: Path, records: Iterable[Record], *, header: Header = HEADER, segment: int = 10_000
) -> LedgerReader:
    """A finished ledger, cut into segments of that many records."""
    records = list(records)
    for start in range(0, len(records), segment) or [0]:
        with LedgerWriter(path, header) as writer:
            for record in records[start : start + segment]:
                writer.append(record)
            if start + segment >= len(records):
                writer.seal(Counts(manifest_rows=len(records), report_rows=1))
    return LedgerReader(path)


def copied(path: Path) -> Path:
    """A copy of the stored ledger, to be damaged."""
    return Path(shutil.copytree(GOLDEN, path))
