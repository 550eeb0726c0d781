"""What is known of every copy before S3 is asked: joined once, kept until the audit is finished.

One Parquet file that appears only when it is whole, with the columns of
``intact.adapters.arrow.KNOWN``, and the counts and whose audit it is in its metadata.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from itertools import islice
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from intact.adapters.arrow import KNOWN
from intact.adapters.columns import known_columns
from intact.adapters.files import whole_file
from intact.adapters.parquet import settings
from intact.adapters.rows import known
from intact.audit import Counts
from intact.audit.ledger import Header
from intact.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from intact.audit import Copy, Evidence

_GROUP = 10_000
_HEADER, _COUNTS = b"intact-header", b"intact-counts"


class Staged:
    """Copies and what is known of them, on disk.

    Attributes:
        header: Whose they are.
        counts: What the inputs held.
    """

    def __init__(self, path: Path) -> None:
        """Open what ``stage`` wrote.

        Raises:
            FormatError: The file is damaged.
            OSError: The file cannot be read.
        """
        self._path = path
        try:
            metadata = pq.read_schema(path).metadata or {}
            self.header = Header.decode(metadata[_HEADER])
            self.counts = Counts(**json.loads(metadata[_COUNTS]))
        except (pa.ArrowInvalid, FormatError, KeyError, TypeError, ValueError) as error:
            raise FormatError(f"{path}: not what an audit left ({error!r})") from None

    def rows(self, *, after: int = 0) -> Iterator[tuple[Copy, Evidence]]:
        """Yield the copies of later rows of the manifest than that one, in order.

        Raises:
            FormatError: The file is damaged.
        """
        try:
            with pq.ParquetFile(self._path) as file:
                for group in range(file.num_row_groups):
                    rows = file.metadata.row_group(group).column(0).statistics
                    if rows.max <= after:
                        continue
                    for batch in file.read_row_group(group).combine_chunks().to_batches():
                        yield from (found for found in known(batch) if found[0].row > after)
        except pa.ArrowInvalid as error:
            raise FormatError(f"{self._path}: {error}") from None


def stage(
    path: Path, rows: Iterable[tuple[Copy, Evidence]], *, header: Header, counts: Counts
) -> Staged:
    """Write copies and what is known of them, whole or not at all.

    Args:
        path: The file.
        rows: Them, in the order of the manifest.
        header: Whose they are.
        counts: What the inputs held.
    """
    metadata = {_HEADER: header.encode(), _COUNTS: json.dumps(asdict(counts)).encode()}
    schema, waiting = KNOWN.with_metadata(metadata), iter(rows)
    with (
        whole_file(path) as file,
        pq.ParquetWriter(file, schema, **settings(KNOWN)) as writer,
    ):
        while some := list(islice(waiting, _GROUP)):
            copies, evidence = zip(*some, strict=True)
            writer.write_table(known_columns(copies, evidence).replace_schema_metadata(metadata))
    return Staged(path)
