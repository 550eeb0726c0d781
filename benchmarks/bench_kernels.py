"""How fast each checksum is, beside the others a Python program could call.

``python benchmarks/bench_kernels.py`` prints one table per algorithm and, with ``--json FILE``,
writes what was measured and on what.  Contenders take turns, so that a machine which slows
down does so for all of them; a figure is the median of the turns, a ratio the median of the
turns' ratios.  A ratio above 1 says how many times faster than that contender intact is.
Besides installed libraries, the contenders are ``C call``, a function in C that returns an
integer, and ``bound``, the carry-less multiplications that folding the data takes, alone.
"""

import argparse
import importlib
import importlib.metadata
import json
import platform
import re
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from intact import _native
from intact._native import _extend as extend

Contender = Callable[[bytes], Any]

SIZES = [8, 16, 32, 64, 256, *(1 << n for n in (10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30))]
TURN = 1e-3  # seconds that one turn of a contender lasts at least
VECTOR = {
    "x86-vpclmul512-intel": 64,
    "x86-vpclmul512": 64,
    "x86-vpclmul256": 32,
    "x86-pclmul-avx": 16,
    "x86-pclmul": 16,
}
OTHERS: dict[str, dict[str, tuple[str, str]]] = {  # name: module and function
    "crc64nvme": {
        "awscrt": ("awscrt.checksums", "crc64nvme"),
        "xxhash": ("xxhash", "xxh3_64_intdigest"),
    },
    "crc32": {
        "awscrt": ("awscrt.checksums", "crc32"),
        "isal": ("isal.isal_zlib", "crc32"),
        "zlib-ng": ("zlib_ng.zlib_ng", "crc32"),
        "zlib": ("zlib", "crc32"),
    },
    "crc32c": {
        "awscrt": ("awscrt.checksums", "crc32c"),
        "google-crc32c": ("google_crc32c", "value"),
        "crc32c": ("crc32c", "crc32c"),
    },
}
PUBLIC: dict[str, Contender] = {
    "crc64nvme": _native.crc64nvme,
    "crc32": _native.crc32,
    "crc32c": _native.crc32c,
}


def built_floor() -> Any:  # noqa: ANN401 - a module that exists only now
    """Build and import floor.c."""
    source, include = Path(__file__).with_name("floor.c"), sysconfig.get_path("include")
    with tempfile.TemporaryDirectory() as directory:
        target = f"{directory}/floor.abi3.so"
        command = ["cc", "-O2", "-shared", "-fPIC", f"-I{include}", str(source), "-o", target]
        subprocess.run(command, check=True)  # noqa: S603 - the compiler on our own source
        sys.path.insert(0, directory)
        try:
            return importlib.import_module("floor")
        finally:
            sys.path.remove(directory)


def installed(algorithm: str) -> dict[str, Contender]:
    """The libraries that are here, by name."""
    found: dict[str, Contender] = {}
    for name, (module, function) in OTHERS[algorithm].items():
        try:
            found[name] = getattr(importlib.import_module(module), function)
        except ImportError:
            print(f"{name} is not installed", file=sys.stderr)
    return found


def contenders(algorithm: str) -> dict[str, Contender]:
    """The public function, every kernel that runs here but is not in use, and the others."""
    names = [name for name, usable in _native.kernels() if usable and name != _native.selected()]
    kernels: dict[str, Contender] = {
        name: partial(extend, algorithm, kernel=name) for name in names
    }
    return {"intact": PUBLIC[algorithm]} | installed(algorithm) | kernels


