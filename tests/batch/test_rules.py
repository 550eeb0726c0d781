"""Every rule beyond the model, broken one at a time, and what each still allows."""

import copy
from datetime import UTC, datetime
from typing import Any

import pytest

from intact.adapters.boto import load_model
from intact.batch import problems
from intact.batch.rules import RULES

MODEL = load_model()
CSV = "S3BatchOperations_CSV_20180820"
INVENTORY = "S3InventoryReport_CSV_20161130"
LOCATION = {"ObjectArn": "arn:aws:s3:::lists/m.csv", "ETag": "e"}
GENERATOR = {
    "S3JobManifestGenerator": {"SourceBucket": "arn:aws:s3:::b", "EnableManifestOutput": False}
}
COPY = "Operation.S3PutObjectCopy"
DIRECTORY = "arn:aws:s3express:us-west-2:111122223333:bucket/b--usw2-az1--x-s3"
REPORT = {
    "Enabled": True,
    "Bucket": "arn:aws:s3:::reports",
    "Format": "Report_CSV_20180820",
    "ReportScope": "AllTasks",
}
LATER = datetime(2030, 1, 1, tzinfo=UTC)
VALID: dict[str, Any] = {
    "AccountId": "111122223333",
    "Operation": {"S3PutObjectCopy": {"TargetResource": "arn:aws:s3:::copies"}},
    "Report": REPORT,
    "Manifest": {"Spec": {"Format": CSV, "Fields": ["Bucket", "Key"]}, "Location": LOCATION},
    "ClientRequestToken": "t",
    "Priority": 0,
    "RoleArn": "arn:aws:iam::111122223333:role/copy",
}
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


def without(name: str) -> dict[str, Any]:
    return {member: value for member, value in VALID.items() if member != name}


def listed(spec_format: str, *fields: str) -> dict[str, Any]:
    spec = {"Format": spec_format, "Fields": list(fields)}
    return VALID | {"Manifest": {"Spec": spec, "Location": LOCATION}}


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
        VALID | {"Operation": {"S3ReplicateObject": {}, "S3DeleteObjectTagging": {}}},
        "Operation",
        "S3ReplicateObject, S3DeleteObjectTagging",
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
            copies(TargetResource=DIRECTORY, **{name: value}),
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
    assert {rule for rule, *_ in BROKEN} == {rule.name for rule in RULES}


def test_a_directory_bucket_refuses_object_lock() -> None:
    found = problems(copies(TargetResource=DIRECTORY, **LOCK), model=MODEL)
    assert [problem.where for problem in found] == [f"{COPY}.{name}" for name in sorted(LOCK)]
    assert {problem.rule for problem in found} == {"directory bucket"}


@pytest.mark.parametrize(
    "job",
    [
        VALID,
        without("Manifest") | {"ManifestGenerator": GENERATOR},
        VALID | {"Report": {"Enabled": False}},
        VALID | {"Operation": {"S3ReplicateObject": {}}},
        copies(TargetKeyPrefix="a/b", ObjectLockEventHoldDuration={"Years": 1}, **LOCK),
        copies(TargetResource=DIRECTORY, NewObjectTagging=[], ChecksumAlgorithm="CRC32"),
        copies(NewObjectMetadata={"ContentType": "text/plain"}),
        copies(**REFUSED_BY_DIRECTORY_BUCKETS),
        listed(CSV, "Ignore", "VersionId", "Key", "Bucket", "Ignore"),
        listed(INVENTORY),
        tagged(50),
    ],
)
def test_what_no_rule_forbids_passes(job: dict[str, Any]) -> None:
    assert problems(job, model=MODEL) == []


def test_only_what_the_sources_leave_open_is_a_warning() -> None:
    warnings = {
        problem.rule
        for _, job, *_ in BROKEN
        for problem in problems(job, model=MODEL)
        if problem.warning
    }
    assert warnings == {"prefix without slash"}


def test_the_problems_of_all_rules_come_at_once_and_in_their_order() -> None:
    request = copies(TargetKeyPrefix="a/", ObjectLockMode="GOVERNANCE")
    request |= {"Tags": tagged(51)["Tags"], "Priority": -1}
    assert [problem.rule for problem in problems(request, model=MODEL)] == [
        "min",
        "prefix without slash",
        "lock mode with date",
        "few tags",
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
