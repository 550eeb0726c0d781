"""The loop around ``decide``: every copy once, in order, faults as evidence."""

from __future__ import annotations

import itertools
from contextlib import closing
from dataclasses import replace

import pytest

from intact.adapters.runner import AHEAD, Runner
from intact.audit import (
    BytesRead,
    Copy,
    Evidence,
    Level,
    Policy,
    ReadMode,
    Reason,
    Slot,
    Unreadable,
    Verdict,
)
from intact.checksum import Algorithm
from intact.errors import AccessError, StoreError
from intact.s3 import ObjectRef
from tests.fake_s3 import FakeStore
from tests.worlds import BEGIN, COPY, END, facts, full

CRC, SHA = Algorithm.CRC64NVME, Algorithm.SHA256
PLAIN = Policy(reported=False, versioned=False)
BODY = b"some bytes"


def copies(count: int) -> list[tuple[Copy, Evidence]]:
    refs = [ObjectRef(bucket="b", key=str(number)) for number in range(count)]
    return [(Copy(row=row, source=r, destination=r), Evidence()) for row, r in enumerate(refs)]


def store(count: int, *, written: int = 0) -> FakeStore:
    when = (BEGIN, END)[written]
    return FakeStore({str(n): facts(BODY, full(BODY, CRC), written=when) for n in range(count)})


def test_records_come_in_the_order_of_the_copies() -> None:
    runner = Runner(store(100), store(100, written=1), PLAIN, workers=4)
    records = list(runner.run(copies(100)))
    assert [record.copy.row for record in records] == list(range(100))
    assert {record.finding.verdict for record in records} == {Verdict.VERIFIED}


def test_no_more_copies_are_taken_than_workers_can_have_in_hand() -> None:
    taken = itertools.count()
    source = ((copy, evidence) for copy, evidence in copies(1000) if next(taken) >= 0)
    with closing(Runner(store(1000), store(1000, written=1), PLAIN, workers=2).run(source)) as run:
        next(run)
    assert next(taken) <= AHEAD * 2 + 1


def test_a_store_that_fails_is_evidence_and_no_end() -> None:
    destination = FakeStore(
        {"0": StoreError("503"), "1": facts(BODY, full(BODY, CRC), written=END)}
    )
    first, second = Runner(store(2), destination, PLAIN).run(copies(2))
    assert first.evidence.destination == Unreadable(problem="503")
    assert first.finding.verdict is Verdict.UNCHECKED
    assert second.finding.verdict is Verdict.VERIFIED


def test_useless_credentials_end_the_audit() -> None:
    destination = FakeStore({"0": AccessError("ExpiredToken")})
    with pytest.raises(AccessError):
        list(Runner(store(1), destination, PLAIN).run(copies(1)))


def test_bytes_are_read_where_nothing_stored_is_comparable() -> None:
    source = FakeStore({"0": facts(BODY)}, {"0": BODY})
    destination = FakeStore({"0": facts(BODY, written=END)}, {"0": BODY})
    policy = replace(PLAIN, read=ReadMode.MISSING)
    (record,) = Runner(source, destination, policy).run(copies(1))
    assert (record.finding.verdict, record.finding.level) == (Verdict.VERIFIED, Level.READ)
    expected = BytesRead(size=len(BODY), checksums=frozenset({full(BODY, SHA)}))
    assert record.evidence.destination_bytes == record.evidence.source_bytes == expected


def test_the_source_is_not_read_where_its_stored_checksum_suffices() -> None:
    source = FakeStore({"0": facts(BODY, full(BODY, CRC))})
    destination = FakeStore({"0": facts(BODY, written=END)}, {"0": BODY})
    policy = replace(PLAIN, read=ReadMode.MISSING)
    (record,) = Runner(source, destination, policy).run(copies(1))
    assert record.finding.level is Level.READ
    assert source.asked == [("head", "0")]


def test_a_byte_flipped_in_the_destination_is_seen_when_it_is_read() -> None:
    source = FakeStore({"0": facts(BODY)}, {"0": BODY})
    flipped = BODY.replace(b"s", b"r", 1)
    destination = FakeStore({"0": facts(BODY, written=END)}, {"0": flipped})
    policy = replace(PLAIN, read=ReadMode.MISSING)
    (record,) = Runner(source, destination, policy).run(copies(1))
    assert record.finding.reason is Reason.CHECKSUM_DIFFERS


def test_a_read_that_breaks_off_is_evidence() -> None:
    source = FakeStore({"0": facts(BODY)}, {"0": BODY})
    destination = FakeStore({"0": facts(BODY, written=END)}, {"0": StoreError("reset")})
    policy = replace(PLAIN, read=ReadMode.MISSING)
    (record,) = Runner(source, destination, policy).run(copies(1))
    assert record.evidence.destination_bytes == Unreadable(problem="reset")
    assert record.finding.verdict is Verdict.UNCHECKED


def test_a_task_that_nobody_supplied_is_unreadable() -> None:
    policy = replace(PLAIN, reported=True)
    record = Runner(store(0), store(0), policy).audit(COPY, Evidence())
    assert isinstance(record.evidence.task, Unreadable)
    assert Slot.TASK.value in record.evidence.task.problem
    assert record.finding.verdict is Verdict.UNCHECKED
