"""How an object that no copy task can take is copied in parts: the plan, without a request.

UploadPartCopy copies a range of bytes inside S3; the parts' CRC64NVMEs combine to that of the
whole object, so the copy is compared with its parts, and with its source where S3 stored the same
checksum there.  Source: Amazon S3 User Guide, "Amazon S3 multipart upload limits"; S3 API
Reference, UploadPartCopy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from intact.checksum import Algorithm
from intact.checksum.combine import full_object
from intact.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from intact.checksum import Checksum

MOST_PARTS = 10_000
SMALLEST_PART = 5 * 1024**2
"""Bytes; only the last part may be smaller."""
LARGEST_PART = 5 * 1024**3
USUAL_PART = 128 * 1024**2
"""Forty parts of the smallest object that needs them: enough to copy side by side."""
_MEBIBYTE = 1024**2


class Part(NamedTuple):
    """One part of a multipart upload.

    Attributes:
        number: From 1.
        start: Its first byte in the object.
        size: Bytes.
    """

    number: int
    start: int
    size: int

    @property
    def range(self) -> str:
        """``CopySourceRange``; an empty part has none."""
        return f"bytes={self.start}-{self.start + self.size - 1}"


def plan_parts(size: int, *, part_size: int) -> list[Part]:
    """Cut an object into parts of one size, the last one smaller.

    Args:
        size: Bytes of the object; nothing is one empty part.
        part_size: Bytes of a part; more where the object would have too many parts.

    Raises:
        UsageError: S3 has no parts of that size, or no object of that size.
    """
    if not SMALLEST_PART <= part_size <= LARGEST_PART:
        raise UsageError(f"part size is {part_size}; wanted {SMALLEST_PART} to {LARGEST_PART}")
    if size > MOST_PARTS * LARGEST_PART:
        raise UsageError(f"object size is {size}; wanted at most {MOST_PARTS * LARGEST_PART}")
    least = -(-size // MOST_PARTS)
    step = max(part_size, -(-least // _MEBIBYTE) * _MEBIBYTE)
    starts = range(0, max(size, 1), step)
    return [Part(number, start, min(step, size - start)) for number, start in enumerate(starts, 1)]


def keep_parts(sizes: Sequence[int], *, size: int) -> list[Part]:
    """Cut an object as its source is cut.

    Args:
        sizes: Bytes of each part of the source, in order.
        size: Bytes of the source.

    Raises:
        UsageError: The parts do not add up to the object, or S3 takes no such parts.
    """
    parts, start = [], 0
    for number, part in enumerate(sizes, 1):
        parts.append(Part(number, start, part))
        start += part
    if start != size or not parts:
        raise UsageError(f"the source's parts have {start} bytes; wanted {size}")
    small = [part.number for part in parts[:-1] if part.size < SMALLEST_PART]
    large = [part.number for part in parts if part.size > LARGEST_PART]
    if small or large or len(parts) > MOST_PARTS:
        named = ", ".join(map(str, (small + large)[:3])) or f"{len(parts)} of them"
        wanted = f"{SMALLEST_PART} to {LARGEST_PART} bytes, at most {MOST_PARTS} of them"
        raise UsageError(f"the source's parts {named} cannot be kept; wanted {wanted}")
    return parts


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What S3 answered for one part.

    Attributes:
        etag: As answered, quotes included.
        digest: Raw CRC64NVME of the part; None where the server did not say.
    """

    etag: str
    digest: bytes | None = None


def missing_parts(parts: Sequence[Part], receipts: Mapping[int, Receipt]) -> list[Part]:
    """Parts that S3 has no receipt of, in order."""
    return [part for part in parts if part.number not in receipts]


def combined(parts: Sequence[Part], receipts: Mapping[int, Receipt]) -> Checksum | None:
    """FULL_OBJECT CRC64NVME of the object from its parts; None where one was not reported."""
    digests = [(receipts[part.number].digest, part.size) for part in parts]
    known = [(digest, size) for digest, size in digests if digest is not None]
    if len(known) < len(digests):
        return None
    return full_object(known, algorithm=Algorithm.CRC64NVME)
