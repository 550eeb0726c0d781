"""The command as a whole: help, errors, exit codes."""

from __future__ import annotations

import inspect
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest
from click.testing import CliRunner

from intact.audit import Verdict
from intact.cli import main as main_module
from intact.cli.main import cli, main
from intact.errors import (
    AccessError,
    CorruptError,
    ExitCode,
    FormatError,
    StoreError,
    UnprovenError,
    UsageError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from enum import Enum

README = Path(__file__).parents[2] / "README.md"


def commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield (*path, name)
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))


COMMANDS = list(commands(cli))


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "intact", *arguments], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_command_has_help(path: tuple[str, ...]) -> None:
    result = CliRunner().invoke(cli, [*path, "--help"])
    assert result.exit_code == 0
    assert f"Usage: cli {' '.join(path)}" in result.output


@pytest.mark.parametrize(
    "path",
    [path for path in COMMANDS if path not in {("function",), ("iam",), ("job",), ("ledger",)}],
    ids=" ".join,
)
def test_every_command_shows_an_example(path: tuple[str, ...]) -> None:
    result = CliRunner().invoke(cli, [*path, "--help"])
    assert re.search(rf"Examples?:\n.*intact {' '.join(path)}", result.output)


def test_the_version_is_the_distributions() -> None:
    assert re.fullmatch(r"intact \d+\.\d+\.\d+\n", run("--version").stdout)


def test_neither_the_version_nor_the_package_needs_boto3_or_duckdb() -> None:
    heavy = "{'boto3', 'botocore', 'duckdb', 'pyarrow', 'rich'} & set(sys.modules)"
    code = f"import sys, intact, intact.cli.main; print({heavy})"
    result = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout == "set()\n"


def test_an_unknown_command_is_a_usage_error() -> None:
    result = run("audti")
    assert result.returncode == ExitCode.USAGE
    assert "audti" in result.stderr


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UsageError("no such algorithm"), ExitCode.USAGE),
        (FormatError("no"), ExitCode.UNFINISHED),
        (StoreError("no"), ExitCode.UNFINISHED),
        (AccessError("no"), ExitCode.UNFINISHED),
        (CorruptError("no"), ExitCode.WRONG),
        (UnprovenError("no"), ExitCode.UNPROVEN),
        (PermissionError("no"), ExitCode.UNFINISHED),
        (KeyboardInterrupt(), ExitCode.INTERRUPTED),
        (click.UsageError("no"), ExitCode.USAGE),
        (KeyError("a bug"), ExitCode.UNFINISHED),
    ],
    ids=repr,
)
def test_an_error_is_a_sentence_and_a_code(
    error: BaseException,
    code: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    @click.command()
    def failing() -> None:
        raise error

    monkeypatch.setattr(main_module, "cli", failing)
    monkeypatch.setattr(sys, "argv", ["intact"])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == code
    captured = capsys.readouterr()
    assert not captured.out
    assert "Traceback" not in captured.err
    assert captured.err


def documented(members: type[Enum]) -> dict[str, str]:
    """The sentence below each member, as it stands in the source."""
    source = inspect.getsource(members)
    pairs = re.findall(r'^    [A-Z_]+ = "?(\w+)"?\n    """(.*)"""$', source, re.MULTILINE)
    assert len(pairs) == len(members)
    return dict(pairs)


@pytest.mark.parametrize("members", [ExitCode, Verdict])
def test_the_readmes_tables_are_those_of_the_code(members: type[Enum]) -> None:
    rows = re.findall(r"^\| `?(\w+)`? \| (.*) \|$", README.read_text(), re.MULTILINE)
    assert documented(members).items() <= dict(rows).items()


INTERRUPTED_BY = """
import signal, sys

class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == {name!r}:
            signal.raise_signal(signal.SIGINT)

signal.signal(signal.SIGINT, signal.{usual})
sys.meta_path.insert(0, Finder())
sys.argv[1:] = ["kernels"]
from intact.__main__ import main
main()
"""


@pytest.mark.parametrize(
    ("name", "usual", "code", "told"),
    [
        ("click", "default_int_handler", -signal.SIGINT, ""),
        ("intact.cli.kernels", "default_int_handler", 130, "\nintact: interrupted\n"),
        ("click", "SIG_IGN", 0, ""),
    ],
)
def test_ctrl_c_at_the_start_shows_no_trace(name: str, usual: str, code: int, told: str) -> None:
    command = [sys.executable, "-c", INTERRUPTED_BY.format(name=name, usual=usual)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own
    assert (ended.returncode, ended.stderr) == (code, told)
