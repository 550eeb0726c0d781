"""``intact get`` and ``intact put``: exit codes tell what is proven."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from intact.cli.main import cli
from intact.cli.options import Aws
from intact.errors import ExitCode, UnprovenError
from tests.fake_object import FakeObject
from tests.proxy import corrupting_proxy, flip

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

BODY = b"123456789"


def run(
    *arguments: str, stdin: bytes = b"", environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "intact", *arguments],
        input=stdin,
        env=os.environ | (environment or {}),
        capture_output=True,
        check=False,
    )


@pytest.fixture
def address(bucket: Callable[[], str]) -> str:
    return f"s3://{bucket()}/folder/key"


def test_what_was_put_can_be_got(s3_server: str, address: str, tmp_path: Path) -> None:
    here = ("--endpoint-url", s3_server)
    (tmp_path / "file").write_bytes(BODY)
    put = run("put", str(tmp_path / "file"), address, *here)
    line = f"{address}: 9 bytes, full_object CRC64NVME rosUhgp5mIg=\n".encode()
    assert (put.returncode, put.stdout, put.stderr) == (ExitCode.VERIFIED, b"", line)
    got = run("get", address, str(tmp_path / "copy"), *here)
    assert (got.returncode, got.stdout, got.stderr) == (ExitCode.VERIFIED, b"", line)
    assert (tmp_path / "copy").read_bytes() == BODY


def test_pipes_are_sources_and_targets(s3_server: str, address: str) -> None:
    here = ("--endpoint-url", s3_server)
    assert run("put", "-", address, *here, stdin=BODY).returncode == ExitCode.VERIFIED
    assert run("get", address, "-", *here).stdout == BODY
    kept = run("put", "-", address, "--no-clobber", *here, stdin=b"other")
    assert (kept.returncode, b"PreconditionFailed" in kept.stderr) == (ExitCode.UNFINISHED, True)


def test_bytes_that_the_wire_flips_are_wrong_and_not_there(
    s3_server: str, address: str, tmp_path: Path
) -> None:
    assert run("put", "-", address, "--endpoint-url", s3_server, stdin=BODY).returncode == 0
    with corrupting_proxy() as proxy:
        proxy.fault = lambda passage: flip(passage.body)
        behind = {"HTTP_PROXY": proxy.url, "NO_PROXY": "", "no_proxy": ""}
        behind["AWS_ENDPOINT_URL_S3"] = s3_server  # --endpoint-url sees to it that none is used
        for target in (str(tmp_path / "file"), "-"):
            got = run("get", address, target, environment=behind)
            assert (got.returncode, got.stdout) == (ExitCode.WRONG, b"")
            assert address.encode() in got.stderr
        assert proxy.passed
    assert list(tmp_path.iterdir()) == []


def test_a_missing_object_is_no_answer(s3_server: str, address: str) -> None:
    got = run("get", address, "-", "--endpoint-url", s3_server)
    assert (got.returncode, b"404" in got.stderr) == (ExitCode.UNFINISHED, True)


def test_what_nothing_proves_is_refused_or_ends_with_its_own_code(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    stored = FakeObject(body=BODY, stored={})
    monkeypatch.setattr(Aws, "client", lambda _, **__: stored.client)
    refused = CliRunner().invoke(cli, ["get", "s3://b/k", str(tmp_path / "file")])
    assert isinstance(refused.exception, UnprovenError)
    allowed = CliRunner().invoke(
        cli, ["get", "s3://b/k", str(tmp_path / "file"), "--allow-unproven"], standalone_mode=False
    )
    assert allowed.return_value is ExitCode.UNPROVEN
    assert allowed.stderr == "s3://b/k: 9 bytes, nothing\n"
    assert (tmp_path / "file").read_bytes() == BODY
