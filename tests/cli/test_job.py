"""``intact job build`` prints what S3 Control takes, or says what is wrong."""

from __future__ import annotations

import json
from importlib import resources
from typing import TYPE_CHECKING

import boto3
import click
import pytest
import yaml
from botocore.stub import Stubber
from click.testing import CliRunner

from intact.cli.main import cli
from intact.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

    from tests.stage import Stage

GOOD = {
    "--account-id": "111122223333",
    "--role-arn": "arn:aws:iam::111122223333:role/copy",
    "--manifest-arn": "arn:aws:s3:::lists/m.csv",
    "--manifest-etag": '"9bb58f26192e4ba00f01e2e7b136bbd8"',
    "--target-resource": "arn:aws:s3:::copies",
    "--report-bucket": "reports",
}


def build(**changes: str) -> tuple[int, str, str]:
    options = GOOD | {f"--{name.replace('_', '-')}": value for name, value in changes.items()}
    arguments = [text for option in options.items() for text in option]
    result = CliRunner().invoke(cli, ["job", "build", *arguments], standalone_mode=False)
    return result.return_value, result.stdout, result.stderr


def test_the_payload_is_one_that_botocore_takes() -> None:
    code, payload, _ = build(target_key_prefix="2026", storage_class="GLACIER_IR")
    request = json.loads(payload)
    client = boto3.client("s3control", region_name="eu-west-1")
    with Stubber(client) as stub:
        stub.add_response("create_job", {"JobId": "a-job-id"}, request)
        assert client.create_job(**request)["JobId"] == "a-job-id"
    client.close()
    assert code == ExitCode.VERIFIED
    assert request["Operation"] == {
        "S3PutObjectCopy": {
            "TargetResource": "arn:aws:s3:::copies",
            "TargetKeyPrefix": "2026",
            "ChecksumAlgorithm": "CRC64NVME",
            "StorageClass": "GLACIER_IR",
        }
    }
    assert request["ConfirmationRequired"] is True


def test_the_same_job_has_the_same_token() -> None:
    assert build() == build()
    assert build(priority="11") != build()


@pytest.mark.parametrize(
    ("option", "value", "path"),
    [
        ("account_id", "1", "AccountId"),
        ("role_arn", "copy", "RoleArn"),
        ("target_resource", "copies", "Operation.S3PutObjectCopy.TargetResource"),
        ("storage_class", "COLD", "Operation.S3PutObjectCopy.StorageClass"),
        ("fields", "Bucket", "Manifest.Spec.Fields"),
    ],
)
def test_what_s3_would_refuse_is_not_printed(option: str, value: str, path: str) -> None:
    code, payload, problems = build(**{option: value})
    assert code == ExitCode.USAGE
    assert not payload
    assert problems.startswith(f"error: {path}: got ")


def test_what_s3_may_refuse_is_printed_with_a_warning() -> None:
    code, payload, problems = build(target_key_prefix="folder/")
    assert code == ExitCode.VERIFIED
    assert json.loads(payload)["Operation"]["S3PutObjectCopy"]["TargetKeyPrefix"] == "folder/"
    assert problems.startswith("warning: ")


def lint(text: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(cli, ["job", "lint", "-"], input=text, standalone_mode=False)
    return result.return_value, result.stdout, result.stderr


def test_what_was_built_lints_clean() -> None:
    assert lint(build()[1]) == (ExitCode.VERIFIED, "nothing wrong\n", "")


def test_yaml_lints_as_json_does() -> None:
    assert lint(yaml.safe_dump(json.loads(build()[1]))) == lint(build()[1])


def test_everything_wrong_with_a_file_is_named_at_once() -> None:
    request = json.loads(build()[1]) | {"Priority": -1, "RoleArn": "copy"}
    code, stdout, stderr = lint(json.dumps(request))
    assert (code, stderr) == (ExitCode.USAGE, "")
    assert [line.split(": got")[0] for line in stdout.splitlines()] == [
        "error: Priority",
        "error: RoleArn",
        "error: RoleArn",
    ]


def test_a_skeletons_placeholders_are_named() -> None:
    request = json.loads(build()[1])
    del request["Report"]["Format"]
    request |= {"ClientRequestToken": "", "Description": ""}
    code, stdout, stderr = lint(json.dumps(request))
    assert code == ExitCode.USAGE
    assert "note: Description: left out" in stderr
    assert "warning: ConfirmationRequired: kept" in stderr
    assert "error: Report.Format: got nothing" in stdout


def plan(*options: str) -> Result:
    arguments = ["job", "plan", "-", *options]
    return CliRunner().invoke(cli, arguments, input=build()[1], standalone_mode=False)


def test_a_plan_names_the_price_of_the_job_and_of_every_proof(tmp_path: Path) -> None:
    load = ("--objects", "10000000", "--bytes", "1")
    shown = plan(*load).stdout
    assert "the job: 60.25\n" in shown
    assert "proof, level 0, none: 0.00\n" in shown
    assert "proof, level 2, recorded: 8.00\n" in shown
    assert "proof, level 4, computed: unknown\n" in shown
    assert plan(*load, "--level", "read").stdout.endswith("of at least read: read\n")
    prices = json.loads(resources.files("intact.batch").joinpath("prices.json").read_bytes())
    own = tmp_path / "prices.json"
    own.write_text(json.dumps(prices | {"thousand_reads": None}))
    assert "none whose price is known" in plan(*load, "--prices", str(own)).stdout


def test_a_plan_counts_a_manifest_itself(tmp_path: Path) -> None:
    path = tmp_path / "m.csv"
    path.write_bytes(b"b,k,1000\nb,j,6000000000\n")
    shown = plan("--manifest", str(path), "--columns", "Bucket,Key,Size").stdout
    assert shown.startswith("2 objects of 6,000,001,000 bytes\n1 of them are too large")


def test_a_plan_counts_what_is_listed(stage: Stage, s3_server: str) -> None:
    stage.fill("in/a", "in/b", "out")
    where = ["--list", f"s3://{stage.source}/in/", "--endpoint-url", s3_server]
    shown = plan(*where, "--region", "us-east-1").stdout
    assert shown.startswith("2 objects of 30 bytes\n")


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["--objects", "1"],
        ["--list", "s3://b", "--bytes", "1"],
        ["--list", "b", "--manifest", "m"],
    ],
    ids=" ".join,
)
def test_a_plan_wants_one_way_to_count(options: list[str]) -> None:
    assert isinstance(plan(*options).exception, (UsageError, click.UsageError))
