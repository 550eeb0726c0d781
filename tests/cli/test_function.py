"""``intact function``, and ``intact audit --invoked``: a function beside the data, end to end."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError
from click.testing import CliRunner

from intact.adapters import function
from intact.adapters.auditor import LEFTOVERS, Auditor
from intact.adapters.boto import BotoStore, store_error
from intact.adapters.ledger import LedgerReader
from intact.adapters.others import ComputedReport
from intact.adapters.s3control import describe_job, s3control_client
from intact.adapters.verify import contradictions
from intact.audit import Absent, Level, ReadMode, Reason, Subject, Verdict
from intact.batch.manifest import VERSIONED_FIELDS
from intact.cli.main import cli
from intact.errors import ExitCode, UsageError
from intact.rehearsal.endpoint import BatchEndpoint
from intact.rehearsal.invoking import load_functions
from intact.s3 import ObjectRef
from tests.conftest import client
from tests.stage import ACCOUNT, Stage

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from click.testing import Result
    from types_boto3_s3 import S3Client

    from intact.adapters.ports import ObjectStore
    from intact.audit import Record
    from intact.batch.outcome import JobOutcome
    from intact.s3 import ObjectFacts

ARN = "arn:aws:lambda:eu-west-1:111122223333:function:"
ODD = "odd/a+b %25.txt"
KEYS = ("changed", "lost", ODD, "plain", "shorter")
ROWS = ("changed", "lost", "odd/a%2Bb%20%2525.txt", "plain", "shorter")
READ = "--require=read"


class Throttled(BotoStore):
    """Refuses the first two questions about each object, as S3 does under load."""

    def __init__(self, s3: S3Client) -> None:
        super().__init__(s3)
        self.asked: Counter[str] = Counter()

    def head(self, ref: ObjectRef) -> ObjectFacts | Absent:
        self.asked[ref.key] += 1
        if self.asked[ref.key] <= 2:
            answer: Any = {"Error": {"Code": "SlowDown"}, "ResponseMetadata": {}}
            error = ClientError(answer, "HeadObject")
            raise store_error("HeadObject", ref, error) from error
        return super().head(ref)


class Counting(BotoStore):
    """Counts what is read, by bucket."""

    def __init__(self, s3: S3Client) -> None:
        super().__init__(s3)
        self.reads: Counter[str] = Counter()

    def read(self, ref: ObjectRef, *, etag: str) -> Iterator[bytes]:
        self.reads[ref.bucket] += 1
        yield from super().read(ref, etag=etag)


def respond_with(store: ObjectStore, event: Mapping[str, Any], **environment: str) -> Any:  # noqa: ANN401 - JSON
    return function.respond(
        dict(event),
        environment=environment,
        open_store=lambda _: store,
        left=lambda: 900.0,
        now=lambda: datetime.now(UTC),
    )


class Play:
    """A finished copy job with damaged copies, and functions that may be sent over it."""

    def __init__(self, stage: Stage, s3_server: str, out: Path) -> None:
        self.stage, self.out, self._server = stage, out, s3_server
        self.runs = 0
        stage.fill(*KEYS)
        self.copied: JobOutcome = stage.run(stage.manifest(*ROWS))
        target = stage.target
        stage.s3.put_object(Bucket=target, Key="changed", Body=b"kontent of changed")
        stage.s3.put_object(Bucket=target, Key="shorter", Body=b"short")
        stage.s3.delete_object(Bucket=target, Key="lost")

    def invoke(self, name: str = "intact", schema: str = "2.0", **arguments: str) -> JobOutcome:
        """Run a LambdaInvoke job over the manifest of the copy job."""
        members: dict[str, Any] = {
            "FunctionArn": ARN + name,
            "InvocationSchemaVersion": schema,
        }
        if schema == "2.0":
            target = f"arn:aws:s3:::{self.stage.target}"
            members["UserArguments"] = {"TargetResource": target} | arguments
        return self.stage.run(self.stage.manifest(*ROWS), Operation={"LambdaInvoke": members})

    def report(self, outcome: JobOutcome) -> str:
        return f"s3://{self.stage.desk}/{outcome.report_manifest_key}"

    def audit(self, *arguments: str, job: str = "") -> Result:
        self.runs += 1
        reach = ["--endpoint-url", self._server, "--region", "eu-west-1"]
        reach += ["--control-endpoint-url", self.stage.endpoint.url, "--account-id", ACCOUNT]
        reach += ["--out", str(self.folder)]
        job = job or self.copied.job_id
        return CliRunner().invoke(cli, ["audit", job, *arguments, *reach], standalone_mode=False)

    @property
    def folder(self) -> Path:
        return self.out / str(self.runs)

    def records(self) -> dict[str, Record]:
        reader = LedgerReader(self.folder / "ledger")
        assert list(contradictions(reader)) == []  # the ledger replays
        return {r.copy.source.key: r for r in reader.records() if r.copy.source is not None}


@pytest.fixture
def throttled(s3_server: str) -> Throttled:
    return Throttled(client(s3_server))


@pytest.fixture
def play(  # noqa: PLR0913, PLR0917 - fixtures
    s3: S3Client,
    s3_server: str,
    session: boto3.Session,
    throttled: Throttled,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Play]:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", s3_server)
    functions = load_functions({f"{ARN}intact": "intact.adapters.function:handler"})
    functions[f"{ARN}busy"] = lambda event: respond_with(throttled, event)
    functions[f"{ARN}other"] = lambda event: {
        "results": [
            {"taskId": task["taskId"], "resultCode": "Succeeded", "resultString": '{"fine":1}'}
            for task in event["tasks"]
        ]
    }
    with BatchEndpoint(s3, workers=2, functions=functions) as endpoint:
        control = s3control_client(session, endpoint_url=endpoint.url, region="eu-west-1")
        stage = Stage(s3=s3, endpoint=endpoint, control=control)
        for bucket in (stage.source, stage.target, stage.desk):
            s3.create_bucket(Bucket=bucket)
        yield Play(stage, s3_server, tmp_path)
        control.close()


FOUND = {
    "changed": (Verdict.MISMATCHED, Reason.CHECKSUM_DIFFERS),
    "lost": (Verdict.MISSING, Reason.DESTINATION_ABSENT),
    ODD: (Verdict.VERIFIED, Reason.EQUAL),
    "plain": (Verdict.VERIFIED, Reason.EQUAL),
    "shorter": (Verdict.MISMATCHED, Reason.SIZE_DIFFERS),
}


def verdicts(records: Mapping[str, Record]) -> dict[str, tuple[Verdict, Reason]]:
    return {key: (r.finding.verdict, r.finding.reason) for key, r in records.items()}


@pytest.mark.parametrize("schema", ["1.0", "2.0"])
def test_a_function_reads_the_bytes_and_the_audit_judges_them(
    play: Play, schema: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INTACT_TARGET_RESOURCE", f"arn:aws:s3:::{play.stage.target}")
    invoked = play.invoke(schema=schema)
    assert (invoked.succeeded, invoked.failed) == (5, 0)  # a difference is no failure of a task
    assert play.audit("--invoked", invoked.job_id, READ).return_value == ExitCode.WRONG
    records = play.records()
    assert verdicts(records) == FOUND
    assert records[ODD].finding.level is Level.READ
    assert records["plain"].finding.level is Level.READ


def test_an_audit_of_what_a_function_found_reads_no_object(play: Play, s3_server: str) -> None:
    invoked = play.invoke()
    store = Counting(client(s3_server))
    described = describe_job(play.stage.control, account_id=ACCOUNT, job_id=play.copied.job_id)
    key = invoked.report_manifest_key or ""
    auditor = Auditor(
        subject=Subject.from_describe(described),
        source=store,
        destination=store,
        service=store,
        read=ReadMode.ALL,
        require=Level.READ,
        invoked=(
            ComputedReport(
                manifest=ObjectRef(bucket=play.stage.desk, key=key), begun=invoked.created
            ),
        ),
    )
    play.folder.mkdir()
    auditor.run(play.folder / "ledger", created=datetime.now(UTC), version="0", progress=Silent())
    assert verdicts(play.records()) == FOUND
    assert store.reads[play.stage.desk] > 0
    assert store.reads[play.stage.source] == store.reads[play.stage.target] == 0


class Silent:
    def phase(self, name: str, *, total: int | None = None) -> None: ...

    def advance(self) -> None: ...


def test_what_s3_throttles_is_tried_again(play: Play, throttled: Throttled) -> None:
    invoked = play.invoke("busy")
    assert (invoked.succeeded, invoked.failed) == (5, 0)
    assert min(throttled.asked[key] for key in KEYS) >= 3
    assert play.audit("--invoked", invoked.job_id, READ).return_value == ExitCode.WRONG
    assert verdicts(play.records()) == FOUND


def test_what_the_function_may_not_read_is_not_called_right(play: Play) -> None:
    invoked = play.invoke(LargestRead="1")
    assert play.audit("--invoked", invoked.job_id, READ).return_value == ExitCode.WRONG
    assert verdicts(play.records())["plain"] == (Verdict.UNVERIFIABLE, Reason.BELOW_REQUIRED)


def test_a_report_of_another_function_proves_nothing(play: Play) -> None:
    invoked = play.invoke("other")
    result = play.audit("--invoked", invoked.job_id, READ)
    assert result.return_value == ExitCode.UNFINISHED
    assert Verdict.VERIFIED not in {verdict for verdict, _ in verdicts(play.records()).values()}
    assert "unreadable answer of a function" in (play.folder / LEFTOVERS).read_text()


def test_a_function_that_compared_sources_with_themselves_proves_nothing(play: Play) -> None:
    invoked = play.invoke(TargetResource=f"arn:aws:s3:::{play.stage.source}")
    assert invoked.succeeded == 5
    result = play.audit("--invoked", invoked.job_id, READ)
    assert result.return_value == ExitCode.WRONG
    assert "on other copies" in result.output
    assert Verdict.VERIFIED not in {verdict for verdict, _ in verdicts(play.records()).values()}


def test_a_function_that_ran_before_the_copy_proves_nothing(play: Play) -> None:
    before = play.invoke()
    again = play.stage.run(play.stage.manifest(*ROWS))
    result = play.audit("--invoked", before.job_id, READ, job=again.job_id)
    assert isinstance(result.exception, UsageError)
    assert "before the copy job ended" in str(result.exception)


def test_a_report_whose_job_is_not_known_is_bound_by_the_functions_clock(play: Play) -> None:
    report = play.report(play.invoke())  # within the skew of the copy job's end
    assert play.audit("--invoked", report, READ).return_value == ExitCode.WRONG
    assert Verdict.VERIFIED not in {verdict for verdict, _ in verdicts(play.records()).values()}
    assert "before the copy job's end" in (play.folder / LEFTOVERS).read_text()


def test_answers_that_differ_leave_the_copy_unchecked(play: Play) -> None:
    first = play.invoke()
    play.stage.s3.put_object(Bucket=play.stage.target, Key="plain", Body=b"other")
    second = play.invoke()
    play.audit("--invoked", first.job_id, "--invoked", second.job_id, READ)
    found = verdicts(play.records())
    assert found["plain"] == (Verdict.UNCHECKED, Reason.DESTINATION_UNREADABLE)
    assert found[ODD] == (Verdict.VERIFIED, Reason.EQUAL)


def test_answers_need_the_copy_job() -> None:
    result = CliRunner().invoke(
        cli, ["audit", "--manifest", "s3://a/b", "--invoked", "x"], standalone_mode=False
    )
    assert "--invoked needs JOB" in str(result.exception)


def test_a_copy_job_is_no_evidence(play: Play) -> None:
    result = play.audit("--invoked", play.copied.job_id)
    assert isinstance(result.exception, UsageError)
    assert "wanted LambdaInvoke" in str(result.exception)


def test_versions_are_bound_by_name(play: Play) -> None:
    stage = play.stage
    stage.s3.put_bucket_versioning(
        Bucket=stage.source, VersioningConfiguration={"Status": "Enabled"}
    )
    put = stage.s3.put_object(Bucket=stage.source, Key="v", Body=b"first")
    copied = stage.run(stage.manifest(f"v,{put['VersionId']}", fields=VERSIONED_FIELDS))
    stage.s3.put_object(Bucket=stage.source, Key="v", Body=b"second")
    members = {
        "FunctionArn": f"{ARN}intact",
        "InvocationSchemaVersion": "2.0",
        "UserArguments": {"TargetResource": f"arn:aws:s3:::{stage.target}"},
    }
    named = stage.manifest(f"v,{put['VersionId']}", fields=VERSIONED_FIELDS)
    invoked = stage.run(named, Operation={"LambdaInvoke": members})
    result = play.audit("--invoked", invoked.job_id, READ, job=copied.job_id)
    assert result.return_value == ExitCode.VERIFIED, result.output
    unnamed = stage.run(stage.manifest("v"), Operation={"LambdaInvoke": members})
    stage.manifest(f"v,{put['VersionId']}", fields=VERSIONED_FIELDS)  # the copy job's, again
    result = play.audit("--invoked", unnamed.job_id, READ, job=copied.job_id)
    assert result.return_value == ExitCode.UNPROVEN, result.output


EVENT = {
    "invocationSchemaVersion": "2.0",
    "invocationId": "i",
    "job": {"id": "j", "userArguments": {"TargetResource": "arn:aws:s3:::nowhere"}},
    "tasks": [{"taskId": "t", "s3Key": "k", "s3VersionId": None, "s3Bucket": "nowhere"}],
}
ISOLATED = """
import json, sys
sys.path[:0] = sys.argv[1:3]
import intact
import intact.adapters.function as function
assert "unpacked" in function.__file__, function.__file__
answer = function.handler(json.loads(sys.stdin.read()), None)
heavy = {"click", "duckdb", "pyarrow", "rich", "yaml", "platformdirs"} & {*sys.modules}
print(json.dumps([answer, sorted(heavy), intact.crc64nvme(b"123456789")]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="Lambda is Linux")
def test_the_package_answers_in_an_interpreter_of_its_own(
    play: Play, s3_server: str, tmp_path: Path
) -> None:
    out, again = tmp_path / "function.zip", tmp_path / "again.zip"
    for path in (out, again):
        arguments = ["function", "package", str(path), "--glibc", "2.99"]
        result = CliRunner().invoke(cli, arguments, standalone_mode=False)
        assert result.exception is None, result.output
    assert out.read_bytes() == again.read_bytes()
    unpacked = tmp_path / "unpacked"
    with zipfile.ZipFile(out) as bundle:
        assert not [name for name in bundle.namelist() if "/cli/" in name or "/rehearsal/" in name]
        bundle.extractall(unpacked)  # as Lambda does
    stage = play.stage
    event = json.loads(json.dumps(EVENT))
    event["job"]["userArguments"]["TargetResource"] = f"arn:aws:s3:::{stage.target}"
    event["tasks"][0] |= {"s3Bucket": stage.source, "s3Key": "plain"}
    allowed = tmp_path / "site"
    allowed.mkdir()
    site = Path(boto3.__file__).parents[1]
    for name in ("boto3", "botocore", "s3transfer", "urllib3", "jmespath", "dateutil"):
        (allowed / name).symlink_to(site / name)
    (allowed / "six.py").symlink_to(site / "six.py")
    done = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-I", "-S", "-c", ISOLATED, str(unpacked), str(allowed)],
        input=json.dumps(event).encode(),
        capture_output=True,
        check=False,
        env={
            "AWS_ENDPOINT_URL_S3": s3_server,
            "AWS_ACCESS_KEY_ID": "key",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_DEFAULT_REGION": "us-east-1",
        },
    )
    assert done.returncode == 0, done.stderr.decode()
    answer, heavy, crc = json.loads(done.stdout)
    assert answer["results"][0]["resultCode"] == "Succeeded"
    assert len(answer["results"][0]["resultString"]) < 1024
    assert '"destination_bytes":{"size":16' in answer["results"][0]["resultString"]
    assert heavy == []
    assert crc == 0xAE8B14860A799888
