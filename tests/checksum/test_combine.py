"""Whole objects from parts, against bytes, published vectors and what S3 itself answered."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intact.checksum import Algorithm, Checksum, ChecksumType, composite, full_object, new
from intact.checksum.encoding import decode
from intact.errors import UsageError

FOLDER = Path(__file__).parents[1] / "vectors"
MULTIPART = json.loads((FOLDER / "s3_facts.json").read_bytes())["multipart"]
RECORDED = json.loads((FOLDER / "aws_recorded_checksums.json").read_bytes())
LISTED = [entry for entry in RECORDED if entry["parts"]]
CRCS = [Algorithm.CRC32, Algorithm.CRC32C, Algorithm.CRC64NVME]
CHUNKS = [b"a" * 5_242_880, b"b" * 5_242_880, b"tail"]

crcs = pytest.mark.parametrize("algorithm", CRCS)
vectors = pytest.mark.parametrize("vector", MULTIPART, ids=lambda vector: vector["algorithm"])
listed = pytest.mark.parametrize("entry", LISTED, ids=lambda entry: entry["test"])


def parts_of(entry: dict[str, Any], algorithm: Algorithm) -> list[tuple[bytes, int]]:
    return [
        (decode(part[algorithm.member], algorithm=algorithm), part["Size"])
        for part in entry["parts"]
    ]


def algorithm_of(entry: dict[str, Any]) -> Algorithm:
    return next(
        algorithm for algorithm in Algorithm if entry["checksums"].get(algorithm.member) is not None
    )


@given(algorithm=st.sampled_from(CRCS), parts=st.lists(st.binary(max_size=99), max_size=6))
def test_parts_make_the_whole_wherever_they_are_cut(
    algorithm: Algorithm, parts: list[bytes]
) -> None:
    whole = full_object(
        ((new(algorithm, part).digest(), len(part)) for part in parts), algorithm=algorithm
    )
    assert whole == Checksum(
        algorithm=algorithm,
        type=ChecksumType.FULL_OBJECT,
        digest=new(algorithm, b"".join(parts)).digest(),
    )


@vectors
def test_published_composites(vector: dict[str, Any]) -> None:
    algorithm = Algorithm.parse(vector["algorithm"])
    digests = [new(algorithm, chunk).digest() for chunk in CHUNKS]
    if vector["composite"] is None:
        with pytest.raises(UsageError, match="CRC64NVME has no COMPOSITE form"):
            composite(digests, algorithm=algorithm)
    else:
        assert str(composite(digests, algorithm=algorithm)) == vector["composite"]


@vectors
def test_published_whole_objects(vector: dict[str, Any]) -> None:
    whole = new(vector["algorithm"])
    for chunk in CHUNKS:
        whole.update(chunk)
    algorithm = Algorithm.parse(vector["algorithm"])
    assert whole.digest() == decode(vector["full_object"], algorithm=algorithm)


@pytest.mark.parametrize(
    "vector",
    [vector for vector in MULTIPART if vector["part_values"]],
    ids=lambda vector: vector["algorithm"],
)
def test_published_combinations(vector: dict[str, Any]) -> None:
    algorithm = Algorithm.parse(vector["algorithm"])
    digests = [decode(value, algorithm=algorithm) for value in vector["part_values"]]
    parts = zip(digests, map(len, CHUNKS), strict=True)
    assert str(full_object(parts, algorithm=algorithm)) == vector["full_object"]


@listed
def test_the_composite_of_the_parts_is_what_s3_answered(entry: dict[str, Any]) -> None:
    algorithm = algorithm_of(entry)
    digests = [digest for digest, _ in parts_of(entry, algorithm)]
    answered = decode(entry["checksums"][algorithm.member], algorithm=algorithm)
    assert composite(digests, algorithm=algorithm) == Checksum(
        algorithm=algorithm,
        type=ChecksumType.COMPOSITE,
        digest=answered,
        parts=entry["total_parts"],
    )


@pytest.mark.parametrize(
    ("algorithm", "answered"), [(Algorithm.CRC32, "qSEQSA=="), (Algorithm.CRC32C, "eTdAQA==")]
)
def test_the_combination_of_composite_parts_is_what_s3_answered_for_the_same_bytes(
    algorithm: Algorithm, answered: str
) -> None:
    test = "test_complete_multipart_parts_checksum"
    steps = [entry for entry in RECORDED if entry["step"] == "get-object-attrs"]
    parted, whole = (
        next(entry for entry in steps if entry["test"] == f"{test}_{kind}[{algorithm.value}]")
        for kind in ("composite", "full_object")
    )
    assert parted["etag"] == whole["etag"]
    assert whole["checksums"][algorithm.member] == answered
    parts = parts_of(parted, algorithm)
    assert str(full_object(parts, algorithm=algorithm)) == answered


@pytest.mark.parametrize(
    "algorithm", [algorithm for algorithm in Algorithm if not algorithm.combines]
)
def test_digests_that_are_no_crcs_do_not_combine(algorithm: Algorithm) -> None:
    with pytest.raises(UsageError, match=f"{algorithm.value} values do not combine"):
        full_object([], algorithm=algorithm)


@crcs
def test_no_parts_are_the_empty_object(algorithm: Algorithm) -> None:
    assert full_object([], algorithm=algorithm).digest == new(algorithm).digest()


def test_a_composite_of_no_parts_is_refused() -> None:
    with pytest.raises(UsageError, match="composite checksum of no parts"):
        composite([], algorithm=Algorithm.SHA256)


@pytest.mark.parametrize("digest", [b"", b"abc", b"abcde"])
def test_a_digest_of_another_length_is_refused(digest: bytes) -> None:
    message = rf"CRC32 digest has {len(digest)} bytes; wanted 4"
    with pytest.raises(UsageError, match=message):
        full_object([(digest, 1)], algorithm=Algorithm.CRC32)
    with pytest.raises(UsageError, match=message):
        composite([digest], algorithm=Algorithm.CRC32)
