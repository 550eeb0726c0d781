"""Digests that somebody else recorded: every line is read or named, none is guessed."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intact.batch import MalformedRow
from intact.batch.expected import ExpectedRow, digest_of_text, expected_of_cells, read_sums
from intact.checksum import Algorithm, Checksum, ChecksumType, new
from intact.checksum.encoding import encode
from intact.errors import FormatError

if TYPE_CHECKING:
    from pathlib import Path

SHA = Algorithm.SHA256
HEX = new(SHA, b"abc").hexdigest()


def full(algorithm: Algorithm = SHA) -> Checksum:
    return Checksum(
        algorithm=algorithm,
        type=ChecksumType.FULL_OBJECT,
        digest=new(algorithm, b"abc").digest(),
    )


def read(
    text: str | bytes, algorithm: Algorithm | None = SHA, prefix: str = ""
) -> list[ExpectedRow | MalformedRow]:
    body = text.encode() if isinstance(text, str) else text
    return list(read_sums(body.splitlines(keepends=True), algorithm=algorithm, prefix=prefix))


def row(key: str, *, line: int = 1, algorithm: Algorithm = SHA) -> ExpectedRow:
    return ExpectedRow(line=line, key=key, checksums=frozenset({full(algorithm)}))


@pytest.mark.parametrize(
    ("line", "key"),
    [
        (f"{HEX}  name\n", "name"),
        (f"{HEX} *name\n", "name"),
        (f"{HEX.upper()}  name\r\n", "name"),
        (f"{encode(bytes.fromhex(HEX))}  name", "name"),
        (f"{HEX}   two spaces and a third", " two spaces and a third"),
        (f"{HEX}  ./folder/name", "folder/name"),
        (f"\\{HEX}  a\\nb\\\\c\\rd", "a\nb\\c\rd"),
        (f"{HEX}  a\\nb", "a\\nb"),
        (f"SHA256 (a (b) = c) = {HEX}", "a (b) = c"),
        (f"\\SHA256 (a\\nb) = {HEX}", "a\nb"),
        (f"{HEX}  (x) = y", "(x) = y"),
    ],
)
def test_each_style_of_line_is_read(line: str, key: str) -> None:
    assert read(line) == [row(key)]


def test_a_tag_needs_no_algorithm_and_beats_it() -> None:
    digest = new(Algorithm.MD5, b"abc").hexdigest()
    line = f"MD5 (k) = {digest}\n"
    assert read(line, None) == read(line, SHA) == [row("k", algorithm=Algorithm.MD5)]


def test_keys_begin_with_the_prefix() -> None:
    assert read(f"{HEX}  ./name", prefix="2026/") == [row("2026/name")]


@pytest.mark.parametrize("algorithm", Algorithm)
def test_hex_and_base64_of_every_algorithm_are_told_apart(algorithm: Algorithm) -> None:
    checksum = full(algorithm)
    assert digest_of_text(checksum.digest.hex(), algorithm=algorithm) == checksum
    assert digest_of_text(encode(checksum.digest), algorithm=algorithm) == checksum


@pytest.mark.parametrize(
    ("line", "algorithm", "problem"),
    [
        (f"{HEX}  name", None, "names no algorithm"),
        (f"{HEX}", SHA, "no digest with a name"),
        (f"{HEX} name", SHA, "no digest with a name"),
        ("; a comment", SHA, "no digest with a name"),
        (f"{HEX}  ./", SHA, "empty name"),
        (f"{HEX[:-1]}  name", SHA, "base64"),
        (f"{HEX}  name", Algorithm.SHA512, "64 bytes"),
        (f"BLAKE2b (name) = {HEX}", SHA, "BLAKE2b"),
        (f"\\{HEX}  a\\x", SHA, "wanted"),
        (f"\\{HEX}  a\\", SHA, "wanted"),
        (b"\xff  name", SHA, "UTF-8"),
    ],
    ids=str,
)
def test_a_line_that_cannot_be_read_is_kept_with_its_problem(
    line: str | bytes, algorithm: Algorithm | None, problem: str
) -> None:
    good = f"\n\nSHA256 (good) = {HEX}\n"
    body = line.encode() if isinstance(line, str) else line
    malformed, after = read(body + good.encode(), algorithm)
    assert isinstance(malformed, MalformedRow)
    assert (malformed.line, malformed.text.encode("utf-8", "surrogateescape")) == (1, body)
    assert problem in malformed.problem
    assert after == row("good", line=3)


@given(st.lists(st.binary(min_size=1, max_size=90).filter(lambda b: not {10, 13} & {*b})))
def test_no_line_is_lost(lines: list[bytes]) -> None:
    rows = list(read_sums([line + b"\n" for line in lines], algorithm=SHA))
    assert [row.line for row in rows] == list(range(1, len(lines) + 1))


@pytest.mark.parametrize("options", [(), ("--tag",)], ids=str)
def test_what_sha256sum_prints_is_read(options: tuple[str, ...], tmp_path: Path) -> None:
    program = shutil.which("sha256sum")
    if program is None:
        pytest.skip("this machine has no sha256sum")
    names = [
        "plain",
        " spaces ",
        "new\nline",
        "back\\slash",
        "(x) = y",
        "caf\N{COMBINING ACUTE ACCENT}",
    ]
    for name in names:
        (tmp_path / name).write_bytes(b"abc")
    found = subprocess.run(  # noqa: S603 - coreutils
        [program, *options, *names], cwd=tmp_path, capture_output=True, check=True
    )
    rows = list(read_sums(found.stdout.splitlines(keepends=True), algorithm=SHA))
    assert rows == [row(name, line=line) for line, name in enumerate(names, 1)]


def test_a_table_says_what_its_columns_are() -> None:
    cells = {"Bucket": "b", "Key": "k", "VersionId": "", "Size": "3", "sha-256": HEX, "Note": "?"}
    assert expected_of_cells(cells, line=7, prefix="p/") == ExpectedRow(
        line=7, key="p/k", checksums=frozenset({full()}), size=3, bucket="b"
    )


@pytest.mark.parametrize(
    ("cells", "problem"),
    [
        ({"Key": "", "Size": "3"}, "empty key"),
        ({"Key": "k", "Size": "-3"}, "Size"),
        ({"Key": "k", "Size": "²"}, "Size"),
        ({"Key": "k", "SHA256": ""}, "neither a digest nor a size"),
        ({"Key": "k", "SHA256": "x"}, "base64"),
    ],
    ids=str,
)
def test_a_row_that_expects_nothing_readable_is_refused(
    cells: dict[str, str], problem: str
) -> None:
    with pytest.raises(FormatError, match=problem):
        expected_of_cells(cells, line=1)
