from __future__ import annotations

from typing import Any

import pytest
from botocore.loaders import create_loader

from intact.rehearsal.copying import NO_EVENT_HOLDS, copy_parameters
from intact.rehearsal.operations import unsupported
from intact.rehearsal.wire import s3control
from intact.s3 import ObjectRef

SHAPES = s3control()["shapes"]
TARGET = {"TargetResource": "arn:aws:s3:::dst"}
SOURCE = ObjectRef(bucket="src", key="a b/ü+.txt")
SAMPLES: dict[str, Any] = {
    "AccessControlGrants": [
        {"Grantee": {"TypeIdentifier": "id", "Identifier": "f00"}, "Permission": "READ"}
    ],
    "TargetResource": "arn:aws:s3:::other",
    "NewObjectMetadata": {"ContentType": "text/plain"},
    "NewObjectTagging": [{"Key": "k", "Value": "v"}],
    "RequesterPays": True,
}


def request(copy: dict[str, Any], **members: Any) -> dict[str, Any]:  # noqa: ANN401 - of any type
    spec = {"Format": "S3BatchOperations_CSV_20180820", "Fields": ["Bucket", "Key"]}
    operation = {"S3PutObjectCopy": TARGET | copy}
    fixed = {"Operation": operation, "Manifest": {"Spec": spec}, "Report": {"Enabled": False}}
    return fixed | members


def parameters(copy: dict[str, Any], *, source: ObjectRef = SOURCE) -> dict[str, Any]:
    return copy_parameters(TARGET | copy, source=source)


@pytest.mark.parametrize("member", SHAPES["S3CopyObjectOperation"]["members"])
def test_every_member_of_a_copy_is_either_done_or_refused_by_name(member: str) -> None:
    copy = {member: SAMPLES.get(member, "value")}
    refused = list(unsupported(request(copy)))
    if member.startswith("ObjectLockEventHold"):
        assert refused == [f"Operation.S3PutObjectCopy.{member}: {NO_EVENT_HOLDS}"]
    else:
        assert refused == []
        assert parameters(copy) != parameters({})


@pytest.mark.parametrize("member", SHAPES["S3ObjectMetadata"]["members"])
def test_every_member_of_new_metadata_is_either_done_or_refused_by_name(member: str) -> None:
    copy = {"NewObjectMetadata": {member: "KMS"}}
    refused = list(unsupported(request(copy)))
    if refused:
        assert refused == [f"Operation.S3PutObjectCopy.NewObjectMetadata.{member}"]
    else:
        assert parameters(copy) != parameters({})


def test_an_operation_that_is_newer_is_refused_by_name() -> None:
    assert list(unsupported({"Operation": {"S3Ponder": {}}})) == ["Operation.S3Ponder"]


def test_grants_are_headers_by_permission() -> None:
    user = {"TypeIdentifier": "id", "Identifier": "f00"}
    group = {"TypeIdentifier": "uri", "Identifier": "http://acs.amazonaws.com/groups/global/All"}
    grants = [
        {"Grantee": user, "Permission": "READ"},
        {"Grantee": group, "Permission": "READ"},
        {"Grantee": user, "Permission": "WRITE_ACP"},
    ]
    found = parameters({"AccessControlGrants": grants})
    assert found["GrantRead"] == f'id="f00", uri="{group["Identifier"]}"'
    assert found["GrantWriteACP"] == 'id="f00"'


@pytest.mark.parametrize(
    ("identifier", "permission"),
    [
        ("f00", "WRITE"),
        ('f00", uri="http://acs.amazonaws.com/groups/global/AllUsers', "READ"),
        ("f00\r\nx-amz-acl: public-read", "READ"),
        ("f\\00", "READ"),
        ("\u00e9", "READ"),
    ],
)
def test_a_grant_that_no_header_can_say_is_refused(identifier: str, permission: str) -> None:
    grantee = {"TypeIdentifier": "id", "Identifier": identifier}
    asked = request({"AccessControlGrants": [{"Grantee": grantee, "Permission": permission}]})
    (refused,) = unsupported(asked)
    assert refused.startswith("Operation.S3PutObjectCopy.AccessControlGrants {")


@pytest.mark.parametrize(
    ("refused", "asked"),
    [
        ("S3InventoryReport_CSV_20211130",
         request({}, Manifest={"Spec": {"Format": "S3InventoryReport_CSV_20211130"}})),
        ("slash", request({"TargetKeyPrefix": "p/"})),
        ("slash", request({}, Report={"Enabled": True, "Prefix": "reports/"})),
        ("general purpose", request({"TargetResource": "arn:aws:s3express:r:1:bucket/b--x-s3"})),
        ("general purpose", request({"TargetResource": "arn:aws:s3:r:1:accesspoint/a"})),
    ],
)  # fmt: skip
def test_what_a_rehearsal_cannot_do_is_refused(refused: str, asked: dict[str, Any]) -> None:
    (name,) = unsupported(asked)
    assert refused in name


def test_every_parameter_is_one_that_copy_object_has() -> None:
    model = create_loader().load_service_model("s3", "service-2")["shapes"]["CopyObjectRequest"]
    done = {
        member: SAMPLES.get(member, "value")
        for member in SHAPES["S3CopyObjectOperation"]["members"]
        if not list(unsupported(request({member: SAMPLES.get(member, "value")})))
    }
    assert len(done) > 10
    assert {*parameters(done)} <= {*model["members"]}


@pytest.mark.parametrize(
    ("prefix", "key"), [({}, "a b/ü+.txt"), ({"TargetKeyPrefix": "p"}, "p/a b/ü+.txt")]
)
def test_the_whole_source_key_follows_the_prefix(prefix: dict[str, str], key: str) -> None:
    assert parameters(prefix)["Key"] == key


@pytest.mark.parametrize("version_id", ["null", "3sL4kqtJlcpXroDTDmJ"])
def test_the_named_version_is_copied(version_id: str) -> None:
    source = ObjectRef(bucket="src", key="k", version_id=version_id)
    assert parameters({}, source=source)["CopySource"] == {
        "Bucket": "src",
        "Key": "k",
        "VersionId": version_id,
    }


def test_no_tags_differ_from_tags_not_mentioned() -> None:
    stripped = parameters({"NewObjectTagging": []})
    assert (stripped["TaggingDirective"], stripped["Tagging"]) == ("REPLACE", "")
    assert "TaggingDirective" not in parameters({})


def test_tags_are_encoded_for_their_header() -> None:
    tags = [{"Key": "a&b", "Value": "c=d é"}]
    assert parameters({"NewObjectTagging": tags})["Tagging"] == "a%26b=c%3Dd+%C3%A9"


def test_new_metadata_replace_the_sources_unless_the_directive_says_otherwise() -> None:
    metadata = {"NewObjectMetadata": {"UserMetadata": {"k": "v"}}}
    assert parameters(metadata)["MetadataDirective"] == "REPLACE"
    assert parameters(metadata | {"MetadataDirective": "COPY"})["MetadataDirective"] == "COPY"


def test_new_encryption_alone_keeps_the_sources_metadata() -> None:
    encrypted = parameters({"NewObjectMetadata": {"SSEAlgorithm": "KMS"}})
    assert encrypted["ServerSideEncryption"] == "aws:kms"
    assert "MetadataDirective" not in encrypted
