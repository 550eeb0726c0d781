"""``intact retry`` writes exactly what is not proven, whole or not at all."""

from __future__ import annotations

import csv
import json
import shlex
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from intact.audit import Absent, Evidence, Finding, Level, Reason, Record, Verdict
from intact.audit.ledger import Server
from intact.audit.record import Copy
from intact.batch import ManifestRow, TaskResult, TaskStatus, read_manifest
from intact.checksum import Algorithm, Checksum, ChecksumType
from intact.cli.main import cli
from intact.errors import ExitCode, UsageError
from intact.s3 import ObjectFacts, ObjectRef
from tests.ledgers import HEADER, RECORDS, written

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from click.testing import Result

FACTS = next(
    r.evidence.destination for r in RECORDS if isinstance(r.evidence.destination, ObjectFacts)
)
COPIED = (Verdict.MISSING, Reason.DESTINATION_ABSENT)
COMPUTED = (Verdict.UNVERIFIABLE, Reason.NOTHING_COMPARABLE)
ASKED = (Verdict.UNVERIFIABLE, Reason.SOURCE_ABSENT)
DONE = (Verdict.VERIFIED, Reason.EQUAL)


def record(
    row: int,
    found: tuple[Verdict, Reason],
    *,
    key: str = "",
    version: str | None = None,
    **of: Any,  # noqa: ANN401 - fields of Evidence
) -> Record:
    """A copy of ``key ROW``, or of another key."""
    key = key or f"key {row}"
    return Record(
        copy=Copy(
            row=row,
            source=ObjectRef(bucket="source", key=key, version_id=version),
            destination=ObjectRef(bucket="copies", key=key),
        ),
        evidence=Evidence(**({"destination": Absent()} | of)),
        finding=Finding(verdict=found[0], reason=found[1], level=Level.NONE),
    )


def malformed(row: int, text: str) -> Record:
    finding = Finding(verdict=Verdict.UNCHECKED, reason=Reason.ROW_UNREADABLE)
    copy = Copy(row=row, source=None, destination=None, text=text)
    return Record(copy=copy, evidence=Evidence(), finding=finding)


class Retrying:
    def __init__(self, tmp_path: Path) -> None:
        self.ledger, self.out = tmp_path / "ledger", tmp_path / "retry"

    def __call__(
        self, records: Iterable[Record], *words: str, require: Level = Level.RECORDED
    ) -> Result:
        header = replace(HEADER, policy=replace(HEADER.policy, require=require))
        if not self.ledger.exists():
            written(self.ledger, records, header=header, segment=3)
        options = [
            *("--account-id", "111122223333", "--report-bucket", "reports"),
            *("--role-arn", "arn:aws:iam::111122223333:role/copy"),
            *("--target-resource", "arn:aws:s3:::copies"),
            *("--manifests", "s3://lists/again", "--out", str(self.out)),
        ]
        arguments = ["retry", str(self.ledger), *options, *words]
        return CliRunner().invoke(cli, arguments, standalone_mode=False)

    def sources(self, name: str) -> list[tuple[str, str, str | None]]:
        job = self.out / f"{name}-job.json"
        fields = ["Bucket", "Key"]
        if job.exists():
            fields = json.loads(job.read_text())["Manifest"]["Spec"]["Fields"]
        with (self.out / f"{name}-manifest.csv").open("rb") as lines:
            rows = list(read_manifest(lines, fields=fields))
        assert all(isinstance(row, ManifestRow) for row in rows)
        refs = [row.source for row in rows if isinstance(row, ManifestRow)]
        return [(ref.bucket, ref.key, ref.version_id) for ref in refs]

    def left(self) -> list[dict[str, str]]:
        with (self.out / "leftover.csv").open(encoding="utf-8", newline="") as lines:
            return list(csv.DictReader(lines))


@pytest.fixture
def retrying(tmp_path: Path) -> Retrying:
    return Retrying(tmp_path)


def test_another_copy_of_a_source_is_another_copy(retrying: Retrying) -> None:
    elsewhere = record(2, COPIED, key="k")
    there = ObjectRef(bucket="elsewhere", key="k")
    elsewhere = replace(elsewhere, copy=replace(elsewhere.copy, destination=there))
    refused = retrying([record(1, COPIED, key="k"), elsewhere]).exception
    assert isinstance(refused, UsageError)
    assert "row 2: the job would copy to s3://copies/k; wanted s3://elsewhere" in str(refused)


