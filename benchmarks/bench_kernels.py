"""How fast each checksum is, beside the others a Python program could call.

``python benchmarks/bench_kernels.py`` prints one table per algorithm and, with ``--json FILE``,
writes what was measured and on what.  Contenders take turns, so that a machine which slows
down does so for all of them; a figure is the median of the turns.  A ratio above 1 says how
many times faster than that contender the public function of intact is.
"""

import argparse
import importlib.metadata
import json
import platform
import re
import statistics
import time
import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import awscrt.checksums  # type: ignore[import-untyped]
import xxhash

from intact import _native
from intact._native import _extend as extend

Contender = Callable[[bytes], Any]

SIZES = [8, 64, 256, 1 << 10, 4 << 10, 16 << 10, 64 << 10, 1 << 20, 16 << 20, 256 << 20]
TURN = 2e-3  # seconds that one turn of a contender lasts at least
OTHERS: dict[str, dict[str, Contender]] = {
    "crc64nvme": {"awscrt": awscrt.checksums.crc64nvme, "xxh3": xxhash.xxh3_64_intdigest},
    "crc32": {"awscrt": awscrt.checksums.crc32, "zlib": zlib.crc32},
    "crc32c": {"awscrt": awscrt.checksums.crc32c},
}
PUBLIC: dict[str, Contender] = {
    "crc64nvme": _native.crc64nvme,
    "crc32": _native.crc32,
    "crc32c": _native.crc32c,
}


def contenders(algorithm: str) -> dict[str, Contender]:
    """The public function, every kernel that runs here, and the others, by name."""
    usable = [name for name, usable in _native.kernels() if usable]
    kernels: dict[str, Contender] = {
        name: partial(extend, algorithm, kernel=name) for name in usable
    }
    return {"intact": PUBLIC[algorithm]} | kernels | OTHERS[algorithm]


def sample(size: int) -> bytes:
    """Bytes to sum; what they are makes no difference to any contender."""
    return (bytes(range(256)) * (size // 256 + 1))[:size]


def seconds(function: Contender, data: bytes, calls: int) -> float:
    """Time of one call, over a number of them."""
    turns = range(calls)
    start = time.perf_counter()
    for _ in turns:
        function(data)
    return (time.perf_counter() - start) / calls


def race(field: dict[str, Contender], data: bytes, turns: int) -> dict[str, float]:
    """Median seconds per call of each contender."""
    calls = {name: max(1, int(TURN / seconds(f, data, 1))) for name, f in field.items()}
    times: dict[str, list[float]] = {name: [] for name in field}
    for _ in range(turns):
        for name, function in field.items():
            times[name].append(seconds(function, data, calls[name]))
    return {name: statistics.median(values) for name, values in times.items()}


def machine() -> dict[str, Any]:
    """What the figures depend on."""
    cpuinfo = Path("/proc/cpuinfo")
    model = re.search(r"model name\s*: (.*)", cpuinfo.read_text()) if cpuinfo.exists() else None
    binary = Path(_native.__file__).read_bytes()
    compiler = re.search(rb"(GCC: \([^)]*\)|clang version) [\d.]+", binary)
    return {
        "cpu": model.group(1) if model else platform.processor(),
        "compiler": compiler.group().decode() if compiler else "unknown",
        "kernel": _native.selected(),
        "python": platform.python_version(),
        "system": platform.platform(),
        "zlib": zlib.ZLIB_RUNTIME_VERSION,
        **{name: importlib.metadata.version(name) for name in ("intact", "awscrt", "xxhash")},
    }


def table(algorithm: str, results: dict[int, dict[str, float]]) -> str:
    """Markdown: time and rate of the public function, ratios of all others to it."""
    names = [name for name in next(iter(results.values())) if name != "intact"]
    head = [f"{algorithm}, bytes", "ns", "GB/s", *(f"x {name}" for name in names)]
    lines = [head, ["---:"] * len(head)]
    for size, times in results.items():
        own = times["intact"]
        ratios = [f"{times[name] / own:.2f}" for name in names]
        lines.append([str(size), f"{own * 1e9:.0f}", f"{size / own / 1e9:.2f}", *ratios])
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def main() -> None:
    """Race all contenders at all sizes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="write the medians, in seconds, to this file")
    parser.add_argument("--turns", type=int, default=11)
    parser.add_argument("--largest", type=int, default=SIZES[-1], help="bytes")
    options = parser.parse_args()
    sizes = [size for size in SIZES if size <= options.largest]
    outcome: dict[str, Any] = {"machine": machine(), "turns": options.turns, "seconds": {}}
    print(json.dumps(outcome["machine"], indent=1))
    for algorithm in PUBLIC:
        field = contenders(algorithm)
        results = {size: race(field, sample(size), options.turns) for size in sizes}
        outcome["seconds"][algorithm] = results
        print("\n" + table(algorithm, results), flush=True)
    if options.json:
        options.json.write_text(json.dumps(outcome, indent=1) + "\n")


if __name__ == "__main__":
    main()
