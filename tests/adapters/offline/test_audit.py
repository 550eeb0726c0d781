"""The offline audit against the online path's readers and the rules themselves."""

from __future__ import annotations

import csv
import json
import os
import pickle
import subprocess
import sys
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intact.adapters.duckdb import TaskJoin
from intact.adapters.offline import slices, spooling, staging
from intact.adapters.offline.audit import STAGED, OfflineAudit
from intact.adapters.offline.inputs import Inputs, Of
from intact.adapters.offline.joining import OFFLINE, TWICE
from intact.adapters.offline.lines import CELLS, NOTHING, alone, lines_of
from intact.adapters.offline.reports import (
    COMPUTED,
    TASKS,
    computed_query,
    computed_rows,
    task_query,
    task_rows,
)
from intact.adapters.offline.slices import at_a_time, each, files_of
from intact.adapters.offline.staging import MALFORMED, TALLY, Stage
from intact.adapters.rows import records
from intact.audit import (
    Absent,
    Copy,
    Evidence,
    Record,
    Slot,
    Unreadable,
    Withheld,
    decide,
)
from intact.audit.evidence import UNLISTED
from intact.batch import MalformedRow, TaskResult, read_manifest, read_results
from intact.batch.columns import FileFormat
from intact.batch.inventory import read_inventory
from intact.errors import FormatError, UsageError
from intact.s3 import ObjectFacts, ObjectRef
from tests.adapters.inventories import needs_orc, rewritten
from tests.adapters.offline.worlds import World, world

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from intact.adapters.duckdb import Joined
    from intact.adapters.offline.inputs import InventoryInput
    from intact.audit import Counts

SEEDS = range(24)
Facts = dict[tuple[str, str, str | None], list[ObjectFacts | Absent]]


def results(parts: Sequence[Path]) -> Iterator[TaskResult | MalformedRow]:
    for part in parts:
        with part.open("rb") as lines:
            yield from read_results(lines)


def online(known: World, folder: Path) -> tuple[list[Joined], Counts]:
    """What the online audit knows before it asks S3."""
    folder.mkdir()
    inputs = known.inputs
    with TaskJoin(folder) as join:
        with inputs.manifest.open("rb") as lines:
            join.load_manifest(read_manifest(lines, fields=inputs.fields))
        if inputs.report is not None:
            join.load_report(results(inputs.report))
        for number, made in enumerate(inputs.computed):
            join.others.load_computed(
                results(made.parts), place=str(number), written=made.written, begun=made.begun
            )
        join.join(destination=known.destination.bucket, prefix=known.destination.key)
        return list(join.rows()), join.counts(reported=inputs.report is not None)


def listed(inventory: InventoryInput) -> Facts:
    found: Facts = {}
    for part in inventory.parts:
        with part.open("rb") as lines, part.open(newline="") as again:
            for row, cells in zip(
                read_inventory(lines, schema=inventory.schema), csv.reader(again), strict=True
            ):
                assert not isinstance(row, MalformedRow)
                told = dict(zip(inventory.schema, cells, strict=True))
                facts: ObjectFacts | Absent = Absent(detail="delete marker")
                if not row.delete_marker:
                    facts = ObjectFacts.from_head(_head(row.source, row.size, row.etag, told))
                key = (row.source.bucket, row.source.key)
                found.setdefault((*key, row.source.version_id), []).append(facts)
                if row.latest:
                    found.setdefault((*key, None), []).append(facts)
    return found


def _head(
    ref: ObjectRef, size: int | None, etag: str | None, told: dict[str, str]
) -> dict[str, Any]:
    sse = {"SSE-S3": "AES256"}.get(told["EncryptionStatus"])
    storage = told["StorageClass"]
    return {
        "ContentLength": size,
        "ETag": etag or "",
        "LastModified": datetime.fromisoformat(told["LastModifiedDate"]),
        "VersionId": ref.version_id,
        "ServerSideEncryption": sse,
        "StorageClass": None if storage == "STANDARD" else storage,
    }


def answer(facts: Facts | None, ref: ObjectRef) -> ObjectFacts | Absent | Unreadable | Withheld:
    if facts is None:
        return Withheld(terms=OFFLINE)
    match facts.get((ref.bucket, ref.key, ref.version_id), []):
        case []:
            return Withheld(terms=UNLISTED)
        case [one]:
            return one
        case _:
            return Unreadable(problem=TWICE)


