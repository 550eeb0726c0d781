"""Every rule beyond the model, broken one at a time, and what each still allows."""

import copy
from datetime import UTC, datetime
from typing import Any

import pytest

from intact.adapters.boto import load_model
from intact.batch import problems
from intact.batch.operations import MAX_COPY_SIZE
from intact.batch.rules import RULES, Facts
from tests.model_requests import KEY

MODEL = load_model()
CSV = "S3BatchOperations_CSV_20180820"
INVENTORY = "S3InventoryReport_CSV_20161130"
LOCATION = {"ObjectArn": "arn:aws:s3:::lists/m.csv", "ETag": "e"}
GENERATOR = {
    "S3JobManifestGenerator": {"SourceBucket": "arn:aws:s3:::b", "EnableManifestOutput": False}
}
COPY = "Operation.S3PutObjectCopy"
TARGET = f"{COPY}.TargetResource"
ACL = "Operation.S3PutObjectAcl.AccessControlPolicy"
DIRECTORY = "arn:aws:s3express:us-west-2:111122223333:bucket/b--usw2-az1--x-s3"
REPORT = {
    "Enabled": True,
    "Bucket": "arn:aws:s3:::reports",
    "Format": "Report_CSV_20180820",
    "ReportScope": "AllTasks",
}
ARGUMENT = {"name": "value"}
WHOLE: dict[str, Any] = {"ChecksumAlgorithm": "CRC64NVME", "ChecksumType": "FULL_OBJECT"}
TIERING = "INTELLIGENT_TIERING"
ON_DIRECTORY = Facts(source_buckets=frozenset({"s--usw2-az1--x-s3"}))
ZONELESS = datetime(2030, 1, 1)  # noqa: DTZ001 - that is what is wrong
LATER = datetime(2030, 1, 1, tzinfo=UTC)
VALID: dict[str, Any] = {
    "AccountId": "111122223333",
    "ConfirmationRequired": True,
    "Operation": {"S3PutObjectCopy": {"TargetResource": "arn:aws:s3:::copies"}},
    "Report": REPORT,
    "Manifest": {"Spec": {"Format": CSV, "Fields": ["Bucket", "Key"]}, "Location": LOCATION},
    "ClientRequestToken": "t",
    "Priority": 0,
    "RoleArn": "arn:aws:iam::111122223333:role/copy",
}
OWNED = VALID | {"Report": REPORT | {"ExpectedBucketOwner": "111122223333"}}
REFUSED_BY_DIRECTORY_BUCKETS: dict[str, Any] = {
    "CannedAccessControlList": "private",
    "AccessControlGrants": [],
    "StorageClass": "STANDARD",
    "RedirectLocation": "/",
    "RequesterPays": True,
    "ObjectLockLegalHoldStatus": "ON",
    "AnnotationDirective": "COPY",
    "ObjectLockEventHold": "ON",
    "ObjectLockEventHoldDuration": {"Days": 1},
}
LOCK = {"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": LATER}


def copies(**members: object) -> dict[str, Any]:
    target = VALID["Operation"]["S3PutObjectCopy"]
    return VALID | {"Operation": {"S3PutObjectCopy": target | members}}


def does(operation: str, *, owned: bool = False, **members: object) -> dict[str, Any]:
    return (OWNED if owned else VALID) | {"Operation": {operation: members}}


def generated(operation: str, *, members: object = None, **generator: object) -> dict[str, Any]:
    """A job without manifest whose list S3 generates."""
    target = {"TargetResource": "arn:aws:s3:::copies"} if operation == "S3PutObjectCopy" else {}
    inner = GENERATOR["S3JobManifestGenerator"] | generator
    job = without("Manifest") | {"Operation": {operation: members or target}}
    return job | {"ManifestGenerator": {"S3JobManifestGenerator": inner}}


def without(name: str) -> dict[str, Any]:
    return {member: value for member, value in VALID.items() if member != name}


def listed(spec_format: str, *fields: str) -> dict[str, Any]:
    spec = {"Format": spec_format, "Fields": list(fields)}
    return VALID | {"Manifest": {"Spec": spec, "Location": LOCATION}}