def test_each_copy_goes_where_its_reason_says(retrying: Retrying) -> None:
    result = retrying(
        [
            record(1, DONE),
            record(2, COPIED),
            record(3, COMPUTED, destination=FACTS),
            record(4, (Verdict.UNVERIFIABLE, Reason.NOT_READ)),
            record(5, ASKED),
            malformed(6, '=HYPERLINK("x")\udcff'),
            record(7, COPIED, key="odd/a+b %25é\n.txt"),
        ]
    )
    assert result.return_value == ExitCode.UNPROVEN, result.output
    assert retrying.sources("copy") == [
        ("source", "key 2", None),
        ("source", "odd/a+b %25é\n.txt", None),
    ]
    assert retrying.sources("compute-source") == [("source", "key 3", None)]
    assert retrying.sources("read") == [("source", "key 4", None)]
    assert [(row["row"], row["reason"]) for row in retrying.left()] == [
        ("5", "source_absent"),
        ("6", "row_unreadable"),
    ]
    assert retrying.left()[1]["text"] == ascii('=HYPERLINK("x")\udcff')
    assert "6 objects are not proven" in result.stdout
    assert "1 rows could not be read, so cannot be retried" in result.stdout


def test_what_is_proven_leaves_nothing(retrying: Retrying) -> None:
    result = retrying([record(1, DONE), record(2, DONE)])
    assert (result.return_value, result.stdout) == (0, "nothing is left to retry\n")
    assert not retrying.out.exists()


def test_a_ledger_of_nothing_leaves_nothing(retrying: Retrying) -> None:
    assert retrying([]).stdout == "nothing is left to retry\n"


def test_folders_above_are_made(retrying: Retrying) -> None:
    retrying.out /= "new/retry"
    assert retrying([record(1, COPIED)]).return_value == ExitCode.VERIFIED
    assert retrying.sources("copy") == [("source", "key 1", None)]


def test_only_what_is_asked_for_is_retried(retrying: Retrying) -> None:
    records = [record(1, COPIED), record(2, (Verdict.NOT_COPIED, Reason.NO_RESULT))]
    retrying(records, "--verdict", "not_copied")
    assert retrying.sources("copy") == [("source", "key 2", None)]
    retrying.out = retrying.out.with_name("other")
    retrying(records, "--reason", "destination_absent")
    assert retrying.sources("copy") == [("source", "key 1", None)]


def test_a_source_is_named_once_by_what_is_worst_of_it(retrying: Retrying) -> None:
    twice = [record(1, COMPUTED, key="k"), record(5, COPIED, key="k"), record(6, COPIED, key="k")]
    result = retrying([*twice, record(7, COPIED, key="k", version="v1")])
    assert retrying.sources("copy") == [("source", "k", None)]
    assert retrying.sources("copy-2") == [("source", "k", "v1")]
    assert not (retrying.out / "compute-source-manifest.csv").exists()
    assert "2 more rows name one of them again" in result.stdout


def test_rows_with_and_without_versions_never_share_a_manifest(retrying: Retrying) -> None:
    versions = [None, "null", "v3", None, "null"]
    retrying([record(row, COPIED, version=v) for row, v in enumerate(versions, 1)])
    assert [v for _, _, v in retrying.sources("copy")] == [None, None]
    assert [v for _, _, v in retrying.sources("copy-2")] == ["null", "v3", "null"]


def test_too_many_rows_fill_several_manifests(retrying: Retrying) -> None:
    retrying([record(row, COPIED) for row in range(1, 6)], "--most-rows", "2")
    found = [len(retrying.sources(name)) for name in ("copy", "copy-2", "copy-3")]
    assert found == [2, 2, 1]


def test_large_objects_are_for_intact_copy(retrying: Retrying) -> None:
    big = replace(FACTS, size=5 * 1024**3 + 1)
    told = TaskResult(
        bucket="source",
        raw_key="key%202",
        version_id=None,
        status=TaskStatus.FAILED,
        http_status=400,
        error_code="InvalidRequest",
        message="The specified copy source is larger than the maximum allowable size for a copy "
        "source: 5368709120",
    )
    failed = (Verdict.NOT_COPIED, Reason.TASK_FAILED)
    exactly = replace(FACTS, size=5 * 1024**3)
    result = retrying(
        [
            record(1, (Verdict.MISMATCHED, Reason.SIZE_DIFFERS), source=big, destination=FACTS),
            record(2, failed, task=told),
            record(3, (Verdict.MISMATCHED, Reason.SIZE_DIFFERS), source=exactly, destination=FACTS),
        ]
    )
    assert [key for _, key, _ in retrying.sources("large")] == ["key 1", "key 2"]
    assert [key for _, key, _ in retrying.sources("copy")] == ["key 3"]
    assert "intact copy s3://lists/again/retry/large-manifest.csv" in result.stdout


