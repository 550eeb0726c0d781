from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intact.batch.multipart import (
    LARGEST_PART,
    MOST_PARTS,
    SMALLEST_PART,
    Part,
    Receipt,
    combined,
    keep_parts,
    missing_parts,
    plan_parts,
)
from intact.checksum import Algorithm, Checksum, new
from intact.errors import UsageError

LARGEST_OBJECT = MOST_PARTS * LARGEST_PART


def holds(parts: list[Part], size: int) -> bool:
    """Whether parts follow each other from the first byte to the last."""
    ends = [part.start + part.size for part in parts]
    return [part.start for part in parts] == [0, *ends[:-1]] and ends[-1] == size


@given(
    size=st.integers(0, LARGEST_OBJECT),
    part_size=st.integers(SMALLEST_PART, LARGEST_PART),
)
def test_a_plan_is_one_that_s3_takes(size: int, part_size: int) -> None:
    parts = plan_parts(size, part_size=part_size)
    assert holds(parts, size)
    assert [part.number for part in parts] == list(range(1, len(parts) + 1))
    assert len(parts) <= MOST_PARTS
    assert all(SMALLEST_PART <= part.size <= LARGEST_PART for part in parts[:-1])
    assert parts[-1].size <= parts[0].size
    assert parts[0].size == min(part_size, size) or size > MOST_PARTS * part_size


@pytest.mark.parametrize(
    ("size", "part_size"),
    [(1, SMALLEST_PART - 1), (1, LARGEST_PART + 1), (LARGEST_OBJECT + 1, LARGEST_PART)],
)
def test_what_s3_does_not_take_is_refused(size: int, part_size: int) -> None:
    with pytest.raises(UsageError, match="wanted"):
        plan_parts(size, part_size=part_size)


def test_a_part_names_its_bytes_from_the_first_to_the_last() -> None:
    first, second = plan_parts(SMALLEST_PART + 1, part_size=SMALLEST_PART)
    assert (first.range, second.range) == ("bytes=0-5242879", "bytes=5242880-5242880")


sizes = st.lists(st.integers(SMALLEST_PART, LARGEST_PART), max_size=20)


@given(sizes=sizes, last=st.integers(0, LARGEST_PART))
def test_parts_are_kept_as_they_are(sizes: list[int], last: int) -> None:
    size = sum(sizes) + last
    parts = keep_parts([*sizes, last], size=size)
    assert holds(parts, size)
    assert [part.size for part in parts] == [*sizes, last]


@pytest.mark.parametrize(
    ("sizes", "size"),
    [
        ([], 0),
        ([SMALLEST_PART], SMALLEST_PART + 1),
        ([SMALLEST_PART - 1, 1], SMALLEST_PART),
        ([LARGEST_PART + 1], LARGEST_PART + 1),
        ([SMALLEST_PART] * (MOST_PARTS + 1), SMALLEST_PART * (MOST_PARTS + 1)),
    ],
    ids=["none", "too short", "too small", "too large", "too many"],
)
def test_parts_that_cannot_be_kept_are_refused(sizes: list[int], size: int) -> None:
    with pytest.raises(UsageError, match=re.escape("the source's parts")):
        keep_parts(sizes, size=size)


@given(bodies=st.lists(st.binary(max_size=20), min_size=1, max_size=5))
def test_parts_combine_to_the_checksum_of_the_whole(bodies: list[bytes]) -> None:
    parts, receipts, start = [], {}, 0
    for number, body in enumerate(bodies, 1):
        parts.append(Part(number, start, len(body)))
        receipts[number] = Receipt(etag="e", digest=new("CRC64NVME", body).digest())
        start += len(body)
    found = combined(parts, receipts)
    assert isinstance(found, Checksum)
    assert found.algorithm is Algorithm.CRC64NVME
    assert found.digest == new("CRC64NVME", b"".join(bodies)).digest()


def test_a_part_without_checksum_leaves_the_whole_without() -> None:
    parts = [Part(1, 0, 1), Part(2, 1, 1)]
    receipts = {1: Receipt(etag="e", digest=bytes(8)), 2: Receipt(etag="e")}
    assert combined(parts, receipts) is None


def test_what_has_no_receipt_is_missing() -> None:
    parts = [Part(1, 0, 1), Part(2, 1, 1), Part(3, 2, 1)]
    assert missing_parts(parts, {2: Receipt(etag="e")}) == [parts[0], parts[2]]
