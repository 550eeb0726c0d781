"""Files in the page cache: hashing beside reading alone, and beside other tools.

Run ``python benchmarks/bench_files.py [--size MIB] [--turns N]``; the file is made, read once and
removed.  Contenders take turns and a figure is the median of the turns.
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


def measure(path: str, *, turns: int) -> dict[str, float]:
    """Median seconds by contender."""
    times: dict[str, list[float]] = {name: [] for name in contenders()}
    for _ in range(turns):
        for name, run in contenders().items():
            begin = time.perf_counter()
            run(path)
            times[name].append(time.perf_counter() - begin)
    return {name: statistics.median(found) for name, found in times.items()}


def main() -> None:
    """Make the file, measure, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=4096, help="MiB")
    parser.add_argument("--turns", type=int, default=7)
    options = parser.parse_args()
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
