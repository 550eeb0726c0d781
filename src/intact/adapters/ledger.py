"""Ledgers on disk: written whole or not at all, read as a stream."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from intact.adapters.files import whole_file
from intact.audit import Counts, Record
from intact.audit.ledger import Header, decode, encode
from intact.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@contextmanager
def write_ledger(path: Path, header: Header) -> Iterator[Callable[[Record | Counts], None]]:
    """Yield a function that appends one entry; the last one must be the ``Counts``."""
    with whole_file(path) as file:
        file.write(encode(header).encode())
        yield lambda entry: _append(file.write, entry)


def _append(write: Callable[[bytes], object], entry: Record | Counts) -> None:
    write(encode(entry).encode())


class LedgerReader:
    """A ledger on disk.

    Attributes:
        header: Its first line.
    """

    def __init__(self, path: Path) -> None:
        """Read the header.

        Raises:
            FormatError: The file is no ledger.
            OSError: The file cannot be read.
        """
        self._path = path
        self._counts: Counts | None = None
        with path.open("rb") as file:
            header = self._decode(file.readline(), 1)
        if not isinstance(header, Header):
            raise FormatError(f"{path} line 1: wanted the header of a ledger")
        self.header = header

    def records(self) -> Iterator[Record]:
        """Yield every record in order; each call reads the file anew.

        Raises:
            FormatError: A line is malformed, or the ledger has no end.
        """
        self._counts = None
        with self._path.open("rb") as file:
            for number, line in enumerate(file, 1):
                entry = self._decode(line, number)
                if self._counts is not None or isinstance(entry, Header) != (number == 1):
                    raise FormatError(f"{self._path} line {number}: stands in the wrong place")
                if isinstance(entry, Record):
                    yield entry
                elif isinstance(entry, Counts):
                    self._counts = entry
        if self._counts is None:
            raise FormatError(f"{self._path}: has no last line, so the audit did not finish")

    def finished(self) -> Counts:
        """Return the last line, once ``records`` has run to the end.

        Raises:
            FormatError: ``records`` has not run to the end.
        """
        if self._counts is None:
            raise FormatError(f"{self._path}: was not read to its last line")
        return self._counts

    def _decode(self, line: bytes, number: int) -> Header | Record | Counts:
        try:
            return decode(line.decode())
        except (FormatError, UnicodeDecodeError) as error:
            raise FormatError(f"{self._path} line {number}: {error}") from None
