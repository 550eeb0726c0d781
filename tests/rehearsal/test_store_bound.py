"""The operations that a plain store can do only in a way of its own: replicas, other encryption."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from intact.adapters.s3control import s3control_client
from intact.batch.manifest import VERSIONED_FIELDS
from intact.rehearsal.endpoint import BatchEndpoint
from tests.stage import ACCOUNT, Stage

if TYPE_CHECKING:
    from collections.abc import Iterator

    import boto3
    from types_boto3_s3 import S3Client

KEY = "arn:aws:kms:us-east-1:000000000000:key/11111111-2222-3333-4444-555555555555"
OTHER = f"{KEY[:-1]}6"


def cells(stage: Stage, manifest: dict[str, Any], operation: dict[str, Any]) -> list[list[str]]:
    """Key, status, code and message of each row."""
    rows = [row.split(",") for row in stage.rows(stage.run(manifest, Operation=operation))]
    return [[row[1], row[3], *row[5:]] for row in rows]


def version(stage: Stage, *buckets: str) -> None:
    for bucket in buckets:
        stage.s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})


def configure(stage: Stage, *rules: dict[str, Any]) -> None:
    fixed = {"Status": "Enabled", "DeleteMarkerReplication": {"Status": "Disabled"}}
    numbered: Any = [fixed | {"Priority": at} | rule for at, rule in enumerate(rules, 1)]
    stage.s3.put_bucket_replication(
        Bucket=stage.source,
        ReplicationConfiguration={"Role": f"arn:aws:iam::{ACCOUNT}:role/r", "Rules": numbered},
    )


def to(bucket: str, **members: Any) -> dict[str, Any]:  # noqa: ANN401 - of a destination
    return {"Bucket": f"arn:aws:s3:::{bucket}"} | members


REPLICATE: dict[str, Any] = {"S3ReplicateObject": {}}


def test_a_version_is_replicated_to_every_destination_of_its_rules(stage: Stage) -> None:
    second = f"{stage.name}-second"
    stage.s3.create_bucket(Bucket=second)
    version(stage, stage.source, stage.target, second)
    put: Any = stage.s3.put_object
    old = put(Bucket=stage.source, Key="a/x y", Body=b"old", Metadata={"k": "v"}, Tagging="t=1")[
        "VersionId"
    ]
    put(Bucket=stage.source, Key="a/x y", Body=b"new")
    plain = put(Bucket=stage.source, Key="b", Body=b"b")["VersionId"]
    configure(
        stage,
        {"Filter": {"Prefix": "a/"}, "Destination": to(stage.target)},
        {"Filter": {"Prefix": ""}, "Destination": to(second, StorageClass="STANDARD_IA")},
    )
    manifest = stage.manifest(f"a/x%20y,{old}", f"b,{plain}", fields=VERSIONED_FIELDS)
    assert cells(stage, manifest, REPLICATE) == [
        ["a/x%20y", "succeeded", "", "Successful"],
        ["b", "succeeded", "", "Successful"],
    ]
    assert stage.keys(stage.target) == ["a/x%20y"]
    assert stage.keys(second) == ["a/x%20y", "b"]
    for bucket in (stage.target, second):
        assert stage.read("a/x y", bucket=bucket) == b"old"
        head = stage.s3.head_object(Bucket=bucket, Key="a/x y")
        assert head["Metadata"] == {"k": "v"}
        tags = stage.s3.get_object_tagging(Bucket=bucket, Key="a/x y")["TagSet"]
        assert tags == [{"Key": "t", "Value": "1"}]
    assert stage.s3.head_object(Bucket=second, Key="b")["StorageClass"] == "STANDARD_IA"


def test_every_version_of_a_generated_list_is_replicated(stage: Stage) -> None:
    version(stage, stage.source, stage.target)
    stage.fill("a", "a", "b")
    stage.s3.delete_object(Bucket=stage.source, Key="b")
    configure(stage, {"Filter": {"Prefix": ""}, "Destination": to(stage.target)})
    generator = {
        "SourceBucket": f"arn:aws:s3:::{stage.source}",
        "EnableManifestOutput": False,
        "Filter": {"EligibleForReplication": True},
    }
    request = stage.request({}, Operation=REPLICATE)
    request["ManifestGenerator"] = {"S3JobManifestGenerator": generator}
    del request["Manifest"]
    outcome = stage.wait(stage.control.create_job(**request)["JobId"])
    assert (outcome.succeeded, outcome.failed) == (3, 0)
    assert stage.keys(stage.target) == ["a", "b"]


def test_what_cannot_be_replicated_says_why_in_s3s_words(stage: Stage) -> None:
    second, nowhere = f"{stage.name}-second", f"{stage.name}-nowhere"
    for bucket in (second, nowhere):
        stage.s3.create_bucket(Bucket=bucket)
    version(stage, stage.source, second, nowhere)
    put: Any = stage.s3.put_object
    own = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": b"0" * 32}
    kms = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": KEY}
    hows: dict[str, dict[str, Any]] = {"no": {}, "un": {}, "gone": {}, "own": own, "kms": kms}
    ids = {
        name: put(Bucket=stage.source, Key=name, Body=b"x", **how)["VersionId"]
        for name, how in hows.items()
    }
    rows = [f"{name},{found}" for name, found in ids.items()] + [f"never,{ids['no']}"]
    manifest = stage.manifest(*rows, fields=VERSIONED_FIELDS)
    missing = ["failed", *["SrcBucketReplicationConfigMissing"] * 2]
    assert [row[1:] for row in cells(stage, manifest, REPLICATE)] == [missing] * 6
    configure(
        stage,
        {"Filter": {"Prefix": "un"}, "Destination": to(second)},
        {"Filter": {"Prefix": "gone"}, "Destination": to(nowhere)},
        {"Filter": {"Prefix": "kms"}, "Destination": to(second)},
        {"Filter": {"Prefix": "no"}, "Status": "Disabled", "Destination": to(second)},
    )
    stage.s3.delete_bucket(Bucket=nowhere)
    stage.s3.put_bucket_versioning(Bucket=second, VersioningConfiguration={"Status": "Suspended"})
    assert cells(stage, manifest, REPLICATE) == [
        [name, "failed", code, code]
        for name, code in {
            "no": "SrcObjectNotEligible",
            "un": "DstBucketUnversioned",
            "gone": "DstBucketNotFound",
            "own": "SrcObjectNotEligible",
            "kms": "SrcObjectNotEligible",
            "never": "SrcObjectNotFound",
        }.items()
    ]


@pytest.fixture
def plain(versity: S3Client, session: boto3.Session) -> Iterator[Stage]:
    """A stage on a store without replication or encryption."""
    with BatchEndpoint(versity, workers=2) as endpoint:
        control = s3control_client(session, endpoint_url=endpoint.url, region="eu-west-1")
        stage = Stage(s3=versity, endpoint=endpoint, control=control)
        for bucket in (stage.source, stage.target, stage.desk):
            versity.create_bucket(Bucket=bucket)
        yield stage
        control.close()


def test_a_store_that_holds_no_rules_is_a_refusal_with_its_reason(plain: Stage) -> None:
    manifest = plain.manifest("a,null", fields=VERSIONED_FIELDS)
    with pytest.raises(plain.control.exceptions.ClientError) as refused:
        plain.control.create_job(**plain.request(manifest, Operation=REPLICATE))
    said: Any = refused.value.response
    assert said["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert "Operation.S3ReplicateObject: the store holds no replication" in said["Error"]["Message"]


def encrypt(key: str = KEY, **members: Any) -> dict[str, Any]:  # noqa: ANN401 - of the operation
    wanted = {"SSEKMS": {"KMSKeyArn": key} | members}
    return {"S3UpdateObjectEncryption": {"ObjectEncryption": wanted}}


def test_a_store_without_encryption_keeps_its_objects_whole(plain: Stage) -> None:
    """Its UpdateObjectEncryption would replace the content by the request."""
    plain.fill("a")
    ((_, status, code, *message),) = cells(plain, plain.manifest("a"), encrypt())
    assert (status, code) == ("failed", "InvalidRequest")
    assert "NOTSSE" in ",".join(message)
    assert plain.read("a", bucket=plain.source) == b"content of a"


@pytest.mark.parametrize("versions", [False, True])
def test_encryption_changes_and_content_tags_and_metadata_stay(
    stage: Stage,
    versions: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    if versions:
        version(stage, stage.source)
    where: dict[str, Any] = {"Bucket": stage.source, "Key": "a b"}
    stage.s3.put_object(
        **where, Body=b"x" * 99, Tagging="k=v", Metadata={"k": "v"}, StorageClass="STANDARD_IA"
    )
    done = [["a%20b", "succeeded", "", "Successful"]]
    assert cells(stage, stage.manifest("a%20b"), encrypt(BucketKeyEnabled=True)) == done
    head = stage.s3.head_object(**where)
    assert (head["ServerSideEncryption"], head["SSEKMSKeyId"]) == ("aws:kms", KEY)
    assert head["BucketKeyEnabled"]
    assert (head["Metadata"], head["StorageClass"]) == ({"k": "v"}, "STANDARD_IA")
    assert stage.read("a b", bucket=stage.source) == b"x" * 99
    tags = stage.s3.get_object_tagging(**where)["TagSet"]
    assert tags == [{"Key": "k", "Value": "v"}]
    count = len(stage.s3.list_object_versions(Bucket=stage.source)["Versions"])
    assert count == 1 + versions
    again = encrypt(BucketKeyEnabled=True)
    assert cells(stage, stage.manifest("a%20b"), again) == done
    assert len(stage.s3.list_object_versions(Bucket=stage.source)["Versions"]) == count
    assert cells(stage, stage.manifest("a%20b"), encrypt(OTHER)) == done
    assert stage.s3.head_object(**where)["SSEKMSKeyId"] == OTHER


def test_only_the_current_version_is_encrypted_anew(stage: Stage) -> None:
    version(stage, stage.source)
    old, new = (
        stage.s3.put_object(Bucket=stage.source, Key="a", Body=body)["VersionId"]
        for body in (b"old", b"new")
    )
    manifest = stage.manifest(f"a,{old}", f"a,{new}", fields=VERSIONED_FIELDS)
    good, bad = cells(stage, manifest, encrypt())
    assert good[1:] == ["succeeded", "", "Successful"]
    assert bad[1:3] == ["failed", "NotImplemented"]
    assert "only the current version" in bad[3]
    assert stage.read("a", bucket=stage.source) == b"new"
    named = stage.s3.get_object(Bucket=stage.source, Key="a", VersionId=old)
    assert named["Body"].read() == b"old"
    assert named["ServerSideEncryption"] == "AES256"


def test_what_s3_would_not_encrypt_anew_stays_as_it_is(stage: Stage) -> None:
    locked = replace(stage, name=f"{stage.name}-l")
    stage.s3.create_bucket(Bucket=locked.source, ObjectLockEnabledForBucket=True)
    until = datetime.now(UTC) + timedelta(days=1)
    own = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": b"0" * 32}
    dsse = {"ServerSideEncryption": "aws:kms:dsse", "SSEKMSKeyId": KEY}
    kept = {"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": until}
    held = {"ObjectLockLegalHoldStatus": "ON"}
    hows: dict[str, dict[str, Any]] = {"dsse": dsse, "held": held, "kept": kept, "own": own}
    put: Any = stage.s3.put_object
    before = {
        name: put(Bucket=locked.source, Key=name, Body=b"x", **how)["VersionId"]
        for name, how in hows.items()
    }
    body = "".join(f"{locked.source},{name}\n" for name in hows).encode()
    found = cells(stage, stage.stored_manifest(body), encrypt(OTHER))
    assert [row[:3] for row in found] == [
        ["dsse", "failed", "InvalidRequest"],
        ["held", "failed", "AccessDenied"],
        ["kept", "failed", "AccessDenied"],
        ["own", "failed", "400"],
    ]
    listed = stage.s3.list_object_versions(Bucket=locked.source)["Versions"]
    assert {one["Key"]: one["VersionId"] for one in listed} == before
