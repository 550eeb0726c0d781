"""S3UpdateObjectEncryption as far as a plain store can: the object is copied onto itself.

S3 changes the encryption of a version in place.  A plain store cannot, and must not be asked to:
some take the call UpdateObjectEncryption for a PutObject whose content is the request.  So the
copy is a new version with a time, an ETag and an ACL of its own; only the current version can be
had so; and it has at most 5 GB.  What S3 refuses is refused: objects that are not encrypted, that
callers' keys or two layers encrypt, that are held or retained.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from intact.batch.operations import MAX_COPY_SIZE
from intact.batch.selection import Encryption, EncryptionKind
from intact.rehearsal.tasks import SUCCESSFUL, TaskFailure, address
from intact.s3 import ObjectRef

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from intact.batch.manifest import ManifestRow
    from intact.rehearsal.tasks import Action, Context

_WORKABLE = {EncryptionKind.SSES3, EncryptionKind.SSEKMS}


def update(context: Context, members: Mapping[str, Any]) -> Action:
    """Make the task that encrypts one row's object with another key."""
    asked = members["ObjectEncryption"]["SSEKMS"]
    wanted = Encryption(
        kind=EncryptionKind.SSEKMS,
        key=asked["KMSKeyArn"],
        bucket_key=asked.get("BucketKeyEnabled", False),
    )
    s3 = context.s3

    def act(row: ManifestRow) -> str:
        head: Any = s3.head_object(**address(row.source))
        if Encryption.from_head(head) == wanted:
            return SUCCESSFUL
        for failure in _hindrances(head):
            raise failure
        current = ObjectRef(bucket=row.source.bucket, key=row.source.key)
        if row.source.version_id is not None:
            now = s3.head_object(**address(current)).get("VersionId", "null")
            if now != row.source.version_id:
                raise _impossible("only the current version can be encrypted anew")
        kept = {"StorageClass": head["StorageClass"]} if "StorageClass" in head else {}
        source: Any = address(row.source)
        said: Any = s3.copy_object(
            **address(current),
            CopySource=source,
            CopySourceIfMatch=head["ETag"],
            ServerSideEncryption="aws:kms",
            SSEKMSKeyId=asked["KMSKeyArn"],
            BucketKeyEnabled=wanted.bucket_key,
            **kept,
        )
        if Encryption.from_head(said) != wanted:
            raise _impossible("the store does not encrypt with the key that it was given")
        return SUCCESSFUL

    return act


def _hindrances(head: Mapping[str, Any]) -> Iterator[TaskFailure]:
    """What S3 would say against an object, and what a copy would."""
    kind = Encryption.from_head(head).kind
    if kind not in _WORKABLE:
        text = f"Encryption of the object is {kind.value}; wanted SSES3 or SSEKMS"
        yield TaskFailure(HTTPStatus.BAD_REQUEST, "InvalidRequest", text)
    if head.get("ObjectLockLegalHoldStatus") == "ON" or "ObjectLockMode" in head:
        text = "The object is under retention or legal hold"
        yield TaskFailure(HTTPStatus.FORBIDDEN, "AccessDenied", text)
    if head["ContentLength"] > MAX_COPY_SIZE:
        yield _impossible(f"only objects of at most {MAX_COPY_SIZE} bytes can be encrypted anew")


def _impossible(why: str) -> TaskFailure:
    return TaskFailure(HTTPStatus.NOT_IMPLEMENTED, "NotImplemented", f"On this store {why}")
