"""The offline audit against the online path's readers and the rules themselves."""

from __future__ import annotations

import csv
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest

from intact.adapters.duckdb import TaskJoin
from intact.adapters.offline.audit import OfflineAudit
from intact.adapters.offline.inputs import Of
from intact.adapters.offline.joining import OFFLINE, TWICE, UNLISTED
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
from intact.batch import MalformedRow, read_manifest, read_results
from intact.batch.inventory import read_inventory
from intact.s3 import ObjectFacts, ObjectRef
from tests.adapters.offline.worlds import World, world

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from intact.adapters.duckdb import Joined
    from intact.adapters.offline.inputs import InventoryInput
    from intact.audit import Counts

SEEDS = range(24)
Facts = dict[tuple[str, str, str | None], list[ObjectFacts | Absent]]


def results(parts: Any) -> Iterator[Any]:
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


def _head(ref: ObjectRef, size: int | None, etag: str | None, told: dict[str, str]) -> Any:
    from datetime import datetime

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


def answer(facts: Facts | None, ref: ObjectRef) -> Any:
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
    for row, task, said in rows:
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


def plain(record: Record) -> Record:
    """The same without what may differ: order, and which of several equal words was taken."""
    evidence = record.evidence
    sort = lambda rows: tuple(sorted(set(rows), key=repr))  # noqa: E731
    return replace(
        record,
        evidence=replace(
            evidence,
            source_computed=sort(evidence.source_computed),
            destination_computed=sort(evidence.destination_computed),
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
        ours, theirs = plain(ours), plain(theirs)
        if ours.evidence.task != theirs.evidence.task:
            one, other = ours.evidence.task, theirs.evidence.task
            assert one.source() == other.source() and one.status is other.status
            ours = replace(ours, evidence=replace(ours.evidence, task=other))
        assert ours == theirs
    mine = audit.counts()
    assert replace(mine, stray_computed_rows=0) == replace(counts, stray_computed_rows=0)
    assert counts.stray_computed_rows <= mine.stray_computed_rows  # one for each reading of a key
