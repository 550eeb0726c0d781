"""``intact plan``: a table and JSON of every way, and commands that can be run."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import pytest
from click.testing import CliRunner

import intact.batch
from intact.adapters.spark.main import command as spark
from intact.audit import Level, Policy, Subject
from intact.audit.forecast import Way
from intact.audit.plan import Recommendation, Step, options
from intact.audit.sampled import Means, Sampled, Terms
from intact.batch import S3PutObjectCopy
from intact.batch.cost import Prices
from intact.batch.rates import Rates
from intact.cli.main import cli
from intact.cli.plan import command
from intact.cli.planning import Place, following
from intact.errors import ExitCode, FormatError
from intact.s3 import ObjectRef
from tests.cli.test_examples import test_an_example_is_accepted as example_is_accepted
from tests.stage import ACCOUNT

if TYPE_CHECKING:
    from click.testing import Result

    from tests.stage import Stage

BESIDE = Path(intact.batch.__file__).parent
PRICES = Prices.parse((BESIDE / "prices.json").read_bytes())
RATES = Rates.parse((BESIDE / "rates.json").read_bytes())
COPIES = ("--target-resource", "arn:aws:s3:::copies")


def plan(*words: str) -> Result:
    return CliRunner().invoke(cli, ["plan", *words], standalone_mode=False)


def documents(result: Result) -> list[dict[str, Any]]:
    assert result.exception is None, result.exception
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.fixture
def manifest(tmp_path: Path) -> str:
    path = tmp_path / "m.csv"
    path.write_text("".join(f"photos,{number}.jpg,1000\n" for number in range(500)))
    return str(path)


def test_a_local_manifest_is_planned_for_without_a_request(manifest: str) -> None:
    words = ("--fields", "Bucket,Key,Ignore", "--carried", "Size", "--sample", "0", *COPIES)
    result = plan("--manifest", manifest, *words)
    assert result.return_value == ExitCode.UNPROVEN
    assert result.stdout.startswith("500 objects of 500 KB\nno object was asked about")
    assert "lean               ? (0.0% to 100.0%)" in result.stdout
    assert "spark              needs a job" in result.stdout
    assert "recommended: nothing; ask about some of them first" in result.stdout


class Planning:
    """A finished job of three objects, one of them with nothing to compare."""

    def __init__(self, stage: Stage, s3_server: str) -> None:
        self.stage = stage
        stage.fill("one", "two")
        upload = stage.s3.create_multipart_upload(
            Bucket=stage.source, Key="parts", ChecksumAlgorithm="SHA256"
        )["UploadId"]
        address: dict[str, Any] = {"Bucket": stage.source, "Key": "parts", "UploadId": upload}
        part = stage.s3.upload_part(
            **address, PartNumber=1, Body=b"body", ChecksumAlgorithm="SHA256"
        )
        told: Any = {k: part[k] for k in ("ETag", "ChecksumSHA256")}
        stage.s3.complete_multipart_upload(
            **address, MultipartUpload={"Parts": [told | {"PartNumber": 1}]}
        )
        self.outcome = stage.run(stage.manifest("one", "two", "parts"))
        self.reach = ["--endpoint-url", s3_server, "--region", "eu-west-1"]
        self.control = ["--control-endpoint-url", stage.endpoint.url]

    def by_id(self, *words: str) -> Result:
        job = (self.outcome.job_id, "--account-id", ACCOUNT)
        return plan(*job, *words, *self.reach, *self.control)


@pytest.fixture
def planning(stage: Stage, s3_server: str) -> Planning:
    return Planning(stage, s3_server)


def test_what_is_recommended_proves_what_it_says(planning: Planning, tmp_path: Path) -> None:
    found = documents(planning.by_id("--json"))
    assert {document["schema"] for document in found} == {"intact.plan/1"}
    kinds = [document["record"] for document in found]
    assert kinds == ["sample", *["way"] * len(Way), "recommendation", "summary"]
    sample, advice = found[0], found[-2]
    assert (sample["objects"], sample["asked"], sample["unseen_share"]) == (3, 3, 0)
    assert sample["shares"]["composite"]["likely"] == pytest.approx(1 / 3)
    ways = {document["way"]: document for document in found if document["record"] == "way"}
    assert ways["lean"]["proven"]["likely"] == pytest.approx(2 / 3)
    assert ways["lean"]["reasons"] == {"nothing_comparable": 1}
    assert ways["read-missing"]["levels"] == {"recorded": 2, "read": 1}
    assert [way["way"] for way in advice["ways"]] == ["read-missing"]
    assert found[-1] == {
        "schema": "intact.plan/1",
        "record": "summary",
        "exit_code": ExitCode.VERIFIED,
    }
    [line] = advice["commands"]
    words = shlex.split(line)
    assert words[:2] == ["intact", "audit"]
    audited = CliRunner().invoke(
        cli, [*words[1:-1], str(tmp_path / "audited")], standalone_mode=False
    )
    assert audited.return_value == ExitCode.VERIFIED, audited.output


def test_the_forecast_of_heads_is_what_the_audit_by_heads_finds(
    planning: Planning, tmp_path: Path
) -> None:
    job = (planning.outcome.job_id, "--account-id", ACCOUNT, *planning.reach, *planning.control)
    out = ("--client", "lean", "--out", str(tmp_path / "audited"))
    audited = CliRunner().invoke(cli, ["audit", *job, *out], standalone_mode=False)
    assert audited.return_value == ExitCode.UNPROVEN
    assert re.search(r"^  verified +2 *$", audited.stdout, re.MULTILINE)


def test_people_get_a_line_for_each_way_and_commands(planning: Planning) -> None:
    result = planning.by_id("--require", "independent")
    lines = result.stdout.splitlines()
    table = lines[lines.index("") + 2 :]
    assert [line.split()[0] for line in table[: table.index("")]] == WAYS
    assert "  comparable   66.7%" in result.stdout
    assert "recommended: read-missing" in result.stdout
    assert "  proves 3 of the 3 that were asked about" in result.stdout
    following_line = lines[lines.index("next:") + 1]
    assert "--require independent" in following_line
    assert "--read missing" in following_line


WAYS = [way.value for way in Way]


def test_what_no_way_proves_is_named_with_its_reason(planning: Planning) -> None:
    planning.stage.s3.delete_object(Bucket=planning.stage.target, Key="one")
    result = planning.by_id()
    assert result.return_value == ExitCode.UNPROVEN
    assert "  no way proves 1:\n           1  destination_absent:" in result.stdout


@pytest.mark.parametrize("way", Way)
@pytest.mark.parametrize("job", ["job.json", ""])
def test_each_way_has_commands_that_can_be_run(
    way: Way, job: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("my m.csv").touch()
    given = [job, "--account-id", ACCOUNT] if job else ["--manifest", "my m.csv", *COPIES]
    given += ["--require", "computed", "--processes", "2", "--region", "eu-west-1"]
    given += ["--target-key-prefix", "2026"] if not job else []
    context = command.make_context("plan", given)
    subject = Subject(
        name="job",
        operation=S3PutObjectCopy(
            target_resource="arn:aws:s3:::copies", target_key_prefix=None if job else "2026"
        ),
        manifest=ObjectRef(bucket="BUCKET", key="my m.csv"),
        manifest_etag=None,
        fields=("Bucket", "Key"),
        report=None,
        reports_all_tasks=False,
        window=None,
    )
    policy = Policy(reported=False, versioned=False, require=Level.COMPUTED)
    means = Means(
        workers=16,
        processes=2,
        processors=1,
        executors=2,
        memory=2 * 10**9,
        job=bool(job),
    )
    place = Place(
        context=context,
        subject=subject,
        local=None if job else Path("my m.csv"),
        means=means,
        policy=policy,
        objects=20 * 10**9,
    )
    none = Sampled(objects=1, malformed=0, size=None, seen=(), measured=None)
    found = options(none, Terms(policy=policy, means=means, rates=RATES, prices=PRICES))
    [option] = [option for option in found if option.way is way]
    step = Step(option=option, proves=1)
    lines = list(following(Recommendation(steps=(step, step), unproven=0, rivals=()), place))
    ours = [shlex.split(line) for line in lines if line.startswith("intact ")]
    for words in ours:
        example_is_accepted(tuple(words[1:]))
    Path("job.json").touch()
    for line in lines:
        if line.startswith("spark-submit MAIN "):
            spark.make_context("main", shlex.split(line)[2:])
    assert ours or way.distributed
    told = "# the ledger ends on the driver's disk and may take 4 TB of it"
    assert (told in lines) == way.distributed
    assert [line for line in lines if "--out audited-2" in line]
    put = "intact put 'my m.csv' 's3://BUCKET/my m.csv' --region eu-west-1"
    assert (lines[0] == put) == (not job)
    audits = [words for words in ours if words[1] == "audit"]
    assert all("computed" in words and "eu-west-1" in words for words in audits)


def test_a_manifest_in_s3_is_planned_for_by_its_address(planning: Planning) -> None:
    stage = planning.stage
    where = ("--manifest", f"s3://{stage.desk}/manifest.csv")
    target = ("--target-resource", f"arn:aws:s3:::{stage.target}")
    found = documents(plan(*where, *target, *planning.reach, "--json", "--processes", "2"))
    [line] = found[-2]["commands"]
    words = shlex.split(line)
    assert words[words.index("--manifest") + 1] == where[1]
    assert words[words.index("--processes") + 1] == "2"


@pytest.mark.parametrize(
    "words",
    [("--manifest", "nowhere.csv", *COPIES), ("--manifest", "s3://lists", *COPIES)],
    ids=str,
)
def test_what_is_no_manifest_is_refused(words: tuple[str, ...]) -> None:
    assert isinstance(plan(*words).exception, click.UsageError)


def test_figures_without_source_are_refused(manifest: str, tmp_path: Path) -> None:
    own = tmp_path / "rates.json"
    own.write_text('{"network_bytes": {"value": 1}}')
    result = plan("--manifest", manifest, "--sample", "0", "--rates", str(own), *COPIES)
    assert isinstance(result.exception, FormatError)
