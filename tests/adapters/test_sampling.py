"""Samples of a manifest: the same whatever the order, of everything, asked about on both sides."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, cast

import pytest

from intact.adapters.sampling import ALONE, Drawn, ask, draw
from intact.audit import Absent, Policy, Subject, Unreadable
from intact.batch import S3PutObjectCopy
from intact.errors import AccessError, FormatError, StoreError, UsageError
from intact.s3 import ObjectFacts, ObjectRef
from tests.fake_s3 import FakeStore
from tests.worlds import facts

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from intact.adapters.boto import BotoStore
    from intact.audit import Evidence
    from intact.audit.sampled import Measured

POLICY = Policy(reported=False, versioned=False)
COPYING = S3PutObjectCopy(target_resource="arn:aws:s3:::copies")
NOBODY = cast("BotoStore", None)
"""A store that is not asked."""


class Silent:
    """Progress that nobody watches."""

    def phase(self, name: str, *, total: int | None = None) -> None:
        """Say nothing."""

    def advance(self) -> None:
        """Say nothing."""


def subject(*fields: str) -> Subject:
    return Subject(
        name="m",
        operation=COPYING,
        manifest=ObjectRef(bucket="lists", key="m.csv"),
        manifest_etag=None,
        fields=fields or ("Bucket", "Key"),
        report=None,
        reports_all_tasks=False,
        window=None,
    )


def drawn(
    folder: Path, rows: Sequence[str], *fields: str, carried: Sequence[str] = (), most: int = 5
) -> Drawn:
    path = folder / "m.csv"
    path.write_text("".join(f"{row}\n" for row in rows))
    return draw(subject(*fields), NOBODY, local=path, carried=carried, most=most)


def test_a_sample_is_the_same_in_any_order(tmp_path: Path) -> None:
    rows = [f"b,key-{number}" for number in range(200)]
    first = drawn(tmp_path, rows)
    assert (first.objects, len(first.rows)) == (200, 5)
    rows.sort(key=lambda row: row[::-1])
    again = drawn(tmp_path, rows)
    assert [ref for _, ref in again.rows] == [ref for _, ref in first.rows]
    more = drawn(tmp_path, rows, most=50)
    assert more.rows[:5] == again.rows


def test_a_sample_is_of_the_whole_list(tmp_path: Path) -> None:
    rows = [f"b,key-{number}" for number in range(400)]
    lines = [line for line, _ in drawn(tmp_path, rows, most=100).rows]
    assert len(set(lines)) == 100
    assert 150 < sum(lines) / len(lines) < 250
    assert len(drawn(tmp_path, rows, most=1000).rows) == 400
    assert drawn(tmp_path, rows, most=0).rows == ()


def test_rows_are_counted_and_their_bytes_where_every_row_says_them(tmp_path: Path) -> None:
    rows = ["b,k,10,x", "b,j,5,y", "one cell", "b,i,7,z"]
    fields = ("Bucket", "Key", "Ignore", "Ignore")
    found = drawn(tmp_path, rows, *fields, carried=("Size", "-"))
    assert (found.objects, found.malformed, found.size) == (3, 1, 22)
    assert drawn(tmp_path, rows, *fields).size is None
    assert drawn(tmp_path, ["b,k,,"], *fields, carried=("Size", "-")).size is None
    assert drawn(tmp_path, ["b,k,3"], "Bucket", "Key", "VersionId").versioned


def test_columns_that_are_not_there_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="the manifest has 0"):
        drawn(tmp_path, ["b,k"], carried=("Size",))
    with pytest.raises(FormatError, match="line 1: size is 'big'"):
        drawn(tmp_path, ["b,k,big"], "Bucket", "Key", "Ignore", carried=("Size",))


class Clock:
    """A second passes at each look."""

    def __init__(self) -> None:
        self._ticks = itertools.count()

    def __call__(self) -> float:
        return float(next(self._ticks))


def asked(
    store: FakeStore, *keys: str, workers: int = 1
) -> tuple[tuple[Evidence, ...], Measured | None]:
    rows = tuple((row, ObjectRef(bucket="b", key=key)) for row, key in enumerate(keys, 1))
    some = Drawn(objects=len(rows), malformed=0, size=None, versioned=False, rows=rows)
    return ask(
        some,
        store,
        destination=COPYING.destination,
        policy=POLICY,
        workers=workers,
        progress=Silent(),
        clock=Clock(),
    )


def test_both_sides_are_asked_about_and_timed() -> None:
    keys = [f"k{number}" for number in range(ALONE + 4)]
    store = FakeStore(dict.fromkeys(keys, facts(b"abc")))
    seen, measured = asked(store, *keys)
    assert measured is not None
    assert [type(evidence.source) for evidence in seen] == [ObjectFacts] * len(keys)
    assert len(store.asked) == 2 * len(keys)
    assert (measured.alone, measured.workers, measured.latency.low) == (1.0, 1, 1.0)
    assert 0 < measured.rate <= 1


def test_a_refusal_is_evidence_and_useless_credentials_are_the_end() -> None:
    store = FakeStore({"gone": Absent(detail="404"), "secret": StoreError("403")})
    seen, measured = asked(store, "gone", "secret", workers=9)
    assert measured is not None
    assert isinstance(seen[0].destination, Absent)
    assert isinstance(seen[1].destination, Unreadable)
    assert (measured.workers, measured.rate) == (1, 1.0)  # too few to tell of nine at a time
    with pytest.raises(AccessError):
        asked(FakeStore({"k": AccessError("expired")}), "k")


def test_no_sample_asks_nobody() -> None:
    assert asked(FakeStore({})) == ((), None)