def located(**members: str) -> dict[str, Any]:
    manifest = VALID["Manifest"] | {"Location": LOCATION | members}
    return VALID | {"Manifest": manifest}


def tagged(count: int) -> dict[str, Any]:
    return VALID | {"Tags": [{"Key": str(number), "Value": ""} for number in range(count)]}


def reports(*, without: str) -> dict[str, Any]:
    return VALID | {"Report": {name: value for name, value in REPORT.items() if name != without}}


BROKEN: list[tuple[str, dict[str, Any], str, str, str]] = [
    # rule, request, where, got, wanted
    ("one list of objects", without("Manifest"), "request", "neither", "exactly one of Manifest"),
    (
        "one list of objects",
        VALID | {"ManifestGenerator": GENERATOR},
        "request",
        "Manifest and ManifestGenerator",
        "exactly one",
    ),
    ("one operation", VALID | {"Operation": {}}, "Operation", "nothing", "exactly one operation"),
    (
        "one operation",
        VALID | {"Operation": {"S3InitiateRestoreObject": {}, "S3DeleteObjectTagging": {}}},
        "Operation",
        "S3InitiateRestoreObject, S3DeleteObjectTagging",
        "exactly one operation",
    ),
    *(
        ("complete report", reports(without=name), f"Report.{name}", "nothing", "a value")
        for name in ("Bucket", "Format", "ReportScope")
    ),
    (
        "target resource",
        VALID | {"Operation": {"S3PutObjectCopy": {}}},
        f"{COPY}.TargetResource",
        "nothing",
        "the destination bucket's ARN",
    ),
    (
        "prefix without slash",
        copies(TargetKeyPrefix="copied/"),
        f"{COPY}.TargetKeyPrefix",
        "'copied/'",
        "no slash at the end",
    ),
    *(
        (
            "deprecated metadata",
            copies(NewObjectMetadata={name: value}),
            f"{COPY}.NewObjectMetadata.{name}",
            repr(value),
            "nothing: deprecated",
        )
        for name, value in (("ContentLength", 1), ("ContentMD5", "x"), ("RequesterCharged", True))
    ),
    *(
        (
            "directory bucket",
            copies(TargetResource=DIRECTORY, NewObjectTagging=[], **{name: value}),
            f"{COPY}.{name}",
            repr(value),
            "nothing: the target is a directory bucket",
        )
        for name, value in REFUSED_BY_DIRECTORY_BUCKETS.items()
    ),
    *(
        (
            "lock mode with date",
            copies(**{name: value}),
            COPY,
            f"only {name}",
            "ObjectLockMode and ObjectLockRetainUntilDate",
        )
        for name, value in LOCK.items()
    ),
    *(
        (
            "days or years",
            copies(ObjectLockEventHoldDuration=duration),
            f"{COPY}.ObjectLockEventHoldDuration",
            got,
            "exactly one of Days, Years",
        )
        for duration, got in (({}, "nothing"), ({"Days": 1, "Years": 1}, "Days and Years"))
    ),
    *(
        ("columns", listed(CSV, *fields), "Manifest.Spec.Fields", str(fields), wanted)
        for fields, wanted in (
            (["Bucket"], "Key exactly once"),
            (["Key", "Ignore"], "Bucket exactly once"),
            (["Bucket", "Key", "Key"], "Key exactly once"),
            (["Bucket", "Key", "VersionId", "VersionId"], "VersionId at most once"),
        )
    ),
    ("columns", listed(INVENTORY, "Bucket"), "Manifest.Spec.Fields", "['Bucket']", "no fields"),
    ("few tags", tagged(51), "Tags", "51 tags", "at most 50"),
]


_TAGS = [{"Key": str(number), "Value": ""} for number in range(11)]
_TWICE = [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]
_EMAIL = [
    {"Grantee": {"TypeIdentifier": "emailAddress", "Identifier": "a@b"}, "Permission": "READ"}
]
_CANNED = "CannedAccessControlList"
_KMS = {"NewObjectMetadata": {"SSEAlgorithm": "KMS"}}
_DIRECTORY = {"TargetResource": DIRECTORY, "NewObjectTagging": []}
_OWNER = {"ID": "me"}
_RETENTION = "Operation.S3PutObjectRetention.Retention"
_RESTORE = "Operation.S3InitiateRestoreObject"
_FILTER = "ManifestGenerator.S3JobManifestGenerator.Filter"


