"""Integer, raw bytes, base64 and hex of a digest: the only converter.

A digest is big-endian everywhere in S3 (Amazon S3 User Guide, "Checking object integrity").
"""

import binascii

from intact.checksum.algorithm import Algorithm
from intact.errors import FormatError


def encode(digest: bytes) -> str:
    """Write a raw digest as S3 does: base64, standard alphabet, padded."""
    return binascii.b2a_base64(digest, newline=False).decode("ascii")


def decode(encoded: str, *, algorithm: Algorithm) -> bytes:
    """Read S3's base64 form of a digest.

    Raises:
        FormatError: Not base64, not canonical, or not as long as the algorithm's digests.
    """
    try:
        digest = binascii.a2b_base64(encoded)
    except ValueError:
        raise FormatError(f"{algorithm.value} value is {encoded!r}; wanted base64") from None
    if len(digest) != algorithm.digest_size or encode(digest) != encoded:
        raise FormatError(
            f"{algorithm.value} value is {encoded!r}; "
            f"wanted the base64 form of {algorithm.digest_size} bytes"
        )
    return digest


def digest_of(crc: int, *, algorithm: Algorithm) -> bytes:
    """Big-endian bytes of a CRC."""
    return crc.to_bytes(algorithm.digest_size, "big")


def crc_of(digest: bytes) -> int:
    """Value of a CRC from its big-endian bytes."""
    return int.from_bytes(digest, "big")
