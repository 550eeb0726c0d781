"""What is told from the rows of an input while they are cut."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import pyarrow as pa
import pyarrow.compute as pc

from intact.adapters.offline.slices import mapped
from intact.adapters.plain import ELSEWHERE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType

ODD = "odd"
"""Column of rows that Python has to read, or of some of it; null elsewhere."""
SIZE = "size"
"""Column of the bytes of a report's line."""


class Seen:
    """What the rows of a manifest or of a report held.

    Use as a context manager, which finishes the file of odd ones; those are on disk, since there
    may be many.

    Attributes:
        rows: All of them.
        size: Bytes of a report's lines.
        failed: Plain rows of a report that say that the task failed.
        plain: Plain rows of a report.
        elsewhere: How many rows of a manifest Python took, and their numbers' sum.
    """

    def __init__(self, odd: Path, *, begin: int = 0) -> None:
        """Keep odd rows in a file, made with the first of them; so many stand before all rows."""
        self._begin = begin
        self.rows = self.size = self.failed = self.plain = 0
        self.elsewhere = (0, 0)
        self._path = odd
        self._odd: pa.RecordBatchFileWriter | None = None

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Finish the file."""
        if self._odd is not None:
            self._odd.close()

    def report(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Keep the plain rows of a report, and of a Compute checksum job's the sums."""
        self.rows += batch.num_rows
        self.size += pc.sum(batch.column(SIZE)).as_py()
        plain = self._plain(batch.drop_columns([SIZE]))
        self.plain += plain.num_rows
        if "status" in plain.schema.names:
            self.failed += pc.equal(plain.column("status"), "failed").true_count
            return plain
        failed = plain.column("kind").null_count
        self.failed += failed
        return plain.filter(plain.column("kind").is_valid()) if failed else plain

    def manifest(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Number the rows of a manifest, which come in order, and keep those that are plain."""
        ones = pa.repeat(pa.scalar(1, pa.int64()), len(batch))
        lines = pc.cumulative_sum(ones, start=self._begin + self.rows)
        self.rows += batch.num_rows
        batch = batch.add_column(0, "line", lines)
        taken = lines.filter(pc.equal(batch.column(ODD), ELSEWHERE))
        count, total = self.elsewhere
        self.elsewhere = (count + len(taken), total + (pc.sum(taken).as_py() or 0))
        return self._plain(batch)

    def odd(self) -> Iterator[dict[str, Any]]:
        """Yield the odd rows, in order, once all are seen."""
        if self._odd is not None:
            for batch in mapped(self._path).to_batches():
                yield from batch.to_pylist()

    def _plain(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        odd, plain = batch.column(ODD), batch.drop_columns([ODD])
        if odd.null_count == len(odd):
            return plain
        kept = batch.filter(odd.is_valid()).select(
            [name for name in ("line", ODD) if name in batch.schema.names]
        )
        if self._odd is None:
            self._odd = pa.ipc.new_file(self._path, kept.schema)
        self._odd.write_batch(kept)
        return plain.filter(odd.is_null())
