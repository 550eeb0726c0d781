"""A split keeps every row, as it stood and in its order."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intact.batch.operations import MAX_COPY_SIZE
from intact.batch.split import split
from intact.errors import FormatError

COLUMNS = ("Bucket", "Key", "Size")
sizes = st.sampled_from(["", "0", str(MAX_COPY_SIZE), str(MAX_COPY_SIZE + 1)])


@given(sizes=st.lists(sizes, max_size=9), most_rows=st.integers(1, 4))
def test_every_row_is_placed_once(sizes: list[str], most_rows: int) -> None:
    rows = [f"b,{number},{size}\n".encode() for number, size in enumerate(sizes)]
    placed = list(split(rows, columns=COLUMNS, most_rows=most_rows))
    assert [row for _, row in placed] == rows
    names = [part for part, _ in placed]
    assert all(names.count(name) <= most_rows for name in names)
    large = [part.startswith("large-") for part, _ in placed]
    assert large == [size == str(MAX_COPY_SIZE + 1) for size in sizes]


def test_without_sizes_nothing_is_large() -> None:
    placed = split([b"b,1\r\n", b"b,2", b"b,3\n"], columns=("Bucket", "Key"), most_rows=2)
    assert list(placed) == [
        ("copy-00001", b"b,1\n"),
        ("copy-00001", b"b,2\n"),
        ("copy-00002", b"b,3\n"),
    ]


@pytest.mark.parametrize("row", [b"", b"b,k", b"b,k,x", b"b,a+b,1", b'b,"k,1', b"b,\xff,1"])
def test_a_malformed_row_is_not_moved(row: bytes) -> None:
    with pytest.raises(FormatError, match="manifest line 2: "):
        list(split([b"b,k,1\n", row + b"\n"], columns=COLUMNS))
