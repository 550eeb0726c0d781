"""Several threads give the digest that one gives."""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING

import pytest

import intact
from intact.adapters import local, parallel
from intact.adapters.parallel import ahead, usable_threads
from intact.checksum import Algorithm
from intact.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from typing_extensions import Buffer

CRCS = [algorithm for algorithm in Algorithm if algorithm.combines]
SMALL = 1 << 12


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sizes at which a few kilobytes are large."""
    monkeypatch.setattr(parallel, "PARALLEL_FROM", SMALL)
    monkeypatch.setattr(local, "PARALLEL_FROM", SMALL)
    monkeypatch.setattr(parallel, "SHARE", SMALL // 2)
    monkeypatch.setattr(parallel, "PIECE", 1500)
    monkeypatch.setattr(parallel, "READ", 1000)


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that is given no more threads."""

    def refuse(*_: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(parallel, "start_new_thread", refuse)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("size", [0, SMALL - 1, SMALL, SMALL + 1, 10 * SMALL + 7])
@pytest.mark.parametrize("threads", [1, 2, 3, 8, 100])
@pytest.mark.parametrize("algorithm", CRCS)
def test_threads_do_not_change_a_digest(
    tmp_path: Path, algorithm: Algorithm, threads: int, size: int
) -> None:
    body = os.urandom(size)
    path = tmp_path / "file"
    path.write_bytes(body)
    wanted = intact.new(algorithm.value, body).hexdigest()
    assert intact.buffer_digest(body, algorithm, threads=threads).hexdigest() == wanted
    steps: list[int] = []
    digest = intact.file_digest(path, algorithm, threads=threads, progress=steps.append)
    assert digest.hexdigest() == wanted
    assert sum(steps) == size


@pytest.mark.usefixtures("small")
def test_a_digest_of_parts_goes_on_like_any_other() -> None:
    body = bytes(range(256)) * 64
    digest = intact.buffer_digest(body, "CRC64NVME", threads=3)
    digest.update(b"more")
    assert digest.digest() == intact.new("CRC64NVME", body + b"more").digest()


@pytest.mark.usefixtures("small")
def test_several_algorithms_take_one_pass(tmp_path: Path) -> None:
    body = os.urandom(3 * SMALL + 1)
    path = tmp_path / "file"
    path.write_bytes(body)
    for algorithms in (CRCS, list(Algorithm)):
        steps: list[int] = []
        digests = intact.file_digests(path, algorithms, threads=2, progress=steps.append)
        assert sum(steps) == len(body)
        assert {name: found.digest() for name, found in digests.items()} == {
            name: intact.new(name.value, body).digest() for name in algorithms
        }


@pytest.mark.usefixtures("small", "alone")
def test_a_file_that_shrinks_is_an_error_and_no_digest(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(20 * SMALL))

    def cut(_: int) -> None:
        os.truncate(path, 0)

    with pytest.raises(OSError, match="shrank"):
        intact.file_digest(path, "CRC64NVME", threads=2, progress=cut)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("missing", [1, 999, 5 * SMALL])
def test_a_file_that_is_shorter_than_announced_is_an_error(tmp_path: Path, missing: int) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(20 * SMALL))
    with path.open("rb") as file, pytest.raises(OSError, match="shrank"):
        parallel.hash_file(
            file.fileno(), 20 * SMALL + missing, CRCS, threads=3, progress=lambda _: None
        )


@pytest.mark.usefixtures("small")
def test_a_file_that_grows_is_read_to_its_new_end(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(2 * SMALL))
    grown = False

    def grow(_: int) -> None:
        nonlocal grown
        if not grown:
            with path.open("ab") as file:
                file.write(b"more")
            grown = True

    digest = intact.file_digest(path, "CRC64NVME", threads=2, progress=grow)
    assert digest.digest() == intact.new("CRC64NVME", bytes(2 * SMALL) + b"more").digest()


@pytest.mark.usefixtures("small")
def test_reads_that_end_early_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    body, read = os.urandom(SMALL + 1), os.preadv
    path = tmp_path / "file"
    path.write_bytes(body)
    monkeypatch.setattr(os, "preadv", lambda fd, into, at: read(fd, [into[0][:300]], at))
    digest = intact.file_digest(path, "CRC32C", threads=2)
    assert digest.digest() == intact.new("CRC32C", body).digest()


@pytest.mark.usefixtures("small", "alone")
def test_where_no_threads_are_to_be_had_the_calling_one_does_it_all() -> None:
    body = os.urandom(9 * SMALL)
    digest = intact.buffer_digest(body, "CRC32", threads=4)
    assert digest.digest() == intact.new("CRC32", body).digest()


@pytest.mark.usefixtures("small")
def test_a_buffer_is_let_go_of() -> None:
    body = bytearray(9 * SMALL)
    intact.buffer_digest(body, "CRC32", threads=4)
    body.clear()  # refused while anybody looks at it


