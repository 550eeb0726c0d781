"""Sources of an upload, read once from front to back in blocks as large as its parts."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from intact.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from typing_extensions import Buffer

    from intact.adapters.local import Readable

MAX_PARTS = 10_000
MIN_PART, MAX_PART = 5 << 20, 5 << 30
"""Limits of parts; the last may be smaller.

See Amazon S3 User Guide, "Amazon S3 multipart upload limits".
"""
_STEP = 1000
"""Parts after which those of a source of unknown length grow by their first size."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Bytes that can be read once.

    Attributes:
        name: For messages.
        read: Returns as many bytes as asked for, fewer only at the end.
        size: Their number where it is known beforehand.
        check: Raises OSError when what was read may be of two states of a file.
    """

    name: str
    read: Callable[[int], bytes]
    size: int | None
    check: Callable[[], None]

    def blocks(self, part_size: int) -> Iterator[bytes]:
        """Yield the bytes of each part; no part for no bytes.

        Args:
            part_size: Least bytes of a part but the last.  Parts are larger where there would be
                too many; where nobody knows how many there will be, every thousand of them.

        Raises:
            UsageError: There are more bytes than so many parts can hold.
            OSError: The source cannot be read, or changed meanwhile.
        """
        least = part_size if self.size is None else max(part_size, -(-self.size // MAX_PARTS))
        for number in range(MAX_PARTS):
            grown = least * (1 + number // _STEP) if self.size is None else least
            size = min(grown, MAX_PART)
            if block := self.read(size):
                yield block
            if len(block) < size:
                self.check()
                return
        if self.read(1):
            raise UsageError(
                f"{self.name} has more bytes than {MAX_PARTS} parts hold; "
                f"wanted part_size larger than {part_size}"
            )
        self.check()


@contextmanager
def open_source(source: str | os.PathLike[str] | Buffer | Readable) -> Iterator[Source]:
    """Open what is to be uploaded: a path, bytes, or anything with ``read``, which stays open.

    Raises:
        TypeError: It is none of these.
        OSError: The file cannot be opened.
    """
    if isinstance(source, str | os.PathLike):
        with open(source, "rb", buffering=0) as file:  # noqa: PTH123 - unbuffered
            before = os.fstat(file.fileno())
            regular = stat.S_ISREG(before.st_mode)
            name = os.fspath(source)

            def check() -> None:
                after = os.fstat(file.fileno())
                if regular and _state(after) != _state(before):
                    raise OSError(errno.EIO, "the file changed while it was uploaded", name)

            size = before.st_size if regular else None
            yield Source(name=name, read=_filler(file, name), size=size, check=check)
    elif hasattr(source, "read"):
        stream = cast("Readable", source)
        name = str(getattr(source, "name", source))
        yield Source(name=name, read=_filler(stream, name), size=None, check=_unchanged)
    else:
        with memoryview(source) as view, view.cast("B") as octets:
            yield _bytes_source(octets)


def _state(status: os.stat_result) -> tuple[int, int]:
    return status.st_size, status.st_mtime_ns


def _unchanged() -> None:
    """Bytes in memory and streams have one state only."""


def _bytes_source(octets: memoryview) -> Source:
    position = 0

    def read(size: int) -> bytes:
        nonlocal position
        block = bytes(octets[position : position + size])
        position += len(block)
        return block

    return Source(name="the buffer", read=read, size=len(octets), check=_unchanged)


def _filler(file: Readable, name: str) -> Callable[[int], bytes]:
    """Return a ``read`` that goes on where the file gives less than was asked for."""

    def read(size: int) -> bytes:
        pieces, missing = [], size
        while missing:
            piece: Buffer | None = file.read(missing)  # None of a file in non-blocking mode
            if piece is None:
                raise BlockingIOError(f"{name} has no bytes at hand; wanted a blocking file")
            pieces.append(bytes(memoryview(piece)))
            if not pieces[-1]:
                break
            missing -= len(pieces[-1])
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    return read
