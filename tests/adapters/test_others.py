"""Files of digests and reports of Compute checksum jobs, from disk and from S3."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import duckdb
import pytest

from intact.adapters.boto import BotoStore
from intact.adapters.others import ComputedReport, ExpectedFile
from intact.batch import MalformedRow, ReportManifest, TaskResult, TaskStatus
from intact.batch.expected import ExpectedRow
from intact.batch.report import ReportPart
from intact.checksum import Algorithm
from intact.errors import FormatError
from intact.s3 import ObjectRef
from tests.worlds import full

if TYPE_CHECKING:
    from pathlib import Path

    from types_boto3_s3 import S3Client

    from tests.stage import Stage

OWNER = "000000000000"
SHA = Algorithm.SHA256
ABC = full(b"abc", SHA)
HEX = ABC.digest.hex()


def read(path: Path, algorithm: Algorithm | None = None) -> list[ExpectedRow | MalformedRow]:
    return list(ExpectedFile(path=path, algorithm=algorithm, prefix="p/").rows())


def row(key: str, line: int, size: int | None = None) -> ExpectedRow:
    return ExpectedRow(line=line, key=f"p/{key}", checksums=frozenset({ABC}), size=size)


def test_lines_are_read(tmp_path: Path) -> None:
    path = tmp_path / "SHA256SUMS"
    path.write_text(f"{HEX}  k\nnonsense\n")
    good, malformed = read(path, SHA)
    assert good == row("k", 1)
    assert isinstance(malformed, MalformedRow)


def test_a_csv_says_what_its_columns_are(tmp_path: Path) -> None:
    path = tmp_path / "digests.csv"
    path.write_bytes(
        f'\ufeffKey,SHA256,Size,Note\r\nk,{HEX},3,x\r\n"a,\nb",{HEX},,\r\n'
        f"short,{HEX}\r\nbad,{HEX},x,\r\nlast,{HEX},3,\r\n".encode()
        + b"\xff,,,\r\n"
    )
    first, second, short, bad, last, binary = read(path)
    assert (first, second) == (row("k", 2, 3), row("a,\nb", 3))
    assert last == row("last", 7, 3)
    for malformed, line in ((short, 5), (bad, 6), (binary, 8)):
        assert isinstance(malformed, MalformedRow)
        assert malformed.line == line


def test_a_quote_that_is_not_closed_is_malformed(tmp_path: Path) -> None:
    path = tmp_path / "digests.csv"
    path.write_text(f'Key,SHA256\nk,{HEX}\n"l,{HEX}\n')
    good, malformed = read(path)
    assert good == row("k", 2)
    assert isinstance(malformed, MalformedRow)


@pytest.mark.parametrize("text", ["", "Name,SHA256\n", "Key,Key\n"])
def test_a_table_without_keys_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "digests.csv"
    path.write_text(text)
    with pytest.raises(FormatError, match="wanted Key"):
        read(path)


def test_a_parquet_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "digests.parquet"
    with duckdb.connect() as connection:
        values = [("k", HEX, 3), ("", None, 1), ("l", HEX, None)]
        connection.execute('CREATE TABLE digests ("Key" TEXT, sha256 TEXT, "Size" INT)')
        connection.executemany("INSERT INTO digests VALUES (?, ?, ?)", values)
        connection.table("digests").write_parquet(str(path))
    first, malformed, last = read(path)
    assert (first, last) == (row("k", 1, 3), row("l", 3))
    assert isinstance(malformed, MalformedRow)


def test_a_parquet_file_that_is_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "digests.parquet"
    path.write_text("no")
    with pytest.raises(FormatError, match=r"digests\.parquet"):
        read(path)


RESULT = TaskResult(
    bucket="b",
    raw_key="k",
    version_id=None,
    status=TaskStatus.SUCCEEDED,
    http_status=200,
    error_code="",
    message="x",
)


def report(folder: Path, *, below: str) -> Path:
    part = RESULT.row().encode()
    (folder / below).mkdir(exist_ok=True)
    (folder / below / "1.csv").write_bytes(part)
    md5 = hashlib.md5(part, usedforsecurity=False).hexdigest()
    listed = ReportPart(
        bucket="r", key="x/job-1/results/1.csv", md5=md5, status=TaskStatus.SUCCEEDED
    )
    path = folder / "manifest.json"
    path.write_bytes(ReportManifest(created="", parts=(listed,)).write())
    return path


@pytest.mark.parametrize("below", ["results", "."])
def test_a_saved_report_is_read(s3: S3Client, tmp_path: Path, below: str) -> None:
    computed = ComputedReport(manifest=report(tmp_path, below=below))
    assert list(computed.rows(BotoStore(s3), scratch=tmp_path)) == [RESULT]


def test_a_saved_report_that_was_changed_is_refused(s3: S3Client, tmp_path: Path) -> None:
    path = report(tmp_path, below="results")
    with (tmp_path / "results" / "1.csv").open("ab") as file:
        file.write(b"more")
    with pytest.raises(FormatError, match="MD5"):
        list(ComputedReport(manifest=path).rows(BotoStore(s3), scratch=tmp_path))


def test_a_report_in_s3_is_read(stage: Stage, tmp_path: Path) -> None:
    stage.fill("k")
    operation = {"S3ComputeObjectChecksum": {"ChecksumAlgorithm": "SHA256"}}
    report = stage.report(ExpectedBucketOwner=OWNER)
    outcome = stage.run(stage.manifest("k"), Operation=operation, Report=report)
    manifest = ObjectRef(bucket=stage.desk, key=outcome.report_manifest_key or "")
    [found] = ComputedReport(manifest=manifest).rows(BotoStore(stage.s3), scratch=tmp_path)
    assert isinstance(found, TaskResult)
    assert json.loads(found.message)["checksumAlgorithm"] == "SHA256"
