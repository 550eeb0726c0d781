import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given

from intact.adapters.boto import load_model
from intact.batch import S3PutObjectCopy
from intact.batch.members import Directive
from intact.batch.operations import (
    OPERATIONS,
    NewerOperation,
    destination_key,
    parse_operation,
)
from intact.batch.spec import to_json
from intact.checksum import Algorithm
from intact.errors import UsageError
from intact.s3 import ObjectRef
from tests.strategies import keys, operations

FULL = S3PutObjectCopy(
    target_resource="arn:aws:s3:::copies",
    target_key_prefix="copied",
    checksum_algorithm=Algorithm.SHA256,
    metadata_directive=Directive.REPLACE,
    new_object_tagging={"kind": "copy"},
    storage_class="GLACIER_IR",
    canned_access_control_list="private",
    ssekms_key_id="alias/copies",
    bucket_key_enabled=True,
    modified_since_constraint=datetime(2026, 1, 2, tzinfo=UTC),
    unmodified_since_constraint=datetime(2026, 2, 3, tzinfo=UTC),
    requester_pays=False,
)
REQUEST: dict[str, Any] = {
    "TargetResource": "arn:aws:s3:::copies",
    "TargetKeyPrefix": "copied",
    "ChecksumAlgorithm": "SHA256",
    "MetadataDirective": "REPLACE",
    "NewObjectTagging": [{"Key": "kind", "Value": "copy"}],
    "StorageClass": "GLACIER_IR",
    "CannedAccessControlList": "private",
    "SSEAwsKmsKeyId": "alias/copies",
    "BucketKeyEnabled": True,
    "ModifiedSinceConstraint": datetime(2026, 1, 2, tzinfo=UTC),
    "UnModifiedSinceConstraint": datetime(2026, 2, 3, tzinfo=UTC),
    "RequesterPays": False,
}
BARE = S3PutObjectCopy(target_resource="arn:aws:s3:::copies")


def test_every_member_is_sent_under_the_name_that_s3_gives_it() -> None:
    assert FULL.request() == {"S3PutObjectCopy": REQUEST}


def test_members_that_are_not_set_stay_out() -> None:
    assert BARE.request() == {"S3PutObjectCopy": {"TargetResource": "arn:aws:s3:::copies"}}


def test_no_tags_are_not_the_tags_of_the_source() -> None:
    stripped = replace(BARE, new_object_tagging={}).request()["S3PutObjectCopy"]
    assert stripped["NewObjectTagging"] == []
    assert "NewObjectTagging" not in BARE.request()["S3PutObjectCopy"]


def test_tags_may_be_any_mapping() -> None:
    tagged = replace(BARE, new_object_tagging=MappingProxyType({"a": "b"})).request()
    assert tagged["S3PutObjectCopy"]["NewObjectTagging"] == [{"Key": "a", "Value": "b"}]


@given(operation=operations)
def test_parsing_undoes_the_request(operation: S3PutObjectCopy) -> None:
    assert S3PutObjectCopy.parse(operation.request()) == operation


@given(operation=operations)
def test_parsing_undoes_the_request_written_as_json(operation: S3PutObjectCopy) -> None:
    assert S3PutObjectCopy.parse(json.loads(to_json(operation.request()))) == operation


@pytest.mark.parametrize(
    "operation",
    [{}, {"S3ReplicateObject": {}}, {"S3PutObjectCopy": REQUEST, "S3ReplicateObject": {}}],
)
def test_another_operation_is_refused(operation: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="wanted S3PutObjectCopy"):
        S3PutObjectCopy.parse(operation)


@pytest.mark.parametrize("operation", [{}, {"S3PutObjectCopy": REQUEST, "S3ReplicateObject": {}}])
def test_a_job_does_one_thing(operation: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="wanted exactly one operation"):
        parse_operation(operation)


def test_the_operations_are_those_of_the_service_model() -> None:
    assert {*OPERATIONS} == {*load_model().shapes["JobOperation"]["members"]}


