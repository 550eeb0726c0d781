"""A list of objects that S3 itself generates from a bucket, instead of a manifest.

Source: S3 Control API Reference, S3JobManifestGenerator and JobManifestGeneratorFilter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from intact.batch.structure import Choice, Moment, Structure

GENERATED_FORMAT = "S3InventoryReport_CSV_20211130"


@dataclass(frozen=True, slots=True, kw_only=True)
class Present(Structure):
    """A structure without members: that it stands there is all it says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestKey(Structure):
    """SSE-KMS of a generated manifest.

    Attributes:
        key_id: The key.
    """

    key_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestEncryption(Structure):
    """Encryption of a generated manifest: one of the two.

    Attributes:
        sses3: With keys of S3.
        ssekms: With a key of KMS.
    """

    MEMBERS: ClassVar[Mapping[str, str]] = {"sses3": "SSES3", "ssekms": "SSEKMS"}
    sses3: Present | None = None
    ssekms: ManifestKey | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestOutputLocation(Structure):
    """Where the generated manifest is kept.

    Attributes:
        expected_manifest_bucket_owner: Account that must own the bucket.
        bucket: ARN of a general purpose bucket.
        manifest_prefix: Put before the manifest's keys.
        manifest_encryption: How it is encrypted.
        manifest_format: The one format there is.
    """

    expected_manifest_bucket_owner: str | None = None
    bucket: str
    manifest_prefix: str | None = None
    manifest_encryption: ManifestEncryption | None = None
    manifest_format: str = GENERATED_FORMAT


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyNameConstraint(Structure):
    """Which keys; S3 takes one string in each list, and does not say how the three combine.

    Attributes:
        match_any_prefix: How keys begin.
        match_any_suffix: How keys end.
        match_any_substring: What keys contain.
    """

    match_any_prefix: tuple[str, ...] | None = None
    match_any_suffix: tuple[str, ...] | None = None
    match_any_substring: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KmsFilter(Structure):
    """Objects under SSE-KMS.

    Attributes:
        kms_key_arn: With this key.
        bucket_key_enabled: With or without an S3 Bucket Key.
    """

    kms_key_arn: str | None = None
    bucket_key_enabled: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DualLayerFilter(Structure):
    """Objects under DSSE-KMS.

    Attributes:
        kms_key_arn: With this key.
    """

    kms_key_arn: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EncryptionFilter(Structure):
    """How objects are encrypted: exactly one of these.

    Attributes:
        sses3: With keys of S3.
        ssekms: With a key of KMS.
        dssekms: Twice, with a key of KMS.
        ssec: With keys that callers bring.
        notsse: Not by S3.
    """

    MEMBERS: ClassVar[Mapping[str, str]] = {
        name.lower(): name for name in ("SSES3", "SSEKMS", "DSSEKMS", "SSEC", "NOTSSE")
    }
    sses3: Present | None = None
    ssekms: KmsFilter | None = None
    dssekms: DualLayerFilter | None = None
    ssec: Present | None = None
    notsse: Present | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestFilter(Structure):
    """Which objects of the bucket; every member given must hold.

    Attributes:
        eligible_for_replication: Whether the replication configuration covers them.
        created_after: Created later than that.
        created_before: Created earlier than that.
        object_replication_statuses: Replication status, one of these.
        key_name_constraint: Their keys.
        object_size_greater_than_bytes: Larger than that.
        object_size_less_than_bytes: Smaller than that.
        match_any_storage_class: Storage class, one of these.
        match_any_object_encryption: Encryption; S3 takes one.
    """

    eligible_for_replication: bool | None = None
    created_after: Moment | None = None
    created_before: Moment | None = None
    object_replication_statuses: (
        tuple[Literal["COMPLETED", "FAILED", "REPLICA", "NONE"], ...] | None
    ) = None
    key_name_constraint: KeyNameConstraint | None = None
    object_size_greater_than_bytes: int | None = None
    object_size_less_than_bytes: int | None = None
    match_any_storage_class: tuple[str, ...] | None = None
    match_any_object_encryption: tuple[EncryptionFilter, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class S3JobManifestGenerator(Choice):
    """A job's list of objects, generated from a bucket when the job is prepared.

    Attributes:
        expected_bucket_owner: Account that must own ``source_bucket``.
        source_bucket: ARN of a general purpose bucket in the job's Region.
        manifest_output_location: Where the list is kept.
        filter: Which objects; None takes all.
        enable_manifest_output: Whether the list is kept.
    """

    expected_bucket_owner: str | None = None
    source_bucket: str
    manifest_output_location: ManifestOutputLocation | None = None
    filter: ManifestFilter | None = None
    enable_manifest_output: bool
