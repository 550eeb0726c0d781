import json
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from intact.checksum import Algorithm, Checksum, ChecksumType
from intact.errors import FormatError
from intact.s3 import ObjectFacts, objects

WRITTEN = datetime(2026, 2, 21, 0, 17, 2, tzinfo=UTC)
RECORDED = [
    entry
    for entry in json.loads(
        (Path(__file__).parents[1] / "vectors" / "aws_recorded_checksums.json").read_bytes()
    )
    if entry["step"].startswith("head") and entry["size"] is not None
]
HEAD: dict[str, Any] = {
    "ContentLength": 6,
    "ETag": '"e99a18c428cb38d5f260853678922e03"',
    "LastModified": WRITTEN,
    "VersionId": "v1",
    "ChecksumCRC32": "zwK7XA==",
    "ChecksumType": "FULL_OBJECT",
}
CRC32 = Checksum(
    algorithm=Algorithm.CRC32, type=ChecksumType.FULL_OBJECT, digest=b"\xcf\x02\xbb\x5c"
)


def test_everything_in_the_response_is_kept() -> None:
    assert ObjectFacts.from_head(HEAD) == ObjectFacts(
        size=6,
        etag="e99a18c428cb38d5f260853678922e03",
        last_modified=WRITTEN,
        version_id="v1",
        checksums=frozenset({CRC32}),
    )


def test_what_s3_left_out_is_absent() -> None:
    facts = ObjectFacts.from_head({"ContentLength": 0, "ETag": '"e"', "LastModified": WRITTEN})
    assert (facts.version_id, facts.checksums) == (None, frozenset())


def test_every_algorithm_is_looked_for() -> None:
    stored = {
        algorithm.member: str(
            Checksum(
                algorithm=algorithm,
                type=ChecksumType.FULL_OBJECT,
                digest=bytes(algorithm.digest_size),
            )
        )
        for algorithm in Algorithm
    }
    found = ObjectFacts.from_head(HEAD | stored).checksums
    assert {checksum.algorithm for checksum in found} == {*Algorithm}


def test_every_head_that_s3_answered_is_read() -> None:
    assert len(RECORDED) == 34
    facts = [
        ObjectFacts.from_head(
            entry["checksums"]
            | {"ContentLength": entry["size"], "ETag": entry["etag"], "LastModified": WRITTEN}
        )
        for entry in RECORDED
    ]
    assert [(fact.size, f'"{fact.etag}"') for fact in facts] == [
        (entry["size"], entry["etag"]) for entry in RECORDED
    ]
    assert [[str(checksum) for checksum in fact.checksums] for fact in facts] == [
        [text for name, text in entry["checksums"].items() if name != "ChecksumType"]
        for entry in RECORDED
    ]


@pytest.mark.parametrize("missing", ["ContentLength", "ETag", "LastModified"])
def test_a_response_without_an_essential_member_is_refused(missing: str) -> None:
    response = {name: value for name, value in HEAD.items() if name != missing}
    with pytest.raises(FormatError, match=f"HeadObject response lacks '{missing}'"):
        ObjectFacts.from_head(response)


@pytest.mark.parametrize(
    "members", [{"ChecksumCRC32": "x"}, {"ChecksumType": "HALF"}, {"ChecksumCRC32": "zwK7XA==-2"}]
)
def test_a_malformed_checksum_is_refused(members: dict[str, str]) -> None:
    with pytest.raises(FormatError, match=r"CRC32|ChecksumType"):
        ObjectFacts.from_head(HEAD | members)


def test_facts_made_slot_by_slot_are_those_made_by_name() -> None:
    told: dict[str, Any] = {
        "size": 6,
        "etag": "etag",
        "last_modified": WRITTEN,
        "version_id": "v1",
        "checksums": frozenset({CRC32}),
        "encryption": "AES256",
        "storage_class": "GLACIER",
        "archived": True,
    }
    assert objects.facts(*told.values()) == ObjectFacts(**told)
    assert list(told) == [field.name for field in fields(ObjectFacts)]


@pytest.mark.parametrize(
    ("asked", "told", "may_be"),
    [
        (None, "one", True),
        (None, None, True),
        ("one", "one", True),
        ("one", "two", False),
        ("one", None, False),
        ("one", "null", False),
        ("null", "null", True),
        ("null", None, True),
        ("null", "one", False),
    ],
)
def test_an_answer_is_about_the_version_asked_for(
    asked: str | None, told: str | None, *, may_be: bool
) -> None:
    facts = ObjectFacts.from_head(HEAD | {"VersionId": told})
    assert facts.may_be(asked) is may_be
