"""A row of an inventory means the same in CSV, ORC and Parquet."""

from __future__ import annotations

import tempfile
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intact.adapters.offline.inputs import InventoryInput, Of
from intact.adapters.offline.slices import files_of, mapped
from intact.adapters.offline.staging import Stage
from intact.batch.columns import COLUMNS, FileFormat, columns_of
from intact.errors import FormatError
from tests.adapters.inventories import (
    FORMATS,
    Row,
    needs_orc,
    schema_text,
    suffix,
    write_rows,
)
from tests.strategies import keys

if TYPE_CHECKING:
    from collections.abc import Sequence

CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "TimeZone": "UTC",
    "threads": 1,
    "autoinstall_known_extensions": False,
}
TAKEN = datetime(2026, 11, 24, tzinfo=UTC)
GOOD: Row = {
    "bucket": "b",
    "key": "a key+%41",
    "version_id": "v",
    "is_latest": True,
    "is_delete_marker": False,
    "size": 3,
    "last_modified_date": TAKEN - timedelta(days=1, milliseconds=1),
    "e_tag": "9bb58f26192e4ba00f01e2e7b136bbd8",
    "storage_class": "GLACIER",
    "encryption_status": "SSE-S3",
}
NEEDED = ("bucket", "key", "size", "last_modified_date", "e_tag")
flags = st.none() | st.booleans()


@st.composite
def listed(draw: st.DrawFn) -> Row:
    marker = draw(flags)
    size = st.integers(0, 1 << 50)
    moment = st.integers(0, 10**12).map(lambda n: datetime(1990, 1, 1, tzinfo=UTC) + n * _TICK)
    return {
        "bucket": draw(st.sampled_from(["b", "c"])),
        "key": draw(keys | st.just("under/") | keys.map("under/".__add__)),
        "version_id": draw(st.sampled_from([None, "null", "v1"])),
        "is_latest": draw(flags),
        "is_delete_marker": marker,
        "size": draw(st.none() | size if marker else size),
        "last_modified_date": draw(moment),
        "e_tag": draw(st.sampled_from([None, "e", "d41d8cd98f00b204e9800998ecf8427e-2"])),
        "storage_class": draw(
            st.sampled_from([None, "STANDARD", "GLACIER", "GLACIER_IR", "DEEP_ARCHIVE"])
        ),
        "encryption_status": draw(st.sampled_from([None, "SSE-S3", "SSE-KMS", "NOT-SSE"])),
    }


_TICK = timedelta(milliseconds=1)


def staged(  # noqa: PLR0913 - keywords all but the first three
    folder: Path,
    parts: Sequence[Sequence[Row]],
    file_format: FileFormat,
    *,
    columns: Sequence[str] = tuple(COLUMNS),
    prefix: str = "",
    rows: int = 3,
) -> Counter[tuple[Any, ...]]:
    """What an inventory of these rows is staged as, each row with its slice."""
    files = [
        write_rows(folder / f"{number}{suffix(file_format)}", part, columns, file_format)
        for number, part in enumerate(parts)
    ]
    schema = columns_of(schema_text(columns, file_format), file_format)
    inventory = InventoryInput(
        of=Of.SOURCE, taken=TAKEN, parts=files, schema=schema, file_format=file_format
    )
    work = folder / file_format.value
    with duckdb.connect(config=CONFIG) as connection:
        Stage(work, connection, buckets=2, rows=rows).inventory(inventory, prefix=prefix)
    return Counter(
        (file.parent.name, *row.values())
        for file in files_of(work, "source")
        for row in mapped(file).to_pylist()
    )


@needs_orc
@settings(deadline=None)
@given(
    parts=st.lists(st.lists(listed(), min_size=1, max_size=6), min_size=1, max_size=2),
    lacking=st.sets(st.sampled_from(sorted(set(COLUMNS) - set(NEEDED)))),
    prefix=st.sampled_from(["", "under/"]),
)
def test_the_rows_are_the_same_in_every_format(
    parts: list[list[Row]], lacking: set[str], prefix: str
) -> None:
    if "is_latest" in lacking:
        lacking |= {"version_id"}
    columns = [name for name in COLUMNS if name not in lacking]
    if "is_delete_marker" in lacking:
        parts = [[row | {"size": row["size"] or 0} for row in rows] for rows in parts]
    found = []
    for file_format in FileFormat:
        with tempfile.TemporaryDirectory() as name:
            found.append(staged(Path(name), parts, file_format, columns=columns, prefix=prefix))
    assert found[0] == found[1] == found[2]
    under = [row for rows in parts for row in rows if row["key"].startswith(prefix)]
    assert found[0].total() == len(under)
    keys = Counter((row["bucket"], row["key"].removeprefix(prefix)) for row in under)
    assert Counter((row[1], row[2]) for row in found[0].elements()) == keys


@pytest.mark.parametrize("file_format", FORMATS)
def test_a_row_says_all_that_its_columns_hold(file_format: FileFormat, tmp_path: Path) -> None:
    [[_, *row]] = staged(tmp_path, [[GOOD]], file_format)
    assert row == [
        *("b", "a key+%41", "v", 3, "9bb58f26192e4ba00f01e2e7b136bbd8"),
        *(GOOD["last_modified_date"], "AES256", "GLACIER", True, False, True),
    ]


@pytest.mark.parametrize("file_format", FORMATS)
@pytest.mark.parametrize(
    "wrong",
    [
        {"bucket": ""},
        {"key": ""},
        {"size": None},
        {"size": -1},
        {"size": None, "is_delete_marker": None},
        {"last_modified_date": None},
    ],
    ids=str,
)
def test_a_row_that_says_too_little_ends_the_audit(
    wrong: Row, file_format: FileFormat, tmp_path: Path
) -> None:
    with pytest.raises(FormatError):
        staged(tmp_path, [[GOOD, GOOD, GOOD | wrong]], file_format)
    assert not (tmp_path / file_format.value / "source").exists()


@pytest.mark.parametrize("flag", ["is_latest", "is_delete_marker"])
def test_a_flag_of_another_word_ends_the_audit(flag: str, tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="is neither true nor false"):
        staged(tmp_path, [[GOOD | {flag: "yes"}]], FileFormat.CSV)


@pytest.mark.parametrize("file_format", FORMATS)
@pytest.mark.parametrize(
    ("lacking", "known"), [(name, COLUMNS[name][0]) for name in NEEDED[2:]], ids=str
)
def test_what_an_audit_needs_is_asked_for_by_name(
    lacking: str, known: str, file_format: FileFormat, tmp_path: Path
) -> None:
    columns = [name for name in COLUMNS if name != lacking]
    with pytest.raises(FormatError, match=f"inventory has no column {known}; wanted"):
        staged(tmp_path, [[GOOD]], file_format, columns=columns)


@pytest.mark.parametrize("file_format", FORMATS)
def test_versions_of_which_nobody_says_which_is_current_are_refused(
    file_format: FileFormat, tmp_path: Path
) -> None:
    columns = [name for name in COLUMNS if name != "is_latest"]
    with pytest.raises(FormatError, match="has VersionId without IsLatest; wanted both"):
        staged(tmp_path, [[GOOD]], file_format, columns=columns)


@pytest.mark.parametrize("file_format", FORMATS)
def test_many_rows_are_all_staged(file_format: FileFormat, tmp_path: Path) -> None:
    rows = [GOOD | {"key": f"k{number}"} for number in range(1000)]
    found = staged(tmp_path, [rows[:300], rows[300:]], file_format, rows=128)
    assert {row[2] for row in found} == {row["key"] for row in rows}
    assert found.total() == len(rows)
