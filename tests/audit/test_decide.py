"""The rules, each with the evidence that only it can judge."""

from dataclasses import fields, replace
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intact.adapters.runner import Runner
from intact.audit import (
    Absent,
    BytesRead,
    Computed,
    Evidence,
    Expected,
    Finding,
    Level,
    Policy,
    ReadMode,
    Reason,
    Record,
    Slot,
    Unreadable,
    Verdict,
    Window,
    Withheld,
    decide,
)
from intact.audit.bind import Pair, bind, chosen_destination
from intact.audit.decide import algorithms_by_parts, algorithms_to_read
from intact.audit.evidence import DELETE_MARKER, UNLISTED
from intact.audit.side import Side, any_differ
from intact.batch import TaskStatus
from intact.checksum import Algorithm, Checksum, composite
from intact.errors import UsageError
from intact.s3 import ObjectFacts, PartList
from intact.s3.objects import SSE_S3
from tests.worlds import BEGIN, COPY, END, World, composed, cut, facts, full, md5_etag, task, worlds

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
        source, destination = world.judged(record.evidence)
        recorded = world.recorded if record.evidence.expected else source
        assert destination in {source, recorded}


@given(worlds())
def test_mismatched_implies_that_the_bytes_differ(world: World) -> None:
    record = world.audit()
    if record.finding.verdict is Verdict.MISMATCHED:
        _, destination = world.judged(record.evidence)
        assert speaks(world, record) != destination


def speaks(world: World, record: Record) -> bytes:
    """The bytes of the source that a difference speaks of: what S3 holds, or what was expected."""
    source, _ = world.judged(record.evidence)
    pair = bind(record.evidence, world.policy)
    assert isinstance(pair, Pair)
    by_size = record.finding.reason is Reason.SIZE_DIFFERS and pair.source.facts is None
    expected = by_size or record.finding.reason is Reason.EXPECTED_DIFFERS
    return world.recorded if expected else source


@given(worlds())
def test_mismatched_implies_that_no_version_from_the_jobs_time_is_right(world: World) -> None:
    record, window = world.audit(), world.policy.window
    told = isinstance(record.evidence.destination_versions, tuple)
    if record.finding.verdict is Verdict.MISMATCHED and window is not None and told:
        wanted = speaks(world, record)
        assert isinstance(world.destination, list)
        written = [v.body for v in world.destination if window.holds(v.facts.last_modified)]
        assert wanted not in written


@given(worlds())
def test_missing_implies_that_the_destination_is_absent(world: World) -> None:
    record = world.audit()
    if record.finding.verdict is Verdict.MISSING:
        assert isinstance(world.destination, Absent)


@given(worlds())
def test_each_slot_is_asked_for_at_most_once(world: World) -> None:
    record, asked = world.audit(), list[Slot]()
    evidence = world.evidence
    while isinstance(step := decide(evidence, world.policy), Slot):
        asked.append(step)
        evidence = replace(evidence, **{step.value: getattr(record.evidence, step.value)})
    assert len(asked) == len(set(asked))
    assert evidence == record.evidence


@given(worlds(), st.sampled_from(Slot))
def test_an_answered_slot_is_a_replaced_field(world: World, slot: Slot) -> None:
    answer: Any = Unreadable(problem="an answer")
    before = replace(world.evidence)
    answered = world.evidence.answered(slot, answer)
    assert answered == replace(world.evidence, **{slot.value: answer})
    assert world.evidence == before


@given(worlds())
def test_bytes_are_never_read_unless_the_policy_allows_it(world: World) -> None:
    never = replace(world, policy=replace(world.policy, read=ReadMode.NEVER))
    source, destination = never.stores()
    Runner(source, destination, never.policy).audit(COPY, never.evidence)
    assert "read" not in {call for call, _ in (*source.asked, *destination.asked)}


OPTIONAL = (
    "expected",
    "source_computed",
    "destination_computed",
    "source_parts",
    "destination_parts",
    "source_bytes",
    "destination_bytes",
)


@given(worlds(), st.sampled_from(OPTIONAL))
def test_removing_evidence_never_creates_verified(world: World, name: str) -> None:
    record = world.audit()
    lost: Any = () if name.endswith("computed") else Withheld(terms="lost")
    if name == "expected":
        lost = None
    if record.finding.verdict not in {Verdict.VERIFIED, Verdict.UNCHECKED}:
        bare = replace(record.evidence, **{name: lost})
        if bare != record.evidence and not disagrees(record, world.policy):
            left = decide(bare, world.policy)
            assert not isinstance(left, Finding) or left.verdict is not Verdict.VERIFIED


DOUBTS = {Reason.CONTRADICTION, Reason.ETAG_DISAGREES}


def disagrees(record: Record, policy: Policy) -> bool:
    """Whether the evidence contradicts itself; whoever hides half of it hides the contradiction."""
    pair = bind(record.evidence, policy)
    if isinstance(pair, Pair) and record.finding.reason not in DOUBTS:
        return any_differ(pair.source.known, pair.destination.known)
    return record.finding.reason in DOUBTS


@given(worlds(), st.randoms(use_true_random=False))
def test_the_order_of_evidence_does_not_matter(world: World, random: Random) -> None:
    record = world.audit()
    names = [field.name for field in fields(Evidence)]
    random.shuffle(names)
    evidence = Evidence()
    for name in names:
        told: Any = getattr(record.evidence, name)
        if name.endswith("computed"):
            told = tuple(random.sample(told, len(told)))
        evidence = replace(evidence, **{name: told})
        decide(evidence, world.policy)  # asking changes nothing
    assert decide(evidence, world.policy) == record.finding


OF_VERSIONS = [slot for slot in Slot if slot.value.endswith(("_parts", "_bytes"))]


@given(worlds(), st.lists(st.sampled_from(OF_VERSIONS), unique=True))
def test_answers_that_nobody_needed_never_reverse_a_verdict(
    world: World, slots: list[Slot]
) -> None:
    record = world.audit()
    runner = Runner(*world.stores(), world.policy)
    evidence = record.evidence
    if isinstance(pair := bind(evidence, world.policy), Pair):
        for slot in slots:
            side = pair.source if slot.value.startswith("source") else pair.destination
            if side.facts is not None and getattr(evidence, slot.value) is None:
                evidence = runner.supplement(slot, COPY, evidence)
        again = runner.audit(COPY, evidence)
        verdicts = {record.finding.verdict, again.finding.verdict}
        assert verdicts != {Verdict.VERIFIED, Verdict.MISMATCHED}
        if again.finding.verdict is Verdict.VERIFIED:
            source, destination = world.judged(again.evidence)
            assert destination in {source, world.recorded if evidence.expected else source}


@given(worlds(), worlds(), st.sets(st.sampled_from([field.name for field in fields(Evidence)])))
def test_adding_evidence_never_turns_a_difference_into_verified(
    world: World, other: World, names: set[str]
) -> None:
    record = world.audit()
    if record.finding.verdict is Verdict.MISMATCHED:
        more = other.audit().evidence
        added = {
            name: getattr(more, name) for name in names if not getattr(record.evidence, name, None)
        }
        for name in ("source_computed", "destination_computed"):
            added[name] = getattr(record.evidence, name) + getattr(more, name)
        step = decide(replace(record.evidence, **added), world.policy)
        assert isinstance(step, Slot) or step.verdict is not Verdict.VERIFIED


@given(worlds())
def test_verified_is_bound_to_versions_of_the_copy(world: World) -> None:
    record, policy = world.audit(), world.policy
    if record.finding.verdict is not Verdict.VERIFIED:
        return
    pair = bind(record.evidence, policy)
    assert isinstance(pair, Pair)
    source, destination = pair.source.facts, pair.destination.facts
    if destination is not None:
        assert policy.window is None or policy.window.holds(destination.last_modified)
    if source is None:
        assert policy.versioned or record.evidence.expected is not None
    elif not policy.versioned or source.version_id is None:
        assert policy.window is not None or destination is not None
        if destination is not None:
            assert source.last_modified < destination.last_modified
        else:
            assert policy.window is not None
            assert source.last_modified < policy.window.begin


@given(worlds())
def test_what_nobody_binds_to_the_source_never_verifies(world: World) -> None:
    loose = replace(world.evidence, source=OFFLINE, expected=None)
    evidence = replace(world, evidence=loose).audit().evidence
    for terms in (world.policy, replace(world.policy, versioned=False)):
        named = any(row.version_id for row in evidence.source_computed)
        step = decide(evidence, terms)
        if isinstance(step, Finding) and step.verdict is Verdict.VERIFIED:
            assert terms.versioned
            assert named


