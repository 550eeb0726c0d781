"""Shows a ledger on the terminal; every command that ends in one uses this."""

from __future__ import annotations

from importlib import resources
from importlib.metadata import version
from itertools import islice
from typing import TYPE_CHECKING

from intact.adapters.files import whole_file
from intact.adapters.flat import flat_rows
from intact.adapters.ledger import LedgerReader
from intact.adapters.overview import overview
from intact.audit import Verdict
from intact.batch.cost import Prices
from intact.render.lines import finding_members, header_members, summary_members
from intact.render.page import html_page
from intact.render.steps import has_ended, replay_command, retry_command
from intact.render.table import finding_lines, verdict_table
from intact.render.words import headline

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from intact.adapters.overview import Overview
    from intact.cli.output import Output

SHOWN = 50
"""Objects listed on the terminal; the ledger and the HTML report hold all of them."""
NAMED = 100
"""Rows of the files beside the ledger that are listed."""


def present(  # noqa: PLR0913 - keywords all but two
    ledger: Path,
    output: Output,
    *,
    html: Path | None = None,
    aside: bool = False,
    every: bool = False,
    following: str | None = None,
    reach: Sequence[str] = (),
) -> int:
    """Print what a ledger adds up to and the objects that are not verified; return the exit code.

    Args:
        ledger: The ledger's folder.
        output: Where; records name all of those objects.
        html: Where to write the report as a page, if anywhere.
        aside: Whether to print on standard error, data being on standard output.
        every: Whether records name the verified objects too.
        following: What to run next where something is not verified; by default, what retries it,
            or computes the verdicts again where the server has ended.
        reach: Options of the command that say how to reach S3, and what was audited.

    Raises:
        FormatError: The folder holds no finished ledger.
    """
    reader = LedgerReader(ledger)
    summary, counts = reader.summary(), reader.counts
    if output.json:
        _records(reader, output, every=every)
    shown = list(islice(reader.records(besides=Verdict.VERIFIED), SHOWN))
    console = output.console(aside=aside)
    console.print(verdict_table(summary))
    for record in shown:
        console.print(finding_lines(record), soft_wrap=True)
    hidden = summary.rows - summary.verdicts[Verdict.VERIFIED] - len(shown)
    if hidden:
        output.tell(f"... and {hidden:,} more that are not verified", aside=aside)
    output.tell(headline(summary, counts), aside=aside)
    for note in counts.notes():
        output.tell(f"note: {note}", aside=aside)
    output.tell(f"ledger: {ledger}", aside=aside)
    if html is not None:
        with whole_file(html) as file:
            file.writelines(piece.encode() for piece in page(reader, overview(reader)))
        tell_file(html, output, kind="report", aside=aside)
    if hidden or shown:
        command = following or _following(reader, str(ledger), reach)
        output.tell(f"next: {command}", aside=aside)
    return summary.exit_code(counts)


def _following(reader: LedgerReader, path: str, reach: Sequence[str]) -> str:
    if has_ended(reader.header):
        return replay_command(path)
    return retry_command(reader.header, path, told=reach)


def _records(reader: LedgerReader, output: Output, *, every: bool) -> None:
    """Write the terms, the findings, and at the end what they add up to."""
    told = header_members(reader.header, reader.seal, version=version("intact"))
    output.record("header", {"ledger": reader.path, **told})
    for row in flat_rows(reader, besides=None if every else Verdict.VERIFIED, exact=True):
        output.record("finding", finding_members(row))
    output.summarize(summary_members(reader.summary(), reader.counts))


def tell_file(path: Path, output: Output, *, kind: str, aside: bool = False) -> None:
    """Say that a file was written."""
    output.record("file", {"kind": kind, "path": path})
    output.tell(f"{kind}: {path}", aside=aside)


def page(ledger: LedgerReader, added: Overview) -> Iterator[str]:
    """Yield the report as a page, its costs by the price list that comes with this package."""
    standard = resources.files("intact.batch").joinpath("prices.json")
    return html_page(
        added,
        flat_rows(ledger, besides=Verdict.VERIFIED),
        version=version("intact"),
        prices=Prices.parse(standard.read_bytes()),
    )


def show_first(path: Path, output: Output) -> None:
    """Print the first rows of a CSV file that an audit left beside its ledger, if it left one."""
    if not path.exists():
        return
    with path.open(encoding="utf-8") as lines:
        for line in islice(lines, 1, NAMED + 1):
            output.tell(line.rstrip("\n"))
    tell_file(path, output, kind=path.stem)
