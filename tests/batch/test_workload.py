from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intact.batch.operations import MAX_COPY_SIZE
from intact.batch.workload import Workload, measure, sizes_in
from intact.errors import FormatError, UsageError

COLUMNS = ("Bucket", "Key", "Size")


@given(sizes=st.lists(st.integers(0, 2 * MAX_COPY_SIZE)))
def test_a_manifest_with_sizes_says_how_much_there_is(sizes: list[int]) -> None:
    lines = [f'b,"k",{size}\r\n'.encode() for size in sizes]
    assert measure(sizes_in(lines, columns=COLUMNS), listed=7) == Workload(
        objects=len(sizes),
        size=sum(sizes),
        listed=7,
        large=sum(size > MAX_COPY_SIZE for size in sizes),
    )


@pytest.mark.parametrize(
    "row", [b"b,k,", b"b,k", b"b,k,1,2", b"b,k,-1", "b,k,\N{SUPERSCRIPT TWO}".encode()]
)
def test_a_row_without_size_is_no_nothing(row: bytes) -> None:
    with pytest.raises(FormatError, match="manifest line 2: size"):
        list(sizes_in([b"b,k,1", row], columns=COLUMNS))


def test_columns_without_sizes_are_refused() -> None:
    with pytest.raises(UsageError, match="wanted Size"):
        list(sizes_in([], columns=COLUMNS[:2]))
