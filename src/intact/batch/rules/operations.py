"""Rules of the operations other than copies, and of what several operations share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from intact.batch.rules.base import (
    API,
    COPY,
    GUIDE,
    Breach,
    Rule,
    Submission,
    both_or_none,
    is_directory_bucket,
    only_one,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

_RETENTION = "Operation.S3PutObjectRetention.Retention"
_ACL = "Operation.S3PutObjectAcl.AccessControlPolicy"
_COMPUTE = "Operation.S3ComputeObjectChecksum"
_RESTORE = "Operation.S3InitiateRestoreObject"


def _function(job: Submission) -> Iterator[Breach]:
    invoke = job.operation("LambdaInvoke")
    if invoke is not None and "FunctionArn" not in invoke:
        yield "Operation.LambdaInvoke.FunctionArn", "nothing", "the function to call"


def _lambda_schema(job: Submission) -> Iterator[Breach]:
    invoke = job.operation("LambdaInvoke") or {}
    version = invoke.get("InvocationSchemaVersion", "1.0")
    where = "Operation.LambdaInvoke.InvocationSchemaVersion"
    if "UserArguments" in invoke and version != "2.0":
        yield where, repr(version), "'2.0', which UserArguments need"
    if invoke and version != "2.0" and any(map(is_directory_bucket, job.sources)):
        yield where, repr(version), "'2.0', which directory buckets need"


def _directory_objects(job: Submission) -> Iterator[Breach]:
    others = job.request["Operation"].keys() - {"S3PutObjectCopy", "LambdaInvoke"}
    if others and any(map(is_directory_bucket, job.sources)):
        got = f"{', '.join(sorted(others))} on a directory bucket"
        yield "Operation", got, "S3PutObjectCopy or LambdaInvoke"


def _acl_or_grants(job: Submission) -> Iterator[Breach]:
    copy_members = ("CannedAccessControlList", "AccessControlGrants")
    if all(name in job.copy for name in copy_members):
        yield from only_one(job.copy, *copy_members, where=COPY)
    acl = job.operation("S3PutObjectAcl")
    if acl is not None:
        members = ("AccessControlList", "CannedAccessControlList")
        yield from only_one(acl.get("AccessControlPolicy", {}), *members, where=_ACL)


def _no_email_grantees(job: Submission) -> Iterator[Breach]:
    policy = (job.operation("S3PutObjectAcl") or {}).get("AccessControlPolicy", {})
    lists = {
        f"{COPY}.AccessControlGrants": job.copy.get("AccessControlGrants", ()),
        f"{_ACL}.AccessControlList.Grants": policy.get("AccessControlList", {}).get("Grants", ()),
    }
    for where, grants in lists.items():
        for index, grant in enumerate(grants):
            if grant.get("Grantee", {}).get("TypeIdentifier") == "emailAddress":
                place = f"{where}[{index}].Grantee.TypeIdentifier"
                yield place, "emailAddress", "id or uri: S3 refuses e-mail addresses (405)"


def _days_or_years(job: Submission) -> Iterator[Breach]:
    retention = (job.operation("S3PutObjectRetention") or {}).get("Retention", {})
    durations = {
        f"{COPY}.ObjectLockEventHoldDuration": job.copy.get("ObjectLockEventHoldDuration"),
        f"{_RETENTION}.EventHoldDuration": retention.get("EventHoldDuration"),
    }
    for where, duration in durations.items():
        if duration is not None:
            yield from only_one(duration, "Days", "Years", where=where)


def _retention_mode_with_date(job: Submission) -> Iterator[Breach]:
    retention = (job.operation("S3PutObjectRetention") or {}).get("Retention", {})
    if "EventHold" not in retention:
        yield from both_or_none(retention, "Mode", "RetainUntilDate", where=_RETENTION)


def _object_lock(job: Submission) -> Iterator[Breach]:
    locks = job.operation("S3PutObjectRetention") or job.operation("S3PutObjectLegalHold")
    buckets = set(job.sources) if locks else set()
    if any(name.startswith("ObjectLock") for name in job.copy):
        buckets.add(job.target)
    for bucket in sorted(buckets & job.facts.lockless_buckets):
        yield "Operation", f"bucket {bucket} without Object Lock", "buckets that have it enabled"


def _restore_days(job: Submission) -> Iterator[Breach]:
    restore = job.operation("S3InitiateRestoreObject")
    if restore is None:
        return
    days, classes = restore.get("ExpirationInDays"), {*job.filter.get("MatchAnyStorageClass", ())}
    archives, tiering = classes & {"GLACIER", "DEEP_ARCHIVE"}, "INTELLIGENT_TIERING" in classes
    where = f"{_RESTORE}.ExpirationInDays"
    if archives and tiering:
        yield f"{_RESTORE}", "objects of archives and of Intelligent-Tiering", "one job for each"
    elif days == 0 or (days is None and archives):
        got = "nothing" if days is None else "0"
        yield where, got, "at least 1, or nothing for Intelligent-Tiering"
    elif days is not None and tiering:
        yield where, str(days), "nothing: the objects are of Intelligent-Tiering"


def _owned_report(job: Submission) -> Iterator[Breach]:
    report = job.request["Report"]
    if job.operation("S3ComputeObjectChecksum") is not None:
        if not report["Enabled"]:
            yield "Report.Enabled", "False", "True: the checksums stand only in the report"
        if "ExpectedBucketOwner" not in report:
            yield "Report.ExpectedBucketOwner", "nothing", "the account that owns the bucket"


def _whole_crc64nvme(job: Submission) -> Iterator[Breach]:
    compute = job.operation("S3ComputeObjectChecksum") or {}
    if (compute.get("ChecksumAlgorithm"), compute.get("ChecksumType")) == (
        "CRC64NVME",
        "COMPOSITE",
    ):
        yield f"{_COMPUTE}.ChecksumType", "COMPOSITE", "FULL_OBJECT, the only one of CRC64NVME"


def _explicit_checksum(job: Submission) -> Iterator[Breach]:
    compute = job.operation("S3ComputeObjectChecksum")
    for name in ("ChecksumAlgorithm", "ChecksumType"):
        if compute is not None and name not in compute:
            yield f"{_COMPUTE}.{name}", "nothing", "a value: S3 documents no default"


def _encryption_key(job: Submission) -> Iterator[Breach]:
    update = job.operation("S3UpdateObjectEncryption")
    if update is not None and "SSEKMS" not in update.get("ObjectEncryption", {}):
        where = "Operation.S3UpdateObjectEncryption.ObjectEncryption.SSEKMS"
        yield where, "nothing", "a KMS key: objects can only go to SSE-KMS"


_UNREADABLE = {
    "S3PutObjectCopy": ("SSEC",),
    "S3ComputeObjectChecksum": ("SSEC",),
    "S3UpdateObjectEncryption": ("SSEC", "DSSEKMS", "NOTSSE"),
}


def _workable_encryption(job: Submission) -> Iterator[Breach]:
    for operation in job.request["Operation"]:
        for encryption in job.filter.get("MatchAnyObjectEncryption", ()):
            for name in encryption.keys() & {*_UNREADABLE.get(operation, ())}:
                yield "ManifestGenerator", f"only {name} objects", f"objects {operation} can take"


def _replicated_versions(job: Submission) -> Iterator[Breach]:
    replicate = job.operation("S3ReplicateObject") is not None
    fields = job.manifest.get("Spec", {}).get("Fields")
    if replicate and fields is not None and "VersionId" not in fields:
        yield "Manifest.Spec.Fields", str(fields), "a column VersionId, or a generator"


def _replicated_bucket(job: Submission) -> Iterator[Breach]:
    if job.operation("S3ReplicateObject") is not None:
        for bucket in sorted(job.sources & job.facts.unreplicated_buckets):
            got = f"bucket {bucket} without replication configuration"
            yield "Operation.S3ReplicateObject", got, "a bucket that has one"


_LOCK = GUIDE + "batch-ops-retention-date, batch-ops-legal-hold"
_CHECKSUMS = GUIDE + "batch-ops-compute-checksums"
_ENCRYPTION = GUIDE + "batch-ops-update-encryption"
_REPLICATION = GUIDE + "s3-batch-replication-batch"
RULES = (
    Rule("function", API + "LambdaInvokeOperation", _function),
    Rule("lambda schema", API + "LambdaInvokeOperation", _lambda_schema),
    Rule("directory objects", GUIDE + "directory-buckets-objects-Batch-Ops", _directory_objects),
    Rule("acl or grants", "S3 API Reference, PutObjectAcl", _acl_or_grants),
    Rule("no email grantees", "S3 API Reference, PutObjectAcl", _no_email_grantees),
    Rule("days or years", GUIDE + "Object Lock event holds", _days_or_years),
    Rule(
        "retention mode with date",
        "inferred from S3 API Reference, CopyObject",
        _retention_mode_with_date,
        warning=True,
    ),
    Rule("object lock", _LOCK, _object_lock),
    Rule("restore days", API + "S3InitiateRestoreObjectOperation", _restore_days),
    Rule("owned report", _CHECKSUMS, _owned_report),
    Rule("whole crc64nvme", GUIDE + "checking-object-integrity-at-rest", _whole_crc64nvme),
    Rule("explicit checksum", _CHECKSUMS, _explicit_checksum, warning=True),
    Rule("encryption key", API + "S3UpdateObjectEncryptionOperation", _encryption_key),
    Rule("workable encryption", f"{_CHECKSUMS}; {_ENCRYPTION}", _workable_encryption),
    Rule("replicated versions", _REPLICATION, _replicated_versions),
    Rule("replicated bucket", _REPLICATION, _replicated_bucket),
)
