"""``intact ledger`` compares, merges and exports."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from click.testing import CliRunner

from intact.adapters.ledger import LedgerReader
from intact.cli.main import cli
from intact.errors import ExitCode, UsageError
from tests.ledgers import GOLDEN, many, written

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result


def ledger(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, ["ledger", *map(str, arguments)], standalone_mode=False)


def test_two_equal_ledgers_do_not_differ() -> None:
    result = ledger("diff", GOLDEN, GOLDEN)
    assert result.return_value == ExitCode.VERIFIED
    assert not result.stdout
    assert result.stderr == "0 objects differ\n"


def test_a_difference_is_a_line_for_people_or_for_programs(tmp_path: Path) -> None:
    records = many(9)
    changed = replace(records[4], finding=records[0].finding)
    written(tmp_path / "a", records)
    written(tmp_path / "b", [*records[:4], changed, *records[5:8]])
    result = ledger("diff", tmp_path / "a", tmp_path / "b")
    assert result.return_value == ExitCode.WRONG
    first, second = result.stdout.splitlines()
    assert first.endswith("  s3://copies/key%205")
    assert " -> verified (" in first
    assert " -> absent  s3://copies/key%209" in second
    lines = ledger("diff", tmp_path / "a", tmp_path / "b", "--json").stdout.splitlines()
    one, other, summary = map(json.loads, lines)
    assert one["destination"]["key"] == "key 5"
    assert one["after"]["verdict"] == "verified"
    assert (other["destination"]["key"], other["after"]) == ("key 9", None)
    assert (summary["objects"], summary["exit_code"]) == (2, ExitCode.WRONG)


def test_a_hostile_row_reaches_the_terminal_escaped(tmp_path: Path) -> None:
    [malformed] = [r for r in many(9) if r.copy.destination is None]
    hostile = replace(malformed, copy=replace(malformed.copy, text="\x1b[2J\udcff"))
    written(tmp_path / "a", [hostile])
    written(tmp_path / "b", [])
    line = ledger("diff", tmp_path / "a", tmp_path / "b").stdout.removesuffix("\n")
    assert line.isprintable()
    assert "\\x1b[2J\\udcff" in line


def test_shards_are_merged(tmp_path: Path) -> None:
    shards = [tmp_path / "1", tmp_path / "2"]
    for shard, half in zip(shards, (many(9)[::2], many(9)[1::2]), strict=True):
        written(shard, half)
    whole = tmp_path / "new" / "ledger"
    assert ledger("merge", whole, *shards).exception is None
    assert list(LedgerReader(whole).records()) == many(9)
    assert isinstance(ledger("merge", whole, *shards).exception, UsageError)


def test_a_ledger_is_exported_as_json_lines() -> None:
    result = ledger("export", GOLDEN)
    assert result.stdout == GOLDEN.with_suffix(".jsonl").read_text()
