"""A composite value depends on where the parts end, and not on how the bytes arrive."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intact.checksum import Algorithm, ChecksumType, CompositeHasher, composite, new
from intact.errors import UsageError

algorithms = st.sampled_from([name for name in Algorithm if name is not Algorithm.CRC64NVME])


def chunks(body: bytes, cuts: list[int]) -> list[bytes]:
    ends = [0, *sorted(min(cut, len(body)) for cut in cuts), len(body)]
    return [body[start:end] for start, end in itertools.pairwise(ends)]


@given(
    parts=st.lists(st.binary(max_size=9), min_size=1, max_size=6),
    cuts=st.lists(st.integers(0, 60)),
    algorithm=algorithms,
)
def test_only_the_parts_count_and_empty_ones_count_too(
    parts: list[bytes], cuts: list[int], algorithm: Algorithm
) -> None:
    hasher = CompositeHasher(algorithm, [len(part) for part in parts])
    for chunk in chunks(b"".join(parts), cuts):
        hasher.update(chunk)
    digests = tuple(new(algorithm, part).digest() for part in parts)
    assert hasher.digests == digests
    assert hasher.checksum() == hasher.checksum() == composite(digests, algorithm=algorithm)


@given(
    parts=st.lists(st.binary(max_size=9), min_size=1, max_size=6),
    got=st.integers(0, 60),
    algorithm=algorithms,
)
def test_of_bytes_so_far_all_parts_but_the_last_are_whole(
    parts: list[bytes], got: int, algorithm: Algorithm
) -> None:
    hasher = CompositeHasher(algorithm, [len(part) for part in parts])
    so_far, done = b"".join(parts)[:got], list[bytes]()
    hasher.update(so_far)
    for part in parts:
        if len(part) > len(so_far):
            break
        done.append(new(algorithm, part).digest())
        so_far = so_far[len(part) :]
    assert hasher.digests == tuple(done)
    rest = [new(algorithm, so_far).digest()] if so_far or not done else []
    assert hasher.checksum() == composite([*done, *rest], algorithm=algorithm)
    assert hasher.digests == tuple(done)


@given(body=st.binary(min_size=1, max_size=9), algorithm=algorithms)
def test_one_part_is_not_the_whole_object(body: bytes, algorithm: Algorithm) -> None:
    hasher = CompositeHasher(algorithm, [len(body)])
    hasher.update(body)
    checksum = hasher.checksum()
    assert (checksum.parts, checksum.type) == (1, ChecksumType.COMPOSITE)
    assert checksum.digest == new(algorithm, new(algorithm, body).digest()).digest()


@given(body=st.binary(max_size=60), size=st.integers(1, 9), cuts=st.lists(st.integers(0, 60)))
def test_endless_sizes_end_with_the_bytes(body: bytes, size: int, cuts: list[int]) -> None:
    hasher = CompositeHasher(Algorithm.SHA1, itertools.repeat(size))
    for chunk in chunks(body, cuts):
        hasher.update(chunk)
        hasher.checksum()  # asking changes nothing
    parts = [body[start : start + size] for start in range(0, len(body), size)] or [b""]
    digests = [new("SHA1", part).digest() for part in parts]
    assert hasher.checksum() == composite(digests, algorithm=Algorithm.SHA1)


def test_the_worked_example_of_s3() -> None:
    five = 5 << 20
    hasher = CompositeHasher(Algorithm.SHA256, [five, five, 4])
    hasher.update(b"a" * five + b"b" * five + b"tail")
    assert str(hasher.checksum()) == "T0IofAur232vg2f5FnRU1PLh4D7k1BYHEW2bHHQqkn8=-3"


def test_bytes_behind_the_last_part_are_refused() -> None:
    hasher = CompositeHasher(Algorithm.CRC32, [3])
    hasher.update(b"123")
    with pytest.raises(UsageError, match="bytes go on behind part 1"):
        hasher.update(b"4")


def test_no_bytes_are_one_empty_part() -> None:
    empty = new("MD5").digest()
    for sizes in ([], [0], [5]):
        hasher = CompositeHasher(Algorithm.MD5, sizes)
        assert hasher.checksum() == composite([empty], algorithm=Algorithm.MD5)


def test_no_upload_has_parts_without_end_or_of_less_than_nothing() -> None:
    with pytest.raises(UsageError, match="more than 10000 parts"):
        CompositeHasher(Algorithm.CRC32, itertools.repeat(0)).checksum()
    with pytest.raises(UsageError, match="part 1 has -1 bytes"):
        CompositeHasher(Algorithm.CRC32, [-1])
