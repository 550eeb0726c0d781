"""The tasks of a distributed audit, run one after another, against the audit on one machine."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from intact.adapters.columns import columns
from intact.adapters.offline.audit import OfflineAudit
from intact.adapters.spark import pieces
from intact.adapters.spark.cutting import LOST, Lines, cut, ranges
from intact.adapters.spark.inputs import Source
from intact.audit import Absent
from intact.errors import StoreError, UsageError
from tests.adapters.inventories import COLUMNAR, rewritten
from tests.adapters.offline.worlds import World, world
from tests.adapters.spark.cluster import audited
from tests.scripted_server import got, scripted

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from intact.batch.columns import FileFormat
    from intact.s3 import ObjectRef


def alone(known: World, folder: Path) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    audit = OfflineAudit(known.subject, known.policy, known.inputs, folder=folder, buckets=4)
    tables = [pq.ParquetFile(path).read() for path, _ in audit.segments()]
    if lost := list(audit.malformed_rows()):
        tables.append(columns(lost))
    return pa.concat_tables(tables).sort_by("row").to_pylist(), asdict(audit.counts())


@pytest.mark.parametrize("seed", range(4))
def test_the_cluster_finds_what_one_machine_finds(tmp_path: Path, seed: int) -> None:
    known = world(tmp_path, seed)
    rows, counts = alone(known, tmp_path / "alone")
    assert audited(known, tmp_path / "ledger", each=1500) == (rows, counts)


@pytest.mark.parametrize("file_format", COLUMNAR)
@pytest.mark.parametrize("seed", [0, 5])
def test_executors_read_an_inventory_of_any_format(
    tmp_path: Path, seed: int, file_format: FileFormat
) -> None:
    known = world(tmp_path, seed)
    listed = [rewritten(each, file_format) for each in known.inputs.inventories]
    assert listed
    other = replace(known, inputs=replace(known.inputs, inventories=listed))
    assert audited(other, tmp_path / "other") == audited(known, tmp_path / "csv")


@pytest.mark.parametrize("seed", range(3))
def test_a_piece_that_comes_twice_counts_once(tmp_path: Path, seed: int) -> None:
    known = world(tmp_path, seed)
    once = audited(known, tmp_path / "once")
    assert audited(known, tmp_path / "twice", twice=True) == once


def test_executors_judge_by_the_rules_of_the_driver(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pieces, "version", {"intact": "0.0.1"}.__getitem__)
    with pytest.raises(UsageError, match=r"executors have intact 0\.0\.1; wanted "):
        audited(world(tmp_path, 1), tmp_path / "ledger")


class Gone:
    """A store that holds nothing."""

    def head(self, ref: ObjectRef) -> Absent:
        return Absent(detail=f"asked for {ref.key}")

    def versions(self, _ref: ObjectRef) -> list[tuple[str, datetime]]:
        return []


def test_executors_ask_a_store_of_their_own(tmp_path: Path) -> None:
    known = world(tmp_path, 1)
    known = replace(
        known, inputs=replace(known.inputs, inventories=[])
    )  # which nobody is asked for
    rows, counts = audited(known, tmp_path / "ledger", store=Gone, workers=2)
    assert len(rows) == counts["manifest_rows"]
    answers = [row["destination_object"] for row in rows if row["destination_object"]]
    assert not [answer for answer in answers if answer["withheld"]]
    asked = {f"asked for {row['destination']['key']}" for row in rows if row["destination"]}
    said = {answer["absent"] for answer in answers} - {None, "delete marker"}
    assert said
    assert said <= asked
    assert not [row for row in rows if row["verdict"] == "verified"]


@pytest.mark.parametrize("text", [b"", b"a", b"a\n", b"\n", b"\n\n", b"ab\ncd\n\nefghij\nk"])
@pytest.mark.parametrize("each", [1, 2, 3, 5, 100])
def test_ranges_hold_each_line_once(tmp_path: Path, text: bytes, each: int) -> None:
    path = tmp_path / "lines"
    path.write_bytes(text)
    source = Source(path=str(path))
    tasks = [
        Lines(source=source, start=at, end=min(at + each, len(text)), fields=())
        for at in range(0, len(text), each)
    ]
    assert b"".join(chunk for task in tasks for chunk in task.chunks()) == text
    assert sum(task.count() for task in tasks) == len(text.splitlines())


def test_a_range_that_a_server_does_not_heed_is_not_taken_for_one() -> None:
    """Each task would read the first lines, and nobody the last: as many as there should be."""
    text = b"b,1\nb,2\nb,3\nb,4\n"
    with scripted(lambda *_: [got(text)]) as server:
        source = Source(path="s3://lists/m.csv", endpoint_url=server.url, region="eu-west-1")
        tasks = ranges(source, fields=(), size=len(text), each=8)
        assert tasks[0].count() == 2
        with pytest.raises(StoreError, match="wanted the bytes from 7 on"):
            tasks[1].count()


@pytest.mark.parametrize("first", [1, 2])
def test_rows_before_a_range_are_counted_however_few(tmp_path: Path, first: int) -> None:
    path = tmp_path / "lines"
    path.write_bytes(b"\n" * first + b"b,k\n?\n")
    fields = ("Bucket", "Key")
    task = Lines(source=Source(path=str(path)), start=first, end=first + 6, fields=fields)
    made = list(cut(replace(task, before=first), buckets=1, memory_limit="256MB"))
    [lost] = [json.loads(piece.content) for piece in made if piece.name == LOST]
    assert [row["line"] for row in lost] == [first + 2]


def test_an_object_that_is_another_by_now_is_not_read() -> None:
    with scripted(lambda *_: [got(b"b,k\n")]) as server:
        source = Source(
            path="s3://lists/m.csv", etag="another", endpoint_url=server.url, region="eu-west-1"
        )
        with pytest.raises(StoreError, match="changed meanwhile"):
            list(source.chunks())
