"""What a task does on its own disk, since it may be larger than its memory."""

from __future__ import annotations

import heapq
import shutil
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from intact.adapters.files import allow_open
from intact.adapters.offline.slices import SLICE, SliceWriter, files_of, together
from intact.adapters.spark.cutting import LOST

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from duckdb import DuckDBPyConnection

_READ = 64 << 20
"""Bytes of pieces that are cut again in one go."""
_AT_HAND = 1 << 11
"""Findings of each part of a slice that are in memory while all are cut."""


class Sorted:
    """Findings of a slice on disk, in files of ascending rows."""

    def __init__(self, folder: Path) -> None:
        """Use a folder, which is made."""
        self._folder = folder
        folder.mkdir()
        self._files: list[Path] = []

    def add(self, table: pa.Table) -> None:
        """Write findings of whatever order."""
        if table.num_rows == 0:
            return
        path = self._folder / f"{len(self._files)}.arrow"
        options = pa.ipc.IpcWriteOptions(compression="lz4")
        with pa.ipc.new_file(path, table.schema, options=options) as writer:
            writer.write_table(table.sort_by("row"), max_chunksize=_AT_HAND)
        self._files.append(path)

    def stretches(self, span: int) -> Iterator[tuple[int, list[pa.RecordBatch]]]:
        """Yield the findings of each stretch of so many rows, from each file what it has.

        Of each file some rows are in memory, and none is mapped, since clusters end processes by
        what they have mapped too.
        """
        allow_open(len(self._files))
        found = heapq.merge(*(_stretches(file, span) for file in self._files), key=itemgetter(0))
        for stretch, parts in groupby(found, key=itemgetter(0)):
            yield stretch, [part for _, part in parts]

    def remove(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self._folder)


def _stretches(file: Path, span: int) -> Iterator[tuple[int, pa.RecordBatch]]:
    with pa.OSFile(str(file)) as source:
        reader = pa.ipc.open_file(source)
        for number in range(reader.num_record_batches):
            batch = reader.get_batch(number)
            runs = pc.run_end_encode(pc.divide(pc.subtract(batch["row"], 1), span))
            begin = 0
            for stretch, end in zip(
                runs.values.to_pylist(), runs.run_ends.to_pylist(), strict=True
            ):
                yield stretch, batch.slice(begin, end - begin)
                begin = end


def cut_again(
    connection: DuckDBPyConnection, stage: Path, into: Path, wanted: tuple[int, int, int]
) -> None:
    """Cut a slice of the inputs into parts, by what of the hash did not cut them before.

    Args:
        connection: Knows the hash.
        stage: Holds the slice; its pieces are removed.
        into: Holds the parts afterwards.
        wanted: Number of the slice, of all slices, and of parts.
    """
    bucket, buckets, parts = wanted
    allow_open(parts)
    by = f"((hash(key) // {buckets}) % {parts})::UINTEGER AS {SLICE}"
    for folder in sorted(stage.iterdir()):
        if folder.name == LOST:
            continue
        files = files_of(stage, folder.name, number=bucket)
        for number, group in enumerate(_groups(files)):
            rows = connection.from_arrow(together(group)).project(f"*, {by}")
            with SliceWriter(into / folder.name / str(number)) as writer:
                for batch in rows.to_arrow_table().to_batches():
                    writer.write(batch)
            for file in group:
                file.unlink()


def _groups(files: Sequence[Path]) -> Iterator[list[Path]]:
    group: list[Path] = []
    size = 0
    for file in files:
        group.append(file)
        size += file.stat().st_size
        if size >= _READ:
            yield group
            group, size = [], 0
    if group:
        yield group