def restores(days: int | None, *classes: str) -> dict[str, Any]:
    members = {} if days is None else {"ExpirationInDays": days}
    chosen = {"MatchAnyStorageClass": list(classes)}
    return generated("S3InitiateRestoreObject", members=members, Filter=chosen)


def encrypted(operation: str, *, by: str, members: object = None) -> dict[str, Any]:
    return generated(operation, members=members, Filter={"MatchAnyObjectEncryption": [{by: {}}]})


NO_KEY: tuple[dict[str, Any], ...] = ({}, {"ObjectEncryption": {}})
REKEY = {"ObjectEncryption": {"SSEKMS": {"KMSKeyArn": KEY}}}
ALSO: list[tuple[str, dict[str, Any], Facts | None, str]] = [
    # rule, request, facts, where
    ("report on every task", VALID | {"Report": {"Enabled": False}}, None, "Report.Enabled"),
    (
        "report on every task",
        VALID | {"Report": REPORT | {"ReportScope": "FailedTasksOnly"}},
        None,
        "Report.ReportScope",
    ),
    ("few object tags", copies(NewObjectTagging=_TAGS), None, f"{COPY}.NewObjectTagging"),
    (
        "few object tags",
        does("S3PutObjectTagging", TagSet=_TAGS),
        None,
        "Operation.S3PutObjectTagging.TagSet",
    ),
    ("unique tag keys", VALID | {"Tags": _TWICE}, None, "Tags"),
    ("unique tag keys", copies(NewObjectTagging=_TWICE), None, f"{COPY}.NewObjectTagging"),
    ("role of the account", VALID | {"AccountId": "4" * 12}, None, "RoleArn"),
    ("account of the caller", VALID, Facts(caller_account="4" * 12), "AccountId"),
    ("explicit confirmation", without("ConfirmationRequired"), None, "ConfirmationRequired"),
    (
        "zoned timestamps",
        copies(ModifiedSinceConstraint=ZONELESS),
        None,
        f"{COPY}.ModifiedSinceConstraint",
    ),
    (
        "zoned timestamps",
        copies(NewObjectMetadata={"HttpExpiresDate": "2030-01-01T00:00:00"}),
        None,
        f"{COPY}.NewObjectMetadata.HttpExpiresDate",
    ),
    ("target resource", copies(TargetResource="arn:aws:s3:::b/k"), None, f"{COPY}.TargetResource"),
    (
        "target resource",
        copies(TargetResource="arn:aws:s3:eu-west-1:111122223333:accesspoint/a"),
        None,
        f"{COPY}.TargetResource",
    ),
    (
        "disputed target",
        copies(TargetResource=DIRECTORY.replace(":bucket", ":/bucket"), NewObjectTagging=[]),
        None,
        f"{COPY}.TargetResource",
    ),
    ("copy size", VALID, Facts(largest_object=MAX_COPY_SIZE + 1), "Manifest"),
    (
        "copy size",
        generated("S3PutObjectCopy", Filter={"ObjectSizeGreaterThanBytes": MAX_COPY_SIZE}),
        None,
        "ManifestGenerator",
    ),
    ("one source bucket", VALID, Facts(source_buckets=frozenset("ab")), "Manifest"),
    (
        "copy region",
        VALID,
        Facts(region="eu-west-1", bucket_regions={"copies": "us-east-1"}),
        f"{COPY}.TargetResource",
    ),
    (
        "changed in place",
        copies(ChecksumAlgorithm="SHA256"),
        Facts(source_buckets=frozenset({"copies"})),
        COPY,
    ),
    (
        "key needs kms",
        copies(SSEAwsKmsKeyId="k"),
        None,
        f"{COPY}.NewObjectMetadata.SSEAlgorithm",
    ),
    (
        "directory bucket",
        copies(TargetResource=DIRECTORY, NewObjectTagging=[{"Key": "a", "Value": ""}]),
        None,
        f"{COPY}.NewObjectTagging",
    ),
    ("directory tags", copies(TargetResource=DIRECTORY), None, f"{COPY}.NewObjectTagging"),
    ("directory key", copies(**_DIRECTORY, **_KMS), None, f"{COPY}.SSEAwsKmsKeyId"),
    (
        "directory key",
        copies(**_DIRECTORY, **_KMS, SSEAwsKmsKeyId="alias/a"),
        None,
        f"{COPY}.SSEAwsKmsKeyId",
    ),
    (
        "directory key",
        copies(**_DIRECTORY, **_KMS, SSEAwsKmsKeyId=KEY.replace(":key/", ":alias/")),
        None,
        f"{COPY}.SSEAwsKmsKeyId",
    ),
    (
        "directory key",
        copies(**_DIRECTORY, BucketKeyEnabled=True),
        None,
        f"{COPY}.BucketKeyEnabled",
    ),
    (
        "restored first",
        generated("S3PutObjectCopy", Filter={"MatchAnyStorageClass": ["GLACIER"]}),
        None,
        "ManifestGenerator",
    ),
    ("function", does("LambdaInvoke"), None, "Operation.LambdaInvoke.FunctionArn"),
    (
        "lambda schema",
        does("LambdaInvoke", FunctionArn="f", UserArguments=ARGUMENT),
        None,
        "Operation.LambdaInvoke.InvocationSchemaVersion",
    ),
    (
        "lambda schema",
        does("LambdaInvoke", FunctionArn="f"),
        ON_DIRECTORY,
        "Operation.LambdaInvoke.InvocationSchemaVersion",
    ),
    ("directory objects", does("S3DeleteObjectTagging"), ON_DIRECTORY, "Operation"),
    (
        "acl or grants",
        copies(AccessControlGrants=[], **{_CANNED: "private"}),
        None,
        COPY,
    ),
    ("acl or grants", does("S3PutObjectAcl"), None, ACL),
    (
        "acl or grants",
        does(
            "S3PutObjectAcl",
            AccessControlPolicy={"AccessControlList": {"Owner": _OWNER}, _CANNED: "private"},
        ),
        None,
        ACL,
    ),
    (
        "no email grantees",
        copies(AccessControlGrants=_EMAIL),
        None,
        f"{COPY}.AccessControlGrants[0].Grantee.TypeIdentifier",
    ),
    (
        "no email grantees",
        does(
            "S3PutObjectAcl",
            AccessControlPolicy={"AccessControlList": {"Owner": _OWNER, "Grants": _EMAIL}},
        ),
        None,
        f"{ACL}.AccessControlList.Grants[0].Grantee.TypeIdentifier",
    ),
    (
        "days or years",
        does("S3PutObjectRetention", Retention={"EventHoldDuration": {"Days": 1, "Years": 1}}),
        None,
        f"{_RETENTION}.EventHoldDuration",
    ),
    (
        "retention mode with date",
        does("S3PutObjectRetention", Retention={"Mode": "GOVERNANCE"}),
        None,
        _RETENTION,
    ),
    (
        "object lock",
        does("S3PutObjectLegalHold", LegalHold={"Status": "ON"}),
        Facts(source_buckets=frozenset("a"), lockless_buckets=frozenset("a")),
        "Operation",
    ),
    (
        "object lock",
        copies(**LOCK),
        Facts(lockless_buckets=frozenset({"copies"})),
        "Operation",
    ),
    ("restore days", restores(0), None, f"{_RESTORE}.ExpirationInDays"),
    ("restore days", restores(None, "GLACIER"), None, f"{_RESTORE}.ExpirationInDays"),
    ("restore days", restores(1, TIERING), None, f"{_RESTORE}.ExpirationInDays"),
    ("restore days", restores(1, TIERING, "DEEP_ARCHIVE"), None, _RESTORE),
    ("owned report", does("S3ComputeObjectChecksum", **WHOLE), None, "Report.ExpectedBucketOwner"),
    (
        "whole crc64nvme",
        does("S3ComputeObjectChecksum", owned=True, **WHOLE | {"ChecksumType": "COMPOSITE"}),
        None,
        "Operation.S3ComputeObjectChecksum.ChecksumType",
    ),
    *(
        (
            "explicit checksum",
            does(
                "S3ComputeObjectChecksum",
                owned=True,
                **{member: value for member, value in WHOLE.items() if member != name},
            ),
            None,
            f"Operation.S3ComputeObjectChecksum.{name}",
        )
        for name in WHOLE
    ),
    *(
        (
            "encryption key",
            does("S3UpdateObjectEncryption", **members),
            None,
            "Operation.S3UpdateObjectEncryption.ObjectEncryption.SSEKMS",
        )
        for members in NO_KEY
    ),
    ("workable encryption", encrypted("S3PutObjectCopy", by="SSEC"), None, "ManifestGenerator"),
    *(
        (
            "workable encryption",
            encrypted("S3UpdateObjectEncryption", by=name, members=REKEY),
            None,
            "ManifestGenerator",
        )
        for name in ("SSEC", "DSSEKMS", "NOTSSE")
    ),
    ("replicated versions", does("S3ReplicateObject"), None, "Manifest.Spec.Fields"),
    (
        "replicated bucket",
        generated("S3ReplicateObject"),
        Facts(unreplicated_buckets=frozenset("b")),
        "Operation.S3ReplicateObject",
    ),
    ("existing buckets", VALID, Facts(missing_buckets=frozenset({"copies"})), TARGET),
    ("existing buckets", VALID, Facts(missing_buckets=frozenset({"reports"})), "Report.Bucket"),
    (
        "existing buckets",
        VALID,
        Facts(missing_buckets=frozenset("a"), source_buckets=frozenset("a")),
        "Manifest",
    ),
    ("existing manifest", VALID, Facts(manifest_missing=True), "Manifest.Location"),
    ("rows to work on", VALID, Facts(rows=0), "Manifest"),
    (
        "owner of the bucket",
        OWNED,
        Facts(foreign_buckets=frozenset({("reports", "111122223333")})),
        "Report.ExpectedBucketOwner",
    ),
    ("versioned target", VALID, Facts(unversioned_buckets=frozenset({"copies"})), TARGET),
    (
        "versioned objects",
        generated("S3ReplicateObject"),
        Facts(unversioned_buckets=frozenset("b")),
        "Operation.S3ReplicateObject",
    ),
    ("everything read", VALID, Facts(unread={"bucket copies": "403"}), "bucket copies"),
    ("unquoted etag", located(ETag='"e"'), None, "Manifest.Location.ETag"),
    ("current etag", VALID, Facts(manifest_etag='"f"'), "Manifest.Location.ETag"),
    (
        "printable manifest",
        located(ObjectArn="arn:aws:s3:::lists/m\r.csv"),
        None,
        "Manifest.Location.ObjectArn",
    ),
    ("manifest encryption", VALID, Facts(manifest_encryption="aws:kms"), "Manifest.Location"),
    (
        "manifest encryption",
        listed(INVENTORY),
        Facts(manifest_encryption="SSE-C"),
        "Manifest.Location",
    ),
    (
        "general purpose buckets",
        VALID | {"Report": REPORT | {"Bucket": "arn:aws:s3:::b--usw2-az1--x-s3"}},
        None,
        "Report.Bucket",
    ),
    (
        "general purpose buckets",
        located(ObjectArn="arn:aws:s3:eu-west-1:111122223333:accesspoint/a/object/m.csv"),
        None,
        "Manifest.Location.ObjectArn",
    ),
    (
        "objects' region",
        generated("S3PutObjectCopy"),
        Facts(region="eu-west-1", bucket_regions={"b": "us-east-1"}),
        "request",
    ),
    (
        "objects' region",
        does("S3DeleteObjectTagging"),
        Facts(
            region="eu-west-1",
            bucket_regions={"b": "us-east-1"},
            source_buckets=frozenset("b"),
        ),
        "request",
    ),
    (
        "manifest output",
        generated("S3PutObjectCopy", EnableManifestOutput=True),
        None,
        "ManifestGenerator.S3JobManifestGenerator.ManifestOutputLocation",
    ),
    *(
        (
            "one key pattern",
            generated("S3PutObjectCopy", Filter={"KeyNameConstraint": {"MatchAnyPrefix": texts}}),
            None,
            f"{_FILTER}.KeyNameConstraint.MatchAnyPrefix",
        )
        for texts in ([], ["a", "b"])
    ),
    (
        "one key constraint",
        generated(
            "S3PutObjectCopy",
            Filter={"KeyNameConstraint": {"MatchAnyPrefix": ["a"], "MatchAnySuffix": ["b"]}},
        ),
        None,
        f"{_FILTER}.KeyNameConstraint",
    ),
    (
        "filter that can match",
        generated(
            "S3PutObjectCopy",
            Filter={"ObjectSizeGreaterThanBytes": 1, "ObjectSizeLessThanBytes": 1},
        ),
        None,
        _FILTER,
    ),
    (
        "filter that can match",
        generated(
            "S3PutObjectCopy",
            Filter={"CreatedAfter": "2030-01-01T00:00:01Z", "CreatedBefore": LATER},
        ),
        None,
        _FILTER,
    ),
    ("rows", VALID, Facts(rows=20 * 10**9 + 1), "Manifest"),
    ("rows", restores(1), Facts(rows=4 * 10**9 + 1), "Manifest"),
    ("disputed rows", VALID, Facts(rows=20 * 10**9), "Manifest"),
]


