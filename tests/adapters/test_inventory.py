"""Inventories on a real server: every byte checked, every row accounted for."""

from __future__ import annotations

import gzip
import hashlib
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from intact.adapters.boto import BotoStore
from intact.adapters.inventory import fetch_inventory, inventory_rows
from intact.adapters.sources import Kind, open_remote
from intact.batch import MalformedRow
from intact.batch.inventory import InventoryRow
from intact.batch.listed import Listed
from intact.errors import FormatError, StoreError, UsageError
from intact.s3 import ObjectRef
from tests.adapters.inventories import COLUMNAR, FORMATS, Row, document, suffix, write_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from types_boto3_s3 import S3Client

    from intact.batch.columns import FileFormat


def md5(body: bytes) -> str:
    return hashlib.md5(body, usedforsecurity=False).hexdigest()


class Inventory:
    """An inventory in a bucket of its own; its files may be lied about."""

    def __init__(self, s3: S3Client, bucket: str, scratch: Path) -> None:
        self.s3, self.bucket, self.scratch = s3, bucket, scratch
        self.store = BotoStore(s3)
        self.ref = ObjectRef(bucket=bucket, key="inv/manifest.json")

    def put(self, *bodies: bytes, sidecar: bytes | None = None, wrong: bool = False) -> str:
        files = []
        for number, body in enumerate(bodies):
            self.s3.put_object(Bucket=self.bucket, Key=f"inv/{number}", Body=body)
            digest = "0" * 32 if wrong else md5(body)
            files.append({"key": f"inv/{number}", "size": len(body), "MD5checksum": digest})
        document = json.dumps(
            {"fileFormat": "CSV", "fileSchema": "Bucket, Key", "files": files}
        ).encode()
        if sidecar is not None:
            self.s3.put_object(Bucket=self.bucket, Key="inv/manifest.checksum", Body=sidecar)
        answer = self.s3.put_object(Bucket=self.bucket, Key=self.ref.key, Body=document)
        return answer["ETag"].strip('"')

    def put_columns(
        self, folder: Path, parts: Sequence[Sequence[Row]], file_format: FileFormat
    ) -> None:
        """Put an inventory of any format."""
        taken = datetime(2026, 11, 24, tzinfo=UTC)
        columns = tuple(parts[0][0])
        files = [
            write_rows(folder / f"{number}{suffix(file_format)}", rows, columns, file_format)
            for number, rows in enumerate(parts)
        ]
        for path in files:
            self.s3.put_object(
                Bucket=self.bucket, Key=f"inventory/data/{path.name}", Body=path.read_bytes()
            )
        body = json.loads(document(files, columns, file_format, taken=taken))
        body["destinationBucket"] = self.bucket
        self.s3.put_object(Bucket=self.bucket, Key=self.ref.key, Body=json.dumps(body).encode())

    def listed(self) -> list[Listed]:
        reading = open_remote(Kind.INVENTORY, self.ref, client=self.s3, store=self.store)
        with reading as (_, rows):
            return list(rows)

    def rows(self, *, etag: str | None = None) -> list[InventoryRow | MalformedRow]:
        found = fetch_inventory(self.store, self.ref, scratch=self.scratch, etag=etag)
        return list(inventory_rows(self.store, found, bucket=self.bucket, scratch=self.scratch))


@pytest.fixture
def inventory(s3: S3Client, bucket: Callable[[], str], tmp_path: Path) -> Inventory:
    return Inventory(s3, bucket(), tmp_path)


def test_the_rows_of_all_files_are_numbered_through(inventory: Inventory) -> None:
    inventory.put(gzip.compress(b'"b","1"\n"b"\n'), gzip.compress(b""), b'"b","a+3"\n')
    one, two, three = inventory.rows()
    assert isinstance(one, InventoryRow)
    assert isinstance(two, MalformedRow)
    assert isinstance(three, InventoryRow)
    assert [row.line for row in (one, two, three)] == [1, 2, 3]
    assert [one.source.key, three.source.key] == ["1", "a 3"]
    assert list(inventory.scratch.iterdir()) == []


