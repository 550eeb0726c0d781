"""What a rehearsed job can do: the CreateJob members it honours, and CopyObject for one row.

Everything else is refused by name when the job is created; nothing is accepted and ignored.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from intact.batch import manifest
from intact.batch.operations import destination_key
from intact.s3.names import bucket_of_arn

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from intact.s3 import ObjectRef

_SAME_VALUE: Mapping[str, str] = {
    "BucketKeyEnabled": "BucketKeyEnabled",
    "CannedAccessControlList": "ACL",
    "ChecksumAlgorithm": "ChecksumAlgorithm",
    "MetadataDirective": "MetadataDirective",
    "ModifiedSinceConstraint": "CopySourceIfModifiedSince",
    "ObjectLockLegalHoldStatus": "ObjectLockLegalHoldStatus",
    "ObjectLockMode": "ObjectLockMode",
    "ObjectLockRetainUntilDate": "ObjectLockRetainUntilDate",
    "RedirectLocation": "WebsiteRedirectLocation",
    "SSEAwsKmsKeyId": "SSEKMSKeyId",
    "StorageClass": "StorageClass",
    "UnModifiedSinceConstraint": "CopySourceIfUnmodifiedSince",
}
"""Members of S3PutObjectCopy that CopyObject takes as they are, under its own names."""

_METADATA: Mapping[str, str] = {
    "CacheControl": "CacheControl",
    "ContentDisposition": "ContentDisposition",
    "ContentEncoding": "ContentEncoding",
    "ContentLanguage": "ContentLanguage",
    "ContentType": "ContentType",
    "HttpExpiresDate": "Expires",
    "UserMetadata": "Metadata",
}
"""The same for NewObjectMetadata; given one of these, the copy's metadata replace the source's."""

_ENCRYPTION = {"AES256": "AES256", "KMS": "aws:kms"}

_HONOURED = {
    *_SAME_VALUE,
    "NewObjectMetadata",
    "NewObjectTagging",
    "RequesterPays",
    "TargetKeyPrefix",
    "TargetResource",
}


def unsupported(request: Mapping[str, Any]) -> Iterator[str]:
    """Name every member of a valid CreateJob request that a rehearsal cannot honour."""
    operation = next(iter(request["Operation"]))
    if operation != "S3PutObjectCopy":
        yield f"Operation.{operation}"
        return
    if "ManifestGenerator" in request:
        yield "ManifestGenerator"
        return
    spec = request["Manifest"]["Spec"]
    if spec["Format"] != manifest.FORMAT:
        yield f"Manifest.Spec.Format {spec['Format']}"
    copy = request["Operation"]["S3PutObjectCopy"]
    where = "Operation.S3PutObjectCopy"
    yield from (f"{where}.{name}" for name in copy if name not in _HONOURED)
    yield from (
        f"{where}.NewObjectMetadata.{name}"
        for name in copy.get("NewObjectMetadata", {})
        if name not in {*_METADATA, "SSEAlgorithm"}
    )
    if copy["TargetResource"].split(":", 5)[2:5] != ["s3", "", ""]:
        yield f"{where}.TargetResource {copy['TargetResource']}: only general purpose buckets"
    if copy.get("TargetKeyPrefix", "").endswith("/"):
        yield f"{where}.TargetKeyPrefix with a slash at its end: S3 does not document the result"
    if request["Report"].get("Prefix", "").endswith("/"):
        yield "Report.Prefix with a slash at its end: S3 does not document the result"


def copy_parameters(copy: Mapping[str, Any], *, source: ObjectRef) -> dict[str, Any]:
    """Parameters of the CopyObject that does one task.

    Args:
        copy: ``S3PutObjectCopy`` of a request in which nothing is ``unsupported``.
        source: The object.
    """
    where = {"Bucket": source.bucket, "Key": source.key}
    if source.version_id is not None:
        where["VersionId"] = source.version_id
    parameters: dict[str, Any] = {
        "CopySource": where,
        "Bucket": bucket_of_arn(copy["TargetResource"]),
        "Key": destination_key(source.key, prefix=copy.get("TargetKeyPrefix")),
    }
    parameters |= _metadata(copy.get("NewObjectMetadata", {}))
    parameters |= {_SAME_VALUE[name]: value for name, value in copy.items() if name in _SAME_VALUE}
    if copy.get("RequesterPays"):
        parameters["RequestPayer"] = "requester"
    if (tags := copy.get("NewObjectTagging")) is not None:
        parameters["TaggingDirective"] = "REPLACE"
        parameters["Tagging"] = urlencode([(tag["Key"], tag["Value"]) for tag in tags])
    return parameters


def _metadata(metadata: Mapping[str, Any]) -> dict[str, Any]:
    parameters = {_METADATA[name]: value for name, value in metadata.items() if name in _METADATA}
    if parameters:
        parameters["MetadataDirective"] = "REPLACE"
    if "SSEAlgorithm" in metadata:
        parameters["ServerSideEncryption"] = _ENCRYPTION[metadata["SSEAlgorithm"]]
    return parameters
