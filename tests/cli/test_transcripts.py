"""Every command does and says what its transcript shows.

``pytest tests/cli/test_transcripts.py --rewrite-transcripts`` writes them anew.  Read the
difference before it is committed: nobody else will.
"""

from __future__ import annotations

import json
import re
import time
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from intact.cli.output import VERSION
from intact.cli.records import RECORDS, kinds
from intact.errors import ExitCode
from tests.fault_world import next_second
from tests.scenes import MANIFEST, fill_album, furnished, lay_out, surroundings
from tests.transcripts import LEAVES, Case, Played, cases, environment, play

if TYPE_CHECKING:
    from collections.abc import Iterator

    from types_boto3_s3 import S3Client

FOLDER = Path(__file__).parent / "transcripts"
FILES = sorted(FOLDER.glob("*.txt"))


REMOTE = {
    path.replace(" ", "-")
    for path, command in LEAVES.items()
    if any(parameter.name == "endpoint_url" for parameter in command.params)
}


@pytest.fixture(scope="module")
def seen() -> dict[str, dict[str, list[dict[str, Any]]]]:
    """Every record that was printed, by command and kind."""
    return defaultdict(lambda: defaultdict(list))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_command_does_what_its_transcript_shows(
    path: Path,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    seen: dict[str, dict[str, list[dict[str, Any]]]],
) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 2)  # what intact plan counts with
    s3 = "http://127.0.0.1:9"
    if path.stem in REMOTE:
        s3 = request.getfixturevalue("s3_server")
        scene = surroundings(tmp_path, s3=s3, control=request.getfixturevalue("control"))
    else:
        fill_album(tmp_path)
        scene = surroundings(tmp_path, s3=s3, control=s3)
    wait = time.sleep
    monkeypatch.setattr(time, "sleep", lambda seconds: wait(min(seconds, 0.01)))
    lay_out(tmp_path)
    for name, value in environment(scene).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("sysconfig.get_path", lambda _: str(tmp_path / "library"))
    found = [
        (case, [play(line, folder=tmp_path, s3=s3, patch=monkeypatch) for line in case.lines])
        for case in cases(path)
    ]
    now = "".join(case.replayed(played) for case, played in found)
    if request.config.getoption("rewrite_transcripts"):
        path.write_text(now, encoding="utf-8")
    for case, played in found:
        keep_records(played, seen)
        ends_as_its_title_says(case, played[-1])
    assert now.splitlines() == "".join(case.text for case in cases(path)).splitlines()


@pytest.fixture
def control(s3: S3Client, tmp_path: Path) -> Iterator[str]:
    """Where the endpoint listens whose jobs copy between the buckets."""
    with furnished(s3, tmp_path) as endpoint:
        s3.put_object(Bucket="lists", Key="m.csv", Body=MANIFEST)
        next_second()  # a source has to be older than its copy
        for name in ("beach.jpg", "cat.jpg"):
            s3.copy_object(
                Bucket="copies",
                Key=f"album/{name}",
                CopySource={"Bucket": "photos", "Key": f"album/{name}"},
                ChecksumAlgorithm="CRC64NVME",
            )
        yield endpoint.url


COMMON = {
    "unknown option": {ExitCode.USAGE},
    "nothing to work on": {ExitCode.USAGE},
    "missing file": {ExitCode.USAGE},
    "bad input": {ExitCode.WRONG, ExitCode.USAGE, ExitCode.UNFINISHED},
    "no credentials": {ExitCode.UNFINISHED},
    "nobody answers": {ExitCode.UNPROVEN, ExitCode.UNFINISHED},
}
"""Failures that many commands have, and how they end everywhere."""


def ends_as_its_title_says(case: Case, played: Played) -> None:
    assert played.code in set(ExitCode), case.name
    if case.kind == "failure":
        assert played.code != ExitCode.VERIFIED, case.name
        assert played.code in COMMON.get(case.name, {played.code}), case.name
        assert "Traceback" not in played.stderr
    if played.code in {ExitCode.USAGE, ExitCode.UNFINISHED} and case.name in COMMON:
        assert played.stderr.startswith("intact: ") or "\nintact: " in played.stderr


