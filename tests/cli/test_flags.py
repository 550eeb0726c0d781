"""One flag means one thing in every command that has it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest

from intact.errors import ExitCode
from tests.scenes import fill_album, lay_out, surroundings
from tests.transcripts import LEAVES, cases, environment, play

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = Path(__file__).parent / "transcripts"
S3 = {"--profile", "--region", "--endpoint-url", "--no-sign-request", "--request-payer"}
SAME = {*S3, "--control-endpoint-url", "--json", "--debug"}
NOBODY = "http://127.0.0.1:9"


def options(command: click.Command) -> dict[str, click.Option]:
    return {
        name: parameter
        for parameter in command.params
        if isinstance(parameter, click.Option)
        for name in parameter.opts
    }


@pytest.mark.parametrize("path", LEAVES)
def test_who_reaches_s3_takes_all_that_says_how(path: str) -> None:
    assert options(LEAVES[path]).keys() & S3 in (set(), S3)
    assert "--debug" in options(LEAVES[path])


@pytest.mark.parametrize("name", sorted(SAME))
def test_a_flag_reads_the_same_everywhere(name: str) -> None:
    found = [options(command)[name] for command in LEAVES.values() if name in options(command)]
    assert len(found) > 1
    texts = {(o.help, o.is_flag, o.multiple, o.nargs, type(o.type), o.metavar) for o in found}
    assert len(texts) == 1


def test_what_is_a_flag_in_one_command_takes_no_value_in_another() -> None:
    kinds: dict[str, set[bool]] = {}
    for command in LEAVES.values():
        for name, option in options(command).items():
            kinds.setdefault(name, set()).add(option.is_flag)
    # --status is coreutils' word in `sum --check`, and S3's in `job list`.
    assert [name for name, seen in kinds.items() if len(seen) > 1] == ["--status"]


def reaching() -> Iterator[tuple[str, str]]:
    """A command line that needs a client, by the command, without what the transcript adds."""
    for path, command in LEAVES.items():
        if not options(command).keys() & S3:
            continue
        stored = FOLDER / f"{path.replace(' ', '-')}.txt"
        lines = {case.name: case.lines[-1] for case in cases(stored)}
        line = lines.get("nobody answers", f"intact {path} --port 0 --endpoint-url {NOBODY}")
        yield path, line[line.index("intact ") :]


REACHING = dict(reaching())


@pytest.mark.parametrize("path", REACHING)
def test_a_profile_that_nobody_has_is_named_by_every_command(
    path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill_album(tmp_path)
    lay_out(tmp_path)
    for name, value in environment(surroundings(tmp_path, s3=NOBODY, control=NOBODY)).items():
        monkeypatch.setenv(name, value)
    line = f"{REACHING[path]} --profile nobody"
    if "--account-id" in options(LEAVES[path]) and path.startswith("job"):
        line += " --account-id 111122223333"
    played = play(line, folder=tmp_path, s3=NOBODY, patch=monkeypatch)
    assert played.stderr.endswith(
        "intact: The config profile (nobody) could not be found\n"
        "'aws configure list-profiles' names those that there are.\n"
    )
    assert played.code == ExitCode.USAGE
    assert not played.stdout


@pytest.mark.parametrize("line", ["intact --debug get {}", "intact get --debug {}"])
def test_debug_tells_where_an_error_arose_before_the_command_and_behind(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = line.format(f"s3://b/k file --endpoint-url {NOBODY} --profile nobody")
    played = play(words, folder=tmp_path, s3=NOBODY, patch=monkeypatch)
    assert played.stderr.count("Traceback (most recent call last)") == 1
    assert played.stderr.index("Traceback") < played.stderr.index("intact: ")