def test_checksums_are_computed_by_what_the_copies_store(retrying: Retrying) -> None:
    digest = Checksum(
        algorithm=Algorithm.SHA1, type=ChecksumType.FULL_OBJECT, digest=bytes(20), parts=None
    )
    bare = replace(FACTS, checksums=frozenset())
    stored = replace(FACTS, checksums=frozenset({digest}))
    retrying([record(1, COMPUTED, source=bare, destination=stored)])
    job = json.loads((retrying.out / "compute-source-job.json").read_text())
    operation = job["Operation"]["S3ComputeObjectChecksum"]
    assert operation == {"ChecksumAlgorithm": "SHA1", "ChecksumType": "FULL_OBJECT"}
    assert job["Report"]["ExpectedBucketOwner"] == "111122223333"
    # What the copy stores already is proof enough at the level that the audit wanted.
    assert not (retrying.out / "compute-destination-job.json").exists()


def test_both_sides_are_computed_where_the_audit_wants_that(retrying: Retrying) -> None:
    destination = replace(FACTS, version_id="theirs")
    retrying(
        [record(1, COMPUTED, source=FACTS, destination=destination)],
        *("--algorithm", "sha1"),
        require=Level.COMPUTED,
    )
    assert retrying.sources("compute-source") == [("source", "key 1", None)]
    assert retrying.sources("compute-destination") == [("copies", "key 1", "theirs")]
    job = json.loads((retrying.out / "compute-destination-job.json").read_text())
    assert job["Operation"]["S3ComputeObjectChecksum"]["ChecksumAlgorithm"] == "SHA1"


def test_another_target_is_refused_and_nothing_is_left(retrying: Retrying) -> None:
    result = retrying([record(1, COPIED)], "--target-key-prefix", "elsewhere")
    assert isinstance(result.exception, UsageError)
    assert "would copy to s3://copies/elsewhere/key%201" in str(result.exception)
    assert {path.name for path in retrying.out.parent.iterdir()} == {"ledger"}


def test_a_folder_that_exists_is_kept(retrying: Retrying) -> None:
    retrying.out.mkdir()
    assert "wanted the name of a new folder" in str(retrying([record(1, COPIED)]).exception)


def test_a_job_that_s3_would_refuse_is_not_written(retrying: Retrying) -> None:
    result = retrying([record(1, COPIED)], "--account-id", "12")
    assert "S3 would refuse it" in str(result.exception)
    assert not retrying.out.exists()


def test_what_nobody_says_is_asked_for(retrying: Retrying) -> None:
    written(retrying.ledger, [record(1, COPIED)])
    bare = ["retry", str(retrying.ledger), "--manifests", "s3://lists/again"]
    result = CliRunner().invoke(cli, bare, standalone_mode=False)
    assert "give either --job or --target-resource" in str(result.exception)
    target = ["--target-resource", "arn:aws:s3:::copies"]
    result = CliRunner().invoke(cli, [*bare, *target], standalone_mode=False)
    assert "nothing says --account-id, --role-arn, --report-bucket" in str(result.exception)
    assert "s3://BUCKET/PREFIX" in str(retrying([], "--manifests", "lists").exception)


GOLDEN = """\
2 objects are not proven
               1  destination_absent: Copy the object again.
               1  source_absent: Compare with a checksum recorded before the source went away.
               1  copy-manifest.csv
               1  leftover.csv, to be looked at
prices of {date}, {region}, in USD
            0.25  copy-job.json
                  the bytes of 1 object are not known
            0.25  in all
retry: {out}
next:
  intact put {out}/copy-manifest.csv s3://lists/again/retry/copy-manifest.csv
  intact job submit {out}/copy-job.json --start
  intact job watch {out}/copy-job.json.submitted
  intact audit {out}/copy-job.json.submitted
"""


def test_what_it_prints_is_this(retrying: Retrying) -> None:
    from importlib import resources  # noqa: PLC0415 - only here

    prices = json.loads(resources.files("intact.batch").joinpath("prices.json").read_bytes())
    result = retrying([record(1, COPIED), record(2, ASKED)])
    assert result.stdout == GOLDEN.format(
        out=retrying.out, date=prices["date"], region=prices["region"]
    )


def test_another_job_than_the_audited_one_is_refused(retrying: Retrying, tmp_path: Path) -> None:
    saved = tmp_path / "job.json"
    saved.write_text(json.dumps({"Job": {"JobId": "another", "Operation": {}}}))
    result = retrying([record(1, COPIED)], "--job", str(saved))
    assert "the ledger is of a job; --job is another" in str(result.exception)


SAVED: dict[str, Any] = {
    "JobId": "a job",
    "Operation": {"S3PutObjectCopy": {"TargetResource": "arn:aws:s3:::copies"}},
    "RoleArn": "arn:aws:iam::111122223333:role/copy",
}


