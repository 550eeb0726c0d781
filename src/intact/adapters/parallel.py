"""CRCs of large buffers and files on several threads: split, hash, combine."""

from __future__ import annotations

import errno
import os
import threading
from collections import deque
from itertools import count
from typing import TYPE_CHECKING, TypeVar

from intact import _native
from intact.checksum import Algorithm, new
from intact.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from concurrent.futures import Executor, Future

    from typing_extensions import Buffer

    from intact.checksum import Hasher

    Crc = _native.Crc32 | _native.Crc32c | _native.Crc64Nvme

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")

PARALLEL_FROM = 32 << 20
"""Bytes from which threads are started: a few milliseconds of work against their start."""
SEGMENT = 64 << 20
"""Bytes of a file that one thread takes at a time."""
READ = 1 << 20
"""Bytes per read within a segment, as few as the L2 cache holds."""

_CRCS: Mapping[Algorithm, Callable[[], Crc]] = {
    Algorithm.CRC32: _native.Crc32,
    Algorithm.CRC32C: _native.Crc32c,
    Algorithm.CRC64NVME: _native.Crc64Nvme,
}
_EXTEND = {
    Algorithm.CRC32: _native.crc32,
    Algorithm.CRC32C: _native.crc32c,
    Algorithm.CRC64NVME: _native.crc64nvme,
}


def usable_threads(threads: int | None) -> int:
    """Number of threads to use: the one asked for, or the processors of this process.

    Raises:
        UsageError: Fewer than one.
    """
    if threads is None:
        has_affinity = hasattr(os, "sched_getaffinity")
        return len(os.sched_getaffinity(0)) if has_affinity else os.cpu_count() or 1
    if threads < 1:
        raise UsageError(f"threads is {threads}; wanted at least 1")
    return threads


def buffer_digest(
    data: Buffer, algorithm: str | Algorithm, /, *, threads: int | None = None
) -> Hasher:
    """Digest object over one large buffer, hashed in parts on several threads and combined.

    Args:
        data: Any contiguous buffer.
        algorithm: One of S3's ten; all but the CRCs take one thread, since they do not combine.
        threads: By default as many as this process has processors.

    Raises:
        UsageError: S3 has no algorithm of that name, or ``threads`` is not positive.
        TypeError: ``data`` is a ``str`` or no buffer.
        BufferError: ``data`` is not contiguous.
    """
    parsed = Algorithm.parse(algorithm) if isinstance(algorithm, str) else algorithm
    count = usable_threads(threads)
    if count == 1 or parsed not in _CRCS or not _is_large(data):
        return new(parsed, data)
    hasher, octets = _CRCS[parsed](), memoryview(data).cast("B")
    size = -(-len(octets) // count)
    parts = [octets[start : start + size] for start in range(0, len(octets), size)]
    with _threads(count) as pool:
        for part, crc in zip(parts, pool.map(_EXTEND[parsed], parts), strict=True):
            hasher.append_crc(crc, len(part))
    return hasher


def _is_large(data: Buffer) -> bool:
    if isinstance(data, str):
        return False  # new() refuses it in hashlib's words, and what is not contiguous too
    with memoryview(data) as view:
        return view.c_contiguous and view.nbytes >= PARALLEL_FROM


def hash_file(
    descriptor: int,
    size: int,
    algorithms: Iterable[Algorithm],
    *,
    threads: int,
    progress: Callable[[int], object],
) -> dict[Algorithm, Crc]:
    """CRC digest objects over the first bytes of a file, whatever its position.

    Args:
        descriptor: A regular file.
        size: How many bytes; it must have as many.
        algorithms: Some of the CRCs.
        threads: How many read and hash at a time; each has a buffer of 1 MiB.
        progress: Called, from this thread, with the number of bytes done since its last call.

    Raises:
        OSError: The file cannot be read, or has become shorter.
    """
    local = threading.local()
    hashers = {algorithm: _CRCS[algorithm]() for algorithm in algorithms}

    def segment(start: int) -> tuple[int, dict[Algorithm, int]]:
        if not hasattr(local, "buffer"):
            local.buffer = memoryview(bytearray(READ))
        length = min(SEGMENT, size - start)
        crcs = dict.fromkeys(hashers, 0)
        for chunk in _chunks(descriptor, start, length, local.buffer):
            crcs = {name: _EXTEND[name](chunk, crc) for name, crc in crcs.items()}
        return length, crcs

    for length, crcs in in_order(
        segment, range(0, size, SEGMENT), threads=threads, ahead=2 * threads
    ):
        for name, crc in crcs.items():
            hashers[name].append_crc(crc, length)
        progress(length)
    return hashers


def _chunks(descriptor: int, start: int, length: int, buffer: memoryview) -> Iterator[memoryview]:
    end = start + length
    while start < end:
        count = os.preadv(descriptor, [buffer[: end - start]], start)
        if not count:
            message = f"the file shrank while it was read: it has no byte {start}"
            raise OSError(errno.EIO, message)
        yield buffer[:count]
        start += count


def in_order(
    work: Callable[[_Item], _Result], items: Iterable[_Item], *, threads: int, ahead: int
) -> Iterator[_Result]:
    """Results in the order of the items, which are taken when their turn is near.

    Args:
        work: Done on several threads at a time.
        items: Read on the caller's thread.
        threads: How many.
        ahead: Most items that are under way or done while their turn has not come.
    """
    with _threads(threads) as pool:
        waiting: deque[Future[_Result]] = deque()
        try:
            for item in items:
                waiting.append(pool.submit(work, item))
                if len(waiting) > ahead:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def ahead(items: Iterable[_Item]) -> Iterator[_Item]:
    """Items as they come, the next of which is made on another thread while one is used."""
    made = iter(items)
    end = object()
    for item in in_order(lambda _: next(made, end), count(), threads=1, ahead=1):
        if item is end:
            return
        yield item  # type: ignore[misc]  # the end is no item


def _threads(count: int) -> Executor:
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - 10 ms at every import

    return ThreadPoolExecutor(count, thread_name_prefix="intact")