@pytest.mark.parametrize(("threads", "working"), [(1, 1), (2, 2), (99, 5)])
def test_all_threads_have_work_from_the_threshold_on(
    monkeypatch: pytest.MonkeyPatch, threads: int, working: int
) -> None:
    crc, seen, all_here = parallel._CRCS[Algorithm.CRC32], set[int](), threading.Barrier(working)  # noqa: SLF001

    def meet(octets: Buffer) -> int:
        if threading.get_ident() not in seen:
            seen.add(threading.get_ident())
            all_here.wait(60)
        return crc.of(octets)

    monkeypatch.setattr(parallel, "_CRCS", {Algorithm.CRC32: crc._replace(of=meet)})
    body = bytes(max(parallel.PARALLEL_FROM, working * parallel.SHARE))
    digest = intact.buffer_digest(body, "CRC32", threads=threads)
    assert len(seen) == (working if threads > 1 else 0)
    assert digest.digest() == intact.new("CRC32", body).digest()


def whole(read: Callable[[int, int], memoryview]) -> parallel._Whole:
    return parallel._Whole(100, CRCS, lambda: read, piece=10)  # noqa: SLF001


def test_an_error_on_another_thread_ends_all_and_is_raised_here() -> None:
    here, failed, reads = threading.get_ident(), threading.Event(), list[int]()

    def read(start: int, end: int) -> memoryview:
        reads.append(start)
        if threading.get_ident() != here:
            failed.set()
            raise OSError("there")
        assert failed.wait(60)
        time.sleep(0.05)  # time for what was raised to arrive
        return memoryview(bytes(end - start))

    with pytest.raises(OSError, match="there"):
        whole(read).hashers(2)
    assert len(reads) < 10


@pytest.mark.parametrize("error", [KeyboardInterrupt, ZeroDivisionError])
def test_what_is_raised_here_ends_the_other_threads_first(error: type[BaseException]) -> None:
    here, begun, over = threading.get_ident(), threading.Barrier(3), threading.Event()
    reads, ended = list[int](), list[int]()

    def read(start: int, end: int) -> memoryview:
        reads.append(start)
        if not over.is_set():
            begun.wait(60)
        if threading.get_ident() == here:
            over.set()
            raise error
        assert over.wait(60)
        time.sleep(0.05)  # time for what was raised to arrive
        ended.append(start)
        return memoryview(bytes(end - start))

    with pytest.raises(error):
        whole(read).hashers(3)
    assert 2 <= len(ended) == len(reads) - 1 < 9


def test_progress_is_heard_on_this_thread_and_complete() -> None:
    heard: list[tuple[int, int]] = []

    def read(start: int, end: int) -> memoryview:
        return memoryview(bytes(end - start))

    found = whole(read).hashers(4, lambda count: heard.append((threading.get_ident(), count)))
    assert {thread for thread, _ in heard} <= {threading.get_ident()}
    assert sum(count for _, count in heard) == 100
    assert all(count > 0 for _, count in heard)
    assert found[Algorithm.CRC32].digest() == intact.new("CRC32", bytes(100)).digest()


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("data", ["text" * SMALL, memoryview(bytes(4 * SMALL))[::2], 7])
def test_what_is_no_contiguous_buffer_is_refused(data: object) -> None:
    with pytest.raises((TypeError, BufferError)):
        intact.buffer_digest(data, "CRC64NVME", threads=2)  # type: ignore[arg-type]


@pytest.mark.usefixtures("small")
def test_algorithms_that_do_not_combine_take_one_thread() -> None:
    body = bytes(4 * SMALL)
    digest = intact.buffer_digest(body, "SHA256", threads=4)
    assert digest.digest() == intact.new("SHA256", body).digest()


def test_threads_are_counted_from_one() -> None:
    assert usable_threads(None) >= 1
    assert usable_threads(3) == 3
    with pytest.raises(UsageError, match="threads is 0"):
        usable_threads(0)


def test_a_large_buffer_is_hashed_on_all_processors() -> None:
    body = bytes(parallel.PARALLEL_FROM + 1)
    digest = intact.buffer_digest(body, "CRC32")
    assert digest.digest() == intact.new("CRC32", body).digest()


def test_what_is_made_ahead_comes_in_order_and_so_does_its_error() -> None:
    made: list[int] = []

    def items() -> Iterator[int]:
        for number in range(3):
            made.append(number)
            yield number
        raise OSError("the disk is gone")

    found: list[int] = []
    with pytest.raises(OSError, match="the disk is gone"):
        found.extend(ahead(items()))
    assert found == made == [0, 1, 2]
    assert list(ahead(iter(()))) == []


def test_what_nobody_takes_is_not_made() -> None:
    made: list[int] = []

    def items() -> Iterator[int]:
        for number in range(1000):
            made.append(number)
            yield number

    found = ahead(items())
    assert next(found) == 0
    found.close()
    assert made in ([0], [0, 1])
