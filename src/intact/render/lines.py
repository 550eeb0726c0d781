"""A ledger as CSV and as JSON Lines: every row of it, one at a time."""

from __future__ import annotations

import csv
import io
import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from intact.adapters.overview import Overview
    from intact.render.page import Row

SCHEMA = "intact.report/1"
"""Changes when a program that reads the JSON would have to."""
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


def json_lines(overview: Overview, rows: Iterable[Row], *, version: str) -> Iterator[str]:
    """Yield a record ``header``, a ``finding`` for each row, and at the end the ``summary``.

    Every record names its schema.  A member that is null is left out.  Who finds no summary has
    not read to the end.
    """
    yield _record("header", _header(overview, version))
    for row in rows:
        yield _record("finding", {k: _value(v) for k, v in row.items() if v is not None})
    yield _record("summary", _summary(overview))


def _record(kind: str, members: dict[str, Any]) -> str:
    return json.dumps({"schema": SCHEMA, "record": kind, **members}, separators=(",", ":")) + "\n"


def _value(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value


def _header(overview: Overview, version: str) -> dict[str, Any]:
    policy = overview.header.policy
    return {
        "subject": overview.header.subject,
        "created": overview.header.created.isoformat(),
        "audited_by": overview.header.intact,
        "reported_by": version,
        "read": policy.read.value,
        "require": policy.require.name.lower(),
        "header_sha256": overview.seal.header,
        "root": overview.seal.root,
    }


def _summary(overview: Overview) -> dict[str, Any]:
    summary, counts = overview.summary, overview.counts
    return {
        "verdicts": {verdict.value: count for verdict, count in summary.verdicts.items()},
        "reasons": {reason.value: count for reason, count in summary.reasons.items()},
        "levels": {level.name.lower(): count for level, count in summary.levels.items()},
        "rows": summary.rows,
        "manifest_rows": counts.manifest_rows,
        "verified_bytes": summary.verified_bytes,
        "imbalances": summary.imbalances(counts),
        "notes": counts.notes(),
        "exit_code": int(summary.exit_code(counts)),
    }
