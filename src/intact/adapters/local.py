"""Digests of local files, and of anything else that bytes can be read from.

Files are read, not mapped: a mapped file that somebody truncates kills the process with SIGBUS,
a read one ends early, which is an error here.
"""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Protocol

from intact.adapters.parallel import PARALLEL_FROM, hash_file, usable_threads
from intact.checksum import Algorithm, new

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from typing_extensions import Buffer

    from intact.checksum import Hasher

    Path = str | bytes | os.PathLike[str] | os.PathLike[bytes]

BUFFER = 1 << 20
"""Most bytes per read.  What has been read is hashed out of the L2 cache where that holds it:
benchmarks/bench_files.py hashes in pieces of several sizes."""


class Readable(Protocol):
    """The least that a file open for reading bytes can do."""

    def read(self, size: int, /) -> Buffer:
        """At most that many bytes; none at the end."""


class Receiver(Protocol):
    """The least that a socket can do."""

    def recv_into(self, buffer: Buffer, /) -> int:
        """Fill the buffer's beginning; nothing at the end."""


class Sink(Protocol):
    """Takes bytes in order, as every digest object does."""

    def update(self, data: memoryview, /) -> None:
        """Append bytes."""


def file_digest(
    file: Path | Readable | Receiver,
    algorithm: str | Algorithm,
    /,
    *,
    threads: int | None = None,
    progress: Callable[[int], object] | None = None,
) -> Hasher:
    """Digest object over the bytes of a file, from where it stands to its end.

    Args:
        file: A path; or a file, pipe or socket open for reading bytes, which stays open.
        algorithm: One of S3's ten, by S3's name.
        threads: Threads that read and hash a large file at a path under one of the CRCs; by
            default as many as this process has processors.  Other algorithms, and files that are
            already open, take one.
        progress: Called with the number of bytes read since its last call.

    Raises:
        UsageError: S3 has no algorithm of that name, or ``threads`` is not positive.
        OSError: The file cannot be read, or shrank while it was.
        BlockingIOError: The file is in non-blocking mode and has no bytes at hand.
        TypeError: The file yields text.
    """
    (hasher,) = file_digests(file, [algorithm], threads=threads, progress=progress).values()
    return hasher


def file_digests(
    file: Path | Readable | Receiver,
    algorithms: Iterable[str | Algorithm],
    /,
    *,
    threads: int | None = None,
    progress: Callable[[int], object] | None = None,
) -> Mapping[Algorithm, Hasher]:
    """Digest objects under several algorithms over the bytes of a file that is read once.

    Arguments and errors are those of ``file_digest``.
    """
    parsed = [Algorithm.parse(name) if isinstance(name, str) else name for name in algorithms]
    hashers = {algorithm: new(algorithm) for algorithm in parsed}
    report = progress or (lambda _: None)
    if not isinstance(file, str | bytes | os.PathLike):
        _feed(list(hashers.values()), file, size=BUFFER, progress=report)
        return hashers
    with open(file, "rb", buffering=0) as opened:  # noqa: PTH123 - also takes bytes paths
        status = os.fstat(opened.fileno())
        size = status.st_size if stat.S_ISREG(status.st_mode) else BUFFER
        count = usable_threads(threads)
        combine = all(algorithm.combines for algorithm in hashers)
        if size >= PARALLEL_FROM and count > 1 and combine and hasattr(os, "preadv"):
            hashers |= hash_file(opened.fileno(), size, parsed, threads=count, progress=report)
            opened.seek(size)  # what was appended meanwhile belongs to the file too
        # One byte more than is left shows the end of the file without a second buffer.
        _feed(list(hashers.values()), opened, size=min(BUFFER, size + 1), progress=report)
    return hashers


def pour(
    file: Path | Readable | Receiver,
    sinks: Sequence[Sink],
    /,
    *,
    progress: Callable[[int], object] | None = None,
) -> None:
    """Read a file once, to its end, into everything that takes bytes.

    Arguments and errors are those of ``file_digest``.
    """
    report = progress or (lambda _: None)
    if not isinstance(file, str | bytes | os.PathLike):
        _feed(sinks, file, size=BUFFER, progress=report)
        return
    with open(file, "rb", buffering=0) as opened:  # noqa: PTH123 - also takes bytes paths
        _feed(sinks, opened, size=BUFFER, progress=report)


def _feed(
    hashers: Sequence[Sink], file: object, *, size: int, progress: Callable[[int], object]
) -> None:
    """Read to the end, into one buffer where the file can."""
    read_into = getattr(file, "readinto", None) or getattr(file, "recv_into", None)
    if read_into is None:
        while chunk := file.read(size):  # type: ignore[attr-defined]
            _update(hashers, memoryview(chunk), progress=progress)
        return
    buffer = memoryview(bytearray(size))
    while count := read_into(buffer):
        _update(hashers, buffer[:count], progress=progress)
    if count is None:
        raise BlockingIOError(f"{file!r} has no bytes at hand; wanted a blocking file")


def _update(
    hashers: Sequence[Sink], chunk: memoryview, *, progress: Callable[[int], object]
) -> None:
    for hasher in hashers:
        hasher.update(chunk)
    progress(len(chunk))
