"""Manifests of S3 Inventory as a job's tasks: what the audit reads, failing as a job fails."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from intact.adapters import inventory as adapter
from intact.adapters.boto import BotoStore
from intact.batch import MalformedRow
from intact.batch.inventory import InventoryManifest, InventoryRow
from intact.errors import FormatError, StoreError, UsageError
from intact.rehearsal.tasks import JobFailure

if TYPE_CHECKING:
    from collections.abc import Iterator

    from types_boto3_s3 import S3Client

    from intact.batch.manifest import ManifestRow

INVALID_CONTENT = "InvalidManifestContent"


def inventory_rows(s3: S3Client, document: bytes, *, bucket: str) -> Iterator[ManifestRow]:
    """Rows of the inventory whose ``manifest.json`` this is; delete markers are rows too.

    Args:
        s3: Client of the store that holds it.
        document: The ``manifest.json``.
        bucket: Where that lies, for files whose bucket it does not name.

    Raises:
        JobFailure: The inventory is malformed, or a file is missing or not what its MD5 says.
    """
    try:
        inventory = InventoryManifest.parse(document)
        with TemporaryDirectory(prefix="intact-inventory-") as scratch:
            for row in adapter.inventory_rows(
                BotoStore(s3), inventory, bucket=bucket, scratch=Path(scratch)
            ):
                yield _task(row)
    except StoreError as error:
        raise JobFailure("ManifestUnreadable", str(error)) from error
    except (FormatError, UsageError) as error:
        raise JobFailure(INVALID_CONTENT, str(error)) from None


def _task(row: InventoryRow | MalformedRow) -> ManifestRow:
    """A row as S3 takes it: the null version's cell is empty, and S3 fails its task.

    Source: Amazon S3 User Guide, "Configuring Amazon S3 Inventory".
    """
    if isinstance(row, MalformedRow):
        raise JobFailure(INVALID_CONTENT, f"inventory row {row.line}: {row.problem}")
    task = row.manifest_row()
    return replace(task, source=replace(task.source, version_id=row.raw_version))
