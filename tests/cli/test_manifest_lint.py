"""``intact manifest lint`` and ``intact manifest split``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from intact.cli.main import cli
from intact.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

    from tests.stage import Stage


def manifest(verb: str, *arguments: str) -> Result:
    return CliRunner().invoke(cli, ["manifest", verb, *arguments], standalone_mode=False)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "m.csv"


def test_what_is_wrong_is_named_with_its_lines_and_source(path: Path) -> None:
    path.write_bytes(b"b,k\nb,a+b\n\nb,k\nb,c+d\n")
    result = manifest("lint", str(path), "--show", "1")
    assert result.return_value == ExitCode.WRONG
    assert "error: bare plus: The key has a plus" in result.stdout
    assert "2 rows; lines 2, ... [undocumented" in result.stdout
    assert "warning: duplicate" in result.stdout


def test_warnings_alone_are_no_error(path: Path) -> None:
    path.write_bytes(b"b,k,v\nb,k,w\n")
    result = manifest("lint", str(path))
    assert result.return_value == ExitCode.VERIFIED
    assert "warning: several versions" in result.stdout


def test_the_search_keeps_to_the_memory_it_is_given(path: Path) -> None:
    path.write_bytes(b"".join(b"b,k%d\n" % (number % 200_000) for number in range(200_001)))
    result = manifest("lint", str(path), "--memory-mb", "100")
    assert "warning: duplicate" in result.stdout
    assert manifest("lint", str(path), "--memory-mb", "1").exception is not None


def test_an_object_is_linted_with_the_jobs_prefix(stage: Stage, s3_server: str) -> None:
    stage.s3.put_object(Bucket=stage.desk, Key="a b.csv", Body=b"b," + b"k" * 1024 + b"\n")
    reach = ["--endpoint-url", s3_server, "--region", "us-east-1"]
    where = f"s3://{stage.desk}/a b.csv"
    assert manifest("lint", where, *reach).return_value == ExitCode.VERIFIED
    result = manifest("lint", where, "--target-key-prefix", "p", *reach)
    assert "error: long key" in result.stdout


def test_a_split_says_what_went_where(path: Path, tmp_path: Path) -> None:
    path.write_bytes(b"b,1,1\nb,2,9999999999\nb,3,\n")
    out = tmp_path / "parts"
    columns = ["--columns", "Bucket,Key,Size", "--most-rows", "1"]
    result = manifest("split", str(path), *columns, "--out", str(out))
    assert result.return_value == ExitCode.VERIFIED, result.output
    names = ["copy-00001.csv", "copy-00002.csv", "large-00001.csv"]
    assert sorted(part.name for part in out.iterdir()) == names
    assert result.stdout.splitlines()[-1].split() == ["3", "in", "all"]


@pytest.mark.parametrize(
    "arguments",
    [["--columns", "Bucket"], ["--columns", "Bucket,Key,Key"], ["--columns", "Bucket,Key,X"], []],
    ids=" ".join,
)
def test_columns_must_be_clear(arguments: list[str], path: Path) -> None:
    path.write_bytes(b"b,k,v,1\n")
    assert isinstance(manifest("lint", str(path), *arguments).exception, UsageError)
