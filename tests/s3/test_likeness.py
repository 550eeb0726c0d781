"""What stored checksums say about local bytes: equal means equal, nothing is accused wrongly."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from intact.checksum import Algorithm, Checksum, ChecksumType, CompositeHasher, new
from intact.s3 import ObjectFacts
from intact.s3.likeness import Comparison, Likeness
from tests.strategies import algorithms

FULL, COMPOSITE = ChecksumType.FULL_OBJECT, ChecksumType.COMPOSITE
PARTED = algorithms.filter(lambda algorithm: algorithm is not Algorithm.CRC64NVME)


def facts(body: bytes, *checksums: Checksum) -> ObjectFacts:
    return ObjectFacts(
        size=len(body),
        etag="0" * 32,
        last_modified=datetime(2026, 1, 1, tzinfo=UTC),
        checksums=frozenset(checksums),
    )


def whole(body: bytes, algorithm: Algorithm) -> Checksum:
    return Checksum(algorithm=algorithm, type=FULL, digest=new(algorithm, body).digest())


def parted(body: bytes, algorithm: Algorithm, sizes: list[int]) -> Checksum:
    hasher = CompositeHasher(algorithm, sizes)
    hasher.update(body)
    return hasher.checksum()


def compare(
    found: ObjectFacts, body: bytes, sizes: list[int] | None = None
) -> tuple[Likeness, str]:
    comparison = Comparison(found, sizes)
    for start in range(0, len(body), 3):
        comparison.update(memoryview(body)[start : start + 3])
    return comparison.likeness()


bodies = st.binary(max_size=20)


@given(body=bodies, other=bodies, some=st.sets(algorithms, min_size=1))
def test_whole_checksums_tell_equal_from_different(
    body: bytes, other: bytes, some: set[Algorithm]
) -> None:
    found = facts(body, *(whole(body, algorithm) for algorithm in some))
    assert compare(found, body)[0] is Likeness.EQUAL
    assert (compare(found, other)[0] is Likeness.EQUAL) == (body == other)


@given(pieces=st.lists(st.binary(min_size=1, max_size=9), min_size=1), algorithm=PARTED)
def test_a_composite_checksum_is_rebuilt_by_its_parts(
    pieces: list[bytes], algorithm: Algorithm
) -> None:
    body, sizes = b"".join(pieces), [len(piece) for piece in pieces]
    found = facts(body, parted(body, algorithm, sizes))
    assert compare(found, body, sizes) == (Likeness.EQUAL, f"{algorithm.value} equal")
    changed = bytes([body[0] ^ 1]) + body[1:]
    assert compare(found, changed, sizes) == (Likeness.DIFFERENT, f"{algorithm.value} differs")


@given(body=bodies, algorithm=algorithms)
def test_a_difference_beats_any_match(body: bytes, algorithm: Algorithm) -> None:
    right = whole(body, algorithm)
    other = Algorithm.CRC32 if algorithm is Algorithm.SHA256 else Algorithm.SHA256
    wrong = replace(whole(body, other), digest=b"?" * other.digest_size)
    assume(wrong != whole(body, other))
    assert compare(facts(body, right, wrong), body)[0] is Likeness.DIFFERENT


@pytest.mark.parametrize("sizes", [None, [], [1], [2, 2], [3], [1, 1, 1], [0, 3], [3, 0]])
def test_parts_that_are_not_the_objects_compare_with_nothing(sizes: list[int] | None) -> None:
    found = facts(b"abc", parted(b"abc", Algorithm.SHA1, [2, 1]))
    assert not Comparison(found, sizes).possible
    likeness, reason = compare(found, b"abc", sizes)
    assert likeness is Likeness.NOT_COMPARABLE
    assert "where its parts end" in reason


def test_an_empty_object_of_one_part_is_rebuilt() -> None:
    found = facts(b"", parted(b"", Algorithm.SHA1, []))
    assert compare(found, b"", [0]) == (Likeness.EQUAL, "SHA1 equal")


def test_without_a_checksum_or_its_type_nothing_is_comparable() -> None:
    assert compare(facts(b"a"), b"a") == (Likeness.NOT_COMPARABLE, "S3 stores no checksum of it")
    untyped = replace(whole(b"a", Algorithm.CRC32), type=None)
    likeness, reason = compare(facts(b"a", untyped), b"a")
    assert likeness is Likeness.NOT_COMPARABLE
    assert reason == "S3 does not say what its checksum covers"


def test_the_checksum_of_no_bytes_accuses_no_object_that_has_some() -> None:
    hollow = whole(b"", Algorithm.CRC32)
    assert not Comparison(facts(b"a", hollow)).possible
    none = (Likeness.NOT_COMPARABLE, "S3 stores no checksum of it")
    assert compare(facts(b"a", hollow), b"a") == none
    assert compare(facts(b"a", hollow, whole(b"a", Algorithm.SHA1)), b"a")[0] is Likeness.EQUAL
    assert compare(facts(b"", hollow), b"")[0] is Likeness.EQUAL


def test_another_size_is_a_difference_even_without_a_checksum() -> None:
    assert compare(facts(b"abc"), b"ab") == (Likeness.DIFFERENT, "2 bytes here, 3 in S3")
    found = facts(b"abc", parted(b"abc", Algorithm.SHA1, [2, 1]))
    assert compare(found, b"abcd", [2, 1]) == (Likeness.DIFFERENT, "4 bytes here, 3 in S3")
