"""Several threads give the digest that one gives."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

import intact
from intact.adapters import parallel
from intact.adapters.parallel import ahead, usable_threads
from intact.checksum import Algorithm
from intact.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CRCS = [algorithm for algorithm in Algorithm if algorithm.combines]
SMALL = 1 << 12


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sizes at which a few kilobytes are large."""
    monkeypatch.setattr(parallel, "PARALLEL_FROM", SMALL)
    monkeypatch.setattr("intact.adapters.local.PARALLEL_FROM", SMALL)
    monkeypatch.setattr(parallel, "SEGMENT", SMALL)
    monkeypatch.setattr(parallel, "READ", 1000)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("size", [0, SMALL - 1, SMALL, SMALL + 1, 10 * SMALL + 7])
@pytest.mark.parametrize("threads", [1, 2, 3, 8])
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


@pytest.mark.usefixtures("small")
def test_a_file_that_shrinks_is_an_error_and_no_digest(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(20 * SMALL))

    def cut(_: int) -> None:
        os.truncate(path, 0)

    with pytest.raises(OSError, match="shrank"):
        intact.file_digest(path, "CRC64NVME", threads=2, progress=cut)


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

    found = []
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
