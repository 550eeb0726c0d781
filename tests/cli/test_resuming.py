"""Who ends an audit early is told how to go on."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest
from click.core import ParameterSource

from intact.adapters.auditor import STAGING
from intact.adapters.offline.auditor import WORK
from intact.cli import main as main_module
from intact.cli.main import cli, main
from intact.cli.resuming import again, resumable
from intact.errors import AccessError, ExitCode, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

GIVEN = [
    *("job id", "--endpoint-url", "https://user:secret@host:1/p?q=1", "--read", "all", "--extras"),
    *("--computed", "one", "--computed", "an other"),
]


def ending(error: BaseException, folder: Path) -> Callable[[], None]:
    @click.command()
    @click.argument("job")
    @click.option("--endpoint-url")
    @click.option("--read")
    @click.option("--extras", is_flag=True)
    @click.option("--computed", multiple=True)
    @click.option("--workers", default=16)
    @click.option("--out")
    @click.pass_context
    def command(context: click.Context, /, **_: object) -> None:
        with resumable(context, folder):
            raise error

    return command


def run(error: BaseException, folder: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    monkeypatch.setattr(main_module, "cli", ending(error, folder))
    monkeypatch.setattr(sys, "argv", ["intact", *GIVEN])
    with pytest.raises(SystemExit) as end:
        main()
    return end.value.code


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (AccessError("the credentials have expired"), ExitCode.UNFINISHED),
        (OSError(28, "No space left on device"), ExitCode.UNFINISHED),
        (KeyboardInterrupt("interrupted"), ExitCode.INTERRUPTED),
    ],
    ids=repr,
)
def test_the_command_that_goes_on_is_named(
    error: BaseException,
    code: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = tmp_path / "a folder"
    folder.mkdir()
    (folder / STAGING).touch()
    assert run(error, folder, monkeypatch) == code
    first, second, command = capsys.readouterr().err.strip().splitlines()
    assert error.args[-1] in first
    assert second == "What was found so far is kept; go on with:"
    words = ["intact", "job id", "--endpoint-url", "https://host:1/p?q=1", "--read", "all"]
    more = ["--extras", "--computed", "one", "--computed", "an other"]
    assert shlex.split(command) == [*words, *more, "--out", str(folder)]


def test_what_an_offline_audit_keeps_is_gone_on_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / WORK).mkdir()
    assert run(KeyboardInterrupt(), tmp_path, monkeypatch) == ExitCode.INTERRUPTED
    assert "go on with" in capsys.readouterr().err


def test_what_stood_before_the_command_and_debug_are_no_fault(tmp_path: Path) -> None:
    (tmp_path / "c.toml").touch()
    root = click.Context(cli, info_name="intact")
    root.params["config"] = tmp_path / "c.toml"
    root.set_parameter_source("config", ParameterSource.COMMANDLINE)
    command = cli.get_command(root, "audit")
    assert command is not None
    words = ["job.json", "--json", "--debug", "--read", "all"]
    inner = command.make_context("audit", words, parent=root)
    out = ["--out", "folder"]
    assert shlex.split(again(inner, Path("folder"))) == [
        *("intact", "--config", str(tmp_path / "c.toml"), "audit"),
        *("job.json", "--read", "all", "--json", *out),
    ]


def test_a_usage_error_is_not_mended_by_repeating_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / STAGING).touch()
    assert run(UsageError("no"), tmp_path, monkeypatch) == ExitCode.USAGE
    assert "go on with" not in capsys.readouterr().err


def test_where_nothing_is_kept_nothing_is_promised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(AccessError("no"), tmp_path, monkeypatch) == ExitCode.UNFINISHED
    assert "go on with" not in capsys.readouterr().err
