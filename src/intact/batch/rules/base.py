"""What a rule is, and what it judges: a request, and what is known beside it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from intact.errors import UsageError
from intact.s3.names import bucket_of_arn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

Breach = tuple[str, str, str]
"""Where, got, wanted."""
COPY = "Operation.S3PutObjectCopy"
GENERATOR = "ManifestGenerator.S3JobManifestGenerator"
API = "S3 Control API Reference, "
GUIDE = "S3 User Guide, "


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the request does not say; None or nothing is what nobody knows.

    Attributes:
        caller_account: Account of the credentials that submit the job.
        region: Region whose endpoint the job is submitted to.
        bucket_regions: Region of each bucket, by name.
        source_buckets: Every bucket that the manifest names.
        rows: Rows of the manifest.
        largest_object: Size in bytes of the largest object.
        manifest_etag: ETag of the manifest as it is now.
        manifest_encryption: ``ServerSideEncryption`` of the manifest, or ``SSE-C``.
        lockless_buckets: Buckets without Object Lock.
        unreplicated_buckets: Buckets without a replication configuration.
        missing_buckets: Buckets that do not exist.
        unversioned_buckets: Buckets that do not keep what is overwritten.
        foreign_buckets: Buckets and accounts that they were said to belong to, and do not.
        manifest_missing: Whether the manifest does not exist.
        unread: What was asked for and could not be read, and why; nothing is known of it.
    """

    caller_account: str | None = None
    region: str | None = None
    bucket_regions: Mapping[str, str] = field(default_factory=dict)
    source_buckets: frozenset[str] = frozenset()
    rows: int | None = None
    largest_object: int | None = None
    manifest_etag: str | None = None
    manifest_encryption: str | None = None
    lockless_buckets: frozenset[str] = frozenset()
    unreplicated_buckets: frozenset[str] = frozenset()
    missing_buckets: frozenset[str] = frozenset()
    unversioned_buckets: frozenset[str] = frozenset()
    foreign_buckets: frozenset[tuple[str, str]] = frozenset()
    manifest_missing: bool = False
    unread: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Submission:
    """A request that the service model has nothing against in structure, and the facts.

    Attributes:
        request: Members as boto3 takes them.
        facts: What else is known.
    """

    request: Mapping[str, Any]
    facts: Facts

    def operation(self, name: str) -> Mapping[str, Any] | None:
        """Members of an operation; None where the job does another."""
        members: Mapping[str, Any] | None = self.request["Operation"].get(name)
        return members

    @property
    def copy(self) -> Mapping[str, Any]:
        """Members of the copy; none where the job does something else."""
        return self.operation("S3PutObjectCopy") or {}

    @property
    def target(self) -> str:
        """Name of the copies' bucket; empty where there is none that can be read."""
        return bucket_name(self.copy.get("TargetResource", ""))

    @property
    def to_directory_bucket(self) -> bool:
        """Whether copies go to a directory bucket."""
        return ":s3express:" in self.copy.get("TargetResource", "")

    @property
    def manifest(self) -> Mapping[str, Any]:
        """``Manifest``, or nothing."""
        members: Mapping[str, Any] = self.request.get("Manifest", {})
        return members

    @property
    def generator(self) -> Mapping[str, Any]:
        """Members of the generator, or nothing."""
        members: Mapping[str, Any] = self.request.get("ManifestGenerator", {}).get(
            "S3JobManifestGenerator", {}
        )
        return members

    @property
    def filter(self) -> Mapping[str, Any]:
        """The generator's filter, or nothing."""
        members: Mapping[str, Any] = self.generator.get("Filter", {})
        return members

    @property
    def sources(self) -> frozenset[str]:
        """Every bucket whose objects the job works on, as far as that is known."""
        generated = bucket_name(self.generator.get("SourceBucket", ""))
        return self.facts.source_buckets | ({generated} if generated else set())


def named_buckets(request: Mapping[str, Any]) -> dict[str, str]:
    """Every bucket that a request names, by the path of the member that names it first."""
    generator = request.get("ManifestGenerator", {}).get("S3JobManifestGenerator", {})
    arns = {
        f"{COPY}.TargetResource": request["Operation"]
        .get("S3PutObjectCopy", {})
        .get("TargetResource"),
        "Report.Bucket": request["Report"].get("Bucket"),
        "Manifest.Location.ObjectArn": request.get("Manifest", {})
        .get("Location", {})
        .get("ObjectArn"),
        f"{GENERATOR}.SourceBucket": generator.get("SourceBucket"),
        f"{GENERATOR}.ManifestOutputLocation.Bucket": generator.get(
            "ManifestOutputLocation", {}
        ).get("Bucket"),
    }
    return {where: name for where, arn in arns.items() if arn and (name := bucket_name(arn))}


def expected_owners(request: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Path, bucket and account of every bucket that a request says the owner of."""
    generator = request.get("ManifestGenerator", {}).get("S3JobManifestGenerator", {})
    output = generator.get("ManifestOutputLocation", {})
    places = (
        ("Report.ExpectedBucketOwner", request["Report"], "Bucket", "ExpectedBucketOwner"),
        (f"{GENERATOR}.ExpectedBucketOwner", generator, "SourceBucket", "ExpectedBucketOwner"),
        (
            f"{GENERATOR}.ManifestOutputLocation.ExpectedManifestBucketOwner",
            output,
            "Bucket",
            "ExpectedManifestBucketOwner",
        ),
    )
    return [
        (where, bucket_name(members[bucket]), members[owner])
        for where, members, bucket, owner in places
        if bucket in members and owner in members
    ]


class Rule(NamedTuple):
    """One rule.

    Attributes:
        name: What it is called in messages.
        source: Who says so.
        check: Yields ``(where, got, wanted)`` for each place that breaks it.
        warning: True where the sources are silent or disagree, or where it is only advice.
    """

    name: str
    source: str
    check: Callable[[Submission], Iterator[Breach]]
    warning: bool = False


def only_one(members: Mapping[str, Any], *names: str, where: str) -> Iterator[Breach]:
    """Break unless exactly one of the names is a member."""
    given = [name for name in names if name in members]
    if len(given) != 1:
        yield where, " and ".join(given) or "nothing", f"exactly one of {', '.join(names)}"


def both_or_none(members: Mapping[str, Any], *names: str, where: str) -> Iterator[Breach]:
    """Break unless all or none of the names are members."""
    given = [name for name in names if name in members]
    if 0 < len(given) < len(names):
        yield where, f"only {', '.join(given)}", " and ".join(names)


def is_directory_bucket(name: str) -> bool:
    """Whether a name is one of those that only directory buckets have."""
    return name.endswith("--x-s3")


def bucket_name(arn: str) -> str:
    """Name of the bucket that an ARN speaks of; empty where it is none."""
    try:
        return bucket_of_arn(arn)
    except UsageError:
        return ""
