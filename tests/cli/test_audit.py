"""``intact audit`` over real sockets: a job by id, a saved job, a bare manifest."""

from __future__ import annotations

import gzip
import hashlib
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from intact.adapters.auditor import EXTRAS, LEFTOVERS, discard
from intact.adapters.ledger import LedgerReader
from intact.adapters.offline.auditor import WORK
from intact.adapters.s3control import describe_job
from intact.adapters.verify import contradictions, problems
from intact.audit import Level, Reason, Verdict, Withheld
from intact.audit.ledger import LEDGER
from intact.batch.manifest import FIELDS, VERSIONED_FIELDS
from intact.batch.report import ReportManifest
from intact.cli.main import cli
from intact.errors import ExitCode, FormatError, StoreError, UsageError
from tests.stage import ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from click.testing import Result

    from intact.audit import Record
    from intact.batch.outcome import JobOutcome
    from tests.stage import Stage

ODD = "odd/a+b %25.txt"
ROWS = ("plain", "odd/a%2Bb%20%2525.txt")


class Auditing:
    """A stage with one finished job of two objects, and a way to audit it."""

    def __init__(
        self, stage: Stage, s3_server: str, out: Path, fields: Sequence[str] = FIELDS
    ) -> None:
        self.stage, self.out = stage, out
        self._server = s3_server
        self.rows: tuple[str, ...] = ROWS
        if fields == FIELDS:
            stage.fill("plain", ODD)
        else:
            enabled: Any = {"Status": "Enabled"}
            stage.s3.put_bucket_versioning(Bucket=stage.source, VersioningConfiguration=enabled)
            stage.fill("plain", ODD)
            heads = [stage.s3.head_object(Bucket=stage.source, Key=key) for key in ("plain", ODD)]
            self.rows = tuple(
                f"{row},{head['VersionId']}" for row, head in zip(ROWS, heads, strict=True)
            )
        manifest = stage.manifest(*self.rows, fields=fields)
        operation = stage.copy(ChecksumAlgorithm="SHA256")
        self.outcome: JobOutcome = stage.run(manifest, Operation=operation)

    def __call__(self, *arguments: str) -> Result:
        discard(self.out / LEDGER)
        reach = ["--endpoint-url", self._server, "--region", "eu-west-1"]
        reach += ["--control-endpoint-url", self.stage.endpoint.url, "--out", str(self.out)]
        return CliRunner().invoke(cli, ["audit", *arguments, *reach], standalone_mode=False)

    def by_id(self, *arguments: str) -> Result:
        return self(self.outcome.job_id, "--account-id", ACCOUNT, *arguments)

    def by_manifest(self, *arguments: str) -> Result:
        stage = self.stage
        target = f"arn:aws:s3:::{stage.target}"
        manifest = f"s3://{stage.desk}/manifest.csv"
        return self("--manifest", manifest, "--target-resource", target, *arguments)

    def records(self) -> list[Record]:
        return list(LedgerReader(self.out / LEDGER).records())


@pytest.fixture
def auditing(stage: Stage, s3_server: str, tmp_path: Path) -> Auditing:
    return Auditing(stage, s3_server, tmp_path / "out")


def test_a_job_whose_checksums_compare_to_nothing_is_not_proven(auditing: Auditing) -> None:
    result = auditing.by_id()
    assert result.return_value == ExitCode.UNPROVEN, result.output
    assert {(r.finding.reason, r.finding.level) for r in auditing.records()} == {
        (Reason.BELOW_REQUIRED, Level.ETAG)
    }


@pytest.mark.parametrize("slashes", ["/", "//"])
def test_copies_are_sought_where_a_prefix_with_a_slash_behind_put_them(
    auditing: Auditing, slashes: str
) -> None:
    stage = auditing.stage
    for key in ("plain", ODD):
        stage.s3.copy_object(
            Bucket=stage.target,
            Key=f"2026{slashes}{key}",
            CopySource={"Bucket": stage.source, "Key": key},
        )
    result = auditing.by_manifest("--target-key-prefix", "2026/", "--read", "missing")
    assert result.return_value == ExitCode.VERIFIED, result.output
    found = [r.copy.destination and r.copy.destination.key for r in auditing.records()]
    assert found == [f"2026{slashes}plain", f"2026{slashes}{ODD}"]


