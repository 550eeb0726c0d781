"""Digests of many files, in order, on as many threads as there are processors."""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections import deque
from itertools import chain, islice, repeat
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, NamedTuple

from intact import _native
from intact.adapters.local import file_digest, pour
from intact.adapters.parallel import PARALLEL_FROM, usable_threads
from intact.checksum import CompositeHasher
from intact.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator
    from typing import Self

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


class Sums:
    """The digests of many files, all of which could be read: one buffer, and objects on demand.

    Attributes:
        names: Their names as they were given.
        digests: Raw digests, one behind the other.
        size: Bytes of each digest.
    """

    __slots__ = ("_lengths", "digests", "names", "size")

    def __init__(
        self, names: list[bytes], digests: bytes, lengths: memoryview, *, size: int
    ) -> None:
        """Hold what ``_native._files`` returned, ``lengths`` being the bytes of each file."""
        self.names, self.digests, self._lengths, self.size = names, digests, lengths, size

    def __len__(self) -> int:
        """Number of files."""
        return len(self.names)

    def __iter__(self) -> Iterator[Summed]:
        """Each file by itself."""
        size, digests = self.size, self.digests
        starts = range(0, len(digests), size)
        for name, start, length in zip(self.names, starts, self._lengths, strict=True):
            yield Summed(name, digests[start : start + size], length)


class _Later(NamedTuple):
    """A file that the main thread must take: large, or none that can be read twice."""

    name: bytes


if TYPE_CHECKING:
    _Results = Sums | list[Summed | Failed | _Later]


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

    @property
    def short(self) -> bool:
        """Whether its small files are summed in one call; large ones cost little more."""
        return self.algorithm.combines and self.part_size is None


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
) -> Generator[Sums | list[Summed | Failed]]:
    """Compute what each batch asks for, in their order.

    Small files are summed batch by batch, one on each thread; large ones under a CRC one after
    the other, each on all threads; standard input, pipes and devices by the calling thread.
    Close it where it is left early: its threads wait for more until then.

    Args:
        work: Batches; taken as they are needed, so that a generator may be endless.
        threads: By default as many as this process has processors.
        progress: Called from any thread with the number of bytes read since its last call.

    Raises:
        UsageError: ``threads`` is not positive.
        ValueError: A name holds a null byte.
    """
    count = usable_threads(threads)
    work = iter(work)
    first = list(islice(work, 2))
    every = chain(first, work)
    alone = count == 1 or len(first) < 2  # noqa: PLR2004 - one batch, which one thread takes
    for batch, found in (
        ((batch, _sum(batch, progress)) for batch in every)
        if alone
        else _pooled(every, threads=count, progress=progress)
    ):
        if isinstance(found, Sums):
            yield found
            continue
        yield [
            _alone(each.name, batch, threads=count, progress=progress)
            if isinstance(each, _Later)
            else each
            for each in found
        ]


def _pooled(
    work: Iterable[Batch], *, threads: int, progress: Callable[[int], object]
) -> Generator[tuple[Batch, _Results]]:
    waiting: deque[_Job] = deque()
    with _Pool(threads, progress) as pool:
        for batch in work:
            waiting.append(pool.submit(batch))
            if len(waiting) > 4 * threads:
                yield waiting[0].batch, pool.result(waiting.popleft())
        while waiting:
            yield waiting[0].batch, pool.result(waiting.popleft())


class _Job(NamedTuple):
    """A batch that somebody waits for."""

    batch: Batch
    answer: SimpleQueue[_Results | BaseException]


class _Pool:
    """Threads that sum batches, with the one that waits for them as one more.

    The executor of the standard library takes as long to import as 2,000 files to sum.
    """

    def __init__(self, threads: int, progress: Callable[[int], object]) -> None:
        self._most = threads
        self._progress = progress
        self._threads: list[Thread] = []
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._stopped = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *ending: object) -> None:
        """Wait for what is under way, and for nothing else."""
        self._stopped = True
        for _ in self._threads:
            self._jobs.put(None)
        for thread in self._threads:
            thread.join()

    def submit(self, batch: Batch) -> _Job:
        job = _Job(batch, SimpleQueue())
        self._jobs.put(job)
        if len(self._threads) < self._most - batch.short:
            # A daemon: a second Ctrl-C in the midst of __exit__ leaves nobody to wait for.
            self._threads.append(Thread(target=self._serve, name="intact-sum", daemon=True))
            self._threads[-1].start()
        return job

    def result(self, job: _Job) -> _Results:
        """Wait for a result, and do meanwhile what is done before anybody misses this thread."""
        while job.batch.short and job.answer.empty():
            try:
                other = self._jobs.get_nowait()
            except Empty:
                break
            if other is not None:
                other.answer.put(_sum(other.batch, self._progress))
        found = job.answer.get()
        if isinstance(found, BaseException):
            raise found
        return found

    def _serve(self) -> None:
        while (job := self._jobs.get()) is not None and not self._stopped:
            try:
                job.answer.put(_sum(job.batch, self._heard))
            except BaseException as error:  # noqa: BLE001 - raised where the answer is awaited
                job.answer.put(error)

    def _heard(self, count: int) -> None:
        if self._stopped:
            raise KeyboardInterrupt  # nobody waits for the rest
        self._progress(count)


def _sum(batch: Batch, progress: Callable[[int], object]) -> _Results:
    """Sum a batch on one thread."""
    names, algorithm, _ = batch
    if not batch.short or STANDARD_INPUT in names:
        return [_in_pool(name, batch, progress) for name in names]
    model = algorithm.value.lower()
    octets, sizes, others = _native._files(model, names, SMALL)  # noqa: SLF001 - our own
    lengths = memoryview(sizes).cast("Q")
    progress(sum(lengths))
    sums = Sums(names, octets, lengths, size=algorithm.digest_size)
    if not others:
        return sums
    found: list[Summed | Failed | _Later] = list(sums)
    for position, error in others:
        name = names[position]
        found[position] = (
            Failed(name, OSError(error, os.strerror(error)))
            if error > 0
            else _in_pool(name, batch, progress)
        )
    return found


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
