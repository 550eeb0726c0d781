"""Lists of checksums: any name survives, and what is malformed says so."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intact.checksum import Algorithm, Checksum, ChecksumType
from intact.checksum.listing import Entry, digest_text, entries, escape, line, lines, result_line
from tests.strategies import checksums

names = st.binary(min_size=1).filter(lambda name: b"\0" not in name) | st.sampled_from(
    [b"-", b"#x", b" a", b"*a", b"a\\", b"\\n", b"a\nb", b"a\r", b"caf\xe9", b"a) = b", b"("]
)
HEX = b"ae8b14860a799888"
FULL, COMPOSITE = ChecksumType.FULL_OBJECT, ChecksumType.COMPOSITE


def read(text: bytes, algorithm: Algorithm | None = None) -> list[Entry | None]:
    return [entry for _, entry in entries(text.splitlines(keepends=True), algorithm=algorithm)]


def plain_lines(text: bytes) -> list[bytes]:
    """Lines as a file yields them: only a line feed ends one."""
    return [piece + b"\n" for piece in text.split(b"\n")[:-1]]


@given(name=names, checksum=checksums(), tag=st.booleans(), as_base64=st.booleans())
def test_what_was_written_is_read(
    name: bytes,
    checksum: Checksum,
    tag: bool,  # noqa: FBT001 - hypothesis
    as_base64: bool,  # noqa: FBT001 - hypothesis
) -> None:
    text = digest_text(checksum.digest, parts=checksum.parts, as_base64=as_base64)
    words = None
    if tag:
        assert checksum.type is not None
        words = f"{checksum.algorithm.value} {checksum.type.value}"
    elif checksum.type is COMPOSITE and checksum.parts is None:
        return  # without a word for its type, only the number of parts tells a composite value
    written = line(name, text, tag=words)
    assert written.count(b"\n") == 1
    wanted = Entry(name=name, checksum=checksum)
    found = list(entries(plain_lines(written), algorithm=checksum.algorithm))
    assert found == [(1, wanted)]


@given(
    found=st.lists(names), tag=st.sampled_from([None, "CRC32"]), end=st.sampled_from([b"\n", b"\0"])
)
def test_many_lines_are_the_lines_one_by_one(
    found: list[bytes], tag: str | None, end: bytes
) -> None:
    texts = [f"{number:08x}" for number in range(len(found))]
    each = [line(name, text, tag=tag, end=end) for name, text in zip(found, texts, strict=True)]
    encoded = [text.encode() for text in texts]
    assert lines(found, encoded, tag=tag, end=end) == b"".join(each)


@given(name=names)
def test_no_name_can_forge_a_line(name: bytes) -> None:
    assert b"\n" not in escape(name)
    assert b"\r" not in escape(name)
    assert result_line(name, "OK").count(b"\n") == 1


@given(name=names)
def test_lines_that_end_with_nul_carry_names_as_they_are(name: bytes) -> None:
    assert line(name, HEX.decode(), end=b"\0") == HEX + b"  " + name + b"\0"


@given(text=st.binary())
def test_any_bytes_can_be_read(text: bytes) -> None:
    for number, entry in entries(plain_lines(text + b"\n")):
        assert number > 0
        assert entry is None or entry.name


@pytest.mark.parametrize(
    "text",
    [
        HEX + b"  a",
        HEX + b" *a",
        HEX + b" a",
        HEX.upper() + b"  a",
        HEX + b"\t a",
        b" \t" + HEX + b"  a",
        HEX + b"  a\r",
        b"rosUhgp5mIg=  a",
        b"CRC64NVME (a) = " + HEX,
        b"CRC64NVME(a)= " + HEX,
        b"CRC64NVME FULL_OBJECT (a) = " + HEX,
        b"CRC64NVME (a) = rosUhgp5mIg=",
    ],
)
def test_every_spelling_of_a_line_is_read(text: bytes) -> None:
    checksum = Checksum(
        algorithm=Algorithm.CRC64NVME, type=FULL, digest=bytes.fromhex(HEX.decode())
    )
    assert read(b"# comment\n\n" + text + b"\n") == [Entry(name=b"a", checksum=checksum)]


@pytest.mark.parametrize(
    "text",
    [
        b"junk",
        HEX,
        HEX + b" ",
        HEX[1:] + b"  a",
        b"x" + HEX[1:] + b"  a",
        HEX + b"  a\0b",
        b"\\" + HEX + b"  a\\q",
        b"\\" + HEX + b"  a\\",
        HEX + b"-0  a",
        b"rosUhgp5mIh=  a",
        b"=  a",
        "é".encode() + b"  a",
        b"CRC64NVME (a) = " + HEX + b" ",
        b"CRC64NVME () = " + HEX,
        b"CRC65 (a) = " + HEX,
        b"CRC64NVME FULL_OBJECT (a) = " + HEX + b"-2",
        b"CRC32 (a) = " + HEX,
    ],
)
def test_what_is_malformed_says_so(text: bytes) -> None:
    assert list(entries([text + b"\n"])) == [(1, None)]


def test_only_the_algorithm_that_was_asked_for_is_read() -> None:
    text = b"CRC32 (a) = cbf43926\n"
    assert read(text, Algorithm.CRC32C) == [None]
    assert read(text, Algorithm.CRC32) != [None]


def test_forms_do_not_mix_since_a_name_may_begin_with_a_space() -> None:
    assert read(HEX + b"  a\n" + HEX + b" b\n")[1] is None
    old = read(HEX + b" a\n" + HEX + b"  b\n")
    assert [entry and entry.name for entry in old] == [b"a", b" b"]


def test_a_composite_value_keeps_its_parts() -> None:
    (entry,) = read(b"CRC32 COMPOSITE (a) = cbf43926\n")
    assert entry is not None
    assert (entry.checksum.type, entry.checksum.parts) == (COMPOSITE, None)
    (entry,) = read(b"cbf43926-7  a\n", Algorithm.CRC32)
    assert entry is not None
    assert (entry.checksum.type, entry.checksum.parts) == (COMPOSITE, 7)


def test_a_name_is_unescaped_only_where_the_line_says_so() -> None:
    found = read(b"\\" + HEX + b"  a\\nb\\\\n\\r\n" + HEX + b"  a\\nb\n")
    assert [entry and entry.name for entry in found] == [b"a\nb\\n\r", b"a\\nb"]