def test_the_same_job_is_proven_by_reading(auditing: Auditing) -> None:
    result = auditing.by_id("--read", "missing")
    assert result.return_value == ExitCode.VERIFIED, result.output
    assert {r.finding.level for r in auditing.records()} == {Level.READ}
    destinations = [r.copy.destination for r in auditing.records()]
    assert [ref and ref.key for ref in destinations] == ["plain", ODD]


def test_a_saved_description_of_a_job_is_enough(auditing: Auditing, tmp_path: Path) -> None:
    job = describe_job(auditing.stage.control, account_id=ACCOUNT, job_id=auditing.outcome.job_id)
    saved = tmp_path / "job.json"
    saved.write_text(json.dumps(job, default=lambda moment: moment.isoformat()))
    result = auditing(str(saved), "--read", "all")
    assert result.return_value == ExitCode.VERIFIED, result.output


@pytest.mark.parametrize("processes", ["1", "2"])
def test_the_lean_client_proves_the_same(auditing: Auditing, processes: str) -> None:
    assert auditing.by_id("--read", "missing").return_value == ExitCode.VERIFIED
    wanted = auditing.records()
    arguments = ("--read", "missing", "--client", "lean", "--processes", processes)
    result = auditing.by_id(*arguments)
    assert result.return_value == ExitCode.VERIFIED, result.output
    assert auditing.records() == wanted


def test_processes_have_no_common_budget(auditing: Auditing) -> None:
    arguments = ("--read", "all", "--read-budget", "1KiB", "--client", "lean", "--processes", "2")
    assert isinstance(auditing.by_id(*arguments).exception, UsageError)
    assert isinstance(auditing.by_id("--processes", "2").exception, UsageError)


def test_a_manifest_without_a_job_is_enough(auditing: Auditing) -> None:
    result = auditing.by_manifest("--read", "missing", "--checksum-algorithm", "sha256")
    assert result.return_value == ExitCode.VERIFIED, result.output


class Inventoried:
    """A finished copy whose job is said to have taken its list from an inventory."""

    def __init__(self, auditing: Auditing, tmp_path: Path) -> None:
        self.auditing, self.saved = auditing, tmp_path / "job.json"
        stage = auditing.stage
        job: Any = describe_job(stage.control, account_id=ACCOUNT, job_id=auditing.outcome.job_id)
        rows = f'"{stage.source}","plain"\n"{stage.source}","odd/a%2Bb+%2525.txt"\n'
        self.list(gzip.compress(rows.encode()))
        job["Job"]["Manifest"] = {
            "Spec": {"Format": "S3InventoryReport_CSV_20161130"},
            "Location": {
                "ObjectArn": f"arn:aws:s3:::{stage.desk}/inv/manifest.json",
                "ETag": self.etag,
            },
        }
        self.saved.write_text(json.dumps(job, default=lambda moment: moment.isoformat()))

    def list(self, body: bytes, *, md5: str | None = None) -> None:
        stage = self.auditing.stage
        md5 = md5 or hashlib.md5(body, usedforsecurity=False).hexdigest()
        document = {
            "destinationBucket": f"arn:aws:s3:::{stage.desk}",
            "fileFormat": "CSV",
            "fileSchema": "Bucket, Key",
            "files": [{"key": "inv/1.csv.gz", "size": len(body), "MD5checksum": md5}],
        }
        stage.s3.put_object(Bucket=stage.desk, Key="inv/1.csv.gz", Body=body)
        self.etag = stage.s3.put_object(
            Bucket=stage.desk, Key="inv/manifest.json", Body=json.dumps(document).encode()
        )["ETag"]

    def __call__(self) -> Result:
        return self.auditing(str(self.saved), "--read", "all")


def test_a_job_over_an_inventory_is_audited(auditing: Auditing, tmp_path: Path) -> None:
    stage, key = auditing.stage, auditing.outcome.report_manifest_key or ""
    inventoried = Inventoried(auditing, tmp_path)
    [part] = ReportManifest.parse(stage.read(key)).parts
    # S3 repeats the spelling of the list in its report.
    body = stage.read(part.key).replace(b"odd/a%2Bb%20%2525.txt", b"odd/a%2Bb+%2525.txt")
    md5 = hashlib.md5(body, usedforsecurity=False).hexdigest()
    report = ReportManifest(created="", parts=(replace(part, md5=md5),)).write()
    sidecar = hashlib.md5(report, usedforsecurity=False).hexdigest().encode()
    for name, content in {part.key: body, key: report, f"{key}.md5": sidecar}.items():
        stage.s3.put_object(Bucket=stage.desk, Key=name, Body=content)
    result = inventoried()
    assert result.return_value == ExitCode.VERIFIED, result.output
    sources = [r.copy.source for r in auditing.records()]
    assert [ref and ref.key for ref in sources] == ["plain", ODD]


