"""Permissions that one job needs, and no more: the job's role, its submitter, its auditor.

Source: S3 User Guide, batch-ops-iam-role-policies; service authorization reference, Amazon S3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from intact.batch import manifest
from intact.batch.members import AnnotationDirective
from intact.batch.operations import (
    LambdaInvoke,
    S3ComputeObjectChecksum,
    S3PutObjectCopy,
    S3PutObjectLegalHold,
    S3PutObjectRetention,
    S3ReplicateObject,
    S3UpdateObjectEncryption,
)
from intact.errors import UsageError
from intact.s3.names import bucket_of_arn

if TYPE_CHECKING:
    from collections.abc import Iterable

    from intact.batch.spec import JobSpec

Policy = dict[str, Any]
VERSION = "2012-10-17"
_READ = ("s3:GetObject", "s3:GetObjectVersion")


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """A job, and what its request does not say about its permissions.

    Attributes:
        spec: The job.
        sources: Buckets of its objects, each with a prefix where that is all the job touches:
            ``bucket`` or ``bucket/prefix``.
        source_keys: ARNs of the KMS keys that the objects are encrypted with.
        target_keys: ARNs of the KMS keys that what the job writes is encrypted with.
    """

    spec: JobSpec
    sources: tuple[str, ...]
    source_keys: tuple[str, ...] = ()
    target_keys: tuple[str, ...] = ()

    @property
    def partition(self) -> str:
        """Partition of AWS that the role lives in, such as ``aws-cn``."""
        return self.spec.role_arn.split(":")[1]

    @property
    def objects(self) -> list[str]:
        """ARN patterns of the objects that the job works on."""
        whole = (name if "/" in name else f"{name}/" for name in self.sources)
        return [f"arn:{self.partition}:s3:::{name}*" for name in whole]

    @property
    def buckets(self) -> list[str]:
        """ARNs of the buckets that hold them."""
        names = dict.fromkeys(name.split("/")[0] for name in self.sources)
        return [f"arn:{self.partition}:s3:::{name}" for name in names]

    @property
    def versioned(self) -> bool:
        """Whether the job may work on versions: it names them, or S3 makes the list."""
        location = self.spec.manifest
        fields = None if location is None else location.fields
        return fields is None or "VersionId" in fields


def access(spec: JobSpec, *, sources: Iterable[str] = (), **keys: tuple[str, ...]) -> Access:
    """Take a job for judging its permissions; a generator names its own source bucket.

    Raises:
        UsageError: Nothing says which buckets the job works on.
    """
    named = tuple(sources)
    if not named and spec.manifest_generator is not None:
        named = (bucket_of_arn(spec.manifest_generator.source_bucket),)
    if not named:
        raise UsageError("the manifest's buckets are not known; wanted at least one source")
    return Access(spec=spec, sources=named, **keys)


def trust_policy(job: Access) -> Policy:
    """Who may assume the job's role: S3 Batch Operations, for this account."""
    return _policy(
        {
            "Effect": "Allow",
            "Principal": {"Service": "batchoperations.s3.amazonaws.com"},
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"aws:SourceAccount": job.spec.account_id}},
        }
    )


def job_role_policy(job: Access) -> Policy:
    """What the job's role may do: read its list, do its tasks, write its report."""
    return _policy(*_source_statements(job), *_target_statements(job), *_service_statements(job))


def submitter_policy(job: Access) -> Policy:
    """What whoever submits and follows the job may do.

    ``iam:PassedToService`` is no condition here: CreateJob does not fill it in.
    """
    account = job.spec.account_id
    own = ("DescribeJob", "UpdateJobPriority", "UpdateJobStatus")
    tags = ("GetJobTagging", "PutJobTagging", "DeleteJobTagging")
    operation = next(iter(job.spec.operation.request()))
    create = _allow(["s3:CreateJob"], ["*"])
    create["Condition"] = {"StringEquals": {"s3:RequestJobOperation": operation}}
    return _policy(
        create,
        _allow(["s3:ListJobs"], ["*"]),
        _allow(
            [f"s3:{name}" for name in (*own, *tags)], [f"arn:{job.partition}:s3:*:{account}:job/*"]
        ),
        _allow(["iam:PassRole"], [job.spec.role_arn]),
    )


