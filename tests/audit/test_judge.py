"""What is remembered of the rules is what the rules say."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

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
    Unreadable,
    Verdict,
    Window,
    Withheld,
    decide,
)
from intact.audit.judge import Judge
from intact.batch import TaskStatus
from intact.checksum import Algorithm, Checksum, new
from intact.s3 import ObjectFacts, PartList
from intact.s3.objects import SSE_S3
from tests.worlds import BEGIN, END, World, composed, cut, facts, full, md5_etag, task, worlds

CRC, SHA = Algorithm.CRC64NVME, Algorithm.SHA256
LATER = BEGIN + timedelta(minutes=1)
PLAIN = Policy(reported=False, versioned=False)
BODY = b"abc"
SOURCE, DESTINATION = facts(BODY, full(BODY, CRC)), facts(BODY, full(BODY, CRC), written=LATER)
EQUAL = Evidence(source=SOURCE, destination=DESTINATION)
VERIFIED = Finding(verdict=Verdict.VERIFIED, reason=Reason.EQUAL, level=Level.RECORDED)

policies = st.builds(
    Policy,
    reported=st.booleans(),
    versioned=st.booleans(),
    algorithm=st.sampled_from([None, CRC, Algorithm.CRC32, SHA]),
    window=st.sampled_from([None, Window(begin=BEGIN, end=END)]),
    read=st.sampled_from(ReadMode),
    require=st.sampled_from([level for level in Level if level.value >= Level.RECORDED.value]),
)
PARTED = composed(cut(BODY, SHA, 1, 2))
FEW = (
    full(BODY, CRC),
    full(b"abd", CRC),
    full(b"", CRC),
    full(BODY, SHA),
    full(BODY, Algorithm.MD5),
)
checksums = st.sampled_from([*FEW, replace(FEW[0], type=None), PARTED])
objects = st.builds(
    ObjectFacts,
    size=st.sampled_from([3, 3, 3, 0, 4]),
    etag=st.sampled_from([md5_etag(BODY), md5_etag(BODY), md5_etag(b"other"), "opaque"]),
    last_modified=st.sampled_from([BEGIN, LATER, END + timedelta(days=1)]),
    version_id=st.sampled_from([None, "null", "one", "two"]),
    checksums=st.sampled_from([frozenset({FEW[0]})] * 3) | st.frozensets(checksums, max_size=2),
    encryption=st.sampled_from([SSE_S3, SSE_S3, "aws:kms", None]),
    storage_class=st.sampled_from([None, None, "EXPRESS_ONEZONE", "GLACIER"]),
    archived=st.sampled_from([False, False, True]),
)
likely = st.builds(
    Evidence,
    task=st.sampled_from([None, None, *map(task, TaskStatus), Absent(), Unreadable(problem="")]),
    source=objects | st.none() | st.just(Absent()),
    destination=objects | st.none() | st.just(Unreadable(problem="403")),
)


def of_sort(sort: object) -> Evidence:
    """Evidence of a sort, as plain as can be."""
    if sort == "no destination":
        return Evidence()
    if sort == "no source":
        return Evidence(destination=DESTINATION)
    algorithm, *archived = sort if isinstance(sort, tuple) else (sort, False, False)
    assert isinstance(algorithm, Algorithm)
    stored = frozenset({full(BODY, algorithm)})
    return Evidence(
        source=replace(SOURCE, checksums=stored, archived=archived[0]),
        destination=replace(DESTINATION, checksums=stored, archived=archived[1]),
    )


def agrees(evidence: Evidence, policy: Policy) -> bool:
    judge = Judge(policy)
    sort = judge.sort(evidence)
    event("no sort" if sort is None else "a sort")
    if sort is not None:
        alike = replace(of_sort(sort), task=task(TaskStatus.SUCCEEDED))
        assert judge.sort(alike) == sort
        judge.decide(alike)
    return judge.decide(evidence) == decide(evidence, policy)


@given(likely, policies)
def test_evidence_of_one_sort_has_one_answer(evidence: Evidence, policy: Policy) -> None:
    assert agrees(evidence, policy)


@given(worlds())
def test_no_world_tells_the_judge_from_the_rules(world: World) -> None:
    assert agrees(world.evidence, world.policy)
    assert agrees(world.audit().evidence, world.policy)


def test_the_rules_are_asked_once_for_each_sort() -> None:
    judge = Judge(PLAIN)
    assert judge.decide(EQUAL) == VERIFIED
    other = replace(full(b"other", CRC))
    again = replace(
        EQUAL,
        source=replace(SOURCE, checksums=frozenset({other})),
        destination=replace(DESTINATION, checksums=frozenset({other})),
    )
    assert judge.decide(again) is judge.decide(EQUAL)


def source(**changes: Any) -> Evidence:  # noqa: ANN401 - fields of ObjectFacts
    return replace(EQUAL, source=replace(SOURCE, **changes))


def copy(**changes: Any) -> Evidence:  # noqa: ANN401 - as above
    return replace(EQUAL, destination=replace(DESTINATION, **changes))


def both(**changes: Any) -> Evidence:  # noqa: ANN401 - as above
    return Evidence(source=replace(SOURCE, **changes), destination=replace(DESTINATION, **changes))


def stored(*found: Checksum) -> frozenset[Checksum]:
    return frozenset(found)


MD5S: dict[str, Any] = {"etag": md5_etag(b"other"), "encryption": SSE_S3}
ODD = {
    "a row that could not be read": replace(EQUAL, row=Unreadable(problem="bad")),
    "a shared destination": replace(EQUAL, shared=True),
    "a failed task": replace(EQUAL, task=task(TaskStatus.FAILED)),
    "an unreadable task": replace(EQUAL, task=Unreadable(problem="bad")),
    "no result": replace(EQUAL, task=Absent()),
    "an expected digest": replace(EQUAL, expected=Expected(checksums=stored(full(b"x", SHA)))),
    "a computed source": replace(EQUAL, source_computed=(Computed(checksum=FEW[1], etag="etag"),)),
    "a computed destination": replace(
        EQUAL, destination_computed=(Computed(checksum=FEW[1], etag="etag"),)
    ),
    "the source's versions": replace(EQUAL, source_versions=(SOURCE,)),
    "the destination's versions": replace(EQUAL, destination_versions=(DESTINATION,)),
    "the source's parts": replace(EQUAL, source_parts=cut(BODY, SHA, 1, 2)),
    "the destination's parts": replace(EQUAL, destination_parts=PartList(sizes=(4,))),
    "the source's bytes": replace(EQUAL, source_bytes=BytesRead(size=3, checksums=stored())),
    "the destination's bytes": replace(EQUAL, destination_bytes=Withheld(terms="none")),
    "no destination": replace(EQUAL, destination=Absent()),
    "an unreadable destination": replace(EQUAL, destination=Unreadable(problem="403")),
    "a source that was not to be asked for": replace(EQUAL, source=Withheld(terms="offline")),
    "no source": replace(EQUAL, source=Absent()),
    "no checksum": both(checksums=stored()),
    "no checksum of the source": source(checksums=stored()),
    "two checksums": both(checksums=stored(full(BODY, CRC), full(BODY, SHA))),
    "two checksums of the source": source(checksums=stored(full(BODY, CRC), full(BODY, SHA))),
    "no checksum of the copy": copy(checksums=stored()),
    "two checksums of the copy": copy(checksums=stored(full(BODY, CRC), full(BODY, SHA))),
    "another checksum": source(checksums=stored(full(b"abd", CRC))),
    "another algorithm": source(checksums=stored(full(BODY, SHA))),
    "a checksum of parts": both(checksums=stored(PARTED)),
    "a checksum of who knows what": both(checksums=stored(replace(full(BODY, CRC), type=None))),
    "an MD5": both(checksums=stored(full(BODY, Algorithm.MD5))),
    "the checksum of no bytes": both(checksums=stored(full(b"", CRC))),
    "another size": source(size=4),
    "no bytes, yet a checksum of some": both(size=0),
    "no bytes": both(size=0, checksums=stored(full(b"", CRC))),
    "other MD5s": Evidence(
        source=replace(SOURCE, **MD5S),
        destination=replace(DESTINATION, **MD5S | {"etag": md5_etag(BODY)}),
    ),
    "a source as old as the copy": source(last_modified=LATER),
    "a null version as old as the copy": source(last_modified=LATER, version_id="null"),
    "a current version as old as the copy": source(last_modified=LATER, version_id="one"),
    "one version": both(version_id="one"),
}


@pytest.mark.parametrize("evidence", ODD.values(), ids=ODD)
def test_what_any_rule_could_object_to_is_of_no_sort(evidence: Evidence) -> None:
    assert Judge(PLAIN).sort(EQUAL) is CRC
    assert Judge(PLAIN).sort(evidence) is None


def test_a_copy_from_outside_the_jobs_time_is_of_no_sort() -> None:
    judge = Judge(replace(PLAIN, window=Window(begin=END, end=END)))
    assert judge.sort(EQUAL) is None
    assert Judge(replace(PLAIN, window=Window(begin=BEGIN, end=END))).sort(EQUAL) is CRC


def test_a_null_version_is_no_version_to_rely_on() -> None:
    judge = Judge(replace(PLAIN, versioned=True))
    assert judge.sort(source(version_id="null", last_modified=LATER)) is None


def test_a_task_that_is_not_reported_is_asked_for() -> None:
    assert Judge(replace(PLAIN, reported=True)).sort(EQUAL) is None


@pytest.mark.parametrize(
    ("evidence", "policy"),
    [
        (replace(EQUAL, task=task(TaskStatus.SUCCEEDED)), replace(PLAIN, reported=True)),
        (source(etag="another"), PLAIN),
        (source(version_id="one"), PLAIN),
        (both(version_id="null"), PLAIN),
        (both(**MD5S), PLAIN),
        (source(**MD5S), PLAIN),
        (copy(**MD5S), PLAIN),
        (source(version_id="one", last_modified=END), replace(PLAIN, versioned=True)),
    ],
)
def test_what_no_rule_objects_to_is_plain(evidence: Evidence, policy: Policy) -> None:
    assert Judge(policy).sort(evidence) is CRC
    assert decide(evidence, policy) == VERIFIED


def test_bytes_that_are_archived_are_another_sort() -> None:
    judge = Judge(PLAIN)
    assert judge.sort(source(archived=True)) == (CRC, True, False)
    assert judge.sort(copy(archived=True)) == (CRC, False, True)
    assert judge.sort(both(archived=True)) == (CRC, True, True)


def test_what_was_not_asked_for_yet_is_a_sort() -> None:
    judge = Judge(PLAIN)
    assert judge.sort(Evidence()) == "no destination"
    assert judge.sort(Evidence(destination=DESTINATION)) == "no source"


def test_what_is_of_no_sort_is_not_remembered() -> None:
    judge, odd = Judge(PLAIN), list(ODD.values())
    assert [judge.decide(one) for one in odd] == [decide(one, PLAIN) for one in odd]
    assert len({judge.decide(one) for one in odd}) > 2


def test_every_algorithms_digest_of_nothing_proves_nothing() -> None:
    for algorithm in Algorithm:
        nothing = Checksum(
            algorithm=algorithm, type=full(b"", CRC).type, digest=new(algorithm).digest()
        )
        assert Judge(PLAIN).sort(both(checksums=stored(nothing))) is None