def test_every_operation_is_read_as_its_own_type() -> None:
    for name, kind in OPERATIONS.items():
        members = {"TargetResource": "t", "LegalHold": {"Status": "ON"}, "Retention": {}}
        operation = parse_operation({name: members})
        assert type(operation) is kind
        assert operation.request() == {name: members}


def test_a_newer_operation_is_sent_as_it_is() -> None:
    newer = {"S3Levitate": {"Height": 7}}
    operation = parse_operation(newer)
    assert operation == NewerOperation(name="S3Levitate", members={"Height": 7})
    assert operation.request() == newer


def test_a_newer_member_is_sent_as_it_is_at_any_depth() -> None:
    newer = {
        "S3PutObjectCopy": {"TargetResource": "t", "Speed": 1, "NewObjectMetadata": {"Mood": "a"}}
    }
    assert parse_operation(newer).request() == newer


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"MetadataDirective": "MERGE"}, "S3PutObjectCopy.MetadataDirective: 'MERGE'"),
        ({"ChecksumAlgorithm": "CRC16"}, "checksum algorithm is 'CRC16'"),
        ({"ChecksumAlgorithm": 7}, "S3PutObjectCopy.ChecksumAlgorithm: "),
        ({"ModifiedSinceConstraint": "yesterday"}, "yesterday"),
        ({"ModifiedSinceConstraint": 7}, "S3PutObjectCopy.ModifiedSinceConstraint: "),
        ({"StorageClass": 7}, "StorageClass: got 7; wanted a value of type str"),
        ({"ObjectLockMode": 7}, "ObjectLockMode: got 7; wanted a value of type str"),
        ({"ObjectLockEventHoldDuration": {"Days": True}}, "Duration.Days: got True; wanted"),
        ({"RequesterPays": 1}, "RequesterPays: got 1; wanted a value of type bool"),
        ({"NewObjectMetadata": []}, "NewObjectMetadata: got []; wanted a value of type Mapping"),
        ({"NewObjectMetadata": {"UserMetadata": []}}, "UserMetadata: got []; wanted a value of"),
        ({"AccessControlGrants": {}}, "AccessControlGrants: got {}; wanted a value of type list"),
        ({"AccessControlGrants": [7]}, "AccessControlGrants[0]: got 7; wanted a value of type"),
        ({"NewObjectTagging": {}}, "NewObjectTagging: got {}; wanted a value of type list"),
        ({"NewObjectTagging": [7]}, "NewObjectTagging[0]: got 7; wanted a value of type Mapping"),
        ({"NewObjectTagging": [{"Key": "a"}]}, "NewObjectTagging[0]: got {'Key': 'a'}; wanted a"),
        (
            {"NewObjectTagging": [{"Key": "a", "Value": "b"}] * 2},
            "NewObjectTagging[1]: got {'Key': 'a', 'Value': 'b'}; wanted a Key of its own",
        ),
    ],
    ids=str,
)
def test_what_the_type_cannot_hold_is_refused(members: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=re.escape(message)):
        S3PutObjectCopy.parse({"S3PutObjectCopy": REQUEST | members})


def test_a_copy_without_a_target_is_refused() -> None:
    with pytest.raises(UsageError, match=r"S3PutObjectCopy.TargetResource: got nothing"):
        S3PutObjectCopy.parse({"S3PutObjectCopy": {}})


@given(key=keys)
def test_a_copy_keeps_its_whole_key_behind_the_prefix(key: str) -> None:
    assert destination_key(key, prefix=None) == key
    assert destination_key(key, prefix="a/b") == f"a/b/{key}"


def test_a_copy_lands_in_the_target_bucket_as_its_current_version() -> None:
    source = ObjectRef(bucket="source", key="Folder1/x.txt", version_id="v")
    assert replace(BARE, target_key_prefix="Folder2").destination(source) == ObjectRef(
        bucket="copies", key="Folder2/Folder1/x.txt"
    )


def test_a_target_that_is_no_bucket_is_refused() -> None:
    with pytest.raises(UsageError, match="wanted arn:PARTITION:s3:::BUCKET"):
        S3PutObjectCopy(target_resource="copies").destination(ObjectRef(bucket="b", key="k"))
