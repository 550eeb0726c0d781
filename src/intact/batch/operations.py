"""What a job does to each object: one type for every operation of S3 Batch Operations.

Names, order and meaning of the members are those of the S3 Control API Reference, JobOperation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, get_args

from intact.batch.members import (
    AnnotationDirective,
    Directive,
    EventHoldDuration,
    LockMode,
    ObjectEncryption,
    OnOff,
    S3AccessControlPolicy,
    S3Grant,
    S3ObjectLockLegalHold,
    S3ObjectMetadata,
    S3Retention,
)
from intact.batch.structure import ChecksumName, Choice, Codec, Moment, Tags
from intact.checksum.algorithm import ChecksumType
from intact.errors import UsageError
from intact.s3 import ObjectRef
from intact.s3.names import bucket_of_arn

MAX_COPY_SIZE = 5 * 1024**3
"""Largest object in bytes that one CopyObject, and so a copy task, can copy."""


def destination_key(key: str, *, prefix: str | None) -> str:
    """Key of the copy: the prefix, a slash and the whole source key.

    S3 has no way to strip a part of the source key (S3 Control API Reference,
    S3CopyObjectOperation, ``TargetKeyPrefix``).
    """
    return f"{prefix}/{key}" if prefix else key


@dataclass(frozen=True, slots=True, kw_only=True)
class LambdaInvoke(Choice):
    """Calls a Lambda function with every object.

    Attributes:
        function_arn: The function.
        invocation_schema_version: ``1.0``, S3's default, or ``2.0``, which directory buckets need.
        user_arguments: 1 to 10 values by name, passed to the function; schema 2.0 only.
    """

    function_arn: str | None = None
    invocation_schema_version: str | None = None
    user_arguments: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class S3PutObjectCopy(Choice):
    """Copies every object of the manifest with one CopyObject each; at most 5 GiB per object.

    Attributes:
        target_resource: ARN of the destination bucket.
        canned_access_control_list: S3's name of a canned ACL.
        access_control_grants: Grants on the copies, instead of a canned ACL.
        metadata_directive: Whether the copies keep the source's metadata.
        annotation_directive: Whether the copies keep the source's annotations; S3 keeps them.
        modified_since_constraint: Copy only what changed since.
        new_object_metadata: Metadata of the copies.
        new_object_tagging: Tags of the copies; None keeps the source's, empty strips them.
        redirect_location: Where a website sends who asks for the copy.
        requester_pays: Whether the job's account pays for reading the source.
        storage_class: S3's name of the copies' storage class.
        unmodified_since_constraint: Copy only what did not change since.
        ssekms_key_id: Key for SSE-KMS.
        target_key_prefix: Put, with a slash, before every source key.
        object_lock_legal_hold_status: Legal hold on the copies.
        object_lock_mode: Retention mode of the copies; needs the date.
        object_lock_retain_until_date: End of the copies' retention; needs the mode.
        bucket_key_enabled: Whether SSE-KMS uses an S3 Bucket Key.
        checksum_algorithm: Algorithm of the copies' FULL_OBJECT checksum.  Without one S3 keeps
            the source's algorithm.
        object_lock_event_hold: Whether the copies' retention counts from an event yet to come.
        object_lock_event_hold_duration: How long it then lasts.
    """

    MEMBERS: ClassVar[Mapping[str, str]] = {
        "ssekms_key_id": "SSEAwsKmsKeyId",
        "unmodified_since_constraint": "UnModifiedSinceConstraint",
    }
    target_resource: str
    canned_access_control_list: str | None = None
    access_control_grants: tuple[S3Grant, ...] | None = None
    metadata_directive: Directive | None = None
    annotation_directive: AnnotationDirective | None = None
    modified_since_constraint: Moment | None = None
    new_object_metadata: S3ObjectMetadata | None = None
    new_object_tagging: Tags | None = None
    redirect_location: str | None = None
    requester_pays: bool | None = None
    storage_class: str | None = None
    unmodified_since_constraint: Moment | None = None
    ssekms_key_id: str | None = None
    target_key_prefix: str | None = None
    object_lock_legal_hold_status: OnOff | None = None
    object_lock_mode: LockMode | None = None
    object_lock_retain_until_date: Moment | None = None
    bucket_key_enabled: bool | None = None
    checksum_algorithm: ChecksumName | None = None
    object_lock_event_hold: OnOff | None = None
    object_lock_event_hold_duration: EventHoldDuration | None = None

    def destination(self, source: ObjectRef) -> ObjectRef:
        """Where the copy of an object lands.

        Raises:
            UsageError: ``target_resource`` is no ARN of S3.
        """
        return ObjectRef(
            bucket=bucket_of_arn(self.target_resource),
            key=destination_key(source.key, prefix=self.target_key_prefix),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class S3PutObjectAcl(Choice):
    """Sets the access control list of every object.

    Attributes:
        access_control_policy: The list, or a canned one.
    """

    access_control_policy: S3AccessControlPolicy | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class S3PutObjectTagging(Choice):
    """Replaces all tags of every object.

    Attributes:
        tag_set: The tags.
    """

    tag_set: Tags | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class S3DeleteObjectTagging(Choice):
    """Removes all tags of every object."""


@dataclass(frozen=True, slots=True, kw_only=True)
class S3InitiateRestoreObject(Choice):
    """Starts to restore every object from an archive; the job ends before the restores do.

    Attributes:
        expiration_in_days: How long the restored copy stays; at least 1 for Glacier Flexible
            Retrieval and Deep Archive, absent for the archives of Intelligent-Tiering.
        glacier_job_tier: How fast, at which price.
    """

    expiration_in_days: int | None = None
    glacier_job_tier: Literal["BULK", "STANDARD"] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class S3PutObjectLegalHold(Choice):
    """Sets or lifts the legal hold of every object.

    Attributes:
        legal_hold: The hold.
    """

    legal_hold: S3ObjectLockLegalHold


@dataclass(frozen=True, slots=True, kw_only=True)
class S3PutObjectRetention(Choice):
    """Sets the retention of every object.

    Attributes:
        bypass_governance_retention: Whether governance retention may be shortened.
        retention: The retention.
    """

    bypass_governance_retention: bool | None = None
    retention: S3Retention


@dataclass(frozen=True, slots=True, kw_only=True)
class S3ReplicateObject(Choice):
    """Replicates every object as its bucket's replication configuration says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class S3ComputeObjectChecksum(Choice):
    """Computes a checksum of every object where it lies and reports it; any size and class.

    Attributes:
        checksum_algorithm: Which; S3 does not document a default.
        checksum_type: Over what; CRC64NVME is FULL_OBJECT only.
    """

    checksum_algorithm: ChecksumName | None = None
    checksum_type: ChecksumType | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class S3UpdateObjectEncryption(Choice):
    """Encrypts every object with another key, without copying it.

    Attributes:
        object_encryption: The new encryption.
    """

    object_encryption: ObjectEncryption | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewerOperation:
    """An operation that is newer than this package.

    Attributes:
        name: Name of the operation.
        members: Its members, as boto3 takes them.
    """

    name: str
    members: Mapping[str, Any]

    def request(self) -> dict[str, Any]:
        """Return ``Operation`` of the request."""
        return {self.name: dict(self.members)}


