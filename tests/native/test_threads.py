"""Objects may be shared, and other threads run while a large buffer is summed."""

import threading
import time

import pytest

from intact import _native
from intact._native import _extend as extend

CLASSES = [_native.Crc64Nvme, _native.Crc32, _native.Crc32c]


@pytest.mark.parametrize("constructor", CLASSES)
@pytest.mark.parametrize("size", [7, 40_000], ids=["gil-held", "gil-released"])
def test_one_object_updated_by_eight_threads_counts_every_update(
    constructor: type[_native.Crc32], size: int
) -> None:
    chunk = bytes(range(256)) * (size // 256 + 1)
    chunk, rounds, threads = chunk[:size], 250, 8
    shared, start = constructor(), threading.Barrier(threads)

    def hammer() -> None:
        start.wait()
        for _ in range(rounds):
            shared.update(chunk)

    workers = [threading.Thread(target=hammer) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert shared.digest() == constructor(chunk * rounds * threads).digest()


def test_copies_and_digests_taken_during_updates_are_of_whole_updates() -> None:
    chunk = bytes(100_000)
    shared, done = _native.Crc64Nvme(), threading.Event()
    allowed = {_native.Crc64Nvme().digest()}
    serial = _native.Crc64Nvme()
    for _ in range(400):
        serial.update(chunk)
        allowed.add(serial.digest())

    def hammer() -> None:
        for _ in range(400):
            shared.update(chunk)
        done.set()

    worker = threading.Thread(target=hammer)
    worker.start()
    seen = {shared.digest()}
    while not done.is_set():
        seen |= {shared.copy().digest(), shared.digest()}
    worker.join()
    assert seen <= allowed


def test_python_runs_in_another_thread_while_a_large_buffer_is_summed() -> None:
    data = bytes(256 << 20)
    span: list[float] = []

    def summing() -> None:
        span.append(time.perf_counter())
        extend("crc64nvme", data, kernel="portable")
        span.append(time.perf_counter())

    worker = threading.Thread(target=summing)
    worker.start()
    ticks = []
    while worker.is_alive():
        ticks.append(time.perf_counter())
    start, end = span
    quarter = (end - start) / 4
    assert any(start + quarter < tick < end - quarter for tick in ticks)
