"""A checksum as S3 makes it, from the bytes of an object in order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from intact.checksum.algorithm import ChecksumType
from intact.checksum.combine import composite
from intact.checksum.hasher import new
from intact.checksum.value import Checksum
from intact.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from typing_extensions import Buffer

    from intact.checksum.algorithm import Algorithm


class Rebuild:
    """Computes what S3 stored: over the whole object, or over the parts that it was uploaded in."""

    __slots__ = ("_algorithm", "_digests", "_hasher", "_left", "_type")

    def __init__(self, algorithm: Algorithm, *, part_sizes: Sequence[int] | None = None) -> None:
        """Begin with no bytes.

        Args:
            algorithm: Which function.
            part_sizes: Bytes of each part for a COMPOSITE value, None for a FULL_OBJECT one.

        Raises:
            UsageError: A part has less than no bytes.
        """
        if part_sizes and min(part_sizes) < 0:
            raise UsageError(f"a part has {min(part_sizes)} bytes; wanted none or more")
        self._algorithm = algorithm
        self._type = ChecksumType.FULL_OBJECT if part_sizes is None else ChecksumType.COMPOSITE
        self._left = list(part_sizes or ())[::-1]
        self._hasher = new(algorithm)
        self._digests: list[bytes] = []

    def update(self, data: Buffer, /) -> None:
        """Append bytes; they may span parts.

        Raises:
            UsageError: There are more bytes than the parts have.
        """
        rest = memoryview(data).cast("B")
        while self._left and len(rest) >= self._left[-1]:
            size = self._left.pop()
            self._hasher.update(rest[:size])
            self._digests.append(self._hasher.digest())
            self._hasher, rest = new(self._algorithm), rest[size:]
        if not len(rest):
            return
        if self._left:
            self._left[-1] -= len(rest)
        elif self._type is ChecksumType.COMPOSITE:
            raise UsageError(f"{len(rest)} bytes lie beyond the last part")
        self._hasher.update(rest)

    def part_digests(self) -> tuple[bytes, ...]:
        """Raw digests of the parts whose bytes are all there; none of a FULL_OBJECT value."""
        self.update(b"")  # a part may be empty, the last one for example
        return tuple(self._digests)

    def checksum(self) -> Checksum:
        """Value over the bytes so far.

        Raises:
            UsageError: The value is COMPOSITE and bytes of a part are not there, or there are no
                parts, or S3 has no composite form of the algorithm.
        """
        if self._type is ChecksumType.FULL_OBJECT:
            digest = self._hasher.digest()
            return Checksum(algorithm=self._algorithm, type=self._type, digest=digest)
        digests = self.part_digests()
        if self._left:
            raise UsageError(f"part {len(digests) + 1} lacks its last {self._left[-1]} bytes")
        return composite(digests, algorithm=self._algorithm)
