"""What the stored checksums of an object say about bytes that lie elsewhere."""

from __future__ import annotations

from dataclasses import replace
from enum import Enum
from typing import TYPE_CHECKING

from intact.checksum import Algorithm, ChecksumType, CompositeHasher, new
from intact.checksum.parts import MAX_PARTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from intact.checksum import Checksum
    from intact.s3.objects import ObjectFacts


class Likeness(Enum):
    """How local bytes compare with an object."""

    EQUAL = "equal"
    """Every comparable checksum that S3 stores is that of the bytes."""
    DIFFERENT = "different"
    """The size, or a comparable checksum, differs."""
    MISSING = "missing"
    """There is no such object."""
    NOT_COMPARABLE = "not_comparable"
    """S3 stores nothing that the bytes can be compared with."""
    UNREAD = "unread"
    """The file, or what S3 stores, could not be read.  Says nothing about either."""


class Comparison:
    """Takes local bytes in order, then says how they compare with an object."""

    def __init__(self, facts: ObjectFacts, sizes: Sequence[int] | None = None) -> None:
        """Prepare to rebuild every stored checksum that can be.

        Args:
            facts: What S3 says about the object.
            sizes: Bytes of each of its parts in order; None where S3 does not tell.  They count
                only if they add up to the object and to the number of parts that it has, which S3
                bounds.
        """
        facts = _without_hollow(facts)
        self._facts = facts
        self._sizes = sizes if sizes and sum(sizes) == facts.size else None
        if sizes and len(sizes) > 1 and 0 in sizes:
            self._sizes = None  # where among others an empty part lies, bytes do not show
        if sizes and len(sizes) > MAX_PARTS:
            self._sizes = None
        self._size = 0
        self._whole = {
            stored: new(stored.algorithm)
            for stored in facts.checksums
            if stored.type is ChecksumType.FULL_OBJECT
        }
        self._parted = {
            stored: CompositeHasher(stored.algorithm, self._sizes or ())
            for stored in facts.checksums
            if self._fits(stored)
        }

    @property
    def possible(self) -> bool:
        """Whether S3 stores anything that bytes can be compared with."""
        return bool(self._whole or self._parted)

    def update(self, data: memoryview, /) -> None:
        """Append bytes; those behind the object's end are only counted."""
        rest = max(self._facts.size - self._size, 0)
        self._size += len(data)
        for whole in self._whole.values():
            whole.update(data[:rest])
        for parted in self._parted.values():
            parted.update(data[:rest])

    def likeness(self) -> tuple[Likeness, str]:
        """Say how all the bytes compare, and why in one sentence without its full stop."""
        if self._size != self._facts.size:
            return Likeness.DIFFERENT, f"{self._size} bytes here, {self._facts.size} in S3"
        values = {stored: hasher.digest() for stored, hasher in self._whole.items()}
        values |= {stored: hasher.checksum().digest for stored, hasher in self._parted.items()}
        if not values:
            return Likeness.NOT_COMPARABLE, why_not(self._facts)
        for stored, value in values.items():
            if value != stored.digest:
                return Likeness.DIFFERENT, f"{stored.algorithm.value} differs"
        names = sorted(stored.algorithm.value for stored in values)
        return Likeness.EQUAL, f"{' and '.join(names)} equal"

    def _fits(self, stored: Checksum) -> bool:
        """Whether the parts that are known are those of this value."""
        return (
            stored.type is ChecksumType.COMPOSITE
            and stored.algorithm is not Algorithm.CRC64NVME  # of which S3 has no such values
            and self._sizes is not None
            and stored.parts in {None, len(self._sizes)}
        )


def _without_hollow(facts: ObjectFacts) -> ObjectFacts:
    """Drop checksums that cannot be those of the object.

    Some servers store the digest of no bytes for an object that has bytes (VersityGW 1.8.0,
    CopyObject of an object onto itself).
    """
    if facts.size == 0:
        return facts
    real = (c for c in facts.checksums if c.digest != new(c.algorithm).digest())
    return replace(facts, checksums=frozenset(real))


def why_not(facts: ObjectFacts) -> str:
    """Say why nothing that S3 stores for an object can be compared with bytes."""
    if not _without_hollow(facts).checksums:
        return "S3 stores no checksum of it"
    if any(stored.type is ChecksumType.COMPOSITE for stored in facts.checksums):
        return "its checksum is COMPOSITE, and S3 does not say where its parts end"
    return "S3 does not say what its checksum covers"
