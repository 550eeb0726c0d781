"""Shows a ledger on the terminal; every command that ends in one uses this."""

from __future__ import annotations

import shlex
from itertools import islice
from typing import TYPE_CHECKING

import click
from rich.console import Console

from intact.adapters.files import whole_file
from intact.adapters.ledger import LedgerReader
from intact.audit import Verdict
from intact.render.page import headline, html_page
from intact.render.table import finding_lines, verdict_table

if TYPE_CHECKING:
    from pathlib import Path

SHOWN = 50
"""Objects listed on the terminal; the ledger and the HTML report hold all of them."""
NAMED = 100
"""Rows of the files beside the ledger that are listed."""


def present(ledger: Path, *, html: Path | None = None) -> int:
    """Print what a ledger adds up to and the objects that are not verified; return the exit code.

    Args:
        ledger: The ledger's folder.
        html: Where to write the report as a page, if anywhere.

    Raises:
        FormatError: The folder holds no finished ledger.
    """
    reader = LedgerReader(ledger)
    summary, counts = reader.summary(), reader.counts
    shown = list(islice(reader.records(besides=Verdict.VERIFIED), SHOWN))
    console = Console(highlight=False)
    console.print(verdict_table(summary))
    for record in shown:
        console.print(finding_lines(record), soft_wrap=True)
    hidden = summary.rows - summary.verdicts[Verdict.VERIFIED] - len(shown)
    if hidden:
        click.echo(f"... and {hidden:,} more that are not verified")
    click.echo(headline(summary, counts))
    for note in counts.notes():
        click.echo(f"note: {note}")
    click.echo(f"ledger: {ledger}")
    if html is not None:
        with whole_file(html) as file:
            records = reader.records(besides=Verdict.VERIFIED)
            for piece in html_page(reader.header, summary, counts, records):
                file.write(piece.encode())
        click.echo(f"report: {html}")
    if hidden or shown:
        click.echo(f"next: {shlex.join(['intact', 'retry', str(ledger)])}")
    return summary.exit_code(counts)


def show_first(path: Path) -> None:
    """Print the first rows of a CSV file that an audit left beside its ledger, if it left one."""
    if not path.exists():
        return
    with path.open(encoding="utf-8") as lines:
        for line in islice(lines, 1, NAMED + 1):
            click.echo(line.rstrip("\n"))
    click.echo(f"{path.stem}: {path}")
