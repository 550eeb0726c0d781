"""``intact copy``: killed at any moment it goes on, and an audit follows what it leaves."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from intact.adapters import boto
from intact.batch.multipart import SMALLEST_PART
from intact.checksum import new
from intact.checksum.encoding import encode
from intact.cli.main import cli
from intact.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result
    from types_boto3_s3 import S3Client

    from tests.stage import Stage

PARTS = 12
DIES = """
import collections, os, signal, sys
from intact.adapters import boto
from intact.cli.main import main

make, asked = boto.s3_client, collections.Counter()

def deadly(*arguments, **options):
    client = make(*arguments, **options)
    def die(**_):
        asked["parts"] += 1
        if asked["parts"] == int(os.environ["DIES_AFTER"]):
            os.kill(os.getpid(), signal.SIGKILL)
    client.meta.events.register("after-call.s3.UploadPartCopy", die)
    return client

boto.s3_client = deadly
main()
"""


class Copies:
    """A stage with one large object and one small, and a way to copy them."""

    def __init__(self, stage: Stage, s3_server: str, folder: Path) -> None:
        self.stage, self.out = stage, folder / "copied"
        self.body = bytes(range(256)) * (SMALLEST_PART * PARTS // 256)
        digest = encode(new("CRC64NVME", self.body).digest())
        stage.s3.put_object(
            Bucket=stage.source, Key="a b", Body=self.body, ChecksumCRC64NVME=digest
        )
        stage.fill("small")
        stage.manifest("a%20b,", "small,7", fields=("Bucket", "Key", "Ignore"))
        self.arguments = ["copy", f"s3://{stage.desk}/manifest.csv", "--out", str(self.out)]
        self.arguments += ["--columns", "Bucket,Key,Size", "--part-size", str(SMALLEST_PART)]
        self.arguments += ["--target-resource", f"arn:aws:s3:::{stage.target}"]
        self.reach = ["--endpoint-url", s3_server, "--region", "us-east-1"]

    def __call__(self, *arguments: str) -> Result:
        command = [*self.arguments, *arguments, *self.reach]
        return CliRunner().invoke(cli, command, standalone_mode=False)


@pytest.fixture
def copies(stage: Stage, s3_server: str, tmp_path: Path) -> Copies:
    return Copies(stage, s3_server, tmp_path)


@pytest.mark.parametrize("after", [1, 7])
def test_a_copy_that_was_killed_repeats_no_more_than_the_parts_under_way(
    copies: Copies, after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    workers = 2
    monkeypatch.setenv("DIES_AFTER", str(after))
    command = [*copies.arguments, "--workers", str(workers), *copies.reach]
    killed = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", DIES, *command], check=False, capture_output=True
    )
    assert killed.returncode == -signal.SIGKILL
    s3, bucket = copies.stage.s3, copies.stage.target
    [upload] = s3.list_multipart_uploads(Bucket=bucket)["Uploads"]
    listed = s3.list_parts(Bucket=bucket, Key="a b", UploadId=upload["UploadId"])
    there = [part["PartNumber"] for part in listed.get("Parts", [])]
    assert after <= len(there) <= after + workers
    asked: list[int] = []

    def see(*, params: dict[str, Any], **_: object) -> None:
        asked.append(params["query_string"]["partNumber"])

    make = boto.s3_client

    def watched(*arguments: Any, **options: Any) -> S3Client:  # noqa: ANN401 - as they are
        client = make(*arguments, **options)
        client.meta.events.register("before-call.s3.UploadPartCopy", see)
        return client

    monkeypatch.setattr(boto, "s3_client", watched)
    result = copies()
    assert result.return_value == ExitCode.VERIFIED, result.output
    assert sorted(asked) == sorted({*range(1, PARTS + 1)} - {*there})
    assert copies.stage.read("a b", bucket=bucket) == copies.body
    assert s3.list_multipart_uploads(Bucket=bucket).get("Uploads", []) == []


def test_an_audit_follows_a_copy(copies: Copies) -> None:
    desk = copies.stage.desk
    result = copies("--report-bucket", desk, "--report-prefix", "reports")
    assert result.return_value == ExitCode.VERIFIED, result.output
    words = ["next:", "intact", "audit", str(copies.out / "job.json")]
    told = result.stdout.splitlines()[-1].split()
    assert told[:4] == words
    assert sorted(told[4:]) == sorted(copies.reach)
    audit = ["audit", str(copies.out / "job.json"), "--out", str(copies.out / "audit")]
    audited = CliRunner().invoke(
        cli, [*audit, "--read", "missing", *copies.reach], standalone_mode=False
    )
    assert audited.return_value == ExitCode.VERIFIED, audited.output
    by_manifest = ["audit", "--manifest", f"s3://{desk}/manifest.csv", "--read", "missing"]
    by_manifest += ["--fields", "Bucket,Key,Ignore", "--out", str(copies.out / "again")]
    by_manifest += ["--target-resource", f"arn:aws:s3:::{copies.stage.target}"]
    audited = CliRunner().invoke(cli, [*by_manifest, *copies.reach], standalone_mode=False)
    assert audited.return_value == ExitCode.VERIFIED, audited.output


def test_a_row_that_was_not_copied_shows_in_the_code_the_report_and_the_audit(
    copies: Copies,
) -> None:
    copies.stage.s3.delete_object(Bucket=copies.stage.source, Key="small")
    result = copies("--report-bucket", copies.stage.desk)
    assert result.return_value == ExitCode.WRONG
    assert "404" in (copies.out / "failed.csv").read_text()
    job = json.loads((copies.out / "job.json").read_bytes())["Job"]
    assert job["ProgressSummary"]["NumberOfTasksFailed"] == 1
    audit = ["audit", str(copies.out / "job.json"), "--out", str(copies.out / "audit")]
    audited = CliRunner().invoke(cli, [*audit, *copies.reach], standalone_mode=False)
    assert audited.return_value == ExitCode.WRONG


def test_a_manifest_on_disk_is_copied_and_described_to_nobody(
    copies: Copies, tmp_path: Path
) -> None:
    path = tmp_path / "m.csv"
    path.write_bytes(copies.stage.read("manifest.csv"))
    copies.arguments[1] = str(path)
    assert isinstance(copies("--report-bucket", "b").exception, UsageError)
    result = copies()
    assert result.return_value == ExitCode.VERIFIED
    assert result.stdout.split() == ["2", "succeeded", str(copies.out / "succeeded.csv")]
    assert not (copies.out / "job.json").exists()


def test_a_manifest_that_is_not_there_is_a_usage_error(copies: Copies) -> None:
    copies.arguments[1] += "x"
    assert isinstance(copies().exception, UsageError)
