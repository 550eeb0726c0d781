"""The columns of an inventory: S3's own schemas are read, and whatever they do not say is asked."""

from __future__ import annotations

import pytest

from intact.batch.columns import COLUMNS, FileFormat, columns_of
from intact.errors import FormatError

KNOWN = tuple(known for known, _ in COLUMNS.values())
ORC = (
    "struct<bucket:string,key:string,version_id:string,is_latest:boolean,is_delete_marker:boolean,"
    "size:bigint,last_modified_date:timestamp,e_tag:string,storage_class:string,"
    "encryption_status:string,object_lock_retain_until_date:timestamp,checksum_algorithm:string>"
)
PARQUET = (
    "message s3.inventory {  required binary bucket (STRING);  required binary key (STRING);  "
    "optional binary version_id (STRING);  optional boolean is_latest;  "
    "optional boolean is_delete_marker;  optional int64 size;  "
    "optional int64 last_modified_date (TIMESTAMP(MILLIS,true));  optional binary e_tag (STRING);  "
    "optional binary storage_class (STRING);  optional binary encryption_status (STRING);  "
    "optional int64 object_lock_retain_until_date (TIMESTAMP(MILLIS,true));  "
    "optional binary checksum_algorithm (STRING);}"
)
OLDER = PARQUET.replace("(STRING)", "(UTF8)").replace("(MILLIS,true)", "_MILLIS")
OTHERS = ("object_lock_retain_until_date", "checksum_algorithm")


@pytest.mark.parametrize("schema", [PARQUET, OLDER, PARQUET.replace(";}", " = 12; }")])
def test_parquet_is_read_as_s3_writes_it(schema: str) -> None:
    assert columns_of(schema, FileFormat.PARQUET) == KNOWN + OTHERS


def test_orc_is_read_as_s3_writes_it() -> None:
    assert columns_of(ORC, FileFormat.ORC) == KNOWN + OTHERS


def test_csv_names_columns_alone() -> None:
    assert columns_of(" Bucket, Key,Size", FileFormat.CSV) == ("Bucket", "Key", "Size")


def test_columns_that_nobody_reads_may_be_of_any_type() -> None:
    schema = "struct<key:string, tags:map<string,string>,cost:decimal(10,2)>"
    assert columns_of(schema, FileFormat.ORC) == ("Key", "tags", "cost")
    schema = (
        "message m {required fixed_len_byte_array(16) cost (DECIMAL(10, 2)); optional float f;}"
    )
    assert columns_of(schema, FileFormat.PARQUET) == ("cost", "f")


@pytest.mark.parametrize(
    ("column", "wanted"),
    [
        ("size:string", "bigint"),
        ("size:double", "bigint"),
        ("key:binary", "string"),
        ("is_latest:string", "boolean"),
        ("last_modified_date:bigint", "timestamp"),
        ("last_modified_date:date", "timestamp"),
    ],
)
def test_a_type_that_does_not_say_what_a_column_of_orc_holds(column: str, wanted: str) -> None:
    name, _, told = column.partition(":")
    with pytest.raises(FormatError, match=f"has {name} of type {told}; wanted {wanted}$"):
        columns_of(f"struct<bucket:string,{column}>", FileFormat.ORC)


@pytest.mark.parametrize(
    ("told", "wanted"),
    [
        ("binary key", r"binary \(STRING\)"),
        ("binary key (ENUM)", r"binary \(STRING\)"),
        ("double size", "int64"),
        ("int64 size (UINT_64)", "int64"),
        ("binary is_latest (UTF8)", "boolean"),
        ("int96 last_modified_date", r"int64 \(TIMESTAMP\(MILLIS,true\)\)"),
        ("int64 last_modified_date", r"int64 \(TIMESTAMP\(MILLIS,true\)\)"),
        ("int64 last_modified_date (TIMESTAMP(MILLIS,false))", r"int64 \(TIMESTAMP"),
    ],
)
def test_a_type_that_does_not_say_what_a_column_of_parquet_holds(told: str, wanted: str) -> None:
    with pytest.raises(FormatError, match=f"has {told.split()[1]} of type .*; wanted {wanted}"):
        columns_of(f"message s3.inventory {{ optional {told}; }}", FileFormat.PARQUET)


@pytest.mark.parametrize(
    ("schema", "file_format"),
    [
        ("Bucket, Key", FileFormat.ORC),
        ("struct<>", FileFormat.ORC),
        ("struct<bucket>", FileFormat.ORC),
        ("struct<bucket:string,key:array<string>", FileFormat.ORC),
        ("struct<bucket:string>,key:string>", FileFormat.ORC),
        ("Bucket, Key", FileFormat.PARQUET),
        ("", FileFormat.PARQUET),
        ("message s3.inventory { }", FileFormat.PARQUET),
        ("message s3.inventory { repeated binary key (UTF8); }", FileFormat.PARQUET),
        ("message s3.inventory { required binary key (UTF8) }", FileFormat.PARQUET),
        ("message m { required binary key (UTF8); optional group a { } }", FileFormat.PARQUET),
    ],
)
def test_what_is_no_schema_is_refused(schema: str, file_format: FileFormat) -> None:
    with pytest.raises(FormatError, match=r"inventory manifest\.json: fileSchema is .*; wanted"):
        columns_of(schema, file_format)
