"""Ledgers are read whole, and by anyone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa
import pyarrow.dataset as ds
import pytest

from intact.adapters.arrow import SCHEMA
from intact.adapters.ledger import LedgerReader
from intact.audit import Counts, Summary, Verdict, decide
from intact.audit.ledger import FINDINGS, HEADER, SEAL, SEGMENTS
from intact.audit.lines import encode
from intact.errors import FormatError
from tests.ledgers import GOLDEN, RECORDS, copied, many, written

if TYPE_CHECKING:
    from pathlib import Path

JSON_LINES = GOLDEN.with_suffix(".jsonl")


def test_what_is_written_is_read(tmp_path: Path) -> None:
    records = many(25)
    reader = written(tmp_path, records, segment=10)
    assert len(reader.segments) == 3
    assert list(reader.records()) == records
    assert list(reader.records()) == records
    assert reader.counts == Counts(manifest_rows=25, report_rows=1)


def test_every_verdict_of_the_stored_ledger_is_recomputed() -> None:
    reader = LedgerReader(GOLDEN)
    replayed = {
        record.finding.verdict: decide(record.evidence, reader.header.policy) == record.finding
        for record in reader.records()
    }
    assert replayed == dict.fromkeys(Verdict, True)


def test_the_stored_ledger_says_what_its_json_lines_say() -> None:
    reader = LedgerReader(GOLDEN)
    lines = [reader.header.encode().decode(), *map(encode, reader.records())]
    assert [*lines, reader.seal.encode().decode()] == JSON_LINES.read_text().splitlines(
        keepends=True
    )


def test_the_summary_is_the_sum_of_the_records(tmp_path: Path) -> None:
    reader = written(tmp_path, many(25), segment=10)
    summed = Summary()
    for record in reader.records():
        summed.add(record)
    assert reader.summary() == summed


def test_a_verdict_can_be_left_out() -> None:
    wanted = [record for record in RECORDS if record.finding.verdict is not Verdict.VERIFIED]
    assert list(LedgerReader(GOLDEN).records(besides=Verdict.VERIFIED)) == wanted


def test_an_audit_of_nothing_is_a_ledger(tmp_path: Path) -> None:
    reader = written(tmp_path, [])
    assert list(reader.records()) == []
    assert reader.summary() == Summary()


def test_duckdb_reads_every_column_without_us() -> None:
    found = duckdb.execute(
        "SELECT destination.key, destination_object.checksums[1].digest, "
        "list_transform(source_versions.found, lambda v: v.version) "
        "FROM read_parquet($path) WHERE verdict = 'verified' ORDER BY row",
        {"path": f"{GOLDEN / FINDINGS}/*.parquet"},
    ).fetchall()
    verified = [r for r in RECORDS if r.finding.verdict is Verdict.VERIFIED]
    assert [key for key, *_ in found] == [
        r.copy.destination.key for r in verified if r.copy.destination
    ]
    assert any(digest for _, digest, _ in found)


def test_the_folder_of_findings_is_a_data_set_of_arrow() -> None:
    table = ds.dataset(GOLDEN / FINDINGS).to_table()
    assert table.schema == SCHEMA
    assert table.num_rows == len(RECORDS)


def test_a_segment_of_another_writer_is_read(tmp_path: Path) -> None:
    ledger = copied(tmp_path / "ledger")
    [first, _] = LedgerReader(ledger).files()
    moved = tmp_path / "moved.parquet"
    first.rename(moved)
    duckdb.read_parquet(str(moved)).write_parquet(str(first))
    assert list(LedgerReader(ledger).records()) == RECORDS


@pytest.mark.parametrize("name", [HEADER, SEAL])
def test_a_ledger_without_head_or_end_is_refused(tmp_path: Path, name: str) -> None:
    ledger = copied(tmp_path / "ledger")
    (ledger / name).unlink()
    with pytest.raises(FormatError, match=name):
        LedgerReader(ledger)


def test_a_file_is_no_ledger() -> None:
    with pytest.raises(FormatError, match="is no ledger"):
        LedgerReader(JSON_LINES)


def test_a_header_of_something_else_is_refused(tmp_path: Path) -> None:
    ledger = copied(tmp_path / "ledger")
    (ledger / HEADER).write_text("{}")
    with pytest.raises(FormatError, match=HEADER):
        LedgerReader(ledger)


def test_a_list_that_breaks_off_is_refused(tmp_path: Path) -> None:
    ledger = copied(tmp_path / "ledger")
    lines = (ledger / SEGMENTS).read_bytes().splitlines(keepends=True)
    (ledger / SEGMENTS).write_bytes(lines[0])
    with pytest.raises(FormatError, match="the seal says"):
        LedgerReader(ledger)
    (ledger / SEGMENTS).write_bytes(lines[0] + b"{}\n")
    with pytest.raises(FormatError, match="line 2"):
        LedgerReader(ledger)


@pytest.mark.parametrize("content", [b"", b"PAR1", b"nothing of Parquet"])
def test_a_damaged_segment_is_refused(tmp_path: Path, content: bytes) -> None:
    ledger = copied(tmp_path / "ledger")
    file = LedgerReader(ledger).files()[1]
    file.write_bytes(content)
    with pytest.raises(FormatError, match=file.name):
        list(LedgerReader(ledger).records())
    with pytest.raises(FormatError, match=file.name):
        LedgerReader(ledger).summary()


def test_a_segment_with_other_columns_is_refused(tmp_path: Path) -> None:
    ledger = copied(tmp_path / "ledger")
    file = LedgerReader(ledger).files()[0]
    pa.parquet.write_table(pa.table({"row": [1]}), file)
    with pytest.raises(FormatError, match=file.name):
        list(LedgerReader(ledger).records())
    with pytest.raises(FormatError, match=file.name):
        LedgerReader(ledger).summary()
