"""Lists of checksums: the lines that coreutils' ``sha256sum`` and ``cksum`` write and check.

Names are bytes, as file systems have them.  A line is ``digest  name`` or ``ALGORITHM (name) =
digest``; a digest is hex or, as S3 writes it, base64, with ``-N`` behind a composite one.

See GNU Coreutils manual, "md5sum: Print or check MD5 digests" and "cksum: Print and verify file
checksums".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from intact.checksum.algorithm import Algorithm, ChecksumType
from intact.checksum.encoding import decode, encode
from intact.checksum.value import Checksum
from intact.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_SPECIAL = re.compile(rb"[\\\n\r]")
_ESCAPES = {b"\\": rb"\\", b"\n": rb"\n", b"\r": rb"\r"}
_PLAIN = {escape: plain for plain, escape in _ESCAPES.items()}
_ESCAPED = re.compile(rb"(?:[^\\]|\\[\\nr])*", re.DOTALL)
_DIGEST = re.compile(r"(?P<digest>[0-9A-Za-z+/]+={0,2})(?:-(?P<parts>[1-9][0-9]{0,4}))?")
_PLAIN_LINE = re.compile(rb"[ \t]*(?P<mark>\\?)(?P<text>[^ \t]+)[ \t](?P<rest>.*)", re.DOTALL)
_TAGGED_LINE = re.compile(
    rb"[ \t]*(?P<mark>\\?)(?P<tag>[A-Z0-9]+)(?: (?P<type>FULL_OBJECT|COMPOSITE))? ?"
    rb"\((?P<name>.*)\)[ \t]*=[ \t]*(?P<text>[^ \t]+)",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What one line says.

    Attributes:
        name: Name of the file, unescaped.
        checksum: What its bytes should have.
    """

    name: bytes
    checksum: Checksum


def digest_text(digest: bytes, *, parts: int | None = None, as_base64: bool = False) -> str:
    """Write a digest in lower-case hex at full width, or in base64; ``-N`` where it has parts."""
    return (encode(digest) if as_base64 else digest.hex()) + (f"-{parts}" if parts else "")


def line(name: bytes, text: str, *, tag: str | None = None, end: bytes = b"\n") -> bytes:
    r"""Write one line.

    A name that holds a backslash, a line feed or a carriage return is escaped, and a backslash in
    front of the line says so; lines that end with ``\0`` carry every name as it is.

    Args:
        name: Name of the file.
        text: What ``digest_text`` wrote.
        tag: Words in front of the name, such as ``CRC64NVME``; None for the plain form.
        end: Newline or ``\0``.
    """
    mark = b""
    if end != b"\0" and _SPECIAL.search(name):
        name, mark = escape(name), b"\\"
    if tag is None:
        return b"%b%b  %b%b" % (mark, text.encode(), name, end)
    return b"%b%b (%b) = %b%b" % (mark, tag.encode(), name, text.encode(), end)


def lines(
    names: Sequence[bytes], texts: Sequence[bytes], *, tag: str | None = None, end: bytes = b"\n"
) -> bytes:
    """Write many lines, as ``line`` does each; an eighth of its time where no name is special.

    Args:
        names: Names of the files.
        texts: What ``digest_text`` wrote of each, in ASCII.
        tag: As for ``line``.
        end: As for ``line``.
    """
    count = len(names)
    if tag is not None or (end != b"\0" and _SPECIAL.search(b" ".join(names))):
        pairs = zip(names, texts, strict=True)
        return b"".join([line(name, text.decode(), tag=tag, end=end) for name, text in pairs])
    words = [end] * (4 * count)
    words[0::4], words[1::4], words[2::4] = texts, [b"  "] * count, names
    return b"".join(words)


def escape(name: bytes) -> bytes:
    r"""Write backslash, line feed and carriage return as ``\\``, ``\n`` and ``\r``."""
    return _SPECIAL.sub(lambda found: _ESCAPES[found[0]], name)


def result_line(name: bytes, result: str) -> bytes:
    """Write what became of a file that was checked, such as ``OK``.

    A name with a line end is escaped, so that it cannot forge another file's line.
    """
    if b"\n" in name or b"\r" in name:
        name = b"\\" + escape(name)
    return b"%b: %b\n" % (name, result.encode())


def entries(
    lines: Iterable[bytes], *, algorithm: Algorithm | None = None
) -> Iterator[tuple[int, Entry | None]]:
    """Read a list: the number of each line from 1, and what it says; None where it is malformed.

    Empty lines and those that begin with ``#`` are passed over, and a carriage return before the
    end of a line is no part of it.  ``digest name`` with one space, the form of BSD, is read in
    lists that begin with it; forms do not mix, since a name may begin with a space.

    Args:
        lines: The list; each line with or without its end.
        algorithm: The only one that is accepted; None for that of each tagged line, and CRC64NVME
            for the others.
    """
    one_space: bool | None = None
    for number, raw in enumerate(lines, 1):
        text = raw.removesuffix(b"\n").removesuffix(b"\r")
        if not text or text.startswith(b"#"):
            continue
        entry = None
        if b"\0" in text:
            yield number, None
        elif tagged := _TAGGED_LINE.fullmatch(text):
            if algorithm is None or algorithm.value.encode() == tagged["tag"]:
                entry = _entry(
                    tagged["name"], tagged["text"], tagged["tag"], tagged["mark"], tagged["type"]
                )
            yield number, entry
        elif plain := _PLAIN_LINE.fullmatch(text):
            rest, tag = plain["rest"], (algorithm or Algorithm.CRC64NVME).value.encode()
            single = len(rest) == 1 or rest[:1] not in {b" ", b"*"}
            if not (single and one_space is False):
                name = rest if single or one_space else rest[1:]
                entry = _entry(name, plain["text"], tag, plain["mark"])
                if entry is not None and one_space is None:
                    one_space = single
            yield number, entry
        else:
            yield number, None


def _entry(
    name: bytes, text: bytes, tag: bytes, mark: bytes, kind: bytes | None = None
) -> Entry | None:
    if not name or (mark and not _ESCAPED.fullmatch(name)):
        return None
    checksum = _checksum(
        text.decode("ascii", "replace"), tag.decode(), kind.decode() if kind else None
    )
    if checksum is None:
        return None
    if mark:
        name = re.sub(rb"\\[\\nr]", lambda found: _PLAIN[found[0]], name)
    return Entry(name=name, checksum=checksum)


def _checksum(text: str, tag: str, kind: str | None) -> Checksum | None:
    algorithm = Algorithm.__members__.get(tag)
    found = _DIGEST.fullmatch(text)
    if algorithm is None or found is None or (kind == "FULL_OBJECT" and found["parts"]):
        return None
    digest = _digest(found["digest"], algorithm=algorithm)
    if digest is None:
        return None
    composite = found["parts"] is not None or kind == "COMPOSITE"
    return Checksum(
        algorithm=algorithm,
        type=ChecksumType.COMPOSITE if composite else ChecksumType.FULL_OBJECT,
        digest=digest,
        parts=int(found["parts"]) if found["parts"] else None,
    )


def _digest(text: str, *, algorithm: Algorithm) -> bytes | None:
    # No digest of S3 is a multiple of three bytes long, so base64 ends in "=" and hex does not.
    if text.endswith("="):
        try:
            return decode(text, algorithm=algorithm)
        except FormatError:
            return None
    if len(text) != 2 * algorithm.digest_size:
        return None
    try:
        return bytes.fromhex(text)
    except ValueError:
        return None
