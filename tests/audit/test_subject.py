"""What an audit takes from DescribeJob."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from intact.audit import Subject, Window
from intact.audit.subject import Tasks
from intact.batch import S3PutObjectCopy
from intact.batch.manifest import ManifestFormat
from intact.checksum import Algorithm
from intact.errors import FormatError, UsageError
from intact.s3 import ObjectRef

CREATED = datetime(2026, 11, 22, 3, tzinfo=UTC)
ENDED = datetime(2026, 11, 22, 4, tzinfo=UTC)


def described(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - members of a job
    job = {
        "JobId": "6a4d1f20-0000-0000-0000-000000000000",
        "JobArn": "arn:aws:s3:eu-west-1:111122223333:job/6a4d1f20",
        "Status": "Complete",
        "CreationTime": CREATED,
        "TerminationDate": ENDED,
        "ProgressSummary": {
            "TotalNumberOfTasks": 9,
            "NumberOfTasksSucceeded": 7,
            "NumberOfTasksFailed": 2,
        },
        "Operation": {
            "S3PutObjectCopy": {
                "TargetResource": "arn:aws:s3:::copies",
                "TargetKeyPrefix": "2026",
                "ChecksumAlgorithm": "CRC64NVME",
            }
        },
        "Manifest": {
            "Spec": {
                "Format": "S3BatchOperations_CSV_20180820",
                "Fields": ["Bucket", "Key", "VersionId"],
            },
            "Location": {
                "ObjectArn": "arn:aws:s3:::lists/2026/m.csv",
                "ObjectVersionId": "v1",
                "ETag": '"9bb58f26192e4ba00f01e2e7b136bbd8"',
            },
        },
        "Report": {
            "Enabled": True,
            "Bucket": "arn:aws:s3:::reports",
            "Prefix": "copy",
            "Format": "Report_CSV_20180820",
            "ReportScope": "AllTasks",
        },
    }
    return {"Job": job | changes}


def test_a_described_job_says_all_that_an_audit_needs() -> None:
    assert Subject.from_describe(described()) == Subject(
        name="arn:aws:s3:eu-west-1:111122223333:job/6a4d1f20",
        operation=S3PutObjectCopy(
            target_resource="arn:aws:s3:::copies",
            target_key_prefix="2026",
            checksum_algorithm=Algorithm.CRC64NVME,
        ),
        manifest=ObjectRef(bucket="lists", key="2026/m.csv", version_id="v1"),
        manifest_etag="9bb58f26192e4ba00f01e2e7b136bbd8",
        fields=("Bucket", "Key", "VersionId"),
        report=ObjectRef(
            bucket="reports", key="copy/job-6a4d1f20-0000-0000-0000-000000000000/manifest.json"
        ),
        reports_all_tasks=True,
        window=Window(begin=CREATED, end=ENDED),
        tasks=Tasks(total=9, succeeded=7, failed=2, complete=True),
    )


def test_a_job_that_ended_early_says_so() -> None:
    tasks = Subject.from_describe(described(Status="Cancelled")).tasks
    assert tasks == Tasks(total=9, succeeded=7, failed=2, complete=False)


def test_a_job_without_a_count_has_none() -> None:
    assert Subject.from_describe(described(ProgressSummary={})).tasks is None


def test_a_manifest_alone_is_csv_and_of_no_count() -> None:
    manifest = ObjectRef(bucket="lists", key="m.csv")
    operation = S3PutObjectCopy(target_resource="arn:aws:s3:::copies")
    subject = Subject(
        name=str(manifest),
        operation=operation,
        manifest=manifest,
        manifest_etag=None,
        fields=("Bucket", "Key"),
        report=None,
        reports_all_tasks=False,
        window=None,
    )
    assert (subject.format, subject.tasks) == (ManifestFormat.CSV, None)


def test_a_job_without_report_has_none_to_read() -> None:
    subject = Subject.from_describe(described(Report={"Enabled": False}))
    assert subject.report is None
    assert not subject.reports_all_tasks


def test_a_job_that_says_nothing_of_a_report_has_none() -> None:
    response = described()
    del response["Job"]["Report"]
    subject = Subject.from_describe(response)
    assert (subject.report, subject.reports_all_tasks) == (None, False)


def test_a_report_of_failed_tasks_does_not_account_for_the_others() -> None:
    report = described()["Job"]["Report"] | {"ReportScope": "FailedTasksOnly"}
    assert not Subject.from_describe(described(Report=report)).reports_all_tasks


@pytest.mark.parametrize(
    "changes",
    [
        {"Status": "Active"},
        {"TerminationDate": None},
        {"Operation": {"S3PutObjectTagging": {"TagSet": []}}},
        {"Operation": {"S3PutObjectCopy": {"TargetResource": "arn:aws:s3:::c", "Invented": 1}}},
        {"Manifest": described()["Job"]["Manifest"] | {"Invented": 1}},
        {
            "Manifest": {
                "Spec": {"Format": "S3InventoryReport_ORC"},
                "Location": {"ObjectArn": "arn:aws:s3:::lists/manifest.json", "ETag": "e"},
            }
        },
        {"Manifest": None, "ManifestGenerator": {"S3JobManifestGenerator": {}}},
    ],
    ids=str,
)
def test_a_job_that_cannot_be_audited_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        Subject.from_describe(described(**changes))


def test_why_a_job_cannot_be_audited_is_said() -> None:
    running = "^job 6a4d1f20-0000-0000-0000-000000000000 is Active; wanted an ended one$"
    with pytest.raises(UsageError, match=running):
        Subject.from_describe(described(Status="Active"))
    lost = "^S3 kept no copy of the manifest that it generated for this job$"
    with pytest.raises(UsageError, match=lost):
        Subject.from_describe(described(ManifestGenerator={"S": 1}))


def test_what_an_audit_does_not_know_is_named() -> None:
    copy = {"S3PutObjectCopy": {"TargetResource": "arn:aws:s3:::c", "Invented": 1}}
    manifest = described()["Job"]["Manifest"]
    with pytest.raises(UsageError, match="has Invented, Other; wanted members known here"):
        Subject.from_describe(described(Operation=copy, Manifest=manifest | {"Other": 1}))
    other = {"Spec": {"Format": "ORC"}, "Location": manifest["Location"]}
    known = "S3BatchOperations_CSV_20180820, S3InventoryReport_CSV_20161130, S3Inv"
    with pytest.raises(UsageError, match=f"manifest format is ORC; wanted one of {known}"):
        Subject.from_describe(described(Manifest=other))


def test_a_job_without_an_arn_is_called_by_its_id() -> None:
    response = described()
    del response["Job"]["JobArn"]
    assert Subject.from_describe(response).name == response["Job"]["JobId"]


LOCATION = {
    "ObjectArn": "arn:aws:s3:::lists/inv/manifest.json",
    "ObjectVersionId": "v",
    "ETag": '"e"',
}


@pytest.mark.parametrize(
    ("changes", "form"),
    [
        (
            {
                "Manifest": {
                    "Spec": {"Format": "S3InventoryReport_CSV_20161130"},
                    "Location": LOCATION,
                }
            },
            ManifestFormat.INVENTORY,
        ),
        (
            {
                "Manifest": None,
                "ManifestGenerator": {"S3JobManifestGenerator": {"SourceBucket": "b"}},
                "GeneratedManifestDescriptor": {
                    "Format": "S3InventoryReport_CSV_20211130",
                    "Location": LOCATION,
                },
            },
            ManifestFormat.GENERATED,
        ),
    ],
    ids=["inventory", "generated"],
)
def test_a_list_that_s3_wrote_says_itself_what_its_columns_are(
    changes: dict[str, Any], form: ManifestFormat
) -> None:
    subject = Subject.from_describe(described(**changes))
    assert (subject.format, subject.fields) == (form, ())
    assert subject.manifest == ObjectRef(bucket="lists", key="inv/manifest.json", version_id="v")
    assert subject.manifest_etag == "e"


def test_a_location_that_lacks_its_etag_is_refused() -> None:
    spec = {"Format": "S3InventoryReport_CSV_20161130"}
    broken = {"Spec": spec, "Location": {"ObjectArn": LOCATION["ObjectArn"]}}
    with pytest.raises(UsageError, match="ETag"):
        Subject.from_describe(described(Manifest=broken))


def test_a_generated_list_without_etag_is_refused() -> None:
    descriptor = {
        "Format": "S3InventoryReport_CSV_20211130",
        "Location": {"ObjectArn": LOCATION["ObjectArn"]},
    }
    job = described(ManifestGenerator={"S": 1}, GeneratedManifestDescriptor=descriptor)
    with pytest.raises(FormatError, match="ETag"):
        Subject.from_describe(job)


@pytest.mark.parametrize("member", ["Manifest", "Operation"])
def test_a_response_that_lacks_a_member_is_refused(member: str) -> None:
    response = described()
    del response["Job"][member]
    with pytest.raises(FormatError, match=member):
        Subject.from_describe(response)


def test_what_binds_an_audit_is_said_in_words() -> None:
    subject = Subject.from_describe(described())
    assert subject.bound == (
        "copies=s3://copies/2026/%2A",
        "manifest=s3://lists/2026/m.csv?versionId=v1 9bb58f26192e4ba00f01e2e7b136bbd8",
        "fields=Bucket,Key,VersionId",
        f"report={subject.report}",
    )
    bare = replace(subject, manifest_etag=None, fields=(), report=None)
    assert replace(bare, format=ManifestFormat.INVENTORY).bound[1:] == (
        "manifest=s3://lists/2026/m.csv?versionId=v1 ",
        "fields=S3InventoryReport_CSV_20161130",
        "report=",
    )


@pytest.mark.parametrize(
    "change",
    [
        {"manifest_etag": "another"},
        {"fields": ("Bucket", "Ignore", "Key", "VersionId")},
        {"manifest": ObjectRef(bucket="lists", key="another")},
        {"report": None},
        {"operation": S3PutObjectCopy(target_resource="arn:aws:s3:::another")},
        {"operation": S3PutObjectCopy(target_resource="arn:aws:s3:::copies")},
    ],
)
def test_whatever_else_is_audited_under_a_name_is_told_apart(change: dict[str, Any]) -> None:
    subject = Subject.from_describe(described())
    assert replace(subject, **change).bound != subject.bound
    assert replace(subject, tasks=None).bound == subject.bound
