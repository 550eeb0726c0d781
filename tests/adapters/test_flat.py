"""A ledger as one flat table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pytest

from intact.adapters.flat import FLAT, flat_batches, flat_rows, flat_table, write_flat
from intact.adapters.ledger import LedgerReader
from intact.audit import Verdict
from intact.audit.ledger import FINDINGS
from intact.errors import FormatError
from intact.s3 import ObjectFacts
from tests.ledgers import GOLDEN, RECORDS, copied

if TYPE_CHECKING:
    from pathlib import Path

READER = LedgerReader(GOLDEN)


def test_every_record_is_a_row_and_says_the_same() -> None:
    rows = list(flat_rows(READER))
    assert len(rows) == len(RECORDS)
    for row, record in zip(rows, RECORDS, strict=True):
        finding, source = record.finding, record.copy.source
        assert row["row"] == record.copy.row
        assert row["verdict"] == finding.verdict.value
        assert (row["reason"], row["explanation"], row["remedy"]) == (
            finding.reason.value,
            finding.reason.sentence,
            finding.reason.remedy,
        )
        assert row["source_key"] == (source and source.key)
        facts = record.evidence.destination
        known = isinstance(facts, ObjectFacts)
        assert row["destination_size"] == (facts.size if isinstance(facts, ObjectFacts) else None)
        assert (row["destination_modified"] is not None) == known


def test_checksums_and_rows_that_could_not_be_read_are_text() -> None:
    rows = list(flat_rows(READER))
    assert rows[0]["source_checksums"] == "CRC64NVME:FULL_OBJECT:BeXKuz/B+us="
    assert rows[1]["source_checksums"].endswith("=-1")
    assert rows[8]["row_text"] == "caf\\xe9"
    assert rows[8]["problem"] == "the row has 1 columns; wanted 2"
    assert rows[3]["problem"] == "404"


def test_rows_of_one_verdict_can_be_left_out() -> None:
    rows = flat_rows(READER, besides=Verdict.VERIFIED)
    wanted = [r.copy.row for r in RECORDS if r.finding.verdict is not Verdict.VERIFIED]
    assert [row["row"] for row in rows] == wanted


def test_the_table_on_disk_is_the_table_in_memory(tmp_path: Path) -> None:
    write_flat(READER, tmp_path / "flat.parquet")
    table = pq.read_table(tmp_path / "flat.parquet")
    assert table.schema == FLAT
    assert table == flat_table(READER)


def test_a_damaged_segment_is_named(tmp_path: Path) -> None:
    torn = copied(tmp_path / "ledger")
    first = min((torn / FINDINGS).iterdir())
    first.write_bytes(first.read_bytes()[:-10])
    with pytest.raises(FormatError, match=first.name):
        list(flat_batches(LedgerReader(torn)))