@pytest.mark.parametrize(
    ("job", "place"),
    [
        ({"Manifest": {"Location": {"ObjectArn": "arn:aws:s3:::desk/a b/list.csv"}}}, "desk/a b/"),
        ({"Manifest": {"Location": {"ObjectArn": "arn:aws:s3:::desk/list.csv"}}}, "desk/"),
        (
            {"GeneratedManifestDescriptor": {"Location": {"ObjectArn": "arn:aws:s3:::b/x/m.json"}}},
            "b/x/",
        ),
    ],
)
def test_manifests_go_beside_the_audited_one(
    retrying: Retrying, tmp_path: Path, job: dict[str, Any], place: str
) -> None:
    written(retrying.ledger, [record(1, COPIED)])
    saved = tmp_path / "job.json"
    saved.write_text(json.dumps({"Job": SAVED | job}))
    words = ["--job", str(saved), "--account-id", "111122223333", "--report-bucket", "reports"]
    arguments = ["retry", str(retrying.ledger), *words, "--out", str(retrying.out)]
    assert CliRunner().invoke(cli, arguments, standalone_mode=False).exception is None
    request = json.loads((retrying.out / "copy-job.json").read_text())
    arn = request["Manifest"]["Location"]["ObjectArn"]
    assert arn == f"arn:aws:s3:::{place}{retrying.out.name}/copy-manifest.csv"


@pytest.mark.parametrize(
    ("subject", "told"),
    [("s3://desk/lists/a%20b.csv", "s3://desk/lists/"), ("a job", "nothing says --manifests")],
)
def test_without_a_job_the_audited_manifest_says_where(
    retrying: Retrying, subject: str, told: str
) -> None:
    written(retrying.ledger, [record(1, COPIED)], header=replace(HEADER, subject=subject))
    words = ["--account-id", "111122223333", "--report-bucket", "reports"]
    words += ["--role-arn", SAVED["RoleArn"], "--target-resource", "arn:aws:s3:::copies"]
    arguments = ["retry", str(retrying.ledger), *words, "--out", str(retrying.out)]
    result = CliRunner().invoke(cli, arguments)
    assert told.removeprefix("s3://") in result.output.replace("--bucket desk --key ", "desk/")


def test_what_is_not_proven_names_this_command(retrying: Retrying) -> None:
    written(retrying.ledger, [record(1, COPIED)])
    told = CliRunner().invoke(cli, ["report", str(retrying.ledger)], standalone_mode=False).stdout
    line = told.splitlines()[-1].removeprefix("next: ")
    assert shlex.split(line)[:3] == ["intact", "retry", str(retrying.ledger)]
    result = CliRunner().invoke(cli, [*shlex.split(line)[1:], "--help"], standalone_mode=False)
    assert result.exception is None
    written(retrying.out, [record(1, DONE)])
    told = CliRunner().invoke(cli, ["report", str(retrying.out)], standalone_mode=False).stdout
    assert "intact retry" not in told


def test_what_the_audit_was_given_besides_is_named(retrying: Retrying) -> None:
    written(retrying.ledger, [record(1, COPIED)], header=replace(HEADER, inputs=("SHA256SUMS",)))
    told = "note: the audit was also given SHA256SUMS; give it to the next ones too\n"
    assert told in retrying([]).stdout


HERE = "http://127.0.0.1:9000"


def test_another_servers_ledger_is_not_for_aws(retrying: Retrying) -> None:
    header = replace(HEADER, server=Server(endpoint_url=HERE))
    written(retrying.ledger, [record(1, COPIED)], header=header)
    result = retrying([])
    assert isinstance(result.exception, UsageError)
    assert str(result.exception).endswith(f"was made on {HERE}; wanted --endpoint-url {HERE}")
    assert not retrying.out.exists()
    retried = retrying([], "--endpoint-url", HERE, "--profile", "p", "--request-payer")
    lines = retried.output.partition("next:\n")[2].splitlines()
    assert len(lines) == 4
    for line in lines:
        assert f"--profile p --endpoint-url {HERE} --request-payer requester" in line


def test_a_jobs_server_is_named_too(retrying: Retrying) -> None:
    header = replace(HEADER, server=Server(control_endpoint_url=HERE))
    written(retrying.ledger, [record(1, COPIED)], header=header)
    result = retrying([])
    assert isinstance(result.exception, UsageError)
    assert str(result.exception).endswith(f"wanted --control-endpoint-url {HERE}")
    lines = retrying([], "--control-endpoint-url", HERE).output.partition("next:\n")[2]
    for line in lines.splitlines():
        assert (f"--control-endpoint-url {HERE}" in line) == ("intact put" not in line)


def test_of_a_server_that_has_ended_nothing_is_retried(retrying: Retrying) -> None:
    header = replace(HEADER, server=Server(endpoint_url=HERE, ended=True))
    written(retrying.ledger, [record(1, COPIED)], header=header)
    result = retrying([], "--endpoint-url", HERE)
    assert isinstance(result.exception, UsageError)
    assert "has ended" in str(result.exception)
