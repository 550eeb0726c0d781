"""Which manifest of several each row belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from intact.batch.lint import check_row
from intact.batch.operations import MAX_COPY_SIZE
from intact.batch.rows import split_row
from intact.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

MOST_ROWS = 20_000_000_000
"""Rows that one copy job takes (S3 User Guide, "Copy objects")."""
_BEARABLE = frozenset({"too large", "delete marker", "long key"})
"""Rules that a row may break and still be moved: each says what a task would do with it."""


class Placed(NamedTuple):
    """One row and the manifest that it goes to.

    Attributes:
        part: Name of the manifest, without its extension.
        row: The row as it stood, with a line feed.
    """

    part: str
    row: bytes


def split(
    lines: Iterable[bytes],
    *,
    columns: Sequence[str],
    most_rows: int = MOST_ROWS,
    most_size: int = MAX_COPY_SIZE,
) -> Iterator[Placed]:
    """Place every row: objects too large to copy apart, and never too many rows together.

    Args:
        lines: The manifest's lines.
        columns: Meaning of its columns; without Size no object counts as large.
        most_rows: Rows in one manifest.
        most_size: Largest object in bytes that is not set apart.

    Raises:
        FormatError: A row is malformed; to lint the manifest says more.
    """
    rows = {"copy": 0, "large": 0}
    size = columns.index("Size") if "Size" in columns else None
    for line, raw in enumerate(lines, 1):
        row = raw.rstrip(b"\r\n")
        text = row.decode("utf-8", "surrogateescape")
        broken, _ = check_row(text, line=line, columns=columns)
        if hard := [rule for rule in broken if rule not in _BEARABLE]:
            raise FormatError(f"manifest line {line}: {', '.join(hard)}; lint it first")
        cell = split_row(text)[size] if size is not None else ""
        kind = "large" if cell and int(cell) > most_size else "copy"
        yield Placed(f"{kind}-{rows[kind] // most_rows + 1:05d}", row + b"\n")
        rows[kind] += 1
