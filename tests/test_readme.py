"""What README shows is what happens."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from intact.cli.main import cli
from intact.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Callable

    from types_boto3_s3 import S3Client

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
SNIPPETS = [text for language, text in BLOCKS if language == "python"]
PYTHON = [text for text in SNIPPETS if "s3://" not in text]
AUDIT = [text for text in SNIPPETS if "audit_copies" in text]
TRANSFER = [text for text in SNIPPETS if "s3://" in text and text not in AUDIT]
CONSOLE = re.findall(
    r"^\$ (printf .*)\n(.*)$",
    "".join(text for language, text in BLOCKS if language == "console"),
    re.MULTILINE,
)
BUILD = [text for language, text in BLOCKS if text.startswith("intact job build")]


@pytest.mark.parametrize("code", PYTHON)
def test_the_python_runs(code: str) -> None:
    with contextlib.chdir(ROOT):
        exec(compile(code, "README.md", "exec"), {})  # noqa: S102 - our own code


@pytest.mark.parametrize("code", TRANSFER)
def test_the_transfers_run(
    code: str,
    s3_server: str,
    bucket: Callable[[], str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name = bucket()
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", s3_server)
    (tmp_path / "README.md").write_text(README)
    with contextlib.chdir(tmp_path):
        exec(compile(code.replace("my-bucket", name), "README.md", "exec"), {})  # noqa: S102 - our own code
    assert (tmp_path / "copy.md").read_text() == README


@pytest.mark.parametrize("code", AUDIT)
def test_the_audit_runs(
    code: str,
    s3: S3Client,
    bucket: Callable[[], str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name = bucket()
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", s3.meta.endpoint_url)
    for key in ("README.md", "copy/README.md"):
        s3.put_object(Bucket=name, Key=key, Body=README.encode(), ChecksumAlgorithm="SHA256")
    names: dict[str, Any] = {}
    with contextlib.chdir(tmp_path):
        exec(compile(code.replace("my-bucket", name), "README.md", "exec"), names)  # noqa: S102 - our own code
        assert names["table"].num_rows == 1
        assert names["audit"].result.exit_code is ExitCode.VERIFIED


@pytest.mark.parametrize(("command", "output"), CONSOLE)
def test_the_commands_print_what_is_shown(command: str, output: str) -> None:
    scripts = Path(sys.executable).parent
    result = subprocess.run(  # noqa: S602 - our own README
        command,
        shell=True,
        env=os.environ | {"PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout == f"{output}\n"


@pytest.mark.parametrize("text", BUILD)
def test_the_job_that_is_shown_can_be_built(text: str) -> None:
    words = shlex.split(text.replace("\\\n", "").split(">", maxsplit=1)[0])
    result = CliRunner().invoke(cli, words[1:])
    assert '"ClientRequestToken"' in result.stdout
    assert not result.stderr


def test_there_is_something_to_test() -> None:
    assert (len(PYTHON), len(AUDIT), len(TRANSFER)) == (1, 1, 1)
    assert (len(CONSOLE), len(BUILD)) == (2, 1)
