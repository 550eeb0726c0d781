"""Digests of many files, in order, on as many threads as there are processors."""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections import deque
from itertools import chain, islice, repeat
from typing import TYPE_CHECKING, NamedTuple

from intact import _native
from intact.adapters.local import file_digest, pour
from intact.adapters.parallel import PARALLEL_FROM, usable_threads
from intact.checksum import CompositeHasher
from intact.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator
    from concurrent.futures import Future

    from intact.checksum import Algorithm

BATCH = 128
"""Files that one thread takes at a time; with fewer, threads wait for each other."""
SMALL = 1 << 20
"""Bytes up to which files are read and summed without coming back to Python: a batch of them is
over before somebody who presses Ctrl-C notices."""
MAX_PARTS = 10_000
"""Amazon S3 User Guide, "Amazon S3 multipart upload limits"."""
STANDARD_INPUT = b"-"


class Summed(NamedTuple):
    """The digest of a file.

    Attributes:
        name: Its name as it was given.
        digest: Raw digest.
        size: Bytes that were read.
        parts: Number of parts of a composite value.
    """

    name: bytes
    digest: bytes
    size: int
    parts: int | None = None


class Failed(NamedTuple):
    """A file that could not be read to its end.

    Attributes:
        name: Its name as it was given.
        error: What the system said.
    """

    name: bytes
    error: OSError


class _Later(NamedTuple):
    """A file that the main thread must take: large, or none that can be read twice."""

    name: bytes


class Batch(NamedTuple):
    """Files, and what to compute of each.

    Attributes:
        names: Names of the files; ``-`` is standard input.
        algorithm: Which function.
        part_size: Bytes of each part of a COMPOSITE value; None for that of the whole file.
    """

    names: list[bytes]
    algorithm: Algorithm
    part_size: int | None = None


def batches(
    names: Iterable[bytes], *, algorithm: Algorithm, part_size: int | None = None
) -> Iterator[Batch]:
    """Cut files into batches; the first ones small, so that all threads may begin."""
    names, size = iter(names), 8
    most = BATCH if algorithm.combines and part_size is None else size
    while batch := list(islice(names, size)):
        yield Batch(batch, algorithm, part_size)
        size = min(2 * size, most)


def digests(
    work: Iterable[Batch],
    *,
    threads: int | None = None,
    progress: Callable[[int], object] = lambda _: None,
) -> Generator[list[Summed | Failed]]:
    """Compute what each batch asks for, in their order.

    Small files are summed batch by batch, one on each thread; large ones under a CRC one after
    the other, each on all threads; standard input, pipes and devices by the calling thread.

    Args:
        work: Batches; taken as they are needed, so that a generator may be endless.
        threads: By default as many as this process has processors.
        progress: Called from any thread with the number of bytes read since its last call.

    Raises:
        UsageError: CRC64NVME by parts, which S3 does not have, or ``threads`` is not positive.
    """
    count = usable_threads(threads)
    work = iter(work)
    first = list(islice(work, 2))
    if len(first) == 1 and len(first[0].names) == 1:  # needs no pool, which takes 10 ms to import
        yield [_alone(first[0].names[0], first[0], threads=count, progress=progress)]
        return
    for batch, found in _pooled(chain(first, work), threads=count, progress=progress):
        yield [
            _alone(each.name, batch, threads=count, progress=progress)
            if isinstance(each, _Later)
            else each
            for each in found
        ]


def _pooled(
    work: Iterable[Batch], *, threads: int, progress: Callable[[int], object]
) -> Iterator[tuple[Batch, list[Summed | Failed | _Later]]]:
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - 10 ms at every import

    stopped = False

    def heard(count: int) -> None:
        if stopped:
            raise KeyboardInterrupt  # nobody waits for the rest
        progress(count)

    waiting: deque[tuple[Batch, Future[list[Summed | Failed | _Later]]]] = deque()
    pool = ThreadPoolExecutor(threads, thread_name_prefix="intact-sum")
    try:
        for batch in work:
            waiting.append((batch, pool.submit(_sum, batch, heard)))
            if len(waiting) > 2 * threads:
                done, future = waiting.popleft()
                yield done, future.result()
        while waiting:
            done, future = waiting.popleft()
            yield done, future.result()
    finally:
        stopped = True
        pool.shutdown(wait=True, cancel_futures=True)


def _sum(batch: Batch, progress: Callable[[int], object]) -> list[Summed | Failed | _Later]:
    """Sum a batch on one thread."""
    names, algorithm, part_size = batch
    if not algorithm.combines or part_size is not None:
        return [_in_pool(name, batch, progress) for name in names]
    size = algorithm.digest_size
    sums = _native._files(algorithm.value.lower(), names, SMALL)  # noqa: SLF001 - our own
    progress(sum([length for _, _, length in sums]))
    return [
        Summed(name, crc.to_bytes(size, "big"), length)
        if not error and name != STANDARD_INPUT
        else Failed(name, OSError(error, os.strerror(error)))
        if error > 0 and name != STANDARD_INPUT
        else _in_pool(name, batch, progress)
        for name, (error, crc, length) in zip(names, sums, strict=True)
    ]


def _in_pool(
    name: bytes, batch: Batch, progress: Callable[[int], object]
) -> Summed | Failed | _Later:
    """Sum one file on this thread, unless the main thread must."""
    if name == STANDARD_INPUT:
        return _Later(name)
    try:
        status = os.stat(name)  # noqa: PTH116 - bytes
    except OSError as error:
        return Failed(name, error)
    splits = batch.algorithm.combines and batch.part_size is None
    if not stat.S_ISREG(status.st_mode) or (splits and status.st_size >= PARALLEL_FROM):
        return _Later(name)
    return _alone(name, batch, threads=1, progress=progress)


def _alone(
    name: bytes, batch: Batch, *, threads: int, progress: Callable[[int], object]
) -> Summed | Failed:
    """Compute one digest; a file that is large under a CRC takes all threads."""
    size = 0

    def count(more: int) -> None:
        nonlocal size
        size += more
        progress(more)

    file = sys.stdin.buffer if name == STANDARD_INPUT else name
    try:
        if batch.part_size is None:
            digest = file_digest(file, batch.algorithm, threads=threads, progress=count).digest()
            return Summed(name, digest, size)
        hasher = CompositeHasher(batch.algorithm, repeat(batch.part_size))
        try:
            pour(file, [hasher], progress=count)
            checksum = hasher.checksum()
        except UsageError:
            text = f"more than {MAX_PARTS:,} parts; wanted a larger part size"
            raise OSError(errno.EFBIG, text) from None
        return Summed(name, checksum.digest, size, checksum.parts)
    except OSError as error:
        return Failed(name, error)
