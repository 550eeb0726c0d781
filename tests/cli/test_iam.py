"""``intact iam`` prints policies for one job."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from intact.batch import JobSpec, ManifestLocation, ReportTarget, S3PutObjectCopy
from intact.batch.spec import to_json
from intact.cli.main import cli
from intact.errors import UsageError
from tests.model_requests import KEY

JOB = to_json(
    JobSpec(
        account_id="111122223333",
        role_arn="arn:aws:iam::111122223333:role/photo-copy",
        operation=S3PutObjectCopy(target_resource="arn:aws:s3:::copies"),
        manifest=ManifestLocation(object_arn="arn:aws:s3:::lists/m.csv", etag="e"),
        report=ReportTarget(bucket="arn:aws:s3:::reports"),
    ).request()
)


def iam(*arguments: str) -> str:
    result = CliRunner().invoke(
        cli, ["iam", *arguments, "-", "--source", "photos"], input=JOB, standalone_mode=False
    )
    if result.exception is not None:
        raise result.exception
    return result.stdout


def test_a_role_has_trust_and_permissions() -> None:
    assert {*json.loads(iam("job-role"))} == {"trust", "permissions"}


@pytest.mark.parametrize("noun", ["auditor", "submitter"])
def test_a_user_has_permissions(noun: str) -> None:
    assert json.loads(iam(noun))["Statement"]


def test_other_tools_get_their_own_form() -> None:
    assert "aws_iam_role" in json.loads(iam("job-role", "--format", "terraform"))["resource"]
    assert "PhotoCopy" in json.loads(iam("job-role", "--format", "cloudformation"))["Resources"]


@pytest.mark.parametrize("bucket", ["photos", "copies", "lists", "reports"])
def test_every_bucket_of_the_job_has_a_policy(bucket: str) -> None:
    statements = json.loads(iam("bucket-policy", "--bucket", bucket))["Statement"]
    assert statements
    assert all(f":::{bucket}" in arn for one in statements for arn in one["Resource"])


def test_a_bucket_that_the_job_does_not_touch_has_no_policy() -> None:
    with pytest.raises(UsageError, match="wanted one of photos, copies, lists, reports"):
        iam("bucket-policy", "--bucket", "other")


def test_a_key_of_the_job_has_a_policy() -> None:
    [one] = json.loads(iam("key-policy", "--source-key", KEY, "--key", KEY))["Statement"]
    assert (one["Action"], one["Resource"]) == (["kms:Decrypt"], "*")
    with pytest.raises(UsageError, match="the job uses none"):
        iam("key-policy", "--key", KEY)
