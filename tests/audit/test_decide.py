"""The rules, each with the evidence that only it can judge."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given

from intact.audit import (
    Absent,
    BytesRead,
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
from intact.audit.decide import algorithms_to_read
from intact.batch import TaskStatus
from intact.checksum import Algorithm, Checksum, composite
from intact.s3 import ObjectFacts
from tests.worlds import BEGIN, END, World, facts, full, task, worlds

CRC, SHA = Algorithm.CRC64NVME, Algorithm.SHA256
LATER = BEGIN + timedelta(minutes=1)
PLAIN = Policy(reported=False, versioned=False)
REPORTED = replace(PLAIN, reported=True)
SUCCEEDED, FAILED = task(TaskStatus.SUCCEEDED), task(TaskStatus.FAILED)
ABSENT, UNREADABLE = Absent(detail="404"), Unreadable(problem="403")
GOOD = Evidence(
    source=facts(b"abc", full(b"abc", CRC)),
    destination=facts(b"abc", full(b"abc", CRC), written=LATER),
)


def good(**changes: Any) -> Evidence:  # noqa: ANN401 - fields of Evidence
    return replace(GOOD, **changes)


def read(body: bytes, *algorithms: Algorithm) -> BytesRead:
    return BytesRead(size=len(body), checksums=frozenset(full(body, a) for a in algorithms))


def copied(body: bytes, *checksums: Checksum) -> ObjectFacts:
    return facts(body, *checksums, written=LATER)


@given(worlds())
def test_verified_implies_that_the_bytes_are_equal(world: World) -> None:
    record = world.audit()
    if record.finding.verdict is Verdict.VERIFIED:
        assert world.source_body == world.destination_body


@given(worlds())
def test_mismatched_implies_that_the_bytes_differ(world: World) -> None:
    record = world.audit()
    if record.finding.verdict is Verdict.MISMATCHED:
        assert world.source_body != world.destination_body


@given(worlds())
def test_missing_implies_that_the_destination_is_absent(world: World) -> None:
    record = world.audit()
    if record.finding.verdict is Verdict.MISSING:
        assert isinstance(world.destination, Absent)


@given(worlds())
def test_each_slot_is_asked_for_at_most_once(world: World) -> None:
    evidence, asked = Evidence(), list[Slot]()
    while isinstance(step := decide(evidence, world.policy), Slot):
        asked.append(step)
        evidence = replace(evidence, **{step.value: _answer(step, world)})
    assert len(asked) == len(set(asked))


def _answer(slot: Slot, world: World) -> Any:  # noqa: ANN401 - a field of Evidence
    source, destination = (
        facts if isinstance(facts, ObjectFacts | Absent) else UNREADABLE
        for facts in (world.source, world.destination)
    )
    return {
        Slot.TASK: world.task,
        Slot.SOURCE: source,
        Slot.DESTINATION: destination,
        Slot.SOURCE_BYTES: read(world.source_body, SHA),
        Slot.DESTINATION_BYTES: read(world.destination_body, SHA),
    }[slot]


@given(worlds())
def test_bytes_are_never_read_unless_the_policy_allows_it(world: World) -> None:
    never = replace(world, policy=replace(world.policy, read=ReadMode.NEVER))
    evidence = never.audit().evidence
    assert evidence.source_bytes is None
    assert evidence.destination_bytes is None


@given(worlds())
def test_removing_stored_checksums_never_creates_verified(world: World) -> None:
    if isinstance(world.destination, ObjectFacts) and world.policy.read is ReadMode.NEVER:
        bare = replace(world, destination=replace(world.destination, checksums=frozenset()))
        assert bare.audit().finding.verdict is not Verdict.VERIFIED


@given(worlds())
def test_a_level_is_claimed_only_with_verified(world: World) -> None:
    finding = world.audit().finding
    assert (finding.level is Level.NONE) == (finding.verdict is not Verdict.VERIFIED)


@pytest.mark.parametrize(
    ("evidence", "policy", "slot"),
    [
        (Evidence(), REPORTED, Slot.TASK),
        (Evidence(task=SUCCEEDED), REPORTED, Slot.DESTINATION),
        (Evidence(task=FAILED), REPORTED, Slot.DESTINATION),
        (Evidence(), PLAIN, Slot.DESTINATION),
        (Evidence(destination=copied(b"")), PLAIN, Slot.SOURCE),
        (GOOD, replace(PLAIN, read=ReadMode.ALL), Slot.DESTINATION_BYTES),
        (
            good(destination_bytes=read(b"abc", CRC)),
            replace(PLAIN, read=ReadMode.ALL),
            Slot.SOURCE_BYTES,
        ),
        (
            good(source=facts(b"abc")),
            replace(PLAIN, read=ReadMode.MISSING),
            Slot.DESTINATION_BYTES,
        ),
        (
            good(source=facts(b"abc"), destination_bytes=read(b"abc", SHA)),
            replace(PLAIN, read=ReadMode.MISSING),
            Slot.SOURCE_BYTES,
        ),
        (
            GOOD,
            replace(PLAIN, read=ReadMode.MISSING, require=Level.READ),
            Slot.DESTINATION_BYTES,
        ),
    ],
    ids=str,
)
def test_asks_for_the_piece_it_lacks(evidence: Evidence, policy: Policy, slot: Slot) -> None:
    assert decide(evidence, policy) is slot


COMPOSITE = composite([full(b"abc", SHA).digest], algorithm=SHA)
UNTYPED = replace(full(b"abc", CRC), type=None)
IN_WINDOW = replace(PLAIN, window=Window(begin=BEGIN, end=END))
READ_ALL = replace(PLAIN, read=ReadMode.ALL)
BOTH_READ = {"source_bytes": read(b"abc", CRC, SHA), "destination_bytes": read(b"abc", CRC, SHA)}


@pytest.mark.parametrize(
    ("evidence", "policy", "verdict", "reason"),
    [
        (GOOD, PLAIN, Verdict.VERIFIED, Reason.EQUAL),
        (good(task=SUCCEEDED), REPORTED, Verdict.VERIFIED, Reason.EQUAL),
        (good(**BOTH_READ), READ_ALL, Verdict.VERIFIED, Reason.EQUAL),
        (
            good(row=Unreadable(problem="no CSV")),
            PLAIN,
            Verdict.UNCHECKED,
            Reason.ROW_UNREADABLE,
        ),
        (good(task=ABSENT), REPORTED, Verdict.NOT_COPIED, Reason.NO_RESULT),
        (good(task=UNREADABLE), REPORTED, Verdict.UNCHECKED, Reason.TASK_UNREADABLE),
        (good(task=FAILED), REPORTED, Verdict.NOT_COPIED, Reason.OLDER_OBJECT),
        (good(task=FAILED), PLAIN, Verdict.NOT_COPIED, Reason.OLDER_OBJECT),
        (
            good(task=FAILED, destination=ABSENT),
            REPORTED,
            Verdict.NOT_COPIED,
            Reason.TASK_FAILED,
        ),
        (
            good(task=FAILED, destination=UNREADABLE),
            REPORTED,
            Verdict.NOT_COPIED,
            Reason.TASK_FAILED,
        ),
        (good(destination=ABSENT), PLAIN, Verdict.MISSING, Reason.DESTINATION_ABSENT),
        (
            good(destination=UNREADABLE),
            PLAIN,
            Verdict.UNCHECKED,
            Reason.DESTINATION_UNREADABLE,
        ),
        (good(source=ABSENT), PLAIN, Verdict.UNVERIFIABLE, Reason.SOURCE_ABSENT),
        (good(source=UNREADABLE), PLAIN, Verdict.UNCHECKED, Reason.SOURCE_UNREADABLE),
        (
            good(destination=copied(b"abcd", full(b"abc", CRC))),
            PLAIN,
            Verdict.MISMATCHED,
            Reason.SIZE_DIFFERS,
        ),
        (
            good(destination=copied(b"abc", full(b"abd", CRC))),
            PLAIN,
            Verdict.MISMATCHED,
            Reason.CHECKSUM_DIFFERS,
        ),
        (
            good(
                source=facts(b"abc", full(b"abc", CRC), full(b"abc", SHA)),
                destination=copied(b"abc", full(b"abc", CRC), full(b"abd", SHA)),
            ),
            PLAIN,
            Verdict.MISMATCHED,
            Reason.CHECKSUM_DIFFERS,
        ),
        (
            good(
                source=facts(b"abc", COMPOSITE),
                destination=copied(b"abc", replace(COMPOSITE, digest=bytes(32))),
            ),
            PLAIN,
            Verdict.UNVERIFIABLE,
            Reason.NOTHING_COMPARABLE,
        ),
        (
            good(source=facts(b"abc", COMPOSITE), destination=copied(b"abc", COMPOSITE)),
            PLAIN,
            Verdict.UNVERIFIABLE,
            Reason.NOTHING_COMPARABLE,
        ),
        (
            good(source=facts(b"abc", full(b"", CRC)), destination=copied(b"abc", full(b"", CRC))),
            PLAIN,
            Verdict.UNVERIFIABLE,
            Reason.NOTHING_COMPARABLE,
        ),
        (
            good(destination=copied(b"abc", full(b"", CRC)), destination_bytes=read(b"abc", CRC)),
            replace(PLAIN, read=ReadMode.MISSING),
            Verdict.VERIFIED,
            Reason.EQUAL,
        ),
        (
            good(source=facts(b"", full(b"", CRC)), destination=copied(b"", full(b"", CRC))),
            PLAIN,
            Verdict.VERIFIED,
            Reason.EQUAL,
        ),
        (
            good(source=facts(b"abc", UNTYPED), destination=copied(b"abc", UNTYPED)),
            PLAIN,
            Verdict.UNVERIFIABLE,
            Reason.NOTHING_COMPARABLE,
        ),
        (
            good(destination=copied(b"abc", full(b"abc", SHA))),
            replace(PLAIN, algorithm=CRC),
            Verdict.UNVERIFIABLE,
            Reason.ALGORITHM_NOT_HONOURED,
        ),
        (
            good(
                source=facts(b"abc", full(b"abc", SHA)),
                destination=copied(b"abc", full(b"abc", SHA)),
            ),
            replace(PLAIN, algorithm=CRC),
            Verdict.UNVERIFIABLE,
            Reason.ALGORITHM_NOT_HONOURED,
        ),
        (
            GOOD,
            replace(PLAIN, require=Level.READ),
            Verdict.UNVERIFIABLE,
            Reason.BELOW_REQUIRED,
        ),
        (GOOD, IN_WINDOW, Verdict.VERIFIED, Reason.EQUAL),
        (
            good(destination=facts(b"abc", full(b"abc", CRC), written=BEGIN - timedelta(1))),
            replace(IN_WINDOW, versioned=True),
            Verdict.UNVERIFIABLE,
            Reason.DESTINATION_NOT_OF_JOB,
        ),
        (
            good(destination=facts(b"abc", full(b"abc", CRC), written=END + timedelta(1))),
            IN_WINDOW,
            Verdict.UNVERIFIABLE,
            Reason.DESTINATION_NOT_OF_JOB,
        ),
        (
            good(source=facts(b"abc", full(b"abc", CRC), written=END)),
            PLAIN,
            Verdict.UNVERIFIABLE,
            Reason.SOURCE_REPLACED,
        ),
        (
            good(source=facts(b"abc", full(b"abc", CRC), written=END)),
            replace(PLAIN, versioned=True),
            Verdict.VERIFIED,
            Reason.EQUAL,
        ),
        (
            good(source=facts(b"abd", full(b"abd", CRC), written=LATER)),
            PLAIN,
            Verdict.UNVERIFIABLE,
            Reason.SOURCE_REPLACED,
        ),
        (
            good(source=facts(b"abd", full(b"abd", CRC), written=LATER)),
            replace(PLAIN, versioned=True),
            Verdict.MISMATCHED,
            Reason.CHECKSUM_DIFFERS,
        ),
        (
            good(source_bytes=read(b"abc", CRC), destination_bytes=read(b"abd", CRC)),
            READ_ALL,
            Verdict.UNVERIFIABLE,
            Reason.CONTRADICTION,
        ),
        (
            good(source_bytes=read(b"abd", CRC), destination_bytes=read(b"abc", CRC)),
            READ_ALL,
            Verdict.UNVERIFIABLE,
            Reason.CONTRADICTION,
        ),
        (
            good(destination_bytes=read(b"abcd", SHA)),
            READ_ALL,
            Verdict.UNVERIFIABLE,
            Reason.CONTRADICTION,
        ),
        (
            good(
                source=facts(b"abc"),
                destination=copied(b"abc"),
                source_bytes=read(b"abc", SHA),
                destination_bytes=read(b"abd", SHA),
            ),
            replace(PLAIN, read=ReadMode.MISSING),
            Verdict.MISMATCHED,
            Reason.CHECKSUM_DIFFERS,
        ),
        (
            good(destination_bytes=UNREADABLE),
            READ_ALL,
            Verdict.UNCHECKED,
            Reason.DESTINATION_UNREADABLE,
        ),
        (
            good(destination_bytes=read(b"abc", CRC), source_bytes=UNREADABLE),
            READ_ALL,
            Verdict.UNCHECKED,
            Reason.SOURCE_UNREADABLE,
        ),
        (
            good(destination=copied(b"abc", full(b"abd", CRC)), destination_bytes=UNREADABLE),
            READ_ALL,
            Verdict.MISMATCHED,
            Reason.CHECKSUM_DIFFERS,
        ),
    ],
    ids=str,
)
def test_each_rule_gives_its_verdict(
    evidence: Evidence, policy: Policy, verdict: Verdict, reason: Reason
) -> None:
    finding = decide(evidence, policy)
    assert isinstance(finding, Finding)
    assert (finding.verdict, finding.reason) == (verdict, reason)


def test_every_reason_has_a_case_above() -> None:
    cases = test_each_rule_gives_its_verdict.pytestmark[0].args[1]  # type: ignore[attr-defined]
    assert {case[3] for case in cases} == set(Reason)


def test_a_destination_hashed_here_proves_more_than_recorded_checksums() -> None:
    recorded = decide(GOOD, PLAIN)
    hashed = decide(good(destination_bytes=read(b"abc", CRC)), PLAIN)
    assert isinstance(recorded, Finding)
    assert isinstance(hashed, Finding)
    assert (recorded.level, hashed.level) == (Level.RECORDED, Level.READ)


def test_the_window_forgives_a_minute_of_skew() -> None:
    window = Window(begin=BEGIN, end=END)
    minute, more = timedelta(seconds=60), timedelta(seconds=61)
    assert window.holds(BEGIN - minute)
    assert window.holds(END + minute)
    assert not window.holds(BEGIN - more)
    assert not window.holds(END + more)


def test_bytes_are_hashed_with_all_stored_algorithms_and_sha256() -> None:
    evidence = Evidence(source=facts(b"", full(b"", CRC)), destination=UNREADABLE)
    assert algorithms_to_read(evidence) == {CRC, SHA}
