"""Shows a ledger on the terminal; every command that ends in one uses this."""

from __future__ import annotations

from importlib import resources
from importlib.metadata import version
from itertools import islice
from typing import TYPE_CHECKING

import click
from rich.console import Console

from intact.adapters.files import whole_file
from intact.adapters.flat import flat_rows
from intact.adapters.ledger import LedgerReader
from intact.adapters.overview import overview
from intact.audit import Verdict
from intact.batch.cost import Prices
from intact.render.page import html_page
from intact.render.steps import retry_command
from intact.render.table import finding_lines, verdict_table
from intact.render.words import headline

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from intact.adapters.overview import Overview

SHOWN = 50
"""Objects listed on the terminal; the ledger and the HTML report hold all of them."""
NAMED = 100
"""Rows of the files beside the ledger that are listed."""


def present(
    ledger: Path, *, html: Path | None = None, aside: bool = False, following: str | None = None
) -> int:
    """Print what a ledger adds up to and the objects that are not verified; return the exit code.

    Args:
        ledger: The ledger's folder.
        html: Where to write the report as a page, if anywhere.
        aside: Whether to print on standard error, data being on standard output.
        following: What to run next where something is not verified; by default, what retries it.

    Raises:
        FormatError: The folder holds no finished ledger.
    """
    reader = LedgerReader(ledger)
    summary, counts = reader.summary(), reader.counts
    shown = list(islice(reader.records(besides=Verdict.VERIFIED), SHOWN))
    console = Console(highlight=False, stderr=aside)
    console.print(verdict_table(summary))
    for record in shown:
        console.print(finding_lines(record), soft_wrap=True)
    hidden = summary.rows - summary.verdicts[Verdict.VERIFIED] - len(shown)
    if hidden:
        click.echo(f"... and {hidden:,} more that are not verified", err=aside)
    click.echo(headline(summary, counts), err=aside)
    for note in counts.notes():
        click.echo(f"note: {note}", err=aside)
    click.echo(f"ledger: {ledger}", err=aside)
    if html is not None:
        with whole_file(html) as file:
            file.writelines(piece.encode() for piece in page(reader, overview(reader)))
        click.echo(f"report: {html}", err=aside)
    if hidden or shown:
        command = following or retry_command(reader.header, str(ledger))
        click.echo(f"next: {command}", err=aside)
    return summary.exit_code(counts)


def page(ledger: LedgerReader, added: Overview) -> Iterator[str]:
    """Yield the report as a page, its costs by the price list that comes with this package."""
    standard = resources.files("intact.batch").joinpath("prices.json")
    return html_page(
        added,
        flat_rows(ledger, besides=Verdict.VERIFIED),
        version=version("intact"),
        prices=Prices.parse(standard.read_bytes()),
    )


def show_first(path: Path) -> None:
    """Print the first rows of a CSV file that an audit left beside its ledger, if it left one."""
    if not path.exists():
        return
    with path.open(encoding="utf-8") as lines:
        for line in islice(lines, 1, NAMED + 1):
            click.echo(line.rstrip("\n"))
    click.echo(f"{path.stem}: {path}")