def test_the_documents_own_checksum_counts(inventory: Inventory) -> None:
    etag = inventory.put(b"b,k\n")
    inventory.put(b"b,k\n", sidecar=etag.encode() + b"\n")  # the ETag of one part is its MD5
    assert len(inventory.rows()) == 1
    inventory.put(b"b,k\n", sidecar=b"0" * 32)
    with pytest.raises(FormatError, match="MD5 is"):
        inventory.rows()


def test_a_job_is_bound_by_the_etag_alone(inventory: Inventory) -> None:
    etag = inventory.put(b"b,k\n", sidecar=b"0" * 32)
    assert len(inventory.rows(etag=etag)) == 1
    with pytest.raises(StoreError, match="PreconditionFailed"):
        inventory.rows(etag="0" * 32)


def test_a_file_that_is_not_the_one_listed_is_refused(inventory: Inventory) -> None:
    inventory.put(b"b,k\n", wrong=True)
    with pytest.raises(FormatError, match="wanted 00000"):
        inventory.rows()


@pytest.mark.parametrize(
    "broken", [gzip.compress(b"b,k\n", mtime=0)[:-4], b"\x1f\x8bno", b"\x1f\x8b\x08"]
)
def test_broken_compression_is_refused(inventory: Inventory, broken: bytes) -> None:
    inventory.put(broken)
    with pytest.raises(FormatError, match="wanted gzip"):
        inventory.rows()


ROW: Row = {
    "bucket": "b",
    "key": "a b+%20\n",
    "version_id": None,
    "is_latest": True,
    "is_delete_marker": False,
    "size": 3,
    "last_modified_date": datetime(2026, 11, 22, tzinfo=UTC),
    "e_tag": "e",
}


@pytest.mark.parametrize("file_format", FORMATS)
def test_an_inventory_of_any_format_is_listed(
    file_format: FileFormat, inventory: Inventory, tmp_path: Path
) -> None:
    marker = ROW | {"version_id": "v", "is_delete_marker": True, "size": None, "e_tag": None}
    inventory.put_columns(tmp_path, [[ROW, marker], [ROW | {"key": "c"}]], file_format)
    assert inventory.listed() == [
        Listed(source=ObjectRef(bucket="b", key=ROW["key"], version_id="null"), size=3, etag="e"),
        Listed(source=ObjectRef(bucket="b", key=ROW["key"], version_id="v"), delete_marker=True),
        Listed(source=ObjectRef(bucket="b", key="c", version_id="null"), size=3, etag="e"),
    ]


@pytest.mark.parametrize("file_format", FORMATS)
def test_a_list_of_keys_alone_is_listed(
    file_format: FileFormat, inventory: Inventory, tmp_path: Path
) -> None:
    inventory.put_columns(tmp_path, [[{"bucket": "b", "key": "a+b"}]], file_format)
    assert inventory.listed() == [Listed(source=ObjectRef(bucket="b", key="a+b"))]


@pytest.mark.parametrize("file_format", FORMATS)
def test_a_malformed_row_ends_a_list(
    file_format: FileFormat, inventory: Inventory, tmp_path: Path
) -> None:
    inventory.put_columns(tmp_path, [[ROW], [ROW, ROW | {"key": ""}]], file_format)
    with pytest.raises(FormatError, match=r"row [23]: .*key"):
        inventory.listed()


@pytest.mark.parametrize("file_format", COLUMNAR)
def test_a_job_has_no_manifest_of_another_format(
    file_format: FileFormat, inventory: Inventory, tmp_path: Path
) -> None:
    inventory.put_columns(tmp_path, [[ROW]], file_format)
    with pytest.raises(UsageError, match=f"fileFormat is '{file_format.value}'; wanted 'CSV'"):
        inventory.rows()
