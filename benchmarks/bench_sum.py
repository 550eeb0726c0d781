"""Many small files: ``intact sum`` beside b3sum and sha256sum, and how long it takes to start.

Run ``python benchmarks/bench_sum.py [--files N] [--turns N]``; the files are made, read once and
removed.  Contenders take turns and every figure is a median of the turns.  The time of a file is
what a run over all files takes longer than one over a single file, divided by the files.
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
from pathlib import Path

BODY = 2048
"""Bytes of each file."""


def contenders() -> dict[str, list[str]]:
    """Commands by name; others only where they are installed."""
    ours = [str(Path(sys.executable).parent / "intact"), "sum"]
    found = {"intact sum": ours, "intact sum, one thread": ["taskset", "-c", "0", *ours]}
    tools = {"b3sum": ["b3sum"], "b3sum, one thread": ["b3sum", "--num-threads", "1"]}
    tools["sha256sum"] = ["sha256sum"]
    found |= {name: words for name, words in tools.items() if shutil.which(words[0])}
    return found


def seconds(words: list[str], names: list[str], *, folder: Path) -> float:
    """Wall time of one run, its output read by nobody."""
    begin = time.perf_counter()
    subprocess.run([*words, *names], cwd=folder, stdout=subprocess.DEVNULL, check=True)  # noqa: S603 - fixed
    return time.perf_counter() - begin


def main() -> None:
    """Make the files, measure, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--turns", type=int, default=15)
    options = parser.parse_args()
    names = [f"{number:06}" for number in range(options.files)]
    alone: dict[str, list[float]] = {name: [] for name in contenders()}
    every: dict[str, list[float]] = {name: [] for name in contenders()}
    with tempfile.TemporaryDirectory(prefix="intact-bench-") as text:
        folder = Path(text)
        for name in names:
            (folder / name).write_bytes(os.urandom(BODY))
        for _ in range(options.turns):
            for name, words in contenders().items():
                alone[name].append(seconds(words, names[:1], folder=folder))
                every[name].append(seconds(words, names, folder=folder))
    print(f"| contender | one file, ms | {options.files:,} files, ms | each, us | x b3sum |")
    print("| --- | ---: | ---: | ---: | ---: |")
    each = {
        name: [
            (all_ - one) / len(names) for all_, one in zip(every[name], alone[name], strict=True)
        ]
        for name in alone
    }
    for name in alone:
        beside = each.get("b3sum", each[name])
        ratio = statistics.median(b / a for a, b in zip(each[name], beside, strict=True))
        one, all_ = (1000 * statistics.median(times[name]) for times in (alone, every))
        per_file = 1e6 * statistics.median(each[name])
        print(f"| {name} | {one:.0f} | {all_:.0f} | {per_file:.1f} | {ratio:.2f} |")


if __name__ == "__main__":
    main()