@pytest.mark.parametrize(
    ("rule", "job", "facts", "where"),
    ALSO,
    ids=[f"{rule}-{number}" for number, (rule, *_) in enumerate(ALSO)],
)
def test_a_broken_rule_is_named_with_its_place(
    *, rule: str, job: dict[str, Any], facts: Facts | None, where: str
) -> None:
    [problem] = problems(job, model=MODEL, facts=facts)
    assert (problem.rule, problem.where) == (rule, where)


def test_a_checksum_job_without_report_has_nowhere_to_put_its_checksums() -> None:
    job = does("S3ComputeObjectChecksum", **WHOLE) | {"Report": {"Enabled": False}}
    found = [problem for problem in problems(job, model=MODEL) if problem.rule == "owned report"]
    assert [problem.where for problem in found] == ["Report.Enabled", "Report.ExpectedBucketOwner"]


def test_timestamps_without_a_zone_compare_as_utc() -> None:
    chosen = {"CreatedAfter": LATER, "CreatedBefore": datetime(2030, 1, 1)}  # noqa: DTZ001 - as said
    job = generated("S3PutObjectCopy", Filter=chosen)
    assert "filter that can match" in {found.rule for found in problems(job, model=MODEL)}


@pytest.mark.parametrize(
    ("job", "facts"),
    [
        (
            VALID,
            Facts(source_buckets=frozenset("a"), bucket_regions={"a": "x"}, region="eu-west-1"),
        ),
        (VALID, Facts(largest_object=MAX_COPY_SIZE, rows=10**9, manifest_etag="e")),
        (VALID, Facts(caller_account="111122223333", manifest_encryption="AES256")),
        (listed(INVENTORY), Facts(manifest_encryption="aws:kms")),
        (copies(TargetKeyPrefix="p"), Facts(source_buckets=frozenset({"copies"}))),
        (copies(MetadataDirective="REPLACE"), Facts(source_buckets=frozenset({"copies"}))),
        (VALID, ON_DIRECTORY),
        (VALID, Facts(source_buckets=frozenset("a"), unversioned_buckets=frozenset("a"), rows=1)),
        (OWNED, Facts(foreign_buckets=frozenset({("copies", "111122223333")}))),
        (VALID, Facts(missing_buckets=frozenset({"elsewhere"}))),
        (VALID, Facts(lockless_buckets=frozenset({"copies"}), unreplicated_buckets=frozenset("a"))),
    ],
)
def test_facts_that_break_no_rule_pass(job: dict[str, Any], facts: Facts) -> None:
    assert problems(job, model=MODEL, facts=facts) == []


