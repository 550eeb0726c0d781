"""What the tail of an ORC file says and pyarrow does not: the time zones of its writers.

ORC keeps a timestamp as the writer's wall clock, and the writer's zone once in each stripe.  A
reader is shown the wall clock, so the moment is known only where that zone is; where a stripe names
none, the reader takes its own machine's.  S3 names ``UTC``.  Source: ORC Specification v1, "File
Tail", "Stripe Footer" and "Compression"; an inventory of May 2024 in umccr/orcabus.
"""

from __future__ import annotations

import zlib
from typing import IO, TYPE_CHECKING

from intact.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

UTC = frozenset({"UTC", "GMT", "Etc/UTC", "Etc/GMT", "UCT", "Etc/UCT", "Zulu", "Etc/Zulu"})
"""Zones whose wall clock shows UTC."""
_MAGIC = b"ORC"
_PLAIN, _ZLIB = 0, 1
_FIXED = {1: 8, 5: 4}
_FOOTER_LENGTH, _COMPRESSION, _MAGIC_WORD = 1, 2, 8000
"""Members of ``PostScript``."""
_STRIPES = 3
"""Member of ``Footer``."""
_OFFSET, _INDEX_LENGTH, _DATA_LENGTH, _STRIPE_FOOTER_LENGTH = 1, 2, 3, 4
"""Members of ``StripeInformation``."""
_WRITER_TIMEZONE = 3
"""Member of ``StripeFooter``."""


def writer_zones(path: Path) -> set[str | None]:
    """Return the time zones in which the stripes of an ORC file were written.

    None stands for a stripe that names none.

    Raises:
        FormatError: The file is no ORC, or compressed by another method than S3's.
    """
    with path.open("rb") as file:
        try:
            return set(_zones(file))
        except (IndexError, KeyError, ValueError, zlib.error) as error:
            raise FormatError(f"{path.name}: {error!r}; wanted an ORC file's tail") from None


def _zones(file: IO[bytes]) -> Iterator[str | None]:
    size = file.seek(0, 2)
    length = _read(file, size - 1, 1)[0]
    postscript = dict(_members(_read(file, size - 1 - length, length)))
    if postscript[_MAGIC_WORD] != _MAGIC:
        raise ValueError("no ORC")
    packed = _number(postscript.get(_COMPRESSION, _PLAIN))
    length += _number(postscript[_FOOTER_LENGTH])
    footer = _read(file, size - 1 - length, _number(postscript[_FOOTER_LENGTH]))
    for name, stripe in _members(_unpacked(footer, packed)):
        if name == _STRIPES:
            told = dict(_members(_text(stripe)))
            begin = sum(_number(told.get(n, 0)) for n in (_OFFSET, _INDEX_LENGTH, _DATA_LENGTH))
            tail = _unpacked(_read(file, begin, _number(told[_STRIPE_FOOTER_LENGTH])), packed)
            zone = dict(_members(tail)).get(_WRITER_TIMEZONE)
            yield None if zone is None else _text(zone).decode()


def _read(file: IO[bytes], begin: int, length: int) -> bytes:
    if begin < 0 or begin + length > file.seek(0, 2):
        raise ValueError("a part lies outside of the file")
    file.seek(begin)
    return file.read(length)


def _unpacked(packed: bytes, method: int) -> bytes:
    """Undo the compression of a stream of chunks, each with its length before it."""
    if method == _PLAIN:
        return packed
    if method != _ZLIB:
        raise ValueError(f"compression {method} of ORC's list, not ZLIB")
    found, place = b"", 0
    while place < len(packed):
        header = int.from_bytes(packed[place : place + 3], "little")
        chunk = packed[place + 3 : place + 3 + (header >> 1)]
        found += chunk if header & 1 else zlib.decompress(chunk, -zlib.MAX_WBITS)
        place += 3 + (header >> 1)
    return found


def _members(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yield number and value of each member of a message of Protocol Buffers."""
    place = 0
    while place < len(message):
        tag, place = _varint(message, place)
        kind = tag & 7
        if kind == 0:
            value, place = _varint(message, place)
            yield tag >> 3, value
            continue
        if kind == 2:  # noqa: PLR2004 - a string, or a message
            length, place = _varint(message, place)
        else:
            length = _FIXED[kind]
        if place + length > len(message):
            raise ValueError("a member ends too late")
        yield tag >> 3, message[place : place + length]
        place += length


def _varint(message: bytes, place: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        byte = message[place]
        number |= (byte & 0x7F) << shift
        place, shift = place + 1, shift + 7
        if byte < 0x80:  # noqa: PLR2004 - the last one
            return number, place


def _number(value: int | bytes) -> int:
    if not isinstance(value, int):
        raise ValueError("text where a number belongs")  # noqa: TRY004 - of the file
    return value


def _text(value: int | bytes) -> bytes:
    if not isinstance(value, bytes):
        raise ValueError("a number where text belongs")  # noqa: TRY004 - of the file
    return value
