"""One flag means one thing in every command that has it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest

from intact.cli.main import cli
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


MEANINGS = {
    "--algorithm": "a race's, or one of S3's ten: of lines, or of jobs to come",
    "--bucket": "of another account, or of keys that come without",
    "--columns": "of a manifest, or of any CSV file",
    "--out": "a folder, or the one file that a command writes",
    "--status": "coreutils' word in `sum --check`, and S3's in `job list`",
}
"""Options that do not say the same in every command, and why."""
FORMS = MEANINGS.keys() - {"--columns", "--out", "--bucket"} | {"--manifest", "--priority"}
"""Options that do not take the same: an audit reads its manifest where the job did, in S3, and a
request that is built is judged by the rules that judge all of it."""


def everywhere() -> dict[str, list[click.Option]]:
    found: dict[str, list[click.Option]] = {}
    for command in LEAVES.values():
        for name, option in options(command).items():
            if name.startswith("--"):
                found.setdefault(name, []).append(option)
    return found


def meaning(option: click.Option) -> str:
    """What its help begins with; what comes after a comma is what one command adds."""
    assert option.help, option.opts
    return re.split(r"[,;:.]", option.help)[0]


def test_every_option_has_a_sentence() -> None:
    for found in everywhere().values():
        for option in found:
            assert re.fullmatch(r"[A-Z`s].*[.\]]", option.help or "", re.DOTALL), option.opts


def test_help_is_plain_text() -> None:
    pages = {path: c.get_help(click.Context(c, info_name=path)) for path, c in LEAVES.items()}
    assert [path for path, page in pages.items() if "``" in page or ":class:" in page] == []


def test_one_name_has_one_meaning() -> None:
    differing = {
        name for name, found in everywhere().items() if len({meaning(o) for o in found}) > 1
    }
    assert differing == MEANINGS.keys()


def test_one_name_takes_one_form_of_value() -> None:
    def form(option: click.Option) -> tuple[object, ...]:
        choices = tuple(option.type.choices) if isinstance(option.type, click.Choice) else ()
        return (type(option.type), choices, option.is_flag, option.multiple, option.metavar)

    differing = {name for name, found in everywhere().items() if len(set(map(form, found))) > 1}
    assert differing == FORMS


def test_a_short_name_stands_for_one_long_name() -> None:
    longs: dict[str, set[str]] = {}
    for command in LEAVES.values():
        for parameter in command.params:
            for short in (name for name in parameter.opts if not name.startswith("--")):
                if isinstance(parameter, click.Option):
                    longs.setdefault(short, set()).add(parameter.opts[-1])
    assert longs.keys() >= {"-a", "-r", "-z"}
    assert {short for short, names in longs.items() if len(names) > 1} == set()


def test_every_command_prints_records_but_what_a_shell_reads() -> None:
    assert [path for path, c in LEAVES.items() if "--json" not in options(c)] == ["completion"]


def test_the_help_page_has_the_codes_that_there_are() -> None:
    page = cli.get_help(click.Context(cli, info_name="intact", terminal_width=200))
    told = re.search(r"Exit codes: (.*);", page)
    assert told is not None
    # Nobody is left to read of 141.
    assert re.findall(r"(\d+) ", told[1]) == [
        str(code.value) for code in ExitCode if code is not ExitCode.BROKEN_PIPE
    ]


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