def limits(floor: Any) -> dict[str, Contender]:  # noqa: ANN401 - as above
    """What the call and the multiplier allow."""
    width = VECTOR.get(_native.selected())
    if width is None:
        return {"C call": floor.integer}
    return {
        "C call": floor.integer,
        "bound": lambda data: floor.fold(width, len(data) // width),
    }


def sample(size: int) -> bytes:
    """Bytes to sum; what they are makes no difference to any contender."""
    return (bytes(range(256)) * (size // 256 + 1))[:size]


def seconds(function: Contender, data: bytes, calls: int) -> float:
    """Time of one call, over a number of them and after one that brings the data near."""
    turns = range(calls)
    function(data)
    start = time.perf_counter()
    for _ in turns:
        function(data)
    return (time.perf_counter() - start) / calls


def race(field: dict[str, Contender], size: int, turns: int) -> dict[str, list[float]]:
    """Seconds per call of each contender in each turn."""
    data = sample(size)
    calls = {
        name: max(1, int(TURN / min(seconds(f, data, 1) for _ in range(3))))
        for name, f in field.items()
    }
    times: dict[str, list[float]] = {name: [] for name in field}
    for _ in range(turns):
        for name, function in field.items():
            times[name].append(seconds(function, data, calls[name]))
    return times


def machine() -> dict[str, Any]:
    """What the figures depend on."""
    cpuinfo = Path("/proc/cpuinfo")
    model = re.search(r"model name\s*: (.*)", cpuinfo.read_text()) if cpuinfo.exists() else None
    binary = Path(_native.__file__).read_bytes()
    compiler = re.search(rb"(GCC: \([^)]*\)|clang version) [\d.]+", binary)
    huge = Path("/sys/kernel/mm/transparent_hugepage/enabled")
    names = {name for others in OTHERS.values() for name in others} - {"zlib"}
    present = {d.metadata["Name"] for d in importlib.metadata.distributions()}
    return {
        "cpu": model.group(1) if model else platform.processor(),
        "compiler": compiler.group().decode() if compiler else "unknown",
        "kernel": _native.selected(),
        "python": platform.python_version(),
        "system": platform.platform(),
        "huge pages": huge.read_text().strip() if huge.exists() else "unknown",
        "zlib": zlib.ZLIB_RUNTIME_VERSION,
        **{name: importlib.metadata.version(name) for name in sorted(names & present)},
    }


def table(algorithm: str, results: dict[int, dict[str, list[float]]]) -> str:
    """Markdown: time and rate of the public function, ratios of all others to it."""
    names = [name for name in next(iter(results.values())) if name != "intact"]
    head = [f"{algorithm}, bytes", "ns", "GB/s", *(f"x {name}" for name in names)]
    lines = [head, ["---:"] * len(head)]
    for size, times in results.items():
        own = statistics.median(times["intact"])
        ratios = (map(float.__truediv__, times[name], times["intact"]) for name in names)
        shown = [f"{statistics.median(ratio):.2f}" for ratio in ratios]
        lines.append([str(size), f"{own * 1e9:.0f}", f"{size / own / 1e9:.2f}", *shown])
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def main() -> None:
    """Race all contenders at all sizes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="write every turn, in seconds, to this file")
    parser.add_argument("--turns", type=int, default=21)
    parser.add_argument("--largest", type=int, default=SIZES[-1], help="bytes")
    parser.add_argument("--only", choices=PUBLIC, nargs="*", default=list(PUBLIC))
    parser.add_argument("--kernels", action="store_true", help="race the slower kernels as well")
    options = parser.parse_args()
    sizes = [size for size in SIZES if size <= options.largest]
    outcome: dict[str, Any] = {"machine": machine(), "seconds": {}}
    print(json.dumps(outcome["machine"], indent=1))
    bounds = limits(built_floor())
    for algorithm in options.only:
        field = contenders(algorithm) | bounds
        if not options.kernels:
            field = {name: f for name, f in field.items() if name not in dict(_native.kernels())}
        results = {size: race(field, size, options.turns) for size in sizes}
        outcome["seconds"][algorithm] = results
        print("\n" + table(algorithm, results), flush=True)
    if options.json:
        options.json.write_text(json.dumps(outcome, indent=1) + "\n")


if __name__ == "__main__":
    main()
