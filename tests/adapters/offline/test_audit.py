"""The offline audit against the online path's readers and the rules themselves."""

from __future__ import annotations

import csv
import pickle
import subprocess
import sys
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow.parquet as pq
import pytest

from intact.adapters.duckdb import TaskJoin
from intact.adapters.offline import staging
from intact.adapters.offline.audit import OfflineAudit
from intact.adapters.offline.inputs import Of
from intact.adapters.offline.joining import OFFLINE, TWICE, UNLISTED
from intact.adapters.offline.staging import Stage
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
from intact.batch import MalformedRow, TaskResult, read_manifest, read_results
from intact.batch.inventory import read_inventory
from intact.errors import FormatError
from intact.s3 import ObjectFacts, ObjectRef
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
        known.subject, known.policy, known.inputs, folder=tmp_path / "offline", buckets=3
    )
    got, want = found(audit), list(wanted(known, rows))
    assert [record.copy for record in got] == [record.copy for record in want]
    for ours, theirs in zip(got, want, strict=True):
        assert decide(ours.evidence, known.policy) == ours.finding
        assert plain(ours, task=theirs.evidence.task) == plain(theirs)
    mine = audit.counts()
    assert replace(mine, stray_computed_rows=0) == replace(counts, stray_computed_rows=0)
    assert counts.stray_computed_rows <= mine.stray_computed_rows  # one for each reading of a key


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
    kept = {file: file.stat().st_mtime_ns for file in (tmp_path / "killed").rglob("?.parquet")}
    assert kept
    again = OfflineAudit(*arguments[:3], folder=tmp_path / "killed", buckets=16)
    whole = OfflineAudit(*arguments[:3], folder=tmp_path / "whole", buckets=16)
    assert found(again) == found(whole)
    assert again.counts() == whole.counts()
    assert {file: file.stat().st_mtime_ns for file in kept} == kept


@pytest.mark.parametrize("message", ['"said ""no""\n{}\n"', 'said "no"\n{}\n', '"open\n{}\n'])
def test_a_row_within_a_message_is_no_evidence(message: str, tmp_path: Path) -> None:
    row = "sources,forged,,succeeded,200,,Successful"
    (tmp_path / "report").write_text("sources,a,,failed,200,Error," + message.format(row) + "\n")
    stage = Stage(tmp_path / "stage", duckdb.connect(), buckets=2)
    stage.report([tmp_path / "report"])
    keys = []
    for file in stage.folder.glob("report-0/*/*/*.parquet"):
        rows = pq.ParquetFile(file).read().to_pylist()
        keys += [row["key"] for row in rows if row["odd"] is None]
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


def test_lines_that_duckdb_numbers_otherwise_end_the_audit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = tmp_path / "manifest.csv"
    manifest.write_bytes(b"b,first\nb,second\nb,third\n")
    stage = Stage(tmp_path / "stage", duckdb.connect(), buckets=2)
    query = staging._manifest_query  # noqa: SLF001 - the reader that is to lie
    monkeypatch.setattr(
        staging, "_manifest_query", lambda *given: f"{query(*given)} WHERE line <> 2"
    )
    with pytest.raises(AssertionError, match="staged as"):
        stage.manifest(manifest, fields=("Bucket", "Key"))
