"""Composite checksums of a stream, against those of its parts."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intact.checksum import Algorithm, CompositeHasher, composite, new
from intact.errors import UsageError

PARTED = [algorithm for algorithm in Algorithm if algorithm is not Algorithm.CRC64NVME]


@given(
    algorithm=st.sampled_from(PARTED),
    parts=st.lists(st.binary(min_size=1, max_size=20), min_size=1, max_size=6),
    chunk=st.integers(1, 30),
)
def test_a_stream_has_the_composite_of_its_parts(
    algorithm: Algorithm, parts: list[bytes], chunk: int
) -> None:
    whole = b"".join(parts)
    hasher = CompositeHasher(algorithm, map(len, parts))
    for start in range(0, len(whole), chunk):
        hasher.update(whole[start : start + chunk])
    digests = (new(algorithm, part).digest() for part in parts)
    assert hasher.checksum() == composite(digests, algorithm=algorithm)


@given(body=st.binary(min_size=1, max_size=50), size=st.integers(1, 60))
def test_parts_of_one_size_go_on_and_the_last_may_be_short(body: bytes, size: int) -> None:
    hasher = CompositeHasher(Algorithm.SHA256, itertools.repeat(size))
    hasher.update(memoryview(body))
    parts = [body[start : start + size] for start in range(0, len(body), size)]
    digests = [new(Algorithm.SHA256, part).digest() for part in parts]
    assert hasher.checksum() == composite(digests, algorithm=Algorithm.SHA256)


@pytest.mark.parametrize("algorithm", PARTED)
def test_no_bytes_are_one_empty_part(algorithm: Algorithm) -> None:
    hasher = CompositeHasher(algorithm, [])
    hasher.update(b"")
    assert hasher.checksum() == composite([new(algorithm).digest()], algorithm=algorithm)


def test_the_checksum_can_be_asked_for_along_the_way() -> None:
    hasher = CompositeHasher(Algorithm.MD5, [2, 2])
    values = []
    for byte in b"abcd":
        hasher.update(bytes([byte]))
        values.append(hasher.checksum())
    assert [value.parts for value in values] == [1, 1, 2, 2]
    assert len(set(values)) == 4


@pytest.mark.parametrize("sizes", [[], [2], [2, 0, 5], [2, -1]])
def test_bytes_behind_the_last_part_are_refused(sizes: list[int]) -> None:
    hasher = CompositeHasher(Algorithm.MD5, sizes)
    with pytest.raises(UsageError, match="bytes go on behind part"):
        hasher.update(b"abc")
