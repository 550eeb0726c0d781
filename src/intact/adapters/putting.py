"""Uploads a manifest, and says under which ETag S3 keeps it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from intact.adapters.boto import store_error
from intact.batch.operations import MAX_COPY_SIZE
from intact.errors import StoreError

if TYPE_CHECKING:
    from pathlib import Path

    from types_boto3_s3 import S3Client

    from intact.s3 import ObjectRef


def put_file(
    client: S3Client, ref: ObjectRef, path: Path, *, most: int = MAX_COPY_SIZE
) -> tuple[str, str | None]:
    """Upload a file, checksummed on its way, and return its ETag and its version.

    Args:
        client: Client of S3.
        ref: Where to.
        path: The file.
        most: Largest size in bytes that one request takes.

    Raises:
        StoreError: S3 refused, or holds another size afterwards.
    """
    from boto3.exceptions import S3UploadFailedError  # noqa: PLC0415 - only here
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - as above

    size = path.stat().st_size
    try:
        if size <= most:
            with path.open("rb") as body:
                stored = client.put_object(Bucket=ref.bucket, Key=ref.key, Body=body)
            return stored["ETag"].strip('"'), stored.get("VersionId")
        client.upload_file(str(path), ref.bucket, ref.key)
        found = client.head_object(Bucket=ref.bucket, Key=ref.key)
    except (BotoCoreError, ClientError, S3UploadFailedError) as error:
        raise store_error("PutObject", ref, error) from None
    if found["ContentLength"] != size:
        raise StoreError(f"{ref} has {found['ContentLength']} bytes; wanted {size}")
    return found["ETag"].strip('"'), found.get("VersionId")
