"""Audit, retry, run what it wrote, audit again: the loop ends, and copies nothing right twice."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from intact.adapters.ledger import LedgerReader
from intact.adapters.record import JobRecord
from intact.adapters.s3control import s3control_client
from intact.audit import Verdict
from intact.audit.ledger import LEDGER
from intact.batch.manifest import VERSIONED_FIELDS
from intact.cli.main import cli
from intact.errors import ExitCode
from intact.rehearsal.endpoint import BatchEndpoint
from intact.rehearsal.faults import Faults
from intact.s3 import encode_key
from tests.stage import ACCOUNT, Stage

if TYPE_CHECKING:
    from collections.abc import Iterator

    import boto3
    from click.testing import Result
    from types_boto3_s3 import S3Client

KEYS = [f"k/{number:02} +é.bin" for number in range(1, 15)]
FAULTS = "corrupt=3,truncate=4,lose=5,overwrite=6,skip=7,deny=8,algorithm=9,fail=10,omit=11"
"""Of the first job and of every later one, whose lists get shorter each time."""
MOST_ROUNDS = 12


class Loop:
    """A stage whose endpoint keeps to a plan of faults, and the commands of a user."""

    def __init__(self, stage: Stage, s3_server: str, out: Path) -> None:
        self.stage, self.out = stage, out
        self._store = ["--endpoint-url", s3_server, "--region", "eu-west-1"]
        self._control = ["--control-endpoint-url", stage.endpoint.url]
        self.copied: list[set[str]] = []
        self.proven: set[str] = set()
        self.computed = 0
        self._turn = 0

    def __call__(self, *words: str) -> Result:
        """Run a command as a user would, who has this store and this endpoint."""
        reach = self._store if words[0] == "copy" else [*self._store, *self._control]
        return CliRunner().invoke(cli, [*words, *reach], standalone_mode=False)

    def audit(self, *words: str) -> tuple[int, Path]:
        self._turn += 1
        folder = self.out / f"audit-{self._turn}"
        result = self("audit", *words, "--out", str(folder))
        assert result.exception is None, result.output
        if result.return_value != ExitCode.VERIFIED:
            assert f"next: intact retry {folder / LEDGER}" in result.stdout
        for record in LedgerReader(folder / LEDGER).records():
            if record.finding.verdict is Verdict.VERIFIED and record.copy.source is not None:
                self.proven.add(record.copy.source.key)
        return int(result.return_value), folder / LEDGER

    def retry(self, ledger: Path, *words: str) -> list[list[str]]:
        """Write what follows, and return the commands that are to be run next."""
        folder = self.out / f"retry-{self._turn}"
        where = ("--manifests", f"s3://{self.stage.desk}/retry", "--upload", "--out", str(folder))
        result = self("retry", str(ledger), *words, *where)
        assert result.exception is None, result.output
        assert result.return_value == ExitCode.VERIFIED, result.output
        manifest = folder / "copy-manifest.csv"
        if manifest.exists():
            again = {line.split(",")[1] for line in manifest.read_text().splitlines()}
            self.copied.append(again)
        self.computed += sum("compute" in path.name for path in folder.glob("*-job.json"))
        return [shlex.split(line) for line in result.stdout.partition("next:\n")[2].splitlines()]

    def until_proven(self, job_id: str, *extra: str) -> int:
        """Audit, retry and run until nothing is left; return the number of audits."""
        waiting = [[job_id, "--account-id", ACCOUNT, *extra]]
        job = ["--job", job_id, "--account-id", ACCOUNT]
        options = [
            *("--account-id", ACCOUNT, "--role-arn", f"arn:aws:iam::{ACCOUNT}:role/copier"),
            *("--target-resource", f"arn:aws:s3:::{self.stage.target}"),
            *("--report-bucket", self.stage.desk, "--checksum-algorithm", "SHA256"),
        ]
        while waiting:
            assert self._turn < MOST_ROUNDS
            words = waiting.pop(0)
            code, ledger = self.audit(*words)
            if code == ExitCode.VERIFIED:
                continue
            before = set(self.proven)
            copies = len(self.copied)
            of_job = job if words[0] == job_id else ["--job", words[0]]
            lines = self.retry(ledger, *(options if words[0].startswith("--") else of_job))
            for again in self.copied[copies:]:
                assert not {key for key in before if encode_key(key) in again}
            for _, command, *rest in lines:
                if command == "audit":
                    waiting.append(rest)
                    continue
                if rest[0] == "watch":  # which waits 30 seconds between its questions
                    self.stage.wait(JobRecord(Path(rest[1])).job_id or "")
                    continue
                result = self(command, *rest)
                assert result.exception is None, result.output
        return self._turn


@pytest.fixture(params=["no versions", "versions"])
def loop(
    request: pytest.FixtureRequest,
    s3: S3Client,
    s3_server: str,
    session: boto3.Session,
    tmp_path: Path,
) -> Iterator[Loop]:
    with BatchEndpoint(s3, workers=4, faults=Faults.parse(FAULTS)) as endpoint:
        control = s3control_client(session, endpoint_url=endpoint.url, region="eu-west-1")
        stage = Stage(s3=s3, endpoint=endpoint, control=control)
        for bucket in (stage.source, stage.target, stage.desk):
            s3.create_bucket(Bucket=bucket)
            if request.param == "versions" and bucket != stage.desk:
                s3.put_bucket_versioning(
                    Bucket=bucket, VersioningConfiguration={"Status": "Enabled"}
                )
        yield Loop(stage, s3_server, tmp_path)
        control.close()


def rows(stage: Stage) -> dict[str, Any]:
    """Fill the source; some objects have a checksum, some none that compares."""
    lines = []
    for number, key in enumerate(KEYS):
        checksum: Any = {"ChecksumAlgorithm": "SHA256"} if number % 4 else {}
        stored = stage.s3.put_object(
            Bucket=stage.source, Key=key, Body=f"content of {key}".encode(), **checksum
        )
        version = stored.get("VersionId")
        lines.append(",".join([encode_key(key), *([version] if version else [])]))
    fields = VERSIONED_FIELDS if "," in lines[0] else VERSIONED_FIELDS[:2]
    return stage.manifest(*lines, fields=fields)


def test_the_loop_ends_with_every_object_proven(loop: Loop) -> None:
    stage = loop.stage
    outcome = stage.run(rows(stage), Operation=stage.copy(ChecksumAlgorithm="SHA256"))
    loop.until_proven(outcome.job_id)
    assert loop.proven == set(KEYS)
    assert loop.copied[0] >= {encode_key(KEYS[number - 1]) for number in (3, 4, 5, 7, 10)}
    assert loop.computed
    for key in KEYS:
        assert stage.read(key, bucket=stage.target) == stage.read(key, bucket=stage.source)
