"""Composite checksums of bytes as they stream by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from intact.checksum.combine import composite
from intact.checksum.hasher import new
from intact.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from intact.checksum.algorithm import Algorithm
    from intact.checksum.value import Checksum


MAX_PARTS = 10_000
"""Most parts of an upload (Amazon S3 User Guide, "Amazon S3 multipart upload limits")."""


class CompositeHasher:
    """COMPOSITE checksum of bytes that arrive in any chunks, by the sizes of their parts.

    Attributes:
        algorithm: Which function.
    """

    def __init__(self, algorithm: Algorithm, sizes: Iterable[int]) -> None:
        """Begin the first part.

        Args:
            algorithm: Any but CRC64NVME, which has no composite form.
            sizes: Bytes of each part in order; may be endless, as ``itertools.repeat`` is.  A part
                may be empty, as the last one of an upload can be.

        Raises:
            UsageError: A size is negative, now or when its part's turn comes.
        """
        self.algorithm: Final = algorithm
        self._sizes = iter(sizes)
        self._digests: list[bytes] = []
        self._part = new(algorithm)
        self._left = self._size()  # bytes that the part lacks; None behind the last
        self._begun = False

    @property
    def digests(self) -> tuple[bytes, ...]:
        """Raw digests of the parts whose bytes are all there."""
        self._end_parts()
        return tuple(self._digests)

    def update(self, data: bytes | memoryview) -> None:
        """Append bytes.

        Raises:
            UsageError: They are more than the sizes add up to.
        """
        view = memoryview(data)
        while view:
            self._end_parts()
            if self._left is None:
                raise UsageError(f"bytes go on behind part {len(self._digests)}; wanted their end")
            taken, view = view[: self._left], view[self._left :]
            self._part.update(taken)
            self._left -= len(taken)
            self._begun = True

    def checksum(self) -> Checksum:
        """COMPOSITE checksum of the bytes so far; the last part may be short.

        An object of no bytes has one empty part.
        """
        digests = self.digests
        if self._begun or not digests:
            digests += (self._part.digest(),)
        return composite(digests, algorithm=self.algorithm)

    def _end_parts(self) -> None:
        """Put down the digest of every part that lacks no bytes.

        Raises:
            UsageError: There are more parts than an upload can have.
        """
        while self._left == 0:
            if len(self._digests) == MAX_PARTS:
                raise UsageError(f"there are more than {MAX_PARTS} parts; S3 has no such uploads")
            self._digests.append(self._part.digest())
            self._part, self._begun = new(self.algorithm), False
            self._left = self._size()

    def _size(self) -> int | None:
        size = next(self._sizes, None)
        if size is not None and size < 0:
            raise UsageError(f"part {len(self._digests) + 1} has {size} bytes; wanted none or more")
        return size
