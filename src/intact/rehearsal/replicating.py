"""S3ReplicateObject as far as a plain store can: copies to where the bucket's own rules lead.

The replication configuration is read from the store; one that holds none is refused when the job
is created.  Unlike S3's, a replica has a version id of its own and no replication status, no rule
grants ownership, a repeated task makes another version, and nothing over 5 GB is replicated.
S3 does not document which column names the failure, so both do.
"""

from __future__ import annotations

from functools import cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from intact.batch.replication import ReplicationRule, replicas
from intact.batch.selection import Details, Encryption, EncryptionKind
from intact.rehearsal.tasks import SUCCESSFUL, TaskFailure, address
from intact.s3.names import bucket_of_arn

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from types_boto3_s3 import S3Client

    from intact.batch.manifest import ManifestRow
    from intact.rehearsal.tasks import Action, Context
    from intact.s3 import ObjectRef

_NO_RULES = "ReplicationConfigurationNotFoundError"
_LOCK = ("ObjectLockLegalHoldStatus", "ObjectLockMode", "ObjectLockRetainUntilDate")


def impossible(s3: S3Client, request: Mapping[str, Any]) -> Iterator[str]:
    """Say why no job of this kind can run on a store: it holds no replication configurations."""
    generator = request.get("ManifestGenerator", {}).get("S3JobManifestGenerator", {})
    arn = generator.get("SourceBucket") or request["Manifest"]["Location"]["ObjectArn"]
    try:
        s3.get_bucket_replication(Bucket=bucket_of_arn(arn))
    except ClientError as error:
        if _status(error) in {HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED}:
            yield f"the store holds no replication configuration ({_code(error)})"
    except BotoCoreError:
        return  # the job will tell


def replication_rules(s3: S3Client, bucket: str) -> tuple[ReplicationRule, ...]:
    """Enabled rules of a bucket; none where it has no configuration."""
    try:
        found: Any = s3.get_bucket_replication(Bucket=bucket)
    except ClientError as error:
        if _code(error) == _NO_RULES:
            return ()
        raise
    return ReplicationRule.parse_all(found["ReplicationConfiguration"])


def details(s3: S3Client, rules: tuple[ReplicationRule, ...], ref: ObjectRef) -> Details:
    """Ask an object for what no listing tells; HeadObject refuses those under callers' keys."""
    try:
        head: Any = s3.head_object(**address(ref))
    except ClientError as error:
        if _status(error) != HTTPStatus.BAD_REQUEST:
            raise
        head = {"SSECustomerAlgorithm": "AES256"}
    encryption = Encryption.from_head(head)
    found = _chosen(s3, rules, ref, encryption)
    return Details(
        encryption=encryption,
        replication_status=head.get("ReplicationStatus", "NONE"),
        eligible=bool(found),
    )


def replicate(context: Context, members: Mapping[str, Any]) -> Action:  # noqa: ARG001 - there are none
    """Make the task that copies one version to every destination."""
    rules = cache(lambda bucket: replication_rules(context.s3, bucket))

    def act(row: ManifestRow) -> str:
        source = row.source
        if not (found := rules(source.bucket)):
            raise _failure("SrcBucketReplicationConfigMissing")
        if source.version_id is None:
            raise _failure("SrcObjectNotEligible")
        head = _head(context.s3, source)
        chosen = _chosen(context.s3, found, source, Encryption.from_head(head))
        if not chosen:
            raise _failure("SrcObjectNotEligible")
        for rule in chosen:
            _copy(context.s3, source, head, rule)
        return SUCCESSFUL

    return act


def _chosen(
    s3: S3Client, rules: tuple[ReplicationRule, ...], ref: ObjectRef, encryption: Encryption
) -> list[ReplicationRule]:
    if encryption.kind is EncryptionKind.SSEC:
        return []  # which only its owner's key could copy
    tags: dict[str, str] = {}
    if any(rule.tags for rule in rules):
        found = s3.get_object_tagging(**address(ref))["TagSet"]
        tags = {tag["Key"]: tag["Value"] for tag in found}
    return replicas(rules, ref.key, tags=tags, encryption=encryption)


def _head(s3: S3Client, source: ObjectRef) -> Mapping[str, Any]:
    try:
        head: Any = s3.head_object(**address(source))
    except ClientError as error:
        codes = {400: "SrcObjectNotEligible", 403: "SrcHeadObjectNotPermitted"}
        raise _failure(codes.get(_status(error), "SrcObjectNotFound"), error) from error
    return head  # type: ignore[no-any-return] # as boto3 says it


def _copy(s3: S3Client, source: ObjectRef, head: Mapping[str, Any], rule: ReplicationRule) -> None:
    try:
        if s3.get_bucket_versioning(Bucket=rule.bucket).get("Status") != "Enabled":
            raise _failure("DstBucketUnversioned")
    except ClientError as error:
        raise _failure("DstBucketNotFound", error) from error
    parameters: dict[str, Any] = {name: head[name] for name in _LOCK if name in head}
    parameters["CopySource"] = address(source)
    if storage_class := rule.storage_class or head.get("StorageClass"):
        parameters["StorageClass"] = storage_class
    if rule.key is not None:
        parameters |= {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": rule.key}
    try:
        s3.copy_object(Bucket=rule.bucket, Key=source.key, **parameters)
    except ClientError as error:
        if _status(error) == HTTPStatus.FORBIDDEN:
            raise _failure("DstPutObjectNotPermitted", error) from error
        raise


def _failure(code: str, error: ClientError | None = None) -> TaskFailure:
    """Build a failure by one of S3's replication failure reasons, which is all that its row says.

    Source: Amazon S3 User Guide, "Amazon S3 replication failure reasons".
    """
    status = HTTPStatus.BAD_REQUEST if error is None else _status(error)
    return TaskFailure(status, code, code)


def _status(error: ClientError) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))
