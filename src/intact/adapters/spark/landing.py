"""What the driver does with segments that come from the cluster, some megabytes at a time."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import pyarrow.compute as pc
import pyarrow.parquet as pq

from intact.adapters.spark.sizes import PIECE
from intact.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from intact.adapters.writing import LedgerWriter


def land(rows: Iterable[Any], folder: Path) -> None:
    """Write pieces of segments where they belong, in whatever order and however often they come."""
    for row in rows:
        path = _path(folder, row["slice"])
        path.touch()
        with path.open("r+b") as file:
            file.seek(int(row["origin"]) * PIECE)
            file.write(row["content"])


def adopt(writer: LedgerWriter, folder: Path, notes: Iterable[Mapping[str, Any]]) -> None:
    """Take the segments into a ledger, one after another; none is on disk twice.

    Args:
        writer: Writes the ledger.
        folder: Where they landed.
        notes: What was told of each: its stretch, rows and SHA-256.

    Raises:
        FormatError: A segment is not what was told, or its rows do not ascend from the last one's.
    """
    last = 0
    for note in sorted(notes, key=lambda note: int(note["origin"])):
        path = _path(folder, int(note["origin"]))
        last = _adopt(writer, path, last, note)
        path.unlink()


def _adopt(writer: LedgerWriter, path: Path, last: int, note: Mapping[str, Any]) -> int:
    """Take in a segment whose rows ascend from ``last``; return its own last."""
    path.touch()  # of which nothing came
    with path.open("rb") as content:
        got = hashlib.file_digest(content, "sha256").hexdigest()
    if got != note["sha256"]:
        raise FormatError(f"{path.name}: SHA-256 is {got}; wanted {note['sha256']}")
    rows = pq.read_table(path, columns=["row"])["row"].combine_chunks()
    first, end = rows[0].as_py(), rows[-1].as_py()
    if first <= last or not pc.all(pc.less(rows[:-1], rows[1:]), min_count=0).as_py():
        raise FormatError(f"rows {first} to {end} do not ascend from {last}")
    writer.adopt(path, first=first, last=end, rows=len(rows))
    return int(end)


def _path(folder: Path, stretch: int) -> Path:
    return folder / f"{stretch:06d}.parquet"
