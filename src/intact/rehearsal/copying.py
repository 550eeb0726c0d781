"""S3PutObjectCopy: the members that a rehearsal honours, and CopyObject for one row."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from botocore.exceptions import BotoCoreError, ClientError

from intact.batch.operations import MAX_COPY_SIZE, destination_key
from intact.rehearsal.tasks import SUCCESSFUL, TaskFailure, address
from intact.s3 import ObjectRef
from intact.s3.names import MAX_KEY_SIZE, bucket_of_arn

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from types_boto3_s3 import S3Client

    from intact.batch.manifest import ManifestRow
    from intact.rehearsal.tasks import Action, Context

NO_EVENT_HOLDS = "no plain store keeps event holds; dropping one would leave the object unlocked"

_SAME_VALUE: Mapping[str, str] = {
    "AnnotationDirective": "AnnotationDirective",
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

_GRANTS = {
    "FULL_CONTROL": "GrantFullControl",
    "READ": "GrantRead",
    "READ_ACP": "GrantReadACP",
    "WRITE_ACP": "GrantWriteACP",
}
"""The same for AccessControlGrants, by permission; nobody is granted to write to an object."""

_QUOTABLE = re.compile(r"[ !#-\[\]-~]+")
"""Identifiers that a header can quote."""
_ENCRYPTION = {"AES256": "AES256", "KMS": "aws:kms"}

_HONOURED = {
    *_SAME_VALUE,
    "AccessControlGrants",
    "NewObjectMetadata",
    "NewObjectTagging",
    "RequesterPays",
    "TargetKeyPrefix",
    "TargetResource",
}


def refused(copy: Mapping[str, Any]) -> Iterator[str]:
    """Name the members that a rehearsal cannot honour."""
    for name in copy:
        if name.startswith("ObjectLockEventHold"):
            yield f"{name}: {NO_EVENT_HOLDS}"
        elif name not in _HONOURED:
            yield name
    for grant in copy.get("AccessControlGrants", ()):
        if grant["Permission"] not in _GRANTS or not _QUOTABLE.fullmatch(
            grant["Grantee"]["Identifier"]
        ):
            yield f"AccessControlGrants {grant}"
    yield from (
        f"NewObjectMetadata.{name}"
        for name in copy.get("NewObjectMetadata", {})
        if name not in {*_METADATA, "SSEAlgorithm"}
    )
    if copy["TargetResource"].split(":", 5)[2:5] != ["s3", "", ""]:
        yield f"TargetResource {copy['TargetResource']}: only general purpose buckets"
    if copy.get("TargetKeyPrefix", "").endswith("/"):
        yield "TargetKeyPrefix with a slash at its end: S3 does not document the result"


def copy(context: Context, members: Mapping[str, Any]) -> Action:
    """Make the task that copies one row's object."""

    def act(row: ManifestRow) -> str:
        parameters = copy_parameters(members, source=row.source)
        if len(parameters["Key"].encode()) > MAX_KEY_SIZE:
            raise TaskFailure(HTTPStatus.BAD_REQUEST, "KeyTooLongError", "Your key is too long")
        if _size(context.s3, row.source) > MAX_COPY_SIZE:
            raise TaskFailure(HTTPStatus.BAD_REQUEST, "InvalidRequest", _TOO_LARGE)
        context.s3.copy_object(**parameters)
        return SUCCESSFUL

    return act


def destination(members: Mapping[str, Any], source: ObjectRef) -> ObjectRef:
    """Where the copy of an object lands."""
    return ObjectRef(
        bucket=bucket_of_arn(members["TargetResource"]),
        key=destination_key(source.key, prefix=members.get("TargetKeyPrefix")),
    )


_TOO_LARGE = (
    "The specified copy source is larger than the maximum allowable size for a copy source: "
    f"{MAX_COPY_SIZE}"
)


def _size(s3: S3Client, source: ObjectRef) -> int:
    """Size in bytes; 0 where HeadObject fails, since CopyObject says better why."""
    try:
        return s3.head_object(**address(source))["ContentLength"]
    except (BotoCoreError, ClientError):
        return 0


def copy_parameters(copy: Mapping[str, Any], *, source: ObjectRef) -> dict[str, Any]:
    """Parameters of the CopyObject that does one task.

    Args:
        copy: ``S3PutObjectCopy`` of a request of which nothing is ``refused``.
        source: The object.
    """
    parameters = {"CopySource": address(source), **address(destination(copy, source))}
    parameters |= _metadata(copy.get("NewObjectMetadata", {}))
    parameters |= {_SAME_VALUE[name]: value for name, value in copy.items() if name in _SAME_VALUE}
    parameters |= _grants(copy.get("AccessControlGrants", ()))
    if copy.get("RequesterPays"):
        parameters["RequestPayer"] = "requester"
    if (tags := copy.get("NewObjectTagging")) is not None:
        parameters["TaggingDirective"] = "REPLACE"
        parameters["Tagging"] = urlencode([(tag["Key"], tag["Value"]) for tag in tags])
    return parameters


def _grants(grants: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Headers of CopyObject: grantees by permission, each ``id="..."``."""
    parameters: dict[str, str] = {}
    for grant in grants:
        name, grantee = _GRANTS[grant["Permission"]], grant["Grantee"]
        text = f'{grantee["TypeIdentifier"]}="{grantee["Identifier"]}"'
        parameters[name] = ", ".join(filter(None, (parameters.get(name), text)))
    return parameters


def _metadata(metadata: Mapping[str, Any]) -> dict[str, Any]:
    parameters = {_METADATA[name]: value for name, value in metadata.items() if name in _METADATA}
    if parameters:
        parameters["MetadataDirective"] = "REPLACE"
    if "SSEAlgorithm" in metadata:
        parameters["ServerSideEncryption"] = _ENCRYPTION[metadata["SSEAlgorithm"]]
    return parameters
