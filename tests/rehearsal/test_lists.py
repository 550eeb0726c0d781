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
    stage: Stage, found: Mapping[str, object], *, output: bool = False
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
        }
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


def test_a_filter_that_a_listing_cannot_tell_is_refused(stage: Stage) -> None:
    with pytest.raises(stage.control.exceptions.ClientError, match="EligibleForReplication"):
        generate(stage, {"EligibleForReplication": True})
