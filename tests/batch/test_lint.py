"""Every rule of the linter finds what it names, and only that."""

from __future__ import annotations

import pytest

from intact.batch.lint import RULES, lint

COPY = ("Bucket", "Key")
VERSIONS = ("Bucket", "Key", "VersionId")
SIZES = ("Bucket", "Key", "Size", "IsDeleteMarker")


def found(
    text: bytes, columns: tuple[str, ...] = COPY, *, prefix_size: int = 0
) -> dict[str, list[int]]:
    lines = text.splitlines(keepends=True)
    return {
        rule: kept.lines
        for rule, kept in lint(lines, columns=columns, prefix_size=prefix_size).items()
    }


@pytest.mark.parametrize(
    ("text", "columns", "broken"),
    [
        (b"\xef\xbb\xbfb,k\n", COPY, {"byte order mark": [1]}),
        (b"BUCKET,Key\nb,k\n", COPY, {"header row": [1]}),
        (b'"bucket","key"\nb,k\n', COPY, {"header row": [1]}),
        (b"b,k\n\nb,l\n", COPY, {"blank line": [2]}),
        (b"b,\xff\n", COPY, {"not UTF-8": [1]}),
        (b'b,"k\n', COPY, {"not CSV": [1]}),
        (b"b,k\nb,l,v\n", COPY, {"column count": [2]}),
        (b",k\nb,\n", COPY, {"empty cell": [1, 2]}),
        (b"b,k,\nb,k,v\n", VERSIONS, {"missing version": [1]}),
        (b"b,a+b\n", COPY, {"bare plus": [1]}),
        (b"b,a b\nb,%2\nb,\xc3\xbc\n", COPY, {"unencoded key": [1, 2, 3]}),
        (b"b,%FF\n", COPY, {"undecodable key": [1]}),
        (b"b,k,x,\nb,l,1e3,\n", SIZES, {"unreadable size": [1, 2]}),
        (b"b,k,5368709120,\nb,l,5368709121,\n", SIZES, {"too large": [2]}),
        (b"b,k,1,False\nb,l,,TRUE\n", SIZES, {"delete marker": [2]}),
        (b"b,k\nb,%6B\nb,k\n", COPY, {"duplicate": [2, 3]}),
        (b"b,k,1\nb,k,2\nb,k,1\n", VERSIONS, {"duplicate": [3], "several versions": [2]}),
        (b"b,k\nc,k\nb,l\n", COPY, {"several buckets": [2]}),
        (b"b,k\nb,l\n", COPY, {}),
    ],
)
def test_a_rule_names_the_rows_that_break_it(
    text: bytes, columns: tuple[str, ...], broken: dict[str, list[int]]
) -> None:
    assert found(text, columns) == broken


def test_a_manifest_without_rows_is_empty() -> None:
    assert found(b"") == {"empty file": []}


def test_keys_are_measured_with_what_the_job_puts_before_them() -> None:
    text = b"b," + b"%C3%BC" * 510 + b"\n"
    assert found(text, prefix_size=4) == {}
    assert found(text, prefix_size=5) == {"long key": [1]}


def test_only_the_first_lines_are_kept_but_all_are_counted() -> None:
    kept = lint([b"\n"] * 9, columns=COPY, most=2)["blank line"]
    assert (kept.count, kept.lines) == (9, [1, 2])


def test_every_rule_says_who_says_so() -> None:
    assert all(rule.sentence.endswith(".") and rule.source for rule in RULES.values())
