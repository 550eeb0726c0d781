"""A whole copy job on a real S3 server: objects, job, damage, and the truth about all three."""

from __future__ import annotations

import unicodedata
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice, repeat
from typing import TYPE_CHECKING, Any

from intact.adapters.boto import load_model
from intact.adapters.s3control import submit, wait
from intact.batch import (
    JobSpec,
    ManifestLocation,
    ReportTarget,
    S3PutObjectCopy,
    problems,
    write_manifest,
)
from intact.batch.manifest import VERSIONED_FIELDS
from intact.batch.outcome import JobOutcome, JobStatus
from intact.checksum import Algorithm, ChecksumType, crc64nvme, full_object, new
from intact.checksum.encoding import digest_of, encode
from intact.errors import StoreError, UsageError
from intact.s3 import ObjectRef
from intact.s3.names import bucket_arn, object_arn

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from types_boto3_s3 import S3Client
    from types_boto3_s3control import S3ControlClient

    from intact.adapters.ports import Progress

ACCOUNT = "111122223333"
PART_SIZE = 5 * 1024**2
"""Smallest part that S3 takes before the last one."""
TREE_OBJECTS = 1_010
"""Most files of the tree; Debian's standard library has 668, for want of Python's own tests."""
LEAST_FILES = 10
WORKERS = 8
POLL_SECONDS = 0.1
SOME_BYTES = 100
MANIFEST = "manifest.csv"

NFC = unicodedata.normalize("NFC", "odd/café.txt")
NFD = unicodedata.normalize("NFD", NFC)
ODD_KEYS = (
    "odd/with space.txt",
    "odd/one+one.txt",
    "odd/100%.txt",
    "odd/%2B.txt",
    NFC,
    NFD,
    "odd/日本語.txt",
    "odd/new\nline.txt",
)
EMPTY = "odd/empty"
OLDER = "odd/older.txt"
FULL_OBJECT = "large/full-object.bin"
COMPOSITE = "large/composite.bin"
LARGE = {COMPOSITE: Algorithm.SHA256, FULL_OBJECT: Algorithm.CRC64NVME}
LARGE_PARTS = (b"a" * PART_SIZE, b"b" * PART_SIZE, b"tail")


@dataclass(frozen=True, slots=True, kw_only=True)
class Buckets:
    """The three buckets of a rehearsal."""

    source: str
    destination: str
    service: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """A job that has run, and what was then done to its copies.

    Attributes:
        job_id: The job.
        damaged: Words for the damage, by destination key.
    """

    job_id: str
    damaged: Mapping[str, str]


@contextmanager
def temporary_buckets(s3: S3Client, *, suffix: str) -> Iterator[Buckets]:
    """Make three buckets, the source with versions, and remove them with all they hold."""
    names = [f"intact-demo-{role}-{suffix}" for role in ("source", "copies", "service")]
    made: list[str] = []
    try:
        for name in names:
            s3.create_bucket(Bucket=name)
            made.append(name)
        source, destination, service = names
        s3.put_bucket_versioning(Bucket=source, VersioningConfiguration={"Status": "Enabled"})
        yield Buckets(source=source, destination=destination, service=service)
    finally:
        for name in made:
            _remove(s3, name)


def rehearse(  # noqa: PLR0913 - keywords all but two
    s3: S3Client,
    control: S3ControlClient,
    *,
    buckets: Buckets,
    tree: Path,
    progress: Progress,
    files: int = TREE_OBJECTS,
) -> Rehearsal:
    """Upload a tree and odd objects, copy them all with a batch job, and damage six copies.

    Args:
        s3: Client of the store.
        control: Client of the Batch Operations endpoint that works on that store.
        buckets: Empty buckets; the source's has versions.
        tree: Folder with Python files.
        progress: Told what goes on.
        files: How many of them to upload at most.

    Raises:
        UsageError: The job breaks a rule, or the tree has fewer than ``LEAST_FILES``.
        StoreError: The job could not be submitted or followed.
    """
    stage = _Stage(s3=s3, buckets=buckets, progress=progress)
    odd = {key: key.encode() for key in ODD_KEYS} | {EMPTY: b""}
    sources = stage.upload(_tree(tree, files) | odd)
    progress.phase("uploading large objects", total=len(LARGE))
    for key, algorithm in LARGE.items():
        sources.append(stage.upload_parts(buckets.source, key, LARGE_PARTS, algorithm=algorithm))
        progress.advance()
    sources.append(stage.withdraw(OLDER))
    job_id = stage.run_job(control, sources)
    return Rehearsal(job_id=job_id, damaged=stage.damage())


