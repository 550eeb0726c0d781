"""Segments that come to the driver in pieces."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from intact.adapters.spark.landing import adopt, land
from intact.adapters.spark.sizes import PIECE
from intact.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


@dataclass
class Writer:
    """As much of a LedgerWriter as takes segments in."""

    adopted: list[tuple[int, int, int]]

    def adopt(self, path: Path, *, first: int, last: int, rows: int) -> None:
        assert path.exists()
        self.adopted.append((first, last, rows))


def segment(folder: Path, rows: Sequence[int], stretch: int) -> tuple[list[Any], dict[str, Any]]:
    """Pieces of a segment, and what is told of it."""
    padding = Random(stretch).randbytes(3 * PIECE)  # noqa: S311 - no secret
    path = folder / "made.parquet"
    pq.write_table(pa.table({"row": rows, "bytes": [padding, *[b""] * (len(rows) - 1)]}), path)
    content = path.read_bytes()
    pieces = [
        {"slice": stretch, "origin": str(part), "content": content[at : at + PIECE]}
        for part, at in enumerate(range(0, len(content), PIECE))
    ]
    digest = hashlib.sha256(content).hexdigest()
    return pieces, {"origin": str(stretch), "rows": len(rows), "sha256": digest}


def test_segments_land_whole_in_whatever_order_and_are_adopted_in_theirs(tmp_path: Path) -> None:
    (tmp_path / "landed").mkdir()
    made = [segment(tmp_path, rows, n) for n, rows in ((10, [21, 22, 30]), (9, [4, 20]))]
    pieces = [piece for some, _ in made for piece in some]
    assert len(pieces) > 6
    Random(1).shuffle(pieces)  # noqa: S311 - no secret
    land([*pieces, *pieces[:3]], tmp_path / "landed")
    writer: Any = Writer([])
    adopt(writer, tmp_path / "landed", [note for _, note in made])
    assert writer.adopted == [(4, 20, 2), (21, 30, 3)]
    assert list((tmp_path / "landed").iterdir()) == []


@pytest.mark.parametrize("lost", [0, 1, -1])
def test_a_segment_that_lacks_a_piece_is_refused(tmp_path: Path, lost: int) -> None:
    (tmp_path / "landed").mkdir()
    pieces, note = segment(tmp_path, [1, 2], 0)
    pieces.pop(lost)
    land(pieces, tmp_path / "landed")
    with pytest.raises(FormatError, match="SHA-256 is"):
        adopt(Writer([]), tmp_path / "landed", [note])  # type: ignore[arg-type]


def test_a_segment_of_which_nothing_came_is_refused(tmp_path: Path) -> None:
    _, note = segment(tmp_path, [1, 2], 0)
    with pytest.raises(FormatError, match="SHA-256 is"):
        adopt(Writer([]), tmp_path, [note])  # type: ignore[arg-type]


@pytest.mark.parametrize("rows", [[[1, 1]], [[2, 1]], [[1, 3], [3, 4]], [[5], [1]], [[0]]])
def test_rows_that_do_not_ascend_are_refused(tmp_path: Path, rows: list[list[int]]) -> None:
    (tmp_path / "landed").mkdir()
    made = [segment(tmp_path, some, number) for number, some in enumerate(rows)]
    land([piece for pieces, _ in made for piece in pieces], tmp_path / "landed")
    with pytest.raises(FormatError, match="do not ascend"):
        adopt(Writer([]), tmp_path / "landed", [note for _, note in made])  # type: ignore[arg-type]
