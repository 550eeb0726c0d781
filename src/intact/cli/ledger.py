"""``intact ledger``: compares, merges and exports ledgers."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from intact.cli.output import json_option
from intact.errors import ExitCode

if TYPE_CHECKING:
    from intact.adapters.compare import Change
    from intact.cli.output import Output

_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@click.group()
def command() -> None:
    """Compare, merge and export ledgers."""


@command.command(
    epilog="""\b
Example:
  $ intact ledger diff monday/ledger tuesday/ledger"""
)
@click.argument("before", type=_FOLDER)
@click.argument("after", type=_FOLDER)
@json_option
def diff(*, before: Path, after: Path, output: Output) -> int:
    """Show the objects whose verdict, reason or level differs between two ledgers.

    Objects that only one of them knows are shown too.  Exits 1 where there is a difference.
    """
    from intact.adapters.compare import differences  # noqa: PLC0415 - imports DuckDB
    from intact.adapters.ledger import LedgerReader  # noqa: PLC0415 - imports pyarrow

    found = 0
    for change in differences(LedgerReader(before), LedgerReader(after)):
        found += 1
        output.datum("change", _members(change), _line(change))
    output.summarize({"objects": found})
    output.tell(f"{found:,} {'object differs' if found == 1 else 'objects differ'}", aside=True)
    return ExitCode.WRONG if found else ExitCode.VERIFIED


@command.command(
    epilog="""\b
Example:
  $ intact ledger merge whole/ledger shard-1/ledger shard-2/ledger"""
)
@click.argument("out", type=click.Path(path_type=Path))
@click.argument("shards", type=_FOLDER, nargs=-1, required=True)
@click.option(
    "--sign-key",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Ed25519 private key, as PEM.",
)
@json_option
def merge(*, out: Path, shards: tuple[Path, ...], sign_key: Path | None, output: Output) -> int:
    """Write OUT from the ledgers of the shards of one audit, which share no row."""
    from intact.adapters.compare import merge as merge_ledgers  # noqa: PLC0415 - imports DuckDB
    from intact.adapters.ledger import LedgerReader  # noqa: PLC0415 - imports pyarrow
    from intact.adapters.signing import signer  # noqa: PLC0415 - used here only

    sign = signer(sign_key) if sign_key is not None else None
    merge_ledgers(out, [LedgerReader(shard) for shard in shards], sign=sign)
    seal = LedgerReader(out).seal
    output.datum(
        "ledger", {"path": out, "records": seal.records, "root": seal.root}, f"ledger: {out}"
    )
    return ExitCode.VERIFIED


@command.command(
    epilog="""\b
Example:
  $ intact ledger export intact-audit-20261122T030000Z/ledger > ledger.jsonl"""
)
@click.argument("ledger", type=_FOLDER)
@json_option
def export(*, ledger: Path, output: Output) -> int:
    """Print LEDGER as JSON Lines: its header, every record, its seal.

    Those lines are the ledger's own; with --json each is a member of a record.  The Parquet files
    below LEDGER/findings say the same to DuckDB, Spark and pandas.
    """
    from intact.adapters.ledger import LedgerReader  # noqa: PLC0415 - imports pyarrow
    from intact.audit.lines import encode  # noqa: PLC0415 - used here only

    reader = LedgerReader(ledger)
    _export("header", reader.header.encode(), output)
    for record in reader.records():
        _export("finding", encode(record).encode(), output)
    _export("seal", reader.seal.encode(), output)
    return ExitCode.VERIFIED


def _export(kind: str, line: bytes, output: Output) -> None:
    if output.json:
        output.record(kind, {kind: json.loads(line)})
    else:
        output.line(line)


def _members(change: Change) -> dict[str, object]:
    sides = {"before": change.before, "after": change.after}
    words = ("verdict", "reason", "level")
    return {
        "row": change.row,
        "destination": change.destination and asdict(change.destination),
        "text": change.text,
        **{name: found and dict(zip(words, found, strict=True)) for name, found in sides.items()},
    }


def _line(change: Change) -> str:
    """One line for people, URL-encoded so that no key can write to the terminal."""
    name = ascii(change.text) if change.destination is None else str(change.destination)
    return f"{_finding(change.before)} -> {_finding(change.after)}  {name}"


def _finding(finding: tuple[str, str, str] | None) -> str:
    return "absent" if finding is None else f"{finding[0]} ({finding[1]}, {finding[2]})"