def test_an_inventory_that_changed_since_the_job_ends_the_audit(
    auditing: Auditing, tmp_path: Path
) -> None:
    inventoried = Inventoried(auditing, tmp_path)
    inventoried.list(b"other")
    result = inventoried()
    assert isinstance(result.exception, StoreError)
    assert "PreconditionFailed" in str(result.exception)


def test_a_copy_onto_its_own_source_is_not_compared_with_itself(
    auditing: Auditing, tmp_path: Path
) -> None:
    stage = auditing.stage
    itself = f"arn:aws:s3:::{stage.source}"
    where = ("--manifest", f"s3://{stage.desk}/manifest.csv", "--target-resource", itself)
    result = auditing(*where, "--read", "all")
    assert result.return_value == ExitCode.UNPROVEN, result.output
    assert {r.finding.reason for r in auditing.records()} == {Reason.SOURCE_ABSENT}
    path = tmp_path / "SHA256SUMS"
    path.write_text(sums("plain", ODD))
    result = auditing(*where, "--read", "all", "--expect", str(path))
    assert result.return_value == ExitCode.VERIFIED, result.output


def test_what_is_missing_is_named(auditing: Auditing) -> None:
    auditing.stage.s3.delete_object(Bucket=auditing.stage.target, Key="plain")
    result = auditing.by_id("--read", "missing")
    assert result.return_value == ExitCode.WRONG
    assert f"s3://{auditing.stage.target}/plain" in result.stdout
    verdicts = [r.finding.verdict for r in auditing.records()]
    assert verdicts == [Verdict.MISSING, Verdict.VERIFIED]


def test_a_row_that_cannot_be_read_is_counted_and_kept(auditing: Auditing) -> None:
    stage = auditing.stage
    stage.s3.put_object(
        Bucket=stage.desk, Key="manifest.csv", Body=f"{stage.source},plain\nnonsense\n".encode()
    )
    result = auditing.by_manifest("--read", "missing")
    assert result.return_value == ExitCode.UNPROVEN
    good, malformed = auditing.records()
    assert good.finding.verdict is Verdict.VERIFIED
    assert (malformed.copy.text, malformed.finding.reason) == ("nonsense", Reason.ROW_UNREADABLE)


def test_a_tampered_report_ends_the_audit_without_a_ledger(auditing: Auditing) -> None:
    stage, key = auditing.stage, auditing.outcome.report_manifest_key
    assert key is not None
    part = ReportManifest.parse(stage.read(key)).parts[0].key
    stage.s3.put_object(Bucket=stage.desk, Key=part, Body=stage.read(part) + b"more\r\n")
    result = auditing.by_id()
    assert isinstance(result.exception, FormatError)
    assert "MD5" in str(result.exception)
    assert list(auditing.out.iterdir()) == []


def test_a_report_without_its_sidecar_ends_the_audit(auditing: Auditing) -> None:
    key = f"{auditing.outcome.report_manifest_key}.md5"
    auditing.stage.s3.delete_object(Bucket=auditing.stage.desk, Key=key)
    result = auditing.by_id()
    assert isinstance(result.exception, StoreError)
    assert "does not exist" in str(result.exception)


def test_a_manifest_that_changed_since_the_job_ends_the_audit(auditing: Auditing) -> None:
    stage = auditing.stage
    stage.s3.put_object(Bucket=stage.desk, Key="manifest.csv", Body=b"other")
    result = auditing.by_id()
    assert isinstance(result.exception, StoreError)
    assert "PreconditionFailed" in str(result.exception)


def test_a_destination_bucket_that_does_not_exist_ends_the_audit(auditing: Auditing) -> None:
    result = auditing(
        "--manifest",
        f"s3://{auditing.stage.desk}/manifest.csv",
        "--target-resource",
        "arn:aws:s3:::no-such-bucket-anywhere",
    )
    assert isinstance(result.exception, StoreError)
    assert "no-such-bucket-anywhere" in str(result.exception)


