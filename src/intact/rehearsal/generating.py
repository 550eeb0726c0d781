"""ManifestGenerator: the store's listing, filtered, and the manifest that S3 leaves behind.

Keys are form-encoded, as in an inventory.  S3 documents no columns for its generated manifests:
``fileSchema`` names them.  On a bucket with versions the current ones are listed.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus

from botocore.exceptions import BotoCoreError, ClientError

from intact.batch.manifest import ManifestRow
from intact.rehearsal.tasks import JobFailure
from intact.s3 import ObjectRef
from intact.s3.names import bucket_arn, bucket_of_arn, object_arn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import datetime

    from types_boto3_s3 import S3Client

FORMAT = "S3InventoryReport_CSV_20211130"
_UNCOMMON = ("EligibleForReplication", "ObjectReplicationStatuses", "MatchAnyObjectEncryption")


def _any_of(test: Callable[[str, str], bool]) -> Callable[[Any, list[str]], bool]:
    return lambda found, wanted: any(test(found["Key"], text) for text in wanted)


_FILTERS: Mapping[str, Callable[[Any, Any], bool]] = {
    "CreatedAfter": lambda found, wanted: found["LastModified"] > wanted,
    "CreatedBefore": lambda found, wanted: found["LastModified"] < wanted,
    "MatchAnyPrefix": _any_of(str.startswith),
    "MatchAnyStorageClass": lambda found, wanted: found.get("StorageClass", "STANDARD") in wanted,
    "MatchAnySubstring": _any_of(str.__contains__),
    "MatchAnySuffix": _any_of(str.endswith),
    "ObjectSizeGreaterThanBytes": lambda found, wanted: found["Size"] > wanted,
    "ObjectSizeLessThanBytes": lambda found, wanted: found["Size"] < wanted,
}


def refused(generator: Mapping[str, Any]) -> Iterator[str]:
    """Name the members that a listing cannot tell."""
    where = "ManifestGenerator.S3JobManifestGenerator"
    for name in _UNCOMMON:
        if name in generator.get("Filter", {}):
            yield f"{where}.Filter.{name}"
    if "SSEKMS" in generator.get("ManifestOutputLocation", {}).get("ManifestEncryption", {}):
        yield f"{where}.ManifestOutputLocation.ManifestEncryption.SSEKMS"


def generated_rows(s3: S3Client, generator: Mapping[str, Any]) -> Iterator[ManifestRow]:
    """Yield a row for each object of the bucket that passes every filter.

    Raises:
        JobFailure: The bucket cannot be listed, or nothing passes.
    """
    bucket = bucket_of_arn(generator["SourceBucket"])
    wanted = dict(generator.get("Filter", {}))
    wanted |= wanted.pop("KeyNameConstraint", {})
    line = 0
    try:
        for found in _objects(s3, bucket, _owner(generator, "ExpectedBucketOwner")):
            if all(_FILTERS[name](found, value) for name, value in wanted.items()):
                line += 1
                version = found.get("VersionId")
                source = ObjectRef(bucket=bucket, key=found["Key"], version_id=version)
                yield ManifestRow(line=line, source=source, raw_key=quote_plus(source.key))
    except (BotoCoreError, ClientError) as error:
        raise JobFailure("ManifestUnreadable", f"Listing {bucket} failed: {error}") from error
    if not line:
        raise JobFailure("InvalidManifestContent", "found no keys matching the filter criteria")


def _owner(members: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {"ExpectedBucketOwner": members[name]} if name in members else {}


def _objects(s3: S3Client, bucket: str, owner: Mapping[str, Any]) -> Iterator[Any]:
    """Yield what the listing says of each current object."""
    if "Status" not in s3.get_bucket_versioning(Bucket=bucket, **owner):
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, **owner):
            yield from page.get("Contents", ())
        return
    for version_page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket, **owner):
        yield from (found for found in version_page.get("Versions", ()) if found["IsLatest"])


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
    columns, data = _data(rows)
    key = f"{folder}/data/{job_id}.csv.gz"
    document = {
        "sourceBucket": bucket_of_arn(generator["SourceBucket"]),
        "destinationBucket": bucket_arn(bucket),
        "version": "2021-11-30",
        "creationTimestamp": str(int(at.timestamp() * 1000)),
        "fileFormat": "CSV",
        "fileSchema": ", ".join(columns),
        "files": [{"key": key, "size": len(data), "MD5checksum": _md5(data)}],
    }
    name = f"{folder}/manifest.json"
    try:
        s3.put_object(Bucket=bucket, Key=key, Body=data, **owner)
        said = s3.put_object(Bucket=bucket, Key=name, Body=json.dumps(document).encode(), **owner)
    except (BotoCoreError, ClientError) as error:
        raise JobFailure("ManifestNotWritten", f"Writing the manifest: {error}") from error
    location = {"ObjectArn": object_arn(bucket, name), "ETag": said["ETag"].strip('"')}
    return {"Format": FORMAT, "Location": location}


def _data(rows: Iterable[ManifestRow]) -> tuple[list[str], bytes]:
    """Columns and compressed rows; VersionId is one where any row has a version."""
    listed = list(rows)
    columns = ["Bucket", "Key"]
    if any(row.source.version_id is not None for row in listed):
        columns.append("VersionId")
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
    for row in listed:
        cells = (row.source.bucket, row.raw_key, row.source.version_id or "")
        writer.writerow(cells[: len(columns)])
    return columns, gzip.compress(text.getvalue().encode(), mtime=0)


def _md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()
