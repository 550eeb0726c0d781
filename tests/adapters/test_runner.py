"""The loop around ``decide``: every copy once, in order, faults as evidence."""

from __future__ import annotations

import itertools
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from intact.adapters.runner import AHEAD, VERSIONS, Runner
from intact.adapters.terms import ReadTerms
from intact.audit import (
    Absent,
    BytesRead,
    Copy,
    Evidence,
    Finding,
    Level,
    Policy,
    ReadMode,
    Reason,
    Slot,
    Unreadable,
    Verdict,
    Window,
    decide,
)
from intact.checksum import Algorithm, ChecksumType, composite
from intact.checksum.parts import MAX_PARTS
from intact.errors import AccessError, StoreError
from intact.s3 import ObjectFacts, ObjectRef, PartList
from tests.fake_s3 import FakeStore
from tests.worlds import BEGIN, COPY, END, composed, cut, facts, full

if TYPE_CHECKING:
    from datetime import datetime

CRC, SHA = Algorithm.CRC64NVME, Algorithm.SHA256
PLAIN = Policy(reported=False, versioned=False)
BODY = b"some bytes"
AFTER = END + timedelta(days=1)


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


def test_a_composite_value_that_s3_does_not_know_is_no_reason_to_end() -> None:
    odd = replace(full(BODY, CRC), type=ChecksumType.COMPOSITE, parts=2)
    parts = cut(BODY, CRC, 5, 5)
    source = FakeStore({"0": facts(BODY, odd)}, {"0": BODY}, parts={"0": parts})
    copied = FakeStore({"0": facts(BODY, odd, written=END)}, {"0": BODY}, parts={"0": parts})
    for mode, level in ((ReadMode.NEVER, Level.NONE), (ReadMode.MISSING, Level.READ)):
        terms = replace(PLAIN, read=mode)
        (record,) = Runner(source, copied, terms).run(copies(1))
        assert record.finding.level is level
        known = replace(record.evidence, source_parts=parts, destination_parts=parts)
        finding = decide(known, terms)
        assert isinstance(finding, Finding)
        assert finding.level is level


def test_more_parts_than_s3_allows_are_no_reason_to_end() -> None:
    body = b"a" * (MAX_PARTS + 1)
    many = PartList(sizes=(1,) * len(body))
    told = composite([full(b"a", SHA).digest] * len(body), algorithm=SHA)
    source = FakeStore({"0": facts(body, told)}, {"0": body}, parts={"0": many})
    copied = FakeStore({"0": facts(body, written=END)}, {"0": body})
    (record,) = Runner(source, copied, replace(PLAIN, read=ReadMode.MISSING)).run(copies(1))
    assert record.finding.level is Level.READ


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


WINDOW = replace(PLAIN, window=Window(begin=BEGIN, end=END))
MISSING = replace(PLAIN, read=ReadMode.MISSING)


def version(
    body: bytes, name: str, *, written: datetime = BEGIN
) -> tuple[ObjectFacts, bytes, Absent]:
    found = replace(facts(body, full(body, CRC), written=written), version_id=name)
    return found, body, Absent()


def history(*versions: tuple[ObjectFacts, bytes, Absent]) -> FakeStore:
    return FakeStore({"0": versions[0][0]}, {"0": versions[0][1]}, history={"0": versions})


def test_the_version_that_the_job_wrote_is_looked_for_behind_a_later_one() -> None:
    destination = history(
        version(b"later", "v3", written=END + timedelta(1)),
        version(BODY, "v2", written=END),
        version(b"earlier", "v1", written=BEGIN - timedelta(1)),
    )
    (record,) = Runner(store(1), destination, WINDOW).run(copies(1))
    assert record.finding.reason is Reason.EQUAL_SUPERSEDED
    assert isinstance(record.evidence.destination_versions, tuple)
    assert [found.version_id for found in record.evidence.destination_versions] == ["v2"]


def test_more_versions_than_a_job_writes_are_no_evidence() -> None:
    late = version(b"later", "late", written=END + timedelta(1))
    many = [version(BODY, f"v{number}", written=END) for number in range(VERSIONS + 1)]
    (record,) = Runner(store(1), history(late, *many), WINDOW).run(copies(1))
    assert isinstance(record.evidence.destination_versions, Unreadable)
    assert record.finding.verdict is Verdict.UNCHECKED


def test_the_source_is_looked_for_behind_what_replaced_it() -> None:
    source = history(
        version(b"new", "v3", written=END + timedelta(1)),
        version(BODY, "v2"),
        version(b"old", "v1", written=BEGIN - timedelta(1)),
    )
    (record,) = Runner(source, store(1, written=1), PLAIN).run(copies(1))
    assert record.finding.verdict is Verdict.VERIFIED
    assert isinstance(record.evidence.source_versions, tuple)
    assert [found.version_id for found in record.evidence.source_versions] == ["v2"]


