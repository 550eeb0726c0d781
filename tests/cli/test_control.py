"""``intact job`` against a rehearsal endpoint: one job however often, or however it dies."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import click
import pytest
from click.testing import CliRunner

from intact.adapters.record import JobRecord, read_described
from intact.audit import Subject
from intact.batch.spec import to_json
from intact.cli.main import cli
from intact.errors import ExitCode, FormatError, StoreError, UsageError
from tests.stage import ACCOUNT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.stage import Stage

COUNTS = "1 succeeded, 0 failed, 0 not run"
DIES = """
import os, signal, sys
from intact.adapters import s3control
from intact.cli.main import main

make = s3control.s3control_client

def deadly(*arguments, **options):
    client = make(*arguments, **options)
    die = lambda **_: os.kill(os.getpid(), signal.SIGKILL)
    client.meta.events.register("after-call.s3-control.CreateJob", die)
    return client

s3control.s3control_client = deadly
main()
"""


@pytest.fixture
def job(stage: Stage, tmp_path: Path) -> Path:
    stage.fill("a")
    request = stage.request(stage.manifest("a"))
    del request["ClientRequestToken"]
    path = tmp_path / "job.json"
    path.write_text(to_json(request))
    return path


def options(stage: Stage) -> list[str]:
    return ["--region", "eu-west-1", "--control-endpoint-url", stage.endpoint.url]


def run(stage: Stage, *arguments: str) -> tuple[int, str]:
    command = ["job", *arguments, *options(stage)]
    result = CliRunner().invoke(cli, command, standalone_mode=False)
    if result.exception is not None:
        raise result.exception
    return result.return_value, result.stdout


def jobs(stage: Stage) -> list[str]:
    return [job["JobId"] for job in stage.control.list_jobs(AccountId=ACCOUNT)["Jobs"]]


def test_a_job_submitted_twice_is_one_that_waits(stage: Stage, job: Path) -> None:
    first, second = run(stage, "submit", str(job)), run(stage, "submit", str(job))
    assert first == second == (ExitCode.VERIFIED, f"{jobs(stage)[0]}\n")
    assert stage.wait(jobs(stage)[0]).status.value == "Suspended"
    with pytest.raises(UsageError, match="records another request"):
        run(stage, "submit", str(job), "--start")


def test_a_submission_killed_before_its_answer_is_repeated_as_one_job(
    stage: Stage, job: Path
) -> None:
    command = [sys.executable, "-c", DIES, "job", "submit", str(job), *options(stage)]
    killed = subprocess.run(command, check=False, capture_output=True)  # noqa: S603 - our own code
    assert killed.returncode == -signal.SIGKILL
    [created] = jobs(stage)
    record = JobRecord(job.with_name("job.json.submitted"))
    assert record.request is not None
    assert record.job_id is None
    with pytest.raises(UsageError, match="names no job"):
        run(stage, "show", str(record.path))
    assert run(stage, "submit", str(job)) == (ExitCode.VERIFIED, f"{created}\n")
    assert jobs(stage) == [created]


def test_a_submitted_job_is_shown_listed_confirmed_and_done(stage: Stage, job: Path) -> None:
    job_id = run(stage, "submit", str(job))[1].strip()
    assert stage.wait(job_id).status.value == "Suspended"
    named = [job_id, "--account-id", ACCOUNT]
    run(stage, "priority", *named, "--priority", "20")
    assert json.loads(run(stage, "show", *named)[1])["Job"]["Priority"] == 20
    listed = run(stage, "list", "--account-id", ACCOUNT, "--status", "Suspended")[1]
    assert listed.startswith(f"{job_id}  Suspended ")
    run(stage, "confirm", *named)
    states = job.with_name("states")
    code, shown = run(stage, "watch", *named, "--record", str(states))
    assert (code, shown) == (ExitCode.VERIFIED, f"{job_id}  Complete  {COUNTS}\n")
    last = JobRecord(states).described
    assert last is not None
    assert last["Job"]["Status"] == "Complete"


def test_one_record_holds_the_request_the_job_and_every_state(
    stage: Stage, job: Path, s3_server: str
) -> None:
    path = job.with_name("one")
    job_id = run(stage, "submit", str(job), "--record", str(path))[1].strip()
    assert stage.wait(job_id).status.value == "Suspended"
    assert run(stage, "watch", str(path))[0] == ExitCode.UNFINISHED
    run(stage, "confirm", str(path))
    assert run(stage, "watch", str(path))[0] == ExitCode.VERIFIED
    before = path.read_bytes()
    assert run(stage, "watch", str(path))[0] == ExitCode.VERIFIED
    assert path.read_bytes() == before  # nothing new was seen
    record = JobRecord(path)
    assert (record.job_id, record.account_id) == (job_id, ACCOUNT)
    assert record.request is not None
    assert record.request["AccountId"] == ACCOUNT
    states = [
        found["described"]["Job"]["Status"]
        for found in map(json.loads, path.read_text().splitlines())
        if "described" in found
    ]
    assert (states[0], states[-1]) == ("Suspended", "Complete")
    described = stage.control.describe_job(AccountId=ACCOUNT, JobId=job_id)["Job"]
    assert Subject.from_describe(read_described(path)) == Subject.from_describe({"Job": described})
    audit = ["audit", str(path), "--endpoint-url", s3_server, "--out", str(job.with_name("a"))]
    audited = CliRunner().invoke(cli, [*audit, "--region", "eu-west-1"], standalone_mode=False)
    assert audited.return_value == ExitCode.VERIFIED, audited.output


def test_a_job_that_aws_forgot_is_shown_from_its_record(stage: Stage, job: Path) -> None:
    path = job.with_name("job.json.submitted")
    job_id = run(stage, "submit", str(job), "--start")[1].strip()
    run(stage, "watch", str(path))
    lines = path.read_text().replace(job_id, "forgotten-job")
    path.write_text(lines)
    command = ["job", "show", str(path), *options(stage)]
    result = CliRunner().invoke(cli, command, standalone_mode=False)
    assert json.loads(result.stdout)["Job"]["Status"] == "Complete"
    assert result.stderr.startswith("note: as recorded at 20")
    path.write_text("".join(f"{one}\n" for one in lines.splitlines() if "described" not in one))
    with pytest.raises(StoreError, match="forgotten-job"):
        run(stage, "show", str(path))
    with pytest.raises(UsageError, match="no state was seen"):
        read_described(path)


def test_a_record_is_that_of_one_job(stage: Stage, job: Path) -> None:
    path = job.with_name("job.json.submitted")
    run(stage, "submit", str(job), "--start")
    with pytest.raises(UsageError, match="wanted a record of its own for job-2"):
        run(stage, "watch", "job-2", "--account-id", ACCOUNT, "--record", str(path))


def test_an_id_alone_does_not_name_a_job(stage: Stage) -> None:
    with pytest.raises(click.UsageError, match="needs --account-id"):
        run(stage, "show", "job-1")


def test_a_complete_job_with_a_failed_task_is_no_success(stage: Stage, job: Path) -> None:
    stage.s3.delete_object(Bucket=stage.source, Key="a")
    job_id = run(stage, "submit", str(job), "--start")[1].strip()
    code, shown = run(stage, "watch", job_id, "--account-id", ACCOUNT)
    assert (code, shown) == (
        ExitCode.WRONG,
        f"{job_id}  Complete  0 succeeded, 1 failed, 0 not run\n",
    )


def test_a_job_whose_manifest_is_gone_says_why_it_failed(stage: Stage, job: Path) -> None:
    stage.s3.delete_object(Bucket=stage.desk, Key="manifest.csv")
    job_id = run(stage, "submit", str(job), "--start")[1].strip()
    code, shown = run(stage, "watch", job_id, "--account-id", ACCOUNT)
    assert code == ExitCode.WRONG
    assert len(shown.splitlines()) == 2


def test_watching_ends_where_someone_must_confirm(stage: Stage, job: Path) -> None:
    job_id = run(stage, "submit", str(job))[1].strip()
    command = ["job", "watch", job_id, "--account-id", ACCOUNT, *options(stage)]
    result = CliRunner().invoke(cli, command, standalone_mode=False)
    assert result.return_value == ExitCode.UNFINISHED
    following = [f"next: intact job confirm {job_id} --account-id {ACCOUNT}", *options(stage)]
    assert result.stderr.endswith(" ".join(following) + "\n")


@pytest.mark.parametrize("name", ["AWS_REGION", "AWS_DEFAULT_REGION"])
def test_a_region_by_either_variable_is_one(
    stage: Stage, job: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    command = ["job", "submit", str(job), "--control-endpoint-url", stage.endpoint.url]
    result = CliRunner().invoke(cli, command, standalone_mode=False)
    assert "specify a region" in str(result.exception)
    monkeypatch.setenv(name, "eu-west-1")
    CliRunner().invoke(cli, command, standalone_mode=False)
    assert len(jobs(stage)) == 1


def test_the_server_that_is_named_is_asked_about_jobs(stage: Stage, job: Path) -> None:
    there = ["--region", "eu-west-1", "--endpoint-url", stage.endpoint.url]
    CliRunner().invoke(cli, ["job", "submit", str(job), *there], standalone_mode=False)
    assert len(jobs(stage)) == 1


def test_a_suspended_job_is_cancelled(stage: Stage, job: Path) -> None:
    job_id = run(stage, "submit", str(job))[1].strip()
    assert stage.wait(job_id).status.value == "Suspended"
    run(stage, "cancel", job_id, "--account-id", ACCOUNT)
    assert stage.control.describe_job(AccountId=ACCOUNT, JobId=job_id)["Job"]["Status"] in {
        "Cancelling",
        "Cancelled",
    }


def test_what_s3_would_refuse_is_not_sent(stage: Stage, job: Path) -> None:
    job.write_text(to_json(json.loads(job.read_text()) | {"Priority": -1}))
    assert run(stage, "submit", str(job)) == (ExitCode.USAGE, "")
    assert jobs(stage) == []


@pytest.mark.parametrize("text", ["{\n", '{"a": 1}\n', "[]\n"])
def test_a_file_that_is_no_record_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "record"
    path.write_text(text)
    with pytest.raises(FormatError, match="wanted"):
        JobRecord(path)
    with pytest.raises(FormatError, match="wanted"):
        read_described(path)
