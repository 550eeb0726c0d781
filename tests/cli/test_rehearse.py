"""``intact rehearse`` as a process: its address, its end by Ctrl-C, its deaths, its disasters."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from intact.adapters.ledger import LedgerReader
from intact.adapters.s3control import cancel, describe, s3control_client
from intact.audit.ledger import LEDGER
from intact.batch.outcome import JobStatus
from intact.cli.main import cli
from intact.errors import ExitCode, UsageError
from intact.rehearsal.faults import DEATH, Faults
from tests.stage import ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import boto3

    from tests.stage import Stage

WORKERS = 2
MOST_REPEATED = 2 * WORKERS
"""Tasks under way, or waiting for an earlier one to be written down, when a process dies."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """A running ``intact rehearse`` and the stage before it."""

    stage: Stage
    popen: subprocess.Popen[str]
    url: str
    names: list[str] = field(default_factory=list)

    def interrupt(self) -> int:
        self.popen.send_signal(signal.SIGINT)
        return self.popen.wait(30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Theatre:
    """Starts processes over one stage's store."""

    stage: Stage
    session: boto3.Session
    server: str

    @contextmanager
    def open(self, *options: str, cwd: Path | None = None) -> Iterator[Process]:
        command = [sys.executable, "-m", "intact", "rehearse", "--endpoint-url", self.server]
        with subprocess.Popen(  # noqa: S603 - our own command
            [*command, "--port=0", f"--workers={WORKERS}", *options],
            stdout=subprocess.PIPE,
            text=True,
            cwd=cwd,
        ) as popen:
            assert popen.stdout is not None
            try:
                said = popen.stdout.readline()
                found = re.match(r"S3 Batch Operations at (http://127\.0\.0\.1:\d+) over ", said)
                assert found is not None
                control = s3control_client(self.session, endpoint_url=found[1], region="eu-west-1")
                stage = replace(self.stage, control=control)
                yield Process(stage=stage, popen=popen, url=found[1])
                control.close()
            finally:
                popen.kill()


@pytest.fixture
def theatre(stage: Stage, session: boto3.Session, s3_server: str) -> Theatre:
    return Theatre(stage=stage, session=session, server=s3_server)


def progress(stage: Stage, job_id: str) -> int:
    return describe(stage.control, account_id=ACCOUNT, job_id=job_id).succeeded


def copies(stage: Stage) -> int:
    """How often anything was copied."""
    pages = stage.s3.get_paginator("list_object_versions").paginate(Bucket=stage.target)
    return sum(len(page.get("Versions", ())) for page in pages)


def filled(stage: Stage, count: int) -> list[str]:
    names = [f"{number:03}" for number in range(1, count + 1)]
    stage.fill(*names)
    stage.s3.put_bucket_versioning(
        Bucket=stage.target, VersioningConfiguration={"Status": "Enabled"}
    )
    return names


def test_a_job_that_was_killed_midway_ends_whole(theatre: Theatre, tmp_path: Path) -> None:
    names = filled(theatre.stage, 80)
    state = f"--state={tmp_path}"
    with theatre.open(state, "--faults=delay=0.02") as first:
        request = first.stage.request(first.stage.manifest(*names))
        job_id = first.stage.control.create_job(**request)["JobId"]
        while progress(first.stage, job_id) < 20:
            time.sleep(0.01)
        os.kill(first.popen.pid, signal.SIGKILL)
        assert first.popen.wait(30) == -signal.SIGKILL
    assert copies(theatre.stage) < len(names)
    with theatre.open(state) as second:
        assert second.stage.control.create_job(**request)["JobId"] == job_id
        outcome = second.stage.wait(job_id)
        assert outcome.all_succeeded
        assert outcome.total == len(names)
        assert [row.split(",")[1] for row in second.stage.rows(outcome)] == names
        assert len(names) <= copies(second.stage) <= len(names) + MOST_REPEATED
        assert second.interrupt() == ExitCode.INTERRUPTED


def test_a_job_whose_process_died_as_planned_goes_on_past_it(
    theatre: Theatre, tmp_path: Path
) -> None:
    names = filled(theatre.stage, 30)
    options = (f"--state={tmp_path}", "--faults=die=12,fail=5:NoSuchKey")
    with theatre.open(*options) as first:
        job_id = first.stage.submit(first.stage.manifest(*names))
        assert first.popen.wait(30) == DEATH
    assert len((tmp_path / f"{job_id}.results").read_bytes().splitlines()) == 12
    with theatre.open(*options) as second:
        outcome = second.stage.wait(job_id)
        assert (outcome.status, outcome.succeeded, outcome.failed) == (JobStatus.COMPLETE, 24, 6)
        reported = sorted(row.split(",")[1] for row in second.stage.rows(outcome))
        assert reported == names


def test_ctrl_c_keeps_the_state_and_ends_with_its_own_status(
    theatre: Theatre, tmp_path: Path
) -> None:
    with theatre.open(f"--state={tmp_path}") as first:
        job_id = first.stage.submit(first.stage.manifest("a"), ConfirmationRequired=True)
        first.stage.wait(job_id)
        assert first.interrupt() == ExitCode.INTERRUPTED
    with theatre.open(f"--state={tmp_path}") as second:
        assert second.stage.wait(job_id).status is JobStatus.SUSPENDED
        cancel(second.stage.control, account_id=ACCOUNT, job_id=job_id)
        assert second.stage.wait(job_id).status is JobStatus.CANCELLED


