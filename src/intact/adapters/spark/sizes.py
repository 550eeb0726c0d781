"""How finely a distributed audit cuts its inputs: by their bytes, and by the memory of a task.

docs/howto/spark.md has the arithmetic for 20 million rows to 20 billion.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from intact.adapters.spark.inputs import Source

PIECE = 256 << 10
"""Bytes of a piece at most, about: Spark gathers a hundred rows before it counts their bytes, and
a driver with a heap of 1 GB runs out of it where they are four times as large."""
SHARE = 5
"""Joining takes so many times the bytes of what is joined, as in an audit on one machine."""
_SLICE = 128 << 20
"""Bytes of input in a slice where memory allows more: many machines are to have some."""
_MOST = 2048
"""Slices: files that a task has open at a time, many times fewer than any cluster allows."""
_PIECE = 256 << 10
"""Bytes of input that a task is to have of each slice."""
_TASK = (64 << 20, 512 << 20)
"""Bytes of input that a task reads: at least, at most."""
_FINDING = 3 << 10
"""Bytes of memory for each finding that is put in order: 2,260 measured, with keys of 75 bytes."""
_STRETCH = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What is cut into how many.

    Attributes:
        buckets: Slices of the keys, which travel from machine to machine.
        each: Bytes of input that a task reads.
        memory: Bytes that a task's DuckDB may take.
    """

    buckets: int
    each: int
    memory: int

    @classmethod
    def of(
        cls, size: int, *, memory: int, buckets: int | None = None, each: int | None = None
    ) -> Shape:
        """Choose for so many bytes of input what is not given.

        A slice that is too large for the memory, since there would be too many, is cut again
        where it is joined; see ``again``.
        """
        if buckets is None:
            buckets = min(max(1, math.ceil(size / min(_SLICE, memory / SHARE))), _MOST)
        if each is None:
            least, most = _TASK
            each = min(max(buckets * _PIECE, least), most)
        return cls(buckets=buckets, each=each, memory=memory)

    def again(self, size: int) -> int:
        """Parts of a slice of so many staged bytes that are joined one by one."""
        return max(1, math.ceil(size * SHARE / self.memory))

    def span(self, rows: int) -> int:
        """Rows of the manifest in a segment of the ledger, which one task puts in order."""
        wanted = max(_STRETCH, math.ceil(rows / self.buckets))
        return max(1, min(wanted, self.memory // _FINDING))


def grouped(
    sources: Sequence[Source], sizes: Mapping[Source, int], *, each: int
) -> Iterator[tuple[Source, ...]]:
    """Group files for tasks, in order; one that is larger than a task's bytes stands alone."""
    group: list[Source] = []
    total = 0
    for source in sources:
        size = sizes[source]
        if group and total + size > each:
            yield tuple(group)
            group, total = [], 0
        group.append(source)
        total += size
    if group:
        yield tuple(group)
