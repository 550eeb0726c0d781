"""Ledgers on disk."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from intact.adapters.ledger import LedgerReader, write_ledger
from intact.audit import Counts, Policy, Record
from intact.audit.ledger import Header, decode
from intact.errors import FormatError

GOLDEN = Path(__file__).parents[1] / "vectors" / "ledger-v2.jsonl"
LINES = GOLDEN.read_text().splitlines(keepends=True)
RECORDS = [entry for line in LINES if isinstance(entry := decode(line), Record)]
COUNTS = Counts(manifest_rows=len(RECORDS))
HEADER = Header(
    policy=Policy(reported=False, versioned=False),
    subject="a job",
    created=datetime(2026, 11, 22, tzinfo=UTC),
    intact="0.1.0",
)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "ledger"
    with write_ledger(path, HEADER) as append:
        for record in RECORDS:
            append(record)
        append(COUNTS)
    reader = LedgerReader(path)
    assert reader.header == HEADER
    assert list(reader.records()) == RECORDS
    assert list(reader.records()) == RECORDS
    assert reader.finished() == COUNTS


def test_a_ledger_that_breaks_off_does_not_appear(tmp_path: Path) -> None:
    def write_half() -> None:
        with write_ledger(tmp_path / "ledger", HEADER) as append:
            append(RECORDS[0])
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_half()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "lines",
    [
        [],
        LINES[1:],
        LINES[:-1],
        [*LINES, LINES[-1]],
        [*LINES, LINES[1]],
        [*LINES[:2], LINES[0], *LINES[2:]],
        [*LINES[:3], "{}\n", *LINES[3:]],
        [*LINES[:-1], LINES[-1][:10]],
    ],
    ids=[
        "empty",
        "no header",
        "no end",
        "two ends",
        "a record behind the end",
        "two headers",
        "a line of something else",
        "torn",
    ],
)
def test_a_ledger_that_is_not_whole_is_refused(tmp_path: Path, lines: list[str]) -> None:
    path = tmp_path / "ledger"
    path.write_text("".join(lines))
    with pytest.raises(FormatError, match="ledger"):
        list(LedgerReader(path).records())


def test_an_unread_ledger_is_not_finished() -> None:
    with pytest.raises(FormatError):
        LedgerReader(GOLDEN).finished()
