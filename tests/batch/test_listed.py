"""From a list of any origin to a manifest: nothing is lost, delete markers are counted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intact.batch import ManifestRow, read_manifest
from intact.batch.listed import EXTRAS, MOST_NAMED, Listed, Tally, fields_of, manifest_of
from intact.errors import FormatError, UsageError
from intact.s3 import ObjectRef
from tests.strategies import bucket_names, keys, version_ids

entries = st.builds(
    Listed,
    source=st.builds(ObjectRef, bucket=bucket_names, key=keys, version_id=version_ids),
    size=st.none() | st.integers(0, 2**43),
    etag=st.none() | st.from_regex(r"[0-9a-f]{32}(-[0-9]{1,5})?", fullmatch=True),
    digest=st.none() | st.just("rosUhgp5mIg="),
    delete_marker=st.booleans(),
)


def listed(key: str = "k", *, delete_marker: bool = False) -> Listed:
    source = ObjectRef(bucket="b", key=key, version_id="v")
    return Listed(source=source, delete_marker=delete_marker)


@given(written=st.lists(entries, max_size=6))
def test_every_object_is_a_row_and_every_delete_marker_is_counted(written: list[Listed]) -> None:
    tally, objects = Tally(), [entry for entry in written if not entry.delete_marker]
    lines = manifest_of([listed(), *written], versioned=True, extras=EXTRAS, tally=tally)
    rows = list(read_manifest(list(lines)[1:], fields=fields_of(versioned=True, extras=EXTRAS)))
    assert [row.source for row in rows if isinstance(row, ManifestRow)] == [
        entry.source for entry in objects
    ]
    assert [row.extra for row in rows if isinstance(row, ManifestRow)] == [
        tuple(entry.cell(name) for name in EXTRAS) for entry in objects
    ]
    assert tally.listed == 1 + len(written) == tally.written + tally.delete_markers


def test_the_first_delete_markers_are_named() -> None:
    tally = Tally()
    markers = [listed(str(number), delete_marker=True) for number in range(MOST_NAMED + 1)]
    list(manifest_of([*markers, listed()], versioned=True, extras=(), tally=tally))
    assert [ref.key for ref in tally.named] == [str(number) for number in range(MOST_NAMED)]
    assert tally.delete_markers == MOST_NAMED + 1


@pytest.mark.parametrize("entries", [[], [listed(delete_marker=True)]], ids=["none", "markers"])
def test_a_manifest_without_rows_is_refused(entries: list[Listed]) -> None:
    with pytest.raises(UsageError, match="nothing is listed that can be copied"):
        list(manifest_of(entries, versioned=True, extras=(), tally=Tally()))


def test_the_cells_of_a_table_are_read_by_name() -> None:
    cells = {
        "Key": "k",
        "VersionId": "v",
        "Size": "12",
        "ETag": '"e"',
        "Digest": "d",
        "IsDeleteMarker": "False",
        "Ignore": "x",
    }
    assert Listed.from_cells(cells, bucket="b") == Listed(
        source=ObjectRef(bucket="b", key="k", version_id="v"), size=12, etag="e", digest="d"
    )
    assert Listed.from_cells({"Bucket": "a", "Key": "k"}, bucket="b") == Listed(
        source=ObjectRef(bucket="a", key="k")
    )


@pytest.mark.parametrize(
    ("cells", "problem"),
    [
        ({"Key": "k"}, "an empty bucket or key"),
        ({"Bucket": "b", "Key": ""}, "an empty bucket or key"),
        ({"Bucket": "b", "Key": "k", "Size": "1.5"}, "Size is '1.5'; wanted digits"),
        ({"Bucket": "b", "Key": "k", "IsDeleteMarker": "1"}, "IsDeleteMarker is '1'"),
    ],
)
def test_a_cell_that_its_column_cannot_hold_is_refused(cells: dict[str, str], problem: str) -> None:
    with pytest.raises(FormatError, match=problem):
        Listed.from_cells(cells)
