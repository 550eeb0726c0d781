"""Digests of local files, and of anything else that is open for reading."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, BinaryIO

from intact.checksum import new

if TYPE_CHECKING:
    from intact.checksum import Algorithm, Hasher

BUFFER = 1 << 20
"""Bytes per read: larger buffers fall out of the second-level cache before they are hashed."""


def file_digest(
    file: str | bytes | os.PathLike[str] | os.PathLike[bytes] | BinaryIO, algorithm: str | Algorithm
) -> Hasher:
    """Digest object over the bytes of a file, from where it stands to its end.

    Args:
        file: A path, or a file open for reading bytes; the latter stays open.
        algorithm: One of S3's ten, by S3's name.

    Raises:
        UsageError: S3 has no algorithm of that name.
        OSError: The file cannot be read.
        BlockingIOError: The file is in non-blocking mode and has no bytes at hand.
        TypeError: The file yields text.
    """
    hasher = new(algorithm)
    if isinstance(file, str | bytes | os.PathLike):
        with open(file, "rb", buffering=0) as opened:  # noqa: PTH123 - also takes bytes paths
            _feed(hasher, opened)
    else:
        _feed(hasher, file)
    return hasher


def _feed(hasher: Hasher, file: BinaryIO) -> None:
    if not hasattr(file, "readinto"):
        while chunk := file.read(BUFFER):
            hasher.update(chunk)
        return
    buffer = bytearray(BUFFER)
    view = memoryview(buffer)
    while size := file.readinto(buffer):
        hasher.update(view[:size])
    if size is None:
        raise BlockingIOError(f"{file!r} has no bytes at hand; wanted a blocking file")
