"""The tasks of a distributed audit, run one after another, against the audit on one machine."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from intact.adapters.columns import columns
from intact.adapters.offline.audit import OfflineAudit
from intact.adapters.spark.cutting import Lines
from intact.adapters.spark.inputs import Source
from intact.audit import Absent
from tests.adapters.inventories import COLUMNAR, rewritten
from tests.adapters.offline.worlds import World, world
from tests.adapters.spark.cluster import audited

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
