"""``intact sum`` of objects: what S3 stores, and files against it."""

from __future__ import annotations

import contextlib
import json
import os
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from intact.checksum import Algorithm, CompositeHasher, new
from intact.cli.main import cli
from intact.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from types_boto3_s3 import S3Client

PART = 5 << 20
LARGE = bytes(range(256)) * (PART // 256) + b"the end"


@pytest.fixture(scope="module")
def place(s3: S3Client) -> str:
    """A bucket with an object of each kind."""
    bucket = f"test-sum-{os.getpid()}"
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="p/whole", Body=b"123456789", ChecksumCRC64NVME="rosUhgp5mIg=")
    s3.put_object(Bucket=bucket, Key="p/new\nline", Body=b"abc", ChecksumAlgorithm="SHA256")
    s3.put_object(Bucket=bucket, Key="p/wholesale", Body=b"x", ChecksumAlgorithm="CRC32")
    upload: dict[str, Any] = {"Bucket": bucket, "Key": "p/parted"}
    begun = s3.create_multipart_upload(
        **upload, ChecksumAlgorithm="SHA256", ChecksumType="COMPOSITE"
    )
    upload["UploadId"] = begun["UploadId"]
    parts: list[Any] = []
    for number, start in enumerate(range(0, len(LARGE), PART), 1):
        part = s3.upload_part(
            **upload,
            PartNumber=number,
            Body=LARGE[start : start + PART],
            ChecksumAlgorithm="SHA256",
        )
        known = {"ETag": part["ETag"], "ChecksumSHA256": part["ChecksumSHA256"]}
        parts.append({"PartNumber": number, **known})
    s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})
    return bucket


@pytest.fixture
def run(s3_server: str) -> Callable[..., tuple[int, str, str]]:
    """Runs ``intact sum`` against the server: exit code, output, complaints."""

    def call(*arguments: str, stdin: bytes = b"") -> tuple[int, str, str]:
        words = ["sum", *arguments, "--endpoint-url", s3_server]
        result = CliRunner().invoke(cli, words, input=stdin, standalone_mode=False)
        if result.exception is not None:
            raise result.exception
        return result.return_value, result.stdout, result.stderr

    return call


@pytest.fixture
def copies(tmp_path: Path) -> Path:
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "whole").write_bytes(b"123456789")
    (tmp_path / "p" / "new\nline").write_bytes(b"abc")
    (tmp_path / "p" / "wholesale").write_bytes(b"x")
    (tmp_path / "p" / "parted").write_bytes(LARGE)
    return tmp_path


def composite() -> str:
    hasher = CompositeHasher(Algorithm.SHA256, [PART, len(LARGE) - PART])
    hasher.update(LARGE)
    return hasher.checksum().digest.hex() + "-2"


def test_what_s3_stores_is_printed_with_its_type(
    place: str, run: Callable[..., tuple[int, str, str]]
) -> None:
    code, out, err = run(f"s3://{place}/p/")
    assert out.splitlines() == [
        f"\\SHA256 FULL_OBJECT (s3://{place}/p/new\\nline) = {new('SHA256', b'abc').hexdigest()}",
        f"SHA256 COMPOSITE (s3://{place}/p/parted) = {composite()}",
        f"CRC64NVME FULL_OBJECT (s3://{place}/p/whole) = ae8b14860a799888",
        f"CRC32 FULL_OBJECT (s3://{place}/p/wholesale) = {new('CRC32', b'x').hexdigest()}",
    ]
    assert (code, err) == (ExitCode.VERIFIED, "")


def test_a_whole_key_means_one_object_and_a_prefix_all(
    place: str, run: Callable[..., tuple[int, str, str]]
) -> None:
    assert len(run(f"s3://{place}/p/whole")[1].splitlines()) == 1
    assert len(run("-r", f"s3://{place}/p/whole")[1].splitlines()) == 2
    assert len(run(f"s3://{place}/p/whol")[1].splitlines()) == 2
    assert len(run(f"s3://{place}")[1].splitlines()) == 4
    code, out, err = run(f"s3://{place}/nothing")
    assert (code, out) == (ExitCode.WRONG, "")
    assert err == f"intact: s3://{place}/nothing: no such object\n"


