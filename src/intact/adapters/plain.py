"""Tells plain rows of a list from those that need a closer look, a megabyte at a time."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

from intact.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Iterator

CHUNK = 1 << 20
LONGEST = 1 << 20
"""Longest row in bytes; no row that S3 could use comes near."""
ELSEWHERE = "\1"
"""Stands for a row that Python reads, so that DuckDB counts lines as Python does."""
LINES = (
    "header = false, auto_detect = false, quote = '', escape = '', delim = '\\2', "
    "new_line = '\\n', nullstr = '\\3', max_line_size = 4194304, columns = {'row': 'VARCHAR'}"
)
"""Options of DuckDB's ``read_csv`` that read a spool line by line."""
_PLAIN = bytes(sorted({*range(0x21, 0x7F), 0x0A} - set(b'"#<>?[\\]^`{|}')))
"""What paths of URLs, commas and percent signs are made of, and the line end."""


def spool_plain(
    file: IO[bytes], plain: IO[bytes], *, unquote: bool = False
) -> Iterator[tuple[int, str]]:
    """Copy plain rows aside and yield the others, as ``told_apart`` does, with their numbers."""
    for rows, _, others in told_apart(file, unquote=unquote):
        plain.write(rows)
        yield from others


def told_apart(
    file: IO[bytes], *, unquote: bool = False
) -> Iterator[tuple[bytes, int, list[tuple[int, str]]]]:
    """Yield about a megabyte of rows at a time, how many, and those of them that are not plain.

    The rows are one line each: a plain one as it is, ``ELSEWHERE`` for any other.  The others come
    with their numbers, the first row of the file always among them.

    Args:
        file: The list; open for reading bytes.
        unquote: Whether quotes that no cell needs are dropped, which makes more rows plain, but
            keeps no row as it stands in the file.

    Raises:
        FormatError: A row is longer than ``LONGEST``.
    """
    line, chunk = 0, file.readline(LONGEST)
    while chunk:
        if not chunk.endswith(b"\n"):
            chunk += file.readline(LONGEST)
            if not chunk.endswith(b"\n") and file.read(1):
                raise FormatError(f"a row after line {line} exceeds {LONGEST} bytes")
        body = chunk.replace(b"\r\n", b"\n") if b"\r" in chunk else chunk
        if not body.endswith(b"\n"):
            body += b"\n"
        bare = _unquoted(body) if unquote else body
        if line and not _is_odd(bare):
            count = bare.count(b"\n")
            line += count
            yield bare, count, []
        else:
            rows: list[bytes] = []
            others: list[tuple[int, str]] = []
            for row in body[:-1].split(b"\n"):
                line += 1
                odd = line == 1 or _is_odd(row)
                rows.append(ELSEWHERE.encode() if odd else row)
                if odd:
                    others.append((line, row.rstrip(b"\r").decode("utf-8", "surrogateescape")))
            yield b"\n".join([*rows, b""]), len(rows), others
        chunk = file.read(CHUNK)


def _unquoted(rows: bytes) -> bytes:
    """Rows whose every cell is quoted without need, without the quotes; other rows as they are."""
    if not (rows.startswith(b'"') and rows.endswith(b'"\n')):
        return rows
    bare = rows[1:-2].replace(b'","', b",").replace(b'"\n"', b"\n") + b"\n"
    whole = b'"' not in bare and rows.count(b",") == rows.count(b'","')
    return bare if whole else rows


def _is_odd(rows: bytes) -> bool:
    return (
        not rows or rows.startswith(b"\n") or b"\n\n" in rows or bool(rows.translate(None, _PLAIN))
    )
