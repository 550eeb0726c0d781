"""A ledger for the terminal: verdicts, and the objects that are not verified."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.table import Column, Table
from rich.text import Text

from intact.audit import Absent, Unreadable, Verdict
from intact.audit.summary import WRONG
from intact.batch import TaskResult

if TYPE_CHECKING:
    from intact.audit import Record, Summary

_WIDEST = max(len(verdict.value) for verdict in Verdict)
_STYLES = {Verdict.VERIFIED: "green"} | dict.fromkeys(WRONG, "bold red")


def verdict_table(summary: Summary) -> Table:
    """How many rows ended in each verdict, zeroes included."""
    table = Table("verdict", Column("objects", justify="right"), box=box.SIMPLE_HEAD)
    for verdict in Verdict:
        count = summary.verdicts[verdict]
        style = _STYLES.get(verdict, "yellow") if count else "dim"
        table.add_row(verdict.value, f"{count:,}", style=style)
    table.add_section()
    table.add_row("rows of the manifest", f"{summary.rows:,}")
    return table


def finding_lines(record: Record) -> Text:
    """Verdict and object of a record on one line, the reason below it.

    Objects are URL-encoded, so that no key can write control characters to a terminal.
    """
    verdict = record.finding.verdict
    line = Text(f"{verdict.value:<{_WIDEST}}  ", style=_STYLES.get(verdict, "yellow"))
    line.append(subject(record), style="default")
    line.append(f"\n{'':<{_WIDEST}}  {explain(record)}", style="dim")
    return line


def subject(record: Record) -> str:
    """What a record speaks of, safe to print: the copy, or the text of a malformed row."""
    copy = record.copy
    return ascii(copy.text) if copy.destination is None else str(copy.destination)


def explain(record: Record) -> str:
    """Reason in words, with what the evidence adds to it."""
    evidence, details = record.evidence, []
    if isinstance(evidence.task, TaskResult) and evidence.task.error_code:
        details.append(f"{evidence.task.error_code}: {evidence.task.message}")
    for slot in (
        evidence.row,
        evidence.task,
        evidence.source,
        evidence.destination,
        evidence.source_bytes,
        evidence.destination_bytes,
    ):
        if isinstance(slot, Unreadable):
            details.append(slot.problem)
        elif isinstance(slot, Absent) and slot.detail:
            details.append(slot.detail)
    printable = [ascii(detail)[1:-1] for detail in details]
    return " ".join([record.finding.reason.sentence, *(f"({text})" for text in printable)])
