"""The AWS CLI, unmodified, before the endpoint: what operators type."""

from __future__ import annotations

import json
import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from intact.batch.outcome import JobStatus
from intact.errors import StoreError
from intact.rehearsal.environment import make_environment
from tests.stage import ACCOUNT

if TYPE_CHECKING:
    from tests.stage import Stage

REQUIREMENTS = Path(__file__).parents[1] / "awscli-requirements.txt"


@pytest.fixture(scope="session")
def aws() -> Path:
    """The command ``aws``; skips where it cannot be installed, which in CI is a failure."""
    try:
        python = make_environment(REQUIREMENTS, progress=lambda _: None)
    except StoreError as error:
        if os.environ.get("CI") or "HASH" in str(error):
            raise
        pytest.skip(f"awscli: could not be provisioned: {error}")
    return python.with_name("aws")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cli:
    """``aws s3control`` with the endpoint as its proxy."""

    aws: Path
    stage: Stage

    def __call__(self, command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {
            name: value for name, value in os.environ.items() if "proxy" not in name.lower()
        }
        return subprocess.run(  # noqa: S603 - a pinned program and our own arguments
            [
                self.aws, "s3control", command, "--account-id", ACCOUNT, "--region", "eu-west-1",
                "--endpoint-url", "http://s3-control.eu-west-1.amazonaws.com", "--output", "json",
                *arguments,
            ],
            env=environment | {"HTTP_PROXY": self.stage.endpoint.url},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )  # fmt: skip

    def answer(self, command: str, *arguments: str) -> Any:  # noqa: ANN401 - JSON
        done = self(command, *arguments)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def create(self, path: Path, manifest: dict[str, Any]) -> str:
        """Create a job that waits for its confirmation, and wait until it does."""
        request = self.stage.request(manifest, ConfirmationRequired=True)
        path.write_text(json.dumps(request))
        job_id = str(self.answer("create-job", "--cli-input-json", f"file://{path}")["JobId"])
        assert self.stage.wait(job_id).status is JobStatus.SUSPENDED
        return job_id


def test_an_operator_creates_confirms_cancels_and_watches_jobs(
    stage: Stage, aws: Path, tmp_path: Path
) -> None:
    stage.fill("a", "b")
    cli, file = Cli(aws=aws, stage=stage), tmp_path / "job.json"
    manifest = stage.manifest("a", "b")
    first = cli.create(file, manifest)
    said = cli.answer("update-job-status", "--job-id", first, "--requested-job-status", "Ready")
    assert said["JobId"] == first
    deadline = time.monotonic() + 30
    while (job := cli.answer("describe-job", "--job-id", first)["Job"])["Status"] != "Complete":
        assert time.monotonic() < deadline
    assert job["ProgressSummary"]["NumberOfTasksSucceeded"] == 2
    assert stage.keys(stage.target) == ["a", "b"]
    second = cli.create(file, manifest)
    cli.answer("update-job-priority", "--job-id", second, "--priority", "42")
    cli.answer(
        "update-job-status", "--job-id", second, "--requested-job-status", "Cancelled",
        "--status-update-reason", "not today",
    )  # fmt: skip
    assert stage.wait(second).status is JobStatus.CANCELLED
    listed = cli.answer("list-jobs", "--job-statuses", "Cancelled")["Jobs"]
    assert [(found["JobId"], found["Priority"]) for found in listed] == [(second, 42)]
    refused = cli("update-job-status", "--job-id", second, "--requested-job-status", "Ready")
    assert refused.returncode != 0
    assert "JobStatusException" in refused.stderr
