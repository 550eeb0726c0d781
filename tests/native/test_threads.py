"""Objects may be shared, and other threads run while a large buffer is summed."""

import subprocess
import sys
import sysconfig
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


@pytest.mark.skipif(
    not sysconfig.get_config_var("Py_GIL_DISABLED"), reason="this Python is not free-threaded"
)
def test_importing_the_module_leaves_the_gil_off() -> None:
    code = "import sys, intact._native; sys.exit(sys._is_gil_enabled())"
    subprocess.run((sys.executable, "-W", "error", "-c", code), check=True)  # noqa: S603 - ours


@pytest.mark.parametrize("constructor", CLASSES)
def test_objects_copied_and_updated_by_all_threads_at_once_are_each_whole(
    constructor: type[_native.Crc32],
) -> None:
    """Eight threads share an object to copy from and the buffers."""
    start, wrong = threading.Barrier(8), []
    parts = [bytearray(range(size)) for size in range(100)]
    whole = constructor(b"".join(parts)).digest()
    empty, name = constructor(), constructor().name
    many = getattr(_native, f"{name}_many")
    expected = [*many(parts)]

    def work() -> None:
        start.wait()
        for _ in range(100):
            mine = empty.copy()
            for part in parts:
                mine.update(part)
            if mine.digest() != whole or [*many(parts)] != expected:
                wrong.append(mine)

    workers = [threading.Thread(target=work) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not wrong


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