def auditor_policy(job: Access) -> Policy:
    """What whoever audits the job may do; nothing of it writes."""
    buckets, objects = list(job.buckets), list(job.objects)
    if isinstance(job.spec.operation, S3PutObjectCopy):
        buckets.append(job.spec.operation.target_resource)
        objects.append(_target_objects(job.spec.operation))
    for arn in (*_manifest_objects(job), *_report_objects(job)):
        buckets.append(f"arn:{job.partition}:s3:::{bucket_of_arn(arn)}")
        objects.append(arn)
    looks = ("ListBucket", "ListBucketVersions", "GetBucketLocation", "GetBucketVersioning")
    reads = (*_READ, "s3:GetObjectAttributes", "s3:GetObjectVersionAttributes")
    account = job.spec.account_id
    return _policy(
        _allow(
            ["s3:DescribeJob", "s3:GetJobTagging"], [f"arn:{job.partition}:s3:*:{account}:job/*"]
        ),
        _allow(["s3:ListJobs"], ["*"]),
        _allow([f"s3:{name}" for name in looks], buckets),
        _allow(reads, objects),
        *_keys(["kms:Decrypt"], (*job.source_keys, *job.target_keys)),
    )


def function_trust_policy() -> Policy:
    """Who may assume the role of a function: Lambda."""
    return _policy(
        {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    )


def function_policy(job: Access, *, name: str) -> Policy:
    """What a function may do that audits the copies of a job beside the data; it only reads.

    Args:
        job: The copy job.
        name: The function's, whose log it may write.

    Raises:
        UsageError: The job copies nothing.
    """
    operation = job.spec.operation
    if not isinstance(operation, S3PutObjectCopy):
        raise UsageError(f"the job is of kind {type(operation).__name__}; wanted S3PutObjectCopy")
    logs = f"arn:{job.partition}:logs:*:*:log-group:/aws/lambda/{name}"
    reads = (*_READ, "s3:GetObjectAttributes", "s3:GetObjectVersionAttributes")
    return _policy(
        _allow(
            ["s3:ListBucket", "s3:ListBucketVersions"], [*job.buckets, operation.target_resource]
        ),
        _allow(reads, [*job.objects, _target_objects(operation)]),
        *_keys(["kms:Decrypt"], (*job.source_keys, *job.target_keys)),
        _allow(["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"], [f"{logs}:*"]),
    )


def _source_statements(job: Access) -> list[Policy]:
    operation = job.spec.operation
    statements = []
    if actions := [f"s3:{name}" for name in _object_actions(job)]:
        statements.append(_allow(actions, job.objects))
    if actions := [f"s3:{name}" for name in _bucket_actions(job)]:
        statements.append(_allow(actions, job.buckets))
    if isinstance(operation, LambdaInvoke) and operation.function_arn:
        statements.append(_allow(["lambda:InvokeFunction"], [operation.function_arn]))
    reads = isinstance(operation, (S3PutObjectCopy, S3ComputeObjectChecksum))
    if reads or isinstance(operation, S3UpdateObjectEncryption):
        statements += _keys(["kms:Decrypt"], job.source_keys)
    return statements


_SIMPLE = {
    "S3PutObjectAcl": ("PutObjectAcl", "PutObjectVersionAcl"),
    "S3PutObjectTagging": ("PutObjectTagging", "PutObjectVersionTagging"),
    "S3DeleteObjectTagging": ("DeleteObjectTagging", "DeleteObjectVersionTagging"),
    "S3InitiateRestoreObject": ("RestoreObject",),
    "S3PutObjectLegalHold": ("PutObjectLegalHold",),
    "S3PutObjectRetention": ("PutObjectRetention",),
    "S3ReplicateObject": ("InitiateReplication",),
    "S3ComputeObjectChecksum": ("GetObject", "GetObjectVersion", "RestoreObject"),
    "S3UpdateObjectEncryption": (
        "GetObject",
        "GetObjectVersion",
        "PutObject",
        "UpdateObjectEncryption",
    ),
}
"""Actions on the objects; those of a copy depend on its members."""


def _object_actions(job: Access) -> list[str]:
    operation = job.spec.operation
    if isinstance(operation, S3PutObjectCopy):
        parts = ["", "Acl", "Tagging"]
        names = [f"GetObject{part}" for part in parts]
        if job.versioned:
            names += [f"GetObjectVersion{part}" for part in parts]
        if operation.annotation_directive is not AnnotationDirective.EXCLUDE:
            names.append("GetObjectAnnotation")
        return names
    names = [*_SIMPLE.get(type(operation).__name__, ())]
    if isinstance(operation, S3PutObjectRetention) and operation.bypass_governance_retention:
        names.append("BypassGovernanceRetention")
    return names


def _bucket_actions(job: Access) -> list[str]:
    names = []
    if isinstance(job.spec.operation, S3PutObjectCopy):
        names.append("ListBucket")
    if isinstance(job.spec.operation, (S3PutObjectLegalHold, S3PutObjectRetention)):
        names.append("GetBucketObjectLockConfiguration")
    if job.spec.manifest_generator is not None:
        names.append("PutInventoryConfiguration")
        if isinstance(job.spec.operation, S3ReplicateObject):
            names.append("GetReplicationConfiguration")
    return names


def _target_statements(job: Access) -> list[Policy]:
    operation = job.spec.operation
    if isinstance(operation, S3UpdateObjectEncryption):
        actions = ["kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom", "kms:ReEncryptTo"]
        encryption = operation.object_encryption
        key = encryption.ssekms.kms_key_arn if encryption and encryption.ssekms else None
        return [
            *_keys(["kms:Decrypt", *actions], (*job.target_keys, *([key] if key else []))),
            *_keys(["kms:ReEncryptFrom"], job.source_keys),
        ]
    if not isinstance(operation, S3PutObjectCopy):
        return []
    names = ["PutObject", "PutObjectAcl", "PutObjectTagging"]
    if operation.object_lock_mode or operation.object_lock_event_hold:
        names.append("PutObjectRetention")
    if operation.object_lock_legal_hold_status:
        names.append("PutObjectLegalHold")
    if operation.annotation_directive is not AnnotationDirective.EXCLUDE:
        names.append("PutObjectAnnotation")
    return [
        _allow([f"s3:{name}" for name in names], [_target_objects(operation)]),
        *_keys(["kms:Decrypt", "kms:GenerateDataKey"], job.target_keys),
    ]


def _target_objects(copy: S3PutObjectCopy) -> str:
    prefix = f"{copy.target_key_prefix}/" if copy.target_key_prefix else ""
    return f"{copy.target_resource}/{prefix}*"


def _service_statements(job: Access) -> list[Policy]:
    """The list of objects and the report."""
    written = _report_objects(job)
    generator = job.spec.manifest_generator
    if generator is not None and generator.manifest_output_location is not None:
        location = generator.manifest_output_location
        written.append(_below(location.bucket, location.manifest_prefix))
    read = _manifest_objects(job)
    return [
        *([_allow(_READ, read)] if read else []),
        *([_allow(["s3:PutObject"], written)] if written else []),
    ]


def _manifest_objects(job: Access) -> list[str]:
    location = job.spec.manifest
    if location is None:
        return []
    if location.format == manifest.FORMAT:
        return [location.object_arn]
    return [f"arn:{job.partition}:s3:::{bucket_of_arn(location.object_arn)}/*"]


def _report_objects(job: Access) -> list[str]:
    report = job.spec.report
    return [_below(report.bucket, report.prefix)] if report.enabled and report.bucket else []


def _below(bucket: str, prefix: str | None) -> str:
    return f"{bucket}/{prefix}/*" if prefix else f"{bucket}/*"


def _keys(actions: Iterable[str], keys: Iterable[str]) -> list[Policy]:
    arns = list(dict.fromkeys(keys))
    return [_allow(actions, arns)] if arns else []


def _allow(actions: Iterable[str], resources: Iterable[str]) -> Policy:
    unique = list(dict.fromkeys(resources))
    return {"Effect": "Allow", "Action": list(actions), "Resource": unique}


def _policy(*statements: Policy) -> Policy:
    return {"Version": VERSION, "Statement": list(statements)}
