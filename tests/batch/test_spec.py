"""The request of a job: exact, accepted by botocore itself, and named by its content."""

import copy
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from botocore.loaders import create_loader
from botocore.model import OperationModel, ServiceModel
from botocore.serialize import create_serializer
from botocore.validate import ParamValidator
from hypothesis import given

from intact.adapters.boto import load_model
from intact.batch import (
    JobSpec,
    ManifestLocation,
    ReportScope,
    ReportTarget,
    S3PutObjectCopy,
    problems,
)
from intact.batch.manifest import VERSIONED_FIELDS
from intact.batch.members import Directive
from intact.batch.spec import NO_REPORT, client_request_token, to_json
from intact.checksum import Algorithm
from intact.errors import FormatError
from tests.strategies import job_specs, manifest_locations

MODEL = load_model()
CREATE_JOB: OperationModel = ServiceModel(
    create_loader().load_service_model("s3control", "service-2"), "s3control"
).operation_model("CreateJob")
LOCATION = ManifestLocation(
    object_arn="arn:aws:s3:::lists/m.csv",
    etag='"9bb58f26192e4ba00f01e2e7b136bbd8"',
    fields=VERSIONED_FIELDS,
    version_id="v7",
)
UNQUOTED = replace(LOCATION, etag=LOCATION.etag.strip('"'))
SPEC = JobSpec(
    account_id="111122223333",
    role_arn="arn:aws:iam::111122223333:role/copy",
    operation=S3PutObjectCopy(
        target_resource="arn:aws:s3:::copies",
        target_key_prefix="copied",
        checksum_algorithm=Algorithm.CRC64NVME,
        metadata_directive=Directive.COPY,
        new_object_tagging={"kind": "copy"},
        modified_since_constraint=datetime(2026, 1, 2, tzinfo=UTC),
    ),
    manifest=LOCATION,
    report=ReportTarget(
        bucket="arn:aws:s3:::reports",
        prefix="audit",
        scope=ReportScope.FAILED_TASKS_ONLY,
        expected_bucket_owner="111122223333",
    ),
    priority=7,
    confirmation_required=False,
    description="monthly",
    tags={"team": "storage"},
)
REQUEST: dict[str, Any] = {
    "AccountId": "111122223333",
    "ConfirmationRequired": False,
    "Operation": {
        "S3PutObjectCopy": {
            "TargetResource": "arn:aws:s3:::copies",
            "TargetKeyPrefix": "copied",
            "ChecksumAlgorithm": "CRC64NVME",
            "MetadataDirective": "COPY",
            "NewObjectTagging": [{"Key": "kind", "Value": "copy"}],
            "ModifiedSinceConstraint": datetime(2026, 1, 2, tzinfo=UTC),
        }
    },
    "Report": {
        "Bucket": "arn:aws:s3:::reports",
        "Format": "Report_CSV_20180820",
        "Enabled": True,
        "Prefix": "audit",
        "ReportScope": "FailedTasksOnly",
        "ExpectedBucketOwner": "111122223333",
    },
    "Manifest": {
        "Spec": {
            "Format": "S3BatchOperations_CSV_20180820",
            "Fields": ["Bucket", "Key", "VersionId"],
        },
        "Location": {
            "ObjectArn": "arn:aws:s3:::lists/m.csv",
            "ETag": "9bb58f26192e4ba00f01e2e7b136bbd8",
            "ObjectVersionId": "v7",
        },
    },
    "Priority": 7,
    "RoleArn": "arn:aws:iam::111122223333:role/copy",
    "Description": "monthly",
    "Tags": [{"Key": "team", "Value": "storage"}],
}
Path = tuple[str | int, ...]


def leaves(value: object, path: Path = ()) -> Iterator[Path]:
    """Paths of everything in a request that holds no further members."""
    if isinstance(value, dict):
        for name, member in value.items():
            yield from leaves(member, (*path, name))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from leaves(item, (*path, index))
    else:
        yield path


LEAVES = list(leaves(REQUEST))


def changed(request: dict[str, Any], path: Path) -> dict[str, Any]:
    """The request with another value at one path."""
    other: Any = copy.deepcopy(request)
    member = other
    for step in path[:-1]:
        member = member[step]
    member[path[-1]] = f"not {member[path[-1]]}"
    return dict(other)


def shuffled(value: Any) -> Any:  # noqa: ANN401 - a request's members are of any type
    """Its dictionaries in reverse order."""
    if isinstance(value, dict):
        return {name: shuffled(value[name]) for name in reversed(value)}
    return [shuffled(item) for item in value] if isinstance(value, list) else value


def test_every_member_is_sent_under_the_name_that_s3_gives_it() -> None:
    request = SPEC.request()
    assert request.pop("ClientRequestToken")
    assert request == REQUEST


def test_what_is_not_set_stays_out() -> None:
    bare = replace(
        SPEC,
        manifest=replace(LOCATION, version_id=None),
        report=ReportTarget(bucket="arn:aws:s3:::reports"),
        description=None,
        tags=None,
    ).request()
    assert not {"Description", "Tags"} & bare.keys()
    assert "ObjectVersionId" not in bare["Manifest"]["Location"]
    assert bare["Report"] == {
        "Bucket": "arn:aws:s3:::reports",
        "Format": "Report_CSV_20180820",
        "Enabled": True,
        "ReportScope": "AllTasks",
    }


