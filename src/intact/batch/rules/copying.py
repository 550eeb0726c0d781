"""Rules of S3PutObjectCopy."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from intact.batch.operations import MAX_COPY_SIZE
from intact.batch.rules.base import API, COPY, GUIDE, Breach, Rule, Submission, both_or_none

if TYPE_CHECKING:
    from collections.abc import Iterator

_DIRECTORY_BUCKET_REFUSES = (
    "CannedAccessControlList",
    "AccessControlGrants",
    "StorageClass",
    "RedirectLocation",
    "RequesterPays",
    "ObjectLockLegalHoldStatus",
    "ObjectLockMode",
    "ObjectLockRetainUntilDate",
    "AnnotationDirective",
    "ObjectLockEventHold",
    "ObjectLockEventHoldDuration",
)
_TARGET = re.compile(r"arn:[^:]+:(s3:::[^:/]+|s3express:[^:]+:\d{12}:/?bucket/[^:/]+--x-s3)")


def _target_resource(job: Submission) -> Iterator[Breach]:
    copy = job.operation("S3PutObjectCopy")
    target = None if copy is None else copy.get("TargetResource", "nothing")
    if target is not None and not _TARGET.fullmatch(target):
        yield f"{COPY}.TargetResource", target, "the destination bucket's ARN"


def _disputed_target(job: Submission) -> Iterator[Breach]:
    target = job.copy.get("TargetResource", "")
    if ":/bucket/" in target:
        yield f"{COPY}.TargetResource", target, "no slash before 'bucket/', as most documents write"


def _prefix_without_slash(job: Submission) -> Iterator[Breach]:
    prefix = job.copy.get("TargetKeyPrefix", "")
    if prefix.endswith("/"):
        yield f"{COPY}.TargetKeyPrefix", repr(prefix), "no slash at the end; S3 adds one"


def _copy_size(job: Submission) -> Iterator[Breach]:
    wanted = f"at most {MAX_COPY_SIZE} bytes; larger objects need LambdaInvoke or a copy in parts"
    largest, least = job.facts.largest_object, job.filter.get("ObjectSizeGreaterThanBytes", 0)
    if job.copy and largest is not None and largest > MAX_COPY_SIZE:
        yield "Manifest", f"an object of {largest} bytes", wanted
    if job.copy and least >= MAX_COPY_SIZE:
        yield "ManifestGenerator", f"only objects of more than {least} bytes", wanted


def _one_source_bucket(job: Submission) -> Iterator[Breach]:
    if job.copy and len(job.sources) > 1:
        yield "Manifest", ", ".join(sorted(job.sources)), "objects of one bucket"


def _copy_region(job: Submission) -> Iterator[Breach]:
    region, target = job.facts.region, job.facts.bucket_regions.get(job.target)
    if region is not None and target is not None and region != target:
        where = f"{COPY}.TargetResource"
        yield where, f"a bucket in {target}", f"one in {region}, where the job is created"


def _changed_in_place(job: Submission) -> Iterator[Breach]:
    changes = job.copy.keys() - {"TargetResource", "ChecksumAlgorithm", "TargetKeyPrefix"}
    if job.sources == {job.target} and not job.copy.get("TargetKeyPrefix") and not changes:
        yield COPY, "copies onto themselves", "another change, such as MetadataDirective REPLACE"


def _deprecated_metadata(job: Submission) -> Iterator[Breach]:
    metadata = job.copy.get("NewObjectMetadata", {})
    for name in ("ContentLength", "ContentMD5", "RequesterCharged"):
        if name in metadata:
            yield f"{COPY}.NewObjectMetadata.{name}", repr(metadata[name]), "nothing: deprecated"


def _key_needs_kms(job: Submission) -> Iterator[Breach]:
    algorithm = job.copy.get("NewObjectMetadata", {}).get("SSEAlgorithm")
    if "SSEAwsKmsKeyId" in job.copy and algorithm != "KMS":
        where = f"{COPY}.NewObjectMetadata.SSEAlgorithm"
        yield where, repr(algorithm), "'KMS': without it the key has no meaning"


def _directory_bucket(job: Submission) -> Iterator[Breach]:
    if not job.to_directory_bucket:
        return
    wanted = "nothing: the target is a directory bucket"
    for name in _DIRECTORY_BUCKET_REFUSES:
        if name in job.copy:
            yield f"{COPY}.{name}", repr(job.copy[name]), wanted
    if job.copy.get("NewObjectTagging"):
        yield f"{COPY}.NewObjectTagging", "tags", "an empty list: the target is a directory bucket"


def _directory_tags(job: Submission) -> Iterator[Breach]:
    if job.to_directory_bucket and "NewObjectTagging" not in job.copy:
        wanted = "an empty list: with the source's tags a task fails"
        yield f"{COPY}.NewObjectTagging", "nothing", wanted


def _directory_key(job: Submission) -> Iterator[Breach]:
    if not job.to_directory_bucket:
        return
    kms = job.copy.get("NewObjectMetadata", {}).get("SSEAlgorithm") == "KMS"
    key = job.copy.get("SSEAwsKmsKeyId")
    if kms and key is None:
        yield f"{COPY}.SSEAwsKmsKeyId", "nothing", "the directory bucket's own key"
    if key is not None and (key.startswith("alias/") or ":alias/" in key):
        yield f"{COPY}.SSEAwsKmsKeyId", repr(key), "a key id or key ARN: no alias"
    if "BucketKeyEnabled" in job.copy:
        got = repr(job.copy["BucketKeyEnabled"])
        yield f"{COPY}.BucketKeyEnabled", got, "nothing: directory buckets leave no choice"


def _lock_mode_with_date(job: Submission) -> Iterator[Breach]:
    yield from both_or_none(job.copy, "ObjectLockMode", "ObjectLockRetainUntilDate", where=COPY)


def _restored_first(job: Submission) -> Iterator[Breach]:
    archived = {"GLACIER", "DEEP_ARCHIVE"} & {*job.filter.get("MatchAnyStorageClass", ())}
    if job.copy and archived:
        got = ", ".join(sorted(archived))
        yield "ManifestGenerator", got, "objects restored before the job runs"


_OPERATION = API + "S3CopyObjectOperation"
_GUIDE = GUIDE + "batch-ops-copy-object"
RULES = (
    Rule(
        "target resource",
        _OPERATION + "; aws-sdk-java-v2#3085 (HTTP 500)",
        _target_resource,
    ),
    Rule("disputed target", _OPERATION + "; other pages differ", _disputed_target, warning=True),
    Rule(
        "prefix without slash",
        "undocumented: the copy's key may hold two slashes",
        _prefix_without_slash,
        warning=True,
    ),
    Rule("copy size", _GUIDE, _copy_size),
    Rule("one source bucket", _GUIDE, _one_source_bucket),
    Rule("copy region", _GUIDE, _copy_region),
    Rule("changed in place", "S3 API Reference, CopyObject", _changed_in_place),
    Rule("deprecated metadata", API + "S3ObjectMetadata", _deprecated_metadata),
    Rule("key needs kms", _OPERATION, _key_needs_kms, warning=True),
    Rule("directory bucket", _OPERATION, _directory_bucket),
    Rule("directory tags", _OPERATION, _directory_tags, warning=True),
    Rule("directory key", _OPERATION, _directory_key),
    Rule("lock mode with date", "S3 API Reference, CopyObject", _lock_mode_with_date),
    Rule("restored first", _GUIDE, _restored_first, warning=True),
)
