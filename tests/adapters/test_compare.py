"""Two audits side by side; the shards of one made whole."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from intact.adapters.compare import Change, differences, merge
from intact.adapters.ledger import LedgerReader
from intact.adapters.verify import problems
from intact.adapters.writing import LedgerWriter
from intact.audit import Counts, Finding, Level, Reason, Verdict
from intact.errors import FormatError, UsageError
from tests.ledgers import GOLDEN, HEADER, OTHER, many, written

if TYPE_CHECKING:
    from pathlib import Path

    from intact.audit import Record

RECORDS = many(9)
READ = Finding(verdict=Verdict.VERIFIED, reason=Reason.EQUAL, level=Level.READ)
FOUND = [record.finding for record in RECORDS]


def said(finding: Finding) -> tuple[str, str, str]:
    return finding.verdict.value, finding.reason.value, finding.level.name.lower()


def compared(tmp_path: Path, before: list[Record], after: list[Record]) -> list[Change]:
    one, other = written(tmp_path / "a", before), written(tmp_path / "b", after)
    return list(differences(one, other))


def test_a_ledger_does_not_differ_from_itself() -> None:
    assert list(differences(LedgerReader(GOLDEN), LedgerReader(GOLDEN))) == []


def test_a_finding_that_changed_is_a_difference(tmp_path: Path) -> None:
    assert FOUND[3] != READ
    after = [*RECORDS[:3], replace(RECORDS[3], finding=READ), *RECORDS[4:]]
    [change] = compared(tmp_path, RECORDS, after)
    assert change == Change(
        destination=RECORDS[3].copy.destination,
        text="",
        before=said(FOUND[3]),
        after=said(READ),
        row=4,
    )


def test_a_level_that_changed_is_a_difference(tmp_path: Path) -> None:
    [before] = [r for r in RECORDS if r.finding.level is Level.RECORDED][:1]
    after = replace(before, finding=replace(before.finding, level=Level.READ))
    [change] = compared(tmp_path, [before], [after])
    assert change.before == said(before.finding)
    assert change.after == said(after.finding)


def test_added_and_dropped_objects_are_named(tmp_path: Path) -> None:
    [dropped, added] = compared(tmp_path, RECORDS[:-1], RECORDS[1:])
    assert (dropped.before, dropped.after) == (said(FOUND[0]), None)
    assert (added.before, added.after) == (None, said(FOUND[-1]))


def test_rows_that_moved_are_the_same_objects(tmp_path: Path) -> None:
    moved = [replace(r, copy=replace(r.copy, row=10 - r.copy.row)) for r in reversed(RECORDS)]
    assert compared(tmp_path, RECORDS, moved) == []


def test_objects_that_stand_twice_are_compared_in_order(tmp_path: Path) -> None:
    twice = [RECORDS[0], replace(RECORDS[0], copy=replace(RECORDS[0].copy, row=2), finding=READ)]
    again = [twice[0], replace(twice[1], finding=FOUND[1])]
    [change] = compared(tmp_path, twice, again)
    assert (change.before, change.after, change.row) == (said(READ), said(FOUND[1]), 2)


def test_a_malformed_row_is_known_by_its_text(tmp_path: Path) -> None:
    [malformed] = [r for r in RECORDS if r.copy.destination is None]
    odd = replace(malformed, copy=replace(malformed.copy, text="\udcff\n"))
    changes = compared(tmp_path, [malformed], [odd])
    assert {change.text for change in changes} == {malformed.copy.text, odd.copy.text}
    assert {change.destination for change in changes} == {None}


def test_an_empty_ledger_lacks_everything(tmp_path: Path) -> None:
    assert len(compared(tmp_path, [], RECORDS)) == len(RECORDS)


def test_shards_become_one_ledger(tmp_path: Path) -> None:
    records = many(30)
    shards = [written(tmp_path / str(n), records[n::3], segment=4) for n in range(3)]
    merge(tmp_path / "whole", shards)
    whole = LedgerReader(tmp_path / "whole")
    assert list(whole.records()) == records
    assert whole.counts == Counts(manifest_rows=30, report_rows=3)
    assert list(problems(whole.path)) == []


def test_counts_of_the_whole_job_are_not_added_up(tmp_path: Path) -> None:
    shards = []
    for number, records in enumerate((many(9)[:5], many(9)[5:])):
        with LedgerWriter(tmp_path / f"{number}", HEADER) as writer:
            for record in records:
                writer.append(record)
            rows = len(records)
            writer.seal(Counts(manifest_rows=rows, tasks=9, ended_early=bool(number)))
        shards.append(LedgerReader(tmp_path / f"{number}"))
    merge(tmp_path / "whole", shards)
    counts = LedgerReader(tmp_path / "whole").counts
    assert counts == Counts(manifest_rows=9, tasks=9, ended_early=True)


def test_the_counts_of_one_shard_stay(tmp_path: Path) -> None:
    merge(tmp_path / "whole", [LedgerReader(GOLDEN)])
    assert LedgerReader(tmp_path / "whole").counts == LedgerReader(GOLDEN).counts


def test_overlapping_shards_are_refused_and_leave_no_sealed_ledger(tmp_path: Path) -> None:
    shards = [written(tmp_path / "a", many(5)), written(tmp_path / "b", many(5, first=5))]
    with pytest.raises(UsageError, match="row 5 stands in more than one"):
        merge(tmp_path / "whole", shards)
    assert not (tmp_path / "whole").exists()
    assert len(list(tmp_path.iterdir())) == 2


def test_what_was_changed_behind_its_seal_is_not_sealed_anew(tmp_path: Path) -> None:
    shard = written(tmp_path / "a", many(5))
    [file] = shard.files()
    table = pq.read_table(file)
    place = table.schema.get_field_index("verdict")
    verified = pa.array(["verified"] * len(table), pa.string())
    pq.write_table(table.set_column(place, table.schema.field(place), verified), file)
    with pytest.raises(FormatError, match="was changed, rows 1 to 5"):
        merge(tmp_path / "whole", [shard])
    assert not (tmp_path / "whole").exists()


def test_a_verdict_that_does_not_follow_is_not_sealed_anew(tmp_path: Path) -> None:
    shard = written(tmp_path / "a", [*RECORDS[:3], replace(RECORDS[3], finding=READ)])
    with pytest.raises(FormatError, match="verdict on row 4 does not follow"):
        merge(tmp_path / "whole", [shard])


def test_a_ledger_is_not_merged_into_another(tmp_path: Path) -> None:
    reader = written(tmp_path / "a", many(5))
    with pytest.raises(UsageError, match="exists already"):
        merge(tmp_path / "a", [reader])


def test_shards_of_different_audits_are_refused(tmp_path: Path) -> None:
    shards = [
        written(tmp_path / "a", many(5)),
        written(tmp_path / "b", many(5, first=6), header=OTHER),
    ]
    with pytest.raises(UsageError, match="reported is"):
        merge(tmp_path / "whole", shards)


def test_one_shard_does_not_make_up_for_what_another_lacks(tmp_path: Path) -> None:
    shards = []
    for name, rows in (("surplus", many(3)), ("lacking", many(1, first=4))):
        with LedgerWriter(tmp_path / name, HEADER) as writer:
            for record in rows:
                writer.append(record)
            writer.seal(Counts(manifest_rows=2))
        shards.append(LedgerReader(tmp_path / name))
    with pytest.raises(UsageError, match="surplus: has 3 verdicts for 2 rows"):
        merge(tmp_path / "whole", shards)
    with pytest.raises(UsageError, match="lacking: has 1 verdicts for 2 rows"):
        merge(tmp_path / "whole", shards[1:])