@given(worlds(), st.sampled_from(Level))
def test_raising_the_bar_never_creates_verified(world: World, level: Level) -> None:
    if level.value >= world.policy.require.value:
        record = world.audit()
        higher = decide(record.evidence, replace(world.policy, require=level))
        if isinstance(higher, Finding) and higher.verdict is Verdict.VERIFIED:
            assert record.finding.verdict is Verdict.VERIFIED
            assert higher.level.value >= level.value


@given(worlds())
def test_nothing_allowed_turns_a_difference_into_verified(world: World) -> None:
    record = world.audit()
    if record.finding.verdict is Verdict.MISMATCHED:
        for mode in ReadMode:
            again = replace(world, policy=replace(world.policy, read=mode)).audit()
            assert again.finding.verdict is not Verdict.VERIFIED


@given(worlds())
def test_verified_is_never_claimed_below_the_bar(world: World) -> None:
    finding = world.audit().finding
    if finding.verdict is Verdict.VERIFIED:
        assert finding.level.value >= world.policy.require.value
    elif finding.reason not in {Reason.BELOW_REQUIRED, Reason.ETAG_DISAGREES}:
        assert finding.level is Level.NONE


@pytest.mark.parametrize(
    ("evidence", "policy", "slot"),
    [
        (Evidence(), REPORTED, Slot.TASK),
        (Evidence(task=SUCCEEDED), REPORTED, Slot.DESTINATION),
        (Evidence(task=FAILED), REPORTED, Slot.DESTINATION),
        (Evidence(), PLAIN, Slot.DESTINATION),
        (Evidence(destination=copied(b"")), PLAIN, Slot.SOURCE),
        (GOOD, replace(PLAIN, read=ReadMode.ALL), Slot.DESTINATION_BYTES),
        (GOOD, replace(PLAIN, read=ReadMode.SAMPLE), Slot.DESTINATION_BYTES),
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
)
def test_asks_for_the_piece_it_lacks(evidence: Evidence, policy: Policy, slot: Slot) -> None:
    assert decide(evidence, policy) is slot


COMPOSITE = composite([full(b"abc", SHA).digest], algorithm=SHA)
UNTYPED = replace(full(b"abc", CRC), type=None)
IN_WINDOW = replace(PLAIN, window=Window(begin=BEGIN, end=END))
READ_ALL = replace(PLAIN, read=ReadMode.ALL)
BOTH_READ = {"source_bytes": read(b"abc", CRC, SHA), "destination_bytes": read(b"abc", CRC, SHA)}


def etag(facts: ObjectFacts, text: str, encryption: str | None = SSE_S3) -> ObjectFacts:
    return replace(facts, etag=text, encryption=encryption)


def row(body: bytes, algorithm: Algorithm, **changes: Any) -> tuple[Computed, ...]:  # noqa: ANN401 - fields of Computed
    return (replace(Computed(checksum=full(body, algorithm), etag="etag"), **changes),)


def version(facts: ObjectFacts, name: str = "v") -> ObjectFacts:
    return replace(facts, version_id=name)


OFFLINE = Withheld(terms="offline")
CRC32, MD5 = Algorithm.CRC32, Algorithm.MD5
PARTS = cut(b"abc", CRC32, 1, 2)
SHA_PARTS = cut(b"abc", SHA, 1, 2)
OTHER_PARTS = cut(b"abc", SHA, 2, 1)
CUT_CRC, CUT_SHA, OTHER_SHA = map(composed, (PARTS, SHA_PARTS, OTHER_PARTS))
CUT_MD5 = frozenset({composed(cut(b"abc", MD5, 1, 2))})
NO_PARTS = {"source_parts": Absent(), "destination_parts": Absent()}
MISSING = replace(PLAIN, read=ReadMode.MISSING)
TAG, TAG2 = md5_etag(b"abc"), md5_etag(b"abc", (1, 2))
AFTER = END + timedelta(1)
LATE = version(facts(b"abc", full(b"abc", CRC), written=AFTER), "late")
IN_TIME = version(copied(b"abc", full(b"abc", CRC)))
WRONG = version(copied(b"abc", full(b"abd", CRC)), "wrong")
SHA_IN_TIME = version(copied(b"abc", full(b"abc", SHA)))
BARE = version(copied(b"abc", full(b"abc", MD5)), "bare")
BEFORE = BEGIN - timedelta(1)
NOTHING = version(copied(b"abc"), "nothing")
NEWER = version(facts(b"xyz", full(b"xyz", CRC), written=END), "new")
OLD = version(facts(b"abc", full(b"abc", CRC)), "old")
EXPECTED = Expected(checksums=frozenset({full(b"abc", SHA)}))
WRONG_EXPECTED = Expected(checksums=frozenset({full(b"abd", SHA)}))
ARCHIVED = replace(copied(b"abc"), archived=True)
ARCHIVED_SOURCE = replace(facts(b"abc"), archived=True)
SHA_READ = read(b"abc", SHA)
BEGUN = {"begun": END}
SKEW, SECOND = Window(begin=BEGIN, end=END).skew, timedelta(seconds=1)
HIDDEN = Absent(detail=DELETE_MARKER)
SIZE_ONLY = Expected(checksums=frozenset(), size=3)
REPLACED = facts(b"xyz", full(b"xyz", CRC), written=AFTER)
REPLACED_NOW = facts(b"xyz", full(b"xyz", CRC), written=LATER)
SHA_ONLY = copied(b"abc", full(b"abc", SHA))


SAME_ETAGS = good(source=etag(facts(b"abc"), TAG), destination=etag(copied(b"abc"), TAG))
OTHER_ETAGS = good(
    source=etag(facts(b"abc"), TAG2),
    destination=etag(copied(b"abc"), md5_etag(b"abd", (1, 2))),
    source_parts=PartList(sizes=(1, 2)),
    destination_parts=PartList(sizes=(1, 2)),
)


def offline(**changes: Any) -> Evidence:  # noqa: ANN401 - fields of Evidence
    return good(source=OFFLINE, destination=OFFLINE, **changes)


UNBOUND_COPIES: list[tuple[dict[str, Any], Policy]] = [
    (BEGUN | {"version_id": "v"}, IN_WINDOW),
    ({"begun": END - SECOND}, IN_WINDOW),
    ({}, IN_WINDOW),
    (BEGUN, PLAIN),
]
"""Rows of Compute checksum jobs that nothing shows to be of what the job wrote, and terms."""


RIVALS: list[tuple[ObjectFacts, Any, dict[str, Any], Verdict, Reason]] = [
    (IN_TIME, None, {}, Verdict.VERIFIED, Reason.EQUAL),
    (IN_TIME, (IN_TIME, WRONG), {}, Verdict.VERIFIED, Reason.EQUAL),
    *(
        (WRONG, versions, {}, Verdict.MISMATCHED, Reason.CHECKSUM_DIFFERS)
        for versions in [
            (),
            OFFLINE,
            (WRONG,),
            (WRONG, version(WRONG, "first")),
            (WRONG, version(copied(b"abc", full(b"xyz", CRC)), "differs otherwise")),
            (WRONG, version(copied(b"abcd"), "of another size")),
            (WRONG, version(LATE, "after"), replace(OLD, last_modified=BEFORE)),
            (WRONG, replace(OLD, last_modified=BEGIN - SKEW - SECOND)),
            (WRONG, replace(OLD, last_modified=END + SKEW + SECOND)),
        ]
    ),
    *(
        (wrong, (wrong, another), {}, Verdict.UNVERIFIABLE, Reason.SEVERAL_VERSIONS)
        for wrong in (WRONG, replace(WRONG, size=4))
        for another in [
            version(copied(b"abc", full(b"abc", CRC)), "right"),
            version(copied(b"abc"), "of which little is known"),
            version(copied(b"abc", full(b"abc", CRC)), "null"),
            replace(OLD, last_modified=BEGIN - SKEW),
            replace(OLD, last_modified=END + SKEW),
        ]
    ),
    (WRONG, UNREADABLE, {}, Verdict.UNCHECKED, Reason.DESTINATION_UNREADABLE),
    (
        WRONG,
        UNREADABLE,
        {"shared": True},
        Verdict.UNVERIFIABLE,
        Reason.DESTINATION_SHARED,
    ),
    (
        SHA_IN_TIME,
        (SHA_IN_TIME, version(copied(b"abc", full(b"abd", SHA)), "as expected")),
        {"source": facts(b"abc"), "expected": WRONG_EXPECTED},
        Verdict.UNVERIFIABLE,
        Reason.SEVERAL_VERSIONS,
    ),
    (
        SHA_IN_TIME,
        (SHA_IN_TIME, version(copied(b"abc", full(b"xyz", SHA)), "neither")),
        {"source": facts(b"abc"), "expected": WRONG_EXPECTED},
        Verdict.MISMATCHED,
        Reason.EXPECTED_DIFFERS,
    ),
    (  # of which nothing is stored
        NOTHING,
        (NOTHING,),
        {"source_computed": row(b"abc", SHA), "destination_computed": row(b"xyz", SHA)},
        Verdict.MISMATCHED,
        Reason.CHECKSUM_DIFFERS,
    ),
    (  # alike by what is stored, and therefore as wrong
        BARE,
        (BARE, version(BARE, "first")),
        {"source_computed": row(b"abc", SHA), "destination_computed": row(b"xyz", SHA)},
        Verdict.MISMATCHED,
        Reason.CHECKSUM_DIFFERS,
    ),
]
"""Versions from the job's time, of which the key holds the first, and what comes of it."""


MATRIX: list[tuple[Evidence, Policy, Verdict, Reason]] = [
    # several versions of the destination
    (
        good(destination=LATE, destination_versions=(IN_TIME,)),
        IN_WINDOW,
        Verdict.VERIFIED,
        Reason.EQUAL_SUPERSEDED,
    ),
    (
        good(destination=LATE, destination_versions=(IN_TIME, IN_TIME)),
        IN_WINDOW,
        Verdict.VERIFIED,
        Reason.EQUAL_SUPERSEDED,
    ),
    *(
        (
            good(destination=LATE, destination_versions=versions),
            IN_WINDOW,
            Verdict.UNVERIFIABLE,
            Reason.SEVERAL_VERSIONS,
        )
        for versions in [
            (IN_TIME, version(copied(b"abc"))),
            (IN_TIME, SHA_IN_TIME),
            (IN_TIME, IN_TIME, SHA_IN_TIME),
        ]
    ),
    (
        good(destination=LATE, destination_versions=(IN_TIME, version(copied(b"ab")))),
        IN_WINDOW,
        Verdict.UNVERIFIABLE,
        Reason.SEVERAL_VERSIONS,
    ),
    (
        good(destination=LATE, destination_versions=(IN_TIME, replace(IN_TIME, size=4))),
        IN_WINDOW,
        Verdict.UNVERIFIABLE,
        Reason.SEVERAL_VERSIONS,
    ),
    (
        good(destination=LATE, destination_versions=(LATE,)),
        IN_WINDOW,
        Verdict.UNVERIFIABLE,
        Reason.DESTINATION_NOT_OF_JOB,
    ),
    (
        good(destination=LATE, destination_versions=OFFLINE),
        IN_WINDOW,
        Verdict.UNVERIFIABLE,
        Reason.DESTINATION_NOT_OF_JOB,
    ),
    (
        good(destination=LATE, destination_versions=UNREADABLE),
        IN_WINDOW,
        Verdict.UNCHECKED,
        Reason.DESTINATION_UNREADABLE,
    ),
    # a copy that differs, of which no other version from the job's time can be known
    *(
        (good(destination=wrong), terms, Verdict.MISMATCHED, Reason.CHECKSUM_DIFFERS)
        for wrong, terms in [(WRONG, PLAIN), (replace(WRONG, version_id=None), IN_WINDOW)]
    ),
    # several versions of the destination, of which the key holds the last
    *(
        (
            good(destination=destination, destination_versions=versions, **more),
            IN_WINDOW,
            verdict,
            reason,
        )
        for destination, versions, more, verdict, reason in RIVALS
    ),
    # older versions of the source
    (good(source=NEWER, source_versions=(OLD,)), PLAIN, Verdict.VERIFIED, Reason.EQUAL),
    (
        good(source=NEWER, source_versions=(replace(OLD, size=4),)),
        PLAIN,
        Verdict.UNVERIFIABLE,
        Reason.SOURCE_REPLACED,
    ),
    *(
        (
            good(source=NEWER, source_versions=(replace(OLD, last_modified=written),)),
            PLAIN,
            Verdict.UNVERIFIABLE,
            Reason.SOURCE_REPLACED,
        )
        for written in (LATER, END)
    ),
    (
        good(source=NEWER, source_versions=OFFLINE),
        PLAIN,
        Verdict.UNVERIFIABLE,
        Reason.SOURCE_REPLACED,
    ),
    (
        good(source=NEWER, source_versions=UNREADABLE),
        PLAIN,
        Verdict.UNCHECKED,
        Reason.SOURCE_UNREADABLE,
    ),
    # a key that several rows copy to
    (good(shared=True), PLAIN, Verdict.VERIFIED, Reason.EQUAL),
    (
        good(shared=True, destination=copied(b"abcd")),
        PLAIN,
        Verdict.UNVERIFIABLE,
        Reason.DESTINATION_SHARED,
    ),
    # what others than S3 recorded
    (
        good(source=ABSENT, destination=copied(b"abc", full(b"abc", SHA)), expected=EXPECTED),
        PLAIN,
        Verdict.VERIFIED,
        Reason.EQUAL,
    ),
    (
        good(source=ABSENT, destination=copied(b"abc", full(b"abc", SHA)), expected=WRONG_EXPECTED),
        PLAIN,
        Verdict.MISMATCHED,
        Reason.EXPECTED_DIFFERS,
    ),
    (good(source=ABSENT, expected=EXPECTED), PLAIN, Verdict.UNVERIFIABLE, Reason.SOURCE_ABSENT),
    (
        good(source=ABSENT, expected=replace(EXPECTED, size=4)),
        PLAIN,
        Verdict.MISMATCHED,
        Reason.SIZE_DIFFERS,
    ),
    (
        good(expected=replace(EXPECTED, size=4)),
        PLAIN,
        Verdict.UNVERIFIABLE,
        Reason.CONTRADICTION,
    ),
    (
        good(
            source=facts(b"abc"),
            destination=copied(b"abc", full(b"abc", SHA)),
            expected=WRONG_EXPECTED,
        ),
        PLAIN,
        Verdict.MISMATCHED,
        Reason.EXPECTED_DIFFERS,
    ),
    (
        good(source=facts(b"abc", full(b"abc", SHA)), expected=WRONG_EXPECTED),
        PLAIN,
        Verdict.UNVERIFIABLE,
        Reason.CONTRADICTION,
    ),
    *(
        (
            good(source=source, shared=shared, destination=SHA_ONLY, expected=WRONG_EXPECTED),
            PLAIN,
            Verdict.UNVERIFIABLE,
            reason,
        )
        for source, shared, reason in [
            (facts(b"abc"), True, Reason.DESTINATION_SHARED),
            (OFFLINE, False, Reason.DIFFERENCE_UNBOUND),
        ]
    ),
    # Compute checksum jobs
    (
        good(
            source=facts(b"abc"),
            destination=copied(b"abc"),
            source_computed=row(b"abc", SHA),
            destination_computed=row(b"abc", SHA),
        ),
        PLAIN,
        Verdict.VERIFIED,
        Reason.EQUAL,
    ),
    (
        good(
            source=facts(b"abc"),
            destination=copied(b"abc"),
            source_computed=row(b"abc", SHA, etag="other"),
            destination_computed=row(b"abc", SHA, version_id="other"),
        ),
        PLAIN,
        Verdict.UNVERIFIABLE,
        Reason.COMPUTED_OF_OTHER,
    ),
    (
        good(source=facts(b"abc"), destination_computed=row(b"abc", SHA)),
        PLAIN,
        Verdict.UNVERIFIABLE,
        Reason.NOTHING_COMPARABLE,
    ),
    (
        good(source_computed=row(b"abd", SHA), destination_computed=row(b"abc", SHA)),
        PLAIN,
        Verdict.MISMATCHED,
        Reason.CHECKSUM_DIFFERS,
    ),
    (
        good(destination_computed=row(b"abd", CRC)),
        PLAIN,
        Verdict.UNVERIFIABLE,
        Reason.CONTRADICTION,
    ),
    # of what the source's key held at some time, which nothing shows to be what was copied
    *(
        (
            offline(
                source_computed=row(body, SHA, begun=begun),
                destination_computed=row(b"abc", SHA, **BEGUN),
            ),
            policy,
            Verdict.UNVERIFIABLE,
            Reason.SOURCE_UNBOUND,
        )
        for body, begun, policy in [
            (b"abc", END, IN_WINDOW),
            (b"abc", BEGIN - timedelta(1), IN_WINDOW),
            (b"abc", None, IN_WINDOW),
            (b"abd", END, IN_WINDOW),
            (b"abc", END, PLAIN),
        ]
    ),
    (
        offline(
            source_computed=row(b"abc", SHA, version_id="v"),
            destination_computed=row(b"abc", SHA, **BEGUN),
        ),
        replace(IN_WINDOW, versioned=True),
        Verdict.VERIFIED,
        Reason.EQUAL,
    ),
    (offline(), replace(IN_WINDOW, algorithm=CRC), Verdict.UNVERIFIABLE, Reason.NOTHING_COMPARABLE),
    (
        offline(
            source_computed=row(b"abc", SHA, version_id="v"),
            destination_computed=row(b"abd", SHA, **BEGUN),
        ),
        replace(IN_WINDOW, versioned=True),
        Verdict.UNVERIFIABLE,
        Reason.DIFFERENCE_UNBOUND,
    ),
    # of a copy that nobody dates: its source has to be older than its job
    *(
        (
            good(
                source=facts(b"abc", full(body, SHA), written=written),
                destination=OFFLINE,
                destination_computed=row(b"abc", SHA, **BEGUN),
            ),
            IN_WINDOW,
            verdict,
            reason,
        )
        for body, written, verdict, reason in [
            (b"abc", BEGIN - SKEW - SECOND, Verdict.VERIFIED, Reason.EQUAL),
            (b"abd", BEGIN - SKEW - SECOND, Verdict.UNVERIFIABLE, Reason.DIFFERENCE_UNBOUND),
            (b"abc", BEGIN - SKEW, Verdict.UNVERIFIABLE, Reason.SOURCE_UNBOUND),
            (b"abc", END + SKEW, Verdict.UNVERIFIABLE, Reason.SOURCE_UNBOUND),
            (b"abc", END + SKEW + SECOND, Verdict.UNVERIFIABLE, Reason.SOURCE_REPLACED),
        ]
    ),
    (  # by the name of its version in the manifest, a source is the one whenever it was written
        good(
            source=version(facts(b"abc", full(b"abc", SHA), written=AFTER)),
            destination=OFFLINE,
            destination_computed=row(b"abc", SHA, **BEGUN),
        ),
        replace(IN_WINDOW, versioned=True),
        Verdict.VERIFIED,
        Reason.EQUAL,
    ),
    # of a version that the manifest does not name, or that a later write replaces
    *(
        (
            offline(
                source_computed=row(b"abc", SHA, version_id=name),
                destination_computed=row(b"abc", SHA, **BEGUN),
            ),
            replace(IN_WINDOW, versioned=versioned),
            Verdict.UNVERIFIABLE,
            Reason.SOURCE_UNBOUND,
        )
        for name, versioned in [(None, True), ("null", True), ("v", False)]
    ),
    *(
        (
            offline(
                source_computed=row(b"abc", SHA, version_id="v"),
                destination_computed=row(b"abc", SHA, **of),
            ),
            replace(terms, versioned=True),
            Verdict.UNVERIFIABLE,
            Reason.NOTHING_COMPARABLE,
        )
        for of, terms in UNBOUND_COPIES
    ),
    # rows that may speak of what took the source's place
    *(
        (
            good(
                source=gone,
                source_computed=row(body, SHA, **BEGUN),
                destination=copied(b"abc", full(b"abc", SHA)),
            ),
            IN_WINDOW,
            verdict,
            reason,
        )
        for gone, body, verdict, reason in [
            (ABSENT, b"abc", Verdict.UNVERIFIABLE, Reason.SOURCE_ABSENT),
            (ABSENT, b"abd", Verdict.UNVERIFIABLE, Reason.SOURCE_ABSENT),
            (REPLACED, b"abc", Verdict.UNVERIFIABLE, Reason.SOURCE_REPLACED),
            (REPLACED, b"abd", Verdict.UNVERIFIABLE, Reason.SOURCE_REPLACED),
            (OFFLINE, b"abc", Verdict.UNVERIFIABLE, Reason.SOURCE_UNBOUND),
            (OFFLINE, b"abd", Verdict.UNVERIFIABLE, Reason.SOURCE_UNBOUND),
        ]
    ),
    *(
        (
            good(
                source=gone,
                source_computed=row(b"abd", SHA, version_id=name, **BEGUN),
                destination=copied(b"abc", full(b"abc", SHA)),
            ),
            replace(IN_WINDOW, versioned=True),
            verdict,
            reason,
        )
        for gone, name, verdict, reason in [
            (ABSENT, "v", Verdict.MISMATCHED, Reason.CHECKSUM_DIFFERS),
            (ABSENT, "null", Verdict.UNVERIFIABLE, Reason.SOURCE_ABSENT),
            (OFFLINE, "v", Verdict.MISMATCHED, Reason.CHECKSUM_DIFFERS),
            (OFFLINE, "null", Verdict.UNVERIFIABLE, Reason.SOURCE_UNBOUND),
        ]
    ),
    (good(source=OLD, destination=OFFLINE), PLAIN, Verdict.UNVERIFIABLE, Reason.NOTHING_COMPARABLE),
    *(  # a row that is named beside one that is not
        (
            good(
                source=source,
                source_computed=row(b"abc", CRC32, version_id="v") + row(b"abd", SHA, **BEGUN),
                destination=SHA_ONLY,
            ),
            replace(IN_WINDOW, versioned=True),
            Verdict.UNVERIFIABLE,
            reason,
        )
        for source, reason in [
            (ABSENT, Reason.SOURCE_ABSENT),
            (OFFLINE, Reason.NOTHING_COMPARABLE),
        ]
    ),
    (  # the null version that the manifest named was replaced: nothing speaks of it any more
        good(
            source=version(facts(b"abd", written=AFTER), "null"),
            source_computed=row(b"abc", SHA, version_id="v"),
            destination=SHA_ONLY,
        ),
        replace(IN_WINDOW, versioned=True),
        Verdict.UNVERIFIABLE,
        Reason.SOURCE_REPLACED,
    ),
    # a copy that an inventory does not list: whatever was computed of it, it may be gone since
    *(
        (
            good(
                source=OLD,
                source_computed=row(b"abc", SHA, version_id="old"),
                destination=Withheld(terms=terms),
                destination_computed=row(b"abc", SHA, **BEGUN),
            ),
            replace(IN_WINDOW, versioned=True),
            verdict,
            reason,
        )
        for terms, verdict, reason in [
            (UNLISTED, Verdict.UNVERIFIABLE, Reason.DESTINATION_UNLISTED),
            ("offline", Verdict.VERIFIED, Reason.EQUAL),
        ]
    ),
    # a source that a delete marker hides
    *(
        (
            good(source=HIDDEN, source_versions=told),
            IN_WINDOW,
            verdict,
            reason,
        )
        for told, verdict, reason in [
            ((OLD,), Verdict.VERIFIED, Reason.EQUAL),
            ((NEWER, OLD), Verdict.VERIFIED, Reason.EQUAL),
            ((replace(OLD, size=4),), Verdict.UNVERIFIABLE, Reason.SOURCE_ABSENT),
            ((replace(OLD, last_modified=LATER),), Verdict.UNVERIFIABLE, Reason.SOURCE_ABSENT),
            ((NEWER,), Verdict.UNVERIFIABLE, Reason.SOURCE_ABSENT),
            ((), Verdict.UNVERIFIABLE, Reason.SOURCE_ABSENT),
            (OFFLINE, Verdict.UNVERIFIABLE, Reason.SOURCE_HIDDEN),
            (UNREADABLE, Verdict.UNCHECKED, Reason.SOURCE_UNREADABLE),
        ]
    ),
    *(  # what others than S3 recorded of it stands for it
        (
            good(source=HIDDEN, expected=expected, destination=SHA_ONLY),
            IN_WINDOW,
            verdict,
            reason,
        )
        for expected, verdict, reason in [
            (EXPECTED, Verdict.VERIFIED, Reason.EQUAL),
            (WRONG_EXPECTED, Verdict.MISMATCHED, Reason.EXPECTED_DIFFERS),
        ]
    ),
    *(  # its size alone does not
        (
            good(source=HIDDEN, expected=SIZE_ONLY, source_versions=versions),
            IN_WINDOW,
            verdict,
            reason,
        )
        for versions, verdict, reason in [
            ((OLD,), Verdict.VERIFIED, Reason.EQUAL),
            ((), Verdict.UNVERIFIABLE, Reason.SOURCE_ABSENT),
        ]
    ),
    *(  # by terms that bind no version to the copy
        (
            good(source=HIDDEN, destination=destination, source_versions=versions),
            terms,
            Verdict.UNVERIFIABLE,
            reason,
        )
        for versions in ((OLD,), OFFLINE)
        for destination, terms, reason in [
            (GOOD.destination, PLAIN, Reason.SOURCE_ABSENT),
            (GOOD.destination, replace(IN_WINDOW, versioned=True), Reason.SOURCE_ABSENT),
            (OFFLINE, replace(IN_WINDOW, versioned=True), Reason.SOURCE_ABSENT),
            (OFFLINE, PLAIN, Reason.SOURCE_ABSENT),
            (OFFLINE, IN_WINDOW, Reason.SOURCE_HIDDEN),
        ]
    ),
    (  # a source that is gone without a trace
        good(source=ABSENT, source_versions=(OLD,)),
        IN_WINDOW,
        Verdict.UNVERIFIABLE,
        Reason.SOURCE_ABSENT,
    ),
    *(
        (
            good(
                source=OLD, source_computed=row(b"abc", SHA, version_id=name), destination=SHA_ONLY
            ),
            PLAIN,
            verdict,
            reason,
        )
        for name, verdict, reason in [
            ("old", Verdict.VERIFIED, Reason.EQUAL),
            ("null", Verdict.UNVERIFIABLE, Reason.COMPUTED_OF_OTHER),
        ]
    ),
    # a COMPOSITE value is none that a copy job asked for
    (
        good(
            source=facts(b"abc", CUT_CRC),
            destination=copied(b"abc", CUT_CRC),
            source_parts=PARTS,
            destination_parts=PARTS,
        ),
        replace(PLAIN, algorithm=CRC32),
        Verdict.UNVERIFIABLE,
        Reason.ALGORITHM_NOT_HONOURED,
    ),
    # a copy onto its own source that never happened
    (
        good(source=OLD, destination=OLD),
        replace(PLAIN, versioned=True),
        Verdict.UNVERIFIABLE,
        Reason.DESTINATION_NOT_OF_JOB,
    ),
    # the null version of a source: the next write replaces it, whatever the manifest names
    *(
        (
            good(
                source=version(facts(b"abd", full(b"abd", CRC), written=written), "null"),
                source_versions=(OLD,),
            ),
            replace(PLAIN, versioned=versioned),
            verdict,
            reason,
        )
        for written, versioned, verdict, reason in [
            (BEGIN, True, Verdict.MISMATCHED, Reason.CHECKSUM_DIFFERS),
            (LATER, True, Verdict.UNVERIFIABLE, Reason.SOURCE_REPLACED),
            (END, True, Verdict.UNVERIFIABLE, Reason.SOURCE_REPLACED),
            (END, False, Verdict.UNVERIFIABLE, Reason.SOURCE_REPLACED),
        ]
    ),
    (
        good(source=OLD, source_computed=row(b"abc", SHA), destination=SHA_ONLY),
        PLAIN,
        Verdict.VERIFIED,
        Reason.EQUAL,
    ),
    (
        good(source_computed=row(b"abc", SHA, version_id="null"), destination=SHA_ONLY),
        PLAIN,
        Verdict.VERIFIED,
        Reason.EQUAL,
    ),
    (
        good(source_computed=row(b"abc", SHA, version_id="other"), destination=SHA_ONLY),
        PLAIN,
        Verdict.UNVERIFIABLE,
        Reason.COMPUTED_OF_OTHER,
    ),
    (
        good(
            destination=LATE,
            destination_versions=(
                version(copied(b"abc", full(b"abc", CRC), full(b"abc", SHA))),
                version(copied(b"abc", full(b"abc", CRC), full(b"abd", SHA))),
            ),
        ),
        IN_WINDOW,
        Verdict.UNVERIFIABLE,
        Reason.SEVERAL_VERSIONS,
    ),
    (
        good(source=facts(b"abc"), destination=OFFLINE, destination_computed=row(b"abc", SHA)),
        PLAIN,
        Verdict.UNVERIFIABLE,
        Reason.COMPUTED_OF_OTHER,
    ),
    # parts
    (
        good(
            source=facts(b"abc", CUT_CRC),
            destination=copied(b"abc", full(b"abc", CRC32)),
            source_parts=PARTS,
        ),
        PLAIN,
        Verdict.VERIFIED,
        Reason.EQUAL,
    ),
    (
        good(
            source=facts(b"abc", CUT_CRC),
            destination=copied(b"abc", full(b"abd", CRC32)),
            source_parts=PARTS,
        ),
        PLAIN,
        Verdict.MISMATCHED,
        Reason.CHECKSUM_DIFFERS,
    ),
    (
        good(source=facts(b"abc", CUT_CRC), source_parts=cut(b"abd", CRC32, 1, 2)),
        PLAIN,
        Verdict.UNVERIFIABLE,
        Reason.CONTRADICTION,
    ),
    (
        good(source_parts=PartList(sizes=(1, 1))),
        PLAIN,
        Verdict.UNVERIFIABLE,
        Reason.CONTRADICTION,
    ),
    (
        good(source=facts(b"abc", CUT_CRC), source_parts=cut(b"abcd", CRC32, 2, 2)),
        PLAIN,
        Verdict.UNVERIFIABLE,
        Reason.CONTRADICTION,
    ),
    (
        good(
            source=facts(b"abc", CUT_SHA),
            destination=copied(b"abc", CUT_SHA),
            source_parts=SHA_PARTS,
            destination_parts=SHA_PARTS,
        ),
        PLAIN,
        Verdict.VERIFIED,
        Reason.EQUAL,
    ),
    (
        good(
            source=facts(b"abc", CUT_SHA),
            destination=copied(b"abc", OTHER_SHA),
            source_parts=SHA_PARTS,
            destination_parts=OTHER_PARTS,
        ),
        PLAIN,
        Verdict.UNVERIFIABLE,
        Reason.NOTHING_COMPARABLE,
    ),
    (
        good(
            source=facts(b"abc", CUT_SHA),
            destination=copied(b"abd", composed(cut(b"abd", SHA, 1, 2))),
            source_parts=SHA_PARTS,
            destination_parts=cut(b"abd", SHA, 1, 2),
        ),
        PLAIN,
        Verdict.MISMATCHED,
        Reason.CHECKSUM_DIFFERS,
    ),
    (
        good(
            source=facts(b"abc", CUT_SHA),
            source_parts=SHA_PARTS,
            destination_bytes=replace(
                read(b"abc", CRC), by_source_parts=frozenset({replace(CUT_SHA, parts=None)})
            ),
        ),
        MISSING,
        Verdict.VERIFIED,
        Reason.EQUAL,
    ),
    (
        good(
            source=facts(b"abc", CUT_SHA),
            source_parts=SHA_PARTS,
            destination_bytes=replace(read(b"abc", CRC), by_source_parts=frozenset({OTHER_SHA})),
        ),
        MISSING,
        Verdict.MISMATCHED,
        Reason.CHECKSUM_DIFFERS,
    ),
    (  # parts whose digests no stored value vouches for
        good(
            source=facts(b"abc"),
            source_parts=PARTS,
            destination=copied(b"abc", full(b"abc", CRC32)),
        ),
        PLAIN,
        Verdict.UNVERIFIABLE,
        Reason.NOTHING_COMPARABLE,
    ),
    (  # CRC64NVMEs of parts make up no COMPOSITE value
        good(source_parts=cut(b"abc", CRC, 1, 2)),
        PLAIN,
        Verdict.VERIFIED,
        Reason.EQUAL,
    ),
    (  # sizes of parts that S3 vouches for by no digest
        good(
            source=facts(b"abc", CUT_SHA),
            source_parts=PartList(sizes=(1, 2)),
            destination_bytes=replace(read(b"abc", CRC), by_source_parts=frozenset({OTHER_SHA})),
        ),
        PLAIN,
        Verdict.UNVERIFIABLE,
        Reason.NOTHING_COMPARABLE,
    ),
    (
        good(
            source=facts(b"abc", CUT_SHA),
            source_parts=SHA_PARTS,
            source_bytes=replace(read(b"abc", SHA), by_source_parts=frozenset({OTHER_SHA})),
        ),
        MISSING,
        Verdict.UNVERIFIABLE,
        Reason.CONTRADICTION,
    ),
    (
        good(
            source=facts(b"abc"),
            destination=copied(b"abc", CUT_SHA),
            destination_parts=SHA_PARTS,
            source_bytes=replace(
                read(b"abd", CRC),
                by_destination_parts=frozenset({composed(cut(b"abd", SHA, 1, 2))}),
            ),
        ),
        MISSING,
        Verdict.MISMATCHED,
        Reason.CHECKSUM_DIFFERS,
    ),
    (
        good(
            destination=copied(b"abc", CUT_SHA),
            destination_parts=SHA_PARTS,
            destination_bytes=replace(
                read(b"abc", SHA), by_destination_parts=frozenset({OTHER_SHA})
            ),
        ),
        MISSING,
        Verdict.UNVERIFIABLE,
        Reason.CONTRADICTION,
    ),
    # ETags
    (
        SAME_ETAGS,
        PLAIN,
        Verdict.UNVERIFIABLE,
        Reason.BELOW_REQUIRED,
    ),
    *(
        (
            good(source=etag(facts(b"abc"), TAG, ours), destination=etag(copied(b"abc"), TAG, its)),
            PLAIN,
            Verdict.UNVERIFIABLE,
            Reason.NOTHING_COMPARABLE,
        )
        for ours, its in [("aws:kms", SSE_S3), (SSE_S3, "aws:kms")]
    ),
    *(
        (
            good(
                source=etag(facts(b"abc"), TAG2),
                destination=etag(copied(b"abc"), TAG2),
                **{side: PartList(sizes=(1, 2))},
            ),
            PLAIN,
            Verdict.UNVERIFIABLE,
            Reason.NOTHING_COMPARABLE,
        )
        for side in ("source_parts", "destination_parts")
    ),
    (
        good(
            source=etag(facts(b"abc"), TAG2),
            destination=etag(copied(b"abc"), TAG2),
            **NO_PARTS,
        ),
        PLAIN,
        Verdict.UNVERIFIABLE,
        Reason.NOTHING_COMPARABLE,
    ),
    (
        good(
            source=etag(facts(b"abc"), TAG2),
            destination=etag(copied(b"abc"), TAG2),
            source_parts=replace(PARTS, algorithm=None, digests=()),
            destination_parts=replace(PARTS, algorithm=None, digests=()),
        ),
        PLAIN,
        Verdict.UNVERIFIABLE,
        Reason.BELOW_REQUIRED,
    ),
    (
        good(source=etag(facts(b"abc"), TAG), destination=copied(b"abc", full(b"abc", MD5))),
        replace(PLAIN, algorithm=MD5, require=Level.INDEPENDENT),
        Verdict.VERIFIED,
        Reason.EQUAL,
    ),
    (
        replace(
            GOOD,
            source=etag(facts(b"abc", full(b"abc", CRC)), TAG),
            destination=etag(copied(b"abc", full(b"abc", CRC)), md5_etag(b"abd")),
        ),
        PLAIN,
        Verdict.UNVERIFIABLE,
        Reason.ETAG_DISAGREES,
    ),
    # an ETag that disagrees with an MD5, or with bytes that were cut as its parts
    *(
        (evidence, PLAIN, Verdict.UNVERIFIABLE, Reason.ETAG_DISAGREES)
        for evidence in (
            good(
                source=etag(facts(b"abc", full(b"abc", CRC)), md5_etag(b"abd")),
                destination=copied(b"abc", full(b"abc", CRC), full(b"abc", MD5)),
            ),
            good(
                source=facts(b"abc", full(b"abc", CRC), full(b"abc", MD5)),
                destination=etag(copied(b"abc", full(b"abc", CRC)), md5_etag(b"abd")),
            ),
            good(
                destination=etag(copied(b"abc", full(b"abc", CRC)), md5_etag(b"abd")),
                expected=Expected(checksums=frozenset({full(b"abc", MD5)})),
            ),
            OTHER_ETAGS,
            replace(
                OTHER_ETAGS,
                source=etag(facts(b"abc", full(b"abc", CRC)), TAG2),
                destination=etag(copied(b"abc", full(b"abc", CRC)), md5_etag(b"abd", (1, 2))),
            ),
            good(
                source=etag(facts(b"abc", full(b"abc", CRC)), md5_etag(b"abd", (1, 2))),
                destination_bytes=replace(read(b"abc", CRC), by_source_parts=CUT_MD5),
            ),
            good(
                destination=etag(copied(b"abc", full(b"abc", CRC)), md5_etag(b"abd", (1, 2))),
                source_bytes=replace(read(b"abc", CRC), by_destination_parts=CUT_MD5),
            ),
        )
    ),
    (  # parts would prove it once more, and settle no doubt
        good(
            source=etag(facts(b"abc", full(b"abc", CRC), CUT_CRC), TAG),
            destination=etag(
                copied(b"abc", full(b"abc", CRC), full(b"abc", CRC32)), md5_etag(b"abd")
            ),
        ),
        PLAIN,
        Verdict.UNVERIFIABLE,
        Reason.ETAG_DISAGREES,
    ),
    (
        replace(
            GOOD,
            source=etag(facts(b"abc", full(b"abc", CRC)), TAG),
            destination=etag(copied(b"abc", full(b"abc", CRC)), md5_etag(b"abd")),
            source_bytes=read(b"abc", CRC, MD5),
            destination_bytes=read(b"abc", CRC, MD5),
        ),
        MISSING,
        Verdict.VERIFIED,
        Reason.EQUAL,
    ),
    (
        good(
            source=etag(facts(b"abc"), TAG2),
            source_parts=replace(PARTS, algorithm=None, digests=()),
            destination_bytes=replace(
                read(b"abc", CRC),
                by_source_parts=frozenset({composed(cut(b"abc", MD5, 1, 2))}),
            ),
        ),
        MISSING,
        Verdict.VERIFIED,
        Reason.EQUAL,
    ),
    (  # an ETag that is no MD5, beside the MD5 of what was read
        good(
            source=etag(facts(b"abc"), md5_etag(b"abd", (1, 2)), "aws:kms"),
            source_parts=replace(PARTS, algorithm=None, digests=()),
            destination_bytes=replace(read(b"abc", CRC), by_source_parts=CUT_MD5),
        ),
        PLAIN,
        Verdict.UNVERIFIABLE,
        Reason.NOTHING_COMPARABLE,
    ),
    # bytes that may not be read
    (
        good(source=facts(b"abc"), destination=ARCHIVED, source_bytes=read(b"abc", SHA)),
        MISSING,
        Verdict.UNVERIFIABLE,
        Reason.ARCHIVED,
    ),
    (
        good(source=ARCHIVED_SOURCE, destination=copied(b"abc"), destination_bytes=SHA_READ),
        MISSING,
        Verdict.UNVERIFIABLE,
        Reason.ARCHIVED,
    ),
    (
        good(source=facts(b"abc"), destination=ARCHIVED),
        PLAIN,
        Verdict.UNVERIFIABLE,
        Reason.NOTHING_COMPARABLE,
    ),
    *(
        (
            good(source=facts(b"abc"), source_bytes=ours, destination_bytes=theirs),
            MISSING,
            Verdict.UNVERIFIABLE,
            Reason.NOT_READ,
        )
        for ours, theirs in [(OFFLINE, OFFLINE), (SHA_READ, OFFLINE), (OFFLINE, SHA_READ)]
    ),
    (
        good(source_bytes=OFFLINE, destination_bytes=OFFLINE),
        replace(PLAIN, read=ReadMode.SAMPLE),
        Verdict.VERIFIED,
        Reason.EQUAL,
    ),
    # parts that end elsewhere: their ETags differ, and say nothing
    (
        good(
            source=etag(facts(b"abc", full(b"abc", CRC)), TAG2),
            destination=etag(copied(b"abc", full(b"abc", CRC)), md5_etag(b"abc", (2, 1))),
            source_parts=PartList(sizes=(1, 2)),
            destination_parts=PartList(sizes=(2, 1)),
        ),
        PLAIN,
        Verdict.VERIFIED,
        Reason.EQUAL,
    ),
    (  # SSE-S3 on a server whose ETags are no MD5s
        good(source=etag(facts(b"abc", full(b"abc", CRC)), "odd"), source_bytes=read(b"abc", CRC)),
        PLAIN,
        Verdict.VERIFIED,
        Reason.EQUAL,
    ),
    (  # an ETag that the object's own bytes refute
        replace(
            OTHER_ETAGS,
            source=etag(facts(b"abc", full(b"abc", CRC)), md5_etag(b"abd", (1, 2))),
            destination=etag(copied(b"abc", full(b"abc", CRC)), TAG2),
            source_bytes=replace(read(b"abc", CRC), by_source_parts=CUT_MD5),
        ),
        PLAIN,
        Verdict.VERIFIED,
        Reason.EQUAL,
    ),
    # objects of no bytes, and of one that is stored with the digest of none
    (
        good(source=facts(b"", full(b"", CRC)), destination=copied(b"", full(b"", CRC))),
        replace(PLAIN, algorithm=CRC),
        Verdict.VERIFIED,
        Reason.EQUAL,
    ),
    (
        good(source=facts(b"a", full(b"", CRC)), destination=copied(b"b", full(b"", CRC))),
        PLAIN,
        Verdict.UNVERIFIABLE,
        Reason.NOTHING_COMPARABLE,
    ),
    (  # nor have both been computed, if that is what was
        good(
            source=facts(b"a"),
            destination=copied(b"b"),
            source_computed=row(b"", SHA),
            destination_computed=row(b"", SHA),
        ),
        PLAIN,
        Verdict.UNVERIFIABLE,
        Reason.COMPUTED_OF_OTHER,
    ),
    (good(source=facts(b""), destination=copied(b"")), PLAIN, Verdict.VERIFIED, Reason.EQUAL),
    (
        good(source=facts(b""), destination=copied(b"", full(b"a", CRC))),
        PLAIN,
        Verdict.UNVERIFIABLE,
        Reason.CONTRADICTION,
    ),
    (
        good(source=facts(b""), destination=copied(b"")),
        replace(PLAIN, algorithm=CRC),
        Verdict.UNVERIFIABLE,
        Reason.ALGORITHM_NOT_HONOURED,
    ),
]


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
        (  # whose source nobody need be asked about
            Evidence(task=FAILED, destination=ABSENT),
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
        (good(source=ABSENT), MISSING, Verdict.UNVERIFIABLE, Reason.SOURCE_ABSENT),
        (  # parts of what S3 does not describe
            good(source=ABSENT, source_parts=PARTS, expected=EXPECTED, destination=SHA_ONLY),
            PLAIN,
            Verdict.VERIFIED,
            Reason.EQUAL,
        ),
        (  # bytes of what S3 does not describe
            good(source=ABSENT, source_bytes=read(b"abc", CRC)),
            PLAIN,
            Verdict.UNVERIFIABLE,
            Reason.SOURCE_ABSENT,
        ),
        (good(source=REPLACED), MISSING, Verdict.UNVERIFIABLE, Reason.SOURCE_REPLACED),
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
                **NO_PARTS,
            ),
            PLAIN,
            Verdict.UNVERIFIABLE,
            Reason.NOTHING_COMPARABLE,
        ),
        (
            good(
                source=facts(b"abc", COMPOSITE), destination=copied(b"abc", COMPOSITE), **NO_PARTS
            ),
            PLAIN,
            Verdict.UNVERIFIABLE,
            Reason.NOTHING_COMPARABLE,
        ),
        *MATRIX,
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
        *(  # S3 resolves whole seconds: of the same one, nothing shows which came first
            (
                good(source=facts(body, full(body, CRC), written=LATER + later), **more),
                policy,
                verdict,
                reason,
            )
            for body, later, more, policy, verdict, reason in [
                (b"abc", -SECOND, {}, PLAIN, Verdict.VERIFIED, Reason.EQUAL),
                (b"abd", -SECOND, {}, PLAIN, Verdict.MISMATCHED, Reason.CHECKSUM_DIFFERS),
                *(
                    (body, later, more, terms, Verdict.UNVERIFIABLE, Reason.SOURCE_REPLACED)
                    for body in (b"abc", b"abd")
                    for later in (timedelta(0), SECOND)
                    for more, terms in (
                        ({}, PLAIN),
                        ({}, IN_WINDOW),
                        (BOTH_READ, READ_ALL),
                        ({"source_computed": row(b"abc", CRC)}, PLAIN),
                    )
                ),
                *(  # but what others recorded of the source stands for it
                    (
                        b"abc",
                        later,
                        {"expected": Expected(checksums=frozenset({full(b"abc", CRC)}))},
                        PLAIN,
                        Verdict.VERIFIED,
                        Reason.EQUAL,
                    )
                    for later in (timedelta(0), SECOND)
                ),
            ]
        ),
        *(  # with versions, the one before that second
            (
                good(source=version(REPLACED_NOW, name), source_versions=told),
                PLAIN,
                verdict,
                reason,
            )
            for name, told, verdict, reason in [
                ("new", (OLD,), Verdict.VERIFIED, Reason.EQUAL),
                ("new", (version(REPLACED_NOW, "other"), OLD), Verdict.VERIFIED, Reason.EQUAL),
                ("new", (version(REPLACED_NOW),), Verdict.UNVERIFIABLE, Reason.SOURCE_REPLACED),
                ("new", (), Verdict.UNVERIFIABLE, Reason.SOURCE_REPLACED),
                ("null", (OLD,), Verdict.UNVERIFIABLE, Reason.SOURCE_REPLACED),
            ]
        ),
        (
            good(source=version(facts(b"abc", full(b"abc", CRC), written=END))),
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
            good(source=version(facts(b"abd", full(b"abd", CRC), written=LATER))),
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
)
def test_each_rule_gives_its_verdict(
    evidence: Evidence, policy: Policy, verdict: Verdict, reason: Reason
) -> None:
    finding = decide(evidence, policy)
    assert isinstance(finding, Finding)
    assert (finding.verdict, finding.reason) == (verdict, reason)


