"""What it costs to start: processor time of a process that imports, sums one small file, or ends.

``python benchmarks/bench_start.py [--turns N]`` prints the median of user plus system time of each
command and what it takes beyond ``python -c pass``; commands take turns.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
import tempfile

COMMANDS = {
    "python -c pass": ("-c", "pass"),
    "import intact": ("-c", "import intact"),
    "import intact.checksum": ("-c", "import intact.checksum"),
    "intact --version": ("-m", "intact", "--version"),
}


def spent(*arguments: str) -> float:
    """Seconds of processor that a process took."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *arguments], stdout=subprocess.DEVNULL, check=True)  # noqa: S603 - fixed
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def main() -> None:
    """Run every command in turn and print the medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=31)
    turns = parser.parse_args().turns
    with tempfile.NamedTemporaryFile() as file:
        file.write(bytes(1024))
        file.flush()
        commands = COMMANDS | {"intact sum, 1 KiB": ("-m", "intact", "sum", file.name)}
        times: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(turns):
            for name, arguments in commands.items():
                times[name].append(spent(*arguments))
    floor = statistics.median(times["python -c pass"])
    print("| command | ms of processor | beyond pass |\n| --- | ---: | ---: |")
    for name, found in times.items():
        median = statistics.median(found)
        print(f"| {name} | {median * 1e3:.0f} | {(median - floor) * 1e3:.0f} |")


if __name__ == "__main__":
    main()
