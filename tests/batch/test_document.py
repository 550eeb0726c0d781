"""Jobs read from JSON and YAML, the AWS CLI's skeleton among them."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from intact.batch import JobSpec
from intact.batch.document import EPOCHS, Document, read_document
from intact.batch.spec import to_json
from intact.errors import FormatError
from tests.model_requests import MODEL

REQUEST: dict[str, Any] = {
    "AccountId": "111122223333",
    "ConfirmationRequired": True,
    "Operation": {"S3PutObjectCopy": {"TargetResource": "arn:aws:s3:::copies"}},
    "Report": {"Enabled": False},
    "Manifest": {
        "Spec": {"Format": "S3BatchOperations_CSV_20180820", "Fields": ["Bucket", "Key"]},
        "Location": {"ObjectArn": "arn:aws:s3:::lists/m.csv", "ETag": "e"},
    },
    "Priority": 1,
    "RoleArn": "arn:aws:iam::111122223333:role/copy",
}


def skeleton(shape: str = "CreateJobRequest") -> Any:  # noqa: ANN401 - any member
    """What ``--generate-cli-skeleton`` writes for a shape."""
    rules = MODEL.shapes[shape]
    kind = rules["type"]
    if kind == "structure":
        return {name: skeleton(member["shape"]) for name, member in rules["members"].items()}
    if kind == "list":
        return [skeleton(rules["member"]["shape"])]
    text = rules.get("enum", [""])[0]
    plain = {"string": text, "timestamp": EPOCHS[0], "boolean": True, "map": {"KeyName": ""}}
    return plain.get(kind, 0)


def read(value: object) -> Document:
    return read_document(json.dumps(value), model=MODEL)


def test_a_request_is_read_as_it_is() -> None:
    assert read_document(to_json(REQUEST), model=MODEL) == Document(request=REQUEST)


def test_a_described_job_is_read_as_its_request() -> None:
    arn = "arn:aws:s3:eu-west-1:111122223333:job/j"
    job = {name: value for name, value in REQUEST.items() if name != "AccountId"}
    response = {"Job": job | {"JobArn": arn, "JobId": "j", "Status": "Complete"}}
    assert read(response) == Document(request=REQUEST)


@pytest.mark.parametrize(
    "text", ["", "[]", "7", "{", "a: {", "a: &x 1\nb: *x", "a: &x [*x]", "a: 0b_", b"\xff"]
)
def test_what_is_no_job_is_refused(text: str | bytes) -> None:
    with pytest.raises(FormatError, match="job document"):
        read_document(text, model=MODEL)


def test_a_filled_skeleton_is_the_request_that_was_filled_in() -> None:
    document = skeleton()
    document |= {name: REQUEST[name] for name in ("AccountId", "Report", "Priority", "RoleArn")}
    document["Operation"]["S3PutObjectCopy"] = REQUEST["Operation"]["S3PutObjectCopy"]
    document["Manifest"] = REQUEST["Manifest"]
    found = read(document)
    assert found.request == REQUEST
    assert {"ClientRequestToken", "Operation.S3PutObjectAcl", "Tags"} < {*found.left_out}
    assert found.doubtful == ("ConfirmationRequired",)
    assert JobSpec.parse(found.request).request()["ClientRequestToken"]


def test_what_may_have_been_overlooked_is_named() -> None:
    document = skeleton()
    document["Operation"]["S3PutObjectCopy"]["TargetResource"] = "arn:aws:s3:::copies"
    found = read(document)
    copy = found.request["Operation"]["S3PutObjectCopy"]
    assert copy["ObjectLockMode"] == "COMPLIANCE"
    assert "Operation.S3PutObjectCopy.ObjectLockMode" in found.doubtful
    assert "Operation.S3PutObjectCopy.ModifiedSinceConstraint" in found.left_out
    assert "NewObjectMetadata" not in copy


def test_an_only_operation_was_meant() -> None:
    document = skeleton() | {"Operation": {"S3ReplicateObject": {}}}
    assert read(document).request["Operation"] == {"S3ReplicateObject": {}}


def test_a_member_that_nobody_knows_stays_for_the_model_to_name() -> None:
    document = REQUEST | {"ClientRequestToken": "", "Speed": {"Fast": 1}}
    assert read(document).request == REQUEST | {"Speed": {"Fast": 1}}
    copy = skeleton()["Operation"]["S3PutObjectCopy"] | {"Speed": 1}
    operation = {"S3PutObjectCopy": copy}
    kept = read(document | {"Operation": operation}).request["Operation"]["S3PutObjectCopy"]
    assert kept["Speed"] == 1


def test_yaml_is_read_as_the_same_request() -> None:
    text = yaml.safe_dump(REQUEST)
    assert read_document(text, model=MODEL) == Document(request=REQUEST)
    assert read_document(text.encode(), model=MODEL) == Document(request=REQUEST)


def test_a_timestamp_in_yaml_stays_the_text_it_is() -> None:
    copy = "{TargetResource: 't', ModifiedSinceConstraint: 2026-01-02T03:04:05Z}"
    found = read_document(f"Operation:\n  S3PutObjectCopy: {copy}\n", model=MODEL).request
    moment = found["Operation"]["S3PutObjectCopy"]["ModifiedSinceConstraint"]
    assert moment == "2026-01-02T03:04:05Z"


def test_an_account_that_yaml_takes_for_a_number_stays_for_the_model_to_name() -> None:
    assert read_document("AccountId: 111122223333", model=MODEL).request == {
        "AccountId": 111122223333
    }


def test_a_skeleton_in_yaml_is_one_too() -> None:
    text = yaml.safe_dump(skeleton() | REQUEST).replace(EPOCHS[0], EPOCHS[1])
    found = read_document(text, model=MODEL)
    assert found.request == REQUEST