@pytest.mark.parametrize(
    ("source", "destination", "policy", "slot"),
    [
        (facts(b"abc", CUT_CRC), copied(b"abc", full(b"abc", CRC32)), PLAIN, Slot.SOURCE_PARTS),
        (
            facts(b"abc", full(b"abc", CRC32)),
            copied(b"abc", CUT_CRC),
            PLAIN,
            Slot.DESTINATION_PARTS,
        ),
        (facts(b"abc", CUT_SHA), copied(b"abc"), MISSING, Slot.SOURCE_PARTS),
        (facts(b"abc", CUT_SHA), copied(b"abc", CUT_SHA), PLAIN, Slot.SOURCE_PARTS),
        (facts(b"abc"), copied(b"abc", CUT_SHA), MISSING, Slot.DESTINATION_PARTS),
        (etag(facts(b"abc"), TAG2), copied(b"abc"), MISSING, Slot.SOURCE_PARTS),
        (LATE, LATE, IN_WINDOW, Slot.DESTINATION_VERSIONS),
        (OLD, WRONG, IN_WINDOW, Slot.DESTINATION_VERSIONS),
        (OLD, version(WRONG, "null"), IN_WINDOW, Slot.DESTINATION_VERSIONS),
        (OLD, replace(IN_TIME, size=4), IN_WINDOW, Slot.DESTINATION_VERSIONS),
        (version(REPLACED_NOW), version(IN_TIME, "copy"), PLAIN, Slot.SOURCE_VERSIONS),
        (NEWER, IN_TIME, PLAIN, Slot.SOURCE_VERSIONS),
        (HIDDEN, IN_TIME, IN_WINDOW, Slot.SOURCE_VERSIONS),
    ],
)
def test_asks_for_parts_and_versions_where_they_help(
    source: ObjectFacts | Absent, destination: ObjectFacts, policy: Policy, slot: Slot
) -> None:
    assert decide(Evidence(source=source, destination=destination), policy) is slot


