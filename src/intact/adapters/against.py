"""Compares local files with objects: the bytes here, the checksums that S3 stores there."""

from __future__ import annotations

import os
import stat
import sys
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from intact.adapters.local import pour
from intact.adapters.parallel import usable_threads
from intact.adapters.stored import head
from intact.audit import Absent
from intact.checksum import ChecksumType
from intact.errors import AccessError, FormatError, StoreError
from intact.s3.likeness import Comparison, Likeness, why_not

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from intact.adapters.ports import ObjectStore
    from intact.s3 import ObjectFacts, ObjectRef


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A file and the object that should have its bytes; None where no key can have its name."""

    name: bytes
    ref: ObjectRef | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What became of a pair.

    Attributes:
        pair: Which one.
        likeness: How they compare.
        reason: Why, in one sentence without its full stop.
        local: Whether it was the file that could not be read.
    """

    pair: Pair
    likeness: Likeness
    reason: str
    local: bool = False


class Comparer:
    """Compares pairs on any number of threads; as many hash at a time as there are processors."""

    def __init__(
        self, store: ObjectStore, *, progress: Callable[[int], object] = lambda _: None
    ) -> None:
        """Ask this store; ``progress`` hears the number of bytes that were read."""
        self._store = store
        self._progress = progress
        self._stopped = False
        self._hashing = threading.Semaphore(usable_threads(None))

    def stop(self) -> None:
        """End the comparisons under way; nobody waits for what they find."""
        self._stopped = True

    def _read(self, size: int) -> None:
        if self._stopped:
            raise KeyboardInterrupt
        self._progress(size)

    def compare(self, pair: Pair) -> Compared:
        """Compare a file with its object.

        A file of another size is not read; nor is one to which nothing in S3 can be compared.

        Raises:
            AccessError: The credentials are of no use for any object.
        """
        try:
            size = _size(pair.name)
        except OSError as error:
            return _unread(pair, error)
        if pair.ref is None:
            return Compared(
                pair=pair, likeness=Likeness.MISSING, reason="its name is no UTF-8, as keys are"
            )
        facts = head(self._store, pair.ref)
        if isinstance(facts, Absent):
            reason = f"{pair.ref} does not exist ({facts.detail})"
            return Compared(pair=pair, likeness=Likeness.MISSING, reason=reason)
        if isinstance(facts, StoreError | FormatError):
            return Compared(pair=pair, likeness=Likeness.UNREAD, reason=str(facts))
        if size is not None and size != facts.size:
            reason = f"{size} bytes here, {facts.size} in S3"
            return Compared(pair=pair, likeness=Likeness.DIFFERENT, reason=reason)
        return self._hashed(pair, pair.ref, facts)

    def _hashed(self, pair: Pair, ref: ObjectRef, facts: ObjectFacts) -> Compared:
        try:
            comparison = Comparison(facts, self._part_sizes(ref, facts))
        except AccessError:
            raise
        except (StoreError, FormatError) as error:
            return Compared(pair=pair, likeness=Likeness.UNREAD, reason=str(error))
        if not comparison.possible:
            return Compared(pair=pair, likeness=Likeness.NOT_COMPARABLE, reason=why_not(facts))
        file = sys.stdin.buffer if pair.name == b"-" else pair.name
        try:
            with self._hashing:
                pour(file, [comparison], progress=self._read)
        except OSError as error:
            return _unread(pair, error)
        likeness, reason = comparison.likeness()
        return Compared(pair=pair, likeness=likeness, reason=reason)

    def _part_sizes(self, ref: ObjectRef, facts: ObjectFacts) -> Sequence[int] | None:
        if all(stored.type is not ChecksumType.COMPOSITE for stored in facts.checksums):
            return None
        parts = self._store.parts(ref, facts)
        return None if isinstance(parts, Absent) else parts.sizes


def _size(name: bytes) -> int | None:
    """Bytes of a regular file; None for what has to be read to know."""
    if name == b"-":
        return None
    status = os.stat(name)  # noqa: PTH116 - bytes
    return status.st_size if stat.S_ISREG(status.st_mode) else None


def _unread(pair: Pair, error: OSError) -> Compared:
    reason = error.strerror or str(error)
    return Compared(pair=pair, likeness=Likeness.UNREAD, reason=reason, local=True)
