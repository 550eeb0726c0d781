"""Local lists: every row is an object, or an error that names its place."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from intact.adapters import tables
from intact.adapters.tables import Spelling, csv_rows, keys_in, parquet_columns, parquet_rows
from intact.batch.listed import Listed
from intact.errors import FormatError, UsageError
from intact.s3 import ObjectRef
from tests.strategies import keys

if TYPE_CHECKING:
    from pathlib import Path


def listed(key: str, *, size: int | None = None, version_id: str | None = None) -> Listed:
    source = ObjectRef(bucket="b", key=key, version_id=version_id)
    return Listed(source=source, size=size)


@given(written=st.lists(keys.filter(lambda key: "\0" not in key)))
def test_keys_that_end_in_nul_are_read_as_they_are(written: list[str]) -> None:
    file = io.BytesIO(b"".join(key.encode() + b"\0" for key in written))
    assert list(keys_in(file, bucket="b", end=b"\0")) == [listed(key) for key in written]


@pytest.mark.parametrize("chunk", [1, 2, 3, 100])
def test_lines_are_keys_with_or_without_the_last_end(
    chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "CHUNK", chunk)
    for text in (b"a+b\n%20\nc", b"a+b\n%20\nc\n"):
        found = list(keys_in(io.BytesIO(text), bucket="b"))
        assert found == [listed("a+b"), listed("%20"), listed("c")]


@pytest.mark.parametrize("line", [b"", b"k\r", b"\xff"], ids=repr)
def test_a_line_that_is_no_key_is_named(line: bytes) -> None:
    with pytest.raises(FormatError, match="key 2 is"):
        list(keys_in(io.BytesIO(b"k\n" + line + b"\nl\n"), bucket="b"))


@given(written=st.lists(st.tuples(keys, st.integers(0, 99)), max_size=5), header=st.booleans())
def test_a_csv_file_reads_back(written: list[tuple[str, int]], header: bool) -> None:  # noqa: FBT001 - hypothesis names it
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerows([("what", "size", "key")] * header)
    rows.writerows(("x", size, key) for key, size in written)
    found = csv_rows(
        io.BytesIO(text.getvalue().encode()),
        columns=("Ignore", "Size", "Key"),
        spelling=Spelling.PLAIN,
        bucket="b",
        header=header,
    )
    assert list(found) == [listed(key, size=size) for key, size in written]


@pytest.mark.parametrize(
    ("spelling", "key"),
    [(Spelling.PLAIN, "a+b%20c"), (Spelling.PERCENT, "a+b c"), (Spelling.FORM, "a b c")],
)
def test_keys_are_spelled_in_three_ways(spelling: Spelling, key: str) -> None:
    file = io.BytesIO(b"b,a+b%20c\n")
    assert list(csv_rows(file, columns=("Bucket", "Key"), spelling=spelling)) == [listed(key)]


@pytest.mark.parametrize(
    "row", [b"b", b"b,k,x", b"b,", b"b,%FF", b"b,\xff", b'b,"k', b'b,"k"x'], ids=repr
)
def test_a_row_that_breaks_its_columns_is_named(row: bytes) -> None:
    file = io.BytesIO(b"b,k\n" + row + b"\n")
    with pytest.raises(FormatError, match=r"line \d: "):
        list(csv_rows(file, columns=("Bucket", "Key"), spelling=Spelling.PERCENT))


@pytest.mark.parametrize(
    ("columns", "bucket"),
    [((), "b"), (("Key",), None), (("Key", "Key"), "b"), (("Key", "Colour"), "b")],
)
def test_columns_must_bind_an_object(columns: tuple[str, ...], bucket: str | None) -> None:
    with pytest.raises(UsageError, match="columns"):
        list(csv_rows(io.BytesIO(), columns=columns, spelling=Spelling.PLAIN, bucket=bucket))


def parquet(folder: Path, query: str) -> Path:
    path = folder / "list.parquet"
    with duckdb.connect() as connection:
        connection.execute(f"COPY ({query}) TO '{path}' (FORMAT parquet)")
    return path


def test_parquet_is_read_by_the_names_of_inventory_and_metadata(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "PAGE", 2)
    path = parquet(
        tmp_path,
        "SELECT 'b' AS bucket, 'a+b' || n AS key, nullif('v' || n, 'v0') AS version_id, "
        "n AS size, 'e' AS e_tag, n = 2 AS is_delete_marker, now() AS last_modified_date "
        "FROM range(3) t(n)",
    )
    assert parquet_columns(path)["ETag"] == "e_tag"
    assert list(parquet_rows(path)) == [
        Listed(
            source=ObjectRef(bucket="b", key=f"a+b{n}", version_id=version),
            size=n,
            etag="e",
            delete_marker=n == 2,
        )
        for n, version in enumerate(["null", "v1", "v2"])
    ]


def test_parquet_without_versions_names_none(tmp_path: Path) -> None:
    path = parquet(tmp_path, "SELECT 'k' AS \"Key\"")
    assert list(parquet_rows(path, bucket="b")) == [listed("k")]


def test_a_row_of_parquet_that_is_no_object_is_named(tmp_path: Path) -> None:
    path = parquet(tmp_path, "SELECT unnest(['k', NULL]) AS key")
    with pytest.raises(FormatError, match="row 2: the row has an empty bucket or key"):
        list(parquet_rows(path, bucket="b"))


def test_what_is_no_parquet_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "list.parquet"
    path.write_bytes(b"no")
    with pytest.raises(FormatError, match=r"list\.parquet"):
        list(parquet_rows(path))
