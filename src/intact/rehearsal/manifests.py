"""The rows of a job, whichever way its request names them."""

from __future__ import annotations

import shutil
import tempfile
from typing import IO, TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from intact.batch import manifest
from intact.batch.manifest import ManifestRow, read_manifest
from intact.errors import IntactError
from intact.rehearsal.generating import generated_rows
from intact.rehearsal.inventory import INVALID_CONTENT, inventory_rows
from intact.rehearsal.tasks import JobFailure
from intact.s3.names import bucket_of_arn, key_of_arn

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from types_boto3_s3 import S3Client

SPOOL_SIZE = 16 << 20
"""Bytes of a manifest that stay in memory."""


def job_rows(
    s3: S3Client, request: Mapping[str, Any], *, one_bucket: bool
) -> Iterator[ManifestRow]:
    """Every row of the job's list, numbered from 1 without gap.

    Args:
        s3: Client of the store that holds it.
        request: Of CreateJob.
        one_bucket: Whether all objects must be in one bucket.

    Raises:
        JobFailure: The list cannot be read, is malformed, is empty, or names several buckets
            where one is wanted (Amazon S3 User Guide, "Copy objects").
    """
    first = None
    for row in _rows(s3, request):
        first = first or row.source.bucket
        if one_bucket and row.source.bucket != first:
            raise JobFailure(
                INVALID_CONTENT,
                f"line {row.line}: bucket is {row.source.bucket}; wanted {first} as above",
            )
        yield row
    if first is None:
        raise JobFailure(INVALID_CONTENT, "the manifest has no rows")


def _rows(s3: S3Client, request: Mapping[str, Any]) -> Iterator[ManifestRow]:
    if "ManifestGenerator" in request:
        generator = request["ManifestGenerator"]["S3JobManifestGenerator"]
        every = "S3ReplicateObject" in request["Operation"]
        yield from generated_rows(s3, generator, every_version=every)
        return
    spec = request["Manifest"]["Spec"]
    with fetch_manifest(s3, request["Manifest"]) as file:
        if spec.get("Format", manifest.FORMAT) == manifest.FORMAT:
            yield from _csv_rows(file, fields=spec["Fields"])
        else:
            bucket = bucket_of_arn(request["Manifest"]["Location"]["ObjectArn"])
            yield from inventory_rows(s3, file.read(), bucket=bucket)


def _csv_rows(lines: Iterable[bytes], *, fields: Sequence[str]) -> Iterator[ManifestRow]:
    for row in read_manifest(lines, fields=fields):
        if not isinstance(row, ManifestRow):
            raise JobFailure(INVALID_CONTENT, f"line {row.line}: {row.problem}")
        yield row


def fetch_manifest(s3: S3Client, manifest: Mapping[str, Any]) -> IO[bytes]:
    """Copy a job's manifest to a temporary file, which the caller closes.

    Args:
        s3: Client of the store that holds it.
        manifest: ``Manifest`` of the CreateJob request.

    Raises:
        JobFailure: It cannot be read, or its ETag is not the one that the request names.
    """
    location = manifest["Location"]
    arn, wanted = location["ObjectArn"], location["ETag"].strip('"')
    version = {"VersionId": location["ObjectVersionId"]} if "ObjectVersionId" in location else {}
    file = tempfile.SpooledTemporaryFile(max_size=SPOOL_SIZE)  # noqa: SIM115 - handed to the caller
    try:
        response = s3.get_object(Bucket=bucket_of_arn(arn), Key=key_of_arn(arn), **version)
        with response["Body"] as body:
            if (got := response["ETag"].strip('"')) != wanted:
                raise JobFailure(
                    "ManifestETagMismatch", f"manifest has ETag {got}; wanted {wanted}"
                )
            shutil.copyfileobj(body, file, 1 << 20)
    except (BotoCoreError, ClientError, IntactError, OSError) as error:
        file.close()
        if isinstance(error, JobFailure):
            raise
        raise JobFailure("ManifestUnreadable", f"Reading the manifest failed: {error}") from error
    file.seek(0)
    return file
