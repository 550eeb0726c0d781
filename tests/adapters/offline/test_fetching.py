"""Inputs of an offline audit on their way from S3 to disk."""

from __future__ import annotations

import gzip
import hashlib
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

import pytest

from intact.adapters.offline.fetching import Fetcher
from intact.adapters.offline.inputs import Of
from intact.batch import ReportManifest, TaskStatus
from intact.batch.report import ReportPart
from intact.errors import FormatError
from intact.s3 import ObjectRef

if TYPE_CHECKING:
    from pathlib import Path

    from intact.adapters.boto import BotoStore

PART = b"b,k,,succeeded,200,,Successful\n"
REPORT = ObjectRef(bucket="reports", key="job/manifest.json")


def md5(body: bytes) -> str:
    return hashlib.md5(body, usedforsecurity=False).hexdigest()


class Objects(dict[str, bytes]):
    """A bucket; remembers what was asked for."""

    asked: list[str]

    def save(self, ref: ObjectRef, path: Path, *, etag: str | None = None) -> str:
        assert etag is None
        self.asked.append(ref.key)
        path.write_bytes(self[ref.key])
        return md5(self[ref.key])


@pytest.fixture
def objects() -> Objects:
    part = ReportPart(bucket="reports", key="part", md5=md5(PART), status=TaskStatus.SUCCEEDED)
    document = ReportManifest(created="2026-11-22T03:00:00Z", parts=(part,)).write()
    found = Objects({REPORT.key: document, f"{REPORT.key}.md5": md5(document).encode()})
    found["part"] = PART
    found.asked = []
    return found


@pytest.mark.parametrize("spoilt", ["part", REPORT.key, f"{REPORT.key}.md5"])
def test_a_file_that_is_not_what_its_md5_promises_is_no_input(
    objects: Objects, spoilt: str, tmp_path: Path
) -> None:
    fetcher = Fetcher(cast("BotoStore", objects), tmp_path)
    objects[spoilt] = b"0" + objects[spoilt]
    with pytest.raises(FormatError, match="MD5 is"):
        fetcher.report(REPORT, name="report")
    assert not (tmp_path / "report-0.csv").exists()


def test_what_was_fetched_is_not_fetched_again(objects: Objects, tmp_path: Path) -> None:
    fetcher = Fetcher(cast("BotoStore", objects), tmp_path)
    [path] = fetcher.report(REPORT, name="report")
    assert path.read_bytes() == PART
    assert fetcher.report(REPORT, name="report") == [path]
    assert sorted(objects.asked) == sorted(objects)


def test_an_inventory_that_is_replaced_meanwhile_is_still_the_one_that_was_fetched(
    objects: Objects, tmp_path: Path
) -> None:
    ref = ObjectRef(bucket="lists", key="daily.json")

    def publish(day: int, body: bytes) -> None:
        moment = datetime(2026, 11, day, tzinfo=UTC)
        objects[f"rows-{day}.csv.gz"] = gzip.compress(body)
        document = {
            "sourceBucket": "b",
            "destinationBucket": "arn:aws:s3:::lists",
            "version": "2016-11-30",
            "creationTimestamp": str(round(moment.timestamp() * 1000)),
            "fileFormat": "CSV",
            "fileSchema": "Bucket, Key, Size, ETag",
            "files": [
                {
                    "key": f"rows-{day}.csv.gz",
                    "size": len(objects[f"rows-{day}.csv.gz"]),
                    "MD5checksum": md5(objects[f"rows-{day}.csv.gz"]),
                }
            ],
        }
        objects[ref.key] = json.dumps(document).encode()

    fetcher = Fetcher(cast("BotoStore", objects), tmp_path)
    publish(21, b'"b","old","3","e"\n')
    first = fetcher.inventory(ref, of=Of.SOURCE)
    publish(22, b'"b","new","3","e"\n')
    again = fetcher.inventory(ref, of=Of.SOURCE)
    assert again == first
    assert again.taken.day == 21
    assert gzip.decompress(again.parts[0].read_bytes()) == b'"b","old","3","e"\n'