@pytest.mark.parametrize(
    ("copy", "options"), [({}, ()), ({"ChecksumAlgorithm": "SHA256"}, ("--read", "missing"))]
)
def test_the_audit_names_exactly_the_copies_that_were_corrupted(
    theatre: Theatre, tmp_path: Path, copy: dict[str, Any], options: tuple[str, ...]
) -> None:
    names = filled(theatre.stage, 24)
    plan = tmp_path / "plan.json"
    plan.write_text('{"corrupt": [3, 17, 24]}')
    with theatre.open(f"--faults={plan}") as there:
        operation = there.stage.copy(**copy)
        outcome = there.stage.run(there.stage.manifest(*names), Operation=operation)
        assert outcome.all_succeeded
        result = CliRunner().invoke(
            cli,
            [
                "audit", outcome.job_id, "--account-id", ACCOUNT, "--region", "eu-west-1",
                "--endpoint-url", theatre.server, "--control-endpoint-url", there.url,
                "--out", str(tmp_path / "audit"), *options,
            ],
            standalone_mode=False,
        )  # fmt: skip
    assert result.return_value == ExitCode.WRONG
    found = {
        record.copy.source.key: record.finding.verdict
        for record in LedgerReader(tmp_path / "audit" / LEDGER).records()
        if record.copy.source is not None
    }
    assert len(found) == len(names)
    damaged = {"003", "017", "024"}
    wanted = {name: "mismatched" if name in damaged else "verified" for name in names}
    assert {key: verdict.value for key, verdict in found.items()} == wanted


def test_a_function_of_this_folder_stands_in_for_lambda(theatre: Theatre, tmp_path: Path) -> None:
    theatre.stage.fill("a")
    (tmp_path / "stand_in.py").write_text(
        "def handle(event, context):\n"
        "    (task,) = event['tasks']\n"
        "    return {'results': [{'taskId': task['taskId'], 'resultCode': 'Succeeded',"
        " 'resultString': task['s3Key']}]}\n"
    )
    arn = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:f"
    with theatre.open(f"--function={arn}=stand_in:handle", cwd=tmp_path) as there:
        operation: dict[str, Any] = {"LambdaInvoke": {"FunctionArn": arn}}
        outcome = there.stage.run(there.stage.manifest("a"), Operation=operation)
        assert there.stage.rows(outcome) == [f"{there.stage.source},a,,succeeded,200,,a"]


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("--faults=explode=1", "fault plan"),
        ("--faults=no-such-file", "no-such-file"),
        ("--function=arn", "wanted ARN=TARGET"),
        ("--function=arn=json:nothing", "wanted module:function"),
    ],
)
def test_a_wrong_option_is_a_usage_error(option: str, said: str) -> None:
    result = CliRunner().invoke(cli, ["rehearse", "--endpoint-url", "http://127.0.0.1:1", option])
    assert isinstance(result.exception, UsageError)
    assert said in str(result.exception)


def test_the_help_says_where_it_differs_from_aws() -> None:
    said = " ".join(CliRunner().invoke(cli, ["rehearse", "--help"]).output.split())
    for words in (
        "Unlike AWS it checks no signature",
        "501",
        "127.0.0.1",
        "S3ReplicateObject by the store's own replication configuration",
        "S3UpdateObjectEncryption by copying an object onto itself",
        "event holds for example, it refuses",
        "Replicas have version ids of their own",
    ):
        assert words in said


def test_the_help_names_every_fault() -> None:
    said = CliRunner().invoke(cli, ["rehearse", "--help"]).output
    names = {item.name.split("_")[0] for item in fields(Faults)}
    assert {
        name for name in names if not re.search(rf"^ +.*\b{name}\b", said, re.MULTILINE)
    } == set()


def test_without_a_server_it_brings_one_and_says_how_to_reach_both(s3_server: str) -> None:
    assert s3_server  # its environment is installed
    command = [sys.executable, "-m", "intact", "rehearse", "--port=0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as popen:  # noqa: S603 - our own command
        assert popen.stdout is not None
        try:
            said = "".join(popen.stdout.readline() for _ in range(6))
            settings = dict(re.findall(r"(AWS_\w+)=(\S+)", said))
            assert set(settings) == {
                "AWS_ENDPOINT_URL_S3",
                "AWS_ENDPOINT_URL_S3_CONTROL",
                "AWS_ACCESS_KEY_ID",
                "AWS_SECRET_ACCESS_KEY",
                "AWS_REGION",
                "AWS_DEFAULT_REGION",
            }
            ours = {name: text for name, text in os.environ.items() if "AWS_" not in name}
            listed = subprocess.run(  # noqa: S603 - our own command
                [sys.executable, "-m", "intact", "job", "list", "--account-id", ACCOUNT],
                env=ours | settings,
                capture_output=True,
                text=True,
                check=True,
            )
            assert not listed.stderr
        finally:
            popen.send_signal(signal.SIGINT)
        assert popen.wait(30) == ExitCode.INTERRUPTED
