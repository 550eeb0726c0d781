"""``intact report``: shows what a ledger holds."""

from __future__ import annotations

from pathlib import Path

import click

from intact.cli.present import present
from intact.errors import FormatError


@click.command(
    epilog="""\b
Examples:
  $ intact report intact-audit-20261122T030000Z/ledger --html report.html
  $ intact report intact-audit-20261122T030000Z/ledger --verify --public-key auditor.pem"""
)
@click.argument("ledger", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--html", type=click.Path(path_type=Path), help="Write the report as a page.")
@click.option(
    "--verify", is_flag=True, help="First check that nothing was changed since the audit sealed it."
)
@click.option(
    "--public-key",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Ed25519 key that must have signed it, as PEM; implies --verify.",
)
def command(*, ledger: Path, html: Path | None, verify: bool, public_key: Path | None) -> int:
    """Show what LEDGER holds: verdicts, and the objects that are not verified.

    Exits as the audit did; with 4 where the ledger is not as it was sealed.
    """
    if verify or public_key is not None:
        _verify(ledger, public_key)
    return present(ledger, html=html)


def _verify(ledger: Path, key: Path | None) -> None:
    """Name everything that is not as it was sealed.

    Raises:
        FormatError: Something is not.
    """
    from intact.adapters.ledger import LedgerReader  # noqa: PLC0415 - imports pyarrow
    from intact.adapters.verify import problems  # noqa: PLC0415 - imports pyarrow

    found = 0
    for problem in problems(ledger, key=key):
        found += 1
        click.echo(problem, err=True)
    if found:
        raise FormatError(f"{ledger}: is not as it was sealed")
    seal = LedgerReader(ledger).seal
    signed = "not signed" if seal.signature is None else "signed, by whom nobody checked"
    click.echo(
        f"{seal.records:,} records in {seal.segments:,} segments are as they were sealed, "
        f"{'signed' if key else signed}; root {seal.root}"
    )
