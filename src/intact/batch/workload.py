"""How much a job works on, counted from its list of objects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from intact.batch.operations import MAX_COPY_SIZE
from intact.batch.rows import split_row
from intact.errors import FormatError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """How much a job works on.

    Attributes:
        objects: Objects that it names.
        size: Their bytes together.
        listed: Objects of the bucket whose list S3 makes.
        large: Those among the objects that no copy task can copy.
    """

    objects: int
    size: int
    listed: int = 0
    large: int = 0


def sizes_in(lines: Iterable[bytes], *, columns: Sequence[str]) -> Iterator[int]:
    """Yield the size of every row of a manifest.

    Args:
        lines: Its lines.
        columns: Meaning of its columns, as for ``intact.batch.lint``.

    Raises:
        UsageError: No column holds sizes.
        FormatError: A row has another number of cells, or no size.
    """
    if "Size" not in columns:
        raise UsageError(f"columns are {','.join(columns)}; wanted Size among them")
    place = columns.index("Size")
    for line, raw in enumerate(lines, 1):
        cells = split_row(raw.rstrip(b"\r\n").decode("utf-8", "surrogateescape"))
        size = cells[place] if len(cells) == len(columns) else ""
        if not (size.isascii() and size.isdigit()):
            raise FormatError(
                f"manifest line {line}: size is {size!r}; wanted digits; lint it first"
            )
        yield int(size)


def measure(sizes: Iterable[int], *, listed: int = 0) -> Workload:
    """Count objects by their sizes."""
    objects = total = large = 0
    for size in sizes:
        objects += 1
        total += size
        large += size > MAX_COPY_SIZE
    return Workload(objects=objects, size=total, listed=listed, large=large)
