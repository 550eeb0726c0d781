"""From which size on it pays to let other threads run while a buffer is summed.

``python benchmarks/bench_gil.py`` prints, for sizes below and above the threshold in
``_native.pyx``, the time of a call and the rate of one and of two threads.  The step between
the last size that keeps the GIL and the first that releases it is the price of releasing;
the threshold stands where that price is about a twentieth of the call.
"""

import statistics
import threading
import time

from intact import _native

THRESHOLD = 32768
SIZES = [
    1 << 10,
    4 << 10,
    16 << 10,
    THRESHOLD - 64,
    THRESHOLD,
    64 << 10,
    256 << 10,
    1 << 20,
]
TURNS = 21
VOLUME = 64 << 20  # bytes that a thread sums in one turn


def work(data: bytes, calls: int) -> None:
    """Sum the same bytes a number of times."""
    for _ in range(calls):
        _native.crc64nvme(data)


def seconds(data: bytes, threads: int) -> float:
    """Wall time of one call in each of several threads, over many calls."""
    calls = max(1, VOLUME // len(data) // 8)
    workers = [threading.Thread(target=work, args=(data, calls)) for _ in range(threads)]
    start = time.perf_counter()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return (time.perf_counter() - start) / calls


def main() -> None:
    """Print one line per size."""
    print(f"{'bytes':>8} {'ns a call':>10} {'GB/s, 1 thread':>15} {'GB/s, 2 threads':>16}")
    samples = {size: bytes(size) for size in SIZES}
    one: dict[int, list[float]] = {size: [] for size in SIZES}
    two: dict[int, list[float]] = {size: [] for size in SIZES}
    for _ in range(TURNS):
        for size, data in samples.items():
            one[size].append(seconds(data, threads=1))
            two[size].append(seconds(data, threads=2))
    for size in SIZES:
        alone, both = statistics.median(one[size]), statistics.median(two[size])
        rates = f"{size / alone / 1e9:15.1f} {2 * size / both / 1e9:16.1f}"
        print(f"{size:8} {alone * 1e9:10.0f} {rates}")


if __name__ == "__main__":
    main()
