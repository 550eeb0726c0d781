"""Fetches an inventory file by file and checks every byte of it against its MD5s."""

from __future__ import annotations

import gzip
import zlib
from typing import TYPE_CHECKING

from intact.adapters.report import require_md5
from intact.audit import Absent
from intact.batch.columns import FileFormat
from intact.batch.inventory import (
    NULL_VERSION,
    InventoryManifest,
    InventoryRow,
    read_inventory,
)
from intact.errors import FormatError
from intact.s3 import ObjectRef

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from intact.adapters.boto import BotoStore
    from intact.batch import MalformedRow

DOCUMENT = "manifest.json"
SIDECAR = "manifest.checksum"
GZIP = b"\x1f\x8b"
PAGE = 20_000
"""Rows in memory at a time, of a file that is no CSV."""


def fetch_inventory(
    store: BotoStore,
    ref: ObjectRef,
    *,
    scratch: Path,
    etag: str | None = None,
    formats: Sequence[FileFormat] = (FileFormat.CSV,),
) -> InventoryManifest:
    """Read an inventory's ``manifest.json``; see ``inventory_document``.

    Raises:
        FormatError: It is not what its format promises.
        UsageError: The inventory is of another format than one of these.
    """
    document = inventory_document(store, ref, scratch=scratch, etag=etag)
    return InventoryManifest.parse(document, formats=formats)


def inventory_document(
    store: BotoStore, ref: ObjectRef, *, scratch: Path, etag: str | None = None
) -> bytes:
    """Fetch an inventory's ``manifest.json``.

    Args:
        store: Where it lies.
        ref: The document.
        scratch: Folder for it.
        etag: What a job was bound to.  Without one the MD5 in ``manifest.checksum`` must be the
            document's, where S3 Inventory left one beside it.

    Raises:
        StoreError: It could not be read.
        FormatError: It is not what its MD5 promises.
    """
    path = scratch / DOCUMENT
    md5 = store.save(ref, path, etag=etag)
    document = path.read_bytes()
    if etag is None and ref.key.endswith(f"/{DOCUMENT}"):
        sidecar = ObjectRef(bucket=ref.bucket, key=ref.key.removesuffix(DOCUMENT) + SIDECAR)
        if not isinstance(store.head(sidecar), Absent):
            store.save(sidecar, path)
            require_md5(ref, got=md5, wanted=path.read_text("ascii", "replace").strip())
    path.unlink()
    return document


def inventory_rows(
    store: BotoStore, inventory: InventoryManifest, *, bucket: str, scratch: Path
) -> Iterator[InventoryRow | MalformedRow]:
    """Yield every row of an inventory of any format, one file on disk at a time.

    Args:
        store: Where its files lie.
        inventory: What its ``manifest.json`` says.
        bucket: Bucket of ``manifest.json``, for files whose bucket that does not name.
        scratch: Folder for the file that is being read.

    Raises:
        StoreError: A file could not be read.
        FormatError: A file is not what its MD5 promises, its compression is broken, or it is no
            CSV and a row is malformed.
        UsageError: This machine cannot read ORC.
    """
    path, rows = scratch / "inventory", 0
    for file in inventory.files:
        ref = ObjectRef(bucket=inventory.bucket or bucket, key=file.key)
        require_md5(ref, got=store.save(ref, path), wanted=file.md5)
        try:
            if inventory.file_format is FileFormat.CSV:
                found = read_inventory(_lines(path), schema=inventory.schema, before=rows)
            else:
                found = _columns(path, inventory, before=rows)
            for row in found:
                yield row
                rows = row.line
        except FormatError as error:
            raise FormatError(f"{ref}: {error}") from None
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise FormatError(f"{ref}: {error}; wanted gzip") from error
        path.unlink()


def _columns(
    path: Path, inventory: InventoryManifest, *, before: int
) -> Iterator[InventoryRow | MalformedRow]:
    """Rows of a file in columns, whose keys stand there as they are."""
    from intact.adapters.columnar import inventory_batches  # noqa: PLC0415 - imports pyarrow

    line = before
    for batch in inventory_batches(
        path, file_format=inventory.file_format, schema=inventory.schema, rows=PAGE
    ):
        for cells in batch.to_pylist():
            line += 1
            version = (cells["version_id"] or NULL_VERSION) if "version_id" in cells else None
            yield InventoryRow(
                line=line,
                source=ObjectRef(bucket=cells["bucket"], key=cells["key"], version_id=version),
                raw_key=cells["key"],
                raw_version=(cells["version_id"] or "") if "version_id" in cells else None,
                size=cells.get("size"),
                etag=(cells.get("e_tag") or "").strip('"') or None,
                delete_marker=bool(cells.get("is_delete_marker")),
                latest=cells.get("is_latest"),
            )


def _lines(path: Path) -> Iterator[bytes]:
    """Lines of a file that may be compressed; the schema's version does not tell."""
    with path.open("rb") as file:
        packed = file.read(len(GZIP)) == GZIP
        file.seek(0)
        if packed:
            with gzip.open(file) as unpacked:
                yield from unpacked
        else:
            yield from file
