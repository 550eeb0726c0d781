"""A manifest loses nothing: what is written reads back, what is malformed is counted."""

import itertools
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intact.batch import MalformedRow, ManifestRow, read_manifest, write_manifest
from intact.batch.manifest import FIELDS, VERSIONED_FIELDS, write_rows
from intact.errors import UsageError
from intact.s3 import ObjectRef, encode_key
from tests.strategies import bucket_names, keys, version_ids

refs = st.builds(ObjectRef, bucket=bucket_names, key=keys, version_id=st.none())
versions = st.builds(ObjectRef, bucket=bucket_names, key=keys, version_id=version_ids)
pieces = st.sampled_from(
    [b"b", b",", b",", b"k", b'"', b"+", b"%2B", b"%FF", b"\xff", b"\xef\xbb\xbf", b"\r", b"\n"]
)
garbage = st.lists(pieces | st.binary(max_size=3), max_size=9).map(b"".join)


def read(*lines: bytes, fields: tuple[str, ...] = FIELDS) -> list[ManifestRow | MalformedRow]:
    return list(read_manifest(lines, fields=fields))


@pytest.mark.parametrize(
    ("sources", "fields"), [(refs, FIELDS), (versions, VERSIONED_FIELDS)], ids=["plain", "versions"]
)
@given(data=st.data())
def test_reading_undoes_writing(
    sources: st.SearchStrategy[ObjectRef], fields: tuple[str, ...], data: st.DataObject
) -> None:
    written = data.draw(st.lists(sources, max_size=5))
    rows = read(*write_manifest(written, fields=fields), fields=fields)
    assert rows == [
        ManifestRow(line=line, source=source, raw_key=encode_key(source.key))
        for line, source in enumerate(written, 1)
    ]


def test_lines_are_written_as_s3_wants_them() -> None:
    null = ObjectRef(bucket="b", key='a b+,"ü"\n', version_id="null")
    [line] = write_manifest([null], fields=VERSIONED_FIELDS)
    assert line == b"b,a%20b%2B%2C%22%C3%BC%22%0A,null\n"


