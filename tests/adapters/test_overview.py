"""What a ledger adds up to."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intact.adapters.ledger import LedgerReader
from intact.adapters.overview import PREFIXES, bar_width, overview
from intact.audit import BytesRead, Policy, Verdict
from intact.audit.ledger import FINDINGS
from intact.errors import FormatError
from intact.s3 import ObjectFacts
from tests.ledgers import GOLDEN, RECORDS, copied, written
from tests.pages import JOB, ledger
from tests.worlds import BEGIN, END

if TYPE_CHECKING:
    from pathlib import Path

WRONG = next(r for r in RECORDS if r.finding.verdict is Verdict.MISMATCHED)


def named(*keys: str, after: timedelta = timedelta(minutes=1)) -> list:  # type: ignore[type-arg]
    facts = WRONG.evidence.destination
    assert isinstance(facts, ObjectFacts)
    assert WRONG.copy.destination is not None
    evidence = replace(WRONG.evidence, destination=replace(facts, last_modified=BEGIN + after))
    return [
        replace(
            WRONG,
            copy=replace(WRONG.copy, row=row, destination=replace(WRONG.copy.destination, key=key)),
            evidence=evidence,
        )
        for row, key in enumerate(keys, 1)
    ]


def test_groups_prefixes_and_bars_add_up_to_the_summary(tmp_path: Path) -> None:
    found = overview(ledger(tmp_path / "ledger", good=300, bad=100, hostile=6))
    verdicts = Counter[Verdict]()
    for group in found.groups:
        verdicts[group.verdict] += group.rows
    assert verdicts == found.summary.verdicts
    listed = sum(prefix.wrong + prefix.unproven for prefix in found.prefixes)
    assert listed + found.elsewhere == found.unverified
    assert found.timeline is not None
    bars = found.timeline.bars
    written_ = sum(bar.verified + bar.wrong + bar.unproven for bar in bars)
    records = ledger(tmp_path / "again", good=300, bad=100, hostile=6).records()
    facts = [r for r in records if isinstance(r.evidence.destination, ObjectFacts)]
    assert written_ + found.timeline.before + found.timeline.after == len(facts)


def test_what_was_asked_is_what_was_answered() -> None:
    asked = overview(LedgerReader(GOLDEN)).asked
    slots = [slot for r in RECORDS for slot in (r.evidence.source, r.evidence.destination)]
    assert asked.objects == len([slot for slot in slots if slot is not None])
    reads = [r.evidence.destination_bytes for r in RECORDS] + [
        r.evidence.source_bytes for r in RECORDS
    ]
    read = [slot for slot in reads if isinstance(slot, BytesRead)]
    assert (asked.reads, asked.size) == (len(read), sum(slot.size for slot in read))


def test_prefixes_are_as_deep_as_few_remain(tmp_path: Path) -> None:
    keys = [f"a/{n % 3}/deep/{n}/key" for n in range(40)]
    found = overview(written(tmp_path / "deep", named(*keys)))
    assert {prefix.name for prefix in found.prefixes} == {"a/0/deep/", "a/1/deep/", "a/2/deep/"}
    many = [f"{n}/key" for n in range(40)] + ["7/again"]
    found = overview(written(tmp_path / "wide", named(*many)))
    assert len(found.prefixes) == PREFIXES
    assert found.prefixes[0].name == "7/"
    assert found.elsewhere == 41 - 2 - (PREFIXES - 1)


def test_what_was_written_outside_the_window_is_counted(tmp_path: Path) -> None:
    early, late = timedelta(days=-300), END - BEGIN + timedelta(days=1)
    rows = [*named("k", after=early), *named("k", "k", after=late)[1:]]
    found = overview(written(tmp_path / "ledger", rows)).timeline
    assert found is not None
    assert (found.before, found.after) == (1, 1)
    assert sum(bar.wrong for bar in found.bars) == 0


def test_without_a_window_the_bars_span_all(tmp_path: Path) -> None:
    header = replace(JOB, policy=Policy(reported=False, versioned=False))
    late = named("k", "k", after=timedelta(days=400))[1:]
    found = overview(written(tmp_path / "ledger", [*named("k"), *late], header=header)).timeline
    assert found is not None
    assert found.window is None
    assert sum(bar.wrong for bar in found.bars) == 2
    assert found.bars[0].wrong == found.bars[-1].wrong == 1


def test_an_empty_ledger_adds_up_to_nothing(tmp_path: Path) -> None:
    found = overview(written(tmp_path / "empty", []))
    assert (found.groups, found.prefixes, found.timeline, found.unverified) == ([], [], None, 0)


@given(st.integers(0, 10**10))
def test_bars_are_neither_too_many_nor_without_need_wide(span: int) -> None:
    width = bar_width(span)
    assert span / width < 60
    assert width == 1 or span / width > 10


def test_a_damaged_segment_is_an_error(tmp_path: Path) -> None:
    torn = copied(tmp_path / "ledger")
    for file in (torn / FINDINGS).iterdir():
        file.write_bytes(b"PAR1")
    with pytest.raises(FormatError, match="ledger"):
        overview(LedgerReader(torn))