def test_an_object_without_that_checksum_says_so_and_is_no_success(
    place: str, run: Callable[..., tuple[int, str, str]]
) -> None:
    code, out, err = run("-a", "CRC32", f"s3://{place}/p/whole", f"s3://{place}/p/wholesale")
    assert code == ExitCode.UNPROVEN
    assert len(out.splitlines()) == 1
    assert err == f"intact: s3://{place}/p/whole: S3 stores no CRC32 of it\n"


def test_json_of_objects(place: str, run: Callable[..., tuple[int, str, str]]) -> None:
    _, out, _ = run("--json", f"s3://{place}/p/parted")
    record, summary = map(json.loads, out.splitlines())
    (stored,) = record["checksums"]
    assert (stored["type"], stored["parts"], stored["hex"]) == ("COMPOSITE", 2, composite())
    assert (record["size"], record["key"]) == (len(LARGE), "p/parted")
    assert (summary["objects"], summary["exit_code"]) == (1, 0)


def test_equal_files_are_equal(
    place: str, run: Callable[..., tuple[int, str, str]], copies: Path
) -> None:
    with contextlib.chdir(copies):
        code, out, err = run("-r", "p", "--against", f"s3://{place}/p")
        assert out == "\\p/new\\nline: OK\np/parted: OK\np/whole: OK\np/wholesale: OK\n"
        assert (code, err) == (ExitCode.VERIFIED, "")
        assert run("-r", "p", "--against", f"s3://{place}/p", "--quiet")[:2] == (0, "")
        assert run("p/whole", "--against", f"s3://{place}/p/whole")[1] == "p/whole: OK\n"
        assert run("p/whole", "--against", f"s3://{place}/p/")[1] == "p/whole: OK\n"
        assert run("p/whole", "p/parted", "--against", f"s3://{place}/p")[0] == 0
    assert run("--against", f"s3://{place}/p/whole", "-", stdin=b"123456789")[0] == 0
    assert run("--against", f"s3://{place}/p/whole", stdin=b"12345678X")[0] == ExitCode.WRONG


def test_every_difference_is_told(
    place: str, run: Callable[..., tuple[int, str, str]], copies: Path
) -> None:
    changed = bytearray(LARGE)
    changed[PART] ^= 1
    (copies / "p" / "parted").write_bytes(changed)
    (copies / "p" / "whole").write_bytes(b"12345678")
    (copies / "p" / "wholesale").write_bytes(b"y")
    (copies / "p" / "extra").write_bytes(b"")
    with contextlib.chdir(copies):
        code, out, err = run("-r", "p", "--against", f"s3://{place}/p/")
        assert out.splitlines() == [
            f"p/extra: MISSING: s3://{place}/p/extra does not exist (404)",
            "\\p/new\\nline: OK",
            "p/parted: FAILED: SHA256 differs",
            "p/whole: FAILED: 8 bytes here, 9 in S3",
            "p/wholesale: FAILED: CRC32 differs",
        ]
        assert (code, err) == (ExitCode.WRONG, "")
        _, out, _ = run("-r", "p", "--against", f"s3://{place}/p/", "--json")
    *records, summary = map(json.loads, out.splitlines())
    assert [record["result"] for record in records] == [
        "missing",
        "equal",
        "different",
        "different",
        "different",
    ]
    counts = {"missing": 1, "equal": 1, "different": 3, "exit_code": 1}
    assert counts.items() <= summary.items()


def test_nothing_to_compare_is_no_success(
    place: str, run: Callable[..., tuple[int, str, str]], tmp_path: Path
) -> None:
    code, out, err = run("-r", str(tmp_path), "--against", f"s3://{place}/p")
    assert (code, out) == (ExitCode.UNPROVEN, "")
    assert "no file was compared" in err
    code, out, err = run(str(tmp_path / "absent"), "--against", f"s3://{place}/p/")
    assert (code, out) == (ExitCode.WRONG, f"{tmp_path}/absent: FAILED open or read\n")
    assert err == f"intact: {tmp_path}/absent: No such file or directory\n"
