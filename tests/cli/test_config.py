"""``intact.toml``, completion and --debug: what beats what, and who may see a traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import click
import pytest
from click.testing import CliRunner
from platformdirs import user_config_path

from intact.cli.config import own_folder, read_config
from intact.cli.main import cli
from intact.cli.options import aws_options
from intact.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from pathlib import Path

ABC = {"CRC64NVME": b"05e5cabb3fc1faeb", "CRC32": b"352441c2", "SHA1": b"a9993e36"}


def run(cwd: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "intact", *arguments],
        cwd=cwd,
        input=b"abc",
        capture_output=True,
        check=False,
        env=os.environ | {"XDG_CONFIG_HOME": str(cwd / "settings")} | env,
    )


def test_the_command_line_beats_the_file_which_beats_the_default(tmp_path: Path) -> None:
    assert run(tmp_path, "sum").stdout.startswith(ABC["CRC64NVME"])
    own = tmp_path / "settings" / "intact" / "intact.toml"
    own.parent.mkdir(parents=True)
    own.write_text('[sum]\nalgorithm = "SHA1"\n')
    assert run(tmp_path, "sum").stdout.startswith(ABC["SHA1"])
    assert run(tmp_path, "sum", "-a", "crc32").stdout.startswith(ABC["CRC32"])


def test_a_file_that_somebody_left_in_the_current_folder_says_nothing(tmp_path: Path) -> None:
    (tmp_path / "intact.toml").write_text('[sum]\nalgorithm = "SHA1"\n')
    assert run(tmp_path, "sum").stdout.startswith(ABC["CRC64NVME"])


def test_another_file_may_be_named(tmp_path: Path) -> None:
    (tmp_path / "other.toml").write_text('[sum]\nalgorithm = "SHA1"\n')
    assert run(tmp_path, "--config", "other.toml", "sum").stdout.startswith(ABC["SHA1"])
    assert run(tmp_path, "sum", INTACT_CONFIG="other.toml").stdout.startswith(ABC["SHA1"])
    result = run(tmp_path, "--config", "absent.toml", "sum")
    assert result.returncode == ExitCode.USAGE
    assert b"absent.toml: no such file" in result.stderr


@pytest.mark.parametrize("home", [None, "/home/me", "me"])
@pytest.mark.parametrize("settings", [None, "", "/settings", "/", "settings", "~/settings", " "])
def test_the_folder_is_the_one_that_platformdirs_names(
    home: str | None, settings: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"HOME": home, "XDG_CONFIG_HOME": settings}.items():
        monkeypatch.delenv(name, raising=False)
        if value is not None:
            monkeypatch.setenv(name, value)
    assert own_folder(os.environ) == user_config_path("intact", appauthor=False)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("[sum]\nalgorthm = 1", "[sum] has 'algorthm'; wanted one of against, algorithm"),
        ('algorithm = "SHA1"', "'algorithm' stands at the top; wanted one of profile"),
        ("sum = 1\n", "'sum' stands at the top"),
        ("[job]\nsubmit = 1", "job.submit is 1; wanted the table [job.submit]"),
        ("[job.submit]\nx = 1", "[job.submit] has 'x'"),
        ("[", "wanted defaults of options in TOML"),
    ],
)
def test_a_file_that_says_nothing_sensible_is_refused(text: str, what: str, tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text(text)
    noun = "job" if "job" in text else "sum"
    arguments = ["--config", str(path), noun, *(["show"] if noun == "job" else [])]
    result = CliRunner().invoke(cli, arguments, input=b"", standalone_mode=False)
    assert isinstance(result.exception, UsageError)
    assert what in str(result.exception)
    assert str(path) in str(result.exception)


@click.command()
@click.option("--quiet", "loudness", flag_value="quiet", default=None)
@aws_options
def probe(**given: object) -> None:
    """A command with the options of every command."""


def test_common_options_reach_every_command_unless_the_environment_says_otherwise(
    tmp_path: Path,
) -> None:
    path = tmp_path / "x.toml"
    path.write_text(
        'region = "a"\nprofile = "b"\nno-sign-request = true\nrequest-payer = true\n'
        'endpoint-url = "http://x"\n[probe]\nregion = "c"\nquiet = true\n'
    )
    config = read_config(path, environment={"AWS_PROFILE": "p", "AWS_ENDPOINT_URL": ""})
    assert config is not None
    assert config.defaults("probe", probe) == {
        "region": "c",
        "no_sign_request": True,
        "request_payer": "requester",
        "endpoint_url": "http://x",
        "loudness": "quiet",
    }
    path.write_text("[probe]\nquiet = false\n")
    config = read_config(path, environment={})
    assert config is not None
    assert config.defaults("probe", probe) == {"loudness": None}


def test_groups_hand_tables_down_to_their_verbs(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text('region = "a"\n[noun.probe]\nquiet = true\n')
    config = read_config(path, environment={})
    assert config is not None
    group = click.Group("noun", commands={"probe": probe})
    assert config.defaults("noun", group) == {"probe": {"region": "a", "loudness": "quiet"}}


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_clicks_script(shell: str, tmp_path: Path) -> None:
    result = run(tmp_path, "completion", shell)
    assert result.returncode == 0
    assert b"_INTACT_COMPLETE=" in result.stdout


def test_a_shell_gets_commands_and_options(tmp_path: Path) -> None:
    asked = {"_INTACT_COMPLETE": "bash_complete", "COMP_CWORD": "1", "COMP_WORDS": "intact su"}
    assert run(tmp_path, **asked).stdout == b"plain,sum\n"
    (tmp_path / "intact.toml").write_text("[")  # nobody wants its error on Tab
    asked |= {"COMP_CWORD": "2", "COMP_WORDS": "intact sum --ignore"}
    assert run(tmp_path, **asked).stdout == b"plain,--ignore-missing\n"


def test_only_debug_shows_a_traceback(tmp_path: Path) -> None:
    quiet = run(tmp_path, "sum", "s3://")
    assert quiet.returncode == ExitCode.USAGE
    assert quiet.stderr == b"intact: address is 's3://'; wanted s3://BUCKET/KEY\n"
    loud = run(tmp_path, "--debug", "sum", "s3://")
    assert loud.returncode == ExitCode.USAGE
    assert loud.stderr.startswith(b"Traceback")
    assert loud.stderr.endswith(quiet.stderr)
    assert b"Traceback" not in run(tmp_path, "--debug", "sum", "--help").stderr
