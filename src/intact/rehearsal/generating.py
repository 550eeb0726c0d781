"""ManifestGenerator: the store's listing, filtered, and the manifest that S3 leaves behind.

Keys are form-encoded, as in an inventory.  S3 documents no columns for its generated manifests:
``fileSchema`` names them.  On a bucket with versions the current ones are listed, and all of them
for S3ReplicateObject (User Guide, "Replicating existing objects with Batch Replication").  What no
listing tells is asked of each object that the listing lets through.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import tempfile
from dataclasses import replace
from functools import partial
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import quote_plus

from botocore.exceptions import BotoCoreError, ClientError

from intact.batch.generator import ManifestFilter
from intact.batch.manifest import ManifestRow
from intact.batch.selection import Candidate, Details, Match, select
from intact.rehearsal.replicating import details, replication_rules
from intact.rehearsal.tasks import JobFailure
from intact.s3 import ObjectRef
from intact.s3.names import bucket_arn, bucket_of_arn, object_arn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import datetime

    from types_boto3_s3 import S3Client

FORMAT = "S3InventoryReport_CSV_20211130"
SPOOL_SIZE = 16 << 20
"""Bytes of a generated manifest that stay in memory."""


def refused(generator: Mapping[str, Any]) -> Iterator[str]:
    """Name the members that are not honoured, since nobody says what they mean."""
    where = "ManifestGenerator.S3JobManifestGenerator.Filter"
    wanted = ManifestFilter.from_members(generator.get("Filter", {}))
    yield from (f"{where}.{name}" for name in wanted.extra)
    if wanted.eligible_for_replication is False:
        yield f"{where}.EligibleForReplication false: S3 does not document what it selects"


def generated_rows(
    s3: S3Client, generator: Mapping[str, Any], *, every_version: bool = False
) -> Iterator[ManifestRow]:
    """Yield a row for each object of the bucket that passes every filter.

    Args:
        s3: Client of the store.
        generator: ``S3JobManifestGenerator`` of a request of which nothing is ``refused``.
        every_version: Whether all versions are listed, or the current ones.

    Raises:
        JobFailure: The bucket cannot be listed or an object not be looked at, or nothing passes.
    """
    bucket = bucket_of_arn(generator["SourceBucket"])
    wanted = ManifestFilter.from_members(generator.get("Filter", {}))
    owner = _owner(generator, "ExpectedBucketOwner")
    line = 0
    try:
        rules = replication_rules(s3, bucket) if wanted.eligible_for_replication else ()
        look = partial(details, s3, rules)
        for found in _objects(s3, bucket, owner, every_version=every_version):
            version = found.get("VersionId")
            source = ObjectRef(bucket=bucket, key=found["Key"], version_id=version)
            if _selected(wanted, found, partial(look, source)):
                line += 1
                yield ManifestRow(line=line, source=source, raw_key=quote_plus(source.key))
    except (BotoCoreError, ClientError) as error:
        raise JobFailure("ManifestUnreadable", f"Listing {bucket} failed: {error}") from error
    if not line:
        raise JobFailure("InvalidManifestContent", "found no keys matching the filter criteria")


def _selected(
    wanted: ManifestFilter, found: Mapping[str, Any], look: Callable[[], Details]
) -> bool:
    candidate = Candidate(
        key=found["Key"],
        size=found["Size"],
        created=found["LastModified"],
        storage_class=found.get("StorageClass", "STANDARD"),
    )
    if (answer := select(wanted, candidate)) is Match.ASK:
        answer = select(wanted, replace(candidate, details=look()))
    return answer is Match.SELECTED


def _owner(members: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {"ExpectedBucketOwner": members[name]} if name in members else {}


def _objects(
    s3: S3Client, bucket: str, owner: Mapping[str, Any], *, every_version: bool
) -> Iterator[Any]:
    """Yield what the listing says of each object; of delete markers it says nothing here."""
    if "Status" not in s3.get_bucket_versioning(Bucket=bucket, **owner):
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, **owner):
            yield from page.get("Contents", ())
        return
    for version_page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket, **owner):
        for found in version_page.get("Versions", ()):
            if every_version or found["IsLatest"]:
                yield found


def write_generated(
    s3: S3Client,
    generator: Mapping[str, Any],
    rows: Iterable[ManifestRow],
    *,
    job_id: str,
    at: datetime,
) -> dict[str, Any]:
    """Write the manifest where the request wants it and return its descriptor.

    Raises:
        JobFailure: It cannot be written.
    """
    output = generator["ManifestOutputLocation"]
    bucket = bucket_of_arn(output["Bucket"])
    owner = _owner(output, "ExpectedManifestBucketOwner")
    prefix = f"{output['ManifestPrefix']}/" if "ManifestPrefix" in output else ""
    folder = f"{prefix}generated-manifest-{job_id}"
    key, name = f"{folder}/data/{job_id}.csv.gz", f"{folder}/manifest.json"
    sealed = _encryption(output.get("ManifestEncryption", {}))
    try:
        with tempfile.SpooledTemporaryFile(max_size=SPOOL_SIZE) as data:
            columns = _write(data, rows)
            size = data.tell()
            data.seek(0)
            md5 = hashlib.file_digest(data, _new_md5).hexdigest()
            data.seek(0)
            said: Any = s3.put_object(Bucket=bucket, Key=key, Body=data, **owner, **sealed)
        document = {
            "sourceBucket": bucket_of_arn(generator["SourceBucket"]),
            "destinationBucket": bucket_arn(bucket),
            "version": "2021-11-30",
            "creationTimestamp": str(int(at.timestamp() * 1000)),
            "fileFormat": "CSV",
            "fileSchema": ", ".join(columns),
            "files": [{"key": key, "size": size, "MD5checksum": md5}],
        }
        if said.get("ServerSideEncryption") != sealed.get("ServerSideEncryption") and sealed:
            raise JobFailure("ManifestNotWritten", "Writing the manifest: the store has no KMS")
        body = json.dumps(document).encode()
        said = s3.put_object(Bucket=bucket, Key=name, Body=body, **owner, **sealed)
    except (BotoCoreError, ClientError) as error:
        raise JobFailure("ManifestNotWritten", f"Writing the manifest: {error}") from error
    location = {"ObjectArn": object_arn(bucket, name), "ETag": said["ETag"].strip('"')}
    return {"Format": FORMAT, "Location": location}


def _encryption(wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters of PutObject; S3's own keys need none."""
    if "SSEKMS" not in wanted:
        return {}
    return {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": wanted["SSEKMS"]["KeyId"]}


def _write(data: IO[bytes], rows: Iterable[ManifestRow]) -> list[str]:
    """Write compressed rows and return their columns: all have a version, or none has."""
    columns = ["Bucket", "Key"]
    with (
        gzip.GzipFile(filename="", fileobj=data, mode="wb", mtime=0) as packed,
        io.TextIOWrapper(packed, encoding="utf-8", newline="") as text,
    ):
        writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
        for row in rows:
            if row.source.version_id is not None:
                columns[2:] = ["VersionId"]
            cells = (row.source.bucket, row.raw_key, row.source.version_id or "")
            writer.writerow(cells[: len(columns)])
    return columns


def _new_md5() -> hashlib._Hash:
    return hashlib.md5(usedforsecurity=False)