def test_what_is_read_can_be_limited(auditing: Auditing) -> None:
    result = auditing.by_id("--read", "missing", "--read-budget", "10B")
    assert result.return_value == ExitCode.UNPROVEN, result.output
    assert [r.evidence.destination_bytes for r in auditing.records()] == [
        Withheld(terms="the budget of 10 bytes is spent")
    ] * 2
    result = auditing.by_id("--read", "sample:0.000001")
    assert result.return_value == ExitCode.UNPROVEN, result.output
    assert [r.evidence.destination_bytes for r in auditing.records()] == [
        Withheld(terms="outside the sample of 1e-06")
    ] * 2


def test_a_record_of_a_submission_names_the_job(auditing: Auditing, tmp_path: Path) -> None:
    saved = tmp_path / "job.json.submitted"
    journal = [{"request": {"AccountId": ACCOUNT}}, {"job_id": auditing.outcome.job_id}]
    saved.write_text("".join(json.dumps(line) + "\n" for line in journal))
    result = auditing(str(saved), "--read", "all")
    assert result.return_value == ExitCode.VERIFIED, result.output


def compute(stage: Stage, *rows: str, bucket: str, fields: Sequence[str] = FIELDS) -> JobOutcome:
    """Run a Compute checksum job over the rows' objects."""
    body = "".join(f"{bucket},{row}\n" for row in rows).encode()
    etag = stage.s3.put_object(Bucket=stage.desk, Key="compute.csv", Body=body)["ETag"]
    manifest = {
        "Spec": {"Format": "S3BatchOperations_CSV_20180820", "Fields": list(fields)},
        "Location": {"ObjectArn": f"arn:aws:s3:::{stage.desk}/compute.csv", "ETag": etag},
    }
    return stage.run(
        manifest,
        Operation={"S3ComputeObjectChecksum": {"ChecksumAlgorithm": "CRC32"}},
        Report=stage.report(ExpectedBucketOwner="000000000000"),
    )


@pytest.fixture
def computed(auditing: Auditing) -> list[JobOutcome]:
    stage = auditing.stage
    return [compute(stage, *ROWS, bucket=bucket) for bucket in (stage.source, stage.target)]


def test_compute_checksum_jobs_prove_without_reading(
    auditing: Auditing, computed: list[JobOutcome], tmp_path: Path
) -> None:
    source, destination = computed
    job = describe_job(auditing.stage.control, account_id=ACCOUNT, job_id=source.job_id)
    saved = tmp_path / "compute.json"
    saved.write_text(json.dumps(job, default=lambda moment: moment.isoformat()))
    result = auditing.by_id(
        "--computed", str(saved), "--computed", destination.job_id, "--require", "computed"
    )
    assert result.return_value == ExitCode.VERIFIED, result.output
    assert {r.finding.level for r in auditing.records()} == {Level.COMPUTED}


def test_a_report_of_a_job_that_nobody_describes_is_enough(
    auditing: Auditing, computed: list[JobOutcome], tmp_path: Path
) -> None:
    stage, [source, destination] = auditing.stage, computed
    folder = tmp_path / "report"
    (folder / "results").mkdir(parents=True)
    key = source.report_manifest_key or ""
    (folder / "manifest.json").write_bytes(stage.read(key))
    for part in ReportManifest.parse(stage.read(key)).parts:
        (folder / "results" / part.key.rpartition("/")[2]).write_bytes(stage.read(part.key))
    there = f"s3://{stage.desk}/{destination.report_manifest_key}"
    for here in (folder, folder / "manifest.json"):
        result = auditing.by_id("--computed", str(here), "--computed", there)
        assert result.return_value == ExitCode.VERIFIED, result.output


def test_a_job_that_computes_nothing_is_no_evidence(auditing: Auditing) -> None:
    result = auditing.by_id("--computed", auditing.outcome.job_id)
    assert isinstance(result.exception, UsageError)
    assert "wanted S3ComputeObjectChecksum" in str(result.exception)


