"""Sources of any kind come in blocks that fit the limits of a multipart upload."""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING

import pytest

from intact.adapters.blocks import MAX_PARTS, open_source
from intact.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

UNKNOWN_LIMIT = 1000 * sum(range(1, 11))
"""Bytes of a stream whose parts begin with one byte each."""


def sizes(source: bytes | io.BytesIO, *, part_size: int) -> list[int]:
    with open_source(source) as opened:
        return [len(block) for block in opened.blocks(part_size)]


def test_parts_of_a_known_size_are_as_large_as_they_must_be() -> None:
    assert sizes(bytes(7), part_size=3) == [3, 3, 1]
    assert sizes(bytes(6), part_size=3) == [3, 3]
    assert sizes(b"", part_size=3) == []
    assert set(sizes(bytes(MAX_PARTS), part_size=1)) == {1}
    large = sizes(bytes(2 * MAX_PARTS + 1), part_size=1)
    assert (large[0], large[-1], sum(large)) == (3, 3, 2 * MAX_PARTS + 1)


def test_parts_of_a_stream_grow_and_end() -> None:
    grown = sizes(io.BytesIO(bytes(UNKNOWN_LIMIT)), part_size=1)
    assert grown == [1 + number // 1000 for number in range(MAX_PARTS)]
    with pytest.raises(UsageError, match="wanted part_size larger than 1"):
        sizes(io.BytesIO(bytes(UNKNOWN_LIMIT + 1)), part_size=1)


def test_a_stream_is_read_from_where_it_stands_and_stays_open() -> None:
    stream = io.BytesIO(b"skipped123456789")
    stream.seek(7)
    with open_source(stream) as opened:
        assert b"".join(opened.blocks(4)) == b"123456789"
    assert not stream.closed


def test_a_pipe_at_a_path_has_no_size(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.write(writer, b"123456789")
    os.close(writer)
    with open_source(f"/dev/fd/{reader}") as opened:
        assert opened.size is None
        assert b"".join(opened.blocks(4)) == b"123456789"
    os.close(reader)
    with pytest.raises(FileNotFoundError), open_source(tmp_path / "absent"):
        pass


@pytest.mark.parametrize("change", ["grow", "shrink", "rewrite"])
def test_a_file_that_changes_is_an_error(tmp_path: Path, change: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(10))
    with open_source(path) as opened:
        blocks = opened.blocks(4)
        next(blocks)
        if change == "grow":
            path.write_bytes(bytes(11))
        elif change == "shrink":
            os.truncate(path, 5)
        else:
            os.utime(path, ns=(0, 0))  # what a write does, certain to differ
        with pytest.raises(OSError, match="changed while it was uploaded"):
            list(blocks)


def test_what_is_no_source_is_refused() -> None:
    for source in (io.StringIO("text"), 5):
        with pytest.raises(TypeError), open_source(source) as opened:  # type: ignore[arg-type]
            list(opened.blocks(4))


def test_a_stream_without_bytes_at_hand_has_not_ended() -> None:
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    with (
        os.fdopen(reader, "rb", buffering=0) as pipe,
        open_source(pipe) as opened,
        pytest.raises(BlockingIOError),
    ):
        list(opened.blocks(4))
    os.close(writer)