@pytest.mark.parametrize(
    ("source", "destination", "policy"),
    [
        (etag(facts(b"abc"), TAG), copied(b"abc"), MISSING),
        (facts(b"abc", CUT_SHA, full(b"abc", CRC)), copied(b"abc"), MISSING),
        (facts(b"abc", CUT_CRC), copied(b"abc", full(b"abc", SHA)), PLAIN),
        (facts(b"abc", full(b"abc", SHA)), copied(b"abc", CUT_CRC), PLAIN),
        (facts(b"abc", CUT_SHA), copied(b"abc", full(b"abc", SHA)), PLAIN),
        (facts(b"abc", UNTYPED), copied(b"abc"), MISSING),
    ],
    ids=["no parts", "also whole", "another algorithm", "nor here", "does not combine", "untyped"],
)
def test_asks_for_no_parts_where_they_do_not_help(
    source: ObjectFacts, destination: ObjectFacts, policy: Policy
) -> None:
    step = decide(Evidence(source=source, destination=destination), policy)
    assert step is Slot.DESTINATION_BYTES or isinstance(step, Finding)


@pytest.mark.parametrize(
    ("parts", "policy"), [(SHA_PARTS, PLAIN), (PARTS, MISSING)], ids=["comparable", "to be read"]
)
def test_parts_of_one_side_are_asked_for_where_the_others_are_known(
    parts: PartList, policy: Policy
) -> None:
    both = good(source=facts(b"abc", CUT_SHA), destination=copied(b"abc", composed(parts)))
    assert decide(replace(both, source_parts=SHA_PARTS), policy) is Slot.DESTINATION_PARTS
    assert decide(replace(both, destination_parts=parts), policy) is Slot.SOURCE_PARTS


