"""Which checksums of two objects say anything about each other."""

from itertools import product

import pytest

from intact.audit.side import any_differ, any_equal, composites_differ, composites_equal
from intact.checksum import Algorithm, Checksum, ChecksumType

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
