"""An audit that was killed goes on where it was, over real sockets."""

from __future__ import annotations

import re
import shlex
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from intact.adapters.auditor import STAGING
from intact.adapters.ledger import LedgerReader
from intact.adapters.verify import contradictions, problems
from intact.audit import Verdict
from intact.audit.ledger import FINDINGS, LEDGER, SEAL, SEGMENTS
from intact.cli.main import cli
from intact.errors import ExitCode, FormatError, UsageError
from tests.ledgers import GOLDEN, copied, written
from tests.stage import ACCOUNT

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

    from tests.stage import Stage

OBJECTS = 150
SMALL_SEGMENTS = "from intact.adapters import writing; writing.ROWS = 10;"
RUN = "from intact.cli.main import main; main()"


class Audit:
    """A finished job of many objects, and one command that audits it."""

    def __init__(self, stage: Stage, server: str, out: Path) -> None:
        self.stage, self.out = stage, out
        self.keys = [f"key {number:03d}" for number in range(OBJECTS)]
        stage.fill(*self.keys)
        manifest = stage.manifest(*(key.replace(" ", "%20") for key in self.keys))
        outcome = stage.run(manifest, Operation=stage.copy(ChecksumAlgorithm="CRC64NVME"))
        self.arguments = ["audit", outcome.job_id, "--account-id", ACCOUNT, "--workers", "1"]
        self.arguments += ["--endpoint-url", server, "--region", "eu-west-1", "--read", "missing"]
        self.arguments += ["--control-endpoint-url", stage.endpoint.url, "--out", str(out)]

    def __call__(self, *more: str) -> Result:
        return CliRunner().invoke(cli, [*self.arguments, *more], standalone_mode=False)

    def ended_by(self, number: signal.Signals, *, segments: int) -> subprocess.Popen[str]:
        """The command, sent that signal once so many segments are durable."""
        process = subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, "-c", SMALL_SEGMENTS + RUN, *self.arguments],
            stderr=subprocess.PIPE,
            text=True,
        )
        deadline = time.monotonic() + 60
        while len(self.lines()) < segments:
            assert time.monotonic() < deadline
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(number)
        return process

    def lines(self) -> list[bytes]:
        path = self.out / LEDGER / SEGMENTS
        return path.read_bytes().splitlines() if path.exists() else []

    def files(self) -> dict[str, bytes]:
        folder = self.out / LEDGER / FINDINGS
        return {file.name: file.read_bytes() for file in folder.iterdir()}


@pytest.fixture
def audit(stage: Stage, s3_server: str, tmp_path: Path) -> Audit:
    return Audit(stage, s3_server, tmp_path / "out")


def test_a_killed_audit_goes_on_and_asks_nothing_twice(audit: Audit) -> None:
    with audit.ended_by(signal.SIGKILL, segments=3) as process:
        process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert not (audit.out / LEDGER / SEAL).exists()
    kept = dict(sorted(audit.files().items())[:2])
    # Whoever asked again would find the first copy gone, and no manifest to read.
    audit.stage.s3.delete_object(Bucket=audit.stage.target, Key=audit.keys[0])
    audit.stage.s3.delete_object(Bucket=audit.stage.desk, Key="manifest.csv")
    result = audit()
    assert result.return_value == ExitCode.VERIFIED, result.output
    reader = LedgerReader(audit.out / LEDGER)
    rows = [(r.copy.row, r.copy.destination) for r in reader.records()]
    assert [row for row, _ in rows] == list(range(1, OBJECTS + 1))
    assert [ref and ref.key for _, ref in rows] == audit.keys
    assert kept.items() <= audit.files().items()
    assert list(problems(reader.path)) == []
    assert list(contradictions(reader)) == []
    assert [entry.name for entry in audit.out.iterdir()] == [LEDGER]


def test_an_interrupted_audit_says_how_to_go_on(audit: Audit) -> None:
    with audit.ended_by(signal.SIGINT, segments=2) as process:
        _, told = process.communicate()
    assert process.returncode == ExitCode.INTERRUPTED, told
    assert "Traceback" not in told
    command = shlex.split(told.strip().splitlines()[-1])
    assert command[-2:] == ["--out", str(audit.out)]
    assert sorted(command[1:]) == sorted(audit.arguments)
    result = CliRunner().invoke(cli, command[1:], standalone_mode=False)
    assert result.return_value == ExitCode.VERIFIED, result.output


