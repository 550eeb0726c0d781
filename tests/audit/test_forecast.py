"""A forecast is what the audit itself finds, wherever the copy is right."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intact.adapters.runner import Runner
from intact.adapters.sampling import look
from intact.audit import (
    Absent,
    Computed,
    Evidence,
    Level,
    Policy,
    ReadMode,
    Reason,
    Unreadable,
    Verdict,
    Window,
)
from intact.audit.forecast import PAGE, Forecast, Trait, Way, forecast, traits, usual_algorithm
from intact.batch.operations import MAX_COPY_SIZE
from intact.checksum import Algorithm
from intact.s3 import PartList
from intact.s3.objects import SSE_C, SSE_S3
from tests.worlds import (
    BEGIN,
    COPY,
    END,
    World,
    composed,
    cut,
    facts,
    few_bytes,
    full,
    md5_etag,
    policies,
    versions,
    worlds,
)

if TYPE_CHECKING:
    from intact.audit import Record
    from intact.s3 import ObjectFacts

CRC, SHA = Algorithm.CRC64NVME, Algorithm.SHA256
LATER = BEGIN + timedelta(minutes=1)
PLAIN = Policy(reported=False, versioned=False, window=Window(begin=BEGIN, end=END))
READS = {Way.READ_MISSING: ReadMode.MISSING, Way.READ_ALL: ReadMode.ALL}
BODY = b"abcdef"


def by_heads(world: World, **terms: Any) -> World:  # noqa: ANN401 - fields of Policy
    """The same objects, and nothing known of them beforehand."""
    policy = replace(world.policy, reported=False, read=ReadMode.NEVER)
    return replace(world, evidence=Evidence(), policy=replace(policy, **terms))


def seen_in(world: World) -> tuple[World, Record]:
    """The same world, what an audit by heads finds there, and the parts that reading asks for."""
    asked = by_heads(world)
    record = asked.audit()
    seen = look(Runner(*asked.stores(), asked.policy), COPY, Evidence())
    return asked, replace(record, evidence=seen)


@st.composite
def right_worlds(draw: st.DrawFn) -> World:
    """A copy of equal bytes, whatever S3 truthfully says of them, and when they were written."""
    body = draw(few_bytes)
    source, destination = (
        draw(versions(name=name, body=body, versioned=draw(st.booleans()))) for name in "sd"
    )
    policy = replace(draw(policies), reported=False, read=ReadMode.NEVER)
    return World(source=[source], destination=[destination], evidence=Evidence(), policy=policy)


def pair(source: ObjectFacts, destination: ObjectFacts, **more: Any) -> Evidence:  # noqa: ANN401
    return Evidence(source=source, destination=replace(destination, last_modified=LATER), **more)


def found(evidence: Evidence, way: Way, policy: Policy = PLAIN) -> Forecast:
    return forecast(evidence, way, policy=policy, algorithm=CRC)


@given(worlds())
def test_by_heads_it_is_what_the_audit_found(world: World) -> None:
    asked, record = seen_in(world)
    for way in (Way.BOTO3, Way.LEAN, Way.SPARK_ONLINE):
        assert (
            forecast(record.evidence, way, policy=asked.policy, algorithm=CRC).finding
            == record.finding
        )


@given(right_worlds(), st.sampled_from(sorted(READS, key=str)))
def test_by_reading_it_is_what_the_audit_finds_of_a_right_copy(world: World, way: Way) -> None:
    asked, record = seen_in(world)
    told = forecast(record.evidence, way, policy=asked.policy, algorithm=CRC)
    read = by_heads(world, read=READS[way]).audit()
    verified = read.finding.verdict is Verdict.VERIFIED
    parts = (read.evidence.source_parts, read.evidence.destination_parts)
    if not any(isinstance(slot, Unreadable) for slot in parts):
        assert verified or not told.proven
        sides = (asked.source, asked.destination)
        encryption = [side[0].facts.encryption for side in sides if isinstance(side, list)]
        # An ETag that S3 does not document to be made of MD5s may be so, which nobody can foresee.
        assert told.proven or not verified or None in encryption


@given(right_worlds())
def test_by_jobs_it_is_what_the_audit_finds_of_a_right_copy(world: World) -> None:
    asked, record = seen_in(world)
    source, destination = asked.source, asked.destination
    assert isinstance(source, list)
    assert isinstance(destination, list)
    rows: dict[str, Any] = {
        name: (
            Computed(
                checksum=full(version.body, CRC),
                etag=version.facts.etag,
                version_id=version.facts.version_id if named else None,
                begun=END,
            ),
        )
        for name, version, named in (
            ("source_computed", source[0], asked.policy.versioned),
            ("destination_computed", destination[0], False),
        )
    }
    audited = Runner(*asked.stores(), asked.policy).audit(COPY, Evidence(**rows))
    told = forecast(record.evidence, Way.COMPUTED, policy=asked.policy, algorithm=CRC)
    assert told.finding == audited.finding


@given(worlds(), st.sampled_from(Way), st.sampled_from(["source", "destination"]))
def test_what_could_not_be_asked_about_is_never_provable(world: World, way: Way, side: str) -> None:
    asked, record = seen_in(world)
    silent: dict[str, Any] = {side: Unreadable(problem="400")}
    seen = replace(record.evidence, **silent)
    assert not forecast(seen, way, policy=asked.policy, algorithm=CRC).proven
    assert not forecast(Evidence(), way, policy=asked.policy, algorithm=CRC).proven


@given(worlds(), st.sampled_from(Way))
def test_what_is_proven_is_proven_as_strongly_as_required(world: World, way: Way) -> None:
    asked, record = seen_in(world)
    told = forecast(record.evidence, way, policy=asked.policy, algorithm=CRC)
    if told.proven:
        assert told.finding.level.value >= asked.policy.require.value
    assert min(told.reads, told.lists, told.read, *told.computed, *told.tasks) >= 0


BARE = pair(facts(BODY), facts(BODY))
EQUAL = pair(facts(BODY, full(BODY, CRC)), facts(BODY, full(BODY, CRC)))


def test_jobs_over_what_is_left_cost_only_what_is_left() -> None:
    assert found(EQUAL, Way.RETRY) == found(EQUAL, Way.LEAN)
    told = found(BARE, Way.RETRY)
    assert (told.finding.level, told.reads) == (Level.COMPUTED, 4)
    assert told.computed == (len(BODY), len(BODY))
    assert told.tasks == (1, 1)


def test_jobs_over_what_is_left_read_the_sides_that_retry_has_computed() -> None:
    one_sided = pair(facts(BODY, full(BODY, CRC)), facts(BODY, full(BODY, SHA)))
    told = found(one_sided, Way.RETRY)
    assert (told.proven, told.tasks, told.computed) == (True, (0, 1), (0, len(BODY)))


def test_what_only_reading_shows_no_job_is_made_for() -> None:
    told = found(BARE, Way.RETRY, replace(PLAIN, require=Level.READ))
    assert (told.proven, told.tasks) == (False, (0, 0))
    assert found(BARE, Way.READ_MISSING, replace(PLAIN, require=Level.READ)).proven


OF_VERSIONS = replace(EQUAL, source=replace(facts(BODY, full(BODY, CRC)), version_id="v"))


@pytest.mark.parametrize("way", [Way.OFFLINE, Way.SPARK, Way.OFFLINE_INVENTORY])
def test_by_files_nobody_is_asked(way: Way) -> None:
    told = found(OF_VERSIONS, way, replace(PLAIN, versioned=True))
    assert (told.finding.level, told.reads, told.lists, told.read) == (Level.COMPUTED, 0, 0, 0)
    assert (told.computed, told.tasks) == ((len(BODY), len(BODY)), (1, 1))


def test_without_versions_reports_bind_to_no_source_and_an_inventory_binds_them() -> None:
    alone = replace(PLAIN, window=None)
    assert not found(EQUAL, Way.OFFLINE).proven
    assert found(EQUAL, Way.OFFLINE_INVENTORY).proven
    assert not found(EQUAL, Way.OFFLINE, alone).proven
    assert found(EQUAL, Way.OFFLINE_INVENTORY, alone).proven


def test_archived_bytes_are_computed_but_not_read() -> None:
    frozen = pair(facts(BODY), replace(facts(BODY), archived=True))
    assert found(frozen, Way.READ_MISSING).finding.reason is Reason.ARCHIVED
    assert found(frozen, Way.COMPUTED).proven
    assert not found(frozen, Way.INVOKED).proven


def test_objects_under_keys_of_their_own_are_not_computed() -> None:
    hidden = replace(facts(BODY), encryption=SSE_C)
    assert not found(pair(hidden, hidden), Way.COMPUTED).proven


def test_a_function_reads_both_sides_up_to_its_limit() -> None:
    told = found(BARE, Way.INVOKED)
    assert (told.finding.level, told.read, told.reads) == (Level.READ, 2 * len(BODY), 4)
    huge = replace(facts(BODY), size=MAX_COPY_SIZE + 1)
    told = found(pair(huge, huge), Way.INVOKED)
    assert (told.proven, told.read, told.finding.reason) == (False, 0, Reason.NOT_READ)
    assert found(pair(huge, huge), Way.READ_ALL).read == 2 * huge.size


def test_an_absent_copy_is_wrong_online_and_open_offline() -> None:
    gone = Evidence(source=facts(BODY), destination=Absent(detail="404"))
    assert found(gone, Way.LEAN).wrong
    assert found(gone, Way.LEAN).reads == 1
    told = found(gone, Way.OFFLINE_INVENTORY)
    assert (told.proven, told.wrong) == (False, False)


def test_parts_are_asked_for_by_pages_where_they_have_checksums() -> None:
    parts = cut(BODY, Algorithm.CRC32, 2, 2, 2)
    whole = full(BODY, Algorithm.CRC32)
    seen = pair(facts(BODY, composed(parts)), facts(BODY, whole), source_parts=parts)
    told = found(seen, Way.LEAN)
    assert (told.proven, told.reads) == (True, 2 + 2)
    many = replace(parts, sizes=(2, 2, 2) * PAGE, digests=parts.digests * PAGE)
    assert found(replace(seen, source_parts=many), Way.LEAN).reads == 2 + 1 + 3
    silent = replace(seen, source_parts=Absent(detail="no parts"))
    assert found(silent, Way.LEAN).reads == 2 + 1


def test_parts_spare_the_bytes_of_the_side_that_is_cut_there() -> None:
    etag = md5_etag(BODY, (2, 2, 2))
    stored = replace(facts(BODY), etag=etag, encryption=SSE_S3)
    seen = pair(stored, facts(BODY), source_parts=PartList(sizes=(2, 2, 2)))
    told = found(seen, Way.READ_MISSING)
    assert (told.finding.level, told.read) == (Level.READ, len(BODY))
    assert told.reads == 2 + 3 + 1


def test_parts_that_were_not_to_be_had_are_not_made_up() -> None:
    stored = facts(BODY, composed(cut(BODY, SHA, 3, 3)))
    told = found(pair(stored, facts(BODY)), Way.READ_MISSING)
    assert (told.finding.level, told.read) == (Level.READ, 2 * len(BODY))
    assert told.reads == 2 + 1 + 2
    frozen = pair(replace(stored, archived=True), facts(BODY))
    assert not found(frozen, Way.READ_MISSING).proven
    told = found(replace(frozen, source_parts=PartList(sizes=(3, 3))), Way.READ_MISSING)
    assert told.proven


def test_versions_that_were_listed_are_counted() -> None:
    later = replace(facts(BODY, full(BODY, CRC)), last_modified=END + timedelta(days=1))
    mine = replace(facts(BODY, full(BODY, CRC)), last_modified=LATER, version_id="2")
    seen = Evidence(
        source=facts(BODY, full(BODY, CRC)),
        destination=replace(later, version_id="3"),
        destination_versions=(mine,),
    )
    told = found(seen, Way.LEAN)
    assert (told.proven, told.lists, told.reads) == (True, 1, 3)
    silent = replace(seen, destination_versions=Unreadable(problem="403"))
    assert (found(silent, Way.LEAN).lists, found(silent, Way.LEAN).reads) == (1, 2)


def test_traits_are_what_an_audit_trips_over() -> None:
    composite = facts(BODY, composed(cut(BODY, SHA, 3, 3)))
    kms = replace(facts(BODY, full(BODY, CRC)), encryption="aws:kms:dsse")
    assert traits(EQUAL) == {Trait.COMPARABLE}
    assert traits(pair(composite, kms)) == {Trait.COMPOSITE, Trait.KMS}
    big = replace(facts(BODY), size=MAX_COPY_SIZE + 1, archived=True)
    assert traits(pair(big, kms)) == {Trait.LARGE, Trait.ARCHIVED, Trait.BARE, Trait.KMS}
    silent = Evidence(source=Unreadable(problem="400"), destination=Absent(detail="404"))
    assert traits(silent) == {Trait.UNREADABLE, Trait.ABSENT}
    assert traits(Evidence(source=kms, destination=Absent())) == {Trait.KMS, Trait.ABSENT}


def test_the_usual_algorithm_is_what_most_objects_store() -> None:
    sha = pair(facts(BODY, full(BODY, SHA)), facts(BODY, full(BODY, SHA)))
    assert usual_algorithm([]) is CRC
    assert usual_algorithm([BARE]) is CRC
    assert usual_algorithm([sha, EQUAL, sha]) is SHA
