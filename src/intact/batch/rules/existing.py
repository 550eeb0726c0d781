"""Rules of what the job meets in S3: they speak only where someone looked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from intact.batch.rules.base import (
    COPY,
    GUIDE,
    Breach,
    Rule,
    Submission,
    expected_owners,
    named_buckets,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

UNREAD = "everything read"
"""Rule that what is not there to be read breaks: a warning that others stayed silent."""


def _existing_buckets(job: Submission) -> Iterator[Breach]:
    named = named_buckets(job.request)
    for where, bucket in named.items():
        if bucket in job.facts.missing_buckets:
            yield where, f"bucket {bucket}, which does not exist", "a bucket"
    for bucket in sorted(job.facts.source_buckets - {*named.values()}):
        if bucket in job.facts.missing_buckets:
            yield "Manifest", f"objects of bucket {bucket}, which does not exist", "a bucket"


def _existing_manifest(job: Submission) -> Iterator[Breach]:
    if job.facts.manifest_missing:
        location = job.manifest.get("Location", {})
        yield "Manifest.Location", location.get("ObjectArn", "nothing"), "an object that exists"


def _rows_to_work_on(job: Submission) -> Iterator[Breach]:
    if job.facts.rows == 0:
        yield "Manifest", "no rows", "at least one"


def _owner_of_the_bucket(job: Submission) -> Iterator[Breach]:
    for where, bucket, owner in expected_owners(job.request):
        if (bucket, owner) in job.facts.foreign_buckets:
            yield where, owner, f"the account that owns bucket {bucket}"


def _versioned_target(job: Submission) -> Iterator[Breach]:
    if job.target in job.facts.unversioned_buckets:
        got = f"bucket {job.target} without versions"
        yield f"{COPY}.TargetResource", got, "versions, or no key that is there already"


def _versioned_objects(job: Submission) -> Iterator[Breach]:
    if job.operation("S3ReplicateObject") is not None:
        for bucket in sorted(job.sources & job.facts.unversioned_buckets):
            got = f"bucket {bucket} without versions"
            yield "Operation.S3ReplicateObject", got, "a bucket with versions"


def _everything_read(job: Submission) -> Iterator[Breach]:
    for what, why in job.facts.unread.items():
        yield what, f"no answer: {why}", "one; rules that need it stayed silent"


_CREATE = GUIDE + "batch-ops-create-job"
RULES = (
    Rule("existing buckets", _CREATE, _existing_buckets),
    Rule("existing manifest", _CREATE, _existing_manifest),
    Rule("rows to work on", _CREATE, _rows_to_work_on),
    Rule(
        "owner of the bucket",
        GUIDE + "batch-ops-examples-reports; a wrong owner fails the job",
        _owner_of_the_bucket,
    ),
    Rule(
        "versioned target",
        GUIDE + "batch-ops-copy-object: copies overwrite",
        _versioned_target,
        warning=True,
    ),
    Rule("versioned objects", GUIDE + "s3-batch-replication-batch", _versioned_objects),
    Rule(
        UNREAD,
        "what nobody could read, nobody judged",
        _everything_read,
        warning=True,
    ),
)
