"""Structures that stand inside operations; the names are the S3 Control API Reference's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import ClassVar, Literal

from intact.batch.structure import Moment, Structure

OnOff = Literal["ON", "OFF"]
LockMode = Literal["COMPLIANCE", "GOVERNANCE"]
"""Compliance can only be extended, by nobody shortened; governance by whoever may bypass it."""


class Directive(Enum):
    """Where the copies' metadata come from."""

    COPY = "COPY"
    REPLACE = "REPLACE"


class AnnotationDirective(Enum):
    """Whether a copy takes the source's annotations along; each is billed like a PUT."""

    COPY = "COPY"
    EXCLUDE = "EXCLUDE"


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Grantee(Structure):
    """Who receives a permission.

    Attributes:
        type_identifier: What ``identifier`` is; S3 refuses e-mail addresses since October 2025.
        identifier: Canonical user id, URI of a group, or e-mail address.
        display_name: For people.
    """

    type_identifier: Literal["id", "emailAddress", "uri"] | None = None
    identifier: str | None = None
    display_name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Grant(Structure):
    """One entry of an access control list.

    Attributes:
        grantee: Who.
        permission: May do what.
    """

    grantee: S3Grantee | None = None
    permission: Literal["FULL_CONTROL", "READ", "WRITE", "READ_ACP", "WRITE_ACP"] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class S3ObjectOwner(Structure):
    """Owner that an access control list names.

    Attributes:
        id: Canonical user id.
        display_name: For people.
    """

    MEMBERS: ClassVar[Mapping[str, str]] = {"id": "ID"}
    id: str | None = None
    display_name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class S3AccessControlList(Structure):
    """Access control list of an object.

    Attributes:
        owner: Owner of the objects.
        grants: Who may do what.
    """

    owner: S3ObjectOwner
    grants: tuple[S3Grant, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class S3AccessControlPolicy(Structure):
    """What S3PutObjectAcl sets: one of the two.

    Attributes:
        access_control_list: A list of grants.
        canned_access_control_list: S3's name of a canned ACL.
    """

    access_control_list: S3AccessControlList | None = None
    canned_access_control_list: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class S3ObjectMetadata(Structure):
    """Metadata that replace those of the source.

    Attributes:
        cache_control: Header of that name, 1 to 1024 characters, as each below.
        content_disposition: Header of that name.
        content_encoding: Header of that name.
        content_language: Header of that name.
        user_metadata: Values by name, without ``x-amz-meta-``.
        content_length: Deprecated; not to be sent.
        content_md5: Deprecated; not to be sent.
        content_type: Header of that name.
        http_expires_date: ``Expires``.
        requester_charged: Deprecated; not to be sent.
        sse_algorithm: Encryption of the copies; ``KMS`` is SSE-KMS.
    """

    MEMBERS: ClassVar[Mapping[str, str]] = {
        "content_md5": "ContentMD5",
        "sse_algorithm": "SSEAlgorithm",
    }
    cache_control: str | None = None
    content_disposition: str | None = None
    content_encoding: str | None = None
    content_language: str | None = None
    user_metadata: Mapping[str, str] | None = None
    content_length: int | None = None
    content_md5: str | None = None
    content_type: str | None = None
    http_expires_date: Moment | None = None
    requester_charged: bool | None = None
    sse_algorithm: Literal["AES256", "KMS"] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventHoldDuration(Structure):
    """How long an object stays locked after its event: one of the two.

    Attributes:
        days: 1 to 36500.
        years: 1 to 100.
    """

    days: int | None = None
    years: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class S3ObjectLockLegalHold(Structure):
    """A legal hold.

    Attributes:
        status: Whether it stands.
    """

    status: OnOff


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Retention(Structure):
    """Retention of an object version; one without members removes it.

    Attributes:
        retain_until_date: End of the retention.
        mode: Who may shorten it.
        event_hold: Whether it counts from an event that is yet to come.
        event_hold_duration: How long it then lasts.
    """

    retain_until_date: Moment | None = None
    mode: LockMode | None = None
    event_hold: OnOff | None = None
    event_hold_duration: EventHoldDuration | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EncryptionKey(Structure):
    """SSE-KMS as S3UpdateObjectEncryption sets it.

    Attributes:
        kms_key_arn: Full ARN of a key in the bucket owner's account; no alias.
        bucket_key_enabled: Whether the objects use an S3 Bucket Key.
    """

    MEMBERS: ClassVar[Mapping[str, str]] = {"kms_key_arn": "KMSKeyArn"}
    kms_key_arn: str
    bucket_key_enabled: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectEncryption(Structure):
    """Encryption that objects are to have; SSE-KMS is all that S3 offers.

    Attributes:
        ssekms: SSE-KMS.
    """

    MEMBERS: ClassVar[Mapping[str, str]] = {"ssekms": "SSEKMS"}
    ssekms: EncryptionKey | None = None
