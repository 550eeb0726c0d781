"""Checksums of a whole object from the checksums of its parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from intact import _native
from intact.checksum.algorithm import Algorithm, ChecksumType
from intact.checksum.encoding import crc_of, digest_of
from intact.checksum.hasher import new
from intact.checksum.value import Checksum
from intact.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_COMBINE_MANY = {
    Algorithm.CRC32: _native.crc32_combine_many,
    Algorithm.CRC32C: _native.crc32c_combine_many,
    Algorithm.CRC64NVME: _native.crc64nvme_combine_many,
}


def full_object(parts: Iterable[tuple[bytes, int]], *, algorithm: Algorithm) -> Checksum:
    """FULL_OBJECT checksum of an object from its parts, without its bytes.

    ``full_object([])`` is the checksum of the empty object.  O(log size) per part.

    Args:
        parts: Raw digest and size in bytes of each part, in order.
        algorithm: One of the three CRCs.

    Raises:
        UsageError: Values of this algorithm do not combine, or a digest is not of its length.

    See Amazon S3 User Guide, "Full object and composite checksum types".
    """
    if algorithm not in _COMBINE_MANY:
        raise UsageError(f"{algorithm.value} values do not combine; wanted one of the CRCs")
    crc = _COMBINE_MANY[algorithm](_crcs(parts, algorithm=algorithm))
    return Checksum(
        algorithm=algorithm,
        type=ChecksumType.FULL_OBJECT,
        digest=digest_of(crc, algorithm=algorithm),
    )


def _crcs(parts: Iterable[tuple[bytes, int]], *, algorithm: Algorithm) -> Iterator[tuple[int, int]]:
    for digest, size in parts:
        _require_size(digest, algorithm=algorithm)
        yield crc_of(digest), size


def composite(digests: Iterable[bytes], *, algorithm: Algorithm) -> Checksum:
    """COMPOSITE checksum of a multipart object: the digest of its parts' raw digests.

    Raises:
        UsageError: There are no parts, a digest is not of the algorithm's length, or S3 has no
            composite form of this algorithm.

    See Amazon S3 User Guide, "Full object and composite checksum types".
    """
    if algorithm is Algorithm.CRC64NVME:
        raise UsageError("CRC64NVME has no COMPOSITE form; wanted another algorithm")
    hasher, count = new(algorithm), 0
    for digest in digests:
        _require_size(digest, algorithm=algorithm)
        hasher.update(digest)
        count += 1
    if not count:
        raise UsageError("a composite checksum of no parts; wanted at least one")
    return Checksum(
        algorithm=algorithm, type=ChecksumType.COMPOSITE, digest=hasher.digest(), parts=count
    )


def _require_size(digest: bytes, *, algorithm: Algorithm) -> None:
    if len(digest) != algorithm.digest_size:
        raise UsageError(
            f"a part's {algorithm.value} digest has {len(digest)} bytes; "
            f"wanted {algorithm.digest_size}"
        )
