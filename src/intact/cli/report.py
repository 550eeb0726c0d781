"""``intact report``: shows what a ledger holds, and writes it for people and programs."""

from __future__ import annotations

import itertools
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from intact.cli.output import json_option
from intact.errors import FormatError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from intact.adapters.ledger import LedgerReader
    from intact.adapters.overview import Overview
    from intact.cli.output import Output

STDOUT = Path("-")


def _written(name: str, text: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Make an option that takes a file, or alone means standard output."""
    return click.option(
        f"--{name}",
        type=click.Path(path_type=Path),
        is_flag=False,
        flag_value="-",
        metavar="[FILE]",
        help=text,
    )


class _Report(click.Command):
    """Tells a ledger that an option took for its FILE."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the command line."""
        words = list(args)
        try:
            return super().parse_args(ctx, args)
        except click.MissingParameter:
            for option, word in itertools.pairwise(words):
                if option.startswith("--") and Path(word).is_dir():
                    message = f"{option} took {word!r} for its FILE; put LEDGER before {option}"
                    raise click.UsageError(message, ctx) from None
            raise


@click.command(
    cls=_Report,
    epilog="""\b
Examples:
  $ intact report intact-audit-20261122T030000Z/ledger --html report.html
  $ intact report intact-audit-20261122T030000Z/ledger --markdown
  $ intact report intact-audit-20261122T030000Z/ledger --csv findings.csv --junit findings.xml
  $ intact report intact-audit-20261122T030000Z/ledger --json > findings.jsonl
  $ intact report intact-audit-20261122T030000Z/ledger --verify --public-key auditor.pem""",
)
@click.argument("ledger", type=click.Path(exists=True, file_okay=False, path_type=Path))
@_written("html", "Write a page: one file that needs no network.")
@_written("markdown", "Write a summary for a ticket or a pull request.")
@_written(
    "csv", "Write every row, for spreadsheets: an apostrophe stands before what they might run."
)
@_written("parquet", "Write every row as a flat table.")
@_written("junit", "Write JUnit XML, for CI systems.")
@click.option(
    "--verify", is_flag=True, help="First check that nothing was changed since the audit sealed it."
)
@click.option(
    "--public-key",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Ed25519 key that must have signed it, as PEM; implies --verify.",
)
@json_option
def command(
    *,
    ledger: Path,
    verify: bool,
    public_key: Path | None,
    output: Output,
    **written: Path | None,
) -> int:
    """Show what LEDGER holds: verdicts, and the objects that are not verified.

    --json prints every row.  Each other option that writes takes a FILE, which appears once it is
    whole; without one, or with -, it writes to standard output, and what people read goes to
    standard error.  --html and --junit list a number of objects, the gravest first, and say how
    many more there are; --markdown names a few; the others hold every row.

    Exits as the audit did; with 4 where the ledger is not as it was sealed.
    """
    from intact.cli.present import present  # noqa: PLC0415 - imports pyarrow and DuckDB

    targets = {name: path for name, path in written.items() if path is not None}
    aside = STDOUT in targets.values()
    if list(targets.values()).count(STDOUT) + output.json > 1:
        raise UsageError("two reports would be written to standard output; name a FILE for one")
    if verify or public_key is not None:
        _verify(ledger, public_key, output, aside=aside)
    code = present(ledger, output, aside=aside, every=True)
    _write(ledger, targets, output, aside=aside)
    return code


def _write(path: Path, targets: Mapping[str, Path], output: Output, *, aside: bool) -> None:
    from intact.adapters.files import whole_file  # noqa: PLC0415 - used here only
    from intact.adapters.ledger import LedgerReader  # noqa: PLC0415 - imports pyarrow
    from intact.adapters.overview import overview  # noqa: PLC0415 - imports DuckDB
    from intact.cli.present import tell_file  # noqa: PLC0415 - imports pyarrow

    ledger = LedgerReader(path)
    added = overview(ledger) if targets.keys() - {"csv", "parquet"} else None
    for name, target in targets.items():
        if name == "parquet":
            _parquet(ledger, target)
        elif target == STDOUT:
            for piece in _pieces(name, ledger, added):
                sys.stdout.buffer.write(piece.encode())
        else:
            with whole_file(target) as file:
                file.writelines(piece.encode() for piece in _pieces(name, ledger, added))
        if target != STDOUT:
            tell_file(target, output, kind=name, aside=aside)


def _pieces(name: str, ledger: LedgerReader, added: Overview | None) -> Iterator[str]:
    """The text of one kind of report, in pieces."""
    from intact.adapters.flat import FLAT, flat_rows  # noqa: PLC0415 - imports pyarrow
    from intact.audit import Verdict  # noqa: PLC0415 - beside it
    from intact.cli.present import page  # noqa: PLC0415 - imports the renderers
    from intact.render.junit import junit  # noqa: PLC0415 - beside it
    from intact.render.lines import csv_lines  # noqa: PLC0415 - beside it
    from intact.render.markdown import markdown  # noqa: PLC0415 - beside it

    if name == "csv" or added is None:
        return csv_lines(FLAT.names, flat_rows(ledger))
    if name == "html":
        return page(ledger, added)
    write = {"markdown": markdown, "junit": junit}[name]
    return write(added, flat_rows(ledger, besides=Verdict.VERIFIED))


def _parquet(ledger: LedgerReader, target: Path) -> None:
    """Write Parquet, which ends with what only the end of the rows tells, so first to a file."""
    from intact.adapters.files import named_whole  # noqa: PLC0415 - used here only
    from intact.adapters.flat import write_flat  # noqa: PLC0415 - imports pyarrow

    if target != STDOUT:
        with named_whole(target) as path:
            write_flat(ledger, path)
        return
    with tempfile.TemporaryDirectory(prefix="intact-") as folder:
        path = Path(folder) / "findings.parquet"
        write_flat(ledger, path)
        with path.open("rb") as file:
            shutil.copyfileobj(file, sys.stdout.buffer)


def _verify(ledger: Path, key: Path | None, output: Output, *, aside: bool) -> None:
    """Name everything that is not as it was sealed.

    Raises:
        FormatError: Something is not.
    """
    from intact.adapters.ledger import LedgerReader  # noqa: PLC0415 - imports pyarrow
    from intact.adapters.verify import problems  # noqa: PLC0415 - imports pyarrow

    found = 0
    for problem in problems(ledger, key=key):
        found += 1
        output.record("damage", {"problem": problem})
        output.tell(problem, aside=True)
    if found:
        raise FormatError(f"{ledger}: is not as it was sealed")
    seal = LedgerReader(ledger).seal
    signed = "not signed" if seal.signature is None else "signed, by whom nobody checked"
    output.record(
        "seal",
        {
            "records": seal.records,
            "segments": seal.segments,
            "root": seal.root,
            "signed": seal.signature is not None,
            "signature_checked": key is not None,
        },
    )
    output.tell(
        f"{seal.records:,} records in {seal.segments:,} segments are as they were sealed, "
        f"{'signed' if key else signed}; root {seal.root}",
        aside=aside,
    )