def test_an_expected_digest_needs_the_copys_parts_and_spares_the_sources() -> None:
    told = Expected(checksums=frozenset({full(b"abc", CRC32)}))
    copy = good(source=facts(b"abc"), destination=copied(b"abc", CUT_CRC), expected=told)
    assert decide(copy, PLAIN) is Slot.DESTINATION_PARTS
    source = good(source=facts(b"abc", CUT_SHA), destination=copied(b"abc"), expected=told)
    assert decide(source, MISSING) is Slot.DESTINATION_BYTES


@pytest.mark.parametrize(
    ("source", "destination"),
    [(facts(b"abc", CUT_SHA), copied(b"abc")), (facts(b"abc"), copied(b"abc", CUT_SHA))],
    ids=["source", "destination"],
)
def test_parts_that_nobody_knows_are_not_asked_for_again(
    source: ObjectFacts, destination: ObjectFacts
) -> None:
    known = good(source=source, destination=destination, **NO_PARTS)
    assert decide(known, MISSING) is Slot.DESTINATION_BYTES


@pytest.mark.parametrize("level", [Level.NONE, Level.ETAG])
def test_no_policy_accepts_less_than_recorded_checksums(level: Level) -> None:
    with pytest.raises(UsageError, match="wanted RECORDED or more"):
        Policy(reported=False, versioned=False, require=level)


