"""The command that ``spark-submit`` runs, over a real S3 server and a cluster of one process."""

from __future__ import annotations

import json
import re
import shlex
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from intact.adapters.ledger import LedgerReader
from intact.adapters.spark.inputs import Source, all_at_hand, sizes_of
from intact.adapters.spark.main import command
from intact.audit import Level, Reason, Verdict
from intact.batch.columns import FileFormat
from intact.batch.manifest import FIELDS, VERSIONED_FIELDS
from intact.batch.spec import to_json
from intact.errors import FormatError, StoreError, UsageError
from tests.adapters.inventories import document, needs_orc, suffix, write_rows
from tests.adapters.spark.cluster import Cluster
from tests.stage import ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from intact.audit import Finding
    from intact.batch.outcome import JobOutcome
    from tests.stage import Stage

ROWS = ("one%20key", "two")
COMPUTE = {"ChecksumAlgorithm": "CRC64NVME", "ChecksumType": "FULL_OBJECT"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """A copy job that names versions, Compute checksum jobs of both sides, and where to work."""

    stage: Stage
    server: str
    folder: Path
    copied: JobOutcome
    computed: Sequence[JobOutcome]

    def described(self, job: JobOutcome) -> str:
        """A file with what DescribeJob says."""
        response = self.stage.control.describe_job(AccountId=ACCOUNT, JobId=job.job_id)
        path = self.folder / f"{job.job_id}.json"
        path.write_text(to_json({"Job": response["Job"]}))
        return str(path)

    def report(self, job: JobOutcome) -> str:
        return f"s3://{job.report_bucket}/{job.report_manifest_key}"

    def __call__(self, *words: str) -> list[Finding]:
        reach = ["--endpoint-url", self.server, "--region", "eu-west-1"]
        place = ["--work", "work", "--out", str(self.folder / "out"), "--buckets", "3"]
        command.main([self.described(self.copied), *reach, *place, *words], standalone_mode=False)
        return [r.finding for r in LedgerReader(self.folder / "out" / "ledger").records()]


@pytest.fixture
def submitted(
    stage: Stage, s3_server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Submitted:
    sql: Any = ModuleType("pyspark.sql")
    session = SimpleNamespace(getOrCreate=lambda: Cluster(twice=True))
    sql.SparkSession = SimpleNamespace(builder=SimpleNamespace(appName=lambda _: session))
    monkeypatch.setitem(sys.modules, "pyspark", ModuleType("pyspark"))
    monkeypatch.setitem(sys.modules, "pyspark.sql", sql)
    stage.s3.put_bucket_versioning(
        Bucket=stage.source, VersioningConfiguration={"Status": "Enabled"}
    )
    stage.fill("one key", "two")
    listed = stage.s3.list_object_versions(Bucket=stage.source)["Versions"]
    versions = sorted((found["Key"], found["VersionId"]) for found in listed)
    rows = [f"{key},{v}" for key, (_, v) in zip(ROWS, versions, strict=True)]
    named = stage.manifest(*rows, fields=VERSIONED_FIELDS)
    copied = stage.run(named, Operation=stage.copy(ChecksumAlgorithm="CRC32"))
    copies = "".join(f"{stage.target},{key}\n" for key in ROWS).encode()
    compute = {
        "Operation": {"S3ComputeObjectChecksum": COMPUTE},
        "Report": stage.report(ExpectedBucketOwner=ACCOUNT),
    }
    sources = stage.run(named, **compute)
    targets = stage.run(stage.stored_manifest(copies, fields=FIELDS), **compute)
    stage.manifest(*rows, fields=VERSIONED_FIELDS)  # as the copy job had it
    return Submitted(
        stage=stage,
        server=s3_server,
        folder=tmp_path,
        copied=copied,
        computed=(sources, targets),
    )


def documented() -> Iterator[list[str]]:
    """Arguments of each command in the how-to."""
    text = Path("docs/howto/spark.md").read_text().replace("\\\n", "")
    yield from map(shlex.split, re.findall(r"MAIN (job\.json .*)", text))
    [emr] = re.findall(r"s3://BUCKET/main\.py,([^\]]*)\]", text)
    yield emr.split(",")
    yield from map(json.loads, re.findall(r'"parameters": (\[[^\]]*\])', text))
    yield from map(json.loads, re.findall(r"command\.main\(\s*(\[[^\]]*\])", text))


def test_documented_commands_are_taken_and_prove_something(tmp_path: Path) -> None:
    (tmp_path / "job.json").touch()
    commands = list(documented())
    assert len(commands) == 6
    for _, *words in commands:
        context = command.make_context("main", [str(tmp_path / "job.json"), *words])
        assert context.params["online"] or context.params["computed"]


def test_jobs_that_are_described_bind_what_they_computed(submitted: Submitted) -> None:
    jobs = [word for job in submitted.computed for word in ("--computed", submitted.described(job))]
    found = submitted(*jobs, "--require", "computed")
    assert [finding.verdict for finding in found] == [Verdict.VERIFIED] * len(ROWS)
    assert {finding.level for finding in found} == {Level.COMPUTED}


def test_reports_alone_do_not(submitted: Submitted) -> None:
    jobs = [word for job in submitted.computed for word in ("--computed", submitted.report(job))]
    assert {finding.reason for finding in submitted(*jobs)} == {Reason.NOTHING_COMPARABLE}


def test_executors_ask_the_server_that_was_named(submitted: Submitted) -> None:
    found = submitted("--online")
    assert [finding.verdict for finding in found] == [Verdict.VERIFIED] * len(ROWS)


@pytest.mark.parametrize(
    ("inventory", "wanted"),
    [
        (["destination=inventory.json"], "wanted one that was taken after the job had ended"),
        (["source=inventory.json", "source=inventory.json"], "wanted each side once"),
        (["both=inventory.json"], "wanted source=MANIFEST.JSON"),
    ],
)
def test_an_inventory_that_proves_nothing_is_refused(
    submitted: Submitted, inventory: list[str], wanted: str
) -> None:
    path = submitted.folder / "inventory.json"
    taken = int(datetime(2020, 1, 1, tzinfo=UTC).timestamp() * 1000)
    schema = "Bucket, Key, VersionId, Size, LastModifiedDate, ETag"
    listed = {"fileFormat": "CSV", "fileSchema": schema, "files": [], "creationTimestamp": taken}
    path.write_text(json.dumps(listed))
    words = [word.replace("inventory.json", str(path)) for word in inventory]
    with pytest.raises(UsageError, match=wanted):
        submitted(*(word for text in words for word in ("--inventory", text)))


@pytest.mark.parametrize(
    ("file_format", "where"),
    [
        pytest.param(FileFormat.ORC, "s3", marks=needs_orc),
        (FileFormat.PARQUET, "disk"),
        (FileFormat.CSV, "s3"),
    ],
)
def test_an_inventory_of_any_format_says_what_there_is(
    submitted: Submitted, file_format: FileFormat, where: str
) -> None:
    stage, folder = submitted.stage, submitted.folder / "inventory"
    heads = {key: stage.s3.head_object(Bucket=stage.target, Key=key) for key in ("one key", "two")}
    rows = [
        {
            "bucket": stage.target,
            "key": key,
            "size": head["ContentLength"],
            "last_modified_date": head["LastModified"],
            "e_tag": head["ETag"].strip('"'),
        }
        for key, head in list(heads.items())[:1]
    ]
    folder.mkdir()
    file = write_rows(folder / f"rows{suffix(file_format)}", rows, tuple(rows[0]), file_format)
    taken = datetime.now(UTC) + timedelta(days=1)
    body = document([file], tuple(rows[0]), file_format, taken=taken)
    place = str(folder / "manifest.json")
    if where == "s3":
        place = f"s3://{stage.desk}/daily/manifest.json"
        body = body.replace(b"arn:aws:s3:::lists", f"arn:aws:s3:::{stage.desk}".encode())
        stage.s3.put_object(Bucket=stage.desk, Key="daily/manifest.json", Body=body)
        key = f"inventory/data/{file.name}"
        stage.s3.put_object(Bucket=stage.desk, Key=key, Body=file.read_bytes())
    else:
        Path(place).write_bytes(body)
    jobs = [word for job in submitted.computed for word in ("--computed", submitted.described(job))]
    found = submitted(*jobs, "--inventory", f"destination={place}")
    assert found[0].verdict is Verdict.VERIFIED
    assert found[1].reason is Reason.DESTINATION_UNLISTED


def test_files_of_one_name_are_each_fetched(submitted: Submitted) -> None:
    stage = submitted.stage
    for folder in ("one", "two"):
        stage.s3.put_object(Bucket=stage.desk, Key=f"{folder}/part.csv", Body=folder.encode() * 2)
    reach = {"endpoint_url": submitted.server, "region": "eu-west-1"}
    sources = [
        Source(path=f"s3://{stage.desk}/{name}/part.csv", **reach) for name in ("one", "two")
    ]
    paths = all_at_hand(sources, submitted.folder / "scratch")
    assert [path.read_text() for path in paths] == ["oneone", "twotwo"]
    assert {path.name for path in paths} == {"part.csv"}
    assert sizes_of([*sources, *sources]) == dict.fromkeys(sources, 6)


def test_what_is_not_there_is_a_sentence(submitted: Submitted) -> None:
    missing = f"s3://{submitted.stage.desk}/none/manifest.json"
    with pytest.raises(StoreError, match=r"GetObject .*none/manifest\.json"):
        submitted("--computed", missing)


def test_a_report_that_was_changed_is_refused(submitted: Submitted) -> None:
    job = submitted.computed[0]
    key = job.report_manifest_key or ""
    body = submitted.stage.read(key)
    submitted.stage.s3.put_object(Bucket=submitted.stage.desk, Key=key, Body=body + b" ")
    with pytest.raises(FormatError, match="MD5 is"):
        submitted("--computed", submitted.report(job))