@pytest.mark.parametrize(
    ("source", "fields", "message"),
    [
        (ObjectRef(bucket="b", key="k"), VERSIONED_FIELDS, "None; wanted a version on every row"),
        (ObjectRef(bucket="b", key="k", version_id=""), VERSIONED_FIELDS, "''; wanted a version"),
        (ObjectRef(bucket="b", key="k", version_id="v"), FIELDS, "'v'; wanted no versions"),
        (ObjectRef(bucket="b", key=""), FIELDS, "is 0 bytes; wanted 1 to 1024"),
        (ObjectRef(bucket="b", key="ü" * 513), FIELDS, "is 1026 bytes; wanted 1 to 1024"),
        (ObjectRef(bucket="b", key="\ud800"), FIELDS, "wanted text that UTF-8 can express"),
        (ObjectRef(bucket="", key="k"), FIELDS, "version is ''; wanted plain ASCII"),
        (ObjectRef(bucket="a,b", key="k"), FIELDS, "version is 'a,b'; wanted plain ASCII"),
        (ObjectRef(bucket="b", key="k", version_id="v\n"), VERSIONED_FIELDS, "wanted plain ASCII"),
    ],
)
def test_what_s3_could_not_read_is_not_written(
    source: ObjectRef, fields: tuple[str, ...], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        list(write_manifest([source], fields=fields))


def test_a_key_may_have_1024_bytes() -> None:
    source = ObjectRef(bucket="b", key="ü" * 512)
    [row] = read(*write_manifest([source], fields=FIELDS))
    assert isinstance(row, ManifestRow)
    assert row.source == source


def test_a_message_names_the_line() -> None:
    sources = [ObjectRef(bucket="b", key="k"), ObjectRef(bucket="b", key="")]
    with pytest.raises(UsageError, match="manifest line 2: key"):
        list(write_manifest(sources, fields=FIELDS))


@pytest.mark.parametrize("fields", [(), ("Key", "Bucket"), ("Bucket", "Key", "Ignore")])
def test_only_the_two_layouts_are_written(fields: tuple[str, ...]) -> None:
    with pytest.raises(UsageError, match="manifest fields are"):
        list(write_manifest([], fields=fields))


cells = st.just("") | st.from_regex(r"[A-Za-z0-9+/=-]{1,9}", fullmatch=True)


@given(written=st.lists(st.tuples(versions, st.lists(cells, min_size=2, max_size=2)), max_size=5))
def test_what_else_a_row_carries_reads_back(
    written: list[tuple[ObjectRef, list[str]]],
) -> None:
    fields = (*VERSIONED_FIELDS, "Ignore", "Ignore")
    rows = read(*write_rows(written, fields=fields), fields=fields)
    assert rows == [
        ManifestRow(line=line, source=source, raw_key=encode_key(source.key), extra=tuple(extra))
        for line, (source, extra) in enumerate(written, 1)
    ]


@pytest.mark.parametrize("fields", [(), ("Bucket", "Ignore", "Key"), ("Key", "Bucket", "Ignore")])
def test_what_s3_ignores_stands_last(fields: tuple[str, ...]) -> None:
    with pytest.raises(UsageError, match="manifest fields are"):
        list(write_rows([], fields=fields))


@pytest.mark.parametrize("extra", [(), ("a", "b"), ("a,b",), ('"',), ("é",), ("a b",)], ids=repr)
def test_a_cell_that_would_need_quotes_is_not_written(extra: tuple[str, ...]) -> None:
    source = ObjectRef(bucket="b", key="k")
    with pytest.raises(UsageError, match="manifest line 1: extra cells are"):
        list(write_rows([(source, extra)], fields=(*FIELDS, "Ignore")))


@given(lines=st.lists(garbage | st.binary(), max_size=6))
def test_every_line_yields_one_value(lines: list[bytes]) -> None:
    assert [row.line for row in read(*lines)] == list(range(1, len(lines) + 1))


@given(line=garbage | st.binary())
def test_a_malformed_row_keeps_its_bytes(line: bytes) -> None:
    body = line.rstrip(b"\r\n")
    [row] = read(line)
    kept = row.text if isinstance(row, MalformedRow) else None
    assert kept is None or kept.encode("utf-8", "surrogateescape") == body


@pytest.mark.parametrize(
    ("line", "fields", "problem"),
    [
        (b"\xef\xbb\xbfb,k", FIELDS, "byte order mark"),
        (b"", FIELDS, "1 columns; wanted 2"),
        (b"b", FIELDS, "1 columns; wanted 2"),
        (b"b,k,v", FIELDS, "3 columns; wanted 2"),
        (b"b,k", VERSIONED_FIELDS, "2 columns; wanted 3"),
        (b"b,k,", VERSIONED_FIELDS, "an empty version; wanted a version id or null"),
        (b"b,", FIELDS, "an empty bucket or key"),
        (b",k", FIELDS, "an empty bucket or key"),
        (b"b,a+b", FIELDS, "has a bare '+'; wanted %2B or %20"),
        (b"b,\xff", FIELDS, "bytes that are no UTF-8"),
        (b"b,\xed\xa0\x80", FIELDS, "bytes that are no UTF-8"),
        (b"b,%FF", FIELDS, "wanted the URL-encoded form of UTF-8"),
        (b'b,"k', FIELDS, "the row is no CSV"),
        (b'b,"k"x', FIELDS, "the row is no CSV"),
        (b'"b"\rb,k', FIELDS, "the row is no CSV"),
    ],
)
def test_a_malformed_row_says_what_is_wrong(
    line: bytes, fields: tuple[str, ...], problem: str
) -> None:
    [row] = read(line + b"\r\n", fields=fields)
    assert isinstance(row, MalformedRow)
    assert problem in row.problem
    assert row.text.encode("utf-8", "surrogateescape") == line


def test_a_malformed_row_does_not_hide_its_neighbours() -> None:
    first, second, third = read(b"b,1\n", b"\n", b"b,3")
    assert isinstance(second, MalformedRow)
    assert [first.line, second.line, third.line] == [1, 2, 3]
    assert isinstance(third, ManifestRow)
    assert third.source == ObjectRef(bucket="b", key="3")


def test_a_byte_order_mark_is_one_at_the_start_only() -> None:
    _, row = read(b"b,1", b"\xef\xbb\xbfb,2")
    assert isinstance(row, ManifestRow)


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n"])
def test_line_ends_are_no_part_of_a_row(end: bytes) -> None:
    [row] = read(b"b,k" + end)
    assert row == ManifestRow(line=1, source=ObjectRef(bucket="b", key="k"), raw_key="k")


def test_quoted_cells_are_read_as_csv() -> None:
    [row] = read(b'"b","a,""b"""')
    assert isinstance(row, ManifestRow)
    assert (row.source.key, row.raw_key) == ('a,"b"', 'a,"b"')


def test_columns_mean_what_the_fields_say() -> None:
    fields = ("Ignore", "VersionId", "Key", "Ignore", "Bucket")
    [row] = read(b"x,v,a%20b,y,b", fields=fields)
    assert row == ManifestRow(
        line=1,
        source=ObjectRef(bucket="b", key="a b", version_id="v"),
        raw_key="a%20b",
        extra=("x", "y"),
    )


@pytest.mark.parametrize(
    "fields",
    [
        (),
        ("Bucket",),
        ("Key",),
        ("Bucket", "Key", "Key"),
        ("Bucket", "Bucket", "Key"),
        ("Bucket", "Key", "VersionId", "VersionId"),
        ("Bucket", "Key", "VersionID"),
    ],
)
def test_fields_that_bind_no_object_are_refused(fields: tuple[str, ...]) -> None:
    with pytest.raises(UsageError, match="wanted Bucket and Key once, VersionId at most once"):
        read(b"b,k", fields=fields)


def test_lines_are_read_one_at_a_time() -> None:
    taken = 0

    def lines() -> Iterator[bytes]:
        nonlocal taken
        for number in itertools.count():
            taken += 1
            yield b"b,%d\n" % number

    rows = read_manifest(lines(), fields=FIELDS)
    next(rows)
    next(rows)
    assert taken == 2


def test_lines_are_written_one_at_a_time() -> None:
    sources = (ObjectRef(bucket="b", key=str(number)) for number in itertools.count())
    lines = write_manifest(sources, fields=FIELDS)
    assert [*itertools.islice(lines, 2)] == [b"b,0\n", b"b,1\n"]
    assert next(sources).key == "2"
