r"""Digests that somebody else recorded of objects: lists in the style of coreutils, and tables.

Two kinds of lines are read: ``DIGEST  NAME`` as sha256sum prints them, the name behind two spaces
or a space and ``*``, and ``ALGORITHM (NAME) = DIGEST`` as ``--tag`` does.  A line that begins with
a backslash has its name escaped: ``\n``, ``\r`` and ``\\``.  Digests are hex, or base64 as S3
prints them.  A digest's length does not tell its algorithm, so a line without tag takes the one
that the caller names.  Source: GNU coreutils manual, "cksum output modes", "md5sum invocation".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from intact.batch.rows import MalformedRow, require_utf8
from intact.checksum import Algorithm, Checksum, ChecksumType
from intact.checksum.encoding import decode
from intact.errors import FormatError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_PLAIN = re.compile(r"(\S+) [ *](.+)", re.DOTALL)
_TAGGED = re.compile(r"(\S+) \((.+)\) = (\S+)", re.DOTALL)
_ESCAPED = re.compile(r"\\(.?)", re.DOTALL)
_UNESCAPED = {"n": "\n", "r": "\r", "\\": "\\"}
_HERE = "./"
SIZE = "Size"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedRow:
    """What somebody recorded of one object.

    Attributes:
        line: Where that stands, from 1.
        key: The object's key.
        checksums: FULL_OBJECT checksums.
        size: Its length in bytes; None where that was not recorded.
        bucket: Its bucket; None where that was not recorded.
        version_id: Its version; None where that was not recorded.
    """

    line: int
    key: str
    checksums: frozenset[Checksum]
    size: int | None = None
    bucket: str | None = None
    version_id: str | None = None


def digest_of_text(text: str, *, algorithm: Algorithm) -> Checksum:
    """Read a FULL_OBJECT digest in hex or base64.

    Raises:
        FormatError: It is neither, or not as long as the algorithm's digests.
    """
    if re.fullmatch(f"[0-9A-Fa-f]{{{2 * algorithm.digest_size}}}", text):
        digest = bytes.fromhex(text)
    else:
        digest = decode(text, algorithm=algorithm)
    return Checksum(algorithm=algorithm, type=ChecksumType.FULL_OBJECT, digest=digest)


def read_sums(
    lines: Iterable[bytes], *, algorithm: Algorithm | None, prefix: str = ""
) -> Iterator[ExpectedRow | MalformedRow]:
    """Read a list of digests line by line; every line that is not empty yields one value.

    Args:
        lines: With their line ends.
        algorithm: That of lines without tag; None where all lines have one.
        prefix: What the keys begin with and the names do not.  A leading ``./`` of a name, as
            ``find`` writes it, is no part of the key.
    """
    for line, raw in enumerate(lines, 1):
        text = raw.removesuffix(b"\n").removesuffix(b"\r").decode("utf-8", "surrogateescape")
        if not text:
            continue
        try:
            require_utf8(text)
            yield _row(text, line=line, algorithm=algorithm, prefix=prefix)
        except (FormatError, UsageError) as error:
            yield MalformedRow(line=line, text=text, problem=str(error))


def _row(text: str, *, line: int, algorithm: Algorithm | None, prefix: str) -> ExpectedRow:
    body = text.removeprefix("\\")
    if tagged := _TAGGED.fullmatch(body):
        tag, name, digest = tagged.groups()
        algorithm = Algorithm.parse(tag)
    elif plain := _PLAIN.fullmatch(body):
        digest, name = plain.groups()
    else:
        raise FormatError("the line is no digest with a name; wanted DIGEST, two spaces, NAME")
    if algorithm is None:
        raise FormatError("the line names no algorithm; wanted ALGORITHM=FILE or lines with tags")
    if body != text:
        name = _ESCAPED.sub(_unescape, name)
    name = name.removeprefix(_HERE)
    if not name:
        raise FormatError("the line has an empty name")
    checksum = digest_of_text(digest, algorithm=algorithm)
    return ExpectedRow(line=line, key=prefix + name, checksums=frozenset({checksum}))


def _unescape(found: re.Match[str]) -> str:
    try:
        return _UNESCAPED[found[1]]
    except KeyError:
        raise FormatError(f"the name holds {found[0]!r}; wanted \\n, \\r or \\\\") from None


def expected_of_cells(cells: Mapping[str, str], *, line: int, prefix: str = "") -> ExpectedRow:
    """Read one row of a table by the names of its columns.

    ``Key``, and any of ``Bucket``, ``VersionId``, ``Size`` and the algorithms' names; cells may be
    empty, other columns are not looked at.

    Raises:
        FormatError: A cell is not what its column holds, or nothing is expected.
    """
    checksums, size = expected_of_columns(cells)
    key = cells.get("Key", "")
    if not key:
        raise FormatError("the row has an empty key")
    return ExpectedRow(
        line=line,
        key=prefix + key,
        checksums=checksums,
        size=size,
        bucket=cells.get("Bucket") or None,
        version_id=cells.get("VersionId") or None,
    )


def expected_of_columns(cells: Mapping[str, str]) -> tuple[frozenset[Checksum], int | None]:
    """Digests and size among named cells, such as a manifest's ``Ignore`` columns.

    Raises:
        FormatError: A cell is not what its column holds, or all of them are empty.
    """
    checksums = frozenset(
        digest_of_text(text, algorithm=algorithm)
        for name, text in cells.items()
        if text and (algorithm := algorithm_named(name)) is not None
    )
    size = cells.get(SIZE, "")
    if size and not (size.isascii() and size.isdigit()):
        raise FormatError(f"Size is {size!r}; wanted digits")
    if not checksums and not size:
        raise FormatError("the row has neither a digest nor a size; wanted one")
    return checksums, int(size) if size else None


def algorithm_named(column: str) -> Algorithm | None:
    """Algorithm whose digests a column of that name holds; None where it holds none."""
    try:
        return Algorithm.parse(column)
    except UsageError:
        return None
