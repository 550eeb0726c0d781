"""The join: every row of the manifest once, in order, with what the report says of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intact.adapters.duckdb import Joined, TaskJoin, machine_errors
from intact.adapters.spool import PAGE
from intact.audit import Absent, Counts, Unreadable
from intact.batch import (
    MalformedRow,
    ManifestRow,
    TaskResult,
    TaskStatus,
    read_manifest,
    read_results,
    write_manifest,
)
from intact.batch.manifest import FIELDS, VERSIONED_FIELDS, ManifestFormat
from intact.s3 import ObjectRef, encode_key

if TYPE_CHECKING:
    from pathlib import Path

KEYS = ["a b", "a+b", "%41", "日本", "n\nl", 'x,"y"', "\0", "a//b", "dir/"]


def row(key: str, *, line: int = 1, version: str | None = None) -> ManifestRow:
    source = ObjectRef(bucket="b", key=key, version_id=version)
    return ManifestRow(line=line, source=source, raw_key=encode_key(key))


def result(
    key: str, *, status: TaskStatus = TaskStatus.SUCCEEDED, version: str | None = None
) -> TaskResult:
    return TaskResult(
        bucket="b",
        raw_key=encode_key(key),
        version_id=version,
        status=status,
        http_status=None,
        error_code='"',
        message="two\r\nlines",
    )


def join(
    folder: Path, rows: list[ManifestRow | MalformedRow], results: list[TaskResult | MalformedRow]
) -> tuple[list[Joined], Counts]:
    with TaskJoin(folder) as joining:
        joining.load_manifest(rows)
        joining.load_report(results)
        joining.join()
        return list(joining.rows()), joining.counts(reported=True)


def test_every_key_finds_its_result(tmp_path: Path) -> None:
    rows = [row(key, line=line) for line, key in enumerate(KEYS, 1)]
    results = [result(key) for key in reversed(KEYS)]
    joined, counts = join(tmp_path, [*rows], [*results])
    assert joined == [Joined(row, result(row.source.key)) for row in rows]
    assert counts == Counts(
        manifest_rows=len(KEYS), report_rows=len(KEYS), succeeded_rows=len(KEYS), failed_rows=0
    )


def test_the_files_of_a_job_join_as_they_are_written(tmp_path: Path) -> None:
    lines = list(write_manifest((ObjectRef(bucket="b", key=k) for k in KEYS), fields=FIELDS))
    report = "".join(result(key).row() for key in KEYS).encode().splitlines(keepends=True)
    joined, counts = join(
        tmp_path, list(read_manifest(lines, fields=FIELDS)), list(read_results(report))
    )
    assert [task for _, task, _, _ in joined] == [result(key) for key in KEYS]
    assert counts.stray_report_rows == 0


def test_versions_of_one_key_are_told_apart(tmp_path: Path) -> None:
    failed = result("k", version="v2", status=TaskStatus.FAILED)
    joined, _ = join(
        tmp_path,
        [row("k", line=1, version="v1"), row("k", line=2, version="v2")],
        [failed, result("k", version="v1")],
    )
    assert [task for _, task, _, _ in joined] == [result("k", version="v1"), failed]


def spelled(raw_key: str, *, status: TaskStatus = TaskStatus.SUCCEEDED) -> TaskResult:
    return replace(result("k", status=status), raw_key=raw_key)


def test_a_plus_in_the_report_on_an_inventory_is_a_space(tmp_path: Path) -> None:
    with TaskJoin(tmp_path) as joining:
        joining.load_manifest([row("a b"), row("a+b", line=2)])
        joining.load_report(
            [spelled("a+b"), spelled("a%2Bb", status=TaskStatus.FAILED)],
            written=ManifestFormat.INVENTORY,
        )
        joining.join()
        tasks = [joined.task for joined in joining.rows()]
        assert tasks == [spelled("a+b"), spelled("a%2Bb", status=TaskStatus.FAILED)]
        assert joining.counts(reported=True).stray_report_rows == 0


def test_two_spellings_of_one_object_leave_its_result_in_doubt(tmp_path: Path) -> None:
    with TaskJoin(tmp_path) as joining:
        joining.load_manifest([row("a b")])
        joining.load_report([spelled("a+b"), spelled("a%20b")], written=ManifestFormat.GENERATED)
        joining.join()
        [joined] = joining.rows()
        assert isinstance(joined.task, Unreadable)


def test_a_bare_plus_in_the_report_on_a_csv_binds_to_no_object(tmp_path: Path) -> None:
    joined, counts = join(tmp_path, [row("a b"), row("a+b", line=2)], [spelled("a+b")])
    assert [type(task) for _, task, _, _ in joined] == [Unreadable, Unreadable]
    assert (counts.malformed_report_rows, counts.report_rows) == (1, 0)


def test_an_empty_version_in_the_report_on_an_inventory_is_null(tmp_path: Path) -> None:
    with TaskJoin(tmp_path) as joining:
        joining.load_manifest([row("k", version="null"), row("k", line=2, version="v")])
        joining.load_report(
            [result("k"), result("k", version="v", status=TaskStatus.FAILED)],
            written=ManifestFormat.INVENTORY,
            versioned=True,
        )
        joining.join()
        tasks = [joined.task for joined in joining.rows()]
    assert tasks == [result("k"), result("k", version="v", status=TaskStatus.FAILED)]


def test_what_a_row_carries_besides_comes_back(tmp_path: Path) -> None:
    carrying = replace(row("k"), extra=("1", "\r\n,"))
    joined, _ = join(tmp_path, [carrying], [])
    assert joined[0].row == carrying


def test_a_malformed_row_keeps_its_place_and_its_text(tmp_path: Path) -> None:
    lines = [b"b,one\n", b"b,\xff\x00\n", b'"\n', b"b,two\n"]
    rows = list(read_manifest(lines, fields=FIELDS))
    joined, counts = join(tmp_path, rows, [])
    assert [joined_row for joined_row, _, _, _ in joined] == rows
    assert counts.manifest_rows == len(lines)


def test_an_object_without_a_row_in_the_report_has_no_result(tmp_path: Path) -> None:
    joined, _ = join(tmp_path, [row("k")], [])
    assert isinstance(joined[0].task, Absent)


def test_a_malformed_row_in_the_report_may_be_anyones(tmp_path: Path) -> None:
    malformed = MalformedRow(line=1, text="?", problem="?")
    joined, counts = join(tmp_path, [row("k"), row("l", line=2)], [malformed, result("l")])
    assert isinstance(joined[0].task, Unreadable)
    assert joined[1].task == result("l")
    assert counts.malformed_report_rows == 1


def test_results_that_contradict_each_other_are_unreadable(tmp_path: Path) -> None:
    failed = result("k", status=TaskStatus.FAILED)
    joined, _ = join(tmp_path, [row("k")], [result("k"), failed])
    assert isinstance(joined[0].task, Unreadable)


def test_duplicates_and_strays_are_counted(tmp_path: Path) -> None:
    joined, counts = join(
        tmp_path, [row("k"), row("k", line=2)], [result("k"), result("k"), result("stray")]
    )
    assert [task for _, task, _, _ in joined] == [result("k"), result("k")]
    assert (counts.duplicate_rows, counts.report_rows, counts.stray_report_rows) == (1, 3, 1)
    assert counts.duplicate_report_rows == 1


def test_without_a_report_nothing_is_counted_of_it(tmp_path: Path) -> None:
    with TaskJoin(tmp_path) as joining:
        joining.load_manifest([row("k")])
        joining.join()
        assert joining.counts(reported=False) == Counts(manifest_rows=1)


@given(st.lists(st.binary(max_size=8).filter(lambda line: b"\n" not in line), max_size=5))
@settings(deadline=None, max_examples=20)
def test_no_line_is_lost(tmp_path_factory: pytest.TempPathFactory, lines: list[bytes]) -> None:
    rows = list(read_manifest(lines, fields=VERSIONED_FIELDS))
    joined, counts = join(tmp_path_factory.mktemp("join"), rows, [])
    assert [joined_row for joined_row, _, _, _ in joined] == rows
    assert counts.manifest_rows == len(lines)


def test_pages_meet_without_gap_or_overlap(tmp_path: Path) -> None:
    count = PAGE + 2
    rows = [row(str(line), line=line) for line in range(1, count + 1)]
    joined, _ = join(tmp_path, [*rows], [])
    assert [joined_row.line for joined_row, _, _, _ in joined] == list(range(1, count + 1))


@pytest.mark.parametrize(
    "error", [duckdb.IOException, duckdb.OutOfMemoryException, duckdb.TransactionException]
)
def test_a_full_disk_is_no_fault_of_the_join(error: type[Exception], tmp_path: Path) -> None:
    said = "Failed to commit: Could not write file: No space left on device\n\nPossible solutions:"
    with (
        pytest.raises(OSError, match=rf"^{tmp_path}: Failed .*No space left on device$"),
        machine_errors(tmp_path),
    ):
        raise error(said)
