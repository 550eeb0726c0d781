"""A record loses nothing on its way through columns."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from intact.adapters.arrow import SCHEMA
from intact.adapters.columns import columns, known_columns
from intact.adapters.rows import known, records
from intact.audit import (
    Absent,
    BytesRead,
    Computed,
    Copy,
    Evidence,
    Expected,
    Finding,
    Level,
    Reason,
    Record,
    Unreadable,
    Verdict,
    Withheld,
    decide,
)
from intact.checksum import Algorithm, Checksum
from intact.errors import FormatError
from intact.s3 import ObjectFacts, ObjectRef, PartList
from tests.strategies import bucket_names, checksums, keys, moments, task_results, version_ids
from tests.worlds import COPY, World, worlds

texts = st.text(st.characters(codec="utf-8"), max_size=20)
raw_rows = st.binary(max_size=30).map(lambda raw: raw.decode("utf-8", "surrogateescape"))
refs = st.builds(ObjectRef, bucket=bucket_names, key=keys, version_id=st.none() | version_ids)
sets = st.frozensets(checksums(), max_size=3)
sizes = st.integers(0, 2**62)
facts = st.builds(
    ObjectFacts,
    size=sizes,
    etag=texts,
    last_modified=moments,
    version_id=st.none() | version_ids,
    checksums=sets,
    encryption=st.none() | texts,
    storage_class=st.none() | texts,
    archived=st.booleans(),
)
silence = st.builds(Unreadable, problem=texts) | st.builds(Withheld, terms=texts)
absent = st.builds(Absent, detail=texts)


@st.composite
def part_lists(draw: st.DrawFn) -> PartList:
    listed = tuple(draw(st.lists(sizes, max_size=3)))
    some = draw(checksums())
    if draw(st.booleans()):
        return PartList(sizes=listed)
    digests = (some.digest,) * len(listed)
    return PartList(sizes=listed, algorithm=some.algorithm, digests=digests)


found = st.lists(facts, max_size=3).map(tuple) | silence | st.none()
computed = st.lists(
    st.builds(
        Computed,
        checksum=checksums(),
        etag=texts,
        version_id=st.none() | version_ids,
        begun=st.none() | moments,
    ),
    max_size=2,
).map(tuple)
read = (
    st.builds(
        BytesRead, size=sizes, checksums=sets, by_source_parts=sets, by_destination_parts=sets
    )
    | silence
    | st.none()
)
evidence = st.builds(
    Evidence,
    row=st.none() | st.builds(Unreadable, problem=texts),
    shared=st.booleans(),
    task=st.none() | task_results | absent | st.builds(Unreadable, problem=texts),
    expected=st.none() | st.builds(Expected, checksums=sets, size=st.none() | sizes),
    source_computed=computed,
    destination_computed=computed,
    source=st.none() | facts | absent | silence,
    destination=st.none() | facts | absent | silence,
    source_versions=found,
    destination_versions=found,
    source_parts=st.none() | part_lists() | absent | silence,
    destination_parts=st.none() | part_lists() | absent | silence,
    source_bytes=read,
    destination_bytes=read,
)
any_record = st.builds(
    Record,
    copy=st.builds(
        Copy, row=sizes, source=st.none() | refs, destination=st.none() | refs, text=raw_rows
    ),
    evidence=evidence,
    finding=st.builds(
        Finding,
        verdict=st.sampled_from(Verdict),
        reason=st.sampled_from(Reason),
        level=st.sampled_from(Level),
    ),
)


def through(table: pa.Table) -> list[Record]:
    table.validate(full=True)
    return [record for batch in table.to_batches() for record in records(batch)]


@given(st.lists(any_record, min_size=1, max_size=4))
def test_any_record_survives(given_records: list[Record]) -> None:
    assert through(columns(given_records)) == given_records


@given(st.lists(worlds(), min_size=1, max_size=3))
def test_the_record_of_every_world_survives(given_worlds: list[World]) -> None:
    audited = [world.audit() for world in given_worlds]
    assert through(columns(audited)) == audited


@given(worlds())
def test_what_columns_tell_of_a_world_is_judged_as_it_was(world: World) -> None:
    audited = world.audit()
    [replayed] = through(columns([audited]))
    assert decide(replayed.evidence, world.policy) == audited.finding


@given(st.lists(worlds(), min_size=1, max_size=3))
def test_what_is_known_beforehand_survives(given_worlds: list[World]) -> None:
    pairs = [(COPY, world.evidence) for world in given_worlds]
    [batch] = known_columns(*map(list, zip(*pairs, strict=True))).to_batches()
    assert list(known(batch)) == pairs


@pytest.mark.parametrize("versions", [None, (), Withheld(terms="offline")], ids=repr)
def test_no_versions_and_nobody_asked_are_two_things(versions: tuple[()] | Withheld | None) -> None:
    record = Record(
        copy=COPY,
        evidence=Evidence(source_versions=versions, destination_versions=versions),
        finding=Finding(verdict=Verdict.UNCHECKED, reason=Reason.ROW_UNREADABLE),
    )
    [back] = through(columns([record]))
    assert back.evidence.source_versions == versions
    assert back.evidence.destination_versions == versions


CHECKSUM = Checksum(algorithm=Algorithm.SHA1, type=None, digest=bytes(20))
FACTS = ObjectFacts(size=0, etag="", last_modified=datetime(2026, 11, 22, tzinfo=UTC))
LEAST: dict[str, object] = {
    "row": Unreadable(problem=""),
    "shared": True,
    "task": Absent(),
    "expected": Expected(checksums=frozenset()),
    "source_computed": (Computed(checksum=CHECKSUM, etag=""),),
    "destination_computed": (Computed(checksum=CHECKSUM, etag=""),),
    "source": FACTS,
    "destination": FACTS,
    "source_versions": (),
    "destination_versions": (),
    "source_parts": PartList(sizes=()),
    "destination_parts": PartList(sizes=()),
    "source_bytes": BytesRead(size=0, checksums=frozenset()),
    "destination_bytes": BytesRead(size=0, checksums=frozenset()),
}
"""The least that can be known in each field of ``Evidence``."""


@pytest.mark.parametrize("name", [field.name for field in fields(Evidence)])
def test_what_is_known_in_one_field_of_one_row_alone_survives(name: str) -> None:
    told: list[dict[str, Any]] = [{}, {name: LEAST[name]}, {}]
    finding = Finding(verdict=Verdict.UNCHECKED, reason=Reason.ROW_UNREADABLE)
    given_records = [Record(copy=COPY, evidence=Evidence(**slot), finding=finding) for slot in told]
    assert through(columns(given_records)) == given_records


@given(st.lists(any_record, min_size=1, max_size=3), st.lists(any_record, min_size=1, max_size=3))
def test_columns_are_the_same_whatever_became_columns_before(
    before: list[Record], after: list[Record]
) -> None:
    both = columns(before + after)
    assert pa.concat_tables([columns(before), columns(after)]).equals(both)
    assert through(both) == before + after


REFUSED, SPARED = Unreadable(problem="403"), Withheld(terms="offline")


@pytest.mark.parametrize(
    ("slots", "answers"),
    [
        (("task",), (Absent(), REFUSED)),
        (("source", "destination"), (Absent(), REFUSED, SPARED)),
        (("source_versions", "destination_versions"), (REFUSED, SPARED)),
        (("source_parts", "destination_parts"), (Absent(), REFUSED, SPARED)),
        (("source_bytes", "destination_bytes"), (REFUSED, SPARED)),
    ],
    ids=repr,
)
def test_every_silence_survives_wherever_it_may_be(
    slots: tuple[str, ...], answers: tuple[Absent | Unreadable | Withheld, ...]
) -> None:
    finding = Finding(verdict=Verdict.UNCHECKED, reason=Reason.ROW_UNREADABLE)
    told: list[dict[str, Any]] = [{slot: answer} for slot in slots for answer in answers]
    given_records = [Record(copy=COPY, evidence=Evidence(**slot), finding=finding) for slot in told]
    assert through(columns(given_records)) == given_records


def test_details_survive_though_they_do_not_compare() -> None:
    record = Record(
        copy=COPY,
        evidence=Evidence(task=Absent(detail="no row"), source=Absent(detail="404")),
        finding=Finding(verdict=Verdict.UNCHECKED, reason=Reason.ROW_UNREADABLE),
    )
    [back] = through(columns([record]))
    slots = (back.evidence.task, back.evidence.source)
    assert [slot.detail for slot in slots if isinstance(slot, Absent)] == ["no row", "404"]


def test_lone_surrogates_for_people_are_spelt_out_and_lose_no_record() -> None:
    record = Record(
        copy=Copy(row=1, source=None, destination=None, text="\ud800"),
        evidence=Evidence(row=Unreadable(problem="\ud800 and \udcff")),
        finding=Finding(verdict=Verdict.UNCHECKED, reason=Reason.ROW_UNREADABLE),
    )
    [back] = through(columns([record]))
    assert back.evidence.row == Unreadable(problem="\\ud800 and \\udcff")
    assert back.copy.text


def test_a_moment_of_another_zone_is_the_same_moment() -> None:
    moment = datetime.fromisoformat("2026-11-22T04:00:00.000001+01:00")
    known_facts = ObjectFacts(size=1, etag="e", last_modified=moment)
    record = Record(
        copy=COPY,
        evidence=Evidence(source=known_facts),
        finding=Finding(verdict=Verdict.UNCHECKED, reason=Reason.ROW_UNREADABLE),
    )
    [back] = through(columns([record]))
    assert back == record
    assert isinstance(back.evidence.source, ObjectFacts)
    assert back.evidence.source.last_modified.tzinfo is UTC


@pytest.mark.parametrize(
    ("column", "value"),
    [("verdict", "fine"), ("reason", "so"), ("level", "high"), ("verdict", None)],
)
def test_what_no_ledger_can_hold_is_refused(column: str, value: str | None) -> None:
    record = Record(
        copy=COPY,
        evidence=Evidence(),
        finding=Finding(verdict=Verdict.UNCHECKED, reason=Reason.ROW_UNREADABLE),
    )
    table = columns([record])
    at = SCHEMA.get_field_index(column)
    forged = table.set_column(at, column, pa.array([value], pa.string()))
    with pytest.raises(FormatError):
        through(forged)


def test_records_that_are_equal_make_equal_columns() -> None:
    record = Record(
        copy=COPY,
        evidence=Evidence(),
        finding=Finding(verdict=Verdict.UNCHECKED, reason=Reason.ROW_UNREADABLE),
    )
    assert columns([record, record]) == columns([record, replace(record)])
