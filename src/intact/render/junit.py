"""A ledger as JUnit XML, so that a CI system shows an audit as it shows tests."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import quoteattr

from intact.audit import Verdict
from intact.audit.summary import UNPROVEN, WRONG
from intact.render.markdown import address
from intact.render.page import allotted, picked, said
from intact.render.words import ascii_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from intact.adapters.overview import Overview
    from intact.render.page import Row

MOST = 10_000
"""Objects that are test cases of their own; CI systems choke on more."""


def junit(overview: Overview, rows: Iterable[Row], *, most: int = MOST) -> Iterator[str]:
    """Yield the document.

    One case is that the counts add up; one stands for all verified objects; each object that is
    wrong is a failure, each that is not proven an error.  What exceeds ``most`` is one case more
    that fails, the gravest verdicts being listed first.  Text is ASCII, so that no key can hold
    what XML forbids.

    Args:
        overview: The ledger, added up.
        rows: Its flat rows that are not verified, in order.
        most: Objects to list.
    """
    summary, counts = overview.summary, overview.counts
    wanted = allotted(summary.verdicts, most=most)
    left = overview.unverified - wanted.total()
    imbalances = summary.imbalances(counts)
    failures = sum(wanted[verdict] for verdict in WRONG) + bool(imbalances) + bool(left)
    errors = sum(wanted[verdict] for verdict in UNPROVEN)
    totals = f'tests="{wanted.total() + 2 + bool(left)}" failures="{failures}" errors="{errors}"'
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    yield f'<testsuites name="intact" {totals}>\n'
    started = f"{overview.header.created:%Y-%m-%dT%H:%M:%S}"
    yield f'<testsuite name={_said(overview.header.subject)} {totals} timestamp="{started}">\n'
    yield _case("coverage", "every row of the manifest has a verdict", _counts(imbalances))
    yield _case("verified", f"{summary.verdicts[Verdict.VERIFIED]} objects are verified")
    for row in picked(rows, wanted):
        verdict = Verdict(row["verdict"])
        yield _case(verdict.value, f"row {row['row']}: {address(row)}", _finding(row, verdict))
    if left:
        yield _case("left out", f"{left} more objects", _outcome("failure", "they are not listed"))
    yield "</testsuite>\n</testsuites>\n"


def _case(of: str, name: str, outcome: str = "") -> str:
    head = f'<testcase classname="intact.{of}" name={_said(name)}'
    return f"{head}>{outcome}</testcase>\n" if outcome else f"{head}/>\n"


def _counts(imbalances: list[str]) -> str:
    return _outcome("failure", "; ".join(imbalances)) if imbalances else ""


def _finding(row: Row, verdict: Verdict) -> str:
    detail = said(row)
    message = f"{row['explanation']} ({detail})" if detail else row["explanation"]
    return _outcome("failure" if verdict in WRONG else "error", message, row["reason"])


def _outcome(kind: str, message: str, of: str = "coverage") -> str:
    return f"<{kind} message={_said(message)} type={_said(of)}/>"


def _said(text: str) -> str:
    return quoteattr(ascii_text(text))
