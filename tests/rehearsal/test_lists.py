"""Jobs whose list is an inventory or a listing."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from intact.batch.outcome import JobStatus
from intact.rehearsal.generating import refused
from intact.s3.names import bucket_of_arn, key_of_arn
from tests.stage import ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from intact.batch.outcome import JobOutcome
    from tests.stage import Stage

SCHEMA = "Bucket, Key, VersionId, Size"
KEYS = ("a b", "a+b", "%41", "line\nfeed", "日本語")
FORM = ("a+b", "a%2Bb", "%2541", "line%0Afeed", "%E6%97%A5%E6%9C%AC%E8%AA%9E")


def inventory(stage: Stage, rows: Sequence[tuple[str, ...]], **members: object) -> dict[str, Any]:
    """Store an inventory of such rows; return ``Manifest``."""
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows((stage.source, *row) for row in rows)
    data = gzip.compress(text.getvalue().encode())
    stage.s3.put_object(Bucket=stage.desk, Key="data/1.csv.gz", Body=data)
    md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
    document = {
        "sourceBucket": stage.source,
        "destinationBucket": f"arn:aws:s3:::{stage.desk}",
        "version": "2016-11-30",
        "creationTimestamp": "1514944800000",
        "fileFormat": "CSV",
        "fileSchema": SCHEMA,
        "files": [{"key": "data/1.csv.gz", "size": len(data), "MD5checksum": md5}],
    } | members
    body = json.dumps(document).encode()
    etag = stage.s3.put_object(Bucket=stage.desk, Key="manifest.json", Body=body)["ETag"]
    return {
        "Spec": {"Format": "S3InventoryReport_CSV_20161130"},
        "Location": {"ObjectArn": f"arn:aws:s3:::{stage.desk}/manifest.json", "ETag": etag},
    }


def test_an_inventory_is_a_manifest_whose_keys_are_form_encoded(stage: Stage) -> None:
    stage.fill(*KEYS)
    rows = [(key, "12") for key in FORM]
    outcome = stage.run(inventory(stage, rows, fileSchema="Bucket, Key, Size"))
    assert outcome.all_succeeded
    assert outcome.total == len(KEYS)
    for key in KEYS:
        assert stage.read(key, bucket=stage.target) == f"content of {key}".encode()
    assert [row.split(",")[1] for row in stage.rows(outcome)] == [*FORM]


def test_an_inventory_row_of_the_null_version_fails_its_task(stage: Stage) -> None:
    stage.fill("a")
    outcome = stage.run(inventory(stage, [("a", "", "12"), ("a", "null", "12")]))
    good, bad = stage.rows(outcome)
    assert good.startswith(f"{stage.source},a,null,succeeded")
    assert bad.startswith(f"{stage.source},a,,failed,400,InvalidArgument")


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"fileFormat": "ORC"}, "InvalidManifestContent"),
        ({"fileSchema": "Bucket, Key"}, "InvalidManifestContent"),
        ({"fileSchema": "Bucket, Size, VersionId, Key2"}, "InvalidManifestContent"),
        ({"files": "none"}, "InvalidManifestContent"),
        ({"files": []}, "InvalidManifestContent"),
        ({"files": [{"key": "data/1.csv.gz", "MD5checksum": "0"}]}, "InvalidManifestContent"),
        ({"files": [{"key": "data/2.csv.gz", "MD5checksum": "0"}]}, "ManifestUnreadable"),
    ],
)
def test_a_broken_inventory_fails_the_job(
    stage: Stage, members: dict[str, object], code: str
) -> None:
    outcome = stage.run(inventory(stage, [("a", "null", "1")], **members))
    assert (outcome.status, outcome.total) == (JobStatus.FAILED, 0)
    assert [reason.code for reason in outcome.failure_reasons] == [code]


def generate(
    stage: Stage,
    found: Mapping[str, object],
    *,
    output: bool = False,
    **location: object,
) -> tuple[JobOutcome, Any]:
    """Run a job over a listing with such a filter; return also its description."""
    generator: dict[str, Any] = {
        "SourceBucket": f"arn:aws:s3:::{stage.source}",
        "EnableManifestOutput": output,
    }
    if found:
        generator["Filter"] = found
    if output:
        generator["ManifestOutputLocation"] = {
            "Bucket": f"arn:aws:s3:::{stage.desk}",
            "ManifestPrefix": "lists",
            "ManifestFormat": "S3InventoryReport_CSV_20211130",
        } | location
    request = stage.request({}, ManifestGenerator={"S3JobManifestGenerator": generator})
    del request["Manifest"]
    job_id = stage.control.create_job(**request)["JobId"]
    outcome = stage.wait(job_id)
    return outcome, stage.control.describe_job(AccountId=ACCOUNT, JobId=job_id)["Job"]


NOW = datetime.now(UTC)


@pytest.mark.parametrize(
    ("found", "copied"),
    [
        ({}, ["aa.csv", "ab.txt", "b.csv"]),
        ({"KeyNameConstraint": {"MatchAnyPrefix": ["a"]}}, ["aa.csv", "ab.txt"]),
        ({"KeyNameConstraint": {"MatchAnySuffix": [".csv"]}}, ["aa.csv", "b.csv"]),
        ({"KeyNameConstraint": {"MatchAnySubstring": ["b."]}}, ["ab.txt", "b.csv"]),
        (
            {"KeyNameConstraint": {"MatchAnyPrefix": ["a"], "MatchAnySuffix": [".csv"]}},
            ["aa.csv"],
        ),
        ({"ObjectSizeGreaterThanBytes": 16}, ["aa.csv", "ab.txt"]),
        ({"ObjectSizeLessThanBytes": 17}, ["b.csv"]),
        ({"MatchAnyStorageClass": ["STANDARD"]}, ["aa.csv", "ab.txt", "b.csv"]),
        ({"CreatedAfter": NOW - timedelta(days=1)}, ["aa.csv", "ab.txt", "b.csv"]),
    ],
)
def test_a_generated_list_holds_what_passes_every_filter(
    stage: Stage, found: dict[str, object], copied: list[str]
) -> None:
    stage.fill("aa.csv", "ab.txt", "b.csv")
    outcome, job = generate(stage, found)
    assert outcome.all_succeeded
    assert stage.keys(stage.target) == copied
    assert "GeneratedManifestDescriptor" not in job
    assert job["ManifestGenerator"]["S3JobManifestGenerator"].get("Filter", {}) == found


@pytest.mark.parametrize(
    "found",
    [{"CreatedBefore": NOW - timedelta(days=1)}, {"MatchAnyStorageClass": ["GLACIER"]}],
)
def test_a_list_without_objects_fails_the_job(stage: Stage, found: dict[str, object]) -> None:
    stage.fill("a")
    outcome, _ = generate(stage, found)
    (reason,) = outcome.failure_reasons
    assert reason.code == "InvalidManifestContent"
    assert reason.text == "found no keys matching the filter criteria"


@pytest.mark.parametrize("versions", [False, True])
def test_the_generated_manifest_is_left_where_the_job_says(stage: Stage, versions: bool) -> None:  # noqa: FBT001 - a parameter of the test
    columns = ["Bucket", "Key"]
    if versions:
        stage.s3.put_bucket_versioning(
            Bucket=stage.source, VersioningConfiguration={"Status": "Enabled"}
        )
        columns.append("VersionId")
        stage.s3.put_object(Bucket=stage.source, Key="a b", Body=b"older")
        stage.s3.put_object(Bucket=stage.source, Key="gone", Body=b"")
        stage.s3.delete_object(Bucket=stage.source, Key="gone")
    stage.fill("a b", "a+b")
    outcome, job = generate(stage, {}, output=True)
    assert outcome.all_succeeded
    assert outcome.total == 2
    described = job["GeneratedManifestDescriptor"]
    assert described["Format"] == "S3InventoryReport_CSV_20211130"
    arn = described["Location"]["ObjectArn"]
    head = stage.s3.head_object(Bucket=bucket_of_arn(arn), Key=key_of_arn(arn))
    assert head["ETag"].strip('"') == described["Location"]["ETag"]
    document = json.loads(stage.read(key_of_arn(arn)))
    assert document["fileSchema"] == ", ".join(columns)
    (file,) = document["files"]
    data = stage.read(file["key"])
    assert (file["size"], file["MD5checksum"]) == (
        len(data), hashlib.md5(data, usedforsecurity=False).hexdigest()
    )  # fmt: skip
    rows = [*csv.reader(io.StringIO(gzip.decompress(data).decode()))]
    assert [row[1] for row in rows] == ["a+b", "a%2Bb"]
    assert {len(row) for row in rows} == {len(columns)}
    assert [row.split(",")[1] for row in stage.rows(outcome)] == ["a+b", "a%2Bb"]


def test_a_filter_without_documented_meaning_is_refused(stage: Stage) -> None:
    with pytest.raises(stage.control.exceptions.ClientError, match="EligibleForReplication false"):
        generate(stage, {"EligibleForReplication": False})


def test_a_filter_that_is_newer_is_refused_by_name() -> None:
    where = "ManifestGenerator.S3JobManifestGenerator.Filter"
    assert list(refused({"Filter": {"MatchAnyMood": ["good"]}})) == [f"{where}.MatchAnyMood"]


KEY = "arn:aws:kms:us-east-1:000000000000:key/11111111-2222-3333-4444-555555555555"


@pytest.mark.parametrize(
    ("encryption", "copied"),
    [
        ({"SSES3": {}}, ["plain"]),
        ({"SSEKMS": {}}, ["kms"]),
        ({"SSEKMS": {"KmsKeyArn": KEY, "BucketKeyEnabled": False}}, ["kms"]),
        ({"SSEKMS": {"BucketKeyEnabled": True}}, []),
        ({"DSSEKMS": {}}, ["dsse"]),
    ],
)
def test_objects_are_listed_by_their_encryption(
    stage: Stage, encryption: dict[str, Any], copied: list[str]
) -> None:
    put: Any = stage.s3.put_object
    key = {"SSEKMSKeyId": KEY}
    put(Bucket=stage.source, Key="plain", Body=b"")
    put(Bucket=stage.source, Key="kms", Body=b"", ServerSideEncryption="aws:kms", **key)
    put(Bucket=stage.source, Key="dsse", Body=b"", ServerSideEncryption="aws:kms:dsse", **key)
    own = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": b"0" * 32}
    put(Bucket=stage.source, Key="ssec", Body=b"", **own)
    outcome, _ = generate(stage, {"MatchAnyObjectEncryption": [encryption]})
    assert stage.keys(stage.target) == copied
    assert outcome.total == len(copied)


def test_only_objects_that_a_rule_covers_are_eligible_for_replication(stage: Stage) -> None:
    stage.fill("a/1", "a/2", "b")
    stage.s3.put_object(Bucket=stage.source, Key="tagged", Body=b"", Tagging="k=v")
    for bucket in (stage.source, stage.target):
        stage.s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    tag: Any = {"Tag": {"Key": "k", "Value": "v"}}
    rules: Any = [
        {
            "Priority": priority,
            "Filter": chosen,
            "Status": "Enabled",
            "DeleteMarkerReplication": {"Status": "Disabled"},
            "Destination": {"Bucket": f"arn:aws:s3:::{stage.target}"},
        }
        for priority, chosen in enumerate(({"Prefix": "a/"}, tag), 1)
    ]
    configuration: Any = {"Role": f"arn:aws:iam::{ACCOUNT}:role/r", "Rules": rules}
    wanted = {"EligibleForReplication": True, "ObjectReplicationStatuses": ["NONE", "FAILED"]}
    outcome, _ = generate(stage, wanted)
    assert outcome.failure_reasons[0].text == "found no keys matching the filter criteria"
    stage.s3.put_bucket_replication(Bucket=stage.source, ReplicationConfiguration=configuration)
    outcome, _ = generate(stage, wanted)
    assert outcome.all_succeeded
    assert stage.keys(stage.target) == ["a/1", "a/2", "tagged"]


def test_an_object_that_cannot_be_looked_at_fails_the_job(stage: Stage) -> None:
    stage.fill("a")

    def gone(params: dict[str, Any], **_: object) -> None:
        params["url"] = params["url"].replace("/a", "/nowhere")

    stage.s3.meta.events.register("before-call.s3.HeadObject", gone)
    try:
        outcome, _ = generate(stage, {"ObjectReplicationStatuses": ["NONE"]})
    finally:
        stage.s3.meta.events.unregister("before-call.s3.HeadObject", gone)
    assert [reason.code for reason in outcome.failure_reasons] == ["ManifestUnreadable"]


def test_a_generated_manifest_may_be_under_kms(stage: Stage) -> None:
    stage.fill("a")
    outcome, job = generate(stage, {}, output=True, ManifestEncryption={"SSEKMS": {"KeyId": KEY}})
    assert outcome.all_succeeded
    name = key_of_arn(job["GeneratedManifestDescriptor"]["Location"]["ObjectArn"])
    for key in (name, json.loads(stage.read(name))["files"][0]["key"]):
        head = stage.s3.head_object(Bucket=stage.desk, Key=key)
        assert (head["ServerSideEncryption"], head["SSEKMSKeyId"]) == ("aws:kms", KEY)