def wanted(known: World, rows: list[Joined]) -> Iterator[Record]:
    """The records that the rules give, one by one."""
    inventories = {found.of: listed(found) for found in known.inputs.inventories}
    for row, task, said, _ in rows:
        if isinstance(row, MalformedRow):
            copy = Copy(row=row.line, source=None, destination=None, text=row.text)
            evidence = Evidence(row=Unreadable(problem=row.problem))
        else:
            there = known.subject.operation.destination(row.source)
            copy = Copy(row=row.line, source=row.source, destination=there)
            gone = copy.replaces_source
            evidence = Evidence(
                task=None if isinstance(task, Absent) and not known.policy.reported else task,
                shared=said.shared,
                source_computed=() if gone else said.source_computed,
                destination_computed=said.destination_computed,
                source=Absent() if gone else answer(inventories.get(Of.SOURCE), row.source),
                destination=answer(inventories.get(Of.DESTINATION), there),
            )
        while isinstance(step := decide(evidence, known.policy), Slot):
            change: dict[str, Any] = {step.value: Withheld(terms=OFFLINE)}
            evidence = replace(evidence, **change)
        yield Record(copy=copy, evidence=evidence, finding=step)


def found(audit: OfflineAudit) -> list[Record]:
    rows = list(audit.malformed_rows())
    for path, _ in audit.segments():
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches():
                rows.extend(records(batch))
    return sorted(rows, key=lambda record: record.copy.row)


