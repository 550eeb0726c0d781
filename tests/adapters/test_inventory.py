"""Inventories on a real server: every byte checked, every row accounted for."""

from __future__ import annotations

import gzip
import hashlib
import json
from typing import TYPE_CHECKING

import pytest

from intact.adapters.boto import BotoStore
from intact.adapters.inventory import fetch_inventory, inventory_rows
from intact.batch import MalformedRow
from intact.batch.inventory import InventoryRow
from intact.errors import FormatError, StoreError
from intact.s3 import ObjectRef

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from types_boto3_s3 import S3Client


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
