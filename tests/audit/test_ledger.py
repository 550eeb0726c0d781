"""The ledger holds what was found, and what it was found from."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intact.audit import (
    Copy,
    Counts,
    Evidence,
    Finding,
    Policy,
    Reason,
    Record,
    Unreadable,
    Verdict,
)
from intact.audit.decide import decide
from intact.audit.ledger import Header, decode, encode
from intact.errors import FormatError
from tests.worlds import World, policies, worlds

GOLDEN = Path(__file__).parents[1] / "vectors" / "ledger-v2.jsonl"
MALFORMED = Record(
    copy=Copy(row=7, source=None, destination=None, text="b,\udcff\n\x1b[2J"),
    evidence=Evidence(row=Unreadable(problem="no UTF-8")),
    finding=Finding(verdict=Verdict.UNCHECKED, reason=Reason.ROW_UNREADABLE),
)


@given(worlds())
def test_a_record_survives_the_ledger(world: World) -> None:
    record = world.audit()
    assert decode(encode(record)) == record


@given(worlds())
def test_every_verdict_can_be_recomputed_from_its_line(world: World) -> None:
    record = decode(encode(world.audit()))
    assert isinstance(record, Record)
    assert decide(record.evidence, world.policy) == record.finding


@given(policies)
def test_a_header_survives_the_ledger(policy: Policy) -> None:
    header = Header(
        policy=policy, subject="job\n", created=datetime(2026, 11, 22, tzinfo=UTC), intact="0.1"
    )
    assert decode(encode(header)) == header


def test_counts_survive_the_ledger() -> None:
    counts = Counts(manifest_rows=3, duplicate_rows=1, report_rows=2, stray_report_rows=1)
    assert decode(encode(counts)) == counts


def test_a_malformed_row_survives_the_ledger() -> None:
    assert decode(encode(MALFORMED)) == MALFORMED


@given(st.text())
def test_a_line_is_printable_ascii_and_one_line(text: str) -> None:
    record = Record(
        copy=Copy(row=1, source=None, destination=None, text=text),
        evidence=Evidence(),
        finding=MALFORMED.finding,
    )
    line = encode(record)
    assert line.isascii()
    assert line.removesuffix("\n").isprintable()


@pytest.mark.parametrize(
    "line",
    [
        "",
        "{",
        "[]",
        "3",
        "{}",
        '{"format": "other", "version": 1}',
        '{"format": "intact-ledger", "version": 3}',
        '{"counts": {"rows": 1}}',
        encode(MALFORMED).replace("row_unreadable", "row_lost"),
        encode(MALFORMED).replace("unchecked", "fine"),
    ],
)
def test_anything_else_is_refused(line: str) -> None:
    with pytest.raises(FormatError):
        decode(line)


def test_every_verdict_of_the_stored_ledger_is_recomputed() -> None:
    header, *records, counts = map(decode, GOLDEN.read_text().splitlines())
    assert isinstance(header, Header)
    assert isinstance(counts, Counts)
    assert counts.manifest_rows == len(records)
    replayed = {
        record.finding.verdict: decide(record.evidence, header.policy) == record.finding
        for record in records
        if isinstance(record, Record)
    }
    assert replayed == dict.fromkeys(Verdict, True)


def test_the_stored_ledger_is_what_is_written_today() -> None:
    lines = GOLDEN.read_text().splitlines(keepends=True)
    assert [encode(decode(line)) for line in lines] == lines
    assert json.loads(lines[0])["version"] == 2
