"""What is known of one object, and which checksums of two say anything about each other."""

from dataclasses import replace
from itertools import combinations, product

import pytest

from intact.audit import BytesRead, Expected
from intact.audit.side import Side, any_differ, any_equal, composites_differ, composites_equal
from intact.checksum import Algorithm, Checksum, ChecksumType
from intact.s3 import PartList
from tests.worlds import composed, cut, facts, full, md5_etag

KINDS = tuple(product((Algorithm.CRC32, Algorithm.XXHASH64), (*ChecksumType, None)))
WHOLE, PARTED = ChecksumType.FULL_OBJECT, ChecksumType.COMPOSITE
Kind = tuple[Algorithm, ChecksumType | None]


def of(kind: Kind, digest: bytes = b"same", parts: int | None = None) -> Checksum:
    algorithm, covers = kind
    return Checksum(algorithm=algorithm, type=covers, digest=digest, parts=parts)


@pytest.mark.parametrize(("one", "other"), list(product(KINDS, KINDS)))
def test_values_compare_under_one_algorithm_that_covers_the_same(one: Kind, other: Kind) -> None:
    ours, same, unlike = {of(one)}, {of(other, parts=2)}, {of(other, b"else")}
    whole, parted = (one == other and one[1] is kind for kind in (WHOLE, PARTED))
    assert (any_equal(ours, same), any_differ(ours, unlike)) == (whole, whole)
    assert (composites_equal(ours, same), composites_differ(ours, unlike)) == (parted, parted)
    for rule, others in (
        (any_equal, unlike),
        (any_differ, same),
        (composites_equal, unlike),
        (composites_differ, same),
    ):
        assert not rule(ours, others)


@pytest.mark.parametrize(
    ("equal", "differ", "covers"),
    [(any_equal, any_differ, WHOLE), (composites_equal, composites_differ, PARTED)],
)
def test_one_pair_of_many_suffices(equal: object, differ: object, covers: ChecksumType) -> None:
    assert callable(equal)
    assert callable(differ)
    crc, hashed = (Algorithm.CRC32, covers), (Algorithm.XXHASH64, covers)
    ours, theirs = {of(crc), of(hashed)}, {of(crc), of(hashed, b"else")}
    assert equal(ours, theirs)
    assert differ(ours, theirs)
    for nothing in (set[Checksum](), {of((Algorithm.MD5, covers))}):
        assert not equal(ours, nothing)
        assert not differ(nothing, theirs)


BODY = b"abc"
PARTS = cut(BODY, Algorithm.CRC32, 1, 2)
CRC32, MD5 = full(BODY, Algorithm.CRC32), full(BODY, Algorithm.MD5)


@pytest.mark.parametrize("one", [CRC32, MD5], ids=str)
def test_what_several_tell_alike_is_told(one: Checksum) -> None:
    told = frozenset({one})
    side = Side(
        facts=replace(facts(BODY, one, composed(PARTS)), etag=md5_etag(BODY)),
        parts=PARTS,
        computed=told,
        expected=Expected(checksums=told),
        read=BytesRead(size=3, checksums=told),
    )
    for known in (side.recorded, side.own, side.known, side.independent):
        assert one in known
    assert not side.contradicts_itself()


@pytest.mark.parametrize("two", list(combinations(("stored", "computed", "read", "etag"), 2)))
def test_what_two_tell_alike_is_told(two: tuple[str, str]) -> None:
    told = frozenset({MD5})
    stored = facts(BODY, *(told if "stored" in two else ()))
    side = Side(
        facts=replace(stored, etag=md5_etag(BODY) if "etag" in two else "etag"),
        computed=told if "computed" in two else frozenset(),
        read=BytesRead(size=3, checksums=told) if "read" in two else None,
    )
    assert MD5 in side.own
    assert MD5 in side.independent


def test_what_was_computed_and_follows_from_parts_is_told() -> None:
    stored = facts(BODY, composed(PARTS))
    assert CRC32 in Side(facts=stored, parts=PARTS, computed=frozenset({CRC32})).independent


def test_the_checksums_of_no_bytes_are_told_of_an_empty_object_that_stores_one() -> None:
    stored = full(b"", Algorithm.CRC64NVME)
    side = Side(facts=facts(b"", stored))
    assert {checksum.algorithm for checksum in side.recorded} == {*Algorithm}
    assert stored in side.recorded
    assert Side(facts=facts(BODY)).recorded == frozenset()


def test_checksums_follow_from_parts_whose_composite_is_the_stored_one() -> None:
    assert CRC32 in Side(facts=facts(BODY, composed(PARTS)), parts=PARTS).own
    assert not Side(facts=facts(BODY), parts=PARTS).own
    bare = PartList(sizes=(1, 2))
    assert Side(facts=facts(BODY, composed(PARTS)), parts=bare).own == {composed(PARTS)}
    nothing = PartList(sizes=(), algorithm=Algorithm.CRC32)
    empty = Side(facts=facts(b"", composed(PARTS)), parts=nothing)
    assert not empty.contradicts_itself()


def test_of_crc64nvme_there_is_no_composite() -> None:
    parts = cut(BODY, Algorithm.CRC64NVME, 1, 2)
    odd = replace(full(b"xyz", Algorithm.CRC64NVME), type=PARTED)
    side = Side(facts=facts(BODY, odd), parts=parts, rebuilt=frozenset({replace(odd, digest=b"")}))
    assert side.composites == Side(facts=facts(BODY, CRC32)).composites == frozenset()
    assert not side.contradicts_itself()
    assert not side.independent


@pytest.mark.parametrize(
    ("facts_of", "read", "expected", "contradicts"),
    [
        (BODY, None, None, False),
        (BODY, 3, None, False),
        (BODY, 3, 3, False),
        (BODY, None, 3, False),
        (BODY, 2, None, True),
        (BODY, None, 4, True),
        (None, None, 4, False),
        (None, 3, 4, True),
    ],
)
def test_who_speaks_of_one_object_speaks_of_one_size(
    facts_of: bytes | None, read: int | None, expected: int | None, *, contradicts: bool
) -> None:
    side = Side(
        facts=None if facts_of is None else facts(facts_of),
        read=None if read is None else BytesRead(size=read, checksums=frozenset()),
        expected=None if expected is None else Expected(checksums=frozenset(), size=expected),
    )
    assert side.contradicts_itself() is contradicts
