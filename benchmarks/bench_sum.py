"""Many small files: ``intact sum`` beside b3sum and sha256sum, and how long it takes to start.

Run ``python benchmarks/bench_sum.py [--files N] [--turns N]``; the files are made, read once and
removed.  Contenders take turns and every figure is a median of the turns.  The time of a file is
what a run over all files takes longer than one over a single file, divided by the files; that of
the processors says what is left of it when other work shares them.  ``python -c pass`` is what
Python takes to be given the names; the native call alone, what the system takes for the files.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from intact import _native
from intact.adapters.sums import BATCH, SMALL

BODY = 2048
"""Bytes of each file."""


def contenders() -> dict[str, list[str]]:
    """Commands by name; others only where they are installed."""
    ours = [str(Path(sys.executable).parent / "intact"), "sum"]
    found = {"intact sum": ours, "intact sum, one thread": ["taskset", "-c", "0", *ours]}
    tools = {"b3sum": ["b3sum"], "b3sum, one thread": ["b3sum", "--num-threads", "1"]}
    tools["sha256sum"] = ["sha256sum"]
    tools["python -c pass"] = [sys.executable, "-c", "pass"]
    found |= {name: words for name, words in tools.items() if shutil.which(words[0])}
    return found


def seconds(words: list[str], names: list[str], *, folder: Path) -> tuple[float, float]:
    """Wall time and time of the processors of one run, its output read by nobody."""
    begin, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([*words, *names], cwd=folder, stdout=subprocess.DEVNULL, check=True)  # noqa: S603 - fixed
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    work = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - begin, work


def floor(names: list[str], *, folder: Path, threads: int) -> float:
    """Seconds of the native call alone, in batches, once for each file."""
    paths = [os.fsencode(name) for name in names]
    batches = [paths[start : start + BATCH] for start in range(0, len(paths), BATCH)]
    call = partial(_native._files, "crc64nvme", largest=SMALL)  # noqa: SLF001 - what is measured
    with contextlib.chdir(folder), ThreadPoolExecutor(threads) as pool:
        list(pool.map(call, batches[:threads]))  # which starts the threads
        begin = time.perf_counter()
        list(pool.map(call, batches))
        return time.perf_counter() - begin


def main() -> None:
    """Make the files, measure, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--turns", type=int, default=15)
    options = parser.parse_args()
    names = [f"{number:06}" for number in range(options.files)]
    alone: dict[str, list[tuple[float, float]]] = {name: [] for name in contenders()}
    every: dict[str, list[tuple[float, float]]] = {name: [] for name in contenders()}
    with tempfile.TemporaryDirectory(prefix="intact-bench-") as text:
        folder = Path(text)
        for name in names:
            (folder / name).write_bytes(os.urandom(BODY))
        for _ in range(options.turns):
            for name, words in contenders().items():
                alone[name].append(seconds(words, names[:1], folder=folder))
                every[name].append(seconds(words, names, folder=folder))
        alone_in_c = {
            count: statistics.median(
                floor(names, folder=folder, threads=count) for _ in range(options.turns)
            )
            for count in (1, 2)
        }
    print(
        f"| contender | one file, ms | {options.files:,} files, ms | each, us | x b3sum |", end=""
    )
    print(" processors, each, us | x b3sum |\n| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for name in alone:
        one, all_ = (
            1000 * statistics.median(t for t, _ in times[name]) for times in (alone, every)
        )
        row = f"| {name} | {one:.0f} | {all_:.0f} |"
        for kind in (0, 1):
            each = {
                other: [
                    (long[kind] - short[kind]) / len(names)
                    for long, short in zip(every[other], alone[other], strict=True)
                ]
                for other in (name, "b3sum")
                if other in every
            }
            pairs = zip(each[name], each.get("b3sum", each[name]), strict=True)
            ratio = statistics.median(theirs / ours for ours, theirs in pairs)
            row += f" {1e6 * statistics.median(each[name]):.1f} | {ratio:.2f} |"
        print(row)
    one, two = (1e6 * took / len(names) for took in alone_in_c.values())
    print(f"\nthe native call alone, each, us: {one:.1f} on one thread, {two:.1f} on two")


if __name__ == "__main__":
    main()