def _tree(folder: Path, files: int) -> dict[str, bytes]:
    """The first Python files of a folder by name, as objects."""
    paths = sorted(path for path in folder.rglob("*.py") if path.is_file())[:files]
    if len(paths) < LEAST_FILES:
        raise UsageError(f"{folder} has {len(paths)} Python files; wanted at least {LEAST_FILES}")
    return {f"stdlib/{path.relative_to(folder).as_posix()}": path.read_bytes() for path in paths}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stage:
    s3: S3Client
    buckets: Buckets
    progress: Progress

    def put(self, bucket: str, key: str, body: bytes) -> ObjectRef:
        """Upload with a CRC64NVME that is computed here, so that S3 refuses a damaged arrival."""
        digest = encode(digest_of(crc64nvme(body), algorithm=Algorithm.CRC64NVME))
        response = self.s3.put_object(Bucket=bucket, Key=key, Body=body, ChecksumCRC64NVME=digest)
        return ObjectRef(bucket=bucket, key=key, version_id=response.get("VersionId"))

    def upload(self, objects: Mapping[str, bytes]) -> list[ObjectRef]:
        """Upload objects to the source bucket, several at a time."""
        self.progress.phase("uploading", total=len(objects))
        refs = []
        with ThreadPoolExecutor(WORKERS) as pool:
            source = repeat(self.buckets.source)
            try:
                for ref in pool.map(self.put, source, objects.keys(), objects.values()):
                    refs.append(ref)
                    self.progress.advance()
            finally:
                pool.shutdown(wait=False, cancel_futures=True)
        return refs

    def upload_parts(
        self, bucket: str, key: str, parts: Sequence[bytes], *, algorithm: Algorithm
    ) -> ObjectRef:
        """Upload in parts: CRC64NVME as FULL_OBJECT, any other algorithm as COMPOSITE."""
        whole = algorithm is Algorithm.CRC64NVME
        kind = ChecksumType.FULL_OBJECT if whole else ChecksumType.COMPOSITE
        target: Any = {"Bucket": bucket, "Key": key}
        upload: Any = self.s3.create_multipart_upload(
            **target, ChecksumAlgorithm=algorithm.value, ChecksumType=kind.value
        )
        target["UploadId"] = upload["UploadId"]
        done: list[Any] = []
        for number, body in enumerate(parts, 1):
            value: Any = {algorithm.member: encode(new(algorithm, body).digest())}
            part: Any = self.s3.upload_part(**target, PartNumber=number, Body=body, **value)
            done.append({"PartNumber": number, "ETag": part["ETag"], **value})
        digests = [(new(algorithm, body).digest(), len(body)) for body in parts]
        final: Any = (
            {algorithm.member: str(full_object(digests, algorithm=algorithm))} if whole else {}
        )
        response: Any = self.s3.complete_multipart_upload(
            **target, MultipartUpload={"Parts": done}, ChecksumType=kind.value, **final
        )
        return ObjectRef(bucket=bucket, key=key, version_id=response.get("VersionId"))

    def withdraw(self, key: str) -> ObjectRef:
        """Leave an old object at the destination and take its source's version away.

        The manifest names the version, so the task fails, and the old object stays.
        """
        self.put(self.buckets.destination, key, b"what a job of last year left here")
        source = self.put(self.buckets.source, key, b"what this job was to copy")
        self.s3.delete_object(
            Bucket=source.bucket, Key=source.key, VersionId=source.version_id or "null"
        )
        return source

    def run_job(self, control: S3ControlClient, sources: Sequence[ObjectRef]) -> str:
        """Write the manifest, submit the copy job and wait for its end."""
        manifest = b"".join(write_manifest(sources, fields=VERSIONED_FIELDS))
        stored = self.s3.put_object(Bucket=self.buckets.service, Key=MANIFEST, Body=manifest)
        spec = JobSpec(
            account_id=ACCOUNT,
            role_arn=f"arn:aws:iam::{ACCOUNT}:role/intact-demo",
            operation=S3PutObjectCopy(
                target_resource=bucket_arn(self.buckets.destination),
                checksum_algorithm=Algorithm.CRC64NVME,
            ),
            manifest=ManifestLocation(
                object_arn=object_arn(self.buckets.service, MANIFEST),
                etag=stored["ETag"],
                fields=VERSIONED_FIELDS,
            ),
            report=ReportTarget(bucket=bucket_arn(self.buckets.service), prefix="report"),
            confirmation_required=False,
            description="intact demo",
        )
        request = spec.request()
        if found := problems(request, model=load_model()):
            raise UsageError("; ".join(map(str, found)))
        job_id = submit(control, request)
        self.progress.phase("copying", total=len(sources))
        follow = _Follower(self.progress)
        outcome = wait(
            control, account_id=ACCOUNT, job_id=job_id, poll_seconds=POLL_SECONDS, progress=follow
        )
        if outcome.status is not JobStatus.COMPLETE:
            raise StoreError(
                f"job {job_id} ended {outcome.status.value}: {outcome.failure_reasons}"
            )
        return job_id

    def damage(self) -> dict[str, str]:
        """Damage copies in the ways that happen, and say how, by key."""
        bucket = self.buckets.destination
        listed = self.s3.list_objects_v2(Bucket=bucket, Prefix="stdlib/")["Contents"]
        large_enough = (item["Key"] for item in listed if item["Size"] > SOME_BYTES)
        flipped, truncated, deleted, replaced = islice(large_enough, 4)
        body = self.s3.get_object(Bucket=bucket, Key=flipped)["Body"].read()
        self.put(bucket, flipped, _flip(body))
        body = self.s3.get_object(Bucket=bucket, Key=truncated)["Body"].read()
        self.put(bucket, truncated, body[:-1])
        self.s3.delete_object(Bucket=bucket, Key=deleted)
        size = self.s3.head_object(Bucket=bucket, Key=replaced)["ContentLength"]
        self.put(bucket, replaced, b"x" * size)
        first, *rest = LARGE_PARTS
        parts = [_flip(first), *rest]
        self.upload_parts(bucket, FULL_OBJECT, parts, algorithm=Algorithm.CRC64NVME)
        return {
            flipped: "one byte flipped",
            truncated: "last byte cut off",
            deleted: "deleted",
            replaced: "replaced by another object of the same size",
            FULL_OBJECT: "one byte flipped, uploaded in the same parts",
            OLDER: "an older object, left by a task that failed",
        }


class _Follower:
    """Turns answers of DescribeJob into steps of progress."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._seen = 0

    def __call__(self, outcome: JobOutcome) -> None:
        done = outcome.succeeded + outcome.failed
        for _ in range(done - self._seen):
            self._progress.advance()
        self._seen = done


def _flip(body: bytes) -> bytes:
    """The body with one bit of its middle byte flipped."""
    middle = len(body) // 2
    return body[:middle] + bytes([body[middle] ^ 1]) + body[middle + 1 :]


def _remove(s3: S3Client, bucket: str) -> None:
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        listed = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        doomed: list[Any] = [
            {"Key": item["Key"], "VersionId": item["VersionId"]} for item in listed
        ]
        if doomed:
            s3.delete_objects(Bucket=bucket, Delete={"Objects": doomed, "Quiet": True})
    s3.delete_bucket(Bucket=bucket)
