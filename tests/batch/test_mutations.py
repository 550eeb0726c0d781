"""One thing changed in any valid request is named by the rule that forbids it."""

import copy
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intact.batch import problems
from tests.model_requests import MODEL, requests

Request = dict[str, Any]


def put(*path: str, value: object) -> Callable[[Request], None]:
    """Sets the member at a path, with the structures on the way to it."""

    def change(request: Request) -> None:
        for step in path[:-1]:
            request = request.setdefault(step, {})
        request[path[-1]] = value

    return change


def drop(*path: str) -> Callable[[Request], None]:
    def change(request: Request) -> None:
        for step in path[:-1]:
            request = request[step]
        request.pop(path[-1], None)

    return change


def directory_target(request: Request) -> None:
    members = request["Operation"]["S3PutObjectCopy"]
    members["TargetResource"] = "arn:aws:s3express:eu-west-1:111122223333:bucket/b--euw1-az1--x-s3"
    members["StorageClass"] = "STANDARD"


def half_a_lock(request: Request) -> None:
    members = request["Operation"]["S3PutObjectCopy"]
    members["ObjectLockMode"] = "GOVERNANCE"
    members.pop("ObjectLockRetainUntilDate", None)


def composite(request: Request) -> None:
    compute = {"ChecksumAlgorithm": "CRC64NVME", "ChecksumType": "COMPOSITE"}
    request["Operation"]["S3ComputeObjectChecksum"] = compute


def two_columns(request: Request) -> None:
    request.pop("ManifestGenerator", None)
    request["Manifest"] = {
        "Spec": {"Format": "S3BatchOperations_CSV_20180820", "Fields": ["Bucket", "Key"]},
        "Location": {"ObjectArn": "arn:aws:s3:::lists/m.csv", "ETag": "e"},
    }


def two_lists(request: Request) -> None:
    two_columns(request)
    request["ManifestGenerator"] = GENERATOR


TAGS = [{"Key": str(number), "Value": ""} for number in range(51)]
LATER = datetime(2030, 1, 1, tzinfo=UTC)
EMPTY_FILTER = {"CreatedAfter": LATER, "CreatedBefore": LATER}
GENERATOR = {
    "S3JobManifestGenerator": {
        "SourceBucket": "arn:aws:s3:::b",
        "EnableManifestOutput": False,
        "Filter": EMPTY_FILTER,
    }
}
COPY = ("Operation", "S3PutObjectCopy")
RETENTION = ("Operation", "S3PutObjectRetention", "Retention")
BOTH = {"Days": 1, "Years": 1}
MUTATIONS: list[tuple[str, str | None, Callable[[Request], None]]] = [
    # rule, operation to start from, change
    ("required", None, drop("RoleArn")),
    ("unknown member", None, put("Speed", value=1)),
    ("max", None, put("Priority", value=2**31)),
    ("enum", "S3PutObjectCopy", put(*COPY, "StorageClass", value="REDUCED_REDUNDANCY")),
    ("pattern", None, put("AccountId", value="1")),
    ("one list of objects", None, two_lists),
    ("one operation", None, put("Operation", value={})),
    ("complete report", None, put("Report", value={"Enabled": True})),
    ("few tags", None, put("Tags", value=TAGS)),
    ("unique tag keys", None, put("Tags", value=TAGS[:1] * 2)),
    ("role of the account", None, put("AccountId", value="4" * 12)),
    ("explicit confirmation", None, drop("ConfirmationRequired")),
    ("general purpose buckets", None, put("Report", "Bucket", value="arn:aws:s3:::b--x-s3")),
    ("target resource", "S3PutObjectCopy", drop(*COPY, "TargetResource")),
    ("prefix without slash", "S3PutObjectCopy", put(*COPY, "TargetKeyPrefix", value="a/")),
    ("directory bucket", "S3PutObjectCopy", directory_target),
    ("lock mode with date", "S3PutObjectCopy", half_a_lock),
    ("days or years", "S3PutObjectCopy", put(*COPY, "ObjectLockEventHoldDuration", value=BOTH)),
    ("days or years", "S3PutObjectRetention", put(*RETENTION, "EventHoldDuration", value=BOTH)),
    (
        "deprecated metadata",
        "S3PutObjectCopy",
        put(*COPY, "NewObjectMetadata", value={"ContentMD5": "a"}),
    ),
    ("function", "LambdaInvoke", drop("Operation", "LambdaInvoke", "FunctionArn")),
    (
        "lambda schema",
        "LambdaInvoke",
        put("Operation", "LambdaInvoke", value={"FunctionArn": "f", "UserArguments": {"a": "b"}}),
    ),
    ("acl or grants", "S3PutObjectAcl", put("Operation", "S3PutObjectAcl", value={})),
    (
        "restore days",
        "S3InitiateRestoreObject",
        put("Operation", "S3InitiateRestoreObject", "ExpirationInDays", value=0),
    ),
    ("owned report", "S3ComputeObjectChecksum", drop("Report", "ExpectedBucketOwner")),
    ("whole crc64nvme", "S3ComputeObjectChecksum", composite),
    (
        "encryption key",
        "S3UpdateObjectEncryption",
        put("Operation", "S3UpdateObjectEncryption", value={}),
    ),
    ("replicated versions", "S3ReplicateObject", two_columns),
    (
        "few object tags",
        "S3PutObjectTagging",
        put("Operation", "S3PutObjectTagging", "TagSet", value=TAGS),
    ),
    ("filter that can match", None, put("ManifestGenerator", value=GENERATOR)),
]


@pytest.mark.parametrize(
    ("rule", "operation", "change"),
    MUTATIONS,
    ids=[f"{rule}-{number}" for number, (rule, *_) in enumerate(MUTATIONS)],
)
@given(data=st.data())
@settings(max_examples=8)
def test_the_right_rule_names_a_change(
    *, rule: str, operation: str | None, change: Callable[[Request], None], data: st.DataObject
) -> None:
    request = data.draw(requests(operation=operation))
    before = {problem.rule for problem in problems(request, model=MODEL)}
    changed = copy.deepcopy(request)
    change(changed)
    after = {problem.rule for problem in problems(changed, model=MODEL)}
    assert rule in after
    assert rule not in before or rule in {"explicit confirmation", "prefix without slash"}
