"""A ledger as Markdown, for a pull request or a ticket; short, whatever the ledger's size."""

from __future__ import annotations

from typing import TYPE_CHECKING

from intact.audit import Verdict
from intact.render.page import allotted, merged, picked, said
from intact.render.steps import next_steps
from intact.render.words import LEVELS, ascii_text, headline, plural, share_name, size_name, tone
from intact.s3 import encode_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from intact.adapters.overview import Overview
    from intact.render.page import Row

LISTED = 20
"""Objects that are named; the ledger has all."""
_MARKS = {"good": "✅", "wrong": "❌", "unproven": "⚠️"}


def markdown(overview: Overview, rows: Iterable[Row]) -> Iterator[str]:
    """Yield lines.

    Names of objects are URL-encoded and stand in code spans, so that no key can link, mention
    anybody, or break out of its table.

    Args:
        overview: The ledger, added up.
        rows: Its flat rows that are not verified, in order; a few are read.
    """
    summary, counts = overview.summary, overview.counts
    whole = summary.exit_code(counts)
    yield f"## {_MARKS['wrong' if whole else 'good']} {headline(summary, counts)}\n\n"
    yield f"{code(overview.header.subject)}, audited {overview.header.created:%Y-%m-%d %H:%M %Z} "
    yield f"by intact {overview.header.intact}.\n\n"
    yield "| verdict | objects | share |\n|---|--:|--:|\n"
    for verdict in Verdict:
        count = summary.verdicts[verdict]
        mark = f"{_MARKS[tone(verdict)]} " if count else ""
        yield f"| {mark}{verdict.value} | {count:,} | {share_name(count, summary.rows)} |\n"
    yield f"| **rows of the manifest** | **{counts.manifest_rows:,}** | |\n\n"
    yield f"{size_name(summary.verified_bytes)} verified"
    levels = [f"{summary.levels[level]:,} {level.name.lower()}" for level in LEVELS]
    yield f", by the strongest evidence: {', '.join(levels)}.\n"
    for note in counts.notes():
        yield f"\nNote: {note}.\n"
    if overview.unverified:
        yield from _unverified(overview, rows)
    yield f"\nRoot of the ledger: {code(overview.seal.root)}\n"


def _unverified(overview: Overview, rows: Iterable[Row]) -> Iterator[str]:
    yield "\n### Why\n\n| verdict | reason | objects |\n|---|---|--:|\n"
    for group in merged(overview.groups):
        if group.verdict is not Verdict.VERIFIED:
            yield f"| {group.verdict.value} | {group.reason.sentence} | {group.rows:,} |\n"
    yield "\n### Where\n\n| keys that begin with | wrong | not proven | of rows |\n"
    yield "|---|--:|--:|--:|\n"
    for prefix in overview.prefixes:
        name = code(encode_key(prefix.name)) if prefix.name else "no folder"
        yield f"| {name} | {prefix.wrong:,} | {prefix.unproven:,} | {prefix.rows:,} |\n"
    yield "\n### Objects\n\n"
    for row in picked(rows, allotted(overview.summary.verdicts, most=LISTED)):
        detail = said(row)
        yield f"- **{row['verdict']}** {code(address(row))}: {row['explanation']}"
        yield f" {code(detail)}\n" if detail else "\n"
    if overview.unverified > LISTED:
        yield f"- and {plural(overview.unverified - LISTED, 'object')} more\n"
    yield "\n### Next\n\n"
    for number, step in enumerate(next_steps(overview), 1):
        rows_of = "" if step.rows is None else f" ({plural(step.rows, 'object')})"
        yield f"{number}. {step.title}{rows_of}\n"
        for command in step.commands:
            yield f"   - {code(command)}\n"


def address(row: Row) -> str:
    """The copy that a row speaks of, URL-encoded, or the text of a row that could not be read."""
    if row["destination_bucket"] is None:
        return f"row {row['row']}: {row['row_text'] or ''}"
    bucket, key = encode_key(row["destination_bucket"]), encode_key(row["destination_key"])
    return f"s3://{bucket}/{key}"


def code(text: str) -> str:
    """A code span in which nothing is special, not even in a table."""
    inner = ascii_text(text)
    fence = "`"
    while fence in inner:
        fence += "`"
    pad = " " if "`" in inner else ""
    return f"{fence}{pad}{inner}{pad}{fence}"