LADDER = [
    (GOOD, Level.RECORDED),
    (good(destination_bytes=read(b"abc", CRC)), Level.READ),
    *(
        (
            good(
                source=parted,
                source_parts=parts,
                destination_bytes=replace(read(b"abc", CRC), by_source_parts=frozenset({rebuilt})),
            ),
            Level.READ,
        )
        for parted, parts, rebuilt in (
            (facts(b"abc", CUT_SHA), SHA_PARTS, CUT_SHA),
            (etag(facts(b"abc"), TAG2), PartList(sizes=(1, 2)), composed(cut(b"abc", MD5, 1, 2))),
        )
    ),
    (
        good(source_computed=row(b"abc", SHA), destination_computed=row(b"abc", SHA)),
        Level.COMPUTED,
    ),
    (good(destination_computed=row(b"abc", CRC)), Level.INDEPENDENT),
    (
        good(
            source=facts(b"abc", full(b"abc", SHA)),
            destination=copied(b"abc", full(b"abc", CRC)),
            source_computed=row(b"abc", CRC),
        ),
        Level.INDEPENDENT,
    ),
    (good(source_computed=row(b"abc", CRC)), Level.RECORDED),
    (
        good(
            source=facts(b"abc", CUT_CRC),
            destination=copied(b"abc", full(b"abc", CRC32)),
            source_parts=PARTS,
        ),
        Level.INDEPENDENT,
    ),
    (
        good(source=etag(facts(b"abc"), TAG), destination=copied(b"abc", full(b"abc", MD5))),
        Level.INDEPENDENT,
    ),
    (
        good(
            source=etag(facts(b"abc", full(b"abc", MD5)), TAG),
            destination=copied(b"abc", full(b"abc", MD5)),
        ),
        Level.RECORDED,
    ),
    (
        good(
            source=etag(facts(b"abc"), TAG),
            destination=copied(b"abc"),
            destination_computed=row(b"abc", MD5),
        ),
        Level.INDEPENDENT,
    ),
    (good(source=facts(b"abc"), source_bytes=read(b"abc", CRC)), Level.INDEPENDENT),
    (
        good(
            source=facts(b"abc"), expected=EXPECTED, destination=copied(b"abc", full(b"abc", SHA))
        ),
        Level.INDEPENDENT,
    ),
    (
        good(source=ABSENT, expected=EXPECTED, destination=copied(b"abc", full(b"abc", SHA))),
        Level.RECORDED,
    ),
    (
        good(
            source=facts(b"abc", CUT_SHA),
            destination=copied(b"abc", CUT_SHA),
            source_parts=SHA_PARTS,
            destination_parts=SHA_PARTS,
        ),
        Level.RECORDED,
    ),
    (good(source=facts(b""), destination=copied(b"")), Level.RECORDED),
]
"""Evidence that verifies, and how strongly: S3 lets a copy carry over what the source has."""


