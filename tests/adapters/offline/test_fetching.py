"""Inputs of an offline audit on their way from S3 to disk."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, cast

import pytest

from intact.adapters.offline.fetching import Fetcher
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