@pytest.mark.parametrize(
    ("rule", "job", "where", "got", "wanted"),
    BROKEN,
    ids=[f"{rule}-{number}" for number, (rule, *_) in enumerate(BROKEN)],
)
def test_a_broken_rule_is_one_problem(
    *, rule: str, job: dict[str, Any], where: str, got: str, wanted: str
) -> None:
    [problem] = problems(job, model=MODEL)
    assert (problem.rule, problem.where, problem.got) == (rule, where, got)
    assert wanted in problem.wanted
    [source] = [known.source for known in RULES if known.name == rule]
    assert problem.source == source


def test_every_rule_is_broken_above() -> None:
    assert {rule for rule, *_ in [*BROKEN, *ALSO]} == {rule.name for rule in RULES}


def test_every_rule_has_a_name_of_its_own() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES)


def test_a_directory_bucket_refuses_object_lock() -> None:
    found = problems(copies(TargetResource=DIRECTORY, NewObjectTagging=[], **LOCK), model=MODEL)
    assert [problem.where for problem in found] == [f"{COPY}.{name}" for name in sorted(LOCK)]
    assert {problem.rule for problem in found} == {"directory bucket"}


@pytest.mark.parametrize(
    "job",
    [
        VALID,
        without("Manifest") | {"ManifestGenerator": GENERATOR},
        does("S3DeleteObjectTagging"),
        copies(TargetKeyPrefix="a/b", ObjectLockEventHoldDuration={"Years": 1}, **LOCK),
        copies(TargetResource=DIRECTORY, NewObjectTagging=[], ChecksumAlgorithm="CRC32"),
        copies(NewObjectMetadata={"ContentType": "text/plain"}),
        copies(
            **{
                name: value
                for name, value in REFUSED_BY_DIRECTORY_BUCKETS.items()
                if name != "AccessControlGrants"
            }
        ),
        does(
            "LambdaInvoke", FunctionArn="f", InvocationSchemaVersion="2.0", UserArguments=ARGUMENT
        ),
        does("S3PutObjectRetention", Retention={"Mode": "GOVERNANCE", "RetainUntilDate": LATER}),
        does("S3PutObjectRetention", Retention={}),
        does("S3InitiateRestoreObject", ExpirationInDays=1),
        does("S3InitiateRestoreObject"),
        does("S3ComputeObjectChecksum", owned=True, **WHOLE),
        generated("S3InitiateRestoreObject", Filter={"MatchAnyStorageClass": [TIERING]}),
        generated("S3ReplicateObject"),
        listed(CSV, "Ignore", "VersionId", "Key", "Bucket", "Ignore"),
        listed(INVENTORY),
        tagged(50),
    ],
)
def test_what_no_rule_forbids_passes(job: dict[str, Any]) -> None:
    assert problems(job, model=MODEL) == []


