"""Composite checksums of bytes as they stream by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from intact.checksum.combine import composite
from intact.checksum.hasher import new
from intact.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from intact.checksum.algorithm import Algorithm
    from intact.checksum.hasher import Hasher
    from intact.checksum.value import Checksum


class CompositeHasher:
    """COMPOSITE checksum of bytes that arrive in any chunks, by the sizes of their parts."""

    def __init__(self, algorithm: Algorithm, sizes: Iterable[int]) -> None:
        """Begin the first part.

        Args:
            algorithm: Any but CRC64NVME, which has no composite form.
            sizes: Bytes of each part in order; may be endless, as ``itertools.repeat`` is.
        """
        self._algorithm = algorithm
        self._sizes = iter(sizes)
        self._digests: list[bytes] = []
        self._part: Hasher | None = None  # None between parts
        self._left = 0

    def update(self, data: bytes | memoryview) -> None:
        """Append bytes.

        Raises:
            UsageError: They are more than the sizes add up to.
        """
        view = memoryview(data)
        while view:
            part = self._part or self._begin()
            taken, view = view[: self._left], view[self._left :]
            part.update(taken)
            self._left -= len(taken)
            if not self._left:
                self._digests.append(part.digest())
                self._part = None

    def checksum(self) -> Checksum:
        """COMPOSITE checksum of the bytes so far; the last part may be short.

        An object of no bytes has one empty part.
        """
        rest = [] if self._part is None else [self._part.digest()]
        digests = [*self._digests, *rest] or [new(self._algorithm).digest()]
        return composite(digests, algorithm=self._algorithm)

    def _begin(self) -> Hasher:
        self._left = next(self._sizes, 0)
        if self._left <= 0:
            raise UsageError(f"bytes go on behind part {len(self._digests)}; wanted their end")
        self._part = new(self._algorithm)
        return self._part
