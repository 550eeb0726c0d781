"""The rules in SQL are the rules in Python."""

from __future__ import annotations

import io
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intact.adapters import lint as module
from intact.adapters import plain
from intact.adapters.lint import lint_file
from intact.batch.lint import check_row, lint
from intact.errors import FormatError

COLUMNS = [
    ("Bucket", "Key"),
    ("Bucket", "Key", "VersionId"),
    ("Size", "Key", "IsDeleteMarker", "Bucket", "Ignore", "VersionId"),
]
cells = st.sampled_from(
    b" b b2 k K a+b % %2 %4B %FF %ED%A0%80 %C3%BC \xc3\xbc \xff %00 %25 %252 %%41 null v1 TRUE "
    b'5368709120 5368709121 999999999999999999 9999999999999999999 -1 "k" "a,b" " key Bucket '
    b"' a=b a|b \\N \x01 \x02 \x03 \x00 # NULL %F4%90%80%80 %C0%80 %EF%BF%BF".split(b" ")
) | st.sampled_from([b"a b", b"\t", b"\r", b"k" * 1020, b"%41" * 1020])
rows = st.lists(cells, min_size=1, max_size=6).map(b",".join) | st.sampled_from(
    [
        b"",
        b"b,k",
        b"b,k,v1",
        b"b,k,v2",
        b"b,%6B,v1",
        b"1,k,true,b,,v1",
        b"1,k,,b,,v2",
        b"\xef\xbb\xbfb",
    ]
)


@given(
    written=st.lists(rows, max_size=12),
    columns=st.sampled_from(COLUMNS),
    prefix_size=st.sampled_from([0, 4, 5]),
    end=st.sampled_from([b"\n", b"\r\n"]),
    ended=st.booleans(),
    quoted=st.booleans(),
    most=st.integers(1, 3),
)
@settings(deadline=None, max_examples=40)
def test_sql_and_python_find_the_same(  # noqa: PLR0913 - what hypothesis draws
    *,
    written: list[bytes],
    columns: tuple[str, ...],
    prefix_size: int,
    end: bytes,
    ended: bool,
    quoted: bool,
    most: int,
) -> None:
    if quoted:
        written = [b'"%s"' % row.replace(b",", b'","') for row in written]
    text = end.join(written) + end * ended
    wanted = lint(io.BytesIO(text), columns=columns, prefix_size=prefix_size, most=most)
    found = lint_file(
        io.BytesIO(text), columns=columns, prefix_size=prefix_size, most=most, threads=1
    )
    assert found == wanted


QUOTED = [
    b'"b","k"\n"b","j"\n',
    b'"b",""\n"","k"\n',
    b'"b","k,j"\n"b,c","k"\n',
    b'"b",","\n",",","\n',
    b'""\n"b"\n"b","k"\n',
    b'"b","k""j"\n"b","k"\n',
    b'b,k\n"b","k"\n',
    b'"b","k"\nb,k\n"b","k"\n',
    b'"b","k\n"b","k"\n',
    b'"b","k"\n\n"b","k"\n',
    b'"b","k"j\n"b","k"\n',
]


@pytest.mark.parametrize("text", QUOTED)
def test_quotes_mean_to_sql_what_they_mean_to_python(text: bytes) -> None:
    body = b"b,first\n" + text
    columns = ("Bucket", "Key")
    assert lint_file(io.BytesIO(body), columns=columns) == lint(io.BytesIO(body), columns=columns)


def test_rows_quoted_without_need_are_left_to_sql(monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[int] = []

    def check(text: str, *, line: int, **options: Any) -> Any:  # noqa: ANN401 - of check_row
        checked.append(line)
        return check_row(text, line=line, **options)

    monkeypatch.setattr(module, "check_row", check)
    rows = b"".join(b'"b","k%d"\r\n' % number for number in range(1000))
    assert lint_file(io.BytesIO(rows), columns=("Bucket", "Key")) == {}
    assert checked == [1]


def test_odd_rows_among_many_plain_ones_keep_their_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plain, "CHUNK", 50)
    rows = [b"b,%d\n" % number for number in range(1000)]
    rows[17], rows[500], rows[501] = b"b,\xff\n", b"\n", b"b,16\n"
    text = b"".join(rows)
    columns = ("Bucket", "Key")
    found = lint_file(io.BytesIO(text), columns=columns)
    assert found == lint(io.BytesIO(text), columns=columns)
    assert {rule: kept.lines for rule, kept in found.items()} == {
        "blank line": [501],
        "not UTF-8": [18],
        "duplicate": [502],
    }


def test_a_row_without_end_is_no_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plain, "LONGEST", 10)
    with pytest.raises(FormatError, match="exceeds 10 bytes"):
        lint_file(io.BytesIO(b"b," + b"k" * 99), columns=("Bucket", "Key"))
