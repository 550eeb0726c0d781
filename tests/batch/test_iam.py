"""Policies of every operation, judged by the service authorization reference."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from policy_sentry.querying.actions import get_action_data

from intact.batch import JobSpec, ManifestLocation, ReportTarget, S3PutObjectCopy
from intact.batch.accounts import bucket_policy, key_policy
from intact.batch.generator import S3JobManifestGenerator
from intact.batch.iam import (
    Access,
    access,
    auditor_policy,
    function_policy,
    function_trust_policy,
    job_role_policy,
    submitter_policy,
    trust_policy,
)
from intact.batch.infrastructure import cloudformation, terraform
from intact.batch.members import (
    AnnotationDirective,
    EncryptionKey,
    ObjectEncryption,
    S3Retention,
)
from intact.batch.operations import (
    LambdaInvoke,
    S3ComputeObjectChecksum,
    S3PutObjectRetention,
    S3ReplicateObject,
    S3UpdateObjectEncryption,
)
from intact.batch.spec import NO_REPORT
from intact.errors import UsageError
from tests.model_requests import KEY, requests

UNLISTED = {"s3:GetObjectAnnotation", "s3:PutObjectAnnotation"}
"""Newer than the list that the tests judge by."""
ROLE = "arn:aws:iam::111122223333:role/copy"
OTHER = KEY.replace("1234abcd", "99999999")
COPY = S3PutObjectCopy(target_resource="arn:aws:s3:::copies", target_key_prefix="2026")


def job(operation: Any = COPY, **members: Any) -> Access:  # noqa: ANN401 - JobSpec's own
    given: dict[str, Any] = {
        "account_id": "111122223333",
        "role_arn": ROLE,
        "operation": operation,
        "manifest": ManifestLocation(object_arn="arn:aws:s3:::lists/m.csv", etag="e"),
        "report": ReportTarget(bucket="arn:aws:s3:::reports", prefix="copy"),
    }
    spec = JobSpec(**given | members)
    return access(spec, sources=["photos/2026/"], source_keys=(KEY,), target_keys=(OTHER,))


def allowed(policy: dict[str, Any]) -> set[tuple[str, str]]:
    return {
        (action, arn)
        for statement in policy["Statement"]
        for action in statement["Action"]
        for arn in statement["Resource"]
    }


@cache
def resources(action: str) -> list[str]:
    """Patterns of the resources that an action can be allowed on."""
    service, name = action.split(":")
    found = get_action_data(service, name)
    assert found, f"{action} is no action"
    return [re.sub(r"\$\{\w+\}", "*", row["resource_arn_format"]) for row in found[service]]


def judge(policy: dict[str, Any]) -> None:
    assert policy["Version"] == "2012-10-17"
    assert policy["Statement"]
    for action, arn in allowed(policy):
        if action not in UNLISTED:
            assert any(fnmatchcase(arn, pattern) for pattern in resources(action)), (action, arn)
            assert arn != "*" or resources(action) == ["*"] or action == "s3:CreateJob"


@given(request=requests())
@settings(max_examples=30)
def test_every_action_exists_and_fits_its_resource(request: dict[str, Any]) -> None:
    found = access(JobSpec.parse(request), sources=["photos"], source_keys=(KEY,))
    for policy in (job_role_policy, auditor_policy, submitter_policy):
        judge(policy(found))


def test_a_copys_role_reads_its_sources_and_writes_its_copies_and_report() -> None:
    source, target = "arn:aws:s3:::photos/2026/*", "arn:aws:s3:::copies/2026/*"
    lists = "arn:aws:s3:::lists/m.csv"
    assert allowed(job_role_policy(job())) == {
        ("s3:GetObject", source),
        ("s3:GetObjectAcl", source),
        ("s3:GetObjectTagging", source),
        ("s3:GetObjectAnnotation", source),
        ("s3:ListBucket", "arn:aws:s3:::photos"),
        ("kms:Decrypt", KEY),
        ("s3:PutObject", target),
        ("s3:PutObjectAcl", target),
        ("s3:PutObjectTagging", target),
        ("s3:PutObjectAnnotation", target),
        ("kms:Decrypt", OTHER),
        ("kms:GenerateDataKey", OTHER),
        ("s3:GetObject", lists),
        ("s3:GetObjectVersion", lists),
        ("s3:PutObject", "arn:aws:s3:::reports/copy/*"),
    }


def test_versions_annotations_and_locks_are_allowed_only_where_the_job_has_them() -> None:
    def actions(*, versions: bool, **members: Any) -> set[str]:  # noqa: ANN401 - S3PutObjectCopy's
        fields = ("Bucket", "Key", *(["VersionId"] if versions else []))
        location = ManifestLocation(object_arn="arn:aws:s3:::l/m", etag="e", fields=fields)
        operation = S3PutObjectCopy(target_resource="arn:aws:s3:::copies", **members)
        return {action for action, _ in allowed(job_role_policy(job(operation, manifest=location)))}

    plain = actions(versions=False, annotation_directive=AnnotationDirective.EXCLUDE)
    assert not {action for action in plain if "Annotation" in action}
    assert "s3:GetObjectVersionTagging" not in plain
    assert "s3:GetObjectVersionTagging" in actions(versions=True)
    assert "s3:PutObjectRetention" in actions(versions=False, object_lock_mode="GOVERNANCE")
    held = actions(versions=False, object_lock_legal_hold_status="ON")
    assert held - plain == {
        "s3:PutObjectLegalHold",
        "s3:GetObjectAnnotation",
        "s3:PutObjectAnnotation",
    }


def test_an_inventory_is_read_with_its_data_files() -> None:
    location = ManifestLocation(
        format="S3InventoryReport_CSV_20161130",
        fields=None,
        object_arn="arn:aws:s3:::lists/i/manifest.json",
        etag="e",
    )
    found = allowed(job_role_policy(job(manifest=location, report=NO_REPORT)))
    assert ("s3:GetObject", "arn:aws:s3:::lists/*") in found
    assert not {arn for _, arn in found if "reports" in arn}


def test_bypassing_governance_is_allowed_only_where_it_is_asked_for() -> None:
    retention = S3Retention()
    for asked in (True, False):
        operation = S3PutObjectRetention(retention=retention, bypass_governance_retention=asked)
        found = {action for action, _ in allowed(job_role_policy(job(operation)))}
        assert ("s3:BypassGovernanceRetention" in found) == asked


def test_a_new_key_encrypts_and_the_old_one_decrypts() -> None:
    key = ObjectEncryption(ssekms=EncryptionKey(kms_key_arn=OTHER))
    found = allowed(job_role_policy(job(S3UpdateObjectEncryption(object_encryption=key))))
    assert {("kms:Decrypt", KEY), ("kms:ReEncryptFrom", KEY), ("kms:Encrypt", OTHER)} < found
    assert ("kms:Encrypt", KEY) not in found


def test_a_function_is_invoked_and_nothing_is_read() -> None:
    arn = "arn:aws:lambda:eu-west-1:111122223333:function:resize"
    found = allowed(job_role_policy(job(LambdaInvoke(function_arn=arn))))
    assert ("lambda:InvokeFunction", arn) in found
    assert not {action for action, where in found if "photos" in where}


def test_only_batch_operations_for_this_account_assume_the_role() -> None:
    [statement] = trust_policy(job())["Statement"]
    assert statement["Principal"] == {"Service": "batchoperations.s3.amazonaws.com"}
    assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": "111122223333"}}


def test_a_function_that_audits_reads_both_sides_and_writes_its_log_alone() -> None:
    found = allowed(function_policy(job(), name="f"))
    writes = {(action, arn) for action, arn in found if re.search("Put|Delete|Create", action)}
    assert {arn for _, arn in writes} == {"arn:aws:logs:*:*:log-group:/aws/lambda/f:*"}
    assert ("s3:GetObject", "arn:aws:s3:::copies/2026/*") in found
    assert ("s3:GetObjectVersion", "arn:aws:s3:::photos/2026/*") in found
    assert {("s3:ListBucket", f"arn:aws:s3:::{name}") for name in ("copies", "photos")} < found
    assert {("kms:Decrypt", KEY), ("kms:Decrypt", OTHER)} < found
    assert not {action for action, where in found if "lists" in where or "reports" in where}
    (statement,) = function_trust_policy()["Statement"]
    assert statement["Principal"] == {"Service": "lambda.amazonaws.com"}


def test_a_job_that_copies_nothing_needs_no_function() -> None:
    with pytest.raises(UsageError, match="kind S3ComputeObjectChecksum; wanted S3PutObjectCopy"):
        function_policy(job(S3ComputeObjectChecksum()), name="f")


def test_an_auditor_writes_nothing() -> None:
    found = allowed(auditor_policy(job()))
    assert not {action for action, _ in found if re.search("Put|Delete|Create|Update", action)}
    assert ("s3:GetObject", "arn:aws:s3:::copies/2026/*") in found
    assert ("s3:ListBucket", "arn:aws:s3:::reports") in found


def test_a_submitter_passes_this_role_for_this_operation() -> None:
    policy = submitter_policy(job(S3ComputeObjectChecksum()))
    assert ("iam:PassRole", ROLE) in allowed(policy)
    conditions = [one["Condition"] for one in policy["Statement"] if "Condition" in one]
    assert conditions == [{"StringEquals": {"s3:RequestJobOperation": "S3ComputeObjectChecksum"}}]


@pytest.mark.parametrize(
    ("bucket", "action", "resource"),
    [
        ("photos", "s3:GetObject", "arn:aws:s3:::photos/2026/*"),
        ("copies", "s3:PutObject", "arn:aws:s3:::copies/2026/*"),
        ("lists", "s3:GetObject", "arn:aws:s3:::lists/m.csv"),
        ("reports", "s3:PutObject", "arn:aws:s3:::reports/copy/*"),
    ],
)
def test_a_bucket_of_another_account_allows_the_role_what_it_does_there(
    bucket: str, action: str, resource: str
) -> None:
    policy = bucket_policy(job(), bucket=bucket)
    assert {one["Principal"]["AWS"] for one in policy["Statement"]} == {ROLE}
    assert (action, resource) in allowed(policy)
    assert allowed(policy) < allowed(job_role_policy(job()))


def test_a_bucket_policy_is_one_buckets() -> None:
    with pytest.raises(UsageError, match="wanted one of photos, copies, lists, reports"):
        bucket_policy(job(), bucket="photo")
    directory = "arn:aws:s3express:us-west-2:111122223333:bucket/b--usw2-az1--x-s3"
    policy = bucket_policy(
        job(S3PutObjectCopy(target_resource=directory)), bucket="b--usw2-az1--x-s3"
    )
    assert ("s3:PutObject", f"{directory}/*") in allowed(policy)


def test_a_key_of_another_account_allows_the_role_what_it_does_with_it() -> None:
    [source], [target] = (key_policy(job(), key=key)["Statement"] for key in (KEY, OTHER))
    assert (source["Principal"], source["Action"]) == ({"AWS": ROLE}, ["kms:Decrypt"])
    assert (target["Action"], target["Resource"]) == (["kms:Decrypt", "kms:GenerateDataKey"], "*")
    with pytest.raises(UsageError, match="the job uses"):
        key_policy(job(), key="arn:aws:kms:eu-west-1:111122223333:key/other")


def test_without_sources_a_manifests_buckets_are_not_known() -> None:
    with pytest.raises(UsageError, match="at least one source"):
        access(job().spec)


def test_a_role_is_one_resource_of_each_tool() -> None:
    policy, trust = job_role_policy(job()), trust_policy(job())
    role = terraform(policy, name="my-copy", trust=trust)["resource"]
    assert role["aws_iam_role_policy"]["my_copy"]["role"] == "${aws_iam_role.my_copy.id}"
    assert terraform(policy, name="a")["resource"]["aws_iam_policy"]["a"]["name"] == "a"
    stack = cloudformation(policy, name="my-copy", trust=trust)["Resources"]["MyCopy"]
    assert stack["Type"] == "AWS::IAM::Role"
    assert stack["Properties"]["AssumeRolePolicyDocument"] == trust
    alone = cloudformation(policy, name="a")["Resources"]["A"]
    assert alone["Properties"]["PolicyDocument"] == policy


def test_a_generated_list_names_its_own_source() -> None:
    generator = S3JobManifestGenerator(
        source_bucket="arn:aws:s3:::photos", enable_manifest_output=False
    )
    spec = job(manifest=None, manifest_generator=generator).spec
    assert access(spec).objects == ["arn:aws:s3:::photos/*"]


def test_only_a_replication_over_a_generated_list_reads_the_replication_configuration() -> None:
    generator = S3JobManifestGenerator(
        source_bucket="arn:aws:s3:::photos", enable_manifest_output=False
    )
    lists = {"manifest": None, "manifest_generator": generator}
    wanted = ("s3:GetReplicationConfiguration", "arn:aws:s3:::photos")
    assert wanted in allowed(job_role_policy(job(S3ReplicateObject(), **lists)))
    assert wanted not in allowed(job_role_policy(job(COPY, **lists)))
