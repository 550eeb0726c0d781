"""Asks AWS what a job will meet: its buckets, its manifest, the account that submits it.

What cannot be read becomes ``Facts.unread``, of which a rule warns; it is never taken for good.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from intact.batch import manifest
from intact.batch.rules import Facts, expected_owners, named_buckets
from intact.errors import UsageError
from intact.s3.names import bucket_of_arn, key_of_arn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from types_boto3_s3 import S3Client
    from types_boto3_sts import STSClient

MOST_READ = 1 << 30
"""Bytes of a manifest that are read to count its rows; ``intact manifest lint`` counts larger."""
MOST_BUCKETS = 10
"""Buckets of a manifest that are looked at; a copy takes one."""
_ABSENT = frozenset({"404", "NoSuchBucket", "NoSuchKey", "NoSuchVersion"})
_LOCKS = ("S3PutObjectLegalHold", "S3PutObjectRetention")


def find_facts(
    request: Mapping[str, Any], *, s3: S3Client, sts: STSClient | None, region: str | None
) -> Facts:
    """Look at everything that a request names.

    Args:
        request: A CreateJob request without problems of structure.
        s3: Client of the buckets.
        sts: Tells whose credentials these are; None asks nobody.
        region: Where the job will be created.
    """
    return _Look(request, s3).facts(sts, region)


@dataclass(slots=True)
class _Look:
    request: Mapping[str, Any]
    s3: S3Client
    unread: dict[str, str] = field(default_factory=dict)

    def facts(self, sts: STSClient | None, region: str | None) -> Facts:
        caller = None
        if sts is not None:
            caller = self._try("the caller's account", sts.get_caller_identity).get("Account")
        listed = self._manifest()
        sources = frozenset(listed.get("buckets", ()))
        if len(sources) > MOST_BUCKETS:
            self.unread["the manifest's buckets"] = f"{len(sources)} of them"
        named = {*named_buckets(self.request).values(), *sorted(sources)[:MOST_BUCKETS]}
        found = {bucket: self._bucket(bucket) for bucket in sorted(named)}
        there = {bucket: answer for bucket, answer in found.items() if answer}
        return Facts(
            caller_account=caller,
            region=region,
            bucket_regions={
                bucket: answer["region"] for bucket, answer in there.items() if answer["region"]
            },
            source_buckets=sources,
            rows=listed.get("rows"),
            manifest_etag=listed.get("etag"),
            manifest_encryption=listed.get("encryption"),
            manifest_missing=bool(listed.get("missing")),
            missing_buckets=frozenset(
                name for name, answer in found.items() if answer is not None and not answer
            ),
            unversioned_buckets=frozenset(self._unversioned(there)),
            lockless_buckets=frozenset(self._lockless(there)),
            unreplicated_buckets=frozenset(self._unreplicated(there)),
            foreign_buckets=frozenset(self._foreign(there)),
            unread=self.unread,
        )

    def _try(self, what: str, call: Callable[..., Any], **members: str) -> Any:  # noqa: ANN401 - any answer
        """An answer; an empty one where there was none, which is noted."""
        try:
            return call(**members)
        except (BotoCoreError, ClientError, ResponseParserError) as error:
            self.unread[what] = " ".join(str(error).split())
            return {}

    def _bucket(self, bucket: str) -> dict[str, Any] | None:
        """What HeadBucket says: nothing of a bucket that is missing, None where it did not."""
        try:
            answer = self.s3.head_bucket(Bucket=bucket)
        except ClientError as error:
            if error.response["Error"]["Code"] in _ABSENT:
                return {}
            self.unread[f"bucket {bucket}"] = str(error)
            return None
        except BotoCoreError as error:
            self.unread[f"bucket {bucket}"] = str(error)
            return None
        return {"region": answer.get("BucketRegion")}

    def _manifest(self) -> dict[str, Any]:
        location = self.request.get("Manifest", {}).get("Location")
        if location is None:
            return {}
        try:
            place = {
                "Bucket": bucket_of_arn(location["ObjectArn"]),
                "Key": key_of_arn(location["ObjectArn"]),
            }
        except UsageError as error:
            self.unread["Manifest.Location.ObjectArn"] = str(error)
            return {}
        if "ObjectVersionId" in location:
            place["VersionId"] = location["ObjectVersionId"]
        try:
            head = self.s3.head_object(**place)  # type: ignore[arg-type] # a dict of strings
        except ClientError as error:
            if error.response["Error"]["Code"] in _ABSENT:
                return {"missing": True}
            self.unread["Manifest.Location"] = str(error)
            return {}
        except BotoCoreError as error:
            self.unread["Manifest.Location"] = str(error)
            return {}
        encryption = head.get("ServerSideEncryption")
        if head.get("SSECustomerAlgorithm"):
            encryption = "SSE-C"  # type: ignore[assignment] # the rule's word
        found = {"etag": head["ETag"].strip('"'), "encryption": encryption}
        return found | self._rows(place, size=head["ContentLength"])

    def _rows(self, place: dict[str, str], *, size: int) -> dict[str, Any]:
        """Rows and source buckets of a CSV manifest."""
        spec = self.request["Manifest"].get("Spec", {})
        fields = spec.get("Fields", ())
        if spec.get("Format") != manifest.FORMAT or "Bucket" not in fields:
            self.unread["the manifest's rows"] = f"only {manifest.FORMAT} is read"
            return {}
        if size > MOST_READ:
            self.unread["the manifest's rows"] = f"{size} bytes; intact manifest lint reads them"
            return {}
        column, rows = fields.index("Bucket"), 0
        buckets: set[bytes] = set()
        try:
            answer = self.s3.get_object(**place)  # type: ignore[arg-type] # as above
            with contextlib.closing(answer["Body"]) as body:
                for line in _lines(body.iter_chunks(1 << 20)):
                    rows += 1
                    cells = line.split(b",", column + 1)
                    buckets.add(cells[column].strip(b'"') if len(cells) > column else b"")
        except (BotoCoreError, ClientError) as error:
            self.unread["the manifest's rows"] = str(error)
            return {}
        return {"rows": rows, "buckets": {name.decode("utf-8", "replace") for name in buckets}}

    def _unversioned(self, buckets: Iterable[str]) -> Iterator[str]:
        for bucket in buckets:
            what = f"versioning of bucket {bucket}"
            answer = self._try(what, self.s3.get_bucket_versioning, Bucket=bucket)
            if what not in self.unread and answer.get("Status") != "Enabled":
                yield bucket

    def _lockless(self, buckets: Iterable[str]) -> Iterator[str]:
        copy = self.request["Operation"].get("S3PutObjectCopy", {})
        locks = any(name in self.request["Operation"] for name in _LOCKS)
        if locks or any(name.startswith("ObjectLock") for name in copy):
            call, gone = self.s3.get_object_lock_configuration, "ObjectLockConfigurationNotFound"
            yield from self._without("Object Lock", buckets, call, gone)

    def _unreplicated(self, buckets: Iterable[str]) -> Iterator[str]:
        if "S3ReplicateObject" in self.request["Operation"]:
            call, gone = self.s3.get_bucket_replication, "ReplicationConfigurationNotFound"
            yield from self._without("replication", buckets, call, gone)

    def _without(
        self, what: str, buckets: Iterable[str], call: Callable[..., Any], gone: str
    ) -> Iterator[str]:
        for bucket in buckets:
            try:
                call(Bucket=bucket)
            except ClientError as error:
                if error.response["Error"]["Code"].startswith(gone):
                    yield bucket
                else:
                    self.unread[f"{what} of bucket {bucket}"] = str(error)
            except BotoCoreError as error:
                self.unread[f"{what} of bucket {bucket}"] = str(error)

    def _foreign(self, buckets: Iterable[str]) -> Iterator[tuple[str, str]]:
        """Buckets that answer to us, but not if the owner is that one."""
        for _, bucket, owner in expected_owners(self.request):
            if bucket in buckets:
                try:
                    self.s3.head_bucket(Bucket=bucket, ExpectedBucketOwner=owner)
                except ClientError as error:
                    if error.response["Error"]["Code"] in {"403", "AccessDenied"}:
                        yield bucket, owner
                    else:
                        self.unread[f"owner of bucket {bucket}"] = str(error)
                except BotoCoreError as error:
                    self.unread[f"owner of bucket {bucket}"] = str(error)


def _lines(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Lines without their ends; the last one needs none."""
    rest = b""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        yield from whole
    if rest:
        yield rest
