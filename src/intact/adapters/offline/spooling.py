"""A manifest's rows in files that DuckDB reads, a part at a time, so that few are on disk."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

from intact.adapters.plain import told_apart

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

PART = 1 << 27
"""Bytes of a part: one is read while the next is written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spool:
    """Some rows of a manifest, a line each.

    Attributes:
        path: The file.
        lines: How many.
        elsewhere: How many of them Python took, and their numbers' sum.
    """

    path: Path
    lines: int
    elsewhere: tuple[int, int]


def spooled(manifest: Path, folder: Path, take: Callable[[str, int], None]) -> Iterator[Spool]:
    """Write a manifest's rows to files in a folder, which are the caller's to remove.

    Args:
        manifest: The CSV file.
        folder: Gets them.
        take: Called with each row that is not plain, and with its number, from 1.

    Raises:
        FormatError: A row is too long.
    """
    with manifest.open("rb") as file:
        found = told_apart(file)
        for number in count():
            path = folder / f"plain-{number}"
            size = lines = taken = total = 0
            with path.open("wb") as plain:
                for rows, more, others in found:
                    size += plain.write(rows)
                    lines += more
                    for line, text in others:
                        take(text, line)
                        taken, total = taken + 1, total + line
                    if size >= PART:
                        break
            if not lines:
                path.unlink()
                return
            yield Spool(path=path, lines=lines, elsewhere=(taken, total))
