"""A ledger as one HTML page: self-contained, without scripts, safe whatever the keys hold."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from intact.audit import Verdict
from intact.audit.summary import UNPROVEN, WRONG
from intact.render.table import explain, subject

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from intact.audit import Counts, Record, Summary
    from intact.audit.ledger import Header

_HEAD = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>intact: {title}</title>
<style>
:root {{ color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }}
body {{ max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }}
table {{ border-collapse: collapse; margin: 1rem 0; }}
th, td {{ border-bottom: 1px solid #8886; padding: .3rem .8rem .3rem 0; text-align: left;
  vertical-align: top; overflow-wrap: anywhere; }}
td.number {{ text-align: right; }}
</style></head><body>
<h1>{title}</h1>
<p>{subject}</p>
"""


def headline(summary: Summary, counts: Counts) -> str:
    """One sentence that says how the audit ended."""
    if imbalances := summary.imbalances(counts):
        return f"The audit does not add up: {'; '.join(imbalances)}."
    wrong = sum(summary.verdicts[verdict] for verdict in WRONG)
    unproven = sum(summary.verdicts[verdict] for verdict in UNPROVEN)
    if wrong or unproven:
        return f"Of {summary.rows:,} objects {wrong:,} are wrong and {unproven:,} are not proven."
    return f"All {summary.rows:,} objects are verified."


def html_page(
    header: Header, summary: Summary, counts: Counts, records: Iterable[Record]
) -> Iterator[str]:
    """Yield the page piece by piece.

    Args:
        header: The ledger's header.
        summary: What all its records add up to.
        counts: What the inputs held.
        records: Its records; the page lists those that are not verified.
    """
    yield _HEAD.format(
        title=escape(headline(summary, counts)),
        subject=escape(
            f"{header.subject}, audited {header.created:%Y-%m-%d %H:%M %Z} "
            f"by intact {header.intact}; read: {header.policy.read.value}"
        ),
    )
    yield "<table><thead><tr><th>verdict<th>objects</thead><tbody>\n"
    for verdict in Verdict:
        yield f'<tr><td>{verdict.value}<td class="number">{summary.verdicts[verdict]:,}\n'
    yield f'<tr><th>rows of the manifest<td class="number">{counts.manifest_rows:,}\n'
    yield "</tbody></table>\n<h2>Not verified</h2>\n<table><thead><tr>"
    yield "<th>row<th>verdict<th>object<th>reason<th>what to do</thead><tbody>\n"
    for record in records:
        if record.finding.verdict is not Verdict.VERIFIED:
            cells = (
                str(record.copy.row),
                record.finding.verdict.value,
                subject(record),
                explain(record),
                record.finding.reason.remedy,
            )
            yield "<tr>" + "".join(f"<td>{escape(cell)}" for cell in cells) + "\n"
    yield "</tbody></table></body></html>\n"
