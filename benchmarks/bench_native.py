"""Kernels beside those of other libraries, called from C, with no Python between the calls.

``python benchmarks/bench_native.py [--aws DIRECTORY]`` compiles native.c with the kernels and
prints a table per algorithm: nanoseconds of one call of ours, and how many times as long each
other takes.  Contenders take turns; a ratio is the median of the turns' ratios.  ISA-L is that
inside the isal package, zlib-ng that inside zlib-ng, and aws-checksums is built by cmake from the
folder ``crt`` of awscrt's source distribution:
``pip download --no-deps --no-binary :all: awscrt``.  Sizes from 16 MiB on are measured on
ordinary and on huge pages, and the largest by two threads, beside reading alone.
"""

from __future__ import annotations

import argparse
import ctypes
import importlib.util
import statistics
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

HERE = Path(__file__).parent
SMALL = (1, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 16384)
LARGE = tuple(1 << n for n in (16, 18, 20, 22, 24, 26, 30))
MODELS = {"crc64nvme": 0, "crc32": 1, "crc32c": 2}
OURS, PORTABLE = "intact", "portable"
KERNEL, FIRST_64, FIRST_32, LAST_64, LAST_32, READING = range(6)
LIBRARIES = {  # name: the module that carries it, or "aws"; by algorithm, how and what to call
    "isal": (
        "isal.isal_zlib",
        {"crc64nvme": (FIRST_64, "crc64_rocksoft_refl"), "crc32": (FIRST_32, "crc32_gzip_refl")},
    ),
    "zlib-ng": ("zlib_ng.zlib_ng", {"crc32": (FIRST_32, "zng_crc32_z")}),
    "aws": (
        "aws",
        {
            "crc64nvme": (LAST_64, "aws_checksums_crc64nvme_ex"),
            "crc32": (LAST_32, "aws_checksums_crc32_ex"),
            "crc32c": (LAST_32, "aws_checksums_crc32c_ex"),
        },
    ),
    "zlib": ("libz.so.1", {"crc32": (FIRST_32, "crc32_z")}),
}
TURN = 2e-4  # seconds that a contender's turn lasts at least
CHECKED = bytes(range(256)) * 5  # what all must agree about


class Contender(ctypes.Structure):
    """struct contender of native.c."""

    _fields_ = (("kind", ctypes.c_int), ("function", ctypes.c_void_p), ("model", ctypes.c_void_p))


def built(directory: str) -> ctypes.CDLL:
    """native.c and the kernels."""
    sources = [HERE / "native.c", *sorted((HERE.parent / "csrc").rglob("*.c"))]
    include = HERE.parent / "csrc"
    target = Path(directory) / "native.so"
    flags = ["-O2", "-std=gnu11", "-shared", "-fPIC", "-pthread", f"-I{include}"]
    subprocess.run(["cc", *flags, *sources, "-o", target], check=True)  # noqa: S603, S607 - our own
    library = ctypes.CDLL(str(target))
    size, pointer, real = ctypes.c_size_t, ctypes.c_void_p, ctypes.c_double
    library.kernel.restype = library.memory.restype = pointer
    library.kernel.argtypes = [ctypes.c_char_p]
    library.memory.argtypes = [size, ctypes.c_bool]
    library.crc_model_named.restype, library.crc_model_named.argtypes = pointer, [ctypes.c_char_p]
    shape: list[Any] = [ctypes.POINTER(Contender), pointer, size]
    library.once.restype, library.once.argtypes = ctypes.c_uint64, shape
    library.seconds.restype, library.seconds.argtypes = real, [*shape, ctypes.c_long]
    library.seconds_by_two.restype, library.seconds_by_two.argtypes = real, shape
    return library


def built_aws(sources: Path, directory: str) -> Path:
    """aws-checksums as a shared library."""
    out = Path(directory) / "out"
    for name in ("aws-c-common", "aws-checksums"):
        build = Path(directory) / name
        options = ["-DCMAKE_BUILD_TYPE=Release", "-DBUILD_TESTING=OFF", "-DBUILD_SHARED_LIBS=ON"]
        options += [f"-DCMAKE_PREFIX_PATH={out}", f"-DCMAKE_INSTALL_PREFIX={out}"]
        options += ["-DCMAKE_INSTALL_LIBDIR=lib", f"-DCMAKE_INSTALL_RPATH={out}/lib"]
        configure = ["cmake", "-S", str(sources / name), "-B", str(build), *options]
        install = ["cmake", "--build", str(build), "--parallel", "2", "--target", "install"]
        for command in (configure, install):
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - fixed
    return out / "lib" / "libaws-checksums.so"


def loaded(home: str, aws: Path | None) -> ctypes.CDLL | None:
    """The library, or None where it is not here."""
    if home == "aws":
        return ctypes.CDLL(str(aws)) if aws else None
    try:
        found = importlib.util.find_spec(home) if "." in home and ".so" not in home else None
        return ctypes.CDLL(found.origin if found and found.origin else home)
    except (ImportError, OSError):
        return None


