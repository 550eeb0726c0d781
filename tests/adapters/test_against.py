"""Files against objects: one answer for each, and no error is a success."""

from __future__ import annotations

import io
import os
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from intact.adapters.against import Comparer, Pair
from intact.audit import Absent
from intact.checksum import Algorithm, Checksum, ChecksumType, composite, new
from intact.errors import AccessError, StoreError
from intact.s3 import ObjectFacts, ObjectRef, PartList
from intact.s3.likeness import Likeness
from tests.fake_s3 import FakeStore

if TYPE_CHECKING:
    from pathlib import Path

BODY = b"123456789"
REF = ObjectRef(bucket="b", key="k")


def facts(*checksums: Checksum, size: int = len(BODY)) -> ObjectFacts:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    return ObjectFacts(size=size, etag="e", last_modified=moment, checksums=frozenset(checksums))


WHOLE = Checksum(
    algorithm=Algorithm.CRC32,
    type=ChecksumType.FULL_OBJECT,
    digest=new("CRC32", BODY).digest(),
)
PARTED = composite(
    [new("SHA256", BODY[:5]).digest(), new("SHA256", BODY[5:]).digest()], algorithm=Algorithm.SHA256
)


@pytest.fixture
def file(tmp_path: Path) -> bytes:
    (tmp_path / "k").write_bytes(BODY)
    return os.fsencode(tmp_path / "k")


def test_equal_by_the_whole_checksum(file: bytes) -> None:
    found = Comparer(FakeStore({"k": facts(WHOLE)})).compare(Pair(name=file, ref=REF))
    assert (found.likeness, found.reason) == (Likeness.EQUAL, "CRC32 equal")


@pytest.mark.parametrize(
    ("parts", "likeness"),
    [
        (PartList(sizes=(5, 4)), Likeness.EQUAL),
        (PartList(sizes=(4, 5)), Likeness.DIFFERENT),
        (PartList(sizes=(5,)), Likeness.NOT_COMPARABLE),
        (Absent(detail="none"), Likeness.NOT_COMPARABLE),
        (StoreError("500"), Likeness.UNREAD),
    ],
)
def test_a_composite_checksum_needs_its_parts(
    parts: PartList | Absent | StoreError, likeness: Likeness, file: bytes
) -> None:
    store = FakeStore({"k": facts(PARTED)}, parts={"k": parts})
    assert Comparer(store).compare(Pair(name=file, ref=REF)).likeness is likeness


@pytest.mark.parametrize(
    ("answer", "likeness"),
    [
        (Absent(detail="404"), Likeness.MISSING),
        (StoreError("403"), Likeness.UNREAD),
        (facts(), Likeness.NOT_COMPARABLE),
        (facts(WHOLE, size=8), Likeness.DIFFERENT),
    ],
)
def test_without_a_comparison_there_is_no_success(
    answer: ObjectFacts | Absent | StoreError, likeness: Likeness, file: bytes
) -> None:
    found = Comparer(FakeStore({"k": answer})).compare(Pair(name=file, ref=REF))
    assert found.likeness is likeness
    assert found.reason


def test_a_file_that_cannot_be_read_is_nobodys_but_its_own(tmp_path: Path) -> None:
    found = Comparer(FakeStore({})).compare(Pair(name=os.fsencode(tmp_path / "absent"), ref=REF))
    assert (found.likeness, found.local) == (Likeness.UNREAD, True)


def test_a_name_that_no_key_can_have_is_missing(file: bytes) -> None:
    found = Comparer(FakeStore({})).compare(Pair(name=file, ref=None))
    assert found.likeness is Likeness.MISSING


def test_useless_credentials_end_everything(file: bytes) -> None:
    for store in (
        FakeStore({"k": AccessError("expired")}),
        FakeStore({"k": facts(PARTED)}, parts={"k": AccessError("expired")}),
    ):
        with pytest.raises(AccessError):
            Comparer(store).compare(Pair(name=file, ref=REF))


def test_standard_input_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    class Standard:
        buffer = io.BytesIO(BODY + b"0")

    monkeypatch.setattr(sys, "stdin", Standard())
    found = Comparer(FakeStore({"k": facts(WHOLE)})).compare(Pair(name=b"-", ref=REF))
    assert (found.likeness, found.reason) == (Likeness.DIFFERENT, "10 bytes here, 9 in S3")


def test_a_stopped_comparison_ends(file: bytes) -> None:
    comparer = Comparer(FakeStore({"k": facts(WHOLE)}))
    comparer.stop()
    with pytest.raises(KeyboardInterrupt):
        comparer.compare(Pair(name=file, ref=REF))
