"""How finely a distributed audit cuts what it reads, and that what is cut is all there."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from intact.adapters.offline.inputs import unpacked
from intact.adapters.spark.inputs import Source
from intact.adapters.spark.pieces import arrow_files
from intact.adapters.spark.sizes import PIECE, Shape, grouped

if TYPE_CHECKING:
    from collections.abc import Sequence

ROW = 940
"""Bytes of input for each object of benchmarks/bench_spark.py: four files speak of it."""
GIGABYTE = 10**9


@pytest.mark.parametrize(
    ("rows", "buckets", "each"),
    [
        (20 * 10**6, 141, 64 << 20),
        (100 * 10**6, 701, 701 << 18),
        (10**9, 2048, 512 << 20),
        (20 * 10**9, 2048, 512 << 20),
    ],
)
def test_slices_and_tasks_follow_the_bytes(rows: int, buckets: int, each: int) -> None:
    shape = Shape.of(rows * ROW, memory=GIGABYTE)
    assert (shape.buckets, shape.each) == (buckets, each)
    assert each / buckets >= 256 << 10  # bytes of input in a piece
    assert rows * ROW / each * buckets < 10**8  # pieces


@pytest.mark.parametrize("size", [0, 1, 10**9, 10**14])
@pytest.mark.parametrize("memory", [10**6, 10**9, 10**11])
def test_what_is_joined_at_a_time_fits_the_memory(size: int, memory: int) -> None:
    shape = Shape.of(size, memory=memory)
    in_slice = size / shape.buckets
    assert in_slice / shape.again(math.ceil(in_slice)) * 5 <= memory
    assert shape.span(10**11) * 3072 <= memory


def test_what_is_given_is_kept() -> None:
    assert Shape.of(10**12, memory=GIGABYTE, buckets=7, each=99) == Shape(
        buckets=7, each=99, memory=GIGABYTE
    )


def test_compressed_text_counts_as_text() -> None:
    assert unpacked("a.csv.gz", 5) == 50
    assert unpacked("s3://lists/a.csv", 5) == 5


@pytest.mark.parametrize(
    ("sizes", "wanted"),
    [([], []), ([9], [1]), ([3, 3, 3, 3], [2, 2]), ([9, 1, 5, 9, 1], [1, 2, 1, 1])],
)
def test_files_are_grouped_in_order(sizes: Sequence[int], wanted: Sequence[int]) -> None:
    sources = [Source(path=str(number)) for number in range(len(sizes))]
    groups = list(grouped(sources, dict(zip(sources, sizes, strict=True)), each=6))
    assert [source for group in groups for source in group] == sources
    assert [len(group) for group in groups] == wanted


def test_pieces_are_of_a_size_and_together_the_whole() -> None:
    table = pa.table({"number": range(10**6), "text": ["some text of a row"] * 10**6})
    files = list(arrow_files(table))
    assert len(files) > 20
    assert max(map(len, files)) < 1.1 * PIECE
    assert pa.concat_tables([pa.ipc.open_file(file).read_all() for file in files]) == table
    assert list(arrow_files(table.slice(0, 0))) == []
