"""Files of an inventory in ORC and Parquet: what they do not say for certain is refused by name."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from intact.adapters import columnar
from intact.adapters.columnar import inventory_batches
from intact.adapters.orc import writer_zones
from intact.batch.columns import COLUMNS, FileFormat
from intact.errors import FormatError, UsageError
from tests.adapters.inventories import COLUMNAR, Row, needs_orc, table, write_rows

if TYPE_CHECKING:
    from pathlib import Path

KNOWN = tuple(known for known, _ in COLUMNS.values())
MOMENT = datetime(2026, 11, 22, 3, 0, 0, 7000, tzinfo=UTC)
GOOD: Row = {
    "bucket": "b",
    "key": "k %20+",
    "version_id": None,
    "is_latest": True,
    "is_delete_marker": False,
    "size": 3,
    "last_modified_date": MOMENT,
    "e_tag": "e",
    "storage_class": "STANDARD",
    "encryption_status": "SSE-S3",
}
MARKER = GOOD | {"is_delete_marker": True, "size": None, "e_tag": None, "storage_class": None}


def read(path: Path, file_format: FileFormat, *, rows: int = 2) -> list[Row]:
    batches = inventory_batches(path, file_format=file_format, schema=KNOWN, rows=rows)
    return [row for batch in batches for row in batch.to_pylist()]


def write(path: Path, content: pa.Table, file_format: FileFormat, **how: Any) -> Path:  # noqa: ANN401 - options
    if file_format is FileFormat.PARQUET:
        pq.write_table(content, path, **how)
    else:
        from pyarrow import orc  # noqa: PLC0415 - not in every build

        orc.write_table(content, path, **how)
    return path


def replaced(name: str, column: pa.Array, *, naive: bool = False) -> pa.Table:
    """A table of one good row in which one column is another."""
    content = table([GOOD], tuple(COLUMNS), naive=naive)
    return content.set_column(content.schema.get_field_index(name), name, column)


@pytest.mark.parametrize("file_format", COLUMNAR)
def test_every_row_is_read_a_few_at_a_time(file_format: FileFormat, tmp_path: Path) -> None:
    rows = [(MARKER if n % 3 == 0 else GOOD) | {"key": f"é{n}"} for n in range(50)]
    path = write_rows(tmp_path / "rows", rows, tuple(COLUMNS), file_format)
    batches = list(inventory_batches(path, file_format=file_format, schema=KNOWN, rows=4))
    assert max(batch.num_rows for batch in batches) <= 4
    assert [row for batch in batches for row in batch.to_pylist()] == rows


@pytest.mark.parametrize("file_format", COLUMNAR)
def test_more_columns_are_not_read(file_format: FileFormat, tmp_path: Path) -> None:
    content = table([GOOD], tuple(COLUMNS), naive=file_format is FileFormat.ORC)
    content = content.append_column("object_owner", pa.array(["me"]))
    assert read(write(tmp_path / "rows", content, file_format), file_format) == [GOOD]


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
@pytest.mark.parametrize("zone", ["UTC", "America/New_York"])
def test_a_moment_of_any_precision_and_zone_is_that_moment(
    unit: str, zone: str, tmp_path: Path
) -> None:
    local = pa.array([MOMENT], pa.timestamp(unit, zone))
    path = write(tmp_path / "rows", replaced("last_modified_date", local), FileFormat.PARQUET)
    assert read(path, FileFormat.PARQUET) == [GOOD]


@pytest.mark.parametrize("file_format", COLUMNAR)
def test_a_moment_between_microseconds_is_not_rounded(
    file_format: FileFormat, tmp_path: Path
) -> None:
    fine = pa.array([1_700_000_000_000_000_001], pa.timestamp("ns", "UTC"))
    path = write(tmp_path / "rows", replaced("last_modified_date", fine), file_format)
    with pytest.raises(FormatError, match=r"column last_modified_date: .* lose data"):
        read(path, file_format)


@pytest.mark.parametrize("how", [{}, {"use_deprecated_int96_timestamps": True}], ids=str)
def test_parquet_whose_moments_have_no_zone_is_refused(
    how: dict[str, bool], tmp_path: Path
) -> None:
    content = table([GOOD], tuple(COLUMNS), naive=True)
    path = write(tmp_path / "rows", content, FileFormat.PARQUET, store_schema=False, **how)
    with pytest.raises(
        FormatError, match=r"rows: column last_modified_date is timestamp\[.s\]; wanted .* in UTC"
    ):
        read(path, FileFormat.PARQUET)


@needs_orc
@pytest.mark.parametrize("zone", [b"EST", b"CET", b"???"])
def test_orc_whose_moments_are_of_another_zone_is_refused(zone: bytes, tmp_path: Path) -> None:
    content = table([GOOD], tuple(COLUMNS), naive=True)
    path = write(tmp_path / "rows", content, FileFormat.ORC, compression="uncompressed")
    body = path.read_bytes()
    assert body.count(b"GMT") == 1
    assert writer_zones(path) == {"GMT"}
    path.write_bytes(body.replace(b"GMT", zone))
    with pytest.raises(FormatError, match=r"rows: its timestamps are of time zone .*; wanted UTC"):
        read(path, FileFormat.ORC)


@needs_orc
def test_an_instant_of_orc_needs_no_zone(tmp_path: Path) -> None:
    content = table([GOOD], tuple(COLUMNS))
    path = write(tmp_path / "rows", content, FileFormat.ORC, compression="uncompressed")
    path.write_bytes(path.read_bytes().replace(b"GMT", b"EST"))
    assert writer_zones(path) == {"EST"}
    assert read(path, FileFormat.ORC) == [GOOD]


@pytest.mark.parametrize("file_format", COLUMNAR)
@pytest.mark.parametrize(
    ("name", "column", "wanted"),
    [
        ("key", pa.array([b"k"]), "text"),
        ("key", pa.array([["k"]]), "text"),
        ("size", pa.array(["3"]), "a whole number"),
        ("size", pa.array([3.0]), "a whole number"),
        ("is_latest", pa.array(["true"]), "a boolean"),
        ("is_delete_marker", pa.array([0], pa.int32()), "a boolean"),
        ("last_modified_date", pa.array(["2026-11-22T03:00:00Z"]), "a timestamp in UTC"),
        ("last_modified_date", pa.array([1], pa.int64()), "a timestamp in UTC"),
        ("last_modified_date", pa.array([1], pa.date32()), "a timestamp in UTC"),
    ],
)
def test_a_column_of_another_type_is_refused(
    name: str, column: pa.Array, wanted: str, file_format: FileFormat, tmp_path: Path
) -> None:
    content = replaced(name, column, naive=file_format is FileFormat.ORC)
    path = write(tmp_path / "rows", content, file_format)
    with pytest.raises(FormatError, match=rf"rows: column {name} is [^;]+; wanted {wanted}$"):
        read(path, file_format)


@pytest.mark.parametrize("file_format", COLUMNAR)
def test_columns_are_those_that_were_promised(file_format: FileFormat, tmp_path: Path) -> None:
    naive = file_format is FileFormat.ORC
    content = table([GOOD], tuple(COLUMNS), naive=naive)
    path = write(tmp_path / "less", content.drop_columns(["is_delete_marker"]), file_format)
    with pytest.raises(FormatError, match=r"less: has columns .*; wanted .*is_delete_marker, .*"):
        read(path, file_format)
    path = write(tmp_path / "more", content, file_format)
    with pytest.raises(FormatError, match=r"more: has columns .*version_id; wanted .*, as its man"):
        list(inventory_batches(path, file_format=file_format, schema=KNOWN[:2], rows=9))
    twice = content.append_column("size", pa.array([4], pa.int64()))
    path = write(tmp_path / "twice", twice, file_format)
    with pytest.raises(FormatError, match=r"twice: has columns .*size, size, "):
        read(path, file_format)


@pytest.mark.parametrize("file_format", COLUMNAR)
@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"bucket": None}, "bucket is None; wanted a name"),
        ({"key": None}, "key is None; wanted a name"),
        ({"key": ""}, "key is ''; wanted a name"),
        ({"size": None}, "size is None; wanted bytes of an object"),
        ({"size": -1}, "size is -1; wanted bytes of an object"),
        ({"size": None, "is_delete_marker": None}, "size is None; wanted bytes of an object"),
        ({"last_modified_date": None}, "last_modified_date is None; wanted a timestamp"),
    ],
    ids=str,
)
def test_a_row_that_says_too_little_is_refused_by_its_number(
    wrong: Row, said: str, file_format: FileFormat, tmp_path: Path
) -> None:
    rows = [GOOD, MARKER, GOOD, GOOD | wrong, GOOD]
    path = write_rows(tmp_path / "rows", rows, tuple(COLUMNS), file_format)
    with pytest.raises(FormatError, match=f"^rows, row 4: {said}$"):
        read(path, file_format, rows=3)


@pytest.mark.parametrize("file_format", COLUMNAR)
def test_text_is_utf_8(file_format: FileFormat, tmp_path: Path) -> None:
    broken = pa.Array.from_buffers(pa.string(), 1, pa.array([b"\xff"]).buffers())
    content = replaced("key", broken, naive=file_format is FileFormat.ORC)
    with pytest.raises(FormatError, match=r"column key: .*UTF8"):
        read(write(tmp_path / "rows", content, file_format), file_format)


@needs_orc
@pytest.mark.parametrize("file_format", COLUMNAR)
def test_a_file_of_another_format_is_refused(file_format: FileFormat, tmp_path: Path) -> None:
    [other] = {FileFormat.ORC, FileFormat.PARQUET} - {file_format}
    path = write_rows(tmp_path / "rows", [GOOD], tuple(COLUMNS), other)
    for body in (path.read_bytes(), b"", b"ORC", b"PAR1", b'"b","k"\n'):
        path.write_bytes(body)
        with pytest.raises(FormatError, match=f"^rows: .*; wanted {file_format.value}$"):
            read(path, file_format)


@pytest.mark.parametrize("file_format", COLUMNAR)
def test_a_file_that_is_not_there_is_no_malformed_one(
    file_format: FileFormat, tmp_path: Path
) -> None:
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "none", file_format)


@needs_orc
def test_orc_without_time_zones_is_the_machines_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unable(*_: object) -> None:
        raise pa.ArrowException("Time zone file X does not exist. Please set TZDIR env.")

    path = write_rows(tmp_path / "rows", [GOOD], tuple(COLUMNS), FileFormat.ORC)
    monkeypatch.setattr(columnar, "_orc", unable)
    with pytest.raises(UsageError, match="ORC needs a time zone database"):
        read(path, FileFormat.ORC)
