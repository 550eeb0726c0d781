"""Answers of a function: everything in its place, or no answer."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given

from intact.adapters.runner import Runner
from intact.audit import Absent, BytesRead, Copy, Evidence, Unreadable, Withheld
from intact.audit.adopt import first_known, function_policy
from intact.audit.answer import Answer, copy_digest
from intact.checksum import Algorithm, Checksum, ChecksumType
from intact.errors import FormatError, UsageError
from intact.s3 import ObjectRef, PartList
from tests.worlds import BEGIN, COPY, END, World, facts, worlds


def answer_of(world: World) -> Answer:
    """What a function finds in a world."""
    runner = Runner(*world.stores(), function_policy(COPY))
    evidence = runner.audit(COPY, first_known(COPY)).evidence
    return Answer(copy=copy_digest(COPY), asked=END, evidence=evidence)


SLOTS = [
    "source",
    "destination",
    "source_versions",
    "source_parts",
    "destination_parts",
    "source_bytes",
    "destination_bytes",
]


@given(worlds())
def test_an_answer_is_read_as_it_was_written(world: World) -> None:
    answer = answer_of(world)
    text = answer.encode()
    assert text.isascii()
    assert "\n" not in text
    assert Answer.parse(text) == answer


@pytest.mark.parametrize("slot", ["source_parts", "destination_parts"])
def test_long_lists_of_parts_are_withheld(slot: str) -> None:
    parts: dict[str, Any] = {slot: PartList(sizes=(1,) * 17)}
    told = Answer(copy="c", asked=END, evidence=Evidence(**parts))
    found = Answer.parse(told.encode()).evidence
    assert getattr(found, slot) == Withheld(terms="17 parts; an answer lists 16")
    parts[slot] = PartList(sizes=(1,) * 16)
    short = replace(told, evidence=Evidence(**parts))
    assert Answer.parse(short.encode()) == short


@pytest.mark.parametrize("slot", SLOTS)
def test_long_sentences_are_cut(slot: str) -> None:
    unread: dict[str, Any] = {slot: Unreadable(problem="x" * 9999)}
    told = Answer(copy="c", asked=END, evidence=Evidence(**unread))
    kept = Answer.parse(told.encode()).evidence
    assert getattr(kept, slot) == Unreadable(problem="x" * 300)


def test_the_text_is_compact() -> None:
    asked = END.replace(microsecond=5)
    told = Answer(copy="c", asked=asked, evidence=Evidence(destination=Absent(detail="404")))
    assert told.encode() == (
        '{"intact":1,"copy":"c","asked":"2026-11-22T04:00:00+00:00",'
        '"evidence":{"destination":{"absent":"404"}}}'
    )


def test_a_copys_digest_tells_all_names_apart() -> None:
    source, destination = ObjectRef(bucket="b", key="k"), ObjectRef(bucket="c", key="k")
    copies = [
        Copy(row=1, source=source, destination=destination),
        Copy(row=1, source=destination, destination=source),
        Copy(row=1, source=source, destination=source),
        Copy(row=1, source=replace(source, key="k "), destination=destination),
        Copy(row=1, source=replace(source, version_id="null"), destination=destination),
    ]
    assert len({copy_digest(copy) for copy in copies}) == len(copies)
    assert copy_digest(copies[0]) == copy_digest(replace(copies[0], row=2))
    for nameless in (replace(copies[0], source=None), replace(copies[0], destination=None)):
        with pytest.raises(UsageError, match="names no objects"):
            copy_digest(nameless)


GOOD: dict[str, Any] = {
    "intact": 1,
    "copy": "c",
    "asked": "2026-11-22T03:00:00+00:00",
    "evidence": {
        "source": {
            "size": 1,
            "etag": "e",
            "last_modified": "2026-11-22T03:00:00+00:00",
            "checksums": [["CRC32", "FULL_OBJECT", "AAAAAA=="]],
        },
        "source_parts": {"sizes": [1], "algorithm": "CRC32", "digests": ["AAAAAA=="]},
        "destination": {"absent": "404"},
        "destination_bytes": {"size": 1, "checksums": []},
        "source_versions": [],
    },
}


def test_a_good_answer_is_one() -> None:
    answer = Answer.parse(json.dumps(GOOD))
    assert answer.asked == datetime(2026, 11, 22, 3, tzinfo=UTC)
    crc = Checksum(algorithm=Algorithm.CRC32, type=ChecksumType.FULL_OBJECT, digest=bytes(4))
    whole = replace(facts(b"a", crc), etag="e")
    parts = PartList(sizes=(1,), algorithm=Algorithm.CRC32, digests=(bytes(4),))
    assert answer.evidence == Evidence(
        source=whole,
        source_parts=parts,
        destination=Absent(),
        destination_bytes=BytesRead(size=1, checksums=frozenset()),
        source_versions=(),
    )
    assert isinstance(answer.evidence.destination, Absent)
    assert answer.evidence.destination.detail == "404"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("intact",), 2),
        (("intact",), True),
        (("intact",), None),
        (("copy",), 1),
        (("asked",), "2026-11-22T03:00:00"),
        (("asked",), "yesterday"),
        (("evidence",), []),
        (("evidence",), None),
        (("evidence", "task"), {"absent": ""}),
        (("evidence", "row"), {"unreadable": ""}),
        (("evidence", "destination_versions"), []),
        (("evidence", "destination"), {"absent": 1}),
        (("evidence", "destination"), {}),
        (("evidence", "destination"), "404"),
        (("evidence", "destination"), None),
        (("evidence", "source", "size"), True),
        (("evidence", "source", "size"), -1),
        (("evidence", "source", "size"), "1"),
        (("evidence", "source", "size"), 1 << 63),
        (("evidence", "source", "etag"), None),
        (("evidence", "source", "version"), 1),
        (("evidence", "source", "last_modified"), "2026-11-22T03:00:00"),
        (("evidence", "source", "checksums"), [["CRC32", "FULL_OBJECT", "AA=="]]),
        (("evidence", "source", "checksums"), [["CRC32", "FULL_OBJECT", None]]),
        (("evidence", "source", "checksums"), [["CRC31", "FULL_OBJECT", "AAAAAA=="]]),
        (("evidence", "source", "checksums"), [[]]),
        (("evidence", "source_parts", "digests"), []),
        (("evidence", "source_parts", "sizes"), 1),
        (("evidence", "destination_bytes", "size"), None),
        (("evidence", "source_versions"), {"size": 1}),
        (("evidence", "source_versions"), [{}]),
        (("evidence", "source_versions"), {}),
    ],
    ids=str,
)
def test_anything_else_is_none(path: tuple[str, ...], value: object) -> None:
    with pytest.raises(FormatError):
        Answer.parse(changed(path, value))


def changed(path: tuple[str, ...], value: object) -> str:
    line = json.loads(json.dumps(GOOD))
    place = line
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = value
    return json.dumps(line)


@pytest.mark.parametrize(
    ("path", "value", "problem"),
    [
        (("intact",), 2, "intact is 2; wanted 1"),
        (("copy",), 1, "copy is 1; wanted text"),
        (("asked",), "2026-11-22", "asked is '2026-11-22'; wanted a time with its zone"),
        (("evidence", "row"), {}, "evidence has ['row']; wanted slots that are known"),
        (("evidence", "source", "size"), -1, "a size is -1; wanted bytes"),
        (("evidence", "source_versions"), {}, "versions are {}; wanted a list"),
        (("evidence", "source_parts", "digests"), [], "0 digests of 1 parts"),
    ],
)
def test_what_is_wrong_with_an_answer_is_named(
    path: tuple[str, ...], value: object, problem: str
) -> None:
    with pytest.raises(FormatError, match=f"^{re.escape(problem)}$"):
        Answer.parse(changed(path, value))


def test_other_words_are_quoted_in_part() -> None:
    with pytest.raises(FormatError, match="^no answer of a function .JSON.*: '" + "x" * 200 + "'$"):
        Answer.parse("x" * 201)


@pytest.mark.parametrize("text", ["", "Successful", "[]", "1", "{}", "null", "[" * 100_000])
def test_other_words_are_no_answer(text: str) -> None:
    with pytest.raises(FormatError):
        Answer.parse(text)


def test_a_member_that_is_missing_is_missed() -> None:
    for name in GOOD:
        with pytest.raises(FormatError):
            Answer.parse(json.dumps({key: value for key, value in GOOD.items() if key != name}))


def test_bytes_keep_how_they_were_cut() -> None:
    parted = Checksum(algorithm=Algorithm.MD5, type=ChecksumType.COMPOSITE, digest=bytes(16))
    ours, theirs = frozenset({parted}), frozenset({replace(parted, parts=2)})
    cut = BytesRead(
        size=1, checksums=frozenset(), by_source_parts=ours, by_destination_parts=theirs
    )
    evidence = Evidence(source_bytes=cut, destination_bytes=replace(cut, by_source_parts=theirs))
    told = Answer(copy="c", asked=END, evidence=evidence)
    assert Answer.parse(told.encode()) == told


def test_facts_keep_every_member() -> None:
    known = replace(
        facts(b"a", written=BEGIN),
        version_id="v",
        encryption="AES256",
        storage_class="GLACIER",
        archived=True,
    )
    told = Answer(copy="c", asked=END, evidence=Evidence(source=known, source_versions=(known,)))
    assert Answer.parse(told.encode()) == told
