"""A ledger as CSV and as members of JSON records: every row of it, one at a time."""

from __future__ import annotations

import csv
import io
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from intact.audit import Counts, Summary
    from intact.audit.ledger import Header, Seal
    from intact.render.page import Row

_FORMULA = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20'")
"""What makes a spreadsheet take a cell for a formula, and the apostrophe that says it is none."""


def csv_lines(columns: Sequence[str], rows: Iterable[Row]) -> Iterator[str]:
    """Yield a heading and a line for each row, as RFC 4180 has them; null is an empty cell.

    Text that a spreadsheet might run gets an apostrophe in front.  Text that begins with one gets
    another, so that a reader who takes one away from each cell that has it gets back every value.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(columns)
    for row in rows:
        yield _emptied(buffer)
        writer.writerow([_cell(row[name]) for name in columns])
    yield _emptied(buffer)


def _emptied(buffer: io.StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text


def _cell(value: object) -> object:
    if isinstance(value, str):
        return inert(value)
    return value.isoformat() if isinstance(value, datetime) else value


def inert(text: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def header_members(header: Header, seal: Seal, *, version: str) -> dict[str, Any]:
    """The terms of an audit, for a record."""
    policy = header.policy
    return {
        "subject": header.subject,
        "created": header.created.isoformat(),
        "audited_by": header.intact,
        "reported_by": version,
        "read": policy.read.value,
        "require": policy.require.name.lower(),
        "endpoint_url": header.server and header.server.endpoint_url,
        "header_sha256": seal.header,
        "root": seal.root,
    }


def finding_members(row: Row) -> dict[str, Any]:
    """A row of the flat table, for a record; what is null is left out."""
    return {name: value for name, value in row.items() if value is not None}


def summary_members(summary: Summary, counts: Counts) -> dict[str, Any]:
    """What an audit adds up to, for its last record."""
    return {
        "verdicts": {verdict.value: count for verdict, count in summary.verdicts.items()},
        "reasons": {reason.value: count for reason, count in summary.reasons.items()},
        "levels": {level.name.lower(): count for level, count in summary.levels.items()},
        "rows": summary.rows,
        "manifest_rows": counts.manifest_rows,
        "verified_bytes": summary.verified_bytes,
        "imbalances": summary.imbalances(counts),
        "notes": counts.notes(),
    }
