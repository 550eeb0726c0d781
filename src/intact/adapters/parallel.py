"""CRCs of large buffers and files on several threads: divide, hash, combine."""

from __future__ import annotations

import errno
import os
from _thread import start_new_thread
from collections import deque
from contextlib import suppress
from functools import partial
from itertools import repeat
from operator import xor
from queue import SimpleQueue
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple, TypeVar, cast

from intact import _native
from intact.checksum import Algorithm, new
from intact.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
    from concurrent.futures import Future

    from typing_extensions import Buffer

    from intact.checksum import Hasher

    Crc = _native.Crc32 | _native.Crc32c | _native.Crc64Nvme
    Read = Callable[[int, int], memoryview]

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")

PARALLEL_FROM = 16 << 20
"""Bytes from which threads are started: a second one makes buffers of so many 1.2 times as fast and
files 1.1 times, and none of half as many (benchmarks/bench_files.py --threads)."""
SHARE = PARALLEL_FROM // 2
"""Bytes for each of which one more thread is started, up to as many as are wanted."""
PIECE = 16 << 20
"""Most bytes of a buffer that a thread takes at a time."""
READ = 1 << 20
"""Bytes of a file that a thread reads and hashes at a time, as few as the L2 cache holds."""


class _Functions(NamedTuple):
    """What there is for one CRC."""

    hasher: Callable[[], Crc]
    of: Callable[[Buffer], int]
    combine: Callable[[int, int, int], int]


_CRCS: Mapping[Algorithm, _Functions] = {
    Algorithm.CRC32: _Functions(_native.Crc32, _native.crc32, _native.crc32_combine),
    Algorithm.CRC32C: _Functions(_native.Crc32c, _native.crc32c, _native.crc32c_combine),
    Algorithm.CRC64NVME: _Functions(
        _native.Crc64Nvme, _native.crc64nvme, _native.crc64nvme_combine
    ),
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


def _threads(size: int, threads: int) -> int:
    return max(1, min(threads, size // SHARE))


def buffer_digest(
    data: Buffer, algorithm: str | Algorithm, /, *, threads: int | None = None
) -> Hasher:
    """Digest object over one large buffer, hashed in pieces on several threads and combined.

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
    with memoryview(data).cast("B") as octets:

        def read(start: int, end: int) -> memoryview:
            return octets[start:end]

        size, count = len(octets), _threads(len(octets), count)
        piece = min(PIECE, -(-size // (2 * count)))
        return _Whole(size, [parsed], lambda: read, piece=piece).hashers(count)[parsed]


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
        size: How many bytes, at least one; it must have as many.
        algorithms: Some of the CRCs.
        threads: Most that read and hash at a time; each has a buffer of 1 MiB.
        progress: Called, from this thread, with the number of bytes done since its last call.

    Raises:
        OSError: The file cannot be read, or has become shorter.
    """

    def reader() -> Read:
        return partial(_read, descriptor, bytearray(READ))

    whole = _Whole(size, algorithms, reader, piece=READ)
    return whole.hashers(_threads(size, threads), progress)


def _read(descriptor: int, buffer: bytearray, start: int, end: int) -> memoryview:
    wanted = memoryview(buffer)[: end - start]
    missing = wanted
    while missing:
        count = os.preadv(descriptor, [missing], end - len(missing))
        if not count:
            message = f"the file shrank while it was read: it has no byte {end - len(missing)}"
            raise OSError(errno.EIO, message)
        missing = missing[count:]
    return wanted


class _Whole:
    """Something whose pieces go to whichever thread asks next, and its CRCs.

    A CRC is linear: that of the whole is the exclusive or of those of its pieces, each moved past
    the bytes behind it.  So pieces may be done in any order, and nothing is kept of them.
    """

    def __init__(
        self, size: int, algorithms: Iterable[Algorithm], reader: Callable[[], Read], *, piece: int
    ) -> None:
        """Divide ``size`` bytes into pieces of so many; each thread reads by a ``reader()``."""
        self._size, self._piece, self._reader = size, piece, reader
        self._starts = iter(range(0, size, piece))
        self._functions = {algorithm: _CRCS[algorithm] for algorithm in algorithms}
        self._crcs, self._done = [0] * len(self._functions), 0
        self._lock, self._answers = Lock(), SimpleQueue[BaseException | None]()

    def hashers(
        self, threads: int, progress: Callable[[int], object] = lambda _: None
    ) -> dict[Algorithm, Crc]:
        """Digest objects over all of it, which this thread hashes, and others that it starts.

        Raises what any of them raises, when none is at work any more.
        """
        told = started = 0
        try:
            with suppress(RuntimeError):  # where no more are to be had, fewer do it all
                while started < threads - 1:
                    # Thread.start would wait until a processor has time for the new thread.
                    start_new_thread(self._help, ())
                    started += 1
            for done in self._sum():
                progress(done - told)
                told = done
        finally:
            self._starts = iter(())
            answers = [self._answers.get() for _ in range(started)]
        for error in answers:
            if error is not None:
                raise error
        if self._done != self._size:
            raise AssertionError(f"{self._done} bytes were hashed of {self._size}")
        if told < self._done:
            progress(self._done - told)
        found = {algorithm: each.hasher() for algorithm, each in self._functions.items()}
        for hasher, crc in zip(found.values(), self._crcs, strict=True):
            hasher.append_crc(crc, self._size)
        return found

    def _sum(self) -> Iterator[int]:
        """Sum pieces until none is left; yield how many bytes all threads have done."""
        read, functions = self._reader(), list(self._functions.values())
        while True:
            with self._lock:
                start = next(self._starts, None)
            if start is None:
                return
            end = min(start + self._piece, self._size)
            with read(start, end) as octets:
                crcs = [each.combine(each.of(octets), 0, self._size - end) for each in functions]
            with self._lock:
                self._crcs = list(map(xor, self._crcs, crcs))
                self._done += end - start
                done = self._done
            yield done

    def _help(self) -> None:
        """Sum pieces on another thread, and answer the one that waits."""
        try:
            for _ in self._sum():
                pass
        except BaseException as error:  # noqa: BLE001 - raised by the thread that waits
            self._starts = iter(())
            self._answers.put(error)
        else:
            self._answers.put(None)


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
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - 10 ms at every import

    with ThreadPoolExecutor(threads, thread_name_prefix="intact") as pool:
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


def ahead(items: Iterable[_Item]) -> Generator[_Item, None, None]:
    """Items as they come, the next of which is made on another thread while one is used."""
    made, end = iter(items), object()

    def make(end: object) -> _Item | object:
        return next(made, end)

    for item in in_order(make, repeat(end), threads=1, ahead=1):
        if item is end:
            return
        yield cast("_Item", item)
