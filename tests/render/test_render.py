"""What people are shown of a ledger, whatever its keys hold."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from intact.adapters.ledger import LedgerReader
from intact.audit import Counts, Evidence, Finding, Reason, Record, Summary, Unreadable, Verdict
from intact.render.table import explain, finding_lines, subject, verdict_table
from intact.render.words import headline
from tests.ledgers import GOLDEN
from tests.worlds import COPY, DESTINATION

if TYPE_CHECKING:
    from rich.table import Table


def record(*, key: str = "k", problem: str = "") -> Record:
    return Record(
        copy=replace(COPY, destination=replace(DESTINATION, key=key)),
        evidence=Evidence(destination=Unreadable(problem=problem)),
        finding=Finding(verdict=Verdict.UNCHECKED, reason=Reason.DESTINATION_UNREADABLE),
    )


def golden() -> tuple[LedgerReader, Summary]:
    reader = LedgerReader(GOLDEN)
    return reader, reader.summary()


def shown(table: Table) -> str:
    console = Console(width=200)
    with console.capture() as capture:
        console.print(table)
    return capture.get()


def test_the_verdict_table_has_every_verdict_and_the_total() -> None:
    _, summary = golden()
    text = shown(verdict_table(summary))
    for verdict in Verdict:
        assert re.search(rf"{verdict.value}\W+{summary.verdicts[verdict]}\b", text)
    assert re.search(rf"rows of the manifest\W+{summary.rows}\b", text)


def test_a_finding_names_the_object_and_the_reason() -> None:
    reader, _ = golden()
    for entry in reader.records():
        text = finding_lines(entry).plain
        assert text.startswith(entry.finding.verdict.value)
        assert subject(entry) in text
        assert entry.finding.reason.sentence in text


@given(st.text(), st.text())
def test_no_key_and_no_message_reaches_the_terminal_raw(key: str, problem: str) -> None:
    entry = record(problem=problem, key=key.encode("utf-8", "ignore").decode())
    assert subject(entry).isprintable()
    assert explain(entry).isprintable()
    assert subject(entry).isascii()


def test_a_task_that_failed_is_explained_by_its_error() -> None:
    reader, _ = golden()
    failed = [r for r in reader.records() if r.finding.reason is Reason.OLDER_OBJECT]
    assert "NoSuchKey" in explain(failed[0])


def test_a_malformed_row_is_shown_by_its_text() -> None:
    reader, _ = golden()
    malformed = [r for r in reader.records() if r.copy.destination is None]
    assert subject(malformed[0]) == ascii(malformed[0].copy.text)


def test_the_headline_tells_the_three_ends_apart() -> None:
    good, bad = Summary(), Summary()
    good.verdicts[Verdict.VERIFIED] = 1000
    bad.verdicts[Verdict.MISSING] = 2
    bad.verdicts[Verdict.UNCHECKED] = 3
    assert headline(good, Counts(manifest_rows=1000)) == "All 1,000 objects are verified."
    wanted = "Of 5 objects 2 are wrong and 3 are not proven."
    assert headline(bad, Counts(manifest_rows=5)) == wanted
    assert "does not add up" in headline(good, Counts(manifest_rows=1001))
