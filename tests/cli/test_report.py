"""``intact report`` shows a stored ledger and ends as its audit did."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from intact.adapters.flat import flat_rows
from intact.audit import Verdict
from intact.audit.ledger import SEAL, SEGMENTS
from intact.cli.main import cli
from intact.errors import ExitCode, FormatError
from tests.ledgers import GOLDEN, copied, many, written
from tests.pages import ledger


def test_a_ledger_is_shown_and_its_code_returned(tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    arguments = ["report", str(GOLDEN), "--html", str(page)]
    result = CliRunner().invoke(cli, arguments, standalone_mode=False)
    assert result.return_value == ExitCode.WRONG
    assert "Of 9 objects 4 are wrong and 3 are not proven." in result.stdout
    assert page.read_text().startswith("<!doctype html>")


def test_many_findings_are_counted_and_not_listed(tmp_path: Path) -> None:
    wrong = [r for r in many(200) if r.finding.verdict is not Verdict.VERIFIED][:60]
    written(tmp_path / "many", wrong)
    result = CliRunner().invoke(cli, ["report", str(tmp_path / "many")], standalone_mode=False)
    assert "... and 10 more that are not verified" in result.stdout


def test_an_unfinished_ledger_has_no_verdict(tmp_path: Path) -> None:
    torn = copied(tmp_path / "ledger")
    (torn / SEAL).unlink()
    result = CliRunner().invoke(cli, ["report", str(torn)])
    assert "did not finish" in str(result.exception)


def test_a_ledger_as_it_was_sealed_is_said_to_be() -> None:
    result = CliRunner().invoke(cli, ["report", str(GOLDEN), "--verify"], standalone_mode=False)
    assert result.return_value == ExitCode.WRONG
    told = "9 records in 2 segments are as they were sealed, not signed; root "
    assert result.stdout.startswith(told)


def test_a_ledger_that_was_changed_has_no_verdict(tmp_path: Path) -> None:
    changed = copied(tmp_path / "ledger")
    (changed / SEGMENTS).write_bytes(b"")
    result = CliRunner().invoke(cli, ["report", str(changed), "--verify"])
    assert isinstance(result.exception, FormatError)
    assert "is not as it was sealed" in str(result.exception)
    assert "its number of records is 0; the seal says 9" in result.stderr
    assert "objects" not in result.stdout


def test_a_public_key_asks_for_a_signature(tmp_path: Path) -> None:
    public = tmp_path / "public.pem"
    public.write_bytes(
        ed25519.Ed25519PrivateKey.generate()
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    result = CliRunner().invoke(cli, ["report", str(GOLDEN), "--public-key", str(public)])
    assert "has no signature" in result.stderr
    assert isinstance(result.exception, FormatError)


KINDS = ("html", "markdown", "csv", "parquet", "junit")


def test_every_kind_of_report_is_written_at_once(tmp_path: Path) -> None:
    files = {kind: tmp_path / f"findings.{kind}" for kind in KINDS}
    options = [word for kind, path in files.items() for word in (f"--{kind}", str(path))]
    result = CliRunner().invoke(cli, ["report", str(GOLDEN), *options], standalone_mode=False)
    assert result.return_value == ExitCode.WRONG, result.output
    for kind, path in files.items():
        assert f"{kind}: {path}" in result.stdout
        assert path.stat().st_size > 0
    assert sorted(tmp_path.iterdir()) == sorted(files.values())


@pytest.mark.parametrize("kind", KINDS)
def test_data_goes_to_standard_output_and_people_read_the_other(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "report"
    CliRunner().invoke(cli, ["report", str(GOLDEN), f"--{kind}", str(path)], standalone_mode=False)
    result = CliRunner().invoke(cli, ["report", str(GOLDEN), f"--{kind}"], standalone_mode=False)
    assert result.return_value == ExitCode.WRONG
    assert result.stdout_bytes == path.read_bytes()
    assert "Of 9 objects 4 are wrong" in result.stderr


def test_json_is_the_terms_every_row_and_the_summary(tmp_path: Path) -> None:
    reader = ledger(tmp_path / "hostile", good=30, bad=40, hostile=12)
    arguments = ["report", str(reader.path), "--json"]
    result = CliRunner().invoke(cli, arguments, standalone_mode=False)
    assert result.stdout.isascii()
    assert "Of 82 objects" in result.stderr
    records = [json.loads(line) for line in result.stdout.splitlines()]
    assert {record["schema"] for record in records} == {"intact.report/1"}
    kinds = [record["record"] for record in records]
    assert kinds == ["header", *["finding"] * 82, "summary"]
    summary = records[-1]
    assert summary["exit_code"] == ExitCode.WRONG == result.return_value
    assert sum(summary["verdicts"].values()) == summary["rows"] == summary["manifest_rows"] == 82
    keys = [row["destination_key"] for row in flat_rows(reader)]
    assert [record.get("destination_key") for record in records[1:-1]] == keys


def test_parquet_has_every_row(tmp_path: Path) -> None:
    path = tmp_path / "flat.parquet"
    CliRunner().invoke(cli, ["report", str(GOLDEN), "--parquet", str(path)])
    assert pq.read_table(path)["row"].to_pylist() == list(range(1, 10))


def test_two_reports_do_not_share_standard_output() -> None:
    result = CliRunner().invoke(cli, ["report", str(GOLDEN), "--csv", "-", "--json"])
    assert "name a FILE for one" in str(result.exception)
