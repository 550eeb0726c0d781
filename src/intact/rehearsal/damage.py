"""What a fault plan does to copies: each is damaged as the store itself would never say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from intact.checksum import Algorithm, new
from intact.checksum.encoding import encode
from intact.rehearsal.tasks import address

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from types_boto3_s3 import S3Client

    from intact.rehearsal.faults import Faults
    from intact.s3 import ObjectRef

_KEPT = (
    "BucketKeyEnabled",
    "ContentType",
    "Metadata",
    "SSEKMSKeyId",
    "ServerSideEncryption",
    "StorageClass",
)


def strike(s3: S3Client, plan: Faults, ref: ObjectRef, *, number: int) -> None:
    """Do to the copy of a task that succeeded what the plan says."""
    if number in plan.corrupt:
        corrupt(s3, ref)
    if number in plan.truncate:
        truncate(s3, ref)
    if number in plan.lose:
        lose(s3, ref)


def corrupt(s3: S3Client, ref: ObjectRef) -> None:
    """Flip the lowest bit of an object's middle byte; an empty object gets a byte.

    The store checksums the damaged bytes as it would any upload: nothing but a comparison with
    the source can tell.  The algorithm stays, and so do type, metadata, encryption and class.
    """

    def flip(content: bytes) -> bytes:
        flipped = bytearray(content or b"\0")
        flipped[len(flipped) // 2] ^= 1
        return bytes(flipped)

    _replace(s3, ref, flip)


def truncate(s3: S3Client, ref: ObjectRef) -> None:
    """Cut off an object's last byte, and change nothing else; an empty object stays."""
    _replace(s3, ref, lambda content: content[:-1])


def lose(s3: S3Client, ref: ObjectRef) -> None:
    """Delete an object; where it has versions, the current one, and no marker is left."""
    head: Any = s3.head_object(**address(ref))
    version = {"VersionId": head["VersionId"]} if "VersionId" in head else {}
    s3.delete_object(**address(ref), **version)


def overwrite(s3: S3Client, ref: ObjectRef) -> None:
    """Put other content of the same size where an object is, as a version of its own."""
    _replace(s3, ref, lambda content: bytes(byte ^ 0x20 for byte in content), both=True)


def _replace(
    s3: S3Client, ref: ObjectRef, change: Callable[[bytes], bytes], *, both: bool = False
) -> None:
    """Put changed content in an object's place; of two versions only the new one stays."""
    head: Any = s3.head_object(**address(ref), ChecksumMode="ENABLED")
    with s3.get_object(**address(ref))["Body"] as body:
        content = change(body.read())
    kept = {name: head[name] for name in _KEPT if name in head}
    put: Any = s3.put_object(**address(ref), Body=content, **kept, **_checksum(head, content))
    if not both and head.get("VersionId") != put.get("VersionId"):
        s3.delete_object(**address(ref), VersionId=head["VersionId"])


def _checksum(head: Mapping[str, Any], content: bytes) -> dict[str, Any]:
    for algorithm in Algorithm:
        if algorithm.member in head:
            return {algorithm.member: encode(new(algorithm, content).digest())}
    return {}
