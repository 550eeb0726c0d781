"""Which objects of a bucket a generated list holds: the one place where filters are applied.

Every member of a filter must hold.  Where S3's documents are silent: prefix, suffix and substring
must hold together, an object is created when it was last modified, and a replication that is
pending has no status that a filter could name.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from intact.batch.generator import EncryptionFilter, KeyNameConstraint, ManifestFilter


class Match(Enum):
    """What a filter says of an object."""

    SELECTED = "selected"
    """Every member holds."""
    LEFT_OUT = "left_out"
    """One does not."""
    ASK = "ask"
    """A listing does not tell; ``Candidate.details`` must."""


class EncryptionKind(Enum):
    """How an object is encrypted, by the names of a filter."""

    SSES3 = "SSES3"
    SSEKMS = "SSEKMS"
    DSSEKMS = "DSSEKMS"
    SSEC = "SSEC"
    NOTSSE = "NOTSSE"
    OTHER = "other"
    """In a way that no filter names, as ``aws:fsx``."""


_KINDS = {
    "AES256": EncryptionKind.SSES3,
    "aws:kms": EncryptionKind.SSEKMS,
    "aws:kms:dsse": EncryptionKind.DSSEKMS,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Encryption:
    """How an object is encrypted.

    Attributes:
        kind: By whose keys.
        key: ARN of the KMS key, where the store names it.
        bucket_key: Whether an S3 Bucket Key is used.
    """

    kind: EncryptionKind
    key: str | None = None
    bucket_key: bool = False

    @classmethod
    def from_head(cls, head: Mapping[str, Any]) -> Self:
        """Read what HeadObject says."""
        if "SSECustomerAlgorithm" in head:
            return cls(kind=EncryptionKind.SSEC)
        if "ServerSideEncryption" not in head:
            return cls(kind=EncryptionKind.NOTSSE)
        return cls(
            kind=_KINDS.get(head["ServerSideEncryption"], EncryptionKind.OTHER),
            key=head.get("SSEKMSKeyId"),
            bucket_key=head.get("BucketKeyEnabled", False),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """What no listing tells of an object.

    Attributes:
        encryption: How it is encrypted.
        replication_status: ``ReplicationStatus`` of HeadObject; NONE where there is none.
        eligible: Whether an enabled replication rule covers it.
    """

    encryption: Encryption
    replication_status: str = "NONE"
    eligible: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One object of a bucket.

    Attributes:
        key: Its key.
        size: In bytes.
        created: When it was last modified.
        storage_class: Its class.
        details: What no listing tells; None where nobody has asked.
    """

    key: str
    size: int
    created: datetime
    storage_class: str = "STANDARD"
    details: Details | None = None


def select(wanted: ManifestFilter, found: Candidate) -> Match:
    """Say whether a list under this filter holds an object, or ask for its details.

    Asks only where what a listing tells lets the object through.
    """
    if not all(_listed(wanted, found)):
        return Match.LEFT_OUT
    if not _unlisted(wanted):
        return Match.SELECTED
    if found.details is None:
        return Match.ASK
    return Match.SELECTED if all(_detailed(wanted, found.details)) else Match.LEFT_OUT


def _unlisted(wanted: ManifestFilter) -> bool:
    members = (
        wanted.eligible_for_replication,
        wanted.object_replication_statuses,
        wanted.match_any_object_encryption,
    )
    return any(member is not None for member in members)


def _listed(wanted: ManifestFilter, found: Candidate) -> Iterator[bool]:
    if wanted.created_after is not None:
        yield found.created > wanted.created_after
    if wanted.created_before is not None:
        yield found.created < wanted.created_before
    if wanted.object_size_greater_than_bytes is not None:
        yield found.size > wanted.object_size_greater_than_bytes
    if wanted.object_size_less_than_bytes is not None:
        yield found.size < wanted.object_size_less_than_bytes
    if wanted.match_any_storage_class is not None:
        yield found.storage_class in wanted.match_any_storage_class
    if wanted.key_name_constraint is not None:
        yield from _named(wanted.key_name_constraint, found.key)


def _named(wanted: KeyNameConstraint, key: str) -> Iterator[bool]:
    if wanted.match_any_prefix is not None:
        yield key.startswith(wanted.match_any_prefix)
    if wanted.match_any_suffix is not None:
        yield key.endswith(wanted.match_any_suffix)
    if wanted.match_any_substring is not None:
        yield any(text in key for text in wanted.match_any_substring)


def _detailed(wanted: ManifestFilter, found: Details) -> Iterator[bool]:
    if wanted.eligible_for_replication is not None:
        yield found.eligible == wanted.eligible_for_replication
    if wanted.object_replication_statuses is not None:
        # HeadObject spells it both ways (API Reference: COMPLETE; User Guide: COMPLETED).
        ended = {"COMPLETE": "COMPLETED"}.get(found.replication_status, found.replication_status)
        yield ended in wanted.object_replication_statuses
    if wanted.match_any_object_encryption is not None:
        yield any(_encrypted(one, found.encryption) for one in wanted.match_any_object_encryption)


def _encrypted(wanted: EncryptionFilter, found: Encryption) -> bool:
    match found.kind:
        case EncryptionKind.SSEKMS:
            kms = wanted.ssekms
            return (
                kms is not None
                and kms.kms_key_arn in {None, found.key}
                and kms.bucket_key_enabled in {None, found.bucket_key}
            )
        case EncryptionKind.DSSEKMS:
            return wanted.dssekms is not None and wanted.dssekms.kms_key_arn in {None, found.key}
        case EncryptionKind.SSES3:
            return wanted.sses3 is not None
        case EncryptionKind.SSEC:
            return wanted.ssec is not None
        case EncryptionKind.NOTSSE:
            return wanted.notsse is not None
        case _:
            return False