def test_only_what_the_sources_leave_open_is_a_warning() -> None:
    assert {rule.name for rule in RULES if rule.warning} == {
        "directory tags",
        "everything read",
        "disputed rows",
        "disputed target",
        "explicit checksum",
        "explicit confirmation",
        "key needs kms",
        "manifest output",
        "one key constraint",
        "prefix without slash",
        "printable manifest",
        "report on every task",
        "restored first",
        "retention mode with date",
        "unquoted etag",
        "versioned target",
        "zoned timestamps",
    }


def test_the_problems_of_all_rules_come_at_once_and_in_their_order() -> None:
    request = copies(TargetKeyPrefix="a/", ObjectLockMode="GOVERNANCE")
    request |= {"Tags": tagged(51)["Tags"], "Priority": -1}
    assert [problem.rule for problem in problems(request, model=MODEL)] == [
        "min",
        "few tags",
        "prefix without slash",
        "lock mode with date",
    ]


@pytest.mark.parametrize(
    ("path", "rule"),
    [
        ({"Operation": None}, "type"),
        ({"Operation": {"S3PutObjectCopy": {"TargetResource": 7}}}, "type"),
        ({"Report": {}}, "required"),
        ({"ManifestGenerator": {}}, "union"),
    ],
    ids=["no operation", "no text", "no report", "no generator"],
)
def test_a_broken_structure_is_judged_by_the_model_alone(path: dict[str, Any], rule: str) -> None:
    request = copy.deepcopy(tagged(51)) | path
    assert [problem.rule for problem in problems(request, model=MODEL)] == [rule]
