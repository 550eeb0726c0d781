"""Which replication rules of a bucket cover an object, and where they replicate it to.

Source: Amazon S3 API Reference, ReplicationRule; User Guide, "Replication configuration file
elements": the rule of the highest priority speaks for each destination.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from intact.batch.selection import EncryptionKind
from intact.s3.names import bucket_of_arn

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from intact.batch.selection import Encryption

_UNDER_KMS = {EncryptionKind.SSEKMS, EncryptionKind.DSSEKMS}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplicationRule:
    """One rule that is enabled.

    Attributes:
        priority: The higher one speaks, where two rules name one destination.
        prefix: How keys begin.
        tags: Tags that an object must have, all of them.
        kms: Whether objects under SSE-KMS are covered too.
        bucket: Name of the destination.
        storage_class: Class of the replicas; None keeps the source's.
        key: KMS key of the replicas; None where the rule names none.
    """

    priority: int
    prefix: str
    tags: Mapping[str, str]
    kms: bool
    bucket: str
    storage_class: str | None
    key: str | None

    @classmethod
    def parse_all(cls, configuration: Mapping[str, Any]) -> tuple[Self, ...]:
        """Read the enabled rules of a ``ReplicationConfiguration``, as boto3 returns it.

        Raises:
            UsageError: A destination is no bucket's ARN.
        """
        rules = configuration["Rules"]
        return tuple(cls._parse(rule) for rule in rules if rule["Status"] == "Enabled")

    @classmethod
    def _parse(cls, rule: Mapping[str, Any]) -> Self:
        given = rule.get("Filter", {"Prefix": rule.get("Prefix", "")})
        both = given.get("And", given)
        tags = [*both.get("Tags", ()), *([given["Tag"]] if "Tag" in given else [])]
        kms = rule.get("SourceSelectionCriteria", {}).get("SseKmsEncryptedObjects", {})
        target = rule["Destination"]
        return cls(
            priority=rule.get("Priority", 0),
            prefix=both.get("Prefix", ""),
            tags={tag["Key"]: tag["Value"] for tag in tags},
            kms=kms.get("Status") == "Enabled",
            bucket=bucket_of_arn(target["Bucket"]),
            storage_class=target.get("StorageClass"),
            key=target.get("EncryptionConfiguration", {}).get("ReplicaKmsKeyID"),
        )

    def covers(self, key: str, *, tags: Mapping[str, str], encryption: Encryption) -> bool:
        """Whether the rule replicates an object of this key, these tags and this encryption."""
        return (
            key.startswith(self.prefix)
            and tags.items() >= self.tags.items()
            and (self.kms or encryption.kind not in _UNDER_KMS)
        )


def replicas(
    rules: Iterable[ReplicationRule],
    key: str,
    *,
    tags: Mapping[str, str],
    encryption: Encryption,
) -> list[ReplicationRule]:
    """Return the rule that speaks for each destination of an object, by the destinations' names."""
    chosen: dict[str, ReplicationRule] = {}
    for rule in sorted(rules, key=lambda rule: rule.priority):
        if rule.covers(key, tags=tags, encryption=encryption):
            chosen[rule.bucket] = rule
    return [chosen[bucket] for bucket in sorted(chosen)]
