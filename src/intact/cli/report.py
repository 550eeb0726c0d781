"""``intact report``: shows what a ledger holds."""

from __future__ import annotations

from pathlib import Path

import click

from intact.cli.present import present


@click.command(
    epilog="""\b
Example:
  $ intact report intact-audit-20261122T030000Z/ledger.jsonl --html report.html"""
)
@click.argument("ledger", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--html", type=click.Path(path_type=Path), help="Write the report as a page.")
def command(*, ledger: Path, html: Path | None) -> int:
    """Show what LEDGER holds: verdicts, and the objects that are not verified.

    Exits as the audit did.
    """
    return present(ledger, html=html)
