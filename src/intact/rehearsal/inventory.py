"""Manifests of S3 Inventory: ``manifest.json``, gzip CSV files, form-encoded keys.

Source: Amazon S3 User Guide, "Amazon S3 Inventory".
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from intact.batch.manifest import ManifestRow
from intact.errors import IntactError
from intact.rehearsal.tasks import JobFailure
from intact.s3 import ObjectRef, decode_key
from intact.s3.names import bucket_of_arn

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from types_boto3_s3 import S3Client

FORMAT = "S3InventoryReport_CSV_20161130"
INVALID_CONTENT = "InvalidManifestContent"


def inventory_rows(s3: S3Client, document: bytes) -> Iterator[ManifestRow]:
    """Rows of the inventory whose ``manifest.json`` this is; delete markers are rows too.

    An empty version in a VersionId column stays empty: S3 fails such tasks.

    Raises:
        JobFailure: The inventory is malformed, or a file is missing or not what its MD5 says.
    """
    try:
        found = json.loads(document)
        if found["fileFormat"] != "CSV":
            raise JobFailure(INVALID_CONTENT, f"fileFormat is {found['fileFormat']}; wanted CSV")
        columns = [name.strip() for name in found["fileSchema"].split(",")]
        bucket = bucket_of_arn(found["destinationBucket"])
        files = [(file["key"], file["MD5checksum"]) for file in found["files"]]
    except (KeyError, TypeError, ValueError) as error:
        raise JobFailure(INVALID_CONTENT, f"inventory manifest.json: {error!r}") from None
    line = 0
    for key, md5 in files:
        for cells in csv.reader(io.StringIO(_file(s3, bucket, key, md5), newline="")):
            line += 1
            yield _row(cells, columns=columns, line=line)


def _file(s3: S3Client, bucket: str, key: str, md5: str) -> str:
    """Return one data file as text."""
    try:
        response: Any = s3.get_object(Bucket=bucket, Key=key)
        with response["Body"] as body:
            content = body.read()
    except (BotoCoreError, ClientError) as error:
        raise JobFailure("ManifestUnreadable", f"Reading {key} failed: {error}") from error
    if hashlib.md5(content, usedforsecurity=False).hexdigest() != md5:
        raise JobFailure(INVALID_CONTENT, f"{key} is not what its MD5checksum says")
    try:
        return gzip.decompress(content).decode()
    except (EOFError, OSError, ValueError) as error:
        raise JobFailure(INVALID_CONTENT, f"{key}: {error}") from error


def _row(cells: list[str], *, columns: Sequence[str], line: int) -> ManifestRow:
    try:
        named = dict(zip(columns, cells, strict=True))
        source = ObjectRef(
            bucket=named["Bucket"],
            key=decode_key(named["Key"], plus_is_space=True),
            version_id=named.get("VersionId"),
        )
    except (KeyError, ValueError, IntactError) as error:
        raise JobFailure(INVALID_CONTENT, f"inventory row {line}: {error!r}") from None
    return ManifestRow(line=line, source=source, raw_key=named["Key"])
