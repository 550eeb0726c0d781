"""Tasks that read an input and cut it into pieces by a hash of the source key."""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from intact.adapters.files import allow_open
from intact.adapters.offline.inputs import ComputedInput, InventoryInput
from intact.adapters.offline.slices import at_a_time, files_of, mapped
from intact.adapters.offline.staging import MALFORMED, TALLY, Stage
from intact.adapters.offline.views import Views
from intact.adapters.spark.inputs import all_at_hand
from intact.adapters.spark.pieces import Piece, arrow_files

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from intact.adapters.spark.inputs import ComputedSource, InventorySource, Source
    from intact.adapters.spark.sizes import Shape
    from intact.s3 import ObjectRef

LOST = "malformed"
"""Name of pieces of rows of the manifest that could not be read."""
_LOST_ROWS = 1000


class Task(Protocol):
    """What is to be cut.

    Attributes:
        origin: Name of the task, unlike any other's.
    """

    @property
    def origin(self) -> str:
        """See above."""

    def stage(self, stage: Stage, folder: Path) -> None:
        """Stage it; the folder is for scratch."""

    def sides(self, views: Views) -> list[tuple[str, str, bool]]:
        """Name what it speaks of, as ``Views.sets`` does."""


def connect(folder: Path, *, memory_limit: str) -> duckdb.DuckDBPyConnection:
    """Open a DuckDB for one task, which has one core."""
    return duckdb.connect(
        config={
            "memory_limit": memory_limit,
            "threads": 1,
            "temp_directory": str(folder / "spill"),
            "autoinstall_known_extensions": False,
            "TimeZone": "UTC",
        }
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """Those lines of a manifest that begin in a range of its bytes.

    Attributes:
        source: The manifest.
        start: First byte of the range.
        end: Byte behind its last.
        fields: Meaning of the columns.
        before: Lines that begin before.
    """

    source: Source
    start: int
    end: int
    fields: tuple[str, ...]
    before: int = 0

    @property
    def origin(self) -> str:
        """Name of the task."""
        return f"manifest-{self.start}"

    def chunks(self) -> Iterator[bytes]:
        """Yield the lines' bytes, the line end of the last included where there is one."""
        skipping = self.start > 0
        at = self.start - skipping  # a line begins behind a line end, which may be the byte before
        for chunk in self.source.chunks(at):
            begin, limit = 0, self.end - at
            if skipping:
                begin = chunk.find(b"\n") + 1
                if begin == 0:
                    at += len(chunk)
                    if at >= self.end:
                        return
                    continue
                skipping = False
                if at + begin >= self.end:
                    return
            if limit <= len(chunk):
                stop = chunk.find(b"\n", max(limit - 1, 0)) + 1
                if stop:
                    yield chunk[begin:stop]
                    return
            yield chunk[begin:]
            at += len(chunk)

    def count(self) -> int:
        """Return how many lines there are."""
        found, last = 0, b"\n"
        for chunk in self.chunks():
            found += chunk.count(b"\n")
            last = chunk[-1:] or last
        return found + (last != b"\n")

    def stage(self, stage: Stage, folder: Path) -> None:
        """Stage the lines, numbered as in the whole manifest."""
        path = folder / "lines.csv"
        with path.open("wb") as file:
            if self.before:  # only the first line of all is read as the first
                file.write(b"\n")
            for chunk in self.chunks():
                file.write(chunk)
        stage.manifest(path, fields=self.fields)
        path.unlink()
        if self.before:
            for staged in files_of(stage.folder, "manifest"):
                self._renumber(staged)

    def sides(self, views: Views) -> list[tuple[str, str, bool]]:  # noqa: ARG002 - as ``Task``
        """Name nothing."""
        return []

    def lost(self, stage: Stage) -> Iterator[dict[str, Any]]:
        """Yield the rows that could not be read."""
        shift = self.before - 1 if self.before else 0
        with (stage.folder / "manifest" / MALFORMED).open() as file:
            for row in map(json.loads, file):
                if self.before and row["line"] == 1:  # see ``stage``
                    continue
                yield row | {"line": row["line"] + shift}

    def _renumber(self, staged: Path) -> None:
        table = mapped(staged)
        place = table.schema.get_field_index("line")
        lines = pc.add(table["line"], self.before - 1)
        again = staged.with_suffix(".again")
        with pa.ipc.new_file(again, table.schema) as writer:
            writer.write_table(table.set_column(place, "line", lines))
        again.replace(staged)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportPart:
    """Files of the copy job's report."""

    number: int
    sources: tuple[Source, ...]

    @property
    def origin(self) -> str:
        """Name of the task."""
        return f"report-{self.number}"

    def stage(self, stage: Stage, folder: Path) -> None:
        """Stage it."""
        stage.report(all_at_hand(self.sources, folder))

    def sides(self, views: Views) -> list[tuple[str, str, bool]]:  # noqa: ARG002 - as ``Task``
        """Name nothing."""
        return []


@dataclass(frozen=True, slots=True, kw_only=True)
class ComputedPart:
    """Files of the report of a Compute checksum job; see ``Stage.computed``."""

    name: str
    number: int
    sources: tuple[Source, ...]
    made: ComputedSource
    copies: ObjectRef
    named: frozenset[str]
    versioned: bool

    @property
    def origin(self) -> str:
        """Name of the task."""
        return f"{self.name}-{self.number}"

    def stage(self, stage: Stage, folder: Path) -> None:
        """Stage it."""
        parts = all_at_hand(self.sources, folder)
        made = ComputedInput(parts=parts, written=self.made.written, begun=self.made.begun)
        stage.computed(self.name, made, copies=self.copies, sources=self.named)

    def sides(self, views: Views) -> list[tuple[str, str, bool]]:
        """Name what it speaks of."""
        found = views.sets(self.name, begun=self.made.begun, versioned=self.versioned)
        return [(made.table, made.of.value, made.named) for made in found]


@dataclass(frozen=True, slots=True, kw_only=True)
class InventoryPart:
    """Files of an inventory; see ``Stage.inventory``."""

    number: int
    sources: tuple[Source, ...]
    listed: InventorySource
    prefix: str

    @property
    def origin(self) -> str:
        """Name of the task."""
        return f"{self.listed.of.value}-{self.number}"

    def stage(self, stage: Stage, folder: Path) -> None:
        """Stage it."""
        listed = InventoryInput(
            of=self.listed.of,
            taken=self.listed.taken,
            parts=all_at_hand(self.sources, folder),
            schema=self.listed.schema,
            file_format=self.listed.file_format,
        )
        stage.inventory(listed, prefix=self.prefix)

    def sides(self, views: Views) -> list[tuple[str, str, bool]]:  # noqa: ARG002 - as ``Task``
        """Name nothing."""
        return []


def cut(task: Task, *, shape: Shape, memory_limit: str) -> Iterator[Piece]:
    """Read an input; the last piece tells the driver how many there are, and what was read.

    Raises:
        FormatError: The input is not what it promises.
        UsageError: There are more slices than files may be open.
    """
    allow_open(shape.buckets)
    with tempfile.TemporaryDirectory(prefix="intact-") as name:
        folder, made = Path(name), 0
        with connect(folder, memory_limit=memory_limit) as connection:
            rows = at_a_time(shape.buckets, memory=shape.memory // 2)
            stage = Stage(folder / "stage", connection, buckets=shape.buckets, rows=rows)
            task.stage(stage, folder)
            for piece in _cut(task, stage, shape):
                yield piece
                made += 1
            views = Views(connection, stage.folder)
            named = views.source_buckets() if isinstance(task, Lines) else frozenset()
            yield Piece.note(
                "cut",
                task.origin,
                pieces=made,
                duckdb=duckdb.__version__,
                buckets=sorted(named),
                sides=task.sides(views),
                tally=_tally(stage.folder),
            )


def _cut(task: Task, stage: Stage, shape: Shape) -> Iterator[Piece]:
    for number, file in enumerate(files_of(stage.folder, "*")):
        for part, content in enumerate(arrow_files(mapped(file))):
            yield Piece(
                name=file.parts[-4],
                slice=int(file.parent.name.removeprefix("slice=")),
                origin=f"{task.origin}-{number}-{part}",
                content=content,
            )
    if isinstance(task, Lines):
        yield from _lost(task, stage, shape.buckets)


def _lost(task: Lines, stage: Stage, buckets: int) -> Iterator[Piece]:
    lost = task.lost(stage)
    number = 0
    while rows := list(islice(lost, _LOST_ROWS)):
        yield Piece(
            name=LOST,
            slice=(task.before + number) % buckets,
            origin=f"{task.origin}-lost-{number}",
            content=json.dumps(rows).encode(),
        )
        number += 1


def _tally(folder: Path) -> dict[str, int]:
    total: dict[str, int] = {}
    for file in folder.glob(f"*/{TALLY}"):
        for key, count in json.loads(file.read_bytes()).items():
            total[key] = total.get(key, 0) + count
    return total


def ranges(source: Source, *, fields: tuple[str, ...], size: int, each: int) -> list[Lines]:
    """Cut a manifest of that many bytes into ranges."""
    return [
        Lines(source=source, start=start, end=min(start + each, size), fields=fields)
        for start in range(0, size, each)
    ]


def cut_all(tasks: Iterable[Task], *, shape: Shape, memory_limit: str) -> Iterator[Piece]:
    """Cut one input after another."""
    for task in tasks:
        yield from cut(task, shape=shape, memory_limit=memory_limit)
