"""What stored checksums say about local bytes: equal means equal, nothing is accused wrongly."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from intact.checksum import Algorithm, Checksum, ChecksumType, CompositeHasher, composite, new
from intact.checksum.parts import MAX_PARTS
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


@st.composite
def stored(draw: st.DrawFn, body: bytes) -> tuple[ObjectFacts, list[int] | None]:
    """What S3 may truthfully store of bytes in parts, and where the parts end, if it tells."""
    cuts = sorted(draw(st.sets(st.integers(1, max(len(body) - 1, 1)), max_size=3)))
    ends = [*(cut for cut in cuts if cut < len(body)), len(body)]
    sizes = [end - start for start, end in zip([0, *ends], ends, strict=False)]
    found = {whole(body, algorithm) for algorithm in draw(st.sets(algorithms, max_size=2))}
    found |= {parted(body, algorithm, sizes) for algorithm in draw(st.sets(PARTED, max_size=2))}
    found = {replace(c, parts=None) if draw(st.booleans()) else c for c in found}
    untyped = {replace(c, type=None) for c in found if draw(st.integers(0, 4)) == 0}
    hollow = {whole(b"", algorithm) for algorithm in draw(st.sets(algorithms, max_size=1))}
    shown = draw(st.sampled_from([sizes, sizes, None, [*sizes, 0], [len(body) + 1]]))
    return facts(body, *found, *untyped, *hollow), shown


@given(data=st.data(), body=bodies, other=bodies)
def test_equal_implies_equal_bytes_and_different_other_bytes(
    data: st.DataObject, body: bytes, other: bytes
) -> None:
    found, sizes = data.draw(stored(body))
    for local in (body, other):
        likeness, _ = compare(found, local, sizes)
        if likeness is Likeness.EQUAL:
            assert local == body
        if likeness is Likeness.DIFFERENT:
            assert local != body


@given(data=st.data(), body=bodies, other=bodies)
def test_likeness_is_told_wherever_it_is_possible(
    data: st.DataObject, body: bytes, other: bytes
) -> None:
    found, sizes = data.draw(stored(body))
    comparable = Comparison(found, sizes).possible
    for local in (body, other):
        likeness, _ = compare(found, local, sizes)
        if len(local) == len(body):
            assert (likeness is not Likeness.NOT_COMPARABLE) == comparable
        else:
            assert likeness is Likeness.DIFFERENT


@given(data=st.data(), body=bodies, other=bodies, cuts=st.lists(st.integers(0, 20)))
def test_chunks_do_not_matter(
    data: st.DataObject, body: bytes, other: bytes, cuts: list[int]
) -> None:
    found, sizes = data.draw(stored(body))
    comparison = Comparison(found, sizes)
    ends = [0, *sorted(min(cut, len(other)) for cut in cuts), len(other)]
    for start, end in pairwise(ends):
        comparison.update(memoryview(other)[start:end])
    assert comparison.likeness() == comparison.likeness() == compare(found, other, sizes)


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


def test_parts_that_s3_does_not_count_are_those_whose_sizes_it_tells() -> None:
    uncounted = replace(parted(b"abc", Algorithm.SHA1, [2, 1]), parts=None)
    found = facts(b"abc", uncounted, whole(b"abc", Algorithm.CRC32))
    assert compare(found, b"abc", [2, 1]) == (Likeness.EQUAL, "CRC32 and SHA1 equal")
    assert compare(found, b"abc", [1, 2]) == (Likeness.DIFFERENT, "SHA1 differs")


def test_an_empty_object_of_one_part_is_rebuilt() -> None:
    found = facts(b"", parted(b"", Algorithm.SHA1, []))
    assert compare(found, b"", [0]) == (Likeness.EQUAL, "SHA1 equal")


def test_a_composite_crc64nvme_which_s3_does_not_know_compares_with_nothing() -> None:
    odd = replace(whole(b"abc", Algorithm.CRC64NVME), type=COMPOSITE, parts=2)
    likeness, reason = compare(facts(b"abc", odd), b"abc", [2, 1])
    assert likeness is Likeness.NOT_COMPARABLE
    assert "COMPOSITE" in reason


@pytest.mark.parametrize(("count", "possible"), [(MAX_PARTS, True), (MAX_PARTS + 1, False)])
def test_more_parts_than_s3_allows_compare_with_nothing(count: int, *, possible: bool) -> None:
    digest = composite([new("SHA1", b"a").digest()] * count, algorithm=Algorithm.SHA1)
    comparison = Comparison(facts(b"a" * count, digest), [1] * count)
    assert comparison.possible is possible
    comparison.update(memoryview(b"a" * count))
    wanted = Likeness.EQUAL if possible else Likeness.NOT_COMPARABLE
    assert comparison.likeness()[0] is wanted


def test_without_a_checksum_or_its_type_nothing_is_comparable() -> None:
    assert compare(facts(b"a"), b"a") == (Likeness.NOT_COMPARABLE, "S3 stores no checksum of it")
    untyped = replace(whole(b"a", Algorithm.CRC32), type=None)
    likeness, reason = compare(facts(b"a", untyped), b"a")
    assert likeness is Likeness.NOT_COMPARABLE
    assert reason == "S3 does not say what its checksum covers"
    both = facts(b"a", untyped, parted(b"a", Algorithm.SHA1, [1]))
    reason = "its checksum is COMPOSITE, and S3 does not say where its parts end"
    assert compare(both, b"a") == (Likeness.NOT_COMPARABLE, reason)


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
