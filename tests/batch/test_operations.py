import json
from dataclasses import fields, replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given

from intact.batch import S3PutObjectCopy
from intact.batch.operations import Directive, destination_key
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
    assert len(REQUEST) == len(fields(S3PutObjectCopy))


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


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"RedirectLocation": "/", "Bogus": 1}, "has Bogus, RedirectLocation; wanted no such"),
        ({"MetadataDirective": "MERGE"}, "'MERGE'"),
        ({"ChecksumAlgorithm": "CRC16"}, "checksum algorithm is 'CRC16'"),
        ({"ModifiedSinceConstraint": "yesterday"}, "yesterday"),
    ],
)
def test_what_the_type_cannot_hold_is_refused(members: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        S3PutObjectCopy.parse({"S3PutObjectCopy": REQUEST | members})


def test_a_copy_without_a_target_is_refused() -> None:
    with pytest.raises(UsageError, match="no TargetResource"):
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
