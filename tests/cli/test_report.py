"""``intact report`` shows a stored ledger and ends as its audit did."""

from pathlib import Path

from click.testing import CliRunner

from intact.cli.main import cli
from intact.errors import ExitCode

GOLDEN = Path(__file__).parents[1] / "vectors" / "ledger-v2.jsonl"


def test_a_ledger_is_shown_and_its_code_returned(tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    arguments = ["report", str(GOLDEN), "--html", str(page)]
    result = CliRunner().invoke(cli, arguments, standalone_mode=False)
    assert result.return_value == ExitCode.WRONG
    assert "Of 9 objects 4 are wrong and 3 are not proven." in result.stdout
    assert page.read_text().startswith("<!doctype html>")


def test_many_findings_are_counted_and_not_listed(tmp_path: Path) -> None:
    lines = GOLDEN.read_text().splitlines(keepends=True)
    many = tmp_path / "ledger"
    many.write_text("".join([lines[0], *lines[3:4] * 60, '{"counts":{"manifest_rows":60}}\n']))
    result = CliRunner().invoke(cli, ["report", str(many)], standalone_mode=False)
    assert "... and 10 more that are not verified" in result.stdout


def test_an_unfinished_ledger_has_no_verdict(tmp_path: Path) -> None:
    torn = tmp_path / "ledger"
    torn.write_text("".join(GOLDEN.read_text().splitlines(keepends=True)[:-1]))
    result = CliRunner().invoke(cli, ["report", str(torn)])
    assert "did not finish" in str(result.exception)
