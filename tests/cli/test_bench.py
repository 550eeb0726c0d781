"""``intact bench`` and ``intact kernels`` from end to end, in a blink."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner

from intact import _native, kernels
from intact.adapters.peers import PUBLIC, Contender, Kind, Roster
from intact.checksum import Algorithm
from intact.cli import bench
from intact.cli.main import cli
from intact.errors import ExitCode

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

TINY = ("--max-size", "64", "--turns", "3", "--seconds", "0")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["bench", *arguments], standalone_mode=False)


def records(result: Result) -> dict[str, list[dict[str, Any]]]:
    """Records by their kind."""
    found: dict[str, list[dict[str, Any]]] = {}
    for line in result.stdout.splitlines():
        record = json.loads(line)
        found.setdefault(record["record"], []).append(record)
    return found


def test_a_run_prints_tables_and_draws(tmp_path: Path) -> None:
    picture = tmp_path / "bench.svg"
    result = run(*TINY, "--chart", str(picture))
    assert result.exception is None
    assert result.return_value == ExitCode.VERIFIED
    assert result.stdout.count("Python call included") == 1
    root = ET.fromstring(picture.read_bytes())  # noqa: S314 - our own text
    titles = {element.text for element in root.iter() if element.tag.endswith("title")}
    assert {"intact", *kernels().usable, "hashlib sha256"} <= titles


def test_records_tell_what_was_timed_on_what() -> None:
    result = run(*TINY, "--json")
    assert "Python call included" in result.stderr
    found = records(result)
    [machine] = found["machine"]
    assert machine["kernel"] == kernels().in_use
    assert {"cpu", "cores", "features", "architecture", "system", "python", "compiler"} <= (
        machine.keys()
    )
    assert {"intact", "xxhash", "zlib"} <= machine["versions"].keys()
    names = {"intact", *kernels().usable, "hashlib sha256"}
    for algorithm in PUBLIC:
        for size in (8, 64):
            timed = {
                row["name"]
                for row in found["timing"]
                if (row["algorithm"], row["size"]) == (algorithm.value.lower(), size)
            }
            assert names <= timed
    for row in found["timing"]:
        assert row["turns"] == 3
        assert row["median_ns"] > 0
        assert row["bytes_per_second"] == pytest.approx(row["size"] / row["median_ns"] * 1e9, 0.01)


def test_one_algorithm_races_alone() -> None:
    found = records(run(*TINY, "--quick", "--algorithm", "CRC32C", "--json"))
    assert {row["algorithm"] for row in found["timing"]} == {"crc32c"}


def test_who_disagrees_is_named_and_ends_in_one(monkeypatch: pytest.MonkeyPatch) -> None:
    liar = Contender(name="liar", kind=Kind.PEER, algorithm=Algorithm.CRC32, function=lambda _: 1)
    there = Roster(contenders=(liar,), versions={"liar": "1"}, left_out=())
    monkeypatch.setattr(bench, "roster", lambda: there)
    result = run(*TINY, "--algorithm", "crc32")
    assert result.return_value == ExitCode.WRONG
    assert "not timed: liar, crc32 from 8 B on: disagrees with intact" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        (["--chart", "bench.png"], "charts are SVG"),
        (["--chart", "no/such/folder/bench.svg"], "is no folder"),
        (["--max-size", "4 parsecs"], "wanted a size such as"),
        (["--max-size", "4"], "wanted at least 8 bytes"),
        (["--turns", "2"], "x>=3"),
        (["--algorithm", "md5"], "is not one of"),
    ],
)
def test_what_cannot_be_is_refused_before_measuring(arguments: list[str], wanted: str) -> None:
    result = CliRunner().invoke(cli, ["bench", *arguments])
    assert result.exit_code == ExitCode.USAGE
    assert wanted in result.stderr
    assert "measuring" not in result.stderr


@pytest.mark.parametrize(
    ("text", "size"), [("64", 64), ("64 b", 64), ("64KiB", 1 << 16), ("1 mib", 1 << 20)]
)
def test_sizes_are_read_with_binary_units(text: str, size: int) -> None:
    context = bench.command.make_context("bench", ["--max-size", text])
    assert context.params["max_size"] == size


def test_kernels_lists_every_row_of_the_table() -> None:
    result = CliRunner().invoke(cli, ["kernels"], standalone_mode=False)
    lines = [line.split() for line in result.stdout.splitlines()[1:]]
    assert [(line[0], line[1] == "yes") for line in lines] == list(_native.kernels())
    assert [line[0] for line in lines if line[2:] == ["yes"]] == [kernels().in_use]