@given(location=manifest_locations)
def test_parsing_a_manifest_location_undoes_its_request(location: ManifestLocation) -> None:
    assert ManifestLocation.parse(location.request()) == location


def test_an_etag_loses_its_quotes() -> None:
    location = {"ObjectArn": "arn:aws:s3:::lists/m.csv", "ETag": '"e"'}
    spec = REQUEST["Manifest"]["Spec"]
    assert ManifestLocation.parse({"Spec": spec, "Location": location}).etag == "e"


def test_an_inventory_has_no_columns() -> None:
    inventory = REQUEST["Manifest"] | {"Spec": {"Format": "S3InventoryReport_CSV_20161130"}}
    location = ManifestLocation.parse(inventory)
    assert location.fields is None
    assert location.request() == inventory


def test_a_job_without_report_says_so() -> None:
    assert NO_REPORT.request() == {"Enabled": False}


def described(**members: object) -> dict[str, Any]:
    arn = "arn:aws:s3:eu-west-1:111122223333:job/j"
    job = {name: REQUEST[name] for name in ("Operation", "Report", "Manifest", "Priority")}
    job |= {"RoleArn": REQUEST["RoleArn"], "Description": "monthly", "ConfirmationRequired": False}
    return {"Job": job | {"JobId": "j", "JobArn": arn, "ManifestGenerator": None} | members}


def test_a_described_job_is_the_one_that_was_asked_for() -> None:
    assert JobSpec.from_describe(described()) == replace(SPEC, tags=None, manifest=UNQUOTED)


@pytest.mark.parametrize("response", [{}, {"Job": {}}, described(JobArn="j"), described(JobArn=7)])
def test_a_description_that_names_no_account_is_refused(response: dict[str, Any]) -> None:
    with pytest.raises(FormatError, match="no Job with a JobArn"):
        JobSpec.from_describe(response)


@given(spec=job_specs)
def test_the_token_names_the_content(spec: JobSpec) -> None:
    token = spec.request()["ClientRequestToken"]
    assert len(token) == 64
    assert token == replace(spec).request()["ClientRequestToken"]
    assert token == client_request_token(shuffled(spec.request()))


def test_the_token_is_the_same_on_every_machine() -> None:
    assert SPEC.request()["ClientRequestToken"] == (
        "5a53b1827aa99a1136f8da3e55973dc6090b34d5fba48a2bfb8ed9737d3aaf2e"
    )


def test_a_request_has_this_many_leaves() -> None:
    assert len(LEAVES) == 27


@pytest.mark.parametrize("path", LEAVES, ids=lambda path: ".".join(map(str, path)))
def test_the_token_changes_with_every_member(path: Path) -> None:
    assert client_request_token(changed(REQUEST, path)) != client_request_token(REQUEST)


@given(one=job_specs, other=job_specs)
def test_two_jobs_share_a_token_only_if_they_are_the_same(one: JobSpec, other: JobSpec) -> None:
    tokens = {spec.request()["ClientRequestToken"] for spec in (one, other)}
    assert (len(tokens) == 1) == (one.request() == other.request())


@given(spec=job_specs)
def test_botocore_accepts_and_serialises_every_job(spec: JobSpec) -> None:
    request = spec.request()
    shape = CREATE_JOB.input_shape
    assert shape is not None
    report = ParamValidator().validate(request, shape)
    assert report.generate_report() == ""
    serializer = create_serializer("rest-xml")
    assert serializer.serialize_to_request(request, CREATE_JOB)["body"]


def test_the_xml_holds_what_the_request_says() -> None:
    serialized = create_serializer("rest-xml").serialize_to_request(SPEC.request(), CREATE_JOB)
    root = ET.fromstring(serialized["body"])  # noqa: S314 - written by botocore a line above
    names = {"s3": "http://awss3control.amazonaws.com/doc/2018-08-20/"}
    operation = "s3:Operation/s3:S3PutObjectCopy/s3:"
    assert root.findtext(f"{operation}ChecksumAlgorithm", None, names) == "CRC64NVME"
    assert root.findtext(f"{operation}ModifiedSinceConstraint", None, names) == (
        "2026-01-02T00:00:00Z"
    )
    assert serialized["headers"]["x-amz-account-id"] == "111122223333"


@given(spec=job_specs)
def test_no_rule_forbids_a_job_of_valid_members(spec: JobSpec) -> None:
    assert [found for found in problems(spec.request(), model=MODEL) if not found.warning] == []


def test_the_json_reads_back_with_timestamps_as_text() -> None:
    moment = {"ModifiedSinceConstraint": "2026-01-02T00:00:00+00:00"}
    wanted = copy.deepcopy(REQUEST)
    wanted["Operation"]["S3PutObjectCopy"] |= moment
    assert json.loads(to_json(REQUEST)) == wanted
    assert to_json({"a": 1}) == '{\n  "a": 1\n}'
