"""Ledgers on disk, read as a stream: one segment in memory at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from intact.adapters.arrow import SCHEMA
from intact.adapters.rows import records
from intact.audit import Level, Reason, Summary, Verdict
from intact.audit.ledger import FINDINGS, HEADER, SEAL, SEGMENTS, Header, Seal, Segment
from intact.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from intact.audit import Counts, Record

_BATCH = 10_000
_LEVELS = {level.name.lower(): level for level in Level}
_REASONS = {reason.value: reason for reason in Reason}


class LedgerReader:
    """A finished ledger on disk.

    Attributes:
        path: Its folder.
        header: What was audited, and on what terms.
        segments: Its segments, in order.
        seal: What ended it.
    """

    def __init__(self, path: Path) -> None:
        """Read all but the records, and check that their chain ends in the seal.

        The files themselves are compared with their digests by ``intact.adapters.verify``.

        Raises:
            FormatError: The folder holds no ledger, or an unfinished one.
            OSError: A file cannot be read.
        """
        self.path = path
        self.header = read_header(path)
        if not (path / SEAL).exists():
            raise FormatError(f"{path}: has no {SEAL}, so the audit did not finish; run it again")
        self.seal = Seal.decode((path / SEAL).read_bytes())
        self.segments = list(read_segments(path))
        root = self.segments[-1].chain if self.segments else self.seal.header
        rows = sum(segment.rows for segment in self.segments)
        if (root, rows) != (self.seal.root, self.seal.records):
            raise FormatError(
                f"{path}: the segments end in {root} after {rows} records; "
                f"the seal says {self.seal.root} after {self.seal.records}"
            )

    @property
    def counts(self) -> Counts:
        """What the inputs held."""
        return self.seal.counts

    def files(self) -> list[Path]:
        """Every segment's file, in order, for any reader of Parquet."""
        return [self.path / FINDINGS / segment.name for segment in self.segments]

    def records(self, *, besides: Verdict | None = None) -> Iterator[Record]:
        """Yield every record in the order of the manifest; each call reads the files anew.

        Args:
            besides: Records of this verdict are left out, cheaply.

        Raises:
            FormatError: A segment is damaged.
        """
        for file in self.files():
            yield from segment_records(file, besides=besides)

    def summary(self) -> Summary:
        """Return what all records add up to; reads a few columns only.

        Raises:
            FormatError: A segment is damaged.
        """
        summary = Summary()
        for file in self.files():
            _add(summary, file)
        return summary


def read_header(path: Path) -> Header:
    """Read the header of a ledger, finished or not.

    Raises:
        FormatError: The folder holds no ledger.
    """
    if not (path / HEADER).is_file():
        raise FormatError(f"{path}: is no ledger; wanted a folder with {HEADER}")
    try:
        return Header.decode((path / HEADER).read_bytes())
    except FormatError as error:
        raise FormatError(f"{path / HEADER}: {error}") from None


def read_segments(path: Path) -> Iterator[Segment]:
    """Yield the lines of ``segments.jsonl``.

    Raises:
        FormatError: A line is none.
    """
    with (path / SEGMENTS).open("rb") as lines:
        for number, line in enumerate(lines, 1):
            try:
                yield Segment.decode(line)
            except FormatError as error:
                raise FormatError(f"{path / SEGMENTS} line {number}: {error}") from None


def segment_records(file: Path, *, besides: Verdict | None = None) -> Iterator[Record]:
    """Yield the records of one segment.

    Args:
        file: The segment.
        besides: Records of this verdict are left out.

    Raises:
        FormatError: The file is damaged.
    """
    try:
        with pq.ParquetFile(file) as parquet:
            for batch in parquet.iter_batches(batch_size=_BATCH):
                table = pa.Table.from_batches([batch]).select(SCHEMA.names).cast(SCHEMA)
                if besides is not None:
                    table = table.filter(pc.not_equal(table["verdict"], besides.value))
                for part in table.combine_chunks().to_batches():
                    yield from records(part)
    except (pa.ArrowException, FormatError, KeyError, OSError) as error:
        raise FormatError(f"{file}: {error}") from None


def _add(summary: Summary, file: Path) -> None:
    found = ["verdict", "reason", "level"]
    try:
        with pq.ParquetFile(file) as parquet:
            table = parquet.read(columns=[*found, "destination_object.size"])
        sizes = pc.struct_field(table["destination_object"].combine_chunks(), "size")
        table = table.select(found).append_column("size", sizes)
        for row in (
            table.group_by(found).aggregate([([], "count_all"), ("size", "sum")]).to_pylist()
        ):
            summary.count(
                Verdict(row["verdict"]),
                _REASONS[row["reason"]],
                _LEVELS[row["level"]],
                rows=row["count_all"],
                size=row["size_sum"] or 0,
            )
    except (pa.ArrowException, KeyError, OSError, ValueError) as error:
        raise FormatError(f"{file}: {error}") from None
