"""What a function found is taken only for what it proves about this copy."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given

from intact.adapters.runner import Runner
from intact.audit import (
    Absent,
    BytesRead,
    Computed,
    Copy,
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
from intact.audit.adopt import adopt, asked_after, first_known, function_policy
from intact.audit.answer import Answer
from intact.checksum import Algorithm
from intact.s3 import PartList
from tests.audit.test_answer import answer_of
from tests.worlds import BEGIN, COPY, END, SOURCE, World, facts, full, worlds

WINDOW = Window(begin=BEGIN, end=END)
LATER = BEGIN + timedelta(minutes=1)
POLICY = Policy(reported=False, versioned=False, window=WINDOW, require=Level.READ)


def helped(world: World) -> Record | None:
    """The audit of a world in which a function was before it; None for one that asks nobody."""
    if world.evidence.source is not None:
        return None
    answer = Answer.parse(answer_of(world).encode())
    known = adopt(answer, copy=COPY, known=world.evidence, policy=world.policy)
    return Runner(*world.stores(), world.policy).audit(COPY, known)


@given(worlds())
def test_verified_with_a_function_implies_that_the_bytes_are_equal(world: World) -> None:
    record = helped(world)
    if record is not None and record.finding.verdict is Verdict.VERIFIED:
        source, destination = world.judged(record.evidence)
        assert source == destination


@given(worlds())
def test_mismatched_with_a_function_implies_that_the_bytes_differ(world: World) -> None:
    record = helped(world)
    if record is not None and record.finding.verdict is Verdict.MISMATCHED:
        source, destination = world.judged(record.evidence)
        expected = record.finding.reason is Reason.EXPECTED_DIFFERS
        assert (world.recorded if expected else source) != destination


@given(worlds())
def test_a_function_never_turns_a_difference_into_verified(world: World) -> None:
    record = helped(world)
    if record is not None and world.audit().finding.verdict is Verdict.MISMATCHED:
        assert record.finding.verdict is not Verdict.VERIFIED


def told(**slots: object) -> Answer:
    source, copy = facts(b"a", written=BEGIN), facts(b"a", written=LATER)
    known: dict[str, object] = {"source": source, "destination": copy}
    evidence = Evidence(**(known | slots))  # type: ignore[arg-type] # each test's own
    return Answer(copy="c", asked=END, evidence=evidence)


def read(body: bytes, *algorithms: Algorithm) -> BytesRead:
    return BytesRead(size=len(body), checksums=frozenset(full(body, a) for a in algorithms))


BOTH = {
    "source_bytes": read(b"a", Algorithm.SHA256),
    "destination_bytes": read(b"a", Algorithm.SHA256),
}


def adopted(answer: Answer, policy: Policy = POLICY, known: Evidence | None = None) -> Evidence:
    return adopt(answer, copy=COPY, known=known or Evidence(), policy=policy)


def test_bytes_of_both_prove_the_copy() -> None:
    step = decide(adopted(told(**BOTH)), POLICY)
    assert step == Finding(verdict=Verdict.VERIFIED, reason=Reason.EQUAL, level=Level.READ)


def test_bytes_of_what_the_job_did_not_write_do_not_count() -> None:
    after = replace(facts(b"a", written=END + timedelta(days=1)), version_id="v2")
    found = adopted(told(destination=after, **BOTH))
    assert (found.source_bytes, found.destination_bytes) == (None, None)
    assert decide(found, POLICY) is Slot.DESTINATION_VERSIONS


def test_bytes_of_another_source_than_this_audit_chooses_do_not_count() -> None:
    # The function saw no version that came before the copy; the audit binds by name.
    replaced = replace(facts(b"a", written=END), version_id="v2")
    older = (replace(facts(b"b", written=BEGIN), version_id="v1"),)
    answer = told(source=replaced, source_versions=older, **BOTH)
    assert adopted(answer).source_versions == older
    versioned = replace(POLICY, versioned=True)
    found = adopted(answer, versioned)
    assert (found.source_bytes, found.destination_bytes) == (None, None)


def test_bytes_of_a_source_that_the_function_could_not_bind_do_not_count() -> None:
    # It was replaced; this audit goes by what was expected of it.
    found = adopted(told(source=facts(b"a", written=END), **BOTH), known=EXPECTED)
    assert (found.source_bytes, found.destination_bytes) == (None, None)


@pytest.mark.parametrize(
    "slot", [Unreadable(problem="403"), Withheld(terms="no time"), None], ids=str
)
def test_what_the_function_has_not_is_asked_for(slot: object) -> None:
    assert decide(adopted(told(source=slot)), POLICY) is Slot.SOURCE
    assert decide(adopted(told(destination=slot)), POLICY) is Slot.DESTINATION
    every = replace(POLICY, read=ReadMode.ALL)
    assert decide(adopted(told(**BOTH | {"source_bytes": slot}), every), every) is Slot.SOURCE_BYTES


@pytest.mark.parametrize("slot", [Unreadable(problem="403"), Withheld(terms="no time")], ids=str)
def test_nothing_but_answers_is_adopted(slot: Unreadable | Withheld) -> None:
    names = ("source_versions", "source_parts", "destination_parts")
    found = adopted(told(**dict.fromkeys(names, slot)))
    assert [getattr(found, name) for name in names] == [None, None, None]


def test_parts_are_adopted_with_the_versions_that_they_are_of() -> None:
    ours, theirs = PartList(sizes=(1,)), PartList(sizes=(0, 1))
    found = adopted(told(source_parts=ours, destination_parts=theirs))
    assert (found.source_parts, found.destination_parts) == (ours, theirs)


@pytest.mark.parametrize("side", ["source", "destination"])
def test_of_one_object_alone_nothing_but_its_facts_is_adopted(side: str) -> None:
    before_the_job = {"source": facts(b"a", written=BEGIN - timedelta(days=1))}
    answer = told(**before_the_job | BOTH | {side: None})
    assert adopted(answer) == Evidence(
        source=answer.evidence.source, destination=answer.evidence.destination
    )


def test_what_is_not_there_is_not_there() -> None:
    gone = Absent(detail="404")
    for slot, verdict in (("destination", Verdict.MISSING), ("source", Verdict.UNVERIFIABLE)):
        found = decide(adopted(told(**{slot: gone})), POLICY)
        assert isinstance(found, Finding)
        assert found.verdict is verdict


def test_a_function_binds_as_its_row_names_the_source() -> None:
    named = replace(COPY, source=replace(SOURCE, version_id="v"))
    terms = Policy(reported=False, versioned=True, read=ReadMode.ALL)
    assert function_policy(named) == terms
    assert function_policy(COPY) == replace(terms, versioned=False)
    assert function_policy(replace(COPY, source=None)) == replace(terms, versioned=False)


EXPECTED = Evidence(expected=Expected(checksums=frozenset({full(b"b", Algorithm.CRC32)})))


def test_where_this_audit_would_read_more_it_does() -> None:
    every = replace(POLICY, read=ReadMode.ALL)
    assert decide(adopted(told(**BOTH), every, EXPECTED), every) is Slot.DESTINATION_BYTES
    kept = adopted(told(**BOTH), POLICY, EXPECTED)
    assert kept.destination_bytes is not None
    assert isinstance(decide(kept, POLICY), Finding)


@pytest.mark.parametrize(
    "slots",
    [
        {"destination_bytes": read(b"a", Algorithm.SHA256)},
        BOTH | {"source_bytes": read(b"a", Algorithm.SHA256, Algorithm.CRC32)},
        BOTH | {"destination_bytes": read(b"a", Algorithm.SHA256, Algorithm.CRC32)},
    ],
    ids=["one side", "source", "destination"],
)
def test_bytes_that_one_side_was_not_hashed_for_are_read_here(slots: dict[str, object]) -> None:
    every = replace(POLICY, read=ReadMode.ALL)
    known = Evidence(expected=Expected(checksums=frozenset({full(b"a", Algorithm.CRC32)})))
    assert decide(adopted(told(**slots), every, known), every) is Slot.DESTINATION_BYTES
    both = {name: read(b"a", Algorithm.SHA256, Algorithm.CRC32) for name in BOTH}
    assert isinstance(decide(adopted(told(**both), every, known), every), Finding)


FROZEN = told(
    source=replace(facts(b"a"), archived=True),
    destination_bytes=read(b"a", Algorithm.SHA256),
)
ROW = (Computed(checksum=full(b"a", Algorithm.CRC32), etag="etag"),)


@pytest.mark.parametrize(
    "known",
    [EXPECTED, Evidence(source_computed=ROW, destination_computed=ROW)],
    ids=["expected", "computed"],
)
def test_bytes_beside_an_archived_source_are_read_for_what_is_known_of_it(known: Evidence) -> None:
    missing = replace(POLICY, read=ReadMode.MISSING)
    assert decide(adopted(FROZEN, missing, known), missing) is Slot.DESTINATION_BYTES
    assert isinstance(decide(adopted(FROZEN, missing), missing), Finding)


def test_a_difference_is_kept_whatever_it_covers() -> None:
    every = replace(POLICY, read=ReadMode.ALL)
    differ = BOTH | {"destination_bytes": read(b"b", Algorithm.SHA256)}
    found = decide(adopted(told(**differ), every, EXPECTED), every)
    assert isinstance(found, Finding)
    assert found.verdict is Verdict.MISMATCHED
    named = replace(facts(b"a", written=LATER), version_id="v")
    kept = adopted(told(**differ, destination=named), every, EXPECTED)
    assert decide(kept, every) is Slot.DESTINATION_VERSIONS
    assert kept.destination_bytes is not None


def test_a_copy_that_replaced_its_source_is_asked_about_here() -> None:
    copy = Copy(row=1, source=SOURCE, destination=SOURCE)
    known = first_known(copy)
    assert isinstance(known.source, Absent)
    assert known.source.detail == "its copy took its place"
    assert adopt(told(**BOTH), copy=copy, known=known, policy=POLICY) == known
    assert first_known(COPY) == Evidence()


def test_answers_count_from_the_copy_jobs_end() -> None:
    early, answer = END - timedelta(seconds=1), told()
    assert asked_after(answer, WINDOW, begun=END)
    assert not asked_after(answer, WINDOW, begun=early)
    assert not asked_after(answer, WINDOW, begun=None)
    assert asked_after(replace(answer, asked=END + WINDOW.skew), WINDOW, begun=None)
