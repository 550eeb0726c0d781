"""``intact manifest write``: from every source to the same bytes."""

from __future__ import annotations

import gzip
import hashlib
import json
from typing import TYPE_CHECKING

import duckdb
import pytest
from click.testing import CliRunner

from intact.cli.main import cli
from intact.errors import ExitCode, FormatError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

    from tests.stage import Stage


def write(*arguments: str, stdin: bytes | None = None) -> Result:
    words = ["manifest", "write", *arguments]
    return CliRunner().invoke(cli, words, input=stdin, standalone_mode=False)


def test_keys_become_rows_and_the_etag_is_foretold(stage: Stage, tmp_path: Path) -> None:
    out = tmp_path / "m.csv"
    result = write("--from", "keys", "--bucket", "b", "--out", str(out), "-", stdin=b"a b\na+b\n")
    assert result.return_value == ExitCode.VERIFIED, result.output
    assert out.read_bytes() == b"b,a%20b\nb,a%2Bb\n"
    stored = stage.s3.put_object(Bucket=stage.desk, Key="m.csv", Body=out.read_bytes())
    assert f"ETag    {stored['ETag'].strip(chr(34))}" in result.stderr
    assert "Fields  Bucket,Key\n" in result.stderr
    assert "rows    2 of 2 listed" in result.stderr


def test_without_out_the_manifest_alone_goes_to_standard_output() -> None:
    result = write("--from", "keys", "--bucket", "b", "-0", "-", stdin=b"n\nl\0")
    assert result.stdout == "b,n%0Al\n"
    assert hashlib.md5(b"b,n%0Al\n", usedforsecurity=False).hexdigest() in result.stderr


def test_every_kind_of_source_writes_the_same_bytes(
    stage: Stage, s3_server: str, tmp_path: Path
) -> None:
    stage.fill("a b", "a+b")
    bucket = stage.source
    table, parquet = tmp_path / "t.csv", tmp_path / "t.parquet"
    table.write_text("key\na b\na+b\n")
    with duckdb.connect() as connection:
        connection.execute(f"COPY (SELECT unnest(['a b', 'a+b']) AS key) TO '{parquet}'")
    rows = gzip.compress(f'"{bucket}","a+b"\n"{bucket}","a%2Bb"\n'.encode())
    stage.s3.put_object(Bucket=stage.desk, Key="1", Body=rows)
    md5 = hashlib.md5(rows, usedforsecurity=False).hexdigest()
    files = [{"key": "1", "MD5checksum": md5}]
    document = {"fileFormat": "CSV", "fileSchema": "Bucket, Key", "files": files}
    stage.s3.put_object(
        Bucket=stage.desk, Key="inv/manifest.json", Body=json.dumps(document).encode()
    )
    reach = ["--endpoint-url", s3_server, "--region", "us-east-1"]
    sources = {
        "keys": ["--bucket", bucket, "-"],
        "csv": ["--bucket", bucket, "--columns", "Key", "--header", str(table)],
        "parquet": ["--bucket", bucket, str(parquet)],
        "listing": [f"s3://{bucket}/a", *reach],
        "inventory": [f"s3://{stage.desk}/inv/manifest.json", *reach],
    }
    written = {
        kind: write("--from", kind, *arguments, stdin=b"a b\na+b\n")
        for kind, arguments in sources.items()
    }
    outputs = {kind: result.stdout for kind, result in written.items()}
    assert outputs == dict.fromkeys(sources, f"{bucket},a%20b\n{bucket},a%2Bb\n")


def test_delete_markers_are_left_out_and_counted(stage: Stage, s3_server: str) -> None:
    stage.s3.put_bucket_versioning(
        Bucket=stage.source, VersioningConfiguration={"Status": "Enabled"}
    )
    stage.fill("k", "gone")
    stage.s3.delete_object(Bucket=stage.source, Key="gone")
    result = write(
        *("--from", "versions", f"s3://{stage.source}", "--extra", "Size", "--extra", "ETag"),
        *("--endpoint-url", s3_server, "--region", "us-east-1"),
    )
    assert "delete markers left out  1: s3://" in result.stderr
    assert "Fields  Bucket,Key,VersionId,Ignore,Ignore" in result.stderr
    rows = [row.split(",") for row in result.stdout.splitlines()]
    assert sorted((row[1], row[3]) for row in rows) == [("gone", "15"), ("k", "12")]


def test_a_malformed_row_leaves_no_file(stage: Stage, s3_server: str, tmp_path: Path) -> None:
    body = f'"{stage.source}","k"\nnonsense\n'.encode()
    stage.s3.put_object(Bucket=stage.desk, Key="1", Body=body)
    md5 = hashlib.md5(body, usedforsecurity=False).hexdigest()
    files = [{"key": "1", "MD5checksum": md5}]
    document = {"fileFormat": "CSV", "fileSchema": "Bucket, Key", "files": files}
    stage.s3.put_object(Bucket=stage.desk, Key="m", Body=json.dumps(document).encode())
    result = write(
        *("--from", "inventory", f"s3://{stage.desk}/m", "--out", str(tmp_path / "m.csv")),
        *("--endpoint-url", s3_server, "--region", "us-east-1"),
    )
    assert isinstance(result.exception, FormatError)
    assert "inventory, row 2" in str(result.exception)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["--from", "keys", "-"],
        ["--from", "keys", "--bucket", "b", "-"],
        ["--from", "listing", "bucket"],
        ["--from", "csv", "--columns", "Colour", "-"],
        ["--from", "keys", "--bucket", "b", "--out", "/", "-"],
    ],
    ids=" ".join,
)
def test_what_to_list_must_be_clear(arguments: list[str]) -> None:
    assert isinstance(write(*arguments, stdin=b"").exception, UsageError)
