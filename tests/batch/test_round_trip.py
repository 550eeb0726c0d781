"""Requests generated from the service model come back from the types byte for byte."""

import json
from typing import Any

import pytest
from botocore.loaders import create_loader
from botocore.model import OperationModel, ServiceModel
from botocore.serialize import create_serializer
from hypothesis import given, settings
from hypothesis import strategies as st

from intact.batch import JobSpec, problems
from intact.batch.spec import to_json
from tests.model_requests import MODEL, OPERATIONS, all_paths, members, paths, requests

CREATE_JOB: OperationModel = ServiceModel(
    create_loader().load_service_model("s3control", "service-2"), "s3control"
).operation_model("CreateJob")
GENERATOR = "ManifestGenerator.S3JobManifestGenerator"


def wire(request: dict[str, Any]) -> bytes:
    return bytes(create_serializer("rest-xml").serialize_to_request(request, CREATE_JOB)["body"])


@given(request=requests())
def test_no_rule_forbids_a_generated_request(request: dict[str, Any]) -> None:
    assert [found for found in problems(request, model=MODEL) if not found.warning] == []


@given(request=requests())
def test_a_request_comes_back_as_it_was_also_on_the_wire_and_from_json(
    request: dict[str, Any],
) -> None:
    spec = JobSpec.parse(request)
    assert spec.request() == request
    assert "extra={'" not in repr(spec)
    assert wire(spec.request()) == wire(request)
    assert wire(JobSpec.parse(json.loads(to_json(request))).request()) == wire(request)


@pytest.mark.parametrize("operation", OPERATIONS)
@given(data=st.data())
@settings(max_examples=5)
def test_every_member_of_every_operation_comes_back(operation: str, data: st.DataObject) -> None:
    shape = MODEL.shapes["JobOperation"]["members"][operation]["shape"]
    full = {operation: data.draw(members(shape, all_of_them=True))}
    known = {path for path in all_paths("JobOperation") if path.split(".")[0] == operation}
    assert {*paths(full, "JobOperation")} == known
    request = data.draw(requests(operation=operation)) | {"Operation": full}
    spec = JobSpec.parse(request)
    assert wire(spec.request()) == wire(request)
    assert "extra={'" not in repr(spec)


@pytest.mark.parametrize("encryption", MODEL.shapes["ObjectEncryptionFilter"]["members"])
@given(data=st.data())
@settings(max_examples=5)
def test_every_member_of_every_filter_comes_back(encryption: str, data: st.DataObject) -> None:
    request = data.draw(requests(operation="S3ReplicateObject", all_of_them=True))
    request.pop("Manifest", None)
    generator = data.draw(members("JobManifestGenerator", all_of_them=True))
    shape = MODEL.shapes["ObjectEncryptionFilter"]["members"][encryption]["shape"]
    chosen = {encryption: data.draw(members(shape, all_of_them=True))}
    generator["S3JobManifestGenerator"]["Filter"]["MatchAnyObjectEncryption"] = [chosen]
    request["ManifestGenerator"] = generator
    spec = JobSpec.parse(request)
    assert wire(spec.request()) == wire(request)
    assert "extra={'" not in repr(spec)
    known = {path for path in all_paths() if path.startswith(GENERATOR)}
    missing = known - {*paths(request, "CreateJobRequest")}
    assert {path.split("[].")[1].split(".")[0] for path in missing}.isdisjoint({encryption})


def test_a_member_that_no_type_knows_is_sent_and_named_by_the_model() -> None:
    copy = {"TargetResource": "arn:aws:s3:::copies", "Speed": "fast"}
    request: dict[str, Any] = {
        "AccountId": "111122223333",
        "ConfirmationRequired": False,
        "Operation": {"S3PutObjectCopy": copy},
        "Report": {"Enabled": False, "Colour": "red"},
        "ClientRequestToken": "t",
        "Manifest": {
            "Spec": {"Format": "S3BatchOperations_CSV_20180820", "Fields": ["Bucket", "Key"]},
            "Location": {"ObjectArn": "arn:aws:s3:::lists/m.csv", "ETag": "e", "Depth": 1},
        },
        "Priority": 1,
        "RoleArn": "arn:aws:iam::111122223333:role/copy",
        "Mood": {},
    }
    again = JobSpec.parse(request).request()
    assert again == request
    unknown = [p.where for p in problems(again, model=MODEL) if p.rule == "unknown member"]
    assert unknown == [
        "Operation.S3PutObjectCopy.Speed",
        "Report.Colour",
        "Manifest.Location.Depth",
        "Mood",
    ]


def test_a_newer_member_of_an_operation_without_members_is_sent() -> None:
    newer = {"Operation": {"S3DeleteObjectTagging": {"Hard": True}}}
    request: dict[str, Any] = {
        "AccountId": "1",
        **newer,
        "Report": {"Enabled": False},
        "Priority": 1,
        "RoleArn": "r",
    }
    assert JobSpec.parse(request).request()["Operation"] == newer["Operation"]
