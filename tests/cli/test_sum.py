"""``intact sum`` against coreutils' conventions."""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from intact.checksum import Algorithm, new
from intact.errors import ExitCode

NAMES = [
    b"plain",
    b"with space",
    b"back\\slash",
    b"new\nline",
    b"carriage\rreturn",
    b"caf\xe9",
    b"-x",
]


def run(*arguments: str | bytes, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "intact", "sum", *arguments],
        input=stdin,
        capture_output=True,
        check=False,
    )


def test_standard_input_is_the_default() -> None:
    assert run(stdin=b"123456789").stdout == b"ae8b14860a799888  -\n"
    assert run("-", stdin=b"123456789").stdout == b"ae8b14860a799888  -\n"


@pytest.mark.parametrize("algorithm", Algorithm)
def test_each_algorithm_is_printed_in_hex_and_as_s3_prints_it(algorithm: Algorithm) -> None:
    digest = new(algorithm, b"abc").digest()
    name = algorithm.value.lower()
    assert run("-a", name, stdin=b"abc").stdout == f"{digest.hex()}  -\n".encode()
    encoded = base64.b64encode(digest)
    assert run("-a", name, "--base64", stdin=b"abc").stdout == encoded + b"  -\n"


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="sha256sum: not installed")
def test_lines_are_those_of_sha256sum_for_every_name(tmp_path: Path) -> None:
    paths = [os.path.join(os.fsencode(tmp_path), name) for name in NAMES]  # noqa: PTH118 - bytes
    for path in paths:
        Path(os.fsdecode(path)).write_bytes(path)
    sha256sum = subprocess.run(  # noqa: S603 - coreutils
        ["sha256sum", *paths],  # noqa: S607 - from PATH
        capture_output=True,
        check=True,
    )
    assert run("-a", "SHA256", *paths).stdout == sha256sum.stdout


def test_a_file_that_cannot_be_read_does_not_stop_the_others(tmp_path: Path) -> None:
    (tmp_path / "there").write_bytes(b"123456789")
    result = run(str(tmp_path / "absent"), str(tmp_path / "there"))
    assert result.stdout.startswith(b"ae8b14860a799888")
    assert b"absent" in result.stderr
    assert result.returncode == ExitCode.WRONG
