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
    Reason,
    Record,
    Unreadable,
    Verdict,
    Withheld,
)
from intact.audit.lines import encode
from intact.checksum import Algorithm, Checksum, ChecksumType
from intact.s3 import PartList
from tests.worlds import World, worlds

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