def test_a_record_without_an_answer_names_no_job(auditing: Auditing, tmp_path: Path) -> None:
    saved = tmp_path / "record"
    saved.write_text(json.dumps({"request": {"AccountId": ACCOUNT}, "job_id": None}))
    result = auditing(str(saved))
    assert isinstance(result.exception, UsageError)
    for text in ("[]", "no"):
        saved.write_text(text)
        assert isinstance(auditing(str(saved)).exception, FormatError)


def sums(*names: str, tag: bool = False) -> str:
    digests = {name: hashlib.sha256(f"content of {name}".encode()).hexdigest() for name in names}
    form = "SHA256 ({}) = {}\n" if tag else "{1}  {0}\n"
    return "".join(form.format(name, digest) for name, digest in digests.items())


@pytest.mark.parametrize(
    ("name", "prefix", "tag"),
    [("SHA256SUMS", "", False), ("SHA256=list", "SHA256=", False), ("list.sums", "", True)],
)
def test_digests_from_elsewhere_prove_without_reading(
    auditing: Auditing, tmp_path: Path, name: str, prefix: str, *, tag: bool
) -> None:
    path = tmp_path / name.removeprefix(prefix)
    path.write_text(sums("plain", ODD, tag=tag))
    result = auditing.by_id("--expect", f"{prefix}{path}", "--require", "independent")
    assert result.return_value == ExitCode.VERIFIED, result.output
    assert {r.finding.level for r in auditing.records()} == {Level.INDEPENDENT}


def test_a_digest_that_differs_accuses_and_one_that_cannot_be_read_is_told(
    auditing: Auditing, tmp_path: Path
) -> None:
    for key in ("plain", ODD):  # long gone, so that only the file speaks of them
        auditing.stage.s3.delete_object(Bucket=auditing.stage.source, Key=key)
    path = tmp_path / "x.sha256"
    path.write_text(sums("plain").replace("  plain", f"  {ODD}") + sums("plain"))
    result = auditing.by_id("--expect", str(path))
    assert result.return_value == ExitCode.WRONG, result.output
    assert [r.finding.reason for r in auditing.records()] == [
        Reason.EQUAL,
        Reason.EXPECTED_DIFFERS,
    ]
    path.write_text(sums("plain", ODD) + "nonsense\n")
    result = auditing.by_id("--expect", str(path))
    assert result.return_value == ExitCode.UNFINISHED
    assert "1 expected digests could not be read" in result.output
    assert "unreadable digest" in (auditing.out / LEFTOVERS).read_text()


def test_digests_that_the_manifest_carries_prove_without_reading(auditing: Auditing) -> None:
    stage = auditing.stage
    rows = [
        f"{stage.source},{key},{sums(name)[:64]}\n"
        for key, name in zip(ROWS, ("plain", ODD), strict=True)
    ]
    stage.s3.put_object(Bucket=stage.desk, Key="manifest.csv", Body="".join(rows).encode())
    carrying = ("--fields", "Bucket,Key,Ignore", "--carried")
    result = auditing.by_manifest(*carrying, "SHA256")
    assert result.return_value == ExitCode.VERIFIED, result.output
    assert isinstance(auditing.by_manifest(*carrying, "Size,SHA256").exception, UsageError)


def test_what_the_destination_holds_besides_is_listed(auditing: Auditing) -> None:
    auditing.stage.s3.put_object(Bucket=auditing.stage.target, Key="=extra", Body=b"12345")
    result = auditing.by_id("--read", "all", "--extras")
    assert result.return_value == ExitCode.VERIFIED, result.output
    assert "note: 1 objects at the destination are in no row" in result.output
    extras = (auditing.out / EXTRAS).read_text().splitlines()
    assert extras[0] == "bucket,key,size,etag"
    assert extras[1].startswith(f"{auditing.stage.target},%3Dextra,5,")


def test_rows_of_the_report_that_match_no_row_are_named(auditing: Auditing) -> None:
    stage = auditing.stage
    job: Any = describe_job(stage.control, account_id=ACCOUNT, job_id=auditing.outcome.job_id)
    body = f"{stage.source},plain\n".encode()
    etag = stage.s3.put_object(Bucket=stage.desk, Key="other.csv", Body=body)["ETag"]
    location = job["Job"]["Manifest"]["Location"]
    location |= {"ObjectArn": f"arn:aws:s3:::{stage.desk}/other.csv", "ETag": etag.strip('"')}
    saved = auditing.out.parent / "job.json"
    saved.write_text(json.dumps(job, default=lambda moment: moment.isoformat()))
    result = auditing(str(saved), "--read", "all")
    assert result.return_value == ExitCode.UNFINISHED
    assert "1 report rows match no row of the manifest" in result.output
    assert "1 rows of the manifest for 2 tasks of the job" in result.output
    left = (auditing.out / LEFTOVERS).read_text()
    assert f"s3://{stage.source}/odd/a%2Bb%20%2525.txt" in left
    assert "odd/a%2Bb%20%2525.txt" in result.output


