"""Records as JSON Lines hold every answer."""

import json
from dataclasses import fields, replace

from hypothesis import given
from hypothesis import strategies as st

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
)
from intact.audit.lines import encode
from intact.batch import TaskStatus
from intact.checksum import Algorithm, Checksum, ChecksumType
from intact.s3 import ObjectFacts, ObjectRef, PartList
from tests.worlds import BEGIN, World, task, worlds

CHECKSUM = Checksum(algorithm=Algorithm.CRC32, type=ChecksumType.FULL_OBJECT, digest=b"abcd")
MALFORMED = Record(
    copy=Copy(row=7, source=None, destination=None, text="b,\udcff\n\x1b[2J"),
    evidence=Evidence(row=Unreadable(problem="no UTF-8")),
    finding=Finding(verdict=Verdict.UNCHECKED, reason=Reason.ROW_UNREADABLE),
)


@given(worlds())
def test_a_line_has_what_is_known_and_nothing_else(world: World) -> None:
    record = world.audit()
    line = json.loads(encode(record))
    evidence = record.evidence
    empty: tuple[object, ...] = (None, False)
    known = {
        field.name
        for field in fields(Evidence)
        if getattr(evidence, field.name) not in empty
        and (getattr(evidence, field.name) != () or field.name.endswith("versions"))
    }
    assert set(line["evidence"]) == known
    assert line["verdict"] == record.finding.verdict.value
    assert line["destination"]["key"] == "a key"


@given(worlds(), worlds())
def test_two_records_have_one_line_only_where_they_are_equal(one: World, other: World) -> None:
    first, second = one.audit(), other.audit()
    assert (encode(first) == encode(second)) == (first == second)


def test_a_malformed_row_keeps_its_text() -> None:
    line = json.loads(encode(MALFORMED))
    assert line["text"] == MALFORMED.copy.text
    assert line["evidence"] == {"row": {"unreadable": "no UTF-8"}}
    assert "source" not in line


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


def test_a_line_has_parts_bytes_and_what_others_say() -> None:
    record = replace(
        MALFORMED,
        evidence=Evidence(
            shared=True,
            expected=Expected(checksums=frozenset({CHECKSUM}), size=3),
            source_computed=(Computed(checksum=CHECKSUM, etag="e"),),
            source_versions=(),
            source=Withheld(terms="offline"),
            destination=Absent(detail="404"),
            source_parts=PartList(sizes=(1, 2), algorithm=Algorithm.CRC32, digests=(b"abcd",) * 2),
            source_bytes=BytesRead(size=3, checksums=frozenset({CHECKSUM})),
        ),
    )
    checksum = ["CRC32", "FULL_OBJECT", "YWJjZA=="]
    assert json.loads(encode(record))["evidence"] == {
        "shared": {},
        "expected": {"checksums": [checksum], "size": 3},
        "source_computed": [{"checksum": checksum, "etag": "e"}],
        "source_versions": [],
        "source": {"withheld": "offline"},
        "destination": {"absent": "404"},
        "source_parts": {"sizes": [1, 2], "algorithm": "CRC32", "digests": ["YWJjZA=="] * 2},
        "source_bytes": {"size": 3, "checksums": [checksum]},
    }


def test_a_line_spells_everything_out() -> None:
    untyped = replace(CHECKSUM, type=None)
    parted = frozenset({replace(CHECKSUM, type=ChecksumType.COMPOSITE, parts=2)})
    known = ObjectFacts(
        size=3, etag="e", last_modified=BEGIN, checksums=frozenset({CHECKSUM, untyped})
    )
    record = Record(
        copy=Copy(
            row=7,
            source=ObjectRef(bucket="s", key="k", version_id="v"),
            destination=ObjectRef(bucket="d", key="k"),
        ),
        evidence=Evidence(
            task=task(TaskStatus.SUCCEEDED),
            source=replace(known, version_id="v", encryption="AES256", storage_class="GLACIER"),
            destination=replace(known, archived=True),
            source_computed=(Computed(checksum=CHECKSUM, etag="e", version_id="v", begun=BEGIN),),
            source_parts=PartList(sizes=(3,)),
            source_bytes=BytesRead(
                size=3, checksums=frozenset(), by_source_parts=parted, by_destination_parts=parted
            ),
        ),
        finding=Finding(verdict=Verdict.VERIFIED, reason=Reason.EQUAL, level=Level.RECORDED),
    )
    typed, moment = ["CRC32", "FULL_OBJECT", "YWJjZA=="], "2026-11-22T03:00:00+00:00"
    facts = {
        "size": 3,
        "etag": "e",
        "last_modified": moment,
        "checksums": [typed, ["CRC32", None, "YWJjZA=="]],
    }
    cut = ["CRC32", "COMPOSITE", "YWJjZA==-2"]
    text = encode(record)
    assert json.loads(text) == {
        "row": 7,
        "verdict": "verified",
        "reason": "equal",
        "level": "recorded",
        "source": {"bucket": "s", "key": "k", "version": "v"},
        "destination": {"bucket": "d", "key": "k"},
        "evidence": {
            "task": {
                "bucket": "source",
                "raw_key": "a%20key",
                "status": "succeeded",
                "http_status": 200,
                "error_code": "",
                "message": "Successful",
            },
            "source": facts | {"version": "v", "encryption": "AES256", "storage_class": "GLACIER"},
            "destination": facts | {"archived": True},
            "source_computed": [{"checksum": typed, "etag": "e", "version": "v", "begun": moment}],
            "source_parts": {"sizes": [3]},
            "source_bytes": {
                "size": 3,
                "checksums": [],
                "by_source_parts": [cut],
                "by_destination_parts": [cut],
            },
        },
    }
    assert text == json.dumps(json.loads(text), separators=(",", ":")) + "\n"