def test_a_finished_audit_is_not_taken_for_a_new_one(audit: Audit) -> None:
    assert audit().return_value == ExitCode.VERIFIED
    kept = audit.files()
    audit.stage.s3.delete_object(Bucket=audit.stage.target, Key=audit.keys[0])
    refused = audit().exception
    assert isinstance(refused, UsageError)
    assert "holds a finished audit" in str(refused)
    (audit.out / STAGING).touch()  # as a kill right behind the seal leaves it
    result = audit()
    assert result.return_value == ExitCode.VERIFIED
    assert "nothing is asked again" in result.stderr
    assert audit.files() == kept


def test_a_file_of_digests_that_changed_is_another_audit(audit: Audit, tmp_path: Path) -> None:
    sums = tmp_path / "x.sha256"
    sums.write_text(f"{'0' * 64}  no such key\n")
    audit.arguments += ["--expect", str(sums)]
    with audit.ended_by(signal.SIGKILL, segments=1) as process:
        process.communicate()
    sums.write_text(f"{'1' * 64}  no such key\n")
    refused = audit().exception
    assert isinstance(refused, UsageError)
    assert "inputs is" in str(refused)


def test_another_audit_does_not_go_on_with_what_was_left(audit: Audit) -> None:
    with audit.ended_by(signal.SIGKILL, segments=1) as process:
        process.communicate()
    refused = audit("--require", "read").exception
    assert isinstance(refused, UsageError)
    assert "require is recorded; wanted read" in str(refused)
    (audit.out / STAGING).unlink()
    refused = audit("--require", "read").exception
    assert isinstance(refused, UsageError)
    assert audit().return_value == ExitCode.VERIFIED


@pytest.mark.parametrize("change", ["target", "prefix", "columns", "manifest", "server"])
def test_an_audit_by_manifest_is_bound_to_all_that_it_names(audit: Audit, change: str) -> None:
    stage, place = audit.stage, f"s3://{audit.stage.desk}/manifest.csv"
    target = f"arn:aws:s3:::{stage.target}"
    reach = audit.arguments[audit.arguments.index("--workers") :]
    named = ["audit", "--manifest", place, *reach, "--target-resource"]
    audit.arguments = [*named, target]
    with audit.ended_by(signal.SIGKILL, segments=1) as process:
        process.communicate()
    match change:
        case "target":
            audit.arguments = [*named, f"{target}-of-another"]
        case "prefix":
            audit.arguments += ["--target-key-prefix", "elsewhere"]
        case "columns":
            audit.arguments += ["--fields", "Bucket,Key,Ignore"]
        case "manifest":
            stage.manifest("another")
        case _:
            name = audit.arguments[1 + audit.arguments.index("--endpoint-url")]
            audit.arguments += ["--endpoint-url", name.replace("127.0.0.1", "localhost")]
    refused = audit().exception
    assert isinstance(refused, UsageError), refused
    assert re.search("holds another audit, whose .*bound is", str(refused))


def test_a_folder_that_cannot_be_written_is_a_sentence(audit: Audit) -> None:
    audit.out.write_text("a file")
    assert isinstance(audit().exception, OSError)


def test_every_verdict_of_a_ledger_is_replayed(tmp_path: Path) -> None:
    result = CliRunner().invoke(cli, ["audit", "--replay", str(GOLDEN)], standalone_mode=False)
    assert result.return_value == ExitCode.VERIFIED
    assert result.stdout == "All 9 verdicts follow from their evidence.\n"
    records = list(LedgerReader(GOLDEN).records())
    [wrong] = [r for r in records if r.finding.verdict is Verdict.MISMATCHED]
    forged = type(wrong)(copy=wrong.copy, evidence=wrong.evidence, finding=records[0].finding)
    ledger = written(tmp_path / "forged", [forged]).path
    result = CliRunner().invoke(cli, ["audit", "--replay", str(ledger)], standalone_mode=False)
    assert isinstance(result.exception, FormatError)
    assert "its evidence says mismatched (checksum_differs, none)" in result.stdout


def test_a_replay_asks_nobody(tmp_path: Path) -> None:
    ledger = copied(tmp_path / "ledger")
    result = CliRunner().invoke(cli, ["audit", "a-job", "--replay", str(ledger)])
    assert result.exit_code == ExitCode.USAGE