@pytest.mark.parametrize(("evidence", "level"), LADDER)
def test_each_kind_of_evidence_reaches_its_level(evidence: Evidence, level: Level) -> None:
    finding = decide(evidence, PLAIN)
    assert isinstance(finding, Finding)
    assert (finding.verdict, finding.level) == (Verdict.VERIFIED, level)


def test_equality_that_is_not_enough_keeps_its_level() -> None:
    doubted = good(
        source=etag(facts(b"abc", full(b"abc", CRC)), TAG),
        destination=etag(copied(b"abc", full(b"abc", CRC)), md5_etag(b"abd")),
    )
    for evidence, require, reason, level in (
        (doubted, Level.RECORDED, Reason.ETAG_DISAGREES, Level.RECORDED),
        (GOOD, Level.COMPUTED, Reason.BELOW_REQUIRED, Level.RECORDED),
        (SAME_ETAGS, Level.RECORDED, Reason.BELOW_REQUIRED, Level.ETAG),
        (OTHER_ETAGS, Level.RECORDED, Reason.ETAG_DISAGREES, Level.NONE),
    ):
        assert decide(evidence, replace(PLAIN, require=require)) == Finding(
            verdict=Verdict.UNVERIFIABLE, reason=reason, level=level
        )


def test_every_level_that_verifies_has_a_case_above() -> None:
    assert {level for _, level in LADDER} == set(Level) - {Level.NONE, Level.ETAG}