def field(native: ctypes.CDLL, algorithm: str, aws: Path | None) -> dict[str, Contender]:
    """Ours first, then everyone who agrees with ours about the sum."""
    model = native.crc_model_named(algorithm.encode())
    found = {OURS: Contender(KERNEL, native.kernel(None), model)}
    found[PORTABLE] = Contender(KERNEL, native.kernel(PORTABLE.encode()), model)
    for name, (home, functions) in LIBRARIES.items():
        library = loaded(home, aws)
        if algorithm not in functions or library is None:
            continue
        kind, symbol = functions[algorithm]
        function = getattr(library, symbol, None)
        if function is None:
            continue
        address = ctypes.cast(function, ctypes.c_void_p).value
        one = Contender(kind, address, model)
        wanted, got = (
            native.once(ctypes.byref(c), CHECKED, len(CHECKED)) for c in (found[OURS], one)
        )
        if wanted != got:
            raise SystemExit(f"{name}: {algorithm} is {got:#x}; wanted {wanted:#x}")
        found[name] = one
    return found


def race(
    measure: Callable[[Contender, int], float], racers: Mapping[str, Contender], turns: int
) -> dict[str, list[float]]:
    """Seconds per call of each in each turn; one turn in two goes backwards."""
    calls = {}
    for name, one in racers.items():
        measure(one, 1)
        calls[name] = max(1, int(TURN / max(measure(one, 3) / 3, 1e-10)))
    times: dict[str, list[float]] = {name: [] for name in racers}
    for turn in range(turns):
        for name in list(racers)[:: -1 if turn % 2 else 1]:
            times[name].append(measure(racers[name], calls[name]) / calls[name])
    return times


def row(label: str, size: int, times: Mapping[str, list[float]], names: Sequence[str]) -> str:
    """One line: ours in nanoseconds and GB/s, the least of it, then ratios."""
    own = times[OURS]
    cells = [label, f"{statistics.median(own) * 1e9:.1f}", f"{min(own) * 1e9:.1f}"]
    cells.append(f"{size / statistics.median(own) / 1e9:.2f}")
    for name in names:
        both = zip(times.get(name, ()), own, strict=False)
        ratios = [other / ours for other, ours in both]
        cells.append(f"{statistics.median(ratios):.2f}" if ratios else "")
    return "| " + " | ".join(cells) + " |"


def tables(native: ctypes.CDLL, aws: Path | None, options: argparse.Namespace) -> None:
    """Print a table per algorithm."""
    ordinary, huge = (native.memory(options.largest, pages) for pages in (False, True))
    for algorithm in MODELS:
        racers = field(native, algorithm, aws)
        names = [name for name in racers if name != OURS]
        head = [f"{algorithm}, bytes", "ns", "least ns", "GB/s", *(f"x {name}" for name in names)]
        print("\n| " + " | ".join(head) + " |\n|" + " ---: |" * len(head))
        for size in (s for s in (*SMALL, *LARGE) if s <= options.largest):
            places = {"": ordinary} if size < 16 << 20 else {"": ordinary, ", huge": huge}
            for pages, place in places.items():

                def measure(one: Contender, calls: int, at: int = place, size: int = size) -> float:
                    return float(native.seconds(ctypes.byref(one), at, size, calls))

                fast = {n: r for n, r in racers.items() if n != PORTABLE or size <= 1 << 20}
                turns = options.turns if size < 1 << 26 else max(5, options.turns // 3)
                times = race(measure, fast, turns)
                print(row(f"{size}{pages}", size, times, names), flush=True)
    by_two(native, {"": ordinary, ", huge": huge}, options)


def by_two(native: ctypes.CDLL, places: Mapping[str, int], options: argparse.Namespace) -> None:
    """Print what two threads sum, beside what they read."""
    print("\n| two threads, bytes | GB/s | reading, GB/s | of it | fastest |")
    print("| --- | ---: | ---: | ---: | --- |")
    model = native.crc_model_named(b"crc64nvme")
    racers = {OURS: Contender(KERNEL, native.kernel(None), model)}
    for name in ("read_lines", "read_ahead", "read_pages"):
        address = ctypes.cast(getattr(native, name), ctypes.c_void_p).value
        racers[name] = Contender(READING, address, None)
    for pages, place in places.items():

        def measure(one: Contender, calls: int, at: int = place) -> float:
            shot = (
                native.seconds_by_two(ctypes.byref(one), at, options.largest) for _ in range(calls)
            )
            return float(sum(shot))

        times = race(measure, racers, max(5, options.turns // 3))
        ours = times.pop(OURS)
        name, fastest = min(times.items(), key=lambda item: statistics.median(item[1]))
        rates = (options.largest / statistics.median(t) / 1e9 for t in (ours, fastest))
        of_it = statistics.median(r / o for r, o in zip(fastest, ours, strict=True))
        cells = [f"{options.largest}{pages}", *(f"{rate:.1f}" for rate in rates), f"{of_it:.2f}"]
        print("| " + " | ".join([*cells, name]) + " |")


def main() -> None:
    """Build, race, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--aws", type=Path, help="the folder crt of awscrt's source distribution")
    parser.add_argument("--turns", type=int, default=31)
    parser.add_argument("--largest", type=int, default=LARGE[-1], help="bytes")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        aws = built_aws(options.aws, directory) if options.aws else None
        tables(built(directory), aws, options)


if __name__ == "__main__":
    main()
