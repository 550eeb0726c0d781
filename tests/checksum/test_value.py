import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from intact.checksum import Algorithm, Checksum, ChecksumType
from intact.errors import FormatError
from tests.strategies import checksums

RECORDED = json.loads(
    (Path(__file__).parents[1] / "vectors" / "aws_recorded_checksums.json").read_bytes()
)
FULL, COMPOSITE = ChecksumType.FULL_OBJECT, ChecksumType.COMPOSITE


def read(entry: dict[str, Any]) -> tuple[str, Checksum]:
    """The one value of a recorded response, as text and as read."""
    members = dict(entry["checksums"])
    kind = members.pop("ChecksumType", None)
    [(member, text)] = members.items()
    algorithm = Algorithm.parse(member.removeprefix("Checksum"))
    return text, Checksum.parse(text, algorithm=algorithm, type_name=kind)


@given(checksum=checksums())
def test_reading_undoes_writing(checksum: Checksum) -> None:
    read_back = Checksum.parse(
        str(checksum), algorithm=checksum.algorithm, type_name=checksum.type and checksum.type.value
    )
    assert read_back == checksum


def test_every_value_that_s3_answered_reads_and_writes_alike() -> None:
    assert len(RECORDED) == 562
    texts, values = zip(*map(read, RECORDED), strict=True)
    assert texts == tuple(map(str, values))


def test_every_type_that_s3_answered_is_kept() -> None:
    typed = [entry for entry in RECORDED if "ChecksumType" in entry["checksums"]]
    assert len(typed) == 526
    assert [read(entry)[1].type for entry in typed] == [
        ChecksumType(entry["checksums"]["ChecksumType"]) for entry in typed
    ]


def test_the_number_of_parts_is_the_suffix_that_s3_answered() -> None:
    suffixed = [entry for entry in RECORDED if "-" in read(entry)[0]]
    assert len(suffixed) == 17
    assert [str(read(entry)[1].parts) for entry in suffixed] == [
        read(entry)[0].rpartition("-")[2] for entry in suffixed
    ]
    assert {read(entry)[1].type for entry in suffixed} == {COMPOSITE}


def test_object_attributes_drop_the_suffix_and_keep_the_type() -> None:
    listed = [read(entry)[1] for entry in RECORDED if entry["parts"]]
    assert {(value.type, value.parts) for value in listed} == {(COMPOSITE, None)}


def test_without_a_type_only_a_suffix_says_what_is_covered() -> None:
    plain = Checksum.parse("zwK7XA==", algorithm=Algorithm.CRC32)
    parted = Checksum.parse("zwK7XA==-7", algorithm=Algorithm.CRC32)
    assert (plain.type, plain.parts) == (None, None)
    assert (parted.type, parted.parts) == (COMPOSITE, 7)


def test_a_suffix_contradicts_a_whole_object() -> None:
    with pytest.raises(FormatError, match="'zwK7XA==-7' has parts, yet is FULL_OBJECT"):
        Checksum.parse("zwK7XA==-7", algorithm=Algorithm.CRC32, type_name="FULL_OBJECT")


@pytest.mark.parametrize("name", ["", "full_object", "PARTIAL"])
def test_an_unknown_type_is_refused(name: str) -> None:
    with pytest.raises(
        FormatError, match=r"ChecksumType is .*wanted one of FULL_OBJECT, COMPOSITE"
    ):
        Checksum.parse("zwK7XA==", algorithm=Algorithm.CRC32, type_name=name)


@pytest.mark.parametrize("suffix", ["", "0", "01", "-1", "1-", "x", " 1", "+1", "²", "9" * 5000])
def test_a_suffix_that_counts_no_parts_is_refused(suffix: str) -> None:
    with pytest.raises(FormatError, match="wanted base64 or base64-N"):
        Checksum.parse(f"zwK7XA==-{suffix}", algorithm=Algorithm.CRC32)


@pytest.mark.parametrize("text", ["", "zwK7XA", "zwK7XA==ä", "AAAAAAAAAAA=", "-3"])
def test_a_malformed_value_is_refused(text: str) -> None:
    with pytest.raises(FormatError, match="CRC32 value is"):
        Checksum.parse(text, algorithm=Algorithm.CRC32)


@given(one=checksums(), other=checksums())
def test_only_whole_objects_under_one_algorithm_compare(one: Checksum, other: Checksum) -> None:
    whole = one.type is FULL and other.type is FULL
    assert one.comparable(other) == (whole and one.algorithm is other.algorithm)


@pytest.mark.parametrize(
    ("one", "other", "comparable"),
    [
        ((Algorithm.CRC32, FULL), (Algorithm.CRC32, FULL), True),
        ((Algorithm.CRC32, FULL), (Algorithm.CRC32C, FULL), False),
        ((Algorithm.CRC32, FULL), (Algorithm.CRC32, COMPOSITE), False),
        ((Algorithm.CRC32, COMPOSITE), (Algorithm.CRC32, FULL), False),
        ((Algorithm.CRC32, COMPOSITE), (Algorithm.CRC32, COMPOSITE), False),
    ],
)
def test_what_compares(
    one: tuple[Algorithm, ChecksumType],
    other: tuple[Algorithm, ChecksumType],
    comparable: bool,  # noqa: FBT001 - a column of the table
) -> None:
    left, right = (
        Checksum(algorithm=algorithm, type=kind, digest=bytes(4))
        for algorithm, kind in (one, other)
    )
    assert left.comparable(right) is comparable