Operation = (
    LambdaInvoke
    | S3PutObjectCopy
    | S3PutObjectAcl
    | S3PutObjectTagging
    | S3DeleteObjectTagging
    | S3InitiateRestoreObject
    | S3PutObjectLegalHold
    | S3PutObjectRetention
    | S3ReplicateObject
    | S3ComputeObjectChecksum
    | S3UpdateObjectEncryption
    | NewerOperation
)
OPERATIONS: Mapping[str, type[Choice]] = {
    kind.__name__: kind for kind in get_args(Operation) if kind is not NewerOperation
}
"""Every operation of S3 Batch Operations by its name."""


def parse_operation(operation: Mapping[str, Any], where: str = "Operation") -> Operation:
    """Read ``Operation`` of a CreateJob request or DescribeJob response.

    Raises:
        UsageError: It holds not exactly one operation, or a value that S3 does not have.
    """
    if len(operation) != 1:
        found = ", ".join(operation) or "nothing"
        raise UsageError(f"{where}: got {found}; wanted exactly one operation")
    [(name, members)] = operation.items()
    if name not in OPERATIONS:
        return NewerOperation(name=name, members=members)
    return OPERATIONS[name].from_members(members, where=f"{where}.{name}")  # type: ignore[return-value]


AnyOperation = Annotated[Operation, Codec(parse_operation, lambda operation: operation.request())]