def plain(record: Record, *, task: object = None) -> Record:
    """The same without what may differ: order, and which of several equal words was taken."""
    evidence = record.evidence
    ours = evidence.task
    if isinstance(ours, TaskResult) and isinstance(task, TaskResult):
        same = ours.source() == task.source() and ours.status is task.status
        evidence = replace(evidence, task=task if same else ours)
    return replace(
        record,
        evidence=replace(
            evidence,
            source_computed=tuple(sorted(set(evidence.source_computed), key=repr)),
            destination_computed=tuple(sorted(set(evidence.destination_computed), key=repr)),
        ),
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_every_row_has_the_evidence_and_the_finding_of_the_rules(seed: int, tmp_path: Path) -> None:
    known = world(tmp_path, seed)
    rows, counts = online(known, tmp_path / "online")
    audit = OfflineAudit(
        known.subject,
        known.policy,
        known.inputs,
        folder=tmp_path / "offline",
        buckets=3,
        packed=seed % 2 == 0,
    )
    got, want = found(audit), list(wanted(known, rows))
    assert [record.copy for record in got] == [record.copy for record in want]
    for ours, theirs in zip(got, want, strict=True):
        assert decide(ours.evidence, known.policy) == ours.finding
        assert plain(ours, task=theirs.evidence.task) == plain(theirs)
    mine = audit.counts()
    assert replace(mine, stray_computed_rows=0) == replace(counts, stray_computed_rows=0)
    assert counts.stray_computed_rows <= mine.stray_computed_rows  # one for each reading of a key


@needs_orc
@pytest.mark.parametrize("seed", [0, 5, 14, 20])
def test_an_inventory_proves_the_same_in_every_format(seed: int, tmp_path: Path) -> None:
    known = world(tmp_path, seed)
    assert known.inputs.inventories
    audits = []
    for file_format in FileFormat:
        listed = known.inputs.inventories
        if file_format is not FileFormat.CSV:
            listed = [rewritten(each, file_format) for each in listed]
        inputs = replace(known.inputs, inventories=listed)
        work = tmp_path / f"work {file_format.value}"
        audits.append(OfflineAudit(known.subject, known.policy, inputs, folder=work, buckets=2))
    assert [found(audit) for audit in audits[1:]] == [found(audits[0])] * 2
    assert [audit.counts() for audit in audits[1:]] == [audits[0].counts()] * 2


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
def test_names_that_describe_other_files_are_names(tmp_path: Path) -> None:
    plain = world(tmp_path, 5)
    odd, decoy = tmp_path / "it's [1]*?", tmp_path / "it's 1xx"
    odd.mkdir()
    decoy.mkdir()
    known = world(odd, 5)
    for part in odd.iterdir():
        (decoy / part.name).write_bytes(b"spoilt,row\n")
    audits = [
        OfflineAudit(each.subject, each.policy, each.inputs, folder=folder / "work", buckets=2)
        for each, folder in ((plain, tmp_path), (known, odd))
    ]
    assert found(audits[0]) == found(audits[1])
    assert audits[0].counts() == audits[1].counts()


ROWS = (
    "b,k/a%20b,,succeeded,200,,Successful",
    "b,k%2Fc,v1,failed,,NoSuchKey,The key, which was named, does not exist",
    (
        'b,k,,succeeded,200,,"{""checksum_base64"":""EzE3h24m+0w="",""ETag"":""69e5ba7547-2"",'
        '""checksumAlgorithm"":""CRC64NVME"",""checksumType"":""FULL_OBJECT"",'
        '""checksum_hex"":""133137876E26FB4C""}"'
    ),
    (
        'b,k,,succeeded,200,,"{""checksum_base64"":""AAAAAA\\u003d\\u003d"",""etag"":""e"",'
        '""checksumAlgorithm"":""CRC32"",""checksumType"":""FULL_OBJECT"",'
        '""checksum_hex"":""00000000""}"'
    ),
)
PIECES = ("", ",", '"', '""', "\\", "%20", "%", " ", "+", "é", "\t", "=", "0", "f", "z", "\\u0041")


@st.composite
def lines(draw: st.DrawFn) -> str:
    """A row of a report in which a few characters are others."""
    row = draw(st.sampled_from(ROWS))
    for _ in range(draw(st.integers(0, 2))):
        at = draw(st.integers(0, len(row)))
        row = row[:at] + draw(st.sampled_from(PIECES)) + row[at + draw(st.integers(0, 2)) :]
    return row


@pytest.mark.parametrize("seed", range(5))
def test_what_is_found_and_counted_does_not_depend_on_the_slices(tmp_path: Path, seed: int) -> None:
    known = world(tmp_path, seed)

    def counts(buckets: int) -> Counts:
        folder = tmp_path / f"{buckets}"
        audit = OfflineAudit(
            known.subject, known.policy, known.inputs, folder=folder, buckets=buckets
        )
        assert len(list(audit.segments())) == buckets
        return audit.counts()

    assert counts(1) == counts(40)


def test_there_are_as_many_slices_as_the_memory_needs_when_an_audit_begins(tmp_path: Path) -> None:
    known = world(tmp_path, 5)
    large = tmp_path / "large.csv"
    with large.open("wb") as file:
        file.truncate(1 << 30)  # takes no disk

    def buckets(folder: str, memory: str, *, given: int | None = None) -> int:
        return OfflineAudit(
            known.subject,
            known.policy,
            Inputs(manifest=large, fields=known.inputs.fields),
            folder=tmp_path / folder,
            buckets=given,
            memory_limit=memory,
            threads=2,
        ).buckets

    assert buckets("much", "8GB") == 2
    assert buckets("little", "1GB") == 11
    assert buckets("little", "8GB", given=5) == 11
    assert buckets("given", "1GB", given=5) == 5


def test_slices_of_another_duckdb_are_not_gone_on_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = world(tmp_path, 5)
    arguments = (known.subject, known.policy, known.inputs)
    OfflineAudit(*arguments, folder=tmp_path / "o").stage()
    monkeypatch.setattr(duckdb, "__version__", "0.1")
    with pytest.raises(UsageError, match="began to cut the inputs, and this is"):
        OfflineAudit(*arguments, folder=tmp_path / "o")


def test_what_is_staged_takes_no_more_disk(tmp_path: Path) -> None:
    known = world(tmp_path, 5)
    arguments = (known.subject, known.policy, known.inputs)
    audit = OfflineAudit(*arguments, folder=tmp_path / "o")
    audit.stage()
    assert 0 <= OfflineAudit(*arguments, folder=tmp_path / "o").disk < audit.disk


def test_many_slices_are_cut_from_more_rows_as_far_as_the_memory_goes() -> None:
    assert at_a_time(1, memory=10**9) == at_a_time(64, memory=10**9) == slices.ROWS
    assert at_a_time(100, memory=10**9) == 100 * 2048
    assert at_a_time(10_000, memory=1 << 30) == 1 << 19
    assert at_a_time(10_000, memory=1) == slices.ROWS


def by_sql(folder: Path, texts: list[str], *, end: str, of: str) -> list[dict[str, Any]]:
    """What SQL makes of lines, each a row of a report."""
    path = folder / "part"
    path.write_bytes("".join(text + end for text in texts).encode())
    columns, query = (TASKS, task_query) if of == "tasks" else (COMPUTED, computed_query)
    with duckdb.connect() as connection:
        rows = connection.sql(query(lines_of([path]), end=len(end))).fetchall()
    return [dict(zip([*columns, "odd", "size"], row, strict=True)) for row in rows]


def by_python(text: str, *, of: str) -> list[dict[str, Any]]:
    """What Python makes of one; nothing where it is malformed or goes on in the next line."""
    result = alone(text)
    if not isinstance(result, TaskResult):
        return []
    try:
        return list(task_rows(result) if of == "tasks" else computed_rows(result, written=None))
    except FormatError:
        return []


@pytest.mark.parametrize("of", ["tasks", "computed"])
@settings(deadline=None)
@given(texts=st.lists(lines(), min_size=1, max_size=40), end=st.sampled_from(["\n", "\r\n"]))
def test_what_sql_takes_a_line_for_python_takes_it_for(
    texts: list[str], end: str, of: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    got = by_sql(tmp_path_factory.mktemp("lines"), texts, end=end, of=of)
    for text, row in zip(texts, got, strict=True):
        assert row.pop("size") == len((text + end).encode())
        if (odd := row.pop("odd")) is not None:
            assert odd.partition(NOTHING)[2] == text
            continue
        if of == "computed" and row["kind"] is None:
            assert by_python(text, of=of)[0]["kind"] is None
            continue
        row["raw_key" if row.get("raw_key", "") is None else ""] = row["key"].replace(" ", "%20")
        row.pop("", None)
        assert by_python(text, of=of) == [row]


@pytest.mark.parametrize(("of", "plain"), [("tasks", [0, 4]), ("computed", [2, 3, 4])])
def test_what_s3_writes_is_left_to_sql(of: str, plain: list[int], tmp_path: Path) -> None:
    got = by_sql(tmp_path, [*ROWS, ROWS[0].replace("succeeded", "failed")], end="\n", of=of)
    assert [place for place, row in enumerate(got) if row["odd"] is None] == plain


def test_a_row_of_more_cells_than_are_told_apart_is_read_whole(tmp_path: Path) -> None:
    text = "b,k,,failed,500,Error," + "a," * CELLS
    (tmp_path / "report").write_text(f"{text}\nb,other,,succeeded,200,,Successful\n")
    stage = Stage(tmp_path / "stage", duckdb.connect(), buckets=1)
    stage.report([tmp_path / "report"])
    rows = [row for table in each(files_of(stage.folder, "report-0")) for row in table.to_pylist()]
    assert {row["key"]: row["message"] for row in rows} == {
        "k": "a," * CELLS,
        "other": "Successful",
    }


@pytest.mark.parametrize("text", [b"\xff\n", b"b,k\xff,,succeeded,200,,x\n", b"\n"])
def test_a_file_of_which_duckdb_reads_nothing_is_read_by_python(
    text: bytes, tmp_path: Path
) -> None:
    (tmp_path / "report").write_bytes(text)
    stage = Stage(tmp_path / "stage", duckdb.connect(), buckets=1)
    stage.report([tmp_path / "report"])
    assert json.loads((stage.folder / "report-0" / TALLY).read_bytes())["malformed"] == 1


@pytest.mark.parametrize("cells", range(4))
def test_a_row_of_a_manifest_is_kept_as_it_stands(cells: int, tmp_path: Path) -> None:
    text = "b" + ",k" * cells
    (tmp_path / "manifest").write_text(f"b,first\n{text}\nb,third\n")
    stage = Stage(tmp_path / "stage", duckdb.connect(), buckets=1)
    stage.manifest(tmp_path / "manifest", fields=("Bucket", "Key"))
    lost = (stage.folder / "manifest" / MALFORMED).read_text().splitlines()
    assert [json.loads(line)["text"] for line in lost] == ([] if cells == 1 else [text])


def test_rows_that_cannot_be_read_come_in_their_order(tmp_path: Path) -> None:
    known = world(tmp_path, 5)
    manifest = tmp_path / "odd.csv"
    manifest.write_bytes(b"b,first\nb,too,many,cells\nb,\xff\nb,plus+\n\nb,last\n")
    inputs = replace(known.inputs, manifest=manifest, fields=("Bucket", "Key"))
    audit = OfflineAudit(known.subject, known.policy, inputs, folder=tmp_path / "o", buckets=2)
    assert [record.copy.row for record in audit.malformed_rows()] == [2, 3, 4, 5]


KILLED = """
import pickle, sys
from pathlib import Path
from intact.adapters.offline.audit import OfflineAudit
subject, policy, inputs, folder = pickle.loads(Path(sys.argv[1]).read_bytes())
for path, found in OfflineAudit(subject, policy, inputs, folder=folder, buckets=16).segments():
    print(path.stem, flush=True)
"""


def test_what_a_kill_leaves_is_gone_on_with(tmp_path: Path) -> None:
    known = world(tmp_path, 5)
    arguments = (known.subject, known.policy, known.inputs, tmp_path / "killed")
    (tmp_path / "arguments").write_bytes(pickle.dumps(arguments))
    command = [sys.executable, "-c", KILLED, str(tmp_path / "arguments")]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:  # noqa: S603 - this Python
        assert process.stdout is not None
        for _ in range(4):
            assert process.stdout.readline()
        process.kill()
    notes = (tmp_path / "killed").rglob("?.json")
    kept = {file: file.stat().st_mtime_ns for file in (n.with_suffix(".parquet") for n in notes)}
    assert kept
    again = OfflineAudit(*arguments[:3], folder=tmp_path / "killed", buckets=16)
    whole = OfflineAudit(*arguments[:3], folder=tmp_path / "whole", buckets=16)
    assert found(again) == found(whole)
    assert again.counts() == whole.counts()
    assert {file: file.stat().st_mtime_ns for file in kept} == kept


def test_copies_that_were_half_staged_are_staged_anew(tmp_path: Path) -> None:
    known = world(tmp_path, 14)
    first = OfflineAudit(known.subject, known.policy, known.inputs, folder=tmp_path / "o")
    wanted = found(first)
    whole = tmp_path / "o" / STAGED / "computed1-copies"
    assert list(whole.rglob("*.arrow"))
    whole.rename(whole.with_name(f"{whole.name}.partial"))
    for slice_ in (tmp_path / "o" / "slices").iterdir():
        slice_.unlink()
    again = OfflineAudit(known.subject, known.policy, known.inputs, folder=tmp_path / "o")
    assert found(again) == wanted


@pytest.mark.parametrize("message", ['"said ""no""\n{}\n"', 'said "no"\n{}\n', '"open\n{}\n'])
def test_a_row_within_a_message_is_no_evidence(message: str, tmp_path: Path) -> None:
    row = "sources,forged,,succeeded,200,,Successful"
    (tmp_path / "report").write_text("sources,a,,failed,200,Error," + message.format(row) + "\n")
    stage = Stage(tmp_path / "stage", duckdb.connect(), buckets=2)
    stage.report([tmp_path / "report"])
    keys = []
    for table in each(files_of(stage.folder, "report-0")):
        keys += table["key"].to_pylist()
    with (tmp_path / "report").open("rb") as lines:
        read = [one.raw_key for one in read_results(lines) if isinstance(one, TaskResult)]
    assert sorted(keys) == sorted(read)
    assert "forged" not in read or message.startswith("said")


def test_an_empty_manifest_proves_nothing(tmp_path: Path) -> None:
    manifest = tmp_path / "manifest.csv"
    manifest.touch()
    stage = Stage(tmp_path / "stage", duckdb.connect(), buckets=2)
    with pytest.raises(FormatError, match="has no rows, so nothing is proven"):
        stage.manifest(manifest, fields=("Bucket", "Key"))


@pytest.mark.parametrize("part", [1 << 20, spooling.PART])
def test_rows_keep_their_numbers_however_many_are_cut_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: int
) -> None:
    monkeypatch.setattr(spooling, "PART", part)
    rows = 2 * slices.ROWS + 1000
    manifest = tmp_path / "manifest.csv"
    with manifest.open("w") as file:
        file.writelines(
            f"b,{'k' * 90}{line}{',' * (line % 50_000 == 0)}\n" for line in range(1, rows)
        )
    stage = Stage(tmp_path / "stage", duckdb.connect(config={"threads": 4}), buckets=3)
    stage.manifest(manifest, fields=("Bucket", "Key"))
    lost = (stage.folder / "manifest" / MALFORMED).read_text().splitlines()
    found = [json.loads(line)["line"] for line in lost]
    assert found == list(range(50_000, rows, 50_000))
    for table in each(files_of(stage.folder, "manifest")):
        lines = table["line"].to_pylist()
        assert table["key"].to_pylist() == [f"{'k' * 90}{line}" for line in lines]
        found += lines
    assert sorted(found) == list(range(1, rows))


def test_lines_that_duckdb_numbers_otherwise_end_the_audit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = tmp_path / "manifest.csv"
    manifest.write_bytes(b"b,first\nb,second\nb,third\n")
    stage = Stage(tmp_path / "stage", duckdb.connect(), buckets=2)
    query = staging._manifest_query  # noqa: SLF001 - the reader that is to lie
    monkeypatch.setattr(
        staging, "_manifest_query", lambda *given: f"{query(*given)} WHERE key <> 'second'"
    )
    with pytest.raises(AssertionError, match="staged as"):
        stage.manifest(manifest, fields=("Bucket", "Key"))