@pytest.mark.parametrize(
    "arguments",
    [
        ["--expect", "no-such-file"],
        ["--read", "sample"],
        ["--read", "all:1"],
        ["--read", "sample:nan"],
        ["--read", "some"],
        ["--read", "sample:2"],
    ],
    ids=" ".join,
)
def test_terms_that_mean_nothing_are_refused(arguments: list[str]) -> None:
    where = ["--manifest", "s3://b/k", "--target-resource", "arn:aws:s3:::b"]
    result = CliRunner().invoke(cli, ["audit", *where, *arguments])
    assert isinstance(result.exception, UsageError)


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["a-job-id"],
        ["a-job-id", "--manifest", "s3://b/k"],
        ["--manifest", "s3://b/k"],
        ["--manifest", "b/k", "--target-resource", "arn:aws:s3:::b"],
        ["--manifest", "s3://b", "--target-resource", "arn:aws:s3:::b"],
    ],
    ids=" ".join,
)
def test_what_to_audit_must_be_clear(arguments: list[str]) -> None:
    result = CliRunner().invoke(cli, ["audit", *arguments])
    assert result.exit_code != ExitCode.VERIFIED
    assert not result.stdout


def test_an_offline_audit_proves_by_reports_alone_where_the_manifest_names_versions(
    stage: Stage, s3_server: str, tmp_path: Path
) -> None:
    auditing = Auditing(stage, s3_server, tmp_path / "out", VERSIONED_FIELDS)
    computed = [
        compute(stage, *auditing.rows, bucket=stage.source, fields=VERSIONED_FIELDS),
        compute(stage, *ROWS, bucket=stage.target),
    ]
    jobs = [word for job in computed for word in ("--computed", job.job_id)]
    result = auditing.by_id("--offline", *jobs, "--require", "computed")
    assert result.return_value == ExitCode.VERIFIED, (result.output, result.exception)
    reader = LedgerReader(auditing.out / LEDGER)
    assert not list(problems(auditing.out / LEDGER))
    assert not list(contradictions(reader))
    assert {record.finding.level for record in reader.records()} == {Level.COMPUTED}
    assert not (auditing.out / WORK).exists()


def test_reports_alone_bind_no_source_that_the_manifest_names_without_its_version(
    auditing: Auditing, computed: list[JobOutcome]
) -> None:
    jobs = [word for job in computed for word in ("--computed", job.job_id)]
    result = auditing.by_id("--offline", *jobs)
    assert result.return_value == ExitCode.UNPROVEN, (result.output, result.exception)
    assert {r.finding.reason for r in auditing.records()} == {Reason.SOURCE_UNBOUND}
    assert not list(contradictions(LedgerReader(auditing.out / LEDGER)))


def test_an_offline_audit_that_ends_early_says_how_to_go_on(auditing: Auditing) -> None:
    missing = f"s3://{auditing.stage.desk}/none/manifest.json"
    error = auditing.by_id("--offline", "--computed", missing).exception
    assert isinstance(error, StoreError)
    [note] = error.__notes__
    assert f"--computed {missing} --offline" in note
    assert note.endswith(f"--out {auditing.out}")


@pytest.mark.parametrize("command", ["audit", "plan"])
def test_the_memory_of_an_offline_audit_has_a_least(command: str) -> None:
    result = CliRunner().invoke(cli, [command, "job", "--memory", "100MB"])
    assert result.exit_code == ExitCode.USAGE
    assert "wanted at least 300000000 bytes" in result.stderr


def test_an_offline_audit_takes_nothing_that_needs_requests(auditing: Auditing) -> None:
    for words in (["--offline", "--read", "all"], ["--inventory", "source=x"]):
        result = auditing.by_id(*words)
        assert "--offline" in str(result.exception)
