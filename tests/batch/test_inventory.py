"""An inventory loses nothing: every line is an object, a delete marker or named as malformed."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intact.batch import MalformedRow, ManifestRow
from intact.batch.columns import FileFormat
from intact.batch.inventory import InventoryFile, InventoryManifest, InventoryRow, read_inventory
from intact.batch.manifest import FIELDS, VERSIONED_FIELDS, ManifestFormat
from intact.errors import FormatError, UsageError
from intact.s3 import ObjectRef
from tests.strategies import keys

SCHEMA = ("Bucket", "Key", "VersionId", "IsLatest", "IsDeleteMarker", "Size", "ETag")


def document(**changes: Any) -> bytes:  # noqa: ANN401 - members of the document
    members = {
        "sourceBucket": "source",
        "destinationBucket": "arn:aws:s3:::lists",
        "version": "2016-11-30",
        "creationTimestamp": "1514944800000",
        "fileFormat": "CSV",
        "fileSchema": ", ".join(SCHEMA),
        "files": [{"key": "inv/data/1.csv.gz", "size": 9, "MD5checksum": "AB" * 16}],
    }
    return json.dumps(members | changes).encode()


def read(*lines: bytes, schema: tuple[str, ...] = SCHEMA) -> list[InventoryRow | MalformedRow]:
    return list(read_inventory(lines, schema=schema))


def test_a_document_names_its_columns_and_files() -> None:
    manifest = InventoryManifest.parse(document())
    assert manifest == InventoryManifest(
        bucket="lists",
        schema=SCHEMA,
        files=(InventoryFile(key="inv/data/1.csv.gz", md5="ab" * 16),),
        created=datetime(2018, 1, 3, 2, tzinfo=UTC),
    )
    assert manifest.fields == VERSIONED_FIELDS


def test_a_document_need_not_say_when_it_was_made() -> None:
    assert InventoryManifest.parse(document(creationTimestamp=None)).created is None


def test_a_list_of_current_objects_names_no_versions() -> None:
    assert InventoryManifest.parse(document(fileSchema="Key, Bucket")).fields == FIELDS


@pytest.mark.parametrize(("bucket", "read_as"), [("lists", "lists"), (None, None)])
def test_the_bucket_may_go_by_its_name_or_without(bucket: str | None, read_as: str | None) -> None:
    assert InventoryManifest.parse(document(destinationBucket=bucket)).bucket == read_as


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"[]",
        b"\xff",
        document(files=[{"key": "k"}]),
        document(files=["k"]),
        document(fileSchema=None),
        document(fileSchema="Bucket, Size"),
        document(fileSchema="Bucket, Key, Key"),
        document(fileSchema="Bucket, Key, Size, Size"),
        document(destinationBucket="arn:nonsense"),
    ],
    ids=repr,
)
def test_what_is_no_inventory_is_refused(broken: bytes) -> None:
    with pytest.raises(FormatError, match=r"inventory manifest\.json"):
        InventoryManifest.parse(broken)


@pytest.mark.parametrize("kind", ["ORC", "Parquet", "csv", None])
def test_only_csv_is_a_manifest(kind: str | None) -> None:
    with pytest.raises(UsageError, match=f"fileFormat is {kind!r}; wanted 'CSV'$"):
        InventoryManifest.parse(document(fileFormat=kind))


def test_as_evidence_every_format_is_read() -> None:
    every = tuple(FileFormat)
    found = InventoryManifest.parse(
        document(fileFormat="ORC", fileSchema="struct<bucket:string,key:string,version_id:string>"),
        formats=every,
    )
    assert found.file_format is FileFormat.ORC
    assert found.schema == ("Bucket", "Key", "VersionId")
    assert found.fields == VERSIONED_FIELDS
    assert InventoryManifest.parse(document(), formats=every).file_format is FileFormat.CSV
    with pytest.raises(UsageError, match="fileFormat is 'Avro'; wanted 'CSV' or 'ORC' or 'Parq"):
        InventoryManifest.parse(document(fileFormat="Avro"), formats=every)


def test_a_row_says_all_that_its_columns_hold() -> None:
    [row] = read(b'"b","a+b%2Bc%C3%BC","v","true","false","12","9bb58f26"\n')
    assert row == InventoryRow(
        line=1,
        source=ObjectRef(bucket="b", key="a b+cü", version_id="v"),
        raw_key="a+b%2Bc%C3%BC",
        raw_version="v",
        size=12,
        etag="9bb58f26",
        latest=True,
    )
    assert row.manifest_row() == ManifestRow(line=1, source=row.source, raw_key=row.raw_key)


def test_an_empty_version_is_the_null_version() -> None:
    [row] = read(b"b,k,,true,false,,")
    assert isinstance(row, InventoryRow)
    assert (row.source.version_id, row.size, row.etag) == ("null", None, None)


def test_without_versions_there_is_none() -> None:
    [row] = read(b"b,k", schema=("Bucket", "Key"))
    assert row == InventoryRow(line=1, source=ObjectRef(bucket="b", key="k"), raw_key="k")


def test_a_delete_marker_is_named() -> None:
    [row] = read(b"b,k,v,false,TRUE,,")
    assert isinstance(row, InventoryRow)
    assert (row.delete_marker, row.latest) == (True, False)


@given(key=keys)
def test_form_encoding_is_undone(key: str) -> None:
    [row] = read(f'"b","{quote_plus(key)}"\n'.encode(), schema=("Bucket", "Key"))
    assert isinstance(row, InventoryRow)
    assert row.source.key == key


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (b"", "1 columns; wanted 7"),
        (b"b,k,v,true,false,1", "6 columns; wanted 7"),
        (b",k,v,true,false,1,e", "an empty bucket or key"),
        (b"b,,v,true,false,1,e", "an empty bucket or key"),
        (b"b,%FF,v,true,false,1,e", "wanted the URL-encoded form of UTF-8"),
        (b"b,\xff,v,true,false,1,e", "bytes that are no UTF-8"),
        (b"b,a+b%20c,v,true,false,1,e", "has both '+' and '%20'"),
        (b"b,k,v,yes,false,1,e", "IsLatest is 'yes'"),
        (b"b,k,v,true,no,1,e", "IsDeleteMarker is 'no'"),
        (b"b,k,v,true,false,-1,e", "Size is '-1'; wanted digits"),
        (b'"b","k,v,true,false,1,e', "the row is no CSV"),
    ],
)
def test_a_malformed_row_says_what_is_wrong(line: bytes, problem: str) -> None:
    [row] = read(line + b"\n")
    assert isinstance(row, MalformedRow)
    assert problem in row.problem
    assert row.text.encode("utf-8", "surrogateescape") == line


@given(lines=st.lists(st.binary(max_size=12), max_size=6), before=st.integers(0, 9))
def test_every_line_yields_one_value(lines: list[bytes], before: int) -> None:
    rows = read_inventory(lines, schema=("Bucket", "Key"), before=before)
    assert [row.line for row in rows] == [before + 1 + place for place in range(len(lines))]


def test_only_bare_csv_is_not_form_encoded() -> None:
    assert {form: form.form_encoded for form in ManifestFormat} == {
        ManifestFormat.CSV: False,
        ManifestFormat.INVENTORY: True,
        ManifestFormat.GENERATED: True,
    }
