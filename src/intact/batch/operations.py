"""What a job does to each object, one type per operation of S3 Batch Operations.

So far the one that copies; the members are those of the S3 Control API Reference,
S3CopyObjectOperation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Any, Self

from intact.checksum import Algorithm
from intact.errors import UsageError
from intact.s3 import ObjectRef
from intact.s3.names import bucket_of_arn

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_COPY_SIZE = 5 * 1024**3
"""Largest object in bytes that one CopyObject, and so a copy task, can copy."""


class Directive(Enum):
    """Where the copies' metadata come from."""

    COPY = "COPY"
    REPLACE = "REPLACE"


def destination_key(key: str, *, prefix: str | None) -> str:
    """Key of the copy: the prefix, a slash and the whole source key.

    S3 has no way to strip a part of the source key (S3 Control API Reference,
    S3CopyObjectOperation, ``TargetKeyPrefix``).
    """
    return f"{prefix}/{key}" if prefix else key


@dataclass(frozen=True, slots=True, kw_only=True)
class S3PutObjectCopy:
    """Copies every object of the manifest with one CopyObject each; at most 5 GiB per object.

    Attributes:
        target_resource: ARN of the destination bucket.
        target_key_prefix: Put, with a slash, before every source key.
        checksum_algorithm: Algorithm of the copies' FULL_OBJECT checksum.  Without one S3 keeps
            the source's algorithm.
        metadata_directive: Whether the copies keep the source's metadata.
        new_object_tagging: Tags of the copies; None keeps the source's, empty strips them.
        storage_class: S3's name of the copies' storage class.
        canned_access_control_list: S3's name of a canned ACL.
        ssekms_key_id: Key for SSE-KMS.
        bucket_key_enabled: Whether SSE-KMS uses an S3 Bucket Key.
        modified_since_constraint: Copy only what changed since.
        unmodified_since_constraint: Copy only what did not change since.
        requester_pays: Whether the job's account pays for reading the source.
    """

    target_resource: str
    target_key_prefix: str | None = None
    checksum_algorithm: Algorithm | None = None
    metadata_directive: Directive | None = None
    new_object_tagging: Mapping[str, str] | None = None
    storage_class: str | None = None
    canned_access_control_list: str | None = None
    ssekms_key_id: str | None = None
    bucket_key_enabled: bool | None = None
    modified_since_constraint: datetime | None = None
    unmodified_since_constraint: datetime | None = None
    requester_pays: bool | None = None

    def destination(self, source: ObjectRef) -> ObjectRef:
        """Where the copy of an object lands.

        Raises:
            UsageError: ``target_resource`` is no ARN of S3.
        """
        return ObjectRef(
            bucket=bucket_of_arn(self.target_resource),
            key=destination_key(source.key, prefix=self.target_key_prefix),
        )

    def request(self) -> dict[str, Any]:
        """Return ``Operation`` of the CreateJob request; members that are None stay out."""
        return {
            "S3PutObjectCopy": {
                _member(field.name): _wire(value)
                for field in fields(self)
                if (value := getattr(self, field.name)) is not None
            }
        }

    @classmethod
    def parse(cls, operation: Mapping[str, Any]) -> Self:
        """Read ``Operation`` of a CreateJob request or DescribeJob response.

        Raises:
            UsageError: The operation is another one, has a member that this type lacks, or a
                value that S3 does not have.
        """
        if set(operation) != {"S3PutObjectCopy"}:
            raise UsageError(f"operation is {', '.join(operation)}; wanted S3PutObjectCopy")
        names = {_member(field.name): field.name for field in fields(cls)}
        members = operation["S3PutObjectCopy"]
        if unknown := sorted(set(members) - set(names)):
            raise UsageError(f"S3PutObjectCopy has {', '.join(unknown)}; wanted no such member")
        if "TargetResource" not in members:
            raise UsageError("S3PutObjectCopy has no TargetResource; wanted the bucket's ARN")
        values = {names[member]: value for member, value in members.items()}
        try:
            for name in _READERS.keys() & values.keys():
                values[name] = _READERS[name](values[name])
        except ValueError as error:
            raise UsageError(f"S3PutObjectCopy: {error}") from None
        return cls(**values)


_MEMBERS = {
    "ssekms_key_id": "SSEAwsKmsKeyId",
    "unmodified_since_constraint": "UnModifiedSinceConstraint",
}
"""Members of the API that are not the Pascal case of their attribute."""


def _moment(value: datetime | str) -> datetime:
    """Read a timestamp as boto3 or the JSON of the AWS CLI gives it."""
    return datetime.fromisoformat(value) if isinstance(value, str) else value


_READERS: Mapping[str, Callable[[Any], object]] = {
    "checksum_algorithm": Algorithm.parse,
    "metadata_directive": Directive,
    "new_object_tagging": lambda tags: {tag["Key"]: tag["Value"] for tag in tags},
    "modified_since_constraint": _moment,
    "unmodified_since_constraint": _moment,
}
"""How the members that are not plain values are read."""


def _member(name: str) -> str:
    return _MEMBERS.get(name, "".join(word.capitalize() for word in name.split("_")))


def _wire(value: object) -> object:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return [{"Key": key, "Value": text} for key, text in value.items()]
    return value