def keep_records(played: list[Played], seen: dict[str, dict[str, list[dict[str, Any]]]]) -> None:
    """What a line with ``--json`` printed is records and nothing else, the last a summary."""
    for one in played:
        if "--json" not in one.line.split() or not one.raw:
            continue
        assert one.raw.isascii()
        records = [json.loads(line) for line in one.raw.splitlines()]
        assert [record["record"] for record in records].index("summary") == len(records) - 1
        assert records[-1]["exit_code"] == one.code
        [schema] = {record["schema"] for record in records}
        name, _, version = schema.partition("/")
        assert version == str(VERSION)
        command = name.removeprefix("intact.").replace(".", " ")
        assert f"intact {command} " in one.line
        for record in records:
            is_as_documented(command, record)
            seen[command][record["record"]].append(record)


TYPES: dict[str, type | tuple[type, ...]] = {
    "text": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "list": list,
    "object": dict,
}


def is_as_documented(command: str, record: dict[str, Any]) -> None:
    wanted = kinds(command)[record["record"]]
    members = {name: value for name, value in record.items() if name not in {"schema", "record"}}
    told_twice = {name for name in members if name.endswith("_base64")}
    assert told_twice <= {f"{name}_base64" for name in members}
    assert members.keys() - told_twice <= wanted.keys(), command
    for name, said in wanted.items():
        kind = said.partition(":")[0]
        value = members.get(name)
        if value is None:
            assert kind.endswith("?"), f"{command}: {record['record']} lacks {name}"
        else:
            right = TYPES[kind.removesuffix("?")]
            assert isinstance(value, right), f"{command}: {record['record']}.{name}: {value!r}"
            assert isinstance(value, bool) == (right is bool)


@pytest.mark.parametrize("path", LEAVES)
def test_every_command_is_shown_in_success_and_in_failure(path: str) -> None:
    [stored] = [file for file in FILES if file.stem == path.replace(" ", "-")]
    lines: dict[str, list[str]] = {"success": [], "failure": []}
    for case in cases(stored):
        lines[case.kind] += [line for line in case.lines if f"intact {path}" in line]
    assert lines["success"]
    assert lines["failure"]
    names = {case.name for case in cases(stored)}
    assert "unknown option" in names
    assert ("nobody answers" in names) == (path.replace(" ", "-") in REMOTE)


def test_every_transcript_is_of_a_command() -> None:
    assert {path.stem for path in FILES} == {path.replace(" ", "-") for path in LEAVES} | {"intact"}


def test_every_record_is_documented_and_every_documented_one_is_printed(
    seen: dict[str, dict[str, list[dict[str, Any]]]],
) -> None:
    """What is printed is held to the description above; this is the other half."""
    if len(seen) < len(RECORDS):
        pytest.skip(f"only {len(seen)} of {len(RECORDS)} commands were replayed")
    printed = {
        (kind, member)
        for records in seen.values()
        for kind, found in records.items()
        for record in found
        for member, value in record.items()
        if value is not None
    }
    documented = {
        (kind, member)
        for command in RECORDS
        for kind, members in kinds(command).items()
        for member in members
        if kind != PEERS
    }
    assert sorted(documented - printed) == sorted(NEVER_HERE)
    assert {
        (command, kind)
        for command in RECORDS
        for kind in kinds(command)
        if kind not in {"failure", PEERS} and not seen[command][kind]
    } == {(command, kind) for command, kind in NEVER_THERE}


PEERS = "left_out"
"""Kind of record that depends on which peers are installed."""
NEVER_HERE: dict[tuple[str, str], str] = {
    ("finding", "destination_version"): "the buckets have no versions",
    ("object", "version_id"): "the same",
    ("sample", "measured"): "rates that differ from run to run",
}
"""Members that no transcript shows, and why not."""
NEVER_THERE: dict[tuple[str, str], str] = {
    ("retry", "problem"): "where the audited job breaks a rule itself",
}
"""Kinds that no transcript of their command shows, and why not."""


@pytest.mark.parametrize("path", LEAVES)
def test_every_command_that_prints_data_takes_json(path: str) -> None:
    options = [option for parameter in LEAVES[path].params for option in parameter.opts]
    assert ("--json" in options) == (path in RECORDS) == (path != "completion")


def test_the_transcripts_end_in_every_way_that_readme_names() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in FILES)
    codes = {0, *map(int, re.findall(r"^\[exit (\d+)\]$", text, re.MULTILINE))}
    assert codes == set(ExitCode) - {ExitCode.BROKEN_PIPE}  # a pipe is no file
