"""The tasks of a distributed audit, run one after another, against the audit on one machine."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, cast

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from intact.adapters.columns import columns
from intact.adapters.ledger import LedgerReader
from intact.adapters.offline.audit import OfflineAudit
from intact.adapters.spark import pieces
from intact.adapters.spark.cutting import LOST, Lines, cut, ranges
from intact.adapters.spark.inputs import Source
from intact.adapters.spark.job import SparkAudit
from intact.adapters.spark.sizes import Shape
from intact.audit import Absent
from intact.errors import StoreError, UsageError
from tests.adapters.inventories import COLUMNAR, rewritten
from tests.adapters.offline.worlds import World, world
from tests.adapters.spark.cluster import Cluster, Context, Place, audited
from tests.scripted_server import got, scripted

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

    from pyspark.sql import SparkSession

    from intact.batch.columns import FileFormat
    from intact.s3 import ObjectRef
    from tests.adapters.spark.cluster import Row


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


class Narrow(SparkAudit):
    """An audit whose slices are many times larger than its memory."""

    def _shape(self, sizes: Mapping[Source, int]) -> Shape:
        return replace(super()._shape(sizes), memory=20_000)


@pytest.mark.parametrize(("seed", "buckets"), [(0, 1), (1, 1), (1, 3), (3, 3)])
def test_a_slice_larger_than_the_memory_is_judged_in_parts(
    tmp_path: Path, seed: int, buckets: int
) -> None:
    known = world(tmp_path, seed)
    wide = audited(known, tmp_path / "wide")
    narrow = audited(known, tmp_path / "narrow", kind=Narrow, buckets=buckets, twice=True)
    assert narrow == wide


def test_what_is_not_given_is_chosen(tmp_path: Path) -> None:
    known = world(tmp_path, 2)
    wide = audited(known, tmp_path / "wide")
    assert audited(known, tmp_path / "chosen", buckets=None, each=None) == wide


def test_a_segment_has_no_more_rows_than_the_memory_allows(tmp_path: Path) -> None:
    known = world(tmp_path, 3)
    rows, _ = audited(known, tmp_path / "ledger", kind=Narrow)
    segments = [pq.read_metadata(file) for file in LedgerReader(tmp_path / "ledger").files()]
    assert max(segment.num_rows for segment in segments) <= 20_000 // 3072
    assert sum(segment.num_rows for segment in segments) == len(rows)


@pytest.mark.parametrize("keep", [False, True])
def test_a_run_removes_its_own_folder_alone(tmp_path: Path, *, keep: bool) -> None:
    known, cluster = world(tmp_path, 0), Cluster(twice=False)
    others: dict[str, list[Row]] = {"the work/intact-other/manifest": [], "the work/mine": []}
    cluster.files |= others
    spark = cast("SparkSession", cluster)
    audited(known, tmp_path / "ledger", spark=spark, keep=keep)
    kept = cluster.files.keys() - others.keys()
    assert others.keys() <= cluster.files.keys()
    assert bool(kept) == keep
    assert len({path.split("/")[1] for path in kept}) == keep


class Silent(Place):
    """A folder that stays without a word."""

    def delete(self, place: Place, _recursive: bool) -> None:  # noqa: FBT001 - Hadoop's
        """Do nothing."""


class Lasting(Place):
    """A folder that may not be removed."""

    def delete(self, place: Place, _recursive: bool) -> None:  # noqa: FBT001 - Hadoop's
        raise PermissionError(f"no DeleteObject on {place.path}\n\tat org.apache.hadoop")


@pytest.mark.parametrize(
    ("kind", "why"),
    [(Silent, "removed"), (Lasting, "removed: no DeleteObject on the work/intact-")],
)
def test_a_folder_that_stays_is_told(tmp_path: Path, kind: type[Place], why: str) -> None:
    cluster = Cluster(twice=False)
    cluster.sparkContext = Context(cluster, kind=kind)
    known = world(tmp_path, 0)
    with pytest.raises(AssertionError, match=rf"the work/intact-\w+ could not be {why}"):
        audited(known, tmp_path / "ledger", spark=cast("SparkSession", cluster))
    assert LedgerReader(tmp_path / "ledger").counts.manifest_rows


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
    shape = Shape(buckets=1, each=6, memory=1 << 28)
    made = list(cut(replace(task, before=first), shape=shape, memory_limit="256MB"))
    [lost] = [json.loads(piece.content) for piece in made if piece.name == LOST]
    assert [row["line"] for row in lost] == [first + 2]


def test_an_object_that_is_another_by_now_is_not_read() -> None:
    with scripted(lambda *_: [got(b"b,k\n")]) as server:
        source = Source(
            path="s3://lists/m.csv", etag="another", endpoint_url=server.url, region="eu-west-1"
        )
        with pytest.raises(StoreError, match="changed meanwhile"):
            list(source.chunks())
