"""Files in the page cache: hashing beside reading alone, and beside other tools.

Run ``python benchmarks/bench_files.py [--size MIB] [--turns N]``; the file is made, read once and
removed.  Contenders take turns and a figure is the median of the turns.  With ``--threads``,
buffers and files of 1 to 256 MiB on one thread and on two, which says from which size two pay.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from functools import partial
from typing import TYPE_CHECKING

import intact
from intact.adapters import local, parallel

if TYPE_CHECKING:
    from collections.abc import Callable

MIB = 1 << 20
PROGRAM = "import sys, intact; intact.file_digest(sys.argv[1], 'CRC64NVME', threads={})"


def read(path: str, *, size: int, hashing: bool) -> None:
    """Read the file as ``file_digest`` does on one thread, and hash it or not."""
    hasher = intact.new("CRC64NVME")
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - unbuffered
        buffer = memoryview(bytearray(size))
        while count := file.readinto(buffer):
            if hashing:
                hasher.update(buffer[:count])


def command(*arguments: str) -> Callable[[str], None]:
    """Return a contender that runs a program on the file."""

    def run(path: str) -> None:
        subprocess.run([*arguments, path], stdout=subprocess.DEVNULL, check=True)  # noqa: S603 - fixed

    return run


def contenders() -> dict[str, Callable[[str], object]]:
    """Everything that is measured, by name; tools only where they are installed."""
    found: dict[str, Callable[[str], object]] = {
        f"{words}, {size // 1024} KiB": partial(read, size=size, hashing=hashing)
        for words, hashing in (("read only", False), ("read and hash", True))
        for size in (256 << 10, 1 * MIB, 4 * MIB)
    }
    for threads in (1, 2):
        found[f"intact, {threads} threads"] = lambda path, threads=threads: intact.file_digest(  # type: ignore[misc]
            path, "CRC64NVME", threads=threads
        )
        code = PROGRAM.format(threads)
        found[f"intact, {threads} threads, own process"] = command(sys.executable, "-c", code)
    tools = {"xxhsum -H3": ("xxhsum", "-H3"), "b3sum": ("b3sum",), "sha256sum": ("sha256sum",)}
    for name, arguments in tools.items():
        if shutil.which(arguments[0]):
            found[name] = command(*arguments)
    return found


def timed(call: Callable[[], object]) -> float:
    """Seconds that it takes."""
    begin = time.perf_counter()
    call()
    return time.perf_counter() - begin


def measure(path: str, *, turns: int) -> dict[str, float]:
    """Median seconds by contender."""
    times: dict[str, list[float]] = {name: [] for name in contenders()}
    for _ in range(turns):
        for name, run in contenders().items():
            times[name].append(timed(partial(run, path)))
    return {name: statistics.median(found) for name, found in times.items()}


def one_and_two(digest: Callable[..., object], *, turns: int) -> str:
    """Cells: microseconds on one thread, on two, and how many times faster these are."""
    times: dict[int, list[float]] = {1: [], 2: []}
    for turn in range(turns):
        for threads in (1, 2) if turn % 2 else (2, 1):
            times[threads].append(timed(partial(digest, "CRC64NVME", threads=threads)))
    one, two = (statistics.median(found) for found in times.values())
    return f" {1e6 * one:.0f} | {1e6 * two:.0f} | {one / two:.2f} |"


def compare_threads(*, turns: int) -> None:
    """Print what a second thread brings, started however little there is to do."""
    for module in (local, parallel):
        vars(module).update(PARALLEL_FROM=1, SHARE=1)
    print("| MiB | buffer, us | two threads | ratio | file, us | two threads | ratio |")
    print("|" + " ---: |" * 7)
    for mib in (1, 2, 4, 8, 12, 16, 24, 32, 64, 128, 256):
        body = os.urandom(MIB) * mib
        with tempfile.NamedTemporaryFile() as file:
            file.write(body)
            file.flush()
            calls = partial(intact.buffer_digest, body), partial(intact.file_digest, file.name)
            cells = (one_and_two(call, turns=turns) for call in calls)
            print(f"| {mib} |", *cells, sep="", flush=True)


def main() -> None:
    """Make the file, measure, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=4096, help="MiB")
    parser.add_argument("--turns", type=int, default=7)
    parser.add_argument("--threads", action="store_true", help="compare one thread with two")
    options = parser.parse_args()
    if options.threads:
        compare_threads(turns=options.turns)
        return
    with tempfile.NamedTemporaryFile() as file:  # on a disk, or in memory: all read its cache
        block = os.urandom(MIB)
        for _ in range(options.size):
            file.write(block)
        file.flush()
        read(file.name, size=MIB, hashing=False)
        medians = measure(file.name, turns=options.turns)
    print("| contender | seconds | GB/s |\n|---|---:|---:|")
    for name, seconds in medians.items():
        print(f"| {name} | {seconds:.3f} | {options.size * MIB / seconds / 1e9:.2f} |")


if __name__ == "__main__":
    main()
