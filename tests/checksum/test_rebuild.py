"""What S3 stored is rebuilt from the bytes, however they arrive."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intact.checksum import Algorithm, Checksum, ChecksumType, Rebuild, composite, new
from intact.errors import UsageError
from tests.strategies import algorithms

composites = st.sampled_from([name for name in Algorithm if name is not Algorithm.CRC64NVME])


def pieces(body: bytes, cuts: list[int]) -> list[bytes]:
    ends = [0, *sorted(min(cut, len(body)) for cut in cuts), len(body)]
    return [body[start:end] for start, end in itertools.pairwise(ends)]


@given(body=st.binary(max_size=60), cuts=st.lists(st.integers(0, 60)), algorithm=algorithms)
def test_a_full_object_value_depends_on_the_bytes_alone(
    body: bytes, cuts: list[int], algorithm: Algorithm
) -> None:
    rebuild = Rebuild(algorithm)
    for piece in pieces(body, cuts):
        rebuild.update(piece)
    assert rebuild.part_digests() == ()
    assert rebuild.checksum() == Checksum(
        algorithm=algorithm, type=ChecksumType.FULL_OBJECT, digest=new(algorithm, body).digest()
    )


@given(
    parts=st.lists(st.binary(max_size=9), min_size=1, max_size=6),
    cuts=st.lists(st.integers(0, 60)),
    algorithm=composites,
)
def test_a_composite_value_depends_on_where_the_parts_end_and_not_the_pieces(
    parts: list[bytes], cuts: list[int], algorithm: Algorithm
) -> None:
    rebuild = Rebuild(algorithm, part_sizes=[len(part) for part in parts])
    for piece in pieces(b"".join(parts), cuts):
        rebuild.update(piece)
    digests = tuple(new(algorithm, part).digest() for part in parts)
    assert rebuild.part_digests() == digests
    assert rebuild.checksum() == composite(digests, algorithm=algorithm)


def test_the_worked_example_of_s3() -> None:
    five = 5 << 20
    rebuild = Rebuild(Algorithm.SHA256, part_sizes=[five, five, 4])
    rebuild.update(b"a" * five + b"b" * five + b"tail")
    assert str(rebuild.checksum()) == "T0IofAur232vg2f5FnRU1PLh4D7k1BYHEW2bHHQqkn8=-3"


def test_bytes_that_are_not_there_have_no_value() -> None:
    rebuild = Rebuild(Algorithm.CRC32, part_sizes=[3, 4])
    rebuild.update(b"123456")
    with pytest.raises(UsageError, match="part 2 lacks its last 1 bytes"):
        rebuild.checksum()


def test_bytes_beyond_the_parts_are_refused() -> None:
    rebuild = Rebuild(Algorithm.CRC32, part_sizes=[3])
    rebuild.update(b"123")
    rebuild.update(b"")
    with pytest.raises(UsageError, match="2 bytes lie beyond the last part"):
        rebuild.update(b"45")


def test_parts_cannot_be_negative_nor_none() -> None:
    with pytest.raises(UsageError, match="-1 bytes"):
        Rebuild(Algorithm.CRC32, part_sizes=[1, -1])
    with pytest.raises(UsageError, match="no parts"):
        Rebuild(Algorithm.CRC32, part_sizes=[]).checksum()


def test_wider_items_count_in_bytes() -> None:
    rebuild = Rebuild(Algorithm.CRC32, part_sizes=[2, 2])
    rebuild.update(memoryview(b"1234").cast("I"))
    assert rebuild.checksum().parts == 2