def test_every_reason_has_a_case_above() -> None:
    cases = test_each_rule_gives_its_verdict.pytestmark[0].args[1]  # type: ignore[attr-defined]
    assert {case[3] for case in cases} == set(Reason)


def test_the_window_forgives_a_minute_of_skew() -> None:
    window = Window(begin=BEGIN, end=END)
    minute, more = timedelta(seconds=60), timedelta(seconds=61)
    assert window.holds(BEGIN - minute)
    assert window.holds(END + minute)
    assert not window.holds(BEGIN - more)
    assert not window.holds(END + more)


def test_bytes_are_hashed_with_all_that_is_known_and_sha256() -> None:
    evidence = good(
        source=replace(facts(b"abc", full(b"abc", CRC)), etag=md5_etag(b"abc")),
        expected=Expected(checksums=frozenset({full(b"abc", Algorithm.SHA1)})),
    )
    assert algorithms_to_read(paired(evidence)) == {CRC, SHA, Algorithm.SHA1, Algorithm.MD5}
    bare = good(source=facts(b"abc"), destination=copied(b"abc"))
    assert algorithms_to_read(paired(bare)) == {SHA}
    tagged = good(source=facts(b"abc"), destination=etag(copied(b"abc", CUT_CRC), TAG))
    assert algorithms_to_read(paired(tagged)) == {CRC32, MD5, SHA}


@pytest.mark.parametrize("source", [ABSENT, OFFLINE, facts(b"abc")], ids=str)
def test_an_expected_digest_is_compared_with_the_bytes_whatever_becomes_of_the_source(
    source: ObjectFacts | Absent | Withheld,
) -> None:
    expected = Expected(checksums=frozenset({full(b"abc", Algorithm.SHA1)}))
    evidence = good(source=source, expected=expected)
    assert decide(evidence, MISSING) is Slot.DESTINATION_BYTES
    bytes_read = read(b"abc", *algorithms_to_read(paired(evidence)))
    assert decide(replace(evidence, destination_bytes=bytes_read), MISSING) == Finding(
        verdict=Verdict.VERIFIED, reason=Reason.EQUAL, level=Level.READ
    )


def test_parts_are_hashed_with_their_own_algorithm_and_as_the_etag() -> None:
    etag = replace(facts(b"abc", COMPOSITE), etag=md5_etag(b"abc", (1, 2)))
    pair = paired(good(source=etag))
    assert algorithms_by_parts(pair.source) == {SHA, Algorithm.MD5}
    assert algorithms_by_parts(pair.destination) == set()
    assert algorithms_by_parts(replace(pair.source, facts=None)) == set()
    whole = Side(facts=replace(facts(b"abc", COMPOSITE), etag=md5_etag(b"abc")))
    assert algorithms_by_parts(whole) == {SHA}


def test_the_copys_version_is_known_once_it_is_chosen() -> None:
    assert chosen_destination(GOOD, PLAIN) == GOOD.destination
    assert chosen_destination(good(destination=LATE), IN_WINDOW) is None
    told = good(destination=LATE, destination_versions=(IN_TIME,))
    assert chosen_destination(told, IN_WINDOW) == IN_TIME


def paired(evidence: Evidence) -> Pair:
    pair = bind(evidence, PLAIN)
    assert isinstance(pair, Pair)
    return pair
