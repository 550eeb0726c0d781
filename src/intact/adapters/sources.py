"""Opens whatever a manifest is made from, by the name of its kind."""

from __future__ import annotations

import contextlib
import sys
import tempfile
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import IO, TYPE_CHECKING

from intact.adapters.inventory import fetch_inventory, inventory_rows
from intact.adapters.listing import list_objects, list_versions
from intact.adapters.tables import Spelling, csv_rows, keys_in, parquet_columns, parquet_rows
from intact.batch import MalformedRow
from intact.batch.columns import FileFormat
from intact.batch.listed import Listed
from intact.errors import FormatError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from types_boto3_s3 import S3Client

    from intact.adapters.boto import BotoStore
    from intact.batch.inventory import InventoryRow
    from intact.s3 import ObjectRef


class Kind(Enum):
    """What a list of objects may come from."""

    LISTING = "listing"
    VERSIONS = "versions"
    INVENTORY = "inventory"
    KEYS = "keys"
    CSV = "csv"
    PARQUET = "parquet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """How a local table is to be read.

    Attributes:
        bucket: Bucket of rows that name none.
        columns: Meaning of a CSV file's columns.
        spelling: How keys are spelled.
        header: Whether a CSV file's first row names its columns.
        end: What ends a key in a text file.
    """

    bucket: str | None = None
    columns: tuple[str, ...] = ()
    spelling: Spelling = Spelling.PLAIN
    header: bool = False
    end: bytes = b"\n"


@contextlib.contextmanager
def open_local(kind: Kind, place: str, table: Table) -> Iterator[tuple[bool, Iterable[Listed]]]:
    """Open a local file, or standard input for ``-``: whether it names versions, and its rows.

    Raises:
        UsageError: The columns bind no object, or there is no bucket.
        FormatError: While the rows are read: one is not what its file promises.
    """
    if kind is Kind.PARQUET:
        path = Path(place)
        rows = parquet_rows(path, spelling=table.spelling, bucket=table.bucket)
        yield "VersionId" in parquet_columns(path), rows
        return
    with contextlib.ExitStack() as stack:
        file: IO[bytes] = sys.stdin.buffer
        if place != "-":
            file = stack.enter_context(Path(place).open("rb"))
        if kind is Kind.CSV:
            yield (
                "VersionId" in table.columns,
                csv_rows(
                    file,
                    columns=table.columns,
                    spelling=table.spelling,
                    bucket=table.bucket,
                    header=table.header,
                ),
            )
        else:
            if table.bucket is None:
                raise UsageError("a list of keys names no bucket; wanted --bucket")
            yield False, keys_in(file, bucket=table.bucket, end=table.end)


@contextlib.contextmanager
def open_remote(
    kind: Kind, place: ObjectRef, *, client: S3Client, store: BotoStore
) -> Iterator[tuple[bool, Iterable[Listed]]]:
    """Open a bucket's listing or an inventory: whether it names versions, and its rows.

    Args:
        kind: One of the three that live in S3.
        place: Bucket and prefix, or the inventory's ``manifest.json``.
        client: Client of the store.
        store: The same store.

    Raises:
        StoreError: It could not be read.
        FormatError: An inventory or a row of it is not what it promises.
        UsageError: The inventory is of no format that is read.
    """
    if kind is Kind.LISTING:
        yield False, list_objects(client, place.bucket, prefix=place.key)
    elif kind is Kind.VERSIONS:
        yield True, list_versions(client, place.bucket, prefix=place.key)
    else:
        with tempfile.TemporaryDirectory(prefix="intact-") as folder:
            scratch = Path(folder)
            inventory = fetch_inventory(store, place, scratch=scratch, formats=tuple(FileFormat))
            rows = inventory_rows(store, inventory, bucket=place.bucket, scratch=scratch)
            yield "VersionId" in inventory.fields, map(_listed, rows)


def _listed(row: InventoryRow | MalformedRow) -> Listed:
    if isinstance(row, MalformedRow):
        raise FormatError(f"inventory, row {row.line}: {row.problem}")
    return Listed(source=row.source, size=row.size, etag=row.etag, delete_marker=row.delete_marker)