def test_a_source_without_an_older_version_is_not_guessed() -> None:
    source = history(version(b"new", "v3", written=END + timedelta(1)))
    (record,) = Runner(source, store(1, written=1), PLAIN).run(copies(1))
    assert record.evidence.source_versions == ()
    assert record.finding.reason is Reason.SOURCE_REPLACED


PARTS = cut(BODY, SHA, 4, 6)


def test_bytes_are_cut_where_the_sources_parts_end() -> None:
    source = FakeStore({"0": facts(BODY, composed(PARTS))}, {"0": BODY}, parts={"0": PARTS})
    destination = FakeStore({"0": facts(BODY, written=END)}, {"0": BODY})
    (record,) = Runner(source, destination, MISSING).run(copies(1))
    assert (record.finding.verdict, record.finding.level) == (Verdict.VERIFIED, Level.READ)
    assert isinstance(record.evidence.destination_bytes, BytesRead)
    assert record.evidence.destination_bytes.by_source_parts == {composed(PARTS)}
    assert "read" not in {call for call, _ in source.asked}


def test_the_parts_of_both_sides_are_asked_for_where_they_combine() -> None:
    crc = cut(BODY, Algorithm.CRC32, 4, 6)
    source = FakeStore({"0": facts(BODY, composed(crc))}, parts={"0": crc})
    destination = FakeStore({"0": facts(BODY, full(BODY, Algorithm.CRC32), written=END)})
    (record,) = Runner(source, destination, PLAIN).run(copies(1))
    assert (record.finding.verdict, record.finding.level) == (Verdict.VERIFIED, Level.INDEPENDENT)
    swapped = Runner(
        FakeStore({"0": facts(BODY, full(BODY, Algorithm.CRC32))}),
        FakeStore({"0": facts(BODY, composed(crc), written=END)}, parts={"0": crc}),
        PLAIN,
    )
    (record,) = swapped.run(copies(1))
    assert record.finding.verdict is Verdict.VERIFIED


def test_parts_that_cannot_be_read_leave_the_copy_unproven() -> None:
    source = FakeStore({"0": facts(BODY, composed(PARTS))}, parts={"0": StoreError("503")})
    destination = FakeStore({"0": facts(BODY, full(BODY, SHA), composed(PARTS), written=END)})
    (record,) = Runner(source, destination, PLAIN).run(copies(1))
    assert record.evidence.source_parts == Unreadable(problem="503")
    assert record.finding.verdict is Verdict.UNVERIFIABLE


def test_more_bytes_than_s3_described_are_not_read() -> None:
    source = FakeStore({"0": facts(BODY)}, {"0": BODY})
    destination = FakeStore({"0": facts(BODY, written=END)}, {"0": BODY + b"more"})
    (record,) = Runner(source, destination, MISSING).run(copies(1))
    assert isinstance(record.evidence.destination_bytes, Unreadable)
    assert record.finding.verdict is Verdict.UNCHECKED


def unread(count: int) -> tuple[FakeStore, FakeStore]:
    bodies = {str(number): BODY for number in range(count)}
    return (
        FakeStore({key: facts(BODY) for key in bodies}, bodies),
        FakeStore({key: facts(BODY, written=END) for key in bodies}, bodies),
    )


def test_what_the_terms_withhold_is_not_read_and_not_proven() -> None:
    source, destination = unread(100)
    terms = ReadTerms(fraction=0.3, subject="job")
    policy = replace(PLAIN, read=ReadMode.SAMPLE)
    records = list(Runner(source, destination, policy, terms=terms).run(copies(100)))
    sampled = {
        r.copy.row for r in records if r.copy.destination and terms.samples(r.copy.destination)
    }
    assert {r.copy.row for r in records if r.finding.verdict is Verdict.VERIFIED} == sampled
    assert {r.finding.reason for r in records if r.copy.row not in sampled} == {Reason.NOT_READ}
    assert {int(key) for call, key in destination.asked if call == "read"} == sampled


def test_no_byte_is_read_above_the_budget() -> None:
    source, destination = unread(20)
    terms = ReadTerms(budget=7 * len(BODY))
    list(Runner(source, destination, MISSING, terms=terms).run(copies(20)))
    asked = [call for call, _ in (*source.asked, *destination.asked)]
    assert asked.count("read") == 7


def test_archived_bytes_are_not_asked_for() -> None:
    source = FakeStore({"0": facts(BODY)}, {"0": BODY})
    archived = replace(facts(BODY, written=END), archived=True)
    destination = FakeStore({"0": archived}, {"0": BODY})
    (record,) = Runner(source, destination, replace(PLAIN, read=ReadMode.ALL)).run(copies(1))
    assert record.finding.reason is Reason.ARCHIVED
    assert "read" not in {call for call, _ in destination.asked}
